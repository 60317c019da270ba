"""Public documents behind a score: their titles as plain text, their links only where safe.

Texts of strangers are made harmless here, once; what they show is decided elsewhere.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa

from s3etl.stresstest.answers import usable
from s3etl.stresstest.method import load_method
from s3etl.stresstest.questionnaire import load

_HIDING: Final = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Categories of signs nobody sees, among them those that turn the reading order."""


class Document(NamedTuple):
    """A document that shows something: evidence of a survey, or of a practice.

    Attributes:
        about: What it shows.
        title: Its title, as plain text; it may be empty.
        day: Its date, as text; it may be empty.
        link: Its address, http or https; empty if there is none that is safe to follow.
    """

    about: str
    title: str
    day: str
    link: str


def plain(text: str) -> str:
    """Return a text on one line, without control signs and signs that change reading order."""
    kept = (" " if c.isspace() else c for c in text)
    return " ".join("".join(c for c in kept if unicodedata.category(c) not in _HIDING).split())


def safe_link(text: str | None) -> str:
    """Return an address of http or https with a host as it is; empty for everything else."""
    link = plain(text or "")
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:
        return ""
    return link if parts.scheme in {"http", "https"} and host and " " not in link else ""


def of_evidence(evidence: pa.Table, wave: int) -> dict[tuple[str, str], list[Document]]:
    """Return the public documents of a wave by region and item.

    Args:
        evidence: Table of ``s3etl.stresstest.answers.EVIDENCE``.
        wave: Year of the wave.
    """
    out: dict[tuple[str, str], list[Document]] = defaultdict(list)
    wording = {item.id: item.text for item in load().items}
    for row in usable(evidence).to_pylist():
        if row["wave"] == wave and (row["grade"] or 0) >= load_method().documented:
            about = wording.get(row["item"], row["item"])
            title, day = plain(row["title"] or ""), _day(row["date"])
            found = Document(about, title, day, safe_link(row["link"]))
            out[row["region"], row["item"]].append(found)
    return dict(out)


def of_practice(row: Mapping[str, Any]) -> Document:
    """Return the document of a practice, a row of ``s3etl.strategies.tables.PRACTICES``."""
    about = ": ".join(plain(part) for part in (row["title"], row["done"]) if part)
    day, link = _day(row["evidence_date"]), safe_link(row["evidence_link"])
    return Document(about, plain(row["evidence_title"] or ""), day, link)


def _day(value: date | str | None) -> str:
    return plain(str(value)) if value else ""


def reference(text: str) -> tuple[str, str]:
    """Return register and id of a practice."""
    register, _, own = text.replace(":", " ", 1).partition(" ")
    return register, own.strip()
