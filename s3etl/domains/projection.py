"""The table T of a set as numbers, and employment by division carried to domains.

Plain arrays and one product; which divisions a source has is known where it is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s3etl.domains.declared import DomainSet
from s3etl.domains.nace import DIVISIONS
from s3etl.errors import CatalogueError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Concordance:
    """T_sk (methodology 3.1): which share of a division belongs to which domain.

    Attributes:
        divisions: NACE divisions, axis 0.
        domains: Domain ids, axis 1.
        weights: T, divisions × domains; shares between 0 and 1.
        outside: Share of each division that is in no domain: 1 less the sum of its row.
    """

    divisions: tuple[str, ...]
    domains: tuple[str, ...]
    weights: Floats
    outside: Floats

    def of(self, divisions: Sequence[str]) -> "Concordance":
        """Return the rows of these divisions, in this order: those a source publishes.

        Raises:
            CatalogueError: One is not in the table.
        """
        at = {division: i for i, division in enumerate(self.divisions)}
        if unknown := [d for d in divisions if d not in at]:
            raise CatalogueError(
                f"concordance: {unknown[0]!r} is no division of it; give two-digit codes."
            )
        rows = [at[division] for division in divisions]
        return Concordance(tuple(divisions), self.domains, self.weights[rows], self.outside[rows])


def concordance(domain_set: DomainSet) -> Concordance:
    """Return the table T of a set over all 88 divisions, with what is outside beside it."""
    row = {division: i for i, division in enumerate(DIVISIONS)}
    column = {domain: k for k, domain in enumerate(domain_set.domains)}
    weights = np.zeros((len(row), len(column)))
    outside = np.zeros(len(row))
    for share in domain_set.shares:
        if share.domain in column:
            weights[row[share.item], column[share.domain]] = share.weight
        else:
            outside[row[share.item]] = share.weight
    return Concordance(DIVISIONS, domain_set.domains, weights, outside)


def employment_by_domain(employment: Floats, weights: Floats) -> Floats:
    """Carry employment by division to domains: E_rk = Σ_s T_sk E_rs (methodology 4.3).

    A domain is missing where any division with a share in it is: nothing missing becomes
    zero. Divisions that a source does not cover at all are left out of both arrays
    (:meth:`Concordance.of`), and the domain is then what of it the source covers.

    Args:
        employment: Persons employed, regions × divisions; NaN is missing.
        weights: T, divisions × domains.

    Returns:
        Persons employed, regions × domains.
    """
    missing = np.isnan(employment)
    known = np.where(missing, 0.0, employment) @ weights
    touched = missing.astype(np.float64) @ (weights > 0)
    return np.where(touched > 0, np.nan, known)
