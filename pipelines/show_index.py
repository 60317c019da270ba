"""What the command line prints of a composite index: the ranking, or one region's place in it.

Reads and prints; it changes nothing and decides nothing.
"""

from collections import defaultdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.console import console, print_table
from pipelines.show_registers import need
from pipelines.workspace import Workspace
from s3etl.benchmark.comparison import load_comparison
from s3etl.benchmark.declaration import load_composites
from s3etl.errors import Refused

Row = dict[str, Any]


def index(work: Workspace, geo: str | None, *, name: str, top: int) -> None:
    """Show who stands where in an index, how surely, and what the order hangs on.

    Args:
        work: The workspace.
        geo: A region, to show its place only.
        name: The declared composite.
        top: Regions to show without one.

    Raises:
        Refused: There is no such index, or the region is not in it.
        Unfit: It has not been computed yet.
    """
    declared = load_composites()
    if name not in declared:
        raise Refused(f"{name}: no such index; declared are {', '.join(sorted(declared))}.")
    tables = {
        key: table.filter(pc.equal(table.column("index_id"), name))
        for key, table in work.store.block("index").items()
    }
    scores = need(tables, "index_score")
    titles = {code: part.title or code for code, part in declared[name].aggregates.items()}
    whole = declared[name].index
    note = " (invented sample data)" if work.origin == "sample" else ""
    ranked = scores.filter(pc.and_(pc.equal(scores["node"], whole), scores["rankable"]))
    newest = pc.max((ranked if len(ranked) else scores)["ref_year"]).as_py()
    if newest is None:
        console.print(f"[bold]{declared[name].title}[/bold]{note}\n")
        _members(tables["index_member"].to_pylist(), titles)
        return
    console.print(f"[bold]{declared[name].title}, {newest}[/bold]{note}")
    _members(tables["index_member"].to_pylist(), titles)
    of_year = _where(scores, ref_year=newest)
    robust = {(r["node"], r["geo"]): r for r in _where(tables["index_robustness"], ref_year=newest)}
    if geo is None:
        _ranking([r for r in of_year if r["node"] == whole], robust, top)
        _effects(_where(tables["index_sensitivity"], ref_year=newest), None)
        return
    mine = [r for r in of_year if r["geo"] == geo and r["level"] > 1]
    if not mine:
        raise Refused(f"{geo}: it has no score in {newest}; give a NUTS 2 code of NUTS 2024.")
    _profile(sorted(mine, key=lambda r: (-r["level"], r["node"])), robust, titles)
    _gap(_where(tables["index_gap"], geo=geo, ref_year=newest), titles)
    _effects(_where(tables["index_sensitivity"], ref_year=newest), geo)


def _where(table: pa.Table, **wanted: Any) -> list[Row]:
    for name, value in wanted.items():
        table = table.filter(pc.equal(table.column(name), value))
    rows: list[Row] = table.to_pylist()
    return rows


def _members(rows: list[Row], titles: dict[str, str]) -> None:
    parts = {False: [r for r in rows if r["node"] not in titles], True: []}
    parts[True] = [r for r in rows if r["node"] in titles]
    told = [
        f"{sum(r['takes_part'] for r in of)} of {len(of)} {what}"
        for of, what in ((parts[False], "indicators"), (parts[True], "pillars"))
    ]
    console.print(f"{' in '.join(told)} take part. Left out:")
    why: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if not row["takes_part"]:
            why[row["left_out_because"]].append(row["node"])
    for reason, nodes in why.items():
        console.print(f"- {', '.join(nodes)}: {reason}.", soft_wrap=True)
    console.print()


def _ranking(rows: list[Row], robust: dict[tuple[str, str], Row], top: int) -> None:
    placed = sorted((r for r in rows if r["rank"] is not None), key=lambda r: (r["rank"], r["geo"]))
    print_table(
        f"Ranks, with their 5–95 % intervals over all choices that could be made otherwise "
        f"({len(placed)} regions)",
        ("rank", "5–95 %", "badge", "region", "score", "5–95 %", "imputed"),
        [
            (
                *(row["rank"], f"{row['rank_low']}–{row['rank_high']}"),
                *(robust[row["node"], row["geo"]]["badge"], row["geo"], f"{row['value']:.1f}"),
                *(_span(row), f"{row['imputed_share']:.0%}"),
            )
            for row in placed[:top]
        ],
    )
    console.print(
        "Badge: the interval spans at most 10 % (A) or 25 % (B) of the regions, or more (C)."
    )
    without = [r for r in rows if r["rank"] is None and r["value"] is not None]
    if without:
        console.print(
            f"Scored and not ranked are {', '.join(sorted(r['geo'] for r in without))}: "
            f"{'; '.join(sorted({str(r['not_rankable_because']) for r in without}))}.",
            soft_wrap=True,
        )
    console.print()


def _profile(rows: list[Row], robust: dict[tuple[str, str], Row], titles: dict[str, str]) -> None:
    print_table(
        "",
        ("", "score", "5–95 %", "rank", "5–95 %", "badge", "likely fifth", "not ranked because"),
        [_standing(row, robust.get((row["node"], row["geo"])), titles) for row in rows],
    )


def _standing(row: Row, doubt: Row | None, titles: dict[str, str]) -> tuple[Any, ...]:
    score = None if row["value"] is None else f"{row['value']:.1f}"
    first = titles[row["node"]], score, _span(row)
    if doubt is None:
        return (*first, None, None, None, None, row["not_rankable_because"])
    return (
        *first,
        f"{row['rank']} of {row['n_compared']}",
        f"{row['rank_low']}–{row['rank_high']}",
        doubt["badge"],
        f"{doubt['rank_group']} ({doubt['p_rank_group']:.0%})",
        None,
    )


def _span(row: Row) -> str | None:
    low, high = row["interval_low"], row["interval_high"]
    return None if low is None else f"{low:.1f}–{high:.1f}"


def _gap(rows: list[Row], titles: dict[str, str]) -> None:
    if not rows or rows[0]["front"] == rows[0]["geo"]:
        return
    rows = sorted(rows, key=lambda r: -r["value"])
    front, sure, least = rows[0]["front"], rows[0]["p_ahead"], load_comparison().apart
    if sure < least:  # a difference is stated only if it is sure enough (methodology 8, step 7)
        console.print(
            f"No gap to {front}, the first, is told: it is ahead in {sure:.0%} of the runs, and "
            f"{least:.0%} are needed.\n",
            soft_wrap=True,
        )
        return
    print_table(
        f"What the gap of {rows[0]['gap']:.1f} points to {front} is made of",
        ("indicator", "pillar", "points"),
        [(row["part"], titles[row["pillar"]], f"{row['value']:+.1f}") for row in rows],
    )


def _effects(rows: list[Row], geo: str | None) -> None:
    own = [r for r in rows if r["geo"] == geo and r["total"] is not None]
    if not own:
        return
    what = "the ranks" if geo is None else f"the rank of {geo}"
    print_table(
        f"What moves {what}: shares of the variance (Sobol)",
        ("choice", "by itself", "with others", "5–95 %"),
        [
            (
                *(row["factor"].replace("_", " "), f"{max(row['first'], 0):.2f}"),
                *(f"{row['total']:.2f}", f"{row['total_low']:.2f}–{row['total_high']:.2f}"),
            )
            for row in sorted(own, key=lambda r: -r["total"])
        ],
    )
