"""Bad input from end to end: mended with a note, set aside with sheet, row, reason, or refused.

Through the door and the reader as in a run. Nothing ends in another error, and nothing hangs.
"""

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.errors import Changed
from s3etl.registers.kinds import KINDS
from s3etl.registers.places import Gazetteer, located
from sources.door import admit
from sources.records import read_register
from tests.unit.hostile import register, sheet, workbook

HEAD = ("id", "name", "country")
LINE = "id,name,country\n"
CSV, JSON = register(), register(records="[]")


def taken(data, declared=CSV):
    """Return the records of a file as they come through the door."""
    admitted = admit(data, "probe", declared)
    table = read_register(admitted.data, "probe", declared)
    assert table.schema.equals(KINDS[declared.holds].schema)
    table.validate(full=True)
    return table.to_pylist()


def book(*rows, **kwargs):
    return workbook(sheet([HEAD, *rows], **kwargs))


FORMULA = '<c r="B2" t="str"><f>A2</f><v>A</v></c>'
MERGED = '<mergeCells><mergeCell ref="B2:B3"/></mergeCells>'


@pytest.mark.parametrize(
    ("data", "name", "note"),
    [
        ((LINE + "1,Größe,AT\n").encode("cp1252"), "Größe", "read as cp1252, which is a guess"),
        ((LINE + "1,Größe,AT\n").encode("utf-16-le"), "Größe", "read as utf-16-le, which is a"),
        ((LINE + "1,GrÃ¶ÃŸe,AT\n").encode(), "Größe", "B2: letters decoded again"),
        ((LINE + "1,<b>A</b>,AT\n").encode(), "A", "B2: HTML removed"),
        ((LINE + "1,<script>x()</script>A,AT\n").encode(), "A", "B2: HTML removed"),
        (("Clusters\n" + LINE + "1,A,AT\n").encode(), "A", "1 rows above the header left out"),
        ((LINE + LINE + "1,A,AT\n").encode(), "A", "a second header row left out"),
        ((LINE + "1,=HYPERLINK(1),AT\n").encode(), "=HYPERLINK(1)", ""),
        (book(["1", "A", "AT"]), "A", ""),
    ],
)
def test_what_can_be_mended_is_mended_with_a_note(data, name, note):
    (found,) = taken(data)
    assert (found["name"], found["problem"]) == (name, "")
    assert note in found["repaired"]
    assert bool(note) == bool(found["repaired"])


@pytest.mark.parametrize(
    ("data", "sheet_name", "row", "reason"),
    [
        (book(["1", FORMULA, "AT"]), "S1", 2, "B2 holds a formula"),
        (book(["1", "A", "AT"], after=MERGED), "S1", 2, "B2 is part of merged cells"),
        (book(["1", '<c r="B2" t="e"><v>#N/A</v></c>', "AT"]), "S1", 2, "B2: expected the name"),
        ((LINE + "Number,Full name,Country code\n").encode(), "probe", 2, "C2: expected a country"),
        ((LINE + "1,A\n").encode(), "probe", 2, "expected 3 cells, found 2"),
        ((LINE + "1,A,B,AT\n").encode(), "probe", 2, "expected 3 cells, found 4"),
        ((LINE + "1,,AT\n").encode(), "probe", 2, "B2: expected the name, found nothing"),
    ],
)
def test_what_cannot_be_mended_is_set_aside_with_sheet_row_and_reason(
    data, sheet_name, row, reason
):
    (found,) = taken(data)
    assert (found["sheet"], found["row"]) == (sheet_name, row)
    assert reason in found["problem"]


def test_a_region_that_does_not_exist_in_that_version_is_set_aside():
    declared = register(holds="priorities", columns={"geo": "geo", "title": "title"})
    codes = pa.table({"version": ["2021", "2024"], "geo": ["PT16", "PT19"]})
    names = pa.table({n: pa.array([], pa.string()) for n in ("version", "geo", "name")})
    table = read_register(b"geo,title\nPT16,T\nPT19,T\n", "probe", declared)
    old, new = located(table, declared, Gazetteer(codes, names, "provider")).to_pylist()
    assert old["problem"] == "PT16 is a region of NUTS 2021 and not of NUTS 2024"
    assert new["problem"] == ""


def test_a_date_before_1990_is_left_empty_with_a_note():
    declared = register(columns={**{n: n for n in HEAD}, "confirmed": "confirmed"})
    (found,) = taken(b"id,name,country,confirmed\n1,A,AT,1905-07-13\n", declared)
    assert (found["confirmed"], found["problem"]) == (None, "")
    assert found["repaired"] == "D2: expected a date since 1990, found 1905-07-13; left empty"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"id": 1, "name": ["A"], "country": "AT"}, "name: expected one value"),
        ({"id": 1, "name": "A", "country": {"code": "AT"}}, "country: expected one value"),
        ({"id": 1, "name": None, "country": "AT"}, "name: expected the name, found nothing"),
        ({}, "name: expected the name, found nothing"),
        (7, "expected a record, found another structure"),
        ([], "expected a record, found another structure"),
    ],
)
def test_a_record_of_json_with_another_structure_is_set_aside(record, reason):
    good = {"id": "g", "name": "G", "country": "AT"}
    bad, kept = taken(json.dumps([record, good]).encode(), JSON)
    assert reason in bad["problem"]
    assert (kept["id"], kept["problem"]) == ("g", "")


def outcome(data, declared):
    """Take a file; it is read, or refused with one sentence."""
    try:
        return taken(data, declared)
    except Changed as error:
        said = str(error)
        assert said.startswith("probe: expected ")
        assert said.endswith(".")
        assert "\n" not in said
        assert len(said) < 300
        return []


CELLS = st.text("aA1,;|\t\n\r\"'=@.+-<>& é€\x00\ud800", max_size=12) | st.text(max_size=6)


@given(st.lists(st.lists(CELLS, max_size=6), max_size=5))
def test_no_csv_ends_in_another_error(cells):
    lines = "\n".join([LINE.strip(), *(",".join(row) for row in cells)])
    outcome(lines.encode(errors="surrogatepass"), CSV)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5))
def test_a_row_that_is_quoted_is_a_record_whatever_it_holds(cells):
    quoted = [",".join('"' + c.replace('"', '""') + '"' for c in row) for row in cells]
    text = "\n".join([LINE.strip(), *quoted]).replace("\x00", "").encode(errors="replace")
    rows = [[c.replace("\x00", "") for c in row] for row in cells]
    filled = [row for row in rows if any(row) and row != LINE.strip().split(",")]
    assert len(outcome(text, register(separator=","))) == len(filled)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "country", "x", "Name"]), inner)
    ),
    max_leaves=12,
)
FIELDS = st.sampled_from(["id", "name", "country", "geo", "members", "labels", "city", "more"])


@given(st.lists(st.dictionaries(FIELDS, ANYTHING) | ANYTHING, max_size=4))
def test_no_json_ends_in_another_error(records):
    found = outcome(json.dumps(records).encode(), JSON)
    assert len(found) in {0, len(records)}
    assert len({r["id"] for r in found}) == len(found)


@given(st.binary(max_size=100), st.sampled_from([CSV, JSON]))
def test_no_bytes_end_in_another_error(data, declared):
    outcome(data, declared)
    outcome(LINE.encode() + data, declared)
    outcome(b'[{"id": "' + data + b'"}]', declared)


@given(st.integers(0, 3_000), st.binary(min_size=1, max_size=3))
def test_no_damaged_workbook_ends_in_another_error(place, noise):
    data = book(["1", "A", "AT"], ["2", FORMULA.replace("B2", "B3"), "AT"])
    place %= len(data)
    outcome(data[:place] + noise + data[place + len(noise) :], CSV)


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        ((LINE + "1,A\n" * 20_000).encode(), CSV),
        ((LINE + "1,A,AT\n" * 10_000).encode(), CSV),
        ((LINE + '1,"' + "a" * 131_000 + '",AT\n').encode(), CSV),
        ((LINE + "".join(f"{i},{'@' * 1000},AT\n" for i in range(500))).encode(), CSV),
        ((LINE + "".join(f'{i},"{"+1 " * 40_000}",AT\n' for i in range(5))).encode(), CSV),
        ((LINE + "".join(f'{i},"{"<b" * 40_000}",AT\n' for i in range(5))).encode(), CSV),
        (json.dumps([{"id": 1, "name": "a" * 5_000_000, "country": "AT"}]).encode(), JSON),
        (json.dumps([{"id": 1, "name": "a@" * 500_000, "country": "AT"}]).encode(), JSON),
        (json.dumps([{"id": 1, "name": "A", "country": "1" * 1_000_000}]).encode(), JSON),
    ],
    ids=range(9),
)
def test_nothing_runs_for_ever_because_of_what_stands_in_it(data, declared):
    """Each takes a second; whatever looks at each letter from each letter takes days."""
    outcome(data, declared)
