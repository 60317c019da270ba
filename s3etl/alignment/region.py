"""Strategy, economy and organisations of regions side by side (C-07 to C-20, methodology 4.2).

Vectors in, figures out; where they come from is known in the pipeline.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from s3etl.alignment.cells import CellMap, cell_map
from s3etl.alignment.chance import Corrected, chance_correction
from s3etl.alignment.index import (
    PAIRS,
    Alignment,
    SetAlignment,
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
    """What an indicator is: title, unit, direction."""

    title: str
    unit: str
    direction: str


INDICATORS: Final = {
    "B-12": Declared("Mean relatedness density of S3 priorities", "per cent", "+"),
    "C-09": Declared("Coverage of strengths", "share of employment in strengths", "+"),
    "C-09-Q": Declared(
        "Coverage of strengths, by quality of labels", "share of employment in strengths", "+"
    ),
    "C-10": Declared("Overlap: organisations per covered domain", "organisations", "ctx"),
    "C-12": Declared("Priority with organisation", "share of priorities", "+"),
    "C-13": Declared("Priority with strength", "share of priorities", "+"),
    "C-14": Declared("Supported-strength share", "share of priorities", "+"),
    "C-15": Declared("Focus: effective number of priorities", "domains", "ctx"),
    "C-16": Declared("Alignment index", "0 to 1", "+"),
    "C-16-SE": Declared("Alignment of strategy and economy", "cosine", "+"),
    "C-16-EO": Declared("Alignment of economy and organisations", "cosine", "+"),
    "C-16-SO": Declared("Alignment of strategy and organisations", "cosine", "+"),
    "C-16-ADJ": Declared("Alignment index beyond chance", "0 is luck", "+"),
    "C-17": Declared("Alignment with the national strategy", "cosine", "ctx"),
    "C-18": Declared("Alignment with neighbours", "cosine", "ctx"),
    "C-19": Declared("Complementarity of neighbours", "share of priorities", "+"),
    "C-20": Declared("Distinctiveness", "1 less cosine", "ctx"),
}
"""Indicators by their number in methodology 4.2; parts of C-16 have letters of their own."""


@dataclass(frozen=True)
class Aligned:
    """Alignment of R regions over K domains.

    Attributes:
        values: R by indicator; NaN where there is none.
        low: R by indicator, lower bound over the draws of the economy; of those it moves.
        high: R by indicator, upper bound.
        reason: R, why there is no alignment; empty where there is one.
        alignment: Pairs and weakest link.
        sets: Jaccard similarities.
        corrected: AI beyond chance.
        cells: The eight cells.
    """

    values: dict[str, Floats]
    low: dict[str, Floats]
    high: dict[str, Floats]
    reason: NDArray[np.object_]
    alignment: Alignment
    sets: SetAlignment
    corrected: Corrected
    cells: CellMap


def align(
    strategy: Floats,
    economy: Strengths,
    organisations: Floats,
    counts: Floats,
    national: Floats,
    *,
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
        adjacent: R × R, which regions are neighbours; without it nothing is told of them.
        threshold: LQ* from which a domain is a strength.
        sure: Probability a strength needs.
        interval: Percentiles of the bounds.
        seed: Seed of the chance correction.
    """
    sigma = economy.vector
    every = alignment_index(strategy, sigma, organisations)
    here = alignment_index(strategy, sigma[0], organisations)
    corrected = chance_correction(strategy, sigma[0], organisations, seed=seed)
    quotient = np.concatenate([economy.quotients.value[None], economy.drawn])
    strong = np.where(np.isnan(quotient), np.nan, quotient >= threshold)
    covered = np.where(np.isnan(strategy), np.nan, organisations > 0)
    weight = np.where(np.isnan(strategy), np.nan, strategy)
    drawn = {
        "C-13": (weight * strong).sum(axis=-1),
        "C-14": (weight * strong * covered).sum(axis=-1),
        "C-16": every.index,
        "C-16-SE": every.pairs[..., 0],
        "C-16-EO": every.pairs[..., 1],
    }
    there = ~np.isnan(weight).any(axis=1)
    mean = weight[there].mean(axis=0) if there.any() else np.full(weight.shape[1], np.nan)
    values = {name: found[0] for name, found in drawn.items()} | {
        "B-12": (weight * economy.density).sum(axis=-1),
        "C-09": _coverage(economy, strong[0], (organisations > 0).astype(float)),
        "C-09-Q": _coverage(economy, strong[0], np.minimum(organisations, 1.0)),
        "C-10": divide(counts.sum(axis=1), (counts > 0).sum(axis=1)),
        "C-12": (weight * covered).sum(axis=-1),
        "C-15": effective_priorities(strategy),
        "C-16-SO": here.pairs[..., 2],
        "C-16-ADJ": corrected.adjusted,
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
        _reasons(strategy, here),
        here,
        set_alignment(strategy, np.where(strong[0] > 0, economy.quotients.value, 0), organisations),
        corrected,
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


def coverage(economy: Strengths, organisations: Floats, threshold: float) -> Floats:
    """Return C-09-Q: the share of employment in strengths covered, by Σ a G Q up to 1."""
    value = economy.quotients.value
    strong = np.where(np.isnan(value), np.nan, value >= threshold)
    return _coverage(economy, strong, np.minimum(organisations, 1.0))


def _coverage(economy: Strengths, strong: Floats, covered_by: Floats) -> Floats:
    """Return the share of employment in strong domains that is covered (C-09).

    Args:
        economy: Employment of domains.
        strong: R × K, 1 where the domain is a strength.
        covered_by: cov, R × K: 1 with an organisation, or min(1, Σ a G Q) by quality (C-09-Q).
    """
    jobs = np.where(strong > 0, economy.employment, 0.0)
    covered = divide((jobs * covered_by).sum(axis=1), jobs.sum(axis=1))
    return np.where(np.isnan(strong).any(axis=1), np.nan, covered)


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


def _reasons(strategy: Floats, found: Alignment) -> NDArray[np.object_]:
    reason = np.full(len(strategy), "", object)
    told = (
        "its strategy names no domain",
        "no domain is above the average of the universe",
        "no organisation of a register is placed in it with a domain",
    )
    for k in (2, 1, 0):
        reason[found.zero[:, k]] = told[k]
    reason[found.unknown[:, 1]] = "too much of its employment is not published"
    reason[np.isnan(strategy).any(axis=1)] = "no register has its strategy"
    return reason


def weakest_link(found: Alignment) -> list[str]:
    """Return the weakest pair of each region by name; empty where there is none."""
    return [PAIRS[i] if i >= 0 else "" for i in found.weakest]
