"""Nothing that tells of a person is kept: no column, no title, no address inside a text."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.errors import Changed
from sources import harvest
from sources.door import admit
from sources.records import read_register
from tests.unit.hostile import register, sheet, workbook

HEAD = "id,name,country,city"
SECRET = ("anna.huber@", "Anna Huber", "316 123")
"""What stands in the files below and may not be kept."""


def kept(data, declared=None, name="probe.csv"):
    """Return what is kept, after looking for secrets in it."""
    admitted = admit(data, name, declared or register())
    for secret in SECRET:
        assert secret not in admitted.data.decode()
    return admitted


def test_a_file_without_personal_data_is_kept_byte_for_byte():
    data = f"Clusters of 2026\n{HEAD},note\n1,A,AT,Graz,x\n".encode()
    assert kept(data) == (data, (), None)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("E-Mail", "x"),
        ("Contact", "Anna Huber"),
        ("contact_person", "Anna Huber"),
        ("Tel.", "0316 123"),
        ("tel_nr", "0316 123"),
        ("Téléphone", "0316 123"),
        ("Teléfono", "0316 123"),
        ("Prénom", "Anna Huber"),
        ("Jméno", "Anna Huber"),
        ("Geschäftsführerin", "Anna Huber"),
        ("Ansprechpartner", "Anna Huber"),
        ("Responsable", "Anna Huber"),
        ("CEO", "Anna Huber"),
        ("LinkedIn", "x"),
        ("notes", "ask anna.huber@cluster.at"),
        ("notes", "ring +43 316 123 45"),
        ("notes", "ring 0043 316 123 45"),
        ("notes", "ring +43.316 123.45"),
        ("", "anna.huber@cluster.at"),
    ],
)
def test_a_column_that_is_called_so_or_holds_such_is_dropped_and_told(column, cell):
    admitted = kept(f'{HEAD},{column}\n1,A,AT,Graz,"{cell}"\n'.encode())
    assert len(admitted.dropped) == 1
    assert admitted.original
    (found,) = read_register(admitted.data, "p", register()).to_pylist()
    assert (found["name"], found["problem"]) == ("A", "")


@pytest.mark.parametrize("column", ["members", "hotel", "intel", "ceometric", "gsmart", "staff"])
def test_a_column_that_sounds_like_it_is_kept(column):
    assert kept(f"{HEAD},{column}\n1,A,AT,Graz,5\n".encode()).dropped == ()


def test_a_column_that_is_said_to_be_personal_is_dropped_though_it_is_declared():
    declared = register(personal=("city",))
    admitted = kept(f"{HEAD}\n1,A,AT,Anna Huber\n".encode(), declared)
    assert admitted.dropped == ("city",)


def test_addresses_and_numbers_in_declared_texts_are_taken_out():
    cells = '"A (anna.huber@cluster.at, +43 316 123 45)"'
    admitted = kept(f"{HEAD},members\n1,{cells},AT,Graz,+1000000000\n".encode())
    (found,) = read_register(admitted.data, "p", register()).to_pylist()
    assert (found["name"], found["members"]) == ("A (, )", 1000000000)


@pytest.mark.parametrize(
    "title",
    ["Contact: Anna Huber", "anna.huber@cluster.at", "call +43 316 123 45", "Manager A. H."],
)
def test_a_title_that_names_someone_is_dropped_and_rows_keep_their_numbers(title):
    admitted = kept(f"{title}\n{HEAD}\n1,A,AT,Graz\n".encode())
    assert admitted.dropped == ("row above the header",)
    assert read_register(admitted.data, "p", register()).column("row").to_pylist() == [3]


def test_a_header_may_not_hold_an_address():
    kept(f"{HEAD},corrections to anna.huber@cluster.at\n1,A,AT,Graz,x\n".encode())


def test_a_shifted_row_stays_one_though_its_surplus_cell_was_dropped():
    data = f"{HEAD}\n1,A, and B,AT,anna.huber@cluster.at\n2,C,AT,Graz\n".encode()
    bad, good = read_register(kept(data).data, "p", register()).to_pylist()
    assert bad["problem"].startswith("expected 4 cells, found 5")
    assert good["problem"] == ""


def test_a_workbook_loses_its_properties_comments_and_sheets_without_the_header():
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        made.set_properties({"author": "Anna Huber", "manager": "Anna Huber"})
        page = made.add_worksheet("data")
        page.write_row(0, 0, [*HEAD.split(","), "Contact"])
        page.write_row(1, 0, ["1", "A", "AT", "Graz", "Anna Huber"])
        page.write_comment(1, 0, "Anna Huber", {"author": "Anna Huber"})
        made.add_worksheet("people").write_row(0, 0, ["Anna Huber", "anna.huber@cluster.at"])
    admitted = kept(out.getvalue(), name="probe.xlsx")
    assert set(admitted.dropped) == {"contact", "sheet people"}
    (found,) = read_register(admitted.data, "p", register()).to_pylist()
    assert (found["id"], found["city"], found["sheet"]) == ("1", "Graz", "data")


def test_formulas_and_merged_cells_are_still_found_in_what_is_kept():
    formula = '<c r="B2" t="str"><f>A2</f><v>A</v></c>'
    data = workbook(sheet([["id", "name", "country"], ["1", formula, "AT"]]))
    (found,) = read_register(kept(data).data, "p", register()).to_pylist()
    assert found["problem"] == "B2 holds a formula; put its value there"


def test_a_file_without_the_header_is_refused_for_that_reason():
    for data in (b"id,name,land\n1,a,AT\n", workbook(sheet([["id", "name", "land"]]))):
        with pytest.raises(Changed, match="expected the column country in the header of probe"):
            admit(data, "probe", register())


# JSON

RECORD = {"id": 1, "name": "A", "country": "AT", "city": "Graz"}


@pytest.mark.parametrize(
    ("more", "dropped"),
    [
        ({"email": "anna.huber@cluster.at"}, ("email",)),
        ({"contact": {"who": "Anna Huber"}}, ("contact",)),
        ({"team": [{"name": "Anna Huber", "mail": "anna.huber@cluster.at"}]}, ("mail", "team")),
        ({"note": ["call +43 316 123 45"]}, ("note",)),
        ({"city": "Graz anna.huber@cluster.at"}, ()),
        ({"city": {"anna.huber@cluster.at": 1}}, ()),
    ],
)
def test_a_key_of_json_is_dropped_with_all_that_is_inside(more, dropped):
    declared = register(records="[]")
    for escaped in (True, False):
        text = json.dumps([RECORD | more], ensure_ascii=escaped).replace("@", "\\u0040")
        admitted = kept(text.encode(), declared)
        assert admitted.dropped == dropped
        assert admitted.original
    (found,) = read_register(admitted.data, "p", declared).to_pylist()
    assert found["name"] == "A"


def test_a_key_that_is_data_is_no_column():
    declared = register(records="{city}/[]")
    data = json.dumps({"Tel Aviv": [RECORD], "Contact": [RECORD]}).encode()
    assert kept(data, declared) == (data, (), None)


def test_who_made_a_file_is_not_kept():
    data = json.dumps({"meta": {"author": "Anna Huber"}, "all": [RECORD]}).encode()
    assert kept(data, register(records="all/[]")).dropped == ("author",)


@pytest.mark.parametrize(
    "data", [b"{", b'[{"a": 1, "a": 2}]', b"[" * 5000, b"[" * 950 + b"]" * 950]
)
def test_json_that_cannot_be_read_is_not_kept_either(data):
    with pytest.raises(Changed):
        admit(data, "probe.json", register(records="[]"))


LETTERS = st.text("abAB @.+0123456789-;,<>&é", max_size=15)


@given(st.lists(st.tuples(LETTERS, LETTERS), min_size=1, max_size=4))
def test_whatever_the_cells_hold_no_address_is_kept(cells):
    from sources.sheets import EMAIL

    rows = [f'{i},A,AT,"{a}","{b}"' for i, (a, b) in enumerate(cells)]
    admitted = admit("\n".join([f"{HEAD},note", *rows]).encode(), "probe.csv", register())
    assert not EMAIL.search(admitted.data.decode().replace('"', " "))


# The day of a harvest


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("eccp_2026-09-30.csv", "2026-09-30"),
        ("2026-09-30 eccp v2.csv", "2026-09-30"),
        ("eccp_2026-19-39_2026-09-30.csv", "2026-09-30"),
        ("eccp_2026-02-30.csv", None),
        ("eccp_20260930.csv", None),
        ("eccp_12026-09-30.csv", None),
        ("eccp.csv", None),
    ],
)
def test_the_day_of_a_harvest_stands_in_the_name_of_its_file(tmp_path, name, day):
    assert harvest.day(tmp_path / name) == day


def test_a_note_beside_the_file_goes_first(tmp_path):
    file = tmp_path / "eccp_2026-09-30.csv"
    note = tmp_path / "eccp_2026-09-30.csv.harvest.json"
    note.write_text('{"retrieved": "2026-10-01", "by": "é"}', encoding="utf-8")
    assert harvest.day(file) == "2026-10-01"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"retrieved": "soon"}', '{"retrieved": "2026-02-30"}', "[" * 5000]
)
def test_a_note_that_tells_no_day_is_refused(tmp_path, text):
    (tmp_path / "a.csv.harvest.json").write_text(text, encoding="utf-8")
    with pytest.raises(Changed, match="retrieved"):
        harvest.day(tmp_path / "a.csv")


def test_the_newest_harvest_is_taken_and_all_where_one_has_no_day(tmp_path):
    old, new, none = (tmp_path / f"a{d}.csv" for d in ("_2026-01-31", "_2026-02-01", ""))
    assert harvest.newest([new, old]) == [new]
    assert harvest.newest([new, old, none]) == [new, old, none]


def test_a_file_called_after_a_person_gets_a_number():
    assert harvest.safe_names(["practices_AT22_2026.xlsx", "Anna Huber.xlsx"]) == {
        "Anna Huber.xlsx": "file_1.xlsx",
        "practices_AT22_2026.xlsx": "practices_AT22_2026.xlsx",
    }
