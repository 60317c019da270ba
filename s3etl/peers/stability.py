"""How often a reference region stays one when weights move and a variable is left out.

Draws and counts; what the shares are called is declared.
"""

import numpy as np

from s3etl.peers.distance import Index, nearest, squares
from s3etl.peers.treatment import Bools, Floats

BLOCK = 1 << 22
"""Distances computed at once: 16 MiB in single precision, within a processor's cache or near."""
SINGLE = 1e-5
"""Relative difference that single precision does not tell apart, over some dozens of terms."""


def drawn_weights(
    omega: Floats, dimension: Index, *, draws: int, concentration: float, seed: int
) -> Floats:
    """Draw weights: W of the dimensions from a Dirichlet, one variable left out each time.

    The others of its dimension share its weight in proportion; if it was the only one, the
    other dimensions do.

    Args:
        omega: J, weights within dimensions.
        dimension: J, number of the dimension, from 0.
        draws: B.
        concentration: Parameter of the Dirichlet, the same for every dimension; 1 is uniform
            over all weights there are.
        seed: Of the draws.

    Returns:
        B × J; each row sums to 1.
    """
    rng = np.random.default_rng(seed)
    variables, dimensions = len(omega), int(dimension.max()) + 1
    wide = rng.dirichlet(np.full(dimensions, concentration), draws)
    left_out = rng.integers(variables, size=draws) if variables > 1 else np.full(draws, -1)
    kept = omega * (np.arange(variables) != left_out[:, None])
    member = dimension[:, None] == np.arange(dimensions)
    rest = kept @ member
    share = np.divide(wide, rest, out=np.zeros_like(wide), where=rest > 0)
    weights = kept * (share @ member.T)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def inclusion(x: Floats, weights: Floats, allowed: Bools, number: int) -> Floats:
    """Return the share of draws in which q is among the nearest of r.

    All distances of a draw come from one product of matrices, in single precision: counts need
    no more.

    Args:
        x: R × J, treated; what is missing is NaN.
        weights: B × J, one row for each draw.
        allowed: R × R, who may be a reference of whom.
        number: How many references there are.

    Returns:
        R × R.
    """
    regions, variables = x.shape
    square, both = (
        np.ascontiguousarray(array.reshape(-1, variables).T, np.float32) for array in squares(x)
    )
    whole = bool(both.all())
    single = weights.astype(np.float32)
    barred = np.where(allowed, 0, np.inf).astype(np.float32).ravel()
    counts = np.zeros((regions, regions))
    step = max(1, BLOCK // max(regions**2, 1))
    for start in range(0, len(weights), step):
        block = single[start : start + step]
        far = block @ square
        if not whole:
            shared = block @ both
            np.divide(far, shared, out=far, where=shared > 0)
            far[shared <= 0] = np.inf
        far += barred
        near = nearest(far.reshape(-1, regions, regions), number, tolerance=SINGLE)
        counts += near.sum(axis=0)
    return counts / len(weights)
