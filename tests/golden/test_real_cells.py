"""Cells of Eurostat's regional business statistics of 2014: states, fill, draws, disclosure.

The figures are of the file; where a bound is asserted, a person has read the figure behind it.
"""

import time
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray

from s3etl.observations import status_of
from s3etl.portfolio.attack import Margins, solvable
from s3etl.portfolio.cells import (
    Bools,
    Cells,
    Floats,
    State,
    bounds,
    cells,
    contradictions,
    identified,
    states,
)
from s3etl.portfolio.disclosure import suppress
from s3etl.portfolio.fill import draws, fill, first_of, prior_from_history, prior_from_sisters
from s3etl.portfolio.shrinkage import expected_employment, shrunk_location_quotient
from sources import eurostat

pytestmark = pytest.mark.shared

YEAR, YEARS = "2014", ("2008", "2009", "2010", "2011", "2012", "2013")
CV = 1.0
"""Noise by which 5 to 95 % of the draws hold about nine of ten held-out cells (below)."""


class Sbs:
    """Persons employed (V16110) of one year: NUTS 2 regions × divisions, with margins.

    Regions are those with any figure in the year, so that old codes of a region that is there
    under a new one do not count twice. Section totals of regions and division totals of
    countries are those of the same file: they count local units, as the cells do.
    """

    def __init__(self, folder: Path) -> None:
        """Read both files."""
        self.regional = Grid(eurostat.parse(folder / "sbs_r_nuts06_r2.tsv.gz"))
        self.national = Grid(eurostat.parse(folder / "sbs_na_sca_r2.tsv.gz"))
        codes = self.regional.nace
        self.divisions = [code for code in codes if len(code) == 3]
        self.sections = sorted({code[0] for code in self.divisions})
        year = self.regional.value(YEAR, self.regional.geo, codes)
        some = np.isfinite(year).any(axis=1)
        self.regions = [
            g for g, s in zip(self.regional.geo, some, strict=True) if s and len(g) == 4
        ]
        self.countries = sorted({code[:2] for code in self.regions})
        self.country = np.array([self.countries.index(code[:2]) for code in self.regions])
        self.section = np.array([self.sections.index(code[0]) for code in self.divisions])

    @cached_property
    def state(self) -> NDArray[np.int8]:
        """R × S."""
        value = self.regional.value(YEAR, self.regions, self.divisions)
        flags = self.regional.flag(YEAR, self.regions, self.divisions)
        known, place = np.unique(flags, return_inverse=True)
        told = np.array([[status_of(f, gone) for gone in (False, True)] for f in known])
        status = told[place.reshape(value.shape), np.isnan(value).astype(int)]
        return states(value, status[..., 0], status[..., 1])

    def table(self, state: NDArray[np.int8] | None = None, *, national: bool = False) -> Cells:
        """Return the table, with other states, or with the margins of the national file."""
        source = self.national if national else self.regional
        return cells(
            self.regional.value(YEAR, self.regions, self.divisions),
            self.state if state is None else state,
            self.country,
            self.section,
            self.regional.value(YEAR, self.regions, self.sections),
            source.value(YEAR, self.countries, self.divisions),
        )

    def prior(self, table: Cells) -> Floats:
        """Return the prior from what was published before, else from the sisters."""
        history = [self.regional.value(y, self.regions, self.divisions) for y in YEARS]
        totals = [self.regional.value(y, self.countries, self.divisions) for y in (*YEARS, YEAR)]
        last = prior_from_history(np.stack(history), np.stack(totals), self.country)
        published = table.by_row(np.where(table.published, table.value, 0.0))
        universe = {
            "region_total": np.where(np.isnan(table.rows), published, table.rows).sum(axis=1),
            "industry_total": (by := np.nansum(table.columns, axis=0)),
            "total": by.sum(),
        }
        quotient = shrunk_location_quotient(table.value, 20.0, **universe).value
        expected = expected_employment(table.value, **universe)
        return first_of(last, prior_from_sisters(expected, quotient, self.section))

    def drawn(self, table: Cells, m: int = 20) -> Floats:
        """Return draws, M × R × S."""
        names = {"regions": np.array(self.regions), "divisions": np.array(self.divisions)}
        return draws(table, self.prior(table), cv=CV, seed=20261124, m=m, **names).value


class Grid:
    """A parsed file of which rectangles can be taken; what the file does not have is missing."""

    def __init__(self, table: pa.Table) -> None:
        """Keep persons employed."""
        plain = pa.table({n: table[n].cast(pa.string()) for n in ("nace_r2", "indic_sb", "geo")})
        keep = pc.equal(plain["indic_sb"], "V16110")
        rows = table.filter(keep)
        columns = ("nace_r2", "geo", "TIME_PERIOD", "OBS_FLAG")
        nace, geo, period, flag = (
            rows[name].cast(pa.string()).to_numpy(zero_copy_only=False) for name in columns
        )
        self.nace, n = _places(nace)
        self.geo, g = _places(geo)
        self.periods, p = _places(period)
        shape = (len(self.periods) + 1, len(self.geo) + 1, len(self.nace) + 1)
        self._value, self._flag = np.full(shape, np.nan), np.full(shape, "", "<U4")
        self._value[p, g, n] = rows["OBS_VALUE"].to_numpy()
        self._flag[p, g, n] = np.where(flag == None, "", flag)  # noqa: E711  (an object array)

    def _at(self, period: str, geo: list[str], nace: list[str]) -> tuple[NDArray[np.intp], ...]:
        def index(of: list[str], codes: list[str]) -> NDArray[np.intp]:
            return np.array([of.index(c) if c in of else len(of) for c in codes], np.intp)

        return np.ix_(index(self.periods, [period]), index(self.geo, geo), index(self.nace, nace))

    def value(self, period: str, geo: list[str], nace: list[str]) -> Floats:
        """Return values, geo × nace; NaN where missing."""
        return np.asarray(self._value[self._at(period, geo, nace)][0])

    def flag(self, period: str, geo: list[str], nace: list[str]) -> NDArray[np.str_]:
        """Return flags, geo × nace."""
        return np.asarray(self._flag[self._at(period, geo, nace)][0])


def _places(codes: NDArray[np.object_]) -> tuple[list[str], NDArray[np.intp]]:
    known, place = np.unique(codes.astype(str), return_inverse=True)
    return known.tolist(), place


@pytest.fixture(scope="module")
def sbs(shared_data: Path) -> Sbs:
    return Sbs(shared_data)


def test_states_of_2014(sbs: Sbs) -> None:
    assert (len(sbs.regions), len(sbs.divisions), len(sbs.countries)) == (283, 68, 29)
    counts = {s.name: int((sbs.state == s).sum()) for s in State}
    print(counts)  # noqa: T201
    assert counts == {
        "PUBLISHED": 15_942,
        "ZERO": 1_009,
        "NOT_APPLICABLE": 0,
        "NOT_AVAILABLE": 68,
        "CONFIDENTIAL": 2_225,
    }


def test_margins_that_count_the_same_thing(sbs: Sbs) -> None:
    """National statistics count enterprises, regional ones local units: they do not add up."""
    own, other = contradictions(sbs.table()), contradictions(sbs.table(national=True))
    assert int((own.column_excess > 0).sum()) == 0
    assert int((own.row_excess > 0).sum()) == 0
    assert int((other.column_excess > 0).sum()) == 347
    assert round(other.column_excess.sum()) == 905_776


def test_what_is_known_of_the_cells(sbs: Sbs) -> None:
    table = sbs.table()
    assert int(bounds(table).imputable.sum()) == 2_191  # of 2,293; the others have no margin
    # Given away by the file itself: none of them may be shown.
    assert int(identified(table).sum()) == 41


def test_employment_behind_the_states(sbs: Sbs) -> None:
    table = sbs.table()
    filled = fill(table, sbs.prior(table)).value
    # What nobody can estimate has no mass here; it is counted, not taken for nothing.
    assert int(np.isnan(filled).sum()) == 102
    mass = np.where(np.isnan(filled), 0.0, filled)
    by_country = np.arange(len(sbs.countries))[:, None] == sbs.country
    whole = (by_country @ mass).sum(axis=1)
    confidential = (by_country @ (mass * (table.state == State.CONFIDENTIAL))).sum(axis=1) / whole
    unavailable = (by_country @ (mass * (table.state == State.NOT_AVAILABLE))).sum(axis=1) / whole
    share = {c: float(s) for c, s in zip(sbs.countries, confidential.round(3), strict=True)}
    print(share, f"all {mass[table.state == State.CONFIDENTIAL].sum() / mass.sum():.4f}")  # noqa: T201
    large = {c: s for c, s in share.items() if s > 0.035}
    assert large == pytest.approx({"IE": 0.220, "LU": 0.120, "MT": 0.071, "DE": 0.053}, abs=0.01)
    assert unavailable.max() < 0.001
    total = mass[table.state == State.CONFIDENTIAL].sum() / mass.sum()
    assert 0.01 < total < 0.03


def test_where_the_fit_converges(sbs: Sbs) -> None:
    table = sbs.table()
    result = fill(table, sbs.prior(table))
    told = {
        c: (round(float(g), 4), round(float(s), 3))
        for c, g, s, ok in zip(
            sbs.countries, result.gap, result.residual_gap, result.converged, strict=True
        )
        if not ok
    }
    print(told)  # noqa: T201
    # Their margins contradict each other, whatever the cells: NL13 F41 and F42 alone are left
    # for 3,937 persons, but 4,847 by their columns.
    assert set(told) <= {"BE", "BG", "ES", "NL"}
    assert {"BE", "NL"} <= set(told)
    assert result.gap.max() < 0.10


def held_out(sbs: Sbs, seed: int) -> tuple[Cells, Bools]:
    """Hide 5 % of the published cells as if confidential; return those that leave a choice."""
    table = sbs.table()
    rng = np.random.default_rng(seed)
    hide = (table.value > 0) & (rng.random(table.value.shape) < 0.05)
    state = np.where(hide, np.int8(State.CONFIDENTIAL), table.state)
    without = sbs.table(state)
    return without, hide & ~identified(without)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_held_out_cells_are_found_again(sbs: Sbs, seed: int) -> None:
    true = sbs.table().value
    without, hide = held_out(sbs, seed)
    found, y = fill(without, sbs.prior(without)).value[hide], true[hide]
    low, high = np.quantile(sbs.drawn(without)[:, hide], [0.05, 0.95], axis=0)
    error = float(np.median(np.abs(found - y) / y))
    slack = np.maximum(1.0, 0.005 * y)  # the tolerance of the margins, and rounding
    covered = float(((low - slack <= y) & (y <= high + slack)).mean())
    exactly = float(((low <= y) & (y <= high)).mean())
    print(f"{hide.sum()} cells: error {error:.3f}, covered {covered:.3f}, strictly {exactly:.3f}")  # noqa: T201
    assert hide.sum() > 250
    assert error < 0.06
    assert 0.85 < covered < 0.97


def test_draws_of_the_whole_table_are_quick(sbs: Sbs) -> None:
    """The issue allows 20 s for all regions × divisions × 20 draws; it takes about one."""
    table, prior = sbs.table(), sbs.prior(sbs.table())
    start = time.perf_counter()
    value = draws(table, prior, cv=CV, seed=1).value
    seconds = time.perf_counter() - start
    print(f"{seconds:.2f} s")  # noqa: T201
    assert value.shape == (20, 283, 68)
    assert seconds < 20


def test_nothing_confidential_is_solvable(sbs: Sbs) -> None:
    table = sbs.table()
    filled = fill(table, sbs.prior(table), tolerance=1e-6, iterations=1000).value
    corners = sbs.regional.value(YEAR, sbs.countries, sbs.sections)
    # Countries with a hidden section total would take all quotients along.
    members = suppress(table, filled, corners=corners).countries
    shown = suppress(table, filled, corners=corners, universe=members)
    assert not shown.value[table.unknown].any()
    print(  # noqa: T201
        f"secondary {shown.secondary.sum()}, regions {shown.regions.sum()}, divisions "
        f"{shown.divisions.sum()}, shares {shown.share.mean():.3f}, quotients "
        f"{shown.quotient.mean():.3f}, outside {np.array(sbs.countries)[~members].tolist()}"
    )
    assert shown.total
    assert int(shown.secondary.sum()) < 250
    assert shown.share.mean() > 0.7
    # The attack: a world that fits all that is shown, a sample of the cells nobody publishes.
    world = np.where(np.isnan(filled), 0.0, filled)
    margins = Margins.of(world, table.country, table.section, members, len(sbs.sections))
    rng = np.random.default_rng(1)
    # Where margins contradict each other (BE34, BE35), filled cells can all but vanish.
    belgian = np.isin(sbs.regions, ["BE34", "BE35"])[:, None]
    targets = table.unknown & ((rng.random(table.value.shape) < 0.02) | belgian)
    published = np.where(shown.value, world, np.nan)
    found = solvable(
        published, margins.shown(shown), low=shown.low, high=shown.high, targets=targets
    )
    assert targets.sum() > 40
    assert not found.solved.any()
