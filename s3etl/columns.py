"""Arrays into published tables and back: columns by a schema, texts as plain strings.

Knows no table in particular; schemas and meanings live where the tables are made.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa


def column(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    """Return a column of a published table, with what it is for the documentation."""
    return pa.field(name, kind, metadata={"is": meaning})


def table_of(schema: pa.Schema, columns: Mapping[str, Any], rows: int) -> pa.Table:
    """Return columns as a table.

    Args:
        schema: Of the table.
        columns: By name an array, or one value that stands for all rows; NaN and None for none.
        rows: Number of rows.
    """
    arrays = []
    for field in schema:
        values = np.broadcast_to(np.asarray(columns[field.name]), rows)
        texts = values.dtype.kind in "OU"
        arrays.append(pa.array(values.tolist() if texts else values, field.type, from_pandas=True))
    return pa.table(arrays, schema=schema)


def frame_of(table: pa.Table, names: Sequence[str]) -> pd.DataFrame:
    """Return columns of a table as a frame, coded texts as plain strings."""
    columns = {name: table.column(name) for name in names}
    plain = {
        name: values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values
        for name, values in columns.items()
    }
    frame: pd.DataFrame = pa.table(plain).to_pandas()
    return frame
