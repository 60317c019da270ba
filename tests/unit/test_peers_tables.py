"""Structural variables from figures, statistics and portfolio, and the tables made of them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from s3etl.benchmark.comparison import load_comparison
from s3etl.benchmark.convergence_tables import convergence_table, dispersion_table
from s3etl.benchmark.gap_tables import Peers, gap_table
from s3etl.benchmark.panel import Panel, panel_of
from s3etl.benchmark.table import BENCHMARK
from s3etl.catalogue import METHOD, Method
from s3etl.declarations import read_declaration
from s3etl.errors import CatalogueError
from s3etl.nuts.convert import CONVERTED
from s3etl.peers import reference_regions, tables
from s3etl.peers.method import FILE, Dimension, PeersMethod, load_method
from s3etl.peers.structure import Structure, sections_of, structure

FIGURES = ("geo", "geo_level", "nuts_version", "ref_year", "value")
COMPARISON, BENCH = load_comparison(), read_declaration(METHOD, Method)


def figures(*rows) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(FIGURES, row, strict=True)) for row in rows])


def declared(**dimensions) -> PeersMethod:
    found = {name: Dimension.model_validate(d) for name, d in dimensions.items()}
    return load_method().model_copy(
        update={"dimensions": found, "number": 2, "similar_neighbour": 2, "draws": 20}
    )


def made(method: PeersMethod, given=None, sections=None, portfolio=None) -> Structure:
    return structure(
        given or {}, sections, portfolio or {}, method, origin="provider", dataset="sbs"
    )


def test_the_newest_value_that_is_not_too_old() -> None:
    method = declared(geo={"indicators": {"size": ["inhabitants"]}})
    found = made(
        method,
        {
            "inhabitants": figures(
                ("AT21", 2, "2024", 2020, 1.0),
                ("AT21", 2, "2024", 2022, None),
                ("AT22", 2, "2024", 2022, 2.0),
                ("AT22", 2, "2024", 2021, 3.0),
                ("AT31", 2, "2024", 2016, 4.0),  # six years before the newest
                ("AT", 0, "2024", 2022, 9.0),
                ("ATZZ", 2, "2024", 2022, 9.0),
                ("AT211", 3, "2024", 2022, 9.0),
            )
        },
    )
    assert found.regions.tolist() == ["AT21", "AT22"]
    assert found.value[:, 0].tolist() == [1, 2]
    assert found.years[:, 0].tolist() == [2020, 2022]
    assert found.sources == ("inhabitants",)


def test_the_first_indicator_that_has_figures() -> None:
    method = declared(education={"indicators": {"low": ["HUM03", "low"], "high": ["HUM02"]}})
    none = figures(("AT21", 2, "2024", 2022, None))
    found = made(method, {"HUM03": none, "low": figures(("AT21", 2, "2024", 2015, 8.0))})
    assert found.sources == ("low", "")
    assert np.isnan(found.value[0, 1])


def test_each_country_in_its_newest_version() -> None:
    method = declared(geo={"indicators": {"a": ["a"], "b": ["b"]}})
    found = made(
        method,
        {
            "a": figures(("UKI1", 2, "2010", 2020, 1.0), ("UKI3", 2, "2021", 2020, 2.0)),
            "b": figures(("UKI3", 2, "2021", 2020, 3.0), ("AT21", 2, "2024", 2020, 4.0)),
        },
    )
    assert list(zip(found.regions, found.versions, strict=True)) == [
        ("AT21", "2024"),
        ("UKI3", "2021"),
    ]
    np.testing.assert_array_equal(found.value, [[np.nan, 4], [2, 3]])


def observation(series, geo, value, *, conf="F", period="2014") -> dict[str, object]:
    row = dict.fromkeys(CONVERTED.names)
    return row | {
        "series": series,
        "geo": geo,
        "nuts_version": "2024",
        "period": period,
        "value": value,
        "conf_status": conf,
    }


def business() -> pa.Table:
    """Two sections; in the second region section B is confidential."""
    rows = [
        observation("B.V16110", "AT21", 100.0),
        observation("C.V16110", "AT21", 300.0),
        observation("C.V16110", "AT21", 999.0, period="2013"),
        observation("C.V11210", "AT21", 9.0),
        observation("B.V16110", "AT22", 50.0, conf="C"),
        observation("C.V16110", "AT22", 200.0),
        observation("C.V16110", "AT31", 0.0),
        observation("B.V16110", "AT31", 0.0),
    ]
    return sections_of(pa.Table.from_pylist(rows, schema=CONVERTED), "V16110", 2014)


CELLS = pa.Table.from_pylist(
    [
        {"geo": g, "nuts_version": "2024", "ref_year": 2014, "nace_r2": n, "employment": e}
        for g, n, e in (
            ("AT21", "C10", 60.0),
            ("AT21", "C24", 0.0),
            ("AT22", "C10", 50.0),
            ("AT22", "C24", None),  # hidden in the portfolio
        )
    ]
)


def test_shares_are_of_published_sections_and_shown_cells_only() -> None:
    method = declared(
        sectors={"sections": ["B", "C"], "whole": ["B", "C"], "divisions": ["C10", "C24"]}
    )
    found = made(method, sections=business(), portfolio={"portfolio_cell": CELLS})
    assert found.regions.tolist() == ["AT21", "AT22"]
    expected = [[0.25, 0.75, 0.2, 0.0], [np.nan, np.nan, 0.25, np.nan]]
    np.testing.assert_array_equal(found.value, expected)
    assert set(found.sources) == {"sbs"}
    assert 50.0 not in business()["value"].to_pylist()
    # Of a whole without B all shares are known but its own.
    method = declared(sectors={"sections": ["B", "C"], "whole": ["C"]})
    found = made(method, sections=business())
    np.testing.assert_array_equal(found.value, [[1 / 3, 1], [np.nan, 1]])


def test_an_indicator_of_the_portfolio() -> None:
    rows = [
        {"indicator_id": i, "geo": "AT21", "nuts_version": "2024", "ref_year": 2014, "value": v}
        for i, v in (("B-19", 1.5), ("B-01", 0.5))
    ]
    method = declared(size={"portfolio": {"plants": "B-19", "none": "B-99"}})
    found = made(method, portfolio={"portfolio_indicator": pa.Table.from_pylist(rows)})
    assert found.value[0, 0] == 1.5
    assert found.sources == ("B-19", "")


def test_nothing_at_all() -> None:
    method = declared(sectors={"sections": ["C"], "whole": ["C"], "divisions": ["C10"]})
    found = made(method)
    assert found.value.shape == (0, 2)
    with pytest.raises(ValueError, match="no structural variable has data"):
        reference_regions(found.value, found.dimensions, method=method)


WORLD = {
    "a": figures(*((f"AT{i}1", 2, "2024", 2020, float(i)) for i in range(1, 5))),
    "b": figures(*((f"AT{i}1", 2, "2024", 2020, float(i % 3)) for i in range(1, 4))),
    "c": figures(*((f"AT{i}1", 2, "2024", 2020, 7.0) for i in range(1, 5))),
}


def test_published_tables() -> None:
    method = declared(
        geo={"indicators": {"a": ["a"], "c": ["c"]}},
        firm={"indicators": {"b": ["b"], "d": ["d"]}},
        openness={"without": "no source"},
    )
    of = made(method, WORLD)
    found = reference_regions(of.value, of.dimensions, of.countries, method=method)
    rows = tables.reference_table(of, found, tables.ALL, method).to_pylist()
    assert {r["variant"] for r in rows} == {"S2: geo, firm"}
    first = [r for r in rows if r["geo"] == "AT11"]
    assert [r["place"] for r in first] == [1, 2]
    assert first[0]["distance"] <= first[1]["distance"]
    assert all(r["same_country"] for r in rows if r["reference"])
    (without,) = [r for r in rows if r["reference"] is None]
    assert without["geo"] == "AT41"  # b is half of the weight
    assert without["missing_because"] == "it has data for less than 80% of the weight"
    assert without["coverage"] == 0.5
    assert without["place"] is without["distance"] is without["stability"] is None
    assert {r["standing"] for r in rows} <= {"core", "likely", None}
    for r in rows:
        if r["reference"]:
            word = "core" if r["stability"] >= 0.8 else "likely" if r["stability"] >= 0.5 else None
            assert r["standing"] == word
    (one,) = tables.set_table(of, {tables.ALL: found}, method).to_pylist()
    assert (one["regions"], one["regions_without"]) == (3, 1)
    assert one["left_out"] == (
        "openness: no source; c: it is the same in all regions; d: none of its sources has data"
    )
    told = tables.variable_table(of, found, method).to_pylist()
    assert len(told) == 11  # c has values, no weight, and is not treated
    assert {r["weight"] for r in told if r["variable"] == "c"} == {0}
    assert {r["treated"] for r in told if r["variable"] == "c"} == {None}
    # Distances can be computed again from what is published.
    x = {(r["geo"], r["variable"]): r["treated"] for r in told}
    for r in first:
        again = sum((x["AT11", v] - x[r["reference"], v]) ** 2 / 2 for v in ("a", "b"))
        assert r["distance"] == pytest.approx(again)


def test_abroad_there_may_be_nobody() -> None:
    method = declared(geo={"indicators": {"a": ["a"]}})
    of = made(method, WORLD)
    found = reference_regions(of.value, of.dimensions, of.countries, abroad=True, method=method)
    rows = tables.reference_table(of, found, tables.ABROAD, method).to_pylist()
    assert {r["missing_because"] for r in rows} == {"there is no other region to compare it with"}
    (one,) = tables.set_table(of, {tables.ABROAD: found}, method).to_pylist()
    assert one["near"] is one["plausible"] is None


GEOS = [f"AT1{i}" for i in range(8)]


def ranked(values, *, direction="+", years=(2020,), level="NUTS 2") -> pa.Table:
    """Benchmark rows: values by year and region, with an interval two standard deviations wide."""
    rows = []
    for year, row in zip(years, np.atleast_2d(values), strict=True):
        for geo, value in zip(GEOS, row, strict=False):
            there = not np.isnan(value)
            told = {"indicator_id": "X1", "geo": geo, "nuts_version": "2024", "ref_year": year}
            told |= {"geo_level": level, "unit": "%", "direction": direction, "rankable": there}
            told |= {"value": float(value), "interval_low": value - 1, "interval_high": value + 1}
            rows.append(dict.fromkeys(BENCHMARK.names) | told)
    return pa.Table.from_pylist(rows, schema=BENCHMARK)


PEOPLE = figures(*((g, 2, "2024", 2019, 100.0) for g in GEOS))


def panel(*args, **kwargs) -> Panel:
    found = panel_of(ranked(*args, **kwargs), PEOPLE, window=10, reach=2.0)
    assert found is not None
    return found


def peers(size: int = 8) -> Peers:
    """Everybody of some regions is a reference of everybody else."""
    regions = pd.MultiIndex.from_arrays([GEOS[:size], ["2024"] * size])
    return Peers(regions, ~np.eye(size, dtype=bool))


@pytest.mark.parametrize("direction", ["+", "-"])
def test_gaps_are_positive_for_who_is_behind(direction) -> None:
    sign = 1 if direction == "+" else -1
    values = sign * np.arange(10.0, 90.0, 10) + (0 if sign > 0 else 100)
    rows = gap_table(panel(values, direction=direction), peers(), COMPARISON, BENCH).to_pylist()
    front = np.percentile(np.arange(10.0, 90.0, 10), 90)
    first, best = rows[0], rows[-1]
    assert first["frontrunner_gap"] == pytest.approx(front - 10)
    assert first["front"] == pytest.approx(sign * front + (0 if sign > 0 else 100))
    assert best["frontrunner_gap"] < 0
    for row in rows:
        total = row["structural_gap"] + row["catch_up_gap"]
        assert total == pytest.approx(row["frontrunner_gap"])
        assert row["references_compared"] == 7
    assert (first["band"], best["band"]) == (5, 1)
    assert (first["performance_group"] is None) == (direction == "-")


def test_why_a_gap_is_not_split() -> None:
    rows = gap_table(panel(np.arange(8.0)), peers(4), COMPARISON, BENCH).to_pylist()
    assert [r["missing_because"] for r in rows] == [
        *["fewer than 5 of its reference regions are ranked"] * 4,
        *["it has no reference regions"] * 4,
    ]
    assert all(r["structural_gap"] is None for r in rows)
    assert all(r["frontrunner_gap"] is not None for r in rows)
    nobody = Peers(peers(0).regions, np.zeros((0, 0), bool))
    rows = gap_table(panel(np.arange(8.0)), nobody, COMPARISON, BENCH).to_pylist()
    assert {r["missing_because"] for r in rows} == {"it has no reference regions"}


def test_groups_are_per_cent_of_the_mean_of_inhabitants() -> None:
    values = np.array([50.0, 90, 90, 110, 110, 110, 110, 130])
    rows = gap_table(panel(values), peers(), COMPARISON, BENCH).to_pylist()
    assert {r["base"] for r in rows} == {100}
    words = [r["performance_group"] for r in rows]
    assert words == ["emerging", *["moderate"] * 2, *["strong"] * 4, "leader"]
    assert min(r["p_group"] for r in rows) > 0.99


def test_trend_of_the_own_gap() -> None:
    """The first region catches up by 1 a year, all others stand still."""
    values = np.full((5, 8), 50.0)
    values[:, 0] = 30 + np.arange(5)
    found = panel(values, years=range(2016, 2021))
    rows = gap_table(found, peers(), COMPARISON, BENCH).to_pylist()
    assert rows[0]["trend"] == pytest.approx(-1)
    assert [r["trend"] for r in rows[1:]] == pytest.approx([0] * 7)
    assert rows[0]["trend_years"] == 5


def test_convergence_and_dispersion_of_a_panel() -> None:
    start = np.array([20.0, 30, 50, 80, 100, 120, 140, np.nan])
    values = np.stack([np.where(start > 100, start, np.nan), start, 100 * np.sqrt(start / 100)])
    values[-1, -1] = 77.0
    found = panel(values, years=(2010, 2011, 2020))
    (row,) = convergence_table(found, COMPARISON).to_pylist()
    assert (row["first_year"], row["last_year"], row["regions"]) == (2011, 2020, 7)
    assert row["half_life"] == pytest.approx(9)
    assert row["rank_mobility"] == 0
    assert row["missing_because"] is None
    rows = dispersion_table(found, COMPARISON).to_pylist()
    assert [r["ref_year"] for r in rows] == [2020]  # nobody's inhabitants are known before 2019


@pytest.mark.parametrize(
    ("values", "years", "why"),
    [
        (np.arange(1.0, 9.0), (2020,), "there is one year only"),
        (np.arange(16.0).reshape(2, 8), (2019, 2020), "logarithms need values above 0"),
        (np.ones((2, 8)), (2019, 2020), "too few regions have a value in both years"),
    ],
)
def test_why_there_is_no_beta(values, years, why) -> None:
    (row,) = convergence_table(panel(values, years=years), COMPARISON).to_pylist()
    assert row["missing_because"] == why
    assert row["beta"] is row["half_life"] is None


def test_other_levels_take_no_part() -> None:
    assert panel_of(ranked(np.arange(8.0), level="NUTS 3"), PEOPLE, window=10, reach=2.0) is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("omega: equal", "omega: best", "omega"),
        ("core: 0.8", "core: 0.4", "likely is at most core"),
        ("openness: {without: ", "openness: {nothing: ", "there is no such field"),
        ("      old: [", "      C10: [", "C10 is the name of two variables"),
        ("    whole: [C, F", "    divisions_of: [C, F", "there is no such field"),
        ("    sections: [B", "    # sections: [B", "give both"),
        ("      old: [old_age_dependency]", "      old: []", "at least one indicator"),
    ],
)
def test_a_wrong_declaration_names_file_and_field(tmp_path, old, new, said) -> None:
    text = FILE.read_text()
    assert old in text
    (tmp_path / "method.yaml").write_text(text.replace(old, new))
    with pytest.raises(CatalogueError, match=said):
        read_declaration(tmp_path / "method.yaml", PeersMethod)


def test_every_indicator_it_names_is_declared() -> None:
    from pipelines.workspace import load_catalogue
    from s3etl.portfolio.indicators import INDICATORS
    from s3etl.portfolio.method import load_method as portfolio_method

    catalogue, method = load_catalogue(), load_method()
    assert set(method.indicators) <= set(catalogue.computed)
    for dimension in method.dimensions.values():
        assert set(dimension.portfolio.values()) <= set(INDICATORS)
        for dataset in portfolio_method().datasets:
            codes = catalogue.datasets[dataset].dimensions["nace_r2"]
            assert {*dimension.sections, *dimension.divisions} <= set(codes)
