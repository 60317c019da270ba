"""Figures of the real files computed again, in plain Python that shares no code with s3etl.

Written from the methodology, the glossary and the docstrings; read with ``csv`` and
``str.split``. The tests compare it with what the pipeline publishes. Nothing is asserted here.
"""

import csv
import gzip
import re
import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

VERSIONS = ("2006", "2010", "2013", "2016", "2021", "2024")
LATEST, BEFORE = "2024", "2021"
FROM_YEAR = dict(zip(VERSIONS, (2008, 2012, 2015, 2018, 2021, 2024), strict=True))
STATUS = dict(zip("bdesipufnz", "BDEEIPUFNM", strict=True))
STATUS_ORDER = "BDEIPUFNMQOA"
METHODS = ("none", "recode", "merge", "split")
UNITS = {"V16110": "PERS", "V11210": "NR", "V13320": "MIO_EUR"}
SELECTED = {"estat_demo_r_pjanind3.tsv.gz"}  # of these other series are not taken
LAND = {"PER_KM2"}  # means over land, not over people
ADDITIVE = {"NR", "PERS", "MIO_EUR", "MIO_PPS", "THS"}
NO_REGION = re.compile("[A-Z]{2}(Z+|X+)")


class Cell(NamedTuple):
    """A published cell: as in the file, with the NUTS version told for it."""

    file: str
    series: str
    geo: str
    version: str | None
    year: int
    value: float | None
    flags: str

    @property
    def status(self) -> str:
        """Status of the cell, from its flags."""
        return status(self.flags, self.value)


class Row(NamedTuple):
    """An observation on its territory: as published, or converted to NUTS 2024."""

    value: float | None
    flags: frozenset
    method: str
    exact: float
    missing: float
    used: tuple[tuple[Cell, float], ...]


def status(flags, value: float | None) -> str:
    for letter, code in STATUS.items():
        if letter in flags:
            return code
    if value is None:
        return "Q" if "c" in flags else "O"
    return "A"


# --- the files of the NUTS classification ------------------------------------------------


@dataclass
class Nuts:
    """Codes of each version, every region there is, and the matrices."""

    folder: Path
    codes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    regions: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        with gzip.open(self.folder / "codes" / "all_nuts_codes_2006_2024.csv.gz", "rt") as lines:
            for row in csv.DictReader(lines):
                self.codes[row["version"]].add(row["code"])
        with gzip.open(self.folder / "codes" / "all_valid_nuts_codes.csv.gz", "rt") as lines:
            self.regions = {row["geo"] for row in csv.DictReader(lines)}
        self.regions = self.regions.union(*self.codes.values())
        self.regions = {code for code in self.regions if not NO_REGION.fullmatch(code)}

    def matrix(self, level: int, old: str, new: str = LATEST) -> list[dict[str, str]]:
        """Return the rows of the file of a pair of versions; none if there is no such file."""
        for path in (self.folder / "jrc_matrices").glob(f"n{level}_cm_v{old}_v{new}.csv*"):
            data = path.read_bytes()
            text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
            return list(csv.DictReader(text.splitlines()))
        return []


@dataclass
class Recipe:
    """How one region of NUTS 2024 is made from those of an earlier version."""

    parts: dict[str, float]  # of each origin, the part that lies in the region
    shares: dict[str, float]  # of the region, the share that each origin makes up
    method: str
    exact: float
    whole: str | None  # the origin that is the same territory, if one is


def shares(rows: list[tuple[str, str, float, float]], side: int) -> dict[tuple[str, str], float]:
    """Return the share of each intersection in its origin (side 0) or destination (side 1).

    By inhabitants; where nobody lives, by area.
    """
    people, area = Counter(), Counter()
    for *pair, inhabitants, km2 in rows:
        people[pair[side]] += inhabitants
        area[pair[side]] += km2
    return {
        (here, there): n / people[name] if people[name] else km2 / area[name]
        for here, there, n, km2 in rows
        for name in ((here, there)[side],)
    }


@cache
def recipes(
    nuts_folder: Path, level: int, old: str, new: str = LATEST, *, land: bool = False
) -> dict[str, Recipe]:
    """Return how each region of a version is made from those of an older one (methodology 6)."""
    rows = [
        (
            *(r[f"code_v{old}"], r[f"code_v{new}"]),
            *(float(r["areaKm" if land else "pop21"]), float(r["areaKm"])),
        )
        for r in Nuts(nuts_folder).matrix(level, old, new)
    ]
    rows = [row for row in rows if row[2] > 0 or row[3] > 0]
    of_origin, of_destination, found = shares(rows, 0), shares(rows, 1), defaultdict(list)
    # A territory that is one to one is wholly what it became, without slivers of neighbours;
    # unless a neighbour would have no other place.
    twins = {p for p in of_origin if of_origin[p] >= 0.9995 and of_destination[p] >= 0.9995}
    places = defaultdict(set)
    for (here, there), part in of_origin.items():
        if part > 0:
            places[here].add(there)
    whole = {there for _, there in twins}
    homeless = {h for h, theirs in places.items() if theirs <= whole} - {h for h, _ in twins}
    twins = {(h, t) for h, t in twins if not any(t in places[o] for o in homeless)}
    olds, news = {h for h, _ in twins}, {t for _, t in twins}
    for parts, side in ((of_origin, 0), (of_destination, 1)):
        for pair in parts:
            if pair[0] in olds or pair[1] in news:
                parts[pair] = 1.0 if pair in twins else 0.0
        total = Counter()
        for pair, part in parts.items():
            total[pair[side]] += part
        for pair in parts:
            parts[pair] = parts[pair] / total[pair[side]] if total[pair[side]] else 0.0
    for pair, part in of_origin.items():
        if part > 0 or of_destination[pair] > 0:
            found[pair[1]].append((pair[0], part, of_destination[pair]))
    return {there: recipe(there, origins) for there, origins in found.items()}


def recipe(there: str, origins: list[tuple[str, float, float]]) -> Recipe:
    """Return method and exactness of a destination; each origin with its part and share."""
    (whole,) = [h for h, part, share in origins if min(part, share) >= 0.9995] or [None]
    relevant = [(part, share) for _, part, share in origins if share >= 0.01]
    exact = min(*(part for part, _ in relevant), sum(share for _, share in relevant))
    method = "merge" if len(relevant) > 1 and exact >= 0.9995 else "split"
    if whole:
        method = "none" if whole == there else "recode"
    parts = {h: part for h, part, _ in origins}
    return Recipe(parts, {h: share for h, _, share in origins}, method, exact, whole)


# --- the provider's files ----------------------------------------------------------------


def published(path: Path) -> str | None:
    """Return the day a file is of: its LAST UPDATE, else the time in the gzip header."""
    if ".csv" in path.name:
        with gzip.open(path, "rt") as lines:
            row = next(csv.DictReader(lines))
        day = datetime.strptime(row["LAST UPDATE"], "%d/%m/%y %H:%M:%S").replace(tzinfo=UTC)
        return day.date().isoformat()
    with path.open("rb") as data:
        (seconds,) = struct.unpack("<I", data.read(8)[4:])
    return datetime.fromtimestamp(seconds, UTC).date().isoformat() if seconds else None


def read(path: Path) -> Iterator[tuple[str, str, tuple[int, ...], list[str]]]:
    """Yield series, region, years and cells (value, flags) of every line; ``:`` is no value."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        if ".csv" in path.name:
            header, *rows = csv.reader(lines)
            first, geo = header.index("freq") + 1, header.index("geo")
            for row in rows:
                cell = f"{row[geo + 2] or ':'} {row[geo + 3]}"
                yield ".".join(row[first:geo]), row[geo], (int(row[geo + 1]),), [cell]
            return
        names, *header = next(lines).split("\t")
        years = tuple(int(year) for year in header)
        for line in lines:
            key, *cells = line.split("\t")
            *codes, geo = key.removeprefix("A," if names.startswith("freq") else "").split(",")
            yield ".".join(codes), geo, years, cells


class Vintage:
    """The NUTS version of each code and year of a file, by country and level."""

    def __init__(self, nuts: Nuts, day: str | None, seen: set, valued: set) -> None:
        self.nuts = nuts
        year = int(day[:4]) if day else 9999
        self.newest = max(v for v in VERSIONS if FROM_YEAR[v] <= year)
        self.votes: dict[tuple[str, int, int], Counter] = defaultdict(Counter)
        fallback: dict[tuple[str, int, int], Counter] = defaultdict(Counter)
        for cells, votes in ((valued, self.votes), (seen, fallback)):
            for geo, when in cells:
                if not NO_REGION.fullmatch(geo):
                    votes[geo[:2], len(geo), when].update(self.valid(geo))
        for key, votes in fallback.items():
            if not self.votes[key]:
                self.votes[key] = votes
        self.of: Callable[[str, int], str | None] = cache(self._of)

    def valid(self, geo: str) -> list[str]:
        """Return the versions that have a code."""
        return [v for v in VERSIONS if geo in self.nuts.codes[v]]

    def liking(self, version: str) -> tuple[bool, int]:
        """Of equals the newest that was in force, else the oldest of the later ones."""
        place = VERSIONS.index(version)
        return (True, place) if version <= self.newest else (False, -place)

    def _of(self, geo: str, year: int) -> str | None:
        if geo not in self.nuts.regions:
            return None
        if len(geo) == 2:
            return LATEST
        valid, votes = self.valid(geo), self.votes[geo[:2], len(geo), year]
        chosen = max(votes, key=lambda v: (votes[v], self.liking(v)), default=None)
        if chosen in valid:
            return chosen
        return max(valid, key=self.liking, default=LATEST)


def cells_of(path: Path, wanted: set[str], nuts: Nuts) -> tuple[list[Cell], Vintage]:
    """Return the cells of the wanted series, and the versions told from all that is taken."""
    empty: dict[tuple[str, tuple[int, ...]], set[int]] = {}  # places without a value so far
    found = []
    for series, geo, years, texts in read(path):
        if path.name in SELECTED and series not in wanted:
            continue
        rest = empty.setdefault((geo, years), {*range(len(years))})
        if rest:
            rest -= {place for place in rest if texts[place][0] != ":"}
        for year, text in zip(years, texts, strict=True) if series in wanted else ():
            number, _, flags = text.strip().partition(" ")
            value = None if number == ":" else float(number)
            found.append((path.name, series, geo, year, value, flags))
    seen = {(geo, year) for geo, years in empty for year in years}
    valued = {
        (g, y) for (g, years), rest in empty.items() for i, y in enumerate(years) if i not in rest
    }
    vintage = Vintage(nuts, published(path), seen, valued)
    return [Cell(*c[:3], vintage.of(c[2], c[3]), *c[3:]) for c in found], vintage


@cache
def unit_of(series: str) -> str:
    """Return the unit: of the business statistics by variable, of others the code itself."""
    codes = series.split(".")
    return UNITS.get(codes[-1]) or (codes[-1] if codes[-1] == "PC" else codes[0])


# --- conversion --------------------------------------------------------------------------


def convert(cells: list[Cell], nuts: Nuts, level: int) -> dict[tuple[str, str | None, int], Row]:
    """Return the observations of one series by region, version and year.

    Originals stay beside what they became unless they are one whole region of NUTS 2024.
    """
    found = {}
    regional = [c for c in cells if c.geo in nuts.regions and len(c.geo) in {2, 2 + level}]
    for cell in regional:
        found[cell.geo, cell.version, cell.year] = kept(cell)
    regional = [c for c in regional if len(c.geo) > 2]
    rest = carry(regional, nuts, level, LATEST, found)
    carry(rest, nuts, level, BEFORE, found)
    return found


def carry(cells: list[Cell], nuts: Nuts, level: int, to: str, found: dict) -> list[Cell]:
    """Carry cells to a version; returns those that no matrix carries there."""
    by_year, rest = defaultdict(dict), []
    for cell in cells:
        if cell.version == to:
            continue
        land = unit_of(cell.series) in LAND
        made = recipes(nuts.folder, level, cell.version, to, land=land)
        if any(recipe.parts.get(cell.geo, 0) > 0 for recipe in made.values()):
            by_year[cell.year, cell.version][cell.geo] = cell
        else:
            rest.append(cell)
    candidates: dict[tuple[str, int], list[tuple]] = defaultdict(list)
    for (year, version), old in by_year.items():
        for geo, recipe in recipes(nuts.folder, level, version, to, land=land).items():
            if (row := one(recipe, old)) is not None:
                candidates[geo, year].append((round(row.missing, 6), -int(version), row))
            if recipe.whole in old:
                del found[recipe.whole, version, year]
    for (geo, year), rows in candidates.items():
        own = found.get((geo, to, year))
        *_, row = min(rows, key=lambda r: (gap(r[2]), *r[:2]))
        # What was published in the version asked for stays, and what was suppressed.
        if own is None or (own.value is None and "c" not in own.flags and row.value is not None):
            found[geo, to, year] = row
    return rest


def gap(row: Row) -> int:
    """Return 0 for a value, 1 for one that is suppressed, 2 for one that is not there."""
    if row.value is not None:
        return 0
    return 1 if "c" in row.flags else 2


def kept(cell: Cell) -> Row:
    return Row(cell.value, frozenset(cell.flags), "none", 1.0, 0.0, ((cell, 1.0),))


def one(recipe: Recipe, old: dict[str, Cell]) -> Row | None:
    """Return the value of one destination; None if the file has nothing that matters for it.

    Where up to 10 % of the destination has no value, the rest stands for it.
    """
    used = {geo: old[geo] for geo in recipe.shares if geo in old}
    if not used or max(recipe.shares[geo] for geo in used) < 0.01:
        return None
    there = {geo: cell.value for geo, cell in used.items() if cell.value is not None}
    present = sum(recipe.shares[geo] for geo in there)
    missing = 0.0 if abs(1 - present) < 1e-9 else 1 - present
    value = None
    if missing <= 0.10:
        additive = unit_of(next(iter(used.values())).series) in ADDITIVE
        share = recipe.parts if additive else recipe.shares
        value = sum(number * share[geo] for geo, number in there.items()) / (1 - missing)
    telling = [
        cell.flags
        for geo, cell in used.items()
        if (cell.value is None) == (value is None) and recipe.shares[geo] >= 0.0005
    ]
    flags = set().union(*telling)
    if value is not None and (recipe.exact < 0.99 or missing > 0.01):
        flags.add("e")
    origins = tuple((cell, recipe.parts[geo]) for geo, cell in used.items())
    return Row(value, frozenset(flags), recipe.method, recipe.exact, missing, origins)


# --- figures -----------------------------------------------------------------------------


class Term(NamedTuple):
    """One term of one role of an indicator: a series of a file, so many years before."""

    role: str
    file: str
    series: str
    lag: int


class Figure(NamedTuple):
    """The value of an indicator for one territory and year."""

    value: float | None
    flags: frozenset
    status: str
    confidential: bool
    coverage: float
    because: str | None
    method: str
    exact: float
    missing: float
    used: tuple[tuple[str, Cell, float], ...]


def figures(rows: dict, terms: list[Term], formula: Callable[..., float | None]) -> dict:
    """Return the figures of one indicator by region, version and year.

    Args:
        rows: By file and series what :func:`convert` returns.
        terms: Terms of the indicator, those of the first role first.
        formula: Takes the terms' values by role, in order; None where it is not defined.
    """
    lead = [t for t in terms if t.role == terms[0].role]
    newest = [t for t in lead if t.lag == min(x.lag for x in lead)]
    keys = {(g, v, y + t.lag) for t in newest for g, v, y in rows[t.file, t.series]}
    last = max(y for t in lead for _, _, y in rows[t.file, t.series])
    return {key: _figure(key, rows, terms, formula) for key in keys if key[2] <= last}


def _figure(key: tuple, rows: dict, terms: list[Term], formula: Callable) -> Figure:
    geo, version, year = key
    found = [(t, rows[t.file, t.series].get((geo, version, year - t.lag))) for t in terms]
    there = [row for _, row in found if row is not None]
    absent = [(t, row) for t, row in found if row is None or row.value is None]
    by_role: dict[str, list[float]] = defaultdict(list)
    value, because = None, None
    if absent:
        term, row = absent[0]
        kind = "no observation" if row is None else "not published"
        kind = "confidential" if row is not None and "c" in row.flags else kind
        because = f"{term.role}: {kind}"
    else:
        for term, row in found:
            by_role[term.role].append(row.value)
        value = formula(*by_role.values())
        because = "not defined for these values" if value is None else None
    states = [status(r.flags, r.value) if r is not None else "O" for _, r in found]
    if value is None:
        states = [status(r.flags, r.value) if r is not None else "O" for _, r in absent] or ["M"]
    return Figure(
        value,
        frozenset().union(*(row.flags for row in there)),
        min(states, key=STATUS_ORDER.index),
        any("c" in row.flags for row in there),
        1 - len(absent) / len(terms),
        because,
        max((row.method for row in there), key=METHODS.index, default="none"),
        min((row.exact for row in there), default=1.0),
        max((row.missing for row in there), default=0.0),
        tuple((t.role, c, s) for t, row in found if row is not None for c, s in row.used),
    )
