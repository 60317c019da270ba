"""A register's rows as records: each column becomes the field it is declared to be.

A record that cannot be used keeps its place and the reason; nothing is dropped here and nothing
judged.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from s3etl.errors import Changed
from s3etl.files import identity
from s3etl.registers.declaration import Register
from s3etl.registers.kinds import KINDS, Field, Kind
from sources.fields import Raw, Read, entries, read_field, shown
from sources.rows import Row, name_of, rows_of

Record = dict[str, Any]
Plan = Sequence[tuple[Field, tuple[str, ...]]]
"""The fields of a kind, each with the columns that may give it."""
AT_ONCE: Final = 10_000
"""Records that are held as such at once."""
_NOT_CONTENT: Final = {"id", "sheet", "row", "repaired", "problem"}


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
    plan = [(f, tuple(name_of(n) for n in register.column(f.name))) for f in kind.fields]
    records: Iterator[Record] = (
        _record(row, register, plan) for row in rows_of(data, name, register)
    )
    if register.collect:
        records = iter(_collected(records, kind))
    parts = []
    while part := list(itertools.islice(records, AT_ONCE)):
        parts.append(pa.Table.from_pylist(part, schema=kind.schema))
    if not parts:
        raise Changed(f"{name}: expected records, found none; get it again.")
    return _identified(pa.concat_tables(parts), kind)


def several(tables: Sequence[pa.Table], names: Sequence[str], *, one: bool = False) -> pa.Table:
    """Return the records of several files as one table.

    The sheet of each is told with its file, and an id that stands in two files is set aside in
    the second.

    Args:
        tables: The records of each file.
        names: The names of the files.
        one: Whether there can be but one record of an id, so that two that differ contradict
            each other and both are set aside.
    """
    parts = [table.to_pylist() for table in tables]
    seen: dict[str, Record] = {}
    for rows, name in zip(parts, names, strict=True):
        for row in rows:
            row["sheet"] = name if row["sheet"] == name else f"{name}: {row['sheet']}"
            if row["problem"]:  # it takes no id from a good one
                row["id"] = f"{row['id']} ~{name} row {row['row']}"
                continue
            first = seen.setdefault(row["id"], row)
            if first is row:
                continue
            if one and _content(first) != _content(row):
                said = f"{row['sheet']}, row {row['row']} says otherwise"
                first["problem"] = _and(first["problem"], said)
            row["problem"] = f"its id stands in {first['sheet']} already"
            row["id"] = f"{row['id']} ~{name} row {row['row']}"
    made = [pa.Table.from_pylist(p, schema=t.schema) for p, t in zip(parts, tables, strict=True)]
    return pa.concat_tables(made)


def unreadable(name: str, problem: str, register: Register) -> pa.Table:
    """Return the one record that stands for a file that cannot be read."""
    kind = KINDS[register.holds]
    row = dict.fromkeys(kind.schema.names) | {"id": f"file {name}", "sheet": name, "row": 0}
    return pa.Table.from_pylist([{**row, "repaired": "", "problem": problem}], schema=kind.schema)


def _record(row: Row, register: Register, plan: Plan) -> Record:
    record: Record = {"sheet": row.sheet, "row": row.number}
    notes, problems = [row.note], [row.problem]
    for field, columns in plan:
        there = [n for n in columns if n in row.cells]
        found = _field(row, field, there, register)
        record[field.name] = found.value
        unsaid = found.value is None and field.required and field.name != "id"
        if not (found.note or found.problem or unsaid):
            continue
        where = row.reference(there[0]) if there else field.name
        if found.note:
            notes.append(f"{where}: {found.note}")
        if found.problem and (field.required or field.strict):
            problems.append(f"{where}: {found.problem}")
        elif found.problem:
            notes.append(f"{where}: {found.problem}; left empty")
        elif unsaid:
            problems.append(f"{where}: expected the {field.name}, found nothing")
    record["repaired"] = "; ".join(filter(None, notes))
    record["problem"] = "; ".join(filter(None, problems))
    return record


def _field(row: Row, field: Field, columns: Sequence[str], register: Register) -> Read:
    """Read a field: from the first of its columns there is, a list from all of them."""
    if field.kind == "codes":
        codes = [f"{n}={text}" for n in columns if (text := shown(row.cells[n]))]
        return read_field(codes, field)
    meant = register.values.get(field.name, {})
    constant = register.constants.get(field.name)
    if field.kind != "list":
        raw = row.cells[columns[0]] if columns else None
        raw = constant if raw is None or raw == "" else _meant(raw, meant)
        return read_field(raw, field, decimal=register.decimal)
    separator = register.separators.get(field.name, ";")
    parts = [entries(row.cells[n], separator) for n in columns]
    found = [_meant(e, meant) for part, _ in parts for e in part]
    read = read_field(found or entries(constant, separator)[0], field)
    return read._replace(note=", ".join(filter(None, [*(note for _, note in parts), read.note])))


def _meant(raw: Raw, meant: Mapping[str, str]) -> Raw:
    return meant.get(shown(raw), raw) if meant and not isinstance(raw, dict | list) else raw


def _collected(records: Iterable[Record], kind: Kind) -> list[Record]:
    """Join the rows of one id: lists are united, other fields are those of the first row.

    A row with a problem stays by itself and is set aside.
    """
    found: dict[Any, Record] = {}
    for record in records:
        alone = record["id"] is None or record["problem"]
        first = found.setdefault(("row", record["row"]) if alone else record["id"], record)
        if first is record:
            continue
        for field in kind.fields:
            mine, other = first[field.name], record[field.name]
            if field.kind == "list":
                both = {e["label"]: e for e in reversed([*(mine or ()), *(other or ())])}
                order = dict.fromkeys(e["label"] for e in [*(mine or ()), *(other or ())])
                first[field.name] = [both[label] for label in order] or None
            elif other is not None and other != mine:
                said = f"row {record['row']} has another {field.name}"
                first["repaired"] = _and(first["repaired"], said)
    return list(found.values())


def _identified(table: pa.Table, kind: Kind) -> pa.Table:
    """Give records an id where the register has none, and set aside what stands there twice.

    Records that differ under one made id are told apart by what is in them, so that no id
    depends on the order of the rows; where there can be but one, all are set aside.
    """
    given, problems, rows = (table.column(n).to_pylist() for n in ("id", "problem", "row"))
    keys = zip(*(table.column(n).to_pylist() for n in kind.key), strict=True)
    ids = [
        own if own is not None else " ".join(filter(None, map(_shown, key)))
        for own, key in zip(given, keys, strict=True)
    ]
    by_id: dict[str, list[int]] = defaultdict(list)
    for i, own in enumerate(ids):
        if own and not problems[i]:
            by_id[own].append(i)
    for own, same in by_id.items():
        if len(same) == 1 or any(given[i] is not None for i in same):
            continue
        contents = [_content(record) for record in table.take(same).to_pylist()]
        for i, content in zip(same, contents, strict=True):
            if len(set(contents)) > 1 and kind.one:
                other = rows[same[1] if i == same[0] else same[0]]
                problems[i] = f"row {other} says otherwise of the same"
            elif len(set(contents)) > 1:
                ids[i] = f"{own} ~{content[:6]}"
    _once(ids, problems, rows)
    for name, values in (("id", ids), ("problem", problems)):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), pa.array(values, pa.string()))
    return table


def _once(ids: list[str], problems: list[str], rows: Sequence[int]) -> None:
    """Set aside records whose id stands there already, and give each id but once."""
    seen: dict[str, int] = {}
    for i in [i for i, problem in enumerate(problems) if not problem]:
        ids[i] = ids[i] or f"row {rows[i]}"
        first = seen.setdefault(ids[i], i)
        if first != i:
            problems[i] = f"it stands in row {rows[first]} already, under the same id"
    for i in [i for i, problem in enumerate(problems) if problem]:
        own = ids[i] or f"row {rows[i]}"
        ids[i] = f"{own} ~row {rows[i]}" if own in seen else own
        seen[ids[i]] = i


def _content(record: Record) -> str:
    return identity({k: v for k, v in record.items() if k not in _NOT_CONTENT})


def _and(first: str, second: str) -> str:
    return "; ".join(filter(None, dict.fromkeys((*first.split("; "), second))))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(entry["label"]) for entry in value)
    return "" if value is None else str(value)
