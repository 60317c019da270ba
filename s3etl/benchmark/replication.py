"""Replications: a composite computed again for every row of a design, all of a kind at once.

Rows that make the same choices share treated and normalised values; weights are then stacked
matrix products. Which choices there are and what the ranks mean is not decided here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from s3etl.benchmark import aggregate as means
from s3etl.benchmark.composite import Composite
from s3etl.benchmark.noise import Noises, Noisy
from s3etl.benchmark.plan import Plan, Rows
from s3etl.benchmark.prepare import Denominate, Impute, Screen, Treat
from s3etl.benchmark.ranks import positions
from s3etl.benchmark.scoring import Aggregate, Normalise, Rank
from s3etl.benchmark.state import State, Values
from s3etl.errors import CatalogueError, Unfit

PREPARING: Final = Denominate | Screen | Impute

AT_ONCE: Final = 2**17
"""Values worked on at once: a megabyte stays in the cache of a processor, and in bounds."""


class Target(NamedTuple):
    """What is ranked.

    Attributes:
        year: Place of the year.
        node: The aggregate.
        compared: Which units are ranked, axis (units).
    """

    year: int
    node: str
    compared: NDArray[np.bool_]


class Replications(NamedTuple):
    """Scores and ranks of each run; axes (runs, units)."""

    scores: Values
    ranks: NDArray[np.float32]


def replicate(
    composite: Composite,
    design: pd.DataFrame,
    noises: Noises,
    targets: Sequence[Target],
) -> list[Replications]:
    """Compute the index, or others of its aggregates, for every row of a design.

    Noise comes after imputation: what was observed is measured with an error, what was imputed
    from others is not measured. Limits and goalposts that the composite freezes stay those
    without noise, and so do weights from principal components.

    Args:
        composite: The composite.
        design: Its columns as in :mod:`s3etl.benchmark.design`.
        noises: How uncertain each value is.
        targets: Years and aggregates that are ranked.

    Returns:
        Of each target, scores and ranks of the units compared; a rank is NaN where a run gives
        no score.

    Raises:
        CatalogueError: The design varies what the composite does not have.
        Unfit: The values cannot be scored as a row of the design asks for.
    """
    job = _Job(composite, Plan.of(composite, design), noises, tuple(targets))
    # Until it has seen a larger block freed, the C library gives each block of a portion back to
    # the system and has it cleared again, which takes as long as the arithmetic.
    np.empty(16 * AT_ONCE)
    scores = [np.full((len(design), int(t.compared.sum())), np.nan) for t in targets]
    for leaf in job.leaves():
        for rows, found in job.scores(leaf):
            for table, target, one in zip(scores, targets, found, strict=True):
                table[rows] = one[:, target.compared]
    return [Replications(table, _ranks(table)) for table in scores]


def _ranks(scores: Values) -> NDArray[np.float32]:
    ranks = np.empty(scores.shape, np.float32)
    step = max(1, AT_ONCE // scores.shape[1])
    for first in range(0, len(scores), step):
        part = scores[first : first + step]
        ranks[first : first + step] = positions(-part.T).T
    return ranks


class _Level(NamedTuple):
    """How one level is aggregated.

    Attributes:
        method: The method.
        weights: Without what multiplies them, axes (members, parents).
        times: What multiplies them, axes (runs, members); none if nothing does.
    """

    method: str
    weights: Values
    times: Values | None


class _Leaf(NamedTuple):
    """Runs that differ in weights and noise only.

    Attributes:
        rows: The runs, axis (runs).
        steps: The steps with their arguments, aggregation last.
        states: The arrays each step starts from, and those after the last.
        years: Years that are computed: all, where scores of one depend on others.
        levels: How each level is aggregated.
        members: Which indicators are.
    """

    rows: Rows
    steps: tuple[Any, ...]
    states: tuple[State, ...]
    years: slice
    levels: tuple[_Level, ...]
    members: NDArray[np.bool_]


@dataclass(frozen=True)
class _Job:
    """What is computed for every leaf."""

    composite: Composite
    plan: Plan
    noises: Noises
    targets: tuple[Target, ...]

    @property
    def years(self) -> slice:
        """The years between the first target's and the last's."""
        places = [target.year for target in self.targets]
        return slice(min(places), max(places) + 1)

    def leaves(self) -> Iterator[_Leaf]:
        """Yield the distinct choices in an order in which neighbours share their first steps."""
        own = [step for step in self.composite.steps if not isinstance(step, Rank)]
        none = np.zeros(len(self.plan.noise), np.int64)
        chosen = np.stack([self.plan.chosen.get(step.step, none) for step in own], axis=1)
        paths, which = np.unique(chosen, axis=0, return_inverse=True)
        order = np.argsort(which.ravel(), kind="stable")
        parts = np.split(order, np.cumsum(np.bincount(which.ravel()))[:-1])
        steps: list[Any] = []
        states, before = [self.composite.start], np.full(len(own), -1)
        for path, rows in zip(paths, parts, strict=True):
            same = int(np.argmax(path != before))
            del steps[same:], states[same + 1 :]
            for step, choice in zip(own[same:], path[same:], strict=True):
                arguments = self.plan.choices.get(step.step)
                changed = {**dict(step), **arguments[choice]} if arguments else dict(step)
                new = type(step)(**changed)
                if isinstance(new, Treat | Normalise):
                    new = new.frozen(states[-1])
                steps.append(new)
                states.append(new.apply(states[-1], self.composite.inputs))
            before = path
            yield self._leaf(rows, tuple(steps), tuple(states))

    def _leaf(self, rows: Rows, steps: tuple[Any, ...], states: tuple[State, ...]) -> _Leaf:
        whole, aggregated = states[-2].hierarchy, states[-1]
        tree, levels = aggregated.hierarchy, []
        for level, method in enumerate(steps[-1].of_levels(tree), 1):
            times = self.plan.weights[level - 1]
            here = np.isin(whole.codes(level), tree.codes(level))
            if times is not None and not here.all():
                times = times[:, here]
            levels.append(_Level(method, aggregated.weights[level - 1], times))
        members = np.isin(whole.indicators, tree.indicators)
        years = self.years if _by_year(steps) else slice(0, aggregated.data.shape[0])
        return _Leaf(rows, steps, states, years, tuple(levels), members)

    def scores(self, leaf: _Leaf) -> Iterator[tuple[Rows, list[Values]]]:
        """Yield runs of a leaf, as many at once as fit, with the scores of each target."""
        noisy = self.plan.noisy[leaf.rows]
        data = leaf.states[-2].data[leaf.years]
        units, members = data.shape[-2:]
        pairs = units if "copeland" in leaf.steps[-1].methods else 1
        for rows in _portions(leaf.rows[~noisy], units * max(members, pairs)):
            yield rows, self._index(leaf, rows, data)
        if noisy.any():
            place = _measured(leaf.steps)
            source = Noisy.of(leaf.states[place], self.composite.start, self.noises, leaf.years)
            for rows in _portions(leaf.rows[noisy], data.size * max(1, pairs // members)):
                drawn = source.drawn(self.plan.noise[rows], self.plan.conversion[rows])
                yield rows, self._index(leaf, rows, self._scored(leaf, place, drawn), noisy=True)

    def _scored(self, leaf: _Leaf, place: int, data: Values) -> Values:
        """Score indicators; axes (runs, years, units, indicators)."""
        for step, state in zip(leaf.steps[place:-1], leaf.states[place:-2], strict=True):
            if isinstance(step, Treat):
                data = step.treated(data, state)
            else:
                data = step.scored(data, state, self.composite.inputs)
        return data

    def _index(self, leaf: _Leaf, rows: Rows, data: Values, *, noisy: bool = False) -> list[Values]:
        """Aggregate scores, axes (..., years, units, indicators); axes (runs, units) by target."""
        step: Aggregate = leaf.steps[-1]
        if not leaf.members.all():
            data = data[..., leaf.members]
        tree = leaf.states[-1].hierarchy
        above = [tree.level_of(target.node) for target in self.targets]
        found: dict[int, Values] = {}
        for number, level in enumerate(leaf.levels[: max(above) - 1], 1):
            if noisy and level.method in means.POSITIVE and (data <= 0).any():
                raise Unfit(
                    f"Noise brings scores at level {number} to 0 or below, and a {level.method} "
                    "mean needs scores above 0; clip them when normalising."
                )
            weights = level.weights
            if level.times is not None:
                weights = weights * level.times[rows, None, :, None]
            data = step.mean(level.method, data, weights)
            for place, target in enumerate(self.targets):
                if above[place] == number + 1:
                    column = tree.codes(number + 1).index(target.node)
                    one = data[..., target.year - leaf.years.start, :, column]
                    found[place] = np.broadcast_to(one, (len(rows), one.shape[-1]))
        return [found[place] for place in range(len(self.targets))]


def _portions(rows: Rows, size: int) -> Iterator[Rows]:
    """Yield parts of runs that have so many values each."""
    step = max(1, AT_ONCE // size)
    for first in range(0, len(rows), step):
        yield rows[first : first + step]


def _measured(steps: tuple[Any, ...]) -> int:
    """Place of the first step that takes values with noise: the first after imputation."""
    place = 1 + max((k for k, step in enumerate(steps) if isinstance(step, PREPARING)), default=-1)
    if early := [step.step for step in steps[:place] if isinstance(step, Treat | Normalise)]:
        raise CatalogueError(
            f"Noise is added where nothing is imputed any more, and {early[0]} comes before; put "
            "it after the steps that prepare values."
        )
    return place


def _by_year(steps: tuple[Any, ...]) -> bool:
    """Whether the scores of a year follow from its own values and what is frozen."""
    scorers = [step for step in steps if isinstance(step, Treat | Normalise)]
    return "mazziotta_pareto" not in steps[-1].methods and all(
        step.pool == "year"
        or (step.limits if isinstance(step, Treat) else step.method in {"goalposts", "scaled"})
        for step in scorers
    )
