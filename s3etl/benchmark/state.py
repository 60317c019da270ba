"""What a composite is between two steps: its arrays, and what they were made of.

Types and the checks that steps share; no step and no table here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from s3etl.benchmark.hierarchy import Hierarchy
from s3etl.errors import CatalogueError
from s3etl.source import Part

Values = NDArray[np.float64]
Pool = Literal["year", "panel"] | Annotated[int, Field(ge=1)]

T = TypeVar("T")
Several = Annotated[
    tuple[T, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)
]
"""Names; one by itself stands for a tuple of one."""

IMPUTATIONS: Final = (
    "previous",
    "linear",
    "parent",
    "model",
    "mean",
    "median",
    "group_mean",
    "group_median",
)
"""Names of the ways to impute; a state marks a value with the place of its way, from 1."""

OWN: Final = (1, 2)
"""Marks of imputed values that come from the unit's own other years."""


@dataclass(frozen=True)
class Inputs:
    """What a composite is made of besides values and steps, as arrays.

    Attributes:
        units: Names of the units, axis (units).
        times: The years, rising, axis (years).
        columns: Other columns of the table (denominators, groups), axes (years, units).
        denominators: Column that divides an indicator, by indicator.
        targets: Target of an indicator in its unit, by indicator.
        parents: Values of the region each unit is a part of, axes (years, units, indicators).
    """

    units: tuple[str, ...]
    times: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]
    denominators: Mapping[str, str]
    targets: Mapping[str, float]
    parents: Values | None = None

    def column(self, name: str, use: str) -> NDArray[Any]:
        """Return a column of the table.

        Raises:
            CatalogueError: The table does not have it.
        """
        if name not in self.columns:
            raise CatalogueError(
                f"{use} names the column {name!r}, which the table does not have; add it, or "
                "name another."
            )
        return self.columns[name]


@dataclass(frozen=True)
class State:
    """What a composite is after a step.

    Attributes:
        hierarchy: The nodes, with the weights in force.
        data: Values, axes (years, units, indicators); NaN is missing.
        kept: Whether a unit takes part, axes (years, units).
        imputed: 0 for an observation, else the place in :data:`IMPUTATIONS` from 1; as data.
        weights: Weights that aggregated each level: axes (members, parents), from level 1 up.
        scores: Of all aggregates in the order of ``hierarchy.aggregates``, once there are any;
            axes (years, units, aggregates).
    """

    hierarchy: Hierarchy
    data: Values
    kept: NDArray[np.bool_]
    imputed: NDArray[np.int8]
    weights: tuple[Values, ...] = ()
    scores: Values | None = None


class Operation(Part):
    """Base of the steps: what is wrong with an argument is said in one sentence."""

    model_config = ConfigDict(allow_inf_nan=False)

    step: str

    def __init__(self, **arguments: Any) -> None:
        try:
            super().__init__(**arguments)
        except ValidationError as error:
            fields = type(self).model_fields
            first = error.errors()[0]
            where = "".join(f", {part}" for part in first["loc"])
            problem = first["msg"].removeprefix("Value error, ")
            if first["type"] == "extra_forbidden":
                problem = f"there is no such argument; it has {', '.join(fields)}"
            name = fields["step"].default
            raise CatalogueError(f"Step {name}{where}: {problem}.") from None


def need(given: Mapping[str, Any], codes: tuple[str, ...], what: str) -> None:
    """Refuse what is not given for every indicator.

    Raises:
        CatalogueError: One is not there.
    """
    if missing := [code for code in codes if code not in given]:
        raise CatalogueError(f"{missing[0]} is not among the {what}; add it, or leave it out.")


def pooled(values: Values, pool: Literal["year", "panel"]) -> Values:
    """Return the values with what is compared on the units axis.

    Args:
        values: Axes (..., years, units, indicators).
        pool: Whether years are compared by themselves, or all together.
    """
    if pool == "year":
        return values
    return values.reshape(*values.shape[:-3], 1, -1, values.shape[-1])
