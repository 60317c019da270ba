"""What a cell of a register means: text, number, year, date, list, mended where that is safe.

A cell that cannot be what its field is gives nothing and says why; it is never guessed and never
zero. Columns and rows are not known here.
"""

import datetime
import math
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from s3etl.registers.kinds import EARLIEST_DATE, EARLIEST_YEAR, LATEST_YEAR, Field
from sources.sheets import Value, plain

Raw = Value | list[Any] | dict[str, Any]
NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
GROUPED: Final = re.compile(r"[+-]?[0-9]{1,3}(?:[ \u00a0\u202f'][0-9]{3})+(?:[.,][0-9]+)?")
WEIGHTED: Final = re.compile(r"(.+):\s*([0-9]+(?:\.[0-9]+)?)")
DOTTED: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
ISO: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ].*)?")
LINK: Final = re.compile(r"(?:https?://)?[^\s/@<>\"']+\.[^\s/@<>\"'.]{2,}(?:[/?#:][^\s<>\"']*)?")
YES, NO = {"yes", "true", "1", "y", "ja", "oui", "si", "sí"}, {"no", "false", "0", "n", "nein", "non"}
ABSENT: Final = {"", "-", "–", "n/a", "na", "nan", "null", "none", "#n/a"}
"""Ways to write that nothing is known; a missing value, never zero."""


class Read(NamedTuple):
    """What a cell gives.

    Attributes:
        value: The value, None if there is none.
        note: What was mended, if anything.
        problem: Why the cell cannot be used, if it cannot.
    """

    value: Any
    note: str = ""
    problem: str = ""


def _text(raw: Raw) -> tuple[str, str]:
    if raw is None:
        return "", ""
    if isinstance(raw, bool):
        return ("yes" if raw else "no"), ""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, datetime.datetime):
        raw = raw.date()
    return plain(str(raw))


def _read_text(raw: Raw, field: Field) -> Read:  # noqa: ARG001  (one signature for all kinds)
    text, note = _text(raw)
    return Read(text or None, note)


def _read_country(raw: Raw, field: Field) -> Read:  # noqa: ARG001
    text, note = _text(raw)
    code = {"GR": "EL", "GB": "UK"}.get(text.upper(), text.upper())
    if not text:
        return Read(None)
    if not re.fullmatch("[A-Z]{2}", code):
        return Read(None, note, "expected a country code of two letters, found another text")
    return Read(code, note)


def _read_region(raw: Raw, field: Field) -> Read:  # noqa: ARG001
    text, note = _text(raw)
    code = text.upper().replace(" ", "")
    if not text:
        return Read(None)
    if not re.fullmatch("[A-Z]{2}[0-9A-Z]{0,3}", code):
        return Read(None, note, "expected a NUTS or country code, found another text")
    if code != text:
        note = ", ".join(filter(None, (note, f"{text} read as {code}")))
    return Read(code, note)


def _number(raw: Raw) -> tuple[float | None, str]:
    """Return a number and what was mended, or None."""
    if isinstance(raw, bool) or raw is None:
        return None, ""
    if isinstance(raw, int | float):
        return (float(raw) if math.isfinite(raw) else None), ""
    text, _ = _text(raw)
    if NUMBER.fullmatch(text):
        return float(text), ""
    if GROUPED.fullmatch(text) or re.fullmatch(r"[+-]?[0-9]+,[0-9]{1,2}", text):
        mended = re.sub(r"[ \u00a0\u202f']", "", text).replace(",", ".")
        return float(mended), f"{text} read as {mended}"
    return None, ""


def _read_number(raw: Raw, field: Field) -> Read:
    if _text(raw)[0].lower() in ABSENT:
        return Read(None)
    number, note = _number(raw)
    if number is None:
        return Read(None, "", f"expected a number, found another text: {_shown(raw)}")
    if field.name != "value" and number < 0:
        return Read(None, "", f"expected 0 or more, found {number:g}")
    return Read(number, note)


def _read_count(raw: Raw, field: Field) -> Read:
    found = _read_number(raw, field)
    if found.value is None:
        return found
    if not float(found.value).is_integer():
        return Read(None, "", f"expected a whole number, found {found.value:g}")
    return Read(int(found.value), found.note)


def _read_year(raw: Raw, field: Field) -> Read:
    if isinstance(raw, datetime.date):
        return Read(raw.year, f"the date {raw:%Y-%m-%d} read as its year")
    text, _ = _text(raw)
    if dated := ISO.fullmatch(text):
        return Read(int(dated[1]), f"the date {text[:10]} read as its year")
    found = _read_count(raw, field)
    if found.value is not None and not EARLIEST_YEAR <= found.value <= LATEST_YEAR:
        return Read(None, "", f"expected a year, found {found.value}")
    return found


def _read_date(raw: Raw, field: Field) -> Read:  # noqa: ARG001
    text, note = _text(raw)
    if text.lower() in ABSENT:
        return Read(None)
    if isinstance(raw, datetime.date):
        day = raw.isoformat()[:10]
    elif found := ISO.fullmatch(text):
        day = "-".join(found.groups())
    elif found := DOTTED.fullmatch(text):
        day = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
        note = f"{text} read as {day}"
    else:
        return Read(None, "", "expected a date such as 2026-03-31, found another text")
    try:
        datetime.date.fromisoformat(day)
    except ValueError:
        return Read(None, "", f"expected a date, found {day}, which no calendar has")
    if day < EARLIEST_DATE:
        return Read(None, "", f"expected a date since {EARLIEST_DATE[:4]}, found {day}")
    return Read(day, note)


def _read_flag(raw: Raw, field: Field) -> Read:  # noqa: ARG001
    text, _ = _text(raw)
    word = text.lower()
    if word in ABSENT and word != "no":
        return Read(None)
    if word in YES | NO:
        return Read(word in YES)
    return Read(None, "", "expected yes or no, found another text")


def _read_choice(raw: Raw, field: Field) -> Read:
    text, note = _text(raw)
    if text.lower() in ABSENT:
        return Read(None)
    for choice in field.choices:
        if text.lower() == choice.lower():
            return Read(choice, note)
    return Read(None, "", f"expected {', '.join(field.choices)}, found another text")


def _read_link(raw: Raw, field: Field) -> Read:  # noqa: ARG001
    text, note = _text(raw)
    if text.lower() in ABSENT:
        return Read(None, note)
    if not LINK.fullmatch(text):
        return Read(None, note, "expected an address such as https://example.org, found another text")
    return Read(text, note)


def _read_list(raw: Raw, field: Field, separator: str = ";") -> Read:  # noqa: ARG001
    parts = raw if isinstance(raw, list) else _text(raw)[0].split(separator)
    entries: dict[str, float | None] = {}
    notes: list[str] = []
    for part in parts:
        text, note = _text(part if not isinstance(part, dict | list) else None)
        weighted = WEIGHTED.fullmatch(text)
        label, weight = (weighted[1].strip(), float(weighted[2])) if weighted else (text, None)
        if label.lower() in ABSENT:
            continue
        if note:
            notes.append(note)
        if label in entries:
            notes.append(f"{label} stood there twice")
        entries.setdefault(label, weight)
    given = [w for w in entries.values() if w is not None]
    if given and (len(given) != len(entries) or sum(given) <= 0):
        return Read(None, "", "expected a weight for each entry of the list or for none")
    rows = [{"label": label, "weight": weight} for label, weight in entries.items()]
    return Read(rows or None, ", ".join(dict.fromkeys(notes)))


def _shown(raw: Raw) -> str:
    text = _text(raw)[0]
    return text if len(text) <= 20 else f"{text[:20]}…"


_READERS: Final[dict[str, Callable[[Raw, Field], Read]]] = {
    "text": _read_text,
    "country": _read_country,
    "region": _read_region,
    "number": _read_number,
    "count": _read_count,
    "year": _read_year,
    "date": _read_date,
    "flag": _read_flag,
    "choice": _read_choice,
    "link": _read_link,
}


def read_field(raw: Raw, field: Field, *, separator: str = ";") -> Read:
    """Read a cell as a field.

    Args:
        raw: What stands in the cell; a list for the lists of JSON files.
        field: The field.
        separator: What separates the entries of a list.
    """
    if field.kind in {"list", "codes"}:
        return _read_list(raw, field, separator)
    if isinstance(raw, list | dict):
        return Read(None, "", "expected one value, found several")
    return _READERS[field.kind](raw, field)
