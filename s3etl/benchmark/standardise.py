"""Norms: what a value is measured against, kept so that a score can be computed again.

Arrays in, arrays out; which regions and years are pooled is decided by the caller.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Norm:
    """A stored norm.

    Attributes:
        kind: ``min_max`` scores 0 to 100 between goalposts, ``z_score`` in standard deviations.
        low: Value scoring 0 (``min_max``), or the mean (``z_score``).
        high: Value scoring 100 (``min_max``), or mean plus one standard deviation (``z_score``).
        reverse: Whether less is better; the score is turned round.
    """

    kind: Literal["min_max", "z_score"]
    low: float
    high: float
    reverse: bool


def norms_of(
    pooled: Values, *, goalposts: tuple[float, float], reverse: bool
) -> tuple[Norm, Norm] | None:
    """Compute both norms from the pooled base window (methodology 8, step 2).

    Args:
        pooled: Values of all compared regions and years of the window; NaN is left out.
        goalposts: Percentiles that score 0 and 100.
        reverse: Whether less is better.

    Returns:
        The min–max and the z-score norm, or None where fewer than two different values make
        any norm meaningless. The standard deviation is that of a sample (n − 1).
    """
    there = pooled[np.isfinite(pooled)]
    if there.size < 2:
        return None
    low, high = np.percentile(there, goalposts)
    mean, sd = there.mean(), there.std(ddof=1)
    if not (high > low and sd > 0):
        return None
    return (
        Norm("min_max", float(low), float(high), reverse),
        Norm("z_score", float(mean), float(mean + sd), reverse),
    )


def score(values: Values, norm: Norm) -> Values:
    """Score values against a norm; a missing value has no score.

    Args:
        values: Any shape, in the unit of the figures.
        norm: The norm; ``min_max`` scores are cut at 0 and 100.
    """
    position = (values - norm.low) / (norm.high - norm.low)
    if norm.kind == "z_score":
        return -position if norm.reverse else position
    position = np.clip(position, 0.0, 1.0)
    return 100 * (1 - position if norm.reverse else position)
