"""Steps that score: normalising indicators, aggregating them, saying who has a rank.

Typed values that hold their arguments and turn one state into the next; the numbers are computed
by the array modules. Nothing is imputed or treated here.
"""

from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from s3etl.benchmark import aggregate as means
from s3etl.benchmark import normalise
from s3etl.benchmark.hierarchy import Hierarchy
from s3etl.benchmark.state import Inputs, Operation, Pool, Several, State, Values, need, pooled
from s3etl.benchmark.weights import pca_weights
from s3etl.errors import CatalogueError, Unfit

NO_PART = 1e-12
"""Squared loading below which one is 0 but for rounding."""


class Normalise(Operation):
    """Bring indicators to one scale where more is better (methodology 8, step 2).

    Attributes:
        method: One of the functions of :mod:`s3etl.benchmark.normalise`.
        low: Score of the worst (``min_max``), or value that scores 0 (``scaled``).
        high: Score of the best, or value that scores 100.
        mean: Mean of z-scores.
        sd: Their standard deviation.
        ties: How ranks tie: ``lowest`` or ``average``.
        unit: Unit of reference (``distance_to_reference``).
        cap: Whether distances end at 1.
        top: Score at the better goalpost.
        posts: Goalposts in the unit of the indicator (after treatment), lower and upper by
            indicator; taken from the data at ``percentiles`` where not given.
        percentiles: Percentiles that become goalposts.
        clip: Bounds every score is cut at.
        pool: ``year``: every year by itself; ``panel``: all years together; a number:
            goalposts from that many newest years.
    """

    step: Literal["normalise"] = "normalise"
    method: Literal[
        "min_max",
        "scaled",
        "z_score",
        "rank",
        "borda",
        "percentile_rank",
        "distance_to_maximum",
        "distance_to_target",
        "distance_to_reference",
        "fraction_of_maximum",
        "goalposts",
    ] = "min_max"
    low: float = 0.0
    high: float = 100.0
    mean: float = 0.0
    sd: float = Field(default=1.0, gt=0)
    ties: Literal["lowest", "average"] = "lowest"
    unit: str | None = None
    cap: bool = False
    top: float = Field(default=100.0, gt=0)
    posts: dict[str, tuple[float, float]] | None = None
    percentiles: tuple[float, float] = (2.5, 97.5)
    clip: tuple[float, float] | None = None
    pool: Pool = "panel"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for code, (low, high) in (self.posts or {}).items():
            if not low < high:
                raise ValueError(
                    f"the goalposts of {code}, {low:g} and {high:g}, are in the wrong order; give "
                    "the lower one first, whatever the direction"
                )
        pairs = {"low and high": (self.low, self.high), "percentiles": self.percentiles}
        for name, (low, high) in {**pairs, "clip": self.clip or (0, 1)}.items():
            if not low < high:
                raise ValueError(f"{name}: {low:g} and {high:g} are in the wrong order")
        if isinstance(self.pool, int) and self.method != "goalposts":
            raise ValueError("a number of years can be pooled for goalposts only")
        return self

    def apply(self, state: State, inputs: Inputs) -> State:
        """Return the state with scores in place of values."""
        self._refuse(pooled(state.data, self._compared), state.hierarchy, inputs)
        return replace(state, data=self.scored(state.data, state, inputs))

    def scored(self, data: Values, state: State, inputs: Inputs) -> Values:
        """Score values that need not be those of the state.

        Args:
            data: Axes (..., years, units, indicators); leading axes are replications.
            state: Its indicators, and the values that set goalposts.
            inputs: Targets and units.
        """
        out = self._score(pooled(data, self._compared), state, inputs).reshape(data.shape)
        return out if self.clip is None else np.clip(out, *self.clip)

    @property
    def _compared(self) -> Literal["year", "panel"]:
        return "panel" if isinstance(self.pool, int) else self.pool

    def frozen(self, state: State) -> Self:
        """Return the step with the goalposts it takes from the data written in."""
        codes = state.hierarchy.indicators
        if self.posts is not None:
            need(self.posts, codes, "goalposts")
        if self.method != "goalposts" or self.posts is not None:
            return self
        years = self.pool if isinstance(self.pool, int) else len(state.data)
        # What was imputed sets no goalposts.
        window = np.where(state.imputed > 0, np.nan, state.data)[-years:]
        window = window.reshape(-1, len(codes))
        posts = {}
        for code, column in zip(codes, window.T, strict=True):
            there = column[np.isfinite(column)]
            low, high = np.percentile(there, self.percentiles) if there.size else (0.0, 0.0)
            if not low < high:
                raise Unfit(
                    f"{code}: its goalposts, the percentiles {self.percentiles[0]:g} and "
                    f"{self.percentiles[1]:g} of the pooled years, are not two different values; "
                    "give goalposts, or leave it out."
                )
            posts[code] = (float(low), float(high))
        return self.model_copy(update={"posts": posts})

    def _score(self, values: Values, state: State, inputs: Inputs) -> Values:
        codes = state.hierarchy.indicators
        options: dict[str, Any] = {}
        match self.method:
            case "min_max" | "scaled":
                options = {"low": self.low, "high": self.high}
            case "z_score":
                options = {"mean": self.mean, "sd": self.sd}
            case "rank":
                options = {"ties": self.ties}
            case "distance_to_target":
                need(inputs.targets, codes, "targets")
                options = {"target": [inputs.targets[code] for code in codes], "cap": self.cap}
            case "distance_to_reference":
                options = {"unit": self._reference(inputs), "cap": self.cap}
            case "goalposts":
                posts = self.frozen(state).posts or {}
                low, high = zip(*(posts[code] for code in codes), strict=True)
                options = {"low": low, "high": high, "top": self.top}
        return normalise.METHODS[self.method](values, state.hierarchy.direction, **options)

    def _reference(self, inputs: Inputs) -> int:
        if self.unit not in inputs.units:
            raise CatalogueError(
                f"The unit of reference {self.unit!r} is not in the table; name one that is."
            )
        if len(inputs.times) > 1 and self.pool != "year":
            raise CatalogueError(
                "The distance to a unit of reference is taken year by year; set pool to year."
            )
        return inputs.units.index(self.unit)

    def _refuse(self, values: Values, hierarchy: Hierarchy, inputs: Inputs) -> None:
        """Refuse what the method can make nothing of, by name."""
        if self.method in {"goalposts", "scaled"}:
            return
        low, high = normalise.spread(values)
        constant = normalise.constant(low, high)[:, 0]
        if constant.any():
            pool, place = np.argwhere(constant)[0]
            year = f" in {inputs.times[pool]}" if len(values) > 1 else ""
            raise Unfit(
                f"{hierarchy.indicators[place]}: every unit has the same value{year}, so it tells "
                "none from another; leave it out, or score it between goalposts."
            )
        if self.method == "fraction_of_maximum":
            # A value of 0 is no part of the maximum; where less is better it divides, though.
            wrong = np.where(hierarchy.direction > 0, high <= 0, low <= 0)[:, 0] | (low < 0)[:, 0]
            if wrong.any():
                code = hierarchy.indicators[int(np.argwhere(wrong)[0][1])]
                raise Unfit(
                    f"{code}: a fraction of the maximum needs values above 0, or from 0 on where "
                    "more is better; normalise it another way."
                )
        if self.method in {"distance_to_target", "distance_to_reference"}:
            self._beyond(np.where(hierarchy.direction < 0, -high, low), values, hierarchy, inputs)

    def _beyond(self, worst: Values, values: Values, hierarchy: Hierarchy, inputs: Inputs) -> None:
        """Refuse an end of the scale that is missing, or no better than the worst value."""
        codes = hierarchy.indicators
        if self.method == "distance_to_target":
            need(inputs.targets, codes, "targets")
            best = np.array([inputs.targets[code] for code in codes])[None, None]
            what = "its target"
        else:
            best = values[:, [self._reference(inputs)]]
            what = f"the value of {self.unit}, the unit of reference,"
        wrong = np.isfinite(worst) & ~(best * hierarchy.direction > worst)
        if wrong.any():
            _, _, place = np.argwhere(wrong)[0]
            raise Unfit(
                f"{codes[place]}: {what} is missing, or no better than the worst value, so no "
                "distance to it can be told; give a better one, or normalise another way."
            )


class Aggregate(Operation):
    """Combine members into their parents, level by level (methodology 8, step 4).

    Attributes:
        methods: How, from level 1 upwards; one method stands for all levels. Functions of
            :mod:`s3etl.benchmark.aggregate`; ``generalised`` takes ``power``, and
            ``mazziotta_pareto`` rescales over all units and years.
        weights: ``declared``, ``equal``, ``pca`` (squared loadings of the first principal
            component of each parent's members), or other weights for the nodes named.
        without: Nodes left out, with everything below them.
        power: Exponent of the generalised mean.
        least: Least share of the weight of its members with which a parent has a score.
    """

    step: Literal["aggregate"] = "aggregate"
    methods: Several[
        Literal[
            "arithmetic",
            "geometric",
            "harmonic",
            "generalised",
            "median",
            "mazziotta_pareto",
            "copeland",
        ]
    ] = Field(default=("arithmetic",), min_length=1)
    weights: Literal["declared", "equal", "pca"] | dict[str, float] = "declared"
    without: Several[str] = ()
    power: float = 1.0
    least: float = Field(default=0.0, ge=0, le=1)

    def apply(self, state: State, inputs: Inputs) -> State:
        """Return the state with the scores of all aggregates."""
        hierarchy, values, kept = self._hierarchy(state.hierarchy), state.data, state.imputed
        if self.without:
            stay = np.isin(state.hierarchy.indicators, hierarchy.indicators)
            values, kept = values[..., stay], kept[..., stay]
        scores, weights, below = [], [], values
        for level, method in enumerate(self.of_levels(hierarchy), 1):
            matrix = hierarchy.membership(level) * self._weights(hierarchy, level, below)[:, None]
            if method in means.POSITIVE:
                _positive(below, hierarchy.codes(level), inputs, method)
            if method == "mazziotta_pareto":
                _varied(below, hierarchy.codes(level))
            below = self.mean(method, below, matrix)
            weights.append(matrix)
            scores.append(below)
        return replace(
            state,
            hierarchy=hierarchy,
            data=values,
            imputed=kept,
            weights=tuple(weights),
            scores=np.concatenate(scores, axis=-1),
        )

    def of_levels(self, hierarchy: Hierarchy) -> tuple[str, ...]:
        """Return the method of each level, from 1 upwards.

        Raises:
            CatalogueError: There are more or fewer methods than levels.
        """
        levels = len(hierarchy.levels) - 1
        methods = self.methods * levels if len(self.methods) == 1 else self.methods
        if len(methods) != levels:
            raise CatalogueError(
                f"The aggregation names {len(methods)} methods for {levels} levels of "
                f"{hierarchy.index}; name one for each, or one for all."
            )
        return methods

    def _hierarchy(self, hierarchy: Hierarchy) -> Hierarchy:
        if isinstance(self.weights, dict):
            hierarchy = hierarchy.weighted(self.weights)
        elif self.weights == "equal":
            codes = [node.code for level in hierarchy.levels for node in level]
            hierarchy = hierarchy.weighted(dict.fromkeys(codes, 1.0))
        return hierarchy.without(self.without) if self.without else hierarchy

    def _weights(self, hierarchy: Hierarchy, level: int, values: Values) -> Values:
        if self.weights != "pca":
            return hierarchy.weights(level)
        flat = values.reshape(-1, values.shape[-1])
        out = np.ones(values.shape[-1])
        matrix = hierarchy.membership(level).astype(bool)
        for name, mine in zip(hierarchy.codes(level + 1), matrix.T, strict=True):
            if mine.sum() > 1:
                try:
                    out[mine] = pca_weights(flat[:, mine])
                except ValueError as error:
                    raise Unfit(f"{name}: {error}; declare its weights.") from None
        if (out < NO_PART).any():
            code = hierarchy.codes(level)[int(out.argmin())]
            raise Unfit(
                f"{code}: it has no part in the first principal component of its siblings, so its "
                "weight would be 0; leave it out, or declare weights."
            )
        return out

    def mean(self, method: str, values: Values, weights: Values) -> Values:
        """Combine the members of one level.

        Args:
            method: One of :attr:`methods`.
            values: Axes (..., years, units, members); leading axes are replications.
            weights: Axes (..., members, parents); 1 stands for all years.
        """
        if method == "generalised":
            out = means.generalised(values, weights, power=self.power)
        elif method == "mazziotta_pareto":
            # Over all years together, so that scores compare over time.
            z = normalise.z_score(pooled(values, "panel"), mean=100.0, sd=10.0)
            out = means.mazziotta_pareto(z.reshape(values.shape), weights, rescale=False)
        else:
            out = means.METHODS[method](values, weights)
        if self.least > 0:
            present = (~np.isnan(values)).astype(float) @ weights
            share = present / weights.sum(axis=-2)[..., None, :]
            out = np.where(share < self.least - 1e-12, np.nan, out)
        return out


class Rank(Operation):
    """Say which units have a rank (methodology 8, step 3); scores are shown all the same.

    A node of level 2 counts where enough of the weight of its indicators has a value of the
    unit's own; a node above counts where enough of the weight of its members counts.

    Attributes:
        pillar: Least share of the weight of the indicators of a node of level 2.
        index: Least share of the weight of the members of a node above.
        imputed: Largest imputed share of the weight of a node.
    """

    step: Literal["rank"] = "rank"
    pillar: float = Field(default=0.0, ge=0, le=1)
    index: float = Field(default=0.0, ge=0, le=1)
    imputed: float = Field(default=1.0, ge=0, le=1)


def _positive(values: Values, codes: tuple[str, ...], inputs: Inputs, method: str) -> None:
    wrong = np.argwhere(values <= 0)
    if len(wrong):
        _, unit, column = wrong[0]
        raise Unfit(
            f"{codes[column]}: {inputs.units[unit]} scores {values[tuple(wrong[0])]:g}, and a "
            f"{method} mean needs scores above 0; normalise to 1–100, clip, or take another mean."
        )


def _varied(values: Values, codes: tuple[str, ...]) -> None:
    low, high = normalise.spread(pooled(values, "panel"))
    same = normalise.constant(low, high).ravel()
    if same.any():
        raise Unfit(
            f"{codes[int(same.argmax())]}: every unit scores the same, and "
            "Mazziotta-Pareto has no place for it; leave it out, or take another mean."
        )
