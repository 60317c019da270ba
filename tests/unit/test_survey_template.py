"""The workbook people fill: what it locks, lists and says, and that it reads back exactly."""

import datetime as dt
import io

import openpyxl
import pytest

from s3etl.errors import Refused
from s3etl.stresstest.questionnaire import load
from sources.survey import SAMPLE_KEY, layout, read_answers, write_template
from sources.survey.filling import Filling
from sources.survey.template import workbook_bytes

NAME = "stresstest_XA11_2026.xlsx"
FIRST = 4  # column D, R1


def opened(data):
    return openpyxl.load_workbook(io.BytesIO(data))


def saved(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rows_of_items(book):
    sheet = book[layout.ANSWERS]
    return {row[0].value: row[0].row for row in sheet.iter_rows(max_col=1) if row[0].value}


def read(data, name=NAME):
    return read_answers({name: data}, key=SAMPLE_KEY, nuts_version="2024")


def filled():
    """An empty workbook filled by another program, as a person would."""
    book = opened(workbook_bytes("XA11", 2026, name="Vaskombra"))
    people, sheet = book[layout.RESPONDENTS], book[layout.ANSWERS]
    wanted = []
    for n, letter in enumerate("PICBRCC", 1):
        people.cell(3 + n, 2, layout.labelled(letter))
    for item, row in rows_of_items(book).items():
        if item not in load().by_id:
            continue
        for n, letter in enumerate("PICBRCC", 1):
            answer = [0, 1, 2, 3, 4, "DK", None][(row + n) % 7]
            if letter in load().by_id[item].groups:
                sheet.cell(row, FIRST - 1 + n, answer)
                if answer is not None:
                    wanted.append((letter, item, answer))
    return book, wanted


def test_the_same_workbook_has_the_same_bytes():
    assert workbook_bytes("XA11", 2026) == workbook_bytes("XA11", 2026)


def test_what_is_filled_in_is_what_is_read():
    book, wanted = filled()
    reasons, evidence = book[layout.NOT_APPLICABLE], book[layout.EVIDENCE]
    row = rows_of_items(book)["D1.1"]
    book[layout.ANSWERS].cell(row, FIRST, "NA")
    wanted = [w for w in wanted if w[:2] != ("P", "D1.1")] + [("P", "D1.1", "NA")]
    for column, value in enumerate(("R1", "D1.1", "it is not so here"), 1):
        reasons.cell(4, column, value)
    document = ("D1.1", None, "2 documented", "=Plan", dt.date(2024, 5, 1), "https://example.org/a")
    for column, value in enumerate(document, 1):
        if value is not None:
            evidence.cell(4, column).value = value
            evidence.cell(4, column).data_type = "d" if column == 5 else "s"
    found = read(saved(book))
    rows = found.answers.to_pylist()
    said = {
        (r["group"], r["item"], r["state"] if r["answer"] is None else r["answer"]) for r in rows
    }
    assert said == set(wanted)
    assert len(rows) == len(wanted)
    assert {(r["problem"], r["repaired"]) for r in rows} == {("", "")}
    assert [r["reason_given"] for r in rows if r["state"] == "NA"] == [True]
    assert {r["region"] for r in rows} == {"XA11"}
    assert {r["wave"] for r in rows} == {2026}
    assert len({r["respondent"] for r in rows}) == 7
    (row,) = found.evidence.to_pylist()
    assert (row["item"], row["grade"], row["title"], row["problem"]) == ("D1.1", 2, "=Plan", "")
    assert (row["date"], row["link"]) == (dt.date(2024, 5, 1), "https://example.org/a")


def test_answers_that_stand_in_it_already_read_the_same():
    filling = Filling([("P", "", "A-1")], {("D1.1", 1): 0, ("D1.2", 1): "DK"})
    rows = read(workbook_bytes("XA11", 2026, filling=filling)).answers.to_pylist()
    assert [(r["item"], r["answer"], r["state"]) for r in rows] == [
        ("D1.1", 0, "answered"),
        ("D1.2", None, "DK"),
    ]


def test_only_entries_are_unlocked():
    book = opened(workbook_bytes("XA11", 2026))
    assert book.sheetnames == list(layout.SHEETS)
    for sheet in book:
        assert sheet.protection.sheet, sheet.title
        assert not sheet.protection.password
    answers = book[layout.ANSWERS]
    row = rows_of_items(book)["D1.1"]
    assert not answers.cell(row, FIRST).protection.locked
    for place in ("A3", "B3", f"A{row}", f"B{row}", "D4"):
        assert answers[place].protection.locked, place
    assert all(cell.protection.locked for line in book[layout.ABOUT].iter_rows() for cell in line)
    assert answers.freeze_panes == "D5"


def test_lists_to_choose_from():
    book = opened(workbook_bytes("XA11", 2026, groups="PC"))
    rules = {
        name: [v.formula1 for v in book[name].data_validations.dataValidation]
        for name in (layout.ANSWERS, layout.RESPONDENTS, layout.EVIDENCE)
    }
    assert rules[layout.ANSWERS] == ['"0,1,2,3,4,DK,NA"']
    assert rules[layout.RESPONDENTS] == ['"P policy makers,C cluster managers"']
    assert any("D1.1,D1.2" in rule for rule in rules[layout.EVIDENCE])
    assert any("2 documented" in rule for rule in rules[layout.EVIDENCE])


def test_it_says_what_it_is_and_what_happens_with_the_data():
    book = opened(workbook_bytes("XA11", 2026, name="Vaskombra"))
    words = " ".join(str(c.value) for (c,) in book[layout.README].iter_rows(max_col=1) if c.value)
    for expected in (load().statement, "pseudonyms", "three or more", "Vaskombra", "XA11"):
        assert expected in words


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_no_text_becomes_a_formula(name):
    filling = Filling([("P", name, name)], {("D1.1", 1): "NA"}, {("D1.1", 1): name})
    book = opened(workbook_bytes("XA11", 2026, name=name, filling=filling))
    ours = 0
    for sheet in book:
        for line in sheet.iter_rows():
            for cell in line:
                if cell.data_type == "f":
                    ours += 1
                    assert str(cell.value).startswith(("=LEFT(Respondents!", "=IFERROR(VLOOKUP(A"))
                elif isinstance(cell.value, str) and name in cell.value:
                    assert cell.data_type == "s"
    assert ours == layout.SEATS + 200


def test_links_stay_text():
    evidence = [("D1.1", 2, "Plan", dt.date(2024, 1, 1), "https://example.org/a")]
    book = opened(workbook_bytes("XA11", 2026, filling=Filling(evidence=evidence)))
    assert all(
        cell.hyperlink is None for line in book[layout.EVIDENCE].iter_rows() for cell in line
    )


def test_writing_a_file(tmp_path):
    to = tmp_path / "answers.xlsx"
    write_template(to, "XA11", 2026)
    assert to.read_bytes() == workbook_bytes("XA11", 2026)
    with pytest.raises(Refused, match="is there already"):
        write_template(to, "XA11", 2026)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Vask", 2026, "a.xlsx", {}), "no region code"),
        (("XA11", 1026, "a.xlsx", {}), "no year"),
        (("XA11", 2026, "a.csv", {}), "xlsx"),
        (("XA11", 2026, "a.xlsx", {"groups": "PX"}), "no groups"),
        (("XA11", 2026, "a.xlsx", {"nuts_version": "2025"}), "no NUTS version"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, arguments, said):
    region, wave, name, others = arguments
    with pytest.raises(Refused, match=said):
        write_template(tmp_path / name, region, wave, **others)
    assert not list(tmp_path.iterdir())
