"""What the command line prints of registers, strategies and surveys.

Reads and prints; it changes nothing and decides nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.console import console, print_table
from pipelines.workspace import Workspace
from s3etl.domains.records import ecosystems
from s3etl.errors import Unfit
from s3etl.organisations.listing import reasons

if TYPE_CHECKING:
    from sources.survey import Problem

MOST_PAIRS = 10


def status(work: Workspace) -> None:
    """Show registers: their editions, what was set aside, places, duplicates, completeness."""
    rows: list[tuple[Any, ...]] = []
    for register in work.catalogue.registers.values():
        accepted = work.store.accepted(register.id)
        if accepted is None:
            current = work.snapshots_of(register.id).current(register.id)
            state = "refused" if current else "nothing yet"
            rows.append((register.id, register.holds, state, None, None, None, None, None))
            continue
        snapshot, verdict = accepted.snapshot, accepted.verdict
        rows.append(
            (
                register.id,
                register.holds,
                "accepted",
                snapshot.source_updated or "not told",
                snapshot.retrieved_at[:10],
                verdict.rows,
                verdict.quarantined,
                ", ".join(snapshot.dropped) or None,
            )
        )
    print_table(
        f"Registers of origin {work.origin}",
        ("register", "holds", "state", "edition of", "taken", "records", "aside", "dropped"),
        rows,
    )
    _set_aside(work)
    found = work.store.block("organisations")
    if found:
        _organisations(found)
    _participation(work.store.block("participation").get("participation"))


def _set_aside(work: Workspace) -> None:
    rows = []
    for register in work.catalogue.registers.values():
        aside = work.store.quarantine(register.id)
        found = aside.to_pylist() if aside is not None else []
        rows += [(register.id, row["sheet"], row["row"], row["reason"]) for row in found]
    if rows:
        print_table("Set aside (quarantine)", ("register", "sheet", "row", "reason"), rows[:40])
        if len(rows) > 40:
            console.print(f"40 of {len(rows)} rows set aside.\n")


def _organisations(found: dict[str, pa.Table]) -> None:
    quality = found["register_quality"]
    in_all = quality.filter(pc.is_null(quality.column("country"))).to_pylist()
    print_table(
        "Organisations placed in NUTS 2 regions",
        ("register", "records", "placed", "share, %", "with a domain", "with members", "shared"),
        [
            (
                *(r["register"], r["records"], r["placed"], round(100 * r["placed_share"], 1)),
                *(r["with_domain"], r["with_members"], r["shared"]),
            )
            for r in in_all
        ],
    )
    told = reasons(found["organisation"]).to_pylist()
    print_table(
        "How they were placed, and why not",
        ("register", "method", "records", "reason"),
        _grouped(told),
    )
    merges, possible = found["organisation_merge"], found["organisation_possible_merge"]
    console.print(
        f"{merges.num_rows} pairs of records were taken for one organisation; "
        f"{possible.num_rows} pairs look alike and were left apart. A file merge_decisions.csv "
        "(s3etl registers template decisions) decides otherwise.\n",
        soft_wrap=True,
    )
    if possible.num_rows:
        print_table(
            "Pairs to look at",
            ("first", "second", "similarity", "why apart"),
            [
                (
                    f"{r['register_a']}: {r['id_a']}",
                    f"{r['register_b']}: {r['id_b']}",
                    round(r["similarity"], 2),
                    r["reason"],
                )
                for r in possible.slice(0, MOST_PAIRS).to_pylist()
            ],
        )
    _completeness(found["register_completeness"])
    lost = found["unmapped_label"].to_pylist()
    if lost:
        columns = ("register", "label", "reason", "records")
        print_table("Labels without a domain", columns, [tuple(r.values()) for r in lost])


def _grouped(told: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return reasons without the names in them, so that the same reason stands there once."""
    counts: dict[tuple[str, str, str], int] = {}
    for row in told:
        reason = row["placing_reason"]
        for sign in (":", " ("):
            reason = reason.split(sign)[0]
        key = (row["register"], row["placing_method"], reason)
        counts[key] = counts.get(key, 0) + row["records"]
    return [
        (register, method, number, reason or None)
        for (register, method, reason), number in sorted(
            counts.items(), key=lambda item: (item[0][0], -item[1])
        )
    ]


def _completeness(table: pa.Table) -> None:
    rows = [
        (
            *(r["country"], r["register_a"], r["register_b"], r["n_a"], r["n_b"], r["n_both"]),
            None if r["estimate"] is None else round(r["estimate"], 1),
            None if r["low"] is None else f"{r['low']:.0f}–{r['high']:.0f}",
            None if r["completeness"] is None else round(r["completeness"], 2),
        )
        for r in table.to_pylist()
    ]
    if rows:
        print_table(
            "How complete two registers are together (Chapman)",
            (
                *("country", "first", "second", "n first", "n second", "both"),
                *("estimate", "5–95 %", "known share"),
            ),
            rows,
        )


def _participation(table: pa.Table | None) -> None:
    if table is None or not table.num_rows:
        return
    cells: dict[tuple[str, int], dict[str, str]] = {}
    for row in table.to_pylist():
        shown = row["shown_as"] or row["reason"]
        number = "" if row["respondents"] is None else f" {row['respondents']}"
        cells.setdefault((row["region"], row["wave"]), {})[shown] = shown + number
    rows = [(region, wave, ", ".join(found.values())) for (region, wave), found in cells.items()]
    print_table(
        "Who answered the StressTest (P policy, I implementation, C clusters, B business, "
        "R research; groups under three are pooled)",
        ("region", "wave", "respondents"),
        rows,
    )


def strategies(found: dict[str, Any], geo: str, work: Workspace) -> None:
    """Show the strategies most like that of a region, with who and what is there.

    Args:
        found: What :func:`pipelines.strategies.find` returns.
        geo: The region.
        work: The workspace.
    """
    note = " (invented sample data)" if work.origin == "sample" else ""
    console.print(f"[bold]Strategies with the priorities of {geo}[/bold]{note}")
    console.print(f"Its own: {', '.join(found['own'])}.\n", soft_wrap=True)
    print_table(
        "",
        (
            *("strategy", "regions", "likeness", "shared domains"),
            *("organisations", "schemes", "practices"),
        ),
        [tuple(row.values()) for row in found["alike"]],
    )
    for title, columns in (
        ("organisations", ("region", "organisation", "domains", "register")),
        ("schemes", ("region", "scheme", "body", "domains", "period", "tied to S3")),
        ("practices", ("region", "practice", "dimension", "what was done", "evidence")),
    ):
        if found[title]:
            print_table(f"Their {title} in the shared domains", columns, found[title])


def problems(found: Sequence["Problem"], file: Path) -> None:
    """Show what is wrong in a survey file, cell by cell."""
    if not found:
        console.print(f"{file.name}: nothing to mend.")
        return
    rows = [(p.severity, p.sheet, p.cell, p.problem, p.remedy) for p in found]
    print_table(file.name, ("", "sheet", "cell", "what", "remedy"), rows)


def domain_names(ids: Sequence[str]) -> list[str]:
    """Return the names of domains as people know them."""
    names = ecosystems().declared.domains
    return [names.get(domain, domain) for domain in ids]


def need(tables: dict[str, pa.Table], name: str) -> pa.Table:
    """Return a table of a block.

    Raises:
        Unfit: There is none yet.
    """
    if name not in tables:
        raise Unfit(f"{name}: there is none yet; run s3etl run with a register of it first.")
    return tables[name]
