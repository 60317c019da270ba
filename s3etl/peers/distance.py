"""Weights of structural variables, and how far regions are apart with them.

Knows neither what the variables are nor which regions are compared.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from s3etl.peers.treatment import Bools, Floats

Index = NDArray[np.int64]
FEWEST: Final = 10
"""Regions that a correlation of two variables needs."""


def loadings(x: Floats) -> Floats:
    """Return squared loadings of the first principal component; they sum to 1.

    Correlations are over the regions that have both variables: few have all of many.

    Args:
        x: R × J, treated variables of one dimension; what is missing is NaN.

    Raises:
        ValueError: Too few regions have both of two variables to correlate them.
    """
    known = np.isfinite(x).astype(float)
    value = np.nan_to_num(x)
    both = known.T @ known
    enough = both >= FEWEST
    count = np.where(enough, both, np.nan)
    mean = (value.T @ known) / count  # of the row's variable, where the column's is known
    spread = ((value**2).T @ known) / count - mean**2
    if not (enough & (spread > 1e-12)).all():
        raise ValueError(
            "two variables of a dimension are known together in too few regions to weigh them by "
            "loadings; declare omega: equal."
        )
    covariance = (value.T @ value) / count - mean * mean.T
    _, vectors = np.linalg.eigh(covariance / np.sqrt(spread * spread.T))
    return np.asarray(vectors[:, -1] ** 2)


def within(x: Floats, dimension: Index, *, equal: bool) -> Floats:
    """Return ω, the weight of each variable within its dimension.

    Args:
        x: R × J, treated.
        dimension: J, number of the dimension of each variable.
        equal: Whether all count equally, else by :func:`loadings`.
    """
    omega = np.empty(len(dimension))
    for d in np.unique(dimension):  # seven at most
        own = dimension == d
        omega[own] = 1 / own.sum() if equal else loadings(x[:, own])
    return omega


def squares(x: Floats) -> tuple[Floats, Floats]:
    """Return (x̃_rj − x̃_qj)² and whether both are known, each R × R × J; 0 where not known."""
    known = np.isfinite(x)
    difference = x[:, None, :] - x[None, :, :]
    both = known[:, None, :] & known[None, :, :]
    return np.where(both, difference**2, 0.0), both.astype(float)


def distances(x: Floats, weights: ArrayLike) -> Floats:
    """Return D_rq = Σ_j w_j (x̃_rj − x̃_qj)² / Σ_j w_j over the variables both have.

    With all variables known and weights that sum to 1 it is methodology 7's distance; a
    variable that one of two regions lacks is left out and the weights of the others are
    renormalised (Gower 1971), so that what is missing makes nobody nearer.

    Args:
        x: R × J, treated; what is missing is NaN.
        weights: J, W_d ω_j.

    Returns:
        R × R, symmetric with zeros on the diagonal; NaN where two regions share no variable.
    """
    square, both = squares(x)
    weight = np.asarray(weights, float)
    # Added in the order of the variables: a matrix product sums a row differently by its place.
    top, bottom = (np.add.reduce(array * weight, axis=2) for array in (square, both))
    out = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=out, where=bottom > 0)
    return out


def nearest(far: NDArray[np.floating[Any]], number: int, *, tolerance: float) -> Bools:
    """Return which regions are among the nearest of each.

    Whoever is as far as the last of them is among them, too, so that no order decides.

    Args:
        far: (…,) R × R, distances; infinite for who may not be a reference of whom.
        number: How many.
        tolerance: Relative difference up to which two distances are equal.

    Returns:
        (…,) R × R.
    """
    if number >= far.shape[-1]:
        return np.asarray(np.isfinite(far))
    edge = np.partition(far, number - 1, axis=-1)[..., number - 1, None]
    return np.asarray(far <= np.minimum(edge * (1 + tolerance), np.finfo(far.dtype).max))


def scale(distance: Floats, neighbour: int) -> float:
    """Return D̃, the median over regions of the distance to the neighbour of that number.

    Where there are not so many regions it is the farthest of them (methodology 2.6).

    Args:
        distance: R × R; NaN for regions that cannot be compared.
        neighbour: 20 in the methodology.
    """
    others = np.where(np.eye(len(distance), dtype=bool), np.nan, distance)
    ordered = np.sort(others, axis=1)  # NaN last
    count = np.isfinite(others).sum(axis=1)
    some = count > 0
    if not some.any():
        return float("nan")
    place = np.minimum(neighbour, count[some]) - 1
    return float(np.median(ordered[some, place]))


def similarity(distance: Floats, far: float) -> Floats:
    """Return sim = exp(−D / D̃) (methodology 2.6): 1 for twins.

    Args:
        distance: R × R.
        far: D̃, of :func:`scale`.
    """
    if far == 0:  # more twins than neighbours asked for
        return np.where(np.isnan(distance), np.nan, (distance == 0).astype(float))
    return np.asarray(np.exp(-distance / far))
