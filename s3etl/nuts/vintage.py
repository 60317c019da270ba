"""Which NUTS version the codes of a file are of, row by row (methodology 6).

Files mix versions by country and year: old codes carry the earlier years, and some years have
both. Nothing is converted here.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from s3etl.catalogue import Dataset
from s3etl.records import Origin, Snapshot
from s3etl.regions import classify

VERSIONS: Final = ("2006", "2010", "2013", "2016", "2021", "2024")
ANALYSIS: Final = "2024"
"""Version that rows of countries carry, so that those of all datasets meet."""

IN_FORCE: Final = {
    "2006": "2008-01-01",
    "2010": "2012-01-01",
    "2013": "2015-01-01",
    "2016": "2018-01-01",
    "2021": "2021-01-01",
    "2024": "2024-01-01",
}
"""First day from which data are sent in a version (Regulation 1059/2003 as amended) [M]."""

Index = NDArray[np.int64]


def placed(
    observations: pa.Table, codes: pa.Table, dataset: Dataset, snapshot: Snapshot
) -> pa.Table:
    """Return observations with the NUTS version of each row in ``nuts_version``.

    Args:
        observations: Table of ``s3etl.observations.SCHEMA``.
        codes: Table of ``s3etl.nuts.tables.CODES``.
        dataset: Its declaration; no version newer than ``nuts_version`` is assumed.
        snapshot: The bytes; nor is a version that was not in force when they were published.
    """
    newest = newest_in_force(dataset.nuts_version, snapshot.source_updated)
    names, index = versions_of(observations, codes, newest=newest, origin=snapshot.origin)
    column = pa.DictionaryArray.from_arrays(
        pa.array(index.astype(np.int32), mask=index < 0), pa.array(names, pa.string())
    )
    place = observations.schema.get_field_index("nuts_version")
    return observations.set_column(place, observations.schema.field(place), column)


def newest_in_force(declared: str, published: str | None) -> str:
    """Return the newest version up to the declared one that was in force on a day (ISO 8601)."""
    allowed = [v for v in VERSIONS if v <= declared]
    if published is None:
        return allowed[-1]
    return [v for v in allowed if IN_FORCE[v] <= published[:10] or v == allowed[0]][-1]


def versions_of(
    observations: pa.Table, codes: pa.Table, *, newest: str, origin: Origin
) -> tuple[tuple[str, ...], Index]:
    """Tell the NUTS version of every row.

    For each country, level and period it is the version in which most of the codes that have a
    value are valid; of equals the newest that is not newer than ``newest``. A row whose code is
    not valid in that version has the newest (up to ``newest``, if possible) in which it is; a
    region that stands in no list (statistical regions outside NUTS) has :data:`ANALYSIS`.

    Args:
        observations: Columns ``geo``, ``period``, ``value``.
        codes: Table of ``s3etl.nuts.tables.CODES``.
        newest: Newest version to be assumed where the codes leave a choice.
        origin: Origin of the data; it decides which codes are regions.

    Returns:
        The versions, and for each row the place of its version among them; -1 for what is no
        region. Countries have :data:`ANALYSIS`.
    """
    geo, names = _coded(observations.column("geo"))
    period, _ = _coded(observations.column("period"))
    regions = [classify(name, origin) for name in names]
    level = np.array([-1 if r.level is None else r.level for r in regions], np.int64)
    valid = _validity(names, codes)
    newest_at = VERSIONS.index(newest)

    # Groups of (country, level); each (group, period) has one version.
    groups: dict[tuple[str, int], int] = {}
    group = np.array(
        [
            groups.setdefault((r.country or "", r.level), len(groups)) if r.level else -1
            for r in regions
        ],
        np.int64,
    )
    chosen = _choose(geo, period, group, valid, observations.column("value"), newest_at)
    own = _newest_valid(valid, newest_at)
    row_group = group[geo]
    out = np.where(level[geo] == 0, VERSIONS.index(ANALYSIS), -1)
    is_region = row_group >= 0
    of_group = chosen[row_group[is_region], period[is_region]]
    fits = valid[geo[is_region], of_group]
    out[is_region] = np.where(fits, of_group, own[geo[is_region]])
    return VERSIONS, out


def newest_in(
    observations: pa.Table, codes: pa.Table, *, declared: str
) -> tuple[str, tuple[str, ...]]:
    """Tell the newest version that codes of a file prove, and which codes prove it.

    A code that is valid in no version up to the declared one proves the oldest version in
    which it is. With a value or without does not matter: the provider knows the code.

    Returns:
        The declared version and no codes if nothing newer is proven.
    """
    _, names = _coded(observations.column("geo"))
    valid = _validity(names, codes)
    order = np.arange(len(VERSIONS))
    newer = ~valid[:, order <= VERSIONS.index(declared)].any(axis=1) & valid.any(axis=1)
    if not newer.any():
        return declared, ()
    oldest = np.where(newer, valid.argmax(axis=1), -1)
    proven = int(oldest.max())
    return VERSIONS[proven], tuple(
        sorted(name for name, version in zip(names, oldest, strict=True) if version == proven)
    )


def _coded(column: pa.ChunkedArray) -> tuple[Index, Sequence[str]]:
    column = column.unify_dictionaries().combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    indices: Index = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return indices, column.dictionary.to_pylist()


def _validity(names: Sequence[str], codes: pa.Table) -> NDArray[np.bool_]:
    """Say which code (first axis) is valid in which version (second axis)."""
    place = {name: i for i, name in enumerate(names)}
    valid = np.zeros((len(names), len(VERSIONS)), bool)
    wanted = codes.filter(pc.is_in(codes.column("geo").cast(pa.string()), pa.array(names)))
    for name, version in zip(
        wanted.column("geo").to_pylist(), wanted.column("version").to_pylist(), strict=True
    ):
        if version in VERSIONS:
            valid[place[name], VERSIONS.index(version)] = True
    return valid


def _newest_valid(valid: NDArray[np.bool_], newest: int) -> Index:
    """Newest version of each code up to ``newest``, else its oldest later one.

    A code that stands in no list has :data:`ANALYSIS`: such regions meet by their code alone.
    """
    order = np.arange(len(VERSIONS))
    known = np.where(valid & (order <= newest), order, -1).max(axis=1)
    later = np.where(valid, order, len(VERSIONS)).min(axis=1)
    unlisted = VERSIONS.index(ANALYSIS)
    return np.where(known >= 0, known, np.where(later < len(VERSIONS), later, unlisted))


def _choose(
    geo: Index,
    period: Index,
    group: Index,
    valid: NDArray[np.bool_],
    value: pa.ChunkedArray,
    newest: int,
) -> Index:
    """Choose the version of each (group, period)."""
    groups, periods = int(group.max(initial=-1)) + 1, int(period.max(initial=-1)) + 1
    there = np.zeros((len(group), periods), bool)
    has_value = value.is_valid().to_numpy()
    there[geo[has_value], period[has_value]] = True
    anywhere = np.zeros((len(group), periods), bool)
    anywhere[geo, period] = True
    member = group >= 0
    counts = np.zeros((groups, periods, len(VERSIONS)))
    for seen in (there, anywhere):
        found = np.zeros_like(counts)
        for version in range(len(VERSIONS)):
            votes = seen[member] & valid[member, version][:, None]
            np.add.at(found[:, :, version], group[member], votes)
        empty = counts.sum(axis=2) == 0
        counts[empty] = found[empty]
    # Of equals the newest up to `newest`, then the oldest of the later ones.
    order = np.arange(len(VERSIONS))
    liking = np.where(order <= newest, order + 1, -order) / (10 * len(VERSIONS))
    return np.asarray(np.argmax(counts + liking, axis=2), np.int64)
