"""What every measure of the portfolio does with amounts, totals and zero over zero.

No measure of its own: a figure that is published has its formula elsewhere.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def amounts(values: ArrayLike) -> Floats:
    """Return numbers of persons, or other amounts, as an array of floats.

    Raises:
        ValueError: One is negative or infinite.
    """
    array = np.asarray(values, dtype=np.float64)
    # Comparisons with NaN are false: what is not known passes.
    if (array < 0).any() or np.isinf(array).any():
        raise ValueError("an amount is negative or infinite; what is not known is NaN.")
    return array


def divide(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Divide, giving NaN where the denominator is zero or not known."""
    top, bottom = np.broadcast_arrays(
        np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    )
    out = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=out, where=bottom != 0)
    return out


def totals(
    jobs: Floats,
    region_total: ArrayLike | None,
    industry_total: ArrayLike | None,
    total: ArrayLike | None,
) -> tuple[Floats, Floats, Floats]:
    """Return E_r·, E_·s and E_··, given or summed, with axes that broadcast to the cells."""
    by_region = jobs.sum(axis=-1) if region_total is None else amounts(region_total)
    by_industry = jobs.sum(axis=-2) if industry_total is None else amounts(industry_total)
    overall = by_industry.sum(axis=-1) if total is None else amounts(total)
    return by_region[..., None], by_industry[..., None, :], overall[..., None, None]
