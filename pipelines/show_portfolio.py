"""What the command line prints of one region's cluster portfolio and its alignment.

Reads and prints; it changes nothing and decides nothing.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.console import console, print_table
from pipelines.show_registers import domain_names, need
from pipelines.workspace import Workspace
from s3etl.errors import Refused

TOP = 12


def _of(table: pa.Table, geo: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.filter(pc.equal(table.column("geo"), geo)).to_pylist()
    return rows


def _newest(tables: dict[str, pa.Table], geo: str) -> dict[str, pa.Table]:
    """Return the rows of the newest series that has the region, of tables that have series."""
    cells = _of(need(tables, "portfolio_cell"), geo)
    _, series = max(((c["ref_year"], c["source_dataset"]) for c in cells), default=(0, ""))
    return {
        name: table.filter(pc.equal(table.column("source_dataset"), series))
        for name, table in tables.items()
        if "source_dataset" in table.column_names
    }


def portfolio(work: Workspace, geo: str) -> None:
    """Show where a region is specialised, how surely, and what strategy and organisations say.

    Raises:
        Refused: The region is not in the portfolio.
        Unfit: There is no portfolio yet.
    """
    tables = _newest(work.store.block("portfolio"), geo)
    cells = _of(need(tables, "portfolio_cell"), geo)
    if not cells:
        raise Refused(f"{geo}: it is not in the portfolio; give a NUTS 2 code of NUTS 2024.")
    note = " (invented sample data)" if work.origin == "sample" else ""
    year = cells[0]["ref_year"]
    series = cells[0]["source_dataset"]
    console.print(f"[bold]Cluster portfolio of {geo}, {year}[/bold] ({series}){note}")
    hidden = sum(bool(cell["hidden_because"]) for cell in cells)
    console.print(
        f"{len(cells)} divisions of the market economy, {hidden} of them not shown (confidential, "
        "or they would give another away).\n",
        soft_wrap=True,
    )
    stars = {
        row["nace_r2"]: row
        for row in _of(need(tables, "portfolio_star"), geo)
        if row["rule_set"] == "default"
    }
    shown = [cell for cell in cells if cell["shrunk_lq"] is not None]
    shown.sort(key=lambda cell: -cell["shrunk_lq"])
    print_table(
        "Most specialised divisions (LQ*: the noise of small regions taken out)",
        (
            *("division", "persons", "share, %", "LQ", "LQ*", "5–95 %"),
            *("P(LQ* > 1.5)", "stars", "strong"),
        ),
        [
            (
                *(cell["nace_r2"], cell["employment"], round(100 * cell["share"], 2)),
                *(round(cell["location_quotient"], 2), cell["shrunk_lq"]),
                f"{cell['shrunk_low']:.2f}–{cell['shrunk_high']:.2f}",
                cell["p_specialised"],
                (star := stars.get(cell["nace_r2"])) and star["stars"],
                star and star["strong"],
            )
            for cell in shown[:TOP]
        ],
    )
    _hidden([cell for cell in cells if cell["hidden_because"]])
    _indicators(_of(need(tables, "portfolio_indicator"), geo))
    _map(_of(need(tables, "alignment_cell"), geo))
    _alignment(_of(need(tables, "alignment"), geo))


def _hidden(cells: list[dict[str, Any]]) -> None:
    """Name the divisions that have no figures: what a region is known for may be among them."""
    if not cells:
        return

    def persons(cell: dict[str, Any]) -> str | None:
        if cell["employment"] is not None:
            return f"{cell['employment']:,.0f}"
        low, high = cell["band_low"], cell["band_high"]
        if high is None:
            return f"{low:,.0f} or more" if low else None
        return f"{low:,.0f} to {high:,.0f}"

    print_table(
        "Not shown",
        ("division", "persons", "why"),
        [(cell["nace_r2"], persons(cell), cell["hidden_because"]) for cell in cells],
    )


def _indicators(rows: list[dict[str, Any]]) -> None:
    print_table(
        "Indicators",
        ("", "indicator", "value", "5–95 %", "rank", "ranks 5–95 %"),
        [
            (
                *(row["indicator_id"], row["title"], row["value"]),
                _between(row["interval_low"], row["interval_high"]),
                row["rank"] and f"{row['rank']} of {row['n_compared']}",
                _between(row["rank_low"], row["rank_high"]),
            )
            for row in rows
        ],
    )


def _between(low: Any, high: Any) -> str | None:
    return None if low is None or high is None else f"{low:g}–{high:g}"


def _map(rows: list[dict[str, Any]]) -> None:
    print_table(
        "Domains: priority, strength, organisation",
        ("domain", "priority", "strength", "organisations", "cell", "aspiration"),
        [
            (
                domain_names([row["domain"]])[0],
                *(row["priority"], row["strength"], row["organisations"], row["cell"]),
                row["aspiration"] if row["aspiration"] != "none" else None,
            )
            for row in rows
        ],
    )


def _alignment(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    weakest = rows[0]["weakest_link"]
    print_table(
        "Alignment of strategy, economy and organisations"
        + (f"; weakest link: {weakest}" if weakest else ""),
        ("", "figure", "value", "5–95 %", "why none"),
        [
            (
                *(row["indicator_id"], row["title"], row["value"]),
                _between(row["interval_low"], row["interval_high"]),
                row["missing_because"],
            )
            for row in rows
        ],
    )
