"""A reviewed harvest: a file somebody made of a register that has no export, with its day.

The day stands in the file's name or in a note beside it; what is in the file is not looked at.
"""

import datetime as dt
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from s3etl.errors import Changed

DAY: Final = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9])(?![0-9])")
NOTE: Final = ".harvest.json"
"""Ending of the note beside a file: ``{"retrieved": "2026-09-30"}``."""
TELLING: Final = re.compile(
    r"[a-z]+(?:_[a-z]+)?(?:_[A-Z]{2}[A-Z0-9]{0,3})?(?:_[0-9]{1,4}(?:-[0-9]{2}-[0-9]{2})?)*\.[a-z]{3,4}"
)
"""Names of kind, region, year and number, such as ``practices_AT22_2026.xlsx``."""


def day(file: Path) -> str | None:
    """Return the day a file was harvested, or None if nothing tells.

    Raises:
        Changed: The note beside it is not one.
    """
    note = file.with_name(file.name + NOTE)
    if note.exists():
        try:
            found = _day_in(
                str(json.loads(note.read_text(encoding="utf-8"))["retrieved"]), whole=True
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            found = None
        if found is None:
            raise Changed(
                f'{note.name}: expected {{"retrieved": "2026-09-30"}}, found another text; '
                "correct it."
            )
        return found
    return _day_in(file.name)


def _day_in(text: str, *, whole: bool = False) -> str | None:
    """Return the first day of the calendar in a text."""
    for found in DAY.finditer(text):
        try:
            day = dt.date.fromisoformat(found[1]).isoformat()
        except ValueError:
            continue
        return day if not whole or day == text else None
    return None


def newest(files: Sequence[Path]) -> list[Path]:
    """Return the newest of several harvests; all of them if one has no day."""
    days = {file: day(file) for file in files}
    if not all(days.values()):
        return list(files)
    last = max(filter(None, days.values()))
    return [file for file, told in days.items() if told == last]


def safe_names(names: Sequence[str]) -> dict[str, str]:
    """Return the names under which several files are kept: one may be called after a person.

    A name that says what it is keeps it, any other becomes a number.
    """
    kept = {}
    for number, name in enumerate(sorted(names), 1):
        ending = name.rpartition(".")[2].lower()
        kept[name] = name if TELLING.fullmatch(name) else f"file_{number}.{ending}"
    return kept
