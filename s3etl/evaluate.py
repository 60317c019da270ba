"""From observations to figures: brings every role to the figure's key and notes what it used.

*Measures never see keys, alignment never sees formulas*: this module aligns, the functions of
:mod:`s3etl.measures` compute. Each figure traces to the cells behind it through ordinary
columns. No files are read or written here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl import measures
from s3etl.catalogue import Indicator, Role
from s3etl.errors import CatalogueError
from s3etl.nuts.convert import Converted
from s3etl.nuts.recipes import METHODS
from s3etl.observations import STATUS_ORDER
from s3etl.records import Origin
from s3etl.regions import classify

_CODE: Final = pa.dictionary(pa.int32(), pa.string())

FIGURES: Final = pa.schema(
    [
        pa.field("indicator_id", _CODE),
        pa.field("geo", _CODE),
        pa.field("geo_level", pa.int8()),
        pa.field("nuts_version", _CODE),
        pa.field("ref_year", pa.int16()),
        pa.field("value", pa.float64()),
        pa.field("unit", _CODE),
        pa.field("obs_flag", _CODE),
        pa.field("obs_status", _CODE),
        pa.field("conf_status", _CODE),
        pa.field("coverage", pa.float64()),
        pa.field("missing_because", _CODE),
        pa.field("conv_method", _CODE),
        pa.field("conv_exact", pa.float64()),
        pa.field("conv_missing", pa.float64()),
    ]
)
"""One row for each region, NUTS version and year of the first role.

``value`` is null where a term is missing; ``coverage`` is the share of terms that have a value;
``missing_because`` names the first role without one and why. ``conv_method``, ``conv_exact``
(smallest) and ``conv_missing`` (largest) are those of the term that was converted least well.
"""

LINEAGE: Final = pa.schema(
    [
        pa.field("indicator_id", _CODE),
        pa.field("geo", _CODE),
        pa.field("nuts_version", _CODE),
        pa.field("ref_year", pa.int16()),
        pa.field("role", _CODE),
        pa.field("source_dataset", _CODE),
        pa.field("series", _CODE),
        pa.field("source_geo", _CODE),
        pa.field("source_nuts_version", _CODE),
        pa.field("share", pa.float64()),
        pa.field("period", _CODE),
        pa.field("value", pa.float64()),
        pa.field("unit", _CODE),
        pa.field("obs_flag", _CODE),
        pa.field("obs_status", _CODE),
        pa.field("conf_status", _CODE),
        pa.field("snapshot", _CODE),
    ]
)
"""One row for each published observation a figure used, missing ones included.

``source_geo`` is the region as published and ``share`` the part of it that was used: 1 but where
the territory was divided between NUTS versions.
"""

CODED: Final = (
    "series",
    "geo",
    "nuts_version",
    "period",
    "obs_flag",
    "obs_status",
    "conf_status",
    "conv_method",
)
FLAG_LETTERS: Final = "bdeipufnzscr"
_MISSING_KINDS: Final = ("no observation", "not published", "confidential")
Index = NDArray[np.int64]
Territory = tuple[str, str]
"""Region code and NUTS version: the same code is not the same territory in all versions."""


@dataclass(frozen=True)
class Evaluation:
    """Figures of one indicator and the observations behind them."""

    figures: pa.Table
    lineage: pa.Table


class _Columns:
    """The columns of converted observations as arrays, decoded once."""

    def __init__(self, converted: Converted) -> None:
        table = converted.observations.unify_dictionaries().combine_chunks()
        self.table = table
        self.converted = converted
        self.value = table.column("value").to_numpy()
        self.index: dict[str, Index] = {}
        self.codes: dict[str, list[str]] = {}
        for name in CODED:
            column = table.column(name)
            chunk = column.chunk(0) if column.num_chunks else pa.array([], pa.string())
            if not column.num_chunks:
                chunk = chunk.dictionary_encode()
            self.codes[name] = chunk.dictionary.to_pylist()
            self.index[name] = chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        versions = [*self.codes["nuts_version"], ""]  # the last one for what has none
        pair = self.index["geo"] * len(versions) + self.index["nuts_version"] % len(versions)
        unique, self.territory = np.unique(pair, return_inverse=True)
        self.territories: list[Territory] = [
            (self.codes["geo"][p // len(versions)], versions[p % len(versions)]) for p in unique
        ]

    def rows_of(self, names: Sequence[str]) -> Index:
        """Return the rows of a series, whichever of its names it has in this file."""
        known = [self.codes["series"].index(n) for n in names if n in self.codes["series"]]
        return np.flatnonzero(np.isin(self.index["series"], known))


@dataclass(frozen=True)
class _Term:
    """One term of one role, brought to the figures' grid."""

    role: str
    role_number: int
    dataset: str
    columns: _Columns
    position: Index  # row of the observation for each figure, -1 where there is none

    def take(self, name: str) -> Index:
        """Return dictionary indices of a column for each figure; -1 where there is no row."""
        return np.where(self.position >= 0, self.columns.index[name][self.position], -1)

    def value(self) -> NDArray[np.float64]:
        """Return the value for each figure; NaN where there is none."""
        return np.where(self.position >= 0, self.columns.value[self.position], np.nan)


def _years(periods: Sequence[str], indicator: Indicator) -> Index:
    if odd := [p for p in periods if not p.isdigit()]:
        raise CatalogueError(
            f"{indicator.id}: figures are yearly, its data have the period {odd[0]}; "
            "declare a yearly dataset."
        )
    return np.array([int(p) for p in periods], np.int64)


def _positions(
    indicator: Indicator,
    role: Role,
    columns: _Columns,
    territories: Sequence[Territory],
    years: Index,
) -> list[Index]:
    """Return, for each term, the observation's row in the grid (territory, year), or -1."""
    place = {territory: i for i, territory in enumerate(territories)}
    place_of = np.array([place.get(t, -1) for t in columns.territories], np.int64)
    year_of = _years(columns.codes["period"], indicator)
    out = []
    for names, lag in role.terms():
        rows = columns.rows_of(names)
        where = place_of[columns.territory[rows]]
        year = year_of[columns.index["period"][rows]] + lag - years[0]
        inside = (where >= 0) & (year >= 0) & (year < len(years))
        grid = np.full(len(territories) * len(years), -1, np.int64)
        grid[where[inside] * len(years) + year[inside]] = rows[inside]
        out.append(grid)
    return out


def evaluate(
    indicator: Indicator, observations: Mapping[str, Converted], *, origin: Origin
) -> Evaluation:
    """Compute an indicator for every territory and year of its first role.

    A territory is a region code in one NUTS version: the terms of a figure always lie on the
    same territory. Values are converted before they are divided (methodology 6).

    Args:
        indicator: The declaration.
        observations: Accepted observations by dataset id, converted to the analysis version.
        origin: Origin of the observations; it decides which country codes are regions.

    Returns:
        Figures (:data:`FIGURES`) of countries and of regions at the indicator's level, and
        their lineage (:data:`LINEAGE`).

    Raises:
        CatalogueError: The data are not yearly.
    """
    columns = {name: _Columns(converted) for name, converted in observations.items()}
    signature = list(indicator.roles)
    lead = columns[indicator.roles[signature[0]].dataset]
    wanted = {0, indicator.level}
    levels = {g: classify(g, origin).level for g in lead.codes["geo"]}
    territories = sorted(t for t in lead.territories if levels[t[0]] in wanted)
    found = _years(lead.codes["period"], indicator)
    years = np.arange(found.min(), found.max() + 1) if found.size else np.empty(0, np.int64)
    if not territories or not years.size:
        return Evaluation(FIGURES.empty_table(), LINEAGE.empty_table())

    terms = [
        _Term(name, number, role.dataset, columns[role.dataset], position)
        for number, (name, role) in enumerate(indicator.roles.items())
        for position in _positions(indicator, role, columns[role.dataset], territories, years)
    ]
    first = indicator.roles[signature[0]]
    newest = [
        term.position >= 0
        for term, (_, lag) in zip(terms, first.terms(), strict=False)
        if lag == min(first.lags)
    ]
    keys = np.flatnonzero(np.logical_or.reduce(newest))
    terms = [_Term(t.role, t.role_number, t.dataset, t.columns, t.position[keys]) for t in terms]
    values = np.array([term.value() for term in terms])
    arguments = {
        name: values[[t.role_number == number for t in terms]]
        for number, name in enumerate(indicator.roles)
    }
    measure = measures.MEASURES[indicator.measure or ""]
    result = measure(**arguments, **indicator.parameters)
    result = np.where(np.isfinite(result), result, np.nan)

    place, year_index = np.divmod(keys, len(years))
    key = _Key(indicator, territories, place, years[year_index])
    return Evaluation(
        _figures(key, terms, values, result, [levels[geo] for geo, _ in territories]),
        _lineage(key, terms),
    )


@dataclass(frozen=True)
class _Key:
    """Territory and year of every figure."""

    indicator: Indicator
    territories: Sequence[Territory]
    place: Index
    year: Index

    def geo(self, which: Index | slice = slice(None)) -> pa.Array:
        return _coded(self.place[which], [geo for geo, _ in self.territories])

    def version(self, which: Index | slice = slice(None)) -> pa.Array:
        return _coded(self.place[which], [version or None for _, version in self.territories])


def _coded(index: Index, codes: Sequence[str | None]) -> pa.Array:
    """Return a dictionary column; index -1 and the code None are missing, each code stands once."""
    names = list(dict.fromkeys(code for code in codes if code is not None))
    place = {name: i for i, name in enumerate(names)}
    renumbered = np.array([-1 if c is None else place[c] for c in codes] + [-1], np.int32)[index]
    return pa.DictionaryArray.from_arrays(
        pa.array(renumbered, mask=renumbered < 0), pa.array(names, pa.string())
    )


def _constant(value: str, rows: int) -> pa.Array:
    return _coded(np.zeros(rows, np.int32), [value])


def _numbers(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _figures(
    key: _Key,
    terms: Sequence[_Term],
    values: NDArray[np.float64],
    result: NDArray[np.float64],
    levels: Sequence[int | None],
) -> pa.Table:
    rows = len(result)
    absent = np.isnan(values)
    missing = np.isnan(result)
    status, confidential = _statuses(terms, absent, missing)
    columns = [
        _constant(key.indicator.id, rows),
        key.geo(),
        pa.array(np.array(levels, np.int8)[key.place]),
        key.version(),
        pa.array(key.year.astype(np.int16)),
        _numbers(result),
        _constant(key.indicator.unit, rows),
        _flags(terms),
        _coded(status, STATUS_ORDER),
        _coded(confidential, ("F", "C")),
        pa.array(1 - absent.mean(axis=0)),
        _missing_because(terms, absent, missing),
        *_conversion(terms),
    ]
    return pa.Table.from_arrays(columns, schema=FIGURES)


def _statuses(
    terms: Sequence[_Term], absent: NDArray[np.bool_], missing: NDArray[np.bool_]
) -> tuple[Index, Index]:
    """Status of each figure: the first in order of its terms', of the missing ones if missing."""
    order = np.array(
        [
            np.where(
                t.position >= 0,
                np.array([STATUS_ORDER.index(c) for c in t.columns.codes["obs_status"]])[
                    t.take("obs_status")
                ],
                STATUS_ORDER.index("O"),
            )
            for t in terms
        ]
    )
    last = len(STATUS_ORDER)
    of_missing = np.where(absent, order, last).min(axis=0)
    # Every term is there and the figure is not: the measure is not defined (a zero denominator).
    of_missing = np.where(of_missing == last, STATUS_ORDER.index("M"), of_missing)
    status = np.where(missing, of_missing, order.min(axis=0))
    confidential = np.logical_or.reduce([_is_confidential(t) for t in terms])
    return status, confidential.astype(np.int64)


def _is_confidential(term: _Term) -> NDArray[np.bool_]:
    codes = term.columns.codes["conf_status"]
    return (term.position >= 0) & np.isin(
        term.take("conf_status"), [i for i, c in enumerate(codes) if c == "C"]
    )


def _flags(terms: Sequence[_Term]) -> pa.Array:
    """All flags of the terms, each once; computed as bit sets over the few distinct flags."""
    bits = np.zeros(len(terms[0].position), np.int64)
    for term in terms:
        known = [
            sum(1 << FLAG_LETTERS.index(c) for c in set((flag or "").lower()) & set(FLAG_LETTERS))
            for flag in term.columns.codes["obs_flag"]
        ]
        bits |= np.array([*known, 0], np.int64)[term.take("obs_flag")]
    unique, inverse = np.unique(bits, return_inverse=True)
    texts = ["".join(c for i, c in enumerate(FLAG_LETTERS) if b >> i & 1) or None for b in unique]
    return _coded(inverse, texts)


def _missing_because(
    terms: Sequence[_Term], absent: NDArray[np.bool_], missing: NDArray[np.bool_]
) -> pa.Array:
    """Name the first term without a value and why; empty where the figure is there."""
    first = absent.argmax(axis=0)
    kinds = np.array([np.where(_is_confidential(t), 2, (t.position >= 0) * 1) for t in terms])
    kind = np.take_along_axis(kinds, first[None, :], axis=0)[0]
    reasons = [f"{term.role}: {kind_}" for term in terms for kind_ in _MISSING_KINDS]
    reasons.append("not defined for these values")
    code = np.where(absent.any(axis=0), first * len(_MISSING_KINDS) + kind, len(reasons) - 1)
    return _coded(np.where(missing, code, -1), reasons)


def _conversion(terms: Sequence[_Term]) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Method, smallest exactness and largest missing weight of the terms that are there."""
    there = np.array([term.position >= 0 for term in terms])

    def of_terms(name: str, otherwise: float) -> NDArray[np.float64]:
        columns = [term.columns.table.column(name).to_numpy() for term in terms]
        taken = [c[t.position] for c, t in zip(columns, terms, strict=True)]
        return np.where(there, np.array(taken), otherwise)

    method = [
        np.array([METHODS.index(m) for m in t.columns.codes["conv_method"]] + [0])[
            t.take("conv_method")
        ]
        for t in terms
    ]
    return (
        _coded(np.max(np.array(method), axis=0), METHODS),
        pa.array(of_terms("conv_exact", 1.0).min(axis=0)),
        pa.array(of_terms("conv_missing", 0.0).max(axis=0)),
    )


def _lineage(key: _Key, terms: Sequence[_Term]) -> pa.Table:
    parts = []
    for term in terms:
        figure = np.flatnonzero(term.position >= 0)
        which, origin, share = term.columns.converted.origins_of(term.position[figure])
        used = figure[which]
        cells = term.columns.converted.source.take(pa.array(origin))
        rows = len(used)
        columns = [
            _constant(key.indicator.id, rows),
            key.geo(used),
            key.version(used),
            pa.array(key.year[used].astype(np.int16)),
            _constant(term.role, rows),
            cells.column("dataset"),
            cells.column("series"),
            cells.column("geo"),
            cells.column("nuts_version"),
            pa.array(share),
            cells.column("period"),
            cells.column("value"),
            cells.column("unit"),
            cells.column("obs_flag"),
            cells.column("obs_status"),
            cells.column("conf_status"),
            cells.column("snapshot"),
        ]
        parts.append(pa.Table.from_arrays(columns, schema=LINEAGE))
    return pa.concat_tables(parts).unify_dictionaries().combine_chunks()
