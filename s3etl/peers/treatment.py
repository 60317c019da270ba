"""Structural variables made comparable: reshaped where skewed, winsorised, brought to 0 to 1.

Every variable by itself; distances between regions are in :mod:`s3etl.peers.distance`.
"""

import numpy as np
from numpy.typing import NDArray

from s3etl.peers.method import Treatment

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def moments(values: Floats) -> tuple[Floats, Floats]:
    """Return skewness and excess kurtosis of each column, as samples estimate them.

    G1 and G2 of Joanes and Gill (1998), the ones of spreadsheets and of the JRC's tools.

    Args:
        values: R × J; what is missing is NaN.

    Returns:
        J each; NaN where fewer than four values, or only one value, make them meaningless.
    """
    n = np.isfinite(values).sum(axis=0).astype(float)
    n[n < 4] = np.nan
    centred = values - np.nansum(values, axis=0) / n
    second, third, fourth = (np.nansum(centred**power, axis=0) / n for power in (2, 3, 4))
    flat = second <= np.square(1e-12 * np.nanmax(np.abs(values), axis=0, initial=0))
    second = np.where(flat, np.nan, second)
    skewness = third / second**1.5 * np.sqrt(n * (n - 1)) / (n - 2)
    excess = fourth / second**2 - 3
    return skewness, (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * excess + 6)


def treated(values: Floats, treatment: Treatment) -> Floats:
    """Return x̃ (methodology 7): reshaped if skewed, winsorised, min–max to [0, 1].

    A variable whose skewness and kurtosis are both beyond the limits is reshaped by Box–Cox:
    with λ = 0, the logarithm, where all its values are positive, and with the declared power
    where some are 0. One with negative values is winsorised only.

    Args:
        values: R × J, in any unit; what is missing is NaN.
        treatment: Limits, power and percentiles.

    Returns:
        R × J; NaN where a value is missing, and throughout a variable that has no value or is
        the same everywhere, since it tells no region from another.

    Raises:
        ValueError: A value is infinite.
    """
    if np.isinf(values).any():
        raise ValueError("a structural variable is infinite; what is not known is NaN.")
    skewness, kurtosis = moments(values)
    skewed = (np.abs(skewness) > treatment.skewness) & (kurtosis > treatment.kurtosis)
    least = np.nanmin(values, axis=0, initial=np.inf)
    logged = np.log(values, out=np.full_like(values, np.nan), where=values > 0)
    raised = np.abs(values) ** treatment.power
    shaped = np.where(skewed & (least > 0), logged, values)
    shaped = np.where(skewed & (least == 0), raised, shaped)
    some = np.isfinite(values).any(axis=0)
    bounds = np.full((2, values.shape[1]), np.nan)
    bounds[:, some] = np.nanpercentile(shaped[:, some], treatment.winsorise, axis=0)
    width = bounds[1] - bounds[0]
    width[~(width > 1e-12 * np.maximum(np.abs(bounds[1]), 1e-300))] = np.nan
    return np.asarray((np.clip(shaped, *bounds) - bounds[0]) / width)
