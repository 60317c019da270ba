"""What to do next: evidence to gather, dialogue to hold, practice to take over (methodology 2.8).

Arrays of one wave in, a table of :data:`s3etl.stresstest.tables.ACTIONS` out. Every action rests
on figures of the other tables; none is thought up here.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.stresstest.assessment import Assessment
from s3etl.stresstest.beside import Beside, practices_of
from s3etl.stresstest.columns import table, where_of
from s3etl.stresstest.item_tables import BASES
from s3etl.stresstest.questionnaire import Item, Questionnaire, score_of
from s3etl.stresstest.survey import Bools, Floats, Ints
from s3etl.stresstest.tables import ACTIONS
from s3etl.stresstest.teacher_table import documented_items

KINDS: Final = ("evidence", "dialogue", "transfer")
EVIDENCE, DIALOGUE, TRANSFER = range(3)


class Candidates(NamedTuple):
    """Actions that are called for, by survey and priority; each of A.

    Attributes:
        unit: Place of the survey.
        item: Place of the item.
        kind: Place in :data:`KINDS`.
        priority: v_i · gap; NaN where no gap is known: such actions come last.
        gap: Gap to peers, else to frontrunners.
        by_peers: Whether it is to peers.
        pair: Of a transfer the place of the teacher among the pairs; -1 of others.
        place: 1 for the first.
    """

    unit: Ints
    item: Ints
    kind: Ints
    priority: Floats
    gap: Floats
    by_peers: Bools
    pair: Ints
    place: Ints


def candidates(of: Assessment) -> Candidates:
    """Find what each region is called to do.

    Evidence where the cap lowers the score, or may and that is not told; dialogue where a
    perception gap is flagged and may be told; transfer where peers, else frontrunners, are 25
    points ahead on the item and there is a teacher in its dimension: the best match that is ahead
    on the item as well, or the best.
    """
    score = of.items.score
    peer, front = of.of_items.peers - score, of.of_items.front_value - score
    by_peers: Bools = np.asarray(np.isfinite(peer))
    gap = np.where(by_peers, peer, front)
    teacher = _teachers(of)
    called = np.stack(
        [
            of.lowered,
            of.items.scored & of.perception.flagged & of.shown.gap,
            (gap >= of.method.transfer_gap - 1e-9) & (teacher >= 0),
        ],
        axis=-1,
    )
    unit, item, kind = np.nonzero(called)
    priority = of.plan.weight[item] * gap[unit, item]
    key = np.where(np.isnan(priority), np.inf, -np.round(priority, 9))
    order = np.lexsort((item, kind, key, unit))
    unit, item, kind = unit[order], item[order], kind[order]
    first = np.searchsorted(unit, unit, side="left")
    return Candidates(
        unit=unit,
        item=item,
        kind=kind,
        priority=priority[order],
        gap=gap[unit, item],
        by_peers=by_peers[unit, item],
        pair=np.where(kind == TRANSFER, teacher[unit, item], -1),
        place=np.arange(len(unit)) - first + 1,
    )


def _teachers(of: Assessment) -> Ints:
    """Return the pair from which each region learns an item, U × I; -1 without a teacher."""
    pairs, score = of.pairs, of.items.score
    out = np.full(score.shape, -1)
    if not len(pairs.learner):
        return out
    inside = of.plan.dimension == pairs.subject[:, None]  # P × I
    ahead = score[pairs.teacher] > score[pairs.learner]
    for chosen in (inside, inside & ahead):  # those ahead on the item overwrite the others
        pair, item = np.nonzero(chosen)
        last_first = np.lexsort((-pairs.place[pair],))
        pair, item = pair[last_first], item[last_first]
        out[pairs.learner[pair], item] = pair
    return out


def action_table(of: Assessment, questionnaire: Questionnaire, beside: Beside) -> pa.Table:
    """Return the actions of one wave, each with its reason in figures."""
    found, pairs = candidates(of), of.pairs
    unit, item = found.unit, found.item
    if not len(unit):
        return ACTIONS.empty_table()
    transfer = found.pair >= 0
    at = found.pair[transfer]
    dimension = of.plan.dimension[item]
    teacher, documents, practices = (np.full(len(unit), "", object) for _ in range(3))
    theirs, likely = np.full(len(unit), np.nan), np.full(len(unit), np.nan)
    teacher[transfer] = of.survey.geo[pairs.teacher[at]]
    theirs[transfer] = of.scores.dimension.score[pairs.teacher[at], pairs.subject[at]]
    likely[transfer] = pairs.probability[at]
    documents[transfer] = documented_items(of)[pairs.teacher[at], pairs.subject[at]]
    known = practices_of(beside.practices)
    codes = np.array(of.plan.dimensions, object)
    keys = zip(teacher.tolist(), codes[dimension].tolist(), strict=True)
    practices[:] = [known.get(key, "") for key in keys]
    dialogue = found.kind == DIALOGUE
    side = np.where(of.perception.gap[unit, item] > 0, "providers higher", "users higher")
    items = [questionnaire.items[i] for i in item]
    columns: dict[str, Any] = {
        name: column[unit] if isinstance(column, np.ndarray) else column
        for name, column in where_of(of, 1).items()
    }
    columns |= {
        "place": found.place,
        "kind": np.array(KINDS)[found.kind],
        "indicator_id": np.array([i.id for i in items], object),
        "title": np.array([i.text for i in items], object),
        "dimension": codes[dimension],
        "interplay": of.plan.direction[item],
        "priority": found.priority,
        "gap": found.gap,
        "gap_basis": np.where(
            np.isnan(found.gap), "", np.where(found.by_peers, "peers", BASES[int(of.quantiles)])
        ),
        "value": of.items.score[unit, item],
        "value_raw": np.where(of.shown.raw, of.items.raw, np.nan)[unit, item],
        "perception_gap": np.where(dialogue, of.perception.gap[unit, item], np.nan),
        "perception_flag": np.where(dialogue, side, ""),
        "teacher": teacher,
        "teacher_value": theirs,
        "probability": likely,
        "evidence_items": documents,
        "practices": practices,
        "cpr": np.array([_criteria(i, k) for i, k in zip(items, found.kind, strict=True)], object),
    }
    columns["reason"] = _reasons(of, found, columns)
    return table(ACTIONS, (len(unit),), columns)


def _criteria(item: Item, kind: int) -> str:
    return "; ".join(map(str, item.cpr)) if kind == EVIDENCE else ""


def _reasons(of: Assessment, found: Candidates, columns: dict[str, Any]) -> NDArray[np.object_]:
    """Return one sentence for each action."""
    out = np.full(len(found.unit), "", object)
    mine = of.scores.dimension.score[found.unit, of.plan.dimension[found.item]]
    for row, kind in enumerate(found.kind.tolist()):
        of_row = {name: c[row] for name, c in columns.items() if isinstance(c, np.ndarray)}
        if kind == EVIDENCE:
            raw = of_row["value_raw"]
            given = f"Answers give {raw:.1f} points, but the" if np.isfinite(raw) else "The"
            out[row] = (
                f"{given} score is {of_row['value']:.1f}: without a document of grade "
                f"{of.method.documented} or better no answer counts above "
                f"{score_of(of.method.cap):.0f}."
            )
        elif kind == DIALOGUE:
            size = f"{abs(of_row['perception_gap']):.1f}"
            ahead, behind = ("Providers", "users")
            if of_row["perception_flag"] == "users higher":
                ahead, behind = ("Users", "providers")
            out[row] = f"{ahead} rate it {size} points higher than {behind}."
        else:
            out[row] = (
                f"{of_row['gap_basis'].capitalize()} are {of_row['gap']:.1f} points ahead; "
                f"{of_row['teacher']} has {of_row['teacher_value']:.1f} in {of_row['dimension']}, "
                f"here it is {mine[row]:.1f} "
                f"(ahead in {100 * of_row['probability']:.0f} % of draws)."
            )
    return out
