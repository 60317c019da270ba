"""Bands of totals, shares and quotients, worked out from what is shown and nothing else.

No reconstructed value comes in here, so that no band can tell more than the shown figures do;
what is shown is decided in :mod:`s3etl.portfolio.disclosure`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from s3etl.portfolio.cells import Floats

Interval = tuple[Floats, Floats]
"""Lower and upper limit, the same axes; equal where the figure is shown."""


def total_interval(low: Floats, high: Floats, shown: Floats, axis: int) -> Interval:
    """Return the interval of totals, from the intervals of their parts.

    Args:
        low: Lower limits of the parts; NaN where nothing is known, which counts from 0.
        high: Upper limits; NaN and infinity have no end.
        shown: The totals that are shown, without ``axis``; NaN where hidden.
        axis: The axis that is summed over.

    Returns:
        The shown total as both limits; else the sums, the upper one infinite where a part has
        no upper limit.
    """
    bottom = np.where(np.isnan(low), 0.0, low).sum(axis=axis)
    top = np.where(np.isnan(high), np.inf, high).sum(axis=axis)
    hidden = np.isnan(shown)
    return np.where(hidden, bottom, shown), np.where(hidden, top, shown)


def _quotient(top: Floats, bottom: Floats, nothing: float) -> Floats:
    top, bottom = np.broadcast_arrays(top, bottom)
    result = np.full(top.shape, nothing)
    np.divide(top, bottom, out=result, where=(bottom > 0) & ~(np.isinf(top) & np.isinf(bottom)))
    return result


def share_interval(cell: Interval, region: Interval) -> Interval:
    """Return the interval of shares E_rs/E_r·, at most 1.

    Args:
        cell: R × S, persons.
        region: R, persons.
    """
    low = _quotient(cell[0], region[1][:, None], 0.0)
    high = _quotient(cell[1], np.maximum(region[0][:, None], cell[1]), 1.0)
    return low, np.minimum(high, 1.0)


def location_interval(
    cell: Interval, region: Interval, division: Interval, total: Interval
) -> Interval:
    """Return the interval of LQ = E_rs E_··/(E_r· E_·s), by interval arithmetic.

    Args:
        cell: R × S, persons.
        region: R, persons.
        division: S, persons, of the universe.
        total: One number, an array without axes, persons.

    Returns:
        R × S. Wider than the true range, since the parts are taken to move freely; from 0 or
        to infinity where a part has no end.
    """
    low = _quotient(cell[0] * total[0], region[1][:, None] * division[1], 0.0)
    some = cell[1] > 0  # 0 × infinity is no number, and a cell of 0 has a quotient of 0
    most = np.where(some, np.where(some, cell[1], 1.0) * total[1], 0.0)
    least = region[0][:, None] * division[0]
    high = np.where(some, _quotient(most, least, np.inf), 0.0)
    return low, high


def class_span(interval: Interval, limits: Sequence[float]) -> tuple[NDArray[np.intp], ...]:
    """Return the first and the last class an interval reaches, counted from 0.

    Args:
        interval: Lower and upper limits, any axes.
        limits: Lower limits of the classes, ascending; below the first is class 0 as well.

    Returns:
        Class of the lower limit and of the upper one, each over the same axes. Where they
        differ the figure is shown as a span. An upper limit on the edge of a class is of the
        class below, since bands do not contain their upper limit, unless the interval is one
        figure.
    """
    edges = np.asarray(limits, np.float64)
    first = np.searchsorted(edges, interval[0], side="right") - 1
    last = np.searchsorted(edges, interval[1], side="left") - 1
    first = np.maximum(first, 0)
    return first, np.maximum(last, first)
