"""Which industries are found in the same regions, and what that says of a region (B-10 to B-12).

Matrices of presence and of industries only: no labels of cells, and no strategies.

M is presence, (…, regions, industries): 1, 0, or NaN where it is not known. φ is relatedness,
(…, industries, industries). Pairs that are not known are left out of sums, never taken as 0.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from s3etl.portfolio.arrays import Floats, divide
from s3etl.portfolio.complexity import Complexity, complexity, fitness

__all__ = [
    "QUADRANTS",
    "Complexity",
    "association_strength",
    "at_least_median",
    "complexity",
    "density",
    "fitness",
    "presence",
    "probability_relatedness",
    "proximity",
    "quadrants",
]

QUADRANTS: Final = (
    "specialised",
    "high road",
    "slow road",
    "casino",
    "dead end",
    "not known",
)
"""What the numbers of :func:`quadrants` mean (Balland et al. 2019)."""

_EXACT: Final = 1 << 24
"""Up to this, single precision counts without rounding, at twice the speed."""


def presence(quotient: ArrayLike, threshold: float = 1.0) -> Floats:
    """M_rs = 1 if LQ_rs ≥ 1, else 0 (methodology 3.6).

    For the variant P(LQ* > 1) ≥ 0.8 give the probabilities and 0.8.

    Args:
        quotient: LQ or a probability, any axes.
        threshold: The least that counts as present.

    Returns:
        1 and 0; NaN where the quotient is, so for regions without jobs.
    """
    array = np.asarray(quotient, np.float64)
    out = (array >= threshold).astype(np.float64)
    np.copyto(out, np.nan, where=np.isnan(array))
    return out


def proximity(present: ArrayLike) -> Floats:
    """φ_ss′ = min{P(M_s|M_s′), P(M_s′|M_s)} (Hidalgo et al. 2007; methodology 3.6).

    Args:
        present: M; a region counts for a pair if both of it are known there.

    Returns:
        Probabilities, symmetric, 1 on the diagonal; NaN for an industry that is present
        nowhere, of which nothing can be seen.

    Raises:
        ValueError: An entry is not 0, 1 or NaN.
    """
    seen, known = _seen(present)
    together = _together(seen, seen)
    if known is None:
        of_one = np.diagonal(together, axis1=-2, axis2=-1)[..., None, :]
    else:
        of_one = _together(known, seen)
    other = np.swapaxes(of_one, -1, -2)
    # The smaller conditional probability is the one with the larger denominator.
    return divide(together, np.where((of_one > 0) & (other > 0), np.maximum(of_one, other), 0))


def association_strength(present: ArrayLike) -> Floats:
    """a_ss′ = c_ss′ T/(c_s c_s′), co-occurrences over what chance gives (van Eck & Waltman 2009).

    c_ss′ is the number of regions where both are present, c_s the sum of c_ss′ over s′ ≠ s and
    T that of all c_s.

    Args:
        present: M; a region counts for a pair if both of it are known there.

    Returns:
        Ratios, symmetric, above 1 where two industries are together more than by chance. NaN
        on the diagonal and for an industry that is never with another.

    Raises:
        ValueError: An entry is not 0, 1 or NaN.
    """
    pairs, sums, whole = _cooccurrence(present)
    chance = sums[..., None, :] * sums[..., :, None]
    return divide(pairs * whole, chance)


def probability_relatedness(present: ArrayLike) -> Floats:
    """The "prob" normalisation of EconGeo, which leaves out pairs of an industry with itself.

    c_ss′ is divided by (T/2)(c_s/T · c_s′/(T − c_s) + c_s′/T · c_s/(T − c_s′)), the number
    expected when the two of a pair are drawn one after the other and have to differ (Steijn;
    EconGeo ``relatedness(method = "prob")``). Arguments, axes, errors and NaN are those of
    :func:`association_strength`; related is > 1.
    """
    pairs, sums, whole = _cooccurrence(present)
    odds = divide(sums, whole[..., 0] - sums)
    # c_s/T · c_s′/(T − c_s) is c_s′/T times the odds of c_s.
    first = odds[..., :, None] * sums[..., None, :]
    chance = (first + np.swapaxes(first, -1, -2)) / 2
    return divide(pairs, np.where(sums[..., :, None] * sums[..., None, :] > 0, chance, 0))


def density(present: ArrayLike, relatedness: ArrayLike) -> Floats:
    """ω_rs = 100 Σ_{s′≠s} M_rs′ φ_ss′ / Σ_{s′≠s} φ_ss′ (methodology 3.6; Balland et al. 2019).

    Args:
        present: M; an industry of which presence is not known is left out of both sums.
        relatedness: φ ≥ 0, or 0 and 1; the diagonal is not used, and a pair that is not
            known is left out of both sums.

    Returns:
        Per cent, (…, regions, industries), 0 to 100; NaN for an industry related to nothing
        known.

    Raises:
        ValueError: An entry of M is not 0, 1 or NaN.
    """
    seen, known = _seen(present)
    phi = np.nan_to_num(np.asarray(relatedness, np.float64), nan=0.0)
    columns = np.arange(phi.shape[-1])
    phi[..., columns, columns] = 0
    towards = np.swapaxes(phi, -1, -2)
    whole = phi.sum(axis=-1)[..., None, :] if known is None else known @ towards
    out = seen @ towards
    out *= 100
    with np.errstate(invalid="ignore"):  # 0/0 is what has no relation: NaN
        out /= whole
    # Both sums are of the same numbers in another order, which rounding can tell apart.
    return np.asarray(np.minimum(out, 100, out=out))


def quadrants(
    related: ArrayLike,
    industry_complexity: ArrayLike,
    present: ArrayLike,
    *,
    median_complexity: float | None = None,
) -> NDArray[np.int8]:
    """Place what a region is not specialised in by relatedness and complexity.

    The quadrants of Balland et al. 2019 (methodology 3.6). High is at or above the median: of
    ω over the region's industries, and of complexity over all industries. Related and complex
    is the high road, related and simple the slow road, distant and complex a casino, distant
    and simple a dead end. Coarse with some 80 divisions: for exploration only.

    Args:
        related: ω in per cent, (regions, industries).
        industry_complexity: PCI, (industries).
        present: M, (regions, industries).
        median_complexity: The EU's, where the industries given are not all; default their
            median.

    Returns:
        Positions in :data:`QUADRANTS`, (regions, industries); "not known" where one of the
        three is not.
    """
    x, y = np.asarray(related, np.float64), np.asarray(industry_complexity, np.float64)
    here = np.asarray(present, np.float64)
    middle = _median(y) if median_complexity is None else median_complexity
    near, rich = at_least_median(x) == 1, np.broadcast_to(y >= middle, x.shape)
    unknown = np.isnan(here) | ((here == 0) & (np.isnan(x) | np.isnan(y)))
    road = np.select([near & rich, near, rich], [1, 2, 3], default=4)
    return np.where(unknown, 5, np.where(here > 0, 0, road)).astype(np.int8)


def at_least_median(related: ArrayLike) -> Floats:
    """Whether ω is at or above the median of its region: what counts as related (4.3 and 10).

    Args:
        related: ω, (…, regions, industries or domains).

    Returns:
        1 and 0, NaN where ω is not known; the median is over what is known.
    """
    x = np.asarray(related, np.float64)
    return np.where(np.isnan(x), np.nan, (x >= _median(x)[..., None]).astype(np.float64))


def _median(values: Floats) -> Floats:
    """Return the median over the last axis of what is known; NaN where nothing is."""
    ordered = np.sort(values, axis=-1)  # NaN comes last
    count = (~np.isnan(values)).sum(axis=-1, keepdims=True)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, values.shape[-1] - 1)
    ends = [np.take_along_axis(ordered, at, axis=-1)[..., 0] for at in (low, high)]
    return np.asarray((ends[0] + ends[1]) / 2)


def _seen(present: ArrayLike) -> tuple[Floats, Floats | None]:
    """Return M with 0 where it is not known, and what is known, or None if all is."""
    array = np.asarray(present, np.float64)
    unknown = np.isnan(array)
    if not ((array == 0) | (array == 1) | unknown).all():
        raise ValueError("presence is 1, 0 or NaN; see presence().")
    if not unknown.any():
        return array, None
    return np.where(unknown, 0, array), (~unknown).astype(np.float64)


def _together(first: Floats, second: Floats) -> Floats:
    """Return firstᵀ second, counts of regions, over the last two axes."""
    if first.shape[-2] < _EXACT:
        a = first.astype(np.float32)
        b = a if second is first else second.astype(np.float32)
        return (np.swapaxes(a, -1, -2) @ b).astype(np.float64)
    return np.asarray(np.swapaxes(first, -1, -2) @ second)


def _cooccurrence(present: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return c_ss′ with NaN on the diagonal, c_s, and T with two axes of length 1."""
    seen, _ = _seen(present)
    pairs = _together(seen, seen)
    columns = np.arange(pairs.shape[-1])
    pairs[..., columns, columns] = 0
    sums = pairs.sum(axis=-1)
    whole = sums.sum(axis=-1)[..., None, None]
    pairs[..., columns, columns] = np.nan
    return pairs, sums, whole
