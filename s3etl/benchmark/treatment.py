"""Outliers: skewness and kurtosis, winsorising, and the transformations used instead.

Arrays in, arrays out, axes (..., units, indicators), NaN where a value is missing; which
indicators are treated and with which limits is decided by the caller.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from s3etl.benchmark.normalise import spread

Values = NDArray[np.float64]
Marks = NDArray[np.bool_]
UNITS = -2


class Treated(NamedTuple):
    """Values after a treatment, and what was done to them.

    Attributes:
        data: Values, axes (..., units, indicators).
        high: Points drawn in from above, same axes.
        low: Points drawn in from below, same axes.
        logged: Indicators transformed instead, axes (..., indicators).
    """

    data: Values
    high: Marks
    low: Marks
    logged: Marks


def moments(values: Values) -> tuple[Values, Values]:
    """Skewness and excess kurtosis of each indicator, corrected for the size of the sample.

    They are G1 and G2 of Joanes and Gill (1998), what spreadsheets call SKEW and KURT; NaN
    where fewer than three or four values, or no two different ones, make them meaningless.

    Args:
        values: Axes (..., units, indicators).

    Returns:
        Skewness and kurtosis, axes (..., indicators).
    """
    n = np.isfinite(values).sum(axis=UNITS).astype(float)
    mean = np.divide(np.nansum(values, axis=UNITS), n, out=np.full(n.shape, np.nan), where=n > 0)
    off = np.nan_to_num(values - mean[..., None, :])
    second, third, fourth = ((off**power).sum(axis=UNITS) for power in (2, 3, 4))
    # What differs by rounding only has no shape.
    size = np.nan_to_num(np.abs(values)).max(axis=UNITS, initial=0.0)
    flat = second <= n * (1e-12 * size) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = np.sqrt(n * (n - 1)) / (n - 2) * np.sqrt(n) * third / second**1.5
        ratio = n * fourth / second**2
        kurtosis = ((n + 1) * (ratio - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))
    return np.where(flat | (n < 3), np.nan, skew), np.where(flat | (n < 4), np.nan, kurtosis)


def skewed(values: Values, *, skew: float = 2.0, kurtosis: float = 3.5) -> Marks:
    """Tell which indicators need treatment: |skewness| and kurtosis both reach their limit.

    Args:
        values: Axes (..., units, indicators).
        skew: Limit of the absolute skewness (methodology 8, step 1).
        kurtosis: Limit of the excess kurtosis.
    """
    s, k = moments(values)
    return np.asarray((np.abs(s) >= skew) & (k >= kurtosis))


def winsorise(
    values: Values, *, most: int, skew: float = 2.0, kurtosis: float = 3.5
) -> tuple[Values, Marks, Marks]:
    """Draw outliers in, one after the other, until an indicator is no longer skewed.

    The most extreme points (those that tie move together) get the value next to them, on the
    side the skewness points to, until either limit is met or ``most`` points have moved; the
    last step may pass ``most`` where points tie.

    Args:
        values: Axes (..., units, indicators).
        most: Largest number of points that may move in an indicator.
        skew: Limit of the absolute skewness.
        kurtosis: Limit of the excess kurtosis.

    Returns:
        The values, the points drawn in from above and from below.
    """
    out = values.copy()
    high, low = np.zeros(values.shape, bool), np.zeros(values.shape, bool)
    while True:
        s, k = moments(out)
        moved = (high | low).sum(axis=UNITS)
        active = (np.abs(s) >= skew) & (k >= kurtosis) & (moved < most)
        if not active.any():
            return out, high, low
        upper, lower = active & (s >= 0), active & (s < 0)
        top = np.where(np.isnan(out), -np.inf, out).max(axis=UNITS, keepdims=True)
        bottom = np.where(np.isnan(out), np.inf, out).min(axis=UNITS, keepdims=True)
        up, down = upper[..., None, :] & (out == top), lower[..., None, :] & (out == bottom)
        under = np.where((out < top), out, -np.inf).max(axis=UNITS, keepdims=True)
        over = np.where((out > bottom), out, np.inf).min(axis=UNITS, keepdims=True)
        out = np.where(up, under, np.where(down, over, out))
        high = np.where(upper[..., None, :], up, high)
        low = np.where(lower[..., None, :], down, low)


def log_shifted(values: Values) -> Values:
    """Logarithm of values moved so that the smallest is a hundredth of the range.

    log(x − min + 0.01 (max − min)), the form of the JRC's COIN Tool: defined for any sign.

    Args:
        values: Axes (..., units, indicators).
    """
    low, high = spread(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        out = np.log(values - low + 0.01 * (high - low))
    return np.where(high > low, out, np.nan)


def box_cox(values: Values, power: float) -> Values:
    """Box–Cox transformation (Box and Cox 1964) of values moved so that the smallest is 1.

    Args:
        values: Axes (..., units, indicators).
        power: The exponent; 0 is the logarithm.
    """
    moved = values - spread(values)[0] + 1.0
    return np.log(moved) if power == 0 else (moved**power - 1.0) / power


def treat(values: Values, *, most: int, skew: float = 2.0, kurtosis: float = 3.5) -> Treated:
    """Winsorise what is skewed; where ``most`` points are not enough, take logarithms instead.

    Methodology 8, step 1. The logarithm is that of the values as they came.

    Args:
        values: Axes (..., units, indicators).
        most: Largest number of points that may move in an indicator; 0 takes logarithms of
            everything skewed.
        skew: Limit of the absolute skewness.
        kurtosis: Limit of the excess kurtosis.
    """
    out, high, low = winsorise(values, most=most, skew=skew, kurtosis=kurtosis)
    logged = skewed(out, skew=skew, kurtosis=kurtosis)
    turned = logged[..., None, :]
    return Treated(
        np.where(turned, log_shifted(values), out) if logged.any() else out,
        high & ~turned,
        low & ~turned,
        logged,
    )
