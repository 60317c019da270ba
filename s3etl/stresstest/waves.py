"""Change from one wave of a region to the next (methodology 2.8).

Two assessed waves in, a table of :data:`s3etl.stresstest.tables.CHANGES` out. What the interval
does not tell from zero is not reported; waves that cannot be compared say why.

Respondents of both waves are drawn independently: who answered twice is not known, so intervals
are rather too wide than too narrow.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from s3etl.stresstest.assessment import Assessment
from s3etl.stresstest.bootstrap import bounds
from s3etl.stresstest.columns import Column, table, where_of
from s3etl.stresstest.questionnaire import Questionnaire
from s3etl.stresstest.score_tables import DIRECTION_TITLES, TOTALS, few
from s3etl.stresstest.survey import Bools, Floats, Ints
from s3etl.stresstest.tables import CHANGES, UNIT

NO_SCORE: Final = "it has no score in one of the waves"
NO_CHANGE: Final = "the interval of the change includes zero"
OTHER_NUTS: Final = "the region is of another NUTS version"


def change_table(waves: Sequence[Assessment], questionnaire: Questionnaire) -> pa.Table:
    """Return the change of every region since its wave before.

    Args:
        waves: Assessed waves, in order of years.
        questionnaire: What all of them are scored as.
    """
    parts = [CHANGES.empty_table()]
    for number, later in enumerate(waves):
        left = set(later.survey.geo.tolist())
        for earlier in reversed(waves[:number]):
            both = [g for g in earlier.survey.geo.tolist() if g in left]
            left -= set(both)
            if both:
                parts.append(_between(earlier, later, both, questionnaire))
    found = pa.concat_tables(parts)
    keys = ("geo", "ref_year", "level", "indicator_id")
    return found.sort_by([(key, "ascending") for key in keys])


def _between(
    earlier: Assessment, later: Assessment, both: Sequence[str], questionnaire: Questionnaire
) -> pa.Table:
    at = [_places(of, both) for of in (earlier, later)]
    levels = {
        "item": [(item.id, item.text) for item in questionnaire.items],
        "dimension": [(d.code, d.name) for d in questionnaire.dimensions],
        "direction": [(code, DIRECTION_TITLES[code]) for code in ("C2S", "S2C")],
        "overall": [("ST", TOTALS["ST"])],
    }
    parts = []
    for level, named in levels.items():
        before, after = (
            (score[place], drawn[place])
            for place, (score, drawn) in zip(
                at, (_level(earlier, level), _level(later, level)), strict=True
            )
        )
        told = _told(earlier, level)[at[0]] & _told(later, level)[at[1]]
        columns = _columns(earlier, later, at, before, after, told) | {
            "indicator_id": np.array([code for code, _ in named], object),
            "title": np.array([title for _, title in named], object),
            "level": level,
            "unit": UNIT,
            "direction": "+",
        }
        parts.append(table(CHANGES, before[0].shape, columns))
    return pa.concat_tables(parts)


def _places(of: Assessment, regions: Sequence[str]) -> Ints:
    place = {geo: i for i, geo in enumerate(of.survey.geo)}
    return np.array([place[region] for region in regions], np.int64)


def _level(of: Assessment, level: str) -> tuple[Floats, Floats]:
    """Return scores, U × T, and their draws, U × T × B."""
    if level == "item":
        return of.items.score, of.drawn.item.astype(float)
    if level == "dimension":
        return of.scores.dimension.score, of.drawn.dimension
    if level == "direction":
        return of.scores.direction.score, of.drawn.direction[:, :2]
    return of.scores.overall.mean[:, None], of.drawn.overall[:, :1]


def _told(of: Assessment, level: str) -> Bools:
    """Return whether bounds tell nothing of a small group, U × T or U × 1."""
    return of.shown.whole if level == "item" else ~few(of)[:, None]


def _columns(
    earlier: Assessment,
    later: Assessment,
    at: Sequence[Ints],
    before: tuple[Floats, Floats],
    after: tuple[Floats, Floats],
    told: Bools,
) -> dict[str, Any]:
    change = after[0] - before[0]
    low, high = bounds(after[1] - before[1], later.method)
    apart: Bools = np.asarray((low > 0) | (high < 0))
    one, two = earlier.survey, later.survey
    reasons: list[Column] = [
        one.not_scored[at[0]],
        two.not_scored[at[1]],
        np.where(one.nuts_version[at[0]] == two.nuts_version[at[1]], "", OTHER_NUTS),
    ]
    why = np.select([reason != "" for reason in reasons], reasons, "")[:, None]
    why = np.where(why == "", np.where(np.isnan(change), NO_SCORE, ""), why)
    why = np.where((why == "") & ~apart, NO_CHANGE, why)
    comparable = np.isin(why, ["", NO_CHANGE]) & told
    base = {
        name: column[at[1]] if isinstance(column, np.ndarray) else column
        for name, column in where_of(later).items()
    }
    return base | {
        "from_year": one.wave[at[0]][:, None],
        "from_questionnaire": one.questionnaire[at[0]][:, None],
        "value_before": before[0],
        "value": np.where(why == "", change, np.nan),
        "interval_low": np.where(comparable, np.round(low, 1), np.nan),
        "interval_high": np.where(comparable, np.round(high, 1), np.nan),
        "reported": why == "",
        "not_reported_because": why,
    }
