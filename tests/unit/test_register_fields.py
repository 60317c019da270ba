"""What a cell means, field kind by field kind: read, mended with a note, or left with a reason."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.registers.kinds import Field
from sources.fields import entries, read_field

COUNT = Field("members", "count", "members")
NUMBER = Field("budget", "number", "budget")
VALUE = Field("value", "number", "figure", strict=True)
YEAR = Field("founded", "year", "year")
DATE = Field("confirmed", "date", "date")
FLAG = Field("s3_tied", "flag", "tied")
CHOICE = Field("label", "choice", "label", choices=("bronze", "silver", "gold"))
LINK = Field("website", "link", "address")
COUNTRY = Field("country", "country", "country")
REGION = Field("geo", "region", "region")
TEXT = Field("city", "text", "city")
LIST = Field("labels", "list", "labels")
CODES = Field("breakdown", "codes", "codes")
ALL = (
    *(COUNT, NUMBER, VALUE, YEAR, DATE, FLAG, CHOICE, LINK, COUNTRY, REGION, TEXT),
    *(LIST, CODES),
)


@pytest.mark.parametrize("text", ["12", "12.5", "0.125", "1234.567", "1e3", "-2", "+3"])
def test_a_number_in_plain_notation_is_read_as_it_is(text):
    assert read_field(text, VALUE) == (float(text), "", "")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12,5", 12.5),
        ("0,125", 0.125),
        ("1234,567", 1234.567),
        ("1 234", 1234.0),
        ("1\u00a0234,50", 1234.5),
        ("1'234.5", 1234.5),
        ("1.234.567", 1234567.0),
        ("1,234,567", 1234567.0),
        ("1.234,56", 1234.56),
        ("1,234.56", 1234.56),
        ("12.345.678,9", 12345678.9),
    ],
)
def test_another_notation_that_can_mean_one_number_only_is_read_with_a_note(text, number):
    found = read_field(text, NUMBER)
    assert (found.value, found.problem) == (number, "")
    assert "read as" in found.note


@pytest.mark.parametrize("text", ["1.234", "1,234", "250.000", "-1.234", "100,000"])
def test_thousands_or_thousandths_is_not_guessed(text):
    found = read_field(text, VALUE)
    assert found.value is None
    assert "which sign is the decimal one" in found.problem


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [("1.234", ".", 1.234), ("1.234", ",", 1234.0), ("1,234", ",", 1.234), ("1,234", ".", 1234.0)],
)
def test_a_declared_decimal_sign_decides(text, decimal, number):
    found = read_field(text, NUMBER, decimal=decimal)
    assert (found.value, found.problem) == (number, "")


@pytest.mark.parametrize(
    "text", ["544a", "5 %", "€ 500", ">100", "about 3", "1.2.3", "1,2,3", "0x10", "9" * 400, "inf"]
)
def test_what_is_no_number_says_what_stands_there(text):
    found = read_field(text, NUMBER)
    assert found.value is None
    assert found.problem.startswith("expected a number, found")
    assert text[:15] in found.problem


@pytest.mark.parametrize("raw", [None, "", " ", "-", "–", "n/a", "N/A", "NaN", "null", ":", "..."])
@pytest.mark.parametrize("field", [COUNT, NUMBER, VALUE, YEAR, DATE, CHOICE, LINK, LIST])
def test_what_is_not_known_is_missing_and_never_zero(raw, field):
    found = read_field(entries(raw, ";")[0] if field is LIST else raw, field)
    assert (found.value, found.problem) == (None, "")


@pytest.mark.parametrize(
    ("raw", "field", "value"),
    [
        (7.0, COUNT, 7),
        ("7", COUNT, 7),
        (0, COUNT, 0),
        (12.25, NUMBER, 12.25),
        (-3.5, VALUE, -3.5),
        (1010.0, TEXT, "1010"),
        ("010", TEXT, "010"),
        (True, TEXT, "yes"),
        (1998.0, YEAR, 1998),
        ("1998", YEAR, 1998),
        ("1998-05-01", YEAR, 1998),
        (dt.date(1998, 5, 1), YEAR, 1998),
        (dt.datetime(2026, 3, 31, 12), DATE, "2026-03-31"),  # noqa: DTZ001
        ("2026-03-31", DATE, "2026-03-31"),
        ("2026-03-31T10:00:00Z", DATE, "2026-03-31"),
        ("31.3.2026", DATE, "2026-03-31"),
        ("ja", FLAG, True),
        (True, FLAG, True),
        (0.0, FLAG, False),
        ("No", FLAG, False),
        ("n/a", FLAG, None),
        ("GOLD", CHOICE, "gold"),
        ("cluster.example", LINK, "cluster.example"),
        ("https://www.cluster.example:8080/a?b=c#d", LINK, None),
        ("GR", COUNTRY, "EL"),
        ("gb", COUNTRY, "UK"),
        ("-", COUNTRY, None),
        ("AT22", REGION, "AT22"),
        ("at 22", REGION, "AT22"),
        ("GR30", REGION, "EL30"),
        ("UK", REGION, "UK"),
        ("n/a", TEXT, None),
        ("=SUM(A1)", TEXT, "=SUM(A1)"),
    ],
)
def test_a_cell_is_read_as_its_field(raw, field, value):
    found = read_field(raw, field)
    assert found.problem == ""
    assert found.value == (raw if field is LINK else value)


@pytest.mark.parametrize(
    ("raw", "field", "says"),
    [
        (7.5, COUNT, "whole number"),
        (-1, COUNT, "0 or more"),
        ("-5", NUMBER, "0 or more"),
        (1e300, COUNT, "whole number"),
        (10**400, COUNT, "expected a number"),
        (math.inf, NUMBER, "expected a number"),
        (True, NUMBER, "expected a number"),
        (1700, YEAR, "expected a year"),
        (44197.0, YEAR, "expected a year"),
        ("2021-2027", YEAR, "expected a number"),
        (dt.date(1905, 7, 13), YEAR, "since 1990"),
        ("2014-99-99", YEAR, "no calendar"),
        ("1899-12-31", DATE, "since 1990"),
        ("2026-02-30", DATE, "no calendar"),
        ("03/04/2026", DATE, "expected a date"),
        ("2026-03-31 or so", DATE, "expected a date"),
        (44197.0, DATE, "expected a date"),
        ("maybe", FLAG, "yes or no"),
        ("platinum", CHOICE, "bronze, silver, gold"),
        ("javascript:alert(document.cookie)", LINK, "address"),
        ("data:text.html", LINK, "address"),
        ("=cmd.exe", LINK, "address"),
        ("https://user:secret@host.example", LINK, "address"),
        ("ftp://host.example", LINK, "address"),
        ("Austria", COUNTRY, "two letters"),
        ("Styria (AT22)", REGION, "NUTS"),
        ("AT2211", REGION, "NUTS"),
        (["a", "b"], TEXT, "expected one value"),
        ({"a": 1}, COUNT, "expected one value"),
        ([{"a": 1}], LIST, "another structure"),
        ([["a"]], LIST, "another structure"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_its_field_gives_nothing_and_says_why(raw, field, says):
    found = read_field(raw, field)
    assert found.value is None
    assert says in found.problem


def labels(raw, separator=";"):
    found = read_field(entries(raw, separator)[0], LIST)
    return {e["label"]: e["weight"] for e in found.value or ()}, found.note, found.problem


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("Health; Digital", {"Health": None, "Digital": None}),
        (["Health; care", "Digital"], {"Health; care": None, "Digital": None}),
        ("AT22:0.6; AT21: 0,4", {"AT22": 0.6, "AT21": 0.4}),
        ("AT22:60;AT21:40", {"AT22": 60.0, "AT21": 40.0}),
        ("SDG: 13; SDG: 7", {"SDG: 13": None, "SDG: 7": None}),
        ("Industry: 4.0", {"Industry: 4.0": None}),
        ("R&amp;D; Energy", {"R&D": None, "Energy": None}),
        ("a;;b; -", {"a": None, "b": None}),
        (5.0, {"5": None}),
    ],
)
def test_a_list_has_entries_and_shares_where_they_are_shares(raw, found):
    assert labels(raw)[0] == found


def test_a_list_with_some_shares_only_is_not_read():
    assert labels("AT22:0.6; AT21") == (
        {},
        "",
        "expected a weight for each entry of the list or for none",
    )


def test_an_entry_that_stands_twice_counts_once_and_is_told():
    assert labels("a;b;a") == ({"a": None, "b": None}, "a stood there twice", "")


def test_codes_are_taken_as_they_are():
    found = read_field(["nace=C", "time=10:0.5"], CODES)
    assert [e["label"] for e in found.value] == ["nace=C", "time=10:0.5"]


ANY = (
    st.none() | st.text(max_size=30) | st.booleans() | st.integers() | st.floats()
    | st.dates() | st.datetimes() | st.times() | st.timedeltas()
    | st.lists(st.text(max_size=5) | st.none() | st.just({"a": 1}) | st.just(["a"]), max_size=3)
)  # fmt: skip


@given(ANY, st.sampled_from(ALL), st.sampled_from([None, ".", ","]))
def test_whatever_stands_in_a_cell_it_gives_a_value_or_nothing(raw, field, decimal):
    if field.kind in {"list", "codes"}:
        raw = entries(raw, ";")[0]
    found = read_field(raw, field, decimal=decimal)
    assert not (found.problem and found.value is not None)
    assert "\n" not in found.problem + found.note
    if isinstance(found.value, float):
        assert math.isfinite(found.value)
    if isinstance(found.value, int):
        assert abs(found.value) <= 2**53


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_of_a_workbook_is_never_changed(number):
    assert read_field(number, VALUE).value == number


@given(st.integers(-(10**12), 10**12), st.sampled_from([",", "."]))
def test_thousands_that_are_grouped_are_read_back(number, sign):
    text = f"{number:,}".replace(",", sign)
    decimal = "." if sign == "," else ","
    assert read_field(text, VALUE, decimal=decimal).value == number
    assert read_field(text, VALUE).value in {None, number}
