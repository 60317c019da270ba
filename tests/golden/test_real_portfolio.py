"""The portfolio of 2014 from Eurostat's own files: what is known of regions, and the attack.

Hidden means in the published tables. What Eurostat's own margins give away they give away
whatever is done here; the tests ask that nothing is added to it.
"""

import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.portfolio import _shown, _stars
from pipelines.workspace import load_catalogue
from s3etl.domains.projection import concordance
from s3etl.domains.records import ecosystems
from s3etl.nuts.convert import convert
from s3etl.nuts.vintage import placed
from s3etl.observations import tidy
from s3etl.portfolio import structure, tables
from s3etl.portfolio.attack import Margins, solvable
from s3etl.portfolio.cells import Bools, Floats, tightened
from s3etl.portfolio.disclosure import WIDTH, Shown
from s3etl.portfolio.divisions import division_table
from s3etl.portfolio.economy import Economy, Roles, fullest, of_years
from s3etl.portfolio.estimate import Portfolio, estimate
from s3etl.portfolio.fill import fill
from s3etl.portfolio.indicators import INDICATORS, Values, indicators
from s3etl.portfolio.method import load_method
from s3etl.portfolio.ranking import ranked
from s3etl.portfolio.stars import Stars
from s3etl.portfolio.strengths import strengths
from s3etl.records import Snapshot
from sources import eurostat, nuts

pytestmark = pytest.mark.shared

METHOD = load_method()
SERIES = METHOD.series[0]
ROLES = Roles(SERIES.employment, SERIES.wages, SERIES.units, SERIES.dataset)
YEARS = [str(year) for year in range(2008, 2015)]
SAMPLE, SEED = 60, 20261124
NAN = np.nan

# What anybody who knows the region would say: division, and how far above the universe at least.
KNOWN = """
    AT22   C24 3.0   C16 2.0   C17 2.0   Styria: steel, wood, paper
    DE11   C29 4.0   C28 3.0             Stuttgart: cars, machines
    ITC4   C13 3.0   C28 1.5             Lombardy: textiles, machines
    PT11   C15 8.0   C14 8.0   C13 5.0   Norte: shoes, clothes, textiles
    UKI3   J59 8.0                       Inner London West: film
    ES70   I55 5.0                       Canaries: hotels
"""


@dataclass(frozen=True)
class Made:
    """Everything the tests look at, made once."""

    reference: str | None
    economies: dict[str, Economy]
    now: Portfolio
    shown: Shown
    stars: dict[str, tuple[Stars, Stars, Bools]]
    values: dict[str, Values]
    cells: pa.Table
    star_table: pa.Table
    indicators: pa.Table
    divisions: pa.Table
    seconds: dict[str, float]

    def column(self, name: str) -> Floats:
        """Return a column of the table of cells, R × S."""
        flat = self.cells[name].to_numpy(zero_copy_only=False)
        return np.asarray(flat.reshape(self.now.filled.shape))


@pytest.fixture(scope="module")
def made(shared_data: Path, shared_nuts: Path) -> Made:
    start = time.perf_counter()
    file = eurostat.parse(shared_data / f"{SERIES.dataset}.tsv.gz")
    read = time.perf_counter() - start
    codes = pa.array([ROLES.employment, ROLES.wages, ROLES.units])
    file = file.filter(pc.is_in(file["indic_sb"].cast(pa.string()), codes))
    declared = load_catalogue().datasets[SERIES.dataset]
    snapshot = Snapshot(
        dataset=declared.id, sha256="0" * 64, origin="provider", name="sbs", retrieved_from=".",
        retrieved_at="2026-09-15T00:00:00Z", source_updated=None, size=1,
    )  # fmt: skip

    def folder(name: str, pattern: str) -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in (shared_nuts / name).glob(pattern)}

    matrices = nuts.read_matrices(folder("jrc_matrices", "n*.csv*"), "matrices")
    known = nuts.read_codes(folder("codes", "all_nuts_codes_*"), "codes")
    rows = placed(tidy(file, declared, snapshot), known, declared, snapshot)
    table = convert(rows, matrices, extensive=declared.extensive, weight=declared.weight)
    reference = fullest(table.observations, ROLES, "provider", METHOD.newest_years)
    economies = of_years(table.observations, ROLES, "provider", YEARS)
    start = time.perf_counter()
    now = estimate(economies["2014"], [economies[y] for y in YEARS[:-1]], METHOD)
    estimated = time.perf_counter() - start
    before = estimate(economies["2011"], [economies[y] for y in YEARS[:3]], METHOD)
    shown, found = _shown(now), _stars(now, before)
    values = indicators(now, before, found["default"][1].strong, METHOD)
    whole = ~now.economy.divided
    ranks = {n: ranked(v, INDICATORS[n], whole, METHOD, 0) for n, v in values.items()}
    return Made(
        reference, economies, now, shown, found, values,
        tables.cell_table(now, shown, METHOD),
        tables.star_table(now, shown, found, 0.8, METHOD),
        tables.indicator_table(now, values, INDICATORS, ranks, METHOD),
        division_table(now, shown, METHOD),
        {"read": read, "estimate": estimated},
    )  # fmt: skip


def test_what_there_is(made: Made) -> None:
    assert made.reference == "2014"
    assert made.now.filled.shape == (290, 67)
    assert len(made.now.economy.countries) == 29
    assert int(made.now.usable.sum()) == 284
    assert int(np.isnan(made.now.filled).sum()) == 0
    assert made.cells.num_rows == 290 * 67


def test_regions_are_divided_in_a_year_only_if_its_values_were(made: Made) -> None:
    """London has its five parts since 2013; before, they were cut out of two."""
    divided = {year: set(of.regions[of.divided].tolist()) for year, of in made.economies.items()}
    assert "UKI3" in divided["2011"]
    assert "UKI3" not in divided["2014"]
    assert {"HR02", "IE04", "LT01", "PT1A"} <= divided["2014"]
    assert len(divided["2014"]) == 24


@pytest.mark.parametrize("line", KNOWN.strip().splitlines())
def test_regions_are_specialised_in_what_they_are_known_for(made: Made, line: str) -> None:
    geo, *rest = line.split()
    places = made.now.economy.divisions.tolist()
    row = made.now.quotients.value[made.now.economy.regions.tolist().index(geo)]
    top = [places[i] for i in np.argsort(-row)[:12]]
    for division, least in zip(rest[::2], rest[1::2], strict=False):
        if division not in places:
            break  # the words at the end of the line
        assert row[places.index(division)] >= float(least), division
        assert division in top


def test_quotients_add_up_to_the_universe(made: Made) -> None:
    """Σ_s P_s LQ_rs = 1 in each region, and Σ_r x_r LQ_rs = 1 over the universe."""
    now = made.now
    share = now.universe.share
    np.testing.assert_allclose((now.quotients.raw * share).sum(axis=1), 1, rtol=1e-12)
    assert share.sum() == pytest.approx(1, abs=0.01)  # not all countries publish each division
    table = now.economy.employment
    members = now.universe.members
    whole = now.economy.corners.sum(axis=1)
    complete = np.isfinite(table.columns[members]).all(axis=0)
    assert complete.sum() > 30
    inside = members[table.country]
    x = now.totals[inside] / whole[members].sum()
    over = (x[:, None] * now.quotients.raw[inside]).sum(axis=0)
    np.testing.assert_allclose(over[complete], 1, atol=0.005)


# What the literature finds (Ellison & Glaeser 1997 and after): textiles, leather, clothes, ships,
# film and cars lie together; shops, building, repair, food and metal goods do not. Of two digits
# and over 29 countries γ is far below what four digits and one country give.
TOGETHER = "C13 C14 C15 C29 J59 H50"
SPREAD = "G45 G46 G47 F41 F43 C10 C25 I56 L68 M69"


def test_divisions_lie_together_as_the_literature_has_it(made: Made) -> None:
    rows = {row["nace_r2"]: row for row in made.divisions.to_pylist()}
    gammas = {d: r["ellison_glaeser"] for d, r in rows.items() if r["ellison_glaeser"] is not None}
    order = sorted(gammas, key=lambda d: -gammas[d])
    assert (len(rows), len(gammas)) == (67, 57)
    assert set(TOGETHER.split()) <= set(order[:12])
    assert not set(SPREAD.split()) & set(order[:20])
    assert all(rows[d]["concentration"] == "dispersed" for d in SPREAD.split())
    assert max(gammas.values()) < 0.1
    few = "too much of its employment is not published"
    told = Counter((row["concentration"], row["missing_because"]) for row in rows.values())
    assert told == {("dispersed", None): 54, ("intermediate", None): 3, (None, few): 10}
    assert all(row["approximate"] for row in rows.values())


def test_jobs_of_divisions_are_sums_of_totals_that_may_be_shown(made: Made) -> None:
    columns = made.now.economy.employment.columns
    there = made.now.universe.members[:, None] & np.isfinite(columns)
    told = made.divisions["employment"].to_numpy()
    shown = np.isfinite(told)
    assert (made.shown.columns | ~there).all(axis=0)[shown].all()
    np.testing.assert_allclose(
        told[shown], np.where(there, columns, 0).sum(axis=0)[shown], rtol=1e-12
    )
    assert shown.sum() > 0


def test_lq_lies_beyond_its_shrunk_value(made: Made) -> None:
    raw, value = made.now.quotients.raw, made.now.quotients.value
    assert (np.abs(value - 1) <= np.abs(raw - 1) + 1e-9).all()


@pytest.mark.benchmark
def test_a_year_is_estimated_in_a_few_times_what_its_file_takes_to_read(made: Made) -> None:
    print({k: round(v, 2) for k, v in made.seconds.items()})  # noqa: T201
    assert made.seconds["estimate"] < 15 * made.seconds["read"]


# --- the attack --------------------------------------------------------------------------------


def test_hidden_cells_have_a_band_and_nothing_else(made: Made) -> None:
    unknown = made.now.economy.employment.unknown
    assert int(unknown.sum()) > 2000
    for field in tables.CELLS:
        if field.type == pa.float64() and not field.name.startswith("band"):
            assert np.isnan(made.column(field.name).astype(float)[unknown]).all(), field.name
            hidden = ~made.shown.value
            assert np.isnan(made.column(field.name).astype(float)[hidden]).all(), field.name
    assert np.isfinite(made.column("band_low").astype(float)[unknown]).all()


def test_no_star_is_of_a_hidden_cell(made: Made) -> None:
    economy = made.now.economy
    hidden = {(economy.regions[i], economy.divisions[j]) for i, j in np.argwhere(~made.shown.share)}
    rows = zip(
        made.star_table["geo"].to_pylist(), made.star_table["nace_r2"].to_pylist(), strict=True
    )
    assert made.star_table.num_rows > 1000
    assert not hidden & set(rows)


def totals_of(made: Made) -> Floats:
    """Return E_r· as far as shares, quotients and jobs above LQ = 1 give it away; R."""
    value = made.column("employment")
    share = made.now.universe.share  # published: national figures
    with np.errstate(divide="ignore", invalid="ignore"):
        found = [
            value / made.column("share"),
            value / (made.column("location_quotient") * share),
            value * (1 - made.column("symmetric_lq"))
            / ((1 + made.column("symmetric_lq")) * share),
            (value - made.column("hclq")) / share,
        ]  # fmt: skip
    every = np.stack([np.where(value > 0, f, NAN) for f in found])
    best = np.where(np.isfinite(every), every, -np.inf).max(axis=(0, 2))
    return np.where(np.isfinite(best), best, NAN)


def test_no_hidden_total_of_a_region_can_be_told(made: Made) -> None:
    found = totals_of(made)
    hidden = ~made.shown.regions
    assert 0 < hidden.sum() < 100
    assert np.isnan(found[hidden]).all()
    shown = np.isfinite(found)
    np.testing.assert_allclose(found[shown], made.now.totals[shown], rtol=1e-6)
    for name in ("shrunk_lq", "shrunk_low", "shrunk_high", "p_specialised", "standardised_lq"):
        assert np.isnan(made.column(name)[hidden]).all()


def test_no_domain_tells_a_hidden_total_either(made: Made) -> None:
    """LQ* of a domain, all of whose divisions are shown, would give E_r· to two decimals."""
    found = strengths(made.now, concordance(ecosystems()), made.shown.share, METHOD)
    assert not found.open_cells[~made.shown.regions].any()
    assert found.open_cells.mean() > 0.2


def attacked(made: Made, *, own: bool, provider: bool, size: int = SAMPLE) -> Bools:
    """Return which of a sample of hidden cells is solved within a tenth, R × S.

    Args:
        made: The tables.
        own: Whether what is published here is used.
        provider: Whether all that Eurostat publishes is used.
        size: Cells in the sample.
    """
    economy = made.now.economy
    table = economy.employment
    # Margins contradict one another by rounding; those of a table that meets them do not.
    close = fill(table, made.now.filled, tolerance=1e-6, iterations=1000).value
    close = np.where(np.isnan(close), made.now.filled, close)
    none = np.zeros(len(economy.countries), bool)
    every = Margins.of(close, table.country, table.section, none, len(economy.sections))

    def kept(total: Floats, published: Floats, shown: Bools) -> Floats:
        return np.where(np.isfinite(published) if provider else shown, total, NAN)

    rows = kept(every.rows, table.rows, made.shown.rows)
    columns = kept(every.columns, table.columns, made.shown.columns)
    corners = kept(every.corners, economy.corners, made.shown.corners)
    regions = np.where(np.isfinite(totals_of(made)) & own, every.regions, NAN)
    value = table.value if provider else made.column("employment")
    value = np.where(table.published | table.unknown, value, 0.0)
    low, high = made.column("band_low"), made.column("band_high")
    places = np.flatnonzero(table.unknown)
    chosen = np.random.default_rng(SEED).choice(places, size, replace=False)
    aim = np.isin(np.arange(value.size), chosen).reshape(value.shape)
    solved = np.zeros(value.shape, bool)
    for c in range(len(economy.countries)):  # nothing published joins two countries
        here = table.country == c
        if not aim[here].any():
            continue
        margins = replace(
            every, country=np.zeros(here.sum(), int), universe=np.zeros(1, bool),
            rows=rows[here], columns=columns[[c]], corners=corners[[c]], regions=regions[here],
            countries=np.full(1, NAN), divisions=np.full(value.shape[1], NAN),
            sections=np.full(rows.shape[1], NAN), total=NAN,
        )  # fmt: skip
        bands = {"low": low[here], "high": high[here]} if own else {}
        solved[here] = solvable(value[here], margins, targets=aim[here], **bands).solved
    return solved


def test_no_hidden_cell_can_be_solved_from_what_is_published(made: Made) -> None:
    """Of all 2,293 none is, in a quarter of a minute; a sample is enough for every day."""
    assert not attacked(made, own=True, provider=False, size=5 * SAMPLE).any()


def test_the_attack_has_teeth(made: Made) -> None:
    """Eurostat's own margins solve some (93 of all): these are in the restricted layer only."""
    assert attacked(made, own=False, provider=True, size=5 * SAMPLE).any()


def test_to_what_eurostat_gives_away_next_to_nothing_is_added(made: Made) -> None:
    """What is hidden here for others is published there, and beside it a band may be narrow.

    Of all 2,293 it is four: the band of the estimate, cut by the bounds Eurostat's margins
    give. The estimate is made of published figures only, so that it tells no true value.
    """
    alone = attacked(made, own=False, provider=True)
    both = attacked(made, own=True, provider=True)
    assert (alone <= both).all()
    assert int((both & ~alone).sum()) <= 1


def pinned(made: Made, *, digits_only: bool) -> tuple[int, int]:
    """Return how many pairs of hidden cells indices of the region pin down, and how many pairs.

    Everything else about the region is taken to be known, and so is the sum of the two: which is
    more than anybody knows.
    """
    now = made.now
    table, limits, reference = now.economy.employment, tightened(now.economy.employment), None
    reference = now.universe.share
    formulas = {
        "B-04": lambda j: structure.krugman(j, reference),
        "B-05": lambda j: structure.herfindahl(j, normalised=True),
        "B-06": lambda j: structure.theil(j, reference),
        "B-07": lambda j: structure.hachman(j, reference),
        "B-09": lambda j: structure.related_variety(j, table.section),
    }
    found = pairs = 0
    for r in np.flatnonzero(now.usable):
        for k in range(len(now.economy.sections)):
            two = np.flatnonzero(table.unknown[r] & (table.section == k))
            if len(two) != 2 or np.isnan(table.rows[r, k]):
                continue
            whole = now.filled[r, two].sum()
            low, high = limits.lower[r, two[0]], min(limits.upper[r, two[0]], whole)
            if whole < 20 or high - low <= WIDTH * high:
                continue  # Eurostat's margins give it away
            pairs += 1
            guess = np.linspace(low, high, 101)
            jobs = np.repeat(now.filled[r][None], len(guess), axis=0)
            jobs[:, two[0]], jobs[:, two[1]] = guess, whole - guess
            fits = np.ones(len(guess), bool)
            for name, formula in formulas.items():
                told = made.values[name]
                every = np.append(told.drawn[:, r], told.value[r])
                spread = 0.0 if digits_only else np.ptp(every)
                public = tables.rounded(told.value[[r]], spread)
                fits &= np.isclose(tables.rounded(formula(jobs), np.full(101, spread)), public)
            some = guess[fits]
            found += len(some) == 0 or np.ptp(some) <= WIDTH * some.max()
    return found, pairs


def test_indices_of_a_region_do_not_pin_its_cells_down(made: Made) -> None:
    """With three digits one in ten pairs would be; rounded as draws agree, next to none is."""
    plain, pairs = pinned(made, digits_only=True)
    safe, _ = pinned(made, digits_only=False)
    print(plain, safe, pairs)  # noqa: T201
    assert plain > 0.05 * pairs
    assert safe <= 0.015 * pairs


def test_the_imputed_share_does_not_give_the_total_away(made: Made) -> None:
    """E_r· = published jobs/(1 − imputed share): with steps of 5 % within a fifth at the best."""
    rows = made.indicators.filter(pc.equal(made.indicators["indicator_id"], "B-01"))
    shown = rows["imputed_share"].to_numpy()
    true = made.now.imputed_share
    np.testing.assert_array_equal(np.round(shown / 0.05, 6) % 1, 0)
    assert ((true <= shown + 1e-9) & (shown - true < 0.05 + 1e-9)).all()
    assert (shown == 0).tolist() == (true == 0).tolist()
    some = shown > 0.0
    least, most = np.maximum(shown[some] - 0.05, 0), shown[some]
    hidden = [x / (1 - x) for x in (least, most)]
    assert (hidden[0] <= (1 - WIDTH) * hidden[1]).all()
