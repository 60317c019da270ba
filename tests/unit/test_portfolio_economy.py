"""Observations of a tiny world become the arrays of one year, and nothing is made up."""

from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3etl.nuts.convert import CONVERTED
from s3etl.portfolio.cells import State
from s3etl.portfolio.economy import Economy, Roles, fullest, of_years

ROLES = Roles("EMP", "WAGE", "UNIT")
DIVISIONS = ("C10", "C11", "F41", "F43")
NAN = np.nan

# Persons employed in 2020. ":" is not published, ":m" cannot exist, "c" is confidential.
CELLS = """
            C10     C11     F41    F43     C      F
    XA11    10      20      5      15      30     20
    XA12    30      :       8      12      70     20
    XB11    50      99c     0      40      150    40
    XB12    7       3       :m     :c      10     60
    XA      40      60      13     27      100    40
    XB      57      103     :c     :       160    100
    XAZZ    1000    1000    1000   1000    1000   1000
"""
BEFORE = """
            C10     C11     F41    F43     C      F
    XA11    11      21      6      16      32     22
    XA12    31      :       :      13      71     21
    XB11    :       :c      1      41      151    42
"""


def row(geo: str, series: str, period: str, text: str, version: str = "2024") -> dict[str, object]:
    """Return one observation: a number, a flag, or both."""
    number = text.strip(":cm")
    missing = "M" if text == ":m" else "O"
    return {
        "dataset": "tiny", "series": series, "geo": geo, "nuts_version": version,
        "period": period, "value": float(number) if number else None, "unit": "PERS",
        "obs_flag": text[-1] if text[-1] in "cm" else None,
        "obs_status": "A" if number else missing,
        "conf_status": "C" if text.endswith("c") else "F",
        "snapshot": "a", "conv_method": "none", "conv_exact": 1.0, "conv_missing": 0.0,
    }  # fmt: skip


def rows_of(text: str, period: str) -> list[dict[str, object]]:
    header, *lines = (line.split() for line in text.strip().splitlines())
    return [
        row(geo, f"{nace}.EMP", period, cell)
        for geo, *cells in lines
        for nace, cell in zip(header, cells, strict=True)
    ]


def world() -> list[dict[str, object]]:
    rows = rows_of(CELLS, "2020") + rows_of(BEFORE, "2019")
    rows += [
        row("XA11", "C10.WAGE", "2020", "0.4"),
        row("XA11", "C11.WAGE", "2020", "7c"),  # marked: never used
        row("XA", "C10.WAGE", "2020", "1.5"),
        row("XA11", "C10.UNIT", "2020", "2"),
        row("XA", "C10.UNIT", "2020", "9"),
        row("XA1", "C10.EMP", "2020", "40"),  # another level
        row("XA110", "C10.EMP", "2020", "4"),
        row("XA11", "G451.EMP", "2020", "3"),  # a group, not a division
        row("AT11", "C10.EMP", "2020", "3"),  # no country of the sample
        row("XA11", "C10.EMP", "2020", "555", "2016"),  # the same code of an older version
        row("XA19", "C10.EMP", "2020", "555", "2016"),
        row("XA13", "C10.EMP", "2018", "5"),  # in another year only
    ]
    for found in rows:
        if found["geo"] == "XB12":  # made of parts, which are known for some cells only
            found |= {"conv_method": "split", "conv_exact": 0.7}
            if found["series"] == "C10.EMP":
                found |= {"conv_method": "none", "conv_exact": 1.0}
    return rows


def table_of(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=CONVERTED)


def economies(rows: list[dict[str, object]]) -> dict[str, Economy]:
    return of_years(table_of(rows), ROLES, "sample", ["2019", "2020"])


@pytest.fixture(scope="module")
def now() -> Economy:
    return economies(world())["2020"]


def test_axes_are_the_codes_in_order(now: Economy) -> None:
    assert now.year == "2020"
    assert now.regions.tolist() == ["XA11", "XA12", "XB11", "XB12"]
    assert now.versions.tolist() == ["2024"] * 4
    assert now.divisions.tolist() == [*DIVISIONS]
    assert now.countries.tolist() == ["XA", "XB"]
    assert now.sections.tolist() == ["C", "F"]
    assert now.employment.country.tolist() == [0, 0, 1, 1]
    assert now.employment.section.tolist() == [0, 0, 1, 1]


def test_cells_and_their_states(now: Economy) -> None:
    p, zero, none, gone, secret = (
        State.PUBLISHED, State.ZERO, State.NOT_APPLICABLE, State.NOT_AVAILABLE, State.CONFIDENTIAL
    )  # fmt: skip
    assert now.employment.state.tolist() == [
        [p, p, p, p],
        [p, gone, p, p],
        [p, secret, zero, p],
        [p, p, none, secret],
    ]
    np.testing.assert_array_equal(
        now.employment.value,
        [[10, 20, 5, 15], [30, NAN, 8, 12], [50, NAN, 0, 40], [7, 3, NAN, NAN]],
    )
    assert now.flags.tolist() == [
        ["", "", "", ""],
        ["", "", "", ""],
        ["", "c", "", ""],
        ["", "", "m", "c"],
    ]


def test_margins_and_corners(now: Economy) -> None:
    np.testing.assert_array_equal(now.employment.rows, [[30, 20], [70, 20], [150, 40], [10, 60]])
    np.testing.assert_array_equal(now.employment.columns, [[40, 60, 13, 27], [57, 103, NAN, NAN]])
    np.testing.assert_array_equal(now.corners, [[100, 40], [160, 100]])


def test_wages_and_units(now: Economy) -> None:
    only = np.full((4, 4), NAN)
    only[0, 0] = 0.4
    np.testing.assert_array_equal(now.wages, only)
    np.testing.assert_array_equal(now.units, only * 5)
    np.testing.assert_array_equal(now.national_wages[:, 0], [1.5, NAN])
    np.testing.assert_array_equal(now.national_units[:, 0], [9, NAN])


def test_a_region_in_parts_is_divided_whatever_its_last_row_says(now: Economy) -> None:
    assert now.divided.tolist() == [False, False, False, True]
    assert now.conversion.tolist() == ["none", "none", "none", "split"]


def test_years_are_over_the_same_regions_and_divisions() -> None:
    found = economies(world())
    before = found["2019"]
    assert before.regions.tolist() == found["2020"].regions.tolist()
    np.testing.assert_array_equal(
        before.employment.value,
        [[11, 21, 6, 16], [31, NAN, NAN, 13], [NAN, NAN, 1, 41], [NAN] * 4],
    )
    assert (before.employment.state[3] == State.NOT_AVAILABLE).all()
    assert before.employment.state[2, 1] == State.CONFIDENTIAL
    assert np.isnan(before.corners).all()


def equal(one: Economy, two: Economy) -> None:
    for name in vars(one):
        if name != "employment":
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)
    for name in vars(one.employment):
        np.testing.assert_array_equal(
            getattr(one.employment, name), getattr(two.employment, name), err_msg=name
        )


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(len(world()))))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    rows = world()
    one, two = economies(rows), economies([rows[i] for i in order])
    equal(one["2020"], two["2020"])
    equal(one["2019"], two["2019"])


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_a_value_that_is_marked_confidential_is_never_used(value: int) -> None:
    rows = world()
    marked = [r for r in rows if r["conf_status"] == "C" and r["value"] is not None]
    assert len(marked) == 2
    for r in marked:
        r["value"] = float(value)
    equal(economies(world())["2020"], economies(rows)["2020"])


def test_a_country_no_matrix_carries_keeps_its_newest_version() -> None:
    rows = world() + [
        row("XE11", "C10.EMP", "2020", str(10 * i), version)
        for i, version in enumerate(("2010", "2021", "2016"))
    ]
    found = economies(rows)["2020"]
    assert (found.regions[-1], found.versions[-1]) == ("XE11", "2021")
    assert found.employment.value[-1, 0] == 10
    assert np.isnan(found.employment.columns[-1]).all()


def test_the_fullest_year_is_the_one_with_most_published_cells() -> None:
    rows = world()
    assert fullest(table_of(rows), ROLES, "sample", 3) == "2020"
    late = [row("XA11", "C10.EMP", "2021", "1")]
    assert fullest(table_of(rows + late), ROLES, "sample", 2) == "2020"
    assert fullest(table_of(rows + late), ROLES, "sample", 1) == "2021"
    # A value that is marked confidential is not published, nor is one of an older version.
    secret = [
        row(geo, f"{nace}.EMP", "2021", "5" + mark, version)
        for geo, nace in product(("XA11", "XA12", "XB11", "XB12"), DIVISIONS)
        for mark, version in (("c", "2024"), ("", "2016"))
    ]
    assert fullest(table_of(rows + secret), ROLES, "sample", 2) == "2020"


def test_of_equally_full_years_the_newest() -> None:
    rows = [row("XA11", "C10.EMP", year, "1") for year in ("2018", "2020", "2019")]
    assert fullest(table_of(rows), ROLES, "sample", 3) == "2020"


def test_nothing_published_has_no_year() -> None:
    assert fullest(table_of([row("XA", "C10.EMP", "2020", "1")]), ROLES, "sample", 3) is None
