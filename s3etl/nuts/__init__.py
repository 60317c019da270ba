"""Regions through time: which NUTS version a code is of, and values carried to another version.

The key of a region is (geo, nuts_version): the same code is not the same territory. Pure
functions of tables; the files come through ``sources.nuts``.
"""

from s3etl.nuts.tables import FORMER_COUNTRIES, KEYS, SCHEMAS

__all__ = ["FORMER_COUNTRIES", "KEYS", "SCHEMAS"]
