"""Rows of a register's file under its own column names: workbook, CSV or JSON alike.

Finds the header and says where a row stands; which column means what is declared, and read in
:mod:`sources.records`.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from s3etl.errors import Changed
from s3etl.registers.declaration import Register
from s3etl.registers.kinds import KINDS
from sources.fields import Raw
from sources.kept import is_kept, read_kept
from sources.sheets import MOST_ROWS, Sheet, Value, decoded, is_workbook, read_sheets, reference

HEADER_WITHIN: Final = 15
"""Rows at the top among which the header is looked for."""
MOST_DEPTH: Final = 20


class Row(NamedTuple):
    """One row.

    Attributes:
        sheet: Sheet it stands in, or the file.
        number: Its number there, counted from 1.
        cells: Column name → what stands there.
        references: Column name → reference of the cell; empty for JSON.
        problem: Why the row cannot be used, empty if it can.
        note: What was mended.
    """

    sheet: str
    number: int
    cells: dict[str, Raw]
    references: dict[str, str]
    problem: str = ""
    note: str = ""


def name_of(value: Value) -> str:
    """Return a column name as it is compared: without case and spaces around."""
    return " ".join(str(value).split()).casefold() if value is not None else ""


def needed(register: Register) -> tuple[tuple[str, ...], ...]:
    """Return the columns a file must have, each with the names it may have."""
    if register.header:
        return tuple((name,) for name in register.header)
    fields = KINDS[register.holds].fields
    required = [register.column(f.name) for f in fields if f.required]
    return tuple(names for names in required if names) or tuple(
        names for names in [register.column(next(iter(register.columns), ""))] if names
    )


def rows_of(data: bytes, name: str, register: Register) -> list[Row]:
    """Return the rows of a file.

    Raises:
        Changed: It cannot be read, or lacks a column that has to be there.
    """
    if is_kept(data):
        return list(_of_sheets(read_kept(data, name), name, register))
    if is_workbook(data) or register.records is None:
        sheets = read_sheets(data, name, separator=register.separator, encoding=register.encoding)
        return list(_of_sheets(sheets, name, register))
    return list(_of_json(data, name, register))


# Sheets


def find_header(sheet: Sheet, register: Register) -> int | None:
    """Return the index of the header row, or None if the sheet has none."""
    for index, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        names = {name_of(cell) for cell in row}
        if all(names & {name_of(n) for n in group} for group in needed(register)):
            return index
    return None


def _of_sheets(sheets: Sequence[Sheet], name: str, register: Register) -> Iterator[Row]:
    wanted = [s for s in sheets if register.sheet in {None, s.name}]
    for sheet in wanted:
        header = find_header(sheet, register)
        if header is not None:
            yield from _rows(sheet, header, name, register)
            return
    first = next((s for s in wanted if s.rows), None)
    if first is None:
        raise Changed(f"{name}: expected rows, found none; get it again.")
    names = {name_of(cell) for row in first.rows[:HEADER_WITHIN] for cell in row}
    for group in needed(register):
        if not names & {name_of(n) for n in group}:
            raise Changed(
                f"{name}: expected the column {group[0]} in the header of {register.id}, found "
                "none; correct the file or the columns in its declaration."
            )
    raise Changed(f"{name}: expected the header of {register.id} in one row, found none.")


def _rows(sheet: Sheet, header: int, name: str, register: Register) -> Iterator[Row]:
    columns = [name_of(cell) for cell in sheet.rows[header]]
    named = [c for c in columns if c]
    if double := next((c for c in named if named.count(c) > 1), None):
        raise Changed(f"{name}: expected each column once in the header, found {double!r} twice.")
    known = {name_of(n) for field in register.columns for n in register.column(field)}
    first_note = ", ".join(
        [*sheet.notes, *([f"{header} rows above the header left out"] if header else [])]
    )
    merged = _merged(sheet)
    width = len(columns)
    for index in range(header + 1, len(sheet.rows)):
        row = sheet.rows[index]
        if all(cell is None or cell == "" for cell in row):
            continue
        if _is_header(row, columns, known):
            first_note = ", ".join(filter(None, (first_note, "a second header row left out")))
            continue
        places = {c: reference(index, i) for i, c in enumerate(columns) if c}
        problem = ""
        if len(row) > width and any(cell is not None for cell in row[width:]):
            problem = f"expected {width} cells, found {len(row)}"
        elif len(row) < width and not is_padded(sheet):
            problem = f"expected {width} cells, found {len(row)}"
        elif formula := _formula(sheet, places, known):
            problem = f"{formula} holds a formula; put its value there"
        elif inside := [p for c, p in places.items() if c in known and p in merged]:
            problem = f"{inside[0]} is part of merged cells; split them"
        cells: dict[str, Raw] = {
            c: row[i] if i < len(row) else None for i, c in enumerate(columns) if c
        }
        yield Row(sheet.name, index + 1, cells, places, problem, first_note)
        first_note = ""


def is_padded(sheet: Sheet) -> bool:
    """Whether a sheet comes from a workbook, whose rows are as long as its area."""
    widths = {len(row) for row in sheet.rows}
    return len(widths) == 1


def _formula(sheet: Sheet, places: dict[str, str], known: set[str]) -> str:
    return next((p for c, p in places.items() if c in known and p in sheet.formulas), "")


def _is_header(row: Sequence[Value], columns: Sequence[str], known: set[str]) -> bool:
    """Whether a row repeats the header, or is a second line of it without any number."""
    names = [name_of(cell) for cell in row]
    same = sum(a == b and a != "" for a, b in zip(names, columns, strict=False))
    return same >= max(2, len([c for c in columns if c in known]) // 2)


def _merged(sheet: Sheet) -> set[str]:
    """Return the references of all merged cells."""
    found: set[str] = set()
    for span in sheet.merged:
        first, _, last = span.partition(":")
        (r1, c1), (r2, c2) = _position(first), _position(last or first)
        if (r2 - r1 + 1) * (c2 - c1 + 1) <= MOST_ROWS:
            found |= {reference(r, c) for r in range(r1, r2 + 1) for c in range(c1, c2 + 1)}
    return found


def _position(place: str) -> tuple[int, int]:
    letters = place.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(place[len(letters) :] or 1) - 1, column - 1


# JSON


def _of_json(data: bytes, name: str, register: Register) -> Iterator[Row]:
    text, notes = decoded(data, name, register.encoding)
    try:
        content = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Changed(f"{name}: expected JSON, found another text; get it again.") from None
    number = 0
    try:
        for found in _walk(content, register.steps, {}):
            number += 1
            if number > MOST_ROWS:
                raise Changed(f"{name}: expected at most {MOST_ROWS} records, found more.")
            cells = {name_of(key): value for key, value in found.items()}
            yield Row(name, number, cells, {}, note=", ".join(notes))
    except TypeError:
        raise Changed(
            f"{name}: expected the records at {register.records}, found another structure; "
            "correct the path in its declaration."
        ) from None
    if not number:
        raise Changed(f"{name}: expected records, found none; get it again.")


def _no_number(text: str) -> None:  # noqa: ARG001  (NaN and Infinity are missing values)
    return None


def _walk(content: Any, steps: Sequence[str], named: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not steps:
        if not isinstance(content, dict):
            raise TypeError
        yield {**named, **content}
        return
    step, rest = steps[0], steps[1:]
    if step == "[]":
        if not isinstance(content, list):
            raise TypeError
        for element in content:
            yield from _walk(element, rest, named)
    elif not isinstance(content, dict):
        raise TypeError
    elif step.startswith("{"):
        for key, value in content.items():
            yield from _walk(value, rest, {**named, step[1:-1]: key})
    else:
        if step not in content:
            raise TypeError
        yield from _walk(content[step], rest, named)
