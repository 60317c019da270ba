"""Indicators of regions made of the portfolio (B-01 to B-17), each with interval and rank.

Formulas are in the modules this calls; which cells they rest on is in
:mod:`s3etl.portfolio.estimate`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from s3etl.portfolio import change, structure
from s3etl.portfolio.arrays import divide
from s3etl.portfolio.cells import Bools, Floats
from s3etl.portfolio.estimate import Portfolio
from s3etl.portfolio.method import PortfolioMethod
from s3etl.portfolio.relatedness import complexity, presence, proximity
from s3etl.portfolio.stars import Stars

Direction = Literal["+", "-", "ctx"]


class Declared(NamedTuple):
    """What an indicator is.

    Attributes:
        title: Short name.
        unit: Unit of the figure.
        direction: ``+`` more is better, ``ctx`` context, never ranked.
        over_time: Whether it compares with the year ``lag`` before.
        noise_sd: Standard deviation of its measurement noise in its own unit, for what may be
            near zero; else it is relative. Choices of the project [P].
        open: Whether its digits tell nothing of hidden cells: it counts shown ones, or asks of
            each only whether LQ is at least 1.
        not_ranked: Why nobody is ranked by it this time; empty if regions are.
    """

    title: str
    unit: str
    direction: Direction
    over_time: bool = False
    noise_sd: float | None = None
    open: bool = False
    not_ranked: str = ""


INDICATORS: Final = {
    "B-01": Declared("Specialised employment share", "share of market employment", "+"),
    "B-02": Declared("Strong-cluster employment share", "share of market employment", "+"),
    "B-04": Declared("Krugman index", "0 to 2", "ctx"),
    "B-05": Declared("Herfindahl index, normalised", "0 to 1", "ctx"),
    "B-06": Declared("Relative Theil index", "nats", "ctx"),
    "B-07": Declared("Hachman index", "0 to 1", "ctx"),
    "B-08": Declared("Unrelated variety", "bits", "ctx"),
    "B-09": Declared("Related variety within sections", "bits", "+"),
    "B-10": Declared("Coherence", "weighted average relatedness", "+"),
    "B-11": Declared(
        "Complexity (ECI), sign by diversity", "z-score", "+", noise_sd=0.05, open=True
    ),
    "B-13": Declared("Lilien index", "per period", "ctx", over_time=True),
    "B-14": Declared(
        "Competitive shift", "share of employment before", "+", over_time=True, noise_sd=0.01
    ),
    "B-14-NG": Declared(
        "National growth (shift-share)", "share of employment before", "ctx", over_time=True
    ),
    "B-14-IM": Declared(
        "Industry mix (shift-share)", "share of employment before", "ctx", True, noise_sd=0.01
    ),
    "B-15": Declared("Labour-cost premium", "ratio to the country", "+"),
    "B-16": Declared("Structural change", "share of employment", "ctx", over_time=True),
    "B-17": Declared("Employment generation", "log change", "+", over_time=True, noise_sd=0.01),
    "B-19": Declared("Persons per local unit, mix-adjusted", "ratio to the universe", "ctx"),
}
"""Indicators by their number in methodology 3.6. B-03 is counted for each rule set
(:func:`star_counts`), B-12 needs the strategy (block C), B-18 is computed from regional accounts
(block D: ``productivity_A`` and its like)."""


@dataclass(frozen=True)
class Values:
    """One indicator over the regions.

    Attributes:
        value: R; NaN where there is none.
        drawn: M × R, the same of each draw.
        reason: R, why there is no value; empty where there is one.
    """

    value: Floats
    drawn: Floats
    reason: NDArray[np.object_]


def indicators(
    now: Portfolio, before: Portfolio | None, strong: Bools | None, method: PortfolioMethod
) -> dict[str, Values]:
    """Return the indicators of all regions.

    A region whose employment is imputed by more than a quarter, or that lacks divisions that
    matter, has none (methodology 3.2-7). One whose territory was divided is given its value and
    says so where it is published.

    Args:
        now: The reference year.
        before: The year ``lag`` before, over the same regions and divisions, if there is one.
        strong: M × R × S, strong clusters of each draw, where stars were computed.
        method: The choices.
    """
    stacked = np.concatenate([now.filled[None], now.drawn])
    jobs = np.where(now.usable[:, None], stacked, np.nan)
    first = None
    if before is not None:
        both = now.usable & before.usable
        earlier = np.concatenate([before.filled[None], before.drawn])
        first = np.where(both[:, None], earlier, np.nan)
    found: dict[str, Floats] = {}
    found |= _specialised(now, jobs, strong, method)
    found |= _structure(now, jobs)
    found |= _related(now, jobs)
    found |= _units(now, method)
    if first is None or before is None:
        nothing = np.full(jobs.shape[:-1], np.nan)
        found |= {name: nothing for name, told in INDICATORS.items() if told.over_time}
    else:
        found |= _changes(np.where(np.isnan(first), np.nan, jobs), first, now, before, method)
    return {
        name: _told(found[name], now, before, INDICATORS[name])
        for name in INDICATORS
        if name in found
    }


def star_counts(
    rule_set: str, now: Portfolio, shown: Bools, found: Stars, drawn: Stars
) -> tuple[str, Declared, Values]:
    """Return the number of stars of each region by one rule set (B-03).

    Stars of hidden cells are not counted: how many there are would bound their values. So the
    count is that of the table of stars.

    Args:
        rule_set: Its id.
        now: The portfolio.
        shown: R × S, which cells may be shown.
        found: Stars of the filled table.
        drawn: Stars of the draws.
    """
    declared = Declared(
        f"Stars of shown divisions, {rule_set}", "stars", "+", noise_sd=0.0, open=True
    )
    stacked = np.concatenate([found.count[None], drawn.count])
    counts = np.where(now.usable, (stacked * shown).sum(axis=-1), np.nan)
    counts[:, now.economy.divided] = np.nan  # a division of a territory never has stars
    reason = np.full(len(now.usable), "", object)
    reason[~now.usable] = "too much of its employment is not published"
    reason[now.economy.divided] = "the region was divided, so that it never has stars"
    return f"B-03-{rule_set}", declared, Values(counts[0], counts[1:], reason)


def _told(values: Floats, now: Portfolio, before: Portfolio | None, declared: Declared) -> Values:
    value, drawn = values[0], values[1:]
    reason = np.full(len(value), "", object)
    gone = np.isnan(value)
    reason[gone] = "its divisions do not give it"
    if declared.over_time:
        reason[gone] = "it has no such portfolio in the year before"
        if before is not None:
            reason[gone & ~before.usable] = "too much of its employment before is not published"
            split = now.economy.divided | before.economy.divided
            reason[gone & split] = "its territory was divided, so that years cannot be compared"
    reason[gone & ~now.usable] = "too much of its employment is not published"
    return Values(value, drawn, reason)


def _shares(jobs: Floats) -> Floats:
    return divide(jobs, jobs.sum(axis=-1, keepdims=True))


def _specialised(
    now: Portfolio, jobs: Floats, strong: Bools | None, method: PortfolioMethod
) -> dict[str, Floats]:
    quotients = np.concatenate([now.quotients.value[None], now.drawn_quotients.value])
    share = _shares(jobs)
    found = {"B-01": (share * (quotients >= method.specialised)).sum(axis=-1)}
    if strong is not None:
        often = strong.mean(axis=0) >= method.label_share
        each = np.concatenate([often[None], strong])
        found["B-02"] = (share * each).sum(axis=-1)
    return found


def _structure(now: Portfolio, jobs: Floats) -> dict[str, Floats]:
    table, reference = now.economy.employment, now.universe.share
    return {
        "B-04": structure.krugman(jobs, reference),
        "B-05": structure.herfindahl(jobs, normalised=True),
        "B-06": structure.theil(jobs, reference),
        "B-07": structure.hachman(jobs, reference),
        "B-08": structure.unrelated_variety(jobs, table.section),
        "B-09": structure.related_variety(jobs, table.section),
    }


def _related(now: Portfolio, jobs: Floats) -> dict[str, Floats]:
    """Coherence and complexity; relatedness is that of the filled table in every draw."""
    usable = now.usable
    present = presence(np.nan_to_num(now.quotients.raw[usable]))
    related = proximity(present)
    coherent = np.full(jobs.shape[:-1], np.nan)
    coherent[:, usable] = structure.coherence(jobs[:, usable], related)
    complex_ = np.full(jobs.shape[:-1], np.nan)
    quotients = np.concatenate([now.quotients.raw[None], now.drawn_quotients.raw])
    for i, table in enumerate(quotients):  # one eigenvector for each draw
        complex_[i, usable] = complexity(presence(np.nan_to_num(table[usable]))).region
    return {"B-10": coherent, "B-11": complex_}


def _units(now: Portfolio, method: PortfolioMethod) -> dict[str, Floats]:
    """Labour cost and plant size, each against what its divisions have elsewhere."""
    economy, table = now.economy, now.economy.employment
    jobs = table.value
    cost = divide(economy.wages, np.where(jobs > 0, jobs, np.nan))
    national_jobs = np.where(table.columns > 0, table.columns, np.nan)
    national = divide(economy.national_wages, national_jobs)[table.country]
    draws = 1 + len(now.drawn)

    def mean(ratio: Floats) -> Floats:
        """Weigh by employment; enough of it has to be covered."""
        known = np.isfinite(ratio) & np.isfinite(now.filled)
        weight = np.where(known, now.filled, 0)
        covered = divide(weight.sum(axis=1), now.totals)
        value = divide((weight * np.nan_to_num(ratio)).sum(axis=1), weight.sum(axis=1))
        shown = (np.nan_to_num(covered) >= method.least_covered) & now.usable
        return np.repeat(np.where(shown, value, np.nan)[None], draws, axis=0)

    size = divide(jobs, np.where(economy.units > 0, economy.units, np.nan))
    return {
        "B-15": mean(divide(cost, np.where(national > 0, national, np.nan))),
        "B-19": mean(divide(size, np.where(now.plant_size > 0, now.plant_size, np.nan))),
    }


def _part(name: str) -> Callable[..., Floats]:
    """Return a part of the shift-share as a share of the employment before."""

    def part(first: Floats, jobs: Floats) -> Floats:
        found: Floats = getattr(change.shift_share(first, jobs), name)
        return divide(found.sum(axis=-1), first.sum(axis=-1))

    return part


def _changes(
    jobs: Floats, first: Floats, now: Portfolio, before: Portfolio, method: PortfolioMethod
) -> dict[str, Floats]:
    cut = np.concatenate([before.quotients.value[None], before.drawn_quotients.value])
    special = np.where(np.isnan(first), np.nan, cut >= method.specialised)
    both = now.usable & before.usable & ~now.economy.divided & ~before.economy.divided

    def within(formula: Callable[..., Floats], *tables: Floats) -> Floats:
        out = np.full(jobs.shape[:-1], np.nan)
        out[:, both] = formula(*(table[:, both] for table in tables))
        return out

    return {
        "B-13": within(change.lilien, first, jobs),
        "B-14": within(change.competitive_shift, first, jobs),
        "B-14-NG": within(_part("national"), first, jobs),
        "B-14-IM": within(_part("mix"), first, jobs),
        "B-16": within(change.structural_change, first, jobs),
        "B-17": within(change.employment_generation, first, jobs, special),
    }
