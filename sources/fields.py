"""What a cell of a register means: text, number, year, date, list, mended where that is safe.

A cell that cannot be what its field is gives nothing and says why; it is never guessed and never
zero. Columns and rows are not known here.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from s3etl.registers.kinds import EARLIEST_DATE, EARLIEST_YEAR, LATEST_YEAR, Field
from sources.sheets import Value, plain

Raw = Value | list[Any] | dict[str, Any]
NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
UNCLEAR: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,])[0-9]{3}")
"""Texts that may be thousands as well as thousandths."""
GROUPED: Final = re.compile(
    r"[+-]?[0-9]{1,3}(?:(?:[ '’][0-9]{3})+(?:[.,][0-9]+)?"
    r"|(?:\.[0-9]{3})+,[0-9]+|(?:,[0-9]{3})+\.[0-9]+|(?:\.[0-9]{3}){2,}|(?:,[0-9]{3}){2,})"
)
COMMA: Final = re.compile(r"[+-]?[0-9]+,[0-9]+")
MOST: Final = 2**53
"""Counts above it are no longer exact, and no register has so many of anything."""
WEIGHTED: Final = re.compile(r"(.+):\s*([0-9]+(?:[.,][0-9]+)?)")
DOTTED: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
ISO: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?")
LINK: Final = re.compile(
    r"(?:https?://)?[\w-]+(?:\.[\w-]+)*\.[\w-]{2,}(?::[0-9]{1,5})?(?:[/?#][^\s<>\"']*)?",
    re.IGNORECASE,
)
SAME_COUNTRY: Final = {"GR": "EL", "GB": "UK"}
"""Codes of ISO 3166 and what NUTS calls the same country."""
YES, NO = (
    {"yes", "true", "1", "y", "ja", "oui", "si", "sí"},
    {"no", "false", "0", "n", "nein", "non"},
)
UNSAID: Final = {"", "-", "–", "—", "n/a", "#n/a"}
ABSENT: Final = UNSAID | {"na", "nan", "null", "none", ":", ".", "..", "...", "…"}
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


def entries(raw: Raw, separator: str) -> tuple[list[Any], str]:
    """Return the entries of a list, and what was mended in the text that holds them."""
    if raw is None or isinstance(raw, list):
        return raw or [], ""
    if not isinstance(raw, str):
        return [raw], ""
    text, note = _text(raw)
    return list(text.split(separator)), note


def shown(raw: Raw) -> str:
    """Return what stands in a cell as text."""
    return _text(raw)[0]


def _text(raw: Raw) -> tuple[str, str]:
    if raw is None:
        return "", ""
    if isinstance(raw, bool):
        return ("yes" if raw else "no"), ""
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < MOST:
        raw = int(raw)
    if isinstance(raw, dt.datetime):
        raw = raw.date()
    return plain(str(raw))


def _read_text(raw: Raw, field: Field, decimal: str | None) -> Read:  # noqa: ARG001
    text, note = _text(raw)
    if text.lower() in UNSAID and field.name != "flag":  # where a sign is the code itself
        return Read(None, note)
    return Read(text or None, note)


def _read_country(raw: Raw, field: Field, decimal: str | None) -> Read:  # noqa: ARG001
    text, note = _text(raw)
    code = SAME_COUNTRY.get(text.upper(), text.upper())
    if text.lower() in UNSAID:
        return Read(None)
    if not re.fullmatch("[A-Z]{2}", code):
        return Read(None, note, "expected a country code of two letters, found another text")
    return Read(code, note)


def _read_region(raw: Raw, field: Field, decimal: str | None) -> Read:  # noqa: ARG001
    text, note = _text(raw)
    code = text.upper().replace(" ", "")
    if text.lower() in UNSAID:
        return Read(None)
    if not re.fullmatch("[A-Z]{2}[0-9A-Z]{0,3}", code):
        return Read(None, note, "expected a NUTS or country code, found another text")
    code = SAME_COUNTRY.get(code[:2], code[:2]) + code[2:]
    if code != text:
        note = ", ".join(filter(None, (note, f"{text} read as {code}")))
    return Read(code, note)


def _number(text: str, decimal: str | None) -> Read:
    """Read a number that stands there as text."""
    if unclear := UNCLEAR.fullmatch(text):
        if decimal is None:
            said = f"{text} may be {text.replace(',', '.')} or {re.sub('[.,]', '', text)}"
            return Read(None, "", f"{said}; say in the declaration which sign is the decimal one")
        plain_text = text.replace(unclear[1], "." if unclear[1] == decimal else "")
    elif GROUPED.fullmatch(text):
        signs = re.sub("[^.,]", "", text)
        mark = signs[-1] if signs and signs.count(signs[-1]) == 1 else ""
        whole, _, rest = text.rpartition(mark) if mark else (text, "", "")
        plain_text = re.sub("[ '’.,]", "", whole) + ("." + rest if rest else "")
    elif COMMA.fullmatch(text):
        plain_text = text.replace(",", ".")
    elif NUMBER.fullmatch(text):
        plain_text = text
    else:
        return Read(None, "", f"expected a number, found another text: {_short(text)}")
    return Read(float(plain_text), f"{text} read as {plain_text}" if plain_text != text else "")


def _read_number(raw: Raw, field: Field, decimal: str | None) -> Read:
    text = _text(raw)[0]
    if text.lower() in ABSENT:
        return Read(None)
    found = _number("yes" if isinstance(raw, bool) else text, decimal)
    if isinstance(raw, float) and not isinstance(raw, bool):
        found = Read(raw)
    if found.value is None:
        return found
    if not math.isfinite(found.value):
        return Read(None, "", f"expected a number, found {_short(text)}")
    if field.name != "value" and found.value < 0:
        return Read(None, "", f"expected 0 or more, found {found.value:g}")
    return found


def _read_count(raw: Raw, field: Field, decimal: str | None) -> Read:
    found = _read_number(raw, field, decimal)
    if found.value is None:
        return found
    if not float(found.value).is_integer() or found.value > MOST:
        return Read(None, "", f"expected a whole number, found {found.value:g}")
    return Read(int(found.value), found.note)


def _read_year(raw: Raw, field: Field, decimal: str | None) -> Read:
    text = _text(raw)[0]
    if isinstance(raw, dt.date) or ISO.fullmatch(text):
        day = _read_date(raw, field, decimal)
        if not day.value:
            return day  # 2021 in a cell for dates is shown as 1905-07-13
        return Read(int(day.value[:4]), f"the date {day.value} read as its year")
    found = _read_count(raw, field, decimal)
    if found.value is not None and not EARLIEST_YEAR <= found.value <= LATEST_YEAR:
        return Read(None, "", f"expected a year, found {found.value}")
    return found


def _read_date(raw: Raw, field: Field, decimal: str | None) -> Read:  # noqa: ARG001
    text, note = _text(raw)
    if text.lower() in ABSENT:
        return Read(None)
    if isinstance(raw, dt.date):
        day = raw.isoformat()[:10]
    elif found := ISO.fullmatch(text):
        day = "-".join(found.groups())
    elif found := DOTTED.fullmatch(text):
        day = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
        note = f"{text} read as {day}"
    else:
        return Read(None, "", "expected a date such as 2026-03-31, found another text")
    try:
        dt.date.fromisoformat(day)
    except ValueError:
        return Read(None, "", f"expected a date, found {day}, which no calendar has")
    if day < EARLIEST_DATE:
        return Read(None, "", f"expected a date since {EARLIEST_DATE[:4]}, found {day}")
    return Read(day, note)


def _read_flag(raw: Raw, field: Field, decimal: str | None) -> Read:  # noqa: ARG001
    text, _ = _text(raw)
    word = text.lower()
    if word in ABSENT:
        return Read(None)
    if word in YES | NO:
        return Read(word in YES)
    return Read(None, "", "expected yes or no, found another text")


def _read_choice(raw: Raw, field: Field, decimal: str | None) -> Read:  # noqa: ARG001
    text, note = _text(raw)
    if text.lower() in ABSENT:
        return Read(None)
    for choice in field.choices:
        if text.lower() == choice.lower():
            return Read(choice, note)
    return Read(None, "", f"expected {', '.join(field.choices)}, found another text")


def _read_link(raw: Raw, field: Field, decimal: str | None) -> Read:  # noqa: ARG001
    text, note = _text(raw)
    if text.lower() in ABSENT:
        return Read(None, note)
    if not LINK.fullmatch(text):
        return Read(
            None, note, "expected an address such as https://example.org, found another text"
        )
    return Read(text, note)


def _read_list(raw: Raw, field: Field) -> Read:
    parts = raw if isinstance(raw, list) else [raw]
    if any(isinstance(part, dict | list) for part in parts):
        return Read(None, "", "expected texts in the list, found another structure")
    texts, notes = _entries(parts)
    if field.kind == "codes":
        return Read([{"label": text, "weight": None} for text in texts] or None, ", ".join(notes))
    found = [WEIGHTED.fullmatch(text) for text in texts]
    given = [float(f[2].replace(",", ".")) for f in found if f]
    hundred = abs(sum(given) - 100) < 0.5
    if not given or (max(given) > 1 and not hundred):  # a colon and a number as in ``SDG: 13``
        labels: list[tuple[str, float | None]] = [(text, None) for text in texts]
    elif len(given) < len(texts) or sum(given) <= 0:
        return Read(None, "", "expected a weight for each entry of the list or for none")
    else:
        labels = [(f[1].strip(), w) for f, w in zip(filter(None, found), given, strict=True)]
    entries: dict[str, float | None] = {}
    for label, weight in labels:
        if label in entries:
            notes.append(f"{label} stood there twice")
        entries.setdefault(label, weight)
    rows = [{"label": label, "weight": weight} for label, weight in entries.items()]
    return Read(rows or None, ", ".join(dict.fromkeys(notes)))


def _entries(parts: Sequence[Any]) -> tuple[list[str], list[str]]:
    """Return the entries of a list that say something, and what was mended in them."""
    read = [_text(part) for part in parts]
    return (
        [text for text, _ in read if text.lower() not in ABSENT],
        [note for _, note in read if note],
    )


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}…"


_READERS: Final[dict[str, Callable[[Raw, Field, str | None], Read]]] = {
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


def read_field(raw: Raw, field: Field, *, decimal: str | None = None) -> Read:
    """Read a cell as a field.

    Args:
        raw: What stands in the cell; for a list, its entries.
        field: The field.
        decimal: Decimal sign of numbers in texts, if it is declared.
    """
    if field.kind in {"list", "codes"}:
        return _read_list(raw, field)
    if isinstance(raw, list | dict):
        return Read(None, "", "expected one value, found several")
    return _READERS[field.kind](raw, field, decimal)
