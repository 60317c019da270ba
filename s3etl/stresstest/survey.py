"""Accepted answers and evidence as arrays: who answered what, and which evidence is held.

Tables in, arrays out; nothing is scored here and no name, text or pseudonym is kept.

N respondents in order of region, wave, group and answers, U surveys (a region in a wave), I items,
G groups P, I, C, B, R.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

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
    plan = plan_of(questionnaire)
    columns = ["region", "nuts_version", "wave", "questionnaire", "respondent", "group", "item"]
    rows = usable(answers).select([*columns, "answer", "state"]).to_pandas()
    rows = rows.sort_values([*columns, "state", "answer"], kind="stable", ignore_index=True)
    places, known = _numbered([rows["region"], rows["wave"]])
    versions = _joined(rows, places, "questionnaire", len(known))
    items, reason = _items(rows, places, versions, questionnaire.version, method.mappings)
    place = pd.Index(plan.items).get_indexer(pd.Index(items))
    person, who = _numbered([places, rows["group"], rows["respondent"]])
    unit = np.asarray(who.get_level_values(0), np.int64)
    group = np.array([GROUPS.index(g) for g in who.get_level_values(1)], np.int64)
    level = np.full((len(who), len(plan.items)), BLANK, np.int8)
    value = np.select(
        [rows["state"] == "answered", rows["state"] == "DK", rows["state"] == "NA"],
        [rows["answer"].fillna(BLANK), DK, NA],
        BLANK,
    ).astype(np.int8)
    good = (place >= 0) & (reason[places] == "")
    level[person[good], place[good]] = value[good]
    level[~plan.asked.T[group]] = BLANK
    order = np.lexsort((*level.T, group, unit))
    grade, documents, contradictory = _evidence(evidence, known, plan, method)
    return Survey(
        geo=np.array(known.get_level_values(0), object),
        nuts_version=_joined(rows, places, "nuts_version", len(known)),
        wave=np.asarray(known.get_level_values(1), np.int64),
        questionnaire=versions,
        not_scored=reason,
        unit=unit[order],
        group=group[order],
        answers=level[order],
        grade=grade,
        documents=documents,
        contradictory=contradictory,
    )


def _numbered(keys: list[Any]) -> tuple[Ints, pd.MultiIndex]:
    """Number the rows of several columns by their distinct values, in order."""
    index = pd.MultiIndex.from_arrays(keys)
    distinct = index.unique().sort_values()
    return np.asarray(distinct.get_indexer(index), np.int64), distinct


def _joined(rows: pd.DataFrame, places: Ints, column: str, units: int) -> NDArray[np.object_]:
    """Return the texts of a column by survey, joined by ``;``."""
    texts = rows[column].groupby(places).agg(lambda of: "; ".join(sorted(set(of.dropna()))))
    return np.array(texts.reindex(range(units)).tolist(), object)


def _items(
    rows: pd.DataFrame,
    places: Ints,
    versions: NDArray[np.object_],
    version: str,
    mappings: Sequence[Mapping],
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return the item each row counts as, and by survey why it cannot be scored."""
    items = rows["item"].to_numpy(object).copy()
    here = {m.earlier: m for m in mappings if m.later == version}
    reason = np.full(len(versions), "", object)
    for old in sorted(set(rows["questionnaire"]) - {version}):
        of = (rows["questionnaire"] == old).to_numpy()
        mapping = here.get(old)
        if mapping and not mapping.scale_changed:
            items[of] = [mapping.items.get(item, "") for item in items[of]]
            continue
        what = "has another scale than" if mapping else "is not mapped to"
        reason[np.unique(places[of])] = f"questionnaire {old} {what} {version}"
    return items, reason


def _evidence(
    evidence: pa.Table, known: pd.MultiIndex, plan: Plan, method: StressTestMethod
) -> tuple[Ints, Ints, Bools]:
    """Return best grade, number of documents and contradictions, each U × I.

    Of one document with several grades the lowest counts: two people graded it, and one of them
    did not find it as good.
    """
    shape = (len(known), len(plan.items))
    grade, documents = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    contradictory = np.zeros(shape, bool)
    rows = usable(evidence)
    rows = rows.filter(pc.is_valid(rows.column("grade"))).to_pandas()
    if rows.empty:
        return grade, documents, contradictory
    name = ["region", "wave", "item", "title", "date", "link"]
    found = rows.groupby(name, dropna=False, sort=True)["grade"].agg(["min", "max"]).reset_index()
    unit = known.get_indexer(pd.MultiIndex.from_frame(found[["region", "wave"]]))
    item = pd.Index(plan.items).get_indexer(pd.Index(found["item"]))
    there = (unit >= 0) & (item >= 0)
    at = (unit[there], item[there])
    low, high = (found[c].to_numpy(np.int64)[there] for c in ("min", "max"))
    np.maximum.at(grade, at, low)
    np.add.at(documents, at, (low >= method.documented).astype(np.int64))
    np.logical_or.at(contradictory, at, low < high)
    return grade, documents, contradictory
