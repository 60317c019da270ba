"""Do regions grow alike: β and σ convergence, rank mobility, the trend of each region's gap.

Arrays in, arrays out; which years and regions are compared is decided by the caller.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from s3etl.benchmark.ranks import settled

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Beta(NamedTuple):
    """β convergence over a period.

    Attributes:
        slope: b of (1/T) ln(y_T / y_0) = a − b ln y_0; above 0 those behind grow faster.
        low: Lower bound of b.
        high: Upper bound.
        speed: −ln(1 − bT) / T, per year; NaN where bT ≥ 1, beyond what the model can say.
        half_life: ln 2 / speed, years until half of a gap is closed; NaN without convergence.
        regions: Regions with a positive value in both years.
    """

    slope: float
    low: float
    high: float
    speed: float
    half_life: float
    regions: int


class Trend(NamedTuple):
    """Straight lines through the values of each region, R each.

    Attributes:
        slope: Change a year.
        low: Lower bound.
        high: Upper bound.
        years: Years with a value.
    """

    slope: Floats
    low: Floats
    high: Floats
    years: NDArray[np.int64]


def beta(first: ArrayLike, last: ArrayLike, years: float, *, interval: float = 0.9) -> Beta:
    """Regress growth on the logarithm of where regions started (Barro and Sala-i-Martin 1992).

    Args:
        first: R, y_0; regions without a positive value in both years are left out.
        last: R, y_T.
        years: T.
        interval: Share the bounds cover, by Student's t.

    Returns:
        NaN throughout where fewer than three regions, or no difference between them, are left.
    """
    start, end = np.asarray(first, float), np.asarray(last, float)
    there = (start > 0) & (end > 0) & np.isfinite(start) & np.isfinite(end)
    x, growth = np.log(start[there]), np.log(end[there] / start[there]) / years
    line = trend(growth[:, None], x, interval=interval, fewest=3)
    b = -float(line.slope[0])
    speed = -np.log1p(-b * years) / years if b * years < 1 else np.nan
    half = float(np.log(2) / speed) if speed > 0 else np.nan
    return Beta(b, -float(line.high[0]), -float(line.low[0]), float(speed), half, int(there.sum()))


def sigma(values: Floats, weights: Floats | None = None) -> Floats:
    """Return the standard deviation of ln y in each year, weighted by population.

    Args:
        values: Y × R; regions without a positive value in a year are left out of it.
        weights: Y × R, population; a region without one is left out. Equal if not given.

    Returns:
        Y; NaN where fewer than two regions are left. The deviation is that of the population
        of regions (divided by the sum of weights).
    """
    weight = np.ones_like(values) if weights is None else weights
    there = (values > 0) & np.isfinite(values) & (weight > 0)
    weight = np.where(there, weight, 0.0)
    logs = np.log(values, out=np.zeros_like(values), where=there)
    total = weight.sum(axis=1)
    enough = there.sum(axis=1) >= 2
    total = np.where(enough, total, np.nan)
    mean = (weight * logs).sum(axis=1) / total
    return np.asarray(np.sqrt((weight * (logs - mean[:, None]) ** 2).sum(axis=1) / total))


def rank_mobility(first: ArrayLike, last: ArrayLike) -> float:
    """Return 1 − Kendall's τ: 0 where no two regions changed places, 2 where all did.

    τ is τ-b, which allows for ties.

    Args:
        first: R; regions without both values are left out.
        last: R.

    Returns:
        NaN with fewer than two regions, or where all values of a year are the same.
    """
    start, end = np.asarray(first, float), np.asarray(last, float)
    there = np.isfinite(start) & np.isfinite(end)
    signs = [np.sign(x[:, None] - x) for x in (settled(start[there]), settled(end[there]))]
    moved = [np.abs(sign).sum() for sign in signs]  # pairs that are not tied, each twice
    if min(moved) == 0:
        return float("nan")
    return float(1 - (signs[0] * signs[1]).sum() / np.sqrt(moved[0] * moved[1]))


def trend(values: Floats, years: ArrayLike, *, interval: float = 0.9, fewest: int = 3) -> Trend:
    """Fit a straight line to each column by least squares, with bounds by Student's t.

    Args:
        values: Y × R, for example gaps; what is missing is left out.
        years: Y, when.
        interval: Share the bounds cover.
        fewest: Values a line needs; at least three, or there are no bounds.

    Returns:
        NaN where there are too few values, or all are of one year.
    """
    from scipy.special import stdtrit  # noqa: PLC0415  (scipy only where it is needed)

    there: Bools = np.isfinite(values)
    count = there.sum(axis=0)
    n = np.where(count >= max(fewest, 3), count, np.nan)
    when = np.where(there, np.asarray(years, float)[:, None], 0.0)
    y = np.where(there, values, 0.0)
    x = np.where(there, when - when.sum(axis=0) / n, 0.0)
    y = np.where(there, y - y.sum(axis=0) / n, 0.0)
    spread = (x**2).sum(axis=0)
    spread = np.where(spread > 0, spread, np.nan)
    slope = (x * y).sum(axis=0) / spread
    rest = ((y - slope * x) ** 2).sum(axis=0)
    reach = stdtrit(n - 2, (1 + interval) / 2) * np.sqrt(rest / (n - 2) / spread)
    return Trend(slope, slope - reach, slope + reach, count)
