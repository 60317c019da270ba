"""The table: values and flags by series, area and year, as a dataset publishes them.

No figure is drawn, hidden or flagged in here, and no file format is known.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from s3etl.catalogue import Dataset
from sources.sample.places import EXTRA, LAST_IN_OLD_CODES, SURVIVORS, code_in

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]

YEARS = range(2004, 2015)  # of the world: people from the first on, all else from the second
SEX = {"F": slice(0, 1), "M": slice(1, 2), "T": slice(0, 2)}  # runs of women, men


@dataclass(frozen=True)
class Grid:
    """Areas by years of one file, and the smallest regions (leaves) the areas are made of.

    Attributes:
        leaves: Codes of the smallest regions.
        geos: Codes of the areas.
        years: In order.
        older: Leaves, by the code of an area that is not of the file's version.
    """

    leaves: Sequence[str]
    geos: Sequence[str]
    years: Sequence[int]
    older: Mapping[str, Collection[str]] = field(default_factory=dict)

    @cached_property
    def members(self) -> Numbers:
        """Areas by leaves: one where the leaf lies in the area, else zero."""
        rows = [
            [
                leaf in self.older[g] if g in self.older else g[:2] == "EU" or leaf.startswith(g)
                for leaf in self.leaves
            ]
            for g in self.geos
        ]
        return np.array(rows, float)

    def total(self, parts: Numbers) -> Numbers:
        """Sum leaves (last axis but one) to areas, in the file's years."""
        totals: Numbers = self.members @ parts[..., -len(self.years) :]
        return totals

    def at(self, prefix: str, *years: int, below: int = -1) -> Mask:
        """Mark areas by the start of their code, below a NUTS level, in some or all years."""
        rows = [g.startswith(prefix) and len(g) - 2 > below for g in self.geos]
        mask: Mask = np.outer(rows, [not years or y in years for y in self.years])
        return mask


def grid(
    leaves: Sequence[str],
    level: int,
    total: str = "",
    *,
    extra: bool,
    start: int = 2005,
    version: str = "2013",
    survivor: str = "",
) -> Grid:
    """Return the grid of all areas of a version down to a NUTS level, an EU total before them.

    Args:
        leaves: Smallest regions in the codes of NUTS 2013.
        level: Smallest NUTS level of the areas.
        total: Code of the total, if there is one.
        extra: Whether extra-regio is there.
        start: First year.
        version: NUTS version of the areas.
        survivor: Code of NUTS 2013 that is there too, after all others.
    """
    named = [code_in(version, leaf) for leaf in leaves]
    found = sorted({code[:n] for code in named for n in range(2, level + 3)})
    geos = [c for c in found if extra or c not in EXTRA]
    geos = [total, *geos] if total else geos
    if not survivor:
        return Grid(named, geos, range(start, YEARS.stop))
    parts = [new for new, leaf in zip(named, leaves, strict=True) if leaf.startswith(survivor)]
    return Grid(named, [*geos, survivor], range(start, YEARS.stop), {survivor: parts})


def gone(areas: Grid, dataset: str) -> Mask:
    """Mark the years that a surviving code does not have."""
    code, last = SURVIVORS[dataset]
    return areas.at(code, *(year for year in areas.years if year > last))


@dataclass(frozen=True)
class Table:
    """Values by series, area and year (not a number: none), with a mask for each flag."""

    grid: Grid
    values: Numbers
    marks: Mapping[str, Mask] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)  # decimals by unit, else 1


def with_old_codes(table: Table) -> Table:
    """Give the earlier years of the recoded country its old codes; one year has both."""
    areas, years = table.grid, np.array(table.grid.years)
    older = [code_in("2010", geo) for geo in areas.geos]
    recoded = [old != geo for old, geo in zip(older, areas.geos, strict=True)]
    geos = [*areas.geos, *(old for old, new in zip(older, recoded, strict=True) if new)]
    early = np.outer(recoded, years < LAST_IN_OLD_CODES)  # nothing under the new codes
    late = years > LAST_IN_OLD_CODES  # nothing under the old ones

    def moved(cells: Numbers) -> Numbers:
        old = np.where(late, np.nan, cells[..., recoded, :])
        return np.concatenate([np.where(early, np.nan, cells), old], axis=-2)

    shape = table.values.shape
    marks = {
        flag: moved(np.where(np.broadcast_to(mask, shape), 1.0, np.nan)) == 1
        for flag, mask in table.marks.items()
    }
    return Table(Grid(areas.leaves, geos, areas.years), moved(table.values), marks, table.places)


def series_of(dataset: Dataset) -> Iterator[dict[str, str]]:
    """Yield the codes of every series, in the order of the file."""
    for codes in itertools.product(*dataset.dimensions.values()):
        yield dict(zip(dataset.dimensions, codes, strict=True))


def by_sex_and_age(dataset: Dataset, parts: Numbers, ages: Mapping[str, slice]) -> Numbers:
    """Sum the smallest groups (first two axes) to the series of a dataset.

    Args:
        dataset: Whose series.
        parts: By sex, smallest age group, region and year.
        ages: Each published age as a run of the smallest age groups.
    """
    runs = ((SEX[series["sex"]], ages[series["age"]]) for series in series_of(dataset))
    return np.stack([parts[run].sum((0, 1)) for run in runs])
