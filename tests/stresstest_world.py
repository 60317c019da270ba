"""Surveys for tests: written down as small tables, or simulated from a truth that is known."""

import zlib
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from scipy.stats import norm

from s3etl.stresstest.answers import ANSWERS, EVIDENCE
from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.survey import BLANK, GROUPS, Survey, plan_of

PLAN = plan_of(load())
WAVE = 2026
BIAS = np.array([0.45, 0.25, 0.0, -0.45, -0.2])
"""How much better than cluster managers each group rates, in levels."""


def answers_table(rows, *, version="2026.1", wave=WAVE, nuts="2024"):
    """Return a table of answers of (region, respondent, item, answer); respondents as ``P1``."""
    out = []
    for region, who, item, answer in rows:
        level = isinstance(answer, int | np.integer)
        out.append(
            {
                "region": region,
                "nuts_version": nuts,
                "wave": wave,
                "questionnaire": version,
                "respondent": f"{zlib.crc32(f'{region} {who}'.encode()):016x}",
                "group": who[0],
                "item": item,
                "answer": int(answer) if level else None,
                "state": "answered" if level else answer,
                "problem": "",
            }
        )
    return pa.Table.from_pylist(out, schema=ANSWERS)


def evidence_table(rows, *, wave=WAVE):
    """Return a table of evidence of (region, item, grade, title)."""
    fixed = {"nuts_version": "2024", "wave": wave, "problem": ""}
    names = ("region", "item", "grade", "title")
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) | fixed for row in rows], schema=EVIDENCE
    )


def spelt(text, region="XA11", item="D1.1"):
    """Return rows of one item from text such as ``P: 4 3, I: 3, B: 1 DK``."""
    for part in filter(None, text.split(",")):
        group, _, answers = part.partition(":")
        for number, answer in enumerate(answers.split()):
            level = int(answer) if answer.isdigit() else answer
            yield region, f"{group.strip()}{number}", item, level


def full(region, levels, *, items=PLAN.items, skew=None):
    """Return rows of respondents who give the same level everywhere, by group: ``P: 4 3``."""
    for who_region, who, _, answer in spelt(levels, region):
        for place, item in enumerate(items):
            if PLAN.asked[PLAN.items.index(item), GROUPS.index(who[0])]:
                level = answer if skew is None else int(np.clip(answer + skew[place], 0, 4))
                yield who_region, who, item, level


def survey_of_arrays(answers, unit, group, *, grade=2):
    """Return a survey of N × I answers."""
    answers = np.where(PLAN.asked.T[group], answers, BLANK).astype(np.int8)
    order = np.lexsort((*answers.T, group, unit))
    units = int(unit.max()) + 1
    nothing = np.zeros((units, len(PLAN.items)), np.int64)
    return Survey(
        geo=np.array([f"X{u:04d}" for u in range(units)], object),
        nuts_version=np.full(units, "2024", object),
        wave=np.full(units, WAVE),
        questionnaire=np.full(units, "2026.1", object),
        not_scored=np.full(units, "", object),
        unit=unit[order],
        group=group[order],
        answers=answers[order],
        grade=nothing + grade,
        documents=nothing,
        contradictory=nothing > 0,
    )


class World(NamedTuple):
    """Simulated surveys and the scores everybody's answers would give, U × I."""

    survey: Survey
    truth: np.ndarray


def world(sizes, *, units=500, spread=0.7, person=0.0, bias=BIAS, unsure=0.0, seed=0):
    """Simulate surveys of invented regions.

    Answers are a level of region, dimension and item, a bias of the group, a leaning of the
    person and noise, rounded and cut to 0 to 4. The truth is the mean over groups of the median
    of all persons there could be.

    Args:
        sizes: Respondents of each group, or lowest and highest number.
        units: Regions.
        spread: Standard deviation of the noise, levels.
        person: Of the leaning of a person.
        bias: Of groups, levels.
        unsure: Share of DK.
        seed: Of the random numbers.
    """
    rng = np.random.default_rng(seed)
    items, groups = len(PLAN.items), len(GROUPS)
    level = rng.normal(2.1, 0.5, (units, 1)) + rng.normal(0, 0.5, (units, items))
    level += rng.normal(0, 0.4, (units, 7))[:, PLAN.dimension]
    centre = level[:, None, :] + bias[:, None]
    low, high = sizes if isinstance(sizes, tuple) else (sizes, sizes)
    size = rng.integers(low, high + 1, (units, groups))
    unit = np.repeat(np.arange(units), size.sum(axis=1))
    group = np.repeat(np.tile(np.arange(groups), units), size.ravel())
    leaning = rng.normal(0, person, (len(unit), 1))
    noise = rng.normal(0, spread, (len(unit), items))
    answers = np.clip(np.rint(centre[unit, group] + leaning + noise), 0, 4).astype(np.int8)
    answers[rng.random(answers.shape) < unsure] = -1
    below = norm.cdf((np.arange(4) + 0.5 - centre[..., None]) / np.hypot(spread, person))
    medians = np.where(PLAN.asked.T, 25.0 * (below < 0.5).sum(axis=-1), np.nan)
    return World(survey_of_arrays(answers, unit, group), np.nanmean(medians, axis=1))
