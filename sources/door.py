"""The door: what of a register's file may be kept at all (methodology 4.1, no personal data).

Columns with data on persons are dropped before anything is stored, and their names are noted.
A file without any is kept byte for byte, but for workbooks, whose properties name people.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple

from s3etl.files import sha256_of_bytes
from s3etl.registers.declaration import Register
from s3etl.registers.kinds import KINDS
from s3etl.registers.places import plain_name
from sources.kept import write_kept
from sources.rows import declared, find_header, load_json, name_of, without_header
from sources.sheets import EMAIL, Sheet, Value, is_workbook, read_sheets, reference

PERSONAL: Final = re.compile(
    r"e-?mail|courriel|phone|telef|(?<![a-z])tel(?![a-z])|mobile|handy|(?<![a-z])(?:gsm|fax|ceo)(?![a-z])"
    r"|contact|kontakt|ansprech|first.?name|last.?name|full.?name|sur.?name|vorname|nachname|prenom"
    r"|cognome|apellido|nazwisko|jmeno|person|manager|director|direktor|geschaftsf|president"
    r"|responsable|responsabile|referent|author|linked.?in|twitter|skype|birth|geburt",
    re.IGNORECASE,
)
"""What a column with data on persons is called; one that is declared is judged by its cells."""
PHONE: Final = re.compile(r"(?:\+|\b00)[0-9][0-9 ()/.\u00a0-]{6,}[0-9]")
REMOVED: Final = "(removed)"
"""Stands where a cell beyond the header was dropped, so that its row still shows its fault."""


class Admitted(NamedTuple):
    """What may be kept of a file.

    Attributes:
        data: The bytes to keep.
        dropped: Columns that were dropped.
        original: Hash of the file as it came, if that is not what is kept.
    """

    data: bytes
    dropped: tuple[str, ...] = ()
    original: str | None = None


def admit(data: bytes, name: str, register: Register) -> Admitted:
    """Return what of a file may be kept.

    Raises:
        Changed: It cannot be read, so nobody can tell what is in it.
    """
    if not is_workbook(data) and register.records is not None:
        return _admit_json(data, name, register)
    sheets = read_sheets(data, name, separator=register.separator, encoding=register.encoding)
    dropped: list[str] = []
    kept = [_without_personal(sheet, register, dropped) for sheet in sheets]
    if not any(sheet.rows for sheet in kept):
        raise without_header(sheets, name, register)
    if not is_workbook(data) and all(a.rows == b.rows for a, b in zip(sheets, kept, strict=True)):
        return Admitted(data)
    return Admitted(write_kept(kept), tuple(dict.fromkeys(dropped)), sha256_of_bytes(data))


def _is_personal(
    column: str, cells: Iterable[Any], register: Register, known: AbstractSet[str]
) -> bool:
    """Whether a column holds data on persons: it is said so, called so, or its cells tell."""
    if column in {name_of(p) for p in register.personal}:
        return True
    if column in known:
        return False  # addresses and numbers within its texts are removed
    return bool(PERSONAL.search(plain_name(column))) or any(map(_tells, cells))


def _tells(cell: Any) -> bool:
    """Whether a text holds an e-mail address or a telephone number."""
    return isinstance(cell, str) and bool(
        ("@" in cell and EMAIL.search(cell)) or PHONE.search(cell)
    )


def _without_personal(sheet: Sheet, register: Register, dropped: list[str]) -> Sheet:
    """Return a sheet without its personal columns; of a sheet without header, nothing."""
    header = find_header(sheet, register)
    if header is None:
        if sheet.rows:
            dropped.append(f"sheet {sheet.name}")
        return sheet._replace(rows=[], formulas=frozenset(), merged=())
    columns, known = [name_of(cell) for cell in sheet.rows[header]], declared(register)
    below, named = sheet.rows[header + 1 :], len(columns)
    columns += [""] * (max(len(row) for row in sheet.rows) - named)
    out = set()
    for i, column in enumerate(columns):
        if _is_personal(column, (row[i] for row in below if i < len(row)), register, known):
            out.add(i)
            dropped.append(column or f"column {reference(0, i)[:-1]}")
    texts = {i for i, column in enumerate(columns) if column in known - _numbers(register)}
    above = [_title(row, dropped) for row in sheet.rows[:header]]
    head = _admitted(sheet.rows[header], out, set(range(named)), named)
    return sheet._replace(rows=[*above, head, *(_admitted(r, out, texts, named) for r in below)])


def _numbers(register: Register) -> set[str]:
    """Return the columns of numbers, in which a long number is no telephone number."""
    fields = [f for f in KINDS[register.holds].fields if f.kind in {"number", "count", "year"}]
    return {name_of(n) for f in fields for n in register.column(f.name)}


def _title(row: list[Value], dropped: list[str]) -> list[Value]:
    """Return a row above the header, or nothing of one that may tell of a person."""
    texts = [cell for cell in row if isinstance(cell, str)]
    if any(_tells(text) or PERSONAL.search(plain_name(text)) for text in texts):
        dropped.append("row above the header")
        return [None] * len(row)
    return row


def _admitted(
    row: list[Value], out: AbstractSet[int], texts: AbstractSet[int], named: int
) -> list[Value]:
    """Return a row without dropped columns and without what tells of persons in its texts."""
    found = list(row)
    for i, cell in enumerate(row):
        if cell is None:
            continue
        if i in out:
            found[i] = None if i < named else REMOVED
        elif isinstance(cell, str) and _tells(cell):
            found[i] = _masked(cell, phones=i in texts)
    return found


def _masked(text: str, *, phones: bool) -> str:
    text = EMAIL.sub("", text)
    return PHONE.sub("", text) if phones else text


# JSON


def _admit_json(data: bytes, name: str, register: Register) -> Admitted:
    content, _ = load_json(data, name, register)
    cells: dict[str, list[Any]] = {}
    _collect(content, cells)
    known = declared(register) | {name_of(step.strip("{}")) for step in register.steps}
    personal = {k for k, found in cells.items() if _is_personal(name_of(k), found, register, known)}
    personal -= _data_keys(content, register.steps)
    personal |= _around(content, len(register.steps), personal, known)
    kept = _pruned(content, personal)
    if kept == content:
        return Admitted(data)
    written = json.dumps(kept, ensure_ascii=False).encode(errors="replace")
    return Admitted(written, tuple(sorted(personal)), sha256_of_bytes(data))


def _collect(content: Any, cells: dict[str, list[Any]]) -> None:
    if isinstance(content, list):
        for element in content:
            _collect(element, cells)
    elif isinstance(content, Mapping):
        for key, value in content.items():
            values = value if isinstance(value, list) else [value]
            cells.setdefault(key, []).extend(v for v in values if isinstance(v, str))
            _collect(value, cells)


def _data_keys(content: Any, steps: Sequence[str]) -> set[str]:
    """Return the keys on the way to the records that are data, such as names of regions."""
    inside = content.values() if isinstance(content, Mapping) else content
    if not steps or not isinstance(content, Mapping | list):
        return set()
    if isinstance(content, Mapping) and not steps[0].startswith("{"):
        inside = [content[steps[0]]] if steps[0] in content else []
    found = set(content) if isinstance(content, Mapping) and steps[0].startswith("{") else set()
    return found.union(*(_data_keys(part, steps[1:]) for part in inside))


def _around(
    content: Any, depth: int, personal: AbstractSet[str], known: AbstractSet[str]
) -> set[str]:
    """Return the keys of records that hold something personal inside, and are not declared.

    Who is named beside an e-mail address in such an object goes with it.
    """
    if depth:
        inside = content.values() if isinstance(content, Mapping) else content
        parts = inside if isinstance(content, Mapping | list) else ()
        return {k for part in parts for k in _around(part, depth - 1, personal, known)}
    if not isinstance(content, Mapping):
        return set()
    return {k for k, v in content.items() if name_of(k) not in known and _holds(v, personal)}


def _holds(content: Any, personal: AbstractSet[str]) -> bool:
    if isinstance(content, list):
        return any(_holds(element, personal) for element in content)
    if isinstance(content, Mapping):
        return any(key in personal or _holds(value, personal) for key, value in content.items())
    return False


def _pruned(content: Any, personal: AbstractSet[str]) -> Any:
    if isinstance(content, list):
        return [_pruned(element, personal) for element in content]
    if isinstance(content, Mapping):
        pairs = ((k, v) for k, v in content.items() if k not in personal)
        return {_masked(k, phones=True): _pruned(v, personal) for k, v in pairs}
    return (
        _masked(content, phones=True) if isinstance(content, str) and _tells(content) else content
    )
