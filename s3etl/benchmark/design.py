"""Designs: which replication makes which choice; one row per replication, to store and replay.

Draws only, nothing is computed from the composite's values. A column is ``step.argument`` (the
argument that takes the place of the composite's own), ``weight.code`` (what the weight of a node
is multiplied by), ``without`` (a node left out, or nothing), ``noise`` and ``conversion`` (the
number a draw of noise grows from; 0 is none).
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.benchmark.composite import Composite
from s3etl.benchmark.hierarchy import Hierarchy
from s3etl.benchmark.prepare import Impute
from s3etl.benchmark.uncertainty import (
    Choice,
    Conversion,
    Factor,
    Imputation,
    LeaveOut,
    Noise,
    Uncertainty,
    Weights,
)
from s3etl.errors import CatalogueError

DRAWS: Final = 2**62
"""Numbers that noise grows from lie below."""


def draw(
    composite: Composite, uncertainty: Uncertainty, n: int, *, seed: int, label: str = ""
) -> pd.DataFrame:
    """Draw a design.

    Every column has a generator of its own, keyed by its name: a factor more, or another order
    of indicators, changes no other column.

    Args:
        composite: The composite that is varied.
        uncertainty: Its factors.
        n: Number of replications.
        seed: Seed of the draws.
        label: Tells designs of one seed apart.

    Raises:
        CatalogueError: A factor varies what the composite does not have.
    """
    columns: dict[str, Any] = {}
    for name, factor in uncertainty.factors.items():
        drawn = _columns(composite, name, factor, n, _Streams(seed, label))
        if twice := columns.keys() & drawn.keys():
            raise CatalogueError(
                f"The factor {name} varies {min(twice)}, which another factor varies, too; "
                "let one of them."
            )
        columns |= drawn
    return pd.DataFrame(columns, index=pd.RangeIndex(1, n + 1, name="run"))


def saltelli(composite: Composite, uncertainty: Uncertainty, n: int, *, seed: int) -> pd.DataFrame:
    """Draw the design behind Sobol effects (Saltelli et al. 2010).

    Args:
        composite: The composite that is varied.
        uncertainty: Its factors.
        n: Runs of each part.
        seed: Seed of the draws.

    Returns:
        Rows of A, of B, then for each factor those of A with its columns from B.
    """
    a, b = (draw(composite, uncertainty, n, seed=seed, label=part) for part in "AB")
    parts = [a, b]
    for name, factor in uncertainty.factors.items():
        its = list(_columns(composite, name, factor, 1, _Streams(seed, "A")))
        parts.append(pd.concat([a.drop(columns=its), b[its]], axis=1)[a.columns])
    whole = pd.concat(parts, ignore_index=True)
    return whole.set_index(pd.RangeIndex(1, len(whole) + 1, name="run"))


def stored(design: pd.DataFrame) -> pa.Table:
    """Turn a design into a table to keep: arguments that are no numbers are written as JSON."""
    text = {
        column: [json.dumps(value, ensure_ascii=False) for value in design[column]]
        for column in _arguments(design)
    }
    return pa.Table.from_pandas(design.assign(**text))


def restored(table: pa.Table) -> pd.DataFrame:
    """Turn a kept table into the design again."""
    frame: pd.DataFrame = table.to_pandas()
    values = {
        column: pd.Series([json.loads(text) for text in frame[column]], frame.index, object)
        for column in _arguments(frame)
    }
    return frame.assign(**values)


def _arguments(design: pd.DataFrame) -> list[str]:
    return [
        str(column)
        for column in design
        if "." in str(column) and not pd.api.types.is_numeric_dtype(design[column])
    ]


class _Streams:
    """Generators keyed by seed, label and the name of a column."""

    def __init__(self, seed: int, label: str) -> None:
        self.seed, self.label = seed, label

    def __getitem__(self, name: str) -> np.random.Generator:
        key = hashlib.sha256(f"{self.label}\n{name}".encode()).digest()[:8]
        return np.random.default_rng([self.seed, int.from_bytes(key, "big")])


def _columns(
    composite: Composite, name: str, factor: Factor, n: int, streams: _Streams
) -> dict[str, Any]:
    match factor:
        case Choice():
            return _choice(
                composite, name, factor, streams[name].integers(len(factor.among), size=n)
            )
        case Weights():
            low, high = 1.0 - factor.spread, 1.0 + factor.spread
            columns = [f"weight.{code}" for code in _weighted(composite, name, factor)]
            return {column: streams[column].uniform(low, high, n) for column in columns}
        case LeaveOut():
            codes: NDArray[Any] = np.array(
                ["", *removable(composite.before("aggregate").hierarchy)]
            )
            return {"without": codes[streams[name].integers(codes.size, size=n)].astype(object)}
        case Imputation():
            _needs_model(composite, name)
            seeds = streams["impute.seed"].integers(2**31, size=factor.draws)
            return {
                "impute.seed": seeds[streams[name].integers(factor.draws, size=n)],
                "impute.draws": np.ones(n, np.int64),
            }
        case Noise() | Conversion():
            return {factor.kind: streams[factor.kind].integers(1, DRAWS, size=n)}


def _choice(
    composite: Composite, name: str, factor: Choice, which: NDArray[np.int64]
) -> dict[str, Any]:
    step = step_of(composite, factor.step, f"The factor {name}")
    steps = [type(step)(**{**dict(step), **arguments}) for arguments in factor.among]
    varied = sorted({key for arguments in factor.among for key in arguments})
    return {
        f"{factor.step}.{key}": _objects([getattr(each, key) for each in steps])[which]
        for key in varied
    }


def _objects(values: list[Any]) -> NDArray[np.object_]:
    out = np.empty(len(values), object)
    out[:] = values
    return out


def _weighted(composite: Composite, name: str, factor: Weights) -> list[str]:
    """Codes of the nodes whose weight varies."""
    hierarchy = composite.before("aggregate").hierarchy
    below = range(1, len(hierarchy.levels))
    for level in factor.levels or ():
        if level not in below:
            raise CatalogueError(
                f"The factor {name} varies the weights of level {level}; the composite has weights "
                f"at levels 1 to {below[-1]}."
            )
    return [code for level in factor.levels or below for code in hierarchy.codes(level)]


def removable(hierarchy: Hierarchy) -> list[str]:
    """Codes of the indicators that have siblings, in order of the alphabet."""
    return sorted(
        node.code
        for node in hierarchy.levels[0]
        if node.parent is not None and len(hierarchy.members(node.parent)) > 1
    )


def _needs_model(composite: Composite, name: str) -> None:
    step = step_of(composite, "impute", f"The factor {name}")
    if isinstance(step, Impute) and "model" not in step.methods:
        raise CatalogueError(
            f"The factor {name} varies draws of the imputation model, and the composite imputes by "
            f"{', '.join(step.methods)}; add the method model, or leave the factor out."
        )


def step_of(composite: Composite, name: str, what: str) -> Any:
    """Return a step.

    Args:
        composite: The composite.
        name: Name of the step.
        what: What varies it, to say what is wrong.

    Raises:
        CatalogueError: The composite does not have it.
    """
    steps: Mapping[str, Any] = {step.step: step for step in composite.steps}
    if name not in steps:
        raise CatalogueError(
            f"{what} varies the step {name}, which the composite does not have; it has "
            f"{', '.join(steps)}."
        )
    return steps[name]
