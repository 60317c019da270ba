"""Sheets as they are kept where the file itself may not be: its cells, and nothing else of it.

One form, the same on every machine; what may be kept is decided in :mod:`sources.door`.
"""

import datetime
import json
from collections.abc import Sequence
from typing import Any, Final

from s3etl.errors import Changed
from sources.sheets import Sheet, Value

MARK: Final = '{"kept": "s3etl cells 1", '


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


def read_kept(data: bytes, name: str) -> tuple[Sheet, ...]:
    """Return the sheets.

    Raises:
        Changed: The bytes were not written by :func:`write_kept`.
    """
    try:
        return tuple(
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


def _plain(cell: Value) -> Any:
    if isinstance(cell, datetime.date):
        return {"date": cell.isoformat()}
    return str(cell) if isinstance(cell, datetime.time | datetime.timedelta) else cell


def _value(cell: Any) -> Value:
    if not isinstance(cell, dict):
        return cell  # type: ignore[no-any-return]
    moment = datetime.datetime.fromisoformat(cell["date"])
    return moment if "T" in cell["date"] else moment.date()
