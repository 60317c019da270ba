"""The invented NUTS classification: codes, names, changes and matrices, as the real files are.

No figure of a region is drawn in here. Everything is made of one set of atoms (small areas with
inhabitants), so that every matrix is exact. What changes, at NUTS 2:

* XE01 was XE91 until NUTS 2010 (a new code);
* XD22 takes a part of XD21 in NUTS 2016 (the same codes, other territories);
* XA24 becomes XA25 and XA26 in NUTS 2024 (a split), XB33 and XB34 become XB35 (a merge), and a
  village of XC11 moves to XC12 (a shift of 0.2 %).
"""

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np

from sources.sample.economy import AT_SEA, Economy, stream
from sources.sample.places import COUNTRIES, SMALL, regions
from sources.sample.table import Numbers

VERSIONS = ("2006", "2010", "2013", "2016", "2021", "2024")
VILLAGE = 0.002
"""Share of XC11 that moves."""

MOVED = {"XB33": ("XB35", 0), "XB34": ("XB35", 4)}
"""New code and how far the last digit of the NUTS 3 codes shifts, in NUTS 2024."""


class Atoms(NamedTuple):
    """Small areas: code at NUTS 3 by version, inhabitants, area in km²."""

    codes: dict[str, list[str]]
    people: Numbers
    area: Numbers


def code_of(home: str, village: bool, version: str) -> str:
    """Return the NUTS 3 code in a version of an atom of a region as the data name it."""
    basic, last = home[:4], home[4]
    if basic == "XE01" and version <= "2010":
        return f"XE91{last}"
    if home == "XD212" and version >= "2016":
        return "XD229"
    if version == "2024":
        if village:
            return "XC121"
        if basic == "XA24":
            return f"XA25{last}" if last == "1" else f"XA26{last}"
        if basic in MOVED:
            new, shift = MOVED[basic]
            return f"{new}{int(last) + shift}"
    return home


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
    codes = {v: [code_of(c, village, v) for c, village, _ in rows] for v in VERSIONS}
    inhabitants = np.array([p for *_, p in rows])
    density = np.exp(4.5 + 0.8 * stream("nuts_matrices").normal(size=len(rows)))
    return Atoms(codes, inhabitants, inhabitants / density)


def codes_in(version: str, level: int) -> list[str]:
    """Return the codes of a version at a NUTS level, in order; the countries at level 0."""
    return sorted({code[: level + 2] for code in atoms().codes[version]})


def nuts_files() -> dict[str, bytes]:
    """Write the classification as files.

    Returns:
        Bytes by file name: codes, changes, names of 2024, and a matrix for each level and pair.
    """
    files = {
        "all_nuts_codes_2006_2024.csv.gz": _packed(_codes()),
        "nuts_changes.csv.gz": _packed(_changes()),
        "nuts_2024_names.csv.gz": _packed(_names()),
    }
    for level in (1, 2, 3):
        for old, new in combinations(VERSIONS, 2):
            files[f"n{level}_cm_v{old}_v{new}.csv"] = _csv(_matrix(level, old, new))
    return files


Row = Sequence[object]


def _csv(rows: Iterable[Row]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
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
    """Return the names of the places, by the codes the data of the world's days have."""
    return {region.code: region.name for region in regions()}


def _name(code: str) -> str:
    known = names()
    near = known.get(code[:4]) or known.get(code[:3]) or COUNTRIES[code[:2]]
    return known.get(code) or f"New {near} {code[3:]}"


def _names() -> Iterable[Row]:
    yield "NUTS_ID", "LEVL_CODE", "CNTR_CODE", "NAME_LATN", "NUTS_NAME"
    for level in (0, 1, 2, 3):
        for code in codes_in("2024", level):
            yield code, level, code[:2], _name(code), _name(code)


def _changes() -> Iterable[Row]:
    """A row for each territory of a level that ever had the same codes."""
    versions = VERSIONS[:-1]
    columns = [f"{what}_{v}" for what in ("code", "geo_name", "change") for v in versions]
    yield "typology", "start_year", "end_year", *columns
    for level in (1, 2, 3):
        codes = [[c[: level + 2] for c in atoms().codes[v]] for v in versions]
        for history in sorted(set(zip(*codes, strict=True))):
            changed = [
                "",
                *(f"recoded {old}" if old != new else "" for old, new in pairwise(history)),
            ]
            yield f"nuts_level_{level}", "", "", *history, *map(_name, history), *changed


def _matrix(level: int, old: str, new: str) -> Iterable[Row]:
    yield (
        f"code_v{old}",
        f"code_v{new}",
        "uniqueID",
        *("areaKm", "pop11", "pop21", "artif_surf12", "artif_surf18", "bu_vol"),
    )
    found = atoms()
    sums: dict[tuple[str, str], Numbers] = {}
    for a, b, people, area in zip(
        found.codes[old], found.codes[new], found.people, found.area, strict=True
    ):
        key = (a[: level + 2], b[: level + 2])
        weights = np.array([area, 0.98 * people, people, 0.04 * area, 0.05 * area, 300 * people])
        sums[key] = sums.get(key, np.zeros(6)) + weights
    for (a, b), weights in sorted(sums.items()):
        yield a, b, a + b, *(repr(float(w)) for w in weights)
