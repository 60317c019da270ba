"""Outliers: skewness and kurtosis, winsorising, and the transformations used instead.

Arrays in, arrays out, axes (..., units, indicators), NaN where a value is missing; which
indicators are treated and with which limits is decided by the caller.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from s3etl.benchmark.normalise import spread

Values = NDArray[np.float64]
Marks = NDArray[np.bool_]
Transform = Callable[[Values], Values]
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
    total = values.sum(axis=UNITS)
    if np.isnan(total).any():
        n = np.isfinite(values).sum(axis=UNITS).astype(float)
        total = np.nansum(values, axis=UNITS)
    else:
        n = np.full(total.shape, float(values.shape[UNITS]))
    mean = np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)
    off = values - mean[..., None, :]
    if np.isnan(total).any() or (n < values.shape[UNITS]).any():
        off = np.nan_to_num(off)
    # Products, as powers of negative numbers take a hundred times as long.
    off = np.swapaxes(off, -1, -2)
    square = off * off
    second, third, fourth = (
        np.asarray(np.vecdot(x, y)) for x, y in ((off, off), (off, square), (square, square))
    )
    # What differs by rounding only has no shape.
    flat = second <= n * (1e-12 * mean) ** 2
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
    return _outlying(*moments(values), skew, kurtosis)


def _outlying(s: Values, k: Values, skew: float, kurtosis: float) -> Marks:
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
    drawn = _treat(values, most, skew, kurtosis, None)
    return drawn.data, drawn.high, drawn.low


def _treat(
    values: Values, most: int, skew: float, kurtosis: float, instead: Transform | None
) -> Treated:
    s, k = moments(values)
    outlying = _outlying(s, k, skew, kurtosis)
    out = np.copy(values, order="K")
    high, low = np.zeros(values.shape, bool), np.zeros(values.shape, bool)
    logged = np.zeros(outlying.shape, bool)
    if outlying.any():
        # Only what is skewed is worked on, a row for each column.
        raw = np.moveaxis(values, UNITS, -1)[outlying]
        rows, up, down, still = _drawn_in(raw, s[outlying], most, skew, kurtosis)
        if instead is not None:
            rows[still] = instead(raw[still][..., None])[..., 0]
            up[still] = down[still] = False
            logged[outlying] = still
        for array, part in ((out, rows), (high, up), (low, down)):
            np.moveaxis(array, UNITS, -1)[outlying] = part
    return Treated(out, high, low, logged)


def _drawn_in(
    rows: Values, s: Values, most: int, skew: float, kurtosis: float
) -> tuple[Values, Marks, Marks, Marks]:
    """Winsorise skewed rows, axes (columns, units), and tell which still are skewed."""
    # A row winsorised is the row cut at its limits, which move inwards.
    floor, ceiling = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    still, gaps = np.ones(len(rows), bool), bool(np.isnan(rows).any())
    moved = np.zeros((2, len(rows)), np.int64)
    going, x = np.arange(len(rows) if most else 0), rows
    while going.size:
        upward = s >= 0
        y = x * np.where(upward, 1.0, -1.0)[:, None]
        if gaps:
            y[np.isnan(y)] = -np.inf
        outer = y == y.max(axis=1, keepdims=True)
        moved[upward.astype(int), going] = outer.sum(axis=1)
        y[outer] = -np.inf
        edge = y.max(axis=1)
        ceiling[going[upward]], floor[going[~upward]] = edge[upward], -edge[~upward]
        x = np.clip(rows[going], floor[going, None], ceiling[going, None])
        s, k = (moment[:, 0] for moment in moments(x[..., None]))
        still[going] = _outlying(s, k, skew, kurtosis)
        more = still[going] & (moved[:, going].sum(axis=0) < most)
        going, x, s = going[more], x[more], s[more]
    low, high = rows < floor[:, None], rows > ceiling[:, None]
    return np.clip(rows, floor[:, None], ceiling[:, None]), high, low, still


def log_shifted(values: Values, ends: tuple[Values, Values] | None = None) -> Values:
    """Logarithm of values moved so that the smallest is a hundredth of the range.

    log(x − min + 0.01 (max − min)), the form of the JRC's COIN Tool: defined for any sign.

    Args:
        values: Axes (..., units, indicators).
        ends: Smallest and largest value to reckon with; those of the values if not given.
    """
    low, high = spread(values) if ends is None else ends
    with np.errstate(divide="ignore", invalid="ignore"):
        out = np.log(values - low + 0.01 * (high - low))
    return np.where(high > low, out, np.nan)


def box_cox(values: Values, power: float, ends: tuple[Values, Values] | None = None) -> Values:
    """Box–Cox transformation (Box and Cox 1964) of values moved so that the smallest is 1.

    Args:
        values: Axes (..., units, indicators).
        power: The exponent; 0 is the logarithm, log(x − min + 1).
        ends: As for :func:`log_shifted`; the largest plays no part.
    """
    moved = values - (spread(values) if ends is None else ends)[0] + 1.0
    return np.log(moved) if power == 0 else (moved**power - 1.0) / power


def treat(
    values: Values,
    *,
    most: int,
    skew: float = 2.0,
    kurtosis: float = 3.5,
    instead: Transform = log_shifted,
) -> Treated:
    """Winsorise what is skewed; where ``most`` points are not enough, take logarithms instead.

    Methodology 8, step 1. The logarithm is that of the values as they came.

    Args:
        values: Axes (..., units, indicators).
        most: Largest number of points that may move in an indicator; 0 takes logarithms of
            everything skewed.
        skew: Limit of the absolute skewness.
        kurtosis: Limit of the excess kurtosis.
        instead: What is taken in place of the logarithm.
    """
    return _treat(values, most, skew, kurtosis, instead)
