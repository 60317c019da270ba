"""How values are carried from one NUTS version to another, by small tables (methodology 6)."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3etl.nuts.convert import convert
from s3etl.nuts.recipes import recipe, uncovered
from s3etl.nuts.tables import CODES, MATRICES
from s3etl.nuts.vintage import newest_in, newest_in_force, versions_of
from s3etl.observations import SCHEMA

# Origin, destination, inhabitants of the intersection. From 2021 to 2024:
POPULATION = """
    AT11 AT11 100        # stays
    AT12 AT19 100        # has another code
    AT21 AT20  60        # two become one
    AT22 AT20  40
    AT31 AT35  75        # one becomes two
    AT31 AT36  25
    AT32 AT32 998        # a village moves
    AT32 AT33   2
    AT33 AT33 998
"""


def matrices(text=POPULATION, version="2021", to="2024"):
    rows = []
    for line in text.split("\n"):
        if cells := line.split("#")[0].split():
            weights = dict.fromkeys(
                ("area", "pop11", "pop21", "artif12", "artif18", "built_up"), 0.0
            )
            weights |= {"pop21": float(cells[2]), "area": float(cells[-1])}
            key = {"level": len(cells[0]) - 2, "from_version": version, "to_version": to}
            rows.append(key | {"from_geo": cells[0], "to_geo": cells[1]} | weights)
    return pa.Table.from_pylist(rows, schema=MATRICES)


def observations(*cells, unit="THS"):
    """Rows of (geo, version, value, flag) in one series and year."""
    rows = [
        {
            "dataset": "tiny",
            "series": unit,
            "geo": geo,
            "nuts_version": version,
            "period": "2020",
            "unit": unit,
            "value": value,
            "obs_flag": flag,
            "obs_status": "A",
            "conf_status": "C" if flag == "c" else "F",
            "snapshot": "a",
        }
        for geo, version, value, flag in cells
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def converted(table, of=None, **options):
    options = {"extensive": ("THS",)} | options
    found = convert(table, of or matrices(), **options)
    return {(r["geo"], r["nuts_version"]): r for r in found.observations.to_pylist()}


def value(rows, geo, version="2024"):
    row = rows[geo, version]
    return row["value"], row["conv_method"], row["conv_exact"], row["obs_flag"]


OLD = observations(
    ("AT11", "2021", 10.0, None),
    ("AT12", "2021", 20.0, "p"),
    ("AT21", "2021", 6.0, "b"),
    ("AT22", "2021", 4.0, None),
    ("AT31", "2021", 40.0, None),
    ("AT32", "2021", 500.0, None),
    ("AT33", "2021", 100.0, None),
)


def test_a_region_that_stays_is_as_it_was():
    assert value(converted(OLD), "AT11") == (10.0, "none", 1.0, None)


def test_a_new_code_is_a_recode():
    rows = converted(OLD)
    assert value(rows, "AT19") == (20.0, "recode", 1.0, "p")
    assert ("AT12", "2021") not in rows


def test_a_sum_over_merged_regions_with_the_flags_of_all():
    assert value(converted(OLD), "AT20") == (10.0, "merge", 1.0, "b")


def test_a_rate_of_merged_regions_is_their_mean_by_population():
    rows = converted(OLD, extensive=())
    assert value(rows, "AT20") == (pytest.approx(0.6 * 6 + 0.4 * 4), "merge", 1.0, "b")


def test_a_sum_is_shared_out_when_a_region_is_divided_and_is_then_an_estimate():
    rows = converted(OLD)
    assert value(rows, "AT35") == (30.0, "split", 0.75, "e")
    assert value(rows, "AT36") == (10.0, "split", 0.25, "e")
    assert rows["AT35", "2024"]["obs_status"] == "E"


def test_a_rate_of_a_divided_region_is_that_of_the_whole():
    rows = converted(OLD, extensive=())
    assert (value(rows, "AT35")[0], value(rows, "AT36")[0]) == (40.0, 40.0)


def test_the_original_of_a_divided_or_merged_region_is_kept_beside():
    rows = converted(OLD)
    assert value(rows, "AT31", "2021") == (40.0, "none", 1.0, None)
    assert value(rows, "AT22", "2021") == (4.0, "none", 1.0, None)


def test_a_village_that_moves_leaves_both_regions_nearly_exact():
    rows = converted(OLD)
    assert rows["AT32", "2024"]["value"] == pytest.approx(499.0)
    assert rows["AT33", "2024"]["value"] == pytest.approx(101.0)
    assert rows["AT32", "2024"]["conv_exact"] == pytest.approx(0.998)
    assert rows["AT33", "2024"]["conv_exact"] == pytest.approx(0.998)
    assert rows["AT33", "2024"]["obs_flag"] is None


def test_an_origin_without_a_value_counts_as_missing_never_as_zero():
    little = matrices("AT21 AT20 95\nAT22 AT20 5")
    much = matrices("AT21 AT20 80\nAT22 AT20 20")
    half_known = observations(("AT21", "2021", 9.5, None), ("AT22", "2021", None, "u"))
    row = converted(half_known, little)["AT20", "2024"]
    assert row["value"] == pytest.approx(9.5 / 0.95)
    assert (row["conv_missing"], row["obs_flag"]) == (pytest.approx(0.05), "e")
    row = converted(half_known, much)["AT20", "2024"]
    assert (row["value"], row["conv_missing"]) == (None, pytest.approx(0.2))
    assert (row["obs_flag"], row["obs_status"]) == ("u", "U")


def test_an_origin_that_is_not_in_the_file_is_missing_too():
    row = converted(observations(("AT21", "2021", 6.0, None)))["AT20", "2024"]
    assert (row["value"], row["conv_missing"]) == (None, pytest.approx(0.4))


def test_a_confidential_origin_makes_a_confidential_destination():
    rows = converted(observations(("AT21", "2021", 6.0, None), ("AT22", "2021", None, "c")))
    row = rows["AT20", "2024"]
    assert (row["value"], row["conf_status"], row["obs_status"]) == (None, "C", "Q")


def test_old_and_new_codes_in_one_year_are_not_counted_twice():
    """The version that is complete is taken; of two complete ones what was published newer."""
    both = observations(
        ("AT31", "2021", 40.0, None), ("AT35", "2024", 29.0, None), ("AT36", "2024", None, None)
    )
    rows = converted(both)
    assert value(rows, "AT35") == (29.0, "none", 1.0, None)
    assert value(rows, "AT36") == (10.0, "split", 0.25, "e")


def test_what_no_matrix_covers_stays_in_its_own_version():
    table = observations(("UKC1", "2021", 5.0, None), ("AT", "2024", 9.0, None))
    rows = converted(table)
    assert value(rows, "UKC1", "2021") == (5.0, "none", 1.0, None)
    assert value(rows, "AT") == (9.0, "none", 1.0, None)
    codes = pa.Table.from_pylist(
        [{"version": "2021", "geo": geo, "level": 2} for geo in ("UKC1", "AT12")], schema=CODES
    )
    assert uncovered(codes, matrices()).column("geo").to_pylist() == ["UKC1"]


def test_land_is_shared_out_by_area():
    """The last column is the area."""
    by_area = matrices("AT31 AT35 75 10\nAT31 AT36 25 30")
    rows = converted(observations(("AT31", "2021", 40.0, None)), by_area, weight="area")
    assert (value(rows, "AT35")[0], value(rows, "AT36")[0]) == (10.0, 30.0)


def test_each_value_names_the_originals_it_used_and_their_shares():
    found = convert(OLD, matrices(), extensive=("THS",))
    geos = found.observations.column("geo").to_pylist()
    versions = found.observations.column("nuts_version").to_pylist()
    origins = found.source.column("geo").to_pylist()
    row = next(i for i, g in enumerate(geos) if (g, versions[i]) == ("AT33", "2024"))
    which, origin, share = found.origins_of(np.array([row, row]))
    assert which.tolist() == [0, 0, 1, 1]
    used = {origins[o]: s for o, s in zip(origin, share, strict=True)}
    assert used == {"AT32": pytest.approx(0.002), "AT33": 1.0}


def test_a_recipe_says_how_each_region_is_made():
    rows = recipe(matrices(), 2, "2021").to_pylist()
    found = {(r["from_geo"], r["to_geo"]): (r["conv_method"], r["share_of_origin"]) for r in rows}
    assert found["AT31", "AT35"] == ("split", 0.75)
    assert found["AT21", "AT20"] == ("merge", 1.0)
    assert found["AT12", "AT19"] == ("recode", 1.0)


SLIVERS = matrices("AT11 AT11 9998\nAT11 AT12 2\nAT12 AT12 5000")
"""A sliver of AT11 lies in AT12: both are one to one all the same."""


def test_a_sliver_is_no_split_and_a_region_that_did_not_change_keeps_its_published_value():
    rows = converted(
        observations(("AT11", "2021", 100.0, "b"), ("AT12", "2021", 10.0, None)), SLIVERS
    )
    assert value(rows, "AT11") == (100.0, "none", 1.0, "b")
    assert value(rows, "AT12") == (10.0, "none", 1.0, None)
    assert set(rows) == {("AT11", "2024"), ("AT12", "2024")}


def test_a_sliver_alone_does_not_make_a_row():
    rows = converted(observations(("AT11", "2021", 100.0, None)), SLIVERS)
    assert set(rows) == {("AT11", "2024")}


def test_a_place_that_a_large_region_takes_in_is_added_and_kept_beside():
    taken_in = matrices("AT11 AT11 99990\nAT12 AT11 10")
    rows = converted(
        observations(("AT11", "2021", 100.0, None), ("AT12", "2021", 7.0, None)), taken_in
    )
    assert value(rows, "AT11")[:2] == (107.0, "none")
    assert value(rows, "AT12", "2021")[:2] == (7.0, "none")


def test_what_the_newest_version_does_not_have_meets_in_the_last_one_that_has_it():
    """As the United Kingdom, which left before 2024: two vintages of it meet in 2021."""
    rows = [*matrices().to_pylist(), *matrices("UKD2 UKD6 100", "2010", "2021").to_pylist()]
    both = pa.Table.from_pylist(rows, schema=MATRICES)
    found = converted(observations(("UKD2", "2010", 5.0, None), ("AT11", "2021", 1.0, None)), both)
    assert value(found, "UKD6", "2021") == (5.0, "recode", 1.0, None)
    assert value(found, "AT11") == (1.0, "none", 1.0, None)
    assert ("UKD2", "2010") not in found


def test_where_nobody_lives_the_area_shares_out_and_never_stands_beside_people():
    """AT22 is empty and large: it adds to sums and says nothing about means."""
    empty = matrices("AT21 AT20 100 10\nAT22 AT20 0 900\nAT22 AT29 0 100\nAT23 AT29 50 5")
    cells = [("AT21", "2021", 1.0, None), ("AT22", "2021", 9.0, None), ("AT23", "2021", 3.0, None)]
    sums = converted(observations(*cells), empty)
    assert (value(sums, "AT20")[0], value(sums, "AT29")[0]) == (
        pytest.approx(1 + 8.1),
        pytest.approx(3 + 0.9),
    )
    means = converted(observations(*cells), empty, extensive=())
    assert (value(means, "AT20")[0], value(means, "AT29")[0]) == (1.0, 3.0)


def test_what_has_neither_people_nor_area_is_not_covered():
    nowhere = matrices("AT21 AT20 100 10\nAT22 AT20 0 0")
    rows = converted(
        observations(("AT21", "2021", 1.0, None), ("AT22", "2021", 9.0, None)), nowhere
    )
    assert value(rows, "AT22", "2021") == (9.0, "none", 1.0, None)
    assert value(rows, "AT20")[0] == 1.0


def test_what_was_suppressed_in_the_new_version_stays_suppressed():
    rows = converted(observations(("AT31", "2021", 40.0, None), ("AT36", "2024", None, "c")))
    assert (value(rows, "AT36")[0], rows["AT36", "2024"]["conf_status"]) == (None, "C")
    assert value(rows, "AT35")[0] == 30.0


def test_a_published_gap_is_not_replaced_by_a_converted_one():
    rows = converted(observations(("AT20", "2024", None, "u"), ("AT21", "2021", 6.0, None)))
    assert value(rows, "AT20") == (None, "none", 1.0, "u")


def test_of_two_versions_of_origins_the_more_complete_is_taken_then_the_newer():
    """AT20 out of AT21 and AT22 of 2021, or out of AT2X of 2016; never out of both."""
    both = pa.concat_tables([matrices(), matrices("AT2X AT20 100", version="2016")])
    older = ("AT2X", "2016", 99.0, None)
    rows = converted(observations(older, ("AT21", "2021", 6.0, None)), both)
    assert value(rows, "AT20") == (99.0, "recode", 1.0, None)
    newer = [("AT21", "2021", 6.0, None), ("AT22", "2021", 4.0, None)]
    assert value(converted(observations(older, *newer), both), "AT20")[0] == 10.0


def test_a_mean_over_a_missing_origin_is_that_of_the_others():
    little = matrices("AT21 AT20 95\nAT22 AT20 5")
    known = observations(("AT21", "2021", 9.5, None), ("AT22", "2021", None, "c"), unit="PC")
    row = converted(known, little)["AT20", "2024"]
    assert (row["value"], row["conv_missing"]) == (pytest.approx(9.5), pytest.approx(0.05))


VALUES = st.lists(st.floats(0, 1e6, allow_nan=False), min_size=7, max_size=7)


def of_values(values, unit="THS"):
    geos = ("AT11", "AT12", "AT21", "AT22", "AT31", "AT32", "AT33")
    cells = [(g, "2021", v, None) for g, v in zip(geos, values, strict=True)]
    return observations(*cells, unit=unit)


@given(VALUES)
def test_law_sums_keep_their_total(values):
    rows = converted(of_values(values))
    total = sum(r["value"] for (_, version), r in rows.items() if version == "2024")
    assert total == pytest.approx(sum(values), rel=1e-9, abs=1e-9)


@given(VALUES)
def test_law_a_rate_lies_between_those_it_is_made_of(values):
    rows = converted(of_values(values, unit="PC"))
    new = [r["value"] for (_, version), r in rows.items() if version == "2024"]
    assert min(values) - 1e-6 <= min(new)
    assert max(new) <= max(values) + 1e-6


@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_law_a_rate_that_is_the_same_everywhere_stays(rate):
    rows = converted(of_values([rate] * 7, unit="PC"))
    new = [r["value"] for (_, version), r in rows.items() if version == "2024"]
    assert new == pytest.approx([rate] * len(new), rel=1e-12, abs=1e-12)


WEIGHTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.floats(0, 1e6)),
    min_size=1,
    max_size=16,
    unique_by=lambda row: row[:2],
)


@example([(0, 0, 0.0), (1, 0, 0.5), (1, 1, 1000.0)], [1.0, 2.0, 0.0, 0.0])  # nobody lives in AT10
@given(WEIGHTS, st.lists(st.floats(0, 1e6, allow_nan=False), min_size=4, max_size=4))
def test_law_any_matrix_keeps_totals_and_shares_sum_to_one(weights, values):
    """Weights of any size, slivers among them; all origins have a value."""
    text = "\n".join(f"AT1{i} AT2{j} {w!r} {w + 1!r}" for i, j, w in weights)
    origins = sorted({i for i, *_ in weights})
    table = observations(*((f"AT1{i}", "2021", values[i], None) for i in origins))
    found = convert(table, matrices(text), extensive=("THS",))
    new = [r for r in found.observations.to_pylist() if r["nuts_version"] == "2024"]
    assert sum(r["value"] for r in new) == pytest.approx(
        sum(values[i] for i in origins), rel=1e-9, abs=1e-9
    )
    rows = found.observations.column("nuts_version").to_pylist()
    is_new = np.array([version == "2024" for version in rows])
    used = np.bincount(found.origin, found.share * is_new[found.row], len(origins))
    assert used == pytest.approx(np.ones(len(origins)))


@given(VALUES, st.permutations(range(7)))
def test_law_the_order_of_rows_does_not_matter(values, order):
    table = of_values(values)
    assert converted(table) == converted(table.take(pa.array(order)))


# Which version a code is of: by country and year, by what has values there.

LISTS = {
    "2010": "FR10 FR91 AT11 HR03 HR04",
    "2013": "FR10 FRA1 AT11 HR03 HR04",
    "2021": "FRA1 FR10 AT11 HR03 HR02 HR05 HR06",
    "2024": "FRA1 FR10 AT11 HR03 HR02 HR05 HR06",
}


def vintage(cells, newest="2024"):
    """Version by (geo, year); cells are (geo, year, has a value)."""
    codes = pa.Table.from_pylist(
        [
            {"version": v, "geo": geo, "level": len(geo) - 2}
            for v, geos in LISTS.items()
            for geo in geos.split()
        ],
        schema=CODES,
    )
    table = pa.table(
        {
            "geo": pa.array([c[0] for c in cells]).dictionary_encode(),
            "period": pa.array([c[1] for c in cells]).dictionary_encode(),
            "value": pa.array([1.0 if c[2] else None for c in cells]),
        }
    )
    versions, index = versions_of(table, codes, newest=newest, origin="provider")
    return {c[:2]: versions[i] if i >= 0 else None for c, i in zip(cells, index, strict=True)}


def test_a_code_without_change_is_of_the_version_of_its_neighbours():
    found = vintage(
        [
            ("FR10", "2012", True),
            ("FR91", "2012", True),
            ("FRA1", "2012", False),
            ("FR10", "2013", True),
            ("FRA1", "2013", True),
            ("FR91", "2013", False),
        ],
        newest="2013",
    )
    assert found["FR10", "2012"] == found["FR91", "2012"] == "2010"
    assert found["FR10", "2013"] == found["FRA1", "2013"] == "2013"
    assert found["FR91", "2013"] == "2010"


def test_an_old_code_that_lives_on_beside_its_successors_keeps_its_own_version():
    geos = ("HR02", "HR03", "HR04", "HR05", "HR06")
    found = vintage([(geo, "2020", True) for geo in geos], newest="2021")
    assert found["HR04", "2020"] == "2013"
    assert {found[geo, "2020"] for geo in geos if geo != "HR04"} == {"2021"}


def test_where_codes_leave_a_choice_it_is_the_newest_that_was_in_force():
    assert vintage([("AT11", "2012", True)], newest="2013")["AT11", "2012"] == "2013"
    assert newest_in_force("2024", "2017-07-31T14:35:14+00:00") == "2013"
    assert newest_in_force("2021", "2026-01-01T00:00:00+00:00") == "2021"
    assert newest_in_force("2024", None) == "2024"


def test_newer_codes_than_expected_are_seen_as_what_they_are():
    assert vintage([("HR02", "2020", True)], newest="2013")["HR02", "2020"] == "2021"


def test_what_is_no_region_has_no_version_and_countries_meet_in_one():
    cells = [("EU28", "2012", True), ("ATZZ", "2012", True), ("AT", "2012", True)]
    cells.append(("TR10", "2012", True))
    found = vintage(cells, newest="2013")
    assert found == {
        ("EU28", "2012"): None,
        ("ATZZ", "2012"): None,
        ("AT", "2012"): "2024",
        ("TR10", "2012"): "2024",
    }


def test_codes_of_no_version_up_to_the_declared_one_prove_a_newer_one():
    codes = pa.Table.from_pylist(
        [
            {"version": version, "geo": geo, "level": len(geo) - 2}
            for version, geos in LISTS.items()
            for geo in geos.split()
        ],
        schema=CODES,
    )

    def proven(*geos, declared):
        table = pa.table({"geo": pa.array(geos).dictionary_encode()})
        return newest_in(table, codes, declared=declared)

    assert proven("FR10", "HR02", "HR05", "TR10", "EU28", declared="2013") == (
        "2021",
        ("HR02", "HR05"),
    )
    assert proven("FRA1", "HR02", declared="2010") == ("2021", ("HR02",))
    assert proven("FR91", "FRA1", declared="2013") == ("2013", ())
