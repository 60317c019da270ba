"""Any declared dataset, made up from its declaration alone: plausible, and nothing more.

For datasets that have no truth of their own. The income of a region
(:class:`~sources.sample.economy.Economy`) is the hidden prosperity behind all of them; the unit
decides what a value looks like, and a code that holds others is their sum and a rest. What the
truth or other datasets say is not looked at. Confidential cells are hidden one by one, so that
some could be solved from the others.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from s3etl.catalogue import Dataset
from sources.sample.economy import Economy, stream
from sources.sample.editions import REVISED_COUNTRY, REVISION, updated
from sources.sample.nuts import atoms, codes_in
from sources.sample.places import BASIC
from sources.sample.table import Grid, Mask, Numbers, Table

YEARS: Final = {"2021": range(2010, 2023), "2024": range(2012, 2025)}
SHARE_OF_OLD: Final = 0.1
"""Share of datasets that were never converted to NUTS 2024."""
SHARE_OF_BULK: Final = 0.25
"""Share of selections whose file also has a code that is not declared."""

WHOLE: Final = ("TOTAL", "TOT", "T", "ALL", "EMP", "ENT_NR", "ENT_SALGE1_NR", "B-S_X_O_S94")
"""Codes that hold all others of their dimension, where they occur."""
OTHER: Final = {
    "sex": "F",
    "age": "Y_GE75",
    "nace_r2": "T",
    "isced11": "NRP",
    "sectperf": "PNP",
    "size_emp": "GE250",
    "wstatus": "FAM",
}
"""The code of a dimension that a bulk file may have besides the declared ones."""

LEVEL: Final = re.compile(r"EUR.*|PPS.*|THS_EUR_PER|.*_HAB|.*_HAB_.*|I[0-9]{2}|PCH_.*|P_THAB")
"""Units whose values do not add up over codes: amounts for each, indices, growth."""
TYPICAL: Final = {
    "EUR": 35.0,
    "THS_EUR_PER": 38.0,
    "PC_GDP": 1.8,
    "PC_EMP_FTE": 1.2,
    "P_MHAB": 90.0,
    "PPS_EU27_2020_HAB": 17_000.0,
    "EUR_HAB": 26_000.0,
}
USUAL: Final = {
    "edat_lfse_16": 0.1,
    "isoc_r_broad_h": 0.86,
    "isoc_r_cicce_usen2": 0.38,
    "isoc_r_dskl_i": 0.55,
    "isoc_r_eb_ain2": 0.12,
    "isoc_r_eb_dan2": 0.3,
    "isoc_r_eb_iipn2": 0.35,
    "isoc_r_ec_eseln2": 0.22,
    "isoc_r_iuse_i": 0.83,
    "lfst_r_lfe2emprt": 0.73,
    "lfst_r_lfu2ltu": 0.025,
    "lfst_r_lfu3rt": 0.07,
    "lfst_r_sla_ga": 0.13,
    "bd_hgnace_r": 0.09,
    "tour_occ_nin2": 0.42,
}
"""Percentages of some datasets, as shares; any other is drawn."""
BURDENS: Final = ("edat_lfse_16", "lfst_r_lfu2ltu", "lfst_r_lfu3rt", "lfst_r_sla_ga")
"""Percentages that fall with prosperity."""

PER_PERSON: Final = {
    "MIO": (0.026, 0.9),
    "CP_MEUR": (0.024, 0.9),
    "THS_PAS": (0.002, 0.5),
    "THS": (0.00045, 0.1),
    "PERS": (0.4, 0.15),
    "NR": (0.05, 0.2),
}
"""By the start of a unit that adds up: a value for each inhabitant, and the pull of prosperity."""
MONEY: Final = {
    "nama_10r_2coe": (0.0115, 1.0),
    "nama_10r_2gfcf": (0.0055, 0.9),
    "nama_10r_3gva": (0.022, 1.0),
}
"""The same for some datasets."""
POPULATION: Final = "demo_r_d2jan"


class Made(NamedTuple):
    """A table, the dataset as its file has it, and when it was published."""

    dataset: Dataset
    table: Table
    updated: datetime


class Ground(NamedTuple):
    """What everything grows on: the atoms, their prosperity, the areas and years of the file."""

    people: Numbers
    prosperity: Numbers
    home: Sequence[int]
    areas: Grid
    years: range


def declared(dataset: Dataset, *, revised: bool = False) -> Made:
    """Make up the file of a dataset: every declared series, region and year.

    Args:
        dataset: Its declaration.
        revised: Whether the values of one country are revised and a further year is there.
    """
    rng = stream(dataset.id)
    version = "2021" if rng.random() < SHARE_OF_OLD else "2024"
    ground = _ground(dataset, version)
    codes = dataset.dimensions[dataset.unit_of]
    axis = list(dataset.dimensions).index(dataset.unit_of)
    by_unit: dict[str, list[int]] = {}
    for i, code in enumerate(codes):
        by_unit.setdefault(dataset.unit(code), []).append(i)
    shape = [len(found) for found in dataset.dimensions.values()]
    values = np.empty((*shape, len(ground.areas.geos), len(ground.years)))
    for unit, places in by_unit.items():
        dimensions = dataset.dimensions | {dataset.unit_of: tuple(codes[i] for i in places)}
        made = _series(unit, dimensions, dataset, ground, rng, revised=revised)
        bounds = dataset.ranges.get(unit)
        if bounds is not None and unit not in dataset.extensive:
            made = np.clip(made, bounds.low, bounds.high)
        np.moveaxis(values, axis, 0)[places] = np.moveaxis(made, axis, 0)
    dataset, values = _bulk(dataset, values, rng)
    known = len(YEARS[version]) + revised
    areas = Grid(ground.areas.leaves, ground.areas.geos, ground.years[:known])
    secret = _secret(dataset, values)
    series = (-1, *values.shape[-2:])
    table = Table(
        areas,
        values.reshape(series)[..., :known],
        {"c": secret.reshape(series)[..., :known]},
        {code: _decimals(dataset.unit(code)) for code in codes},
    )
    return Made(dataset, _dirtied(dataset.id, table, rng), updated(version, revised=revised))


def _bulk(dataset: Dataset, values: Numbers, rng: np.random.Generator) -> tuple[Dataset, Numbers]:
    """Add a code that is not declared to some dimension, for some of the selections."""
    if rng.random() >= SHARE_OF_BULK or not dataset.selection:
        return dataset, values
    for axis, (name, codes) in enumerate(dataset.dimensions.items()):
        other = OTHER.get(name, "OTH")
        if name != dataset.unit_of and other not in codes:
            wider = dataset.dimensions | {name: (*codes, other)}
            added = np.rint(0.4 * values.take([0], axis))
            return (
                dataset.model_copy(update={"dimensions": wider}),
                np.concatenate([values, added], axis),
            )
    return dataset, values


def _ground(dataset: Dataset, version: str) -> Ground:
    found = atoms()
    home = [BASIC.index(code[:4]) for code in found.homes]
    geos = sorted(code for level in dataset.levels for code in codes_in(version, level))
    first = YEARS[version]
    years = range(first.start, first.stop + 1)  # one more: what is drawn must not hang on it
    areas = Grid(found.codes[version], ["EU27_2020", *geos], years)
    return Ground(found.people, Economy().income[home], home, areas, years)


def _series(
    unit: str,
    dimensions: Mapping[str, tuple[str, ...]],
    dataset: Dataset,
    ground: Ground,
    rng: np.random.Generator,
    *,
    revised: bool,
) -> Numbers:
    """Make up all series of one unit: the dimensions, then areas and years, as axes."""
    adds = unit in dataset.extensive
    splits = [adds or not (LEVEL.fullmatch(unit) or name in ("sex", "age")) for name in dimensions]
    whole = _whole(unit, dataset, ground, rng)
    if not adds and _is_percentage(unit, dataset) and _open(dimensions, splits):
        whole = np.ones_like(whole) * 100
    if revised:
        own = [code.startswith(REVISED_COUNTRY) for code in ground.areas.leaves]
        last = slice(-1 - len(REVISION), -1)
        whole[own, last] *= REVISION
    cells = whole
    members = []
    for split, codes in zip(splits, dimensions.values(), strict=True):
        if split:
            holds = _holds(codes)
            parts = _shares(holds, ground, rng)
        else:
            holds = np.eye(len(codes))
            parts = _around_one(codes, rng)
        members.append(holds)
        cells = cells[..., None, :, :] * parts
    areas = ground.areas
    weight = np.ones_like(whole) * ground.people[:, None]
    # What adds up is rounded first, so that sums are exact.
    cells = np.round(cells, _decimals(unit)) if adds else cells * weight
    for axis, holds in enumerate(members):
        cells = np.moveaxis(np.tensordot(holds, cells, (1, axis)), 0, axis)
    totals = areas.total(cells)
    return totals if adds else np.asarray(totals / areas.total(weight))


def _whole(unit: str, dataset: Dataset, ground: Ground, rng: np.random.Generator) -> Numbers:
    """Make up what the parts are parts of, by atom and year."""
    shape = (len(ground.people), len(ground.years))
    steps = np.arange(shape[1])
    region = rng.normal(size=len(BASIC))[ground.home][:, None]
    noise = rng.normal(size=shape)
    here = 0.12 * region + 0.04 * rng.normal(size=(shape[0], 1)) + 0.02 * noise
    prosperity = ground.prosperity[:, None]
    usual = rng.uniform(0.1, 0.5)
    whole: Numbers
    if unit in dataset.extensive:
        whole = ground.people[:, None] * _each(unit, dataset, prosperity, here, steps)
    elif re.fullmatch("I[0-9]{2}", unit):
        base = [year % 100 == int(unit[1:]) for year in ground.years]
        level = np.cumsum(0.01 - 0.006 * prosperity + 0.01 * noise, axis=1)
        whole = 100 * np.exp(level - level[:, base if any(base) else [0]].mean(1, keepdims=True))
    elif unit.startswith("PCH_"):
        whole = 1.5 - 0.5 * prosperity + 0.6 * region + 2 * noise
    elif unit == "P_THAB":
        whole = 2 + 6 * prosperity + 2 * region + 1.5 * noise
    elif _is_percentage(unit, dataset):
        share = USUAL.get(dataset.id, usual)
        pull = -0.6 if dataset.id in BURDENS else 0.6
        rise = 0.02 * np.sign(pull) * (steps - steps[-1])
        odds = np.log(share / (1 - share)) + pull * prosperity + 1.5 * here + rise
        whole = 100 / (1 + np.exp(-odds))
    else:
        level = 0.8 * prosperity + here + 0.012 * (steps - steps[-1] / 2)
        whole = TYPICAL.get(unit, 100.0) * np.exp(level)
    return whole


def _each(
    unit: str, dataset: Dataset, prosperity: Numbers, here: Numbers, steps: NDArray[np.int64]
) -> Numbers:
    """Make up what there is for each inhabitant."""
    if dataset.id == POPULATION:
        return np.asarray(np.exp((0.002 + 0.004 * prosperity) * (steps - 2)))
    found = (value for start, value in PER_PERSON.items() if unit.startswith(start))
    each, pull = MONEY.get(dataset.id) or next(found, (0.05, 0.2))
    return np.asarray(each * np.exp(pull * prosperity + here + 0.012 * steps))


def _is_percentage(unit: str, dataset: Dataset) -> bool:
    bounds = dataset.ranges.get(unit)
    return bounds is not None and bounds.high == 100


def _open(dimensions: Mapping[str, tuple[str, ...]], splits: Sequence[bool]) -> bool:
    """Tell whether some dimension has several parts and not what they are parts of."""
    return any(
        split and len(codes) > 1 and not set(codes) & set(WHOLE)
        for split, codes in zip(splits, dimensions.values(), strict=True)
    )


def _holds(codes: tuple[str, ...]) -> Numbers:
    """Return which of the smallest parts (last axis) each code holds.

    Every code that holds others has a rest of its own. Where no code holds all, the last part is
    what no code has.
    """
    inside = np.array([[_contains(a, b, codes) for b in codes] for a in codes], float)
    held, holds = inside.sum(0), inside.sum(1)
    smallest = [*np.flatnonzero(holds == 1), *np.flatnonzero(holds > 1)]
    nowhere = np.zeros((len(codes), int((held == 1).sum() > 1)))
    return np.hstack([inside[:, smallest], nowhere])


def _contains(outer: str, inner: str, codes: tuple[str, ...]) -> bool:
    """Tell whether a code holds another: everything, a longer code, an age within."""
    if outer == inner:
        return True
    first = next((code for code in codes if code in WHOLE), None)
    if first is not None and first in (outer, inner):
        return first == outer
    wide, narrow = _span(outer), _span(inner)
    if wide and narrow:
        return wide[0] <= narrow[0] and narrow[1] <= wide[1]
    return inner.startswith(outer)


def _span(code: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"Y([0-9]+)-([0-9]+)|Y_GE([0-9]+)|Y_LT([0-9]+)", code)
    if not found:
        return None
    low, high, least, below = (int(g) if g else None for g in found.groups())
    return (low or least or 0, high or (below - 1 if below else 999))


def _shares(holds: Numbers, ground: Ground, rng: np.random.Generator) -> Numbers:
    """Draw what share each part has, by atom and year; together all of it."""
    count = holds.shape[1]
    named = int((holds.sum(1) == 1).sum())
    weight = np.full(count, 10.0)
    weight[named:] = 36 if named < 3 else 10  # rests are large where little else is named
    usual = np.log(rng.dirichlet(weight))[:, None]
    region = 0.15 * rng.normal(size=(count, len(BASIC)))[:, ground.home]
    here = usual + 0.3 * rng.normal(size=(count, 1)) * ground.prosperity + region
    years = 0.02 * rng.normal(size=(count, 1, len(ground.years)))
    local = 0.02 * rng.normal(size=(count, len(ground.people), len(ground.years)))
    weights = np.exp(here[..., None] + np.cumsum(years, axis=-1) + local)
    return np.asarray(weights / weights.sum(0))


def _around_one(codes: tuple[str, ...], rng: np.random.Generator) -> Numbers:
    """Draw factors of values that do not add up: the whole lies between its parts."""
    parts = np.array([code not in WHOLE for code in codes])
    factors = np.exp(0.15 * rng.normal(size=len(codes)))
    factors[parts] /= factors[parts].mean() if parts.any() else 1
    factors[~parts] = 1
    return np.asarray(factors[:, None, None])


def _decimals(unit: str) -> int:
    return 0 if unit in ("NR", "PERS") or unit.endswith("_HAB") else 1


def _secret(dataset: Dataset, values: Numbers) -> Mask:
    """Mark the cells of the fewest persons or enterprises, where there are industries."""
    secret = np.zeros(values.shape, bool)
    if "nace_r2" in dataset.dimensions:
        axis = list(dataset.dimensions).index(dataset.unit_of)
        for code, cells, marks in zip(
            dataset.dimensions[dataset.unit_of],
            np.moveaxis(values, axis, 0),
            np.moveaxis(secret, axis, 0),
            strict=True,
        ):
            if dataset.unit(code) in ("NR", "PERS") and code not in WHOLE:
                marks[...] = (cells > 0) & (cells <= np.quantile(cells, 0.02))
    return secret


def _dirtied(name: str, table: Table, rng: np.random.Generator) -> Table:
    """Hide and flag cells, as statistical offices do."""
    areas, shape = table.grid, table.values.shape
    n = len(areas.years) + 1
    secret = table.marks["c"]
    small = np.array([len(geo) > 3 and geo[:2] != "EU" for geo in areas.geos])[:, None]
    drawn = rng.random((2, shape[0], shape[1], 20))[..., :n]
    late = rng.integers(0, 4)  # years before XE takes part
    gap = areas.at("XE", *areas.years[:late]) if late else areas.at("nobody")
    if rng.random() < 0.4:
        gap |= areas.at("XD", areas.years[4], below=0)
    lost = secret | gap | (small & (drawn[0, ..., : n - 1] < 0.012))
    survey = name.startswith(("lfst_", "edat_", "trng_", "isoc_", "hrst_"))
    there = ~lost
    rare = small & (drawn[1, ..., : n - 1] < (0.03 if survey else 0.0))
    marks = {
        "b": areas.at("XC", 2021 if survey else 2015) & there,
        "c": secret & ~gap,
        "e": areas.at("XE", 2016, 2017) & there,
        "p": areas.at("", areas.years[-1]) & there & (not survey),
        "u": rare & there,
    }
    return Table(areas, np.where(lost, np.nan, table.values), marks, table.places)
