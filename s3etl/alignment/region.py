"""Strategy, economy and organisations of regions side by side (C-07 to C-20, methodology 4.2).

Vectors in, figures out; where they come from is known in the pipeline.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from s3etl.alignment.cells import CellMap, cell_map
from s3etl.alignment.chance import chance_correction
from s3etl.alignment.index import (
    PAIRS,
    Alignment,
    alignment_index,
    cosine,
    effective_priorities,
    set_alignment,
    unit,
)
from s3etl.portfolio.arrays import divide
from s3etl.portfolio.cells import Floats
from s3etl.portfolio.strengths import Strengths


class Declared(NamedTuple):
    """What an indicator is.

    Attributes:
        title: Short name.
        unit: Unit of the figure.
        direction: ``+`` more is better, ``ctx`` context.
        needs: Positions in :data:`~s3etl.alignment.index.VECTORS` of what it is made of.
        otherwise: Why there is none although these are there.
    """

    title: str
    unit: str
    direction: str
    needs: tuple[int, ...]
    otherwise: str = "what it compares with is not known"


_JACCARD: Final = "share of what is any of them (Jaccard)"
_STRATEGY, _ECONOMY, _ORGANISATIONS = 0, 1, 2
_S, _E, _O = (_STRATEGY,), (_ECONOMY,), (_ORGANISATIONS,)
_NOTHING_STRONG: Final = "none of its domains is a strength"
_EMPTY: Final = "neither has any domain"
_BESIDE: Final = "none of its neighbours has a strategy, or no outline of it is there"
INDICATORS: Final = {
    "B-12": Declared("Mean relatedness density of S3 priorities", "per cent", "+", _S + _E),
    "C-09": Declared(
        "Coverage of strengths", "share of employment in strengths", "+", _E, _NOTHING_STRONG
    ),
    "C-09-Q": Declared(
        "Coverage of strengths, by quality of labels",
        "share of employment in strengths",
        "+",
        _E,
        _NOTHING_STRONG,
    ),
    "C-10": Declared("Overlap: organisations per covered domain", "organisations", "ctx", _O),
    "C-12": Declared("Priority with organisation", "share of priorities", "+", _S),
    "C-13": Declared("Priority with strength", "share of priorities", "+", _S + _E),
    "C-14": Declared("Supported-strength share", "share of priorities", "+", _S + _E),
    "C-15": Declared("Focus: effective number of priorities", "domains", "ctx", _S),
    "C-15-W": Declared(
        "Focus: median width of a priority",
        "domains",
        "ctx",
        _S,
        "its strategy is one record in the register, with all its priorities together",
    ),
    "C-16": Declared("Alignment index", "0 to 1", "+", _S + _E + _O),
    "C-16-SE": Declared("Alignment of strategy and economy", "cosine", "+", _S + _E),
    "C-16-EO": Declared("Alignment of economy and organisations", "cosine", "+", _E + _O),
    "C-16-SO": Declared("Alignment of strategy and organisations", "cosine", "+", _S + _O),
    "C-16-ADJ": Declared("Alignment index beyond chance", "0 is luck", "+", _S + _E + _O),
    "C-16-PCT": Declared("Alignment index among those of chance", "percentile", "+", _S + _E + _O),
    "C-16-J": Declared(
        "Domains that are priority, strength and organised", _JACCARD, "+", _S + _E, _EMPTY
    ),
    "C-16-J-SE": Declared("Domains that are priority and strength", _JACCARD, "+", _S + _E, _EMPTY),
    "C-16-J-EO": Declared(
        "Domains that are strength and organised", _JACCARD, "+", _S + _E, _EMPTY
    ),
    "C-16-J-SO": Declared(
        "Domains that are priority and organised", _JACCARD, "+", _S + _E, _EMPTY
    ),
    "C-17": Declared(
        "Alignment with the national strategy",
        "cosine",
        "ctx",
        _S,
        "no register has a strategy of its country",
    ),
    "C-18": Declared("Alignment with neighbours", "cosine", "ctx", _S, _BESIDE),
    "C-19": Declared("Complementarity of neighbours", "share of priorities", "+", _S + _E, _BESIDE),
    "C-20": Declared("Distinctiveness", "1 less cosine", "ctx", _S),
}
"""Indicators by their number in methodology 4.2; parts of C-15 and C-16 have letters of their
own."""
LOWER_BOUNDS: Final = ("C-09", "C-09-Q", "C-12", "C-14")
"""What registers do not list can only add to them (methodology 4.1)."""


@dataclass(frozen=True)
class Aligned:
    """Alignment of R regions over K domains.

    Attributes:
        values: R by indicator; NaN where there is none.
        low: R by indicator, lower bound over the draws of the economy; of those it moves.
        high: R by indicator, upper bound.
        reason: R, why there is no alignment; empty where there is one.
        reasons: R by indicator, why it has no value; empty where it has one.
        alignment: Pairs and weakest link.
        cells: The eight cells.
    """

    values: dict[str, Floats]
    low: dict[str, Floats]
    high: dict[str, Floats]
    reason: NDArray[np.object_]
    reasons: dict[str, NDArray[np.object_]]
    alignment: Alignment
    cells: CellMap


def align(
    strategy: Floats,
    economy: Strengths,
    organisations: Floats,
    counts: Floats,
    national: Floats,
    *,
    widths: Floats | None = None,
    adjacent: NDArray[np.bool_] | None = None,
    threshold: float,
    sure: float,
    interval: tuple[float, float],
    seed: int,
) -> Aligned:
    """Compare the three.

    Args:
        strategy: π, R × K; a row of NaN where there is no strategy.
        economy: Strengths over the same regions and domains.
        organisations: κ, R × K, not yet of sum 1; zero where there is no organisation.
        counts: Organisations in each domain, R × K.
        national: π of the country, R × K; NaN where there is none.
        widths: R, median number of domains of a priority; NaN where there is no strategy.
        adjacent: R × R, which regions are neighbours; without it nothing is told of them.
        threshold: LQ* from which a domain is a strength.
        sure: Probability a strength needs.
        interval: Percentiles of the bounds.
        seed: Seed of the chance correction.
    """
    sigma = economy.vector
    every = alignment_index(strategy, sigma, organisations)
    here = alignment_index(strategy, sigma[0], organisations)
    quotient = np.concatenate([economy.quotients.value[None], economy.drawn])
    strong = np.where(np.isnan(quotient), np.nan, quotient >= threshold)
    weight = np.where(np.isnan(strategy), np.nan, strategy)
    covered = np.where(np.isnan(strategy), np.nan, organisations > 0)
    drawn = {
        **_covered(economy, strong, organisations),
        "C-13": (weight * strong).sum(axis=-1),
        "C-14": (weight * strong * covered).sum(axis=-1),
        "C-16": every.index,
        "C-16-SE": every.pairs[..., 0],
        "C-16-EO": every.pairs[..., 1],
        **_beyond_chance(strategy, sigma, organisations, seed),
        **_sets(strategy, strong, organisations),
    }
    there = ~np.isnan(weight).any(axis=1)
    mean = weight[there].mean(axis=0) if there.any() else np.full(weight.shape[1], np.nan)
    values = {name: found[0] for name, found in drawn.items()} | {
        "B-12": (weight * economy.density).sum(axis=-1),
        "C-10": divide(counts.sum(axis=1), (counts > 0).sum(axis=1)),
        "C-12": (weight * covered).sum(axis=-1),
        "C-15": effective_priorities(strategy),
        "C-15-W": np.full(len(strategy), np.nan) if widths is None else widths,
        "C-16-SO": here.pairs[..., 2],
        "C-17": cosine(unit(strategy), unit(national)),
        "C-18": _with_neighbours(strategy, adjacent),
        "C-19": _complementarity(weight, strong[0], adjacent),
        "C-20": 1 - cosine(unit(strategy), unit(mean)),
    }
    low, high = {}, {}
    for name, found in drawn.items():
        bounds = np.percentile(found[1:], interval, axis=0)
        low[name] = np.fmin(bounds[0], found[0])
        high[name] = np.fmax(bounds[1], found[0])
    return Aligned(
        {name: values[name] for name in INDICATORS},
        low,
        high,
        _lacking(_S + _E + _O, strategy, here),
        {name: _reason(told, values[name], strategy, here) for name, told in INDICATORS.items()},
        here,
        cell_map(
            strategy,
            economy.quotients.value,
            economy.probability,
            np.where(np.isnan(strategy), 0.0, organisations),
            economy.density,
            threshold=threshold,
            sure=sure,
        ),
    )


def _beyond_chance(
    strategy: Floats, sigma: Floats, organisations: Floats, seed: int
) -> dict[str, Floats]:
    """Return AI beyond and among chance, (1 + M) × R: all tables against the same draws."""
    times = len(sigma)
    many = [np.tile(vector, (times, 1)) for vector in (strategy, organisations)]
    found = chance_correction(many[0], sigma.reshape(-1, sigma.shape[-1]), many[1], seed=seed)
    return {
        "C-16-ADJ": found.adjusted.reshape(times, -1),
        "C-16-PCT": found.percentile.reshape(times, -1),
    }


def _sets(strategy: Floats, strong: Floats, organisations: Floats) -> dict[str, Floats]:
    """Return Jaccard similarities, (1 + M) × R; NaN where one of the sets is not known."""
    found = set_alignment(strategy, strong, organisations)
    gone = np.isnan(strategy).any(axis=-1) | np.isnan(strong).any(axis=-1)
    parts = {"C-16-J": found.all_three}
    for i, name in enumerate(("SE", "EO", "SO")):
        parts[f"C-16-J-{name}"] = found.pairs[..., i]
    return {name: np.where(gone, np.nan, part) for name, part in parts.items()}


def _covered(economy: Strengths, strong: Floats, organisations: Floats) -> dict[str, Floats]:
    """Return the coverage of strengths, (1 + M) × R, by number and by quality (C-09)."""
    jobs = np.concatenate([economy.employment[None], economy.drawn_employment])
    by = {"C-09": (organisations > 0).astype(float), "C-09-Q": np.minimum(organisations, 1.0)}
    return {name: _coverage(jobs, strong, cover) for name, cover in by.items()}


def coverage(economy: Strengths, organisations: Floats, threshold: float) -> Floats:
    """Return C-09-Q: the share of employment in strengths covered, by Σ a G Q up to 1."""
    value = economy.quotients.value
    strong = np.where(np.isnan(value), np.nan, value >= threshold)
    return _coverage(economy.employment, strong, np.minimum(organisations, 1.0))


def _coverage(employment: Floats, strong: Floats, covered_by: Floats) -> Floats:
    """Return the share of employment in strong domains that is covered (C-09), … × R.

    Args:
        employment: Persons, … × R × K.
        strong: … × R × K, 1 where the domain is a strength.
        covered_by: cov, R × K: 1 with an organisation, or min(1, Σ a G Q) by quality (C-09-Q).
    """
    jobs = np.where(strong > 0, employment, 0.0)
    covered = divide((jobs * covered_by).sum(axis=-1), jobs.sum(axis=-1))
    return np.where(np.isnan(strong).any(axis=-1), np.nan, covered)


def _with_neighbours(strategy: Floats, adjacent: NDArray[np.bool_] | None) -> Floats:
    """Return Σ_q w_rq cos(π_r, π_q) over neighbours that have a strategy, each the same (C-18)."""
    if adjacent is None:
        return np.full(len(strategy), np.nan)
    length = unit(strategy)
    known = ~np.isnan(length).any(axis=1)
    alike = np.minimum(np.nan_to_num(length) @ np.nan_to_num(length).T, 1.0)
    weight = (adjacent & known).astype(float)
    mean = divide((weight * alike).sum(axis=1), weight.sum(axis=1))
    return np.where(known, mean, np.nan)


def _complementarity(weight: Floats, strong: Floats, adjacent: NDArray[np.bool_] | None) -> Floats:
    """Return Σ π_rk over domains where a neighbour is strong and the region is not (C-19)."""
    if adjacent is None:
        return np.full(len(weight), np.nan)
    beside = adjacent.astype(float) @ np.nan_to_num(strong) > 0
    found = (weight * (strong == 0) * beside).sum(axis=1)
    return np.where(adjacent.any(axis=1) & ~np.isnan(strong).any(axis=1), found, np.nan)


def _lacking(needs: tuple[int, ...], strategy: Floats, found: Alignment) -> NDArray[np.object_]:
    """Return which of the vectors a region lacks; empty where it has them all."""
    reason = np.full(len(strategy), "", object)
    zero = (
        "its strategy names no domain",
        "no domain is above the average of the universe",
        "no organisation of a register is placed in it with a domain",
    )
    for k in sorted(needs, reverse=True):
        reason[found.zero[:, k]] = zero[k]
    if _ECONOMY in needs:
        reason[found.unknown[:, _ECONOMY]] = "too much of its employment is not published"
    if _STRATEGY in needs:
        reason[np.isnan(strategy).any(axis=1)] = "no register has its strategy"
    return reason


def _reason(
    told: Declared, value: Floats, strategy: Floats, found: Alignment
) -> NDArray[np.object_]:
    """Return why an indicator has no value; empty where it has one."""
    reason = _lacking(told.needs, strategy, found)
    reason[reason == ""] = told.otherwise
    reason[np.isfinite(value)] = ""
    return reason


def weakest_link(found: Alignment) -> list[str]:
    """Return the weakest pair of each region by name; empty where there is none."""
    return [PAIRS[i] if i >= 0 else "" for i in found.weakest]
