"""Organisations of all registers, placed, given domains and told apart, as published tables.

Puts together what the other modules of this package find out; it decides nothing itself.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from s3etl.domains.records import ECOSYSTEMS, domain_sets, domains_of_records
from s3etl.nuts.vintage import ANALYSIS
from s3etl.organisations.completeness import COMPLETENESS, completeness
from s3etl.organisations.duplicates import DECISIONS, MERGES, POSSIBLE, duplicates
from s3etl.organisations.method import OrganisationMethod
from s3etl.organisations.placing import PLACED, place
from s3etl.organisations.postcodes import Postcodes
from s3etl.registers import kinds

_OWN: Final = (
    *("id", "name", "country", "city", "website", "founded", "staff_fte", "members"),
    *("members_sme", "members_large", "members_research", "members_public", "programme"),
    *("quality_label", "label_from", "label_until", "confirmed", "source"),
    *("sheet", "row", "repaired"),
)


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


ORGANISATIONS: Final = pa.schema(
    [
        _field("register", pa.string(), "register of the record"),
        _field("organisation", pa.string(), "register:id of the record kept of the same one"),
        *[kinds.ORGANISATIONS.schema.field(name) for name in _OWN],
        _field("declared_geo", pa.string(), "region code the register gives"),
        *PLACED,
        _field("nuts_version", pa.string(), "NUTS version of geo"),
    ]
)
"""A row for each record of each register; those of one organisation share ``organisation``."""
DOMAINS: Final = pa.schema(
    [
        _field("register", pa.string(), "register of the record"),
        _field("id", pa.string(), "its id there"),
        _field("domain_set", pa.string(), "set of domains"),
        _field("domain", pa.string(), "domain"),
        _field("weight", pa.float64(), "share; those of a record and set add up to 1"),
    ]
)
QUALITY: Final = pa.schema(
    [
        _field("register", pa.string(), "register"),
        _field("country", pa.string(), "country; empty for all"),
        _field("records", pa.int64(), "records that could be used"),
        _field("placed", pa.int64(), "of these placed in a NUTS 2 region"),
        _field("placed_share", pa.float64(), "placed / records"),
        _field("with_domain", pa.int64(), "records with an industrial ecosystem"),
        _field("with_members", pa.int64(), "records with a number of members"),
        _field("with_label", pa.int64(), "records with a quality label"),
        _field("shared", pa.int64(), "records that are an organisation of another record, too"),
    ]
)
LOST: Final = pa.schema(
    [
        _field("register", pa.string(), "register"),
        _field("domain_set", pa.string(), "set of domains"),
        _field("label", pa.string(), "label that gives no domain"),
        _field("reason", pa.string(), "unknown, or no domain"),
        _field("records", pa.int64(), "records that have it"),
    ]
)

TABLES: Final = {
    "organisation": ORGANISATIONS,
    "organisation_domain": DOMAINS,
    "organisation_merge": MERGES,
    "organisation_possible_merge": POSSIBLE,
    "register_quality": QUALITY,
    "register_completeness": COMPLETENESS,
    "unmapped_label": LOST,
}
"""Columns of the tables :func:`listed` returns."""


def listed(
    registers: Mapping[str, pa.Table],
    labels: Mapping[str, str | None],
    decisions: pa.Table | None,
    method: OrganisationMethod,
    *,
    nuts: Mapping[str, pa.Table],
    naics: pa.Table | None = None,
    postcodes: Postcodes | None = None,
) -> dict[str, pa.Table]:
    """List the organisations of all registers.

    Args:
        registers: Accepted records of each register (``s3etl.registers.kinds.ORGANISATIONS``).
        labels: The table of labels of each register.
        decisions: Accepted merge decisions (``kinds.DECISIONS``), if there are any.
        method: How duplicates are found.
        nuts: Reference tables ``codes``, ``names``, ``matrices`` and, where there are outlines,
            ``geometry``.
        naics: Table of ``s3etl.domains.tables.NAICS_NACE``, where it was given.
        postcodes: List of postal codes, if it is installed.

    Returns:
        The tables of :data:`TABLES`.
    """
    records = _together(registers)
    placed = place(
        records,
        codes=nuts["codes"],
        names=nuts["names"],
        geometry=nuts.get("geometry"),
        matrices=nuts["matrices"],
        postcodes=postcodes,
    )
    seen = pa.table(
        {n: records.column(n) for n in ("register", "id", "name", "country", "website")}
    )
    seen = seen.append_column("nuts3", _town(placed))
    found = duplicates(seen, method, _decisions(decisions))
    domains, lost = _domains(registers, labels, naics)
    organisations = _organisations(records, placed, found.groups)
    return {
        "organisation": organisations,
        "organisation_domain": domains,
        "organisation_merge": found.merges,
        "organisation_possible_merge": found.possible,
        "register_quality": _quality(organisations, domains),
        "register_completeness": completeness(found.groups, method),
        "unmapped_label": lost,
    }


def _town(placed: pa.Table) -> pa.ChunkedArray:
    """Return NUTS 3, or the town in its NUTS 2 region where the outlines leave NUTS 3 open."""
    town = pc.binary_join_element_wise(placed.column("geo"), placed.column("matched"), " ")
    return pc.coalesce(placed.column("nuts3"), town)


def _together(registers: Mapping[str, pa.Table]) -> pa.Table:
    parts = [
        table.append_column("register", pa.array([name] * table.num_rows, pa.string()))
        for name, table in sorted(registers.items())
    ]
    return pa.concat_tables(parts)


def _decisions(records: pa.Table | None) -> pa.Table | None:
    if records is None:
        return None
    rows = records.select(DECISIONS.names).to_pylist()
    for row in rows:
        row["decided"] = row["decided"] and pa.scalar(row["decided"]).cast(pa.date32()).as_py()
    nullable = pa.schema([field.with_nullable(True) for field in DECISIONS])
    return pa.Table.from_pylist(rows, schema=nullable)


def _organisations(records: pa.Table, placed: pa.Table, groups: pa.Table) -> pa.Table:
    columns: dict[str, Any] = {name: records.column(name) for name in ("register", *_OWN)}
    columns["organisation"] = groups.column("group")
    columns["declared_geo"] = records.column("geo")
    columns |= {name: placed.column(name) for name in PLACED.names}
    columns["nuts_version"] = pa.array([ANALYSIS] * records.num_rows, pa.string())
    return pa.table([columns[name] for name in ORGANISATIONS.names], schema=ORGANISATIONS)


def _domains(
    registers: Mapping[str, pa.Table], labels: Mapping[str, str | None], naics: pa.Table | None
) -> tuple[pa.Table, pa.Table]:
    """Return the domains of each record, and how often a label gave none."""
    shares, lost = [], []
    for (name, table), chosen in product(sorted(registers.items()), domain_sets()):
        found = domains_of_records(table, labels[name], naics, chosen)
        weights = found.weights
        count = weights.num_rows
        columns = {
            "register": pa.array([name] * count, pa.string()),
            "id": table.column("id").take(weights.column("record")),
            "domain_set": pa.array([chosen] * count, pa.string()),
            "domain": weights.column("domain"),
            "weight": weights.column("weight"),
        }
        shares.append(pa.table(columns, schema=DOMAINS))
        counted = found.unmapped.group_by(["label", "reason"]).aggregate([("record", "count")])
        told = {"register": name, "domain_set": chosen}
        lost += [
            {**told, "label": r["label"], "reason": r["reason"], "records": r["record_count"]}
            for r in counted.sort_by("label").to_pylist()
        ]
    return pa.concat_tables(shares), pa.Table.from_pylist(lost, schema=LOST)


def _quality(organisations: pa.Table, domains: pa.Table) -> pa.Table:
    frame = organisations.select(
        ["register", "id", "country", "geo", "members", "quality_label", "organisation"]
    ).to_pandas()
    domains = domains.filter(pc.equal(domains.column("domain_set"), ECOSYSTEMS))
    has = set(zip(*(domains.column(c).to_pylist() for c in ("register", "id")), strict=True))
    frame["with_domain"] = [key in has for key in zip(frame["register"], frame["id"], strict=True)]
    frame["shared"] = frame.groupby("organisation")["id"].transform("size") > 1
    frame["placed"] = frame["geo"].notna()
    frame["with_members"] = frame["members"].notna()
    frame["with_label"] = frame["quality_label"].notna()
    frame["records"] = 1
    counts = ["records", "placed", "with_domain", "with_members", "with_label", "shared"]
    by_country = frame.groupby(["register", "country"])[counts].sum().reset_index()
    in_all = frame.groupby("register")[counts].sum().reset_index().assign(country=None)
    rows: list[dict[str, Any]] = [*_rows(in_all), *_rows(by_country)]
    for row in rows:
        row["placed_share"] = row["placed"] / row["records"]
    rows.sort(key=lambda r: (r["register"], r["country"] or ""))
    return pa.Table.from_pylist(rows, schema=QUALITY)


def _rows(frame: Any) -> Sequence[dict[str, Any]]:
    return [
        {k: (int(v) if not isinstance(v, str) and v is not None else v) for k, v in row.items()}
        for row in frame.to_dict("records")
    ]


def reasons(organisations: pa.Table) -> pa.Table:
    """Count methods and reasons of placing by register.

    Args:
        organisations: Table of :data:`ORGANISATIONS`.

    Returns:
        Columns ``register``, ``placing_method``, ``placing_reason`` (of those not placed in a
        NUTS 2 region; empty for the others) and ``records``, most frequent first.
    """
    placed = pc.is_valid(organisations.column("geo"))
    told = pc.if_else(placed, "", organisations.column("placing_reason"))
    table = pa.table(
        {
            "register": organisations.column("register"),
            "placing_method": organisations.column("placing_method"),
            "placing_reason": told,
        }
    )
    counted = table.group_by(table.column_names).aggregate([([], "count_all")])
    counted = counted.rename_columns([*table.column_names, "records"])
    return counted.sort_by([("register", "ascending"), ("records", "descending")])
