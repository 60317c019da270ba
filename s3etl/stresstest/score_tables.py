"""Dimensions, totals and directions as published tables: the radar and what it is set beside.

No score is computed here; ranks are, from the draws.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from s3etl.benchmark.ranks import positions, rank
from s3etl.stresstest.assessment import Assessment
from s3etl.stresstest.bootstrap import bounds
from s3etl.stresstest.columns import Column, joined, outwards, quality, table, where_of
from s3etl.stresstest.disclosure import WITHHELD_REASON
from s3etl.stresstest.frontier import median_of
from s3etl.stresstest.item_tables import BASES
from s3etl.stresstest.questionnaire import Questionnaire
from s3etl.stresstest.scoring import direction_weights
from s3etl.stresstest.survey import Bools, Floats, Ints
from s3etl.stresstest.tables import DIMENSIONS, DIRECTIONS, UNIT

TOTALS: Final = {
    "ST": "overall: mean of the dimensions",
    "ST-MIN": "weakest link: smallest score of a dimension",
    "ST-GEO": "geometric mean of the dimensions",
}
DIRECTION_TITLES: Final = {
    "C2S": "Clusters → S3",
    "S2C": "S3 → Clusters",
    "BALANCE": "balance of the two directions",
}


def smallest_group(of: Assessment, inside: Bools) -> Ints:
    """Return the respondents of the smallest group that rated any of some items.

    Args:
        of: The wave.
        inside: T × I, items of each total.

    Returns:
        U × T.
    """
    there = (of.counts.valid > 0) @ inside.T  # U × G × T
    size = np.where(there, of.counts.respondents[:, :, None], np.iinfo(np.int64).max)
    return np.asarray(size.min(axis=1))


def raw_shown(of: Assessment, inside: Bools) -> Bools:
    """Return whether totals without cap are shown, U × T: if those of all their items are."""
    return np.asarray(~((of.items.scored & ~of.shown.raw) @ inside.T))


def missing_total(of: Assessment, score: Floats, coverage: Floats, need: str) -> Column:
    """Return why a total is missing.

    Args:
        of: The wave.
        score: U × T.
        coverage: U × T, NaN where nothing is applicable.
        need: What would have had to be scored.
    """
    rules = [
        np.isfinite(score),
        np.broadcast_to(of.survey.not_scored[:, None] != "", score.shape),
        np.broadcast_to(~of.shown.region[:, None], score.shape),
        np.isnan(coverage),
    ]
    unmapped = np.broadcast_to(of.survey.not_scored[:, None], score.shape)
    return np.select(rules, ["", unmapped, WITHHELD_REASON, "not applicable"], need)


def status_of(why: Column, good: dict[str, Column]) -> dict[str, Column]:
    """Return the SDMX columns, from why a score is missing and how sure it is."""
    hidden = why == WITHHELD_REASON
    indicative = good["interval_quality"] == "indicative"
    status = np.select(
        [hidden, why == "not applicable", why != "", indicative], ["Q", "M", "L", "U"], "A"
    )
    return {
        "obs_status": status,
        "conf_status": np.where(hidden, "C", "F"),
        "missing_because": why,
    }


def _ten(eight: Floats, of: Assessment) -> Floats:
    """Bring columns of the eight scores that are compared to all ten rows of a region."""
    nothing = np.full((len(of.survey.geo), 2), np.nan)
    return np.hstack([np.broadcast_to(eight, (len(nothing), 8)), nothing])


def dimension_table(of: Assessment, questionnaire: Questionnaire) -> pa.Table:
    """Return dimensions and totals of one wave (:data:`s3etl.stresstest.tables.DIMENSIONS`)."""
    plan, method, scores = of.plan, of.method, of.scores
    codes = [*plan.dimensions, *TOTALS]
    score, raw = (
        np.column_stack([s.eight, s.overall.weakest, s.overall.geometric]) for s in (scores, of.raw)
    )
    drawn = np.concatenate([of.drawn.dimension, of.drawn.overall], axis=1)
    inside = np.arange(len(plan.dimensions))[:, None] == plan.dimension
    every = np.ones((3, len(plan.items)), bool)
    everything = np.vstack([inside, every])
    kinds = [*["dimension"] * len(plan.dimensions), *TOTALS]
    good = quality(smallest_group(of, everything), np.isfinite(score), kinds, method)
    hidden: Bools = np.asarray(~of.shown.whole @ everything.T)
    low, high = outwards(bounds(drawn, method), score, hidden & few(of)[:, None])
    scored = np.isfinite(scores.dimension.score)
    of_all = (scored @ plan.dimension_weight / plan.dimension_weight.sum())[:, None]
    coverage = np.hstack([scores.dimension.coverage, np.repeat(of_all, 3, axis=1)])
    why = np.hstack(
        [
            missing_total(
                of,
                score[:, :7],
                scores.dimension.coverage,
                f"less than {100 * method.least_weight:.0f} % of its weight is scored",
            ),
            missing_total(
                of,
                score[:, 7:],
                coverage[:, 7:],
                f"fewer than {method.least_dimensions} dimensions, or not "
                f"{' and '.join(method.needed_dimensions)}, are scored",
            ),
        ]
    )
    names = np.array([*plan.dimensions, ""], object)
    weakest = np.full(score.shape, "", object)
    weakest[:, 8] = names[scores.overall.weakest_at]
    columns: dict[str, Any] = {
        **where_of(of),
        "indicator_id": np.array(codes),
        "title": np.array([*(d.name for d in questionnaire.dimensions), *TOTALS.values()]),
        "value": score,
        "value_raw": np.where(raw_shown(of, everything), raw, np.nan),
        "unit": UNIT,
        "direction": "+",
        "interval_low": low,
        "interval_high": high,
        **good,
        "coverage": coverage,
        "items": np.hstack(
            [scores.dimension.items, np.repeat(scored.sum(axis=1, keepdims=True), 3, axis=1)]
        ),
        "evidence_share": np.hstack([of.evidence, np.repeat(of.evidence_all[:, None], 3, axis=1)]),
        "weakest_dimension": weakest,
        **_against(of, score),
        **_ranks(of),
        **status_of(why, good),
    }
    return table(DIMENSIONS, score.shape, columns)


def few(of: Assessment) -> Bools:
    """Return which regions have so few respondents that bounds are told coarsely."""
    return np.asarray(of.counts.respondents.sum(axis=1) < of.method.front_respondents)


def _against(of: Assessment, score: Floats) -> dict[str, Any]:
    beside = of.of_scores
    every = np.ones((2, len(score)), bool)
    others = median_of(every, score[:, 8:].T[:, None])[:, 0]
    peers = _ten(beside.peers, of)
    front = _ten(beside.front_value, of)
    names = np.full(score.shape, "", object)
    names[:, :8] = np.array([joined(of.survey.geo, m) for m in beside.front.T], object)
    known = np.isfinite(front)
    member = np.zeros(score.shape, bool)
    member[:, :8] = beside.front
    has_peers = np.asarray(of.members.any(axis=1, keepdims=True))
    return {
        "participants_value": np.concatenate([beside.participants, others]),
        "peer_value": peers,
        "peer_gap": peers - score,
        "peers": np.where(has_peers, _ten(beside.peer_count.astype(float), of), np.nan),
        "frontier_value": front,
        "frontier_gap": front - score,
        "frontier_regions": names,
        "frontier_basis": np.where(known, BASES[int(of.quantiles)], ""),
        "frontrunner": member,
        "not_frontrunner_because": np.array(of.not_front, object)[:, None],
    }


def _ranks(of: Assessment) -> dict[str, Any]:
    """Return ranks among the regions of the wave, with the bounds of the draws."""
    shape = (len(of.survey.geo), 10)
    places = {name: np.full(shape, np.nan) for name in ("rank", "rank_low", "rank_high")}
    why = np.full(shape, "a variant of ST, not ranked", object)
    number = np.zeros(shape)
    enough = of.participants >= of.method.quantile_regions
    for column, score in enumerate(of.scores.eight.T):
        there = np.isfinite(score)
        few = f"fewer than {of.method.quantile_regions} regions took part: compared by name"
        why[:, column] = np.where(there, "" if enough else few, "it has no score")
        if not enough or not there.any():
            continue
        number[:, column] = there.sum()
        best = rank(score[there])
        simulated = positions(-of.drawn_score(column)[there])
        low, high = (np.percentile(simulated, q, axis=1) for q in of.method.interval)
        places["rank"][there, column] = best
        places["rank_low"][there, column] = np.minimum(np.floor(low), best)
        places["rank_high"][there, column] = np.maximum(np.ceil(high), best)
    return {
        **places,
        "n_compared": number,
        "rankable": why == "",
        "not_rankable_because": why,
    }


def direction_table(of: Assessment) -> pa.Table:
    """Return the directions of one wave (:data:`s3etl.stresstest.tables.DIRECTIONS`)."""
    method, scores = of.method, of.scores
    score, raw = (np.column_stack([s.direction.score, s.balance]) for s in (scores, of.raw))
    inside = direction_weights(of.plan) > 0
    inside = np.vstack([inside, inside.any(axis=0)])
    kinds = ("direction", "direction", "BALANCE")
    good = quality(smallest_group(of, inside), np.isfinite(score), kinds, method)
    low, high = bounds(of.drawn.direction, method)
    coarse = np.broadcast_to(few(of)[:, None], (len(score), 2))
    low[:, :2], high[:, :2] = outwards((low[:, :2], high[:, :2]), score[:, :2], coarse)
    low[:, 2], high[:, 2] = np.fmin(low[:, 2], score[:, 2]), np.fmax(high[:, 2], score[:, 2])
    both = scores.direction.coverage
    coverage = np.column_stack([both, both.min(axis=1)])
    need = f"less than {100 * method.least_weight:.0f} % of its weight is scored"
    why = missing_total(of, score, coverage, need)
    nothing = np.isfinite(scores.direction.score).all(axis=1) & np.isnan(scores.balance)
    why[:, 2] = np.where(nothing, "both directions are 0", why[:, 2])
    others = np.ones((3, len(score)), bool)
    items = scores.direction.items
    peers = np.column_stack(
        [median_of(of.members, np.broadcast_to(s, (len(s), 1, len(s))))[:, 0] for s in score.T]
    )
    enough = (of.members @ np.isfinite(score).astype(np.int64)) >= method.least_peers
    columns: dict[str, Any] = {
        **where_of(of),
        "indicator_id": np.array(list(DIRECTION_TITLES)),
        "title": np.array(list(DIRECTION_TITLES.values())),
        "value": score,
        "value_raw": np.where(raw_shown(of, inside), raw, np.nan),
        "unit": np.array([UNIT, UNIT, "share, 0 to 1"]),
        "direction": np.array(["+", "+", "ctx"]),
        "interval_low": low,
        "interval_high": high,
        **good,
        "coverage": coverage,
        "items": np.column_stack([items, items.sum(axis=1)]),
        "participants_value": median_of(others, score.T[:, None])[:, 0],
        "peer_value": np.where(enough, peers, np.nan),
        **status_of(why, good),
    }
    return table(DIRECTIONS, score.shape, columns)
