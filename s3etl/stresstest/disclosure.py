"""Which groups of respondents may be shown by themselves (methodology 2.4-10).

Counts in, cells to show out; it is used for the number of respondents and for medians alike.
No answer is read here.
"""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from s3etl.stresstest.answers import usable

MINIMUM: Final = 3
"""Fewest respondents of a cell that is shown."""
ORDER: Final = "PICBR"
WITHHELD: Final = ""
"""Cell of a group that is not shown at all."""
ALL: Final = "all"
"""Group of the one row of a region that is withheld: which groups answered is not told either."""
POOLED_REASON: Final = "pooled so that no group of fewer than three is shown"
WITHHELD_REASON: Final = "withheld: fewer than three respondents in all"

_FIELDS: Final = (
    ("region", pa.string(), "region code"),
    ("wave", pa.int16(), "year of the survey wave"),
    ("respondent_group", pa.string(), "group of respondents; all where everything is withheld"),
    ("respondents", pa.int32(), "respondents of the cell in shown_as; null where withheld"),
    ("shown_as", pa.string(), "the group itself or the pool it is in, such as B+R"),
    ("reason", pa.string(), "why the group is not shown by itself; empty if it is"),
)
PARTICIPATION: Final = pa.schema([pa.field(n, t, metadata={"is": m}) for n, t, m in _FIELDS])
"""Contract of the participation table; several groups may name the same cell."""

PARTICIPATION_KEY: Final = ("region", "wave", "respondent_group")


def pooled(counts: Mapping[str, int]) -> dict[str, str]:
    """Return the cell each group is shown in (methodology 2.4-10).

    Groups of three or more stand by themselves. Smaller ones are pooled. A pool of one group,
    or of fewer than three respondents, would give the small group away, since totals and item
    scores are published: then the smallest of the other groups joins it, so that what can be
    solved for is never less than two groups together.

    Args:
        counts: Respondents, or valid answers to one item, by group; groups with none have no
            cell.

    Returns:
        By group its own letter, the letters of its pool joined by ``+``, or ``WITHHELD``
        where there are fewer than three in all.

    Raises:
        ValueError: A group is unknown or a count negative.
    """
    if any(group not in ORDER or n < 0 for group, n in counts.items()):
        raise ValueError(f"counts are of the groups {ORDER}, and 0 or more")
    present = [group for group in ORDER if counts.get(group, 0) > 0]
    large = sorted((g for g in present if counts[g] >= MINIMUM), key=lambda g: counts[g])
    pool = [group for group in present if counts[group] < MINIMUM]
    while pool and large and (len(pool) < 2 or sum(counts[g] for g in pool) < MINIMUM):
        pool.append(large.pop(0))
    cell = "+".join(group for group in ORDER if group in pool)
    if sum(counts[group] for group in pool) < MINIMUM:
        cell = WITHHELD
    return {group: cell if group in pool else group for group in present}


def participation(answers: pa.Table) -> pa.Table:
    """Count the respondents of each region and wave, as far as they may be shown.

    A respondent counts with at least one usable row, DK and NA included.

    Args:
        answers: Table of ``s3etl.stresstest.answers.ANSWERS``.

    Returns:
        Table of ``PARTICIPATION``, in order of region, wave and group. Groups nobody answered
        for have no row.
    """
    people = usable(answers).group_by(["region", "wave", "group", "respondent"]).aggregate([])
    grouped = people.group_by(["region", "wave", "group"]).aggregate([([], "count_all")])
    counts: dict[tuple[str, int], dict[str, int]] = {}
    for row in grouped.to_pylist():
        counts.setdefault((row["region"], row["wave"]), {})[row["group"]] = row["count_all"]
    rows: list[dict[str, object]] = []
    for (region, wave), here in sorted(counts.items()):
        place = {"region": region, "wave": wave}
        rows.extend(place | cell for cell in _cells(here))
    return pa.Table.from_pylist(rows, schema=PARTICIPATION)


def _cells(counts: Mapping[str, int]) -> list[dict[str, object]]:
    shown = pooled(counts)
    if WITHHELD in shown.values():  # then nothing else is there
        return [
            {
                "respondent_group": ALL,
                "respondents": None,
                "shown_as": WITHHELD,
                "reason": WITHHELD_REASON,
            }
        ]
    totals: dict[str, int] = {}
    for group, cell in shown.items():
        totals[cell] = totals.get(cell, 0) + counts[group]
    return [
        {
            "respondent_group": group,
            "respondents": totals[cell],
            "shown_as": cell,
            "reason": "" if cell == group else POOLED_REASON,
        }
        for group, cell in shown.items()
    ]
