"""The product space of a year: relatedness of divisions, density and quadrants of regions.

With some seventy divisions it is coarse: for exploration, not for ranking (methodology 3.6).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s3etl.portfolio.cells import Floats
from s3etl.portfolio.estimate import Portfolio
from s3etl.portfolio.relatedness import (
    QUADRANTS,
    complexity,
    density,
    presence,
    proximity,
    quadrants,
)


@dataclass(frozen=True)
class Space:
    """R regions × S divisions.

    Attributes:
        density: ω, per cent; NaN for regions without an index.
        quadrant: Where a division the region is not specialised in stands; see
            :data:`~s3etl.portfolio.relatedness.QUADRANTS`.
        complexity: PCI, S.
    """

    density: Floats
    quadrant: NDArray[Any]
    complexity: Floats


def space(portfolio: Portfolio) -> Space:
    """Return the product space of a portfolio, over the regions that may have an index."""
    usable = portfolio.usable
    raw = portfolio.quotients.raw
    present = presence(raw[usable])
    near = density(present, proximity(present))
    industry = complexity(present).industry
    omega = np.full(raw.shape, np.nan)
    omega[usable] = near
    words = np.full(raw.shape, QUADRANTS[-1], object)
    words[usable] = np.array(QUADRANTS, object)[quadrants(near, industry, present)]
    return Space(omega, words, industry)
