"""The truth about the invented countries: what people, output and work really are.

Nothing is published, hidden or flagged in here, and no file format is known. A few
factors (national level, density, clusters, business cycle) drive everything; each later part
of the truth draws from its own stream, so that a further one leaves the others as they are.
"""

import zlib
from functools import cached_property

import numpy as np

from sources.sample.places import BASIC, COUNTRIES, EXTRA, HOME, SMALL
from sources.sample.table import YEARS, Grid, Numbers

SEED = 20150301
NATIONAL = {"XA": 0.4, "XB": 0.2, "XC": 0.0, "XD": -0.4, "XE": -0.55}  # log income
CYCLE = (0, 0.02, 0.033, 0.031, 0.004, -0.043, 0.021, 0.018, -0.004, 0.003, 0.014)
AT_SEA = SMALL.index(EXTRA[2])  # nobody lives there

# Cluster: pull of density, effect on income, log weight of industries.
CLUSTERS: tuple[tuple[float, float, dict[str, float]], ...] = (
    (-0.1, 0.08, {"C29": 1.5, "C22": 0.6, "C25": 0.5, "C27": 0.4}),
    (0.1, 0.08, {"C20": 1.3, "C21": 1.2, "C19": 1.0, "H50": 0.4}),
    (0.8, 0.10, {"J62": 1.2, "J61": 0.6, "J63": 0.8, "C26": 0.9, "M71": 0.5, "M72": 0.9}),
    (-0.5, -0.04, {"I55": 1.3, "I56": 0.7, "N79": 1.0, "H51": 0.5, "N77": 0.4}),
    (-0.6, -0.03, {"C10": 1.1, "C11": 0.8, "C12": 0.6, "G462": 0.7, "G463": 0.4}),
    (-0.2, -0.08, {"C13": 1.5, "C14": 1.5, "C15": 1.4}),
    (-0.4, 0.00, {"B": 1.1, "C23": 0.8, "C24": 1.3, "C28": 0.5}),
    (0.9, 0.09, {"J58": 1.0, "J59": 1.0, "J60": 0.9, "M73": 0.9, "M70": 0.7, "M74": 0.6}),
)


def stream(name: str) -> np.random.Generator:
    """Return the stream of random numbers of that name, from its start."""
    return np.random.default_rng([SEED, zlib.crc32(name.encode())])


class Economy:
    """People, output and work by region (extra-regio included) and year, the last two axes.

    Attributes:
        strength: Of each cluster, by NUTS 2 region.
        income: Log income of each NUTS 2 region.
        cycle: Growth with the business cycle, by NUTS 2 region and year.
    """

    def __init__(self) -> None:
        rng, n = stream("factors"), len(BASIC)
        capital = np.array([c[2:] in {"11", "01"} for c in BASIC])
        self._density = 0.7 * rng.normal(size=n) + 2 * capital
        pull, gain, _ = zip(*CLUSTERS, strict=True)
        affinity = np.exp(0.5 * np.outer(self._density, pull))
        self.strength = np.minimum(rng.gamma(0.6, 0.9, affinity.shape) * affinity, 2.2)
        advantage = self.strength @ gain + 0.13 * self._density + 0.06 * rng.normal(size=n)
        self.income = advantage - advantage.mean() + [NATIONAL[c[:2]] for c in BASIC]
        response = [1.3 if c[:2] in {"XD", "XE"} else 1.0 for c in BASIC]
        self.cycle = np.outer(response, CYCLE) + 0.006 * rng.normal(size=(n, len(YEARS)))
        self._climate = self.cycle.copy()  # the labour market remembers the years before
        for t in range(1, len(YEARS)):
            self._climate[:, t] += 0.6 * self._climate[:, t - 1]

    @cached_property
    def people(self) -> Numbers:
        """Inhabitants by sex, broad age (the last unknown) and NUTS 3 region."""
        rng, n, t = stream("demo_r_pjanaggr3"), len(SMALL), np.arange(len(YEARS))
        start = np.exp(13.8 + 0.3 * self._density + 0.4 * rng.normal(size=len(BASIC)))
        weight = rng.gamma(4, 1, n)
        start = start[HOME] * weight / np.bincount(HOME, weight)[HOME]
        start[AT_SEA] = 0
        pace = 0.002 + 0.004 * self.income[HOME] + 0.003 * rng.normal(size=n)
        young = 0.155 + 0.012 * rng.normal(size=(n, 1)) - 0.0005 * t
        old = 0.170 + 0.015 * rng.normal(size=(n, 1)) + 0.002 * t
        unknown = np.outer([1e-4 * c.startswith("XC") for c in SMALL], np.ones(len(t)))
        ages = np.stack([young, 1 - young - old - unknown, old, unknown])
        women = np.array([0.487, 0.495, 0.58, 0.5])[:, None, None]
        total = start[:, None] * np.exp(np.outer(pace, t))
        people: Numbers = np.rint(np.stack([women, 1 - women]) * ages * total)
        return people

    @cached_property
    def adults(self) -> Numbers:
        """Inhabitants aged 15 to 64 by sex, one age and NUTS 2 region."""
        return Grid(SMALL, BASIC, YEARS).total(self.people[:, 1:2])

    @cached_property
    def growth(self) -> Numbers:
        """Real growth on the year before by NUTS 3 region, as a share."""
        noise = 0.012 * stream("nama_10r_2gvagr").normal(size=(len(SMALL), len(YEARS)))
        noise[AT_SEA] *= 6
        growth: Numbers = self.cycle[HOME] + noise
        growth[:, 0] = 0
        return growth

    @cached_property
    def output(self) -> Numbers:
        """GDP in EUR by NUTS 3 region."""
        rng, n = stream("nama_10r_3gdp"), len(SMALL)
        core = np.array([c.endswith("1") for c in SMALL])
        head = np.exp(9.75 + self.income[HOME] + 0.2 * core + 0.1 * rng.normal(size=n))
        start = head * self.people.sum((0, 1))[:, 0]
        start[AT_SEA] = 0.002 * start.sum()
        rise = {
            c: 0.015 - 0.02 * NATIONAL[c] + 0.004 * rng.normal(size=len(YEARS)) for c in COUNTRIES
        }
        prices = np.cumprod([1 + rise[c[:2]] for c in SMALL], axis=1)
        output: Numbers = start[:, None] * np.cumprod(1 + self.growth, axis=1) * prices
        return output

    @cached_property
    def employed(self) -> Numbers:
        """Employed residents by sex, seven ages and NUTS 2 region, in hundreds.

        The ages are 15-19, 20-24, then ten years each up to 64, and 65 or more.
        """
        ages = np.array([0.095, 0.1, 0.2, 0.21, 0.21, 0.185, 0.3])[:, None, None]
        usual = np.array([-2.2, 0.3, 1.6, 1.9, 1.7, 0.1, -3.0])
        share = self.share("lfst_r_lfe2emp", np.stack([usual - 0.35, usual + 0.1]), 0.4, 3)
        employed: Numbers = np.rint(self.adults * ages * share / 100)
        return employed

    @cached_property
    def unemployed(self) -> Numbers:
        """Unemployed residents, as the employed."""
        usual = np.array([[-1.2, -1.6, -2.5, -2.8, -2.9, -2.9, -4.5]] * 2)
        share = self.share("lfst_r_lfu3pers", usual, -0.6, -5)
        return np.rint(self.employed * share / (1 - share))

    def share(self, name: str, usual: Numbers, income: float, climate: float) -> Numbers:
        """Draw shares of a population by sex, age, NUTS 2 region and year.

        Args:
            name: Of the stream.
            usual: Log odds by sex and age.
            income: Effect of a region's income on the log odds.
            climate: Effect of the business cycle on the log odds.
        """
        rng, n = stream(name), len(BASIC)
        here = income * self.income + 0.12 * rng.normal(size=n)
        noise = 0.05 * rng.normal(size=(*usual.shape, n, len(YEARS)))
        log_odds = usual[..., None, None] + here[:, None] + climate * self._climate + noise
        share: Numbers = 1 / (1 + np.exp(-log_odds))
        return share
