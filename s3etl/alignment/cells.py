"""The eight cells of priority, strength and organisation, domain by domain (methodology 4.3).

What counts as a strength is an argument; the words for the cells are here, texts about regions are
not.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from s3etl.portfolio.arrays import Flags, amounts
from s3etl.portfolio.relatedness import at_least_median

CELLS: Final = (
    "inactive",
    "legacy organisation",
    "dormant strength",
    "strength outside S3",
    "bare aspiration",
    "organised aspiration",
    "unsupported strength",
    "supported strength",
    "not known",
)
"""Cell 4 P + 2 S + C of priority P, strength S and organisation C, and one more."""
ASPIRATIONS: Final = ("none", "related", "distant", "not known")
UNKNOWN: Final = 8


@dataclass(frozen=True)
class CellMap:
    """Where each domain of a region stands, all of (…, regions, domains).

    Attributes:
        cell: Position in :data:`CELLS`; "not known" where one of the three is not.
        aspiration: Position in :data:`ASPIRATIONS`: for priorities without strength, whether
            ω is at or above the region's median.
        uncertain: The probability of strength lies between the two limits.
    """

    cell: NDArray[np.int8]
    aspiration: NDArray[np.int8]
    uncertain: Flags


def cell_map(
    strategy: ArrayLike,
    quotient: ArrayLike,
    probability: ArrayLike,
    organisations: ArrayLike,
    density: ArrayLike,
    *,
    threshold: float = 1.2,
    sure: float = 0.8,
) -> CellMap:
    """Sort domains into the eight cells; aspirations into related and distant (4.3).

    Args:
        strategy: π, (…, regions, domains); a priority is > 0.
        quotient: LQ*, same axes.
        probability: P(LQ* ≥ threshold), same axes.
        organisations: κ, same axes; an organisation is > 0.
        density: ω, per cent, same axes; needed for priorities without strength only.
        threshold: The least LQ* that is a strength.
        sure: The least probability of a strength. Above 1 − sure and below sure the cell is
            uncertain, and counts as without strength.

    Raises:
        ValueError: A weight, quotient or probability is negative or infinite.
    """
    pi, lq, p, kappa = map(amounts, (strategy, quotient, probability, organisations))
    strong = (lq >= threshold) & (p >= sure)
    unknown = np.isnan(pi) | np.isnan(lq) | np.isnan(p) | np.isnan(kappa)
    cell = np.where(unknown, UNKNOWN, 4 * (pi > 0) + 2 * strong + (kappa > 0))
    related = at_least_median(density)
    aspiring = (cell == CELLS.index("bare aspiration")) | (
        cell == CELLS.index("organised aspiration")
    )
    kinds = [~aspiring & ~unknown, unknown | np.isnan(related), related > 0]
    aspiration = np.select(kinds, [0, 3, 1], default=2)
    # 1 − 0.8 is a little less than 0.2 in floating point.
    uncertain = (p > round(1 - sure, 12)) & (p < sure)
    return CellMap(cell.astype(np.int8), aspiration.astype(np.int8), uncertain)
