"""Domains of a region: employment, quotients and how surely they are strengths.

Divisions come to domains by the table T of :mod:`s3etl.domains`; no strategy is known here.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s3etl.domains.projection import Concordance
from s3etl.portfolio.arrays import divide
from s3etl.portfolio.cells import Bools, Floats
from s3etl.portfolio.estimate import Portfolio
from s3etl.portfolio.method import PortfolioMethod
from s3etl.portfolio.relatedness import density, presence, proximity
from s3etl.portfolio.shrinkage import Shrunk, exceedance_probability, shrunk_location_quotient
from s3etl.portfolio.specialisation import symmetric_location_quotient


@dataclass(frozen=True)
class Strengths:
    """Domains of regions; M draws, R regions, K domains.

    Attributes:
        domains: K ids.
        quotients: LQ and LQ*, R × K. Restricted where a cell in it is filled.
        drawn: LQ*, M × R × K.
        probability: P(LQ* ≥ strength), R × K, over draws and posterior.
        density: ω, per cent, R × K.
        employment: Persons, E_rk = Σ T_sk E_rs, R × K. Restricted.
        drawn_employment: The same of the draws, M × R × K. Restricted.
        open_cells: R × K, whether every division of the domain is shown in the region, with
            its share, so that its figures give nothing away.
    """

    domains: tuple[str, ...]
    quotients: Shrunk
    drawn: Floats
    probability: Floats
    density: Floats
    employment: Floats
    drawn_employment: Floats
    open_cells: Bools

    @property
    def vector(self) -> Floats:
        """σ, (1 + M) × R × K: max(0, SLQ*), the filled table first (methodology 4.3)."""
        every = np.concatenate([self.quotients.value[None], self.drawn])
        return np.maximum(0.0, symmetric_location_quotient(every))


def strengths(
    portfolio: Portfolio, table: Concordance, shown: Bools, method: PortfolioMethod
) -> Strengths:
    """Bring a portfolio to domains (methodology 3.1, 4.3).

    Regions without an index (too much of them imputed) have no strengths: NaN.

    Args:
        portfolio: The portfolio.
        table: T, for the two-digit codes of the portfolio's divisions.
        shown: R × S, whether the share of a cell may be shown: LQ* of a domain of shown cells
            gives the total of the region away.
        method: The choices.
    """
    weights = table.of([division[1:] for division in portfolio.economy.divisions]).weights
    share = np.nan_to_num(portfolio.universe.share)  # a division nobody publishes has no share
    whole = share @ weights
    size = divide((share * np.nan_to_num(portfolio.plant_size)) @ weights, whole)
    spread = divide((share * portfolio.plant_cv2) @ weights, whole)

    def compared(jobs: Floats) -> Shrunk:
        return shrunk_location_quotient(
            np.where(portfolio.usable[:, None], jobs @ weights, np.nan),
            size,
            spread,
            region_total=jobs.sum(axis=-1),
            industry_total=whole,
            total=1.0,
        )

    quotients, many = compared(portfolio.filled), compared(portfolio.drawn)
    above = exceedance_probability(many.value, many.variance, method.strength)
    return Strengths(
        table.domains,
        quotients,
        many.value,
        np.asarray(above.mean(axis=0)),
        _density(quotients.raw, portfolio.usable),
        np.asarray(portfolio.filled @ weights),
        np.asarray(portfolio.drawn @ weights),
        np.asarray(~((~shown).astype(float) @ (weights > 0).astype(float) > 0)),
    )


def _density(raw: Floats, usable: NDArray[Any]) -> Floats:
    out = np.full(raw.shape, np.nan)
    present = presence(raw[usable])
    out[usable] = density(present, proximity(present))
    return out
