"""Which of the places that bear a name is meant, and in which NUTS 2 region it lies.

Places of one country are weighed against each other here; codes and postal codes go before
them in :mod:`s3etl.organisations.placing`.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from s3etl.organisations.cities import City, Gazetteer
from s3etl.organisations.regions import RegionNames
from s3etl.organisations.territory import Located, Outlines
from s3etl.organisations.wording import Reading, alternatives, fold, readings, variants

CLEARLY_LARGER: Final = 5.0
"""Times the inhabitants of the next largest place of that name in another region [P]."""
SMALL_PLACE: Final = 2000
"""Inhabitants below which a place may have namesakes too small for the gazetteer."""
TOWN: Final = 15_000
"""Inhabitants from which on a place may be meant by a name that a region bears and it does not."""
EXAMPLES: Final = 3

CITY: Final = 0.95
"""Confidence: a place of that name, and none in another region."""
LARGER: Final = 0.85
"""Confidence: by far the largest of several places of that name, or the one the text hints at."""
PART: Final = 0.85
"""Confidence: a part of the text, such as the town before its district."""
SHORTENED: Final = 0.7
"""Confidence: some words of the text."""
MISSPELT: Final = 0.6
"""Confidence: a name almost written like that."""
SMALL: Final = 0.8
"""Confidence: a place of few people; the gazetteer may lack others of that name."""
OUTSIDE: Final = 0.8
"""Confidence: outside every outline, in the nearest region."""
BORDER: Final = 0.8
"""Confidence: so near a border that the outline may be wrong."""
REGION: Final = 0.9
"""Confidence: the text names the region."""

OF_READING: Final = {"whole": CITY, "part": PART, "shortened": SHORTENED, "misspelt": MISSPELT}

Named = tuple[str, str]
"""Country and text, or folded name."""


class Choice(NamedTuple):
    """What a text was taken for.

    Attributes:
        geo: NUTS 2 code, or that of a NUTS 1 or 3 region the text names; None if it is open.
        city: The place, if it is one.
        matched: Name of the place or region.
        confidence: 0 to 1; see the constants of this module.
        reason: What is open or was ambiguous.
    """

    geo: str | None
    city: City | None = None
    matched: str | None = None
    confidence: float | None = None
    reason: str = ""


class _Place(NamedTuple):
    city: City
    at: Located


class Chooser:
    """Chooses places for texts; all texts are given at once, since looking up is done in bulk.

    Args:
        texts: Country and text of each.
        gazetteer: The places.
        regions: Names of regions.
        outlines: Outlines of NUTS 2.
    """

    def __init__(
        self,
        texts: Iterable[Named],
        gazetteer: Gazetteer,
        regions: RegionNames,
        outlines: Outlines | None,
    ) -> None:
        self._regions, self._gazetteer, self._outlines = regions, gazetteer, outlines
        self._readings = {
            (country, part): readings(part, self.countries(country))
            for country, text in set(texts)
            for part in (text, *alternatives(text))
        }
        wanted = {
            name
            for found in self._readings.values()
            for reading in found
            for own in (reading.name, *reading.hints)
            for name in (own, *variants(own))
        }
        self._places = self._located(gazetteer.find(wanted))

    def countries(self, country: str) -> Collection[str]:
        """Return the folded names of a country."""
        own = self._gazetteer.countries.get(country, frozenset())
        return own | self._regions.countries.get(country, set())

    def choose(self, country: str, text: str) -> Choice:
        """Return what a text of one country was taken for."""
        whole = self._read(country, text, exact=True)
        parts = alternatives(text)
        if whole is not None or len(parts) < 2:
            return whole or self._read(country, text) or self._misspelt(country, text)
        found = [c for part in parts if (c := self._read(country, part)) is not None]
        regions = {c.geo for c in found if c.geo}
        if len(regions) > 1:
            both = " and ".join(f"{c.matched} ({c.geo})" for c in found if c.geo)
            return Choice(None, reason=f"“{text}” names {both}")
        placed = [c for c in found if c.geo] or found
        if not placed:
            return self._unknown(country, text)
        return max(placed, key=lambda c: c.confidence or 0)

    def _located(self, found: Mapping[Named, list[City]]) -> dict[Named, list[_Place]]:
        """Add to each place where it lies."""
        cities = list({city: None for places in found.values() for city in places})
        if self._outlines is None:
            return {}
        points = np.array([(c.longitude, c.latitude) for c in cities], float).reshape(-1, 2)
        located = self._outlines.locate(points, [c.country for c in cities])
        at = dict(zip(cities, located, strict=True))
        return {
            named: [_Place(city, at[city]) for city in places] for named, places in found.items()
        }

    def _read(self, country: str, text: str, *, exact: bool = False) -> Choice | None:
        """Take the first reading that is a place or region; None if none is."""
        for reading in self._readings[country, text]:
            if exact and reading.how != "whole":
                continue
            places = self._of(country, reading.name)
            regions = self._regions.named(country, reading.name)
            if places:
                return self._weigh(country, places, regions, reading)
            if regions and reading.how != "shortened":
                return self._region(regions, reading)
        return None

    def _of(self, country: str, name: str) -> list[_Place]:
        for own in (name, *variants(name)):
            if found := [p for p in self._places.get((country, own), []) if p.at.geo]:
                return found
        return []

    def _weigh(
        self, country: str, places: list[_Place], regions: list[str], reading: Reading
    ) -> Choice:
        """Choose one of several places, by the hints of the text or by size."""
        large = [geo for geo in regions if len(geo) < 5]
        places = _own(places, reading.name)
        if large and not any(_is_town(p.city, reading.name) for p in places):
            return self._region(regions, reading)
        largest = _largest(places)
        confidence = OF_READING[reading.how]
        if len(largest) > 1:
            confidence = min(confidence, LARGER)
            hinted = tuple(self._hinted(country, reading.hints))
            largest = [p for p in largest if str(p.at.geo).startswith(hinted)] or largest
        if _open(largest):
            return Choice(None, reason=_several(reading.name, largest))
        best = largest[0]
        if large and not any(str(best.at.geo).startswith(geo) for geo in large):
            region = f"{self._regions.name(large[0])} ({large[0]})"
            here = f"{best.city.name} ({best.at.geo})"
            return Choice(None, reason=f"it may be the region {region} or the place {here}")
        return _chosen(best, confidence)

    def _hinted(self, country: str, hints: Iterable[str]) -> set[str]:
        """Return the regions that the rest of a text speaks of."""
        found: set[str] = set()
        for hint in hints:
            found |= {str(p.at.geo) for p in _largest(self._of(country, hint))[:1]}
            found |= {geo[:4] for geo in self._regions.named(country, hint)}
        return found

    def _region(self, regions: list[str], reading: Reading) -> Choice:
        """Take a text for the region it names, the smallest of those that hold each other."""
        smallest = max(regions, key=len)
        if not all(smallest.startswith(geo[:4]) for geo in regions):
            names = ", ".join(f"{self._regions.name(geo)} ({geo})" for geo in regions[:EXAMPLES])
            return Choice(None, reason=f"it may be one of several regions: {names}")
        largest = regions[0] if len(regions[0]) == 4 else smallest
        confidence = min(REGION, OF_READING[reading.how])
        return Choice(largest, None, self._regions.name(largest), confidence)

    def _misspelt(self, country: str, text: str) -> Choice:
        """Take an unknown name for the place it is almost written like."""
        for reading in self._readings[country, text]:
            if reading.how == "shortened":
                continue
            cities = self._gazetteer.similar(country, reading.name)
            places = [p for p in self._located({(country, ""): cities}).get((country, ""), [])
                      if p.at.geo]  # fmt: skip
            largest = _largest(places)
            if largest and not _open(largest):
                chosen = _chosen(largest[0], MISSPELT)
                return chosen._replace(reason=f"“{text}” was read as {largest[0].city.name}")
        return self._unknown(country, text)

    def _unknown(self, country: str, text: str) -> Choice:
        """Tell a name nobody knows from a place that lies in no region."""
        names = (r.name for r in self._readings[country, text] if r.how != "shortened")
        for name in names:
            for place in self._places.get((country, name), []):
                return Choice(None, reason=f"{place.city.name} lies in no region of the country")
        return Choice(None, reason=f"no place or region of the country is called “{text}”")


def _own(places: list[_Place], name: str) -> list[_Place]:
    """Drop places that are just also called by a name, unless larger than those that bear it."""
    own = [p for p in places if fold(p.city.name) == name]
    size = max((p.city.population for p in own), default=-1)
    return [p for p in places if p in own or p.city.population > size]


def _is_town(city: City, name: str) -> bool:
    """Tell a place that bears a name, or is of some size, from one that is also called so."""
    return city.population >= TOWN or fold(city.name) == name


def _largest(places: Iterable[_Place]) -> list[_Place]:
    """Return the largest place of each region, the largest of all first."""
    by_size = sorted(places, key=lambda p: (-p.city.population, p.city.name))
    of_region: dict[str | None, _Place] = {}
    for place in by_size:
        of_region.setdefault(place.at.geo, place)
    return list(of_region.values())


def _open(largest: list[_Place]) -> bool:
    """Tell whether none of several places is clearly larger."""
    if len(largest) < 2:
        return False
    first, second = (max(p.city.population, 1) for p in largest[:2])
    return first < CLEARLY_LARGER * second


def _several(name: str, largest: list[_Place]) -> str:
    which = ", ".join(f"{p.city.name} ({p.at.geo})" for p in largest[:EXAMPLES])
    return f"several places are called {name}: {which}"


def _chosen(place: _Place, confidence: float) -> Choice:
    reason = ""
    if place.city.population < SMALL_PLACE:
        confidence = min(confidence, SMALL)
    if place.at.outside_km > 0:
        confidence = min(confidence, OUTSIDE)
        reason = f"it lies {place.at.outside_km:.1f} km outside every outline"
    if place.at.also:
        confidence = min(confidence, BORDER)
        reason = f"it lies at the border to {', '.join(place.at.also)}"
    return Choice(place.at.geo, place.city, place.city.name, confidence, reason)
