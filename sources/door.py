"""The door: what of a register's file may be kept at all (methodology 4.1, no personal data).

Columns with data on persons are dropped before anything is stored, and their names are noted.
A file without any is kept byte for byte, but for workbooks, whose properties name people.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from s3etl.errors import Changed
from s3etl.files import sha256_of_bytes
from s3etl.registers.declaration import Register
from sources.kept import write_kept
from sources.rows import find_header, name_of
from sources.sheets import EMAIL, Sheet, Value, decoded, is_workbook, read_sheets, reference

PERSONAL: Final = re.compile(
    r"e-?mail|phone|telefon|\btel\b|mobile|fax|contact|kontakt|first.?name|last.?name|surname"
    r"|person|manager|vorname|nachname|linked.?in|twitter|skype|birth",
    re.IGNORECASE,
)
"""What a column with data on persons is called; one that is declared is judged by its cells."""
PHONE: Final = re.compile(r"\+[0-9][0-9 ()/-]{7,}[0-9]")

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
    if not is_workbook(data) and all(a.rows == b.rows for a, b in zip(sheets, kept, strict=True)):
        return Admitted(data)
    return Admitted(write_kept(kept), tuple(dict.fromkeys(dropped)), sha256_of_bytes(data))


def _declared(register: Register) -> set[str]:
    return {name_of(n) for field in register.columns for n in register.column(field)}


def _is_personal(column: str, cells: list[Any], register: Register) -> bool:
    """Whether a column holds data on persons: it is said so, called so, or its cells tell."""
    if column in {name_of(p) for p in register.personal}:
        return True
    if column in _declared(register):
        return False  # e-mail addresses within its texts are removed when it is read
    texts = [cell for cell in cells if isinstance(cell, str)]
    telling = any(EMAIL.search(text) or PHONE.search(text) for text in texts)
    return telling or bool(PERSONAL.search(column))


def _without_personal(sheet: Sheet, register: Register, dropped: list[str]) -> Sheet:
    """Return a sheet without its personal columns; of a sheet without header, nothing."""
    header = find_header(sheet, register)
    if header is None:
        if sheet.rows:
            dropped.append(f"sheet {sheet.name}")
        return sheet._replace(rows=[], formulas=frozenset(), merged=())
    columns = [name_of(cell) for cell in sheet.rows[header]]
    width = max(len(row) for row in sheet.rows)
    columns += [""] * (width - len(columns))
    out = set()
    for i, column in enumerate(columns):
        cells = [row[i] for row in sheet.rows[header + 1 :] if i < len(row)]
        if _is_personal(column, cells, register):
            out.add(i)
            dropped.append(column or f"column {reference(0, i)[:-1]}")
    rows = [[None if i in out else cell for i, cell in enumerate(row)] for row in sheet.rows]
    return sheet._replace(rows=[_masked(row) for row in rows])


def _masked(row: list[Value]) -> list[Value]:
    """Return a row without the e-mail addresses in its texts."""
    return [EMAIL.sub("", cell) if isinstance(cell, str) else cell for cell in row]


# JSON


def _admit_json(data: bytes, name: str, register: Register) -> Admitted:
    text, _ = decoded(data, name, register.encoding)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise Changed(f"{name}: expected JSON, found another text; get it again.") from None
    cells: dict[str, list[Any]] = {}
    _collect(content, cells)
    personal = {key for key, found in cells.items() if _is_personal(name_of(key), found, register)}
    masked = EMAIL.search(text) is not None
    if not personal and not masked:
        return Admitted(data)
    kept = json.dumps(_pruned(content, personal), ensure_ascii=False).encode()
    return Admitted(kept, tuple(sorted(personal)), sha256_of_bytes(data))


def _collect(content: Any, cells: dict[str, list[Any]]) -> None:
    if isinstance(content, list):
        for element in content:
            _collect(element, cells)
    elif isinstance(content, Mapping):
        for key, value in content.items():
            values = value if isinstance(value, list) else [value]
            cells.setdefault(key, []).extend(v for v in values if isinstance(v, str))
            _collect(value, cells)


def _pruned(content: Any, personal: set[str]) -> Any:
    if isinstance(content, list):
        return [_pruned(element, personal) for element in content]
    if isinstance(content, Mapping):
        return {k: _pruned(v, personal) for k, v in content.items() if k not in personal}
    return EMAIL.sub("", content) if isinstance(content, str) else content
