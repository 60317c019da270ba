"""A release candidate: everything that is up to date, with what it does without.

Collects what the stages left; nothing is computed or published here.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines import blocks, stages
from pipelines.workspace import Workspace
from s3etl.domains.records import concordance_table, domain_sets
from s3etl.errors import Unfit
from s3etl.files import identity
from s3etl.nuts.recipes import recipes
from s3etl.nuts.tables import NAMES
from s3etl.records import LeftOut, dump
from warehouse import tables
from warehouse.store import Accepted

COUNTED: Final = {"register_quality", "register_completeness", "unmapped_label", "participation"}
"""Tables that hold counts only, so that every register may be in them."""


class Candidate(NamedTuple):
    """A release candidate and what it does without."""

    folder: Path
    indicators: int
    figures: int
    left_out: tuple[LeftOut, ...]


def build_candidate(work: Workspace) -> Candidate:
    """Put every indicator whose figures are up to date into a release candidate.

    Figures computed from data or code that is no longer the accepted one are left out and
    named, never passed on.

    Raises:
        Unfit: No indicator has figures.
    """
    ready: dict[str, str] = {}
    left_out: list[LeftOut] = [
        LeftOut(stage="figures", subject=i.id, reason=f"{i.id}: {i.not_computed}")
        for i in work.catalogue.indicators.values()
        if i.not_computed
    ]
    for indicator in work.catalogue.computed:
        try:
            inputs = stages.inputs_of(work, indicator)
        except Unfit as error:
            left_out.append(LeftOut(stage="figures", subject=indicator, reason=str(error)))
            continue
        figures = work.store.figures(indicator)
        if figures is None or figures.identity != stages.figures_identity(work, indicator, inputs):
            reason = f"{indicator}: its figures are not up to date; run s3etl run."
            left_out.append(LeftOut(stage="figures", subject=indicator, reason=reason))
            continue
        if not pq.read_metadata(figures.folder / "figures.parquet").num_rows:
            reason = f"{indicator}: the accepted data have none of its series."
            left_out.append(LeftOut(stage="figures", subject=indicator, reason=reason))
            continue
        ready[indicator] = stages.compute_benchmark(work, indicator).identity
    if not ready:
        raise Unfit(
            "release: no indicator has figures, so there is nothing to release; "
            "see s3etl status for what was refused."
        )
    names = work.store.accepted(stages.NUTS_NAMES)
    current = _blocks(work, left_out)
    name = identity(
        "candidate",
        work.origin,
        ready,
        names and names.identity,
        current,
        [str(share) for chosen in domain_sets().values() for share in chosen.shares],
        [dump(x) for x in left_out],
    )
    known = work.store.root / "candidates" / name / "benchmark.parquet"
    if known.exists():
        folder = work.store.put_candidate(name, {}, {})
    else:
        folder = work.store.put_candidate(name, *_candidate(work, ready, current, left_out))
    rows = pq.read_metadata(folder / "benchmark.parquet").num_rows
    return Candidate(folder, len(ready), rows, tuple(left_out))


def _blocks(work: Workspace, left_out: list[LeftOut]) -> dict[str, str]:
    """Return the identity of each block that is up to date, and say what is not in it."""
    current = {}
    for block in blocks.BLOCKS:
        try:
            inputs = blocks.inputs_of(work, block)
            wanted = blocks.identity_of(work, block, inputs)
        except Unfit as error:
            left_out.append(LeftOut(stage="figures", subject=block, reason=str(error)))
            continue
        if work.store.block_identity(block) != wanted:
            reason = f"{block}: its tables are not up to date; run s3etl run."
            left_out.append(LeftOut(stage="figures", subject=block, reason=reason))
            continue
        current[block] = wanted
        for series in blocks.absent(work, block):
            reason = f"{series}: it has no accepted data that can be used, so {block} lacks it."
            left_out.append(LeftOut(stage="figures", subject=series, reason=reason))
        for register in inputs.registers:
            declared = work.catalogue.registers[register]
            if not declared.redistribute and declared.provider != "survey":
                reason = f"{register}: its records are counted and not published one by one."
                left_out.append(LeftOut(stage="release", subject=register, reason=reason))
    return current


def _block_tables(work: Workspace, current: dict[str, str]) -> dict[str, pa.Table]:
    """Return the tables of the blocks, without records that may not be passed on."""
    open_ = {r.id for r in work.catalogue.registers.values() if r.redistribute}
    out = {}
    for block, declared in blocks.BLOCKS.items():
        found = work.store.block(block) if block in current else {}
        for name, schema in declared.tables.items():
            if name not in tables.metadata.tables:
                continue  # for review at home
            table = found.get(name, schema.empty_table())
            for column in () if name in COUNTED else ("register", "register_a", "register_b"):
                if column in table.column_names:
                    table = table.filter(pc.is_in(table.column(column), pa.array(sorted(open_))))
            out[name] = table
    return out


def _candidate(
    work: Workspace, ready: dict[str, str], current: dict[str, str], left_out: list[LeftOut]
) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Collect the tables and the manifest of a candidate."""
    figures = {i: f for i in ready if (f := work.store.figures(i)) is not None}
    folders = {i: work.store.benchmark_folder(i, name) for i, name in ready.items()}
    snapshots = {s.dataset: s for f in figures.values() for s in f.snapshots.values()}
    verdicts = {}
    for figure in figures.values():
        for dataset, core in figure.inputs.items():
            verdicts[dataset] = work.store.verdict(dataset, core)
    read = {block: _read(work, block) for block in current}
    for accepted_by in read.values():
        for source, accepted in accepted_by.items():
            snapshots[source], verdicts[source] = accepted.snapshot, accepted.verdict
    collected = {
        "benchmark": pa.concat_tables(
            pq.read_table(f / "benchmark.parquet") for f in folders.values()
        ),
        "norm": pa.concat_tables(pq.read_table(f / "norms.parquet") for f in folders.values()),
        "lineage": pa.concat_tables(
            pq.read_table(f.folder / "lineage.parquet") for f in figures.values()
        ),
        "indicator": _table(
            "indicator", [_indicator_row(work, i, f.identity) for i, f in figures.items()]
        ),
        "snapshot": _table(
            "snapshot",
            [
                {
                    **dump(s),
                    "citation": work.catalogue.sources[d].citation,
                    "licence": work.catalogue.sources[d].licence,
                }
                for d, s in sorted(snapshots.items())
            ],
        ),
        "block_input": _table("block_input", _block_inputs(read)),
        "verdict": _table(
            "verdict",
            [
                {
                    "dataset": v.dataset,
                    "snapshot": v.snapshot,
                    "rows": v.rows,
                    "quarantined": v.quarantined,
                    "warnings": v.warnings,
                }
                for _, v in sorted(verdicts.items())
                if v is not None
            ],
        ),
        "region": _names(work),
        "conversion": recipes(
            work.store.observations(stages.NUTS_CODES),
            work.store.observations(stages.NUTS_MATRICES),
        ),
        **_block_tables(work, current),
        "concordance": pa.concat_tables(map(concordance_table, domain_sets().values())),
        "left_out": _table("left_out", [dump(x) for x in left_out]),
    }
    manifest = {
        "origin": work.origin,
        "method_version": work.catalogue.method.version,
        "software_version": version("s3etl"),
        "indicators": ready,
        "blocks": current,
        "verdicts": [
            {"dataset": d, "accepted": v is not None and v.accepted} for d, v in verdicts.items()
        ],
    }
    return collected, manifest


def _read(work: Workspace, block: str) -> dict[str, Accepted]:
    """Return what a block itself reads: registers, datasets, also those of ranks, and tables."""
    inputs = blocks.inputs_of(work, block)
    behind = {d for i in inputs.ranked for d in work.catalogue.indicators[i].datasets}
    behind |= {stages.NUTS_CODES, stages.NUTS_MATRICES} if inputs.ranked else set()
    found = {d: accepted for d in behind if (accepted := work.store.accepted(d)) is not None}
    return {**inputs.registers, **inputs.tables, **found}


def _block_inputs(read: Mapping[str, Mapping[str, Accepted]]) -> list[dict[str, object]]:
    """Return the rows of ``block_input``: what each block reads, and those before it."""

    def before(block: str) -> set[str]:
        earlier = set(blocks.BLOCKS[block].after) & read.keys()
        return earlier.union(*(before(other) for other in earlier))

    return [
        {"block": block, "read_by": by, "dataset": source, "snapshot": accepted.snapshot.sha256}
        for block in read
        for by in sorted({block} | before(block))
        for source, accepted in sorted(read[by].items())
    ]


def _names(work: Workspace) -> pa.Table:
    """Return the names of regions, none if there are no accepted ones."""
    if work.store.accepted(stages.NUTS_NAMES) is None:
        return NAMES.empty_table()
    return work.store.observations(stages.NUTS_NAMES)


def _indicator_row(work: Workspace, indicator: str, figures: str) -> dict[str, object]:
    declared = dump(work.catalogue.indicators[indicator])
    row = {c.name: declared.get(c.name) for c in tables.indicator.c if c.name != "release_id"}
    row["indicator_id"] = indicator
    row["declaration"] = json.dumps(declared)
    row["figures_hash"] = figures
    return row


def _table(name: str, rows: list[dict[str, object]]) -> pa.Table:
    """Return rows as the columns of a published table."""
    published = tables.metadata.tables[name]
    kinds = {"VARCHAR": pa.string(), "BOOLEAN": pa.bool_()}
    schema = pa.schema(
        [
            (c.name, kinds.get(str(c.type), pa.int64()))
            for c in published.c
            if c.name != "release_id"
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)
