"""What the command line prints of runs, data and releases.

Reads and prints; it changes nothing and decides nothing. One thing in full stands in
:mod:`pipelines.explain`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipelines.console import console, print_table
from pipelines.workspace import Workspace
from s3etl.catalogue import Catalogue
from s3etl.records import LeftOut, Snapshot
from warehouse import read
from warehouse.connect import place
from warehouse.diff import diff
from warehouse.publish import Published
from warehouse.store import Accepted

if TYPE_CHECKING:  # Dagster takes a second to import
    from pipelines.check import Checked
    from pipelines.run import Progress as Told
    from pipelines.run import Ran

HEADLINE = ("ECO01", "HUM04")
TOP = 5
SHORT_HASH = 10
NO_DATA = "has no accepted data."
JOBS = {
    "look": "Asking what is new",
    "refresh": "Taking and judging data",
    "evaluate": "Computing and ranking",
    "release": "Collecting a candidate",
}


@contextmanager
def progress() -> Iterator["Told"]:
    """Show a bar for each job while it runs."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        tasks: dict[str, Any] = {}

        def told(job: str, finished: int, total: int) -> None:
            if job not in tasks:
                tasks[job] = bar.add_task(JOBS.get(job, job), total=total)
            bar.update(tasks[job], completed=finished)

        yield told
    console.print()


def work_done(ran: "Ran") -> None:
    """Say how much had to be done."""
    names = {
        "raw": "new snapshots",
        "core": "batches judged",
        "indicator": "indicators computed",
        "benchmark": "indicators ranked",
        "block": "blocks made of registers",
    }
    parts = [f"{count} {names[layer]}" for layer, count in ran.work.items() if layer in names]
    if not any(ran.work.values()) and not ran.failures:
        console.print("Nothing new: every snapshot, figure and rank was there already.\n")
    else:
        console.print(f"Done: {', '.join(parts)}.\n")


def failures(items: Sequence[LeftOut]) -> None:
    """Say what failed and why."""
    if items:
        rows = [(x.stage, x.subject, x.reason) for x in items]
        print_table("Failed in this run", ("stage", "subject", "reason"), rows)


def left_out(items: Sequence[LeftOut]) -> None:
    """Say what the release does without: those that lack the same dataset on one line."""
    grouped: dict[str, list[str]] = {}
    waiting = [item.subject for item in items if item.reason.endswith(NO_DATA)]
    for item in items:
        if item.subject in waiting:
            continue
        grouped.setdefault(item.reason.removeprefix(f"{item.subject}: "), []).append(item.subject)
    if grouped:
        rows = [(", ".join(subjects), reason) for reason, subjects in grouped.items()]
        print_table("Not in this release", ("indicators", "reason"), rows)
    if waiting:
        console.print(
            f"{len(waiting)} indicators wait for data: {', '.join(waiting)}; "
            "s3etl status says of which datasets.\n",
            markup=False,
        )


def differences(candidate: Path, channel: str, url: str) -> None:
    """Show what the candidate would change in the channel."""
    found = diff(candidate, channel, url).to_pylist()
    if not found:
        console.print(f"The candidate has the figures that channel {channel} has.\n")
        return
    print_table(
        f"Changes against channel {channel}",
        ("indicator", "added", "removed", "revised", "largest revision, %"),
        [tuple(row.values()) for row in found],
    )


def published(done: Published, channel: str, url: str) -> None:
    """Say which release a channel now points to."""
    points = "now points" if done.moved else "already points"
    console.print(f"Channel [bold]{channel}[/bold] {points} to release {done.release_id}.")
    console.print(f"Warehouse: {place(url)}\n", soft_wrap=True)


def top_regions(channel: str, url: str, work: Workspace) -> None:
    """Show the best regions of the headline indicators, each rank with its interval."""
    note = " (synthetic sample data, not statistics)" if work.origin == "sample" else ""
    names = _sample_names() if work.origin == "sample" else {}
    for indicator_id in HEADLINE:
        rows = read.top(url, channel, indicator_id, TOP)
        if not rows:
            continue
        declared = work.catalogue.indicators[indicator_id]
        print_table(
            f"{declared.title}, {declared.unit}, {rows[0]['ref_year']}{note}",
            ("rank", "5–95 %", "region", "value"),
            [
                (
                    r["rank"],
                    f"{r['rank_low']}–{r['rank_high']} of {r['n_compared']}",
                    f"{r['geo']} {names.get(r['geo'], '')}".strip(),
                    r["value"],
                )
                for r in rows
            ],
        )


def _sample_names() -> dict[str, str]:
    from sources.sample import regions  # noqa: PLC0415  (only for the sample world)

    return {region.code: region.name for region in regions()}


def quarantined(work: Workspace) -> None:
    """Show how many rows were set aside, and why."""
    rows = []
    for dataset in work.catalogue.sources:
        aside = work.store.quarantine(dataset)
        if aside is not None and aside.num_rows:
            rows.append((dataset, aside.num_rows, aside.column("reason")[0].as_py()))
    if rows:
        print_table("Set aside (quarantine)", ("dataset", "rows", "for example"), rows)
    else:
        console.print("No row was set aside.\n")


def next_steps(channel: str, work: Workspace, *, published: bool, url: str) -> None:
    """Print three commands to try next."""
    source = " ".join(f"--from {s}" for s in work.sources)
    if published and (best := read.top(url, channel, HEADLINE[0], 1)):
        geo, year = best[0]["geo"], best[0]["ref_year"]
        sql = (
            "SELECT geo, value, rank, rank_low, rank_high FROM latest "  # noqa: S608 (printed only)
            f"WHERE channel = '{channel}' AND indicator_id = 'HUM04' AND ref_year = {year} "
            "AND rankable ORDER BY rank LIMIT 10"
        )
        revised = "s3etl run --from sample-revised --publish"
        steps = [
            f"s3etl trace {HEADLINE[0]} {geo} {year} --channel {channel}",
            f's3etl query "{sql}"',
            revised if work.sources == ("sample",) else f"s3etl status {source}",
        ]
    else:
        steps = [
            f"s3etl publish {source} --channel {channel}",
            f"s3etl status {source}",
            "s3etl indicators",
        ]
    console.print("Try next (s3etl is in .venv/bin):")
    for step in steps:
        console.print(f"  {step}", soft_wrap=True, markup=False)


def status(work: Workspace) -> None:
    """Show snapshot and verdict of each dataset."""
    rows = []
    for dataset in (*work.catalogue.tables, *work.catalogue.datasets):
        current, accepted = work.snapshots.current(dataset), work.store.accepted(dataset)
        shown = accepted.snapshot if accepted else current
        verdict = accepted.verdict if accepted else None
        rows.append(
            (
                dataset,
                _state(current, accepted),
                shown.sha256[:SHORT_HASH] if shown else None,
                (shown.source_updated or "unknown")[:10] if shown else None,
                verdict.rows if verdict else None,
                verdict.quarantined if verdict else None,
                verdict.warnings if verdict else None,
            )
        )
    columns = ("dataset", "state", "snapshot", "updated", "rows", "aside", "warnings")
    print_table(f"Data of origin {work.origin}", columns, rows)
    console.print("Registers and surveys: s3etl status registries")


def _state(current: Snapshot | None, accepted: Accepted | None) -> str:
    if accepted is None:
        return "refused" if current else "nothing yet"
    return "accepted" if accepted.snapshot == current else "newest refused, earlier in use"


def datasets(catalogue: Catalogue) -> None:
    """List datasets and reference tables."""
    rows = [(d.id, d.title, ", ".join(d.unit_names)) for d in catalogue.datasets.values()]
    rows += [(t.id, t.title, "reference table") for t in catalogue.tables.values()]
    print_table("", ("dataset", "title", "units"), rows)


def checked(found: "Checked") -> None:
    """Show how the declarations fit the provider's structures."""
    rows = [(d, problem) for d, problems in found.problems.items() for problem in problems]
    fitting = sum(not problems for problems in found.problems.values())
    if rows:
        print_table("Declarations that do not fit", ("dataset", "Eurostat's structure"), rows)
    console.print(f"{fitting} of {len(found.problems)} datasets fit their declarations.")
    for sentence, ids in (
        ("Every filter fits, so the mark can be raised to verified", found.to_raise),
        ("A filter does not fit, so the mark has to be lowered", found.to_lower),
    ):
        if ids:
            console.print(f"{sentence}: {', '.join(ids)}.", soft_wrap=True)


def indicators(catalogue: Catalogue) -> None:
    """List indicators."""
    rows = [
        (i.id, i.title, i.unit, i.direction, i.status if i.measure else "not computed")
        for i in catalogue.indicators.values()
    ]
    print_table("", ("indicator", "title", "unit", "direction", "status"), rows)


def releases(url: str) -> None:
    """List releases."""
    rows = [
        (r["release_id"], r["as_of"][:19], r["origin"], r["figures"], r["channels"])
        for r in read.releases(url)
    ]
    print_table("", ("release", "first published", "origin", "figures", "current in"), rows)


def table_of(rows: pa.Table, limit: int) -> None:
    """Print the result of a query."""
    shown = rows.slice(0, limit).to_pylist()
    print_table("", rows.column_names, [tuple(row.values()) for row in shown])
    if rows.num_rows > limit:
        console.print(f"{limit} of {rows.num_rows} rows; more with --limit.")
