"""The reference tables of the NUTS classification: their columns and keys.

Only shapes; nothing is read, judged or converted here.
"""

from typing import Final

import pyarrow as pa

_CODE: Final = pa.dictionary(pa.int32(), pa.string())


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


CODES: Final = pa.schema(
    [
        _field("version", _CODE, "NUTS version"),
        _field("geo", _CODE, "region code of that version"),
        _field("level", pa.int8(), "NUTS level 1 to 3"),
    ]
)
NAMES: Final = pa.schema(
    [
        _field("version", _CODE, "NUTS version"),
        _field("geo", _CODE, "region or country code of that version"),
        _field("level", pa.int8(), "NUTS level 0 to 3"),
        _field("name", pa.string(), "name in Latin letters"),
    ]
)
CHANGES: Final = pa.schema(
    [
        _field("version", _CODE, "NUTS version that brought the change"),
        _field("geo", _CODE, "region code of that version; the last one it had if it ended"),
        _field("change", pa.string(), "what changed, as the correspondence tables say"),
    ]
)
MATRICES: Final = pa.schema(
    [
        _field("level", pa.int8(), "NUTS level 1 to 3"),
        _field("from_version", _CODE, "NUTS version of from_geo"),
        _field("to_version", _CODE, "NUTS version of to_geo"),
        _field("from_geo", _CODE, "region of the first version"),
        _field("to_geo", _CODE, "region of the second version it shares territory with"),
        _field("area", pa.float64(), "area of the intersection, km²"),
        _field("pop11", pa.float64(), "inhabitants of the intersection, 2011"),
        _field("pop21", pa.float64(), "inhabitants of the intersection, 2021"),
        _field("artif12", pa.float64(), "artificial surface of the intersection, 2012"),
        _field("artif18", pa.float64(), "artificial surface of the intersection, 2018"),
        _field("built_up", pa.float64(), "built-up volume of the intersection"),
    ]
)
GEOMETRY: Final = pa.schema(
    [
        _field("version", _CODE, "NUTS version"),
        _field("geo", _CODE, "region or country code of that version"),
        _field("level", pa.int8(), "NUTS level 0 to 3"),
        _field("scale", pa.int16(), "scale of the outline, in millions: 20 is 1:20 million"),
        _field("geometry", pa.binary(), "outline as WKB polygons, degrees east and north (WGS 84)"),
    ]
)

SCHEMAS: Final = {
    "nuts_codes": CODES,
    "nuts_names": NAMES,
    "nuts_changes": CHANGES,
    "nuts_matrices": MATRICES,
    "nuts_geometry": GEOMETRY,
}
"""Columns by id of the declared table."""

KEYS: Final = {
    "nuts_codes": ("version", "geo"),
    "nuts_names": ("version", "geo"),
    "nuts_changes": ("version", "geo", "change"),
    "nuts_matrices": ("level", "from_version", "to_version", "from_geo", "to_geo"),
    "nuts_geometry": ("version", "geo"),
}
"""Columns that name one row, by id of the declared table."""

FORMER_COUNTRIES: Final = ("GR",)
"""Country codes of earlier versions: Greece until NUTS 2006, EL since."""
