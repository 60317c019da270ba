"""Names and web addresses of organisations made comparable.

Text only: which two organisations are the same is decided in
:mod:`s3etl.organisations.duplicates`, and every list of words comes from the method.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

_JOINED: Final = re.compile(r"[.'’`´]")
"""Marks inside a word: e.V., S.p.A., L'Aquila."""
_BETWEEN: Final = re.compile(r"[^a-z0-9]+")
_HOST: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?([^/?#:]+)", re.ASCII)
_NAME_OF_HOST: Final = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+")


def words_of(name: str, ignored: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the words of a name that can tell it from others, in alphabetical order.

    Cyrillic, Greek and accented letters become plain ones (anyascii), capitals small ones,
    dots and apostrophes join what they stand in (``e.V.`` is ``ev``), other marks separate.
    Legal forms and words that nearly every name has are left out; a name of nothing else
    keeps them all. The order is dropped because registries write ``ICT Cluster Varna`` and
    ``Varna ICT Cluster``.

    Args:
        name: As the register writes it.
        ignored: What is left out: words, or several words with spaces, in plain letters.
    """
    from anyascii import anyascii  # noqa: PLC0415  (reads its tables when first used)

    # Transliterated first: some letters become several, and some become punctuation.
    plain = _JOINED.sub("", anyascii(name).lower())
    text = f" {_BETWEEN.sub(' ', plain).strip()} "
    kept = text
    for form in sorted(ignored, key=len, reverse=True):
        while f" {form} " in kept:
            kept = kept.replace(f" {form} ", " ")
    return tuple(sorted((kept if kept.strip() else text).split()))


def distinguishing(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, str]:
    """Return the words only the first and only the second name has, each joined."""
    first, second = Counter(a), Counter(b)
    return (
        " ".join(sorted((first - second).elements())),
        " ".join(sorted((second - first).elements())),
    )


def web_domain(
    website: str | None, suffixes: Iterable[str] = (), generic: Iterable[str] = ()
) -> str | None:
    """Return the registrable domain of a web address, or None if it tells nothing.

    The last two labels of the host, or three under a suffix such as ``co.uk``; not the whole
    public suffix list, which would be one more table to keep current, so an undeclared suffix
    can only make too many share a domain, and then their names have to agree.

    Args:
        website: As the register writes it, with or without ``https://``.
        suffixes: Suffixes of two labels under which names are registered.
        generic: Domains that many organisations share and that identify none.
    """
    found = _HOST.match((website or "").strip().lower())
    host = found[1].strip().rstrip(".") if found else ""
    if not _NAME_OF_HOST.fullmatch(host) or host.replace(".", "").isdigit():
        return None
    labels = host.split(".")
    size = 3 if ".".join(labels[-2:]) in set(suffixes) else 2
    domain = ".".join(labels[-size:])
    return None if len(labels) < size or domain in set(generic) else domain
