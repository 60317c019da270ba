"""Ranks with ties, and how far measurement noise could move them.

Arrays in, arrays out; the noise of each value is given by the caller.
"""

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
Ranks = NDArray[np.int64]

DIGITS = 11
"""Significant digits that tell values apart; what is equal in exact arithmetic differs in the
sixteenth or so, depending on the order of a sum."""


def settled(values: Values) -> Values:
    """Return values without the digits that come from rounding in floating point."""
    size = np.abs(values)
    with np.errstate(divide="ignore"):
        place = np.where(size > 0, np.floor(np.log10(size)), 0.0)
    place = np.clip(place, -280, 300)  # beyond that a power of ten is no number
    scale = 10.0 ** (DIGITS - 1 - place)
    return np.asarray(np.rint(values * scale) / scale, float)


def rank(values: Values, *, reverse: bool = False) -> Ranks:
    """Rank values, 1 for the best; equal values share the better rank (1, 2, 2, 4).

    Args:
        values: Axis (regions); every one present.
        reverse: Whether the smallest value is the best.

    Raises:
        ValueError: A value is missing; a missing value has no rank.
    """
    if np.isnan(values).any():
        raise ValueError("a missing value has no rank")
    key = settled(values) if reverse else -settled(values)
    return np.searchsorted(np.sort(key), key, side="left").astype(np.int64) + 1


def positions(values: Values, *, ties: Literal["lowest", "average"] = "lowest") -> Values:
    """Rank every column from the smallest value, 1, upwards; a missing value has no rank.

    Args:
        values: Axes (..., units, columns); NaN is missing. What differs less than
            :data:`DIGITS` digits ties.
        ties: Whether values that tie share the lowest or the average of their places.

    Returns:
        Ranks with the same axes, NaN where the value is missing.
    """
    key = settled(values)
    order = np.argsort(key, axis=-2)
    ordered = np.take_along_axis(key, order, axis=-2)
    size = key.shape[-2]
    place = np.arange(1.0, size + 1)[:, None]
    starts = np.ones(key.shape, bool)
    starts[..., 1:, :] = ordered[..., 1:, :] != ordered[..., :-1, :]
    shared = np.maximum.accumulate(np.where(starts, place, 0.0), axis=-2)
    if ties == "average":
        ends = np.ones(key.shape, bool)
        ends[..., :-1, :] = starts[..., 1:, :]
        last = np.where(ends, place, np.inf)[..., ::-1, :]
        shared = (shared + np.minimum.accumulate(last, axis=-2)[..., ::-1, :]) / 2
    out = np.empty(key.shape)
    np.put_along_axis(out, order, shared, axis=-2)
    out[np.isnan(key)] = np.nan
    return out


def interval_of_rank(
    values: Values,
    sd: Values,
    *,
    draws: int,
    percentiles: tuple[float, float],
    rng: np.random.Generator,
    reverse: bool = False,
) -> tuple[Ranks, Ranks]:
    """Bound each rank by simulating measurement noise (methodology 8, step 6).

    Every draw adds independent normal noise to all values and ranks them again. The bounds are
    percentiles of a region's ranks over the draws, rounded outwards, and always include the
    rank of the values themselves.

    Args:
        values: Axis (regions); every one present.
        sd: Standard deviation of the noise, same axis and unit.
        draws: Number of draws.
        percentiles: Lower and upper percentile, for example (5, 95).
        rng: Random generator.
        reverse: Whether the smallest value is the best.

    Returns:
        Lower and upper bound, axis (regions).
    """
    here = rank(values, reverse=reverse)
    sign = 1.0 if reverse else -1.0
    noise = rng.standard_normal((draws, values.size), dtype=np.float32)
    # Single precision orders values that differ by 1e-7 of their size as ties: far below noise.
    key = (sign * values).astype(np.float32) + noise * sd.astype(np.float32)
    order = np.argsort(key, axis=1)
    simulated = np.empty((draws, values.size), np.int32)
    np.put_along_axis(
        simulated, order, np.arange(1, values.size + 1, dtype=np.int32)[None, :], axis=1
    )
    simulated.sort(axis=0)
    low = simulated[int(np.floor((draws - 1) * percentiles[0] / 100))]
    high = simulated[int(np.ceil((draws - 1) * percentiles[1] / 100))]
    # Equal values share their rank, so they share its bounds: the widest of theirs.
    _, group = np.unique(settled(values), return_inverse=True)
    lowest, highest = np.full(values.size, values.size), np.ones(values.size, np.int64)
    np.minimum.at(lowest, group, np.minimum(low, here))
    np.maximum.at(highest, group, np.maximum(high, here))
    return lowest[group], highest[group]


BADGES: Final = ("A", "B", "C")
"""Robustness of a rank, the best first."""
WIDTHS: Final = (0.10, 0.25)
"""Largest width of a rank's interval with badge A and B, as a share of all ranks (10)."""


def badges(low: ArrayLike, high: ArrayLike, compared: ArrayLike) -> NDArray[np.str_]:
    """Return how robust ranks are: A, B or C by the width of their intervals (methodology 10).

    A is an interval of at most a tenth of the ranks, B of at most a quarter, C any other.

    Args:
        low: Best rank of the 5 to 95 % interval, any axes; NaN where not ranked.
        high: Worst rank, same axes.
        compared: Number of ranks, same axes or one number.

    Returns:
        Letters, same axes; empty where not ranked.
    """
    width = (np.asarray(high, float) - np.asarray(low, float)) / np.asarray(compared, float)
    letter = np.array(BADGES)[np.searchsorted(np.array(WIDTHS) + 1e-9, np.nan_to_num(width))]
    return np.where(np.isnan(width), "", letter)
