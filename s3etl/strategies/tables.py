"""Support schemes and practices as published tables, with their domains.

Columns only; which regions share a priority is told in :mod:`s3etl.strategies.like`.
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from s3etl.domains.records import domains_of_records
from s3etl.registers import kinds
from s3etl.registers.declaration import Register

_LISTS: Final = ("labels", "eligible")


def _schema(kind: kinds.Kind) -> pa.Schema:
    """Return the columns of a kind, with lists as texts and the domains found."""
    own = [
        pa.field(f.name, pa.string(), metadata=f.metadata) if pa.types.is_list(f.type) else f
        for f in kind.schema
        if f.name != "problem"
    ]
    return pa.schema(
        [
            pa.field("register", pa.string(), metadata={"is": "register of the record"}),
            *own,
            pa.field("nuts_version", pa.string(), metadata={"is": "NUTS version of geo"}),
            pa.field("domains", pa.string(), metadata={"is": "domains, separated by ;"}),
        ]
    )


SCHEMES: Final = _schema(kinds.SCHEMES)
PRACTICES: Final = _schema(kinds.PRACTICES)


def published(
    holds: str,
    tables: Mapping[str, pa.Table],
    registers: Mapping[str, Register],
    naics: pa.Table | None = None,
) -> pa.Table:
    """Return the records of all registers of a kind as one table.

    Args:
        holds: ``schemes`` or ``practices``.
        tables: Accepted records by register.
        registers: Their declarations.
        naics: Table of ``s3etl.domains.tables.NAICS_NACE``, where it was given.
    """
    schema = {"schemes": SCHEMES, "practices": PRACTICES}[holds]
    rows: list[dict[str, Any]] = []
    for name, table in sorted(tables.items()):
        domains: dict[int, list[str]] = {}
        weights = domains_of_records(table, registers[name].labels, naics).weights
        for found in weights.to_pylist():
            domains.setdefault(found["record"], []).append(found["domain"])
        for i, row in enumerate(table.to_pylist()):
            texts = {
                n: "; ".join(e["label"] for e in row[n]) or None
                for n in _LISTS
                if row.get(n) is not None
            }
            found = {"register": name, "nuts_version": registers[name].nuts_version}
            rows.append({**row, **texts, **found, "domains": "; ".join(domains.get(i, ()))})
    return pa.Table.from_pylist(rows, schema=schema)
