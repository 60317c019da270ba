"""Business statistics from 2021 on: local units by region, enterprises by size class.

In today's regions and codes, of the same industries as :mod:`sources.sample.business`, and no
continuation of it. Nothing of persons where they live may go in here.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from s3etl.catalogue import Dataset
from sources.sample.business import PAY, SIZE, SWING, confidential, mix, sections
from sources.sample.declared import bases
from sources.sample.economy import Economy, stream
from sources.sample.nuts import atoms, codes_in
from sources.sample.places import BASIC
from sources.sample.table import Grid, Mask, Numbers, Table

YEARS: Final = range(2021, 2025)
VERSION: Final = "2024"
SHARE: Final = 0.62
"""Share of the employed in market industries."""
SHAPE: Final = 1 / 3
"""Of the gamma distribution of plant sizes: CV² is 3."""
BOUNDS: Final = {"0-9": (0, 9), "10-19": (10, 19), "20-49": (20, 49), "50-249": (50, 249)}
LARGE: Final = 250


def local_units(economy: Economy, dataset: Dataset) -> Table:
    """Publish local units, persons, wages and labour cost by NUTS 2 region, of 2021 to 2024."""
    codes, measures = dataset.dimensions["nace_r2"], dataset.dimensions["indic_sbs"]
    areas = Grid(atoms().codes[VERSION], _geos(2), YEARS)
    smallest = [c for c in codes if len(c) > 1]
    member = np.array([[leaf.startswith(c) for leaf in smallest] for c in codes], float)
    parts = _plants(economy, smallest)
    units, persons, pay = (areas.total(np.tensordot(member, part, 1)) for part in parts)
    hidden = confidential(codes, areas.geos, units, persons)
    cost = np.divide(1.24 * 100 * pay, persons, out=np.full(pay.shape, np.nan), where=persons > 0)
    cells = {
        "LOC_NR": (units, np.zeros_like(hidden)),
        "EMP_LOC_NR": (persons, hidden),
        "WAGE_LOC_MEUR": (pay / 10, hidden),
        "LC_EMP_LOC_TEUR": (cost, hidden),
    }
    values = np.stack([cells[m][0] for m in measures], axis=1)
    secret = np.stack([cells[m][1] for m in measures], axis=1)
    rng = stream(f"{dataset.id} dirt")
    detail = np.array([len(c) > 1 for c in codes])[:, None, None, None]
    lost = detail & (rng.random(values.shape) < 0.008)
    gap = np.broadcast_to(areas.at("XE", 2021, 2022, 2023), values.shape)  # it takes part late
    values[gap | lost | secret] = np.nan
    marks = {
        "b": np.array([c[0] == "J" for c in codes])[:, None, None, None] & areas.at("XC", 2023),
        "c": secret & ~gap,
        "p": areas.at("", 2024) & ~lost,
    }
    return Table(areas, values, marks, {"LOC_NR": 0, "EMP_LOC_NR": 0})


def size_classes(economy: Economy, dataset: Dataset) -> Table:
    """Publish enterprises and their persons by size class and country, of 2021 to 2024.

    Sizes are those of the local units: gamma of the mean of the division.
    """
    from scipy.special import gammainc  # noqa: PLC0415  (heavy: only where it is used)

    codes, classes = dataset.dimensions["nace_r2"], dataset.dimensions["size_emp"]
    measures = dataset.dimensions["indic_sbs"]
    areas = Grid(atoms().codes[VERSION], _geos(0), YEARS)
    units, persons, _ = (areas.total(part) for part in _plants(economy, codes))
    mean = np.divide(persons, units, out=np.ones_like(units), where=units > 0)
    lows = np.array([0, *(high + 0.5 for _, high in BOUNDS.values())])[:, None, None, None]
    under = [gammainc(SHAPE + k, SHAPE * lows / mean) for k in (0, 1)]
    share = [np.diff(u, axis=0, append=np.ones_like(u[:1])) for u in under]
    many = np.rint(units * share[0])
    floor = np.array([low for low, _ in BOUNDS.values()] + [LARGE])[:, None, None, None]
    roof = np.array([high for _, high in BOUNDS.values()] + [np.inf])[:, None, None, None]
    inside = np.divide(persons * share[1], many, out=np.zeros_like(many), where=many > 0)
    jobs = np.rint(many * np.clip(inside, floor, roof))
    order = [[*BOUNDS, f"GE{LARGE}"].index(c) for c in classes]
    many, jobs = (x[order].swapaxes(0, 1) for x in (many, jobs))  # industry × class × …
    secret = _secret(many)
    cells = {"ENT_NR": (many, np.zeros_like(secret)), "EMP_NR": (jobs, secret)}
    values = np.stack([cells[m][0] for m in measures], axis=2)
    hidden = np.stack([cells[m][1] for m in measures], axis=2)
    values[hidden] = np.nan
    shape = (-1, *values.shape[-2:])
    marks = {"c": hidden.reshape(shape), "p": areas.at("", 2024)}
    return Table(areas, values.reshape(shape), marks, {"ENT_NR": 0, "EMP_NR": 0})


def _geos(level: int) -> list[str]:
    return sorted({code for n in range(level + 1) for code in codes_in(VERSION, n)})


def _plants(economy: Economy, industries: Sequence[str]) -> tuple[Numbers, Numbers, Numbers]:
    """Draw local units, persons and pay (100 000 EUR) by smallest industry, atom and year."""
    rng = stream("sbs_r_nuts2021")
    home = [BASIC.index(code[:4]) for code in atoms().homes]
    section = sections(industries)
    work = bases(YEARS)["work"][:, 0]
    expected = SHARE * work * mix(economy, industries, rng)[:, home]
    size = SIZE[section, None] * np.exp(0.4 * rng.normal(size=(len(industries), 1)))
    units = rng.poisson(expected / size)
    persons = size / SHAPE * rng.gamma(np.maximum(units, 0.01) * SHAPE) * (units > 0)
    shape = (*expected.shape, len(YEARS))
    pace = 0.01 * SWING[section, None, None] + 0.01 * rng.normal(size=(*expected.shape, 1))
    pace = pace + 0.03 * rng.normal(size=shape) - 1.5 * (rng.random(shape) < 0.002)
    trend = np.exp(np.cumsum(pace, axis=-1))
    persons_in = np.rint(persons[..., None] * trend)
    units_in = np.maximum(np.rint(units[..., None] * np.sqrt(trend)), units[..., None] > 0)
    pay = 1.3 * PAY[section, None] * np.exp(0.8 * economy.income[home])
    pay = pay * np.exp(0.1 * rng.normal(size=expected.shape))
    pay = pay[..., None] * 1.03 ** np.arange(len(YEARS))
    return units_in, persons_in, np.rint(persons_in * pay / 100)


def _secret(many: Numbers) -> Mask:
    """Hide the persons of one to three enterprises, and of the next smallest class."""
    secret: Mask = (many > 0) & (many < 4)
    spare = np.where(secret | (many == 0), np.inf, many)
    least = np.arange(many.shape[1])[:, None, None] == spare.argmin(1)[:, None]
    alone = (secret.sum(1) == 1)[:, None]
    return np.asarray(secret | (alone & least & np.isfinite(spare)))
