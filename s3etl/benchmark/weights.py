"""Weights that come from the data: principal components.

Arrays in, arrays out, axes (units, indicators); declared weights stand in the hierarchy, and
equal ones are ones.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


class Components(NamedTuple):
    """Principal components of standardised indicators, largest first.

    Attributes:
        sd: Standard deviation of each component, axis (components).
        loadings: Its coefficients, axes (indicators, components), each of length 1.
        share: Share of the variance, axis (components).
    """

    sd: Values
    loadings: Values
    share: Values


def principal_components(values: Values) -> Components:
    """Principal components of the correlations between indicators.

    Args:
        values: Axes (units, indicators); a unit with a gap is left out. No indicator is
            constant over the rest.

    Raises:
        ValueError: Fewer than two units are complete, or an indicator is constant over them.
    """
    complete = values[np.isfinite(values).all(axis=1)]
    if len(complete) < 2:
        raise ValueError("principal components need at least two units without a gap")
    off = complete - complete.mean(axis=0)
    deviation = np.sqrt((off**2).sum(axis=0) / (len(complete) - 1))
    if not (np.ptp(complete, axis=0) > 0).all():
        raise ValueError("principal components need indicators that vary")
    z = off / deviation
    _, singular, right = np.linalg.svd(z, full_matrices=False)
    sd = singular / np.sqrt(len(complete) - 1)
    loadings = right.T
    # The sign of a component is free: its loadings point the way most of them do.
    sign = np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    return Components(sd, loadings * sign, sd**2 / (sd**2).sum())


def pca_weights(values: Values) -> Values:
    """Weights from the first principal component: its squared loadings, which sum to 1.

    Args:
        values: Axes (units, indicators), of one parent.

    Raises:
        ValueError: As :func:`principal_components`, or no component comes first.
    """
    found = principal_components(values)
    if (found.sd[1:] >= found.sd[0] * (1 - 1e-9)).any():
        # Any mixture of the two would be as good, and the order of columns would choose.
        raise ValueError("two principal components explain the same, so neither gives weights")
    return np.asarray(found.loadings[:, 0] ** 2)
