"""Workbooks this project writes: they come back as they were filled, and hold no formula."""

import datetime as dt

import openpyxl
import pytest

from s3etl.declarations import read_folder
from s3etl.errors import Refused
from s3etl.registers.declaration import Register
from s3etl.registers.kinds import KINDS
from sources import REGISTRIES
from sources.blank import write_register, write_sheets
from sources.door import admit
from sources.records import read_register

FILLED = [
    r for r in read_folder(REGISTRIES, Register).values() if r.several and r.provider != "survey"
]
VALUES = {
    "text": "=SUM(A1) of Ä & <3",
    "country": "AT",
    "region": "AT22",
    "count": 12,
    "number": 2.5,
    "year": 2024,
    "date": dt.date(2026, 3, 31),
    "flag": "yes",
    "list": "Digital; Health",
    "link": "https://example.org/a",
}
READ = VALUES | {
    "date": "2026-03-31",
    "flag": True,
    "list": [{"label": "Digital", "weight": None}, {"label": "Health", "weight": None}],
}


@pytest.mark.parametrize("register", FILLED, ids=lambda r: r.id)
def test_a_filled_register_comes_back_as_it_was_filled(register, tmp_path):
    file = tmp_path / "register.xlsx"
    write_register(file, register)
    book = openpyxl.load_workbook(file)
    page = book[register.holds]
    fields = [f for f in KINDS[register.holds].fields if register.column(f.name)]
    for column, field in enumerate(fields, 1):
        cell = page.cell(2, column)
        cell.value = field.choices[0] if field.kind == "choice" else VALUES[field.kind]
        cell.data_type = "s" if field.kind == "text" else cell.data_type  # typed as text
    book.save(file)
    kept = admit(file.read_bytes(), file.name, register)
    assert kept.dropped == ("sheet Read me",)
    (row,) = read_register(kept.data, file.name, register).to_pylist()
    assert row["problem"] == ""
    for field in fields:
        wanted = field.choices[0] if field.kind == "choice" else READ[field.kind]
        assert row[field.name] == wanted, field.name


def test_no_text_we_write_becomes_a_formula(tmp_path):
    file = tmp_path / "out.xlsx"
    names = ["=1+1", "+49 123", "-x", "@cmd", "=HYPERLINK(1)"]
    write_sheets(file, {"names": [["name", "number"], *[[name, 1.5] for name in names]]})
    page = openpyxl.load_workbook(file)["names"]
    assert [page.cell(i, 1).value for i in range(2, 7)] == names
    assert {page.cell(i, 1).data_type for i in range(2, 7)} == {"s"}
    assert page.cell(2, 2).value == 1.5


def test_nothing_is_written_over(tmp_path):
    file = tmp_path / "register.xlsx"
    write_register(file, FILLED[0])
    with pytest.raises(Refused, match="is there already"):
        write_register(file, FILLED[0])
    with pytest.raises(Refused, match=r"\.xlsx"):
        write_sheets(tmp_path / "out.csv", {})


def test_the_same_register_gives_the_same_bytes(tmp_path):
    write_register(tmp_path / "a.xlsx", FILLED[0])
    write_register(tmp_path / "b.xlsx", FILLED[0])
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
