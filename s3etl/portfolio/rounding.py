"""How many digits of a figure are published, so that no hidden cell can be read out of it.

Arrays in, arrays out; which cells are hidden is decided in :mod:`s3etl.portfolio.disclosure`.
"""

from typing import Final

import numpy as np

from s3etl.portfolio.cells import Floats
from s3etl.portfolio.indicators import Declared, Values

DIGITS: Final = 3
"""Most significant digits of a region's indicator; fewer where draws differ (:func:`rounded`)."""
SMALL: Final = 1e-12
"""Differences below this are the rounding of sums."""
_GRID: Final = np.array([1.0, 2.0, 5.0, 10.0])


def rounded(values: Floats, spread: Floats | float = 0.0) -> Floats:
    """Return values with :data:`DIGITS` significant digits, or as many as draws agree on.

    An index of shares with all its digits gives a hidden cell away: with the sum of two hidden
    cells known, a Theil index of three digits may tell both to a hundredth. So the step is
    1, 2 or 5 times a power of ten, and at least twice as wide as the draws lie apart: half of
    it, by which the figure may be off, covers them all.

    Args:
        values: Any axes.
        spread: How far the draws lie apart, same axes.
    """
    size = np.abs(values)
    place = np.floor(np.log10(size, out=np.zeros_like(size), where=size > SMALL))
    step = np.maximum(10.0 ** (place - DIGITS + 1), _step(2 * np.broadcast_to(spread, size.shape)))
    return np.asarray(np.round(np.round(values / step) * step, 12) + 0.0)  # no minus zero


def _step(spread: Floats) -> Floats:
    """Return the least of 1, 2 and 5 times a power of ten that is not below; 0 for 0."""
    some = spread > SMALL
    power = 10.0 ** np.floor(np.log10(spread, out=np.zeros_like(spread), where=some))
    place = np.searchsorted(_GRID, np.round(spread / power, 9))
    return np.where(some, np.take(_GRID, place) * power, 0.0)


def spread_of(values: Values, declared: Declared) -> Floats:
    """Return how far the draws of an indicator lie apart, R; 0 where it tells nothing hidden."""
    if declared.open:
        return np.zeros(len(values.value))
    every = np.nan_to_num(np.concatenate([values.value[None], values.drawn]))
    return np.asarray(np.ptp(every, axis=0))
