"""The portfolio's measures beside what others computed or published from the same inputs.

The tolerance is 1e-9 wherever a table was not rounded by who made it. What is no measure of the
methodology is either composed here from ours, or listed with the reason.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from s3etl.portfolio import change, structure
from s3etl.portfolio import relatedness as re
from s3etl.portfolio.specialisation import location_quotient
from tests.conftest import _shared

pytestmark = pytest.mark.shared

CLOSE = {"rtol": 1e-9, "atol": 1e-9}
NO_MEASURE_OF_OURS = {
    "counties_gdppc_disparity": "disparities of income between counties, not of employment",
    "laender_litzenberger_cluster_index_industry_by_region": "needs area, population and firms",
    "out_litzenberger2": "the same",
    "litzenberger_sternberg_cluster_index": "the same, in a textbook",
    "gini": "of any numbers; the Ginis of location quotients are compared",
    "gini_normalised": "the same",
    "gini_weighted": "the same",
}
"""Tables and textbook cases that are compared with nothing, and why."""


@pytest.fixture(scope="session")
def econgeo() -> Path:
    """Return the folder of tables made with EconGeo, REAT and ecomplexity."""
    return _shared("reference") / "econgeo"


@pytest.fixture(scope="session")
def trade() -> Path:
    """Return the folder of world trade and its complexity."""
    return _shared("s3") / "complexity"


@pytest.fixture(scope="session")
def reat(shared_clusters: Path) -> Path:
    """Return the folder of measures of agglomeration."""
    return shared_clusters / "agglomeration_reference"


def table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, index_col=0)


def close(ours, theirs) -> None:
    np.testing.assert_allclose(ours, np.asarray(theirs, float).reshape(np.shape(ours)), **CLOSE)


def gini(values: np.ndarray) -> np.ndarray:
    """Return the Gini coefficient of the rows, each number counting once."""
    ordered = np.sort(values, axis=-1)
    count = ordered.shape[-1]
    mean = ordered.mean(axis=-1, keepdims=True)
    weighted = np.arange(1, count + 1) * (ordered - mean)
    return 2 * weighted.sum(axis=-1) / (count**2 * mean[..., 0])


def weighted_gini(quotient: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the Gini coefficient of the rows, each number counting as its weight."""
    order = np.argsort(quotient, axis=-1)
    q = np.take_along_axis(np.broadcast_to(weights, quotient.shape), order, axis=-1)
    p = np.take_along_axis(quotient, order, axis=-1) * q
    return 1 - 2 * ((np.cumsum(p, axis=-1) - p / 2) * q).sum(axis=-1)


def test_location_and_structure(econgeo: Path) -> None:
    first, second = (table(econgeo / f"in_matrix_{t}.csv").to_numpy() for t in ("t1", "t2"))
    quotient = location_quotient(first)
    close(quotient, table(econgeo / "location_quotient_t1.csv"))
    m = re.presence(quotient)
    close(m, table(econgeo / "rca_binary_t1.csv"))
    close(m.sum(axis=1), table(econgeo / "diversity_t1.csv"))
    close(m.sum(axis=0), table(econgeo / "ubiquity_t1.csv"))
    close(structure.krugman(first), table(econgeo / "krugman_index_t1.csv"))
    close(structure.krugman(second) / 2, table(econgeo / "specialisation_coefficient_t2.csv"))
    close(structure.herfindahl(first), table(econgeo / "herfindahl_t1.csv"))
    close(structure.hachman(second), table(econgeo / "hachman_t2.csv"))
    # Weighted by the size of regions; EconGeo's goes from 0 to ½.
    locational = weighted_gini(quotient.T, structure.shares(first.sum(axis=1))) / 2
    close(locational, table(econgeo / "locational_gini_t1.csv"))
    # EconGeo's average location quotient is weighted by the region's shares: 1/Hachman.
    close(1 / structure.hachman(second), table(econgeo / "location_quotient_avg_t2.csv"))


def test_entropy_and_variety(econgeo: Path) -> None:
    jobs = table(econgeo / "in_matrix_t1.csv").to_numpy()
    groups = table(econgeo / "in_activity_groups.csv")["group"].to_numpy()
    total = structure.entropy(jobs)
    rounded = table(econgeo / "entropy_bits_rounded3_t1.csv")["value"]
    assert np.abs(total - rounded).max() <= 0.0005 + 1e-12  # rounded to three digits there
    parts = (
        total,
        structure.unrelated_variety(jobs, groups),
        structure.related_variety(jobs, groups),
    )
    close(np.stack(parts, axis=1), table(econgeo / "variety_formula_t1.csv"))


def test_growth_and_entry(econgeo: Path) -> None:
    first, second = (table(econgeo / f"in_matrix_{t}.csv").to_numpy() for t in ("t1", "t2"))
    growth = 100 * (second.sum(axis=1) / first.sum(axis=1) - 1)
    theirs = table(econgeo / "growth_region_percent_rounded2.csv")["value"]
    assert np.abs(growth - theirs).max() <= 0.005 + 1e-12  # rounded to two digits there
    before, after = (re.presence(location_quotient(jobs)) for jobs in (first, second))
    close(np.where(before == 1, np.nan, after), table(econgeo / "entry_t1_t2.csv"))


def test_relatedness(econgeo: Path) -> None:
    m = re.presence(location_quotient(table(econgeo / "in_matrix_t1.csv").to_numpy()))
    pairs = ~np.eye(m.shape[1], dtype=bool)

    def theirs(name: str) -> np.ndarray:
        return table(econgeo / f"{name}.csv").to_numpy(float)

    # Our diagonals are not known: an industry has no pair with itself. EconGeo's are 0.
    probability = re.probability_relatedness(m)
    close(probability[pairs], theirs("relatedness_prob_t1")[pairs])
    related = re.presence(probability, np.nextafter(1, 2))
    close(related[pairs], theirs("relatedness_prob_binary_t1")[pairs])
    rounded = theirs("relatedness_density_binary_prob_t1_rounded2")
    assert np.abs(re.density(m, related) - rounded).max() <= 0.005 + 1e-12
    # Association is co-occurrence over c_s c_s′/T, and the cosine over √(c_s c_s′).
    counts = theirs("cooccurrence_t1")
    sums = counts.sum(axis=0)
    close(
        re.association_strength(m)[pairs],
        (counts * sums.sum() / np.outer(sums, sums))[pairs],
    )
    cosine = re.association_strength(m) * np.sqrt(np.outer(sums, sums)) / sums.sum()
    close(cosine[pairs], theirs("relatedness_cosine_t1")[pairs])
    # Two steps of reflection: mean ubiquity, mean diversity of it, and the mean of that.
    share, back = structure.shares(m), structure.shares(m.T)
    close(share @ back @ m.sum(axis=1), table(econgeo / "MOR_region_steps2_t1.csv"))


def test_complexity(econgeo: Path) -> None:
    long = pd.read_csv(econgeo / "ecomplexity_t1.csv")
    wide = {
        name: long.pivot_table(index="region", columns="activity", values=name).to_numpy()
        for name in ("emp", "rca", "mcp", "eci", "pci", "density")
    }
    quotient = location_quotient(wide["emp"])
    close(quotient, wide["rca"])
    m = re.presence(quotient)
    close(m, wide["mcp"])
    of = re.complexity(m)
    close(np.broadcast_to(of.region[:, None], m.shape), wide["eci"])
    close(np.broadcast_to(of.industry, m.shape), wide["pci"])
    phi = re.proximity(m)
    theirs = pd.read_csv(econgeo / "ecomplexity_proximity_t1.csv")
    matrix = theirs.pivot_table(index="activity_1", columns="activity_2", values="proximity")
    close(phi, matrix)
    # ecomplexity counts the pair of an industry with itself (φ_ss = 1), the methodology does
    # not; put back, the two are the same.
    whole = phi.sum(axis=0)
    close((re.density(m, phi) / 100 * (whole - 1) + m) / whole, wide["density"])

    # EconGeo rounds the transition matrix to four digits before the eigenvectors.
    rounded = table(econgeo / "KCI_eigenvector_t1.csv")["value"].to_numpy()
    z = (rounded - rounded.mean()) / rounded.std()
    exact = np.sign(np.corrcoef(z, of.region)[0, 1]) * of.region
    assert 1e-6 < np.abs(z - exact).max() < 2e-3


def test_shift_share(econgeo: Path) -> None:
    raw = pd.read_csv(econgeo / "in_Goettingen.csv").iloc[1:]
    start, end, nation_start, nation_end = (
        raw[f"{name}{year}"].to_numpy(float)
        for name in ("Goettingen", "BRD")
        for year in (2008, 2017)
    )
    of = change.shift_share(
        start[None], end[None], reference_before=nation_start, reference_after=nation_end
    )
    national, mix, regional = (v[0] for v in (of.national, of.mix, of.regional))
    dunn = [(end - start).sum(), national.sum(), mix.sum(), regional.sum(), (mix + regional).sum()]
    close(dunn, table(econgeo / "shiftshare_dunn_Goettingen_2008_2017.csv"))
    expected = start + national
    gerfin = [
        (expected + mix).sum() / expected.sum(),
        end.sum() / (expected + mix).sum(),
        end.sum() / expected.sum(),
    ]
    close(gerfin, table(econgeo / "shiftshare_gerfin_Goettingen_2008_2017.csv"))
    # By industry REAT has no industry mix: its national share is at the industry's own rate.
    rows = [end - start, national + mix, regional, regional]
    close(rows, table(econgeo / "shiftshare_by_industry_dunn_2008_2017.csv"))


def test_laender(econgeo: Path) -> None:
    long = pd.read_csv(econgeo / "in_G_regions_industries.csv")
    wide = long.pivot_table(index="region_code", columns="ind_code", values="emp_all")
    jobs = wide.to_numpy()
    close(location_quotient(jobs), table(econgeo / "laender_location_quotient.csv").loc[wide.index])
    others = jobs.sum(axis=0) - jobs
    theirs = table(econgeo / "laender_krugman_spec_vs_rest.csv").loc[wide.index]
    close(structure.krugman(jobs, reference=others), theirs)
    # REAT's Gini of specialisation is that of the location quotients, unweighted.
    theirs = table(econgeo / "laender_gini_specialisation.csv").loc[wide.index]
    close(gini(location_quotient(jobs)), theirs)


def test_every_table_and_case_is_compared(econgeo: Path, reat: Path) -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    tables = [*econgeo.glob("*.csv"), *reat.glob("*.csv")]
    names = {path.stem for path in tables if not path.stem.startswith("in_")} | set(textbook(reat))
    assert {name for name in names if f'{name}"' not in source.replace(".csv", "")} == set()


def test_german_tables(reat: Path) -> None:
    long = pd.read_csv(reat / "in_G_regions_industries.csv")
    wide = long.pivot_table(index="region_code", columns="ind_code", values="emp_all")
    jobs = wide.to_numpy()
    quotient = pd.read_csv(reat / "out_locq2.csv")
    by_cell = quotient.pivot_table(index="j_region", columns="i_industry", values="LQ")
    close(location_quotient(jobs), by_cell.loc[wide.index, wide.columns])
    regions = table(reat / "out_region_specialisation.csv").loc[wide.index]
    close(structure.krugman(jobs), regions["krugman_spec_vs_total"])
    close(structure.krugman(jobs) / 2, regions["hoover_spec"])
    close(structure.herfindahl(jobs), regions["herf"])
    close(gini(location_quotient(jobs)), regions["gini_spec"])
    # The concentration of an industry over regions is the same with the axes exchanged.
    industries = table(reat / "out_industry_concentration.csv").loc[wide.columns]
    close(structure.krugman(jobs.T), industries["krugman_conc"])
    close(structure.herfindahl(jobs.T), industries["herf"])
    close(gini(location_quotient(jobs).T), industries["gini_conc"])


def test_goettingen(reat: Path) -> None:
    raw = pd.read_csv(reat / "in_Goettingen.csv")
    total, own = raw["Goettingen2017"].iloc[0], raw["Goettingen2017"].iloc[1:].to_numpy()
    nation = raw["BRD2017"].iloc[1:].to_numpy()
    # The region's published total is 3 % above the sum of its sections, the nation's is not:
    # the table of quotients uses it, the two figures of the manual use the sum.
    assert total > own.sum()
    of = location_quotient([own], region_total=[total], industry_total=nation)
    close(of[0], table(reat / "out_goettingen_lq2017.csv"))
    cases = textbook(reat)
    close_to_print(structure.krugman([own], reference=nation)[0], cases["krugman_specialisation"])
    by_sum = location_quotient([own], industry_total=nation)
    close_to_print(gini(by_sum)[0], cases["gini_regional_specialisation"])


def test_ellison_glaeser(reat: Path) -> None:
    plants = pd.read_csv(reat / "in_FK2014_EGC.csv")
    jobs = plants.pivot_table(index="region", columns="industry", values="emp_firm", aggfunc="sum")
    herfindahl = plants.groupby("industry")["emp_firm"].agg(lambda e: (e**2).sum() / e.sum() ** 2)
    theirs = table(reat / "out_ellison_glaeser_a2.csv")
    close(herfindahl, theirs["HHI.i"])
    # Region shares come from the sum of the four industries, as by default here.
    close(structure.ellison_glaeser(jobs.to_numpy(), herfindahl), theirs["Gamma.i"])


def textbook(reat: Path) -> dict[str, dict[str, object]]:
    """Return the textbook cases by measure, of which one has two."""
    cases = json.loads((reat / "textbook_values.json").read_text(encoding="utf-8"))
    named = {case["measure"]: case for case in cases}
    first = next(c for c in cases if c["measure"] == "gini_regional_specialisation")
    return {**named, "gini_regional_specialisation_of_a_book": first}


def close_to_print(ours: float, case: dict[str, object]) -> None:
    """Compare to the digits that the book prints."""
    digits = len(str(case["output"]).partition(".")[2])
    assert ours == pytest.approx(case["output"], abs=0.5000001 * 10**-digits)


def test_textbook_cases(reat: Path) -> None:
    cases = textbook(reat)
    pairs = {
        "gini_industry_concentration": ("E_ij", "E_j"),
        "gini_regional_specialisation_of_a_book": ("E_ij", "E_i"),
    }
    for measure, names in pairs.items():
        own, whole = (cases[measure]["inputs"][name] for name in names)
        close_to_print(gini(location_quotient([own], industry_total=whole))[0], cases[measure])
    case = cases["location_quotient"]
    given = case["inputs"]
    quotient = location_quotient(
        [[given["e_ij"]]],
        region_total=[given["e_j"]],
        industry_total=[given["e_i"]],
        total=given["e"],
    )
    close_to_print(quotient[0, 0], case)
    for measure in ("krugman_specialisation_vs_several", "krugman_concentration_vs_several"):
        # The mean of the others' shares, each counting once, is what the book compares with.
        rows = structure.shares(list(cases[measure]["inputs"].values()))
        ours = structure.krugman(rows[:1], reference=rows[1:].mean(axis=0))
        close_to_print(ours[0], cases[measure])
    numbers = [cases["herfindahl"]["inputs"]]
    herfindahl = structure.herfindahl(numbers)[0]
    close_to_print(herfindahl, cases["herfindahl"])
    close_to_print(1 / herfindahl, cases["herfindahl_equivalent_number"])
    close_to_print(
        structure.herfindahl(numbers, normalised=True)[0], cases["herfindahl_normalised"]
    )
    # REAT's "theil" is the mean log deviation: ours of equal shares against the data.
    numbers = np.array(cases["theil"]["inputs"])
    close_to_print(structure.theil([np.ones(numbers.size)], reference=numbers)[0], cases["theil"])
    case = cases["ellison_glaeser"]
    plants = np.array(case["inputs"]["plant_employment"])
    place = np.array(case["inputs"]["plant_region"])
    regions = case["inputs"]["region_employment"]
    jobs = [[plants[place == name].sum()] for name in regions]
    x = structure.shares(list(regions.values()))
    close_to_print(structure.ellison_glaeser(jobs, structure.herfindahl([plants]), x)[0], case)


@pytest.mark.parametrize(("kind", "cells"), [("traded", 2550), ("local", 800)])
def test_us_cluster_mapping(shared_clusters: Path, kind: str, cells: int) -> None:
    path = shared_clusters / "us_cluster_mapping" / "all_states_clusters.csv"
    long = pd.read_csv(path, dtype={"region_code_t": str})
    long = long[long["cluster_type"] == kind]
    assert len(long) == cells

    def wide(name: str) -> np.ndarray:
        return long.pivot_table(
            index="region_code_t", columns="cluster_code_t", values=name, dropna=False
        ).to_numpy(float)

    # Totals are those of the kind, traded or local; suppressed states are in the nation's.
    jobs, of_region, of_nation = (
        wide(n) for n in ("emp_tl", "region_emp_per_tf", "cluster_emp_per_tf")
    )
    has = jobs > 0
    # Shares are printed to eight digits: the totals are the whole persons they come from.
    of_cell = np.where(has, jobs, np.nan)
    region_total = np.round(np.nanmedian(of_cell / np.where(has, of_region, 1), axis=1))
    industry_total = np.round(np.nanmedian(of_cell / np.where(has, of_nation, 1), axis=0))
    ours = location_quotient(jobs, region_total=region_total, industry_total=industry_total)
    published = wide("lq_tf")
    np.testing.assert_allclose(ours[has], published[has], rtol=1e-6)
    assert (published[~has] == 0).all()
    assert (ours[~has] == 0).all()
    # A cluster that is not in a state has no rank there.
    rank = pd.DataFrame(np.where(has, ours, np.nan)).rank(method="min", ascending=False)
    np.testing.assert_array_equal(rank, wide("lq_tf_rank_i"))


def test_world_trade(trade: Path) -> None:
    text = {"country": str, "product": str}
    long = pd.read_csv(
        trade / "world_trade_avg_1998_to_2000.csv.gz", dtype=text, keep_default_na=False
    )
    value = pd.to_numeric(long["value"])
    # A pair that is not in the file was not traded: the file lists every flow.
    wide = long.assign(value=value).pivot_table(
        index="country", columns="product", values="value", fill_value=0
    )
    theirs = pd.read_csv(
        trade / "out_balassa_index_binary.csv.gz", index_col=0, keep_default_na=False
    )
    wide = wide.loc[theirs.index, theirs.columns]
    m = re.presence(location_quotient(wide.to_numpy(float)))
    np.testing.assert_array_equal(m, theirs.to_numpy())
    country, product = re.fitness(m, updates=19)
    for ours, name, index in (
        (country, "country", theirs.index),
        (product, "product", theirs.columns),
    ):
        path = trade / f"out_complexity_index_{name}.csv"
        published = pd.read_csv(path, dtype={name: str}, keep_default_na=False).set_index(name)
        expected = pd.to_numeric(published.loc[index, "complexity_index"]).to_numpy()
        close(ours, expected)
        np.testing.assert_array_equal(np.argsort(ours), np.argsort(expected))
