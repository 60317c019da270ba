"""A whole run on the real files, against a recomputation that shares no code with it.

The recomputation reads with ``csv`` and ``str.split``; it has the indicators from
docs/indicators.md, regions from the official lists, successions from the JRC's matrices.
"""

import csv
import gzip
import hashlib
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from itertools import pairwise, product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipelines.run import Ran, run
from pipelines.workspace import Workspace
from warehouse.publish import publish
from warehouse.read import trace

pytestmark = pytest.mark.shared

# The sum of some series of a file, so many years before: file, series, years.
SBS, SECTIONS = "sbs_r_nuts06_r2.tsv.gz", (*"BCDEFGHIJLMN", "S95")
MARKET, WAGES = ((SBS, [f"{s}.{v}" for s in SECTIONS], 0) for v in ("V16110", "V13320"))
MAKING, UNITS = (SBS, ["C.V16110"], 0), (SBS, ["C.V11210"], 0)
ENERGY = (SBS, [f"C{division}.V16110" for division in (17, 19, 20, 23, 24)], 0)
GDP_HEAD, GDP = (("nama_10r_2gdp.tsv.gz", [unit], 0) for unit in ("PPS_HAB", "MIO_PPS"))
GDP_HEAD_3 = ("nama_10r_3gdp_linear.csv.gz", ["PPS_EU27_2020_HAB"], 0)
GROWTH = [("nama_10r_2gvagr.tsv.gz", ["PCH_PRE"], lag) for lag in (0, 1, 2)]
LEARNING = ("trng_lfse_04.tsv.gz", ["PC.T.Y25-64"], 0)
NEET = ("edat_lfse_22_tabular.tsv.gz", ["T.Y15-29.NO_FE_NO_NFE.NEMP.PC"], 0)
EMPLOYED = ("lfst_r_lfe2emp.tsv.gz", ["THS.T.Y_GE15"], 0)
JOBLESS = ("lfst_r_lfu3pers.tsv.gz", ["THS.Y_GE15.T"], 0)
PEOPLE, EARLIER = (("demo_r_pjanaggr3_linear.csv.gz", ["NR.T.TOTAL"], lag) for lag in (0, 5))


def ratio(scale):
    return lambda above, below: scale * above / below if below > 0 else None


# Level, direction, formula and its arguments.
INDICATORS = {
    "ECO01": (2, "+", float, [GDP_HEAD]),
    "ECO02": (2, "+", lambda *rates: sum(rates) / 3, GROWTH),
    "HUM04": (2, "+", float, [LEARNING]),
    "HUM08": (2, "-", float, [NEET]),
    "employment_per_inhabitant": (2, "+", ratio(100 * 1e3), [EMPLOYED, PEOPLE]),
    "energy_intensive_share": (2, "ctx", ratio(100), [ENERGY, MARKET]),
    "gdp_per_head_nuts3": (3, "+", float, [GDP_HEAD_3]),
    "gdp_per_person_employed": (2, "+", ratio(1e6 / 1e3), [GDP, EMPLOYED]),
    "manufacturing_share": (2, "ctx", ratio(100), [MAKING, MARKET]),
    "persons_per_local_unit": (2, "ctx", ratio(1), [MAKING, UNITS]),
    "population_growth": (2, "ctx", lambda n, t: 100 * ((n / t) ** 0.2 - 1), [PEOPLE, EARLIER]),
    "unemployed_share_of_active": (2, "-", lambda u, e: 100 * u / (u + e), [JOBLESS, EMPLOYED]),
    "wages_per_person_employed": (2, "+", ratio(1e6 / 1e3), [WAGES, MARKET]),
}
SIGN = {name: {"+": 1, "-": -1, "ctx": 0}[row[1]] for name, row in INDICATORS.items()}
# The survey's UKM6 is another territory than the accounts' from 2010 on (declared set_apart).
SET_APART = {"employment_per_inhabitant": {"UKM6"}, "gdp_per_person_employed": {"UKM6"}}
each = pytest.mark.parametrize("name", INDICATORS)


def read(path: Path, wanted: set[str]):
    """Yield (series, region, year), text of the value and flags of every cell wanted."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        if ".csv" in path.name:
            header, *rows = csv.reader(lines)
            first, geo = header.index("freq") + 1, header.index("geo")
            for row in rows:
                if (series := ".".join(row[first:geo])) in wanted:
                    yield (series, row[geo], int(row[geo + 1])), row[geo + 2], row[geo + 3]
            return
        names, *years = next(lines).split("\t")
        for line in lines:
            key, *cells = line.split("\t")
            *codes, geo = key.removeprefix("A," if names.startswith("freq") else "").split(",")
            if (series := ".".join(codes)) in wanted:
                for year, cell in zip(years, cells, strict=True):
                    text, _, flags = cell.strip().partition(" ")
                    yield (series, geo, int(year)), text.replace(":", ""), flags


@pytest.fixture(scope="module")
def cells(shared_data: Path):
    """Value and flags of every cell in use, by file and (series, region, year)."""
    wanted, found = defaultdict(set), {}
    for *_, parts in INDICATORS.values():
        for file, series, _ in parts:
            wanted[file].update(series)
    for file, series in wanted.items():
        rows = list(read(shared_data / file, series))
        found[file] = {key: (float(text) if text else None, flags) for key, text, flags in rows}
        assert len(found[file]) == len(rows)
        assert {key[0] for key in found[file]} == series
    return found


@pytest.fixture(scope="module")
def nuts(shared_data: Path):
    """Official regions; moves of people to new codes, by versions; codes that ended, and heirs."""
    folder, names = shared_data.parent / "nuts", ("nuts_codes_2006_2024", "valid_nuts_codes")
    listed, others = (pd.read_csv(folder / "codes" / f"all_{name}.csv.gz") for name in names)
    regions = {code for code in {*listed["code"], *others["geo"]} if not re.match("..Z+$", code)}
    versions = {str(v): set(codes) for v, codes in listed.groupby("version")["code"]}
    latest = {code: version for version, codes in versions.items() for code in codes}
    moves, heirs = defaultdict(lambda: defaultdict(Counter)), {}
    for path in (folder / "jrc_matrices").glob("n[23]_cm_*"):
        level, *pair = re.findall(r"\d+", path.name.removesuffix(".gz"))
        matrix = pd.read_csv(path)
        for here, there in (pair, pair[::-1]):
            code, other = matrix[f"code_v{here}"], matrix[f"code_v{there}"]
            share = matrix["pop21"] / matrix.groupby(code)["pop21"].transform("sum")
            moved = ~code.isin(versions[there]) & ~other.isin(versions[here]) & (share > 0)
            for old, new, part in zip(code[moved], other[moved], share[moved], strict=True):
                moves[int(level), here, there][old][new] += part
    for level, pair in product((2, 3), pairwise(versions)):
        for code, new in moves[level, *pair].items():
            if latest.get(code) == pair[0]:  # HR02 of 2006 came back in 2021 as another region
                heirs[code] = {heir for heir, share in new.items() if share >= 0.05}
    return SimpleNamespace(regions=regions, moves=dict(moves), heirs=heirs)


@pytest.fixture(scope="module")
def expected(cells, nuts):
    """Value, flags, coverage and cells of every figure, by indicator and (region, year)."""
    found = {}
    for name, (level, _, formula, parts) in INDICATORS.items():
        lead, lead_series, _ = parts[0]
        keys = {(geo, year) for series, geo, year in cells[lead] if series in lead_series}
        for geo, year in keys:
            if geo not in nuts.regions or len(geo) not in {2, 2 + level}:
                continue
            used, sums = [], []
            for file, series, lag in parts:
                wanted = [(s, geo, year - lag) for s in series]
                there = [(file, *key, *cells[file][key]) for key in wanted if key in cells[file]]
                values = [cell[4] for cell in there if cell[4] is not None]
                sums.append(sum(values) if len(values) == len(wanted) else None)
                used += there
            coverage = sum(c[4] is not None for c in used) / sum(len(s) for _, s, _ in parts)
            flags = {flag for cell in used for flag in cell[5]}
            value = None if None in sums else formula(*sums)
            found.setdefault(name, {})[geo, year] = (value, flags, coverage, used)
    return found


@pytest.fixture(scope="module")
def compared(expected, nuts):
    """Value of every region that should be compared, by indicator and year."""
    heirs, found = nuts.heirs, defaultdict(lambda: defaultdict(dict))
    for name in filter(SIGN.get, INDICATORS):
        for (geo, year), (value, *_) in expected[name].items():
            if len(geo) > 2 and value is not None and geo not in SET_APART.get(name, ()):
                found[name][year][geo] = value
        for values in found[name].values():
            for old in [geo for geo in values if heirs.get(geo, set()) & values.keys()]:
                del values[old]
    return found


@pytest.fixture(scope="module")
def ran(shared_data: Path, tmp_path_factory) -> Ran:
    return run(Workspace(tmp_path_factory.mktemp("real") / "home", (str(shared_data),)))


@pytest.fixture(scope="module")
def tables(ran: Ran):
    """Return the tables of the candidate, with None for what is missing."""
    frames = {path.stem: pd.read_parquet(path) for path in ran.candidate.glob("*.parquet")}
    return {name: f.astype(object).where(f.notna(), None) for name, f in frames.items()}


def rows_of(tables, name: str, table: str = "benchmark"):
    rows = tables[table][tables[table]["indicator_id"] == name]
    return rows.set_index(["geo", "ref_year"]) if table == "benchmark" else rows


def test_nothing_failed_and_the_bytes_are_the_files(ran: Ran, tables, cells, shared_data: Path):
    assert (ran.failures, ran.left_out) == ((), ())
    kept = tables["snapshot"].set_index("name")["sha256"].to_dict()
    assert kept == {f: hashlib.sha256((shared_data / f).read_bytes()).hexdigest() for f in cells}
    assert tables["verdict"]["quarantined"].sum() == 1  # SBS: wages of -8.3 in B06 of NO06, 2014


@each
def test_every_figure_and_the_observations_behind_it(tables, expected, name: str):
    rows, figures = rows_of(tables, name), expected[name]
    assert rows.index.is_unique
    values = {key: value for key, (value, *_) in figures.items() if value is not None}
    assert rows["value"].dropna().to_dict() == pytest.approx(values, rel=1e-12)
    assert rows["obs_flag"].fillna("").map(set).to_dict() == {k: f[1] for k, f in figures.items()}
    assert rows["coverage"].to_dict() == pytest.approx({k: f[2] for k, f in figures.items()})
    assert (rows["missing_because"].isna() == rows["value"].notna()).all()
    behind, files = rows_of(tables, name, "lineage"), tables["snapshot"].set_index("sha256")["name"]
    behind = behind.assign(file=behind["snapshot"].map(files), flags=behind["obs_flag"].fillna(""))
    columns = ["geo", "ref_year", "file", "series", "geo", "period", "value", "flags"]
    assert Counter(behind[columns].itertuples(index=False, name=None)) == Counter(
        (*key, file, series, geo, str(year), value, flags)
        for key, (*_, used) in figures.items()
        for file, series, geo, year, value, flags in used
    )


@each
def test_every_rank(tables, compared, name: str):
    rows, best = rows_of(tables, name), {}
    for year, values in compared[name].items():
        order = sorted(-SIGN[name] * value for value in values.values())
        for geo, value in values.items():
            best[geo, year] = (bisect_left(order, -SIGN[name] * value) + 1, len(order))
    ranked = rows[rows["rankable"].astype(bool)]
    assert ranked[["rank", "n_compared"]].apply(tuple, axis=1).to_dict() == best
    assert ranked["rank"].between(ranked["rank_low"], ranked["rank_high"]).all()
    assert (rows["rankable"] == rows["rank"].notna()).all()
    assert (rows["rankable"] == rows["not_rankable_because"].isna()).all()


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
    cells = rows_of(tables, "manufacturing_share", "lineage").dropna(subset="value")
    sums = cells.pivot_table("value", ["geo", "ref_year"], "role", ["sum", "count"])
    whole = sums["sum"][(sums["count"][["numerator", "denominator"]] == [1, 13]).all(axis=1)]
    shares = (100 * whole["numerator"] / whole["denominator"]).to_dict()
    made = rows_of(tables, "manufacturing_share")["value"].dropna()
    assert made.to_dict() == pytest.approx(shares)


@pytest.mark.parametrize("table", ["benchmark", "lineage"])
def test_nothing_confidential_has_a_value(tables, table: str):
    rows = tables[table]
    flagged = rows["obs_flag"].str.contains("c", na=False)
    assert flagged.sum() > 3000
    assert (flagged == (rows["conf_status"] == "C")).all()
    assert rows.loc[flagged, "value"].isna().all()


def test_the_figure_of_vienna_traces_to_the_file(ran: Ran, shared_data: Path, tmp_path: Path):
    data = (shared_data / GDP_HEAD[0]).read_bytes()
    header, *lines = gzip.decompress(data).decode().splitlines()
    regions = [r for r in lines if re.match(r"PPS_HAB,(?!EU|EA)\w{3}(?!Z)\w\t\d", r)]
    assert header.startswith("unit,geo\\time\t2014 \t")
    assert [r for r in regions if r.startswith("PPS_HAB,AT13\t43500 \t")]
    rank = 1 + sum(int(r.split("\t")[1].split()[0]) > 43500 for r in regions)
    url = f"duckdb:///{tmp_path / 'warehouse.duckdb'}"
    publish(ran.candidate, "preview", url)
    found = trace("ECO01", "AT13", 2014, channel="preview", url=url)
    assert (found.figure["value"], found.figure["rank"]) == (43500, rank)
    (cell,) = found.observations
    assert (cell["series"], cell["period"], cell["obs_flag"]) == ("PPS_HAB", "2014", None)
    assert (cell["file"], cell["snapshot"]) == (GDP_HEAD[0], hashlib.sha256(data).hexdigest())
    (cell,) = trace("HUM04", "EL25", 2004, channel="preview", url=url).observations
    assert (cell["value"], cell["obs_flag"], cell["obs_status"]) == (0.5, "bu", "B")


def test_no_territory_is_ranked_twice(tables, nuts):
    twice, ranked = set(), tables["benchmark"].dropna(subset="rank")
    for (name, year), geos in ranked.groupby(["indicator_id", "ref_year"])["geo"]:
        for (level, *_), moves in nuts.moves.items():
            for code in set(geos) & moves.keys() if level == INDICATORS[name][0] else ():
                others = set(geos) & moves[code].keys()
                if sum(moves[code][other] for other in others) > 0.5:
                    twice.add((name, year, code, *sorted(others)))
    assert twice == set()


def test_the_table_of_successors_agrees_with_the_matrices(tables, nuts):
    from s3etl.regions import SUCCESSORS

    heirs, valued = nuts.heirs, tables["benchmark"].dropna(subset="value")
    wrong = {old: heirs.get(old) for old, new in SUCCESSORS.items() if {*new} != heirs.get(old)}
    years = [set(codes) for _, codes in valued.groupby(["indicator_id", "ref_year"])["geo"]]
    needed = {code for codes in years for code in codes if heirs.get(code, set()) & codes}
    assert (wrong, needed - SUCCESSORS.keys()) == ({}, set())
