"""Aggregation: one score of the members of each parent.

Arrays in, arrays out. Values have the axes (..., units, members) and weights (..., members,
parents), with 0 where a member does not belong; results (..., units, parents). Leading axes are
batches (years, replications). A missing value (NaN) is never taken as zero: the weights of what
is there are rescaled, and a parent none of whose members is there is missing.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from s3etl.benchmark.normalise import z_score
from s3etl.benchmark.ranks import settled

Values = NDArray[np.float64]


def arithmetic(values: Values, weights: Values) -> Values:
    """Weighted arithmetic mean.

    Args:
        values: Axes (..., units, members).
        weights: Axes (..., members, parents).
    """
    total = weights.sum(axis=-2, keepdims=True)
    there = ~np.isnan(values)
    if there.all() and (total > 0).all():
        return np.asarray(values @ (weights / total))
    present = there.astype(float) @ weights
    sums = np.where(there, values, 0.0) @ weights
    out = np.full(sums.shape, np.nan)
    np.divide(sums, present, out=out, where=present > 0)
    return out


def geometric(values: Values, weights: Values) -> Values:
    """Weighted geometric mean; a low score is not made good by a high one.

    Args:
        values: Axes (..., units, members); every one above 0.
        weights: Axes (..., members, parents).

    Raises:
        ValueError: A value is 0 or below.
    """
    if (values <= 0).any():
        raise ValueError("a geometric mean needs values above 0")
    return np.exp(arithmetic(np.log(values), weights))


def harmonic(values: Values, weights: Values) -> Values:
    """Weighted harmonic mean.

    Args:
        values: Axes (..., units, members); every one above 0.
        weights: Axes (..., members, parents).

    Raises:
        ValueError: A value is 0 or below.
    """
    return generalised(values, weights, power=-1.0)


def generalised(values: Values, weights: Values, *, power: float) -> Values:
    """Weighted generalised mean: (Σ w x^p)^(1/p), the geometric mean for p = 0.

    Args:
        values: Axes (..., units, members); every one above 0.
        weights: Axes (..., members, parents).
        power: The exponent p; 1 is the arithmetic, −1 the harmonic mean.

    Raises:
        ValueError: A value is 0 or below.
    """
    if power == 0:
        return geometric(values, weights)
    if (values <= 0).any():
        raise ValueError("a generalised mean needs values above 0")
    # Measured by the member that counts most, so that no power is beyond a number.
    end = np.fmax.reduce if power > 0 else np.fmin.reduce
    whole = end(values, axis=-1, keepdims=True)
    return np.asarray(whole * arithmetic((values / whole) ** power, weights) ** (1.0 / power))


def median(values: Values, weights: Values) -> Values:
    """Median of the members that have a weight; its size does not matter.

    Args:
        values: Axes (..., units, members).
        weights: Axes (..., members, parents).
    """
    mine = np.swapaxes(weights, -1, -2)[..., None, :, :] > 0  # (..., 1, parents, members)
    ordered = np.sort(np.where(mine, values[..., :, None, :], np.nan), axis=-1)
    count = np.isfinite(ordered).sum(axis=-1)[..., None]
    lower = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    upper = np.take_along_axis(ordered, np.minimum(count // 2, ordered.shape[-1] - 1), axis=-1)
    return np.asarray(((lower + upper) / 2)[..., 0])


def mazziotta_pareto(
    values: Values, weights: Values, *, upward: bool = False, rescale: bool = True
) -> Values:
    """Mean less a penalty for unbalanced members: M − S · S / M (Mazziotta and Pareto 2016).

    Members are brought to mean 100 and standard deviation 10 over the units first (methodology
    8, step 2), which changes nothing where they have them. S² is the weighted variance of a
    unit's members, times n / (n − 1) as for a sample (the convention of the package Compind,
    whose tables it reproduces; the authors divide by n).

    Args:
        values: Axes (..., units, members).
        weights: Axes (..., members, parents).
        upward: Whether the penalty is added: for phenomena where more is worse.
        rescale: Whether members are rescaled; not if the caller has done so.
    """
    x = z_score(values, mean=100.0, sd=10.0) if rescale else values
    mean = arithmetic(x, weights)
    # Around 100, where the inputs are, so that squares do not cancel.
    variance = arithmetic((x - 100.0) ** 2, weights) - (mean - 100.0) ** 2
    count = (~np.isnan(x)).astype(float) @ (weights > 0)
    variance *= count / np.maximum(count - 1.0, 1.0)
    penalty = np.maximum(variance, 0.0) / mean
    return mean + penalty if upward else mean - penalty


def outranking(values: Values, weights: Values) -> Values:
    """Weight of the members in which one unit beats another; a tie counts half.

    A pair is compared over the members both have, with their weights rescaled; a pair that
    shares none is missing. The diagonal is 0.

    Args:
        values: Axes (..., units, members).
        weights: Axes (..., members).

    Returns:
        Axes (..., units, units): how far the row's unit outranks the column's, 0 to 1.
    """
    lead, shared = _duels(values, weights)
    shape = lead.shape
    out = np.full(shape, np.nan)
    np.divide(lead, shared, out=out, where=shared > 0)
    out = (1.0 + out) / 2.0
    here = np.arange(shape[-1])
    out[..., here, here] = 0.0
    return out


def copeland(values: Values, weights: Values) -> Values:
    """Copeland score: the units a unit outranks less those that outrank it.

    Order-free, and no rounding decides: values tie as ranks do, and so do opposite weights.

    Args:
        values: Axes (..., units, members).
        weights: Axes (..., members, parents).
    """
    parents = weights.shape[-1]
    columns = [_copeland(values, weights[..., parent]) for parent in range(parents)]
    return np.stack(columns, axis=-1)


def _copeland(values: Values, weights: Values) -> Values:
    mine = (weights > 0).reshape(-1, weights.shape[-1]).any(axis=0)
    lead, _ = _duels(values[..., mine], weights[..., mine], shared=False)
    lead[np.abs(lead) < 1e-12 * weights.sum(axis=-1)[..., None, None]] = 0.0
    score = np.sign(lead, out=lead).sum(axis=-1)
    nothing = np.isnan(values[..., mine]).all(axis=-1)
    return np.where(nothing, np.nan, score)


def _duels(values: Values, weights: Values, *, shared: bool = True) -> tuple[Values, Values]:
    """Weight won less weight lost, and weight compared, for each pair; (..., units, units)."""
    key = settled(values, -2)
    units = key.shape[-2]
    shape = (*np.broadcast_shapes(key.shape[:-2], weights.shape[:-1]), units, units)
    won = np.zeros(shape)
    # One pass per member keeps a matrix of pairs, never one of pairs and members.
    for member in range(key.shape[-1]):
        x, w = key[..., member], weights[..., member][..., None, None]
        won += w * (x[..., :, None] > x[..., None, :])
    there = (~np.isnan(key)).astype(float)
    both = (there * weights[..., None, :]) @ np.swapaxes(there, -1, -2) if shared else won
    return won - np.swapaxes(won, -1, -2), both


METHODS: Final[dict[str, Callable[[Values, Values], Values]]] = {
    "arithmetic": arithmetic,
    "geometric": geometric,
    "harmonic": harmonic,
    "median": median,
    "mazziotta_pareto": mazziotta_pareto,
    "copeland": copeland,
}
"""Methods without a parameter of their own, by name."""

POSITIVE: Final = frozenset({"geometric", "harmonic", "generalised"})
"""Methods that need values above 0."""
