"""Plans: a design checked against its composite and taken apart into arrays.

Nothing is computed from values here, and nothing is drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from s3etl.benchmark.composite import Composite
from s3etl.benchmark.design import step_of
from s3etl.benchmark.hierarchy import Hierarchy
from s3etl.benchmark.state import Values
from s3etl.errors import CatalogueError

Rows: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """A design, checked and taken apart.

    Attributes:
        choices: Distinct arguments of each step that varies.
        chosen: Place of each run's arguments among them, axis (runs).
        weights: What weights are multiplied by at each level, axes (runs, nodes); none if not.
        noise: Numbers that draws of measurement noise grow from, axis (runs).
        conversion: Of conversion noise.
    """

    choices: Mapping[str, list[dict[str, Any]]]
    chosen: Mapping[str, Rows]
    weights: tuple[Values | None, ...]
    noise: Rows
    conversion: Rows

    @classmethod
    def of(cls, composite: Composite, design: pd.DataFrame) -> Self:
        """Take a design apart.

        Raises:
            CatalogueError: It varies what the composite does not have.
        """
        hierarchy = composite.before("aggregate").hierarchy
        columns = [str(column) for column in design]
        single = {"without", "noise", "conversion"}
        if wrong := [c for c in columns if "." not in c and c not in single]:
            raise CatalogueError(
                f"The design has the column {wrong[0]!r}; columns are step.argument, weight.code, "
                f"{', '.join(sorted(single))}."
            )
        if not len(design):
            raise CatalogueError("The design has no runs; give it at least one row.")
        choices, chosen = {}, {}
        names = dict.fromkeys(c.partition(".")[0] for c in columns if "." in c)
        for name in names:
            if name != "weight":
                step_of(composite, name, "The design")
                choices[name], chosen[name] = _distinct(design, name)
        none = np.zeros(len(design), np.int64)
        return cls(
            choices,
            chosen,
            _multipliers(hierarchy, design),
            *(
                design[c].to_numpy(np.int64) if c in design else none
                for c in ("noise", "conversion")
            ),
        )

    @property
    def noisy(self) -> NDArray[np.bool_]:
        """Which runs have noise, axis (runs)."""
        return (self.noise > 0) | (self.conversion > 0)


def _distinct(design: pd.DataFrame, name: str) -> tuple[list[dict[str, Any]], Rows]:
    """Return the distinct arguments of a step, and which of them each run has."""
    columns = [str(c) for c in design if str(c).startswith(f"{name}.")]
    place, number = np.zeros(len(design), np.int64), 1
    for column in columns:
        codes, labels = pd.factorize(design[column].map(repr))
        place, number = place * len(labels) + codes, number * len(labels)
        _, place = np.unique(place, return_inverse=True)
    first = np.unique(place, return_index=True)[1]
    rows = design[columns].iloc[first].itertuples(index=False)
    bare = [column.partition(".")[2] for column in columns]
    return [dict(zip(bare, map(_plain, row), strict=True)) for row in rows], place.astype(np.int64)


def _plain(cell: Any) -> Any:
    """Return an argument as YAML would give it."""
    if isinstance(cell, np.generic):
        cell = cell.item()
    return None if isinstance(cell, float) and np.isnan(cell) else cell


def _multipliers(hierarchy: Hierarchy, design: pd.DataFrame) -> tuple[Values | None, ...]:
    """What weights are multiplied by, level by level; 0 leaves a node out."""
    given = {str(c).partition(".")[2]: c for c in design if str(c).startswith("weight.")}
    left = design["without"].fillna("").astype(str).to_numpy() if "without" in design else None
    gone = set() if left is None else set(np.unique(left)) - {""}
    for code in {**given, **dict.fromkeys(gone)}:
        if hierarchy.level_of(code) == len(hierarchy.levels):
            raise CatalogueError(f"{code} is the index, which has no weight; vary its members'.")
    out: list[Values | None] = []
    for level in range(1, len(hierarchy.levels)):
        codes = hierarchy.codes(level)
        if not (set(codes) & (set(given) | gone)):
            out.append(None)
            continue
        matrix = np.ones((len(design), len(codes)))
        for place, code in enumerate(codes):
            if code in given:
                matrix[:, place] = design[given[code]].to_numpy(float)
            if code in gone:
                _has_siblings(hierarchy, code)
                matrix[left == code, place] = 0.0
        if not (matrix >= 0).all():
            raise CatalogueError("The design multiplies a weight by a number below 0, or by none.")
        out.append(matrix)
    return tuple(out)


def _has_siblings(hierarchy: Hierarchy, code: str) -> None:
    parent = next(n.parent for level in hierarchy.levels for n in level if n.code == code)
    if parent is not None and len(hierarchy.members(parent)) == 1:
        raise CatalogueError(
            f"The design leaves out {code}, the only member of {parent}; leave {parent} out."
        )
