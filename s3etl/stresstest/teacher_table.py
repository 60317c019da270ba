"""Teachers as a published table: from whom a region can learn what (methodology 2.6).

Puts strategies and practices beside the matches; no record of a register goes in.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.stresstest.assessment import Assessment, similarity_of
from s3etl.stresstest.beside import Beside, Domains, domains_of, practices_of
from s3etl.stresstest.columns import table, where_of
from s3etl.stresstest.questionnaire import Questionnaire
from s3etl.stresstest.tables import TEACHERS
from s3etl.stresstest.teachers import Pairs, domain_teachers

ALIKE, UNLIKE = "reference regions", "no reference regions: all count as equally alike"
LEARNS: Final = ("bare aspiration", "organised aspiration", "unsupported strength")
TEACHES: Final = ("supported strength",)


def documented_items(of: Assessment) -> NDArray[np.object_]:
    """Return the items of each dimension for which a region has a document, U × D."""
    held = (of.survey.grade >= of.method.documented) & of.plan.documented
    items, dimensions = np.array(of.plan.items, object), range(len(of.plan.dimensions))
    return np.array(
        [["; ".join(items[row & (of.plan.dimension == d)]) for d in dimensions] for row in held],
        object,
    ).reshape(len(held), -1)


def teacher_table(of: Assessment, questionnaire: Questionnaire, beside: Beside) -> pa.Table:
    """Return the best teachers of one wave (:data:`s3etl.stresstest.tables.TEACHERS`)."""
    domains, practices = domains_of(beside.cells), practices_of(beside.practices)
    return pa.concat_tables(
        [
            _dimension_teachers(of, questionnaire, domains, practices),
            _domain_teachers(of, beside, domains, practices),
        ]
    )


def _dimension_teachers(
    of: Assessment,
    questionnaire: Questionnaire,
    domains: Domains,
    practices: Mapping[tuple[str, str], str],
) -> pa.Table:
    pairs, geo = of.pairs, of.survey.geo
    codes = np.array(of.plan.dimensions, object)
    titles = np.array([d.name for d in questionnaire.dimensions], object)
    best = np.flatnonzero(pairs.place <= of.method.teachers)
    chosen = Pairs._make(column[best] for column in pairs)
    learner, teacher, subject = chosen.learner, chosen.teacher, chosen.subject
    columns = _common(of, chosen, geo, domains) | {
        "kind": "dimension",
        "indicator_id": codes[subject],
        "title": titles[subject],
        "value": of.scores.dimension.score[learner, subject],
        "teacher_value": of.scores.dimension.score[teacher, subject],
        "evidence_share": of.vouched[teacher, subject],
        "similarity_basis": np.where(of.structural[learner], ALIKE, UNLIKE),
        "evidence_items": documented_items(of)[teacher, subject],
        "practices": _practices(practices, geo[teacher], codes[subject]),
        "reciprocal_in": _reciprocal(pairs, codes, best),
        "learner_cell": "",
    }
    return table(TEACHERS, (len(best),), columns)


def _reciprocal(
    pairs: Pairs, codes: NDArray[np.object_], best: NDArray[np.int64]
) -> NDArray[np.object_]:
    """Return the subjects in which each teacher learns from its learner."""
    teaches: dict[tuple[int, int], list[str]] = defaultdict(list)
    triples = (pairs.teacher.tolist(), pairs.learner.tolist(), codes[pairs.subject].tolist())
    for teacher, learner, code in zip(*triples, strict=True):
        teaches[teacher, learner].append(code)
    both = zip(pairs.learner[best].tolist(), pairs.teacher[best].tolist(), strict=True)
    return np.array(["; ".join(sorted(teaches.get(pair, ()))) for pair in both], object)


def _domain_teachers(
    of: Assessment,
    beside: Beside,
    domains: Domains,
    practices: Mapping[tuple[str, str], str],
) -> pa.Table:
    """Return teachers on domains: of surveyed regions, among all regions."""
    place = {region: i for i, region in enumerate(domains.regions)}
    there = [g for g in of.survey.geo if g in place]
    if not there:
        return TEACHERS.empty_table()
    cell = domains.cell[[place[g] for g in there]]
    alike, structural = similarity_of(beside.structure, np.array(there, object), domains.regions)
    teaches = np.isin(domains.cell, TEACHES)
    found = domain_teachers(np.isin(cell, LEARNS), teaches, domains.strong, alike, of.method)
    best = found.place <= of.method.teachers
    chosen = Pairs._make(column[best] for column in found)
    unit = {g: i for i, g in enumerate(of.survey.geo)}
    at = np.array([unit[g] for g in there], np.int64)
    names = np.array(domains.names, object)[chosen.subject]
    moved = chosen._replace(learner=at[chosen.learner])
    columns = _common(of, moved, domains.regions, domains) | {
        "kind": "domain",
        "indicator_id": names,
        "title": np.array([beside.domains.get(name, name) for name in names], object),
        "value": np.nan,
        "teacher_value": np.nan,
        "evidence_share": np.nan,
        "similarity_basis": np.where(structural[chosen.learner], ALIKE, UNLIKE),
        "evidence_items": "",
        "practices": _practices(practices, domains.regions[chosen.teacher], names),
        "reciprocal_in": _reciprocal_domains(found, there, domains, best),
        "learner_cell": cell[chosen.learner, chosen.subject],
    }
    return table(TEACHERS, (len(names),), columns)


def _reciprocal_domains(
    found: Pairs, there: Sequence[str], domains: Domains, best: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Return the domains in which each teacher learns from its learner, if it was surveyed."""
    place = {region: i for i, region in enumerate(domains.regions)}
    learner = np.array([place[g] for g in there], np.int64)[found.learner]
    names = np.array(domains.names, object)
    return _reciprocal(found._replace(learner=learner), names, np.flatnonzero(best))


def _common(
    of: Assessment, pairs: Pairs, regions: NDArray[np.object_], domains: Domains
) -> dict[str, Any]:
    """Return the columns teachers of both kinds have; learners are places in the survey."""
    mine, theirs = of.survey.geo[pairs.learner], regions[pairs.teacher]
    place = {region: i for i, region in enumerate(domains.regions)}
    names = np.array(domains.names, object)
    shared = [
        "; ".join(names[domains.priority[place[a]] & domains.priority[place[b]]])
        if a in place and b in place
        else ""
        for a, b in zip(mine, theirs, strict=True)
    ]
    base = {
        name: column[pairs.learner] if isinstance(column, np.ndarray) else column
        for name, column in where_of(of, 1).items()
    }
    same = [a[:2] == b[:2] for a, b in zip(mine, theirs, strict=True)]
    return base | {
        "place": pairs.place,
        "teacher": theirs,
        "difference": pairs.difference,
        "probability": pairs.probability,
        "similarity": pairs.similarity,
        "match": pairs.match,
        "same_country": np.array(same, bool),
        "shared_domains": np.array(shared, object),
    }


def _practices(
    practices: Mapping[tuple[str, str], str],
    regions: NDArray[np.object_],
    subjects: NDArray[np.object_],
) -> NDArray[np.object_]:
    keys = zip(regions.tolist(), subjects.tolist(), strict=True)
    return np.array([practices.get(key, "") for key in keys], object)
