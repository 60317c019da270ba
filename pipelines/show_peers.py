"""What the command line prints of one region's reference regions and its gaps.

Reads and prints; it changes nothing and decides nothing.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.console import console, print_table
from pipelines.show_registers import need
from pipelines.workspace import Workspace
from s3etl.errors import Refused
from s3etl.peers.tables import ABROAD, ALL


def _where(table: pa.Table, **wanted: str) -> list[dict[str, Any]]:
    for name, value in wanted.items():
        table = table.filter(pc.equal(table.column(name), value))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def peers(work: Workspace, geo: str, *, abroad: bool) -> None:
    """Show the reference regions of a region, and its gaps against all and against them.

    Raises:
        Refused: The region has no structural data at all.
        Unfit: There are no reference regions yet.
    """
    tables = work.store.block("peers")
    scope = ABROAD if abroad else ALL
    rows = _where(need(tables, "reference_region"), geo=geo, scope=scope)
    if not rows:
        raise Refused(f"{geo}: nothing is known of its structure; give a NUTS 2 code of NUTS 2024.")
    note = " (invented sample data)" if work.origin == "sample" else ""
    console.print(f"[bold]Reference regions of {geo}, {scope}[/bold]{note}")
    (of,) = _where(need(tables, "reference_set"), scope=scope)
    console.print(f"{of['variant']}. Without {of['left_out']}.", soft_wrap=True)
    if rows[0]["missing_because"]:
        console.print(f"{geo} has none: {rows[0]['missing_because']}.\n", soft_wrap=True)
    else:
        _references(rows, of)
    _gaps(_where(need(tables, "gap"), geo=geo))


def _references(rows: list[dict[str, Any]], of: dict[str, Any]) -> None:
    if of["near"] is not None:
        fit = "like" if of["plausible"] else "not like"
        console.print(
            f"Reference regions are {of['near']:.3f} apart in the median (5–95 %: "
            f"{of['near_low']:.3f}–{of['near_high']:.3f}), {fit} those of the published tool.\n",
            soft_wrap=True,
        )
    print_table(
        "Nearest in structure",
        ("", "region", "distance", "similarity", "share of draws", "standing", "same country"),
        [
            (
                *(row["place"], row["reference"], f"{row['distance']:.4f}"),
                *(f"{row['similarity']:.2f}", f"{row['stability']:.2f}", row["standing"]),
                "yes" if row["same_country"] else None,
            )
            for row in rows
        ],
    )


def _gaps(rows: list[dict[str, Any]]) -> None:
    print_table(
        "Gaps, in the indicator's unit: to the frontrunners = structural + catch-up",
        (
            *("indicator", "year", "value", "gap", "structural", "catch-up"),
            *("fifth", "tied group", "group"),
        ),
        [
            (
                *(row["indicator_id"], row["ref_year"], _short(row["value"])),
                _short(row["frontrunner_gap"]),
                *(_short(row["structural_gap"]), _short(row["catch_up_gap"])),
                *(row["band"], row["tied_group"], row["performance_group"]),
            )
            for row in rows
        ],
    )


def _short(value: float | None) -> str | None:
    return None if value is None else f"{value:,.4g}"
