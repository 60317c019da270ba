"""A sheet of cells as a value: its rows, where formulas and merged cells are, how cells are named.

Limits of size stand here too; reading is done in :mod:`sources.delimited` and :mod:`sources.xlsx`.
"""

import datetime as dt
import re
from typing import Final, NamedTuple

MOST_BYTES: Final = 32 * 1024**2
"""Largest file that is read at all."""
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 1_000
MOST_CELLS: Final = 3_000_000
MOST_SPECIAL: Final = 100_000
"""Formulas and merged cells of a sheet together."""

CELL: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
FIT: Final = "save it as an .xlsx workbook without macros, or as CSV in UTF-8"

Value = str | float | int | bool | dt.date | dt.datetime | dt.time | dt.timedelta | None
"""What a cell holds; an empty one holds None."""


class Sheet(NamedTuple):
    """One sheet.

    Attributes:
        name: Its name; the file's name for CSV.
        rows: Cells by row; ``rows[i]`` stands in row i + 1 of the sheet.
        formulas: References such as ``B7`` of the cells that hold a formula.
        merged: Ranges of merged cells, such as ``A1:C1``.
        notes: What was guessed while reading.
    """

    name: str
    rows: list[list[Value]]
    formulas: frozenset[str] = frozenset()
    merged: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def column_number(letters: str) -> int:
    """Return the number of a column, counted from 1: ``B`` is 2."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def corners(area: str) -> tuple[int, int, int, int]:
    """Return first row, first column, last row, last column of ``A1:C7``, counted from zero.

    Raises:
        ValueError: It is no area.
    """
    ends = [CELL.fullmatch(end.upper()) for end in area.partition(":")[::2] if end]
    rows = [int(end[2]) - 1 for end in ends if end]
    columns = [column_number(end[1]) - 1 for end in ends if end]
    if not ends or None in ends:
        raise ValueError(area)
    return min(rows), min(columns), max(rows), max(columns)


def within(area: str) -> set[str]:
    """Return the references of the cells of an area.

    Raises:
        ValueError: It is no area.
    """
    top, left, bottom, right = corners(area)
    return {reference(r, c) for r in range(top, bottom + 1) for c in range(left, right + 1)}


def reference(row: int, column: int) -> str:
    """Return the reference of a cell counted from zero: row 6, column 1 is ``B7``."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"
