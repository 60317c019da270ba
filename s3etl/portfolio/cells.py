"""What is known of each cell of a regions × divisions table: state, margins, bounds.

No value is estimated here; how unknown cells are filled is in :mod:`s3etl.portfolio.fill`.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.integer[Any]]

CONTRADICTION: Final = 0.001
"""Share of a margin by which published cells may exceed it before it is a contradiction."""
EXACT: Final = 1e-9
"""Relative width of an interval below which its value is identified (rounding of sums)."""


class State(IntEnum):
    """State of a cell (methodology 3.2); the codes are kept in tables, do not renumber."""

    PUBLISHED = 0
    ZERO = 1
    NOT_APPLICABLE = 2
    NOT_AVAILABLE = 3
    CONFIDENTIAL = 4


def states(value: Floats, obs_status: NDArray[Any], conf_status: NDArray[Any]) -> NDArray[np.int8]:
    """Return the state of each cell, as codes of :class:`State` (methodology 3.2).

    Args:
        value: Any shape, usually regions × divisions; NaN where no value is published, also
            for a cell the provider's table does not have.
        obs_status: The same shape, SDMX OBS_STATUS as in ``s3etl.observations``; anything
            (such as an empty text) for a cell that does not exist.
        conf_status: The same shape, SDMX CONF_STATUS.

    Returns:
        The same shape. A cell marked C, or suppressed (Q), is confidential even if a value
        came with it: what is marked is never treated as published. Without a value, M (cannot
        exist) is not applicable, all else not available.

    Raises:
        ValueError: A value is negative or infinite.
    """
    if np.any(value < 0) or np.any(np.isinf(value)):
        raise ValueError("values of cells are finite and 0 or more")
    missing = np.isnan(value)
    kinds = [
        (conf_status == "C") | (missing & (obs_status == "Q")),
        missing & (obs_status == "M"),
        missing,
        value == 0,
    ]
    codes = [State.CONFIDENTIAL, State.NOT_APPLICABLE, State.NOT_AVAILABLE, State.ZERO]
    return np.select(kinds, [np.int8(c) for c in codes], np.int8(State.PUBLISHED))


@dataclass(frozen=True)
class Cells:
    """One year of a table with its margins; R regions, S divisions, C countries, K sections.

    Attributes:
        value: R × S, in the unit of the table (persons); NaN unless published or zero.
        state: R × S, codes of :class:`State`.
        country: R, index of the country of each region.
        section: S, index of the section of each division.
        rows: R × K, published total of a section in a region; NaN where missing.
        columns: C × S, published total of a division in a country; NaN where missing.
    """

    value: Floats
    state: NDArray[np.int8]
    country: Ints
    section: Ints
    rows: Floats
    columns: Floats

    def __post_init__(self) -> None:
        regions, divisions = self.value.shape
        fits = (
            self.state.shape == self.value.shape
            and self.country.shape == (regions,)
            and self.section.shape == (divisions,)
            and self.rows.shape[:1] == (regions,)
            and self.columns.shape[1:] == (divisions,)
        )
        if not fits:
            raise ValueError("the shapes of cells, country, section and margins do not fit")
        if np.any(self.rows < 0) or np.any(self.columns < 0):
            raise ValueError("margins are 0 or more")
        if np.any(np.isfinite(self.value) != self.published):
            raise ValueError("cells have a value where, and only where, they are published")

    @property
    def published(self) -> Bools:
        """R × S, whether a value is published (zero included)."""
        return self.state <= State.ZERO

    @property
    def unknown(self) -> Bools:
        """R × S, whether there is a value nobody tells: confidential or not available."""
        return self.state >= State.NOT_AVAILABLE

    def by_row(self, cell: Floats | Bools) -> Floats:
        """Sum cells … × R × S to … × R × K."""
        member = self.section[:, None] == np.arange(self.rows.shape[1])
        return np.asarray(np.asarray(cell, np.float64) @ member.astype(np.float64))

    def by_column(self, cell: Floats | Bools) -> Floats:
        """Sum cells … × R × S to … × C × S."""
        member = np.arange(self.columns.shape[0])[:, None] == self.country
        return np.asarray(member.astype(np.float64) @ np.asarray(cell, np.float64))

    def of_row(self, margin: NDArray[Any]) -> NDArray[Any]:
        """Spread R × K over the cells, R × S."""
        return margin[:, self.section]

    def of_column(self, margin: NDArray[Any]) -> NDArray[Any]:
        """Spread C × S over the cells, R × S."""
        return margin[self.country]


def cells(
    value: Floats,
    state: NDArray[np.int8],
    country: Ints,
    section: Ints,
    rows: Floats,
    columns: Floats,
) -> Cells:
    """Make the table, leaving out every value that is not published (a confidential one).

    Args:
        value: R × S, NaN where there is none.
        state: R × S, from :func:`states`.
        country: R, 0 to C − 1.
        section: S, 0 to K − 1.
        rows: R × K; a section without a published total is a column of NaN.
        columns: C × S.

    Raises:
        ValueError: Shapes do not fit or a margin is negative.
    """
    return Cells(
        np.where(state <= State.ZERO, value, np.nan), state, country, section, rows, columns
    )


@dataclass(frozen=True)
class Residuals:
    """What the published cells leave of each margin (methodology 3.2-1).

    Attributes:
        rows: R × K, margin − published cells, in the unit of the table; negative where they
            contradict it, NaN where the margin is missing.
        columns: C × S, the same.
        row_unknown: R × K, number of unknown cells.
        column_unknown: C × S, number of unknown cells.
    """

    rows: Floats
    columns: Floats
    row_unknown: Ints
    column_unknown: Ints


def residuals(table: Cells) -> Residuals:
    """Return residual mass and number of unknown cells of each margin.

    A margin of published cells only leaves 0 but for rounding and what contradicts.
    """
    there = np.where(table.published, table.value, 0.0)  # a sum over the published cells only
    return Residuals(
        table.rows - table.by_row(there),
        table.columns - table.by_column(there),
        table.by_row(table.unknown).astype(np.int64),
        table.by_column(table.unknown).astype(np.int64),
    )


@dataclass(frozen=True)
class Contradictions:
    """Margins that cannot be met, as mass in the unit of the table; 0 where none.

    Attributes:
        row_excess: R × K, published cells exceed the margin by this.
        column_excess: C × S, the same.
        row_unexplained: R × K, the margin exceeds its cells, and none of them is unknown.
        column_unexplained: C × S, the same; also territory that is not among the regions.
    """

    row_excess: Floats
    column_excess: Floats
    row_unexplained: Floats
    column_unexplained: Floats


def contradictions(table: Cells, tolerance: float = CONTRADICTION) -> Contradictions:
    """Report where margins and published cells disagree by more than rounding.

    Args:
        table: The table.
        tolerance: Share of the margin that is let pass; one unit always is (rounding).
    """
    left = residuals(table)

    def both(residual: Floats, margin: Floats, unknown: Ints) -> tuple[Floats, Floats]:
        limit = np.maximum(tolerance * margin, 1.0)
        excess = np.where(residual < -limit, -residual, 0.0)
        return excess, np.where((residual > limit) & (unknown == 0), residual, 0.0)

    row = both(left.rows, table.rows, left.row_unknown)
    column = both(left.columns, table.columns, left.column_unknown)
    return Contradictions(row[0], column[0], row[1], column[1])


@dataclass(frozen=True)
class Bounds:
    """Limits of the unknown cells, R × S, in the unit of the table; NaN where not imputable.

    Attributes:
        lower: Lower limit.
        upper: Upper limit.
        imputable: Unknown, and at least one of its two margins is published.
    """

    lower: Floats
    upper: Floats
    imputable: Bools


def bounds(table: Cells) -> Bounds:
    """Return the bounds of unknown cells (methodology 3.2-2).

    Lower 0, since local units may have no employee; upper the smaller of the two residuals, or
    the one there is. A cell with neither has no bound and is not imputable. A contradicted
    margin (negative residual) leaves 0.
    """
    left = residuals(table)
    of_row = table.of_row(np.maximum(left.rows, 0.0))
    of_column = table.of_column(np.maximum(left.columns, 0.0))
    upper = np.where(table.unknown, np.fmin(of_row, of_column), np.nan)
    imputable = np.isfinite(upper)
    return Bounds(np.where(imputable, 0.0, np.nan), upper, imputable)


def tightened(table: Cells, passes: int = 20) -> Bounds:
    """Return bounds after each margin is set against the bounds of its other cells.

    A cell is at least what the margin leaves when all other unknown cells of it are at their
    upper limit, and at most what it leaves when they are at their lower one. Repeated until
    nothing changes or ``passes`` are done; more passes only narrow, so stopping is safe for
    bounds but tells nothing about what linear solving would find. Where margins contradict each
    other and the limits would cross, the limits before stay.
    """
    start, left = bounds(table), residuals(table)
    lower = np.where(start.imputable, start.lower, 0.0)
    upper = np.where(start.imputable, start.upper, 0.0)
    row, column = table.of_row(left.rows), table.of_column(left.columns)
    for _ in range(passes):
        least_row = row - table.of_row(table.by_row(upper)) + upper
        least_column = column - table.of_column(table.by_column(upper)) + upper
        most_row = row - table.of_row(table.by_row(lower)) + lower
        most_column = column - table.of_column(table.by_column(lower)) + lower
        high = np.fmin(upper, np.fmin(most_row, most_column))
        low = np.fmax(lower, np.fmax(least_row, least_column))
        crossed = low > high + EXACT * np.maximum(upper, 1.0)
        kept = ~start.imputable | crossed  # margins that contradict each other tell nothing
        low, high = np.where(kept, lower, np.minimum(low, high)), np.where(kept, upper, high)
        same = np.allclose(low, lower, rtol=1e-12) and np.allclose(high, upper, rtol=1e-12)
        lower, upper = low, high
        if same:
            break
    gone = ~start.imputable
    return Bounds(np.where(gone, np.nan, lower), np.where(gone, np.nan, upper), start.imputable)


def identified(table: Cells) -> Bools:
    """Return R × S, whether the margins give an unknown cell away exactly (restricted layer).

    The only unknown cell of a published margin, or a cell that is left no mass.
    """
    limit = tightened(table)
    width = limit.upper - limit.lower
    return limit.imputable & (width <= EXACT * np.maximum(limit.upper, 1.0))
