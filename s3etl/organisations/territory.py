"""In which NUTS region a point lies: point in polygon, within one country.

Only outlines and points; how a name becomes a point is told in
:mod:`s3etl.organisations.cities`.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from s3etl.nuts.vintage import ANALYSIS

NEAREST_KM: Final = 25.0
"""How far outside every outline of its country a point may lie: coasts are generalised."""
KM_PER_SCALE: Final = 0.1
"""How far an outline may be off the real border, per million of its scale: 2 km at 1:20 million
(0.1 mm on the map) [P]."""
KM_PER_DEGREE: Final = 111.195
"""Of latitude, on a sphere of 6,371 km."""

Floats = NDArray[np.float64]
Points = NDArray[np.float64]
"""Longitude and latitude, a row for each point."""


class Located(NamedTuple):
    """Where a point lies.

    Attributes:
        geo: Code of the region; None where no region of the country is near.
        outside_km: Distance to it; 0 inside.
        also: Other regions that may be the right ones, as near as outlines are off.
    """

    geo: str | None
    outside_km: float
    also: tuple[str, ...] = ()


NOWHERE: Final = Located(None, np.inf)


class Outlines:
    """The outlines of one NUTS version and level.

    Args:
        geometry: Table of ``s3etl.nuts.tables.GEOMETRY``.
        version: NUTS version.
        level: NUTS level.
    """

    def __init__(self, geometry: pa.Table, version: str, level: int) -> None:
        own = pc.and_(
            pc.equal(geometry.column("level"), level),
            pc.equal(geometry.column("version").cast(pa.string()), version),
        )
        part = geometry.filter(own)
        self.version = version
        self.codes: list[str] = part.column("geo").cast(pa.string()).to_pylist()
        self._codes = np.array(self.codes, str)
        self._off_km = KM_PER_SCALE * max(part.column("scale").to_pylist(), default=0)
        self._wkb = part.column("geometry").to_pylist()

    @cached_property
    def shapes(self) -> NDArray[Any]:
        """The outlines."""
        import shapely  # noqa: PLC0415  (only where points are placed)

        return np.asarray(shapely.from_wkb(np.array(self._wkb, object)))

    @cached_property
    def _tree(self) -> Any:
        import shapely  # noqa: PLC0415

        return shapely.STRtree(self.shapes)

    def locate(self, points: Points, within: Sequence[str]) -> list[Located]:
        """Return where points lie, each among the regions of its country only.

        A point outside all of them is in the nearest one within :data:`NEAREST_KM`.

        Args:
            points: Longitude and latitude, in degrees.
            within: Code of the country, or larger region, of each.
        """
        import shapely  # noqa: PLC0415

        if not len(points) or not self.codes:
            return [NOWHERE] * len(points)
        places = shapely.points(points)
        # Degrees of longitude are shorter than those of latitude: look as far as the shortest.
        reach = NEAREST_KM / KM_PER_DEGREE / np.cos(np.radians(points[:, 1]).clip(-1.5, 1.5))
        point, region = self._tree.query(places, predicate="dwithin", distance=reach)
        own = np.char.startswith(self._codes[region], np.array(within, str)[point])
        point, region = point[own], region[own]
        apart = self._km(places[point], region, points[point, 1])
        found = [NOWHERE] * len(points)
        order = np.argsort(point, kind="stable")
        which, start = np.unique(point[order], return_index=True)
        for i, mine in zip(which, np.split(order, start[1:]), strict=False):
            found[i] = self._nearest(region[mine], apart[mine])
        return found

    def _nearest(self, region: NDArray[np.int64], apart: Floats) -> Located:
        """Take the nearest region, and note those that may be nearer in truth."""
        order = np.lexsort((self._codes[region], apart))
        nearest, *others = ((self.codes[region[i]], float(apart[i])) for i in order)
        if nearest[1] > NEAREST_KM:
            return NOWHERE
        also = (code for code, km in others if km <= nearest[1] + self._off_km)
        return Located(*nearest, tuple(also))

    def smallest(self, codes: Iterable[str]) -> str:
        """Return the region that covers least: the town rather than the land around it."""
        import shapely  # noqa: PLC0415

        return min(codes, key=lambda code: float(shapely.area(self.shapes[self.codes.index(code)])))

    def _km(self, places: Any, region: NDArray[np.int64], latitude: Floats) -> Floats:
        """Distance of points to regions on a map that is true to scale at the point."""
        import shapely  # noqa: PLC0415

        line = shapely.get_coordinates(shapely.shortest_line(places, self.shapes[region]))
        east, north = (line[1::2] - line[::2]).T
        east = east * np.cos(np.radians(latitude))
        return np.asarray(np.hypot(east, north) * KM_PER_DEGREE, float)


def newest(geometry: pa.Table, level: int) -> Outlines | None:
    """Return the outlines of the newest version that has a level, if there is one."""
    own = geometry.filter(pc.equal(geometry.column("level"), level))
    versions = own.column("version").cast(pa.string()).unique().to_pylist()
    return Outlines(geometry, max(versions), level) if versions else None


def analysis(geometry: pa.Table | None) -> Outlines | None:
    """Return the outlines of NUTS 2 in the analysis version, if they are there."""
    if geometry is None:
        return None
    found = Outlines(geometry, ANALYSIS, 2)
    return found if found.codes else None
