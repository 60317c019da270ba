"""The shock lens as a table: what a scenario would put at risk in each region (methodology 10).

Scenarios, not forecasts, and in no ranking; the formulas are in :mod:`s3etl.shocks`, and
nothing here says how likely a shock is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl import shocks
from s3etl.domains.projection import Concordance
from s3etl.portfolio import change
from s3etl.portfolio.arrays import divide
from s3etl.portfolio.cells import Bools, Floats
from s3etl.portfolio.economy import Economy
from s3etl.portfolio.estimate import Portfolio, Universe
from s3etl.portfolio.method import PortfolioMethod
from s3etl.portfolio.relatedness import presence, proximity
from s3etl.portfolio.rounding import rounded
from s3etl.portfolio.standard import IMPUTATION, SOURCE, standard
from s3etl.portfolio.strengths import Strengths

LEAST_KNOWN: Final = 0.95
"""Share of jobs that has to be in divisions of which the shock is known [P]. What is below it is
missing; else the divisions of which it is not known are left out of all sums."""
NOT_RANKED: Final = f"{shocks.LABEL}, never ranked"


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


SCENARIOS: Final = pa.schema(
    [
        _field("scenario", pa.string(), "scenario"),
        _field("scenario_title", pa.string(), "what it supposes"),
        _field("label", pa.string(), shocks.LABEL),
        _field("measure", pa.string(), "measure of methodology 10"),
        _field("title", pa.string(), "short name"),
        _field("rho", pa.float64(), "share of absorption that counts, an assumption; else empty"),
        _field("source_dataset", pa.string(), "series of business statistics it rests on"),
        _field("ref_year", pa.int64(), "reference year of the jobs"),
        _field("geo", pa.string(), "NUTS 2 region"),
        _field("nuts_version", pa.string(), "NUTS version of geo"),
        _field("value", pa.float64(), "the figure, as exact as draws agree; empty where missing"),
        _field("interval_low", pa.float64(), "5th percentile over the draws of hidden cells"),
        _field("interval_high", pa.float64(), "95th percentile"),
        _field("unit", pa.string(), "its unit"),
        _field("lower_bound", pa.bool_(), "whether it rests on registers that are not complete"),
        _field("missing_because", pa.string(), "why there is no figure"),
        _field("rankable", pa.bool_(), "never: see the reason"),
        _field("not_rankable_because", pa.string(), "why it is not ranked"),
        _field("conv_method", pa.string(), "how the region was made of earlier ones"),
        *SOURCE,
        *IMPUTATION,
    ]
)


class Declared(NamedTuple):
    """What a measure is: measure, title, unit, ρ (NaN without), whether it is a lower bound."""

    measure: str
    title: str
    unit: str
    rho: float = np.nan
    lower_bound: bool = False


_JOBS: Final = "share of market employment"
MEASURES: Final = {
    "at_risk": Declared("employment_at_risk", "Employment at risk", _JOBS),
    "absorption": Declared(
        "absorption", "Absorption by related industries", "0 to 1, the largest of the universe"
    ),
    **{f"net_{rho:g}": Declared("net_exposure", "Net exposure", _JOBS, rho) for rho in shocks.RHOS},
    "response": Declared(
        "organised_response", "Organised response", "share of jobs at risk", np.nan, True
    ),
    "response_quality": Declared(
        "organised_response_quality",
        "Organised response, by quality of labels",
        "share of jobs at risk",
        np.nan,
        True,
    ),
    "hedge": Declared("s3_hedge", "Hedge of the strategy", "share of priorities"),
    "resistance": Declared(
        "resistance", "Resistance in the past shock", "0 as the nation, 1 no fall"
    ),
}
"""Measures in order of the table; net exposure once for each ρ."""

RESPONSES: Final = ("response", "response_quality")
SHORT: Final = "too much of its employment is not published"


@dataclass(frozen=True)
class Scenario:
    """A shock.

    Attributes:
        id: Short name.
        title: What it supposes.
        divisions: S, NACE divisions, such as ``C10``.
        shock: δ, S, share of jobs at risk, 0 to 1; NaN where it is not known.
    """

    id: str
    title: str
    divisions: NDArray[Any]
    shock: Floats


@dataclass(frozen=True)
class Figure:
    """One measure over the regions.

    Attributes:
        value: R; NaN where there is none.
        low: R, lower bound over the draws; NaN for what does not rest on them.
        high: R, upper bound.
        reason: R, why there is no value; empty where there is one.
    """

    value: Floats
    low: Floats
    high: Floats
    reason: NDArray[np.object_]


def replay(before: Economy, after: Economy) -> Scenario:
    """Return the declines of divisions between two years, as if they came again (10).

    δ_s = max(0, 1 − E_s,t1/E_s,t0) over the countries that publish the division in both years
    and all of their sections in both. What grew has 0; NaN is a division that no such country
    publishes in both years, or that had no jobs.

    Args:
        before: The year t0.
        after: The year t1, over the same divisions and countries.

    Raises:
        ValueError: Divisions or countries differ, or t1 is not after t0.
    """
    _comparable(before, after)
    members = Universe.of(before).members & Universe.of(after).members
    columns = (before.employment.columns, after.employment.columns)
    both = members[:, None] & np.isfinite(columns[0]) & np.isfinite(columns[1])
    start, end = (np.where(both, column, 0).sum(axis=0) for column in columns)
    left = divide(end, np.where(both.any(axis=0), start, np.nan))
    years = f"{before.year}–{after.year}"
    return Scenario(
        f"replay_{before.year}_{after.year}",
        f"The declines of divisions in {years} come again, those of {members.sum()} countries",
        before.divisions,
        np.maximum(0.0, 1 - left),
    )


def _comparable(before: Economy, after: Economy) -> None:
    for name in ("divisions", "countries", "regions"):
        if not np.array_equal(getattr(before, name), getattr(after, name)):
            raise ValueError(f"the {name} of {before.year} and {after.year} are not the same.")
    if int(after.year) <= int(before.year):
        raise ValueError(f"{after.year} is not after {before.year}.")


def figures(
    now: Portfolio,
    scenario: Scenario,
    table: Concordance,
    strengths: Strengths,
    method: PortfolioMethod,
    *,
    counts: Floats | None = None,
    quality: Floats | None = None,
    strategy: Floats | None = None,
) -> dict[str, Figure]:
    """Return what a scenario means for each region (methodology 10).

    Only regions that may have an index (``now.usable``) have figures. Divisions whose shock is
    not known are left out of shares; where they hold more than 1 − :data:`LEAST_KNOWN` of a
    region's jobs, it has none. Absorption of a region is the mean of R over its jobs at risk,
    Σ p δ R/Σ p δ; R is scaled by the largest of the usable regions. Jobs at risk that are in no
    domain are in no domain with an organisation.

    Args:
        now: The portfolio of the reference year; R regions, S divisions.
        scenario: The shock, over its divisions.
        table: T, divisions × domains, for the two-digit codes of any divisions.
        strengths: Domains of the regions, for the density ω.
        method: Percentiles of the bounds.
        counts: Active organisations, R × K, as of
            ``s3etl.organisations.indicators.active_counts``; NaN where none is listed.
        quality: Σ a G Q of organisations, R × K: up to 1 it is what each domain with an active
            one counts in the variant of organised response; 0 counts nothing.
        strategy: π, R × K; a row of NaN where there is no strategy.

    Returns:
        Figures by the keys of :data:`MEASURES`, without resistance; fractions.

    Raises:
        ValueError: The divisions are not those of the portfolio, or δ is not between 0 and 1.
    """
    if not np.array_equal(scenario.divisions, now.economy.divisions):
        raise ValueError(f"{scenario.id} is not over the divisions of the portfolio.")
    count = len(now.usable)
    there = np.isfinite(scenario.shock)
    delta = scenario.shock[there]
    stacked = np.concatenate([now.filled[None], now.drawn])[:, now.usable]
    known = divide(stacked[0][:, there].sum(axis=-1), stacked[0].sum(axis=-1))
    enough = np.nan_to_num(known) >= LEAST_KNOWN
    jobs = np.where(enough[:, None], stacked[..., there], np.nan)
    concordance = table.of([division[1:] for division in now.economy.divisions])
    weights = concordance.weights[there]
    found = _exposed(jobs, delta, _related(now)[np.ix_(there, there)])
    listed, weighed = _rows(counts, now.usable), _rows(quality, now.usable)
    organised = None if listed is None else np.where(np.isnan(listed), np.nan, listed > 0)
    found["response"] = _response(jobs * delta, weights, organised)
    if weighed is not None:
        by_quality = None if organised is None else organised * np.minimum(weighed, 1.0)
        found["response_quality"] = _response(jobs * delta, weights, by_quality)
    pi = _rows(strategy, now.usable)
    if pi is not None:
        found["hedge"] = _hedge(pi, strengths.density[now.usable], scenario.shock, now, concordance)
    whole = {name: np.full((len(v), count), np.nan) for name, v in found.items()}
    for name, values in found.items():
        whole[name][:, now.usable] = values if name == "hedge" else np.where(enough, values, np.nan)
    whole.setdefault("hedge", np.full((1, count), np.nan))
    covered = np.zeros(count, bool)
    covered[now.usable] = enough
    reasons = _reasons(whole, now.usable, covered, counts, strategy)
    return {
        name: _figure(whole[name], reasons[name], method.interval)
        for name in MEASURES
        if name in whole
    }


def _rows(values: Floats | None, usable: Bools) -> Floats | None:
    return None if values is None else np.asarray(values, np.float64)[usable]


def _related(now: Portfolio) -> Floats:
    """Return φ between divisions, of the filled table of usable regions."""
    return proximity(presence(np.nan_to_num(now.quotients.raw[now.usable])))


def _exposed(jobs: Floats, delta: Floats, related: Floats) -> dict[str, Floats]:
    """Return what is at risk, absorbed and left, (1 + M) × regions; filled table first."""
    # Raw R is a mean of shares, so that a maximum of 1 leaves it as it is.
    raw = shocks.absorption(jobs[0], delta, related, maximum=1.0)
    top = float(np.max(raw, where=np.isfinite(raw), initial=0.0))
    absorbed = shocks.absorption(jobs, delta, related, maximum=top)
    risk = shocks.employment_at_risk(jobs, delta)
    found = {"at_risk": risk}
    for rho in shocks.RHOS:
        found[f"net_{rho:g}"] = shocks.net_exposure(jobs, delta, absorbed, rho)
    full = shocks.net_exposure(jobs, delta, absorbed, 1.0)
    found["absorption"] = np.maximum(0.0, 1 - divide(full, risk))
    return found


def _response(at_risk: Floats, weights: Floats, there: Floats | None) -> Floats:
    """Return the share of jobs at risk in domains with an organisation, (1 + M) × regions.

    Args:
        at_risk: Persons, (1 + M) × regions × S.
        weights: T, S × K.
        there: Regions × K, 1 with an organisation, or its quality; a row of NaN where none is
            listed, None where no register is.
    """
    if there is None:
        return np.full(at_risk.shape[:-1], np.nan)
    rest = np.maximum(0.0, 1 - weights.sum(axis=1, keepdims=True))  # in no domain
    by_domain = at_risk @ np.concatenate([weights, rest], axis=1)
    covered = np.concatenate([there, np.zeros((len(there), 1))], axis=-1)
    out = shocks.organised_response(by_domain, covered)
    return np.where(np.isnan(there).any(axis=1), np.nan, out)


def domain_shock(shock: Floats, share: Floats, weights: Floats) -> Floats:
    """Return δ of domains, the mean of their divisions by jobs of the universe.

    Args:
        shock: δ, S; NaN where not known.
        share: P, S, of :class:`s3etl.portfolio.estimate.Universe`; NaN where not known.
        weights: T, S × K.

    Returns:
        Fractions, K; NaN where :data:`LEAST_KNOWN` of the domain's jobs is not reached.
    """
    jobs = np.nan_to_num(share)[:, None] * weights
    there = np.isfinite(shock)
    known = jobs[there].sum(axis=0)
    enough = divide(known, jobs.sum(axis=0)) >= LEAST_KNOWN
    return np.where(enough, divide(shock[there] @ jobs[there], known), np.nan)


def _hedge(
    pi: Floats, density: Floats, shock: Floats, now: Portfolio, table: Concordance
) -> Floats:
    share = now.universe.share
    both = np.isfinite(shock) & np.isfinite(share)
    mean = float(shocks.employment_at_risk(share[None, both], shock[both])[0])
    of_domains = domain_shock(shock, share, table.weights)
    return shocks.hedge(pi, density, of_domains, mean)[None]


def _figure(values: Floats, reason: NDArray[np.object_], interval: tuple[float, float]) -> Figure:
    value = values[0]
    nothing = np.full(value.shape, np.nan)
    if len(values) == 1:
        return Figure(value, nothing, nothing, reason)
    bounds = np.percentile(values[1:], interval, axis=0)
    low = np.where(np.isfinite(value), np.fmin(bounds[0], value), np.nan)
    high = np.where(np.isfinite(value), np.fmax(bounds[1], value), np.nan)
    return Figure(value, low, high, reason)


def _reasons(
    found: Mapping[str, Floats],
    usable: Bools,
    covered: Bools,
    counts: Floats | None,
    strategy: Floats | None,
) -> dict[str, NDArray[np.object_]]:
    """Return why each measure has no value; the reasons told later go before."""
    safe = found["at_risk"][0] == 0
    unlisted = np.ones(len(usable), bool) if counts is None else np.isnan(counts).any(axis=1)
    none = np.ones(len(usable), bool) if strategy is None else np.isnan(strategy).any(axis=1)
    empty = np.zeros(len(usable), bool) if strategy is None else strategy.sum(axis=1) == 0
    out = {}
    for name, values in found.items():
        reason = np.full(len(usable), "", object)
        reason[:] = "how related its shocked divisions are is not known"
        if name == "hedge":
            reason[:] = "relatedness or shock of a priority is not known"
            reason[empty] = "its strategy names no domain"
            reason[none] = "no register has its strategy"
        if name in {"absorption", *RESPONSES}:
            reason[safe] = "none of its jobs is at risk in this scenario"
        if name in RESPONSES:
            reason[unlisted] = "no register lists an organisation placed in it with a domain"
        if name != "hedge":
            reason[~covered] = "the shock of divisions it has is not known"
        reason[~usable] = SHORT
        reason[np.isfinite(values[0])] = ""
        out[name] = reason
    return out


def past_resistance(before: Economy, after: Economy) -> Figure:
    """Return resistance in a past shock: growth against that of the nation (10; Martin 2012).

    Totals are those of the sections that are published of region and nation in both years, the
    same for both; they hold :data:`LEAST_KNOWN` of the nation's published jobs, or there is no
    figure. So no hidden cell enters. It is told only where the nation lost jobs.

    Args:
        before: The year t0.
        after: The year t1, over the same regions and countries.

    Returns:
        Ratios by region: 0 as the nation, 1 no fall, below 0 a deeper fall.

    Raises:
        ValueError: Regions, divisions or countries differ, or t1 is not after t0.
    """
    _comparable(before, after)
    country = before.employment.country
    own = (before.employment.rows, after.employment.rows)
    nation = (before.corners[country], after.corners[country])
    both: Bools = np.asarray(np.isfinite(np.stack([*own, *nation])).all(axis=0))
    totals = [np.where(both, values, 0).sum(axis=1) for values in (*own, *nation)]
    enough = totals[2] >= LEAST_KNOWN * np.nansum(nation[0], axis=1)
    fell = totals[3] < totals[2]
    same = ~before.divided & ~after.divided
    shown = both.any(axis=1) & enough & fell & same & (totals[0] > 0)
    value = np.where(shown, change.resistance(*totals), np.nan)
    reason = np.full(len(value), "", object)
    reason[~fell] = "its country lost no jobs in these years"
    reason[~enough | ~both.any(axis=1)] = "too many sections of it are not published in both years"
    reason[enough & both.any(axis=1) & (totals[0] <= 0)] = "it had no jobs in the first year"
    reason[~same] = "its territory was divided, so that years cannot be compared"
    reason[np.isfinite(value)] = ""
    nothing = np.full(len(value), np.nan)
    return Figure(value, nothing, nothing, reason)


def scenario_table(
    now: Portfolio,
    found: Mapping[str, tuple[Scenario, Mapping[str, Figure]]],
    method: PortfolioMethod,
) -> pa.Table:
    """Return the figures of all scenarios (:data:`SCENARIOS`), rounded; none is ranked.

    Args:
        now: The portfolio of the reference year.
        found: Scenario and figures (by the keys of :data:`MEASURES`) by scenario id.
        method: Its version.
    """
    parts = [
        _part(now, scenario, MEASURES[name], figure_of[name], method)
        for scenario, figure_of in found.values()
        for name in MEASURES
        if name in figure_of
    ]
    return pa.concat_tables(parts) if parts else SCENARIOS.empty_table()


def _part(
    now: Portfolio, scenario: Scenario, told: Declared, figure: Figure, method: PortfolioMethod
) -> pa.Table:
    economy = now.economy
    count = len(economy.regions)

    spread = np.nan_to_num(figure.high - figure.low)

    def numbers(values: Floats) -> pa.Array:
        # A sum over divisions of a region is an equation for its hidden cells.
        return pa.array(rounded(values, spread), pa.float64(), mask=~np.isfinite(values))

    def texts(values: NDArray[Any]) -> pa.Array:
        return pa.array([text or None for text in values.tolist()], pa.string())

    columns = {
        "scenario": [scenario.id] * count,
        "scenario_title": [scenario.title] * count,
        "label": [shocks.LABEL] * count,
        "measure": [told.measure] * count,
        "title": [told.title] * count,
        "rho": [None if np.isnan(told.rho) else told.rho] * count,
        "source_dataset": [economy.dataset] * count,
        "ref_year": [int(economy.year)] * count,
        "geo": texts(economy.regions),
        "nuts_version": texts(economy.versions),
        "value": numbers(figure.value),
        "interval_low": numbers(figure.low),
        "interval_high": numbers(figure.high),
        "unit": [told.unit] * count,
        "lower_bound": (np.isfinite(figure.value) & told.lower_bound).tolist(),
        "missing_because": texts(figure.reason),
        "rankable": [False] * count,
        "not_rankable_because": [NOT_RANKED] * count,
        "conv_method": texts(economy.conversion),
        **{name: pa.array(column.tolist()) for name, column in standard(now, method).items()},
    }
    return pa.table([columns[f.name] for f in SCENARIOS], schema=SCENARIOS)
