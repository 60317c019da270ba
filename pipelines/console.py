"""The terminal: how a value and a table are printed. It knows nothing of what they mean."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

console = Console(highlight=False)

NEVER_WRAPPED = 24
"""Cells up to this length are kept on one line."""


def cell(value: Any) -> str:
    """Return a value as people read it; a missing one is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return escape(str(value))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under their column names; numbers stand to the right."""
    if title:
        console.print(f"[bold]{escape(title)}[/bold]", soft_wrap=True)
    table = Table(box=None)
    for i, column in enumerate(columns):
        numbers = any(isinstance(row[i], int | float) for row in rows)
        short = all(len(cell(row[i])) <= NEVER_WRAPPED for row in rows)
        table.add_column(
            column, justify="right" if numbers else "left", overflow="fold", no_wrap=short
        )
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    # Wider than the terminal is bad, a number cut short without a mark is worse.
    options = console.options.update(max_width=10_000)
    needed = Measurement.get(console, options, table).minimum
    wide = console if needed <= console.width else Console(highlight=False, width=needed)
    wide.print(table)
    console.print()
