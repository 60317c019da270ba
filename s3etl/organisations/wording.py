"""What people write for a city, taken apart: folded names, postcodes, districts, provinces.

Only text; no place is known here. Which of the readings is a place is told in
:mod:`s3etl.organisations.cities`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

How = Literal["whole", "part", "shortened"]

LONGEST: Final = 200
"""Characters of a text that are read; nobody writes more for a city."""

BETWEEN: Final = re.compile(r"\s*[,:]\s*|\s+[-–—]\s*|\s*[–—]\s*")
"""Between a place and its district, or a place and the larger one it lies in."""
ALTERNATIVES: Final = re.compile(r"\s*[/|;&+]\s*")
"""Between names of one place in two languages, or of two places."""
BRACKETED: Final = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*")
POSTCODE: Final = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2}[- ]?)?(\d{4}-\d{3}|\d{2}-\d{3}|\d{3} \d{2}|\d{4} [A-Z]{2}|\d{4,6})"
    r"(?![\w-])"
)
"""Four digits or more as a word of their own; ``Dublin 2`` and ``Cedex 9`` have none."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TRIMMINGS: Final = _words(
    "cedex city commune comune county district gmina grad gradska kommun kommune kraj lan megye "
    "municipality novads oblast obcina obec okres opstina powiat prov province provincia rayon "
    "raion region regio regione rural stad stadt town urban v village"
)
"""Words beside a name that say what kind of place it is."""
GENERIC: Final = _words(
    "bad banska ban borgo cala castel castelo castro ceska ceske cesky chateau city costa dolna "
    "dolni dolny el fort fuente gorna gornja gornji gorni gran grand grande gross haut heilig "
    "horni horny isla klein kirch kralj la las le les los lower mala mali male maly monte mont "
    "moravska neu neuf new nieuw nova nove novi novo novy nowa nowe nowy ober old oud piazza "
    "pobla pont port porto praia puerto rio saint sainte san sankt sant santa sante santo sao "
    "slovenska stara stare stari stary st ste sv sveta sveti torre unter upper val valle velika "
    "veliki veliko velke velky vila villa ville west"
)
"""First words of many names: alone they are not taken for one that was cut short."""
LINKS: Final = _words(
    "a al am an auf aux bei by de del della den der des di do dos du em en im in la las le les "
    "los na nad ob och og on op pe pod po pri sobre sous sub sul sur unter upon van von vor z"
)
"""Words that tie the next one to a name: what stands before them is half a name."""


class Reading(NamedTuple):
    """One way to read a text.

    Attributes:
        name: The folded name.
        hints: Folded names of what it lies in, as far as the text says.
        how: The whole text (beside postcodes, provinces in brackets and words for kinds of
            place), one of its parts, or some words of a part.
    """

    name: str
    hints: tuple[str, ...]
    how: How


def fold(text: str) -> str:
    """Return a name without case, diacritics, punctuation and foreign letters.

    Cyrillic and Greek letters become Latin ones (``Пловдив`` → ``plovdiv``).
    """
    return _spaced(_latin(text))


def fold_many(texts: Sequence[str]) -> list[str]:
    """Return :func:`fold` of many names at once; what has other scripts is left empty."""
    from anyascii import anyascii  # noqa: PLC0415  (reads its tables when first used)

    joined = "\n".join(texts)
    table = {
        ord(letter): anyascii(letter) if _known(letter) else "\0"
        for letter in set(joined)
        if letter > "\x7f"
    }
    lines = re.sub(r"[^a-z0-9\n\0]+", " ", joined.translate(table).lower()).split("\n")
    return ["" if "\0" in line else line.strip() for line in lines]


def _known(letter: str) -> bool:
    """Tell letters of Latin, Greek and Cyrillic, and punctuation, from all others."""
    return letter < "\u0530" or "\u1d00" <= letter < "\u2190"


def _latin(text: str) -> str:
    from anyascii import anyascii  # noqa: PLC0415  (reads its tables when first used)

    return anyascii(text) if not text.isascii() else text


def _spaced(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def postcode_in(text: str) -> str | None:
    """Return the postcode that stands in a text (``93053 Regensburg``), if there is one."""
    found = POSTCODE.search(text[:LONGEST])
    return found[1] if found else None


def without_postcode(text: str) -> str:
    """Return the first :data:`LONGEST` characters of a text, without its postcode."""
    bare = POSTCODE.sub(" ", text[:LONGEST], count=1)
    return " ".join(bare.split()).strip(" ,;-")


def alternatives(text: str) -> list[str]:
    """Return the names a text gives beside each other (``Wien/Vienna``); often one."""
    return [part for part in ALTERNATIVES.split(text) if part.strip()]


def readings(text: str, countries: Iterable[str] = ()) -> list[Reading]:
    """Return the ways to read a text, from the one that keeps most of it to the least.

    Args:
        text: The text, without its postcode.
        countries: Folded names of the country: they are no city (``Sofia, Bulgaria``).
    """
    named = set(countries)
    bare = BRACKETED.sub(" ", text)
    hints = tuple(filter(None, (fold(inside) for inside in BRACKETED.findall(text))))
    pieces = [part for part in BETWEEN.split(bare) if (name := fold(part)) and name not in named]
    parts = [fold(part) for part in pieces]
    found = [Reading(fold(text), (), "whole"), Reading(fold(bare), hints, "whole")]
    for i, part in enumerate(parts):
        how: How = "whole" if len(parts) == 1 else "part"
        beside = (*hints, *parts[:i], *parts[i + 1 :])
        found += [Reading(name, beside, how) for name in (part, trimmed(part))]
    for piece in pieces[:1]:
        found += _before_dash(piece, hints)
        beside = (*hints, *parts[1:])
        found += [Reading(name, beside, "shortened") for name in _shorter(fold(piece))]
    first = {r.name: r for r in reversed(found) if r.name and r.name not in named}
    return [r for r in found if first.get(r.name) is r]


def _before_dash(piece: str, hints: tuple[str, ...]) -> Iterator[Reading]:
    """Return the town of ``Ostrava-Poruba``, but not half a name such as ``Loos-en-Gohelle``."""
    first, *others = (fold(part) for part in piece.split("-"))
    ends = {part.split()[i] for part in (first, *others) if part for i in (0, -1)}
    if others and first and not ends & LINKS and _telling(first.split()):
        yield Reading(first, (*hints, *filter(None, others)), "part")


def trimmed(part: str) -> str:
    """Return a folded name without numbers, single letters and words for kinds of place."""
    words = part.split()
    kept = [w for w in words if len(w) > 1 and not w.isdigit() and w not in TRIMMINGS]
    return " ".join(kept) if kept else part


def _shorter(part: str) -> Iterator[str]:
    """Return the first words of a name, then the last ones, the longest first."""
    words = trimmed(part).split()
    for end in range(len(words) - 1, 0, -1):
        first, following = words[:end], words[end]
        if following not in LINKS and first[-1] not in LINKS and _telling(first):
            yield " ".join(first)
    for start in range(1, len(words)):
        last, before = words[start:], words[start - 1]
        if before not in LINKS and before not in GENERIC and _telling(last):
            yield " ".join(last)


def _telling(words: Sequence[str]) -> bool:
    """Tell whether words can be a name by themselves."""
    return words[-1] not in GENERIC and len("".join(words)) >= 4


def variants(name: str) -> Iterator[str]:
    """Return other spellings of a folded name: St for Saint or Sankt, ue for ü."""
    words = name.split()
    if words[0] in {"st", "ste", "s"}:
        for long in ("saint", "sankt", "sainte", "sint", "sveti"):
            yield " ".join([long, *words[1:]])
    if words[0] in {"saint", "sankt", "sint", "sainte"}:
        yield " ".join(["st", *words[1:]])
    plain = re.sub(r"([aou])e", r"\1", name)
    if plain != name:
        yield plain
