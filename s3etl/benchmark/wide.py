"""Wide tables in: a table of units, a table of indicators, and the arrays they become.

Reads and checks; nothing is computed from the values here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from s3etl.benchmark.hierarchy import Hierarchy, Node
from s3etl.benchmark.state import Inputs, State, Values
from s3etl.errors import CatalogueError, Unfit

ALIASES: Final = {"icode": "code", "iname": "title", "name": "title"}
"""Names of COINr's columns that are not ours in lower case."""


@dataclass(frozen=True)
class Declared:
    """What a table of indicators declares.

    Attributes:
        hierarchy: Its nodes.
        denominators: Column that divides an indicator, by indicator.
        targets: Target of an indicator, by indicator.
    """

    hierarchy: Hierarchy
    denominators: Mapping[str, str]
    targets: Mapping[str, float]


def declared_by(meta: pd.DataFrame) -> Declared:
    """Read a table of indicators and aggregates, such as COINr's iMeta.

    Args:
        meta: One row per node with ``code`` (or ``iCode``), ``parent`` (empty for the index),
            and, if there, ``level`` (1 for indicators), ``weight`` (1), ``direction`` (1),
            ``title``, ``denominator``, ``target``, in any case of letters. Rows without a level,
            and those whose ``type`` is neither Indicator nor Aggregate, are left out.

    Raises:
        CatalogueError: A column is missing, a cell is not what it has to be, or the nodes make
            no hierarchy.
    """
    frame = meta.rename(columns=lambda name: ALIASES.get(str(name).lower(), str(name).lower()))
    if missing := {"code", "parent"} - set(frame.columns):
        raise CatalogueError(
            f"The table of indicators has no column {', '.join(sorted(missing))}; add it."
        )
    if "type" in frame:
        kinds = frame["type"].astype(str).str.lower()
        frame = frame[kinds.isin(["indicator", "aggregate"])]
    if "level" in frame:
        frame = frame[frame["level"].notna()]
    rows = list(_rows(frame))
    nodes = [
        Node(
            code=row["code"],
            parent=row.get("parent"),
            weight=_number(row, "weight", 1.0),
            direction=_direction(row),
            title=row.get("title") or row["code"],
        )
        for row in rows
    ]
    hierarchy = Hierarchy.of(nodes)
    if "level" in frame:
        for row in rows:
            level = hierarchy.level_of(row["code"])
            if _number(row, "level", level) != level:
                raise CatalogueError(
                    f"{row['code']}: it is declared at level {row['level']} and its members or "
                    f"parents put it at level {level}; correct the one or the other."
                )
    _complete(rows, hierarchy, frame.columns)
    return Declared(
        hierarchy,
        {row["code"]: row["denominator"] for row in rows if row.get("denominator")},
        {row["code"]: _number(row, "target", 0.0) for row in rows if row.get("target") is not None},
    )


def _complete(rows: list[dict[str, Any]], hierarchy: Hierarchy, columns: pd.Index) -> None:
    """Refuse an empty weight or direction where others are declared; an index has no weight."""
    needed = {
        "weight": set(hierarchy.indicators) | set(hierarchy.aggregates) - {hierarchy.index},
        "direction": set(hierarchy.indicators),
    }
    for name in [name for name in needed if name in columns]:
        if bare := [r["code"] for r in rows if name not in r and r["code"] in needed[name]]:
            raise CatalogueError(f"{bare[0]}: its {name} is empty; give it one, or leave it out.")


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield rows without their empty cells."""
    for row in frame.to_dict("records"):
        filled = {
            str(k): v for k, v in row.items() if not pd.isna(v) and not (k != "code" and v == "")
        }
        if not filled.get("code"):
            raise CatalogueError("A row of the table of indicators has no code; give it one.")
        for name in ("code", "parent", "denominator"):
            if name in filled:
                filled[name] = str(filled[name])
        yield filled


def _number(row: Mapping[str, Any], name: str, default: float) -> float:
    try:
        number = float(row.get(name, default))
    except (TypeError, ValueError):
        number = np.nan
    if np.isnan(number) or (name != "weight" and np.isinf(number)):
        raise CatalogueError(
            f"{row['code']}: its {name} is {row[name]!r}, which is no number; correct it."
        )
    return number


def _direction(row: Mapping[str, Any]) -> int:
    sign = row.get("direction", 1)
    value = {"+": 1.0, "-": -1.0}.get(str(sign)) or _number(row, "direction", 1.0)
    if value not in {1.0, -1.0}:
        raise CatalogueError(
            f"{row['code']}: its direction is {sign!r}; give 1 where more is better, -1 where "
            "less is, or leave a context indicator out."
        )
    return int(value)


@dataclass(frozen=True)
class Rows:
    """Rows of a wide table as places in arrays.

    Attributes:
        index: The rows, as they came.
        year: Place of each row on the years axis.
        unit: Place of each row on the units axis.
    """

    index: pd.Index
    year: NDArray[np.int64]
    unit: NDArray[np.int64]

    def frame(self, array: NDArray[Any], columns: tuple[str, ...]) -> pd.DataFrame:
        """Lay an array (years, units, columns) out in the rows of the table."""
        return pd.DataFrame(array[self.year, self.unit], self.index, list(columns))


def read(
    table: pd.DataFrame,
    declared: Declared,
    *,
    unit: str,
    time: str,
    parents: pd.DataFrame | None,
) -> tuple[Inputs, State, Rows]:
    """Turn a wide table into arrays.

    Args:
        table: One row per unit, or per unit and year; a column per indicator. Units stand in
            the column ``unit`` or, if there is none, in the index.
        declared: Nodes of the composite.
        unit: Column of units.
        time: Column of years; without one all rows are of one year.
        parents: As ``table``, with the values of the region each unit is a part of.

    Raises:
        CatalogueError: An indicator has no column, or a unit stands in two rows of a year.
        Unfit: A value is infinite or no number, an indicator has no value at all, or there are
            fewer than two units.
    """
    codes = declared.hierarchy.indicators
    if table.columns.has_duplicates:
        twice = table.columns[table.columns.duplicated()][0]
        raise CatalogueError(f"The table has two columns {twice}; keep one.")
    if missing := [code for code in codes if code not in table.columns]:
        raise CatalogueError(
            f"The table has no column for the indicator {missing[0]}; add it, or leave the "
            "indicator out."
        )
    names, years = _keys(table, unit, time)
    units, u = np.unique(names, return_inverse=True)
    times, y = np.unique(years, return_inverse=True)
    if len(units) < 2:
        raise Unfit(
            f"There {'is one unit' if len(units) else 'are no units'} in the table, and a "
            "composite compares; give at least two."
        )
    if (again := pd.MultiIndex.from_arrays([y, u]).duplicated()).any():
        where = int(np.argmax(again))
        year = f" in {years[where]}" if time in table else ""
        raise CatalogueError(f"{names[where]} stands twice in the table{year}; keep one row.")
    index = pd.Index(names, name=unit)
    if len(times) > 1:
        index = pd.MultiIndex.from_arrays([years, names], names=[time, unit])
    rows = Rows(index, y.astype(np.int64), u.astype(np.int64))
    shape = (len(times), len(units))
    values = np.full((*shape, len(codes)), np.nan)
    values[y, u] = _values(table, codes, names)
    here = np.zeros(shape, bool)
    here[y, u] = True
    others = [name for name in table.columns if name not in {unit, time}]
    columns = {str(name): _column(table[name], rows, shape) for name in others}
    inputs = Inputs(
        units=tuple(str(name) for name in units),
        times=times,
        columns=columns,
        denominators=declared.denominators,
        targets=declared.targets,
        parents=_parents(parents, codes, rows, shape),
    )
    return inputs, State(declared.hierarchy, values, here, np.zeros(values.shape, np.int8)), rows


def _keys(table: pd.DataFrame, unit: str, time: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the unit and the year of each row."""
    names = table[unit] if unit in table else table.index.to_series()
    years = table[time] if time in table else pd.Series(0, range(len(table)))
    if names.isna().any() or years.isna().any():
        raise CatalogueError("A row of the table has no unit or no year; give it both.")
    try:
        number = years.to_numpy().astype(float)
    except (TypeError, ValueError):
        number = np.array([np.nan])
    if not (number == np.floor(number)).all():
        raise CatalogueError(f"The column {time} has something that is no year.")
    return names.astype(str).to_numpy(), number.astype(np.int64)


def _values(table: pd.DataFrame, codes: tuple[str, ...], names: NDArray[Any]) -> Values:
    columns = []
    for code in codes:
        try:
            column = table[code].to_numpy(float, na_value=np.nan)
        except (TypeError, ValueError):
            raise Unfit(
                f"{code}: it has cells that are no numbers; correct or empty them."
            ) from None
        if np.isinf(column).any():
            raise Unfit(
                f"{code}: the value of {names[np.isinf(column)][0]} is infinite; correct it, or "
                "leave the cell empty."
            )
        if np.isnan(column).all():
            raise Unfit(f"{code}: no unit has a value; fill it, or leave the indicator out.")
        columns.append(column)
    return np.stack(columns, axis=-1)


def _column(column: pd.Series, rows: Rows, shape: tuple[int, int]) -> NDArray[Any]:
    numeric = pd.api.types.is_numeric_dtype(column)
    plain = column.to_numpy(float, na_value=np.nan) if numeric else column.to_numpy(object)
    out: NDArray[Any] = np.full(shape, np.nan, plain.dtype)
    out[rows.year, rows.unit] = plain
    return out


def _parents(
    parents: pd.DataFrame | None, codes: tuple[str, ...], rows: Rows, shape: tuple[int, int]
) -> Values | None:
    if parents is None:
        return None
    if len(parents) != len(rows.index):
        raise CatalogueError(
            f"The table of parents has {len(parents)} rows for {len(rows.index)}; give the values "
            "of each unit's parent in the same row."
        )
    out = np.full((*shape, len(codes)), np.nan)
    out[rows.year, rows.unit] = parents.reindex(columns=list(codes)).to_numpy(float)
    return out
