"""Who has the same priorities as a region, and what is there: the question of s3etl strategies.

Puts the blocks side by side for one region; it computes no indicator and prints nothing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.show_registers import domain_names, need
from pipelines.workspace import Workspace
from s3etl.domains.records import ECOSYSTEMS
from s3etl.strategies.like import like, vectors

MOST_ALIKE = 10
MOST_LISTED = 30


def find(
    work: Workspace, geo: str, *, abroad: bool = False, most: int = MOST_ALIKE
) -> dict[str, Any]:
    """Return the strategies most like that of a region.

    Args:
        work: The workspace.
        geo: NUTS 2 region.
        abroad: Whether strategies of its own country are left out.
        most: Number of strategies.

    Returns:
        ``own`` (its domains), ``alike`` (rows of strategies), and the rows of
        ``organisations``, ``schemes`` and ``practices`` of these regions in the shared domains.

    Raises:
        Refused: The region has no priority with a domain.
        Unfit: No priorities are accepted.
    """
    blocks = work.store.block("strategies")
    found = vectors(need(blocks, "priority"))
    alike = like(geo, found).to_pylist()
    if abroad:
        alike = [row for row in alike if row["strategy"][:2] != geo[:2]]
    alike = alike[:most]
    own = found.weights[found.regions.index(geo)]
    have = {
        "organisations": _organisations(work.store.block("organisations")),
        "schemes": _records(blocks.get("scheme")),
        "practices": _records(blocks.get("practice")),
    }
    listed: dict[str, list[tuple[Any, ...]]] = {name: [] for name in have}
    rows = []
    for row in alike:
        shared = set(row["shared"])
        chosen = {
            name: [r for r in records if _inside(r, row) and _about(r, shared)]
            for name, records in have.items()
        }
        rows.append(
            {
                "strategy": row["strategy"],
                "regions": ", ".join(row["regions"]),
                "likeness": round(row["likeness"], 2),
                "shared": ", ".join(domain_names(row["shared"])),
                **{name: len(records) for name, records in chosen.items()},
            }
        )
        for name, records in chosen.items():
            listed[name] += [_LINES[name](r) for r in records]
    order = sorted(zip(own, found.domains, strict=True), key=lambda x: (-x[0], x[1]))
    return {
        "own": domain_names([domain for weight, domain in order if weight > 0]),
        "alike": rows,
        **{name: records[:MOST_LISTED] for name, records in listed.items()},
    }


def _inside(record: Mapping[str, Any], strategy: Mapping[str, Any]) -> bool:
    geo = record["geo"] or ""
    return any(geo[:4] == region or geo == strategy["strategy"] for region in strategy["regions"])


def _about(record: Mapping[str, Any], shared: set[str]) -> bool:
    """Whether a record is about a shared domain; one without domains is about all of them."""
    return bool(shared & set(record["domains"])) or not record["domains"]


def _organisations(block: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """Return each organisation once, with its domains; those without are not counted."""
    if not block:
        return []
    domains: dict[tuple[str, str], set[str]] = {}
    for row in block["organisation_domain"].to_pylist():
        if row["domain_set"] != ECOSYSTEMS:
            continue
        domains.setdefault((row["register"], row["id"]), set()).add(row["domain"])
    columns = ["register", "id", "organisation", "name", "geo"]
    kept: dict[str, dict[str, Any]] = {}
    for row in block["organisation"].select(columns).to_pylist():
        own = domains.get((row["register"], row["id"]), set())
        first = kept.setdefault(row["organisation"], {**row, "domains": set(), "registers": set()})
        first["domains"] |= own
        first["registers"].add(row["register"])
        first["geo"] = first["geo"] or row["geo"]
    return [row for row in kept.values() if row["geo"] and row["domains"]]


def _records(table: pa.Table | None) -> list[dict[str, Any]]:
    rows = [] if table is None else table.to_pylist()
    for row in rows:
        row["domains"] = [d for d in (row["domains"] or "").split("; ") if d]
    return rows


def _names(record: Mapping[str, Any]) -> str:
    return ", ".join(domain_names(sorted(record["domains"]))) or "all"


def _organisation_line(r: Mapping[str, Any]) -> tuple[Any, ...]:
    return r["geo"], r["name"], _names(r), ", ".join(sorted(r["registers"]))


def _scheme_line(r: Mapping[str, Any]) -> tuple[Any, ...]:
    period = "–".join(str(r[n]) for n in ("period_start", "period_end") if r[n])
    return r["geo"], r["title"], r["body"], _names(r), period, r["s3_tied"]


def _practice_line(r: Mapping[str, Any]) -> tuple[Any, ...]:
    return r["geo"], r["title"], r["dimension"], r["done"], r["evidence_link"]


_LINES = {
    "organisations": _organisation_line,
    "schemes": _scheme_line,
    "practices": _practice_line,
}


def export(found: Mapping[str, Any], to: Path) -> None:
    """Write what was found as a workbook; no text in it becomes a formula."""
    from sources.blank import write_sheets  # noqa: PLC0415  (xlsxwriter only when needed)

    alike: Sequence[Mapping[str, Any]] = found["alike"]
    head = list(alike[0]) if alike else ["strategy"]
    sheets = {"strategies": [head, *[list(row.values()) for row in alike]]}
    for name in _LINES:
        sheets[name] = [list(row) for row in found[name]]
    write_sheets(to, sheets)
