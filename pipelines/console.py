"""The terminal: how a value and a table are printed. It knows nothing of what they mean."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

console = Console(highlight=False)

NEVER_WRAPPED = 24
"""Cells up to this length are kept on one line; a longer word is cut over two."""
BETWEEN = 2
"""Blanks between columns."""


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
    texts = [[column, *(cell(row[i]) for row in rows)] for i, column in enumerate(columns)]
    widths = _widths(texts, console.width)
    table = Table(box=None)
    for i, column in enumerate(columns):
        numbers = any(isinstance(row[i], int | float) for row in rows)
        table.add_column(
            column, justify="right" if numbers else "left", overflow="fold", width=widths[i]
        )
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    # Wider than the terminal is bad, a number cut short without a mark is worse.
    needed = sum(widths) + BETWEEN * len(widths)
    wide = console if needed <= console.width else Console(highlight=False, width=needed)
    wide.print(table)
    console.print()


def _widths(texts: Sequence[Sequence[str]], available: int) -> list[int]:
    """Return the width of each column: its longest word at least, more where there is room."""
    least, most = [], []
    for column in texts:
        short = all(len(text) <= NEVER_WRAPPED for text in column)
        words = column if short else [word for text in column for word in text.split()]
        least.append(min(max(map(len, words), default=0), NEVER_WRAPPED))
        most.append(max(map(len, column)))
    spare = available - sum(least) - BETWEEN * len(least)
    while spare > 0 and least != most:
        wanting = [i for i, width in enumerate(least) if width < most[i]]
        narrowest = min(wanting, key=lambda i: (least[i] / most[i], i))
        least[narrowest] += 1
        spare -= 1
    return least
