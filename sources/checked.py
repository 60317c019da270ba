"""What every reader of reference files checks: whole text, region codes, keys that name one row.

Nothing of a layout goes in here; those are known in :mod:`sources.nuts` and
:mod:`sources.geometry`.
"""

import re
import zlib
from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from s3etl.errors import Changed
from s3etl.nuts.tables import KEYS

MOST_BYTES: Final = 256 * 1024**2
"""Bytes of the largest file, and of the largest bundle, that is read."""
CODE: Final = re.compile(r"[A-Z]{2}[0-9A-Z]{0,3}")

Files = Mapping[str, bytes]


def text_of(data: bytes, name: str) -> str:
    """Return the text of a file, packed by gzip or plain.

    Raises:
        Changed: It is damaged, too large, several files in one, or no UTF-8 text.
    """
    if data[:2] == b"\x1f\x8b":
        try:
            unpacker = zlib.decompressobj(wbits=31)
            data = unpacker.decompress(data, MOST_BYTES)
            if unpacker.unconsumed_tail or unpacker.unused_data or not unpacker.eof:
                raise Changed(f"{name}: expected a whole gzip file of a usual size, found another.")
        except zlib.error:
            raise Changed(f"{name}: expected a whole gzip file, found a damaged one.") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Changed(f"{name}: expected UTF-8 text, found other bytes; get it again.") from None


def code_of(text: str, name: str) -> str:
    """Return a text that is a region code.

    Raises:
        Changed: It is none.
    """
    if not CODE.fullmatch(text):
        raise Changed(f"{name}: expected a region code, found {text!r:.40}; get it again.")
    return text


def unique(read: pa.Table, table: str, name: str) -> pa.Table:
    """Return a table whose key (``s3etl.nuts.tables.KEYS``) names one row.

    Raises:
        Changed: A key occurs twice.
    """
    key = list(KEYS[table])
    plain = read.select(key)
    for i, field in enumerate(plain.schema):  # a key is compared as text, not by dictionary
        if pa.types.is_dictionary(field.type):
            plain = plain.set_column(i, field.name, plain.column(i).cast(pa.string()))
    counts = plain.group_by(key).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts.column("count_all"), 1)).select(key)
    if twice.num_rows:
        example = " ".join(str(part) for part in twice.slice(0, 1).to_pylist()[0].values())
        raise Changed(f"{name}: expected each key once, found {example} twice; take one out.")
    return read
