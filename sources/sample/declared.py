"""Any declared dataset, made up from its declaration alone: plausible, and nothing more.

For datasets that have no model of their own. The income of a region
(:class:`~sources.sample.economy.Economy`) is the hidden prosperity behind all of them, and
datasets of one theme have a strength or weakness of the region in common. The unit decides what
a value looks like; what adds up is a share of the people, output or work of the truth (carried
on after its last year), so that persons are never more than inhabitants. A code that holds
others is their sum and a rest. Other datasets are not looked at. Confidential cells are hidden
one by one, so that some could be solved from the others.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Final, NamedTuple

import numpy as np

from s3etl.catalogue import Dataset
from sources.sample.economy import Economy, stream
from sources.sample.editions import REVISED_COUNTRY, REVISION, updated
from sources.sample.nuts import atoms, codes_in
from sources.sample.places import BASIC, SMALL
from sources.sample.table import YEARS as TRUTH
from sources.sample.table import Grid, Mask, Numbers, Table

YEARS: Final = {"2021": range(2010, 2023), "2024": range(2012, 2025)}
SHARE_OF_OLD: Final = 0.1
"""Share of datasets that were never converted to NUTS 2024."""
SHARE_OF_BULK: Final = 0.25
"""Share of selections whose file also has a code that is not declared."""

SKIPPED: Final = {"isoc_r_eb_iipn2": (2024,), "isoc_r_ec_eseln2": (2020,)}
"""Years in which some surveys were not held: the file does not have them."""
SPARSE: Final = ("rd_", ("XD", "XE"))
"""Start of datasets, and the countries that have no regions in even years there."""

WHOLE: Final = ("TOTAL", "TOT", "T", "ALL", "EMP", "ENT_NR", "ENT_SALGE1_NR", "B-S_X_O_S94")
"""Codes that hold all others of their dimension, where they occur."""
NESTED: Final = {"HRSTC": ("SE",), "HTC": ("KIS_HTC",), "B-E": ("C",)}
"""Codes that hold others of another name."""
NO_REST: Final = (("F", "M"),)
"""Codes that together are all of what holds them."""
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

PARTS: Final = {
    "F": (0.48, 0.0),
    "M": (0.52, 0.0),
    "ED0-2": (0.2, -0.5),
    "ED5-8": (0.35, 0.4),
    "YOUNGDEP1": (0.24, 0.0),
    "OLDDEP1": (0.33, -0.1),
    "DEG1": (0.4, 0.5),
    "HRSTC": (0.25, 0.35),
    "SE": (0.07, 0.45),
    "C_HTC_MH": (0.06, 0.2),
    "HTC": (0.045, 0.4),
    "KIS": (0.4, 0.25),
    "KIS_HTC": (0.03, 0.5),
    "BES": (0.6, 0.2),
    "GOV": (0.12, -0.2),
    "HES": (0.25, 0.0),
    "RSE": (0.62, 0.0),
    "SAL": (0.86, 0.05),
    "SELF": (0.15, -0.3),
    "ENT_BRTH_NR": (0.09, 0.0),
    "ENT_DTH_NR": (0.08, -0.1),
    "ENT_SALGE1_BRTH_NR": (0.1, 0.0),
    "A": (0.03, -0.5),
    "B": (0.006, -0.3),
    "B-E": (0.22, -0.05),
    "C": (0.19, 0.0),
    "D": (0.012, 0.0),
    "E": (0.012, -0.2),
    "F (nace_r2)": (0.1, 0.0),
    "G": (0.19, 0.0),
    "G-I": (0.26, 0.0),
    "H": (0.08, 0.0),
    "I": (0.06, -0.1),
    "J": (0.045, 0.4),
    "K": (0.035, 0.2),
    "L": (0.02, 0.1),
    "M (nace_r2)": (0.07, 0.3),
    "M_N": (0.12, 0.2),
    "N": (0.08, 0.1),
    "O-Q": (0.2, -0.1),
    "P": (0.02, 0.0),
    "Q": (0.05, 0.0),
    "R": (0.015, 0.0),
    "R-U": (0.05, 0.0),
}
"""Usual share of a code (with its dimension where another has it too) in all there is, and the
pull of prosperity; other codes share what is left."""

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

THEMES: Final = {
    "lfst_": "work",
    "edat_": "knowledge",
    "hrst_": "knowledge",
    "htec_": "knowledge",
    "isoc_": "knowledge",
    "ipr_": "knowledge",
    "rd_": "knowledge",
    "bd_": "enterprise",
}
"""Theme by the start of a dataset; others have a strength of their own."""


class Size(NamedTuple):
    """How much there is of what adds up.

    Attributes:
        base: What it is a part of: people, output (in MIO EUR) or work (employed persons).
        share: Of the base.
        spread: Standard deviation between regions of the same prosperity, as a share.
        pull: Of prosperity, besides that in the base.
        pace: Growth a year, besides that of the base.
    """

    base: str
    share: float
    spread: float = 0.1
    pull: float = 0.0
    pace: float = 0.0


POPULATION: Final = "demo_r_d2jan"
SIZES: Final = {
    POPULATION: Size("people", 1, spread=0),
    "bd_salge1_nace_r": Size("people", 0.025, 0.08, 0.2, 0.01),
    "lfst_r_lfe2en2": Size("work", 0.001, spread=0),
    "lfst_r_lfe2estat": Size("work", 0.00092, 0.015),
    "lfst_r_lfsd2hh": Size("people", 0.00043, 0.05),
    "nama_10r_2coe": Size("output", 0.48, 0.05),
    "nama_10r_2gfcf": Size("output", 0.21),
    "nama_10r_3empers": Size("work", 0.00098, 0.03),
    "nama_10r_3gva": Size("output", 0.89, 0.02),
    "CP_MEUR": Size("output", 1),
    "MIO": Size("output", 1),
    "THS_PAS": Size("people", 0.002, 0.25, 0.5, 0.01),
    "THS": Size("work", 0.001),
    "PERS": Size("work", 1),
    "NR": Size("people", 0.05, 0.08, 0.2, 0.01),
}
"""By dataset, else by the start of the unit."""
PRICES: Final = 0.02
"""Growth of output for each inhabitant after the last year of the truth."""


class Made(NamedTuple):
    """A table, the dataset as its file has it, and when it was published."""

    dataset: Dataset
    table: Table
    updated: datetime


class Ground(NamedTuple):
    """What everything grows on, by atom and year of the file.

    Attributes:
        bases: People, output and work.
        prosperity: By atom.
        home: NUTS 2 region of each atom.
        areas: Of the file.
        years: Of the file.
    """

    bases: Mapping[str, Numbers]
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
    years = ground.years[: len(YEARS[version]) + revised]
    held = [year - years[0] for year in years if year not in SKIPPED.get(dataset.id, ())]
    areas = Grid(ground.areas.leaves, ground.areas.geos, [years[i] for i in held])
    secret = _secret(dataset, values)
    series = (-1, *values.shape[-2:])
    table = Table(
        areas,
        values.reshape(series)[..., held],
        {"c": secret.reshape(series)[..., held]},
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
            added = (0.4 if dataset.extensive else 0.9) * values.take([0], axis)
            return (
                dataset.model_copy(update={"dimensions": wider}),
                np.concatenate([values, added], axis),
            )
    return dataset, values


def _ground(dataset: Dataset, version: str) -> Ground:
    found, first = atoms(), YEARS[version]
    years = range(first.start, first.stop + 1)  # one more: what is drawn must not hang on it
    geos = sorted(code for level in dataset.levels for code in codes_in(version, level))
    areas = Grid(found.codes[version], ["EU27_2020", *geos], years)
    home = [BASIC.index(code[:4]) for code in found.homes]
    return Ground(bases(years), _truth().income[home], home, areas, years)


@cache
def _truth() -> Economy:
    return Economy()


@cache
def bases(years: range) -> Mapping[str, Numbers]:
    """Return people, output and work by atom and year: the truth, carried on after its end."""
    truth, found = _truth(), atoms()
    small = [SMALL.index(code) for code in found.homes]
    home = [BASIC.index(code[:4]) for code in found.homes]
    known = [min(year, TRUTH[-1]) - TRUTH[0] for year in years]
    later = np.maximum(np.array(years) - TRUTH[-1], 0)
    everybody = truth.people.sum((0, 1))
    people = (found.people / everybody[small, -1])[:, None] * everybody[small][:, known]
    people = people * np.exp(np.outer(0.002 + 0.004 * truth.income[home], later))
    output = truth.output[small] / everybody[small] / 1e6
    inhabitants = Grid(SMALL, BASIC, TRUTH).total(everybody)
    work = 100 * truth.employed.sum((0, 1)) / np.maximum(inhabitants, 1)
    return {
        "people": people,
        "output": people * output[:, known] * np.exp(PRICES * later),
        "work": people * work[home][:, known],
    }


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
    for split, (dimension, codes) in zip(splits, dimensions.items(), strict=True):
        if split:
            holds, names = _holds(codes)
            parts = _shares(_usual(holds, names, codes, dimension), ground, rng)
        else:
            holds = np.eye(len(codes))
            parts = _around_one(codes, rng)
        members.append(holds)
        cells = cells[..., None, :, :] * parts
    areas = ground.areas
    weight = ground.bases["people"]
    # What adds up is rounded first, so that sums are exact.
    cells = np.round(cells, _decimals(unit)) if adds else cells * weight
    for axis, holds in enumerate(members):
        cells = np.moveaxis(np.tensordot(holds, cells, (1, axis)), 0, axis)
    totals = areas.total(cells)
    return totals if adds else np.asarray(totals / areas.total(weight))


def _whole(unit: str, dataset: Dataset, ground: Ground, rng: np.random.Generator) -> Numbers:
    """Make up what the parts are parts of, by atom and year."""
    shape = ground.bases["people"].shape
    steps = np.arange(shape[1])
    region = _strength(dataset, rng)[ground.home][:, None]
    noise = rng.normal(size=shape)
    local = rng.normal(size=(shape[0], 1))
    here = 0.12 * region + 0.04 * local + 0.02 * noise
    prosperity = ground.prosperity[:, None]
    usual = rng.uniform(0.1, 0.5)
    whole: Numbers
    if unit in dataset.extensive:
        size = _size(unit, dataset)
        deviation = size.spread * (region + 0.3 * local + 0.15 * noise)
        whole = size.share * ground.bases[size.base]
        whole = whole * np.exp(size.pull * prosperity + deviation + size.pace * steps)
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
        odds = np.log(share / (1 - share)) + pull * prosperity + rise
        odds = odds + 1.5 * np.sign(pull) * here
        whole = 100 / (1 + np.exp(-odds))
    else:
        level = 0.8 * prosperity + here + 0.012 * (steps - steps[-1] / 2)
        whole = TYPICAL.get(unit, 100.0) * np.exp(level)
    return whole


def _strength(dataset: Dataset, rng: np.random.Generator) -> Numbers:
    """Draw how strong each NUTS 2 region is for its prosperity: most of it by theme."""
    own = rng.normal(size=len(BASIC))
    theme = next((name for start, name in THEMES.items() if dataset.id.startswith(start)), None)
    if theme is None:
        return own
    return np.asarray(0.8 * stream(f"theme {theme}").normal(size=len(BASIC)) + 0.6 * own)


def _size(unit: str, dataset: Dataset) -> Size:
    found = (size for start, size in SIZES.items() if unit.startswith(start))
    return SIZES.get(dataset.id) or next(found, Size("people", 0.05))


def _is_percentage(unit: str, dataset: Dataset) -> bool:
    bounds = dataset.ranges.get(unit)
    return bounds is not None and bounds.high == 100


def _open(dimensions: Mapping[str, tuple[str, ...]], splits: Sequence[bool]) -> bool:
    """Tell whether some dimension has several parts and not what they are parts of."""
    return any(
        split and len(codes) > 1 and not set(codes) & set(WHOLE)
        for split, codes in zip(splits, dimensions.values(), strict=True)
    )


def _holds(codes: tuple[str, ...]) -> tuple[Numbers, list[str]]:
    """Return which of the smallest parts (last axis) each code holds, and their names.

    A code that holds others has a rest of its own, named as it is, unless the others are all
    of it. Where no code holds all, the last part is what no code has; it has no name.
    """
    inside = np.array([[_contains(a, b, codes) for b in codes] for a in codes], float)
    holds = inside.sum(1)
    parts = [{b for b, there in zip(codes, row, strict=True) if there} for row in inside]
    rests = [
        i for i in np.flatnonzero(holds > 1) if not any(parts[i].issuperset(p) for p in NO_REST)
    ]
    smallest = [*np.flatnonzero(holds == 1), *rests]
    nowhere = np.zeros((len(codes), int(len(codes) > 1 and not set(codes) & set(WHOLE))))
    names = [codes[i] for i in smallest] + [""] * nowhere.shape[1]
    return np.hstack([inside[:, smallest], nowhere]), names


def _usual(holds: Numbers, names: Sequence[str], codes: tuple[str, ...], dimension: str) -> Numbers:
    """Return usual share (together one) and pull of prosperity of the smallest parts (rows)."""
    known = {code: PARTS.get(f"{code} ({dimension})") or PARTS.get(code) for code in codes}
    share, pull = np.full((2, len(names)), np.nan)
    leaf = np.array([name in codes and holds[codes.index(name)].sum() == 1 for name in names])
    for i in [*np.flatnonzero(leaf), *np.flatnonzero(~leaf)]:
        if found := known.get(names[i]):
            others = holds[codes.index(names[i])].astype(bool)
            others[i] = False
            share[i] = max(found[0] - np.nansum(share[others]), 0.1 * found[0])
            pull[i] = found[1]
    unknown = np.where(np.isnan(share), np.where(leaf, 1.0, 3.0), 0)  # a rest is large
    left = max(1 - np.nansum(share), 0.05)
    share = np.where(np.isnan(share), left * unknown / max(unknown.sum(), 1), share)
    return np.stack([share / share.sum(), np.nan_to_num(pull)])


def _contains(outer: str, inner: str, codes: tuple[str, ...]) -> bool:
    """Tell whether a code holds another: everything, a longer code, an age within."""
    if outer == inner:
        return True
    first = next((code for code in codes if code in WHOLE), None)
    if first is not None and first in (outer, inner):
        return first == outer
    if inner in NESTED.get(outer, ()):
        return True
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


def _shares(usual: Numbers, ground: Ground, rng: np.random.Generator) -> Numbers:
    """Draw what share each part has, by atom and year; together all of it."""
    share, pull = usual
    count = len(share)
    region = 0.15 * rng.normal(size=(count, len(BASIC)))[:, ground.home]
    here = (np.log(share) + 0.15 * rng.normal(size=count))[:, None] + region
    here = here + np.outer(pull, ground.prosperity)
    years = 0.02 * rng.normal(size=(count, 1, len(ground.years)))
    local = 0.02 * rng.normal(size=(count, len(ground.home), len(ground.years)))
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
    if unit in ("NR", "PERS") or unit.endswith("_HAB"):
        return 0
    return 2 if unit in ("PC_GDP", "PC_EMP_FTE") else 1


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
    late = int(rng.integers(0, 4))  # years before XE takes part
    gap = areas.at("XE", *areas.years[:late]) if late else areas.at("nobody")
    if rng.random() < 0.4:
        gap |= areas.at("XD", areas.years[4], below=0)
    if name.startswith(SPARSE[0]):
        even = [year for year in areas.years if year % 2 == 0]
        for country in SPARSE[1]:
            gap |= areas.at(country, *even, below=0)
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
