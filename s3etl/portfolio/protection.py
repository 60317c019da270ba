"""How far hidden cells of one additive table can move while all that is shown stays the same.

Which cells are hidden is decided in :mod:`s3etl.portfolio.disclosure`; this only certifies.

A block is one section of one country: its regions × its divisions, with the totals of rows and
columns as a last column and a last row. With the totals entered negatively (and the corner
positively) every row and every column sums to zero, so that raising one cell, lowering one in
its row and one in its column, and raising the fourth of the rectangle changes nothing shown.
What a rectangle of hidden cells allows is certain to be open to whoever solves the table: the
certificate never says safe where linear solving finds a value; it may hide more than needed.

Totals of columns are parts of totals of the universe, totals of rows parts of totals of regions.
Where those are shown, a rectangle that moves them needs one in another country, or in another
section, that moves them back.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from s3etl.portfolio.cells import Bools, Floats, Ints

UNLIMITED: Final = 1e12
"""Play that is not bounded, in persons: more than there are."""

LEAST: Final = 1.0
"""Persons by which a value has to stay open, however small it is: 0 to 0.3 is 0."""


@dataclass
class Block:
    """One country × section; (R + 1) × (S + 1) arrays, totals in the last row and column.

    Attributes:
        country: Index of the country.
        section: Index of the section.
        regions: R, indices of its regions.
        divisions: S, indices of its divisions.
        value: What is known or estimated, in persons.
        hidden: What is not shown.
        primary: What has to be protected; hidden too.
        low: Lower limit shown for a hidden cell.
        high: Upper limit shown for a hidden cell.
    """

    country: int
    section: int
    regions: Ints
    divisions: Ints
    value: Floats
    hidden: Bools
    primary: Bools
    low: Floats
    high: Floats

    def play(self, hidden: Bools | None = None) -> tuple[Floats, Floats]:
        """Return how far each signed entry can go up and down; ``hidden`` instead of its own."""
        open_ = self.hidden if hidden is None else hidden
        up = np.where(open_, np.clip(self.high - self.value, 0, UNLIMITED), 0.0)
        down = np.where(open_, np.clip(self.value - self.low, 0, UNLIMITED), 0.0)
        negative = np.zeros(self.value.shape, bool)
        negative[:-1, -1] = negative[-1, :-1] = True
        return np.where(negative, down, up), np.where(negative, up, down)


@dataclass(frozen=True)
class Limits:
    """How far totals can move without anything shown above the block changing.

    Attributes:
        columns: (S + 1) × (S + 1): the signed total of column a up and of column b down.
        rows: R × R: the signed total of row a up and of row b down.
    """

    columns: Floats
    rows: Floats

    @staticmethod
    def none(block: Block) -> "Limits":
        """Return the limits where nothing above the block is shown: none."""
        regions, divisions = len(block.regions), len(block.divisions)
        return Limits(
            np.full((divisions + 1, divisions + 1), np.inf), np.full((regions, regions), np.inf)
        )


def pair_moves(block: Block) -> Limits:
    """Return the greatest moves of two totals by one rectangle, laid out as :class:`Limits`."""
    inc, dec = block.play()

    def moves(up: Floats, down: Floats, cell_up: Floats, cell_down: Floats) -> Floats:
        # up, down: n totals; cell_up, cell_down: n × what is summed over
        cells = np.minimum(cell_down[:, None, :], cell_up[None, :, :]).max(axis=2, initial=0.0)
        result = np.minimum(np.minimum(up[:, None], down[None, :]), cells)
        np.fill_diagonal(result, 0.0)
        return np.asarray(result, np.float64)

    columns = moves(inc[-1], dec[-1], inc[:-1].T, dec[:-1].T)
    rows = moves(inc[:-1, -1], dec[:-1, -1], inc[:-1, :-1], dec[:-1, :-1])
    return Limits(columns, rows)


Targets = tuple[NDArray[np.intp], NDArray[np.intp]]


def _rectangles(
    inc: Floats, dec: Floats, targets: Targets, columns: Floats, rows: Floats
) -> Floats:
    """Return how far each of n targets goes up by each opposite corner, n × (R + 1) × (S + 1)."""
    i, j = targets
    move = np.minimum(inc[i, j][:, None, None], dec[i][:, None, :])
    move = np.minimum(move, dec[:, j].T[:, :, None])
    move = np.minimum(move, inc[None])
    last_row, last_column = inc.shape[0] - 1, inc.shape[1] - 1
    total = i == last_row
    # A target in the row of totals goes up itself; any other pushes the total below it down.
    move[total] = np.minimum(move[total], columns[j[total]][:, None, :])
    move[~total, -1, :] = np.minimum(move[~total, -1, :], columns[:, j[~total]].T)
    side = j == last_column
    inner, edge = ~total & ~side, ~total & side
    move[inner, :-1, -1] = np.minimum(move[inner, :-1, -1], rows[:, i[inner]].T)
    move[edge, :-1, :] = np.minimum(move[edge, :-1, :], rows[i[edge]][:, :, None])
    n = np.arange(len(i))
    move[n, i, :] = 0.0
    move[n, :, j] = 0.0
    return move


def _both(
    block: Block, targets: Targets, limits: Limits, hidden: Bools | None = None
) -> tuple[Floats, Floats]:
    """Return how far the real value goes down and up by each rectangle."""
    inc, dec = block.play(hidden)
    plus = _rectangles(inc, dec, targets, limits.columns, limits.rows)
    minus = _rectangles(dec, inc, targets, limits.columns.T, limits.rows.T)
    negative = (targets[0] == inc.shape[0] - 1) ^ (targets[1] == inc.shape[1] - 1)
    turned = negative[:, None, None]
    return np.where(turned, plus, minus), np.where(turned, minus, plus)


def is_open(value: Floats, down: Floats, up: Floats, width: float) -> Bools:
    """Return where 1 − lowest/highest possible value is above ``width`` (the p-% rule).

    And the two are at least one person apart, so that no small value is as good as known.
    """
    span = up + down
    return np.asarray((span > width * (value + up)) & (span >= LEAST))


def exposed(block: Block, limits: Limits, width: float) -> Targets:
    """Return the primary cells that no rectangle keeps open by more than ``width``."""
    i, j = np.nonzero(block.primary)
    down, up = _both(block, (i, j), limits)
    value = block.value[i, j]
    lowest, highest = down.max(axis=(1, 2), initial=0), up.max(axis=(1, 2), initial=0)
    closed = ~is_open(value, lowest, highest, width)
    return i[closed], j[closed]


def cheapest_partners(block: Block, targets: Targets, cost: Floats, width: float) -> Bools:
    """Return what to hide so that each target has a rectangle that is wide enough.

    Args:
        block: The block, without limits from above.
        targets: Exposed cells.
        cost: (R + 1) × (S + 1), cost of hiding an entry that is shown.
        width: Relative width that is asked for.

    Returns:
        (R + 1) × (S + 1). Of equally cheap rectangles the first. There is always one: through
        the totals of row, column and block every cell is open upwards without limit.
    """
    i, j = targets
    down, up = _both(block, targets, Limits.none(block), np.ones(block.hidden.shape, bool))
    wide = is_open(block.value[i, j][:, None, None], down, up, width)
    price = np.where(block.hidden, 0.0, cost)
    whole = price[i][:, None, :] + price[:, j].T[:, :, None] + price[None]
    whole = np.where(wide, whole, np.inf)
    best = whole.reshape(len(i), -1).argmin(axis=1)
    far_i, far_j = np.divmod(best, block.value.shape[1])
    chosen = np.zeros(block.hidden.shape, bool)
    chosen[i, far_j] = chosen[far_i, j] = chosen[far_i, far_j] = True
    return chosen


def cheapest_above(
    block: Block, targets: Targets, regions: Floats, columns: Floats, width: float
) -> tuple[Bools, Bools]:
    """Return which totals above the block to hide so that each target has a wide rectangle.

    Args:
        block: The block, its own cells and totals hidden as they will be.
        targets: Exposed cells.
        regions: R, cost of hiding the total of a region; 0 where it is hidden.
        columns: S + 1, cost of hiding the total of a division in the universe, and of the
            section; 0 where it is hidden.
        width: Relative width that is asked for.

    Returns:
        Regions R and columns S + 1 to hide: both ends of the rectangle, so that nothing above
        is shown of what it moves.
    """
    i, j = targets
    down, up = _both(block, targets, Limits.none(block))
    wide = is_open(block.value[i, j][:, None, None], down, up, width)
    last_row, last_column = block.value.shape[0] - 1, block.value.shape[1] - 1
    row, column = np.arange(last_row + 1), np.arange(last_column + 1)
    total = (i == last_row)[:, None, None] | (row == last_row)[None, :, None]
    side = (j == last_column)[:, None, None] | (column == last_column)[None, None, :]
    of_row = np.append(regions, 0.0)
    price = np.where(total, columns[j][:, None, None] + columns[None, None, :], 0.0)
    price = np.where(side & ~total, of_row[i][:, None, None] + of_row[None, :, None], price)
    best = np.where(wide, price, np.inf).reshape(len(i), -1).argmin(axis=1)
    far_i, far_j = np.divmod(best, len(column))
    moved = (i == last_row) | (far_i == last_row)
    beside = ~moved & ((j == last_column) | (far_j == last_column))
    hide_row, hide_column = np.zeros(len(row), bool), np.zeros(len(column), bool)
    hide_row[i[beside]] = hide_row[far_i[beside]] = True
    hide_column[j[moved]] = hide_column[far_j[moved]] = True
    return hide_row[:-1], hide_column


def largest_per_row(block: Block, targets: Targets) -> Targets:
    """Return of the targets of each row the largest: what protects it often protects others."""
    i, j = targets
    value: NDArray[Any] = np.full(block.value.shape, -1.0)
    value[i, j] = block.value[i, j]
    rows = np.flatnonzero(value.max(axis=1) >= 0)
    return rows, value[rows].argmax(axis=1)
