"""The tidy table of observations every provider's data become, and its contract.

One row is one cell a provider published, with its flags, its unit and the snapshot it came
from. Bytes are parsed elsewhere; nothing is dropped, filled or converted here.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from s3etl.catalogue import Dataset
from s3etl.errors import Changed
from s3etl.records import Snapshot

_CODE: Final = pa.dictionary(pa.int32(), pa.string())

SCHEMA: Final = pa.schema(
    [
        pa.field("dataset", _CODE, metadata={"is": "dataset id"}),
        pa.field("series", _CODE, metadata={"is": "dimension codes but geo and time, by points"}),
        pa.field("geo", _CODE, metadata={"is": "region or aggregate code as published"}),
        pa.field("nuts_version", _CODE, metadata={"is": "NUTS version the file is published in"}),
        pa.field("period", _CODE, metadata={"is": "year, quarter or month as published"}),
        pa.field("unit", _CODE, metadata={"is": "unit of the value"}),
        pa.field("value", pa.float64(), metadata={"is": "the value; null where none is published"}),
        pa.field("obs_flag", _CODE, metadata={"is": "the provider's flags as written"}),
        pa.field("obs_status", _CODE, metadata={"is": "SDMX OBS_STATUS"}),
        pa.field("conf_status", _CODE, metadata={"is": "SDMX CONF_STATUS: F free, C confidential"}),
        pa.field("snapshot", _CODE, metadata={"is": "SHA-256 of the bytes"}),
    ]
)
"""Contract of an observation table; (series, geo, period) is unique within a dataset."""

KEY: Final = ("series", "geo", "period")

# Methodology 9: of several flags OBS_STATUS takes the first of b, d, e, i, p, u. The flags the
# methodology does not order (f, n, z) come after those it does; s is Eurostat's own estimate.
STATUS_OF_FLAG: Final = {
    "b": "B",
    "d": "D",
    "e": "E",
    "s": "E",
    "i": "I",
    "p": "P",
    "u": "U",
    "f": "F",
    "n": "N",
    "z": "M",
}
KNOWN_FLAGS: Final = frozenset(STATUS_OF_FLAG) | {"c", "r"}
"""Flags that may occur; ``c`` is confidential, ``r`` (revised) has no OBS_STATUS of its own."""

STATUS_ORDER: Final = ("B", "D", "E", "I", "P", "U", "F", "N", "M", "Q", "O", "A")
"""Which status names several: the first present."""


def status_of(flag: str | None, missing: bool) -> tuple[str, str]:
    """Return OBS_STATUS and CONF_STATUS of a cell.

    Args:
        flag: The provider's flags, for example ``"bu"``; None for none.
        missing: Whether the cell has no value.

    Returns:
        For a missing cell without a telling flag the status is ``Q`` (suppressed) if it is
        confidential and ``O`` (missing, no reason given) if not.
    """
    letters = (flag or "").lower()
    confidential = "C" if "c" in letters else "F"
    for letter, status in STATUS_OF_FLAG.items():
        if letter in letters:
            return status, confidential
    if missing:
        return ("Q" if confidential == "C" else "O"), confidential
    return "A", confidential


def _dictionary(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    """Return the indices (missing is -1) and the codes of a dictionary column."""
    column = column.unify_dictionaries()
    codes = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
    parts = [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in column.chunks]
    return (np.concatenate(parts) if parts else np.empty(0, np.int32)), codes


def _constant(value: str, rows: int) -> pa.Array:
    indices = pa.array(np.zeros(rows, np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array([value], pa.string()))


def _layout(table: pa.Table, dataset: Dataset, name: str) -> Mapping[str, tuple[str, ...]]:
    """Return the declared layout a file has; refuse it, spelling the difference out, if none."""
    fixed = {"geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG", "OBS_TEXT"}
    found = [c for c in table.column_names if c not in fixed]
    if "freq" in found and "freq" not in dataset.dimensions:
        found.remove("freq")
        codes = _dictionary(table.column("freq"))[1]
        _spell_out(name, "codes of freq", {dataset.frequency}, set(codes))
    if "geo" not in table.column_names:
        raise Changed(f"{name}: expected the dimension geo, found none.")
    if "OBS_TEXT" in table.column_names:
        text = next(t for t in table.column("OBS_TEXT").to_pylist() if t is not None)
        raise Changed(f"{name}: expected numbers, found the text {text!r}; look at the file.")
    alike = [layout for layout in dataset.layouts if set(layout) == set(found)]
    if not alike:
        _spell_out(name, "dimensions", set(dataset.dimensions), set(found))
    present = {dimension: set(_dictionary(table.column(dimension))[1]) for dimension in found}
    for layout in alike:
        chosen = dataset.selection and layout is dataset.dimensions
        if all(
            present[d] >= set(codes) if chosen else present[d] == set(codes)
            for d, codes in layout.items()
        ):
            return layout
    nearest = min(alike, key=lambda x: sum(len(present[d] ^ set(c)) for d, c in x.items()))
    for dimension, declared in nearest.items():
        expected, found_codes = set(declared), present[dimension]
        chosen = dataset.selection and nearest is dataset.dimensions
        if not (chosen and found_codes >= expected):
            _spell_out(name, f"codes of {dimension}", expected, found_codes)
    raise AssertionError  # some code differed


def _spell_out(name: str, what: str, expected: set[str], found: set[str]) -> None:
    """Refuse a difference between declared and found, naming both sides."""
    if expected == found:
        return
    parts = []
    if gone := sorted(expected - found):
        parts.append(f"without {_some(gone)}")
    if new := sorted(found - expected):
        parts.append(f"with the undeclared {_some(new)}")
    raise Changed(
        f"{name}: expected the declared {what}, found them {' and '.join(parts)}; "
        "compare the file with its declaration in sources/datasets."
    )


def _some(codes: list[str], most: int = 12) -> str:
    more = f" and {len(codes) - most} more" if len(codes) > most else ""
    return ", ".join(codes[:most]) + more


def _selected(table: pa.Table, dataset: Dataset, layout: Mapping[str, tuple[str, ...]]) -> pa.Table:
    """Return the rows of the declared codes; a bulk file has others that we do not take."""
    if not (dataset.selection and layout is dataset.dimensions):
        return table
    keep: np.ndarray | None = None
    for dimension, declared in layout.items():
        index, codes = _dictionary(table.column(dimension))
        if set(codes) <= set(declared):
            continue
        taken = np.isin(np.array(codes, dtype=object), np.array(declared, dtype=object))[index]
        keep = taken if keep is None else keep & taken
    return table if keep is None else table.filter(pa.array(keep))


def tidy(table: pa.Table, dataset: Dataset, snapshot: Snapshot) -> pa.Table:
    """Turn a parsed file into observations.

    Args:
        table: What ``sources.eurostat.parse`` returns: dimensions, TIME_PERIOD, OBS_VALUE,
            OBS_FLAG.
        dataset: Its declaration.
        snapshot: The bytes it was parsed from.

    Returns:
        A table of :data:`SCHEMA`, one row for each cell of the declared codes, in file order.
        ``nuts_version`` is the declared one until the codes themselves have been looked at.

    Raises:
        Changed: Dimensions or codes differ from the declaration, a key occurs twice, or a
            cell holds text; the message names file, expected and found.
    """
    name = f"{dataset.id} ({snapshot.name})"
    layout = _layout(table, dataset, name)
    table = _selected(table, dataset, layout)
    rows = table.num_rows
    indices, codes = {}, {}
    for dimension in layout:
        indices[dimension], codes[dimension] = _dictionary(table.column(dimension))
    series_index, series = _series(indices, codes)
    unit_codes = [dataset.unit(code) for code in codes[dataset.unit_of]]
    units = list(dict.fromkeys(unit_codes))
    unit_index = np.array([units.index(u) for u in unit_codes], np.int32)[indices[dataset.unit_of]]
    geo_index, geos = _dictionary(table.column("geo"))
    period_index, periods = _dictionary(table.column("TIME_PERIOD"))
    _check_unique((series_index, series), (geo_index, geos), (period_index, periods), name)
    value = table.column("OBS_VALUE").combine_chunks()
    flag_index, flags = _dictionary(table.column("OBS_FLAG"))
    status, confidentiality = _statuses(flag_index, flags, value.is_null().to_numpy(False))

    def coded(index: np.ndarray, names: Iterable[str]) -> pa.Array:
        valid = pa.array(index.astype(np.int32), mask=index < 0)
        return pa.DictionaryArray.from_arrays(valid, pa.array(list(names), pa.string()))

    columns: Mapping[str, pa.Array] = {
        "dataset": _constant(dataset.id, rows),
        "series": coded(series_index, series),
        "geo": coded(geo_index, geos),
        "nuts_version": _constant(dataset.nuts_version, rows),
        "period": coded(period_index, periods),
        "unit": coded(unit_index, units),
        "value": value if isinstance(value, pa.Array) else pa.concat_arrays(value.chunks),
        "obs_flag": coded(flag_index, flags),
        "obs_status": status,
        "conf_status": confidentiality,
        "snapshot": _constant(snapshot.sha256, rows),
    }
    return pa.Table.from_arrays([columns[f.name] for f in SCHEMA], schema=SCHEMA)


def _series(
    indices: Mapping[str, np.ndarray], codes: Mapping[str, list[str]]
) -> tuple[np.ndarray, list[str]]:
    """Join the dimension codes to one series key, computing each key once."""
    combined = np.zeros(len(next(iter(indices.values()))), np.int64)
    for dimension, index in indices.items():
        combined = combined * len(codes[dimension]) + index
    unique, inverse = np.unique(combined, return_inverse=True)
    keys: list[list[str]] = [[] for _ in unique]
    for dimension in reversed(list(indices)):
        unique, which = np.divmod(unique, len(codes[dimension]))
        for key, i in zip(keys, which, strict=True):
            key.insert(0, codes[dimension][i])
    return inverse.astype(np.int32), [".".join(key) for key in keys]


def _check_unique(
    series: tuple[np.ndarray, list[str]],
    geo: tuple[np.ndarray, list[str]],
    period: tuple[np.ndarray, list[str]],
    name: str,
) -> None:
    key = (series[0].astype(np.int64) * len(geo[1]) + geo[0]) * len(period[1]) + period[0]
    size = len(series[1]) * len(geo[1]) * len(period[1])
    counts = np.bincount(key, minlength=size) if size <= 4 * len(key) + 1000 else None
    twice = (
        int(key.size - np.count_nonzero(counts))
        if counts is not None
        else (key.size - np.unique(key).size)
    )
    if not twice:
        return
    ordered = np.sort(key)
    first = ordered[:-1][ordered[1:] == ordered[:-1]][0]
    rest, p = divmod(int(first), len(period[1]))
    s, g = divmod(rest, len(geo[1]))
    raise Changed(
        f"{name}: expected each key once, found {twice} more rows, for example "
        f"{series[1][s]} {geo[1][g]} {period[1][p]} twice; get the file again."
    )


def _statuses(
    flag_index: np.ndarray, flags: list[str], missing: np.ndarray
) -> tuple[pa.Array, pa.Array]:
    """Map flags to statuses: a look-up over the few distinct flags, not over the rows."""
    table = np.array(
        [
            [STATUS_ORDER.index(status_of(flag, gone)[0]) for gone in (False, True)]
            for flag in [*flags, None]
        ],
        np.int32,
    )
    confidential = np.array([status_of(flag, False)[1] == "C" for flag in [*flags, None]], np.int32)
    status = table[flag_index, missing.astype(np.int8)]
    return (
        pa.DictionaryArray.from_arrays(pa.array(status), pa.array(STATUS_ORDER, pa.string())),
        pa.DictionaryArray.from_arrays(
            pa.array(confidential[flag_index]), pa.array(["F", "C"], pa.string())
        ),
    )
