"""Gaps: to the frontrunners, split into structural and catch-up; of an index, into its parts.

Arrays in, arrays out. Values are such that more is better; the caller turns others round. What
is missing stays missing.
"""

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
THIRD: Final = 3


class Gap(NamedTuple):
    """A gap and its two parts, R each: ``frontrunner`` = ``structural`` + ``catch_up``.

    Attributes:
        frontrunner: F_EU − y_r.
        structural: F_EU − F_R(r): what even the best of its likes are behind.
        catch_up: F_R(r) − y_r: what it is behind the best of its likes.
    """

    frontrunner: Floats
    structural: Floats
    catch_up: Floats


def frontier(
    values: Floats,
    members: Bools,
    *,
    rule: Literal["percentile", "third_best"] = "percentile",
    percentile: float = 90.0,
    fewest: int = THIRD,
) -> Floats:
    """Return F of each set of regions: a percentile of its values, or the third best.

    Percentiles are interpolated linearly between the ordered values.

    Args:
        values: R, more is better; what is missing is NaN and counts for nothing.
        members: S × R, which regions are in each set.
        rule: Which of the two.
        percentile: The percentile.
        fewest: Values a set needs; with fewer it has none.

    Returns:
        S; NaN for sets with too few values.
    """
    ordered = np.sort(np.where(members, values, np.nan), axis=1)  # NaN last
    count = np.isfinite(ordered).sum(axis=1)
    place = (count - 1) * percentile / 100 if rule == "percentile" else count - float(THIRD)
    enough = count >= max(fewest, 1 if rule == "percentile" else THIRD)
    place = np.where(enough, place, 0.0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    row = np.arange(len(ordered))
    low, high = ordered[row, below], ordered[row, above]
    return np.where(enough, low + (place - below) * (high - low), np.nan)


def decompose(values: ArrayLike, front: ArrayLike, references: ArrayLike) -> Gap:
    """Split the gap to the frontrunners (methodology 7).

    F_EU − y_r = [F_EU − F_R(r)] + [F_R(r) − y_r].

    Args:
        values: y, R.
        front: F_EU, one number or R.
        references: F_R(r), R.
    """
    y, best, like = (np.asarray(x, float) for x in (values, front, references))
    return Gap(best - y, best - like, like - y)


def logarithmic_mean(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return L(a, b) = (a − b) / ln(a / b), and a where both are equal.

    Args:
        a: Positive numbers, any axes.
        b: The same; axes broadcast.

    Raises:
        ValueError: One is not positive.
    """
    first, second = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float))
    if (first <= 0).any() or (second <= 0).any():
        raise ValueError("a logarithmic mean needs positive numbers; clip the scores first.")
    change = (first - second) / second  # log1p keeps its digits where the two are close
    ratio = np.divide(change, np.log1p(change), out=np.ones_like(change), where=change != 0)
    return np.asarray(second * ratio)


def arithmetic_parts(front: ArrayLike, values: ArrayLike, weights: ArrayLike) -> Floats:
    """Split the gap of a weighted mean: w_j (z_Fj − z_rj); the parts sum to it.

    Args:
        front: … × J, scores of the front.
        values: … × J, of the regions.
        weights: J, normalised here to sum to 1.
    """
    weight = np.asarray(weights, float)
    difference = np.asarray(front, float) - np.asarray(values, float)
    return np.asarray(weight / weight.sum() * difference)


def geometric_parts(front: ArrayLike, values: ArrayLike, weights: ArrayLike) -> Floats:
    """Split the gap of a geometric mean: L(I_F, I_r) w_p ln(z_Fp / z_rp); the parts sum to it.

    The weight of a logarithmic change that leaves no residual (Ang 2004, LMDI); the front must
    be a profile whose own geometric mean is I_F.

    Args:
        front: … × P, positive pillar scores of the front.
        values: … × P, of the regions.
        weights: P, normalised here to sum to 1.

    Raises:
        ValueError: A score is not positive.
    """
    best, own = np.asarray(front, float), np.asarray(values, float)
    if (best <= 0).any() or (own <= 0).any():
        raise ValueError("a geometric mean needs positive scores; clip them first.")
    weight = np.asarray(weights, float) / np.sum(weights)
    logs = np.log(best), np.log(own)
    first, second = (np.exp((x * weight).sum(axis=-1)) for x in logs)
    return np.asarray(logarithmic_mean(first, second)[..., None] * weight * (logs[0] - logs[1]))


def index_parts(
    front: ArrayLike,
    values: ArrayLike,
    pillar: ArrayLike,
    weights: ArrayLike,
    pillar_weights: ArrayLike,
) -> Floats:
    """Split the gap of a geometric mean of arithmetic pillars down to its indicators.

    The part of a pillar is L(I_F, I_r) w_p ln(z_Fp / z_rp), and ln(z_Fp / z_rp) is
    (z_Fp − z_rp) / L(z_Fp, z_rp), so an indicator's is
    L(I_F, I_r) w_p w_j (z_Fj − z_rj) / L(z_Fp, z_rp): defined where a pillar's gap is 0, too.

    Args:
        front: J, scores of the indicators of the front.
        values: … × J, of the regions.
        pillar: J, number of the pillar of each, from 0.
        weights: J, within pillars; normalised here to sum to 1 in each.
        pillar_weights: P; normalised here.

    Returns:
        … × J; the parts sum to I_F − I_r.
    """
    best, own = np.asarray(front, float), np.asarray(values, float)
    number, weight = np.asarray(pillar, np.int64), np.asarray(weights, float)
    wide = np.asarray(pillar_weights, float) / np.sum(pillar_weights)
    member = (number[:, None] == np.arange(len(wide))).astype(float)
    weight = weight / (weight @ member)[number]
    tops, owns = (best * weight) @ member, (own * weight) @ member
    if (tops <= 0).any() or (owns <= 0).any():
        raise ValueError("a geometric mean needs positive scores; clip them first.")
    indices = (np.exp((np.log(z) * wide).sum(axis=-1)) for z in (tops, owns))
    scale = logarithmic_mean(*indices)[..., None] * wide / logarithmic_mean(tops, owns)
    return np.asarray(scale[..., number] * weight * (best - own))
