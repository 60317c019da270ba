"""What anybody could solve from a published table: the opponent of the disclosure rule.

It reads shown figures only, and decides nothing; hiding is in :mod:`s3etl.portfolio.disclosure`.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from s3etl.portfolio.cells import Bools, Floats, Ints
from s3etl.portfolio.disclosure import WIDTH, Shown
from s3etl.portfolio.protection import LEAST

ROUNDING: Final = 1e-4
"""Persons an interval may be off by: the tolerance of the solver."""


@dataclass(frozen=True)
class Margins:
    """Shown totals of R regions × S divisions, C countries, K sections; NaN where not shown.

    Attributes:
        country: R, index of the country of each region.
        section: S, index of the section of each division.
        universe: C, countries that make up the universe.
        rows: R × K.
        columns: C × S.
        corners: C × K.
        regions: R.
        countries: C.
        divisions: S, of the universe.
        sections: K, of the universe.
        total: Of the universe.
    """

    country: Ints
    section: Ints
    universe: Bools
    rows: Floats
    columns: Floats
    corners: Floats
    regions: Floats
    countries: Floats
    divisions: Floats
    sections: Floats
    total: float

    @staticmethod
    def of(
        value: Floats, country: Ints, section: Ints, universe: Bools, sections: int
    ) -> "Margins":
        """Return all totals of a table without gaps, as sums of its cells.

        Args:
            value: R × S.
            country: R, each of C countries.
            section: S.
            universe: C.
            sections: K.
        """
        by_section = (section[:, None] == np.arange(sections)).astype(np.float64)
        by_country = (np.arange(len(universe))[:, None] == country).astype(np.float64)
        rows, columns = value @ by_section, by_country @ value
        corners = columns @ by_section
        divisions = universe.astype(np.float64) @ columns
        return Margins(
            country, section, universe, rows, columns, corners, rows.sum(axis=1),
            corners.sum(axis=1), divisions, divisions @ by_section, float(divisions.sum()),
        )  # fmt: skip

    def shown(self, shown: Shown) -> "Margins":
        """Return the totals that are shown."""

        def kept(total: Floats, show: Bools) -> Floats:
            return np.where(show, total, np.nan)

        return replace(
            self,
            rows=kept(self.rows, shown.rows),
            columns=kept(self.columns, shown.columns),
            corners=kept(self.corners, shown.corners),
            regions=kept(self.regions, shown.regions),
            countries=kept(self.countries, shown.countries),
            divisions=kept(self.divisions, shown.divisions),
            sections=kept(self.sections, shown.sections),
            total=self.total if shown.total else np.nan,
        )

    def read_back(self, value: Floats, share: Floats, quotient: Floats) -> "Margins":
        """Return the totals with those that shown shares and quotients give away.

        E_r· = E_rs/p_rs; E_·s = E_rs E_··/(E_r· LQ_rs), if the total is shown.

        Args:
            value: R × S, shown values; NaN where hidden.
            share: R × S, shown shares of the region's total; NaN where hidden.
            quotient: R × S, shown LQ; NaN where hidden.
        """
        regions = self._first(value / np.where(share > 0, share, np.nan), 1, self.regions)
        base = regions[:, None] * np.where(quotient > 0, quotient, np.nan)
        divisions = self._first(value * self.total / base, 0, self.divisions)
        return replace(self, regions=regions, divisions=divisions)

    @staticmethod
    def _first(found: Floats, axis: int, known: Floats) -> Floats:
        best = np.where(np.isnan(found), -np.inf, found).max(axis=axis, initial=-np.inf)
        return np.where(np.isnan(known) & np.isfinite(best), best, known)

    def parts(self) -> tuple[Floats, ...]:
        """Return the totals in the order of the attributes."""
        whole = np.array([self.total])
        return (
            *(self.rows, self.columns, self.corners, self.regions, self.countries),
            *(self.divisions, self.sections, whole),
        )


@dataclass(frozen=True)
class Attack:
    """What solving gives, R × S.

    Attributes:
        low: Least possible value; the value itself where shown, NaN where not attacked.
        high: Greatest possible value; infinite where nothing bounds it.
        solved: Hidden, and open by no more than the declared width, 1 − low/high, or by less
            than one person.
    """

    low: Floats
    high: Floats
    solved: Bools


def _equations(margins: Margins) -> Any:
    """Return the sparse matrix of sums − totals = 0 over cells and then all totals."""
    from scipy import sparse  # noqa: PLC0415  (heavy: only where it is used)

    regions, sections = margins.rows.shape
    countries, divisions = margins.columns.shape

    def one(size: int) -> Any:
        return sparse.identity(size, format="csr")

    of_country = sparse.csr_matrix(np.arange(countries)[:, None] == margins.country, dtype=float)
    of_section = sparse.csr_matrix(np.arange(sections)[:, None] == margins.section, dtype=float)
    member = sparse.csr_matrix(margins.universe[None], dtype=float)
    every = sparse.csr_matrix(np.ones((1, sections)))
    sizes = [regions * divisions, *(part.size for part in margins.parts())]

    def line(parts: int, of: Any, total: int) -> Any:
        """Return one kind of equations: the sums of some parts are their totals."""
        blocks = [sparse.csr_matrix((of.shape[0], size)) for size in sizes]
        blocks[parts], blocks[total] = of, -one(of.shape[0])
        return sparse.hstack(blocks)

    cell, row, column, corner, region, nation, division, section, whole = range(9)
    return sparse.vstack(
        [
            line(cell, sparse.kron(one(regions), of_section), row),
            line(cell, sparse.kron(of_country, one(divisions)), column),
            line(column, sparse.kron(one(countries), of_section), corner),
            line(row, sparse.kron(one(regions), every), region),
            line(corner, sparse.kron(one(countries), every), nation),
            line(column, sparse.kron(member, one(divisions)), division),
            line(division, of_section, section),
            line(section, every, whole),
        ],
        format="csc",
    )


def solvable(
    published: Floats,
    margins: Margins,
    *,
    low: Floats | None = None,
    high: Floats | None = None,
    width: float = WIDTH,
    targets: Bools | None = None,
) -> Attack:
    """Solve hidden cells by linear programming, the least and the greatest value of each.

    All sums of the table are equations, shown figures are known, bands bound the others, and
    nothing is negative. Two linear programmes for each target: for small tables and samples.

    Args:
        published: R × S, shown values; NaN where hidden.
        margins: Shown totals.
        low: R × S, lower limits shown for hidden cells; None for 0.
        high: R × S, upper limits, infinite for none; None for none.
        width: Relative width up to which a value counts as solved (p-% rule).
        targets: R × S, the cells to attack; None for every hidden cell.

    Returns:
        The interval of each target. A cell that can only be 0 is solved.

    Raises:
        ValueError: What is shown contradicts itself, so that nothing can be solved.
    """
    hidden = np.isnan(published)
    aim = hidden if targets is None else hidden & targets
    limits = np.zeros((2, *published.shape))
    limits[1] = np.inf
    for limit, given in zip(limits, (low, high), strict=True):
        if given is not None:
            np.copyto(limit, given, where=np.isfinite(given))
    known = np.concatenate([part.ravel() for part in (published, *margins.parts())])
    free = np.flatnonzero(np.isnan(known))
    equations = _equations(margins)
    right = -(equations @ np.nan_to_num(known, nan=0.0))
    left = equations[:, free]
    told = np.diff(left.tocsr().indptr) > 0
    box = np.tile([[0.0], [np.inf]], len(known))
    box[:, : published.size] = limits.reshape(2, -1)
    place = np.searchsorted(free, np.flatnonzero(aim))
    ends = _extremes(left[told], right[told], box[:, free].T, place)
    result = np.stack([np.where(hidden, np.nan, published)] * 2)
    result[:, aim] = ends
    low_end, high_end = result
    bounded = aim & np.isfinite(high_end)
    top = np.where(bounded, high_end, 0.0)
    span = top - np.where(bounded, low_end, 0.0) + ROUNDING
    closed = bounded & ((span <= width * top + 2 * ROUNDING) | (span < LEAST))
    return Attack(low_end, high_end, closed)


def _extremes(left: Any, right: Floats, box: Floats, place: NDArray[np.intp]) -> Floats:
    """Return least and greatest value of some unknowns, 2 × n."""
    from scipy.optimize import linprog  # noqa: PLC0415  (heavy: only where it is used)

    ends = np.empty((2, len(place)))
    for n, variable in enumerate(place):
        aim = np.zeros(left.shape[1])
        for end, sign in enumerate((1.0, -1.0)):
            aim[variable] = sign
            found = linprog(aim, A_eq=left, b_eq=right, bounds=box, method="highs")
            if found.status == 2:
                raise ValueError("what is shown contradicts itself")
            ends[end, n] = sign * found.fun if found.status == 0 else np.inf
    return ends
