"""The labour force survey as published: work, training and young people without either.

Nothing may go in here that is not asked of a sample of persons: cells of few persons are
flagged or hidden, and one country has no answer in one year.
"""

from collections.abc import Mapping

import numpy as np

from s3etl.catalogue import Dataset
from sources.sample.economy import Economy, stream
from sources.sample.places import BASIC, HOME, SMALL, SURVIVORS
from sources.sample.table import Grid, Numbers, Table, by_sex_and_age, gone, grid

# Published ages as runs of the smallest of each source.
WORK_AGE = {
    "Y15-24": slice(0, 2),
    "Y15-64": slice(0, 6),
    "Y20-64": slice(1, 6),
    "Y25-34": slice(2, 3),
    "Y25-64": slice(2, 6),
    "Y35-44": slice(3, 4),
    "Y45-54": slice(4, 5),
    "Y55-64": slice(5, 6),
    "Y_GE15": slice(0, 7),
    "Y_GE25": slice(2, 7),
    "Y_GE65": slice(6, 7),
}
YOUTH_AGE = {"Y15-24": slice(0, 2), "Y15-29": slice(0, 3), "Y18-24": slice(1, 2)}
ADULT_AGE = {"Y25-64": slice(0, 1)}


def employed(economy: Economy, dataset: Dataset) -> Table:
    """Publish the employed in thousands."""
    return _thousands(dataset, economy.employed)


def unemployed(economy: Economy, dataset: Dataset) -> Table:
    """Publish the unemployed in thousands."""
    return _thousands(dataset, economy.unemployed)


def neet(economy: Economy, dataset: Dataset) -> Table:
    """Publish the share of young people neither in employment nor in training."""
    base = economy.adults * np.array([0.055, 0.125, 0.1])[:, None, None]
    usual = np.array([[-2.9, -1.9, -1.4], [-2.9, -2.0, -1.9]])
    part = base * economy.share(dataset.id, usual, -0.8, -4)
    old, _ = SURVIVORS[dataset.id]
    areas = grid(SMALL, 2, "EU27_2020", extra=False, version="2021", survivor=old)
    grown = economy.people[:, 1].sum(0)
    within = grown / np.maximum(economy.adults.sum((0, 1))[HOME], 1)  # all alike in a region
    spread = (numbers[..., HOME, :] * within for numbers in (base, part))
    return _rate(dataset, areas, YOUTH_AGE, *spread)


def training(economy: Economy, dataset: Dataset) -> Table:
    """Publish the share of adults in training."""
    base = economy.adults * 0.82
    part = base * economy.share(dataset.id, np.array([[-2.2], [-2.4]]), 1.0, 0)
    return _rate(dataset, grid(BASIC, 2, "EU28", extra=False), ADULT_AGE, base, part)


def _thousands(dataset: Dataset, hundreds: Numbers) -> Table:
    areas = grid(BASIC, 2, "EU28", extra=False)
    values = areas.total(by_sex_and_age(dataset, hundreds, WORK_AGE)) / 10
    return _survey(dataset, areas, values, values * 1000)


def _rate(
    dataset: Dataset, areas: Grid, ages: Mapping[str, slice], base: Numbers, part: Numbers
) -> Table:
    persons = areas.total(by_sex_and_age(dataset, part, ages))
    values = 100 * persons / areas.total(by_sex_and_age(dataset, base, ages))
    return _survey(dataset, areas, values, persons)


def _survey(dataset: Dataset, areas: Grid, values: Numbers, persons: Numbers) -> Table:
    """Hide and flag what a sample survey cannot tell."""
    gap = areas.at("XE", 2006)
    if dataset.id in SURVIVORS:
        gap |= gone(areas, dataset.id)
    lost = stream(f"{dataset.id} dirt").random(values.shape) < 0.004
    marks = {"b": areas.at("XC", 2011), "u": (persons < 4000) & ~gap}
    if dataset.id == "edat_lfse_22":
        marks |= {"d": areas.at("XD", 2013, 2014), "b": marks["b"] | areas.at("XD", 2013)}
    if dataset.id == "trng_lfse_04":
        marks["e"] = areas.at("XB", 2007)
    return Table(areas, np.where(gap | lost | (persons < 1500), np.nan, values), marks)
