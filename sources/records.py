"""A register's rows as records: each column becomes the field it is declared to be.

A record that cannot be used keeps its place and the reason; nothing is dropped here and nothing
judged.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from s3etl.errors import Changed
from s3etl.files import identity
from s3etl.registers.declaration import Register
from s3etl.registers.kinds import KINDS, Field, Kind
from sources.fields import Raw, Read, read_field
from sources.rows import Row, name_of, rows_of

Record = dict[str, Any]


def read_register(data: bytes, name: str, register: Register) -> pa.Table:
    """Read a register.

    Args:
        data: The file: workbook, CSV or JSON.
        name: Its name.
        register: Its declaration.

    Returns:
        Table of the kind's schema: one row for each record, in the order of the file. In
        ``repaired`` stands what was mended, in ``problem`` why a record cannot be used.

    Raises:
        Changed: The file is not such a register at all.
    """
    kind = KINDS[register.holds]
    records = [_record(row, register, kind) for row in rows_of(data, name, register)]
    if not records:
        raise Changed(f"{name}: expected records, found none; get it again.")
    if register.collect:
        records = _collected(records, kind)
    _identified(records, register, kind)
    return pa.Table.from_pylist(records, schema=kind.schema)


def several(tables: Sequence[pa.Table], names: Sequence[str]) -> pa.Table:
    """Return the records of several files as one table.

    The sheet of each is told with its file, and an id that stands in two files is set aside in
    the second.
    """
    seen: dict[str, str] = {}
    out = []
    for table, name in zip(tables, names, strict=True):
        rows = table.to_pylist()
        for row in rows:
            row["sheet"] = name if row["sheet"] == name else f"{name}: {row['sheet']}"
            first = seen.setdefault(row["id"], row["sheet"])
            if first != row["sheet"]:
                twice = f"its id stands in {first} already"
                row["problem"] = "; ".join(filter(None, (row["problem"], twice)))
                row["id"] = f"{row['id']} ~{name} row {row['row']}"
        out.append(pa.Table.from_pylist(rows, schema=table.schema))
    return pa.concat_tables(out)


def unreadable(name: str, problem: str, register: Register) -> pa.Table:
    """Return the one record that stands for a file that cannot be read."""
    kind = KINDS[register.holds]
    row = dict.fromkeys(kind.schema.names) | {"id": f"file {name}", "sheet": name, "row": 0}
    return pa.Table.from_pylist([{**row, "repaired": "", "problem": problem}], schema=kind.schema)


def _record(row: Row, register: Register, kind: Kind) -> Record:
    record: Record = {"sheet": row.sheet, "row": row.number}
    notes, problems = [row.note], [row.problem]
    for field in kind.fields:
        found = _field(row, field, register)
        record[field.name] = found.value
        where = next(
            (row.references.get(s, s) for s in _sources(row, field, register)), field.name
        )
        if found.note:
            notes.append(f"{where}: {found.note}")
        if found.problem and field.required:
            problems.append(f"{where}: {found.problem}")
        elif found.problem:
            notes.append(f"{where}: {found.problem}; left empty")
        elif found.value is None and field.required and field.name != "id":
            problems.append(f"{where}: expected the {field.name}, found nothing")
    record["repaired"] = "; ".join(filter(None, notes))
    record["problem"] = "; ".join(filter(None, problems))
    return record


def _sources(row: Row, field: Field, register: Register) -> list[str]:
    """Return the columns of a row that give a field: the first there is, or all for a list."""
    names = [name_of(n) for n in register.column(field.name)]
    there = [n for n in names if n in row.cells]
    return there if field.kind in {"list", "codes"} else there[:1]


def _field(row: Row, field: Field, register: Register) -> Read:
    sources = _sources(row, field, register)
    raw: Raw = row.cells[sources[0]] if sources else None
    if field.kind == "codes":
        raw = [f"{n}={row.cells[n]}" for n in sources if row.cells[n] is not None]
    elif len(sources) > 1:
        raw = [row.cells[n] for n in sources]
    if raw is None or raw == "":
        raw = register.constants.get(field.name)
    meant = register.values.get(field.name, {})
    if isinstance(raw, str):
        raw = meant.get(raw.strip(), raw)
    elif isinstance(raw, list):
        raw = [meant.get(r.strip(), r) if isinstance(r, str) else r for r in raw]
    return read_field(raw, field, separator=register.separators.get(field.name, ";"))


def _collected(records: Sequence[Record], kind: Kind) -> list[Record]:
    """Join the rows of one id: lists are united, other fields are those of the first row."""
    found: dict[Any, Record] = {}
    for record in records:
        key = record["id"] if record["id"] is not None else ("row", record["row"])
        first = found.setdefault(key, record)
        if first is record:
            continue
        for field in kind.fields:
            if field.kind == "list":
                entries = {e["label"]: e for e in (first[field.name] or [])}
                entries |= {e["label"]: e for e in (record[field.name] or [])} | entries
                first[field.name] = list(entries.values()) or None
            elif record[field.name] not in {None, first[field.name]}:
                said = f"row {record['row']} has another {field.name}"
                if said not in first["repaired"]:
                    first["repaired"] = "; ".join(filter(None, (first["repaired"], said)))
    return list(found.values())


def _identified(records: Sequence[Record], register: Register, kind: Kind) -> None:
    """Give records an id where the register has none, and set aside what stands there twice."""
    seen: dict[str, Record] = {}
    for record in records:
        own = record["id"]
        if own is None:
            parts = [_shown(record[name]) for name in kind.key]
            own = " ".join(part for part in parts if part)
        content = identity({k: v for k, v in record.items() if k not in {"row", "repaired"}})
        if own in seen and record["id"] is None and seen[own]["_content"] != content:
            own = f"{own} ~{content[:6]}"
        record["id"], record["_content"] = own or None, content
        if own in seen:
            twice = f"it stands in row {seen[own]['row']} already, under the same id"
            record["problem"] = "; ".join(filter(None, (record["problem"], twice)))
            record["id"] = f"{own} ~row {record['row']}"
        else:
            seen[own] = record
        if record["id"] is None:
            record["id"] = f"row {record['row']}"
    for record in records:
        del record["_content"]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(entry["label"]) for entry in value)
    return "" if value is None else str(value)
