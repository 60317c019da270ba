"""Robustness: how far a rank depends on choices that could have been made otherwise.

Methodology 8, step 6, and 10. Draws a design, has it computed and says what the ranks tell; what
is uncertain is declared in :mod:`s3etl.benchmark.uncertainty`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from s3etl.benchmark.composite import Composite
from s3etl.benchmark.design import draw, saltelli
from s3etl.benchmark.plan import Plan
from s3etl.benchmark.precision import noises_of
from s3etl.benchmark.ranks import badges
from s3etl.benchmark.replication import Target, replicate
from s3etl.benchmark.sensitivity import Intervals, bootstrap, percentiles_of
from s3etl.benchmark.state import Values
from s3etl.benchmark.uncertainty import Uncertainty, load_uncertainty
from s3etl.errors import CatalogueError, Unfit


@dataclass(frozen=True)
class Robustness:
    """A composite computed under every row of a design.

    Attributes:
        units: The units that have a rank, axis (units).
        reference: Their ranks in the composite as it is declared, axis (units).
        design: The design; ``monte_carlo(composite, design=…)`` replays it.
        scores: Index scores, axes (runs, units).
        score: Scores in the composite as it is declared, axis (units).
        on_scale: Runs that normalise and aggregate as it does, so that scores compare, axis
            (runs).
        ranks: Ranks, 1 for the best, equal scores share the better one; NaN where a run gives
            no score; axes (runs, units).
        uncertainty: What was declared.
    """

    units: tuple[str, ...]
    reference: Values
    design: pd.DataFrame
    scores: Values
    score: Values
    on_scale: NDArray[np.bool_]
    ranks: NDArray[np.float32]
    uncertainty: Uncertainty

    @property
    def shift(self) -> Values:
        """Mean rank shift of each run, Σ |reference − rank| / n (Saisana et al. 2005)."""
        return np.asarray(np.nanmean(np.abs(self.ranks - self.reference), axis=1, dtype=float))

    @property
    def mean_shift(self) -> float:
        """Mean rank shift over all runs."""
        return float(self.shift.mean())

    def percentiles(self, *which: float) -> Values:
        """Percentiles of the ranks of each unit, interpolated; axes (percentiles, units)."""
        return percentiles_of(self.ranks, which)

    @property
    def score_bounds(self) -> tuple[Values, Values]:
        """Interval of each score over the runs that score on the same scale, axis (units) each.

        It includes the score; NaN where no run is on the scale.
        """
        runs = self.scores[self.on_scale]
        if not len(runs):
            nothing = np.full(len(self.units), np.nan)
            return nothing, nothing
        low, high = percentiles_of(runs, self.uncertainty.interval)
        return np.minimum(low, self.score), np.maximum(high, self.score)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per unit, the best first.

        Columns: ``rank`` (as declared), ``rank_median``, ``rank_mean``, ``rank_low`` and
        ``rank_high`` (the interval, rounded outwards; it includes the rank), ``p_top``,
        ``p_group_1`` and so on (probability of each group of ranks, the best first),
        ``mean_shift``, ``badge``, ``runs`` (runs that give a score), ``score_low`` and
        ``score_high`` (:attr:`score_bounds`).
        """
        declared, n = self.uncertainty, len(self.units)
        low, median, high = self.percentiles(declared.interval[0], 50, declared.interval[1])
        low = np.minimum(np.floor(low), self.reference)
        high = np.maximum(np.ceil(high), self.reference)
        runs = np.isfinite(self.ranks).sum(axis=0)
        frame = pd.DataFrame(
            {
                "rank": self.reference.astype(np.int64),
                "rank_median": median,
                "rank_mean": np.nanmean(self.ranks, axis=0, dtype=float),
                "rank_low": low.astype(np.int64),
                "rank_high": high.astype(np.int64),
                "p_top": (self.ranks <= declared.top).sum(axis=0) / runs,
            },
            index=pd.Index(self.units, name="unit"),
        )
        before = np.zeros(n)
        for number, share in enumerate((*declared.groups, 1.0), 1):
            # A share of n that is whole stays so whatever the rounding of the product.
            up_to = (self.ranks <= np.floor(share * n + 1e-9)).sum(axis=0) / runs
            frame[f"p_group_{number}"], before = up_to - before, up_to
        frame["mean_shift"] = np.nanmean(np.abs(self.ranks - self.reference), axis=0, dtype=float)
        frame["badge"] = badges(low, high, n, declared.badges)
        frame["runs"] = runs
        frame["score_low"], frame["score_high"] = self.score_bounds
        return frame.sort_values("rank", kind="stable")


@dataclass(frozen=True)
class Sensitivity:
    """Sobol effects of every factor.

    Attributes:
        factors: Names of the factors, axis (factors).
        of_shift: Effects on the mean rank shift, axes (factors).
        of_ranks: Effects on the rank of each unit, axes (factors, units); NaN where a rank
            never changes.
        replications: The runs behind them: those of A, of B, and of A with a factor from B.
    """

    factors: tuple[str, ...]
    of_shift: Intervals
    of_ranks: Intervals
    replications: Robustness

    @property
    def table(self) -> pd.DataFrame:
        """One row per factor: effects on the mean rank shift with their intervals."""
        index = pd.Index(self.factors, name="factor")
        return pd.DataFrame(_columns(self.of_shift), index=index)

    @property
    def by_unit(self) -> pd.DataFrame:
        """One row per unit and factor: effects on the rank of the unit."""
        names = [self.replications.units, self.factors]
        index = pd.MultiIndex.from_product(names, names=["unit", "factor"])
        columns = {name: array.T.ravel() for name, array in _columns(self.of_ranks).items()}
        return pd.DataFrame(columns, index=index)


def _columns(found: Intervals) -> dict[str, Values]:
    return {
        "first": found.effects.first,
        "first_low": found.first_low,
        "first_high": found.first_high,
        "total": found.effects.total,
        "total_low": found.total_low,
        "total_high": found.total_high,
    }


def monte_carlo(
    composite: Composite,
    n: int | None = None,
    seed: int | None = None,
    *,
    uncertainty: Uncertainty | None = None,
    design: pd.DataFrame | None = None,
    noise: pd.DataFrame | None = None,
    conversion: pd.DataFrame | None = None,
    year: int | None = None,
    node: str | None = None,
) -> Robustness:
    """Compute a composite again and again with its choices varied (methodology 8, step 6).

    The same seed gives the same result, whatever the order of units and indicators.

    Args:
        composite: The composite; units without a rank in it take no part in the comparison.
        n: Number of runs; as declared if not given.
        seed: Seed; as declared if not given.
        uncertainty: What is varied, in place of what the composite declares.
        design: A design to replay, in place of drawing one: a row per run, columns as in
            :mod:`s3etl.benchmark.design`.
        noise: CV of the measurement noise of each value, laid out as the table the composite
            was built from; the declared one where empty or not given.
        conversion: Share of each value that was guessed when boundaries changed, likewise.
        year: The year that is ranked; the last if not given.
        node: The aggregate that is ranked; the index if not given. The design is the same for
            all: what a run leaves out or weighs otherwise elsewhere changes nothing here.

    Raises:
        CatalogueError: What is varied is not part of the composite.
        Unfit: The values cannot be scored under a row of the design.
    """
    declared = _declared(composite, uncertainty)
    _seeded(seed)
    if design is None:
        runs = declared.runs if n is None else n
        if runs < 1:
            raise CatalogueError(f"The analysis has {runs} runs; ask for at least one.")
        design = draw(composite, declared, runs, seed=declared.seed if seed is None else seed)
    return _replayed(composite, declared, design, noise, conversion, [(year, node)])[0]


def monte_carlo_each(
    composite: Composite,
    of: Sequence[tuple[int, str]],
    *,
    noise: pd.DataFrame | None = None,
    conversion: pd.DataFrame | None = None,
) -> list[Robustness]:
    """Vary the choices behind several ranks in one pass, as the composite declares them.

    Args:
        composite: The composite.
        of: Years and aggregates that are ranked.
        noise: As for :func:`monte_carlo`.
        conversion: Likewise.

    Returns:
        What :func:`monte_carlo` gives for each of them: all are ranked in the same runs.

    Raises:
        CatalogueError: What is varied is not part of the composite.
        Unfit: The values cannot be scored under a row of the design.
    """
    declared = _declared(composite, None)
    design = draw(composite, declared, declared.runs, seed=declared.seed)
    return _replayed(composite, declared, design, noise, conversion, of)


def sobol(
    composite: Composite,
    n: int | None = None,
    seed: int | None = None,
    *,
    uncertainty: Uncertainty | None = None,
    noise: pd.DataFrame | None = None,
    conversion: pd.DataFrame | None = None,
    year: int | None = None,
) -> Sensitivity:
    """Split the variance of the ranks between the factors that are varied.

    Args:
        composite: The composite.
        n: Runs of each of the designs A, B and one per factor; as declared if not given.
        seed: Seed; as declared if not given.
        uncertainty: As for :func:`monte_carlo`; so are the other arguments.
        noise: CV of each value.
        conversion: Guessed share of each value.
        year: The year that is ranked.

    Raises:
        CatalogueError: What is varied is not part of the composite.
        Unfit: The values cannot be scored under a row of the design.
    """
    declared = _declared(composite, uncertainty)
    runs = declared.sobol_runs if n is None else n
    if runs < 2:
        raise CatalogueError(f"Sobol effects need at least 2 runs of each design, not {runs}.")
    _seeded(seed)
    seed = declared.seed if seed is None else seed
    design = saltelli(composite, declared, runs, seed=seed)
    done = _replayed(composite, declared, design, noise, conversion, [(year, None)])[0]
    if np.isnan(done.ranks).any():
        run, unit = np.argwhere(np.isnan(done.ranks))[0]
        raise Unfit(
            f"{done.units[unit]} has no score in run {run + 1}, and effects need all; ask the "
            "aggregation for a smaller least share."
        )
    of_shift, of_ranks = (
        _effects(output, declared, runs, seed) for output in (done.shift, done.ranks.astype(float))
    )
    return Sensitivity(tuple(declared.factors), of_shift, of_ranks, done)


def _seeded(seed: int | None) -> None:
    if seed is not None and seed < 0:
        raise CatalogueError(f"The seed is {seed}; give a whole number from 0 on.")


def _effects(output: Values, declared: Uncertainty, runs: int, seed: int) -> Intervals:
    parts = output.reshape(len(declared.factors) + 2, runs, *output.shape[1:])
    return bootstrap(
        *(parts[0], parts[1], parts[2:]),
        draws=declared.resamples,
        rng=np.random.default_rng([seed, runs]),
        percentiles=declared.interval,
    )


def _declared(composite: Composite, uncertainty: Uncertainty | None) -> Uncertainty:
    return uncertainty or composite.uncertainty or load_uncertainty()


def _replayed(
    composite: Composite,
    declared: Uncertainty,
    design: pd.DataFrame,
    noise: pd.DataFrame | None,
    conversion: pd.DataFrame | None,
    of: Sequence[tuple[int | None, str | None]],
) -> list[Robustness]:
    named = [_reference(composite, year, node) for year, node in of]
    noises = noises_of(composite, declared, noise, conversion)
    if noises.conversion is None and "conversion" in design:
        raise CatalogueError(
            "The design varies the conversion error, and nothing says which values were converted: "
            "give the table conversion, or leave the factor out."
        )
    done = replicate(composite, design, noises, [target for target, _ in named])
    units, kept = np.array(composite.inputs.units), _on_scale(composite, design)
    nodes, scores = composite.hierarchy.aggregates, composite.aggregated
    return [
        Robustness(
            tuple(units[target.compared].tolist()),
            *(ranks, design, one.scores),
            scores[target.year, target.compared, nodes.index(target.node)],
            *(kept, one.ranks, declared),
        )
        for (target, ranks), one in zip(named, done, strict=True)
    ]


def _on_scale(composite: Composite, design: pd.DataFrame) -> NDArray[np.bool_]:
    """Return the runs that normalise and aggregate as the composite does, axis (runs)."""
    plan = Plan.of(composite, design)
    steps: dict[str, Any] = {step.step: step for step in composite.steps}
    kept = np.ones(len(design), bool)
    for name in {"normalise", "aggregate"} & set(plan.choices):
        own = steps[name]  # as a step, in which a list kept as JSON is a tuple again
        same = [type(own)(**{**dict(own), **chosen}) == own for chosen in plan.choices[name]]
        kept &= np.array(same)[plan.chosen[name]]
    return kept


def _reference(composite: Composite, year: int | None, node: str | None) -> tuple[Target, Values]:
    """Return what is ranked, and its ranks as declared, axis (units compared)."""
    times, nodes = composite.inputs.times, composite.hierarchy.aggregates
    if year is not None and year not in times:
        raise CatalogueError(f"The composite has no year {year}; it has {times[0]} to {times[-1]}.")
    place = len(times) - 1 if year is None else int(np.searchsorted(times, year))
    if node is not None and node not in nodes:
        raise CatalogueError(f"{node} is no aggregate of the composite; name one of its pillars.")
    node = composite.hierarchy.index if node is None else node
    ranks = composite.judged.ranks[place, :, nodes.index(node)]
    compared = np.isfinite(ranks)
    if compared.sum() < 2:
        raise Unfit("Fewer than two units have a rank, so there is none to vary; see not_ranked.")
    return Target(place, node, compared), ranks[compared]
