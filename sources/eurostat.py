r"""Eurostat's files and answers, read into one table whatever form they come in.

Old TSV, new TSV, SDMX-CSV and JSON-stat, gzip or not; each has a module of its own. Nothing is
judged, filtered or mapped here: flags stay as they came.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final

import pyarrow as pa

from s3etl.errors import Changed
from sources import cells, jsonstat, sdmx_csv, tsv, unpack
from sources.unpack import GZIP_MAGIC, MAX_UNPACKED, read_body

__all__ = ["GZIP_MAGIC", "MAX_UNPACKED", "last_update", "parse", "read_body"]

_WRONG_KINDS: Final = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<", "XML"),
    (b"{", "JSON"),
    (b"pk\x03\x04", "a ZIP archive"),
    (GZIP_MAGIC, "a gzip file within a gzip file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (cells.MARK, "a byte order mark"),
)
_UPDATED: Final = re.compile(rb'"updated"\s*:\s*"([0-9TZ:.+-]{10,40})"')
_UPDATED_1: Final = re.compile(rb'"lastUpdateDate"\s*:\s*([0-9]{1,13})\b')


def parse(
    data: bytes | Path,
    *,
    dataset: str | None = None,
    name: str | None = None,
    ceiling: int = MAX_UNPACKED,
) -> pa.Table:
    """Read a Eurostat file.

    Args:
        data: The bytes, or the file that holds them; TSV, SDMX-CSV or JSON-stat, gzip or not.
        dataset: Dataset code the file should be of; checked where the file names one.
        name: What messages call the file; its path if not given.
        ceiling: Most bytes it may have unpacked.

    Returns:
        One row for each cell: the dimensions (dictionary-encoded, in file order, ``geo``
        among them), ``TIME_PERIOD`` (dictionary), ``OBS_VALUE`` (float64, null where the file
        has ``:``), ``OBS_FLAG`` (dictionary, as written, null where empty). A file with text
        in its cells also has ``OBS_TEXT``; such a cell has no ``OBS_VALUE``.

    Raises:
        Changed: The bytes are not such a file; the message names file, expected and found.
    """
    name = name or (str(data) if isinstance(data, Path) else dataset or "data")
    pieces = unpack.pieces(data, name, ceiling)
    start = next(pieces, b"")
    if jsonstat.may_be(start):
        return jsonstat.parse(_small(chain([start], pieces), name), name=name, dataset=dataset)
    _refuse_other_kinds(start, name)
    blocks = unpack.blocks(chain([start], pieces), name)
    header, windows, rows = _header(blocks, name)
    if tsv.is_header(header):
        return tsv.parse(header, rows, name, windows=windows)
    if sdmx_csv.is_header(header):
        return sdmx_csv.parse(header, rows, name, dataset)
    raise cells.changed(name, "a Eurostat TSV or SDMX-CSV header", header)


def _small(pieces: Iterator[bytes], name: str) -> bytes:
    """Return the bytes of a JSON document, which is read as a whole."""
    parts, length = [], 0
    for piece in pieces:
        parts.append(piece)
        length += len(piece)
        if length > jsonstat.MAX_BYTES:
            raise Changed(
                f"{name}: expected at most {jsonstat.MAX_BYTES:,} bytes of JSON, found more; ask "
                "for TSV instead."
            )
    return b"".join(parts)


def last_update(data: bytes) -> str | None:
    """Return when Eurostat last updated the data, as far as the bytes themselves say (ISO 8601).

    That is the ``LAST UPDATE`` column of SDMX-CSV or ``updated`` of JSON-stat, else the time
    inside the gzip header; None if there is neither. Broken bytes say nothing here;
    :func:`parse` refuses them.
    """
    start, packed = data[:65536], data[:2] == GZIP_MAGIC
    if packed:
        try:
            start = zlib.decompressobj(wbits=31).decompress(start, 65536)
        except zlib.error:
            return None
    if said := _json_update(start) if start.lstrip()[:1] == b"{" else _csv_update(start):
        return said
    if packed and len(data) >= 8 and (seconds := struct.unpack("<I", data[4:8])[0]):
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    return None


def _csv_update(start: bytes) -> str | None:
    header, first = [*start.decode("utf-8", "replace").splitlines(), "", ""][:2]
    columns, row = header.split(","), first.split(",")
    if "LAST UPDATE" in columns and len(row) == len(columns):
        text = row[columns.index("LAST UPDATE")]
        for form in ("%d/%m/%y %H:%M:%S", "%d/%m/%Y %H:%M:%S"):
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC).isoformat()
            except ValueError:
                continue
    return None


def _json_update(start: bytes) -> str | None:
    try:
        if said := _UPDATED.search(start):
            moment = datetime.fromisoformat(said[1].decode())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC).isoformat()
        if said := _UPDATED_1.search(start):
            return datetime.fromtimestamp(int(said[1]) / 1000, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _refuse_other_kinds(start: bytes, name: str) -> None:
    """Refuse what is no table at all."""
    if not start or start.isspace():
        raise Changed(f"{name}: expected a Eurostat table, found an empty file; get it again.")
    begin = start[:4096].lstrip()[:64].lower()
    for magic, kind in _WRONG_KINDS:
        if begin.startswith(magic):
            raise Changed(
                f"{name}: expected a Eurostat table, found {kind}; "
                "the provider answered something else, get it again later."
            )


def _header(
    blocks: Iterator[bytes | memoryview], name: str
) -> tuple[str, bool, Iterator[bytes | memoryview]]:
    """Return the header line, whether it ends with CRLF, and the lines below it."""
    first = next(blocks)
    line = bytes(first[: unpack.MAX_LINE]).partition(b"\n")[0]
    below = first[len(line) + 1 :]
    if not below:
        following = next(blocks, None)
        if following is None:
            raise Changed(f"{name}: expected rows below the header, found none; get it again.")
        below = following
    cells.check_plain(cells.Block(line + b"\n", 1), name)
    windows = line.endswith(b"\r")
    return line.removesuffix(b"\r").decode(), windows, chain([below], blocks)
