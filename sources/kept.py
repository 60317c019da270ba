"""Sheets as they are kept where the file itself may not be: its cells, and nothing else of it.

One form, the same on every machine; what may be kept is decided in :mod:`sources.door`.
"""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any, Final

from s3etl.errors import Changed
from sources.sheets import Sheet, Value

MARK: Final = '{"kept": "s3etl cells 1", '
REFUSED: Final = "refused at the door"
"""Name of the sheet that stands for a file of which nothing was kept."""


def is_kept(data: bytes) -> bool:
    """Whether bytes were written by :func:`write_kept`."""
    return data.startswith(MARK.encode())


def write_kept(sheets: Sequence[Sheet]) -> bytes:
    """Return sheets as bytes."""
    content = [
        {
            "name": sheet.name,
            "rows": [[_plain(cell) for cell in row] for row in sheet.rows],
            "formulas": sorted(sheet.formulas),
            "merged": list(sheet.merged),
            "notes": list(sheet.notes),
        }
        for sheet in sheets
    ]
    return (MARK + '"sheets": ' + json.dumps(content, ensure_ascii=False) + "}").encode()


def write_refused(reason: str) -> bytes:
    """Return what is kept of a file that may not be kept: why."""
    return write_kept([Sheet(REFUSED, [], notes=(reason,))])


def read_kept(data: bytes, name: str) -> tuple[Sheet, ...]:
    """Return the sheets.

    Raises:
        Changed: The bytes were not written by :func:`write_kept`, or nothing was kept.
    """
    try:
        sheets = tuple(
            Sheet(
                sheet["name"],
                [[_value(cell) for cell in row] for row in sheet["rows"]],
                frozenset(sheet["formulas"]),
                tuple(sheet["merged"]),
                tuple(sheet["notes"]),
            )
            for sheet in json.loads(data)["sheets"]
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Changed(f"{name}: expected kept cells, found another file; get it again.") from None
    if sheets and sheets[0].name == REFUSED and not sheets[0].rows:
        raise Changed(sheets[0].notes[0])
    return sheets


def _plain(cell: Value) -> Any:
    if isinstance(cell, dt.date):
        return {"date": cell.isoformat()}
    return str(cell) if isinstance(cell, dt.time | dt.timedelta) else cell


def _value(cell: Any) -> Value:
    if not isinstance(cell, dict):
        return cell  # type: ignore[no-any-return]
    moment = dt.datetime.fromisoformat(cell["date"])
    return moment if "T" in cell["date"] else moment.date()
