"""How a region's employment is spread over industries, and an industry's over regions (3.6).

Arrays in, arrays out, of one year each or of leading axes: change over time is elsewhere.

Employment has the axes (…, regions, industries). Where one cell of a region is not known (NaN)
its shares are not, and its figure is NaN; so is that of a region without jobs. An industry in
which a region has no jobs adds nothing (0 log 0 = 0).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from s3etl.portfolio.arrays import Floats, amounts, divide


def shares(employment: ArrayLike) -> Floats:
    """p_rs = E_rs/E_r·; fractions, (…, regions, industries), NaN for a region without jobs."""
    jobs = amounts(employment)
    return divide(jobs, jobs.sum(axis=-1, keepdims=True))


def krugman(employment: ArrayLike, reference: ArrayLike | None = None) -> Floats:
    """Σ_s |p_rs − P_s|, from 0 (as the reference) to 2 (nothing in common): B-04, Krugman 1991.

    Half of it is the coefficient of specialisation, or Hoover's index.

    Args:
        employment: Persons, (…, regions, industries).
        reference: Persons of what regions are compared with, (industries) or the axes of
            ``employment``, for example the sum of the other regions; default the sum of all
            regions, the region itself included.

    Returns:
        By (…, regions).
    """
    p, reference_share = _against(employment, reference)
    return np.asarray(np.abs(p - reference_share).sum(axis=-1))


def herfindahl(employment: ArrayLike, *, normalised: bool = False) -> Floats:
    """Σ_s p_rs², from 1/S (even) to 1 (one industry): B-05.

    Args:
        employment: Persons, (…, regions, industries); S counts every industry of the
            classification, also those with no jobs.
        normalised: Return (Σ p² − 1/S)/(1 − 1/S), from 0 to 1; NaN where S is 1.

    Returns:
        By (…, regions).
    """
    p = shares(employment)
    sum_of_squares = np.asarray((p * p).sum(axis=-1))
    if not normalised:
        return sum_of_squares
    even = 1 / p.shape[-1]
    return divide(sum_of_squares - even, 1 - even)


def theil(employment: ArrayLike, reference: ArrayLike | None = None) -> Floats:
    """Σ_s p_rs ln(p_rs/P_s), relative to the reference, in nats and ≥ 0: B-06, Theil 1967.

    Infinite where a region has jobs in an industry that the reference given does not have.
    Arguments and axes are those of :func:`krugman`.
    """
    p, reference_share = _against(employment, reference)
    outside = (p > 0) & (reference_share == 0)
    ratio = divide(p, reference_share)
    logs = np.log(ratio, out=np.zeros(ratio.shape), where=ratio > 0)
    logs[np.isnan(ratio) & (reference_share != 0)] = np.nan
    total = np.where(outside, np.inf, p * logs).sum(axis=-1)
    # The terms are of both signs: rounding may leave the sum of equal shares below 0.
    return np.asarray(np.maximum(total, 0))


def hachman(employment: ArrayLike, reference: ArrayLike | None = None) -> Floats:
    """1/Σ_s p_rs LQ_rs, from near 0 (specialised) to 1 (as the reference): B-07.

    0 where a region has jobs in an industry that the reference given does not have.
    Arguments and axes are those of :func:`krugman`.
    """
    p, reference_share = _against(employment, reference)
    outside = (p > 0) & (reference_share == 0)
    quotient = np.where(reference_share == 0, 0, divide(p, reference_share))
    mean = np.where(outside, np.inf, p * np.where(np.isnan(p), np.nan, quotient)).sum(axis=-1)
    # The mean is at least 1; equal shares may round to less.
    return np.asarray(1 / np.maximum(mean, 1))


def entropy(employment: ArrayLike) -> Floats:
    """Σ_s p_rs log2(1/p_rs), in bits, from 0 (one industry) to log2 S, by (…, regions)."""
    return _bits(shares(employment))


def unrelated_variety(employment: ArrayLike, groups: ArrayLike) -> Floats:
    """UV = Σ_G P_G log2(1/P_G), in bits, ≥ 0: B-08, Frenken et al. 2007.

    UV + RV is the entropy of the industries.

    Args:
        employment: Persons, (…, regions, industries).
        groups: The group (NACE section) of each industry: any labels or numbers.

    Returns:
        By (…, regions).

    Raises:
        ValueError: There are not as many groups as industries.
    """
    p = shares(employment)
    _, members = _members(groups, p.shape[-1])
    return _bits(p @ members)


def related_variety(employment: ArrayLike, groups: ArrayLike) -> Floats:
    """RV = Σ_G P_G H_G, H_G = Σ_{s∈G} (p_s/P_G) log2(P_G/p_s), in bits, ≥ 0: B-09.

    At two digits within sections this is not comparable with the five-digit original.
    Arguments, axes and errors are those of :func:`unrelated_variety`.
    """
    p = shares(employment)
    group, members = _members(groups, p.shape[-1])
    within = divide((p @ members)[..., group], np.where(p > 0, p, np.nan))
    bits = np.log2(within, out=np.zeros(p.shape), where=within > 0)
    # A share over itself may round to less than 1.
    return np.asarray((p * np.maximum(bits, 0)).sum(axis=-1))


def ellison_glaeser(
    employment: ArrayLike,
    plant_herfindahl: ArrayLike,
    region_shares: ArrayLike | None = None,
) -> Floats:
    """γ_s = [G_s − (1 − Σx_r²)H_s]/[(1 − Σx_r²)(1 − H_s)], G_s = Σ(s_rs − x_r)² (3.6; 1997).

    0 is what plants placed by chance would give, 0.02 and 0.05 are the usual cuts. With H
    from size classes it is approximate.

    Args:
        employment: Persons, (…, regions, industries). One cell that is not known leaves its
            industry unknown, and all of them unless ``region_shares`` is given.
        plant_herfindahl: H_s, sum of squared shares of plants, (…, industries).
        region_shares: x_r, (…, regions), summing to 1; default shares of all jobs.

    Returns:
        By (…, industries); NaN for an industry that is nowhere, with one plant only (H = 1),
        or where one region has all jobs.

    Raises:
        ValueError: An amount is negative or infinite.
    """
    jobs, plants = amounts(employment), amounts(plant_herfindahl)
    own = divide(jobs, jobs.sum(axis=-2, keepdims=True))
    by_region = jobs.sum(axis=-1)
    if region_shares is None:
        x = divide(by_region, by_region.sum(axis=-1, keepdims=True))
    else:
        x = amounts(region_shares)
    concentration = ((own - x[..., None]) ** 2).sum(axis=-2)
    room = (1 - (x * x).sum(axis=-1))[..., None]
    return divide(concentration - room * plants, room * (1 - plants))


def coherence(employment: ArrayLike, relatedness: ArrayLike) -> Floats:
    """Σ_s p_s WAR_s, WAR_s = Σ_{s′≠s} φ_ss′ p_s′/(1 − p_s): B-10, Teece et al. 1994.

    How related a region's industries are to each other, in the unit of φ.

    Args:
        employment: Persons, (…, regions, industries).
        relatedness: φ, (…, industries, industries); the diagonal is not used. A pair that is
            not known (NaN) is left out of both sums, and an industry of which no pair is
            known is left out of the mean: what remains is weighted anew.

    Returns:
        By (…, regions); NaN for a region with one industry, which has nothing to cohere with.
    """
    p, phi = shares(employment), np.asarray(relatedness, np.float64)
    pair = ~np.isnan(phi) & ~np.eye(phi.shape[-1], dtype=bool)
    others = p @ np.swapaxes(pair, -1, -2).astype(np.float64)
    related = p @ np.swapaxes(np.where(pair, phi, 0), -1, -2)
    counted = np.where(others > 0, p, 0)
    average = np.where(others > 0, divide(related, others), 0)
    total = np.where(np.isnan(p).any(axis=-1), np.nan, counted.sum(axis=-1))
    return divide((counted * average).sum(axis=-1), total)


def _against(employment: ArrayLike, reference: ArrayLike | None) -> tuple[Floats, Floats]:
    """Return p and P with axes that broadcast."""
    jobs = amounts(employment)
    whole = jobs.sum(axis=-2, keepdims=True) if reference is None else amounts(reference)
    return shares(jobs), shares(whole)


def _bits(p: Floats) -> Floats:
    """Return Σ p log2(1/p) over the last axis."""
    logs = np.log2(p, out=np.zeros(p.shape), where=p > 0)
    return np.asarray(np.where(np.isnan(p), np.nan, -p * logs).sum(axis=-1) + 0.0)


def _members(groups: ArrayLike, industries: int) -> tuple[NDArray[np.intp], Floats]:
    """Return the number of each industry's group, and industries × groups of 0 and 1."""
    labels, group = np.unique(np.asarray(groups), return_inverse=True)
    if group.shape != (industries,):
        raise ValueError(f"{group.size} groups were given for {industries} industries.")
    return group, np.eye(labels.size)[group]
