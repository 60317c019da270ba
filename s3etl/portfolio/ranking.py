"""Intervals and ranks of the portfolio's indicators, over filled draws and measurement noise.

Values are given; how they are made is in :mod:`s3etl.portfolio.indicators`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s3etl.benchmark.ranks import rank, settled
from s3etl.portfolio.cells import Bools, Floats
from s3etl.portfolio.indicators import Declared, Values
from s3etl.portfolio.method import PortfolioMethod
from s3etl.portfolio.rounding import rounded, spread_of


@dataclass(frozen=True)
class Ranked:
    """One indicator with its doubt; R regions.

    Attributes:
        low: R, lower bound of the value.
        high: R, upper bound.
        compared: R, whether the region is ranked.
        rank: R, 1 for the best; 0 where not ranked.
        rank_low: R, best rank of the interval.
        rank_high: R, worst.
    """

    low: Floats
    high: Floats
    compared: Bools
    rank: NDArray[np.int64]
    rank_low: NDArray[np.int64]
    rank_high: NDArray[np.int64]


def ranked(
    values: Values, declared: Declared, rankable: Bools, method: PortfolioMethod, seed: int
) -> Ranked:
    """Bound and rank an indicator (methodology 3.2-5, 8.6).

    Each run takes one of the filled draws and adds normal noise: relative by ``noise_cv``, or
    of the indicator's own size. Values are bounded by percentiles of their runs, and so are
    ranks; the bounds always include what they bound. Equal values share rank and bounds.

    The rank is that of the figure as it is published: by its unrounded value a region's place
    among others would tell the digits that are held back (methodology 3.2-6).

    Args:
        values: The indicator.
        declared: What it is; context is not ranked.
        rankable: R, whether a region may be ranked at all.
        method: Noise, number of runs, percentiles.
        seed: Of this indicator, beside the method's.
    """
    known = np.isfinite(values.value)
    regions = len(values.value)
    runs, draws = method.rank_draws, len(values.drawn)
    rng = np.random.default_rng([method.seed, seed])
    chosen = values.drawn[np.arange(runs) % draws]
    spread = np.abs(chosen) * method.noise_cv if declared.noise_sd is None else declared.noise_sd
    simulated = chosen + rng.standard_normal(chosen.shape) * spread
    low, high = np.full(regions, np.nan), np.full(regions, np.nan)
    bounds = np.percentile(simulated[:, known], method.interval, axis=0)
    low[known] = np.minimum(bounds[0], values.value[known])
    high[known] = np.maximum(bounds[1], values.value[known])
    compared = known & rankable & (declared.direction == "+") & (not declared.not_ranked)
    places = np.zeros((3, regions), np.int64)
    if compared.any():
        published = rounded(values.value, spread_of(values, declared))
        places[:, compared] = _places(published[compared], simulated[:, compared], method)
    return Ranked(low, high, compared, *places)


def _places(value: Floats, simulated: Floats, method: PortfolioMethod) -> NDArray[np.int64]:
    """Return rank, lower and upper bound of each region, 3 × R."""
    here = rank(value)
    order = np.argsort(-simulated, axis=1, kind="stable")
    places = np.empty(order.shape, np.int64)
    np.put_along_axis(places, order, np.arange(1, len(value) + 1)[None], axis=1)
    low, high = np.percentile(places, method.interval, axis=0)
    best = np.minimum(np.floor(low).astype(np.int64), here)
    worst = np.maximum(np.ceil(high).astype(np.int64), here)
    _, group = np.unique(settled(value), return_inverse=True)
    lowest, highest = np.full(len(value), len(value)), np.ones(len(value), np.int64)
    np.minimum.at(lowest, group, best)
    np.maximum.at(highest, group, worst)
    return np.stack([here, lowest[group], highest[group]])
