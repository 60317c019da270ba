"""Workbooks and CSV files as plain sheets of cells, read without trusting them.

Refuses what could do harm (macros, bombs, passwords) before anything is parsed. What a cell
means is for its reader to say; nothing is looked up or judged here.
"""

import csv
import datetime
import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree

from s3etl.errors import Changed

MOST_BYTES: Final = 32 * 1024**2
"""Largest file that is read at all."""
MOST_UNPACKED: Final = 256 * 1024**2
MOST_PARTS: Final = 2_000
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 1_000
MOST_CELLS: Final = 5_000_000

SEPARATORS: Final = (",", ";", "|", "\t")
OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP: Final = b"PK\x03\x04"
EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:]+@[^\s@<>()\[\],;:]+\.[^\s@<>()\[\],;:.]{2,}")
CELL: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
MARKUP: Final = re.compile(r"<[A-Za-z/!?]|&(?:#[0-9]+|#x[0-9A-Fa-f]+|[A-Za-z]+);")
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINKED: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
FIT: Final = "save it as an .xlsx workbook without macros, or as CSV in UTF-8"

Value = str | float | int | bool | datetime.date | datetime.datetime | None
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


def reference(row: int, column: int) -> str:
    """Return the reference of a cell counted from zero: row 6, column 1 is ``B7``."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def read_file(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        Changed: It is larger than any register or survey is.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise Changed(
            f"{path.name}: expected at most {MOST_BYTES // 1024**2} MiB, found "
            f"{size // 1024**2}; remove pictures and other sheets, then {FIT}."
        )
    return path.read_bytes()


def is_workbook(data: bytes) -> bool:
    """Whether bytes look like a workbook rather than text."""
    return data[:4] == ZIP or data[:8] == OLD_OFFICE


def read_sheets(
    data: bytes, name: str, *, separator: str | None = None, encoding: str | None = None
) -> tuple[Sheet, ...]:
    """Read a workbook (.xlsx) or a CSV file; which of the two it is, its bytes say.

    Args:
        data: The file.
        name: Its name, for messages.
        separator: What separates the cells of a CSV file; found out if not given.
        encoding: Encoding of a CSV file that is not UTF-8; guessed, with a note, if not given.

    Raises:
        Changed: Macros, a password, an old .xls file, a damaged or huge file.
    """
    if len(data) > MOST_BYTES:
        raise Changed(f"{name}: expected at most {MOST_BYTES // 1024**2} MiB, found more; {FIT}.")
    if data[:8] == OLD_OFFICE:
        raise Changed(f"{name}: expected .xlsx, found an old or protected workbook; {FIT}.")
    if data[:4] == ZIP:
        return _workbook(data, name)
    return (_csv(data, name, separator, encoding),)


# CSV


def decoded(data: bytes, name: str, encoding: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Return text and a note if its encoding was guessed.

    Raises:
        Changed: It is no text.
    """
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding, data = "utf-16", data[: len(data) // 2 * 2]
    for candidate in ("utf-8-sig", *([encoding] if encoding else ())):
        try:
            text, notes = data.decode(candidate), ()
        except UnicodeDecodeError:
            continue
        break
    else:
        from charset_normalizer import from_bytes  # noqa: PLC0415  (only for what is not UTF-8)

        best = from_bytes(data).best()
        if best is None:
            raise Changed(f"{name}: expected text, found other bytes; {FIT}.")
        text, notes = str(best), (f"read as {best.encoding}, which is a guess",)
    if "\0" in text:
        raise Changed(f"{name}: expected text, found other bytes; {FIT}.")
    return text, notes


def _csv(data: bytes, name: str, separator: str | None, encoding: str | None) -> Sheet:
    text, notes = decoded(data, name, encoding)
    rows: list[list[Value]] = []
    try:
        for row in csv.reader(
            io.StringIO(text, newline=""), delimiter=separator or _separator(text), strict=True
        ):
            if len(rows) >= MOST_ROWS or len(row) > MOST_COLUMNS:
                raise Changed(f"{name}: expected at most {MOST_ROWS} rows, found more; split it.")
            rows.append([cell or None for cell in row])
    except csv.Error as error:
        raise Changed(f"{name}: expected CSV, found another text ({error}); {FIT}.") from None
    return Sheet(name, rows, notes=notes)


def _separator(text: str) -> str:
    """Return what most likely separates cells: what gives most columns in the same number."""
    lines = text[:65536].splitlines()[:20]

    def score(separator: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=separator)]
        except csv.Error:
            return 0, 0
        common = max(set(widths), key=widths.count, default=1)
        return (widths.count(common) if common > 1 else 0), common

    return max(SEPARATORS, key=score)


# Workbooks


def _workbook(data: bytes, name: str) -> tuple[Sheet, ...]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _checked(archive, name)
            found = [
                (title, *_cells(archive.read(part), name)) for title, part in _sheets(archive, parts)
            ]
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        ElementTree.ParseError,
        KeyError,
        ValueError,
    ):
        raise Changed(f"{name}: expected a whole workbook, found a damaged one; {FIT}.") from None
    rows = _values(data, name)
    return tuple(
        Sheet(title, rows[title], formulas, merged)
        for title, formulas, merged in found
        if title in rows
    )


def _checked(archive: zipfile.ZipFile, name: str) -> list[str]:
    """Return the parts of a workbook that is safe to parse."""
    entries = archive.infolist()
    parts = [entry.filename for entry in entries]
    if len(parts) > MOST_PARTS or sum(e.file_size for e in entries) > MOST_UNPACKED:
        raise Changed(
            f"{name}: expected a workbook of at most {MOST_UNPACKED // 1024**2} MiB unpacked, "
            f"found more; remove pictures and other sheets, then {FIT}."
        )
    if any("vbaproject" in p.lower() or "/activex" in p.lower() for p in parts):
        raise Changed(f"{name}: expected a workbook without macros, found one with; {FIT}.")
    if "xl/workbook.xml" not in parts:
        raise Changed(f"{name}: expected a workbook, found another archive; {FIT}.")
    if (broken := archive.testzip()) is not None:  # sizes that lie are found here, not later
        raise zipfile.BadZipFile(broken)
    types = archive.read("[Content_Types].xml")
    if b"macroEnabled" in types:
        raise Changed(f"{name}: expected a workbook without macros, found one with; {FIT}.")
    return parts


def _parsed(xml: bytes) -> ElementTree.Element:
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise ValueError("a workbook has no document type")
    return ElementTree.fromstring(xml)  # noqa: S314  (no entities: looked for above)


def _sheets(archive: zipfile.ZipFile, parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield title and part of each worksheet."""
    relations = _parsed(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {r.get("Id"): str(r.get("Target")) for r in relations}
    for sheet in _parsed(archive.read("xl/workbook.xml")).iter(f"{MAIN}sheet"):
        target = targets.get(sheet.get(LINKED), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in parts and "/worksheets/" in part:
            yield str(sheet.get("name")), part


def _cells(xml: bytes, name: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return where a sheet has formulas and merged cells, and refuse one that is too large."""
    formulas, rows, columns = set(), 0, 0
    root = _parsed(xml)
    for cell in root.iter(f"{MAIN}c"):
        place = CELL.fullmatch(cell.get("r") or "")
        if place:
            rows, columns = max(rows, int(place[2])), max(columns, _number(place[1]))
        if cell.find(f"{MAIN}f") is not None:
            formulas.add(cell.get("r") or "a cell")
    if rows > MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        raise Changed(
            f"{name}: expected at most {MOST_ROWS} rows and {MOST_COLUMNS} columns, found "
            f"{rows} × {columns}; delete the empty rows and columns at the end."
        )
    merged = [str(m.get("ref")) for m in root.iter(f"{MAIN}mergeCell")]
    return frozenset(formulas), tuple(merged)


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _values(data: bytes, name: str) -> dict[str, list[list[Value]]]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  (workbooks only)

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return {
            title: [
                [None if cell == "" else cell for cell in row]
                for row in book.get_sheet_by_name(title).to_python(skip_empty_area=False)
            ]
            for title in book.sheet_names
        }
    except CalamineError as error:
        said = str(error).splitlines()[0][:80]
        raise Changed(f"{name}: expected a workbook, found a damaged one ({said}).") from None


# Texts


def plain(text: str) -> tuple[str, str]:
    """Return a text as it may be stored, and a note on what was mended in it.

    Wrongly decoded letters are decoded again, HTML is taken out, control characters become
    spaces, e-mail addresses are removed; spaces at the ends go without a note.
    """
    notes, found = [], text
    if not text.isascii():
        import ftfy  # noqa: PLC0415  (only where there is something to mend)

        found = ftfy.fix_encoding(found)
        if found != text:
            notes.append("letters decoded again")
    if MARKUP.search(found):
        import nh3  # noqa: PLC0415  (only where there is markup)

        stripped = html.unescape(nh3.clean(found, tags=set()))
        if stripped != found:
            found = stripped
            notes.append("HTML removed")
    if EMAIL.search(found):
        found = EMAIL.sub("", found)
        notes.append("e-mail address removed")
    found = " ".join(CONTROL.sub(" ", found).split())
    return found, ", ".join(notes)
