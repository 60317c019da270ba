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

PLACES = 2**15
"""Places that fit in the bits of a number that :data:`DIGITS` digits do not need."""


NOTHING = 1e-14
"""Share of the largest value below which one is 0: what terms that cancel leave behind."""


def settled(values: Values, axis: int = -1) -> Values:
    """Return values without the digits that come from rounding in floating point.

    Args:
        values: Any axes; NaN is missing.
        axis: The axis along which values are compared.
    """
    size = np.abs(values)
    with np.errstate(divide="ignore"):
        place = np.floor(np.log10(size))
    place = np.clip(place, -280, 300)  # beyond that a power of ten is no number
    scale = 10.0 ** (DIGITS - 1 - place)
    out = np.asarray(np.rint(values * scale) / scale, float)
    if size.ndim and size.size:
        out *= size > NOTHING * np.fmax.reduce(size, axis=axis, keepdims=True)
    return out


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
    key = np.ascontiguousarray(np.moveaxis(settled(values, -2), -2, -1))
    missing = np.isnan(key)
    order, starts = _sorted(np.where(missing, np.inf, key) if missing.any() else key)
    size = key.shape[-1]
    place = np.arange(1.0, size + 1)
    shared = np.maximum.accumulate(np.where(starts, place, 0.0), axis=-1)
    if ties == "average":
        ends = np.ones(key.shape, bool)
        ends[..., :-1] = starts[..., 1:]
        last = np.where(ends, place, np.inf)[..., ::-1]
        shared = (shared + np.minimum.accumulate(last, axis=-1)[..., ::-1]) / 2
    out = np.empty(key.shape)
    order += size * np.arange(key.size // max(size, 1)).reshape(*key.shape[:-1], 1)
    out.reshape(-1)[order] = shared
    out[missing] = np.nan
    return np.moveaxis(out, -1, -2)


def _sorted(key: Values) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Order settled values along the last axis, and mark those that differ from the one before.

    Settled values that differ do so by more than the last 15 of their 52 bits tell; with a place
    in these, sorting whole numbers orders both, in half the time of an indirect sort.
    """
    size = key.shape[-1]
    starts = np.ones(key.shape, bool)
    if size > PLACES:
        order = np.argsort(key, axis=-1)
        ordered = np.take_along_axis(key, order, axis=-1)
        starts[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
        return order, starts
    bits = (key + 0.0).view(np.int64)  # 0.0 and -0.0 are one
    bits ^= (bits >> 63) & np.int64(2**63 - 1)  # negative numbers are stored by their size
    bits &= np.int64(-PLACES)
    bits |= np.arange(size)
    bits.sort(axis=-1)
    starts[..., 1:] = (bits[..., 1:] ^ bits[..., :-1]) & np.int64(-PLACES) != 0
    bits &= np.int64(PLACES - 1)
    return bits, starts


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


def badges(
    low: ArrayLike,
    high: ArrayLike,
    compared: ArrayLike,
    widths: tuple[float, float] = WIDTHS,
) -> NDArray[np.str_]:
    """Return how robust ranks are: A, B or C by the width of their intervals (methodology 10).

    A is an interval of at most a tenth of the ranks, B of at most a quarter, C any other.

    Args:
        low: Best rank of the 5 to 95 % interval, any axes; NaN where not ranked.
        high: Worst rank, same axes.
        compared: Number of ranks, same axes or one number.
        widths: Largest widths for A and B, as shares of the ranks.

    Returns:
        Letters, same axes; empty where not ranked.
    """
    width = (np.asarray(high, float) - np.asarray(low, float)) / np.asarray(compared, float)
    letter = np.array(BADGES)[np.searchsorted(np.array(widths) + 1e-9, np.nan_to_num(width))]
    return np.where(np.isnan(width), "", letter)
