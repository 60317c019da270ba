"""An opponent who knows every rule, reads every table, and goes through all medians there could be.

Used against tables of invented surveys only.
"""

import itertools
from collections import defaultdict

import numpy as np

from s3etl.stresstest.disclosure import pooled
from s3etl.stresstest.method import load_method
from s3etl.stresstest.questionnaire import load

PAIRS = np.array([(low, high) for low in range(5) for high in range(low, 5)])
"""The two middle answers of a group."""
SIGNS = {"providers higher": 1, "users higher": -1}
SIDES = {"P": 1, "I": 1, "C": -1, "B": -1, "R": 0}


def gap_of(medians):
    means = [
        np.mean(side, axis=0)
        for sign in (1, -1)
        if (side := [m for g, m in medians.items() if SIDES[g] == sign])
    ]
    return means[0] - means[1] if len(means) == 2 else None


def parities(cells):
    """Return for every group whether its answers are odd in number, as far as cells tell.

    The opponent knows by which rule groups are pooled, and how many answered in each cell.

    Args:
        cells: Value and answers by cell.

    Yields:
        Truths by group, one for each way there is.
    """
    alone = {cell: answers for cell, (_, answers) in cells.items() if len(cell) == 1}
    pool = next((cell.split("+") for cell in cells if len(cell) > 1), [])
    total = cells["+".join(pool)][1] if pool else 0
    shown = dict.fromkeys(pool, "+".join(pool)) | {g: g for g in alone}
    ways = set()
    for sizes in itertools.product(range(1, total + 1), repeat=len(pool)):
        every = alone | dict(zip(pool, sizes, strict=True))
        if sum(sizes) == total and pooled(every) == shown:
            ways.add(tuple(every[g] % 2 == 1 for g in sorted(every)))
    return [dict(zip(sorted(shown), way, strict=True)) for way in ways]


def solved(row, cells):
    """Return the medians of every group that agree with all that is published of an item.

    Args:
        row: Row of the item table.
        cells: Value and answers by cell, from the group table.
    """
    out = defaultdict(set)
    for odd in parities(cells):
        for group, found in _solved(row, cells, odd).items():
            out[group] |= found
    return out


def _solved(row, cells, odd):
    groups, possible = list(odd), []
    for group in groups:
        pairs = PAIRS[PAIRS[:, 0] == PAIRS[:, 1]] if odd[group] else PAIRS
        if group in cells:
            pairs = pairs[12.5 * pairs.sum(axis=1) == cells[group][0]]
        possible.append(pairs)
    places = np.indices([len(p) for p in possible]).reshape(len(groups), -1)
    chosen = np.stack([p[at] for p, at in zip(possible, places, strict=True)])
    asks = load().by_id[row["indicator_id"]].evidence == "d"
    cap = 2 if asks and row["evidence_grade"] < 2 else 4
    capped, raw = (12.5 * np.minimum(chosen, top).sum(axis=-1) for top in (cap, 4))
    medians = dict(zip(groups, raw, strict=True))
    claims = [
        (row["value"], capped.mean(axis=0)),
        (row["value_raw"], raw.mean(axis=0)),
        (row["perception_gap"], gap_of(medians)),
        (row["perception_range"], np.ptp(raw, axis=0)),
    ]
    claims += [
        (value, np.mean([medians[g] for g in cell.split("+")], axis=0))
        for cell, (value, _) in cells.items()
    ]
    agrees = np.ones(raw.shape[1], bool)
    for said, truth in claims:
        if said is not None:
            agrees &= np.abs(said - truth) < 1e-3
    if row["perception_flag"] in SIGNS:
        agrees &= SIGNS[row["perception_flag"]] * gap_of(medians) >= load_method().flag_gap
    return {group: set(of[agrees].tolist()) for group, of in medians.items()}
