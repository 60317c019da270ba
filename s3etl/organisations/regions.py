"""Names of NUTS regions and countries: which region a text names, where it names no city.

Only the table of names; what people write around a name is known in
:mod:`s3etl.organisations.wording`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pyarrow as pa

from s3etl.nuts.vintage import ANALYSIS
from s3etl.organisations.wording import BRACKETED, fold, trimmed


class RegionNames:
    """Codes of the analysis version by country and folded name.

    Args:
        names: Table of ``s3etl.nuts.tables.NAMES``; what countries are called counts in
            every version.
    """

    def __init__(self, names: pa.Table) -> None:
        self.countries: dict[str, set[str]] = defaultdict(set)
        self._codes: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._names: dict[tuple[str, str], str] = {}
        columns = (names.column(c).to_pylist() for c in ("version", "geo", "level", "name"))
        for version, geo, level, name in zip(*columns, strict=True):
            if level == 0:
                self.countries[geo[:2]] |= {fold(part) for part in name.split("/")}
            self._names[version, geo] = name
            if level and version == ANALYSIS:
                for text in _spellings(name):
                    self._codes[geo[:2], text].add(geo)

    def named(self, country: str, text: str) -> list[str]:
        """Return the codes of the regions of a country with a folded name, large ones first."""
        found = self._codes.get((country, text), set())
        return sorted(found, key=lambda geo: (len(geo), geo))

    def name(self, geo: str) -> str:
        """Return the name of a region, or its code if it has none."""
        return self._names.get((ANALYSIS, geo), geo)

    def bears(self, version: str, geo: str, city: Iterable[str]) -> bool:
        """Tell whether a region of a version is called like a city (folded names)."""
        name = self._names.get((version, geo), "")
        return bool(set(_spellings(re.split(r"[,(]", name)[0])) & set(city))


def _spellings(name: str) -> Iterator[str]:
    """Return a region's name and the names it is made of, folded."""
    bare = BRACKETED.sub(" ", name)
    for text in (name, bare, *re.split(r"\s*/\s*", bare)):
        whole = fold(text)
        yield whole
        yield trimmed(whole)
