"""Where a region has more of an industry than its size would give (methodology 3.3 and 3.4).

Arrays in, arrays out: no tables, no keys, and no label or cut that a declaration should hold.

Employment has the axes (…, regions, industries); leading axes, such as years or draws, are
computed each for itself. NaN is not known. A total over something not known is not known
either, and with it every figure that needs the total: fill the cells first (3.2), or give the
totals that were published. Zero over zero has no answer and is NaN too: so it is everything
about a region without jobs or an industry that is nowhere.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from s3etl.portfolio.arrays import Flags, Floats, amounts, divide, totals
from s3etl.portfolio.shrinkage import (
    Shrunk,
    exceedance_probability,
    expected_employment,
    shrink,
    shrunk_location_quotient,
)

__all__ = [
    "EXCEPTIONAL_5",
    "EXCEPTIONAL_10",
    "Shrunk",
    "Standardised",
    "bootstrapped_cutoff",
    "exceedance_probability",
    "expected_employment",
    "horizontal_cluster_location_quotient",
    "location_quotient",
    "shrink",
    "shrunk_location_quotient",
    "standardised_location_quotient",
    "symmetric_location_quotient",
]

EXCEPTIONAL_5: Final = 1.96
EXCEPTIONAL_10: Final = 1.65
"""Cuts of a standardised quotient at 5 and 10 % (O'Donoghue & Gleave 2004)."""
_RANGE_OF_SHAPIRO: Final = 3
_TOP: Final = 0.95


@dataclass(frozen=True)
class Standardised:
    """Location quotients in standard deviations of their industry.

    Attributes:
        z: (…, regions, industries); NaN where LQ is, or where all of an industry are equal.
        logged: (…, industries), whether the logarithm was taken.
        normality: (…, industries), p of Shapiro and Wilk; NaN below three quotients, or
            where all are equal.
    """

    z: Floats
    logged: Flags
    normality: Floats


def location_quotient(
    employment: ArrayLike,
    *,
    region_total: ArrayLike | None = None,
    industry_total: ArrayLike | None = None,
    total: ArrayLike | None = None,
) -> Floats:
    """LQ_rs = (E_rs/E_r·)/(E_·s/E_··), also known as Balassa index (methodology 3.3).

    Computed as E_rs E_·· / (E_r· E_·s), with one rounding: of whole numbers of persons it is
    exactly 1 where shares are equal, and never falls on the wrong side of 1.
    With totals left to be summed, Σ_r (E_r·/E_··) LQ_rs = 1 over regions with jobs.

    Args:
        employment: Persons, (…, regions, industries).
        region_total: E_r· by (…, regions), for example a published total; default the sum.
        industry_total: E_·s by (…, industries) of the comparison universe; default the sum.
        total: E_·· by (…); default the sum of ``industry_total``.

    Returns:
        Ratios, same axes; NaN where a cell or total is not known, a region has no jobs, or
        an industry is nowhere.

    Raises:
        ValueError: An amount is negative or infinite.
    """
    jobs = amounts(employment)
    by_region, by_industry, overall = totals(jobs, region_total, industry_total, total)
    return divide(jobs * overall, by_region * by_industry)


def symmetric_location_quotient(quotient: ArrayLike) -> Floats:
    """SLQ = (LQ − 1)/(LQ + 1), between −1 and 1 (Laursen 2015).

    Args:
        quotient: LQ or LQ*, any axes; NaN stays.
    """
    array = amounts(quotient)
    return np.asarray((array - 1) / (array + 1))


def standardised_location_quotient(quotient: ArrayLike, *, level: float = 0.05) -> Standardised:
    """Z_rs = (g(LQ_rs) − mean_s)/sd_s (O'Donoghue & Gleave 2004; methodology 3.3).

    g is the natural logarithm for an industry whose quotients are not normal (Shapiro and
    Wilk) and all above 0; else quotients stay as they are. A logarithm of some regions only
    would make a region without the industry look average. sd is that of a sample (n − 1).

    Args:
        quotient: LQ, (…, regions, industries); NaN is left out of test, mean and sd.
        level: p below which quotients count as not normal.
    """
    array = amounts(quotient)
    normality = _normality(array)
    logged = (normality < level) & ~(array <= 0).any(axis=-2)
    values = np.log(array, out=array.copy(), where=logged[..., None, :] & (array > 0))
    known = ~np.isnan(values)
    count = known.sum(axis=-2, keepdims=True)
    mean = divide(np.where(known, values, 0).sum(axis=-2, keepdims=True), count)
    squares = np.where(known, values - mean, 0) ** 2
    variance = divide(squares.sum(axis=-2, keepdims=True), count - 1)
    # Equal quotients differ from their own mean by rounding only.
    variance[_spread(values)[..., None, :] == 0] = 0
    return Standardised(divide(values - mean, np.sqrt(variance)), logged, normality)


def bootstrapped_cutoff(
    z: ArrayLike, *, replications: int = 1000, seed: int | np.random.Generator = 0
) -> Floats:
    """C_s: mean 95th percentile of resamples of an industry's z (Tian 2013; methodology 3.3).

    Regions are resampled with replacement. Of each resample only the two order statistics
    around the percentile matter, and which ranks those have is drawn at once: the k-th of n
    uniform numbers follows Beta(k, n − k + 1). That is the same bootstrap, it depends on no
    order of regions or industries, and it takes no room for the resamples.

    Args:
        z: (…, regions, industries); NaN is left out.
        replications: Number of resamples B.
        seed: For the ranks; the same ones serve all industries.

    Returns:
        Cut-offs in the unit of z, (…, industries); specialised is z ≥ c. NaN where no z is
        known.
    """
    from scipy.special import betaincinv  # noqa: PLC0415  (heavy: only where it is used)

    ordered = np.sort(np.asarray(z, np.float64), axis=-2)  # NaN comes last
    count = (~np.isnan(ordered)).sum(axis=-2)
    place = _TOP * (count - 1)
    low = np.clip(np.floor(place), 0, None)
    part = np.where(count > 0, place - low, 0)
    shape = (replications, *(1 for _ in count.shape))
    uniform = np.random.default_rng(seed).random((2, *shape))
    above = np.maximum(count - low, 1)
    first = betaincinv(low + 1, above, uniform[0])
    second = 1 - (1 - first) * (1 - uniform[1]) ** (1 / np.maximum(count - low - 1, 1))
    last = np.maximum(count - 1, 0)

    def drawn(position: Floats) -> Floats:
        rank = np.minimum((position * count).astype(np.intp), last)
        return np.take_along_axis(ordered, np.moveaxis(rank, 0, -2), axis=-2)

    return np.asarray(
        (drawn(first) * (1 - part[..., None, :]) + _times(part, drawn(second))).mean(-2)
    )


def horizontal_cluster_location_quotient(employment: ArrayLike) -> Floats:
    """HCLQ = E_rs − E_r· E_·s/E_··, jobs above LQ = 1 (Fingleton et al. 2004).

    Args:
        employment: Persons, (…, regions, industries).

    Returns:
        Persons, same axes; they sum to 0 by region and by industry. NaN where a total is not
        known or there are no jobs at all; an empty region or industry has 0.
    """
    jobs = amounts(employment)
    return np.asarray(jobs - expected_employment(jobs))


def _normality(array: Floats) -> Floats:
    """Return p of Shapiro and Wilk by (…, industries), NaN where it cannot be computed."""
    from scipy.stats import shapiro  # noqa: PLC0415  (heavy: only where it is used)

    known = (~np.isnan(array)).sum(axis=-2)
    fit = (known >= _RANGE_OF_SHAPIRO) & (_spread(array) > 0)
    out = np.full(fit.shape, np.nan)
    if fit.any():
        series = np.moveaxis(array, -2, -1)[fit]
        out[fit] = shapiro(series, axis=-1, nan_policy="omit").pvalue
    return out


def _spread(array: Floats) -> Floats:
    """Return largest less smallest over regions, of what is known; −∞ where nothing is."""
    known = ~np.isnan(array)
    high = np.max(array, axis=-2, where=known, initial=-np.inf)
    low = np.min(array, axis=-2, where=known, initial=np.inf)
    return np.asarray(np.where(known.any(axis=-2), high - low, -np.inf))


def _times(part: Floats, values: Floats) -> Floats:
    """Return part × value, and 0 where the part is: there may be no value to take."""
    return np.where(part[..., None, :] > 0, part[..., None, :] * values, 0)
