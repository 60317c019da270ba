"""Performance groups, quintiles and tied groups: words for where a region stands, with doubt.

Arrays in, arrays out. Values are such that more is better; draws and their noise are given.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from s3etl.benchmark.ranks import rank, settled

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
GROUPS: Final = ("leader", "strong", "moderate", "emerging")
BORDER: Final = "border"
BLOCK: Final = 1 << 24
"""Comparisons made at once."""


def performance_group(values: ArrayLike, base: ArrayLike, cuts: ArrayLike) -> Index:
    """Return the number of the group in :data:`GROUPS`, by per cent of a base (RIS convention).

    At 125 % of the base and above a region is a leader, from 100 strong, from 70 moderate,
    below emerging.

    Args:
        values: Any axes; every one present.
        base: What is 100 per cent, for example the EU's own value.
        cuts: Lower limits of the first three groups, falling, in per cent.

    Raises:
        ValueError: A value is missing, or the base is not positive.
    """
    y, whole = np.asarray(values, float), np.asarray(base, float)
    if np.isnan(y).any() or not (whole > 0).all():
        raise ValueError("groups need every value, and a base above 0.")
    share = settled(np.asarray(100 * y / whole))
    return np.asarray((share[..., None] < np.asarray(cuts, float)).sum(axis=-1))


def membership(draws: Floats, base: ArrayLike, cuts: ArrayLike) -> Floats:
    """Return P(group) of each region: shares of draws, which sum to 1.

    Args:
        draws: M × R.
        base: 100 per cent: one number, or M × 1 where the base is drawn, too.
        cuts: As for :func:`performance_group`.

    Returns:
        R × 4.
    """
    group = performance_group(draws, base, cuts)
    return np.asarray((group[..., None] == np.arange(len(GROUPS))).mean(axis=0))


def labels(probability: Floats, sure: float) -> NDArray[np.object_]:
    """Return the likeliest group of each region, or "border" where none is likely enough.

    Args:
        probability: R × 4.
        sure: Least probability.
    """
    names = np.array(GROUPS, object)[probability.argmax(axis=1)]
    return np.where(probability.max(axis=1) >= sure, names, BORDER)


def bands(values: Floats, number: int = 5) -> Index:
    """Return the quintile of each region, 1 for the best; equal values share theirs.

    Args:
        values: R; every one present.
        number: Of bands.
    """
    return (rank(values) - 1) * number // max(len(values), 1) + 1


def above(draws: Floats) -> Floats:
    """Return P(y_r > y_q), R × R; draws in which both are equal count half to each.

    Args:
        draws: M × R.
    """
    runs, regions = draws.shape
    total = np.zeros((regions, regions))
    step = max(1, BLOCK // max(regions**2, 1))
    for start in range(0, runs, step):
        block = draws[start : start + step]
        total += (block[:, :, None] > block[:, None, :]).sum(axis=0)
    return np.asarray((total + (runs - total - total.T) / 2) / runs)


def above_normal(values: Floats, sd: Floats) -> Floats:
    """Return P(y_r > y_q), R × R, where noise is normal and independent: Φ(Δ / sd of Δ).

    Args:
        values: R.
        sd: R, standard deviation of the noise of each.
    """
    from scipy.special import ndtr  # noqa: PLC0415  (scipy only where it is needed)

    difference = values[:, None] - values
    spread = np.hypot(sd[:, None], sd)
    sure = np.where(difference > 0, np.inf, np.where(difference < 0, -np.inf, 0.0))
    with np.errstate(over="ignore"):  # next to no noise: sure, too
        standard = np.divide(difference, spread, out=sure, where=spread > 0)
    return np.asarray(ndtr(standard))


def tied_groups(values: Floats, probability: Floats, apart: float) -> Index:
    """Return tied groups, 1 for the best: nobody in one is surely above another in it.

    From the best downwards, a region joins the group as long as P(y_r > y_q) is below
    ``apart`` for every r already in it; else it opens the next. Equal values go together.

    Args:
        values: R; every one present.
        probability: R × R, P(y_r > y_q).
        apart: Probability from which r is said to be above q.
    """
    _, level = np.unique(-settled(values), return_inverse=True)
    levels = int(level.max(initial=-1)) + 1
    surely, column = np.nonzero(probability >= apart)
    # The last level above each one of which somebody is surely above somebody of it.
    last = np.full(levels, -1)
    higher = level[surely] < level[column]
    np.maximum.at(last, level[column][higher], level[surely][higher])
    group, starts = np.zeros(levels, np.int64), [0]
    while True:  # once for each group
        after = np.flatnonzero(last[starts[-1] + 1 :] >= starts[-1])
        if not after.size:
            break
        starts.append(starts[-1] + 1 + int(after[0]))
    group[starts[1:]] = 1
    return np.asarray(1 + np.cumsum(group)[level])
