"""Perception beside statistics as a published table (methodology 2.7).

Brings items and their twin indicators together; which are twins is declared.
"""

import numpy as np
import pyarrow as pa

from s3etl.stresstest.assessment import Assessment
from s3etl.stresstest.beside import Beside, indicator_of
from s3etl.stresstest.columns import table, where_of
from s3etl.stresstest.questionnaire import Questionnaire
from s3etl.stresstest.tables import TWINS, UNIT
from s3etl.stresstest.twins import LABELS, label, percentile


def twin_table(of: Assessment, questionnaire: Questionnaire, beside: Beside) -> pa.Table:
    """Return perception beside statistics (:data:`s3etl.stresstest.tables.TWINS`)."""
    method, parts = of.method, []
    base = where_of(of, 1)
    for item, twin in method.twins.items():
        place = of.plan.items.index(item)
        found = indicator_of(beside.indicators, twin.indicator)
        ranked = percentile(found.value, smaller_is_better=twin.reversed)
        at = {geo: i for i, geo in enumerate(found.geo)}
        rows = np.array([at.get(g, -1) for g in of.survey.geo], np.int64)
        score = of.items.score[:, place]
        value, of_all = (np.append(a, np.nan)[rows] for a in (found.value, ranked))
        missing, caution = (np.append(a, "")[rows] for a in (found.missing, found.caution))
        none = f"{twin.indicator} has no value here"
        because = np.where(missing == "", none, none + ": " + missing)
        why = np.select([np.isnan(score), np.isnan(of_all)], ["the item has no score", because], "")
        chosen = label(score, of_all, method.twin_cut, method.twin_margin)
        columns = base | {
            "indicator_id": item,
            "title": questionnaire.by_id[item].text,
            "value": score,
            "unit": UNIT,
            "twin": twin.indicator,
            "twin_title": found.title + (", the fewer the better" if twin.reversed else ""),
            "twin_value": value,
            "twin_year": found.year,
            "twin_percentile": of_all,
            "n_compared": int(np.isfinite(found.value).sum()),
            "label": np.array(LABELS, object)[chosen],
            "missing_because": why,
            "caution": np.where(np.isnan(value), "", caution),
        }
        parts.append(table(TWINS, (len(score),), columns))
    found_all = pa.concat_tables([TWINS.empty_table(), *parts])
    return found_all.sort_by([(k, "ascending") for k in ("geo", "ref_year", "indicator_id")])
