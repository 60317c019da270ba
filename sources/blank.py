"""Workbooks this project writes: empty registers to fill, and tables people ask for.

Every text goes in as text, so that a name that begins with ``=``, ``+``, ``-`` or ``@`` never
becomes a formula. Nothing is read here.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from s3etl.domains.records import ecosystems
from s3etl.errors import Refused
from s3etl.files import write_atomic
from s3etl.registers.declaration import Register
from s3etl.registers.kinds import KINDS, Field

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

ROWS: Final = 500
"""Rows of an empty register that have drop-downs."""
CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001  (the same bytes on every day)
SAFE: Final = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
WIDE: Final = {"title", "name", "done", "result", "domains", "evidence_title", "reason", "source"}

HOW: Final = {
    "country": "two letters; EL is Greece, UK the United Kingdom",
    "region": "NUTS or country code",
    "count": "whole number; leave it empty if it is not known",
    "number": "number; leave it empty if it is not known",
    "year": "year",
    "date": "date such as 2026-03-31",
    "flag": "yes or no; leave it empty if it is not known",
    "list": "separated by ;",
    "link": "address that begins with https://",
}
"""How a field of a kind is filled."""


def write_register(to: Path, register: Register) -> None:
    """Write an empty workbook for a register that people fill by hand.

    Args:
        to: File to write, ending in ``.xlsx``.
        register: Its declaration.

    Raises:
        Refused: There is such a file already, or it is no workbook.
    """
    _check(to)
    fields = [f for f in KINDS[register.holds].fields if register.column(f.name)]
    out = io.BytesIO()
    import xlsxwriter  # noqa: PLC0415  (only where a workbook is written)

    with xlsxwriter.Workbook(out, SAFE) as book:
        book.set_properties({"created": CREATED})
        _fill_in(book, register, fields)
        _explained(book, register, fields)
    write_atomic(to, out.getvalue())


def write_sheets(to: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    """Write tables as the sheets of a workbook; the first row of each is its header.

    Raises:
        Refused: There is such a file already, or it is no workbook.
    """
    _check(to)
    import xlsxwriter  # noqa: PLC0415  (only where a workbook is written)

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, SAFE) as book:
        book.set_properties({"created": CREATED})
        head = book.add_format({"bold": True, "bottom": 1})
        for name, rows in sheets.items():
            page = book.add_worksheet(name[:31])
            for i, row in enumerate(rows):
                for j, value in enumerate(row):
                    _write(page, i, j, value, head if i == 0 else None)
            page.freeze_panes(1, 0)
            page.autofit()
    write_atomic(to, out.getvalue())


def _write(page: "Worksheet", row: int, column: int, value: Any, style: Any) -> None:
    """Write a value: numbers as numbers, everything else as text."""
    if isinstance(value, bool) or value is None:
        page.write_string(row, column, {None: "", True: "yes", False: "no"}[value], style)
    elif isinstance(value, int | float):
        page.write_number(row, column, value, style)
    else:
        page.write_string(row, column, str(value), style)


def _check(to: Path) -> None:
    if to.suffix.lower() != ".xlsx":
        raise Refused(f"{to.name}: expected a name that ends in .xlsx.")
    if to.exists():
        raise Refused(f"{to.name} is there already; choose another name.")


def _fill_in(book: "Workbook", register: Register, fields: Sequence[Field]) -> None:
    from sources.survey.styles import Styles  # noqa: PLC0415  (one look for all workbooks)

    page, style = book.add_worksheet(register.holds), Styles(book)
    for column, field in enumerate(fields):
        name = register.column(field.name)[0]
        star = " *" if field.required and field.name != "id" else ""  # an id can be made
        page.write_string(0, column, name + star, style.head)
        page.write_comment(0, column, f"{field.meaning}. {HOW.get(field.kind, '')}".strip())
        page.set_column(column, column, 34 if name in WIDE else 16, style.entry)
        choices = ["yes", "no"] if field.kind == "flag" else list(field.choices)
        if choices:
            page.data_validation(1, column, ROWS, column, {"validate": "list", "source": choices})
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.print_area(0, 0, 30, len(fields) - 1)
    page.repeat_rows(0)
    page.protect("", {"insert_rows": True, "delete_rows": True, "format_columns": True})


def _explained(book: "Workbook", register: Register, fields: Sequence[Field]) -> None:
    from sources.survey.styles import Styles  # noqa: PLC0415

    page, style = book.add_worksheet("Read me"), Styles(book)
    page.write_string(0, 0, register.title, style.title)
    pattern = register.files[0].replace("*", "_AT22_2026")
    lines = (
        f"Save it under a name such as {pattern} in the folder that s3etl reads.",
        "One row for each record. Columns with a star have to be filled.",
        "Leave empty what is not known: nothing empty is taken for zero.",
        "No names, addresses or telephone numbers of persons: such columns are not stored.",
    )
    for i, line in enumerate(lines, 1):
        page.write_string(i, 0, line)  # over the columns beside it
    page.set_column(0, 0, 32)
    page.set_column(1, 1, 90)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.hide_gridlines(2)
    row = len(lines) + 2
    for field in fields:
        how = HOW.get(field.kind, ", ".join(field.choices))
        page.write_string(row, 0, register.column(field.name)[0], style.fixed)
        page.write_string(row, 1, f"{field.meaning}{f': {how}' if how else ''}", style.fixed)
        row += 1
    if any(field.name == "labels" for field in fields):
        page.write_string(row + 1, 0, "Domains", style.section)
        for i, name in enumerate(ecosystems().declared.domains.values(), 2):
            page.write_string(row + i, 0, name, style.fixed)
