"""Perception beside statistics: what respondents say and what the twin indicator shows (2.7).

Arrays in, labels out; which indicator is the twin of which item is declared.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from s3etl.stresstest.survey import Floats, Ints

LABELS: Final = (
    "confirmed weakness",
    "under-rated",
    "over-rated",
    "confirmed strength",
    "inconclusive",
    "",
)
"""Label 2 P + S of perception and statistics above the cut; inconclusive; not known."""
INCONCLUSIVE, UNKNOWN = 4, 5


def percentile(values: Floats, *, smaller_is_better: bool = False) -> Floats:
    """Return the percentile of each value among all, 0 for the worst and 100 for the best.

    Equal values share the middle of their places. NaN where the value is, or it is alone.

    Args:
        values: R.
        smaller_is_better: Whether 100 is the smallest.
    """
    there = ~np.isnan(values)
    known = np.round(values[there] * (-1 if smaller_is_better else 1), 9)
    out = np.full(values.shape, np.nan)
    if len(known) > 1:
        ordered = np.sort(known)
        below = np.searchsorted(ordered, known, side="left")
        upto = np.searchsorted(ordered, known, side="right")
        out[there] = 100 * (below + upto - 1) / 2 / (len(known) - 1)
    return out


def label(perception: Floats, statistics: Floats, cut: float, margin: float) -> Ints:
    """Return the place in :data:`LABELS`; inconclusive where one is nearer to the cut than margin.

    Args:
        perception: Score of the item, 0 to 100.
        statistics: Percentile of the twin, same axes.
        cut: Where strength begins, on both.
        margin: Least distance from it.
    """
    high: NDArray[np.int64] = 2 * (perception > cut) + (statistics > cut)
    near = np.minimum(np.abs(perception - cut), np.abs(statistics - cut)) < margin - 1e-9
    unknown = np.isnan(perception) | np.isnan(statistics)
    return np.where(unknown, UNKNOWN, np.where(near, INCONCLUSIVE, high))
