"""How alike a region's vectors of strategy, economy and organisations are (methodology 4.3).

The measures themselves; what luck would give is in :mod:`s3etl.alignment.chance`.

Vectors have the axes (…, regions, domains) and are ≥ 0; a scale of their own changes nothing,
so they need not sum to 1. NaN is not known, and makes NaN of every figure that needs it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from s3etl.portfolio.arrays import Flags, Floats, amounts, divide

VECTORS: Final = ("strategy", "economy", "organisations")
PAIRS: Final = ("strategy–economy", "economy–organisations", "strategy–organisations")
"""The pairs, in the order of every array of them; on a tie the first is the weakest."""


@dataclass(frozen=True)
class Alignment:
    """Cosines of the three pairs and what follows from them, by (…, regions).

    Attributes:
        pairs: (…, regions, pairs) in the order of :data:`PAIRS`, 0 to 1; NaN where one vector
            is all zero, so that it points nowhere, or not known.
        index: AI, the cube root of their product.
        weakest: Position in :data:`PAIRS` of the smallest; −1 where one is NaN.
        zero: (…, regions, vectors) in the order of :data:`VECTORS`: which is all zero.
        unknown: The same axes: which has a domain that is not known.
    """

    pairs: Floats
    index: Floats
    weakest: NDArray[np.int8]
    zero: Flags
    unknown: Flags


@dataclass(frozen=True)
class SetAlignment:
    """Jaccard similarities of three sets of domains.

    Attributes:
        pairs: (…, regions, pairs) in the order of :data:`PAIRS`, 0 to 1.
        all_three: (…, regions), what is in all three over what is in any.
    """

    pairs: Floats
    all_three: Floats


def alignment_index(strategy: ArrayLike, economy: ArrayLike, organisations: ArrayLike) -> Alignment:
    """AI = ∛(cos(π,σ) cos(σ,κ) cos(π,κ)), with the pairs and the weakest link (4.3).

    Args:
        strategy: π, weights of priorities, (…, regions, domains) or (domains).
        economy: σ, max(0, SLQ*), same axes.
        organisations: κ, organisations weighted by service area and label, same axes.

    Raises:
        ValueError: A weight is negative or infinite.
    """
    vectors = np.stack(np.broadcast_arrays(*map(amounts, (strategy, economy, organisations))))
    pi, sigma, kappa = unit(vectors)
    pairs = np.stack([cosine(pi, sigma), cosine(sigma, kappa), cosine(pi, kappa)], axis=-1)
    known = ~np.isnan(pairs).any(axis=-1)
    smallest = np.where(np.isnan(pairs), np.inf, pairs).argmin(axis=-1)
    return Alignment(
        pairs,
        np.asarray(np.cbrt(pairs.prod(axis=-1))),
        np.where(known, smallest, -1).astype(np.int8),
        np.moveaxis((vectors == 0).all(axis=-1), 0, -1),
        np.moveaxis(np.isnan(vectors).any(axis=-1), 0, -1),
    )


def set_alignment(
    strategy: ArrayLike, economy: ArrayLike, organisations: ArrayLike
) -> SetAlignment:
    """Jaccard on {π > 0}, {LQ* ≥ 1.2} and {κ > 0}: in both over in any of the two (4.3).

    Args:
        strategy: 1 or true for the domains in the set, 0 where not, (…, regions, domains).
        economy: The same of strengths.
        organisations: The same of organisations. A domain that is not known (NaN) in one of
            the three is left out of all.

    Returns:
        NaN where both sets (all three) are empty.
    """
    sets = np.stack(
        np.broadcast_arrays(*(np.asarray(a, float) for a in (strategy, economy, organisations)))
    )
    inside = (sets > 0) & ~np.isnan(sets).any(axis=0)
    first, second = inside[[0, 1, 0]], inside[[1, 2, 2]]
    pairs = divide((first & second).sum(axis=-1), (first | second).sum(axis=-1))
    every, some = inside.all(axis=0).sum(axis=-1), inside.any(axis=0).sum(axis=-1)
    return SetAlignment(np.moveaxis(pairs, 0, -1), divide(every, some))


def effective_priorities(strategy: ArrayLike) -> Floats:
    """1/Σπ², as many equal priorities would be as concentrated: C-15.

    Args:
        strategy: π, (…, regions, domains); need not sum to 1.

    Returns:
        A number from 1 to that of domains, by (…, regions); NaN without priorities.

    Raises:
        ValueError: A weight is negative or infinite.
    """
    pi = amounts(strategy)
    return divide(pi.sum(axis=-1) ** 2, (pi * pi).sum(axis=-1))


def unit(vectors: Floats) -> Floats:
    """Return vectors of length 1 over the last axis, NaN for an all-zero one."""
    # Brought to a largest weight of 1 first, so that no square is too small or too large.
    scaled = divide(vectors, vectors.max(axis=-1, keepdims=True))
    return divide(scaled, np.sqrt((scaled * scaled).sum(axis=-1, keepdims=True)))


def cosine(first: Floats, second: Floats) -> Floats:
    """Return the cosine of vectors of length 1, never above 1 by rounding."""
    return np.asarray(np.minimum((first * second).sum(axis=-1), 1))
