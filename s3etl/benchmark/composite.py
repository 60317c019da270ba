"""A composite: indicators, a hierarchy and a log of steps, from any of which it can be redone.

Ties tables, steps and judgement together; the numbers are computed by the modules beside this
one, and uncertainty has its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from s3etl.benchmark import wide
from s3etl.benchmark.coverage import Judged, judge
from s3etl.benchmark.declaration import CompositeDeclaration, Step
from s3etl.benchmark.hierarchy import Hierarchy
from s3etl.benchmark.prepare import Denominate, Impute, Screen, Treat
from s3etl.benchmark.scoring import Aggregate, Normalise, Rank
from s3etl.benchmark.state import IMPUTATIONS, Inputs, State
from s3etl.benchmark.uncertainty import Uncertainty
from s3etl.catalogue import Indicator
from s3etl.errors import CatalogueError, Unfit

__all__ = [
    "Aggregate",
    "Composite",
    "Denominate",
    "Impute",
    "Normalise",
    "Rank",
    "Screen",
    "Step",
    "Treat",
]

FLAGS = {"previous": "I1", "parent": "I2", "model": "I3"}
"""Flags of methodology 8, step 3; other ways to impute are flagged by their name."""


@dataclass(frozen=True)
class Composite:
    """A composite index over units, or over years and units.

    Made by :meth:`build`; nothing changes in place. Every table has the rows of the table it was
    built from, indexed by unit, or by year and unit where there are several years.

    Example:
        >>> import pandas as pd
        >>> from s3etl.benchmark.composite import Aggregate, Composite, Impute, Normalise, Treat
        >>> meta = pd.DataFrame({
        ...     "iCode": ["gdp", "jobless", "Index"],
        ...     "Parent": ["Index", "Index", None],
        ...     "Direction": [1, -1, 1],
        ...     "Weight": [2, 1, 1],
        ... })
        >>> data = pd.DataFrame({
        ...     "uCode": ["AT11", "AT12", "AT13"],
        ...     "gdp": [20.0, 30.0, 40.0],
        ...     "jobless": [4.0, None, 8.0],
        ... })
        >>> steps = [Impute(methods=("median",)), Treat(most=5), Normalise(low=1), Aggregate()]
        >>> made = Composite.build(meta, data, steps)
        >>> made.scores["Index"].round(9).tolist()
        [34.0, 50.5, 67.0]
        >>> made.ranks["Index"].tolist()
        [3, 2, 1]
        >>> made.regenerate("aggregate", methods=("geometric",)).scores["Index"].round(2).tolist()
        [4.64, 50.5, 21.54]
        >>> made.regenerate("impute", methods=("mean",)).steps[0].methods
        ('mean',)

    Attributes:
        steps: The log: every step with its arguments, in order.
        states: The arrays after each step.
        start: The arrays as they were read.
        inputs: What steps take besides values: years, denominators, groups, targets.
        rows: How arrays are laid out as tables.
        uncertainty: What is declared to be uncertain about it, if anything.
    """

    steps: tuple[Step, ...]
    states: tuple[State, ...]
    start: State
    inputs: Inputs
    rows: wide.Rows
    uncertainty: Uncertainty | None = None

    @classmethod
    def build(
        cls,
        declaration: CompositeDeclaration | Hierarchy | pd.DataFrame,
        table: pd.DataFrame,
        steps: Sequence[Step] | None = None,
        *,
        unit: str = "uCode",
        time: str = "Time",
        indicators: Mapping[str, Indicator] | None = None,
        parents: pd.DataFrame | None = None,
    ) -> Self:
        """Build a composite from what is declared and a wide table.

        Steps are the classes ``Denominate``, ``Screen``, ``Impute``, ``Treat``, ``Normalise``,
        ``Aggregate`` and ``Rank`` of this module, whose attributes are their arguments.

        Args:
            declaration: A declared composite; or a table of indicators and aggregates such as
                COINr's iMeta (see :func:`s3etl.benchmark.wide.declared_by`); or a hierarchy.
            table: One row per unit, or per unit and year, a column per indicator (COINr's
                iData); further columns may divide indicators or group units. Empty is missing.
            steps: The steps, in order, in place of the declared ones. With neither: divide by
                the denominators of the table of indicators, if it has any; winsorise up to five
                points; min–max to 0–100; arithmetic means; rank all that have a score.
            unit: Column with the names of units; if there is none, they are the index.
            time: Column with the years; if there is none, all rows are of one year.
            indicators: Declared indicators by id, for a composite over those of the framework.
            parents: As ``table``, row for row, with the values of the region each unit is a
                part of; for imputation from the parent.

        Raises:
            CatalogueError: What is declared contradicts itself or names what is not there.
            Unfit: The values cannot be scored this way; indicator and remedy are named.
        """
        declared = _declared(declaration, indicators)
        if steps is None and isinstance(declaration, CompositeDeclaration):
            steps = declaration.steps
        if steps is None:
            first = (Denominate(),) if declared.denominators else ()
            steps = (*first, Treat(), Normalise(), Aggregate(), Rank())
        inputs, start, rows = wide.read(table, declared, unit=unit, time=time, parents=parents)
        _ordered(steps, declared.hierarchy)
        said = getattr(declaration, "uncertainty", None)
        return _run(cls(tuple(steps), (), start, inputs, rows, said), 0)

    def regenerate(self, step: str, **changes: Any) -> Self:
        """Return the composite with arguments of one step changed.

        Steps before it are not computed again; those after it keep their arguments.

        Args:
            step: Name of the step: ``denominate``, ``screen``, ``impute``, ``treat``,
                ``normalise``, ``aggregate`` or ``rank``.
            changes: Its arguments that change, for example ``method="z_score"`` or, of
                ``aggregate``, ``weights={"Physical": 2.0}`` or ``without=("Physical",)``.

        Raises:
            CatalogueError: The composite has no such step, or the step no such argument.
            Unfit: The values cannot be scored this way.
        """
        place = self._place(step)
        old = self.steps[place]
        arguments = {name: getattr(old, name) for name in type(old).model_fields}
        new = type(old)(**{**arguments, **changes})
        steps = (*self.steps[:place], new, *self.steps[place + 1 :])
        return _run(replace(self, steps=steps), place)

    def freeze(self) -> tuple[Step, ...]:
        """Return the steps with limits and goalposts that came from the data written in.

        A later edition built with them is scored against this one's base window.
        """
        before = (self.start, *self.states)
        return tuple(
            step.frozen(state) if isinstance(step, Treat | Normalise) else step
            for step, state in zip(self.steps, before, strict=False)
        )

    def before(self, step: str) -> State:
        """Return the arrays that a step starts from.

        Raises:
            CatalogueError: The composite has no such step.
        """
        place = self._place(step)
        return self.states[place - 1] if place else self.start

    def after(self, step: str) -> pd.DataFrame:
        """Return the values of all indicators after a step, and the scores if it gives any.

        Raises:
            CatalogueError: The composite has no such step.
        """
        state = self.states[self._place(step)]
        frame = self._frame(state.data, state.hierarchy.indicators)
        if state.scores is None:
            return frame
        return frame.join(self._frame(state.scores, state.hierarchy.aggregates))

    @property
    def hierarchy(self) -> Hierarchy:
        """The nodes that were aggregated, with their weights."""
        return self.states[-1].hierarchy

    @property
    def scores(self) -> pd.DataFrame:
        """Score of every aggregate, level by level, the index last; NaN where there is none."""
        return self._frame(self.aggregated, self.hierarchy.aggregates)

    @property
    def ranks(self) -> pd.DataFrame:
        """Rank in every aggregate, year by year: 1 is the best, equal scores share a rank."""
        return self._frame(self.judged.ranks, self.hierarchy.aggregates).astype("Int64")

    @property
    def coverage(self) -> pd.DataFrame:
        """Share of the weight of each aggregate with a value of the unit's own."""
        return self._frame(self.judged.coverage, self.hierarchy.aggregates)

    @property
    def imputed_share(self) -> pd.DataFrame:
        """Share of the weight of each aggregate, of what is there, that is imputed."""
        return self._frame(self.judged.imputed, self.hierarchy.aggregates)

    @property
    def not_ranked(self) -> pd.DataFrame:
        """Why a unit has no rank in an aggregate; empty where it has one."""
        return self._frame(self.judged.reasons, self.hierarchy.aggregates)

    @property
    def imputed(self) -> pd.DataFrame:
        """How a value was imputed: I1 last value, I2 parent, I3 model; empty if observed."""
        names = np.array(["", *(FLAGS.get(name, name) for name in IMPUTATIONS)], object)
        return self._frame(names[self.states[-1].imputed], self.hierarchy.indicators)

    @property
    def effective_weights(self) -> pd.DataFrame:
        """Weight of every node (``weight``) and its share in the index (``effective``).

        They are the weights that aggregated, those from principal components, too.
        """
        tree = self.hierarchy
        weights, shares = [tree.weights(len(tree.levels))], [np.ones(1)]
        for matrix in reversed(self.states[-1].weights):
            weights.append(matrix.sum(axis=1))  # every node has one parent
            shares.append(matrix / matrix.sum(axis=0) @ shares[-1])
        nodes = [(n.code, k) for k, level in enumerate(tree.levels, 1) for n in level]
        frame = pd.DataFrame(nodes, columns=["code", "level"]).set_index("code")
        own, effective = (np.concatenate(each[::-1]) for each in (weights, shares))
        return frame.assign(weight=own, effective=effective)

    @cached_property
    def judged(self) -> Judged:
        """Coverage, ranks and reasons as arrays (years, units, aggregates)."""
        rule = next((step for step in self.steps if isinstance(step, Rank)), Rank())
        return judge(self.states[-1], rule)

    @property
    def aggregated(self) -> NDArray[np.float64]:
        """Score of every aggregate, axes (years, units, aggregates).

        Raises:
            CatalogueError: The composite has no step that aggregates.
        """
        scores = self.states[-1].scores
        if scores is None:
            raise CatalogueError("The composite is not aggregated; give it that step.")
        return scores

    def _place(self, step: str) -> int:
        names = [each.step for each in self.steps]
        if step not in names:
            raise CatalogueError(f"The composite has no step {step!r}; it has {', '.join(names)}.")
        return names.index(step)

    def _frame(self, array: NDArray[Any], columns: tuple[str, ...]) -> pd.DataFrame:
        return self.rows.frame(array, columns)


C = TypeVar("C", bound=Composite)


def _run(composite: C, first: int) -> C:
    """Return the composite with all steps from that place on done again."""
    states = list(composite.states[:first])
    for step in composite.steps[first:]:
        state = states[-1] if states else composite.start
        states.append(state if isinstance(step, Rank) else step.apply(state, composite.inputs))
        _there(states[-1], step)
    return replace(composite, states=tuple(states))


def _there(state: State, step: Step) -> None:
    """Refuse to go on without an indicator: its weight would silently go to its siblings."""
    gone = np.isnan(state.data).all(axis=(0, 1))
    if gone.any():
        raise Unfit(
            f"{state.hierarchy.indicators[int(gone.argmax())]}: no unit has a value after the step "
            f"{step.step}; leave the indicator out, or change that step."
        )


def _declared(
    declaration: CompositeDeclaration | Hierarchy | pd.DataFrame,
    indicators: Mapping[str, Indicator] | None,
) -> wide.Declared:
    if isinstance(declaration, pd.DataFrame):
        return wide.declared_by(declaration)
    if isinstance(declaration, CompositeDeclaration):
        return wide.Declared(declaration.hierarchy(indicators), {}, {})
    return wide.Declared(declaration, {}, {})


def _ordered(steps: Sequence[Step], hierarchy: Hierarchy) -> None:
    """Refuse steps that do not lead to scores."""
    names = [step.step for step in steps]
    if twice := [name for name in names if names.count(name) > 1]:
        raise CatalogueError(f"The step {twice[0]} occurs twice; give it once.")
    if "aggregate" not in names:
        raise CatalogueError("The composite is not aggregated; give it the step aggregate.")
    place = names.index("aggregate")
    if late := [name for name in names[place + 1 :] if name != "rank"]:
        raise CatalogueError(f"The step {late[0]} comes after aggregate; put it before.")
    if "rank" in names[:place]:
        raise CatalogueError("The step rank comes before aggregate; put it last.")
    if "normalise" not in names and (hierarchy.direction < 0).any():
        code = hierarchy.indicators[int(np.argmin(hierarchy.direction))]
        raise CatalogueError(
            f"{code}: less is better, and without the step normalise nothing turns it round; add "
            "that step."
        )
