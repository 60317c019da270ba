"""What became of each territory: shares, method and exactness between two NUTS versions.

Told from the JRC matrices alone (methodology 6); no value is converted here.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from s3etl.nuts.vintage import ANALYSIS, VERSIONS

METHODS: Final = ("none", "recode", "merge", "split")
"""From the least to the most that was done to a value."""

EXACT: Final = 0.9995
"""Share from which on an intersection is the whole territory: the matrices have slivers."""
RELEVANT: Final = 0.01
"""Share of the destination from which on an origin tells method and exactness [P]."""

RECIPE: Final = pa.schema(
    [
        pa.field("level", pa.int8()),
        pa.field("from_version", pa.string()),
        pa.field("from_geo", pa.string()),
        pa.field("to_version", pa.string()),
        pa.field("to_geo", pa.string()),
        pa.field("share_of_origin", pa.float64()),
        pa.field("share_of_destination", pa.float64()),
        pa.field("conv_method", pa.string()),
        pa.field("conv_exact", pa.float64()),
    ]
)
"""One row for each origin and destination that share territory."""

Weight = Literal["population", "area"]
LAST: Final = "2021"
"""Version that regions are carried to which have none later."""
COLUMN_OF: Final[dict[Weight, str]] = {"population": "pop21", "area": "area"}
Floats = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Matrix:
    """Shares of one pair of versions at one level: origins by destinations."""

    origins: list[str]
    destinations: list[str]
    of_origin: Floats
    of_destination: Floats
    relevant: NDArray[np.bool_]
    method: Index  # by destination
    exact: Floats  # by destination
    whole: NDArray[np.bool_]  # by origin: it is one territory of the other version


def matrix_of(matrices: pa.Table, level: int, version: str, to: str, weight: Weight) -> Matrix:
    """Return the shares of one pair of versions at one level."""
    part = matrices.filter(
        pc.and_(
            pc.equal(matrices.column("level"), level),
            pc.and_(
                pc.equal(matrices.column("from_version").cast(pa.string()), version),
                pc.equal(matrices.column("to_version").cast(pa.string()), to),
            ),
        )
    )
    # What has neither weight nor area cannot be shared out: such an origin is not covered.
    part = part.filter(pc.or_(pc.greater(part.column(COLUMN_OF[weight]), 0), _has_area(part)))
    from_geo = np.array(part.column("from_geo").to_pylist(), object)
    to_geo = np.array(part.column("to_geo").to_pylist(), object)
    origins, i = np.unique(from_geo, return_inverse=True)
    destinations, j = np.unique(to_geo, return_inverse=True)
    weights, areas = np.zeros((2, len(origins), len(destinations)))
    weights[i, j] = part.column(COLUMN_OF[weight]).to_numpy()
    areas[i, j] = part.column("area").to_numpy()
    of_origin, of_destination = _without_slivers(
        _shares(weights, areas, 1), _shares(weights, areas, 0)
    )
    same = origins[:, None] == destinations[None, :]
    kinds = _kinds(of_origin, of_destination, same)
    return Matrix(list(origins), list(destinations), of_origin, of_destination, *kinds)


def _has_area(part: pa.Table) -> pa.ChunkedArray:
    return pc.greater(part.column("area"), 0)


def _shares(weights: Floats, areas: Floats, axis: int) -> Floats:
    """Share of each intersection in its origin (axis 1) or destination (axis 0).

    A territory in which nobody lives is divided by area; areas never stand beside weights.
    """
    total = weights.sum(axis=axis, keepdims=True)
    used = np.where(total > 0, weights, areas)
    whole = used.sum(axis=axis, keepdims=True)
    return np.asarray(used / np.where(whole > 0, whole, 1.0), float)


def _without_slivers(of_origin: Floats, of_destination: Floats) -> tuple[Floats, Floats]:
    """Give a territory that is one to one wholly to what it became.

    The matrices have slivers of neighbours in it; the value of a territory that did not change
    is the published one. What other origins had there is shared out over their own
    destinations, so that sums keep their total.
    """
    one = (of_origin >= EXACT) & (of_destination >= EXACT)
    # An origin that lies nowhere else keeps its place: then the destination is no one to one.
    elsewhere = (of_origin * ~one.any(axis=0)).sum(axis=1) > 0
    alone = ~one.any(axis=1) & ~elsewhere
    one[:, (of_origin[alone] > 0).any(axis=0)] = False
    touched = one.any(axis=1, keepdims=True) | one.any(axis=0, keepdims=True)
    origin, destination = (np.where(touched, one, s) for s in (of_origin, of_destination))
    # All that is left of a destination may be origins nobody lives in: they alone make it up.
    bare = ~destination.any(axis=0)
    destination[:, bare] = origin[:, bare]
    return origin / _total(origin, 1), destination / _total(destination, 0)


def _total(shares: Floats, axis: int) -> Floats:
    total = shares.sum(axis=axis, keepdims=True)
    return np.asarray(np.where(total > 0, total, 1.0))


def _kinds(
    of_origin: Floats, of_destination: Floats, same: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], Index, Floats, NDArray[np.bool_]]:
    """Relevant origins, method and exactness of destinations, origins that are one to one.

    Exactness is the smallest share of an origin among the relevant ones (at least 1 % of the
    destination), and at most the part of the destination that the relevant ones make up. One
    to one means at least 0.9995 both ways: ``none`` under the same code, ``recode`` under
    another. Whole regions put together are a ``merge``. All else is a ``split``, also where
    just a village moved (a share between 0.99 and 0.9995): its exactness says how little.
    """
    relevant = of_destination >= RELEVANT
    smallest = np.where(relevant, of_origin, 1.0).min(axis=0, initial=1.0)
    exact = np.minimum(smallest, np.where(relevant, of_destination, 0.0).sum(axis=0))
    one = (of_origin >= EXACT) & (of_destination >= EXACT)
    merged = (relevant.sum(axis=0) > 1) & (exact >= EXACT)
    method = np.select(
        [(one & same).any(axis=0), one.any(axis=0), merged],
        [METHODS.index("none"), METHODS.index("recode"), METHODS.index("merge")],
        METHODS.index("split"),
    )
    return relevant, method.astype(np.int64), exact, np.asarray(one.any(axis=1), np.bool_)


def recipe(
    matrices: pa.Table, level: int, version: str, to: str = ANALYSIS, weight: Weight = "population"
) -> pa.Table:
    """Return how regions of one version become those of another (:data:`RECIPE`)."""
    m = matrix_of(matrices, level, version, to, weight)
    i, j = np.nonzero(m.of_origin + m.of_destination)
    rows = len(i)
    return pa.table(
        {
            "level": pa.array(np.full(rows, level, np.int8)),
            "from_version": pa.array([version] * rows, pa.string()),
            "from_geo": pa.array([m.origins[x] for x in i], pa.string()),
            "to_version": pa.array([to] * rows, pa.string()),
            "to_geo": pa.array([m.destinations[x] for x in j], pa.string()),
            "share_of_origin": m.of_origin[i, j],
            "share_of_destination": m.of_destination[i, j],
            "conv_method": pa.array([METHODS[m.method[x]] for x in j], pa.string()),
            "conv_exact": m.exact[j],
        },
        schema=RECIPE,
    )


def recipes(codes: pa.Table, matrices: pa.Table, to: str = ANALYSIS) -> pa.Table:
    """Return how regions of every version become those of one (:data:`RECIPE`).

    Regions that no matrix covers have a row without a destination.
    """
    versions = [v for v in VERSIONS if v != to]
    parts = [recipe(matrices, level, v, to) for level in (1, 2, 3) for v in versions]
    alone = uncovered(codes, matrices, to)
    if to > LAST:
        parts += [
            found.filter(pc.is_in(found.column("from_geo"), _of(alone, level, v)))
            for level in (1, 2, 3)
            for v in versions
            if v < LAST
            for found in [recipe(matrices, level, v, LAST)]
        ]
        alone = uncovered(alone, matrices, LAST)
    rest = {
        "level": alone.column("level"),
        "from_version": alone.column("version").cast(pa.string()),
        "from_geo": alone.column("geo").cast(pa.string()),
    }
    nothing = {f.name: pa.nulls(len(alone), f.type) for f in RECIPE if f.name not in rest}
    unmet = pa.table({name: (rest | nothing)[name] for name in RECIPE.names}, schema=RECIPE)
    return pa.concat_tables([*parts, unmet])


def _of(codes: pa.Table, level: int, version: str) -> pa.ChunkedArray:
    own = pc.and_(
        pc.equal(codes.column("level"), level),
        pc.equal(codes.column("version").cast(pa.string()), version),
    )
    return codes.filter(own).column("geo").cast(pa.string())


def uncovered(codes: pa.Table, matrices: pa.Table, to: str = ANALYSIS) -> pa.Table:
    """Return the regions (columns of ``codes``) that no matrix to a version covers."""
    keys = [
        pc.binary_join_element_wise(
            matrices.column("from_version").cast(pa.string()),
            matrices.column("from_geo").cast(pa.string()),
            ".",
        ).filter(pc.equal(matrices.column("to_version").cast(pa.string()), to))
    ]
    own = pc.binary_join_element_wise(
        codes.column("version").cast(pa.string()), codes.column("geo").cast(pa.string()), "."
    )
    covered = pc.is_in(own, pa.chunked_array([k.combine_chunks() for k in keys]))
    there = pc.equal(codes.column("version").cast(pa.string()), to)
    return codes.filter(pc.invert(pc.or_(covered, there)))


OVERSEAS: Final = ("FRY",)
"""Regions of which the matrices' grid of people has a part only."""


def people_of(matrices: pa.Table) -> dict[str, float]:
    """Return the inhabitants of 2021 of each NUTS 2 region of the analysis version.

    They are the weights of the newest matrix into it, so regions that no matrix covers (those
    of the United Kingdom) are not there, nor those overseas, of which its grid of people has
    a part only.

    Args:
        matrices: Table of ``s3etl.nuts.tables.MATRICES``.
    """
    people: dict[str, float] = {}
    columns = ("level", "from_version", "to_version", "to_geo", "pop21")
    rows = [r for r in matrices.select(columns).to_pylist() if r["level"] == 2]
    rows = [r for r in rows if r["to_version"] == ANALYSIS]
    newest = max((r["from_version"] for r in rows), default=None)
    for row in rows:
        if row["from_version"] == newest:
            people[row["to_geo"]] = people.get(row["to_geo"], 0.0) + row["pop21"]
    return {geo: number for geo, number in people.items() if not geo.startswith(OVERSEAS)}
