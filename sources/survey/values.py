"""What the cells of a survey mean: answers, items, groups, places, documents.

One cell in, a value with a note or a fault out. A text that was found is never repeated in a
note or fault, because people write remarks and names into cells.
"""

import datetime as dt
import re
import unicodedata
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from s3etl.stresstest.questionnaire import load
from sources.sheets import Value, plain

REGION: Final = re.compile(r"[A-Z]{2}[0-9A-Z]{1,3}")
ITEM_LIKE: Final = re.compile(r"D[0-9]{1,2}\.[0-9]{1,2}")
SMALL_NUMBER: Final = re.compile(r"-?[0-9]{1,2}(?:[.,][0-9]{1,2})?")
LEVEL: Final = re.compile(r"([0-9]{1,3})(?:[.,]0+)?")
GERMAN_DATE: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
FIRST_WAVE: Final = 2000
LAST_WAVE: Final = 2100
EARLIEST: Final = dt.date(1990, 1, 1)
"""No evidence on smart specialisation or cluster programmes of today is older."""
LONGEST_TITLE: Final = 300
LONGEST_LINK: Final = 500
DK: Final = frozenset({"dk", "d.k.", "don't know", "don’t know", "cannot judge"})
NA: Final = frozenset({"na", "n/a", "n.a.", "not applicable"})
BLANKS: Final = "blanks removed"


class Fault(NamedTuple):
    """Why something cannot be used.

    Attributes:
        problem: What was expected and what kind of thing was found.
        remedy: What to do.
        sheet: Sheet to mend it in, if that is another than where it was noticed.
        cell: Cell to mend, the same.
    """

    problem: str
    remedy: str
    sheet: str = ""
    cell: str = ""

    def __str__(self) -> str:
        """Return both as one sentence."""
        return f"{self.problem}; {self.remedy}."


class Answer(NamedTuple):
    """An answer: level 0 to 4 for the state ``answered``, None for DK and NA."""

    level: int | None
    state: str
    note: str = ""


def blank(value: Value | Fault) -> bool:
    """Whether a cell is empty or holds nothing but blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def said(value: Value) -> str:
    """Return what kind of thing a cell holds; only small numbers are named."""
    if isinstance(value, str) and SMALL_NUMBER.fullmatch(value.strip()):
        return value.strip()
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1000 else "a number"
    return "a text" if isinstance(value, str) else "a date"


def answer_of(value: Value) -> Answer | Fault:
    """Read an answer: 0 to 4, DK or NA (methodology 2.3)."""
    wrong = Fault(f"expected 0 to 4, DK or NA, found {said(value)}", "choose from the list")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return wrong
    if not isinstance(value, str):
        level = int(value) if value in {0, 1, 2, 3, 4} else None
        return wrong if level is None else Answer(level, "answered")
    return _worded(value) or wrong


def _worded(text: str) -> Answer | None:
    """Read an answer written as text, with a note on how it was written."""
    word = text.strip().casefold()
    note = BLANKS if text != text.strip() else ""
    if word in DK or word in NA:
        state = "DK" if word in DK else "NA"
        return Answer(None, state, note or ("" if text == state else f"read as {state}"))
    if (number := LEVEL.fullmatch(word)) and int(number[1]) <= 4:
        level = int(number[1])
        return Answer(level, "answered", note or ("" if text == str(level) else "read as a number"))
    for step in load().scale:
        if word in {step.label, f"{step.value} {step.label}"}:
            return Answer(step.value, "answered", "words read as their level")
    return None


def item_of(value: Value) -> tuple[str, str] | Fault:
    """Read the id of an item, such as ``D1.4``."""
    text = value.strip().upper() if isinstance(value, str) else ""
    if text in load().by_id:
        return text, "" if text == value else "item written anew"
    found = text if ITEM_LIKE.fullmatch(text) else said(value)
    return Fault(f"expected an item from D1.1 to D7.6, found {found}", "correct the item")


def group_of(value: Value) -> tuple[str, str] | Fault:
    """Read a group of respondents: its letter, its name, or both."""
    text = " ".join(value.split()).casefold() if isinstance(value, str) else ""
    for code, name in load().group_names.items():
        if text in {code.casefold(), f"{code.casefold()} {name}", name}:
            exact = value in {code, f"{code} {name}"}
            return code, "" if exact else "group written anew"
    return Fault(
        f"expected a group (P, I, C, B or R), found {said(value)}",
        "choose the respondent's group from the list",
    )


def region_of(value: Value) -> tuple[str, str] | Fault:
    """Read a region code; whether there is such a region is not known here."""
    text = value.strip().upper() if isinstance(value, str) else ""
    if REGION.fullmatch(text):
        return text, "" if text == value else "region code written anew"
    return Fault(f"expected a region code, found {said(value)}", "write the NUTS code, as AT22")


def wave_of(value: Value) -> tuple[int, str] | Fault:
    """Read the year of a survey wave."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{4}\s*", value):
        value = int(value)
    known = range(FIRST_WAVE, LAST_WAVE + 1)
    if isinstance(value, int | float) and value in known:  # true and false are 1 and 0
        return int(value), ""
    return Fault(f"expected a year as wave, found {said(value)}", "write it as 2026")


def identity_of(value: Value) -> tuple[str, str] | Fault:
    """Read who answered; only a pseudonym of it may be kept."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str | int) and not isinstance(value, bool):
        text = unicodedata.normalize("NFKC", str(value)).strip().casefold()
        if text:
            return text, ""
    return Fault(
        f"expected a code or number of the respondent, found {said(value)}",
        "give each respondent one",
    )


def grade_of(value: Value) -> tuple[int, str] | Fault:
    """Read a grade of evidence, 0 to 3 (methodology 2.4-1)."""
    text = f"{value:g}" if isinstance(value, int | float) else value
    if isinstance(text, str) and not isinstance(value, bool):
        word = " ".join(text.split()).casefold()
        for grade in load().grades:
            if word in {str(grade.value), grade.label, f"{grade.value} {grade.label}"}:
                exact = text in {str(grade.value), f"{grade.value} {grade.label}"}
                return grade.value, "" if exact else "grade written anew"
    return Fault(f"expected a grade from 0 to 3, found {said(value)}", "choose from the list")


def title_of(value: Value) -> tuple[str, str] | Fault:
    """Read the title of a document as plain text; empty if there is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:.15g}"
    if not isinstance(value, str | None) or isinstance(value, bool):
        return Fault(f"expected a title, found {said(value)}", "write the document's title")
    text, note = plain(value or "")
    if len(text) > LONGEST_TITLE:
        text, note = text[:LONGEST_TITLE].rstrip(), ", ".join(filter(None, (note, "title cut")))
    return text, note


def date_of(value: Value, wave: int) -> tuple[dt.date | None, str] | Fault:
    """Read the date of a document: from 1990 to the end of the wave's year.

    The wave bounds it, not today, so that the same file reads the same on every day.
    """
    day, note = _day(value)
    if day is None:
        if blank(value):
            return None, ""
        return Fault(f"expected a date, found {said(value)}", "write year, month, day: 2026-03-31")
    if not EARLIEST <= day <= dt.date(wave, 12, 31):
        when = "before 1990" if day < EARLIEST else f"after the wave of {wave}"
        return Fault(f"expected the date of a document, found one {when}", "correct the date")
    return day, note


def _day(value: Value) -> tuple[dt.date | None, str]:
    if isinstance(value, dt.datetime):
        return value.date(), ""
    if isinstance(value, dt.date):
        return value, ""
    if not isinstance(value, str):
        return None, ""
    text = value.strip()
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]*)?", text):
            return dt.date.fromisoformat(text[:10]), ""
        if found := GERMAN_DATE.fullmatch(text):
            day, month, year = (int(part) for part in found.groups())
            return dt.date(year, month, day), "date written anew"
    except ValueError:
        pass  # no such day
    return None, ""


def link_of(value: Value) -> tuple[str, str] | Fault:
    """Read a link, http or https without a name or password in it; empty if there is none."""
    if blank(value):
        return "", ""
    wrong = Fault(
        f"expected a link that begins with https:// or http://, found {said(value)}",
        "copy it from the address line of the browser",
    )
    if not isinstance(value, str):
        return wrong
    text = value.strip()
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return wrong
    secret = parts.username is not None or plain(text)[0] != text
    if parts.scheme not in {"http", "https"} or "." not in host or secret:
        return wrong
    if len(text) > LONGEST_LINK or not text.isprintable() or " " in text:
        return wrong
    return text, "" if text == value else BLANKS
