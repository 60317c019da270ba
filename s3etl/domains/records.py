"""Records of registers given domains: their labels, or NACE divisions where they have none.

Weights of a record's own labels count; what the labels mean is declared, never guessed.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa

from s3etl.domains.assign import UNMAPPED, WEIGHTS, Assigned, domains_of, domains_of_divisions
from s3etl.domains.declared import SETS, DomainSet, LabelTable, load_labels, load_set
from s3etl.domains.naics import domains_of_categories, naics_to_divisions
from s3etl.domains.tables import NAICS
from s3etl.domains.weighted import Share

ECOSYSTEMS: Final = "ecosystems"
"""The set whose domains all registers are given."""


CONCORDANCE: Final = pa.schema(
    [
        pa.field("domain_set", pa.string(), metadata={"is": "set of domains"}),
        pa.field("version", pa.string(), metadata={"is": "version of the set and its table"}),
        pa.field("division", pa.string(), metadata={"is": "NACE Rev. 2 division"}),
        pa.field("domain", pa.string(), metadata={"is": "domain, or that it is outside all"}),
        pa.field("weight", pa.float64(), metadata={"is": "share; those of a division add up to 1"}),
        pa.field("origin", pa.string(), metadata={"is": "where the weight comes from"}),
        pa.field("note", pa.string(), metadata={"is": "why, where it is our judgement"}),
    ]
)
"""The table T as it is published."""


def concordance_table(domain_set: DomainSet) -> pa.Table:
    """Return the table T of a set as rows (:data:`CONCORDANCE`)."""
    rows = [
        {
            "domain_set": domain_set.id,
            "version": domain_set.declared.version,
            "division": share.item,
            "domain": share.domain,
            "weight": share.weight,
            **{name: share.notes.get(name) for name in ("origin", "note")},
        }
        for share in domain_set.shares
    ]
    return pa.Table.from_pylist(rows, schema=CONCORDANCE)


@cache
def domain_sets() -> dict[str, DomainSet]:
    """Return every declared set of domains by its id: the ecosystems, and sets of users.

    Raises:
        CatalogueError: A declaration is wrong.
    """
    found = {path.parent.name: load_set(path.parent) for path in SETS.glob("*/domains.yaml")}
    return dict(sorted(found.items(), key=lambda item: (item[0] != ECOSYSTEMS, item[0])))


def ecosystems() -> DomainSet:
    """Return the 14 industrial ecosystems, the set in which all registers meet."""
    return domain_sets()[ECOSYSTEMS]


@cache
def labels_of(name: str | None, domain_set: str = ECOSYSTEMS) -> LabelTable:
    """Return what labels mean in a set of domains.

    Args:
        name: Id of a table of labels. Without one, or where the set has no such table, labels
            are ids and names of the domains themselves.
        domain_set: Id of the set.
    """
    chosen = domain_sets()[domain_set]
    path = SETS / domain_set / "labels" / f"{name}.csv"
    if name is not None and path.exists():
        return load_labels(path, chosen)
    own = [text for pair in chosen.declared.domains.items() for text in pair]
    ids = [domain for domain in chosen.domains for _ in range(2)]
    shares = [Share(0, text, d, 1.0, {}) for text, d in dict(zip(own, ids, strict=True)).items()]
    return LabelTable("own", chosen.domains, tuple(shares))


def labels_of_naics(pairs: pa.Table | None, domain_set: str = ECOSYSTEMS) -> LabelTable:
    """Return NAICS codes as a table of labels, through NACE divisions and T.

    Args:
        pairs: Table of ``s3etl.domains.tables.NAICS_NACE``; without it no code means anything.
        domain_set: Id of the set.
    """
    chosen = domain_sets()[domain_set]
    shares: list[Share] = []
    if pairs is not None:
        codes = sorted(set(pairs.column("naics").to_pylist()))
        found = domains_of_categories(
            {code: [code] for code in codes}, naics_to_divisions(pairs), chosen
        )
        shares = [
            Share(0, row["category"], row["domain"] or "", row["weight"], {})
            for row in found.weights.to_pylist()
        ]
    return LabelTable(NAICS, chosen.domains, tuple(shares))


def domains_of_records(
    records: pa.Table,
    labels: str | None,
    naics: pa.Table | None = None,
    domain_set: str = ECOSYSTEMS,
) -> Assigned:
    """Return the domains of each record of a register.

    Args:
        records: Column ``labels``, and ``nace`` where the register has it: lists of label and
            weight. Entries count by their weight, or equally where there is none.
        labels: The table that says what the labels mean (:mod:`s3etl.domains.declared`), or
            ``naics`` if they are NAICS codes.
        naics: Table of ``s3etl.domains.tables.NAICS_NACE``, where it was given.
        domain_set: Id of the set of domains.

    Returns:
        Weights that add up to 1 for each record that has any, and what gave no domain.
    """
    by_label = _entries(records, "labels")
    without = set(range(records.num_rows)) - {r for r, _, _ in by_label}
    by_division = [e for e in _entries(records, "nace") if e[0] in without]
    by_naics = labels == NAICS
    table = labels_of_naics(naics, domain_set) if by_naics else labels_of(labels, domain_set)
    chosen = domain_sets()[domain_set]
    parts = (
        (by_label, domains_of([[text] for _, text, _ in by_label], table)),
        (by_division, domains_of_divisions([[text] for _, text, _ in by_division], chosen)),
    )
    totals: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    lost: list[dict[str, Any]] = []
    for entries, found in parts:
        for row in found.weights.to_pylist():
            record, _, weight = entries[row["record"]]
            totals[record][row["domain"]] += weight * row["weight"]
        lost += [{**r, "record": entries[r["record"]][0]} for r in found.unmapped.to_pylist()]
    return Assigned(_shares(totals, chosen.domains), pa.Table.from_pylist(lost, schema=UNMAPPED))


def _entries(records: pa.Table, column: str) -> list[tuple[int, str, float]]:
    """Return record, label and weight of every entry of a list column."""
    if column not in records.column_names:
        return []
    return [
        (i, entry["label"], 1.0 if entry["weight"] is None else entry["weight"])
        for i, entries in enumerate(records.column(column).to_pylist())
        for entry in entries or ()
    ]


def _shares(totals: dict[int, dict[str, float]], domains: Sequence[str]) -> pa.Table:
    rows = []
    for record in sorted(totals):
        weights = np.array([totals[record].get(domain, 0.0) for domain in domains])
        if weights.sum() <= 0:
            continue
        shares = weights / weights.sum()
        rows += [
            {"record": record, "domain": domain, "weight": float(share)}
            for domain, share in zip(domains, shares, strict=True)
            if share > 0
        ]
    return pa.Table.from_pylist(rows, schema=WEIGHTS)
