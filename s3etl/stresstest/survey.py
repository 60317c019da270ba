"""Accepted answers and evidence as arrays: who answered what, and which evidence is held.

Tables in, arrays out; nothing is scored here and no name, text or pseudonym is kept.

N respondents in order of region, wave, group and answers, U surveys (a region in a wave), I items,
G groups P, I, C, B, R.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from s3etl.stresstest.answers import usable
from s3etl.stresstest.method import Mapping, StressTestMethod
from s3etl.stresstest.questionnaire import Questionnaire

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Levels = NDArray[np.int8]

GROUPS: Final = "PICBR"
DK, NA, BLANK = -1, -2, -3
"""What stands in for a level where there is none."""


@dataclass(frozen=True)
class Plan:
    """What is asked, as arrays.

    Attributes:
        items: I, their ids.
        dimensions: Their codes, 7.
        dimension: I, place of the item's dimension.
        direction: I, C2S, S2C or SYS.
        asked: I × G, whether the group is asked.
        documented: I, whether a document is asked for.
        weight: I.
        dimension_weight: 7.
    """

    items: tuple[str, ...]
    dimensions: tuple[str, ...]
    dimension: Ints
    direction: NDArray[np.str_]
    asked: Bools
    documented: Bools
    weight: Floats
    dimension_weight: Floats


@dataclass(frozen=True)
class Survey:
    """Surveys as arrays; see the module for the axes.

    Attributes:
        geo: U, regions.
        nuts_version: U.
        wave: U, years.
        questionnaire: U, versions the answers were given under, joined by ``;``.
        not_scored: U, why no answer of the survey can be scored; empty if it can.
        unit: N, survey of each respondent.
        group: N, group of each respondent.
        answers: N × I, levels 0 to 4, or DK, NA, BLANK. Groups that are not asked are BLANK.
        grade: U × I, best grade of evidence.
        documents: U × I, documents of the documented grade or better.
        contradictory: U × I, whether a document has several grades; the lowest counts.
    """

    geo: NDArray[np.object_]
    nuts_version: NDArray[np.object_]
    wave: Ints
    questionnaire: NDArray[np.object_]
    not_scored: NDArray[np.object_]
    unit: Ints
    group: Ints
    answers: Levels
    grade: Ints
    documents: Ints
    contradictory: Bools

    def only(self, units: Bools) -> "Survey":
        """Return some of the surveys, U truths, with their respondents."""
        there = units[self.unit]
        fields = ("geo", "nuts_version", "wave", "questionnaire", "not_scored")
        of = {name: getattr(self, name)[units] for name in fields}
        of |= {n: getattr(self, n)[units] for n in ("grade", "documents", "contradictory")}
        place = np.cumsum(units) - 1
        return Survey(
            **of,
            unit=place[self.unit[there]],
            group=self.group[there],
            answers=self.answers[there],
        )


def plan_of(questionnaire: Questionnaire) -> Plan:
    """Return a questionnaire as arrays."""
    items = questionnaire.items
    codes = [d.code for d in questionnaire.dimensions]
    return Plan(
        items=tuple(item.id for item in items),
        dimensions=tuple(codes),
        dimension=np.array([codes.index(item.dimension) for item in items]),
        direction=np.array([item.direction for item in items]),
        asked=np.array([[g in item.groups for g in GROUPS] for item in items]),
        documented=np.array([item.evidence == "d" for item in items]),
        weight=np.array([item.weight for item in items]),
        dimension_weight=np.array([d.weight for d in questionnaire.dimensions]),
    )


def survey_of(
    answers: pa.Table,
    evidence: pa.Table,
    questionnaire: Questionnaire,
    method: StressTestMethod,
) -> Survey:
    """Return accepted answers and evidence as arrays.

    Respondents of a group stand in the order of their answers, not of rows or pseudonyms, which
    differ between machines. Answers given under another version of the questionnaire are brought
    to this one where a mapping is declared.

    Args:
        answers: Table of ``s3etl.stresstest.answers.ANSWERS``.
        evidence: Table of ``s3etl.stresstest.answers.EVIDENCE``.
        questionnaire: What the answers are scored as.
        method: The choices.
    """
    plan, rows = plan_of(questionnaire), usable(answers)
    region, version, respondent, letter, item = (
        _codes(rows.column(name))
        for name in ("region", "questionnaire", "respondent", "group", "item")
    )
    year = _codes(rows.column("wave"))
    found, place = _pairs(region, year)
    known = pd.MultiIndex.from_arrays(
        [region.value[found[:, 0]], year.value[found[:, 1]].astype(np.int64)]
    )
    scored_as = (questionnaire, method)
    counts_as = _meanings(version.value, item.value, plan, scored_as)[version.code, item.code]
    reason = _not_scored(version, place, len(known), scored_as)
    letters = {g: i for i, g in enumerate(GROUPS)}
    group = np.array([letters[g] for g in letter.value], np.int64)[letter.code]
    size = len(GROUPS), max(len(respondent.value), 1)
    key = (place.astype(np.int64) * size[0] + group) * size[1] + respondent.code
    who, person = np.unique(key, return_inverse=True)
    unit, of_group = np.divmod(who // size[1], size[0])
    level = np.full((len(who), len(plan.items)), BLANK, np.int8)
    good = (counts_as >= 0) & (reason[place] == "")
    # The intake lets no item be answered twice; if it did, the order of rows would not matter.
    np.maximum.at(level, (person[good], counts_as[good]), _values(rows)[good])
    level[~plan.asked.T[of_group]] = BLANK
    order = np.lexsort((*level.T, of_group, unit))
    given = np.zeros((len(known), len(version.value)), bool)
    given[place, version.code] = True
    grade, documents, contradictory = _evidence(
        evidence, known, (version.value, given), plan, scored_as
    )
    return Survey(
        geo=np.array(known.get_level_values(0), object),
        nuts_version=_joined(place, _codes(rows.column("nuts_version")), len(known)),
        wave=known.get_level_values(1).to_numpy(),
        questionnaire=_joined(place, version, len(known)),
        not_scored=reason,
        unit=unit[order],
        group=of_group[order],
        answers=level[order],
        grade=grade,
        documents=documents,
        contradictory=contradictory,
    )


class Codes(NamedTuple):
    """A column: place of each row's text or number among the distinct ones, which are in order."""

    code: NDArray[np.int32]
    value: NDArray[np.object_]


def _codes(column: pa.ChunkedArray) -> Codes:
    filled = pc.fill_null(column, "") if pa.types.is_string(column.type) else column
    encoded = pc.dictionary_encode(filled).combine_chunks()
    values = np.array(encoded.dictionary.to_pylist(), object)
    order = np.argsort(values, kind="stable")
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return Codes(place[encoded.indices.to_numpy(zero_copy_only=False)], values[order])


def _pairs(one: Codes, two: Codes) -> tuple[Ints, NDArray[np.int32]]:
    """Return the pairs of two columns there are, P × 2 in order, and the place of each row's."""
    width = max(len(two.value), 1)
    cell = one.code * np.int32(width) + two.code
    found = np.flatnonzero(np.bincount(cell, minlength=1))
    place = np.zeros(found[-1] + 1 if len(found) else 1, np.int32)
    place[found] = np.arange(len(found), dtype=np.int32)
    return np.column_stack(np.divmod(found, width)), place[cell]


def _values(rows: pa.Table) -> Levels:
    """Return the level of each row, or what stands in for it."""
    level = pc.fill_null(rows.column("answer"), BLANK).to_numpy()
    state = _codes(rows.column("state"))
    stands = np.array([{"DK": DK, "NA": NA}.get(s, BLANK) for s in state.value], np.int8)
    answered = (state.value == "answered")[state.code]
    return np.where(answered, level, stands[state.code]).astype(np.int8)


def _joined(place: NDArray[np.int32], column: Codes, units: int) -> NDArray[np.object_]:
    """Return the texts of a column by survey, joined by ``;``."""
    texts: list[list[str]] = [[] for _ in range(units)]
    of_units = Codes(place, np.arange(units).astype(object))
    for unit, code in _pairs(of_units, column)[0].tolist():
        texts[unit].append(column.value[code])
    return np.array(["; ".join(filter(None, of)) for of in texts], object)


def _mappings(scored_as: tuple[Questionnaire, StressTestMethod]) -> dict[str, Mapping]:
    questionnaire, method = scored_as
    return {m.earlier: m for m in method.mappings if m.later == questionnaire.version}


def _meanings(
    versions: NDArray[np.object_],
    names: NDArray[np.object_],
    plan: Plan,
    scored_as: tuple[Questionnaire, StressTestMethod],
) -> Ints:
    """Return the place of the item a name stands for under a version, V × J; -1 for none."""
    here = _mappings(scored_as)
    known = {name: i for i, name in enumerate(plan.items)}
    out = np.full((max(len(versions), 1), max(len(names), 1)), -1)
    for code, version in enumerate(versions.tolist()):
        mapping = here.get(version)
        if version == scored_as[0].version:
            out[code, : len(names)] = [known.get(name, -1) for name in names]
        elif mapping and not mapping.scale_changed:
            later = (mapping.items.get(name, "") for name in names)
            out[code, : len(names)] = [known.get(name, -1) for name in later]
    return out


def _not_scored(
    version: Codes,
    place: NDArray[np.int32],
    units: int,
    scored_as: tuple[Questionnaire, StressTestMethod],
) -> NDArray[np.object_]:
    """Return by survey why it cannot be scored; empty if it can."""
    here, wanted = _mappings(scored_as), scored_as[0].version
    reason = np.full(units, "", object)
    for code, old in enumerate(version.value.tolist()):
        mapping = here.get(old)
        if old != wanted and (not mapping or mapping.scale_changed):
            what = "has another scale than" if mapping else "is not mapped to"
            reason[np.unique(place[version.code == code])] = f"questionnaire {old} {what} {wanted}"
    return reason


def _evidence(
    evidence: pa.Table,
    known: pd.MultiIndex,
    given: tuple[NDArray[np.object_], Bools],
    plan: Plan,
    scored_as: tuple[Questionnaire, StressTestMethod],
) -> tuple[Ints, Ints, Bools]:
    """Return best grade, number of documents and contradictions, each U × I.

    Of one document with several grades the lowest counts: two people graded it, and one of them
    did not find it as good. An item means what it does in the questionnaire the survey's answers
    were given under; one that means two things in a survey with two counts for neither.

    Args:
        evidence: Documents.
        known: Regions and waves of the surveys.
        given: Versions, V, and whether a survey has answers given under one, U × V.
        plan: The questionnaire.
        scored_as: The questionnaire and the choices.
    """
    shape = (len(known), len(plan.items))
    grade, documents = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    contradictory = np.zeros(shape, bool)
    rows = usable(evidence)
    rows = rows.filter(pc.is_valid(rows.column("grade"))).to_pandas()
    if rows.empty or not len(known):
        return grade, documents, contradictory
    name = ["region", "wave", "item", "title", "date", "link"]
    found = rows.groupby(name, dropna=False, sort=True)["grade"].agg(["min", "max"]).reset_index()
    unit = known.get_indexer(pd.MultiIndex.from_frame(found[["region", "wave"]]))
    code, names = pd.factorize(found["item"])
    meant = _meanings(given[0], np.asarray(names, object), plan, scored_as)[
        :, code
    ]  # V × documents
    under = given[1][unit].T
    item = np.where(under, meant, len(plan.items)).min(axis=0)
    there = (unit >= 0) & (item >= 0) & (item == np.where(under, meant, -1).max(axis=0))
    at = (unit[there], item[there])
    low, high = (found[c].to_numpy(np.int64)[there] for c in ("min", "max"))
    np.maximum.at(grade, at, low)
    np.add.at(documents, at, (low >= scored_as[1].documented).astype(np.int64))
    np.logical_or.at(contradictory, at, low < high)
    return grade, documents, contradictory
