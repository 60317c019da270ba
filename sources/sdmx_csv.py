"""SDMX-CSV, one observation a line, read into the columns of :mod:`sources.eurostat`.

The files are sorted, so that the first cells of a row are those of the row before over thousands
of rows. Such beginnings are compared byte by byte and cut off; Arrow reads what is left. A block
of lines that this cannot be done with is read as it is, one with missing marks or text in it by a
slower path with the same result. Nothing is judged here.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sources import cells, unpack
from sources.cells import CODES, Block

FLOW: Final = ("DATAFLOW", "STRUCTURE_ID")
NOT_DIMENSIONS: Final = (*FLOW, "LAST UPDATE", "STRUCTURE", "STRUCTURE_NAME")
MEASURED: Final = ("TIME_PERIOD", "OBS_VALUE", "OBS_FLAG", "CONF_STATUS")
CONFIDENTIALITY: Final = re.compile(r"[CF]?")
CELL: Final = rf"^[ \t]*{cells.VALUE}(?P<flag>)[ \t]*$"

FAR: Final = 512
"""Rows over which a beginning must stay the same to be worth cutting off."""
MOST_RUNS: Final = 64
"""Runs of rows with one beginning in a block; with more, nothing is cut off."""

Bytes = bytes | memoryview


class Columns(NamedTuple):
    """The columns of the file, and those that are wanted of them."""

    all: list[str]
    wanted: list[str]

    def after(self, leading: int) -> "Columns":
        """Return the columns without the first ones."""
        rest = self.all[leading:]
        return Columns(rest, [column for column in rest if column in self.wanted])


class Run(NamedTuple):
    """Rows that begin alike.

    Attributes:
        start: The first of them.
        rows: How many there are.
        cells: The cells they begin with, each with its comma.
    """

    start: int
    rows: int
    cells: bytes


def is_header(header: str) -> bool:
    """Tell whether a line is the header of such a file."""
    return {"OBS_VALUE", "TIME_PERIOD"} <= set(header.split(","))


def parse(header: str, blocks: Iterator[Bytes], name: str, dataset: str | None) -> pa.Table:
    """Read the rows below a header.

    Args:
        header: The header line without its end.
        blocks: Whole lines.
        name: What messages call the file.
        dataset: Dataset code the file should be of.

    Raises:
        Changed: Something is wrong.
    """
    columns = header.split(",")
    dimensions = [c for c in columns if c not in NOT_DIMENSIONS and c not in MEASURED]
    cells.check_header(columns, dimensions, name)
    if '"' in header:
        raise cells.not_plain(
            Block(header.encode(), 1), header.index('"'), "a quotation mark", name
        )
    wanted = Columns(columns, [c for c in columns if c in FLOW or c not in NOT_DIMENSIONS])
    table = _joined(_read(blocks, wanted, name), name)
    _check(table, dimensions, name, dataset)
    out = table.select([*dimensions, "TIME_PERIOD", "OBS_VALUE"])
    out = out.append_column("OBS_FLAG", _one_flag(table, name))
    if "OBS_TEXT" in table.column_names:
        out = out.append_column("OBS_TEXT", table["OBS_TEXT"])
    return out


def _read(blocks: Iterator[Bytes], columns: Columns, name: str) -> Iterator[pa.Table]:
    line = 2
    for body, read in unpack.ahead(lambda body: read_regular(body, columns), blocks):
        table = read or read_irregular(Block(bytes(body), line), columns, name)
        line += len(table)
        yield table


def _joined(tables: Iterable[pa.Table], name: str) -> pa.Table:
    parts = [*tables]
    if not parts:
        raise cells.changed(name, "rows below the header", "")
    if any("OBS_TEXT" in part.column_names for part in parts):
        parts = [_with_text(part) for part in parts]
    return pa.concat_tables(parts).unify_dictionaries()


def _with_text(table: pa.Table) -> pa.Table:
    if "OBS_TEXT" in table.column_names:
        return table
    return table.append_column("OBS_TEXT", pa.nulls(len(table), pa.string()))


def _check(table: pa.Table, dimensions: list[str], name: str, dataset: str | None) -> None:
    for column in dimensions:
        cells.check(
            cells.distinct(table[column]), f"a code in dimension {column}", cells.CODE, name
        )
    for column in FLOW:
        if column in table.column_names:
            flows = cells.distinct(table[column])
            same = re.compile(re.escape(flows[0] or "-"))
            cells.check(flows, f"one {column} in all rows", same, name)
            asked = re.compile(rf"(?ai)(.*:)?{re.escape(dataset or '')}(\(.*\))?")
            cells.check(flows if dataset else (), f"dataset {dataset}", asked, name)
    periods = cells.distinct(table["TIME_PERIOD"])
    cells.check(periods, "a period in TIME_PERIOD", cells.PERIOD, name)


def read_regular(body: Bytes, columns: Columns) -> pa.Table | None:
    """Read lines in one pass, or return None if a value is no number or anything is wrong."""
    lines = _lines(body)
    runs = _runs(lines, columns)
    leading = runs[0].cells.count(b",") if runs else 0
    rest = _without(lines, runs) if runs else pa.py_buffer(body)
    if not all(_is_plain(text) for text in (rest, *(run.cells for run in runs))):
        return None
    table = _read_numbers(rest, columns.after(leading))
    if table is None or len(table) != len(lines):
        return None
    beginnings = _beginnings(runs, columns)
    return pa.table({c: beginnings[c] if c in beginnings else table[c] for c in columns.wanted})


def _lines(body: Bytes) -> pa.Array:
    """Return the lines, with their ends, as an array over the same bytes."""
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n"))
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends + 1
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(body)]
    return pa.Array.from_buffers(pa.binary(), len(ends), buffers)


def _runs(lines: pa.Array, columns: Columns) -> list[Run]:
    """Return the runs of rows that begin alike, none if there are too many to be worth it."""
    leading = _leading(lines, columns)
    runs: list[Run] = []
    start = 0
    while leading and start < len(lines):
        cut = lines[start].as_py().split(b",", leading)[:leading]
        beginning = b",".join([*cut, b""])
        rows = _alike(lines, start, beginning)
        if not rows or len(runs) == MOST_RUNS:
            return []
        runs.append(Run(start, rows, beginning))
        start += rows
    return runs


def _leading(lines: pa.Array, columns: Columns) -> int:
    """Return how many first cells stay the same over many rows, by a look at a few places."""
    most = next(i for i, column in enumerate(columns.all) if column in MEASURED)
    found = []
    for row in range(0, len(lines) - FAR, max(FAR, len(lines) // 5)):
        near, far = (lines[i].as_py().split(b",", most)[:most] for i in (row, row + FAR))
        same = (a == b for a, b in zip(near, far, strict=False))
        found.append(next((i for i, alike in enumerate(same) if not alike), most))
    return sorted(found)[len(found) // 2] if found else 0


def _alike(lines: pa.Array, start: int, beginning: bytes) -> int:
    """Return how many rows from the first on have a beginning, 0 also if it is not ASCII."""
    if not beginning.isascii():
        return 0
    pattern = beginning.decode()
    at, step = start, 4 * FAR
    while at < len(lines):
        same = pc.starts_with(lines.slice(at, step), pattern=pattern)
        if (other := pc.index(same, value=False).as_py()) >= 0:
            return int(at + other - start)
        at += len(same)
        step *= 4
    return len(lines) - start


def _without(lines: pa.Array, runs: list[Run]) -> pa.Buffer:
    """Return the bytes of the lines without their beginnings."""
    # Beginnings and rests in turn, over the same bytes (pc.binary_slice fails on some blocks).
    _, ends, body = lines.buffers()
    lengths = np.repeat([len(run.cells) for run in runs], [run.rows for run in runs])
    offsets = np.empty(2 * len(lines) + 1, np.int32)
    offsets[::2] = np.frombuffer(ends, np.int32)
    offsets[1::2] = offsets[:-1:2] + lengths
    halves = pa.Array.from_buffers(pa.binary(), 2 * len(lines), [None, pa.py_buffer(offsets), body])
    rest = halves.take(pa.array(np.arange(1, len(halves), 2, np.int32)))
    return rest.buffers()[2].slice(0, rest.total_values_length)


def _is_plain(body: Bytes | pa.Buffer) -> bool:
    """Tell whether there are no quotation marks, NUL bytes, lone returns and other than UTF-8."""
    text = bytes(body)
    if b'"' in text or b"\0" in text or text.startswith(cells.MARK):
        return False
    if b"\r" in text:
        each = np.frombuffer(text, np.uint8)
        if ((each[:-1] == ord("\r")) & (each[1:] != ord("\n"))).any():
            return False
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def _read_numbers(body: pa.Buffer, columns: Columns) -> pa.Table | None:
    """Read the wanted columns, or return None if some value is not a finite number."""
    types = dict.fromkeys(columns.wanted, CODES) | {"OBS_VALUE": pa.float64()}
    try:
        table = csv.read_csv(
            pa.BufferReader(body),
            csv.ReadOptions(column_names=columns.all, block_size=body.size, use_threads=False),
            csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=types,
                include_columns=columns.wanted,
                null_values=[""],
                strings_can_be_null=True,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    finite = pc.all(pc.is_finite(table["OBS_VALUE"]), min_count=0).as_py()
    return table if finite else None


def _beginnings(runs: list[Run], columns: Columns) -> dict[str, pa.Array]:
    """Return the columns that were cut off and are wanted."""
    found = {}
    rows = [run.rows for run in runs]
    texts = zip(*(run.cells.decode().split(",")[:-1] for run in runs), strict=True)
    for column, each in zip(columns.all, texts, strict=False):
        if column in columns.wanted:
            place = {text: i for i, text in enumerate(dict.fromkeys(each))}
            indices = np.repeat(np.array([place[text] for text in each], np.int32), rows)
            codes = pa.array([*place], pa.string())
            found[column] = pa.DictionaryArray.from_arrays(pa.array(indices), codes)
    return found


def read_irregular(block: Block, columns: Columns, name: str) -> pa.Table:
    """Read lines whose values may be ``:`` or text.

    Raises:
        Changed: Something is wrong with a line; its number is named.
    """
    cells.check_plain(block, name)
    if (place := block.body.find(b'"')) >= 0:
        raise cells.not_plain(block, place, "a quotation mark", name)
    table = cells.read_strings(block, columns.all, ",", name)
    values = table["OBS_VALUE"]
    filled = pc.if_else(pc.equal(values, ""), ":", values)
    value, _, text = cells.split(filled, CELL, ["OBS_VALUE"], block.line, name)
    out = {c: cells.empty_to_null(table[c]).dictionary_encode() for c in columns.wanted}
    out["OBS_VALUE"] = value
    if text.null_count < len(text):
        out["OBS_TEXT"] = text
    return pa.table(out)


def _one_flag(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return the flags, with a separate confidentiality mark beside them as in TSV files."""
    flag = pa.chunked_array([pa.nulls(table.num_rows, pa.string()).dictionary_encode()])
    if "OBS_FLAG" in table.column_names:
        flag = table["OBS_FLAG"]
        cells.check(cells.distinct(flag), "letters in OBS_FLAG", cells.FLAG, name)
    if "CONF_STATUS" not in table.column_names:
        return flag.cast(CODES)
    mark = table["CONF_STATUS"]
    cells.check(cells.distinct(mark), "C, F or nothing in CONF_STATUS", CONFIDENTIALITY, name)
    flag = pc.fill_null(flag.cast(pa.string()), "")
    known = pc.match_substring(flag, "c", ignore_case=True)
    new = pc.and_not(pc.equal(pc.fill_null(mark.cast(pa.string()), ""), "C"), known)
    both = pc.binary_join_element_wise(flag, pc.if_else(new, "c", ""), "")
    return cells.empty_to_null(both).dictionary_encode()
