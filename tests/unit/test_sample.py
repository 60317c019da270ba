"""The sample world keeps its promises: formats, codes, sums, dirt and one late revision."""

import gzip
import re
import struct

import numpy as np
import pandas as pd
import pytest

from s3etl.catalogue import Dataset
from s3etl.declarations import read_folder
from s3etl.regions import SAMPLE_COUNTRIES, classify
from sources import DATASETS, eurostat, sample

DECLARED = read_folder(DATASETS, Dataset)
NAMES = {
    "demo_r_pjanaggr3": "demo_r_pjanaggr3_linear.csv.gz",
    "edat_lfse_22": "edat_lfse_22_tabular.tsv.gz",
    "lfst_r_lfe2emp": "lfst_r_lfe2emp.tsv.gz",
    "lfst_r_lfu3pers": "lfst_r_lfu3pers.tsv.gz",
    "nama_10r_2gdp": "nama_10r_2gdp.tsv.gz",
    "nama_10r_2gvagr": "nama_10r_2gvagr.tsv",
    "nama_10r_3gdp": "nama_10r_3gdp_linear.csv.gz",
    "sbs_r_nuts06_r2": "sbs_r_nuts06_r2.tsv.gz",
    "trng_lfse_04": "trng_lfse_04.tsv.gz",
}
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
    """Return the parts of every area: an aggregate's are the countries."""
    parts = {c: [p for p in codes if p[:-1] == c] for c in codes if c not in AGGREGATES}
    parts |= {c: list(sample.COUNTRIES) for c in codes if c in AGGREGATES}
    return {whole: found for whole, found in parts.items() if found}


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
    assert {dataset: name for dataset, (name, _) in files.items()} == NAMES
    for name, data in files.values():
        body = gzip.decompress(data) if name.endswith(".gz") else data
        header, _, rest = body.partition(b"\n")
        assert header.endswith(b"\r") == ("_linear" in name or "_tabular" in name), name
        assert rest.endswith(b"\r\n") == header.endswith(b"\r"), name
        years = [int(y) for y in re.findall(rb"\t(\d{4}) ", header)]
        assert years == sorted(years, reverse=rb"\time" in header), name
        if data is not body:
            assert struct.unpack("<I", data[4:8])[0] == sample.FIRST_UPDATE.timestamp()


def test_every_declared_code_occurs_and_no_other(tables: Tables) -> None:
    for dataset, table in tables.items():
        for dimension, codes in DECLARED[dataset].dimensions.items():
            assert set(table[dimension]) == set(codes), f"{dataset}.{dimension}"
        others = set(table.columns) - set(DECLARED[dataset].dimensions)
        assert others - {"freq"} == {"geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG"}
        assert table["TIME_PERIOD"].max() == "2014"
        assert not table.duplicated([c for c in table.columns if not c.startswith("OBS")]).any()


def test_all_areas_are_invented_or_known_aggregates(tables: Tables) -> None:
    known = {region.code: region.level for region in sample.regions()}
    assert tuple(sample.COUNTRIES) == SAMPLE_COUNTRIES
    assert [list(known.values()).count(level) for level in range(3)] == [5, 16, 61]
    for dataset, table in tables.items():
        geos = set(table["geo"])
        assert geos <= set(known) | AGGREGATES, dataset
        assert len(geos & AGGREGATES) == (dataset != "sbs_r_nuts06_r2"), dataset
        levels = {known[g] for g in geos - AGGREGATES}
        assert levels == set(DECLARED[dataset].levels), dataset
    kinds = {classify(code, "sample").kind for code in known}
    assert kinds == {"region", "extra-regio"}


def test_region_names_are_given_once_but_for_a_country_that_is_one_region() -> None:
    named = [r.name for r in sample.regions() if r.code not in sample.EXTRA and r.code != "XE0"]
    assert len(set(named)) == len(named)


def test_population_adds_up(tables: Tables) -> None:
    people = tables["demo_r_pjanaggr3"]
    by_area = spread(people, "geo")
    assert_sums(by_area, areas(by_area.columns), 0)
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
    wide = spread(tables[dataset], "unit").reset_index()
    people = tables["demo_r_pjanaggr3"].query("sex == 'T' and age == 'TOTAL'")
    joined = wide.merge(people, on=["geo", "TIME_PERIOD"])
    error = (joined[amount] * 1e6 / joined["OBS_VALUE"] - joined[head]).dropna()
    assert len(error) > 700
    assert error.abs().max() < 50 + rounding * 1e6 / joined["OBS_VALUE"].min()
    whole = wide[wide["geo"].isin(AGGREGATES)].set_index("TIME_PERIOD")
    assert set(whole[index]) == {100}
    relative = 100 * wide[head] / wide["TIME_PERIOD"].map(whole[head])
    assert (relative - wide[index]).abs().max() < 0.5 + 100 * 100 / whole[head].min()


def test_both_output_datasets_agree(tables: Tables) -> None:
    units = {
        "EUR_HAB": "EUR_HAB",
        "PPS_HAB": "PPS_EU27_2020_HAB",
        "EUR_HAB_EU": "EUR_HAB_EU27_2020",
    }
    units |= {"MIO_EUR": "MIO_EUR", "MIO_PPS": "MIO_PPS_EU27_2020"}
    old = spread(tables["nama_10r_2gdp"], "unit")
    new = spread(tables["nama_10r_3gdp"].drop(columns="freq"), "unit")
    for here, there in units.items():
        gap = (old[here] - new[there]).dropna()
        assert len(gap) > 700
        assert gap.abs().max() <= (0.5 if here.startswith("MIO") else 0), here


def test_real_growth_is_nominal_growth_less_one_deflator_per_country(tables: Tables) -> None:
    nominal = spread(tables["nama_10r_3gdp"], "TIME_PERIOD", unit="MIO_EUR")
    real = spread(tables["nama_10r_2gvagr"], "TIME_PERIOD").droplevel("unit")
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


def test_most_regions_have_every_section(tables: Tables) -> None:
    table = tables["sbs_r_nuts06_r2"]
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
    for dataset in changed:
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
    assert b"01/09/15 23:00:00" in gzip.decompress(revised["nama_10r_3gdp"][1])[:200]


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
