"""One record for each group of records that are one organisation.

Values are chosen, never combined or made up; what is one organisation is decided in
:mod:`s3etl.organisations.duplicates`.
"""

import pyarrow as pa

from s3etl.errors import Changed
from s3etl.organisations.method import OrganisationMethod


def merged(organisations: pa.Table, groups: pa.Table, method: OrganisationMethod) -> pa.Table:
    """Return one row for each group (methodology 4.1).

    In each column stands the first value that is not missing, by the declared priority of
    registers, then the most recently confirmed record, then register and id. So a value of a
    better register is never replaced, and what it lacks is filled from the others.

    Args:
        organisations: register, id, any other columns, and ``confirmed`` (date or null) if
            the registers say it.
        groups: group, register, id (:data:`s3etl.organisations.duplicates.GROUPS`), one row
            for each row of ``organisations``.
        method: The priority of registers.

    Returns:
        group, the other columns, and ``sources``: ``register:id`` of the records behind it,
        best first; by group.

    Raises:
        Changed: A record is in no group, or a group names a record that is not there.
    """
    rows = organisations.to_pylist()
    at = {(row["register"], row["id"]): row for row in rows}
    grouped = groups.select(["group", "register", "id"]).to_pylist()
    keys = {(row["register"], row["id"]) for row in grouped}
    if odd := sorted(keys ^ set(at)):
        raise Changed(f"groups: {':'.join(odd[0])} is not in both tables; group them again.")
    behind: dict[str, list[dict[str, object]]] = {}
    for row in grouped:
        behind.setdefault(row["group"], []).append(at[row["register"], row["id"]])
    others = [f for f in organisations.schema if f.name not in {"register", "id"}]
    out = []
    for group in sorted(behind):
        records = sorted(behind[group], key=lambda record: _order(record, method))
        values = {
            f.name: next((r[f.name] for r in records if r[f.name] is not None), None)
            for f in others
        }
        sources = [f"{record['register']}:{record['id']}" for record in records]
        out.append({"group": group, **values, "sources": sources})
    schema = pa.schema(
        [
            pa.field("group", pa.string(), False),
            *others,
            pa.field("sources", pa.list_(pa.string()), False),
        ]
    )
    return pa.Table.from_pylist(out, schema=schema)


def _order(record: dict[str, object], method: OrganisationMethod) -> tuple[object, ...]:
    priority, register = method.rank(str(record["register"]))
    known = priority < len(method.register_priority)
    confirmed = record.get("confirmed")
    newest = -confirmed.toordinal() if hasattr(confirmed, "toordinal") else 0
    # Registers the method does not rank are equal: there the newest confirmation comes first.
    return (priority, newest, register if not known else "", str(record["id"]))
