"""The reference table that leads from American industries to European ones: columns and key.

Only shapes; it is read in ``sources.classifications`` and used in :mod:`s3etl.domains.naics`.
"""

from typing import Final

import pyarrow as pa

NAICS_NACE: Final = pa.schema(
    [
        pa.field("naics", pa.string(), False, {"is": "NAICS 2017 code, six digits"}),
        pa.field(
            "nace",
            pa.string(),
            False,
            {"is": "NACE Rev. 2 class (a group where the source names no class)"},
        ),
        pa.field("division", pa.string(), False, {"is": "NACE Rev. 2 division of it"}),
    ]
)

SCHEMAS: Final = {"naics_nace": NAICS_NACE}
"""Columns by id of the declared table."""

KEYS: Final = {"naics_nace": ("naics", "nace")}
"""Columns that name one row, by id of the declared table."""

NAICS: Final = "naics"
"""What a register declares for ``labels`` if its labels are NAICS codes."""
