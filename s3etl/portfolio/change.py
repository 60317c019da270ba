"""How a region's employment changes between two years, beside the universe's (methodology 3.6, 10).

Arrays of two years in, figures out; which years, and what counts as specialised, is chosen
elsewhere.

Employment has the axes (…, regions, industries), the same in both years. NaN is not known and
makes NaN of every figure that needs it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from s3etl.portfolio.arrays import Floats, amounts, divide
from s3etl.portfolio.structure import shares


@dataclass(frozen=True)
class ShiftShare:
    """Change of employment in three parts that add up to it: NG + IM + RS = E_t1 − E_t0.

    Each has the axes (…, regions, industries), in persons; a region's part is the sum over
    industries.

    Attributes:
        national: NG, what growth at the rate of all jobs would have brought.
        mix: IM, what its industries' growth in the universe adds to that.
        regional: RS, the competitive shift: what is left.
    """

    national: Floats
    mix: Floats
    regional: Floats


def shift_share(
    before: ArrayLike,
    after: ArrayLike,
    *,
    reference_before: ArrayLike | None = None,
    reference_after: ArrayLike | None = None,
) -> ShiftShare:
    """NG = E g, IM = E (g_s − g), RS = E_t1 − E_t0 (1 + g_s): B-14, Dunn 1960.

    Where E_t0 = 0, NG and IM are 0 and RS is E_t1, also where g_s cannot be computed since
    the industry is new to the universe.

    Args:
        before: Persons at t0, (…, regions, industries).
        after: Persons at t1.
        reference_before: Persons at t0 of the universe, (…, industries); default the sum of
            the regions.
        reference_after: The same at t1.

    Returns:
        NaN where a cell is not known, and where an industry with jobs in the region has none
        in the reference given. A universe without jobs at t0 gives NaN.

    Raises:
        ValueError: An amount is negative or infinite, or one reference is given alone.
    """
    start, end = amounts(before), amounts(after)
    if (reference_before is None) != (reference_after is None):
        raise ValueError("give the reference of both years, or of none.")
    from_ = start.sum(axis=-2) if reference_before is None else amounts(reference_before)
    to = end.sum(axis=-2) if reference_after is None else amounts(reference_after)
    growth = divide(to.sum(axis=-1), from_.sum(axis=-1))[..., None, None] - 1
    at_industry = np.where(start == 0, 0, start * divide(to, from_)[..., None, :])
    national = start * growth
    return ShiftShare(
        np.asarray(national),
        np.asarray(at_industry - start - national),
        np.asarray(end - at_industry),
    )


def competitive_shift(before: ArrayLike, after: ArrayLike) -> Floats:
    """RS/E_r,t0, the competitive shift per job at t0: B-14.

    Arguments and errors are those of :func:`shift_share`.

    Returns:
        Fractions by (…, regions); NaN for a region without jobs at t0.
    """
    regional = shift_share(before, after).regional.sum(axis=-1)
    return divide(regional, amounts(before).sum(axis=-1))


def lilien(before: ArrayLike, after: ArrayLike) -> Floats:
    """σ = sqrt(Σ_s p̄_s (Δln E_rs − Δln E_r)²), p̄ the mean share of both years: B-13, Lilien 1982.

    An industry that the region has in one of the years only has no log change. It is left
    out and the other weights are brought to sum to 1; E_r counts it.

    Args:
        before: Persons at t0, (…, regions, industries).
        after: Persons at t1.

    Returns:
        Log points ≥ 0, by (…, regions); NaN where a cell is not known, the region has no jobs
        in one of the years, or no industry lasted.

    Raises:
        ValueError: An amount is negative or infinite.
    """
    start, end = amounts(before), amounts(after)
    lasting = (start > 0) & (end > 0)
    weight = np.where(lasting, (shares(start) + shares(end)) / 2, 0)
    whole = _log_ratio(start.sum(axis=-1), end.sum(axis=-1))
    distance = np.where(lasting, _log_ratio(start, end) - whole[..., None], 0)
    variance = divide((weight * distance**2).sum(axis=-1), weight.sum(axis=-1))
    # With a cell not known its industry was not counted as lasting, but E_r is not known.
    return np.asarray(np.sqrt(np.where(np.isnan(whole), np.nan, variance)))


def structural_change(before: ArrayLike, after: ArrayLike) -> Floats:
    """½ Σ_s |p_t1 − p_t0|, the share of jobs that would have to change industry: B-16.

    Args:
        before: Persons at t0, (…, regions, industries).
        after: Persons at t1, three years later for B-16.

    Returns:
        Fractions from 0 to 1, by (…, regions); NaN where a cell is not known or the region has
        no jobs in one of the years.
    """
    return np.asarray(np.abs(shares(after) - shares(before)).sum(axis=-1) / 2)


def employment_generation(before: ArrayLike, after: ArrayLike, specialised: ArrayLike) -> Floats:
    """ln(Σ E_t1/Σ E_t0) over the industries a region is specialised in: B-17.

    Args:
        before: Persons at t0, (…, regions, industries).
        after: Persons at t1, three years later for B-17.
        specialised: Which industries count, true or false, same axes.

    Returns:
        Log points by (…, regions); NaN for a region specialised in nothing, with a cell that
        counts not known, or without jobs there in one of the years.

    Raises:
        ValueError: An amount is negative or infinite.
    """
    counted = np.asarray(specialised, bool)
    start = np.where(counted, amounts(before), 0).sum(axis=-1)
    end = np.where(counted, amounts(after), 0).sum(axis=-1)
    return _log_ratio(start, end)


def resistance(
    before: ArrayLike,
    after: ArrayLike,
    reference_before: ArrayLike,
    reference_after: ArrayLike,
) -> Floats:
    """(ΔE_r/E_r − ΔE_N/E_N)/|ΔE_N/E_N| in a past shock (methodology 10; Martin 2012).

    0 is as the nation; 1 is twice its growth, or no fall where it fell.

    Args:
        before: All jobs at t0, (…, regions).
        after: All jobs at t1.
        reference_before: All jobs of each region's nation at t0; one number or (…, regions).
        reference_after: The same at t1.

    Returns:
        Ratios by (…, regions); NaN where a total is not known or 0 at t0, or where the nation
        did not change.

    Raises:
        ValueError: An amount is negative or infinite.
    """
    start, nation = amounts(before), amounts(reference_before)
    own = divide(amounts(after) - start, start)
    whole = divide(amounts(reference_after) - nation, nation)
    return divide(own - whole, np.abs(whole))


def _log_ratio(start: Floats, end: Floats) -> Floats:
    """Return ln(end/start), NaN where one of them is 0 or not known."""
    ratio = divide(end, start)
    return np.log(ratio, out=np.full(ratio.shape, np.nan), where=ratio > 0)
