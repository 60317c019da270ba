"""What Eurostat writes in headers, keys and cells, whatever the wire format.

The grammar of the bulk formats and the sentences that refuse what breaks it. How a whole file
is laid out is for the module of its format.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from s3etl.errors import Changed

PERIOD: Final = re.compile(
    r"[12][0-9]{3}(-?Q[1-4]|-?S[12]|-?W(0[1-9]|[1-4][0-9]|5[0-3])"
    r"|(-|-?M)(0[1-9]|1[0-2])|-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?"
)
DIMENSION: Final = re.compile(r"[a-z][a-z0-9_]*")
CODE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+\-]*")
FLAG: Final = re.compile(r"[A-Za-z]*")
NUMBER: Final = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
VALUE: Final = rf"(?P<value>:|{NUMBER}|[A-Z][A-Z0-9_/.%-]+)"
NO_TEXT: Final = ("NAN", "INF", "INFINITY", "NA", "N/A", "NULL", "NONE")
MOST_COLUMNS: Final = 30_000
"""Columns of the widest file that is read; the days of eighty years."""

MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark; Arrow would take it away from the start of any block."""
CODES: Final = pa.dictionary(pa.int32(), pa.string())
NONE: Final = pa.scalar(None, pa.string())


class Block(NamedTuple):
    """Whole lines of a file.

    Attributes:
        body: The lines, with their ends.
        line: Number of the first of them in the file.
    """

    body: bytes
    line: int


def changed(name: str, expected: str, found: str, where: str = "") -> Changed:
    """Return the refusal of a text that was found in place of something else."""
    shown = repr(found if len(found) <= 60 else found[:59] + "…")
    return Changed(f"{name}: expected {expected}, found {shown}{where}; get the right file again.")


def not_plain(block: Block, place: int, found: str, name: str) -> Changed:
    """Return the refusal of a byte that no plain text has."""
    line = block.line + block.body.count(b"\n", 0, place)
    return Changed(f"{name}: expected plain text, found {found} in line {line}; get it again.")


def check(texts: Iterable[str | None], expected: str, pattern: re.Pattern[str], name: str) -> None:
    """Refuse texts unlike a pattern.

    Raises:
        Changed: There is one.
    """
    for text in texts:
        if not pattern.fullmatch(text or ""):
            raise changed(name, expected, text or "")


def check_header(names: Sequence[str], dimensions: Sequence[str], name: str) -> None:
    """Refuse too many columns, strange dimensions, none of them, and columns that occur twice.

    Raises:
        Changed: The header is such a one.
    """
    if len(names) > MOST_COLUMNS:
        raise Changed(
            f"{name}: expected at most {MOST_COLUMNS:,} columns in the header, found "
            f"{len(names):,}; get the right file again."
        )
    check(dimensions or [""], "a dimension in the header", DIMENSION, name)
    text, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise changed(name, "each column once in the header", text, f" {times} times")


def check_plain(block: Block, name: str) -> None:
    """Refuse NUL bytes, bytes that are not UTF-8, a byte order mark, and other line ends.

    Raises:
        Changed: There is one.
    """
    body = block.body
    if (place := body.find(b"\0")) >= 0:
        raise not_plain(block, place, "a NUL byte", name)
    if body.startswith(MARK):
        raise not_plain(block, 0, "a byte order mark", name)
    try:
        body.isascii() or body.decode()
    except UnicodeDecodeError as error:
        raise not_plain(block, error.start, "bytes that are not UTF-8", name) from None
    if b"\r" in body.replace(b"\r\n", b""):
        raise changed(name, "line ends LF or CRLF", "\r", " within a line")


def distinct(column: pa.ChunkedArray) -> list[str | None]:
    """Return the distinct codes of a unified dictionary column, None if a cell is empty."""
    codes: list[str | None] = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
    return [*codes, None] if column.null_count else codes


def empty_to_null(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts with null for the empty ones."""
    return pc.if_else(pc.equal(text, ""), NONE, text)


def in_one(columns: Iterable[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Return columns of one type, one after another."""
    return pa.chunked_array([chunk for column in columns for chunk in column.chunks])


def read_strings(block: Block, names: Sequence[str], delimiter: str, name: str) -> pa.Table:
    """Read every column as text.

    Raises:
        Changed: A row has too few or too many cells.
    """
    try:
        return csv.read_csv(
            pa.BufferReader(block.body),
            csv.ReadOptions(column_names=names, block_size=len(block.body), use_threads=False),
            csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        expected = f"{len(names)} cells in every row"
        for number, line in enumerate(block.body.splitlines(), block.line):
            if (cells := line.count(delimiter.encode()) + 1) != len(names):
                where = f" with {cells} in line {number}"
                shown = line[:200].decode("utf-8", "replace")
                raise changed(name, expected, shown, where) from None
        raise Changed(f"{name}: expected {expected}, found others; get it again.") from None


def split(
    cells: pa.ChunkedArray, pattern: str, columns: Sequence[str], line: int, name: str
) -> tuple[pa.ChunkedArray, pa.ChunkedArray, pa.ChunkedArray]:
    """Split cells, column after column, into value, flag (dictionary) and text.

    Args:
        cells: The cells as text.
        pattern: Regular expression with the groups ``value`` and ``flag``.
        columns: Names of the columns.
        line: Number of the first row's line.
        name: What messages call the file.

    Raises:
        Changed: A cell is wrong; line and column are named.
    """

    def refuse(wrong: pa.ChunkedArray) -> None:
        if (place := pc.index(wrong, value=True).as_py()) >= 0:
            column, row = divmod(place, len(cells) // len(columns))
            expected = "a finite number, ':' or a word in capitals, each with flags or without"
            where = f" in line {line + row}, column {columns[column]}"
            raise changed(name, expected, cells[place].as_py(), where)

    parts = pc.extract_regex(cells, pattern)
    refuse(pc.is_null(parts))
    value, flag = pc.struct_field(parts, 0), pc.struct_field(parts, 1)
    is_number = pc.match_substring_regex(value, f"^{NUMBER}$")
    number = pc.if_else(is_number, value, NONE).cast(pa.float64())
    refuse(pc.or_(pc.is_in(value, pa.array(NO_TEXT)), pc.is_inf(pc.fill_null(number, 0))))
    is_text = pc.and_not(pc.invert(is_number), pc.equal(value, ":"))
    flag = empty_to_null(pc.replace_substring(flag, " ", ""))
    return number, flag.dictionary_encode(), pc.if_else(is_text, value, NONE)
