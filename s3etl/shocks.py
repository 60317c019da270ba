"""What would be at risk in a region if jobs of some industries were: the shock lens (section 10).

A scenario, not a forecast: nothing here says how likely a shock is, and no ranking may use it.

Employment has the axes (…, regions, industries), a shock δ the axis (industries): the share of
jobs at risk, 0 to 1. NaN is not known; what each function makes of it is said there.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from s3etl.portfolio.arrays import Floats, amounts, divide
from s3etl.portfolio.relatedness import at_least_median
from s3etl.portfolio.structure import shares

LABEL: Final = "scenario, not forecast"
"""What every published figure of this module carries."""
RHOS: Final = (0.0, 0.5, 1.0)
"""Values of ρ that are shown side by side; the middle one is the default."""


def employment_at_risk(employment: ArrayLike, shock: ArrayLike) -> Floats:
    """Σ_s p_rs δ_s, the share of a region's jobs that is at risk (methodology 10).

    Args:
        employment: Persons, (…, regions, industries).
        shock: δ, (industries) or the axes of ``employment``.

    Returns:
        Fractions by (…, regions); NaN for a region with a cell not known or without jobs, and
        where δ is not known for an industry that the region has.

    Raises:
        ValueError: δ is not between 0 and 1, or an amount is negative or infinite.
    """
    return _weighted(shares(employment), _fractions(shock, "a shock"))


def absorption(
    employment: ArrayLike,
    shock: ArrayLike,
    relatedness: ArrayLike,
    *,
    maximum: float | None = None,
) -> Floats:
    """R_rs = Σ_{s′≠s} φ_ss′ p_rs′ (1 − δ_s′)/Σ_{s′≠s} φ_ss′, over its largest value (10).

    How much of what is related to a shocked industry the region has, and keeps.

    Args:
        employment: Persons, (…, regions, industries).
        shock: δ, (industries), known for all.
        relatedness: φ, (industries, industries); the diagonal is not used, and a pair that is
            not known is left out of both sums.
        maximum: Largest R before scaling, for comparisons with another universe; default the
            largest of what is given. R is then cut off at 1.

    Returns:
        0 to 1, (…, regions, industries). Only for shocked industries (δ > 0), NaN for others
        and where a cell of the region is not known, it has no jobs, or no pair is known. An
        industry related to none has 0: there is nowhere to go. So has all if nowhere anything
        absorbs.

    Raises:
        ValueError: δ is not known or not between 0 and 1, or an amount is negative.
    """
    p, delta = shares(employment), _fractions(shock, "a shock")
    if np.isnan(delta).any():
        raise ValueError("a shock is not known for some industry; absorption needs them all.")
    phi = np.asarray(relatedness, np.float64)
    pair = ~np.isnan(phi) & ~np.eye(phi.shape[-1], dtype=bool)
    weight = np.where(pair, phi, 0).T
    whole = weight.sum(axis=0)
    kept = (p * (1 - delta)) @ weight
    raw = np.where(whole > 0, divide(kept, whole), kept)
    raw = np.where((delta > 0) & pair.any(axis=1), raw, np.nan)
    known = ~np.isnan(raw)
    top = np.max(raw, where=known, initial=0.0) if maximum is None else maximum
    return raw if top == 0 else np.minimum(raw / top, 1)


def net_exposure(
    employment: ArrayLike, shock: ArrayLike, absorbed: ArrayLike, rho: float = 0.5
) -> Floats:
    """Σ_s p_rs δ_s (1 − ρ R_rs), jobs at risk less what related industries take up (10).

    ρ is an assumption, not an estimate: show 0 and 1 beside it (:data:`RHOS`). With 0 it is
    the employment at risk.

    Args:
        employment: Persons, (…, regions, industries).
        shock: δ, (industries).
        absorbed: R of :func:`absorption`; not used where nothing is at risk.
        rho: ρ, 0 to 1.

    Returns:
        Fractions by (…, regions), at most the employment at risk; NaN where that is, and
        where ρ > 0 and R is not known for an industry with jobs at risk.

    Raises:
        ValueError: ρ, δ or R is not between 0 and 1, or an amount is negative.
    """
    if not 0 <= rho <= 1:
        raise ValueError(f"ρ is {rho}; it lies between 0 and 1.")
    lost = _fractions(shock, "a shock")
    remains = 1 - rho * _fractions(absorbed, "absorption") if rho else np.ones(1)
    risk = np.where(lost == 0, 0, lost * remains)
    return _weighted(shares(employment), risk)


def organised_response(jobs_at_risk: ArrayLike, coverage: ArrayLike) -> Floats:
    """Share of jobs at risk that is in domains with an active cluster organisation (10).

    Args:
        jobs_at_risk: Persons, (…, regions, domains).
        coverage: 1 where there is an organisation, 0 where not, or its quality in between
            (the quality-weighted variant); same axes.

    Returns:
        Fractions by (…, regions); NaN for a region with no jobs at risk or some not known,
        and where coverage is not known for a domain with jobs at risk.

    Raises:
        ValueError: Coverage is not between 0 and 1, or an amount is negative or infinite.
    """
    return _weighted(shares(jobs_at_risk), _fractions(coverage, "coverage"))


def hedge(
    strategy: ArrayLike,
    density: ArrayLike,
    shock: ArrayLike,
    mean_shock: float,
) -> Floats:
    """Share of π in domains that are related and little shocked (methodology 10).

    Related is ω at or above the region's median; little shocked is δ below the EU mean.

    Args:
        strategy: π, (regions, domains), by budget or equal; need not sum to 1.
        density: ω, per cent, same axes; the median is over the domains known.
        shock: δ, (domains).
        mean_shock: EU mean, Σ P_s δ_s, which is the employment at risk of the EU.

    Returns:
        Fractions by (regions); NaN for a region without priorities, and where ω or δ is not
        known for one of them.

    Raises:
        ValueError: δ is not between 0 and 1, or a weight is negative or infinite.
    """
    related = at_least_median(density)
    delta = _fractions(shock, "a shock")
    little = np.where(np.isnan(delta), np.nan, (delta < mean_shock).astype(np.float64))
    return _weighted(shares(strategy), related * little)


def _weighted(share: Floats, values: Floats) -> Floats:
    """Return Σ share × value; what is not known does not matter where the share is 0."""
    return np.asarray(np.where(share == 0, 0, share * values).sum(axis=-1))


def _fractions(values: ArrayLike, what: str) -> Floats:
    """Return shares as floats, NaN where not known."""
    array = amounts(values)
    if (array > 1).any():
        raise ValueError(f"{what} lies between 0 and 1, but one is {np.nanmax(array)}.")
    return array
