"""Population and regional accounts as published: whole units, gaps, flags and one revision.

No truth is drawn in here, and nothing of surveys or of single industries.
"""

import numpy as np

from s3etl.catalogue import Dataset
from sources.sample.economy import NATIONAL, Economy
from sources.sample.editions import REVISED_COUNTRY, REVISION
from sources.sample.places import SMALL, SURVIVORS
from sources.sample.table import Table, by_sex_and_age, gone, grid

CURRENCY = {"XC": 4.2, "XD": 25.7, "XE": 9.1}  # national currency for one euro, else 1
AGE = {  # as runs of the broad ages
    "Y_LT15": slice(0, 1),
    "Y15-64": slice(1, 2),
    "Y_GE65": slice(2, 3),
    "UNK": slice(3, 4),
    "TOTAL": slice(0, 4),
}
UNITS = {  # new names of units
    "MIO_PPS_EU27_2020": "MIO_PPS",
    "PPS_EU27_2020_HAB": "PPS_HAB",
    "EUR_HAB_EU27_2020": "EUR_HAB_EU",
    "PPS_HAB_EU27_2020": "PPS_HAB_EU",
}


def population(economy: Economy, dataset: Dataset) -> Table:
    """Publish the inhabitants on 1 January by sex and broad age."""
    old, _ = SURVIVORS[dataset.id]
    areas = grid(SMALL, 3, "EU27_2020", extra=False, start=2004, version="2021", survivor=old)
    values = areas.total(by_sex_and_age(dataset, economy.people, AGE))
    late = areas.at("XE011", 2014)
    values[:, late | areas.at("XD", 2004, 2005, below=2) | gone(areas, dataset.id)] = np.nan
    marks = {
        "b": areas.at("XD", 2011),
        "e": areas.at("XE", 2009, 2010),
        "p": late | areas.at("XC", 2014),
    }
    return Table(areas, values, marks, {"NR": 0})


def gdp(economy: Economy, dataset: Dataset, *, revised: bool) -> Table:
    """Publish GDP in euro, purchasing power and national currency, and per inhabitant."""
    fine = dataset.id == "nama_10r_3gdp"
    if fine:
        areas = grid(SMALL, 3, "EU27_2020", extra=True, version="2021")
    else:
        areas = grid(SMALL, 2, "EU28", extra=True)
    output = economy.output
    revision = np.ones_like(output)
    if revised:
        revision[[c.startswith(REVISED_COUNTRY) for c in SMALL], -3:] = REVISION
    parity = output / np.exp([[0.55 * NATIONAL[c[:2]]] for c in SMALL])
    parity *= output.sum(0) / parity.sum(0)  # in the EU as a whole, 1 PPS is 1 EUR
    national = output * [[CURRENCY.get(c[:2], 1.0)] for c in SMALL]
    eur, pps, nac = (
        areas.total(np.rint(money * revision / 1e4)) / 100 for money in (output, parity, national)
    )
    nac[0] = eur[0]
    people = areas.total(economy.people.sum((0, 1))) / 1e6
    people[people == 0] = np.nan
    units = {"MIO_EUR": eur, "MIO_PPS": pps, "MIO_NAC": nac}
    for name, head in {"EUR_HAB": eur / people, "PPS_HAB": pps / people}.items():
        units |= {name: np.round(head, -2), f"{name}_EU": 100 * head / head[0]}
    gap = areas.at("XD", 2005, 2006, below=0) | areas.at("XD", 2014, below=2)
    gap |= areas.at("XE", 2014, below=0)
    names = dataset.dimensions["unit"]
    values = np.where(gap, np.nan, np.stack([units[UNITS.get(name, name)] for name in names]))
    provisional = (2014,) if revised else (2012, 2013, 2014)
    marks = {"p": areas.at(REVISED_COUNTRY, *provisional), "e": areas.at("XD", 2014) & ~gap}
    places = {name: 2 if fine and name.startswith("MIO") else 0 for name in names}
    return Table(areas, values, marks, places)


def real_growth(economy: Economy, _: Dataset) -> Table:
    """Publish the real growth of output on the year before, in per cent."""
    areas = grid(SMALL, 2, "EU28", extra=True)
    before = np.roll(economy.output, 1, axis=1)
    values = 100 * (areas.total(before * (1 + economy.growth)) / areas.total(before) - 1)
    values[areas.at("XC", 2014, below=0) | areas.at("XE03")] = np.nan
    return Table(areas, values[None])
