"""The 88 divisions of NACE Rev. 2, the level at which regions are known.

Codes only: no labels, no other revision and no weights.
"""

from typing import Final

DIVISIONS: Final = tuple(
    f"{number:02}"
    for first, last in (
        (1, 3),
        (5, 33),
        (35, 39),
        (41, 43),
        (45, 47),
        (49, 53),
        (55, 56),
        (58, 66),
        (68, 75),
        (77, 82),
        (84, 88),
        (90, 99),
    )
    for number in range(first, last + 1)
)
"""Division codes of NACE Rev. 2 (Regulation (EC) 1893/2006), in order."""
