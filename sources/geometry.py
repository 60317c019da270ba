"""Outlines of the NUTS regions, as GISCO gives them (GeoJSON), read into a table.

Where a point lies is told in :mod:`s3etl.organisations.territory`; nothing is placed here.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from s3etl.errors import Changed
from s3etl.nuts.tables import GEOMETRY
from s3etl.nuts.vintage import VERSIONS
from sources.checked import Files, code_of, text_of, unique

NAMES: Final = (
    re.compile(
        r"NUTS_RG_(?P<scale>[0-9]{2})M_(?P<version>[0-9]{4})_4326_LEVL_(?P<level>[0-3])"
        r"\.geojson(?:\.gz)?"
    ),
    re.compile(
        r"nuts(?P<level>[0-3])_(?P<scale>[0-9]{2})M_(?P<version>[0-9]{4})\.geojson(?:\.gz)?"
    ),
)
"""File names: GISCO's own for degrees of WGS 84, and the short ones of collections."""
MOST_CHARACTERS: Final = 128 * 1024**2
"""Of the largest file that is parsed; the finest of GISCO's have a quarter of it."""
MOST_REGIONS: Final = 5000
"""Of one file; the whole of NUTS 3 has 1,522."""
KINDS: Final = ("Polygon", "MultiPolygon")


class _File(NamedTuple):
    """What the name of a file says."""

    name: str
    version: str
    level: int
    scale: int


def read_geometry(files: Files, name: str) -> pa.Table:
    """Read the outlines of each version and level (``s3etl.nuts.tables.GEOMETRY``).

    GISCO's ``NUTS_RG_20M_2024_4326_LEVL_2.geojson`` or ``nuts2_20M_2024.geojson``, each also
    with ``.gz`` behind it. Where there are several scales of a version and level the finest is
    taken; the others are not read. Rings that cross themselves are made valid.

    Raises:
        Changed: A file is not of that layout, or an outline is none.
    """
    found = [_named(file) for file in files]
    finest = {(f.version, f.level): f.scale for f in sorted(found, key=lambda f: -f.scale)}
    parts = [
        _outlines(file, text_of(files[file.name], file.name))
        for file in sorted(found)
        if file.scale == finest[file.version, file.level]
    ]
    if not parts:
        raise Changed(f"{name}: expected outlines, found no file of them; get them again.")
    return unique(pa.concat_tables(parts).unify_dictionaries(), "nuts_geometry", name)


def _named(file: str) -> _File:
    match = next((m for pattern in NAMES if (m := pattern.fullmatch(file))), None)
    if match is None:
        raise Changed(f"{file}: expected a name such as {_example()}; take it out.")
    if match["version"] not in VERSIONS:
        raise Changed(f"{file}: it is of no known NUTS version; take it out.")
    return _File(file, match["version"], int(match["level"]), int(match["scale"]))


def _example() -> str:
    return "NUTS_RG_20M_2024_4326_LEVL_2.geojson"


def _outlines(file: _File, text: str) -> pa.Table:
    """Read one file."""
    import shapely  # noqa: PLC0415  (only where outlines are read)

    codes, shapes = [], []
    for feature in _features(text, file.name):
        code = code_of(_code_in(feature), file.name)
        if len(code) - 2 != file.level:
            raise Changed(f"{file.name}: expected codes of level {file.level}, found {code}.")
        codes.append(code)
        shapes.append(_shape(feature.get("geometry"), code, file.name))
    try:
        read = shapely.force_2d(shapely.from_geojson(shapes))
    except (shapely.errors.GEOSException, ValueError):
        raise Changed(
            f"{file.name}: expected outlines of coordinates, found others; get it again."
        ) from None
    valid = np.array([_polygons(shape) for shape in read], object)
    _check(valid, codes, file.name)
    rows = len(codes)
    columns = {
        "version": [file.version] * rows,
        "geo": codes,
        "level": [file.level] * rows,
        "scale": [file.scale] * rows,
        "geometry": shapely.to_wkb(valid).tolist(),
    }
    return pa.table(columns, schema=GEOMETRY)


def _features(text: str, file: str) -> list[Mapping[str, Any]]:
    """Return the features of a collection."""
    if len(text) > MOST_CHARACTERS:
        raise Changed(f"{file}: expected at most {MOST_CHARACTERS} characters, found more.")
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise Changed(f"{file}: expected GeoJSON, found other text; get it again.") from None
    features = read.get("features") if isinstance(read, Mapping) else None
    if not isinstance(features, list) or not features:
        raise Changed(f"{file}: expected a collection of features, found none; get it again.")
    if len(features) > MOST_REGIONS:
        raise Changed(f"{file}: expected at most {MOST_REGIONS} features, found more.")
    if not all(isinstance(feature, Mapping) for feature in features):
        raise Changed(f"{file}: expected features in the collection, found something else.")
    return features


def _code_in(feature: Mapping[str, Any]) -> str:
    properties = feature.get("properties")
    code = properties.get("NUTS_ID") if isinstance(properties, Mapping) else None
    return code if isinstance(code, str) else ""


def _shape(shape: object, code: str, file: str) -> str:
    """Return a polygon or several as GeoJSON of its own."""
    kind = shape.get("type") if isinstance(shape, Mapping) else None
    if kind not in KINDS:
        raise Changed(f"{file}: expected a polygon for {code}, found {kind!r:.40}; get it again.")
    return json.dumps(shape)


def _polygons(shape: Any) -> Any:
    """Return a shape with valid rings; what making it valid left of lines is dropped."""
    import shapely  # noqa: PLC0415

    if shape is None or shapely.is_empty(shape):
        return shapely.Polygon()
    whole = shapely.make_valid(shape)
    parts = shapely.get_parts(whole)
    flat = parts[shapely.get_dimensions(parts) == 2]
    return whole if len(flat) == len(parts) else shapely.union_all(flat)


def _check(shapes: Any, codes: list[str], file: str) -> None:
    """See that every outline has an area and lies on the globe."""
    import shapely  # noqa: PLC0415

    bounds = np.abs(shapely.bounds(shapes))
    with np.errstate(invalid="ignore"):
        on_globe = (bounds <= [180, 90, 180, 90]).all(axis=1)
    good = (shapely.area(shapes) > 0) & on_globe & shapely.is_valid(shapes)
    if not good.all():
        code = codes[int(np.argmin(good))]
        raise Changed(
            f"{file}: expected an area in degrees for {code}, found none or other numbers; "
            "get it in EPSG:4326."
        )
