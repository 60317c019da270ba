"""Whether the regions a register names exist in its NUTS version, and which a name means.

Codes and names only; where an organisation sits is told in :mod:`s3etl.organisations`.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from s3etl.records import Origin
from s3etl.regions import countries
from s3etl.registers.declaration import Register


class Gazetteer:
    """The regions of all NUTS versions, by code and by name.

    Args:
        codes: Table of ``s3etl.nuts.tables.CODES``.
        names: Table of ``s3etl.nuts.tables.NAMES``; it may be empty.
        origin: Origin of the data; it decides which countries there are.
    """

    def __init__(self, codes: pa.Table, names: pa.Table, origin: Origin) -> None:
        self.countries = set(countries(origin))
        self.versions: dict[str, set[str]] = defaultdict(set)
        for version, geo in _pairs(codes, "version", "geo"):
            self.versions[geo].add(version)
        self.named: dict[tuple[str, str], set[str]] = defaultdict(set)
        rows = names.select(["version", "geo", "name"]).to_pylist()
        self.names = {(row["version"], row["geo"]): str(row["name"]) for row in rows}
        for row in rows:
            self.named[row["version"], plain_name(row["name"])].add(row["geo"])

    def problem(self, geo: str, version: str) -> str:
        """Say why a code is no region of a version, or nothing if it is."""
        if geo in self.countries or version in self.versions.get(geo, ()):
            return ""
        if others := sorted(self.versions.get(geo, ())):
            return f"{geo} is a region of NUTS {others[-1]} and not of NUTS {version}"
        return f"{geo} is no region of NUTS {version}"

    def knows(self, geo: str, version: str) -> bool:
        """Whether a code is a region of a version."""
        return not self.problem(geo, version)

    def name(self, geo: str, version: str) -> str:
        """Return the name of a region in Latin letters; empty if there is none."""
        return self.names.get((version, geo), "")

    def meant(self, name: str, version: str) -> tuple[str | None, str]:
        """Return the region a name means, the largest of that name, or why none is meant."""
        found = sorted(self.named.get((version, plain_name(name)), ()), key=len)
        if not found:
            return None, f"no region of NUTS {version} is called {name}"
        if any(not geo.startswith(found[0]) for geo in found):
            return None, f"several regions are called {name}: {', '.join(found)}"
        return found[0], ""


def plain_name(text: str) -> str:
    """Return a name as it is compared: without case, accents and spaces around."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def located(table: pa.Table, register: Register, gazetteer: Gazetteer) -> pa.Table:
    """Return records whose regions exist, each other with its problem.

    A region that has no code and a name (``place``) gets the code the name means. An
    organisation whose declared code exists in no version keeps its other fields and says so; one
    of an earlier version is kept, since its seat can be converted.
    """
    column = "region" if register.provider == "survey" else "geo"
    if column not in table.column_names or register.holds == "statistics":
        return table
    check = _organisation if register.holds == "organisations" else _record
    rows = table.select(
        [c for c in (column, "place", "repaired", "problem") if c in table.column_names]
    ).to_pylist()
    found = [check(row, column, register, gazetteer) for row in rows]
    for name in (column, "repaired", "problem"):
        place = table.schema.get_field_index(name)
        values = pa.array([row[name] for row in found], pa.string())
        table = table.set_column(place, table.schema.field(place), values)
    return table


Row = Mapping[str, Any]


def _organisation(row: Row, column: str, register: Register, gazetteer: Gazetteer) -> Row:
    geo = row[column]
    if geo is None or geo in gazetteer.versions or geo in gazetteer.countries:
        return row
    said = f"{gazetteer.problem(geo, register.nuts_version)}; left empty"
    return {**row, column: None, "repaired": _and(row["repaired"], said)}


def _record(row: Row, column: str, register: Register, gazetteer: Gazetteer) -> Row:
    geo, problem = row[column], ""
    if not geo and row.get("place"):
        geo, problem = gazetteer.meant(row["place"], register.nuts_version)
    elif not geo:
        problem = "expected a region, found nothing" if not row["problem"] else ""
    else:
        problem = gazetteer.problem(geo, register.nuts_version)
    return {**row, column: geo, "problem": _and(row["problem"], problem)}


def _and(first: str, second: str) -> str:
    return "; ".join(filter(None, (first, second)))


def _pairs(table: pa.Table, *columns: str) -> Iterator[tuple[str, ...]]:
    yield from zip(*(table.column(c).to_pylist() for c in columns), strict=True)
