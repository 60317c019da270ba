"""Workbooks and CSV files as plain sheets of cells, read without trusting them.

Which of the two a file is, its bytes say; what a cell means is for its reader to say.
"""

from pathlib import Path
from typing import Final

from s3etl.errors import Changed
from sources.delimited import decoded, read_csv
from sources.grid import FIT, MOST_BYTES, Sheet, Value, corners, reference, within
from sources.texts import EMAIL, plain
from sources.xlsx import read_workbook

__all__ = [
    "EMAIL",
    "Sheet",
    "Value",
    "corners",
    "decoded",
    "is_workbook",
    "plain",
    "read_file",
    "read_sheets",
    "reference",
    "within",
]

OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP: Final = b"PK\x03\x04"


def read_file(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        Changed: It is larger than any register or survey is.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise Changed(
            f"{path.name}: expected at most {MOST_BYTES // 1024**2} MiB, found "
            f"{size // 1024**2}; remove pictures and other sheets, then {FIT}."
        )
    return path.read_bytes()


def is_workbook(data: bytes) -> bool:
    """Whether bytes look like a workbook rather than text."""
    return data[:4] == ZIP or data[:8] == OLD_OFFICE


def read_sheets(
    data: bytes, name: str, *, separator: str | None = None, encoding: str | None = None
) -> tuple[Sheet, ...]:
    """Read a workbook (.xlsx) or a CSV file; which of the two it is, its bytes say.

    Args:
        data: The file.
        name: Its name, for messages.
        separator: What separates the cells of a CSV file; found out if not given.
        encoding: Encoding of a CSV file that is not UTF-8; guessed, with a note, if not given.

    Raises:
        Changed: Macros, a password, an old .xls file, a damaged or huge file.
    """
    if len(data) > MOST_BYTES:
        raise Changed(f"{name}: expected at most {MOST_BYTES // 1024**2} MiB, found more; {FIT}.")
    if data[:8] == OLD_OFFICE:
        raise Changed(f"{name}: expected .xlsx, found an old or protected workbook; {FIT}.")
    if data[:4] == ZIP:
        return read_workbook(data, name)
    return (read_csv(data, name, separator, encoding),)
