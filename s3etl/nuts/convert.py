"""Values carried from one NUTS version to another (methodology 6).

Extensive values are shared out by the weight of the intersections, all others are weighted
means of what lies in the destination. A destination is computed from one version of origins
only, so that years in which a file has old and new codes are never counted twice. What became
of each territory is told in :mod:`s3etl.nuts.recipes`, which version a row is of in
:mod:`s3etl.nuts.vintage`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.nuts.recipes import EXACT, LAST, METHODS, Floats, Index, Matrix, Weight, matrix_of
from s3etl.nuts.vintage import ANALYSIS, VERSIONS
from s3etl.observations import SCHEMA, STATUS_ORDER, status_of

SLIVER: Final = 1 - EXACT
"""Share of the destination below which an origin does not hand on its flags."""
NEAR: Final = 0.99
"""Exactness below which a converted value is estimated (flag e)."""
MOST_MISSING: Final = 0.10
"""Share of the destination's weight that may lack a value."""

ROUNDING: Final = 1e-9
"""What a sum of shares may be off by."""
_CODE: Final = pa.dictionary(pa.int32(), pa.string())
CONVERTED: Final = pa.schema(
    [
        *SCHEMA,
        pa.field("conv_method", _CODE),
        pa.field("conv_exact", pa.float64()),
        pa.field("conv_missing", pa.float64()),
    ]
)
"""Observations with how they were converted."""

_LETTERS: Final = "bcdefinprsuz"


@dataclass(frozen=True)
class Converted:
    """Observations in the version asked for, and what each was made from.

    Attributes:
        observations: Table of :data:`CONVERTED`. Rows that no matrix covers (the United
            Kingdom in 2024, statistical regions outside NUTS) and what is no region stay as
            they are; so do the originals of territories that were divided or merged, beside
            what they became.
        source: The table that was converted.
        row: Row of ``observations``, in ascending order.
        origin: Row of ``source`` that it used.
        share: Part of that row's territory that it used.
        uncovered: Rows of ``source`` that no matrix carries to another version.
    """

    observations: pa.Table
    source: pa.Table
    row: Index
    origin: Index
    share: Floats
    uncovered: Index

    def origins_of(self, rows: Index) -> tuple[Index, Index, Floats]:
        """Return which of ``rows`` used which row of the source, and what share of it."""
        first = np.searchsorted(self.row, rows, "left")
        count = np.searchsorted(self.row, rows, "right") - first
        which = np.repeat(np.arange(len(rows)), count)
        start = np.cumsum(count) - count
        pair = np.arange(len(which)) - np.repeat(start - first, count)
        return which, self.origin[pair], self.share[pair]


class _Frame:
    """The input as arrays: series × period is one column of values, (version, geo) a row."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table = table.unify_dictionaries().combine_chunks()
        self.value = table.column("value").to_numpy().astype(float)
        self.geo, self.geos = _coded(table, "geo")
        version, versions = _coded(table, "nuts_version")
        places = np.array([VERSIONS.index(v) if v in VERSIONS else -1 for v in versions] + [-1])
        self.version = places[version]
        level = np.array([len(g) - 2 for g in self.geos], np.int64)
        self.level = level[self.geo]
        series, self.series = _coded(table, "series")
        period, self.periods = _coded(table, "period")
        self.column = series * max(len(self.periods), 1) + period
        unit, self.units = _coded(table, "unit")
        flag, flags = _coded(table, "obs_flag")
        bits = [sum(1 << _LETTERS.index(c) for c in set((f or "").lower())) for f in flags]
        self.flags = np.array([*bits, 0], np.int64)[flag]
        self.unit = unit
        conf, names = _coded(table, "conf_status")
        self.confidential = np.array([n == "C" for n in names] + [False])[conf]


def _coded(table: pa.Table, name: str) -> tuple[Index, list[str]]:
    column = table.column(name).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    index: Index = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return index, column.dictionary.to_pylist()


@dataclass(frozen=True)
class _Part:
    """What one version of origins gives: one entry for each destination and column."""

    destination: list[str]
    place: Index  # of the destination, in the list above
    column: Index
    value: Floats
    missing: Floats
    flags: Index
    confidential: NDArray[np.bool_]
    method: Index
    exact: Floats
    version: int
    example: Index  # a row of the input of that column, for what it carries over
    pair: Index  # entry, for each pair
    origin: Index  # row of the input, for each pair
    share: Floats


def convert(
    observations: pa.Table,
    matrices: pa.Table,
    *,
    extensive: Collection[str],
    weight: Weight = "population",
    to: str = ANALYSIS,
) -> Converted:
    """Carry observations to one NUTS version.

    Extensive: y_to = Σ y_from · w_ft / Σ_t′ w_ft′; all others: y_to = Σ y_from · w_ft /
    Σ_f′ w_f′t. Where up to 10 % of the destination's weight has no value, the mean is that of
    the rest and the sum is grossed up by 1 / (1 − missing), since nothing missing counts as
    zero; beyond that the value is missing. A territory that is one to one (0.9995 both ways) has
    its value as published. Flags come from origins that make up at least 0.0005 of the
    destination. A territory nobody lives in is shared out by area.

    Regions that no matrix carries to that version (the United Kingdom in 2024) are carried to
    the last one that has them, :data:`LAST`, so that data of different vintages meet there.

    A row published in the version asked for goes before all that is converted if it has a value
    or is confidential: what was suppressed stays so. Else the most complete version of origins
    is taken, the newest of equals.

    Args:
        observations: Table of ``s3etl.observations.SCHEMA``, ``nuts_version`` set by row.
        matrices: Table of ``s3etl.nuts.tables.MATRICES``.
        extensive: Units whose values add up over regions.
        weight: What shares out a divided territory.
        to: Version asked for.
    """
    found = _carried(observations, matrices, extensive, weight, to)
    rest = found.uncovered
    if to <= LAST or not rest.size:
        return found
    source = found.source
    second = _carried(source.take(pa.array(rest)), matrices, extensive, weight, LAST)
    kept = np.ones(len(found.observations), bool)
    kept[found.row[np.isin(found.origin, rest)]] = False
    renumbered = np.cumsum(kept) - 1
    used = kept[found.row]
    table = pa.concat_tables([found.observations.filter(pa.array(kept)), second.observations])
    row = np.concatenate([renumbered[found.row[used]], second.row + int(kept.sum())])
    origin = np.concatenate([found.origin[used], rest[second.origin]])
    share = np.concatenate([found.share[used], second.share])
    return Converted(table, source, row, origin, share, rest[second.uncovered])


def _carried(
    observations: pa.Table,
    matrices: pa.Table,
    extensive: Collection[str],
    weight: Weight,
    to: str,
) -> Converted:
    """Carry to one version what its matrices cover."""
    frame = _Frame(observations)
    adds = np.array([u in extensive for u in frame.units] + [False])[frame.unit]
    target = VERSIONS.index(to)
    used = np.zeros(len(frame.value), bool)  # has become something in the version asked for
    gone = np.zeros(len(frame.value), bool)  # and is the same territory there
    parts: list[_Part] = []
    own = (frame.version == target) & (frame.level > 0)
    for level in (1, 2, 3):
        for version in np.unique(frame.version[(frame.level == level) & ~own]):
            if version < 0:
                continue
            matrix = matrix_of(matrices, level, VERSIONS[version], to, weight)
            place = {name: i for i, name in enumerate(matrix.origins)}
            origin_of = np.array([place.get(g, -1) for g in frame.geos], np.int64)
            rows = np.flatnonzero(
                (frame.level == level) & (frame.version == version) & (origin_of[frame.geo] >= 0)
            )
            if not rows.size:
                continue
            origin = origin_of[frame.geo[rows]]
            used[rows] = True
            gone[rows] = matrix.whole[origin]
            parts.append(_part(frame, rows, origin, adds, matrix, int(version)))
    alone = np.flatnonzero((frame.level > 0) & (frame.version >= 0) & ~own & ~used)
    return _assemble(frame, parts, used & gone, own, to, alone)


def _part(
    frame: _Frame, rows: Index, origin: Index, adds: NDArray[np.bool_], m: Matrix, version: int
) -> _Part:
    """Convert the rows of one version and level."""
    columns, column = np.unique(frame.column[rows], return_inverse=True)
    shape = (len(m.origins), len(columns))
    row_at = np.full(shape, -1)
    row_at[origin, column] = rows
    value = np.full(shape, np.nan)
    value[origin, column] = frame.value[rows]
    there = ~np.isnan(value)
    filled = np.where(there, value, 0.0)
    present = m.of_destination.T @ there.astype(float)
    present[present > 1 - ROUNDING] = 1.0
    missing = np.maximum(1 - present, 0.0)
    additive = np.zeros(len(columns), bool)
    additive[column] = adds[rows]
    out = np.empty(present.shape)
    out[:, additive] = m.of_origin.T @ filled[:, additive]
    out[:, ~additive] = m.of_destination.T @ filled[:, ~additive]
    with np.errstate(divide="ignore", invalid="ignore"):
        out /= present
    out[missing > MOST_MISSING + ROUNDING] = np.nan
    # A destination is there if something that matters for it is in the file.
    entry = (m.relevant.T.astype(float) @ (row_at >= 0).astype(float)) > 0
    place, which = np.nonzero(entry)
    number = np.full(entry.shape, -1)
    number[place, which] = np.arange(len(place))

    # Pairs: for each intersection the cells of its origin that are rows of the input.
    i, j = np.nonzero(m.of_origin + m.of_destination)
    cell, k = np.nonzero((row_at[i] >= 0) & entry[j])
    pair, pair_origin = number[j[cell], k], row_at[i[cell], k]
    pair_share = m.of_origin[i, j][cell]

    # A value carries the flags of what it was made of; one that is missing, of what is missing.
    telling = np.isnan(out[place, which])[pair] == np.isnan(frame.value[pair_origin])
    telling &= m.of_destination[i, j][cell] >= SLIVER
    flags = np.zeros(len(place), np.int64)
    np.bitwise_or.at(flags, pair[telling], frame.flags[pair_origin[telling]])
    confidential = np.zeros(len(place), bool)
    np.logical_or.at(confidential, pair[telling], frame.confidential[pair_origin[telling]])
    estimated = ~np.isnan(out[place, which]) & (
        (m.exact[place] < NEAR) | (missing[place, which] > 1 - NEAR)
    )
    flags |= estimated.astype(np.int64) << _LETTERS.index("e")
    example = np.full(len(place), -1)
    example[pair] = pair_origin
    return _Part(
        m.destinations,
        place,
        columns[which],
        out[place, which],
        missing[place, which],
        flags,
        confidential,
        m.method[place],
        m.exact[place],
        version,
        example,
        pair,
        pair_origin,
        pair_share,
    )


def _assemble(
    frame: _Frame,
    parts: list[_Part],
    gone: NDArray[np.bool_],
    own: NDArray[np.bool_],
    to: str,
    alone: Index,
) -> Converted:
    """Choose one version for each destination and put kept and converted rows together."""
    names = sorted({name for part in parts for name in part.destination} | set(frame.geos))
    at = {name: i for i, name in enumerate(names)}
    dest = _joined([np.array([at[n] for n in p.destination], np.int64)[p.place] for p in parts])
    column = _joined([p.column for p in parts])
    missing = _joined([p.missing for p in parts])
    version = _joined([np.full(len(p.place), p.version) for p in parts])
    # The most complete version, the newest of equals; but what was published in the version
    # asked for stays, unless it says nothing (no value, not confidential) and another does.
    geo_at = np.array([at[g] for g in frame.geos], np.int64)
    own_rows = np.flatnonzero(own)
    silent = np.isnan(frame.value[own_rows]) & ~frame.confidential[own_rows]
    nothing = np.concatenate([np.isnan(_joined([p.value for p in parts], float)), silent])
    all_dest = np.concatenate([dest, geo_at[frame.geo[own_rows]]])
    all_column = np.concatenate([column, frame.column[own_rows]])
    all_missing = np.concatenate([missing, np.zeros(len(own_rows))])
    all_version = np.concatenate([version, np.full(len(own_rows), len(VERSIONS))])
    key = all_dest * (int(all_column.max(initial=0)) + 1) + all_column
    # Of values that are missing the confidential one: that it was suppressed must not be lost.
    secret = np.concatenate(
        [_joined([p.confidential for p in parts], bool), np.ones(len(own_rows), bool)]
    )
    order = np.lexsort((-all_version, np.round(all_missing, 6), nothing & ~secret, nothing, key))
    first = np.ones(len(order), bool)
    first[1:] = key[order][1:] != key[order][:-1]
    best = np.zeros(len(order), bool)
    best[order[first]] = True
    chosen = np.flatnonzero(best[: len(dest)])
    gone = gone.copy()
    gone[own_rows[~best[len(dest) :]]] = True
    kept = np.flatnonzero(~gone)

    offset = np.cumsum([0] + [len(p.place) for p in parts])
    pair = _joined([p.pair + o for p, o in zip(parts, offset, strict=False)])
    new_row = np.full(len(dest), -1)
    new_row[chosen] = len(kept) + np.arange(len(chosen))
    wanted = new_row[pair] >= 0
    row = np.concatenate([np.arange(len(kept)), new_row[pair[wanted]]])
    origin = np.concatenate([kept, _joined([p.origin for p in parts])[wanted]])
    share = np.concatenate([np.ones(len(kept)), _joined([p.share for p in parts], float)[wanted]])
    by_row = np.argsort(row, kind="stable")
    table = pa.concat_tables(
        [_unchanged(frame.table, kept), _table(frame, parts, chosen, names, dest, to)]
    )
    return Converted(table, frame.table, row[by_row], origin[by_row], share[by_row], alone)


def _joined(arrays: Sequence[NDArray[Any]], kind: type = int) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty(0, kind)


def _unchanged(table: pa.Table, kept: Index) -> pa.Table:
    out = table.take(pa.array(kept))
    rows = len(kept)
    out = out.append_column("conv_method", _constant(METHODS[0], rows))
    out = out.append_column("conv_exact", pa.array(np.ones(rows)))
    return out.append_column("conv_missing", pa.array(np.zeros(rows))).cast(CONVERTED)


def _constant(value: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(rows, np.int32)), pa.array([value], pa.string())
    )


def _table(
    frame: _Frame, parts: list[_Part], chosen: Index, names: list[str], dest: Index, to: str
) -> pa.Table:
    """Return the chosen converted entries as rows."""
    if not parts:
        return CONVERTED.empty_table()
    carried = frame.table.take(pa.array(_joined([p.example for p in parts])[chosen]))
    value = _joined([p.value for p in parts], float)[chosen]
    flags = _joined([p.flags for p in parts])[chosen]
    confidential = _joined([p.confidential for p in parts])[chosen]
    flag, status = _flags_and_status(flags, np.isnan(value))
    columns = {name: carried.column(name) for name in SCHEMA.names}
    columns["geo"] = pa.DictionaryArray.from_arrays(
        pa.array(dest[chosen].astype(np.int32)), pa.array(names, pa.string())
    )
    columns["nuts_version"] = _constant(to, len(chosen))
    columns["value"] = pa.array(value, mask=np.isnan(value))
    columns["obs_flag"], columns["obs_status"] = flag, status
    columns["conf_status"] = pa.DictionaryArray.from_arrays(
        pa.array(confidential.astype(np.int32)), pa.array(["F", "C"], pa.string())
    )
    columns["conv_method"] = pa.DictionaryArray.from_arrays(
        pa.array(_joined([p.method for p in parts])[chosen].astype(np.int32)),
        pa.array(METHODS, pa.string()),
    )
    columns["conv_exact"] = pa.array(_joined([p.exact for p in parts], float)[chosen])
    columns["conv_missing"] = pa.array(_joined([p.missing for p in parts], float)[chosen])
    return pa.table(columns).cast(CONVERTED)


def _flags_and_status(flags: Index, absent: NDArray[np.bool_]) -> tuple[pa.Array, pa.Array]:
    """Flags as letters and their OBS_STATUS: a look-up over the few distinct sets of flags."""
    unique, inverse = np.unique(flags, return_inverse=True)
    texts = ["".join(c for i, c in enumerate(_LETTERS) if bits >> i & 1) for bits in unique]
    table = np.array(
        [[STATUS_ORDER.index(status_of(t, gone)[0]) for gone in (False, True)] for t in texts],
        np.int32,
    )
    status = table[inverse, absent.astype(np.int8)] if len(flags) else np.empty(0, np.int32)
    known = [t for t in texts if t]
    place = np.array([known.index(t) if t else -1 for t in texts], np.int32)[inverse]
    return (
        pa.DictionaryArray.from_arrays(
            pa.array(place, mask=place < 0), pa.array(known, pa.string())
        ),
        pa.DictionaryArray.from_arrays(pa.array(status), pa.array(STATUS_ORDER, pa.string())),
    )
