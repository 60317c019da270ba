"""The portfolio of one year: cells filled and drawn, quotients raw and shrunk, with their doubt.

Puts the functions of this package together for one universe. What of it may be shown is decided
in :mod:`s3etl.portfolio.disclosure`; indicators of regions are in
:mod:`s3etl.portfolio.indicators`.
"""

from dataclasses import dataclass, replace

import numpy as np

from s3etl.portfolio.arrays import divide
from s3etl.portfolio.cells import Bools, Floats
from s3etl.portfolio.economy import Economy
from s3etl.portfolio.fill import (
    Filled,
    draws,
    fill,
    first_of,
    prior_from_history,
    prior_from_sisters,
)
from s3etl.portfolio.method import PortfolioMethod
from s3etl.portfolio.shrinkage import (
    Shrunk,
    exceedance_probability,
    expected_employment,
    shrink,
    shrunk_location_quotient,
)
from s3etl.portfolio.specialisation import location_quotient


@dataclass(frozen=True)
class Universe:
    """What regions are compared with: published national figures, and nothing else.

    A quotient against totals that hold filled cells would give these away. So the share of a
    division is that of the countries that publish it and all of their sections.

    Attributes:
        share: P, S; NaN where no country publishes the division.
        members: C, countries that publish every section.
    """

    share: Floats
    members: Bools

    @classmethod
    def of(cls, economy: Economy) -> "Universe":
        """Return the universe of a year."""
        members: Bools = np.asarray(np.isfinite(economy.corners).all(axis=1))
        whole = np.where(members, economy.corners.sum(axis=1), 0.0)
        columns = economy.employment.columns
        there = members[:, None] & np.isfinite(columns)
        jobs = np.where(there, columns, 0).sum(axis=0)
        return cls(divide(jobs, (there * whole[:, None]).sum(axis=0)), members)


@dataclass(frozen=True)
class Portfolio:
    """One year; M draws, R regions, S divisions.

    Attributes:
        economy: What is published of the year.
        universe: What regions are compared with.
        filled: Persons, R × S: published, filled within the margins, or where no margin tells
            what the sisters let expect. Restricted.
        drawn: Persons, M × R × S. Restricted.
        plant_size: μ, persons per local unit, S.
        plant_cv2: CV² of plant sizes, S: of size classes, else as declared.
        quotients: LQ and LQ* of ``filled``, R × S.
        drawn_quotients: The same of the draws, M × R × S.
        exceeding: P(LQ* > specialised), R × S, over draws and posterior.
        imputed_share: R, share of the region's employment that is filled.
        usable: R, whether the region may have an index (methodology 3.2-7).
        converged: C, whether the fit of the country met its margins.
    """

    economy: Economy
    universe: Universe
    filled: Floats
    drawn: Floats
    plant_size: Floats
    plant_cv2: Floats
    quotients: Shrunk
    drawn_quotients: Shrunk
    exceeding: Floats
    imputed_share: Floats
    usable: Bools
    converged: Bools

    @property
    def totals(self) -> Floats:
        """R, persons employed in each region. Restricted where a cell of it is filled."""
        return np.asarray(self.filled.sum(axis=1))


def estimate(economy: Economy, earlier: list[Economy], method: PortfolioMethod) -> Portfolio:
    """Fill, draw and compare.

    Args:
        economy: The year.
        earlier: Years before it, oldest first, over the same regions and divisions: their
            published cells are the first prior (methodology 3.2-3).
        method: The choices.
    """
    universe = Universe.of(economy)
    first, tables = _filled(economy, earlier, universe, method)
    quotients = shrunk(first.value, universe, economy, method)
    many = shrunk(tables.value, universe, economy, method)
    unknown = np.where(economy.employment.unknown, first.value, 0)
    imputed = divide(unknown.sum(axis=1), first.value.sum(axis=1))
    above = exceedance_probability(many.value, many.variance, method.specialised)
    return Portfolio(
        economy=economy,
        universe=universe,
        filled=first.value,
        drawn=tables.value,
        plant_size=plant_size(economy),
        plant_cv2=plant_cv2(economy, method),
        quotients=quotients,
        drawn_quotients=many,
        exceeding=np.asarray(above.mean(axis=0)),
        imputed_share=imputed,
        usable=np.nan_to_num(imputed, nan=1.0) <= method.most_imputed,
        converged=first.converged,
    )


def _filled(
    economy: Economy, earlier: list[Economy], universe: Universe, method: PortfolioMethod
) -> tuple[Filled, Filled]:
    """Fill once by history or equal shares, then by the sisters that shows, and draw."""
    table = economy.employment
    history = np.stack([np.full(table.value.shape, np.nan), *(e.employment.value for e in earlier)])
    national = np.stack(
        [np.full(table.columns.shape, np.nan)]
        + [e.employment.columns for e in earlier]
        + [table.columns]
    )
    known = prior_from_history(history, national, table.country)
    rough = fill(table, known).value
    regions = np.nansum(rough, axis=1)  # for the expected count only
    expected = regions[:, None] * universe.share
    start = shrunk(rough, universe, economy, method, regions)
    # Sisters that are published tell more than those filled by equal shares.
    sisters = np.where(table.published, start.value, np.nan)
    prior = first_of(known, prior_from_sisters(expected, sisters, table.section))
    done = fill(table, prior)
    many = draws(
        table,
        prior,
        cv=method.draw_cv,
        seed=method.seed,
        m=method.draws,
        regions=economy.regions,
        divisions=economy.divisions,
    )
    rng = np.random.default_rng([method.seed, 1])
    noise = rng.gamma(1 / method.draw_cv**2, method.draw_cv**2, (method.draws, *prior.shape))
    # The noise follows the codes, not the order they stand in.
    row, column = (
        np.argsort(np.argsort(codes.astype(str))) for codes in (economy.regions, economy.divisions)
    )
    noise = noise[:, row][:, :, column]
    loose = np.isnan(many.value)  # no margin bounds them: the prior, and noise alone
    return (
        replace(done, value=np.where(np.isnan(done.value), prior, done.value)),
        replace(many, value=np.where(loose, prior * noise, many.value)),
    )


def plant_size(economy: Economy) -> Floats:
    """Return μ_s, persons per local unit, over the cells that have both; S."""
    jobs, units = economy.employment.value, economy.units
    both = np.isfinite(jobs) & np.isfinite(units) & (units > 0)
    persons = np.where(both, jobs, 0).sum(axis=0)
    return divide(persons, np.where(both, units, 0).sum(axis=0))


def plant_cv2(economy: Economy, method: PortfolioMethod) -> Floats:
    """Return CV² of plant sizes (methodology 3.4), S: of size classes, else as declared."""
    told = economy.plant_cv2
    if told is None:
        return np.full(len(economy.divisions), method.plant_size_cv2)
    return np.where(np.isfinite(told), told, method.plant_size_cv2)


def shrunk(
    value: Floats,
    universe: Universe,
    economy: Economy,
    method: PortfolioMethod,
    regions: Floats | None = None,
) -> Shrunk:
    """Return LQ and LQ* of a table against a universe (methodology 3.3, 3.4).

    The variance between regions is that of published cells: LQ* of a shown cell must not tell
    of hidden ones in its division.

    Args:
        value: Persons, (M ×) R × S.
        universe: What regions are compared with.
        economy: Tells which cells are published, and sizes of plants.
        method: CV² of plant sizes where the economy does not tell it.
        regions: Totals of the regions; the sum of their cells if not given.
    """
    size, spread = plant_size(economy), plant_cv2(economy, method)
    totals = value.sum(axis=-1) if regions is None else regions
    # Only shares of the universe enter, so that its size does not matter.
    against = {"region_total": totals, "industry_total": universe.share, "total": 1.0}
    seen = np.where(economy.employment.published, value, np.nan)
    between = shrunk_location_quotient(seen, size, spread, **against).between
    quotient = location_quotient(value, **against)
    expected = expected_employment(value, **against)
    return shrink(quotient, expected, size, spread, between)
