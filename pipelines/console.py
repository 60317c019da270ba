"""The terminal: how a value and a table are printed. It knows nothing of what they mean."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

console = Console(highlight=False)

NEVER_WRAPPED = 24
"""Cells up to this length are kept on one line."""
LONGEST_WORD = 24
"""A longer word is cut over two lines."""


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
    needed = 0
    for i, column in enumerate(columns):
        cells = [cell(row[i]) for row in rows]
        short = all(len(text) <= NEVER_WRAPPED for text in cells)
        words = [*column.split(), *(cells if short else (w for c in cells for w in c.split()))]
        least = min(max((len(word) for word in words), default=0), LONGEST_WORD)
        numbers = any(isinstance(row[i], int | float) for row in rows)
        table.add_column(
            column,
            justify="right" if numbers else "left",
            overflow="fold",
            no_wrap=short,
            min_width=least,
        )
        needed += least + 2
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    # Wider than the terminal is bad, a number cut short without a mark is worse.
    wide = console if needed <= console.width else Console(highlight=False, width=needed)
    wide.print(table)
    console.print()
