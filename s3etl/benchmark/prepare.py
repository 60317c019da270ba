"""Steps that prepare indicators: dividing, screening, imputing, treating outliers.

Typed values that hold their arguments and turn one state into the next; the numbers are computed
by the array modules. No scores here.
"""

from dataclasses import replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from s3etl.benchmark import imputation, normalise, treatment
from s3etl.benchmark.hierarchy import Hierarchy
from s3etl.benchmark.state import (
    IMPUTATIONS,
    Inputs,
    Operation,
    Pool,
    Several,
    State,
    Values,
    need,
    pooled,
)
from s3etl.errors import CatalogueError, Unfit


class Denominate(Operation):
    """Divide indicators by another column of the table, such as population.

    Attributes:
        by: Column of each indicator that is divided; what the table of indicators says (its
            column ``Denominator``) if not given.
    """

    step: Literal["denominate"] = "denominate"
    by: dict[str, str] | None = None

    def apply(self, state: State, inputs: Inputs) -> State:
        """Return the state with indicators divided; by zero gives a missing value."""
        values = state.data.copy()
        by = inputs.denominators if self.by is None else self.by
        for code, name in by.items():
            place = _place(state.hierarchy, code, "denominate")
            try:
                below = inputs.column(name, f"The denominator of {code}").astype(float)
            except ValueError:
                raise Unfit(
                    f"{code}: its denominator {name} has cells that are no numbers; correct or "
                    "empty them."
                ) from None
            if np.isinf(below).any():
                raise Unfit(
                    f"{code}: its denominator {name} is infinite somewhere; correct it, or leave "
                    "the cell empty."
                )
            out = np.full(below.shape, np.nan)
            np.divide(values[..., place], below, out=out, where=below != 0)
            values[..., place] = out
        return replace(state, data=values)


class Screen(Operation):
    """Leave out units (each year by itself) with too few values.

    Attributes:
        least: Least share of the indicators with a value.
    """

    step: Literal["screen"] = "screen"
    least: float = Field(ge=0, le=1)

    def apply(self, state: State, inputs: Inputs) -> State:
        """Return the state without those units."""
        share = np.isfinite(state.data).mean(axis=-1)
        kept = state.kept & (share >= self.least)
        if few := [(n, t) for n, t in zip(kept.sum(axis=1), inputs.times, strict=True) if n < 2]:
            left, year = few[0]
            when = f" in {year}" if len(inputs.times) > 1 else ""
            raise Unfit(
                f"Screening leaves {left} of {state.kept.sum(axis=1).max()} units{when}, and a "
                "composite compares; ask for a smaller share."
            )
        return replace(state, kept=kept, data=np.where(kept[..., None], state.data, np.nan))


class Impute(Operation):
    """Fill gaps, one way after the other (methodology 8, step 3).

    Attributes:
        methods: ``previous`` (the unit's last value), ``linear`` (between its years), ``parent``
            (the region it is a part of), ``model`` (draws from a normal model of all
            indicators, year by year), ``mean``, ``median``, ``group_mean``, ``group_median``.
        group: Column with the groups, for those two.
        longest: Age in years up to which a last value is taken; any age if not given.
        beyond: Whether ``linear`` takes the nearest value outside the years that have one.
        draws: Draws of the model whose mean is taken.
        seed: Seed of the draws.
    """

    step: Literal["impute"] = "impute"
    methods: Several[
        Literal[
            "previous",
            "linear",
            "parent",
            "model",
            "mean",
            "median",
            "group_mean",
            "group_median",
        ]
    ]
    group: str | None = None
    longest: int | None = Field(default=None, ge=1)
    beyond: bool = False
    draws: int = Field(default=20, ge=1)
    seed: int = 0

    def apply(self, state: State, inputs: Inputs) -> State:
        """Return the state with gaps filled and marked."""
        values, marks = state.data, state.imputed.copy()
        for method in self.methods:
            found = self._fill(method, values, inputs, state.hierarchy)
            filled = np.where(np.isnan(values), found, values)
            filled = np.where(state.kept[..., None], filled, np.nan)
            marks[np.isnan(values) & ~np.isnan(filled)] = IMPUTATIONS.index(method) + 1
            values = filled
        return replace(state, data=values, imputed=marks)

    def _fill(self, method: str, values: Values, inputs: Inputs, hierarchy: Hierarchy) -> Values:
        match method:
            case "previous":
                return imputation.previous(values, inputs.times, longest=self.longest)
            case "linear":
                return imputation.linear(values, inputs.times, beyond=self.beyond)
            case "parent":
                if inputs.parents is None:
                    raise CatalogueError(
                        "Imputation from the parent region needs its values: give a table of "
                        "parents, or leave this way out."
                    )
                return inputs.parents
            case "model":
                rng = np.random.default_rng(self.seed)
                order = np.argsort(hierarchy.indicators)  # declared in any order, drawn in one
                out = np.empty_like(values)
                for year, its in zip(out, values, strict=True):
                    drawn = imputation.model_draws(its[:, order], rng, draws=self.draws)
                    year[:, order] = drawn.mean(axis=0)
                return out
        median = method.endswith("median")
        if not method.startswith("group"):
            return imputation.fill(values, median=median)
        return np.stack(
            [
                imputation.fill(year, median=median, groups=groups)
                for year, groups in zip(values, self.groups(inputs), strict=True)
            ]
        )

    def groups(self, inputs: Inputs) -> NDArray[np.int64]:
        """Number of each unit's group, −1 where it has none; axes (years, units)."""
        if self.group is None:
            raise CatalogueError("Imputation by group needs the column with the groups: name it.")
        labels = inputs.column(self.group, "Imputation by group")
        known = ~pd.isna(labels)
        _, number = np.unique(np.where(known, labels, "").astype(str), return_inverse=True)
        return np.where(known, number.reshape(labels.shape), -1).astype(np.int64)


class Treat(Operation):
    """Draw outliers in, or take logarithms (methodology 8, step 1).

    Attributes:
        most: Points of an indicator that may be winsorised; where more would have to move, the
            logarithm is taken instead.
        instead: Its form: ``log_shifted``, log(x − min + 0.01 (max − min)), or ``box_cox``,
            ((x − min + 1)^power − 1) / power.
        power: Exponent of Box–Cox; 0 is log(x − min + 1).
        skew: Absolute skewness below which an indicator is left as it is.
        kurtosis: Excess kurtosis below which it is.
        pool: ``year``: every year by itself; ``panel``: all years together; a number: the limits
            of that many newest years, for all years.
        limits: Limits from an earlier edition: lowest and highest value, where there is one, and
            whether logarithms are taken, by indicator. Nothing is then taken from the data.
    """

    step: Literal["treat"] = "treat"
    most: int = Field(default=5, ge=0)
    skew: float = Field(default=2.0, gt=0)
    kurtosis: float = 3.5
    instead: Literal["log_shifted", "box_cox"] = "log_shifted"
    power: float = 0.0
    pool: Pool = "year"
    limits: dict[str, tuple[float | None, float | None, bool]] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for code, (low, high, logged) in (self.limits or {}).items():
            if low is not None and high is not None and not low < high:
                raise ValueError(
                    f"the limits of {code}, {low:g} and {high:g}, are in the wrong order; give "
                    "the lower one first"
                )
            if logged and (low is None or high is None):
                raise ValueError(f"{code} needs both limits for its logarithm; give them")
        return self

    def apply(self, state: State, inputs: Inputs) -> State:  # noqa: ARG002
        """Return the state with outliers treated."""
        return replace(state, data=self.treated(state.data, state))

    def treated(self, data: Values, state: State) -> Values:
        """Treat values that need not be those of the state.

        Args:
            data: Axes (..., years, units, indicators); leading axes are replications.
            state: Its indicators, and the values that set limits.
        """
        if self.limits is None and not isinstance(self.pool, int):
            return self._treated(pooled(data, self.pool)).data.reshape(data.shape)
        limits = self.frozen(state).limits or {}
        rows = [limits[code] for code in state.hierarchy.indicators]
        low = np.array([-np.inf if row[0] is None else row[0] for row in rows])
        high = np.array([np.inf if row[1] is None else row[1] for row in rows])
        logged = np.array([row[2] for row in rows])
        # A logarithm needs a floor and no ceiling.
        cut = np.clip(data, low, np.where(logged, np.inf, high))
        cut[..., logged] = self._transformed(cut[..., logged], (low[logged], high[logged]))
        return np.asarray(cut)

    def frozen(self, state: State) -> Self:
        """Return the step with the limits it takes from the data written in."""
        codes = state.hierarchy.indicators
        if self.limits is not None:
            need(self.limits, codes, "limits")
            return self
        if not isinstance(self.pool, int):
            return self
        # What was imputed sets no limits.
        window = np.where(state.imputed > 0, np.nan, state.data)[-self.pool :]
        window = pooled(window, "panel")
        treated = self._treated(window)
        source = np.where(treated.logged[..., None, :], window, treated.data)
        low, high = (side[0, 0] for side in normalise.spread(source))
        # What was not drawn in on a side has no limit there, except below a logarithm.
        logged = treated.logged[0]
        low = np.where(treated.low.any(axis=(0, 1)) | logged, low, -np.inf)
        high = np.where(treated.high.any(axis=(0, 1)) | logged, high, np.inf)
        limits = {
            code: (*(float(x) if np.isfinite(x) else None for x in (a, b)), bool(c))
            for code, a, b, c in zip(codes, low, high, logged, strict=True)
        }
        return self.model_copy(update={"limits": limits})

    def _treated(self, values: Values) -> treatment.Treated:
        return treatment.treat(
            values,
            most=self.most,
            skew=self.skew,
            kurtosis=self.kurtosis,
            instead=self._transformed,
        )

    def _transformed(self, values: Values, ends: tuple[Values, Values] | None = None) -> Values:
        if self.instead == "box_cox":
            return treatment.box_cox(values, self.power, ends)
        return treatment.log_shifted(values, ends)


def _place(hierarchy: Hierarchy, code: str, use: str) -> int:
    if code not in hierarchy.indicators:
        raise CatalogueError(f"{code}, named by the step {use}, is not an indicator; name one.")
    return hierarchy.indicators.index(code)
