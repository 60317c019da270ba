r"""Eurostat's wire formats, read into one table: old TSV, new TSV and SDMX-CSV, gzip or not.

A TSV cell is ``value[ flags]``: ``"12.5 "``, ``"12.5 bu"``, ``": c"``, ``":C"``. In nearly every
file each cell has exactly one blank, so blanks (and the commas of the key) can be turned into
tabs and Arrow reads values and flags as columns of their own in one pass. That is done only
after the order of all separators in the file has been compared with the regular one; any other
file takes a slower path with the same result. Nothing is judged, filtered or mapped here: flags
stay as they came.
"""

import math
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from isal import igzip, isal_zlib
from pyarrow import csv

from s3etl.errors import Changed

GZIP_MAGIC = b"\x1f\x8b"
PERIOD = re.compile(
    r"[12][0-9]{3}(-?Q[1-4]|-?S[12]|-?W(0[1-9]|[1-4][0-9]|5[0-3])"
    r"|(-|-?M)(0[1-9]|1[0-2])|-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?"
)
DIMENSION = re.compile(r"[a-z][a-z0-9_]*")
CODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+\-]*")
FLAG = re.compile(r"[A-Za-z]*")
CONFIDENTIALITY = re.compile(r"[CF]?")
NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
VALUE = rf"(?P<value>:|{NUMBER}|[A-Z][A-Z0-9_/.%-]+)"
TSV_CELL = rf"^{VALUE}(?P<flag>(?: *[A-Za-z])*) *$"
CSV_CELL = rf"^[ \t]*{VALUE}(?P<flag>)[ \t]*$"
NO_TEXT = ("NAN", "INF", "INFINITY", "NA", "N/A", "NULL", "NONE")
FLOW = ("DATAFLOW", "STRUCTURE_ID")
NOT_DIMENSIONS = (*FLOW, "LAST UPDATE", "STRUCTURE", "STRUCTURE_NAME")
MEASURED = ("TIME_PERIOD", "OBS_VALUE", "OBS_FLAG", "CONF_STATUS")

_DICTIONARY = pa.dictionary(pa.int32(), pa.string())
_NONE = pa.scalar(None, pa.string())
_ONE_PASS = bytes.maketrans(b" ,", b"\t\t")
_NOT_SEPARATORS = bytes(set(range(256)) - set(b", \t\r\n:"))
_WRONG_KINDS = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<", "XML"),
    (b"{", "JSON"),
    (b"pk\x03\x04", "a ZIP archive"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"\xef\xbb\xbf", "a byte order mark"),
)

# The key columns by row, then value, flag and text by cell, one period after another.
Cells = tuple[list[pa.ChunkedArray], pa.ChunkedArray, pa.ChunkedArray, pa.ChunkedArray]


def parse(data: bytes | Path, *, dataset: str | None = None, name: str | None = None) -> pa.Table:
    """Read a Eurostat bulk file.

    Args:
        data: The bytes, or the file that holds them; TSV or SDMX-CSV, gzip or not.
        dataset: Dataset code the file should be of; checked where the file names one.
        name: What messages call the file; its path if not given.

    Returns:
        One row for each cell: the dimensions (dictionary-encoded, in file order, ``geo``
        among them), ``TIME_PERIOD`` (dictionary), ``OBS_VALUE`` (float64, null where the file
        has ``:``), ``OBS_FLAG`` (dictionary, as written, null where empty). A file with text
        in its cells also has ``OBS_TEXT``; such a cell has no ``OBS_VALUE``.

    Raises:
        Changed: The bytes are not such a file; the message names file, expected and found.
    """
    name = name or (str(data) if isinstance(data, Path) else dataset or "data")
    body = read_body(data, name)
    header = _read_header(body, name)
    if "\t" in header:
        return _parse_tsv(body, header, name)
    if {"OBS_VALUE", "TIME_PERIOD"} <= set(header.split(",")):
        return _parse_csv(body, header, name, dataset)
    raise _changed(name, "a Eurostat TSV or SDMX-CSV header", header)


def last_update(data: bytes) -> str | None:
    """Return when Eurostat last updated the data, as far as the bytes themselves say (ISO 8601).

    That is the ``LAST UPDATE`` column of SDMX-CSV, else the time inside the gzip header; None
    if there is neither. Broken bytes say nothing here; :func:`parse` refuses them.
    """
    start, packed = data[:65536], data[:2] == GZIP_MAGIC
    if packed:
        try:
            start = zlib.decompressobj(wbits=31).decompress(start, 65536)
        except zlib.error:
            return None
    header, first = [*start.decode("utf-8", "replace").splitlines(), "", ""][:2]
    columns, cells = header.split(","), first.split(",")
    if "LAST UPDATE" in columns and len(cells) == len(columns):
        text = cells[columns.index("LAST UPDATE")]
        for form in ("%d/%m/%y %H:%M:%S", "%d/%m/%Y %H:%M:%S"):
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC).isoformat()
            except ValueError:
                continue
    if packed and len(data) >= 8 and (seconds := struct.unpack("<I", data[4:8])[0]):
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    return None


def read_body(data: bytes | Path, name: str) -> bytes:
    """Return the decompressed bytes.

    Raises:
        Changed: The gzip stream is broken.
    """
    raw = data.read_bytes() if isinstance(data, Path) else data
    if raw[:2] != GZIP_MAGIC:
        return raw
    try:
        body: bytes = igzip.decompress(raw)  # type: ignore[no-untyped-call]
    except (EOFError, zlib.error, igzip.BadGzipFile, isal_zlib.IsalError) as error:  # type: ignore[misc]
        raise _damaged(name, error) from None
    return body


def _damaged(name: str, error: Exception) -> Changed:
    return Changed(
        f"{name}: expected a whole gzip file, found one that is cut short or damaged "
        f"({str(error).rstrip('.')}); get it again."
    )


def _changed(name: str, expected: str, found: str, where: str = "") -> Changed:
    shown = repr(found if len(found) <= 60 else found[:59] + "…")
    return Changed(f"{name}: expected {expected}, found {shown}{where}; get the right file again.")


def _read_header(body: bytes, name: str) -> str:
    """Return the header line, refusing what is no table at all."""
    if not body or body.isspace():
        raise Changed(f"{name}: expected a Eurostat table, found an empty file; get it again.")
    start = body[:64].lstrip().lower()
    for magic, kind in _WRONG_KINDS:
        if start.startswith(magic):
            raise Changed(
                f"{name}: expected a Eurostat table, found {kind}; "
                "the provider answered something else, get it again later."
            )
    if (place := body.find(b"\0")) >= 0:
        raise _not_plain(body, place, "a NUL byte", name)
    try:
        body.isascii() or body.decode()
    except UnicodeDecodeError as error:
        raise _not_plain(body, error.start, "bytes that are not UTF-8", name) from None
    if b"\r" in body and _has_lone_return(body):
        raise _changed(name, "line ends LF or CRLF", "\r", " within a line")
    end = body.find(b"\n")
    if end in (-1, len(body) - 1):
        raise Changed(f"{name}: expected rows below the header, found none; get it again.")
    if not body.endswith(b"\n"):
        last = body[-60:].rpartition(b"\n")[2].decode("utf-8", "replace")
        raise _changed(name, "a line end after the last row", last, " cut short")
    return body[:end].removesuffix(b"\r").decode()


def _has_lone_return(body: bytes) -> bool:
    each = np.frombuffer(body, np.uint8)
    after = np.flatnonzero(each[:-1] == ord("\r")) + 1
    return body.endswith(b"\r") or not (each[after] == ord("\n")).all()


def _not_plain(body: bytes, place: int, found: str, name: str) -> Changed:
    line = body.count(b"\n", 0, place) + 1
    return Changed(f"{name}: expected plain text, found {found} in line {line}; get it again.")


def _check(texts: Iterable[str | None], expected: str, pattern: re.Pattern[str], name: str) -> None:
    for text in texts:
        if not pattern.fullmatch(text or ""):
            raise _changed(name, expected, text or "")


def _check_header(names: list[str], dimensions: list[str], name: str) -> None:
    """Refuse strange dimensions, none of them, and columns that occur twice."""
    _check(dimensions or [""], "a dimension in the header", DIMENSION, name)
    text, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise _changed(name, "each column once in the header", text, f" {times} times")


def _distinct(column: pa.ChunkedArray) -> list[str | None]:
    """Return the distinct codes of a (unified) dictionary column, None if a cell is empty."""
    codes: list[str | None] = column.chunk(0).dictionary.to_pylist()
    return [*codes, None] if column.null_count else codes


def _empty_to_null(text: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(text, ""), _NONE, text)


def _parse_tsv(body: bytes, header: str, name: str) -> pa.Table:
    key, *cells = header.split("\t")
    first, _, last = key.partition("\\")
    if last not in ("time", "TIME_PERIOD"):
        raise _changed(name, r"a header that starts with …,geo\time or …,geo\TIME_PERIOD", key)
    dimensions, periods = first.split(","), [period.strip(" ") for period in cells]
    _check_header([*dimensions, *periods], dimensions, name)
    _check(periods, "a period in the header", PERIOD, name)
    keys, values, flags, texts = _read_regular(
        body, len(dimensions), len(periods)
    ) or _read_irregular(body, dimensions, periods, name)
    # Long form without copying: the key columns once per period, one chunk after another.
    columns = {}
    for dimension, column in zip(dimensions, keys, strict=True):
        _check(_distinct(column), f"a code in dimension {dimension}", CODE, name)
        columns[dimension] = pa.chunked_array(column.chunks * len(periods))
    names = pa.array(periods, pa.string())
    indices = [pa.repeat(pa.scalar(i, pa.int32()), len(keys[0])) for i in range(len(periods))]
    columns["TIME_PERIOD"] = pa.chunked_array(
        pa.DictionaryArray.from_arrays(index, names, safe=False) for index in indices
    )
    columns |= {"OBS_VALUE": values, "OBS_FLAG": flags}
    if texts.null_count < len(texts):
        columns["OBS_TEXT"] = texts
    return pa.table(columns)


def _count_missing(body: bytes, dimensions: int, periods: int) -> int | None:
    """Count the ``:`` of a regular file, or return None if it is irregular.

    Commas and blanks become tabs in the one pass, so a wrong one could make up for another:
    what the file has of commas, blanks, tabs and line ends must be the regular row over and
    over, with ``:`` in no other place than that of a value.
    """
    end = body.index(b"\n") + 1
    header = body[:end].translate(None, _NOT_SEPARATORS)
    line_end = b"\r\n" if header.endswith(b"\r\n") else b"\n"
    row = b"," * (dimensions - 1) + b"\t " * periods + line_end
    separators = body.translate(None, _NOT_SEPARATORS)
    each = np.frombuffer(separators, np.uint8)
    colon = each == ord(":")
    in_place = (each[:-2] == ord("\t")) & colon[1:-1] & (each[2:] == ord(" "))
    without = separators.translate(None, b":")
    rows, rest = divmod(len(without) - len(header), len(row))
    regular = rest == 0 and without == header + row * rows
    missing = int(np.count_nonzero(colon))
    return missing if regular and np.count_nonzero(in_place) == missing else None


def _read_regular(body: bytes, dimensions: int, periods: int) -> Cells | None:
    """Read keys, values and flags in one pass, or return None if the file is irregular."""
    missing = _count_missing(body, dimensions, periods)
    if missing is None:
        return None
    names = [str(i) for i in range(dimensions + 2 * periods)]
    values, flags = names[dimensions::2], names[dimensions + 1 :: 2]
    types = dict.fromkeys(names, _DICTIONARY) | dict.fromkeys(values, pa.float64())
    try:
        table = csv.read_csv(
            pa.BufferReader(body.translate(_ONE_PASS)),
            csv.ReadOptions(column_names=names, skip_rows=1, block_size=8 << 20),
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
    value = _in_one(table.select(values))
    flag = _in_one(table.select(flags)).unify_dictionaries()
    known = flag.chunk(0).dictionary.to_pylist()
    letters = all(FLAG.fullmatch(text) for text in known)
    # More nulls than ":" would be values that are not there at all.
    finite = value.null_count == missing and math.isfinite(pc.sum(value).as_py() or 0)
    if not (letters and finite):
        return None
    keys = table.select(names[:dimensions]).unify_dictionaries().columns
    return keys, value, flag, pa.chunked_array([], pa.string())


def _in_one(table: pa.Table) -> pa.ChunkedArray:
    """Return the columns one after another."""
    return pa.chunked_array([chunk for column in table.columns for chunk in column.chunks])


def _read_strings(body: bytes, names: list[str], delimiter: str, name: str) -> pa.Table:
    """Read every column as text, refusing rows with too few or too many cells."""
    try:
        return csv.read_csv(
            pa.BufferReader(body),
            csv.ReadOptions(column_names=names, skip_rows=1, block_size=1 << 30),
            csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        for number, line in enumerate(body.splitlines(), 1):
            if (cells := line.count(delimiter.encode()) + 1) != len(names):
                where = f" with {cells} in line {number}"
                expected = f"{len(names)} cells in every row"
                raise _changed(name, expected, line.decode("utf-8", "replace"), where) from None
        raise Changed(f"{name}: expected UTF-8 text, found other bytes; get it again.") from None


def _read_irregular(body: bytes, dimensions: list[str], periods: list[str], name: str) -> Cells:
    """Read cells with or without a blank, with flags set anyhow, and with text in them."""
    table = _read_strings(body, ["", *periods], "\t", name)
    key = table.column(0)
    parts = pc.split_pattern(key, ",")
    other = pc.not_equal(pc.list_value_length(parts), len(dimensions))
    if (row := pc.index(other, value=True).as_py()) >= 0:
        expected = f"a key of {len(dimensions)} codes ({','.join(dimensions)})"
        raise _changed(name, expected, key[row].as_py(), f" in line {row + 2}")
    keys = [pc.list_element(parts, i).dictionary_encode() for i in range(len(dimensions))]
    return keys, *_split(_in_one(table.remove_column(0)), TSV_CELL, periods, name)


def _split(
    cells: pa.ChunkedArray, pattern: str, columns: list[str], name: str
) -> tuple[pa.ChunkedArray, pa.ChunkedArray, pa.ChunkedArray]:
    """Split the cells, column after column, into value, flag and text."""

    def refuse(wrong: pa.ChunkedArray) -> None:
        if (place := pc.index(wrong, value=True).as_py()) >= 0:
            column, row = divmod(place, len(cells) // len(columns))
            expected = "a finite number, ':' or a word in capitals, each with flags or without"
            where = f" in line {row + 2}, column {columns[column]}"
            raise _changed(name, expected, cells[place].as_py(), where)

    split = pc.extract_regex(cells, pattern)
    refuse(pc.is_null(split))
    value, flag = pc.struct_field(split, 0), pc.struct_field(split, 1)
    is_number = pc.match_substring_regex(value, f"^{NUMBER}$")
    number = pc.if_else(is_number, value, _NONE).cast(pa.float64())
    refuse(pc.or_(pc.is_in(value, pa.array(NO_TEXT)), pc.is_inf(pc.fill_null(number, 0))))
    is_text = pc.and_not(pc.invert(is_number), pc.equal(value, ":"))
    flag = _empty_to_null(pc.replace_substring(flag, " ", ""))
    return number, flag.dictionary_encode(), pc.if_else(is_text, value, _NONE)


def _parse_csv(body: bytes, header: str, name: str, dataset: str | None) -> pa.Table:
    columns = header.split(",")
    dimensions = [c for c in columns if c not in NOT_DIMENSIONS and c not in MEASURED]
    _check_header(columns, dimensions, name)
    if (place := body.find(b'"')) >= 0:
        raise _not_plain(body, place, "a quotation mark", name)
    wanted = [c for c in columns if c in FLOW or c not in NOT_DIMENSIONS]
    table = _read_regular_csv(body, columns, wanted)
    table = (table or _read_irregular_csv(body, columns, wanted, name)).unify_dictionaries()
    for column in table.column_names:
        if column in dimensions:
            _check(_distinct(table[column]), f"a code in dimension {column}", CODE, name)
        elif column in FLOW:
            flows = _distinct(table[column])
            same = re.compile(re.escape(flows[0] or "-"))
            _check(flows, f"one {column} in all rows", same, name)
            asked = re.compile(rf"(?ai)(.*:)?{re.escape(dataset or '')}(\(.*\))?")
            _check(flows if dataset else (), f"dataset {dataset}", asked, name)
    _check(_distinct(table["TIME_PERIOD"]), "a period in TIME_PERIOD", PERIOD, name)
    out = table.select([*dimensions, "TIME_PERIOD", "OBS_VALUE"])
    out = out.append_column("OBS_FLAG", _one_flag(table, name))
    if "OBS_TEXT" in table.column_names:
        out = out.append_column("OBS_TEXT", table["OBS_TEXT"])
    return out


def _read_regular_csv(body: bytes, columns: list[str], wanted: list[str]) -> pa.Table | None:
    """Read the wanted columns in one pass, or return None if some value is not a number."""
    types = dict.fromkeys(wanted, _DICTIONARY) | {"OBS_VALUE": pa.float64()}
    try:
        table = csv.read_csv(
            pa.BufferReader(body),
            csv.ReadOptions(column_names=columns, skip_rows=1, block_size=4 << 20),
            csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=types,
                include_columns=wanted,
                null_values=[""],
                strings_can_be_null=True,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    finite = pc.all(pc.is_finite(table["OBS_VALUE"]), min_count=0).as_py()
    return table if finite else None


def _read_irregular_csv(body: bytes, columns: list[str], wanted: list[str], name: str) -> pa.Table:
    """Read values that may be ``:`` or text."""
    table = _read_strings(body, columns, ",", name)
    cells = table["OBS_VALUE"]
    filled = pc.if_else(pc.equal(cells, ""), ":", cells)
    value, _, text = _split(filled, CSV_CELL, ["OBS_VALUE"], name)
    out = {c: _empty_to_null(table[c]).dictionary_encode() for c in wanted} | {"OBS_VALUE": value}
    if text.null_count < len(text):
        out["OBS_TEXT"] = text
    return pa.table(out)


def _one_flag(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return the flags, with a separate confidentiality mark beside them as in TSV files."""
    flag = pa.chunked_array([pa.nulls(table.num_rows, pa.string()).dictionary_encode()])
    if "OBS_FLAG" in table.column_names:
        flag = table["OBS_FLAG"]
        _check(_distinct(flag), "letters in OBS_FLAG", FLAG, name)
    if "CONF_STATUS" not in table.column_names:
        return flag.cast(_DICTIONARY)
    mark = table["CONF_STATUS"]
    _check(_distinct(mark), "C, F or nothing in CONF_STATUS", CONFIDENTIALITY, name)
    flag = pc.fill_null(flag.cast(pa.string()), "")
    known = pc.match_substring(flag, "c", ignore_case=True)
    new = pc.and_not(pc.equal(pc.fill_null(mark.cast(pa.string()), ""), "C"), known)
    both = pc.binary_join_element_wise(flag, pc.if_else(new, "c", ""), "")
    return _empty_to_null(both).dictionary_encode()
