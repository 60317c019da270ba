"""Filling unknown cells within their bounds and margins, and drawing how else they could be.

What comes out is for the restricted layer; what may be shown of it is decided in
:mod:`s3etl.portfolio.disclosure`.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from s3etl.portfolio.cells import Bools, Cells, Floats, Ints, bounds, residuals

TOLERANCE: Final = 0.005
"""Share of a margin its cells may be off by (methodology 3.2-4)."""
ITERATIONS: Final = 100
DRAWS: Final = 20
CAPPING_PASSES: Final = 20
"""Most rounds in which mass that met an upper bound is passed on within one margin."""


def prior_from_history(history: Floats, national: Floats, country: Ints) -> Floats:
    """Return last published value × growth of the division in the country since (3.2-3).

    Args:
        history: Y × R × S, published values of the years before, oldest first; NaN where none.
        national: (Y + 1) × C × S, totals of the same years and, last, of the year to fill.
        country: R, index of the country of each region.

    Returns:
        R × S, in the unit of the values. NaN where nothing was ever published, or the growth is
        not known, or the total was 0 then.

    Raises:
        ValueError: The years do not fit.
    """
    if national.shape[0] != history.shape[0] + 1:
        raise ValueError("national totals have one year more than the history")
    if not len(history):
        return np.full(history.shape[1:], np.nan)
    there = np.isfinite(history)
    last = history.shape[0] - 1 - np.argmax(there[::-1], axis=0)
    value = np.take_along_axis(history, last[None], axis=0)[0]
    then = np.take_along_axis(national[:, country], last[None], axis=0)[0]
    growth = np.full(value.shape, np.nan)
    np.divide(national[-1][country], then, out=growth, where=then > 0)
    return np.asarray(value * growth)


def prior_from_sisters(expected: Floats, shrunk_lq: Floats, section: Ints) -> Floats:
    """Return expected count × average shrunk LQ of the sister divisions (methodology 3.2-3).

    Args:
        expected: R × S, X_rs = E_r·E_·s/E_··, in the unit of the table; NaN where not known.
        shrunk_lq: R × S, LQ* (methodology 3.4); NaN where not known.
        section: S, index of the section of each division.

    Returns:
        R × S. Sisters are the other divisions of the section in the same region; without a
        known one the average is 1, the value LQ* is shrunk to.
    """
    there = np.isfinite(shrunk_lq)
    alike = (section[:, None] == section) & ~np.eye(len(section), dtype=bool)
    member = alike.astype(np.float64)
    count = there.astype(np.float64) @ member
    mean = np.ones(count.shape)
    np.divide(np.where(there, shrunk_lq, 0.0) @ member, count, out=mean, where=count > 0)
    return np.asarray(expected * mean)


def even_split(table: Cells) -> Floats:
    """Return the residual shared out equally, R × S: the last resort, the Observatory's rule.

    The smaller of the two equal shares where both margins are known; NaN where not imputable.
    """
    left = residuals(table)
    row, column = np.full(left.rows.shape, np.nan), np.full(left.columns.shape, np.nan)
    np.divide(np.maximum(left.rows, 0), left.row_unknown, out=row, where=left.row_unknown > 0)
    some = left.column_unknown > 0
    np.divide(np.maximum(left.columns, 0), left.column_unknown, out=column, where=some)
    share = np.fmin(table.of_row(row), table.of_column(column))
    return np.where(table.unknown, share, np.nan)


def first_of(*priors: Floats) -> Floats:
    """Return R × S, of several priors the first that is positive; else 0 if one is, else NaN.

    A prior of 0 would hold a cell at 0 whatever its margins say, so the next rule is asked.
    """
    result = np.full(priors[0].shape, np.nan)
    for prior in reversed(priors):
        result = np.where((prior > 0) | (np.isnan(result) & (prior == 0)), prior, result)
    return result


@dataclass(frozen=True)
class Filled:
    """Filled tables; a leading axis of M draws where there are draws.

    Attributes:
        value: (M ×) R × S, in the unit of the table: published values, 0 where not applicable
            (no such thing exists there), filled ones, NaN where not imputable.
        gap: (M ×) C, greatest relative difference between a margin and its cells, in the
            margins of the country that have unknown cells; 0 where it has none.
        residual_gap: (M ×) C, the same relative to the residual: the stricter measure.
        converged: (M ×) C, whether the gap is within the tolerance.
    """

    value: Floats
    gap: Floats
    residual_gap: Floats
    converged: Bools


@dataclass(frozen=True)
class _Margin:
    """One direction of margins, of U unknown cells: G groups."""

    group: Ints  # U, group of the cell
    target: Floats  # G, residual mass; NaN for no constraint
    total: Floats  # G, the margin itself
    country: Ints  # G

    def sums(self, x: Floats) -> Floats:
        """Sum M × U to M × G."""
        draws, groups = x.shape[0], len(self.target)
        index = np.arange(draws)[:, None] * groups + self.group
        flat = np.bincount(index.ravel(), weights=x.ravel(), minlength=draws * groups)
        return np.asarray(flat.reshape(draws, groups), np.float64)

    def scaled(self, x: Floats, upper: Floats) -> Floats:
        """Scale M × U to the targets; what meets an upper bound is passed on to the others."""
        x = np.minimum(x * self._factor(self.target, self.sums(x))[:, self.group], upper)
        for _ in range(CAPPING_PASSES):
            free = x < upper
            mass = self.sums(np.where(free, x, 0.0))
            need = self.target - self.sums(np.where(free, 0.0, x))
            factor = self._factor(need, mass)
            if not np.any(factor > 1 + 1e-9):
                break
            grown = np.minimum(x * np.maximum(factor, 1.0)[:, self.group], upper)
            x = np.where(free, grown, x)
        return x

    @staticmethod
    def _factor(target: Floats, mass: Floats) -> Floats:
        factor = np.ones(mass.shape)
        known = np.isfinite(target) & (mass > 0)
        np.divide(np.broadcast_to(target, mass.shape), mass, out=factor, where=known)
        return factor

    def gaps(self, x: Floats, countries: int) -> tuple[Floats, Floats]:
        """Return the greatest gap of each country, M × C: of the margin and of the residual."""
        off = np.abs(self.sums(x) - self.target)
        used = np.isfinite(self.target) & (np.bincount(self.group, minlength=len(off[0])) > 0)
        found = []
        for scale in (self.total, np.abs(self.target)):
            relative = np.where(used, off / np.maximum(np.where(used, scale, 1.0), 1.0), 0.0)
            worst = np.zeros((len(x), countries))
            np.maximum.at(worst.T, self.country, relative.T)
            found.append(worst)
        return found[0], found[1]


def _fit(
    table: Cells, start: Floats, upper: Floats, where: Bools, tolerance: float, iterations: int
) -> tuple[Floats, Floats, Floats]:
    """Fit M × U to both margins; return it with both gaps, M × C."""
    left, countries = residuals(table), table.columns.shape[0]
    region, division = np.nonzero(where)
    sections, divisions = table.rows.shape[1], len(table.section)
    rows = _Margin(
        region * sections + table.section[division],
        left.rows.ravel(),
        table.rows.ravel(),
        np.repeat(table.country, sections),
    )
    columns = _Margin(
        table.country[region] * divisions + division,
        left.columns.ravel(),
        table.columns.ravel(),
        np.repeat(np.arange(countries), divisions),
    )
    x = np.minimum(start, upper)
    for done in range(iterations + 1):
        by_row, by_column = rows.gaps(x, countries), columns.gaps(x, countries)
        if done == iterations or max(by_row[1].max(), by_column[1].max()) <= tolerance:
            break
        x = columns.scaled(rows.scaled(x, upper), upper)
    return x, np.maximum(by_row[0], by_column[0]), np.maximum(by_row[1], by_column[1])


def _start(table: Cells, prior: Floats) -> tuple[Floats, Floats, Bools]:
    limits = bounds(table)
    where = limits.imputable
    start = first_of(prior, even_split(table))[where]
    if np.any(prior[where] < 0):
        raise ValueError("a prior is 0 or more")
    return start, limits.upper[where], where


def _assembled(table: Cells, where: Bools, x: Floats) -> Floats:
    absent = ~table.published & ~table.unknown  # not applicable: nothing there, by definition
    value = np.repeat(np.where(absent, 0.0, table.value)[None], len(x), axis=0)
    value[:, where] = x
    return value


def fill(
    table: Cells, prior: Floats, *, tolerance: float = TOLERANCE, iterations: int = ITERATIONS
) -> Filled:
    """Fill the unknown cells by bounded iterative proportional fitting (methodology 3.2-4).

    Rows and columns are scaled to their residuals in turn; mass that meets an upper bound goes
    to the other cells of the margin. It ends when every residual is met within the tolerance,
    or after the iterations: margins that contradict each other cannot both be met, and then the
    country is flagged.

    Args:
        table: The table and its margins.
        prior: R × S, 0 or more, in the unit of the table; only imputable cells are read. A
            prior that is NaN or 0 is replaced by an equal share of the residual.
        tolerance: Share of a margin its cells may be off by.
        iterations: Most iterations, of one scaling by rows and one by columns.

    Returns:
        The filled table, without an axis of draws.

    Raises:
        ValueError: A prior is negative.
    """
    start, upper, where = _start(table, prior)
    x, gap, strict = _fit(table, start[None], upper, where, tolerance, iterations)
    return Filled(_assembled(table, where, x)[0], gap[0], strict[0], gap[0] <= tolerance)


def draws(
    table: Cells,
    prior: Floats,
    *,
    cv: float,
    seed: int,
    m: int = DRAWS,
    regions: NDArray[Any] | None = None,
    divisions: NDArray[Any] | None = None,
    tolerance: float = TOLERANCE,
    iterations: int = ITERATIONS,
) -> Filled:
    """Draw tables: prior × Gamma noise, refitted to bounds and margins (methodology 3.2-5).

    Args:
        table: The table and its margins.
        prior: R × S, as for :func:`fill`.
        cv: Coefficient of variation of the noise, whose mean is 1; 0 gives equal draws.
        seed: Seed of the noise.
        m: Number of draws M.
        regions: R, codes; with them the noise follows the order of the codes, not of the rows.
        divisions: S, codes, the same.
        tolerance: As for :func:`fill`.
        iterations: As for :func:`fill`.

    Returns:
        Tables M × R × S; published cells are the same in every draw.

    Raises:
        ValueError: A prior or the CV is negative.
    """
    if cv < 0:
        raise ValueError("the coefficient of variation is 0 or more")
    start, upper, where = _start(table, prior)
    noise = np.ones((m, *table.value.shape))
    if cv > 0:
        noise[:] = np.random.default_rng(seed).gamma(1 / cv**2, cv**2, noise.shape)
        noise = noise[:, _place(regions, noise.shape[1])][:, :, _place(divisions, noise.shape[2])]
    # A wide Gamma can underflow to 0, which no scaling would ever raise again.
    begun = np.maximum(start * noise[:, where], start * 1e-12)
    x, gap, strict = _fit(table, begun, upper, where, tolerance, iterations)
    return Filled(_assembled(table, where, x), gap, strict, gap <= tolerance)


def _place(codes: NDArray[Any] | None, size: int) -> Ints:
    """Return the rank of each code: which of the drawn rows or columns is its own."""
    return np.arange(size) if codes is None else np.argsort(np.argsort(codes, kind="stable"))
