"""Rows of a register's file under its own column names: workbook, CSV or JSON alike.

Finds the header and says where a row stands; which column means what is declared, and read in
:mod:`sources.records`.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from s3etl.errors import Changed
from s3etl.registers.declaration import Register
from s3etl.registers.kinds import KINDS
from sources.fields import Raw
from sources.grid import MOST_ROWS
from sources.kept import is_kept, read_kept
from sources.sheets import (
    Sheet,
    Value,
    decoded,
    is_workbook,
    read_sheets,
    reference,
    within,
)

HEADER_WITHIN: Final = 15
"""Rows at the top among which the header is looked for."""
MOST_DEPTH: Final = 20
MOST_OBJECTS: Final = 500_000
"""Lists and objects of a JSON file together."""
MOST_VALUES: Final = 1_500_000


class Row(NamedTuple):
    """One row.

    Attributes:
        sheet: Sheet it stands in, or the file.
        number: Its number there, counted from 1.
        cells: Declared column → what stands there.
        columns: The same → number of the column, counted from 0; empty for JSON.
        problem: Why the row cannot be used, empty if it can.
        note: What was mended.
    """

    sheet: str
    number: int
    cells: dict[str, Raw]
    columns: Mapping[str, int]
    problem: str = ""
    note: str = ""

    def reference(self, column: str) -> str:
        """Return where a cell stands, such as ``B7``; in JSON the name of its key."""
        return reference(self.number - 1, self.columns[column]) if self.columns else column


def name_of(value: Value) -> str:
    """Return a column name as it is compared: without case, spaces around and a star behind."""
    return " ".join(str(value).split()).casefold().rstrip("* ") if value is not None else ""


def needed(register: Register) -> tuple[tuple[str, ...], ...]:
    """Return the columns a file must have, each with the names it may have."""
    if register.header:
        return tuple((name,) for name in register.header)
    fields = KINDS[register.holds].fields
    required = [register.column(f.name) for f in fields if f.required]
    return tuple(names for names in required if names) or tuple(
        names for names in [register.column(next(iter(register.columns), ""))] if names
    )


def declared(register: Register) -> set[str]:
    """Return the columns that are declared, as they are compared."""
    return {name_of(n) for field in register.columns for n in register.column(field)}


def rows_of(data: bytes, name: str, register: Register) -> Iterator[Row]:
    """Yield the rows of a file.

    Raises:
        Changed: It cannot be read, or lacks a column that has to be there.
    """
    if is_kept(data):
        return _of_sheets(read_kept(data, name), name, register)
    if is_workbook(data) or register.records is None:
        sheets = read_sheets(data, name, separator=register.separator, encoding=register.encoding)
        return _of_sheets(sheets, name, register)
    return _of_json(data, name, register)


# Sheets


def find_header(sheet: Sheet, register: Register) -> int | None:
    """Return the index of the header row, or None if the sheet has none."""
    groups = [{name_of(n) for n in group} for group in needed(register)]
    for index, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        names = {name_of(cell) for cell in row}
        if all(names & group for group in groups):
            return index
    return None


def _of_sheets(sheets: Sequence[Sheet], name: str, register: Register) -> Iterator[Row]:
    wanted = [s for s in sheets if register.sheet in {None, s.name}]
    headers = [(s, header) for s in wanted if (header := find_header(s, register)) is not None]
    if not headers:
        raise without_header(wanted, name, register)
    sheet, header = headers[0]
    others = [f"sheet {s.name} was not read" for s, top in headers[1:] if len(s.rows) > top + 1]
    yield from _rows(sheet, header, name, register, others)


def without_header(sheets: Sequence[Sheet], name: str, register: Register) -> Changed:
    """Return what is to be said of a file in which no sheet has the header."""
    first = next((s for s in sheets if s.rows), None)
    if first is None:
        return Changed(f"{name}: expected rows, found none; get it again.")
    names = {name_of(cell) for row in first.rows[:HEADER_WITHIN] for cell in row}
    for group in needed(register):
        if not names & {name_of(n) for n in group}:
            return Changed(
                f"{name}: expected the column {group[0]} in the header of {register.id}, found "
                "none; correct the file or the columns in its declaration."
            )
    return Changed(
        f"{name}: expected the header of {register.id} in one row, found none; put it there."
    )


def _rows(
    sheet: Sheet, header: int, name: str, register: Register, others: Sequence[str]
) -> Iterator[Row]:
    names = [name_of(cell) for cell in sheet.rows[header]]
    known = declared(register)
    columns = {c: i for i, c in enumerate(names) if c in known}
    if double := next((c for c in columns if names.count(c) > 1), None):
        raise Changed(
            f"{name}: expected each column once in the header, found {double!r} twice; correct it."
        )
    above = [f"{header} rows above the header left out"] if header else []
    note = ", ".join([*sheet.notes, *others, *above])
    widths = Counter(len(row) for row in sheet.rows[header + 1 :])
    usual = max(widths, key=widths.__getitem__, default=0)
    merged = {place for area in sheet.merged for place in within(area)}
    for index in range(header + 1, len(sheet.rows)):
        row = sheet.rows[index]
        if all(cell is None or cell == "" for cell in row):
            continue
        if _is_header(row, names, columns):
            note = ", ".join(filter(None, (note, "a second header row left out")))
            continue
        cells: dict[str, Raw] = {c: row[i] if i < len(row) else None for c, i in columns.items()}
        found = Row(sheet.name, index + 1, cells, columns, note=note)
        problem = _width(row, len(names), usual) or _special(found, sheet, merged)
        yield found._replace(problem=problem)
        note = ""


def _width(row: Sequence[Value], width: int, usual: int) -> str:
    """Say that a row has other cells than the header; one separator too many in all is none."""
    surplus = len(row) > width and (len(row) != usual or any(c is not None for c in row[width:]))
    return f"expected {width} cells, found {len(row)}" if len(row) < width or surplus else ""


def _special(found: Row, sheet: Sheet, merged: Collection[str]) -> str:
    """Say which cell that is read holds a formula or is part of merged ones."""
    if sheet.formulas or merged:
        for place in map(found.reference, found.columns):
            if place in sheet.formulas:
                return f"{place} holds a formula; put its value there"
            if place in merged:
                return f"{place} is part of merged cells; split them"
    return ""


def _is_header(row: Sequence[Value], names: Sequence[str], known: Mapping[str, int]) -> bool:
    """Whether a row repeats the header."""
    least = max(2, len(known) // 2)
    same = 0
    for cell, name in zip(row, names, strict=False):
        if name and cell is not None and name_of(cell) == name:
            same += 1
    return same >= least


# JSON


def load_json(data: bytes, name: str, register: Register) -> tuple[Any, tuple[str, ...]]:
    """Return what a JSON file holds, and notes; NaN and Infinity are missing values.

    Raises:
        Changed: It is no JSON, or of a kind no register has.
    """
    text, notes = decoded(data, name, register.encoding)
    if text.count(",") > MOST_VALUES or text.count("{") + text.count("[") > MOST_OBJECTS:
        raise Changed(f"{name}: expected at most {MOST_VALUES} values, found more; split it.")
    try:
        content = json.loads(text, parse_constant=lambda _: None, object_pairs_hook=_object)
    except _Twice as error:
        raise Changed(
            f"{name}: expected each key once, found {error} twice; get it again."
        ) from None
    except (ValueError, RecursionError):
        raise Changed(f"{name}: expected JSON, found another text; get it again.") from None
    level, depth = [content], 0
    while level:
        depth += 1
        level = [part for parent in level for part in _parts(parent)]
        if depth > MOST_DEPTH:
            raise Changed(
                f"{name}: expected at most {MOST_DEPTH} levels, found more; get it again."
            )
    return content, notes


class _Twice(ValueError):
    """A key stands twice in one object."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Twice(repr(next(key for key in keys if keys.count(key) > 1)[:40]))
    return found


def _parts(parent: Any) -> Iterator[Any]:
    """Yield the lists and objects right inside a list or object."""
    inside = parent.values() if isinstance(parent, dict) else parent
    if isinstance(parent, dict | list):
        yield from (part for part in inside if isinstance(part, dict | list))


def _of_json(data: bytes, name: str, register: Register) -> Iterator[Row]:
    content, notes = load_json(data, name, register)
    note, known, number = ", ".join(notes), declared(register), 0
    try:
        for found in _walk(content, register.steps, {}):
            number += 1
            if number > MOST_ROWS:
                raise Changed(
                    f"{name}: expected at most {MOST_ROWS} records, found more; split it."
                )
            yield _of_object(found, name, number, known)._replace(note=note)
            note = ""
    except TypeError:
        raise Changed(
            f"{name}: expected the records at {register.records}, found another structure; "
            "correct the path in its declaration."
        ) from None
    if not number:
        raise Changed(f"{name}: expected records, found none; get it again.")


def _of_object(found: Any, name: str, number: int, known: Collection[str]) -> Row:
    """Return a row; what is no object and what has a key in two spellings has a problem."""
    if not isinstance(found, dict):
        return Row(name, number, {}, {}, "expected a record, found another structure")
    named = [(key, value) for k, value in found.items() if (key := name_of(k)) in known]
    cells = dict(named)
    problem = (
        "expected each key once, found one in two spellings" if len(cells) < len(named) else ""
    )
    return Row(name, number, cells, {}, problem)


def _walk(content: Any, steps: Sequence[str], named: dict[str, Any]) -> Iterator[Any]:
    if not steps:
        yield {**named, **content} if isinstance(content, dict) else None
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
