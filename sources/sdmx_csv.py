"""SDMX-CSV, one observation a line, read into the columns of :mod:`sources.eurostat`.

What the rows have in common at their beginning is cut off (:mod:`sources.beginnings`) and Arrow
reads what is left. A block of lines with missing marks or text in it is read by a slower path
with the same result. Nothing is judged here.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sources import beginnings, cells, unpack
from sources.cells import CODES, Block

FLOW: Final = ("DATAFLOW", "STRUCTURE_ID")
NOT_DIMENSIONS: Final = (*FLOW, "LAST UPDATE", "STRUCTURE", "STRUCTURE_NAME")
MEASURED: Final = ("TIME_PERIOD", "OBS_VALUE", "OBS_FLAG", "CONF_STATUS")
CONFIDENTIALITY: Final = re.compile(r"[CF]?")
CELL: Final = rf"^[ \t]*{cells.VALUE}(?P<flag>)[ \t]*$"

Bytes = bytes | memoryview


class Columns(NamedTuple):
    """The columns of the file, and those that are wanted of them."""

    all: list[str]
    wanted: list[str]

    def after(self, leading: int) -> "Columns":
        """Return the columns without the first ones."""
        rest = self.all[leading:]
        return Columns(rest, [column for column in rest if column in self.wanted])


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
    most = next(i for i, column in enumerate(columns.all) if column in MEASURED)
    cut = beginnings.cut(body, columns.all, most)
    if not all(_is_plain(text) for text in (cut.rest, *cut.texts)):
        return None
    table = _read_numbers(cut.rest, columns.after(len(cut.columns)))
    if table is None or len(table) != cut.rows:
        return None
    return pa.table({c: cut.columns[c] if c in cut.columns else table[c] for c in columns.wanted})


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
    if "OBS_FLAG" in table.column_names:
        flag = table["OBS_FLAG"]
        cells.check(cells.distinct(flag), "letters in OBS_FLAG", cells.FLAG, name)
    else:
        flag = pa.chunked_array([pa.nulls(len(table), pa.string())]).dictionary_encode()
    if "CONF_STATUS" not in table.column_names:
        return flag
    mark = table["CONF_STATUS"]
    cells.check(cells.distinct(mark), "C, F or nothing in CONF_STATUS", CONFIDENTIALITY, name)
    flag = pc.fill_null(flag.cast(pa.string()), "")
    known = pc.match_substring(flag, "c", ignore_case=True)
    new = pc.and_not(pc.equal(pc.fill_null(mark.cast(pa.string()), ""), "C"), known)
    both = pc.binary_join_element_wise(flag, pc.if_else(new, "c", ""), "")
    return cells.empty_to_null(both).dictionary_encode()
