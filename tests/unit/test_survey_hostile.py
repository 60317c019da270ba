"""Surveys as they should not be: each is repaired with a note or set aside with cell and reason.

Whatever people type, none of it may appear in a table, a problem or a note.
"""

import datetime as dt
import io
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3etl.errors import Changed
from sources.sheets import Sheet
from sources.survey import SAMPLE_KEY, check, layout, read_answers
from sources.survey.filling import Filling
from sources.survey.found import File, Grid
from sources.survey.judging import Rules, answer_row
from sources.survey.template import workbook_bytes
from sources.survey.values import (
    Fault,
    answer_of,
    date_of,
    grade_of,
    group_of,
    identity_of,
    item_of,
    link_of,
    region_of,
    title_of,
    wave_of,
)
from sources.survey.workbook import read as read_workbook

NAME = "stresstest_XA11_2026.xlsx"
CSV = "stresstest_XA11_2026.csv"
HEADER = "region,wave,respondent,group,item,answer,reason"
FILLING = Filling(
    [("P", "", ""), ("C", "", ""), ("B", "", "")],
    {("D1.1", 1): 3, ("D1.1", 2): 2, ("D1.1", 3): 1, ("D1.3", 1): 4},
)
D11, D13 = 6, 8
"""Rows of two items in the sheet of answers; R1 is column D."""


@pytest.fixture
def book():
    """A workbook with four good answers."""
    return openpyxl.load_workbook(io.BytesIO(workbook_bytes("XA11", 2026, filling=FILLING)))


def read(data, name=NAME, **others):
    return read_answers({name: data}, key=SAMPLE_KEY, nuts_version="2024", **others)


def after(book, name=NAME):
    out = io.BytesIO()
    book.save(out)
    return read(out.getvalue(), name)


def listed(*lines, name=CSV, **others):
    return read(("\n".join((HEADER, *lines)) + "\n").encode(), name, **others)


def bad(found):
    return [r for r in found.answers.to_pylist() if r["problem"]]


def good(found):
    return [r for r in found.answers.to_pylist() if not r["problem"]]


# Single answers


@pytest.mark.parametrize(
    ("value", "level", "note"),
    [
        ("3 ", 3, "blanks removed"),
        (3.0, 3, ""),
        ("3.0", 3, "read as a number"),
        ("established", 3, "words read as their level"),
        ("3 established", 3, "words read as their level"),
        (0, 0, ""),
        ("0", 0, ""),
    ],
)
def test_an_answer_is_repaired_with_a_note(value, level, note):
    read = answer_of(value)
    assert (read.level, read.state, read.note) == (level, "answered", note)


@pytest.mark.parametrize(
    ("value", "state"), [("dk", "DK"), ("Dk", "DK"), ("n/a", "NA"), ("na", "NA"), (" DK", "DK")]
)
def test_other_words_for_dk_and_na(value, state):
    read = answer_of(value)
    assert (read.level, read.state) == (None, state)
    assert read.note


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (5, "found 5"),
        (-1, "found -1"),
        (2.5, "found 2.5"),
        ("2,5", "found 2,5"),
        (float("nan"), "found a number"),
        (float("inf"), "found a number"),
        (436641234567, "found a number"),
        ("yes", "found a text"),
        ("Maria Huber said 3", "found a text"),
        ("0664 123456", "found a text"),
        (True, "found true or false"),
        (False, "found true or false"),
        (dt.date(2024, 4, 3), "found a date"),
        (dt.datetime(2024, 4, 3), "found a date"),  # noqa: DTZ001
        ("٣", "found a text"),
    ],
)
def test_an_answer_that_is_none(value, found):
    fault = answer_of(value)
    assert isinstance(fault, Fault)
    assert fault.problem.endswith(found)
    assert fault.remedy


def test_five_yes_and_remarks_in_a_workbook(book):
    sheet = book[layout.ANSWERS]
    sheet["D6"], sheet["E6"], sheet["F6"] = 5, "Maria says yes", True
    found = after(book)
    assert [(r["sheet"], r["cell"], r["row"]) for r in bad(found)] == [
        ("Answers", "D6", 6),
        ("Answers", "E6", 6),
        ("Answers", "F6", 6),
    ]
    assert len(good(found)) == 1
    assert "Maria" not in str(found)


def test_formulas_and_merged_cells(book):
    sheet = book[layout.ANSWERS]
    sheet["D6"] = "=1+1"
    sheet.merge_cells("E6:F7")
    found = after(book)
    said = {r["cell"]: r["problem"] for r in bad(found)}
    assert "found a formula" in said["D6"]
    assert "found merged ones" in said["E6"]
    assert "found merged ones" in said["F6"]
    assert [r["cell"] for r in good(found)] == ["D8"]


def test_an_unknown_item_and_one_not_asked_of_the_group(book):
    sheet = book[layout.ANSWERS]
    sheet["A6"] = "D9.1"
    sheet["F7"] = 2  # D1.2 is not asked of B
    sheet["A8"] = "a remark"
    sheet["D5"] = 1  # beside the heading of a dimension
    said = {r["cell"]: r["problem"] for r in bad(after(book))}
    assert "found D9.1" in said["D6"]
    assert "group B to D1.2" in said["F7"]
    assert "found a text" in said["D8"]
    assert "found a text" in said["D5"]


def test_a_respondent_without_a_group(book, tmp_path):
    book[layout.RESPONDENTS]["B4"] = None
    book[layout.RESPONDENTS]["B5"] = "friend of mine"
    found = after(book)
    assert [r["cell"] for r in good(found)] == ["F6"]
    assert "friend" not in str(found)
    book.save(tmp_path / NAME)
    places = [(p.sheet, p.cell) for p in check(tmp_path / NAME) if p.severity == "problem"]
    assert places[0] == ("Respondents", "B4")  # once, where it is mended
    assert places.count(("Respondents", "B4")) == 1


def test_the_same_own_code_twice_and_a_respondent_twice(book):
    people = book[layout.RESPONDENTS]
    people["D4"], people["D5"], people["A6"] = "Maria", "maria ", "R1"
    found = after(book)
    assert not good(found)
    assert "aria" not in str(found)
    said = " ".join(r["problem"] for r in bad(found))
    assert "R1 twice" in said
    assert "add the respondent's line" in said  # R3 is gone


def test_two_header_rows_and_rows_above(book):
    sheet = book[layout.ANSWERS]
    sheet.insert_rows(1)
    for column in range(1, 8):
        sheet.cell(8, column).value = sheet.cell(4, column).value  # in place of D1.2
    found = after(book)
    assert len(good(found)) == 4
    assert not bad(found)
    assert [n.problem for n in found.notes] == ["headings repeated, skipped"]


def test_a_heading_with_a_name_in_it(book):
    book[layout.ANSWERS]["E3"] = "Maria Huber"
    found = after(book)
    (row,) = bad(found)
    assert row["cell"] == "E6"
    assert "aria" not in str(found)


@pytest.mark.parametrize(
    ("cell", "value", "said"),
    [
        ("B3", "2017.1", "found 2017.1"),
        ("B3", "the one of Maria", "found another"),
        ("B4", "Vaskombra", "found a text"),
        ("B4", "=1+1", "formula"),
        ("B7", "soon", "wave"),
        ("B7", 1026, "wave"),
    ],
)
def test_an_about_sheet_that_was_changed(book, cell, value, said):
    sheet = book[layout.ABOUT]
    assert [sheet[f"A{n}"].value for n in (3, 4, 7)] == ["Questionnaire", "Region", "Wave"]
    sheet[cell] = value
    found = after(book)
    (row,) = found.answers.to_pylist()
    assert said in row["problem"]
    assert (row["row"], row["region"], row["wave"], row["file"]) == (0, "XA11", 2026, NAME)
    assert "Maria" not in str(found)


def test_a_sheet_or_heading_that_is_gone(book):
    book[layout.ANSWERS]["A3"] = "what"
    assert "headings Item and R1" in after(book).answers.column("problem")[0].as_py()
    del book[layout.RESPONDENTS]
    assert "a sheet Respondents" in after(book).answers.column("problem")[0].as_py()


def test_a_sheet_of_another_region_and_a_file_of_another_name(book):
    book[layout.ANSWERS]["A1"] = layout.title("Answers", "XA12", 2026)
    found = after(book)
    assert len(bad(found)) == 4
    assert "found a sheet of XA12, 2026" in bad(found)[0]["problem"]
    book[layout.ANSWERS]["A1"] = layout.title("Answers", "XA11", 2026)
    found = after(book, "stresstest_XA13_2025.xlsx")
    assert not good(found)
    assert "expected region XA13" in bad(found)[0]["problem"]
    assert "expected wave 2025" in bad(found)[0]["problem"]


def test_a_region_that_does_not_exist_in_that_version():
    found = listed(
        "XA11,2026,a,P,D1.1,1,",
        known=lambda region, version: (region, version) == ("XA11", "2021"),
    )
    assert "region of NUTS 2024, found XA11, which is none" in bad(found)[0]["problem"]


def test_reasons_that_belong_to_nobody(book):
    sheet = book[layout.NOT_APPLICABLE]
    sheet["A4"], sheet["B4"], sheet["C4"] = "Maria", "D1.1", "she left"
    book[layout.ANSWERS]["D6"] = "NA"
    found = after(book)
    row = next(r for r in good(found) if r["state"] == "NA")
    assert (row["reason_given"], row["repaired"]) == (False, "no reason given for NA")
    assert "not counted" in found.notes[0].problem
    assert "Maria" not in str(found)
    assert "she left" not in str(found)


def test_a_workbook_without_answers():
    (row,) = read(workbook_bytes("XA11", 2026)).answers.to_pylist()
    assert "expected answers, found none" in row["problem"]


# Rows that contradict one another


def test_the_same_respondent_twice():
    found = listed(
        "XA11,2026,a,P,D1.1,1,",
        "XA11,2026,a,P,D1.1,1,",
        "XA11,2026,a,P,D1.2,1,",
        "XA11,2026,A ,P,D1.2,2,",
        "XA11,2026,b,P,D1.1,DK,",
    )
    assert [(r["row"], r["repaired"]) for r in good(found)] == [
        (2, "found twice, alike; kept once"),
        (6, ""),
    ]
    assert [r["row"] for r in bad(found)] == [4, 5]
    assert "2 different ones" in bad(found)[0]["problem"]
    assert [r["answer"] for r in bad(found)] == [None, None]


def test_the_same_respondent_in_two_groups():
    found = listed("XA11,2026,a,P,D1.1,1,", "XA11,2026,a,C,D1.3,1,", "XA11,2026,b,C,D1.3,1,")
    assert [r["row"] for r in bad(found)] == [2, 3]
    assert "found C and P" in bad(found)[0]["problem"]


def test_the_same_workbook_sent_twice():
    data = workbook_bytes("XA11", 2026, filling=FILLING)
    files = {NAME: data, "stresstest_XA11_2026_2.xlsx": data}
    found = read_answers(files, key=SAMPLE_KEY, nuts_version="2024")
    assert len(good(found)) == 4
    assert {r["repaired"] for r in good(found)} == {"found twice, alike; kept once"}


# Lists


def test_a_list_with_titles_blank_lines_and_headings_again():
    text = f"Answers of Maria Huber\n\n{HEADER}\nXA11,2026,a,P,D1.1,1,\n{HEADER}\n,,,,,,\n"
    found = read(text.encode(), CSV)
    assert len(good(found)) == 1
    assert not bad(found)
    assert len(found.notes) == 2
    assert "aria" not in str(found)


def test_a_list_without_respondents_regions_or_waves():
    found = read(
        b"respondent,group,item,answer\n,P,D1.1,1\nx,,D1.2,2\ny,P,,3\nz,P,D1.4,4\n", "list.csv"
    )
    assert not good(found)
    said = [r["problem"] for r in bad(found)]
    assert all("expected a region code" in s and "expected a year" in s for s in said)
    assert "code or number of the respondent" in said[0]
    assert {r["file"] for r in bad(found)} == {"file 1"}


def test_an_encoding_that_has_to_be_guessed_is_noted():
    text = f"{HEADER}\nXA11,2026,Jürg Müßig,P,D1.1,1,\n" + "XA11,2026,Ägidius,P,D1.2,2,Größe\n" * 3
    found = read(text.encode("cp1252"), CSV)
    assert len(good(found)) == 2
    assert any("guess" in note.problem for note in found.notes)


# Evidence


def evidence(*line):
    head = b"item,grade,title,date,link\n"
    out = read(head + ",".join(line).encode(), CSV)
    (row,) = out.evidence.to_pylist()
    return row


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("D1.1", "4", "Plan", "2024-01-01", "https://example.org"), "grade from 0 to 3"),
        (("D1.1", "", "Plan", "2024-01-01", "https://example.org"), "grade from 0 to 3"),
        (("D8.1", "2", "Plan", "2024-01-01", "https://example.org"), "found D8.1"),
        (("D1.1", "2", "", "2024-01-01", "https://example.org"), "expected title of"),
        (("D1.1", "2", "Plan", "", "https://example.org"), "expected date of"),
        (("D1.1", "3", "Plan", "", ""), "expected date and link of"),
        (("D1.1", "2", "<b></b>", "2024-01-01", "https://example.org"), "expected title"),
        (("D1.1", "1", "Plan", "1989-12-31", ""), "before 1990"),
        (("D1.1", "1", "Plan", "2027-01-01", ""), "after the wave of 2026"),
        (("D1.1", "1", "Plan", "2024-02-30", ""), "expected a date"),
        (("D1.1", "1", "Plan", "03/04/2024", ""), "expected a date"),
        (("D1.1", "1", "Plan", "2024", ""), "expected a date"),
        (("D1.1", "1", "Plan", "", "javascript:alert(1)"), "https://"),
        (("D1.1", "1", "Plan", "", "file:///etc/passwd"), "https://"),
        (("D1.1", "1", "Plan", "", "https://maria:secret@example.org"), "https://"),
        (("D1.1", "1", "Plan", "", "https://example.org/?m=maria@example.org"), "https://"),
        (("D1.1", "1", "Plan", "", "ask Maria"), "https://"),
        (("D1.1", "1", "Plan", "", "http://[broken"), "https://"),
    ],
)
def test_documents_that_are_set_aside(line, said):
    row = evidence(*line)
    assert said in row["problem"]
    assert (row["title"], row["date"], row["link"], row["grade"]) == (None, None, None, None)
    assert "aria" not in str(row)
    assert (row["sheet"], row["row"]) == (CSV, 2)


def test_titles_are_plain_text():
    row = evidence("D1.1", "1", "<script>x</script><i>=Plan</i>\x07 &amp; budget", "", "")
    assert row["title"] == "=Plan & budget"
    assert "HTML removed" in row["repaired"]
    assert len(evidence("D1.1", "1", "x" * 999, "", "")["title"]) == 300


def test_a_formula_among_the_evidence(book):
    sheet = book[layout.EVIDENCE]
    for column, value in enumerate(("D1.1", None, "1 asserted", "=1+1"), 1):
        if value:
            sheet.cell(4, column, value)
    (row,) = after(book).evidence.to_pylist()
    assert "found a formula" in row["problem"]


# Files that cannot be used at all


def packed(**parts):
    out = io.BytesIO(workbook_bytes("XA11", 2026, filling=FILLING))
    with zipfile.ZipFile(out, "a") as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (packed(**{"xl__vbaProject.bin": b"x"}), "macros"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 password", "old or protected"),
        (b"PK\x03\x04 torn", "damaged"),
        (b"\x00\x01\x02" * 99, "bytes"),
        (b"", "expected"),
        (b"some,other,file\n1,2,3\n", "LimeSurvey"),
        ("Geschätzte Frau Huber,\nanbei die Antworten\n".encode(), "LimeSurvey"),
        (b"x" * (33 * 1024**2), "at most 32 MiB"),
    ],
    ids=["macros", "password", "torn", "bytes", "empty", "table", "letter", "large"],
)
def test_a_file_of_no_use_is_one_row_and_the_others_go_on(data, said):
    files = {"Antworten Frau Huber.xlsx": data, NAME: workbook_bytes("XA11", 2026, filling=FILLING)}
    found = read_answers(files, key=SAMPLE_KEY, nuts_version="2024")
    (row,) = bad(found)
    assert said in row["problem"]
    assert (row["file"], row["row"], row["cell"]) == ("file 1", 0, "")
    assert len(good(found)) == 4
    assert "Huber" not in str(found)


def test_a_huge_workbook_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / NAME
    with path.open("wb") as file:
        file.truncate(300 * 1024**2)
    (problem,) = check(path)
    assert "at most 32 MiB, found 300" in problem.problem
    assert problem.remedy


def test_too_many_merged_cells(book):
    sheet = book[layout.ANSWERS]
    for row in range(60, 600):
        sheet.merge_cells(f"A{row}:B{row}")
    assert "unmerge" in after(book).answers.column("problem")[0].as_py()


def test_a_merged_range_over_the_whole_sheet_is_quick():
    grid = Grid(Sheet("x", [["a", "b"]] * 5, merged=("B4:XFD1048576",)), "x")
    assert grid.at(2, 1) == "b"
    assert grid.at(3, 0) == "a"
    assert isinstance(grid.at(3, 1), Fault)


# Whatever is typed

MARK = "Qzx"
TEXT = st.text(max_size=12).map(lambda text: f"{MARK}{text}")
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.floats(),
    st.dates(),
    st.datetimes(),
    TEXT,
    st.sampled_from(["3 ", "DK", "n/a", "5", "P", "D1.1", "XA11", "2026", "R1", "=1+1", "", " "]),
)


@given(st.one_of(CELLS, st.text()))
def test_no_reader_of_cells_fails_or_answers_outside_the_scale(value):
    found = answer_of(value)
    if not isinstance(found, Fault):
        assert (found.level in range(5)) == (found.state == "answered")
        assert found.state in {"answered", "DK", "NA"}
    readers = (item_of, group_of, region_of, wave_of, identity_of, grade_of, title_of, link_of)
    for reader in (*readers, lambda cell: date_of(cell, 2026)):
        read = reader(value)
        if isinstance(read, Fault):
            assert MARK not in str(read)
        else:
            assert isinstance(read[1], str)
            assert MARK not in read[1]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_text_of_a_workbook_appears_anywhere(data):
    from sources.sheets import read_sheets

    sheets = []
    for sheet in read_sheets(workbook_bytes("XA11", 2026, filling=FILLING), NAME):
        rows = [list(row) for row in sheet.rows]
        entries = sheet.name not in {layout.EVIDENCE, layout.ABOUT, layout.README}
        for _ in range(data.draw(st.integers(0, 12)) if entries else 0):
            row = data.draw(st.integers(0, min(len(rows) - 1, 12)))
            column = data.draw(st.integers(0, 8))
            rows[row] += [None] * (column + 1 - len(rows[row]))
            rows[row][column] = data.draw(CELLS)
        sheets.append(Sheet(sheet.name, rows, sheet.formulas, sheet.merged))
    file = File(NAME, "XA11", 2026, tuple(Grid(s, s.name) for s in sheets))
    try:
        found = read_workbook(file)
    except Changed as error:
        assert MARK not in str(error)  # noqa: PT017  (either way is right)
        return
    rules = Rules(SAMPLE_KEY, "2024")
    for raw in found.answers:
        record = answer_row(raw, file, rules).record()
        assert MARK not in str(record)
        assert record["answer"] in {None, 0, 1, 2, 3, 4}
        assert (record["answer"] is not None) == (record["state"] == "answered")
    assert MARK not in str(found.notes)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=7, max_size=7), max_size=8))
def test_no_text_of_a_list_appears_anywhere(lines):
    import csv

    out = io.StringIO()
    csv.writer(out).writerows([HEADER.split(","), *lines])
    found = read(out.getvalue().encode("utf-8", "replace"), CSV)
    assert MARK not in str(found.answers.to_pylist())
    assert MARK not in str(found.notes)
    assert set(found.answers.column("answer").to_pylist()) <= {None, 0, 1, 2, 3, 4}
