"""The files of the NUTS classification, as their publishers give them, read into tables.

Several files make one reference table; they are kept together as one bundle. What the tables
are for is known in :mod:`s3etl.nuts`; nothing is judged here.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from s3etl.errors import Changed
from s3etl.nuts.tables import MATRICES, SCHEMAS
from s3etl.nuts.vintage import VERSIONS
from sources.checked import MOST_BYTES, Files, code_of, text_of, unique
from sources.geometry import read_geometry

MOST_FILES: Final = 2_000
NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
PACKING: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
GISCO: Final = re.compile(r"NUTS_AT_([0-9]{4})\.csv")
MATRIX: Final = re.compile(r"n([123])_cm_v([0-9]{4})_v([0-9]{4})\.csv(?:\.gz)?")
WEIGHTS: Final = {
    "areaKm": "area",
    "pop11": "pop11",
    "pop21": "pop21",
    "artif_surf12": "artif12",
    "artif_surf18": "artif18",
    "bu_vol": "built_up",
}
"""Columns of a matrix as published, and as named here."""

PART: Final = "(part)"
"""What stands behind a code in the collection of changes where only a part of it moved."""

Row = dict[str, str]


def bundle(files: Files) -> bytes:
    """Return files as one ZIP; the same files give the same bytes on every machine.

    Nothing is compressed, since what a compressor writes depends on its version.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            archive.writestr(entry, files[name])
    return out.getvalue()


def unbundle(data: bytes) -> dict[str, bytes]:
    """Return the files of a bundle.

    Raises:
        Changed: It is no bundle of ours: too much in it, a path, a name twice, a password or
            an unusual compression, damage.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if len(names) > MOST_FILES or len(set(names)) != len(names):
                raise Changed(f"bundle: expected up to {MOST_FILES} different files, found others.")
            if odd := [n for n in names if not NAME.fullmatch(n)]:
                raise Changed(f"bundle: expected file names, found {odd[0]!r:.80}.")
            if [e for e in entries if e.flag_bits & 1 or e.compress_type not in PACKING]:
                raise Changed("bundle: expected plain or deflated files, found others.")
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise Changed(f"bundle: expected at most {MOST_BYTES} bytes, found more.")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (ValueError, OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
        raise Changed("bundle: expected a whole ZIP file, found one that is damaged.") from None


def _rows(data: bytes, name: str, columns: set[str]) -> list[Row]:
    """Return the rows of a CSV file that has at least these columns."""
    text = text_of(data, name)
    if "\0" in text:
        raise Changed(f"{name}: expected plain text, found a NUL byte; get it again.")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        header = reader.fieldnames or []
        rows = list(reader)
    except csv.Error as error:
        raise Changed(f"{name}: expected a CSV file, found another ({error}).") from None
    if missing := columns - set(header):
        raise Changed(f"{name}: expected the column {min(missing)} in the header, found none.")
    if len(set(header)) != len(header):
        raise Changed(f"{name}: expected each column once in the header, found one twice.")
    if broken := [r for r in rows if None in r or None in r.values()]:
        raise Changed(f"{name}: expected the header's cells in each row, found {broken[0]!r:.80}.")
    return rows


def _table(rows: list[dict[str, object]], table: str, name: str) -> pa.Table:
    if not rows:
        raise Changed(f"{name}: expected rows, found none; get it again.")
    return unique(pa.Table.from_pylist(rows, schema=SCHEMAS[table]), table, name)


def _versions_in(files: Files, name: str) -> Iterator[tuple[str, str, bytes]]:
    """Return file name, version and bytes of GISCO's lists."""
    for file, data in files.items():
        found = GISCO.fullmatch(file)
        if found and found[1] in VERSIONS:
            yield file, found[1], data
        elif found:
            raise Changed(f"{name}: {file} is of no known NUTS version.")


def read_codes(files: Files, name: str) -> pa.Table:
    """Read the codes of each version (``s3etl.nuts.tables.CODES``), as published.

    Either GISCO's ``NUTS_AT_<version>.csv`` or the collection ``all_nuts_codes_…csv``; the
    latter has no statistical regions outside NUTS. Greece is GR in 2006.

    Raises:
        Changed: A file is not of that layout.
    """
    rows: list[dict[str, object]] = []
    for file, version, data in _versions_in(files, name):
        for row in _rows(data, file, {"NUTS_ID"}):
            code = code_of(row["NUTS_ID"], file)
            rows.append({"version": version, "geo": code, "level": len(code) - 2})
    for file, data in files.items():
        if GISCO.fullmatch(file):
            continue
        for row in _rows(data, file, {"code", "version"}):
            code, version = code_of(row["code"], file), row["version"]
            if version not in VERSIONS:
                raise Changed(f"{file}: expected a NUTS version, found {version!r:.20}.")
            rows.append({"version": version, "geo": code, "level": len(code) - 2})
    return _table([r for r in rows if r["level"] != 0], "nuts_codes", name)


def read_names(files: Files, name: str) -> pa.Table:
    """Read names by version (``s3etl.nuts.tables.NAMES``).

    From GISCO's ``NUTS_AT_<version>.csv``, the same layout as ``nuts_2024_names.csv``, and the
    collection of changes with a column of names for each version.

    Raises:
        Changed: A file is not of that layout.
    """
    found: dict[tuple[str, str], str] = {}
    for file, data in files.items():
        match = GISCO.fullmatch(file) or re.fullmatch(r"nuts_([0-9]{4})_names\.csv(?:\.gz)?", file)
        if match:
            column = "NAME_LATN"
            for row in _rows(data, file, {"NUTS_ID", "NUTS_NAME"}):
                text = row.get(column) or row["NUTS_NAME"]
                found.setdefault((match[1], code_of(row["NUTS_ID"], file)), text.strip())
            continue
        for version, row in _wide(data, file, "geo_name"):
            code, text = row[f"code_{version}"], row[f"geo_name_{version}"].strip()
            if code and text and not code.endswith(PART):
                found.setdefault((version, code_of(code, file)), text)
    rows: list[dict[str, object]] = [
        {"version": version, "geo": geo, "level": len(geo) - 2, "name": text}
        for (version, geo), text in sorted(found.items())
        if version in VERSIONS
    ]
    return _table(rows, "nuts_names", name)


def _wide(data: bytes, file: str, prefix: str) -> Iterator[tuple[str, Row]]:
    """Return version and row of the collection of changes, once for each version it has."""
    rows = _rows(data, file, {"code_2010", f"{prefix}_2010"})
    versions = [
        v for v in VERSIONS if rows and f"code_{v}" in rows[0] and f"{prefix}_{v}" in rows[0]
    ]
    for row in rows:
        for version in versions:
            yield version, row


def read_changes(files: Files, name: str) -> pa.Table:
    """Read what changed in each version (``s3etl.nuts.tables.CHANGES``).

    Raises:
        Changed: A file is not of that layout.
    """
    found = set()
    for file, data in files.items():
        for version, row in _wide(data, file, "change"):
            text = row[f"change_{version}"].strip()
            earlier = [row[f"code_{v}"] for v in VERSIONS if v <= version and row.get(f"code_{v}")]
            if text and earlier and not earlier[-1].endswith(PART):
                found.add((version, code_of(earlier[-1], file), text))
    rows: list[dict[str, object]] = [
        {"version": version, "geo": geo, "change": text} for version, geo, text in sorted(found)
    ]
    return _table(rows, "nuts_changes", name)


def read_matrices(files: Files, name: str) -> pa.Table:
    """Read the conversion matrices (``s3etl.nuts.tables.MATRICES``), a file for each pair.

    Raises:
        Changed: A file is not such a matrix.
    """
    parts = []
    for file, data in sorted(files.items()):
        found = MATRIX.fullmatch(file)
        if not found:
            raise Changed(f"{name}: expected matrices, found the file {file}; take it out.")
        parts.append(_matrix(text_of(data, file), file, *found.groups()))
    if not parts:
        raise Changed(f"{name}: expected matrices, found none; get them again.")
    return unique(pa.concat_tables(parts).unify_dictionaries(), "nuts_matrices", name)


def _matrix(text: str, file: str, level: str, old: str, new: str) -> pa.Table:
    if old not in VERSIONS or new not in VERSIONS or old == new:
        raise Changed(f"{file}: expected two known NUTS versions in its name, found others.")
    columns = {f"code_v{old}": "from_geo", f"code_v{new}": "to_geo"} | WEIGHTS
    types = dict.fromkeys(columns, pa.string()) | dict.fromkeys(WEIGHTS, pa.float64())
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode()),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(columns), column_types=types, strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        said = str(error).splitlines()[0][:100]
        raise Changed(
            f"{file}: expected a conversion matrix, found another file ({said})."
        ) from None
    table = table.rename_columns(list(columns.values()))
    for column, length in (("from_geo", int(level) + 2), ("to_geo", int(level) + 2)):
        for code in table.column(column).unique().to_pylist():
            if len(code_of(code or "", file)) != length:
                raise Changed(f"{file}: expected codes of level {level}, found {code}.")
    for column in WEIGHTS.values():
        weights = table.column(column)
        if weights.null_count:
            raise Changed(f"{file}: expected a weight in each row, found none in {column}.")
        if not pc.all(pc.and_(pc.is_finite(weights), pc.greater_equal(weights, 0))).as_py():
            raise Changed(f"{file}: expected weights of 0 or more in {column}, found others.")
    rows = table.num_rows
    constant = {"level": int(level), "from_version": old, "to_version": new}
    for column, value in constant.items():
        table = table.append_column(column, pa.array([value] * rows))
    return table.select(MATRICES.names).cast(MATRICES)


TABLES: Final[dict[str, Callable[[Files, str], pa.Table]]] = {
    "nuts_codes": read_codes,
    "nuts_names": read_names,
    "nuts_changes": read_changes,
    "nuts_matrices": read_matrices,
    "nuts_geometry": read_geometry,
}
"""Reader of each declared table."""
