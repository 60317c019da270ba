"""What was found in a survey's files before it is judged: raw answers, documents and notes.

Plain records and the grid of one sheet; what a cell means is not known here.
"""

import re
from collections.abc import Callable, Collection
from typing import Final, NamedTuple, TypeVar

from s3etl.errors import Changed
from sources.sheets import Sheet, Value, reference
from sources.survey.values import Fault

T = TypeVar("T")
Cell = Value | Fault
"""A cell that may be read, or why it may not."""

TITLES: Final = 15
"""Rows among which the headings are looked for."""
MOST_MERGED: Final = 500
RANGE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})(?::([A-Z]{1,3})([0-9]{1,7}))?")
FILE_NAME: Final = re.compile(
    r"(?:stresstest|limesurvey)_([A-Z]{2}[0-9A-Z]{1,3})_([0-9]{4})(?:_(?:evidence|limesurvey|[0-9]{1,3}))?"
    r"\.(?:xlsx|csv)"
)
"""Names that may be repeated: they can hold nobody's name."""
ANEW: Final = "write a new workbook (s3etl survey template) and copy the answers into it"
FORMULA: Final = Fault("expected a value, found a formula", "type the value itself")
MERGED: Final = Fault("expected single cells, found merged ones", "unmerge them and fill each one")


class Spot(NamedTuple):
    """Where something was found; names of files and sheets only if they are declared ones."""

    file: str
    sheet: str
    row: int
    cell: str


class RawAnswer(NamedTuple):
    """The cells that make one answer."""

    region: Cell
    wave: Cell
    respondent: Cell
    group: Cell
    item: Cell
    answer: Cell
    spot: Spot
    reason: bool = False
    nuts_version: Cell = None
    questionnaire: Cell = None


class RawDocument(NamedTuple):
    """The cells that make one document of evidence."""

    region: Cell
    wave: Cell
    item: Cell
    grade: Cell
    title: Cell
    date: Cell
    link: Cell
    spot: Spot
    nuts_version: Cell = None


class Note(NamedTuple):
    """Something worth knowing about a sheet that sets nothing aside."""

    sheet: str
    cell: str
    text: str
    remedy: str = "nothing has to be done"


class Found(NamedTuple):
    """What one file holds."""

    answers: list[RawAnswer]
    documents: list[RawDocument]
    notes: list[Note]


class Headings(NamedTuple):
    """The row of the headings, from 0, and the column of each heading in small letters."""

    row: int
    columns: dict[str, int]


class Grid:
    """The cells of one sheet, where formulas and merged cells cannot be read.

    Attributes:
        name: Name of the sheet as found, in small letters; never repeated.
        label: How notes and tables name the sheet.
        rows: The cells.
        notes: What was guessed while reading.
    """

    def __init__(self, sheet: Sheet, label: str) -> None:
        self.name = " ".join(sheet.name.split()).casefold()
        self.label = label
        self.rows = sheet.rows
        self.notes = sheet.notes
        self._formulas = sheet.formulas
        self._merged = self._areas(sheet.merged)

    def _areas(self, ranges: tuple[str, ...]) -> dict[int, list[tuple[int, int]]]:
        """Return the first and last merged column of each row that has cells."""
        if len(ranges) > MOST_MERGED:
            raise Changed(f"{self.label}: expected single cells, found merged ones; unmerge them.")
        areas: dict[int, list[tuple[int, int]]] = {}
        for found in filter(None, map(RANGE.fullmatch, ranges)):
            left, right = _column(found[1]), _column(found[3] or found[1])
            last = min(int(found[4] or found[2]), len(self.rows))
            for row in range(int(found[2]) - 1, last):
                areas.setdefault(row, []).append((left, right))
        return areas

    def raw(self, row: int, column: int | None) -> Value:
        """Return a cell, counted from 0, whatever it is; None beyond the sheet."""
        if column is None or row >= len(self.rows) or column >= len(self.rows[row]):
            return None
        return self.rows[row][column]

    def at(self, row: int, column: int | None) -> Cell:
        """Return a cell, counted from 0, or why it cannot be read."""
        if column is None:
            return None
        if self._formulas and reference(row, column) in self._formulas:
            return FORMULA
        if any(left <= column <= right for left, right in self._merged.get(row, ())):
            return MERGED
        return self.raw(row, column)

    def headings(self, wanted: Collection[str]) -> Headings | None:
        """Return the first row that has all the wanted headings (in small letters)."""
        for row, cells in enumerate(self.rows[:TITLES]):
            columns: dict[str, int] = {}
            for column, cell in enumerate(cells):
                columns.setdefault(heading_of(cell), column)
            if all(heading in columns for heading in wanted):
                return Headings(row, columns)
        return None

    def is_empty(self, row: int) -> bool:
        """Whether a row holds nothing."""
        return all(c is None or (isinstance(c, str) and not c.strip()) for c in self.rows[row])


def read_cell(
    reader: Callable[[Value], tuple[T, str] | Fault], cell: Cell
) -> tuple[T, str] | Fault:
    """Return what a cell means and a note, or why it means nothing."""
    return cell if isinstance(cell, Fault) else reader(cell)


def heading_of(cell: Value) -> str:
    """Return a heading in small letters; empty if it is no text."""
    return " ".join(cell.split()).casefold() if isinstance(cell, str) else ""


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


class File(NamedTuple):
    """One file: how it is named in tables, what its name says, and its sheets."""

    label: str
    region: str
    wave: int | None
    grids: tuple[Grid, ...]

    def spot(self, grid: Grid, row: int, column: int | None = None) -> Spot:
        """Return where a cell stands, counted from 0."""
        cell = "" if column is None else reference(row, column)
        return Spot(self.label, grid.label, row + 1, cell)


def sheet_of(file: File, name: str) -> Grid:
    """Return the sheet of that name, which is there."""
    return next(grid for grid in file.grids if grid.name == name.casefold())


def headings_in(grid: Grid, wanted: tuple[str, ...], file: File) -> Headings:
    """Return where the headings stand.

    Raises:
        Changed: They are not there.
    """
    headings = grid.headings([heading.casefold() for heading in wanted])
    if headings is None:
        raise Changed(
            f"{file.label}, sheet {grid.label}: expected the headings {' and '.join(wanted)}, "
            f"found others; {ANEW}."
        )
    return headings


def lines_below(grid: Grid, headings: Headings, first: str, found: Found) -> list[int]:
    """Return the rows below the headings that hold something; repeated headings are skipped."""
    lines, column = [], headings.columns[first.casefold()]
    for row in range(headings.row + 1, len(grid.rows)):
        if heading_of(grid.raw(row, column)) == first.casefold():
            found.notes.append(Note(grid.label, f"row {row + 1}", "headings repeated, skipped"))
        elif not grid.is_empty(row):
            lines.append(row)
    return lines
