"""Workbooks and CSV files become plain cells; what could do harm is refused with one sentence."""

import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.errors import Changed
from sources.kept import read_kept, write_kept
from sources.sheets import Sheet, corners, decoded, plain, read_sheets, reference, within
from tests.unit.hostile import MAIN, OFFICE, sheet, workbook

HEAD = ("id", "name", "country")
ROW = ("1", "Alpha", "AT")


def rows(data, **kwargs):
    return read_sheets(data, "probe", **kwargs)[0].rows


def refused(data, **kwargs):
    """Return the one sentence with which a file is refused."""
    with pytest.raises(Changed) as error:
        read_sheets(data, "probe", **kwargs)
    said = str(error.value)
    assert said.startswith("probe: expected ")
    assert said.endswith(".")
    assert "\n" not in said
    assert len(said) < 300
    return said


# CSV


@pytest.mark.parametrize(
    ("data", "note"),
    [
        ("id,name\n1,Größe\n".encode(), ""),
        ("id,name\n1,Größe\n".encode("utf-8-sig"), ""),
        ("id,name\n1,Größe\n".encode("utf-16"), ""),
        ("id,name\n1,Größe\n".encode("utf-16-le"), "utf-16-le"),
        ("id,name\n1,Größe\n".encode("utf-16-be"), "utf-16-be"),
        ("id,name\n1,Größe\n".encode("cp1252"), "cp1252"),
    ],
)
def test_an_encoding_that_is_guessed_is_said(data, note):
    (found,) = read_sheets(data, "probe")
    assert found.rows == [["id", "name"], ["1", "Größe"]]
    assert [n for n in found.notes if "guess" in n] == (
        [f"read as {note}, which is a guess"] if note else []
    )


def test_a_declared_encoding_is_no_guess():
    text = "id,name\n1,Łódź žluťoučký\n"
    (found,) = read_sheets(text.encode("cp1250"), "probe", encoding="cp1250")
    assert found.rows[1] == ["1", "Łódź žluťoučký"]
    assert found.notes == ()


def test_polish_and_czech_texts_are_guessed_as_such():
    text = "id,name\n" + "".join(f"{i},Klaster Łódź źródło żółty\n" for i in range(20))
    assert rows(text.encode("cp1250"))[1][1] == "Klaster Łódź źródło żółty"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way_and_stand_inside_a_cell(end):
    text = f'id,name{end}1,"two{end}lines"{end}2,b{end}'
    assert rows(text.encode()) == [["id", "name"], ["1", f"two{end}lines"], ["2", "b"]]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("a;b;c\n1,5;2;3\n2,5;3;4\n", ["1,5", "2", "3"]),
        ("a|b\n1,2|x\n", ["1,2", "x"]),
        ("a\tb\n1, 2\tx\n", ["1, 2", "x"]),
        ("a,b,c\n1,x;y;z,3\n", ["1", "x;y;z", "3"]),
        ("one title; with signs\na;b\n1,2,3;x\n4,5,6;y\n", ["a", "b"]),
        ("a;b\nC, D and E;AT\nF, G and H;DE\n", ["C, D and E", "AT"]),
    ],
)
def test_the_separator_is_what_gives_most_columns_in_the_same_number(text, cells):
    assert rows(text.encode())[1] == cells


def test_an_empty_cell_is_none_and_never_zero():
    assert rows(b"a,b,c\n,0,\n")[1] == [None, "0", None]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"id,name\n1,a\x00b\n", "expected text"),
        (b"\xff\xfe\x00\xd8,\x00", "expected text"),
        (bytes(range(1, 256)) * 4 + b"\x00\x00", "expected text"),
        (b'id,name\n1,"never closed\n2,b\n', "expected CSV"),
        (b'id,name\n1,"closed" too early\n', "expected CSV"),
        (b"id,name\n1," + b"x" * 10_000_000, "expected CSV"),
        (b"," * 10_000_000, "cells, found more"),
        (b"," * 2_000, "1000 columns"),
        (b"a\n" * 250_000, "200000 rows"),
        (b'a,"' + b"\n," * 2_000_000 + b'"', "cells, found more"),
    ],
)
def test_a_text_that_is_no_table_is_refused(data, says):
    assert says in refused(data, separator=",")


# Workbooks


@pytest.mark.parametrize(
    ("xml", "value"),
    [
        ("<v>7</v>", 7.0),
        ('<c r="A2" t="b"><v>1</v></c>', True),
        ('<c r="A2" t="str"><v>text</v></c>', "text"),
        ('<c r="A2" t="inlineStr"><is><r><t>rich</t></r><r><t>text</t></r></is></c>', "richtext"),
        ('<c r="A2" t="d"><v>2026-03-31T00:00:00</v></c>', dt.datetime(2026, 3, 31)),  # noqa: DTZ001
        ("007", "007"),
    ],
)
def test_a_cell_of_a_workbook_keeps_its_kind(xml, value):
    assert rows(workbook(sheet([["a"], [xml]])))[1] == [value]


def test_an_error_cell_holds_no_value():
    found = rows(workbook(sheet([HEAD, ["1", '<c r="B2" t="e"><v>#N/A</v></c>', "AT"]])))[1][1]
    assert found in {None, "#N/A"}


def test_dates_of_the_1904_system_are_the_dates_people_see():
    def book(*, since_1904):
        import xlsxwriter

        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"date_1904": since_1904, "in_memory": True}) as made:
            page = made.add_worksheet()
            style = made.add_format({"num_format": "yyyy-mm-dd"})
            page.write_datetime(0, 0, dt.datetime(2026, 3, 31), style)  # noqa: DTZ001
        return out.getvalue()

    assert rows(book(since_1904=True)) == rows(book(since_1904=False)) == [[dt.date(2026, 3, 31)]]


def test_formulas_are_found_shared_ones_and_arrays_too():
    formulas = [
        '<c r="A2"><f>1+1</f><v>2</v></c>',
        '<c r="B2"><f t="shared" ref="B2:B3" si="0">A2</f><v>2</v></c>',
        '<c r="C2"><f t="array" ref="C2:C3">A2:A3</f><v>2</v></c>',
    ]
    shared = '<c r="B3"><f t="shared" si="0"/><v>3</v></c>'
    (found,) = read_sheets(workbook(sheet([HEAD, formulas, [1, shared, 3]])), "probe")
    assert found.formulas == {"A2", "B2", "C2", "B3", "C3"}


@pytest.mark.parametrize("namespace", [MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main"])
def test_a_workbook_may_be_strict(namespace):
    formula = '<c r="A2"><f>1+1</f><v>2</v></c>'
    (found,) = read_sheets(workbook(sheet([HEAD, [formula]], namespace=namespace)), "probe")
    assert found.formulas == {"A2"}


def test_merged_cells_are_told():
    merged = '<mergeCells><mergeCell ref="A1:C1"/></mergeCells>'
    (found,) = read_sheets(workbook(sheet([HEAD, ROW], after=merged)), "probe")
    assert found.merged == ("A1:C1",)


def test_a_hidden_sheet_stands_last_and_says_so():
    data = workbook(sheet([["hidden"]]), sheet([["seen"]]), states=["veryHidden", "visible"])
    first, second = read_sheets(data, "probe")
    assert (first.rows, first.notes) == ([["seen"]], ())
    assert (second.rows, second.notes) == ([["hidden"]], ("the sheet is hidden",))


def test_a_chart_is_no_sheet_of_cells():
    links = (
        f'<Relationships xmlns="r"><Relationship Id="r1" Type="{OFFICE}/worksheet" '
        f'Target="/xl/worksheets/sheet1.xml"/><Relationship Id="r2" Type="{OFFICE}/chartsheet" '
        'Target="chartsheets/sheet1.xml"/></Relationships>'
    )
    parts = {"xl/_rels/workbook.xml.rels": links, "xl/chartsheets/sheet1.xml": "<chartsheet/>"}
    data = workbook(sheet([ROW]), sheet([ROW]), parts=parts)
    assert [found.name for found in read_sheets(data, "probe")] == ["S1"]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
SHARED = f'<sst xmlns="{MAIN}"><si><t>{"x" * 1_000_000}</t></si></sst>'
MANY = "".join(f'<c r="A{i}" t="s"><v>0</v></c>' for i in range(1, 100))


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ('<c r="XFD1048576"><v>1</v></c>', "1048576 × 16384"),
        ('<c r="xfd1048576"><v>1</v></c>', "1048576 × 16384"),
        ('<c r="A1048576"><v>1</v></c>', "1048576 ×"),
        ('<c r="ALM2"><v>1</v></c>', "× 1001"),
        ('<c r="ALL150000"><v>1</v></c>', "150000 × 1000"),
        ('<c r="A00000000000002"><v>1</v></c>', "damaged"),
        ('<c r="nonsense"><v>1</v></c>', "damaged"),
        ('<c r="A2"><f t="array" ref="A1:CV10000">1</f><v>1</v></c>', "100000"),
        ('<c r="A2"><f t="array" ref="everywhere">1</f><v>1</v></c>', "damaged"),
    ],
)
def test_a_cell_far_away_costs_nothing(cell, says):
    assert says in refused(workbook(sheet([HEAD, [cell]])))


def merging(area):
    return workbook(sheet([ROW], after=f"<mergeCells><mergeCell{area}/></mergeCells>"))


def having(parts):
    return workbook(sheet([ROW]), parts=parts)


def bare(cells):
    return f"<worksheet><sheetData>{cells}</sheetData></worksheet>"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (workbook(bare('<row r="1048576"><c><v>1</v></c></row>')), "1048576"),
        (workbook(BOMB + sheet([["&b;"]])), "damaged"),
        (workbook((BOMB + sheet([["&b;"]])).encode("utf-16")), "damaged"),
        (having({"xl/workbook.xml": BOMB + "<workbook/>"}), "damaged"),
        (workbook(bare(f"<row>{MANY}</row>"), parts={"xl/sharedStrings.xml": SHARED}), "shorter"),
        (merging(' ref="A1:A1048576"'), "merged"),
        (merging(' ref="?"'), "damaged"),
        (merging(""), "damaged"),
        (workbook("<worksheet><sheetData><row>"), "damaged"),
        (having({"xl/_rels/workbook.xml.rels": "<Relationships/>"}), "damaged"),
        (having({"_rels/.rels": "<Relationships/>"}), "damaged"),
        (having({"xl/xl/worksheets/sheet1.xml": "", "worksheets/sheet1.xml": ""}), "damaged"),
        (having({"xl/vbaProject.bin": b""}), "without macros"),
        (having({"xl/macrosheets/sheet1.xml": ""}), "without macros"),
        (having({"[Content_Types].xml": "<T>x.macroEnabled.main+xml</T>"}), "without macros"),
        (having({"XL/Workbook.xml": ""}), "damaged"),
        (having({f"xl/media/{i}.png": "" for i in range(2_001)}), "unpacked"),
        (workbook(sheet([ROW]))[:-30], "damaged"),
        (workbook(sheet([ROW]))[:200], "damaged"),
        (b"PK\x03\x04" + b"\x00" * 100, "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512, "old or protected"),
        (b"x" * (33 * 1024**2), "at most 32 MiB"),
    ],
    ids=range(22),
)
def test_a_workbook_that_could_do_harm_is_refused(data, says):
    assert says in refused(data)


def test_an_archive_that_is_no_workbook_is_refused():
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<office/>")
    assert "another archive" in refused(out.getvalue())


def test_a_bomb_is_refused_before_it_is_unpacked():
    zeros = {f"xl/media/{i}.bin": b"\x00" * (100 * 1024**2) for i in range(3)}
    assert "256 MiB unpacked" in refused(workbook(sheet([ROW]), parts=zeros))


def test_sizes_that_lie_are_found():
    data = workbook(sheet([ROW]), parts={"xl/big.xml": b"\x00" * 10_000_000})
    lying = data.replace((10_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != data
    assert "damaged" in refused(lying)


# Laws


@given(st.integers(0, 999_999), st.integers(0, 16_383))
def test_a_reference_names_its_cell(row, column):
    place = reference(row, column)
    assert corners(place) == (row, column, row, column)
    assert within(place) == {place}


TEXTS = st.text(max_size=40)
CELLS = st.none() | TEXTS | st.booleans() | st.integers(-(2**53), 2**53) | st.dates()


@given(st.lists(st.lists(CELLS, max_size=4), max_size=4))
def test_cells_that_are_kept_are_read_as_they_were(cells):
    sheets = (Sheet("a", cells, frozenset({"A1"}), ("A1:B2",), ("a note",)),)
    assert read_kept(write_kept(sheets), "probe") == sheets


@given(TEXTS)
def test_a_mended_text_can_be_stored_and_shown(text):
    found, _ = plain(text)
    assert found == found.strip()
    assert not any(ord(c) < 32 for c in found)
    assert found.encode().decode() == found


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    for read in (decoded, read_sheets):
        try:
            read(data, "probe")
        except Changed as error:
            assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "mended", "note"),
    [
        ("  two   words ", "two words", ""),
        ("R&D; x < y", "R&D; x < y", ""),
        ("R&amp;D <b>Cluster</b>", "R&D Cluster", "HTML removed"),
        ("<script>alert(1)</script>Cluster", "Cluster", "HTML removed"),
        ("GrÃ¶ÃŸe", "Größe", "letters decoded again"),
        ("write to anna.huber@cluster.at now", "write to now", "e-mail address removed"),
        ("a\x00b\u200bc\u202ed", "a b c d", ""),
        ("=HYPERLINK(1)", "=HYPERLINK(1)", ""),
    ],
)
def test_a_text_is_mended_and_says_so(text, mended, note):
    assert plain(text) == (mended, note)


def test_half_a_letter_becomes_a_question_mark():
    assert plain("half a letter \ud800")[0] == "half a letter ?"


@pytest.mark.parametrize("text", ["a" * 1_000_000, "ä@" + "a" * 1_000_000, "ä" + "<b" * 50_000])
def test_a_very_long_word_is_looked_at_once(text):
    """Looked at from each of its letters it would take days."""
    assert plain(text)[0].startswith(text[0])
