"""A whole run on the real files, against a recomputation that shares no code with it.

``recompute`` reads the bytes, tells NUTS versions, converts and evaluates; this file has the
indicators from docs/indicators.md, and recomputes scores, ranks and intervals.
"""

import gzip
import hashlib
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from pipelines.run import Ran, run
from pipelines.workspace import Workspace
from s3etl.benchmark.composite import Aggregate, Composite, Normalise, Rank
from tests.golden import recompute
from tests.golden.recompute import Figure, Nuts, Term
from warehouse.publish import publish
from warehouse.read import trace

pytestmark = pytest.mark.shared

# Series of a file by role, and so many years before: role, file, series, years.
SBS, SECTIONS = "sbs_r_nuts06_r2.tsv.gz", (*"BCDEFGHIJLMN", "S95")
JOBS, PAY = ([f"{section}.{v}" for section in SECTIONS] for v in ("V16110", "V13320"))
MARKET, WAGES = ("denominator", SBS, JOBS, [0]), ("numerator", SBS, PAY, [0])
MAKING, UNITS = ("numerator", SBS, ["C.V16110"], [0]), ("denominator", SBS, ["C.V11210"], [0])
ENERGY = ("numerator", SBS, [f"C{division}.V16110" for division in (17, 19, 20, 23, 24)], [0])
GDP_FILE = "nama_10r_2gdp.tsv.gz"
GDP_HEAD, GDP = ("value", GDP_FILE, ["PPS_HAB"], [0]), ("numerator", GDP_FILE, ["MIO_PPS"], [0])
GDP_HEAD_3 = ("value", "nama_10r_3gdp_linear.csv.gz", ["PPS_EU27_2020_HAB"], [0])
GROWTH = ("values", "nama_10r_2gvagr.tsv.gz", ["PCH_PRE"], [0, 1, 2])
LEARNING = ("value", "trng_lfse_04.tsv.gz", ["PC.T.Y25-64"], [0])
NEET = ("value", "edat_lfse_22_tabular.tsv.gz", ["T.Y15-29.NO_FE_NO_NFE.NEMP.PC"], [0])
EMPLOYED = ("lfst_r_lfe2emp.tsv.gz", ["THS.T.Y_GE15"], [0])
JOBLESS = ("part", "lfst_r_lfu3pers.tsv.gz", ["THS.Y_GE15.T"], [0])
POPULATION = ("demo_r_pjanaggr3_linear.csv.gz", ["NR.T.TOTAL"])
PEOPLE, STOCK = ("denominator", *POPULATION, [0]), ("stock", *POPULATION, [0, 5])

LABOUR = {
    isced: ("lfst_r_lfp2acedu.tsv.gz", [f"THS.T.Y25-64.{isced}"], [0])
    for isced in ("ED0-2", "ED5-8", "TOTAL")
}
LOW, TERTIARY = (("numerator", *LABOUR[isced]) for isced in ("ED0-2", "ED5-8"))
ACTIVE = ("denominator", *LABOUR["TOTAL"])
AGES = "estat_demo_r_pjanind3.tsv.gz"
YOUNG, OLD = (("value", AGES, [f"{code}.PC"], [0]) for code in ("YOUNGDEP1", "OLDDEP1"))
DENSITY = ("value", "demo_r_d3dens.tsv.gz", ["PER_KM2"], [0])


def only(value):
    return value[0]


def ratio(scale):
    return lambda above, below: scale * sum(above) / sum(below) if sum(below) else None


def share(part, rest):
    return 100 * sum(part) / (sum(part) + sum(rest))


def growth(stock):
    return 100 * ((stock[0] / stock[1]) ** 0.2 - 1)


# Level, direction, formula of the lists of values by role, and the roles.
INDICATORS = {
    "ECO01": (2, "+", only, [GDP_HEAD]),
    "HUM04": (2, "+", only, [LEARNING]),
    "HUM08": (2, "-", only, [NEET]),
    "employment_per_inhabitant": (2, "+", ratio(100 * 1e3), [("numerator", *EMPLOYED), PEOPLE]),
    "energy_intensive_share": (2, "ctx", ratio(100), [ENERGY, MARKET]),
    "gdp_per_head_nuts3": (3, "+", only, [GDP_HEAD_3]),
    "gdp_per_person_employed": (2, "+", ratio(1e6 / 1e3), [GDP, ("denominator", *EMPLOYED)]),
    "gva_growth": (2, "+", lambda rates: sum(rates) / 3, [GROWTH]),
    "inhabitants": (2, "ctx", only, [("value", *POPULATION, [0])]),
    "low_attainment_of_active": (2, "ctx", ratio(100), [LOW, ACTIVE]),
    "manufacturing_share": (2, "ctx", ratio(100), [MAKING, MARKET]),
    "old_age_dependency": (2, "ctx", only, [OLD]),
    "persons_per_local_unit": (2, "ctx", ratio(1), [MAKING, UNITS]),
    "population_density": (2, "ctx", only, [DENSITY]),
    "population_growth": (2, "ctx", growth, [STOCK]),
    "tertiary_attainment_of_active": (2, "ctx", ratio(100), [TERTIARY, ACTIVE]),
    "unemployed_share_of_active": (2, "-", share, [JOBLESS, ("rest", *EMPLOYED)]),
    "wages_per_person_employed": (2, "+", ratio(1e6 / 1e3), [WAGES, MARKET]),
    "young_age_dependency": (2, "ctx", only, [YOUNG]),
}
SIGN = {name: {"+": 1, "-": -1, "ctx": 0}[row[1]] for name, row in INDICATORS.items()}
# The survey's UKM6 is another territory than the accounts' from 2010 on (declared set_apart).
SET_APART = {"employment_per_inhabitant": {"UKM6"}, "gdp_per_person_employed": {"UKM6"}}
NOISE = {"gva_growth": 0.3, "population_growth": 0.05}  # in the figure's unit
KEY = ["geo", "nuts_version", "ref_year"]
each = pytest.mark.parametrize("name", INDICATORS)


def terms_of(name: str) -> list[Term]:
    parts = INDICATORS[name][3]
    return [Term(role, f, s, lag) for role, f, codes, lags in parts for s in codes for lag in lags]


@pytest.fixture(scope="module")
def converted(shared_data: Path, shared_nuts: Path):
    """Observations of every series in use, at every level in use, by region, version, year."""
    nuts, wanted, found = Nuts(shared_nuts), defaultdict(set), {}
    for name, (level, *_) in INDICATORS.items():
        for term in terms_of(name):
            wanted[term.file, level].add(term.series)
    for (file, level), names in wanted.items():
        cells, _ = recompute.cells_of(shared_data / file, names, nuts)
        by_series = defaultdict(list)
        for cell in cells:
            by_series[cell.series].append(cell)
        assert by_series.keys() == names
        assert len({cell[1:5] for cell in cells}) == len(cells)
        for series, own in by_series.items():
            found[file, series] = recompute.convert(own, nuts, level)
    return found


@pytest.fixture(scope="module")
def expected(converted) -> dict[str, dict[tuple[str, str, int], Figure]]:
    """Every figure, by indicator and (region, version, year)."""
    return {
        name: recompute.figures(converted, terms_of(name), formula)
        for name, (_, _, formula, _) in INDICATORS.items()
    }


@pytest.fixture(scope="module")
def reasons(expected):
    """Why a figure has no rank (None if it has one), by indicator and key."""
    return {name: reasons_of(name, figures) for name, figures in expected.items()}


def reasons_of(name: str, figures: dict) -> dict:
    counts = defaultdict(Counter)
    for (geo, version, year), figure in figures.items():
        if len(geo) > 2 and figure.value is not None:
            counts[geo[:2], year][version] += 1
    its = {k: max(c, key=lambda v: (v == "2024", c[v], v)) for k, c in counts.items()}

    def reason(geo: str, version: str, year: int, value: float | None) -> str | None:
        if len(geo) == 2:
            return "national"
        if not SIGN[name]:
            return "context indicator"
        if value is None:
            return "no value"
        if geo in SET_APART.get(name, ()):
            return "set apart"
        there = its[geo[:2], year]
        return None if version == there else f"its country is compared in NUTS {there}"

    found = {key: reason(*key, figure.value) for key, figure in figures.items()}
    compared = Counter(year for (*_, year), why in found.items() if why is None)
    few = "fewer than 5 regions with a value"
    return {k: few if why is None and compared[k[2]] < 5 else why for k, why in found.items()}


@pytest.fixture(scope="module")
def compared(expected, reasons):
    """Value of every region that is compared, by indicator, year and (region, version)."""
    found = defaultdict(lambda: defaultdict(dict))
    for name, figures in expected.items():
        for (geo, version, year), why in reasons[name].items():
            if why is None:
                found[name][year][geo, version] = figures[geo, version, year].value
    return found


@pytest.fixture(scope="module")
def ran(shared_data: Path, shared_nuts: Path, tmp_path_factory) -> Ran:
    folders = (str(shared_data), str(shared_nuts))
    return run(Workspace(tmp_path_factory.mktemp("real") / "home", folders))


@pytest.fixture(scope="module")
def tables(ran: Ran):
    """Return the tables of the candidate, with None for what is missing."""
    frames = {path.stem: pd.read_parquet(path) for path in ran.candidate.glob("*.parquet")}
    return {name: f.astype(object).where(f.notna(), None) for name, f in frames.items()}


def rows_of(tables, name: str, table: str = "benchmark"):
    rows = tables[table][tables[table]["indicator_id"] == name]
    return rows.set_index(KEY) if table == "benchmark" else rows


def test_nothing_failed_and_the_bytes_are_the_files(ran: Ran, tables, shared_data: Path):
    assert ran.failures == ()
    assert not {left.subject for left in ran.left_out} & INDICATORS.keys()
    kept = tables["snapshot"].set_index("name")["sha256"].to_dict()
    files = {term.file for name in INDICATORS for term in terms_of(name)}
    nuts = {"nuts_codes.zip", "nuts_geometry.zip", "nuts_matrices.zip"}
    assert kept.keys() - files == nuts
    for file in files:
        assert kept[file] == hashlib.sha256((shared_data / file).read_bytes()).hexdigest()
    assert {*tables["benchmark"]["indicator_id"]} == INDICATORS.keys()
    assert tables["verdict"]["quarantined"].sum() == 1  # SBS: wages of -8.3 in B06 of NO06, 2014


def same(found: dict, wanted: dict) -> None:
    """Show the first few differences, not ten thousand rows."""
    assert sorted(found.keys() - wanted.keys(), key=str)[:9] == []
    assert sorted(wanted.keys() - found.keys(), key=str)[:9] == []
    differ = [(k, found[k], v) for k, v in wanted.items() if found[k] != v]
    assert differ[:9] == []


def close(found: dict, wanted: dict, tolerance: float = 1e-12) -> None:
    assert sorted(found.keys() - wanted.keys(), key=str)[:9] == []
    assert sorted(wanted.keys() - found.keys(), key=str)[:9] == []
    keys = [*wanted]
    a, b = ([np.nan if x[k] is None else x[k] for k in keys] for x in (found, wanted))
    alike = np.isclose(a, b, rtol=tolerance, atol=1e-15, equal_nan=True)
    assert [(keys[i], a[i], b[i]) for i in np.flatnonzero(~alike)[:9]] == []


@each
def test_every_figure(tables, expected, name: str):
    rows, figures = rows_of(tables, name), expected[name]
    assert rows.index.is_unique
    # Growth takes differences of numbers that are nearly equal: the last digits are lost.
    close(rows["value"].to_dict(), {k: f.value for k, f in figures.items()}, tolerance(name))
    flags = rows["obs_flag"].fillna("").map(frozenset).to_dict()
    same(flags, {k: f.flags for k, f in figures.items()})
    same(rows["obs_status"].to_dict(), {k: f.status for k, f in figures.items()})
    secret = {k: "C" if f.confidential else "F" for k, f in figures.items()}
    same(rows["conf_status"].to_dict(), secret)
    same(rows["missing_because"].to_dict(), {k: f.because for k, f in figures.items()})
    same(rows["conv_method"].to_dict(), {k: f.method for k, f in figures.items()})
    close(rows["coverage"].to_dict(), {k: f.coverage for k, f in figures.items()})
    close(rows["conv_exact"].to_dict(), {k: f.exact for k, f in figures.items()})
    missing = {k: f.missing for k, f in figures.items()}
    assert rows["conv_missing"].to_dict() == pytest.approx(missing, rel=1e-9, abs=1e-12)


def tolerance(name: str) -> float:
    return 1e-9 if name == "population_growth" else 1e-12


@each
def test_every_observation_behind_a_figure(tables, expected, name: str):
    rows = rows_of(tables, name, "lineage")
    files = tables["snapshot"].set_index("sha256")["name"]
    columns = [
        *KEY, "role", "file", "series", "source_geo", "source_nuts_version",
        "period", "value", "unit", "flags", "obs_status", "conf_status",
    ]  # fmt: skip
    rows = rows.assign(file=rows["snapshot"].map(files), flags=rows["obs_flag"].fillna(""))
    found = dict(zip(rows[columns].itertuples(index=False, name=None), rows["share"], strict=True))
    assert len(found) == len(rows)
    datasets = [re.sub(r"^estat_|(_linear|_tabular)?\..*", "", file) for file in rows["file"]]
    assert [*rows["source_dataset"]] == datasets
    wanted = {}
    for key, figure in expected[name].items():
        for role, cell, part in figure.used:
            unit, secret = recompute.unit_of(cell.series), "C" if "c" in cell.flags else "F"
            source = (role, cell.file, cell.series, cell.geo, cell.version, str(cell.year))
            wanted[*key, *source, cell.value, unit, cell.flags, cell.status, secret] = part
    close(found, wanted)


@each
def test_every_rank(tables, reasons, compared, name: str):
    rows, best = rows_of(tables, name), {}
    given = rows["not_rankable_because"].to_dict()
    same({key: why and why.partition(":")[0] for key, why in given.items()}, reasons[name])
    for year, values in compared[name].items():
        order = sorted(-SIGN[name] * value for value in values.values())
        # What is left of a difference that is 0: in 2010 BE34 has 4e-17 and ties with FRD2.
        nothing = 1e-14 * max(map(abs, values.values()), default=0)
        for place, value in values.items():
            # Parts of one divided region have equal ratios but for the rounding of a division.
            apart = max(1e-11 * abs(value), nothing)
            better = bisect_left(order, -SIGN[name] * value - apart)
            best[*place, year] = (better + 1, len(order))
    ranked = rows[rows["rankable"].astype(bool)]
    same(ranked[["rank", "n_compared"]].apply(tuple, axis=1).to_dict() if best else {}, best)
    assert ranked["rank"].between(ranked["rank_low"], ranked["rank_high"]).all()
    bounds = ranked.groupby(["ref_year", "rank"])[["rank_low", "rank_high"]].nunique()
    assert (bounds == 1).all(axis=None)
    assert (ranked["rank_low"] >= 1).all()
    assert (ranked["rank_high"] <= ranked["n_compared"]).all()
    assert (rows["rankable"] == rows["rank"].notna()).all()
    assert (rows["rankable"] == rows["not_rankable_because"].isna()).all()


@each
def test_every_interval(tables, expected, name: str):
    rows, low, high = rows_of(tables, name), {}, {}
    z = NormalDist().inv_cdf(0.95)
    for key, figure in expected[name].items():
        if figure.value is None:
            low[key] = high[key] = None
            continue
        noise = NOISE.get(name, abs(figure.value) * (0.10 if "u" in figure.flags else 0.02))
        guess = abs(figure.value) * 0.10 * (1 - figure.exact) if figure.method == "split" else 0
        sd = (noise**2 + guess**2) ** 0.5
        low[key], high[key] = figure.value - z * sd, figure.value + z * sd
    for column, wanted in (("interval_low", low), ("interval_high", high)):
        found = rows[column].to_dict()
        assert found.keys() == wanted.keys()
        a, b = (np.array([*map(d.get, wanted)], float) for d in (found, wanted))
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@each
def test_every_score(tables, compared, name: str):
    rows, norms = rows_of(tables, name), rows_of(tables, name, "norm").set_index("kind")
    if not SIGN[name]:
        assert norms.empty
        assert rows[["score_min_max", "score_z"]].isna().all(axis=None)
        return
    last, value = max(compared[name]), rows["value"].astype(float)
    pool = [v for y in range(last - 4, last + 1) for v in compared[name][y].values()]
    (low, high), mean, sd = np.percentile(pool, (2.5, 97.5)), np.mean(pool), np.std(pool, ddof=1)
    for kind, *ends in (("min_max", low, high), ("z_score", mean, mean + sd)):
        assert [*norms.loc[kind, ["low", "high"]]] == pytest.approx(ends, rel=1e-12)
        about = norms.loc[kind, ["first_year", "last_year", "n_pooled", "reverse"]]
        assert [*about] == [last - 4, last, len(pool), SIGN[name] < 0]
    worst, best = (low, high)[:: SIGN[name]]
    place = (100 * (value - worst) / (best - worst)).clip(0, 100)
    np.testing.assert_allclose(rows["score_min_max"].astype(float), place, atol=1e-9)
    z_score = SIGN[name] * (value - mean) / sd
    np.testing.assert_allclose(rows["score_z"].astype(float), z_score, atol=1e-9)


def test_identities(tables):
    shares = rows_of(tables, "unemployed_share_of_active")["value"]
    assert shares.dropna().between(0, 100).all()
    # Where one region is behind a figure its observations alone give it.
    cells = rows_of(tables, "manufacturing_share", "lineage").dropna(subset="value")
    sums = cells.pivot_table("value", KEY, "role", ["sum", "count"])
    whole = sums["sum"][(sums["count"][["numerator", "denominator"]] == [1, 13]).all(axis=1)]
    made = rows_of(tables, "manufacturing_share")["value"].dropna()
    both = made.index.intersection(whole.index)
    assert len(both) > 1000
    shares = 100 * whole["numerator"] / whole["denominator"]
    assert made[both].to_dict() == pytest.approx(shares[both].to_dict())


@pytest.mark.parametrize("table", ["benchmark", "lineage"])
def test_nothing_confidential_has_a_value(tables, table: str):
    rows = tables[table]
    flagged = rows["obs_flag"].str.contains("c", na=False)
    assert flagged.sum() > 3000
    assert (flagged == (rows["conf_status"] == "C")).all()
    assert rows.loc[flagged, "value"].isna().all()


def test_the_figure_of_vienna_traces_to_the_file(ran: Ran, shared_data: Path, tmp_path: Path):
    data = (shared_data / GDP_FILE).read_bytes()
    header, *lines = gzip.decompress(data).decode().splitlines()
    assert header.startswith("unit,geo\\time\t2014 \t")
    assert [r for r in lines if r.startswith("PPS_HAB,AT13\t43500 \t")]
    url = f"duckdb:///{tmp_path / 'warehouse.duckdb'}"
    publish(ran.candidate, "preview", url)
    found = trace("ECO01", "AT13", 2014, channel="preview", url=url)
    assert found.figure["value"] == 43500
    (cell,) = found.observations
    assert (cell["series"], cell["period"], cell["obs_flag"]) == ("PPS_HAB", "2014", None)
    assert (cell["file"], cell["snapshot"]) == (GDP_FILE, hashlib.sha256(data).hexdigest())
    # Peloponnisos was EL25 until NUTS 2010.
    (cell,) = trace("HUM04", "EL65", 2004, channel="preview", url=url).observations
    assert (cell["source_geo"], cell["source_nuts_version"]) == ("EL25", "2010")
    assert (cell["value"], cell["obs_flag"], cell["obs_status"]) == (0.5, "bu", "B")


def test_no_territory_is_ranked_twice(tables, shared_nuts: Path):
    """A country is compared in one version a year, and in an old one only without a matrix."""
    ranked = tables["benchmark"].dropna(subset="rank")
    assert not ranked.duplicated(["indicator_id", "ref_year", "geo"]).any()
    country = ranked["geo"].str[:2]
    versions = ranked.groupby(["indicator_id", "ref_year", country])["nuts_version"].nunique()
    assert versions.max() == 1
    old = ranked[ranked["nuts_version"] != "2024"]
    assert {*old["geo"].str[:2]} == {"UK"}
    nuts = Nuts(shared_nuts)
    covered = {
        (row[f"code_v{version}"], version)
        for version in recompute.VERSIONS[:-1]
        for level in (2, 3)
        for row in nuts.matrix(level, version)
    }
    assert not covered & {*zip(old["geo"], old["nuts_version"], strict=True)}


PILLARS = {
    "economy": ("ECO01", "employment_per_inhabitant", "wages_per_person_employed"),
    "people": ("HUM04", "HUM08", "tertiary_attainment_of_active"),
}


def test_a_composite_of_real_figures_orders_regions_as_a_published_index_does(
    tables, shared_data: Path
):
    """The Regional Competitiveness Index of 2013, which is no input (methodology 11.2: ≥ 0.6).

    Six indicators in two pillars, put together like the framework index. Regions that the
    published index merges with their capital are not in both.
    """
    rci = shared_data.parent / "scoreboards" / "rci" / "rci_scores_2010_2016.csv"
    rows = tables["benchmark"]
    pillars = {code: pillar for pillar, codes in PILLARS.items() for code in codes}
    rows = rows[rows["indicator_id"].isin(pillars) & (rows["geo_level"] == "NUTS 2")]
    rows = rows[(rows["ref_year"] == 2013) & (rows["nuts_version"] == "2024")]
    wide = rows.set_index(["geo", "indicator_id"])["value"].astype(float).unstack()  # noqa: PD010
    meta = [(code, pillar, -1 if code == "HUM08" else 1) for code, pillar in pillars.items()]
    meta += [(pillar, "all", 1) for pillar in PILLARS] + [("all", None, 1)]
    made = Composite.build(
        pd.DataFrame(meta, columns=["code", "parent", "direction"]),
        wide.reset_index(),
        [Normalise(low=1, high=100), Aggregate(methods=("arithmetic", "geometric")), Rank()],
        unit="geo",
    )
    published = pd.read_csv(rci).query("Year == 2013").set_index("NUTS CODE 2016")["value"]
    both = pd.concat({"ours": made.scores["all"], "theirs": published}, axis=1).dropna()
    assert len(both) > 180
    assert both.corr("spearman").loc["ours", "theirs"] > 0.85
