"""Workbooks (.xlsx) as sheets: looked through before they are parsed, so that none can do harm.

CSV files are read in :mod:`sources.delimited`.
"""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from xml.parsers import expat

from s3etl.errors import Changed
from sources.grid import (
    CELL,
    FIT,
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_SPECIAL,
    Sheet,
    Value,
    column_number,
    corners,
    reference,
    within,
)

MOST_UNPACKED: Final = 256 * 1024**2
MOST_PARTS: Final = 2_000
MOST_TAGS: Final = 8 * MOST_CELLS
MOST_TEXT: Final = 32 * 1024**2
"""Letters in all cells of a sheet together: one shared text may stand in many of them."""


class _Found:
    """What is found in a worksheet's XML: its size, formulas and merged cells.

    Args:
        lengths: Lengths of the shared texts.
        name: Name of the file, for messages.
    """

    def __init__(self, lengths: Sequence[int], name: str) -> None:
        self.lengths, self.name = lengths, name
        self.formulas: set[str] = set()
        self.merged: list[str] = []
        self.rows = self.columns = self.text = self.special = 0
        self._row = self._column = 0
        self._shared = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        kind = tag.rpartition(":")[2]
        if kind == "c":
            self._cell(attributes)
        elif kind == "row":
            self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
            self._column = 0
        elif kind == "f":
            here = reference(self._row - 1, self._column - 1)
            many = attributes.get("t") in {"array", "dataTable"}
            self.formulas |= self._within(attributes.get("ref", here) if many else here)
        elif kind == "mergeCell":
            self._within(attributes["ref"])
            self.merged.append(attributes["ref"])

    def _within(self, area: str) -> set[str]:
        top, left, bottom, right = corners(area)
        self.special += (bottom - top + 1) * (right - left + 1)
        if self.special > MOST_SPECIAL:
            raise Changed(
                f"{self.name}: expected single cells with values, found more than {MOST_SPECIAL} "
                "merged cells and formulas; split them and put values there."
            )
        return within(area)

    def _cell(self, attributes: dict[str, str]) -> None:
        self._shared = attributes.get("t") == "s"
        if "r" in attributes:
            place = CELL.fullmatch(attributes["r"].upper())
            if place is None:
                raise ValueError(attributes["r"])
            self._row, self._column = int(place[2]), column_number(place[1])
        else:
            self._column += 1
        self.rows = max(self.rows, self._row)
        self.columns = max(self.columns, self._column)
        if (
            self.rows > MOST_ROWS
            or self.columns > MOST_COLUMNS
            or self.rows * self.columns > MOST_CELLS
        ):
            raise Changed(
                f"{self.name}: expected at most {MOST_ROWS} rows, {MOST_COLUMNS} columns and "
                f"{MOST_CELLS} cells in a sheet, found {self.rows} × {self.columns}; delete the "
                "empty rows and columns at the end."
            )

    def characters(self, text: str) -> None:
        """Take the text of an element."""
        if self._shared and text.isdigit() and len(text) < 9 and int(text) < len(self.lengths):
            self.text += self.lengths[int(text)]
        if self.text > MOST_TEXT:
            raise Changed(f"{self.name}: expected shorter texts in its cells, found a bomb; {FIT}.")


def read_workbook(data: bytes, name: str) -> tuple[Sheet, ...]:
    """Read the worksheets of a workbook.

    Raises:
        Changed: Macros, a password, damage, or something huge.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _checked(archive, name)
            listed, texts = _sheets(archive, parts)
            if len(texts) > 1:
                raise zipfile.BadZipFile("two parts with texts")  # noqa: TRY301
            lengths = _lengths(archive, texts[0]) if texts else []
            found = []
            for title, part, hidden in listed:
                sheet = _Found(lengths, name)
                _parse(archive, part, sheet.start, sheet.characters)
                found.append((title, hidden, sheet))
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        expat.ExpatError,
        LookupError,
        ValueError,
    ):
        raise Changed(f"{name}: expected a whole workbook, found a damaged one; {FIT}.") from None
    rows = _values(data, name, [title for title, _, _ in found])
    return tuple(
        Sheet(
            title,
            rows[title],
            frozenset(sheet.formulas),
            tuple(sheet.merged),
            ("the sheet is hidden",) if hidden else (),
        )
        for title, hidden, sheet in sorted(found, key=lambda f: f[1])
    )


def _checked(archive: zipfile.ZipFile, name: str) -> dict[str, str]:
    """Return the parts of a workbook that is safe to parse, by their names in lower case."""
    entries = archive.infolist()
    parts = {entry.filename.lower(): entry.filename for entry in entries}
    if len(entries) > MOST_PARTS or sum(e.file_size for e in entries) > MOST_UNPACKED:
        raise Changed(
            f"{name}: expected a workbook of at most {MOST_UNPACKED // 1024**2} MiB unpacked, "
            f"found more; remove pictures and other sheets, then {FIT}."
        )
    if any(word in part for part in parts for word in ("vbaproject", "/activex", "/macrosheets/")):
        raise Changed(f"{name}: expected a workbook without macros, found one with; {FIT}.")
    if "xl/workbook.xml" not in parts:
        raise Changed(f"{name}: expected a workbook, found another archive; {FIT}.")
    if len(parts) < len(entries):
        raise zipfile.BadZipFile("two parts of one name")
    if (broken := archive.testzip()) is not None:  # sizes that lie are found here, not later
        raise zipfile.BadZipFile(broken)
    if b"macroEnabled" in archive.read(parts["[content_types].xml"]):
        raise Changed(f"{name}: expected a workbook without macros, found one with; {FIT}.")
    return parts


def _parse(
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    characters: Callable[[str], None] | None = None,
) -> None:
    """Parse a part piece by piece; a document type (where entities come from) is refused."""

    def refuse(*_: object) -> None:
        raise ValueError("a workbook has no document type")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    if characters:
        parser.CharacterDataHandler = characters
    tags = 0
    with archive.open(part) as stream:
        while block := stream.read(65536):
            tags += block.count(b"<")
            if tags > MOST_TAGS:
                raise ValueError("more elements than cells may have")
            parser.Parse(block, False)
    parser.Parse(b"", True)


def _lengths(archive: zipfile.ZipFile, part: str) -> list[int]:
    """Return the lengths of the shared texts."""
    found: list[int] = []

    def start(tag: str, _: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "si":
            found.append(0)

    def characters(text: str) -> None:
        if found:
            found[-1] += len(text)

    _parse(archive, part, start, characters)
    return found


def _relations(
    archive: zipfile.ZipFile, parts: Mapping[str, str], of: str, folder: str
) -> dict[str, tuple[str, str]]:
    """Return kind and part of what belongs to a part, by id; which part is meant must be plain."""
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, at: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "Relationship" and at.get("TargetMode") != "External":
            target = at["Target"].lower()
            places = {target.lstrip("/"), posixpath.normpath(f"{folder}/{target}")}
            there = places & parts.keys()
            if len(there) > 1:
                raise ValueError(target)
            found[at["Id"]] = at["Type"].rpartition("/")[2], "".join(there)

    _parse(archive, parts[of], start)
    return found


def _sheets(
    archive: zipfile.ZipFile, parts: Mapping[str, str]
) -> tuple[list[tuple[str, str, bool]], list[str]]:
    """Return title and part of each worksheet and whether it is hidden, and parts with texts."""
    root = _relations(archive, parts, "_rels/.rels", ".")
    if [p for kind, p in root.values() if kind == "officeDocument"] != ["xl/workbook.xml"]:
        raise ValueError("another workbook than xl/workbook.xml")
    linked = _relations(archive, parts, "xl/_rels/workbook.xml.rels", "xl")
    listed: list[tuple[str, str, bool]] = []

    def start(tag: str, at: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "sheet":
            link = next((value for key, value in at.items() if key.endswith(":id")), "")
            listed.append((at["name"], link, at.get("state", "visible") != "visible"))

    _parse(archive, parts["xl/workbook.xml"], start)
    found = [
        (title, parts[linked[link][1]], hidden)
        for title, link, hidden in listed
        if linked[link][0] == "worksheet"
    ]
    texts = {part for kind, part in linked.values() if kind == "sharedStrings" and part}
    texts |= {"xl/sharedstrings.xml"} & parts.keys()
    return found, [parts[part] for part in texts]


def _values(data: bytes, name: str, titles: Sequence[str]) -> dict[str, list[list[Value]]]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  (workbooks only)

    out: dict[str, list[list[Value]]] = {}
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for title in titles:
            rows = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
            out[title] = [[None if cell == "" else cell for cell in row] for row in rows]
    except (CalamineError, ValueError, OverflowError) as error:
        said = (str(error).splitlines() or [""])[0][:80]
        raise Changed(
            f"{name}: expected a workbook, found a damaged one ({said}); {FIT}."
        ) from None
    return out
