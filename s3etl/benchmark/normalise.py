"""Normalisation: indicators of any unit and direction on one scale where more is better.

Arrays in, arrays out, axes (..., units, indicators), NaN where a value is missing. Each
function turns round the indicators of direction −1. What is compared with what (a year, all
years together) is the caller's choice of axes; a constant indicator has no place on a scale and
comes back missing.
"""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from s3etl.benchmark.ranks import positions

Values = NDArray[np.float64]
UNITS = -2


def spread(values: Values) -> tuple[Values, Values]:
    """Smallest and largest value of each indicator.

    Args:
        values: Axes (..., units, indicators).

    Returns:
        Both with axes (..., 1, indicators); NaN where an indicator has no value.
    """
    lowest, highest = (end(axis=UNITS, keepdims=True) for end in (values.min, values.max))
    if not np.isnan(lowest).any():
        return lowest, highest
    none = np.isnan(values)
    low = np.where(none, np.inf, values).min(axis=UNITS, keepdims=True)
    high = np.where(none, -np.inf, values).max(axis=UNITS, keepdims=True)
    empty = none.all(axis=UNITS, keepdims=True)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


FLAT = 1e-12
"""Share of the largest value below which a range comes from rounding."""


def constant(low: Values, high: Values) -> NDArray[np.bool_]:
    """Tell where the smallest and largest value of :func:`spread` are one but for rounding."""
    return np.asarray(high - low <= FLAT * np.maximum(np.abs(low), np.abs(high)))


def _ratio(above: Values, below: Values) -> Values:
    """Divide, giving a missing value where the denominator is zero or missing."""
    if (below != 0).all():
        return np.asarray(above / below)
    shape = np.broadcast_shapes(np.shape(above), np.shape(below))
    out: Values = np.full(shape, np.nan)
    np.divide(above, below, out=out, where=np.broadcast_to(below != 0, shape))
    return out


def min_max(
    values: Values, direction: ArrayLike = 1.0, *, low: float = 0.0, high: float = 100.0
) -> Values:
    """Map the worst value to ``low`` and the best to ``high``.

    Args:
        values: Axes (..., units, indicators).
        direction: +1 where more is better, −1 where less is, axis (indicators).
        low: Score of the worst.
        high: Score of the best.
    """
    x = values * np.asarray(direction, float)
    worst, best = spread(x)
    return _ratio(x - worst, best - worst) * (high - low) + low


def scaled(
    values: Values, direction: ArrayLike = 1.0, *, low: ArrayLike = 0.0, high: ArrayLike = 100.0
) -> Values:
    """Position between two fixed values times 100, not cut: 100 (x − low) / (high − low).

    Args:
        values: Axes (..., units, indicators).
        direction: +1 or −1, axis (indicators); a −1 indicator scores 100 at ``low``.
        low: Values that score 0, axis (indicators) or one for all.
        high: Values that score 100.
    """
    return goalposts(values, direction, low=low, high=high, cut=False)


def goalposts(
    values: Values,
    direction: ArrayLike = 1.0,
    *,
    low: ArrayLike,
    high: ArrayLike,
    top: float = 100.0,
    cut: bool = True,
) -> Values:
    """Position between fixed goalposts, so that scores compare over time (methodology 8, step 2).

    Args:
        values: Axes (..., units, indicators).
        direction: +1 or −1, axis (indicators); a −1 indicator scores ``top`` at ``low``.
        low: Lower goalposts in the unit of the indicator, axes (indicators) or broadcastable.
        high: Upper goalposts.
        top: Score at the better goalpost; the other one scores 0.
        cut: Whether scores end at the goalposts.
    """
    low, high = np.asarray(low, float), np.asarray(high, float)
    position = _ratio(values - low, high - low)
    if cut:
        position = np.clip(position, 0.0, 1.0)
    return np.where(np.asarray(direction) < 0, 1.0 - position, position) * top


def z_score(
    values: Values, direction: ArrayLike = 1.0, *, mean: float = 0.0, sd: float = 1.0
) -> Values:
    """Standardise to a mean and a standard deviation (that of a sample, n − 1).

    Args:
        values: Axes (..., units, indicators).
        direction: +1 or −1, axis (indicators).
        mean: Mean of the scores.
        sd: Their standard deviation.
    """
    x = values * np.asarray(direction, float)
    total, n = x.sum(axis=UNITS, keepdims=True), np.array(float(x.shape[UNITS]))
    gaps = bool(np.isnan(total).any())
    if gaps:
        there = np.isfinite(x)
        n = there.sum(axis=UNITS, keepdims=True).astype(float)
        total = np.where(there, x, 0.0).sum(axis=UNITS, keepdims=True)
    middle = _ratio(total, n)
    off = x - middle
    squares = off * off
    squares = (np.where(there, squares, 0.0) if gaps else squares).sum(axis=UNITS, keepdims=True)
    deviation = np.sqrt(_ratio(squares, np.maximum(n - 1.0, 0.0)))
    if (deviation < 1e-9 * np.abs(middle)).any():
        # The mean of equal values may miss them by a rounding.
        low, high = spread(x)
        deviation = np.where(constant(low, high), 0.0, deviation)
    off *= _ratio(np.full(deviation.shape, sd), deviation)
    off += mean
    return np.asarray(off)


def rank_score(
    values: Values,
    direction: ArrayLike = 1.0,
    *,
    ties: Literal["lowest", "average"] = "lowest",
) -> Values:
    """Rank from the worst, 1, upwards; what ties shares a place (``s3etl.benchmark.ranks``).

    Args:
        values: Axes (..., units, indicators).
        direction: +1 or −1, axis (indicators).
        ties: Whether ties share the lowest or the average of their places.
    """
    return positions(values * np.asarray(direction, float), ties=ties)


def borda(values: Values, direction: ArrayLike = 1.0) -> Values:
    """Borda score: how many units are worse.

    Args:
        values: Axes (..., units, indicators).
        direction: +1 or −1, axis (indicators).
    """
    return rank_score(values, direction) - 1.0


def percentile_rank(values: Values, direction: ArrayLike = 1.0) -> Values:
    """Share of the other units that are worse, 0 to 1.

    Args:
        values: Axes (..., units, indicators).
        direction: +1 or −1, axis (indicators).
    """
    others = np.isfinite(values).sum(axis=UNITS, keepdims=True) - 1.0
    return _ratio(borda(values, direction), others)


def distance_to_maximum(values: Values, direction: ArrayLike = 1.0) -> Values:
    """1 less the distance to the best value as a share of the range: 0 worst, 1 best.

    Args:
        values: Axes (..., units, indicators).
        direction: +1 or −1, axis (indicators).
    """
    return min_max(values, direction, low=0.0, high=1.0)


def distance_to_target(
    values: Values, direction: ArrayLike = 1.0, *, target: ArrayLike, cap: bool = False
) -> Values:
    """Position between the worst value (0) and a target (1).

    Args:
        values: Axes (..., units, indicators).
        direction: +1 or −1, axis (indicators).
        target: Targets in the unit of the indicators, axes (indicators) or broadcastable.
        cap: Whether a unit beyond the target scores 1.
    """
    sign = np.asarray(direction, float)
    x = values * sign
    worst, _ = spread(x)
    out = _ratio(x - worst, np.asarray(target, float) * sign - worst)
    return np.minimum(out, 1.0) if cap else out


def distance_to_reference(
    values: Values, direction: ArrayLike = 1.0, *, unit: int, cap: bool = False
) -> Values:
    """Position between the worst value (0) and the value of one unit (1).

    Args:
        values: Axes (..., units, indicators).
        direction: +1 or −1, axis (indicators).
        unit: Place of the unit of reference on the units axis.
        cap: Whether a better unit scores 1.
    """
    return distance_to_target(values, direction, target=values[..., [unit], :], cap=cap)


def fraction_of_maximum(values: Values, direction: ArrayLike = 1.0) -> Values:
    """Fraction of the best value: x / max, and min / x where less is better.

    Args:
        values: Axes (..., units, indicators); 0 or above where more is better, the largest above
            0, and all above 0 where less is.
        direction: +1 or −1, axis (indicators).

    Raises:
        ValueError: A value is below that, so that the fraction would say nothing.
    """
    less = np.asarray(direction) < 0
    if ((values < 0) | (less & (values == 0))).any():
        raise ValueError("a fraction of the maximum needs values above 0")
    low, high = spread(values)
    whole = np.where(less, low, values)
    return _ratio(whole, np.where(less, values, np.broadcast_to(high, values.shape)))


METHODS: Final[dict[str, Callable[..., Values]]] = {
    "min_max": min_max,
    "scaled": scaled,
    "z_score": z_score,
    "rank": rank_score,
    "borda": borda,
    "percentile_rank": percentile_rank,
    "distance_to_maximum": distance_to_maximum,
    "distance_to_target": distance_to_target,
    "distance_to_reference": distance_to_reference,
    "fraction_of_maximum": fraction_of_maximum,
    "goalposts": goalposts,
}
"""Methods by name."""
