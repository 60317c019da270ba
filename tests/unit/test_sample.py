"""The sample world keeps its promises: formats, codes, sums, dirt and one late revision."""

import csv
import gzip
import hashlib
import io
import json
import os
import re
import struct
import subprocess
import sys
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from s3etl.catalogue import Dataset
from s3etl.declarations import read_folder
from s3etl.regions import COUNTRIES, SAMPLE_COUNTRIES, classify
from sources import DATASETS, eurostat, nuts, sample
from sources.sample.declared import SKIPPED, declared
from sources.sample.editions import UPDATES
from sources.sample.make import RESTATED
from sources.sample.places import MERGED, SURVIVORS
from sources.sample.wire import write

DECLARED = read_folder(DATASETS, Dataset)
NAMES = {
    "demo_r_pjanaggr3": "demo_r_pjanaggr3_linear.csv.gz",
    "edat_lfse_22": "edat_lfse_22_tabular.tsv.gz",
    "lfst_r_lfe2emp": "lfst_r_lfe2emp.tsv.gz",
    "lfst_r_lfu3pers": "lfst_r_lfu3pers.tsv.gz",
    "nama_10r_2gdp": "nama_10r_2gdp.tsv.gz",
    "nama_10r_2gvagr": "nama_10r_2gvagr.tsv.gz",
    "nama_10r_3gdp": "nama_10r_3gdp_linear.csv.gz",
    "sbs_r_nuts06_r2": "sbs_r_nuts06_r2.tsv.gz",
    "trng_lfse_04": "trng_lfse_04.tsv.gz",
}
MODERN = {
    "sbs_r_nuts2021": "sbs_r_nuts2021_tabular.tsv.gz",
    "sbs_sc_ovw": "sbs_sc_ovw_tabular.tsv.gz",
}
"""Datasets with a model of their own in the codes of today, of the years 2021 to 2024."""
MADE_UP = sorted(set(DECLARED) - set(NAMES) - set(MODERN))
AGGREGATES = {"EU27_2020", "EU28"}
SECTIONS = [*"BCDEFGHIJLMN", "S95"]
Files = dict[str, tuple[str, bytes]]
Tables = dict[str, pd.DataFrame]


def tables_of(files: Files) -> Tables:
    tables = {}
    for dataset, (_, data) in files.items():
        table = eurostat.parse(data, dataset=dataset).to_pandas()
        texts = [c for c in table.columns if c != "OBS_VALUE"]
        tables[dataset] = table.astype(dict.fromkeys(texts, "str"))
    return tables


@pytest.fixture(scope="module")
def files() -> Files:
    return sample.world()


@pytest.fixture(scope="module")
def classification() -> dict[str, set[str]]:
    """The codes of every version."""
    rows = rows_of(sample.nuts_files()["all_nuts_codes_2006_2024.csv.gz"])
    return {v: {r["code"] for r in rows if r["version"] == v} for v in sample.VERSIONS}


def rows_of(data: bytes) -> list[dict[str, str]]:
    text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    return list(csv.DictReader(io.StringIO(text.decode())))


@pytest.fixture(scope="module")
def revised() -> Files:
    return sample.world("revised")


@pytest.fixture(scope="module")
def tables(files: Files) -> Tables:
    return tables_of(files)


def spread(table: pd.DataFrame, by: str, **codes: str) -> pd.DataFrame:
    """Return the values with the codes of one dimension as columns."""
    for dimension, code in codes.items():
        table = table[table[dimension] == code]
    rest = [c for c in table.columns if c not in {by, "OBS_VALUE", "OBS_FLAG"}]
    return table.pivot(index=rest, columns=by, values="OBS_VALUE")  # noqa: PD010  (refuses twins)


def areas(codes: pd.Index) -> dict[str, list[str]]:
    """Return the parts of every area: an aggregate's are the countries.

    The old codes of XE are parts of old codes only.
    """
    parts = {
        c: [p for p in codes if p[:-1] == c and p != "XE9"] for c in codes if c not in AGGREGATES
    }
    parts |= {c: list(sample.COUNTRIES) for c in codes if c in AGGREGATES}
    return {whole: found for whole, found in parts.items() if found}


def in_new_codes(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of the old world without the codes that XE had before NUTS 2013."""
    old, new = (table["geo"].str.startswith(start) for start in ("XE9", "XE0"))
    year = table["TIME_PERIOD"].astype(int)
    kept = table[~(old & (year >= 2012)) & ~(new & (year < 2012))]
    return kept.assign(geo=kept["geo"].str.replace("XE9", "XE0"))


def industries(codes: pd.Index) -> dict[str, list[str]]:
    """Return the divisions of every section and the groups of every division that has them."""
    whole = {c: c[:-1] if c[:-1] in codes else c[:-2] for c in codes}
    return {w: [c for c in codes if whole[c] == w] for w in codes if w in whole.values()}


def assert_sums(wide: pd.DataFrame, parts: dict[str, list[str]], tolerance: float = 1e-6) -> None:
    """Assert that wholes equal their parts, wherever all of them are published."""
    assert parts
    for whole, names in parts.items():
        gap = (wide[names].sum(axis=1, skipna=False) - wide[whole]).dropna()
        assert len(gap), f"nothing to compare for {whole}"
        assert gap.abs().max() <= tolerance, whole


def test_every_call_gives_the_same_bytes(files: Files) -> None:
    assert sample.world() == files


def test_files_are_named_and_laid_out_as_the_providers(files: Files) -> None:
    assert list(files) == list(DECLARED)
    for dataset, (name, data) in files.items():
        assert name == (NAMES | MODERN).get(dataset, name)
        assert re.fullmatch(rf"{dataset}(_tabular\.tsv|_linear\.csv|\.tsv)(\.gz)?", name)
        body = gzip.decompress(data) if name.endswith(".gz") else data
        header, _, rest = body.partition(b"\n")
        assert header.endswith(b"\r") == ("_linear" in name or "_tabular" in name), name
        assert rest.endswith(b"\r\n") == header.endswith(b"\r"), name
        years = [int(y) for y in re.findall(rb"\t(\d{4}) ", header)]
        assert years == sorted(years, reverse=rb"\time" in header), name
        if data is not body:
            first = {update.timestamp() for update, _ in UPDATES.values()}
            assert struct.unpack("<I", data[4:8])[0] in first
    assert sum("_linear" in files[dataset][0] for dataset in MADE_UP) >= 2
    assert sum(name.endswith(".tsv") for name, _ in files.values()) == 1


def test_every_declared_code_occurs_and_hardly_another(tables: Tables) -> None:
    bulk = 0
    for dataset, table in tables.items():
        layout = DECLARED[dataset].layouts[-1 if dataset in NAMES else 0]
        assert set(table.columns) - set(layout) - {"freq"} == {
            *("geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG")
        }
        more = set()
        for dimension, codes in layout.items():
            assert set(table[dimension]) >= set(codes), f"{dataset}.{dimension}"
            more |= {(dimension, c) for c in set(table[dimension]) - set(codes)}
        assert len(more) <= (dataset in MADE_UP and DECLARED[dataset].selection), dataset
        bulk += len(more)
        skipped = {str(year) for year in SKIPPED.get(dataset, ())}
        years = set(table["TIME_PERIOD"])
        ends = {"2014"} if dataset in NAMES else {"2022", "2024"}
        assert max(years | skipped) in ends
        if dataset in MADE_UP:
            assert len(years) == 13 - len(skipped)
            assert not years & skipped
        assert not table.duplicated([c for c in table.columns if not c.startswith("OBS")]).any()
    assert bulk >= 3


def test_all_areas_are_of_some_version_or_known_aggregates(
    tables: Tables, classification: dict[str, set[str]]
) -> None:
    known = {region.code: region.level for region in sample.regions()}
    assert tuple(sample.COUNTRIES) == SAMPLE_COUNTRIES
    assert not set(SAMPLE_COUNTRIES) & set(COUNTRIES)
    assert [list(known.values()).count(level) for level in range(3)] == [5, 16, 61]
    listed = set().union(*classification.values())
    for dataset, table in tables.items():
        geos = set(table["geo"])
        assert geos <= listed | set(sample.COUNTRIES) | set(sample.EXTRA) | AGGREGATES, dataset
        business = {"sbs_r_nuts06_r2", *MODERN}
        assert len(geos & AGGREGATES) == (dataset not in business), dataset
        levels = {len(g) - 2 for g in geos - AGGREGATES}
        assert levels == set(DECLARED[dataset].levels), dataset
    kinds = {classify(code, "sample").kind for code in known}
    assert kinds == {"region", "extra-regio"}


def versions_of(table: pd.DataFrame, classification: dict[str, set[str]]) -> set[str]:
    """Return the versions that have all regions of a table."""
    geos = {g for g in table["geo"] if len(g) > 2} - AGGREGATES - set(sample.EXTRA)
    return {version for version, codes in classification.items() if geos <= codes}


def test_files_use_the_codes_of_their_day(
    tables: Tables, classification: dict[str, set[str]]
) -> None:
    made_up = []
    for dataset, table in tables.items():
        if dataset in RESTATED:
            old, _ = SURVIVORS.get(dataset, ("", 0))
            assert "2021" in versions_of(table[table["geo"] != old], classification)
            assert (table["geo"] == old).any() == bool(old)
        elif dataset in NAMES:
            assert not versions_of(table, classification)
            assert "2013" in versions_of(in_new_codes(table), classification)
        elif dataset in MODERN:
            assert "2024" in versions_of(table, classification)
        else:
            made_up.append(max(versions_of(table, classification)))
    assert set(made_up) == {"2021", "2024"}
    assert made_up.count("2021") < len(made_up) / 4


def test_one_year_carries_the_old_codes_and_the_new(tables: Tables) -> None:
    values = spread(tables["nama_10r_2gdp"], "TIME_PERIOD", unit="MIO_EUR").droplevel("unit")
    old, new = values.loc["XE91"].dropna(), values.loc["XE01"].dropna()
    assert old.index.max() == "2012" == new.index.min()
    assert old["2012"] == new["2012"]


@pytest.mark.parametrize("dataset", SURVIVORS)
def test_an_old_code_survives_beside_the_new(
    dataset: str, tables: Tables, classification: dict[str, set[str]]
) -> None:
    old, last = SURVIVORS[dataset]
    new, _ = MERGED[old]
    assert old in classification["2013"] - classification["2021"]
    table = tables[dataset].query("sex == 'T'").dropna(subset="OBS_VALUE")
    years = {code: set(table.loc[table["geo"] == code, "TIME_PERIOD"]) for code in (old, new)}
    assert max(years[old]) == str(last) < "2014" == max(years[new])
    assert years[old] <= years[new]


def test_region_names_are_given_once_but_for_a_country_that_is_one_region() -> None:
    named = [r.name for r in sample.regions() if r.code not in sample.EXTRA and r.code != "XE0"]
    assert len(set(named)) == len(named)


def test_population_adds_up(tables: Tables) -> None:
    people = tables["demo_r_pjanaggr3"]
    by_area = spread(people, "geo")
    survivor, _ = SURVIVORS["demo_r_pjanaggr3"]
    assert_sums(by_area, areas(by_area.columns.drop(survivor)), 0)
    merged = by_area[["XB33", "XB351", "XB352"]].dropna()
    assert len(merged) == 5 * 3 * 5  # years, sexes, ages
    assert (merged["XB33"] == merged.drop(columns="XB33").sum(axis=1)).all()
    assert_sums(spread(people, "sex"), {"T": ["F", "M"]}, 0)
    assert_sums(spread(people, "age"), {"TOTAL": ["Y_LT15", "Y15-64", "Y_GE65", "UNK"]}, 0)


@pytest.mark.parametrize(
    ("dataset", "units", "rounding"),
    [
        ("nama_10r_2gdp", "MIO_PPS PPS_HAB PPS_HAB_EU", 0.5),
        ("nama_10r_3gdp", "MIO_PPS_EU27_2020 PPS_EU27_2020_HAB PPS_HAB_EU27_2020", 0.005),
    ],
)
def test_output_adds_up(tables: Tables, dataset: str, units: str, rounding: float) -> None:
    amount, head, index = units.split()
    for unit in ("MIO_EUR", amount):
        money = spread(tables[dataset], "geo", unit=unit)
        assert_sums(money, areas(money.columns), 7 * rounding)
    wide = spread(same_territory(tables[dataset]), "unit").reset_index()
    people = tables["demo_r_pjanaggr3"].query("sex == 'T' and age == 'TOTAL'")
    joined = wide.merge(people, on=["geo", "TIME_PERIOD"])
    error = (joined[amount] * 1e6 / joined["OBS_VALUE"] - joined[head]).dropna()
    assert len(error) > 700
    assert error.abs().max() < 50 + rounding * 1e6 / joined["OBS_VALUE"].min()
    whole = wide[wide["geo"].isin(AGGREGATES)].set_index("TIME_PERIOD")
    assert set(whole[index]) == {100}
    relative = 100 * wide[head] / wide["TIME_PERIOD"].map(whole[head])
    assert (relative - wide[index]).abs().max() < 0.5 + 100 * 100 / whole[head].min()


def same_territory(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of regions that are the same in NUTS 2013 and 2021, under the new codes."""
    renamed = in_new_codes(table)
    return renamed[~renamed["geo"].isin(["XD21", "XD22"])]


def test_both_output_datasets_agree(tables: Tables) -> None:
    units = {
        "EUR_HAB": "EUR_HAB",
        "PPS_HAB": "PPS_EU27_2020_HAB",
        "EUR_HAB_EU": "EUR_HAB_EU27_2020",
    }
    units |= {"MIO_EUR": "MIO_EUR", "MIO_PPS": "MIO_PPS_EU27_2020"}
    old = spread(same_territory(tables["nama_10r_2gdp"]), "unit")
    new = spread(tables["nama_10r_3gdp"].drop(columns="freq"), "unit")
    for here, there in units.items():
        gap = (old[here] - new[there]).dropna()
        assert len(gap) > 700
        assert gap.abs().max() <= (0.5 if here.startswith("MIO") else 0), here


def test_real_growth_is_nominal_growth_less_one_deflator_per_country(tables: Tables) -> None:
    nominal = spread(tables["nama_10r_3gdp"], "TIME_PERIOD", unit="MIO_EUR")
    real = spread(same_territory(tables["nama_10r_2gvagr"]), "TIME_PERIOD").droplevel("unit")
    nominal = nominal.droplevel(["freq", "unit"]).reindex(real.index)
    deflator = nominal["2010"] / nominal["2009"] / (1 + real["2010"] / 100)
    country = deflator[deflator.index.str.len() == 2]
    regions = deflator.drop(["EU28", *country.index]).dropna()
    assert len(regions) > 70
    assert (regions - country.reindex(regions.index.str[:2]).to_numpy()).abs().max() < 0.0012


@pytest.mark.parametrize("dataset", ["lfst_r_lfe2emp", "lfst_r_lfu3pers"])
def test_labour_adds_up(tables: Tables, dataset: str) -> None:
    table = tables[dataset]
    by_area, by_age = spread(table, "geo"), spread(table, "age")
    assert_sums(by_area, areas(by_area.columns))
    assert_sums(spread(table, "sex"), {"T": ["F", "M"]})
    assert_sums(by_age, {"Y_GE15": ["Y15-24", "Y_GE25"]})
    if dataset == "lfst_r_lfe2emp":
        middle = ["Y25-34", "Y35-44", "Y45-54", "Y55-64"]
        parts = {"Y25-64": middle, "Y15-64": ["Y15-24", "Y25-64"], "Y_GE25": ["Y25-64", "Y_GE65"]}
        assert_sums(by_age, parts)
    assert (by_age["Y20-64"] <= by_age["Y_GE15"]).sum() > 2000


@pytest.mark.parametrize("dataset", ["trng_lfse_04", "edat_lfse_22"])
def test_shares_of_both_sexes_lie_between(tables: Tables, dataset: str) -> None:
    wide = spread(tables[dataset], "sex").dropna()
    assert len(wide) > 700
    assert (wide["T"] >= wide[["F", "M"]].min(axis=1)).all()
    assert (wide["T"] <= wide[["F", "M"]].max(axis=1)).all()


@pytest.mark.parametrize("measure", ["V11210", "V13320", "V16110"])
def test_business_adds_up(tables: Tables, measure: str) -> None:
    table = tables["sbs_r_nuts06_r2"].query("indic_sb == @measure")
    by_area, by_industry = spread(table, "geo"), spread(table, "nace_r2")
    assert_sums(by_area, areas(by_area.columns))
    assert_sums(by_industry, industries(by_industry.columns))


def test_business_growth_and_shares_follow_from_persons(tables: Tables) -> None:
    table = tables["sbs_r_nuts06_r2"]
    persons = spread(table, "TIME_PERIOD", indic_sb="V16110").droplevel("indic_sb")
    growth = spread(table, "TIME_PERIOD", indic_sb="V91290").droplevel("indic_sb")
    error = 100 * (persons / persons.shift(axis=1) - 1) - growth
    assert error.notna().sum().sum() > 30_000
    assert error.abs().max().max() < 0.0501
    by_industry = spread(table, "nace_r2", indic_sb="V16110")
    shares = spread(table, "nace_r2", indic_sb="V94310").droplevel("indic_sb")
    by_industry = by_industry.droplevel("indic_sb")
    for code in by_industry.columns:
        section = by_industry[code if code == "S95" else code[0]]
        assert (100 * by_industry[code] / section - shares[code]).abs().max() < 0.0501, code


def test_a_confidential_cell_is_never_the_only_gap(tables: Tables) -> None:
    persons = tables["sbs_r_nuts06_r2"].query("indic_sb == 'V16110'")
    marked = persons.assign(OBS_VALUE=persons["OBS_FLAG"].str.contains("c", na=False).astype(float))
    for by, parts_of in (("geo", areas), ("nace_r2", industries)):
        value, secret = spread(persons, by), spread(marked, by)
        for whole, parts in parts_of(value.columns).items():
            single = (value[parts].isna().sum(axis=1) == 1) & (secret[parts].sum(axis=1) == 1)
            assert not (single & value[whole].notna()).any(), whole


@pytest.mark.parametrize("measure", ["LOC_NR", "EMP_LOC_NR", "WAGE_LOC_MEUR"])
def test_business_from_2021_on_adds_up(tables: Tables, measure: str) -> None:
    table = tables["sbs_r_nuts2021"].query("indic_sbs == @measure")
    assert set(table["TIME_PERIOD"]) == {"2021", "2022", "2023", "2024"}
    by_area, by_industry = spread(table, "geo"), spread(table, "nace_r2")
    assert_sums(by_area, areas(by_area.columns))
    whole = industries(by_industry.columns)
    assert_sums(by_industry, {code: parts for code, parts in whole.items() if len(code) == 1})


def test_a_confidential_cell_from_2021_on_is_never_the_only_gap(tables: Tables) -> None:
    persons = tables["sbs_r_nuts2021"].query("indic_sbs == 'EMP_LOC_NR'")
    secret = persons["OBS_FLAG"].astype("str").str.contains("c", na=False)
    assert 0.02 < secret.mean() < 0.25
    assert persons.loc[secret, "OBS_VALUE"].isna().all()
    marked = persons.assign(OBS_VALUE=secret.astype(float))
    for by, parts_of in (("geo", areas), ("nace_r2", industries)):
        value, gone = spread(persons, by), spread(marked, by)
        for whole, parts in parts_of(value.columns).items():
            single = (value[parts].isna().sum(axis=1) == 1) & (gone[parts].sum(axis=1) == 1)
            assert not (single & value[whole].notna()).any(), whole


def test_persons_of_a_size_class_are_within_it(tables: Tables) -> None:
    wide = spread(tables["sbs_sc_ovw"], "indic_sbs").reset_index()
    some = wide[(wide["ENT_NR"] > 0) & wide["EMP_NR"].notna()]
    mean = some["EMP_NR"] / some["ENT_NR"]
    bounds = {"0-9": (0, 9), "10-19": (10, 19), "20-49": (20, 49), "50-249": (50, 249)}
    for size, (low, high) in (bounds | {"GE250": (250, 10**6)}).items():
        here = mean[some["size_emp"] == size]
        assert len(here) > 50, size
        assert here.between(low - 0.5, high + 0.5).all(), size
    assert wide["EMP_NR"].isna().sum() > 50


def test_most_regions_have_every_section(tables: Tables) -> None:
    table = in_new_codes(tables["sbs_r_nuts06_r2"])
    needed = table["nace_r2"].isin(SECTIONS) & table["indic_sb"].isin(["V13320", "V16110"])
    basic = (table["geo"].str.len() == 4) & (table["geo"] != "XAZZ")
    known = table[needed & basic].groupby(["TIME_PERIOD", "geo"])["OBS_VALUE"].count()
    whole = (known == 2 * len(SECTIONS)).groupby("TIME_PERIOD").sum()
    assert (whole >= 45).all()
    assert (whole == 60).sum() >= 4


def test_it_is_as_dirty_as_reality(tables: Tables) -> None:
    empty = {
        dataset: table.loc[table["OBS_VALUE"].isna(), "OBS_FLAG"].fillna("").value_counts()
        for dataset, table in tables.items()
    }
    flags = {dataset: set(table["OBS_FLAG"].dropna()) for dataset, table in tables.items()}
    business = empty["sbs_r_nuts06_r2"]
    assert business["c"] > 5000
    assert business["cd"] > 100
    assert business["u"] > 100
    assert business[""] > 5000
    assert {"b", "d", "p"} <= flags["sbs_r_nuts06_r2"]
    for dataset in ("lfst_r_lfe2emp", "lfst_r_lfu3pers", "edat_lfse_22"):
        assert empty[dataset]["u"] > 10
        assert empty[dataset][""] > 50
        assert {"b", "u", "bu"} <= flags[dataset]
    assert {"d", "bd"} <= flags["edat_lfse_22"]
    assert {"b", "e"} <= flags["trng_lfse_04"]
    assert {"e", "p"} == flags["nama_10r_2gdp"] == flags["nama_10r_3gdp"]
    assert {"b", "e", "p"} == flags["demo_r_pjanaggr3"]
    assert set(empty["demo_r_pjanaggr3"].index) == {"p"}
    assert empty["nama_10r_3gdp"].empty
    assert empty["nama_10r_2gdp"][""] > 100
    assert empty["nama_10r_2gvagr"][""] > 10


def test_only_one_country_is_revised(files: Files, revised: Files, tables: Tables) -> None:
    changed = {dataset for dataset in files if files[dataset] != revised[dataset]}
    assert changed == set(sample.REVISED_DATASETS)
    after = tables_of({dataset: revised[dataset] for dataset in changed})
    for dataset in changed & set(NAMES):
        old = spread(tables[dataset], "TIME_PERIOD", unit="MIO_EUR")
        new = spread(after[dataset], "TIME_PERIOD", unit="MIO_EUR")
        ratio = new / old
        geos = ratio.index.get_level_values("geo")
        own = geos.str.startswith(sample.REVISED_COUNTRY)
        assert ratio[own][["2012", "2013", "2014"]].to_numpy() == pytest.approx(
            np.tile(sample.REVISION, (own.sum(), 1)), abs=2e-4
        )
        rest = ratio[~own & ~geos.isin(AGGREGATES)]
        assert ((rest == 1) | rest.isna()).all(axis=None)
        before = ratio.drop(columns=["2012", "2013", "2014"])
        assert ((before == 1) | before.isna()).all(axis=None)
        assert_sums(
            spread(after[dataset], "geo", unit="MIO_EUR"), {"XB": ["XB1", "XB2", "XB3", "XB4"]}, 3
        )
        for table, years in (
            (tables[dataset], {"2012", "2013", "2014"}),
            (after[dataset], {"2014"}),
        ):
            assert set(table.query("OBS_FLAG == 'p'")["TIME_PERIOD"]) == years
    assert struct.unpack("<I", revised["nama_10r_2gdp"][1][4:8])[0] == (
        sample.REVISED_UPDATE.timestamp()
    )
    assert b"01/09/22 23:00:00" in gzip.decompress(revised["nama_10r_3gdp"][1])[:200]


def test_regions_hang_together(tables: Tables) -> None:
    def of(dataset: str, **codes: str) -> pd.Series:
        found = spread(tables[dataset], "TIME_PERIOD", **codes)["2012"]
        found = found.droplevel([n for n in found.index.names if n != "geo"])
        return found[found.index.str.fullmatch("X.[0-9]{2}")]

    business = {
        m: sum(of("sbs_r_nuts06_r2", nace_r2=s, indic_sb=m) for s in SECTIONS)
        for m in ("V13320", "V16110")
    }
    facts = pd.DataFrame(
        {
            "income": of("nama_10r_2gdp", unit="PPS_HAB"),
            "wages": business["V13320"] / business["V16110"],
            "training": of("trng_lfse_04", sex="T"),
            "neet": of("edat_lfse_22", sex="T", age="Y15-29"),
        }
    )
    with_income = facts.corr()["income"]
    assert with_income["wages"] > 0.3
    assert with_income["training"] > 0.3
    assert with_income["neet"] < -0.3
    share = of("sbs_r_nuts06_r2", nace_r2="C29", indic_sb="V16110") / business["V16110"]
    assert share.max() > 4 * share.median()


def test_the_late_revision_adds_a_year_to_what_is_made_up(revised: Files, tables: Tables) -> None:
    changed = set(sample.REVISED_DATASETS) & set(MADE_UP)
    assert len(changed) == 2
    for dataset in changed:
        before, after = tables[dataset], tables_of({dataset: revised[dataset]})[dataset]
        assert set(after["TIME_PERIOD"]) - set(before["TIME_PERIOD"]) == {"2025"}
        keys = [c for c in before.columns if not c.startswith("OBS")]
        both = before.merge(after, on=keys, suffixes=("", "_new")).dropna(
            subset=["OBS_VALUE", "OBS_VALUE_new"]
        )
        other = both[both["OBS_VALUE"] != both["OBS_VALUE_new"]]
        assert {geo[:2] for geo in other["geo"]} - {"EU"} == {sample.REVISED_COUNTRY}
        assert set(other["TIME_PERIOD"]) == {"2022", "2023", "2024"}


@pytest.mark.parametrize("dataset", MADE_UP)
def test_what_is_made_up_is_possible(dataset: str, files: Files, tables: Tables) -> None:
    about, table = DECLARED[dataset], tables[dataset]
    layout = about.dimensions
    for dimension, codes in layout.items():
        table = table[table[dimension].isin(codes)]
    unit = table[about.unit_of].map(about.unit)
    today = {about.unit(code) for code in layout[about.unit_of]}
    for name, bounds in about.ranges.items():
        if name not in today:  # a unit of older files
            continue
        values = table.loc[unit == name, "OBS_VALUE"].dropna()
        assert len(values) > 100
        assert values.min() >= (bounds.low if bounds.low is not None else -np.inf)
        assert values.max() <= (bounds.high if bounds.high is not None else np.inf)
    if "_linear" not in files[dataset][0]:  # where an empty cell is left out
        assert 0 < table["OBS_VALUE"].isna().mean() < 0.15
    assert table["OBS_FLAG"].nunique() >= 3
    assert "XE9" not in set(table["geo"])
    for name in today & set(about.extensive):
        wide = spread(table[unit == name], "geo")
        parts = {w: p for w, p in areas(wide.columns).items() if w not in AGGREGATES}
        assert_sums(wide, parts, 0.01)


@pytest.mark.parametrize(
    ("dataset", "dimension", "parts"),
    [
        ("rd_e_gerdreg", "sectperf", ["BES", "GOV", "HES"]),
        ("lfst_r_lfe2en2", "nace_r2", ["J"]),
        ("nama_10r_3gva", "nace_r2", ["C"]),
        ("rd_p_persreg", "prof_pos", ["RSE"]),
    ],
)
def test_a_total_holds_its_parts(
    dataset: str, dimension: str, parts: list[str], tables: Tables
) -> None:
    table = tables[dataset]
    for other, codes in DECLARED[dataset].dimensions.items():
        table = table[table[other].isin(codes)]
    wide = spread(table, dimension).dropna()
    assert len(wide) > 300
    assert (wide[parts].sum(axis=1) <= wide["TOTAL"] + 0.2).all()


LARGER = {
    "HRSTC": ("hrst_st_rcat", {"category": "HRSTC"}, 1),
    "SE": ("hrst_st_rcat", {"category": "SE"}, 1),
    "HTC": ("htec_emp_reg2", {"nace_r2": "HTC"}, 1),
    "KIS": ("htec_emp_reg2", {"nace_r2": "KIS"}, 1),
    "KIS_HTC": ("htec_emp_reg2", {"nace_r2": "KIS_HTC"}, 1),
    "people": ("demo_r_d2jan", {}, 1),
    "employed": ("lfst_r_lfe2en2", {"nace_r2": "TOTAL"}, 1000),
    "of working age": ("lfst_r_lfe2estat", {"wstatus": "EMP"}, 1000),
    "employees": ("nama_10r_3empers", {"wstatus": "SAL", "nace_r2": "TOTAL"}, 1000),
    "enterprises": ("bd_hgnace_r", {"indic_sbs": "ENT_NR"}, 1),
    "employers": ("bd_salge1_nace_r", {"indic_sbs": "ENT_SALGE1_NR"}, 1),
    "deaths": ("bd_hgnace_r", {"indic_sbs": "ENT_DTH_NR"}, 1),
    "GVA": ("nama_10r_3gva", {"nace_r2": "TOTAL"}, 1),
    "GDP": ("nama_10r_3gdp", {"unit": "MIO_EUR"}, 1),
    "pay": ("nama_10r_2coe", {}, 1),
    "unemployed": ("lfst_r_lfu3rt", {}, 1),
    "for long": ("lfst_r_lfu2ltu", {}, 1),
}


@pytest.mark.parametrize(
    ("less", "more"),
    [
        *(("SE", "HRSTC"), ("KIS_HTC", "HTC"), ("KIS_HTC", "KIS")),
        *(("employed", "people"), ("of working age", "employed"), ("employees", "employed")),
        *(("employers", "enterprises"), ("deaths", "enterprises")),
        *(("pay", "GVA"), ("GVA", "GDP"), ("for long", "unemployed")),
    ],
)
def test_a_part_is_not_more_than_the_whole(less: str, more: str, tables: Tables) -> None:
    def of(name: str) -> pd.Series:
        dataset, codes, factor = LARGER[name]
        table = tables[dataset]
        for dimension, declared_codes in DECLARED[dataset].dimensions.items():
            wanted = [codes[dimension]] if dimension in codes else declared_codes
            table = table[table[dimension].isin(wanted)]
        return table.set_index(["geo", "TIME_PERIOD"])["OBS_VALUE"] * factor

    both = pd.concat({"less": of(less), "more": of(more)}, axis=1).dropna()
    assert len(both) > 100
    assert (both["less"] <= both["more"]).all()


def test_women_and_men_are_all_there_are() -> None:
    about = DECLARED["lfst_r_lfe2en2"]
    by_sex = about.model_copy(
        update={"selection": False, "dimensions": about.dimensions | {"sex": ("F", "M", "T")}}
    )
    _, data = write(*declared(by_sex))
    assert_sums(spread(tables_of({about.id: ("", data)})[about.id], "sex"), {"T": ["F", "M"]}, 0.01)


def test_a_dataset_does_not_hang_on_others(files: Files) -> None:
    alone = """if True:
        import hashlib
        from s3etl.catalogue import Dataset
        from s3etl.declarations import read_declaration
        from sources import DATASETS, sample
        from sources.sample.declared import declared
        from sources.sample.wire import write
        dataset = read_declaration(DATASETS / "rd_p_persreg.yaml", Dataset)
        made = [write(*declared(dataset))[1], *sample.nuts_files().values()]
        print(hashlib.sha256(b"".join(made)).hexdigest())
    """
    done = subprocess.run(
        [sys.executable, "-c", alone],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    made = [files["rd_p_persreg"][1], *sample.nuts_files().values()]
    assert done.stdout.strip() == hashlib.sha256(b"".join(made)).hexdigest()


def test_what_is_made_up_hangs_together(tables: Tables) -> None:
    def of(dataset: str, **codes: str) -> pd.Series:
        found = spread(tables[dataset], "TIME_PERIOD", **codes)["2019"]
        found = found.droplevel([n for n in found.index.names if n != "geo"])
        return found[found.index.str.fullmatch("X.[0-9]{2}")]

    facts = pd.DataFrame(
        {
            "income": of("nama_10r_2hhinc", direct="BAL"),
            "internet": of("isoc_r_broad_h", unit="PC_HH"),
            "without work": of("lfst_r_lfu3rt", unit="PC", isced11="TOTAL"),
            "graduates": of("edat_lfse_04", sex="T", isced11="ED5-8", age="Y25-64"),
            "research": of("rd_e_gerdreg", sectperf="TOTAL"),
            "leavers": of("edat_lfse_16"),
        }
    )
    with_income = facts.corr()["income"]
    assert (with_income[["internet", "graduates", "research"]] > 0.4).all()
    assert (with_income[["without work", "leavers"]] < -0.4).all()


def test_any_declaration_can_be_made_up() -> None:
    some = DECLARED["sbs_r_nuts06_r2"].model_copy(update={"id": "never_seen", "levels": (0, 2)})
    made = declared(some)
    name, data = write(*made)
    table = eurostat.parse(data, dataset="never_seen").to_pandas()
    assert name.startswith("never_seen")
    for dimension, codes in some.dimensions.items():
        assert set(table[dimension]) >= set(codes)


def test_every_matrix_keeps_the_people_and_the_land() -> None:
    files = sample.nuts_files()
    totals = set()
    for level in (1, 2, 3):
        for old, new in combinations(sample.VERSIONS, 2):
            rows = rows_of(files[f"n{level}_cm_v{old}_v{new}.csv"])
            sums = [sum(float(r[c]) for r in rows) for c in ("pop21", "pop11", "areaKm")]
            totals.add(tuple(round(total, 3) for total in sums))
            assert all(r["uniqueID"] == r[f"code_v{old}"] + r[f"code_v{new}"] for r in rows)
    assert len(totals) == 1
    assert len(files) == 3 + 45 + 4  # outlines of four levels beside codes and matrices


def test_the_people_of_a_version_are_found_through_a_matrix(tables: Tables) -> None:
    people = tables["demo_r_pjanaggr3"].query("sex == 'T' and age == 'TOTAL'")
    truth = tables["demo_r_d2jan"]
    rows = rows_of(sample.nuts_files()["n2_cm_v2021_v2024.csv"])
    matrix = pd.DataFrame(rows).astype({"pop21": float})
    for year in ("2012", "2013", "2014"):
        before, after = (
            t[t["TIME_PERIOD"] == year].set_index("geo")["OBS_VALUE"] for t in (people, truth)
        )
        share = matrix["pop21"] / matrix.groupby("code_v2021")["pop21"].transform("sum")
        moved = (share * matrix["code_v2021"].map(before)).groupby(matrix["code_v2024"]).sum()
        error = (moved / after.reindex(moved.index) - 1).dropna()
        assert len(error) > 50
        # In the year of the weights, to the person; before, as far as both parts grew alike.
        assert error.abs().max() < (1e-5 if year == "2014" else 0.02)


def test_nothing_real_occurs(files: Files, revised: Files, tables: Tables) -> None:
    for found in (tables, tables_of({d: revised[d] for d in sample.REVISED_DATASETS})):
        for dataset, table in found.items():
            begins = {geo[:2] for geo in table["geo"]}
            assert begins <= {*SAMPLE_COUNTRIES, "EU"}, dataset
    places = re.compile("code|NUTS_ID|CNTR_CODE")
    for name, data in sample.nuts_files().items():
        if name.endswith(".geojson"):
            rows = [feature["properties"] for feature in json.loads(data)["features"]]
        else:
            rows = rows_of(data)
        codes = {row[column] for row in rows for column in row if places.match(column)} - {""}
        assert codes, name
        assert {code[:2] for code in codes} == set(SAMPLE_COUNTRIES), name


def test_matrices_and_codes_agree(classification: dict[str, set[str]]) -> None:
    files = sample.nuts_files()
    for level in (1, 2, 3):
        for old, new in combinations(sample.VERSIONS, 2):
            rows = rows_of(files[f"n{level}_cm_v{old}_v{new}.csv"])
            for version in (old, new):
                codes = {c for c in classification[version] if len(c) == level + 2}
                assert {r[f"code_v{version}"] for r in rows} == codes


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ("2006", "2010", {}),
        ("2010", "2013", {f"XE9{i}>XE0{i}": 1 for i in range(1, 6)}),
        ("2013", "2016", {"XB33>XB35": 1, "XB34>XB35": 1, "XD21>XD22": 0.6}),
        ("2016", "2021", {}),
        ("2021", "2024", {"XA24>XA25": 0.12, "XA24>XA26": 0.88, "XC11>XC12": 0.002}),
    ],
)
def test_each_kind_of_change_occurs(old: str, new: str, pairs: dict[str, float]) -> None:
    rows = rows_of(sample.nuts_files()[f"n2_cm_v{old}_v{new}.csv"])
    table = pd.DataFrame(rows).astype({"pop21": float})
    share = table["pop21"] / table.groupby(f"code_v{old}")["pop21"].transform("sum")
    names = table[f"code_v{old}"] + ">" + table[f"code_v{new}"]
    other = table[f"code_v{old}"] != table[f"code_v{new}"]
    assert dict(zip(names[other], share[other], strict=True)) == pytest.approx(pairs, abs=0.25)
    assert len(table) > 55


def test_the_village_is_small() -> None:
    (row,) = (
        r
        for r in rows_of(sample.nuts_files()["n2_cm_v2021_v2024.csv"])
        if (r["code_v2021"], r["code_v2024"]) == ("XC11", "XC12")
    )
    whole = sum(
        float(r["pop21"])
        for r in rows_of(sample.nuts_files()["n2_cm_v2021_v2024.csv"])
        if r["code_v2021"] == "XC11"
    )
    assert float(row["pop21"]) / whole == pytest.approx(0.002)


def test_the_classification_is_read_and_named() -> None:
    files = sample.nuts_files()
    assert files == sample.nuts_files()
    names = nuts.read_names(
        {n: files[n] for n in ("nuts_2024_names.csv.gz", "nuts_changes.csv.gz")}, "nuts_names"
    )
    codes = nuts.read_codes(
        {"all_nuts_codes_2006_2024.csv.gz": files["all_nuts_codes_2006_2024.csv.gz"]}, "nuts_codes"
    )
    changes = nuts.read_changes({"nuts_changes.csv.gz": files["nuts_changes.csv.gz"]}, "c")
    matrices = nuts.read_matrices({n: d for n, d in files.items() if "_cm_" in n}, "nuts_matrices")
    known = {(r["version"], r["geo"]) for r in codes.to_pylist()}
    assert known <= {(r["version"], r["geo"]) for r in names.to_pylist()}
    assert {r["change"] for r in changes.to_pylist()} == {
        *("code change", "merged", "boundary shift")
    }
    assert matrices.num_rows > 3000


def test_the_world_is_not_built_before_it_is_asked_for() -> None:
    code = "import sys, sources.sample; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
