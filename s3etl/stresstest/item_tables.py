"""Items and groups as published tables: what may be shown of each item, and why the rest may not.

No score is computed here.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from s3etl.stresstest.assessment import Assessment
from s3etl.stresstest.bootstrap import bounds
from s3etl.stresstest.columns import Column, joined, outwards, quality, table, where_of
from s3etl.stresstest.disclosure import MINIMUM, POOLED_REASON, WITHHELD_REASON
from s3etl.stresstest.questionnaire import Questionnaire
from s3etl.stresstest.survey import GROUPS, Bools, Ints
from s3etl.stresstest.tables import GROUPS as GROUP_TABLE
from s3etl.stresstest.tables import ITEMS, UNIT

BASES = ("named comparators", "frontrunners")
UNTOLD = f"{POOLED_REASON}; without value, since only the capped score is shown"
WITHHELD_INTERVAL = "withheld"
TOLD = "they would tell what a group of fewer than three said"


def _replies(of: Assessment) -> tuple[Ints, Ints, Ints]:
    """Return ratings, DK and NA, each U × I."""
    counts = of.counts
    return (
        counts.valid.sum(axis=1),
        counts.unsure.sum(axis=1),
        counts.not_applicable.sum(axis=1),
    )


def missing_item(of: Assessment) -> tuple[Column, Column]:
    """Return why an item has no score, and its SDMX status without regard to the interval."""
    method, shown = of.method, of.shown
    valid, unsure, na = _replies(of)
    rules: list[tuple[Any, str, str]] = [
        (of.survey.not_scored[:, None] != "", "", "L"),
        (~shown.region[:, None], WITHHELD_REASON, "Q"),
        (of.items.scored, "", "A"),
        (~of.items.applicable, "not applicable, most say", "M"),
        (valid + unsure + na == 0, "nobody answered it", "L"),
        (of.items.unsure > method.most_unsure, "more than half cannot judge it", "L"),
        (valid < method.least_answers, f"fewer than {method.least_answers} valid answers", "L"),
    ]
    conditions = [np.broadcast_to(rule, valid.shape) for rule, _, _ in rules]
    few = f"valid answers of fewer than {method.least_groups} groups"
    why = np.select(conditions, [text for _, text, _ in rules], few).astype(object)
    status = np.select(conditions, [code for _, _, code in rules], "L").astype(object)
    unmapped = of.survey.not_scored[:, None]
    return np.where(conditions[0], unmapped, why), status


def item_table(of: Assessment, questionnaire: Questionnaire) -> pa.Table:
    """Return the items of one wave (:data:`s3etl.stresstest.tables.ITEMS`)."""
    shape = of.items.score.shape
    counts, shown, plan = of.counts, of.shown, of.plan
    valid, unsure, na = (
        n.sum(axis=1) for n in (counts.valid, counts.unsure, counts.not_applicable)
    )
    replies = valid + unsure + na
    why, status = missing_item(of)
    # How wide an interval is, and to which side, tells of a group how far its answers lie apart.
    low, high = (
        np.where(shown.whole, bound, np.nan)
        for bound in outwards(bounds(of.drawn.item, of.method), of.items.score)
    )
    smallest = np.where(counts.valid > 0, counts.valid, np.iinfo(np.int64).max).min(axis=1)
    sure = of.items.scored & shown.whole
    good = quality(smallest, sure, ["item"] * sure.shape[1], of.method)
    small = of.items.scored & (smallest < of.method.reliable_group)
    status = np.where((status == "A") & small, "U", status)
    good["interval_quality"] = np.where(
        of.items.scored & ~shown.whole, WITHHELD_INTERVAL, good["interval_quality"]
    )
    told = shown.region[:, None] & shown.counts
    groups = (counts.valid > 0).sum(axis=1)
    mapped = of.survey.not_scored[:, None] == ""
    contradiction = "a document has two grades; the lower counts"
    columns: dict[str, Any] = {
        **where_of(of),
        "indicator_id": np.array(plan.items),
        "title": np.array([item.text for item in questionnaire.items]),
        "dimension": np.array(plan.dimensions)[plan.dimension],
        "interplay": plan.direction,
        "item_weight": plan.weight,
        "value": of.items.score,
        "value_raw": np.where(shown.raw, of.items.raw, np.nan),
        "unit": UNIT,
        "direction": "+",
        "interval_low": low,
        "interval_high": high,
        **good,
        "evidence_grade": np.where(mapped, of.survey.grade, np.nan),
        "evidence_documents": np.where(mapped, of.survey.documents, np.nan),
        "evidence_capped": np.array([None, False, True], object)[
            np.where(shown.raw, of.lowered + 1, 0)
        ],
        "evidence_note": np.where(of.survey.contradictory, contradiction, ""),
        "answers": np.where(told, valid, np.nan),
        "answering_groups": np.where(told, groups, np.nan),
        "coverage": np.where(told, groups / plan.asked.sum(axis=1), np.nan),
        "dk_share": np.where(told & (valid + unsure >= MINIMUM), of.items.unsure, np.nan),
        "na_share": np.where(told, na / np.maximum(replies, 1), np.nan),
        **_perception(of),
        **against_items(of),
        "obs_status": status,
        "conf_status": np.where(status == "Q", "C", "F"),
        "missing_because": why,
    }
    return table(ITEMS, shape, columns)


def _perception(of: Assessment) -> dict[str, Column]:
    found, shown, scored = of.perception, of.shown, of.items.scored
    gap = scored & shown.gap & np.isfinite(found.gap)
    whole = scored & shown.whole
    # A flag says that Δ is 25 or more, and so tells as much as Δ.
    tested = np.isfinite(found.p) & gap
    side = np.where(found.gap > 0, "providers higher", "users higher")
    untested = f"not tested: fewer than {of.method.flag_answers} answers on a side"
    because = np.select(
        [
            ~scored,
            np.isnan(found.gap),
            ~shown.gap,
            ~shown.whole & ~tested,
            ~shown.whole,
            ~tested,
        ],
        [
            "the item has no score",
            "providers or users were not asked or did not answer",
            f"gap, range and consensus are not shown: {TOLD}",
            f"range and consensus are not shown: {TOLD}; {untested}",
            f"p, range and consensus are not shown: {TOLD}",
            untested,
        ],
        "",
    )
    return {
        "consensus": np.where(whole, of.consensus, np.nan),
        "perception_gap": np.where(gap, found.gap, np.nan),
        "perception_range": np.where(whole, found.spread, np.nan),
        "perception_p": np.where(gap & whole, found.p, np.nan),
        "perception_q": np.where(gap & whole, found.q, np.nan),
        "perception_flag": np.where(tested, np.where(found.flagged, side, "none"), ""),
        "perception_because": because,
    }


def _has_peers(of: Assessment) -> Bools:
    return np.asarray(of.members.any(axis=1, keepdims=True))


def against_items(of: Assessment) -> dict[str, Any]:
    """Return the columns that set items beside participants, peers and the front."""
    beside = of.of_items
    score = of.items.score
    names = np.array([joined(of.survey.geo, member) for member in beside.front.T], object)
    known: Bools = np.asarray(np.isfinite(beside.front_value))
    return {
        "participants_value": beside.participants,
        "peer_value": beside.peers,
        "peer_gap": beside.peers - score,
        "peers": np.where(_has_peers(of), beside.peer_count, np.nan),
        "frontier_value": beside.front_value,
        "frontier_gap": beside.front_value - score,
        "frontier_regions": np.where(known, names, ""),
        "frontier_basis": np.where(known, BASES[int(of.quantiles)], ""),
    }


def group_table(of: Assessment, questionnaire: Questionnaire) -> pa.Table:
    """Return what groups say of each item, small ones pooled.

    A pool has the mean of its groups' medians, which the item score gives anyway; a median of
    its answers would be a second equation and tell small groups apart. Where only the capped
    score is shown, a pool has no value.
    """
    shown, valid, median = of.shown, of.counts.valid, of.items.raw_median
    names = questionnaire.group_names
    parts = []
    base = where_of(of, 1)
    for place, group in enumerate(GROUPS):
        here = shown.alone[:, place]
        own = median[:, place], valid[:, place]
        parts.append(_cells(of, base, here, own, (group, names[group])))
    pools = np.moveaxis(shown.together, 1, -1)
    for pool in np.unique(pools[pools.any(axis=-1)], axis=0):
        here = (pools == pool).all(axis=-1)
        mean = np.where(shown.raw, median[:, pool].mean(axis=1), np.nan)
        inside = mean, valid[:, pool].sum(axis=1)
        letters = [g for g, there in zip(GROUPS, pool, strict=True) if there]
        title = ", ".join(names[g] for g in letters)
        parts.append(_cells(of, base, here, inside, ("+".join(letters), title)))
    found = pa.concat_tables(parts)
    keys = ("geo", "ref_year", "indicator_id", "shown_as")
    return found.sort_by([(key, "ascending") for key in keys])


def _cells(
    of: Assessment,
    base: dict[str, Any],
    here: Bools,
    figures: tuple[Column, Column],
    said: tuple[str, str],
) -> pa.Table:
    unit, item = np.nonzero(here)
    value, answers = (figure[unit, item] for figure in figures)
    raw = np.where(of.shown.raw, of.items.raw, np.nan)
    columns = {
        name: of_all[unit] if isinstance(of_all, np.ndarray) else of_all
        for name, of_all in base.items()
    }
    columns |= {
        "indicator_id": np.array(of.plan.items)[item],
        "shown_as": said[0],
        "title": said[1],
        "value": value,
        "unit": UNIT,
        "direction": "+",
        "answers": answers,
        "difference": value - raw[unit, item],
        "reason": "" if len(said[0]) == 1 else np.where(np.isnan(value), UNTOLD, POOLED_REASON),
        "conf_status": "F",
    }
    return table(GROUP_TABLE, (len(unit),), columns)
