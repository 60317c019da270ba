"""Which regions are neighbours: those whose outlines meet (methodology 4.2, C-18 and C-19).

Outlines only; nothing is compared here.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.nuts.vintage import ANALYSIS

GAP: Final = 0.02
"""Degrees that generalised outlines of neighbours may lie apart (about two kilometres)."""


def neighbours(geometry: pa.Table, regions: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which regions are neighbours.

    Args:
        geometry: Table of ``s3etl.nuts.tables.GEOMETRY``.
        regions: NUTS 2 codes of the analysis version, in the order of the result.

    Returns:
        Regions × regions, symmetric, false on the diagonal; a region without outlines (or an
        island) has none.
    """
    import shapely  # noqa: PLC0415  (only where there is something to place)

    at = {geo: i for i, geo in enumerate(regions)}
    rows = [
        (at[row["geo"]], row["geometry"])
        for row in geometry.select(["version", "geo", "geometry"]).to_pylist()
        if row["version"] == ANALYSIS and row["geo"] in at
    ]
    out = np.zeros((len(regions), len(regions)), bool)
    if not rows:
        return out
    place = np.array([i for i, _ in rows])
    shapes = shapely.from_wkb([shape for _, shape in rows])
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=GAP)
    out[place[first], place[second]] = True
    np.fill_diagonal(out, val=False)
    return np.asarray(out | out.T)
