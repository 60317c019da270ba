"""Structural business statistics: plants by industry, and what of them may be published.

Nothing of persons where they live may go in here, and nothing of output. Cells of one to
three local units are confidential, and so is a second cell where a single gap could be solved.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from s3etl.catalogue import Dataset
from sources.sample.economy import CLUSTERS, Economy, stream
from sources.sample.places import BASIC, EXTRA
from sources.sample.table import Mask, Numbers, Table, grid

# Sections: shares of jobs, persons for each unit, pay in 1 000 EUR, response to the cycle.
SECTIONS = "BCDEFGHIJLMNSKPQR"
JOBS = np.array([7, 240, 12, 13, 100, 250, 85, 85, 50, 20, 80, 100, 3, 40, 25, 90, 20]) / 1000
SIZE = np.array([16, 17, 18, 16, 5, 5, 10, 6, 7, 2.5, 4, 11, 2, 8, 4, 7, 4])
PAY = np.array([34, 30, 44, 27, 25, 20, 25, 14, 40, 26, 34, 18, 17, 48, 22, 24, 19])
SWING = np.array([1.0, 1.6, 0.3, 0.3, 1.3, 0.7, 0.8, 0.6, 0.5, 0.5, 0.6, 1.2, *[0.5] * 5])
RARE = ("B05", "B06", "B07", "B09", "C12", "C15", "C19", "E39", "H50", "H51", "J60")
OFFSHORE = ("B06", "B09", "H50")  # the only ones of extra-regio


def business(economy: Economy, dataset: Dataset) -> Table:
    """Publish local units, pay, persons, their growth and their share of the section."""
    codes, measures = dataset.dimensions["nace_r2"], dataset.dimensions["indic_sb"]
    areas = grid(BASIC, 2, extra=True, start=2008)
    smallest = [c for c in codes if sum(other.startswith(c) for other in codes) == 1]
    member = np.array([[leaf.startswith(c) for leaf in smallest] for c in codes], float)
    parts = _plants(economy, smallest, len(areas.years))
    units, persons, pay = (areas.total(np.tensordot(member, part, 1)) for part in parts)
    section = [codes.index(c if c == "S95" else c[0]) for c in codes]
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = 100 * (persons / np.roll(persons, 1, axis=-1) - 1)
        share = 100 * persons / persons[section]
    growth[..., 0] = np.nan
    growth[np.isinf(growth)] = np.nan
    hidden = confidential(codes, areas.geos, units, persons)
    cells = {
        "V11210": (units, np.zeros_like(hidden)),
        "V13320": (pay / 10, hidden),
        "V16110": (persons, hidden),
        "V91290": (growth, hidden | np.roll(hidden, 1, axis=-1)),
        "V94310": (share, hidden | hidden[section]),
    }
    values = np.stack([cells[m][0] for m in measures], axis=1)
    secret = np.stack([cells[m][1] for m in measures], axis=1)

    gap = areas.at("XE", 2010) | areas.at("XD", 2014)
    gap = gap | (areas.at(EXTRA[0]) & (persons.sum(-1) == 0)[..., None])
    gap = np.repeat(gap[:, None], len(measures), axis=1)
    gap[:, measures.index("V91290")] |= areas.at("XE", 2011)
    detail = _where([len(c) > 1 and c != "S95" for c in codes])
    rng = stream("sbs_r_nuts06_r2 dirt")
    lost = detail & (rng.random(values.shape) < 0.01)
    tiny = detail & (persons < 60)[:, None] & (rng.random(values.shape) < 0.3)
    tiny &= (areas.at("XD") | areas.at("XE")) & ~secret
    values[gap | lost | tiny | secret] = np.nan
    marks = {
        "b": _where([c[0] == "G" for c in codes]) & areas.at("XB", 2011),
        "c": secret,
        "d": _where([c[0] in "BF" for c in codes]) & areas.at("XD"),
        "p": areas.at("XC", 2014),
        "u": tiny,
    }
    marks = {letter: mask & ~gap for letter, mask in marks.items()}
    return Table(areas, values, marks, {"V11210": 0, "V16110": 0})


def _where(industries: Sequence[bool]) -> Mask:
    """Mark industries, in all measures, areas and years."""
    return np.array(industries)[:, None, None, None]


def _plants(
    economy: Economy, industries: Sequence[str], years: int
) -> tuple[Numbers, Numbers, Numbers]:
    """Draw local units, persons and pay (100 000 EUR) by smallest industry and NUTS 2 region.

    Jobs come in plants: the number of plants is Poisson, the persons of each vary.
    """
    rng, shape = stream("sbs_r_nuts06_r2"), (len(industries), len(BASIC))
    section = sections(industries)
    expected = 55 * economy.employed[..., -years].sum((0, 1)) * mix(economy, industries, rng)
    expected[[code in OFFSHORE for code in industries], BASIC.index(EXTRA[1])] = 900
    size = SIZE[section, None] * np.exp(0.4 * rng.normal(size=(len(industries), 1)))
    units = rng.poisson(expected / size)
    persons = 3 * size * rng.gamma(np.maximum(units, 0.01) / 3) * (units > 0)
    pace = SWING[section, None, None] * economy.cycle[:, -years:] - 0.004
    pace += 0.01 * rng.normal(size=(*shape, 1)) + 0.03 * rng.normal(size=(*shape, years))
    pace -= 1.5 * (rng.random(pace.shape) < 0.003)  # a large plant closes
    trend = np.exp(np.cumsum(pace, axis=-1))
    persons_in = np.rint(persons[..., None] * trend)
    units_in = np.maximum(np.rint(units[..., None] * np.sqrt(trend)), units[..., None] > 0)
    pay = PAY[section, None] * np.exp(0.8 * economy.income + 0.1 * rng.normal(size=shape))
    pay = pay[..., None] * 1.02 ** np.arange(years)
    return units_in, persons_in, np.rint(persons_in * pay / 100)


def sections(industries: Sequence[str]) -> NDArray[np.intp]:
    """Return the place of each industry's section in :data:`SECTIONS`."""
    return np.array([SECTIONS.index(code[0]) for code in industries])


def mix(economy: Economy, industries: Sequence[str], rng: np.random.Generator) -> Numbers:
    """Draw shares of jobs by smallest industry, for each NUTS 2 region."""
    section = sections(industries)
    weight = np.exp(rng.normal(size=len(industries)))
    weight *= [0.05 if code in RARE else 1 for code in industries]
    weight *= JOBS[section] / np.bincount(section, weight)[section]
    pull = [
        [sum(w for start, w in made.items() if code.startswith(start)) for code in industries]
        for *_, made in CLUSTERS
    ]
    jobs = weight[:, None] * np.exp(economy.strength @ pull).T
    return np.asarray(jobs / jobs.sum(0))


def confidential(
    codes: Sequence[str], geos: Sequence[str], units: Numbers, persons: Numbers
) -> Mask:
    """Hide cells of one to three local units, then what would give them away."""
    hidden: Mask = (units > 0) & (units < 4)
    before = 0
    while hidden.sum() > before:
        before = hidden.sum()
        _hide_second(geos, hidden.swapaxes(0, 1), persons.swapaxes(0, 1))
        _hide_second(codes, hidden, persons)
    return hidden


def _hide_second(codes: Sequence[str], hidden: Mask, size: Numbers) -> None:
    """Where a whole is shown and just one of its parts is not, hide the smallest other part."""
    whole_of = [c[:-1] if c[:-1] in codes else c[:-2] for c in codes]
    for whole in sorted(set(codes) & set(whole_of)):
        parts = [i for i, w in enumerate(whole_of) if w == whole]
        gap = hidden[parts]
        single = (gap.sum(0) == 1) & ~hidden[codes.index(whole)]
        spare = np.where(gap | (size[parts] == 0), np.inf, size[parts])
        smallest = np.arange(len(parts))[:, None, None] == spare.argmin(0)
        hidden[parts] = gap | (single & smallest & np.isfinite(spare))
