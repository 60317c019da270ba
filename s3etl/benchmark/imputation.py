"""Imputation: what stands in for a missing value.

Arrays in, arrays out; functions over time have the axes (..., years, units, indicators), others
(..., units, indicators). A value that is there is never changed, and where nothing tells what
to put the gap stays.
"""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
YEARS, UNITS = -3, -2


def previous(values: Values, times: NDArray[np.int64], *, longest: int | None = None) -> Values:
    """Take the last value before the gap.

    Args:
        values: Axes (..., years, units, indicators).
        times: The years, rising, axis (years).
        longest: Age in years up to which a value is taken; any age if not given.
    """
    there = ~np.isnan(values)
    place = np.arange(len(times))[:, None, None]
    last = np.maximum.accumulate(np.where(there, place, -1), axis=YEARS)
    found = last >= 0
    if longest is not None:
        found &= times[:, None, None] - times[np.maximum(last, 0)] <= longest
    out = np.take_along_axis(values, np.maximum(last, 0), axis=YEARS)
    return np.where(found, out, np.nan)


def linear(values: Values, times: NDArray[np.int64], *, beyond: bool = False) -> Values:
    """Interpolate between the years before and after the gap.

    Args:
        values: Axes (..., years, units, indicators).
        times: The years, rising, axis (years).
        beyond: Whether the nearest value is taken before the first and after the last year
            that has one; else they stay missing.
    """
    there = ~np.isnan(values)
    count = len(times)
    place = np.arange(count)[:, None, None]
    before = np.maximum.accumulate(np.where(there, place, -1), axis=YEARS)
    after = np.where(there, place, count)
    after = np.flip(np.minimum.accumulate(np.flip(after, YEARS), axis=YEARS), YEARS)
    left, right = np.maximum(before, 0), np.minimum(after, count - 1)
    a, b = np.take_along_axis(values, left, YEARS), np.take_along_axis(values, right, YEARS)
    t0, t1 = times[left].astype(float), times[right].astype(float)
    share = (times[:, None, None] - t0) / np.where(t1 > t0, t1 - t0, 1.0)
    out = np.where(there, values, a + share * (b - a))
    if beyond:
        return np.where(before < 0, b, np.where(after >= count, a, out))
    return np.where((before < 0) | (after >= count), np.nan, out)


def middle(values: Values, *, median: bool = False) -> Values:
    """Mean or median of each indicator over the units that have it.

    Args:
        values: Axes (..., units, indicators).
        median: Whether the median is taken.

    Returns:
        Axes (..., 1, indicators), NaN where no unit has a value.
    """
    count = np.isfinite(values).sum(axis=UNITS, keepdims=True)
    if not median:
        out = np.full(count.shape, np.nan)
        np.divide(np.nansum(values, axis=UNITS, keepdims=True), count, out=out, where=count > 0)
        return out
    ordered = np.sort(values, axis=UNITS)  # what is missing comes last
    lower = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=UNITS)
    upper = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[UNITS] - 1), UNITS)
    return np.asarray((lower + upper) / 2)


def fill(
    values: Values, *, median: bool = False, groups: NDArray[np.int64] | None = None
) -> Values:
    """Fill gaps with the mean or median of the indicator, of all units or of each one's group.

    Args:
        values: Axes (..., units, indicators).
        median: Whether the median is taken.
        groups: Group of each unit, axis (units); a unit of group −1 keeps its gaps. A group
            without a value keeps them, too.
    """
    if groups is None:
        return np.where(np.isnan(values), middle(values, median=median), values)
    out = values.copy()
    for group in np.unique(groups[groups >= 0]):
        mine = groups == group
        its = values[..., mine, :]
        out[..., mine, :] = np.where(np.isnan(its), middle(its, median=median), its)
    return out


def model_draws(
    values: Values, rng: np.random.Generator, *, draws: int = 1, rounds: int = 50
) -> Values:
    """Draw what is missing from a normal model of all indicators, given what a unit has.

    Mean and covariance are fitted by expectation–maximisation (Little and Rubin 2019, ch. 11)
    on standardised indicators, with a ridge of 1/n on the diagonal, so that more indicators
    than units do no harm; each gap is then drawn from its conditional distribution.

    Args:
        values: Axes (units, indicators).
        rng: Random generator.
        draws: Number of filled tables.
        rounds: Most rounds of the fit; it ends once no mean or covariance moves by more than
            1e-4.

    Returns:
        Axes (draws, units, indicators); an indicator or a unit without any value stays missing.
    """
    there = np.isfinite(values)
    units, known = np.ix_(there.any(axis=1), there.any(axis=0))
    x = values[units, known]
    if not x.size:
        return np.repeat(values[None], draws, axis=0)
    centre = middle(x)
    scale = np.sqrt(middle((x - centre) ** 2))
    scale = np.where(scale > 0, scale, 1.0)
    z = (x - centre) / scale
    gaps, which = np.unique(np.isnan(z), axis=0, return_inverse=True)
    patterns = [
        (np.flatnonzero(which.ravel() == number), gap)
        for number, gap in enumerate(gaps)
        if gap.any()
    ]
    mean, covariance = np.zeros(z.shape[1]), np.eye(z.shape[1])
    for _ in range(rounds):
        filled, extra = z.copy(), np.zeros_like(covariance)
        precision = _inverse(covariance)
        for rows, gap in patterns:
            expected, rest = _conditional(z[rows], gap, mean, precision)
            filled[np.ix_(rows, gap)] = expected
            extra[np.ix_(gap, gap)] += len(rows) * rest
        before, mean = (mean, covariance), filled.mean(axis=0)
        off = filled - mean
        covariance = (off.T @ off + extra + np.eye(len(mean))) / len(z)
        moved = max(
            np.abs(now - then).max(initial=0.0)
            for now, then in zip((mean, covariance), before, strict=True)
        )
        if moved < 1e-4:
            break
    out = np.full((draws, *values.shape), np.nan)
    drawn = np.repeat(z[None], draws, axis=0)
    precision = _inverse(covariance)
    for rows, gap in patterns:
        expected, rest = _conditional(z[rows], gap, mean, precision)
        root = np.linalg.cholesky(rest + 1e-12 * np.eye(len(rest)))
        noise = rng.standard_normal((draws, len(rows), len(rest))) @ root.T
        drawn[np.ix_(np.arange(draws), rows, np.flatnonzero(gap))] = expected + noise
    out[:, units, known] = np.where(np.isnan(x), drawn * scale + centre, x)
    return out


def _conditional(
    rows: Values, gap: NDArray[np.bool_], mean: Values, precision: Values
) -> tuple[Values, Values]:
    """Conditional mean of the gaps of rows with one pattern, and their covariance."""
    rest = _inverse(precision[np.ix_(gap, gap)])
    slope = precision[np.ix_(~gap, gap)] @ rest
    return mean[gap] - (rows[:, ~gap] - mean[~gap]) @ slope, rest


def _inverse(matrix: Values) -> Values:
    return np.asarray(np.linalg.inv(matrix), np.float64)
