"""The files of the invented NUTS classification: codes, names, changes, matrices, outlines.

Laid out as the real ones, with nothing of their content. Everything is made of one set of atoms
(small areas with inhabitants), so that every matrix is exact; what changes from version to
version is told in :mod:`~sources.sample.places`.
"""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np

from sources.sample.economy import AT_SEA, Economy, stream
from sources.sample.places import COUNTRIES, SMALL, VERSIONS, code_in, regions
from sources.sample.table import Numbers

VILLAGE = 0.002
"""Share of the people of XC11 that lives in the village that moves."""
WEST, NORTH, WIDTH = 0.0, -36.0, 6.0
"""Where the world lies, in degrees: in the sea south of Africa, where no land is."""


class Atoms(NamedTuple):
    """Small areas.

    Attributes:
        homes: NUTS 3 region of each, as NUTS 2013 calls it.
        codes: The same by version.
        people: Inhabitants.
        area: In km².
    """

    homes: list[str]
    codes: dict[str, list[str]]
    people: Numbers
    area: Numbers


@cache
def atoms() -> Atoms:
    """Return the atoms of the world."""
    people = Economy().people.sum((0, 1))[:, -1]
    homes = [i for i in range(len(SMALL)) if i != AT_SEA]
    of_xc11 = people[[i for i in homes if SMALL[i].startswith("XC11")]].sum()
    rows = [(SMALL[i], False, people[i]) for i in homes]
    village = VILLAGE * of_xc11
    rows = [(c, v, p - village if c == "XC111" else p) for c, v, p in rows]
    rows.append(("XC111", True, village))
    codes = {v: [code_in(v, c, village=new) for c, new, _ in rows] for v in VERSIONS}
    inhabitants = np.array([p for *_, p in rows])
    density = np.exp(4.5 + 0.8 * stream("nuts_matrices").normal(size=len(rows)))
    return Atoms([c for c, *_ in rows], codes, inhabitants, inhabitants / density)


def codes_in(version: str, level: int) -> list[str]:
    """Return the codes of a version at a NUTS level, in order; the countries at level 0."""
    return sorted({code[: level + 2] for code in atoms().codes[version]})


def nuts_files() -> dict[str, bytes]:
    """Write the classification as files.

    Returns:
        Bytes by file name: codes, changes, names and outlines of 2024, and a matrix for each
        level and pair.
    """
    files = {
        "all_nuts_codes_2006_2024.csv.gz": _packed(_codes()),
        "nuts_changes.csv.gz": _packed(_changes()),
        "nuts_2024_names.csv.gz": _packed(_names()),
    }
    for level in (1, 2, 3):
        for old, new in combinations(VERSIONS, 2):
            files[f"n{level}_cm_v{old}_v{new}.csv"] = _csv(_matrix(level, old, new), "\r\n")
    for level in (0, 1, 2, 3):
        files[f"NUTS_RG_20M_2024_4326_LEVL_{level}.geojson"] = _outlines(level)
    return files


Row = Sequence[object]


def _csv(rows: Iterable[Row], newline: str = "\n") -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator=newline).writerows(rows)
    return out.getvalue().encode()


def _packed(rows: Iterable[Row]) -> bytes:
    return gzip.compress(_csv(rows), 6, mtime=1)


def _codes() -> Iterable[Row]:
    yield "code", "version", "country"
    for version in VERSIONS:
        for level in (1, 2, 3):
            for code in codes_in(version, level):
                yield code, version, COUNTRIES[code[:2]]


@cache
def names() -> dict[str, str]:
    """Return the names of all places of all versions, by code.

    A region that has only another code keeps its name.
    """
    found = {region.code: region.name for region in regions()}
    for version in VERSIONS:
        for level in (1, 2, 3):
            homes = [home[: level + 2] for home in atoms().homes]
            codes = [code[: level + 2] for code in atoms().codes[version]]
            pairs = set(zip(homes, codes, strict=True))
            for home, code in sorted(pairs):
                alone = sum(home == h or code == c for h, c in pairs) == 1
                found.setdefault(code, found[home] if alone else f"New {found[home]} ({code})")
    return found


def _names() -> Iterable[Row]:
    yield "NUTS_ID", "LEVL_CODE", "CNTR_CODE", "NAME_LATN", "NUTS_NAME"
    for level in (0, 1, 2, 3):
        for code in codes_in("2024", level):
            yield code, level, code[:2], names()[code], names()[code]


def _changes() -> Iterable[Row]:
    """Write a row for each territory of a level that always had its codes as one.

    A code that stands in several rows is marked as a part in all but the largest.
    """
    versions = VERSIONS[:-1]
    columns = [f"{what}_{v}" for what in ("code", "geo_name", "change") for v in versions]
    yield "typology", "start_year", "end_year", *columns
    for level, typology in enumerate(("country", "nuts_level_1", "nuts_level_2", "nuts_level_3")):
        codes = [[c[: level + 2] for c in atoms().codes[v]] for v in versions]
        sizes = Counter(zip(*codes, strict=True))
        members = [
            {code: {i for i, c in enumerate(column) if c == code} for code in set(column)}
            for column in codes
        ]
        whole: dict[tuple[int, str], tuple[str, ...]] = {}
        for history in sorted(sizes, key=lambda h: (-sizes[h], h)):
            for at, code in enumerate(history):
                whole.setdefault((at, code), history)
        for history in sorted(sizes):
            told = [
                code if whole[at, code] == history else f"{code} (part)"
                for at, code in enumerate(history)
            ]
            moved = [
                _change(old, new, members[at][old], members[at + 1][new])
                for at, (old, new) in enumerate(pairwise(history))
            ]
            yield typology, "", "", *told, *map(names().get, history), "", *moved


def _change(old: str, new: str, before: set[int], after: set[int]) -> str:
    if before == after:
        return "" if old == new else "code change"
    if old == new:
        return "boundary shift"
    return "merged" if before < after else "split"


def _matrix(level: int, old: str, new: str) -> Iterable[Row]:
    yield (
        f"code_v{old}",
        f"code_v{new}",
        "uniqueID",
        *("areaKm", "pop11", "pop21", "artif_surf12", "artif_surf18", "bu_vol"),
    )
    found = atoms()
    sums: dict[tuple[str, str], Numbers] = {}
    for a, b, weights in zip(found.codes[old], found.codes[new], _weights(), strict=True):
        key = (a[: level + 2], b[: level + 2])
        sums[key] = sums.get(key, np.zeros(6)) + weights
    for (a, b), total in sorted(sums.items()):
        yield a, b, a + b, *(repr(float(w)) for w in total)


@cache
def _weights() -> Numbers:
    """Return the weights of every atom, as the columns of a matrix."""
    people, area = atoms().people, atoms().area
    rng = stream("nuts_matrices weights")
    grown, built, added = rng.uniform((0.9, 0.02, 1), (1.05, 0.08, 1.1), (len(people), 3)).T
    weights = [area, grown * people, people, built * area, added * built * area, 300 * people]
    return np.stack(weights, axis=1)


Box = tuple[float, float, float, float]


def boxes(level: int) -> dict[str, Box]:
    """Return west, south, east and north of every region of 2024 at a NUTS level, in degrees.

    A country is a strip from north to south, a NUTS 2 region a band of one degree across it,
    and the NUTS 3 regions of it lie side by side.
    """
    found: dict[str, Box] = {}
    basic = codes_in("2024", 2)
    for code in codes_in("2024", 3):
        country = [c for c in basic if c[:2] == code[:2]]
        beside = [c for c in codes_in("2024", 3) if c[:4] == code[:4]]
        north = NORTH - country.index(code[:4])
        width = WIDTH / len(beside)
        west = WEST + WIDTH * list(COUNTRIES).index(code[:2]) + width * beside.index(code)
        box = (west, north - 1, west + width, north)
        whole = code[: level + 2]
        old = found.get(whole, box)
        found[whole] = (
            min(old[0], box[0]),
            min(old[1], box[1]),
            max(old[2], box[2]),
            max(old[3], box[3]),
        )
    return found


def _outlines(level: int) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {
                "NUTS_ID": code,
                "LEVL_CODE": level,
                "CNTR_CODE": code[:2],
                "NAME_LATN": names()[code],
                "NUTS_NAME": names()[code],
            },
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]],
            },
        }
        for code, (w, s, e, n) in boxes(level).items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()
