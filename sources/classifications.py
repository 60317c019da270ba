"""Correspondence files between classifications, as their publishers give them, read to tables.

What the tables are for is known in :mod:`s3etl.domains`; nothing is judged or weighted here.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa

from s3etl.domains.nace import DIVISIONS
from s3etl.domains.tables import NAICS_NACE
from s3etl.errors import Changed

Files = Mapping[str, bytes]

HEADER: Final = ("NAICS 2017", "NACE Rev. 2")
"""First two columns of the file; the third is a second "NACE Rev. 2" that holds labels."""

EVERYTHING: Final = "00"
"""The code of the two rows that link households' own production to all of NAICS."""

NAICS: Final = re.compile(r"[0-9]{6}")
NACE: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})")


def read_naics_nace(files: Files, name: str) -> pa.Table:
    """Read which NAICS 2017 codes meet which classes of NACE Rev. 2, n:m.

    Columns are taken by position, because two share a name and one of them is mislabelled;
    codes are text, and a NACE code that lost its leading zero (1.11) has it back (01.11). The
    rows for "all of NAICS" (code 00) are not taken: they say nothing about any code.

    Args:
        files: The files by name.
        name: Id of the table, for messages.

    Returns:
        :data:`s3etl.domains.tables.NAICS_NACE`.

    Raises:
        Changed: A file is not of that layout, or a pair stands twice.
    """
    if not files:
        raise Changed(f"{name}: expected a file, found none; get it again.")
    pairs: dict[tuple[str, str], str] = {}
    for file, data in sorted(files.items()):
        for number, row in _rows(data, file):
            naics, nace = row[0].strip(), row[1].strip()
            if naics == EVERYTHING:
                continue
            found = NACE.fullmatch(nace)
            if not NAICS.fullmatch(naics) or not found or found[1].zfill(2) not in DIVISIONS:
                raise Changed(
                    f"{file}: row {number}: expected a NAICS and a NACE code, found "
                    f"{naics!r:.20} and {nace!r:.20}."
                )
            division = found[1].zfill(2)
            key = (naics, f"{division}.{found[2]}")
            if key in pairs:
                raise Changed(f"{file}: row {number}: {' '.join(key)} stands twice; take one out.")
            pairs[key] = division
    rows = [
        {"naics": naics, "nace": nace, "division": division}
        for (naics, nace), division in sorted(pairs.items())
    ]
    return pa.Table.from_pylist(rows, schema=NAICS_NACE)


def _rows(data: bytes, file: str) -> list[tuple[int, list[str]]]:
    """Return line number and cells of each row below the header."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Changed(f"{file}: expected UTF-8 text, found other bytes; get it again.") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise Changed(f"{file}: expected a CSV file, found another ({error}).") from None
    if not rows or tuple(cell.strip() for cell in rows[0][1][:2]) != HEADER:
        raise Changed(f"{file}: expected the columns {' and '.join(HEADER)} first, found others.")
    if odd := [number for number, row in rows[1:] if len(row) != len(rows[0][1])]:
        raise Changed(f"{file}: row {odd[0]}: expected as many cells as the header has.")
    return rows[1:]


TABLES: Final[dict[str, Callable[[Files, str], pa.Table]]] = {"naics_nace": read_naics_nace}
"""Reader of each declared table."""
