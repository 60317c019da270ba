"""Pairs of organisations that may be one, and what speaks for and against each pair.

Everything is measured inside a country; which pairs are merged is decided in
:mod:`s3etl.organisations.duplicates`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from s3etl.organisations.method import OrganisationMethod
from s3etl.organisations.names import distinguishing, web_domain, words_of

ROWS_AT_ONCE: Final = 512
"""Rows of the similarity matrix computed at once, which bounds its memory."""


@dataclass(frozen=True)
class Organisation:
    """What is compared of one organisation.

    Attributes:
        key: Register and id.
        country: Country code.
        words: Words of its name that can tell it from others, sorted.
        domain: Registrable web domain, if it tells anything.
        nuts3: NUTS 3 region, if known.
    """

    key: tuple[str, str]
    country: str
    words: tuple[str, ...]
    domain: str | None
    nuts3: str | None

    @property
    def text(self) -> str:
        """The words as one text."""
        return " ".join(self.words)


@dataclass(frozen=True)
class Pair:
    """Two organisations of one country and how they compare.

    Attributes:
        a: Position of the first.
        b: Position of the second, larger.
        similarity: Of the names, 0 to 1.
        apart: Whether each name has words that the other has not, not even nearly.
        one_sided: Whether only one of them has such words.
        contained: Whether all words of one stand in the other.
        same_domain: Whether both have the same web domain.
    """

    a: int
    b: int
    similarity: float
    apart: bool
    one_sided: bool
    contained: bool
    same_domain: bool


def prepared(
    rows: Sequence[dict[str, str | None]], method: OrganisationMethod
) -> list[Organisation]:
    """Return what is compared of each row (register, id, name, country, website, nuts3)."""
    return [
        Organisation(
            (str(row["register"]), str(row["id"])),
            str(row["country"]),
            words_of(str(row["name"]), method.ignored),
            web_domain(row["website"], method.two_label_suffixes, method.generic_domains),
            row["nuts3"] or None,
        )
        for row in rows
    ]


def name_similarity(a: str, b: str) -> float:
    """Return 2·L/(|a| + |b|), where L is the longest common subsequence of letters, 0 to 1.

    The normalised indel similarity (rapidfuzz ``fuzz.ratio``) of the sorted words: it counts
    letters put in and taken out, so spelling variants and endings cost little. Jaro–Winkler
    was not taken because it favours equal beginnings, which the names of one agency's
    clusters share; set-based measures, because they give 1 when one name contains another.
    """
    from rapidfuzz.distance import Indel  # noqa: PLC0415  (not needed where nothing is compared)

    return float(Indel.normalized_similarity(a, b))


def told_apart(a: Organisation, b: Organisation, method: OrganisationMethod) -> bool:
    """Tell whether each name has words of its own: the names of two organisations.

    Words that differ by a spelling are not of its own: 1 − d/n with d the Levenshtein distance
    and n the letters of the longer, which takes a wrong letter for one change and not two.
    """
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415  (only where names are compared)

    first, second = distinguishing(a.words, b.words)
    if not first or not second:
        return False
    return float(Levenshtein.normalized_similarity(first, second)) < method.distinct_words


def compared(
    organisations: Sequence[Organisation], i: int, j: int, method: OrganisationMethod
) -> Pair:
    """Return how the organisations at two positions compare."""
    a, b = organisations[i], organisations[j]
    first, second = distinguishing(a.words, b.words)
    return Pair(
        min(i, j),
        max(i, j),
        name_similarity(a.text, b.text),
        told_apart(a, b, method),
        bool(first) != bool(second),
        not (first and second),
        a.domain is not None and a.domain == b.domain,
    )


def candidates(
    organisations: Sequence[Organisation], method: OrganisationMethod
) -> list[tuple[int, int]]:
    """Return the positions worth comparing: similar names, one web domain, a contained name."""
    blocks: dict[str, list[int]] = defaultdict(list)
    for position, organisation in enumerate(organisations):
        blocks[organisation.country].append(position)
    found: set[tuple[int, int]] = set()
    for positions in blocks.values():
        block = [organisations[p] for p in positions]
        for i, j in (
            *_similar(block, method.possible_similarity),
            *_contained(block, method.contained_words),
            *_same_domain(block),
        ):
            found.add((positions[i], positions[j]))
    return sorted(found)


def _similar(block: Sequence[Organisation], cutoff: float) -> Iterator[tuple[int, int]]:
    from rapidfuzz import process  # noqa: PLC0415  (not needed where nothing is compared)
    from rapidfuzz.distance import Indel  # noqa: PLC0415

    texts = [organisation.text for organisation in block]
    for start in range(0, len(texts), ROWS_AT_ONCE):
        scores = process.cdist(
            texts[start : start + ROWS_AT_ONCE],
            texts[start:],  # the pairs before are done
            scorer=Indel.normalized_similarity,
            score_cutoff=cutoff,
            dtype=np.float32,
        )
        for i, j in np.argwhere(np.triu(scores, 1) > 0):
            yield start + int(i), start + int(j)


def _contained(block: Sequence[Organisation], fewest: int) -> Iterator[tuple[int, int]]:
    """Return pairs in one NUTS 3 region of which one has all words of the other."""
    having: dict[tuple[str, str], set[int]] = defaultdict(set)
    for i, organisation in enumerate(block):
        for word in set(organisation.words) if organisation.nuts3 else ():
            having[str(organisation.nuts3), word].add(i)
    for i, organisation in enumerate(block):
        words = set(organisation.words) if organisation.nuts3 else set()
        if len(words) >= fewest:
            rarest_first = sorted((having[str(organisation.nuts3), w] for w in words), key=len)
            for j in set.intersection(*rarest_first) - {i}:
                yield min(i, j), max(i, j)


def _same_domain(block: Sequence[Organisation]) -> Iterator[tuple[int, int]]:
    by_domain: dict[str, list[int]] = defaultdict(list)
    for i, organisation in enumerate(block):
        if organisation.domain:
            by_domain[organisation.domain].append(i)
    for positions in by_domain.values():
        yield from combinations(positions, 2)
