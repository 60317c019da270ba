"""Any declared dataset, made up from its declaration alone: plausible, and nothing more.

For datasets that have no truth of their own in :mod:`~sources.sample.economy`. One hidden
prosperity of each region drives them all; units decide what a value looks like. Codes are those
of NUTS 2024.
"""

from typing import Final

import numpy as np

from s3etl.catalogue import Dataset
from sources.sample.economy import NATIONAL, stream
from sources.sample.nuts import atoms, codes_in
from sources.sample.table import Grid, Numbers, Table, series_of

YEARS: Final = range(2012, 2025)
WHOLE: Final = frozenset({"TOTAL", "T", "TOT", "S1", "ALL", "B-S_X_O_S94"})
"""Codes that stand for everything in their dimension."""

GROWTH: Final = ("PCH_PRE",)
TYPICAL: Final = {
    "PPS_EU27_2020_HAB": 28_000.0,
    "EUR_HAB": 26_000.0,
    "EUR": 35.0,
    "THS_EUR_PER": 38.0,
    "I15": 105.0,
    "I20": 102.0,
    "PC_GDP": 1.8,
    "PC_EMP_FTE": 1.2,
    "P_MHAB": 90.0,
}
"""What a value of a unit that is neither a sum, a percentage nor growth is about."""

PER_PERSON: Final = {"MIO_EUR": 0.026, "MIO_PPS": 0.027, "THS_PER": 0.00045, "THS": 0.00045}
"""Values of a unit that adds up, for each inhabitant; any other unit counts things."""


def declared(dataset: Dataset) -> Table:
    """Make up a table of a dataset: every declared series, region and year."""
    rng = stream(dataset.id)
    fine = 3 if 3 in dataset.levels else 2
    leaves = codes_in("2024", fine)
    people = _people(leaves, fine)
    geos = [
        g for level in range(fine + 1) if level in dataset.levels for g in codes_in("2024", level)
    ]
    areas = Grid(leaves, ["EU27_2020", *geos], YEARS)
    prosperity = np.array([NATIONAL[c[:2]] for c in leaves]) + _noise("prosperity", leaves)
    parts = {
        dimension: _parts(codes, rng)
        for dimension, codes in dataset.dimensions.items()
        if dimension != dataset.unit_of or not dataset.units
    }
    values = []
    for series in series_of(dataset):
        unit = dataset.unit(series[dataset.unit_of])
        part = float(np.prod([parts[d][c] for d, c in series.items() if d in parts]))
        one = _one(unit, dataset, part, people, prosperity, rng)
        if unit in dataset.extensive:
            values.append(areas.total(one))
        else:
            weight = np.repeat(people[:, None], len(YEARS), axis=1)
            values.append(areas.total(one * weight) / areas.total(weight))
    found = np.stack(values)
    for i, series in enumerate(series_of(dataset)):
        bounds = dataset.ranges.get(dataset.unit(series[dataset.unit_of]))
        if bounds is not None:
            found[i] = np.clip(found[i], bounds.low, bounds.high)
    lost = rng.random(found.shape) < 0.01
    lost |= areas.at("XD", 2013, below=0) & (rng.random() < 0.5)
    marks = {
        "b": areas.at("XC", 2021) & np.ones(found.shape, bool),
        "p": areas.at("", YEARS[-1]) & np.ones(found.shape, bool) & ~lost,
        "u": (rng.random(found.shape) < 0.01) & ~lost,
        "e": areas.at("XE", 2016, 2017) & np.ones(found.shape, bool),
    }
    return Table(areas, np.where(lost, np.nan, found), marks, _places(dataset))


def _people(leaves: list[str], level: int) -> Numbers:
    found = atoms()
    place = {code: i for i, code in enumerate(leaves)}
    where = [place[code[: level + 2]] for code in found.codes["2024"]]
    return np.bincount(where, found.people, len(leaves))


def _noise(name: str, leaves: list[str]) -> Numbers:
    """Draw one number for each NUTS 2 region, the same for all datasets."""
    basic = codes_in("2024", 2)
    drawn = 0.35 * stream(name).normal(size=len(basic))
    return drawn[[basic.index(leaf[:4]) for leaf in leaves]]


def _parts(codes: tuple[str, ...], rng: np.random.Generator) -> dict[str, float]:
    """Return what part of the whole each code of a dimension is; together at most all of it."""
    parts = [code for code in codes if code not in WHOLE]
    shares = rng.dirichlet(np.full(len(parts) + 1, 3.0)) if parts else np.empty(0)
    if set(codes) == {"F", "M", "T"} or set(codes) == {"F", "M"}:
        shares = np.array([0.48, 0.52])
    found = dict(zip(parts, shares.tolist(), strict=False))
    if len(codes) == 1 or not set(codes) & WHOLE:
        found = {code: max(share, 0.1) for code, share in found.items()}
    return found | dict.fromkeys(set(codes) & WHOLE, 1.0)


def _one(
    unit: str,
    dataset: Dataset,
    part: float,
    people: Numbers,
    prosperity: Numbers,
    rng: np.random.Generator,
) -> Numbers:
    """Make up one series by leaf and year."""
    shape = (len(people), len(YEARS))
    trend = 0.012 * np.arange(len(YEARS))
    own = 0.15 * rng.normal(size=(shape[0], 1)) + 0.02 * rng.normal(size=shape)
    level = 0.5 * prosperity[:, None] + own + trend
    bounds = dataset.ranges.get(unit)
    if unit in dataset.extensive:
        each = next((v for name, v in PER_PERSON.items() if unit.startswith(name)), 0.05)
        return part * each * people[:, None] * np.exp(level)
    if unit in GROWTH or (bounds is None and unit not in TYPICAL):
        return 1.5 + prosperity[:, None] + 1.8 * rng.normal(size=shape)
    if bounds is not None and bounds.high == 100:
        usual = min(max(part, 0.02), 0.6)
        return 100 / (1 + np.exp(-(np.log(usual / (1 - usual)) + level)))
    return TYPICAL.get(unit, 100.0) * max(part, 0.02) * np.exp(level)


def _places(dataset: Dataset) -> dict[str, int]:
    """Decimals: counts are whole."""
    return {c: 0 for c in dataset.dimensions[dataset.unit_of] if dataset.unit(c) in ("NR", "PERS")}
