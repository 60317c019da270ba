"""Which cells, totals and quotients may be shown, and by which band the others are.

It decides and hides; nothing is published here, and what others could solve is tested with
:mod:`s3etl.portfolio.attack`.

A value nobody publishes never leaves the restricted layer, however it was found: filled, drawn
or identified by its bounds (methodology 3.2-6). What would let it be solved is hidden with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from s3etl.portfolio.cells import Bools, Cells, Floats
from s3etl.portfolio.protection import (
    Block,
    Limits,
    cheapest_above,
    cheapest_partners,
    exposed,
    largest_per_row,
    pair_moves,
)

WIDTH: Final = 0.10
"""Relative width by which a hidden value has to stay open (p-% rule)."""
CLASSES: Final = (0.0, 10.0, 20.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0)
"""Lower limits of the bands, persons employed; the last is open."""

# Costs of hiding, beside the persons themselves: a total of a region or of a country takes all
# quotients that are divided by it along, a corner those of the whole universe.
_ROW_COST, _COLUMN_COST, _CORNER_COST = 1e6, 1e7, 1e9


@dataclass(frozen=True)
class Shown:
    """What may be shown of R regions × S divisions in C countries and K sections.

    Attributes:
        value: R × S, the value itself.
        rows: R × K, total of a section in a region.
        columns: C × S, total of a division in a country.
        corners: C × K, total of a section in a country.
        regions: R, total of a region, E_r·.
        countries: C, total of a country.
        divisions: S, total of a division in the universe, E_·s.
        sections: K, total of a section in the universe.
        total: Total of the universe, E_··.
        low: R × S, lower limit of the band of a hidden cell; the value itself where shown.
        high: R × S, upper limit, infinite for an open band. NaN where nothing is known.
        secondary: R × S, hidden although published, because it would give another away.
    """

    value: Bools
    rows: Bools
    columns: Bools
    corners: Bools
    regions: Bools
    countries: Bools
    divisions: Bools
    sections: Bools
    total: bool
    low: Floats
    high: Floats
    secondary: Bools

    @property
    def share(self) -> Bools:
        """R × S, whether the share of the region's total may be shown as a number."""
        return self.value & self.regions[:, None]

    @property
    def quotient(self) -> Bools:
        """R × S, whether LQ, LQ* and HCLQ may be shown as numbers.

        For LQ* only if the variance A_s it is shrunk by comes from shown cells alone; so for
        every other statistic over a column (mean, standard deviation, rank). What joins two
        figures (growth, labour cost per person) needs both of them shown.
        """
        return self.share & self.divisions & self.total


@dataclass
class _Above:
    """What is shown above the blocks."""

    regions: Bools
    divisions: Bools
    sections: Bools

    def costs(self, block: Block, *, member: bool) -> tuple[Floats, Floats]:
        """Return the quotients lost by hiding each total of the block's regions and columns.

        Outside the universe (not ``member``) columns move nothing above them.
        """
        shown = np.append(self.divisions[block.divisions], self.sections[block.section])
        lost = np.full(len(shown), float(len(self.regions)))
        lost[-1] *= len(self.divisions)  # takes the total of the universe along
        regions = self.regions[block.regions] * float(len(self.divisions))
        return np.asarray(regions, np.float64), shown * lost * float(member)

    def hide(self, block: Block, regions: Bools, columns: Bools, *, member: bool) -> bool:
        """Hide totals above a block; return whether one of them was shown."""
        before = self.regions.sum() + self.divisions.sum() + self.sections.sum()
        self.regions[block.regions[regions]] = False
        if member:
            self.divisions[block.divisions[columns[:-1]]] = False
            self.sections[block.section] &= not columns[-1]
        return bool(self.regions.sum() + self.divisions.sum() + self.sections.sum() < before)


def _totals(margin: Floats, sums: Floats, unknown: Floats) -> tuple[Floats, Bools]:
    """Return totals and whether they are primary: without margin, and with an unknown part."""
    return np.where(np.isnan(margin), sums, margin), np.isnan(margin) & (unknown > 0)


def _blocks(table: Cells, filled: Floats, corners: Floats | None) -> list[Block]:
    """Lay the table out as one block for each country and section."""
    value = np.nan_to_num(np.where(table.published, table.value, filled), nan=0.0)
    rows, hide_row = _totals(table.rows, table.by_row(value), table.by_row(table.unknown))
    columns, hide_column = _totals(
        table.columns, table.by_column(value), table.by_column(table.unknown)
    )
    absent = ~table.published & ~table.unknown
    blocks = []
    for country in range(table.columns.shape[0]):
        for section in range(table.rows.shape[1]):
            r = np.flatnonzero(table.country == country)
            s = np.flatnonzero(table.section == section)
            if not (len(r) and len(s)):
                continue
            given = np.nan if corners is None else corners[country, section]
            open_ = hide_row[r, section].any() and hide_column[country, s].any()
            sum_of = rows[r, section] if hide_column[country, s].any() else columns[country, s]
            whole = given if np.isfinite(given) else sum_of.sum()
            primary = np.block(
                [
                    [table.unknown[np.ix_(r, s)], hide_row[r, section][:, None]],
                    [hide_column[country, s][None], np.array([[open_ and np.isnan(given)]])],
                ]
            )
            x = np.block(
                [
                    [value[np.ix_(r, s)], rows[r, section][:, None]],
                    [columns[country, s][None], np.array([[whole]])],
                ]
            )
            high = np.full(x.shape, np.inf)
            high[:-1, :-1][absent[np.ix_(r, s)]] = 0.0  # everybody knows that nothing is there
            low = np.zeros(x.shape)
            blocks.append(Block(country, section, r, s, x, primary.copy(), primary, low, high))
    return blocks


def _hide_secondary(block: Block, width: float) -> None:
    """Hide until no primary cell of the block is exposed, cheapest rectangles first."""
    cost = block.value + 10.0
    cost[:-1, -1] += _ROW_COST
    cost[-1, :-1] += _COLUMN_COST
    cost[-1, -1] += _CORNER_COST
    none = Limits.none(block)
    while len((targets := exposed(block, none, width))[0]):
        chosen = cheapest_partners(block, largest_per_row(block, targets), cost, width)
        if not (chosen & ~block.hidden).any():
            raise AssertionError  # a rectangle through all three totals is always wide enough
        block.hidden |= chosen


def _band(block: Block, classes: tuple[float, ...], width: float) -> None:
    """Give hidden cells the finest of the bands by which nothing is exposed.

    Half as many limits at each step, the same for the whole block; at last no band at all.
    """
    none = Limits.none(block)
    cell = block.hidden.copy()
    cell[-1] = cell[:, -1] = False
    limits = np.asarray(classes)
    while True:
        edges = np.append(limits, np.inf)
        place = np.searchsorted(limits, block.value, side="right") - 1
        block.low = np.where(cell, edges[place], 0.0)
        block.high = np.where(cell, edges[place + 1], np.inf)
        if len(limits) == 1 or not len(exposed(block, none, width)[0]):
            return
        limits = limits[::2]


def _limits(blocks: list[Block], above: _Above, universe: Bools) -> list[Limits]:
    """Return what is left of each block's moves of totals by what is shown above it."""
    moves = [pair_moves(block) for block in blocks]
    result = []
    for block in blocks:
        free = ~np.append(above.divisions[block.divisions], above.sections[block.section])
        if not universe[block.country]:
            free[:] = True
        others = zip(blocks, moves, strict=True)
        columns, rows = np.zeros((len(free), len(free))), np.zeros((len(block.regions),) * 2)
        for other, move in others:
            if other.section == block.section and other.country != block.country:
                if universe[other.country]:
                    columns = np.maximum(columns, move.columns.T)
            elif other.country == block.country and other.section != block.section:
                rows = np.maximum(rows, move.rows.T)
        columns = np.where(free[:, None] & free, np.inf, columns)
        gone = ~above.regions[block.regions]
        result.append(Limits(columns, np.where(gone[:, None] & gone, np.inf, rows)))
    return result


def _hide_above(blocks: list[Block], above: _Above, universe: Bools, width: float) -> None:
    """Hide totals of regions and of the universe until nothing is exposed through them."""
    for block in blocks:  # what moves a corner moves the totals of its regions and its country
        if block.hidden[-1, -1]:
            above.regions[block.regions[block.hidden[:-1, -1]]] = False
    while True:
        found = [
            (block, targets)
            for block, limit in zip(blocks, _limits(blocks, above, universe), strict=True)
            if len((targets := exposed(block, limit, width))[0])
        ]
        if not found:
            return
        hidden = False
        for block, targets in found:
            member = bool(universe[block.country])
            costs = above.costs(block, member=member)
            few = cheapest_above(block, targets, *costs, width)
            # Else open downwards by one rectangle, upwards by another: hide all that moves.
            every = (block.hidden[:-1, -1], block.hidden[-1])
            hidden |= any(above.hide(block, *some, member=member) for some in (few, every))
        if not hidden:
            raise AssertionError  # with nothing shown above, a block protects itself


def suppress(
    table: Cells,
    filled: Floats,
    *,
    corners: Floats | None = None,
    universe: Bools | None = None,
    width: float = WIDTH,
    classes: Iterable[float] = CLASSES,
) -> Shown:
    """Decide what may be shown (methodology 3.2-6).

    Every unknown cell is hidden, whether it was filled or identified exactly, and every total
    that has no published margin and an unknown part. Then the cheapest other cells are hidden,
    and totals where no cells will do, until each of them stays open by more than ``width`` to
    anybody who solves the shown cells and totals as linear equations; bands, and totals of
    regions and of the universe, are widened and hidden by the same test.

    Args:
        table: The table and its margins.
        filled: R × S, from ``s3etl.portfolio.fill.fill``; NaN where not imputable.
        corners: C × K, published totals of a section in a country; NaN or None where missing.
        universe: C, the countries that make up the totals of the universe; None for all. A
            country without a published section total takes all quotients with it: leave it out.
        width: Relative width that has to stay open (p-% rule), at least 0 and below 1.
        classes: Lower limits of the bands, in the unit of the table, ascending from 0.

    Returns:
        What may be shown, with the bands of the rest. Zeros may have to be hidden as well. A
        band is that of the estimate: the value nobody publishes may lie outside it. What is
        shown above the cells must be the sum of published and filled cells, or a margin the
        filled cells meet: fill with a small tolerance first. Whether a total with a part
        nobody can estimate is worth showing is for the caller to say.

    Raises:
        ValueError: Width or classes are not as described.
    """
    limits = tuple(classes)
    if not 0 <= width < 1 or limits[:1] != (0.0,) or list(limits) != sorted(set(limits)):
        raise ValueError("the width is 0 or more and below 1, classes ascend from 0")
    members = np.ones(table.columns.shape[0], np.bool_) if universe is None else universe
    blocks = _blocks(table, filled, corners)
    for block in blocks:
        _hide_secondary(block, width)
        _band(block, limits, width)
    above = _Above(
        np.ones(len(table.country), np.bool_),
        np.ones(len(table.section), np.bool_),
        np.ones(table.rows.shape[1], np.bool_),
    )
    _hide_above(blocks, above, members, width)
    return _shown(table, blocks, above)


def _shown(table: Cells, blocks: list[Block], above: _Above) -> Shown:
    value, rows = np.ones(table.value.shape, np.bool_), np.ones(table.rows.shape, np.bool_)
    columns = np.ones(table.columns.shape, np.bool_)
    corners = np.ones((table.columns.shape[0], table.rows.shape[1]), np.bool_)
    low, high = table.value.copy(), table.value.copy()
    for block in blocks:
        place = np.ix_(block.regions, block.divisions)
        hidden = block.hidden
        value[place] = ~hidden[:-1, :-1]
        rows[block.regions, block.section] = ~hidden[:-1, -1]
        columns[block.country, block.divisions] = ~hidden[-1, :-1]
        corners[block.country, block.section] = not hidden[-1, -1]
        low[place] = np.where(hidden[:-1, :-1], block.low[:-1, :-1], low[place])
        high[place] = np.where(hidden[:-1, :-1], block.high[:-1, :-1], high[place])
    absent = ~table.published & ~table.unknown
    return Shown(
        value, rows, columns, corners, above.regions, np.asarray(corners.all(axis=1)),
        above.divisions, above.sections, bool(above.sections.all()),
        np.where(absent, 0.0, low), np.where(absent, 0.0, high), ~value & table.published,
    )  # fmt: skip
