r"""Old and new TSV, a row for each series and a column for each period, read as one long table.

A cell is ``value[ flags]``: ``"12.5 "``, ``"12.5 bu"``, ``": c"``, ``":C"``. In nearly every file
each cell has exactly one blank, so blanks (and the commas of the key) can be turned into tabs and
Arrow reads values and flags as columns of their own in one pass. That is done only after the
order of all separators has been compared with the regular one; any other block of lines takes a
slower path with the same result. Nothing is judged here.
"""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sources import cells, unpack
from sources.cells import CODES, Block

CELL: Final = rf"^{cells.VALUE}(?P<flag>(?: *[A-Za-z])*) *$"
_ONE_PASS: Final = bytes.maketrans(b" ,", b"\t\t")
_NOT_SEPARATORS: Final = bytes(set(range(256)) - set(b", \t\r\n:"))

Bytes = bytes | memoryview


class Shape(NamedTuple):
    """Names of the dimensions and of the periods, and the end of the header line."""

    dimensions: list[str]
    periods: list[str]
    line_end: bytes


class Rows(NamedTuple):
    """What a block holds: the key columns; values, flags and texts of each period."""

    keys: list[pa.ChunkedArray]
    values: list[pa.ChunkedArray]
    flags: list[pa.ChunkedArray]
    texts: list[pa.ChunkedArray] | None = None

    def __len__(self) -> int:
        return len(self.keys[0])


def is_header(header: str) -> bool:
    """Tell whether a line is the header of such a file."""
    return "\t" in header


def parse(header: str, blocks: Iterator[Bytes], name: str, *, windows: bool) -> pa.Table:
    """Read the rows below a header.

    Args:
        header: The header line without its end.
        blocks: Whole lines.
        name: What messages call the file.
        windows: Whether the header ends with CRLF.

    Raises:
        Changed: Something is wrong.
    """
    key, *columns = header.split("\t")
    first, _, last = key.partition("\\")
    if last not in ("time", "TIME_PERIOD"):
        expected = r"a header that starts with …,geo\time or …,geo\TIME_PERIOD"
        raise cells.changed(name, expected, key)
    dimensions, periods = first.split(","), [period.strip(" ") for period in columns]
    cells.check_header([*dimensions, *periods], dimensions, name)
    cells.check(periods, "a period in the header", cells.PERIOD, name)
    shape = Shape(dimensions, periods, b"\r\n" if windows else b"\n")
    return _long([*_read(blocks, shape, name)], shape, name)


def _read(blocks: Iterator[Bytes], shape: Shape, name: str) -> Iterator[Rows]:
    line = 2
    for body, read in unpack.ahead(lambda body: read_regular(bytes(body), shape), blocks):
        rows = read or read_irregular(Block(bytes(body), line), shape, name)
        line += len(rows)
        yield rows


def _long(parts: list[Rows], shape: Shape, name: str) -> pa.Table:
    """Return the long form without copying: key columns once per period, periods in turn."""
    columns = {}
    for i, dimension in enumerate(shape.dimensions):
        column = cells.in_one(part.keys[i] for part in parts).unify_dictionaries()
        codes = cells.distinct(column)
        cells.check(codes, f"a code in dimension {dimension}", cells.CODE, name)
        columns[dimension] = pa.chunked_array(column.chunks * len(shape.periods))
    names, rows = pa.array(shape.periods, pa.string()), sum(len(part) for part in parts)
    each = range(len(shape.periods))
    indices = [pa.repeat(pa.scalar(i, pa.int32()), rows) for i in each]
    columns["TIME_PERIOD"] = pa.chunked_array(
        pa.DictionaryArray.from_arrays(index, names, safe=False) for index in indices
    )
    columns["OBS_VALUE"] = cells.in_one(part.values[i] for i in each for part in parts)
    flags = cells.in_one(part.flags[i] for i in each for part in parts)
    columns["OBS_FLAG"] = flags.unify_dictionaries()
    if any(part.texts for part in parts):
        columns["OBS_TEXT"] = cells.in_one(
            part.texts[i] if part.texts else pa.chunked_array([pa.nulls(len(part), pa.string())])
            for i in each
            for part in parts
        )
    return pa.table(columns)


def _count_missing(body: bytes, shape: Shape) -> int | None:
    """Count the ``:`` of regular lines, or return None if they are irregular.

    Commas and blanks become tabs in the one pass, so a wrong one could make up for another:
    what the lines have of commas, blanks, tabs and line ends must be the regular row over and
    over, with ``:`` in no other place than that of a value.
    """
    row = b"," * (len(shape.dimensions) - 1) + b"\t " * len(shape.periods) + shape.line_end
    separators = body.translate(None, _NOT_SEPARATORS)
    each = np.frombuffer(separators, np.uint8)
    colon = each == ord(":")
    in_place = (each[:-2] == ord("\t")) & colon[1:-1] & (each[2:] == ord(" "))
    without = separators.translate(None, b":")
    rows, rest = divmod(len(without), len(row))
    regular = rest == 0 and without == row * rows
    missing = int(np.count_nonzero(colon))
    return missing if regular and np.count_nonzero(in_place) == missing else None


def read_regular(body: bytes, shape: Shape) -> Rows | None:
    """Read keys, values and flags in one pass, or return None if the lines are irregular."""
    missing = _count_missing(body, shape)
    if missing is None or not body.isascii() or b"\0" in body:
        return None
    first = len(shape.dimensions)
    names = [str(i) for i in range(first + 2 * len(shape.periods))]
    types = dict.fromkeys(names, CODES) | dict.fromkeys(names[first::2], pa.float64())
    try:
        table = csv.read_csv(
            pa.BufferReader(body.translate(_ONE_PASS)),
            csv.ReadOptions(column_names=names, block_size=len(body), use_threads=False),
            csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=types,
                null_values=[":", ""],
                strings_can_be_null=True,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    columns = table.columns
    values, flags = columns[first::2], columns[first + 1 :: 2]
    value = cells.in_one(values)
    # More nulls than ":" would be values that are not there at all.
    finite = value.null_count == missing and math.isfinite(pc.sum(value).as_py() or 0)
    known = {text for flag in flags for text in cells.distinct(flag) if text is not None}
    if not finite or not all(cells.FLAG.fullmatch(text) for text in known):
        return None
    return Rows(columns[:first], values, flags)


def read_irregular(block: Block, shape: Shape, name: str) -> Rows:
    """Read cells with or without a blank, with flags set anyhow, and with text in them.

    Raises:
        Changed: Something is wrong with a line; its number is named.
    """
    cells.check_plain(block, name)
    dimensions, periods = shape.dimensions, shape.periods
    table = cells.read_strings(block, ["", *periods], "\t", name)
    key = table.column(0)
    parts = pc.split_pattern(key, ",")
    other = pc.not_equal(pc.list_value_length(parts), len(dimensions))
    if (row := pc.index(other, value=True).as_py()) >= 0:
        expected = f"a key of {len(dimensions)} codes ({','.join(dimensions)})"
        raise cells.changed(name, expected, key[row].as_py(), f" in line {block.line + row}")
    keys = [pc.list_element(parts, i).dictionary_encode() for i in range(len(dimensions))]
    each = cells.in_one(table.columns[1:])
    split = cells.split(each, CELL, periods, block.line, name)

    def by_period(column: pa.ChunkedArray) -> list[pa.ChunkedArray]:
        return [column.slice(i * len(key), len(key)) for i in range(len(periods))]

    value, flag, text = split
    texts = by_period(text) if text.null_count < len(text) else None
    return Rows(keys, by_period(value), by_period(flag), texts)
