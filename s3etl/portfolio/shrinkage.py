"""How much of a location quotient is more than the luck of a few plants (methodology 3.4).

Only the shrinkage and what follows from it: which cut makes a label is declared elsewhere.

Axes and NaN are those of :mod:`s3etl.portfolio.specialisation`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from s3etl.portfolio.arrays import Floats, amounts, divide, totals


@dataclass(frozen=True)
class Shrunk:
    """Location quotients drawn to 1 as far as their size leaves them unsure (methodology 3.4).

    Attributes:
        raw: LQ, (…, regions, industries).
        value: LQ*, same axes.
        variance: Posterior variance of LQ*, same axes.
        reliability: B, between 0 (all noise) and 1 (none), same axes.
        between: A, the variance between regions, (…, industries).
    """

    raw: Floats
    value: Floats
    variance: Floats
    reliability: Floats
    between: Floats


def expected_employment(
    employment: ArrayLike,
    *,
    region_total: ArrayLike | None = None,
    industry_total: ArrayLike | None = None,
    total: ArrayLike | None = None,
) -> Floats:
    """X_rs = E_r· E_·s/E_··, what a region would have with the universe's shares (3.4).

    Args and axes are those of :func:`~s3etl.portfolio.specialisation.location_quotient`; persons.
    """
    jobs = amounts(employment)
    by_region, by_industry, overall = totals(jobs, region_total, industry_total, total)
    return divide(by_region * by_industry, overall)


def shrunk_location_quotient(
    employment: ArrayLike,
    mean_plant_size: ArrayLike,
    plant_size_cv2: ArrayLike = 3.0,
    *,
    region_total: ArrayLike | None = None,
    industry_total: ArrayLike | None = None,
    total: ArrayLike | None = None,
) -> Shrunk:
    """LQ* by compound-Poisson empirical Bayes (methodology 3.4; Marshall 1991).

    A_s = max(0, X-weighted variance of LQ around 1 − X-weighted mean of v); cells that are not
    known have no part in it. The rest is :func:`shrink`.

    Args:
        employment: Persons, (…, regions, industries).
        mean_plant_size: μ, persons per local unit, one number or (…, industries).
        plant_size_cv2: CV², squared coefficient of variation of plant sizes, likewise.
        region_total: E_r·, as for the location quotient; so are the next two.
        industry_total: E_·s.
        total: E_··.

    Raises:
        ValueError: An amount, μ or CV² is negative or infinite.
    """
    jobs = amounts(employment)
    by_region, by_industry, overall = totals(jobs, region_total, industry_total, total)
    quotient = divide(jobs * overall, by_region * by_industry)
    expected = divide(by_region * by_industry, overall)
    noise = amounts(mean_plant_size) * (1 + amounts(plant_size_cv2))
    known = ~np.isnan(quotient)
    weight = np.where(known, expected, 0)
    whole = weight.sum(axis=-2)
    spread = (weight * np.where(known, quotient - 1, 0) ** 2).sum(axis=-2)
    # X v is the same noise in every region, so that its weighted mean is their number over ΣX.
    between = np.maximum(0, divide(spread - known.sum(axis=-2) * noise, whole))
    return shrink(quotient, expected, mean_plant_size, plant_size_cv2, between)


def shrink(
    quotient: ArrayLike,
    expected: ArrayLike,
    mean_plant_size: ArrayLike,
    plant_size_cv2: ArrayLike,
    between: ArrayLike,
) -> Shrunk:
    """LQ* = 1 + B (LQ − 1), B = A/(A + v), v = μ(1 + CV²)/X, with A given (methodology 3.4).

    Args:
        quotient: LQ, (…, regions, industries).
        expected: X, persons, same axes.
        mean_plant_size: μ, persons per local unit, one number or (…, industries).
        plant_size_cv2: CV², likewise.
        between: A, variance of true quotients between regions, likewise.

    Returns:
        NaN where an input is, where X is 0, or where A and μ are both 0. LQ* lies between LQ
        and 1. With A = 0 every LQ* is 1 with variance 0: the data show no difference.

    Raises:
        ValueError: An input is negative or infinite.
    """
    raw, wide = amounts(quotient), amounts(between)
    noise = amounts(mean_plant_size) * (1 + amounts(plant_size_cv2))
    sampling = divide(noise[..., None, :] if noise.ndim else noise, expected)
    by_cell = wide[..., None, :] if wide.ndim else wide
    reliability = divide(by_cell, by_cell + sampling)
    value = np.asarray(1 + reliability * (raw - 1))
    return Shrunk(raw, value, np.asarray(reliability * sampling), reliability, wide)


def exceedance_probability(value: ArrayLike, variance: ArrayLike, threshold: float) -> Floats:
    """P(LQ* > c) by a log-normal with the mean and variance of LQ* (methodology 3.4).

    Args:
        value: LQ*, any axes.
        variance: Its posterior variance, same axes.
        threshold: c, a quotient above 0.

    Returns:
        Probabilities, same axes; 0 or 1 where the variance is 0; NaN where an input is.

    Raises:
        ValueError: The threshold is not above 0, or an input is negative or infinite.
    """
    from scipy.special import ndtr  # noqa: PLC0415  (heavy: only where it is used)

    if not threshold > 0:
        raise ValueError(f"a log-normal has no probability at {threshold}; give one above 0.")
    mean, spread = amounts(value), amounts(variance)
    variance_of_log = np.log1p(divide(spread, mean**2))
    log_mean = np.log(mean, out=np.full(mean.shape, np.nan), where=mean > 0)
    above = divide(log_mean - variance_of_log / 2 - np.log(threshold), np.sqrt(variance_of_log))
    known = ~np.isnan(mean) & ~np.isnan(spread)
    certain = np.where(known, (mean > threshold).astype(np.float64), np.nan)
    return np.where((spread == 0) | (mean == 0), certain, ndtr(above))
