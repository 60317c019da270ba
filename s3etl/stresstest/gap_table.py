"""Gaps to frontrunners, peers and named regions as a published table (methodology 2.5).

Who is compared with whom is decided elsewhere; here the gaps of every draw become intervals.
"""

import numpy as np
import pyarrow as pa

from s3etl.stresstest.assessment import Assessment
from s3etl.stresstest.bootstrap import bounds
from s3etl.stresstest.columns import Column, joined, table, where_of
from s3etl.stresstest.frontier import drawn_gap, drawn_peer_gap, probability_ahead
from s3etl.stresstest.item_tables import BASES
from s3etl.stresstest.questionnaire import Questionnaire
from s3etl.stresstest.score_tables import TOTALS, few
from s3etl.stresstest.survey import Floats
from s3etl.stresstest.tables import GAPS, UNIT


def gap_table(of: Assessment, questionnaire: Questionnaire) -> pa.Table:
    """Return gaps to frontrunners, peers and named regions (:data:`…tables.GAPS`)."""
    plan, beside = of.plan, of.of_scores
    parts = []
    titles = [*(d.name for d in questionnaire.dimensions), TOTALS["ST"]]
    basis = BASES[int(of.quantiles)]
    for place, (code, title) in enumerate(zip([*plan.dimensions, "ST"], titles, strict=True)):
        level = "overall" if code == "ST" else "dimension"
        named = (code, title, level, int(beside.compared[place]))
        drawn = of.drawn_score(place)
        score = of.scores.eight[:, place]
        member = beside.front[:, place]
        value = np.full(len(score), beside.front_value[place])
        who = np.full(len(score), joined(of.survey.geo, member), object)
        parts.append(_gaps(of, (*named, basis), who, value, score, drawn_gap(member, drawn)))
        peers = beside.peers[:, place]
        gap = np.where(np.isnan(peers)[:, None], np.nan, drawn_peer_gap(of.members, drawn))
        parts.append(_gaps(of, (*named, "peers"), _peers(of, score), peers, score, gap))
        for one in np.flatnonzero(member & (not of.quantiles)):
            own = np.where(np.arange(len(score)) == one, np.nan, score[one])
            who = np.full(len(score), of.survey.geo[one], object)
            parts.append(_gaps(of, (*named, "region"), who, own, score, drawn[one] - drawn))
    parts += _item_gaps(of, questionnaire, basis)
    found = pa.concat_tables([GAPS.empty_table(), *parts])
    keys = ("geo", "ref_year", "level", "indicator_id", "kind", "comparator")
    return found.sort_by([(key, "ascending") for key in keys])


def _peers(of: Assessment, score: Floats) -> Column:
    usable = of.members & np.isfinite(score)
    return np.array([joined(of.survey.geo, row) for row in usable], object)


def _item_gaps(of: Assessment, questionnaire: Questionnaire, basis: str) -> list[pa.Table]:
    parts, beside = [], of.of_items
    nothing = np.full((len(of.survey.geo), 1), np.nan)  # item gaps have no interval
    for place, item in enumerate(questionnaire.items):
        named = (item.id, item.text, "item", int(beside.compared[place]))
        score = of.items.score[:, place]
        value = np.full(len(score), beside.front_value[place])
        who = np.full(len(score), joined(of.survey.geo, beside.front[:, place]), object)
        parts.append(_gaps(of, (*named, basis), who, value, score, nothing))
        peers = _peers(of, score), beside.peers[:, place]
        parts.append(_gaps(of, (*named, "peers"), *peers, score, nothing))
    return parts


def _gaps(
    of: Assessment,
    said: tuple[str, str, str, int, str],
    who: Column,
    value: Floats,
    score: Floats,
    drawn: Floats,
) -> pa.Table:
    """Return one kind of gap of every region that has it."""
    code, title, level, number, kind = said
    there = np.isfinite(value) & np.isfinite(score)
    low, high = (np.round(bound, 1) for bound in bounds(drawn, of.method))
    known = np.isfinite(drawn).all(axis=1) & ~few(of)
    columns = {
        name: column[there] if isinstance(column, np.ndarray) else column
        for name, column in where_of(of, 1).items()
    }
    columns |= {
        "indicator_id": code,
        "title": title,
        "level": level,
        "kind": kind,
        "comparator": who[there],
        "comparator_value": value[there],
        "value": (value - score)[there],
        "unit": UNIT,
        "direction": "-",
        "interval_low": np.where(known, low, np.nan)[there],
        "interval_high": np.where(known, high, np.nan)[there],
        "probability": probability_ahead(drawn)[there],
        "n_compared": number,
    }
    return table(GAPS, (int(there.sum()),), columns)
