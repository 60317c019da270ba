"""Arrays made columns of a published table: what is missing is null, figures are rounded.

No column is decided on here, nor what may be shown.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.stresstest.assessment import Assessment
from s3etl.stresstest.disclosure import MINIMUM
from s3etl.stresstest.method import StressTestMethod
from s3etl.stresstest.survey import Bools, Floats, Ints
from s3etl.stresstest.tables import SOURCE

DECIMALS: Final = 3
"""Half a level, 12.5 points, shared by up to four groups has three decimals."""
FINE, COARSE = 0.1, 5.0
"""Steps to which bounds are rounded outwards; coarse where few people are in them, whose
answers a bound of many digits would tell."""

Column = NDArray[Any]


def table(schema: pa.Schema, shape: tuple[int, ...], columns: Mapping[str, Any]) -> pa.Table:
    """Return a table of one row for each place of an array.

    Args:
        schema: Columns, in order.
        shape: Axes of the array.
        columns: By name an array that can be spread over these axes, or one value.
    """
    arrays = [_column(np.broadcast_to(columns[f.name], shape).ravel(), f.type) for f in schema]
    return pa.table(arrays, schema=schema)


def _column(values: Column, kind: pa.DataType) -> pa.Array:
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        number = values.astype(float)
        missing = ~np.isfinite(number)
        if pa.types.is_floating(kind):
            return pa.array(np.round(number, DECIMALS) + 0.0, kind, mask=missing)
        return pa.array(np.where(missing, 0, number).astype(np.int64), kind, mask=missing)
    return pa.array([None if v is None or v == "" else v for v in values.tolist()], kind)


def where_of(of: Assessment, axes: int = 2) -> dict[str, Any]:
    """Return the columns that say which survey a row is of, the first of some axes."""
    spread = (slice(None), *[None] * (axes - 1))
    return {
        "geo": of.survey.geo[spread],
        "nuts_version": of.survey.nuts_version[spread],
        "ref_year": of.survey.wave[spread],
    } | made_of(of, axes)


def made_of(of: Assessment, axes: int = 2) -> dict[str, Any]:
    """Return the columns that say what a row was made with; :func:`signed` tells snapshots."""
    return {
        "questionnaire": of.survey.questionnaire[(slice(None), *[None] * (axes - 1))],
        "source_dataset": SOURCE,
        "source_updated": "",
        "source_hash": "",
        "method_version": of.method.version,
    }


def signed(tables: Mapping[str, pa.Table], updated: str, digest: str) -> dict[str, pa.Table]:
    """Write into tables which snapshots they were made from.

    Args:
        tables: By name.
        updated: Day of the answers and of the evidence.
        digest: Their hashes.
    """
    told = {"source_updated": updated, "source_hash": digest}
    out = {}
    for name, whole in tables.items():
        columns = {
            field.name: pa.array([told[field.name]] * len(whole), field.type)
            if field.name in told
            else whole.column(field.name)
            for field in whole.schema
        }
        out[name] = pa.table(columns, schema=whole.schema)
    return out


def outwards(
    bounds: tuple[Floats, Floats], value: Floats, coarse: Bools | None = None
) -> tuple[Floats, Floats]:
    """Round bounds outwards; they always include the value.

    Args:
        bounds: Lower and upper bound, of any axes.
        value: The score itself, same axes.
        coarse: Where to round coarsely, same axes; nowhere if not given.
    """
    step = FINE if coarse is None else np.where(coarse, COARSE, FINE)
    low, high = np.fmin(bounds[0], value), np.fmax(bounds[1], value)
    return (
        np.maximum(np.floor(np.round(low / step, 6)) * step, 0),
        np.minimum(np.ceil(np.round(high / step, 6)) * step, 100),
    )


def quality(
    smallest: Ints, known: Bools, kinds: Sequence[str], method: StressTestMethod
) -> dict[str, Column]:
    """Say how far intervals can be relied on, by the size of the smallest group.

    Groups of one and of two are not told apart: how many answered is not shown either.

    Args:
        smallest: U × T, respondents of the smallest group.
        known: U × T, whether there is an interval.
        kinds: T, what each score is, a name in the declared coverage.
        method: The choices.
    """
    words = np.where(smallest >= method.reliable_group, "reliable", "indicative")
    share = np.full(smallest.shape, np.nan)
    for column, kind in enumerate(kinds):
        of = {n: found for n, found in method.coverage[kind].items() if n == 1 or n >= MINIMUM}
        place = np.searchsorted(np.array([*of]), smallest[:, column], side="right") - 1
        share[:, column] = np.array([*of.values()])[np.maximum(place, 0)]
    return {
        "interval_quality": np.where(known, words, ""),
        "interval_coverage": np.where(known, share, np.nan),
    }


def joined(texts: NDArray[Any], member: Bools) -> str:
    """Return the texts of the members, separated by ``;``."""
    return "; ".join(str(text) for text in texts[member])
