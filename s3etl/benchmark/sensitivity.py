"""Sobol effects: how much of the variance of a result each uncertain choice is behind.

Arrays in, arrays out: outputs of two independent designs A and B, and of A with one factor taken
from B. What a factor is and how an output is computed is the caller's.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


class Effects(NamedTuple):
    """Shares of the variance; NaN where an output does not vary at all.

    Attributes:
        first: First-order effect: what the factor explains by itself; axes (factors, ...).
        total: Total-order effect: what would be left if all other factors were known.
        variance: Variance of the output over A and B, axes (...).
    """

    first: Values
    total: Values
    variance: Values


class Intervals(NamedTuple):
    """Effects with bootstrap intervals; axes (factors, ...).

    Attributes:
        effects: The estimates.
        first_low: Lower bound of the first-order effect.
        first_high: Upper bound.
        total_low: Lower bound of the total-order effect.
        total_high: Upper bound.
    """

    effects: Effects
    first_low: Values
    first_high: Values
    total_low: Values
    total_high: Values


def effects(a: Values, b: Values, mixed: Values, *, centred: bool = True) -> Effects:
    """Estimate first- and total-order effects (Saltelli et al. 2010, table 2: (b) and (f)).

    First order: Σ y_B (y_AB − y_A) / n, total order (Jansen): Σ (y_A − y_AB)² / 2n, both over
    the variance of A and B together (n − 1).

    Args:
        a: Output of design A, axes (runs, ...).
        b: Output of design B.
        mixed: Output of A with one factor from B, axes (factors, runs, ...).
        centred: Whether the mean of A and B is taken off first. Without it the first-order
            estimate moves when a constant is added to the output, and its error grows with the
            square of the mean over the standard deviation: it may pass the total effect.

    Raises:
        ValueError: The axes do not fit, or there are fewer than two runs.
    """
    if a.shape != b.shape or mixed.shape[1:] != a.shape or len(a) < 2:
        raise ValueError("effects need outputs of A, B and of A with each factor from B, 2 runs")
    even = np.ones((1, len(a)))
    first, total, variance = _weighted(_Products.of(a, b, mixed, centred=centred), even)
    return Effects(first[0], total[0], variance[0])


def bootstrap(
    a: Values,
    b: Values,
    mixed: Values,
    *,
    draws: int,
    rng: np.random.Generator,
    percentiles: tuple[float, float] = (5.0, 95.0),
) -> Intervals:
    """Estimate effects and bound them by resampling runs, with replacement.

    Args:
        a: Output of design A, axes (runs, ...).
        b: Output of design B.
        mixed: Output of A with one factor from B, axes (factors, runs, ...).
        draws: Number of resamples.
        rng: Random generator.
        percentiles: Percentiles of the resampled effects that bound them.
    """
    runs = len(a)
    times = rng.multinomial(runs, np.full(runs, 1.0 / runs), size=draws).astype(float)
    first, total, _ = _weighted(_Products.of(a, b, mixed, centred=True), times)
    bounds = [percentiles_of(each, percentiles) for each in (first, total)]
    (first_low, first_high), (total_low, total_high) = bounds
    return Intervals(effects(a, b, mixed), first_low, first_high, total_low, total_high)


def percentiles_of(values: NDArray[np.floating[Any]], which: Sequence[float]) -> Values:
    """Percentiles over the first axis of what is not missing, interpolated.

    Args:
        values: Axes (runs, ...).
        which: Percentiles, 0 to 100.

    Returns:
        Axes (percentiles, ...); NaN where all are missing.
    """
    ordered = np.sort(values, axis=0)  # what is missing comes last
    count = np.isfinite(values).sum(axis=0)
    share = np.asarray(which, float).reshape(-1, *(1,) * (values.ndim - 1)) / 100
    place = share * (np.maximum(count, 1) - 1)
    lower = np.floor(place).astype(np.int64)
    low = np.take_along_axis(ordered, lower, axis=0).astype(float)
    high = np.take_along_axis(ordered, np.ceil(place).astype(np.int64), axis=0)
    return np.asarray(low + (place - lower) * (high - low))


class _Products(NamedTuple):
    """What the estimators average over runs, axes (runs, columns), and which columns vary."""

    first: Values
    total: Values
    sums: Values
    squares: Values
    varies: NDArray[np.bool_]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, a: Values, b: Values, mixed: Values, *, centred: bool) -> "_Products":
        runs = len(a)
        # Squares of the variance do not cancel around the mean, whatever the estimator wants.
        middle = (a.mean(axis=0) + b.mean(axis=0)) / 2
        lead = b - middle if centred else b
        first = np.moveaxis(lead * (mixed - a), 0, 1).reshape(runs, -1)
        total = np.moveaxis((a - mixed) ** 2, 0, 1).reshape(runs, -1)
        x, y = (a - middle).reshape(runs, -1), (b - middle).reshape(runs, -1)
        varies = ((a != a[0]) | (b != a[0])).any(axis=0).ravel()
        return cls(first, total, x + y, x**2 + y**2, varies, (len(mixed), *a.shape[1:]))


def _weighted(products: _Products, times: Values) -> Effects:
    """Effects with each run counted so many times; axes (draws, factors, ...)."""
    draws, runs = times.shape
    shape = products.shape
    mean = times @ products.sums / (2 * runs)
    variance = (times @ products.squares - 2 * runs * mean**2) / (2 * runs - 1)
    # An output that is constant (in all runs, or in those resampled) has no effects to share.
    least = 1e-12 * products.squares.sum(axis=0) / (2 * runs)
    variance = np.where(products.varies & (variance > least), variance, np.nan)
    variance = variance.reshape(draws, 1, *shape[1:])
    first = (times @ products.first).reshape(draws, *shape) / runs / variance
    total = (times @ products.total).reshape(draws, *shape) / (2 * runs) / variance
    return Effects(first, total, np.nan_to_num(variance[:, 0]))
