"""CSV files as sheets: encoding, separator and rows, read without trusting them.

Workbooks are read in :mod:`sources.xlsx`.
"""

import csv
import re
from typing import Final

from s3etl.errors import Changed
from sources.grid import FIT, MOST_CELLS, MOST_COLUMNS, MOST_ROWS, MOST_SPECIAL, Sheet, Value

SEPARATORS: Final = (",", ";", "|", "\t")
NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")
ENCODINGS: Final = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1257", "cp1254", "iso8859_2")
"""Encodings that are guessed, of the languages of Europe."""
IN_WORD: Final = re.compile(r"(?<=[^\W\d_])[£¤¥¦¿¡×÷¬¯¶¸¹²³¼½¾ª°]|[£¤¥¦×÷¬¯¶¸¹²³¼½¾](?=[^\W\d_])")
"""Signs that stand inside words only where the encoding is another."""
LINE: Final = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)|[^\r\n]++")


def decoded(data: bytes, name: str, encoding: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Return text and a note if its encoding was guessed.

    Raises:
        Changed: It is no text.
    """
    notes: tuple[str, ...] = ()
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding, data = "utf-16", data[: len(data) // 2 * 2]
    for candidate in ("utf-8-sig", *([encoding] if encoding else ())):
        try:
            text = data.decode(candidate)
        except UnicodeDecodeError:
            continue
        break
    else:
        text, notes = _guessed(data, name)
    if "\0" in text and not encoding:
        text, notes = _guessed(data, name)
    if "\0" in text:
        raise Changed(f"{name}: expected text, found other bytes; {FIT}.")
    return text, notes


def _guessed(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Return text in the encoding its first letters outside ASCII look most like."""
    start = data[:4096]
    if start[1::2].count(0) > len(start) // 5:
        encoding = "utf-16-le"
    elif start[::2].count(0) > len(start) // 5:
        encoding = "utf-16-be"
    else:
        first = NOT_ASCII.search(data)
        encoding = _likely(data[max(0, first.start() - 2**15) :][: 2**18] if first else b"")
    try:
        return data.decode(encoding), (f"read as {encoding}, which is a guess",)
    except UnicodeDecodeError:
        raise Changed(f"{name}: expected text, found other bytes; {FIT}.") from None


def _likely(data: bytes) -> str:
    """Return the encoding in which bytes look most like text, of equals the western one."""
    from charset_normalizer import from_bytes  # noqa: PLC0415  (only for what is not UTF-8)

    def oddity(text: str) -> float:
        return len(IN_WORD.findall(text)) / max(1, sum(not c.isascii() for c in text))

    found = from_bytes(data, cp_isolation=list(ENCODINGS), threshold=0.9)
    odd = {
        encoding: round(match.chaos, 2) + oddity(str(match))
        for match in found
        for encoding in match.could_be_from_charset
    }
    return min((e for e in ENCODINGS if e in odd), key=odd.__getitem__, default="utf-8")


def read_csv(data: bytes, name: str, separator: str | None, encoding: str | None) -> Sheet:
    """Read a CSV file as a sheet; separator and encoding are found out where they are None.

    Raises:
        Changed: It is no CSV file, or a huge one.
    """
    text, notes = decoded(data, name, encoding)
    separator = separator or _separator(text)
    if text.count(separator) + text.count("\n") > MOST_CELLS:
        raise Changed(f"{name}: expected at most {MOST_CELLS} cells, found more; split it.")
    rows: list[list[Value]] = []
    same: dict[str, str | None] = {"": None}  # most cells repeat: each text is kept once
    lines = (found[0] for found in LINE.finditer(text))
    try:
        for row in csv.reader(lines, delimiter=separator, strict=True):
            if len(rows) >= MOST_ROWS or len(row) > MOST_COLUMNS:
                raise Changed(
                    f"{name}: expected at most {MOST_ROWS} rows and {MOST_COLUMNS} columns, found "
                    "more; split it."
                )
            keep = same.setdefault if len(same) < MOST_SPECIAL else same.get
            rows.append([keep(cell, cell) for cell in row])
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
        common = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (widths.count(common) if common > 1 else 0), common

    return max(SEPARATORS, key=score)
