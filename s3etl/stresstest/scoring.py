"""Scores of items, dimensions, directions and regions (methodology 2.4).

Arrays in, arrays out, missing is NaN; no table, no text and nothing random.

U surveys, G groups, I items, K = 4 steps between the five levels, D dimensions.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from s3etl.stresstest.method import StressTestMethod
from s3etl.stresstest.survey import DK, NA, Bools, Floats, Ints, Levels, Plan, Survey

GROUPS: Final = 5
STEPS: Final = 4
SETTLED: Final = 9
"""Decimals that are the same however a processor adds up; a tie in the third is then one, too."""
HALF: Final = 12.5
"""Points of half a step: x = 25·a, and a median may lie half-way between two levels."""


@dataclass(frozen=True)
class Counts:
    """Replies by survey, group and item, U × G × I, and respondents, U × G.

    Attributes:
        valid: Ratings.
        unsure: DK.
        not_applicable: NA.
        respondents: Respondents of the group, whatever they replied.
    """

    valid: Ints
    unsure: Ints
    not_applicable: Ints
    respondents: Ints


@dataclass(frozen=True)
class Items:
    """Scores of items.

    Attributes:
        raw_median: U × G × I, median of a group, of answers as given.
        median: U × G × I, of capped answers.
        raw: U × I, mean of the groups' medians; NaN where not scored.
        score: U × I, the same of capped answers: the headline.
        cap: U × I, highest answer that counts.
        scored: U × I.
        applicable: U × I, whether the item is in the weight base.
        unsure: U × I, share of DK among ratings and DK.
    """

    raw_median: Floats
    median: Floats
    raw: Floats
    score: Floats
    cap: Ints
    scored: Bools
    applicable: Bools
    unsure: Floats


@dataclass(frozen=True)
class Totals:
    """Weighted means of items, and the share of the applicable weight that is scored.

    Attributes:
        score: … × D; NaN where too little is scored.
        coverage: … × D; NaN where nothing is applicable.
        items: … × D, number of items scored.
    """

    score: Floats
    coverage: Floats
    items: Ints


@dataclass(frozen=True)
class Overall:
    """The region as a whole, each of any axes.

    Attributes:
        mean: ST, weighted mean of dimensions.
        weakest: Smallest score of a dimension.
        weakest_at: Its place; -1 where there is none.
        geometric: Weighted geometric mean of dimensions, floored.
    """

    mean: Floats
    weakest: Floats
    weakest_at: Ints
    geometric: Floats


def votes(answers: Levels) -> Levels:
    """Say of each answer and step whether it lies above (1) or below (-1); 0 without a level.

    Args:
        answers: N × I.

    Returns:
        N × K × I.
    """
    steps = np.arange(STEPS, dtype=np.int8)[:, None]
    above = np.where(answers[:, None, :] > steps, 1, -1).astype(np.int8)
    return np.where(answers[:, None, :] >= 0, above, 0).astype(np.int8)


def median_of_votes(balance: Floats | Ints, cap: Ints | int = STEPS) -> Floats:
    """Return medians, 0 to 100, of answers that are known by their votes only.

    The median of a scale of levels is a sum of majorities: each step that more answers lie above
    than below adds 25 points, a tie 12.5. Answers capped at c have no votes from step c on.

    Args:
        balance: … × K × I, votes added up; steps from the cap on are not looked at.
        cap: Highest answer that counts, … × I.
    """
    steps = np.arange(STEPS)[:, None]
    counted = np.where(steps < np.atleast_1d(cap)[..., None, :], np.sign(balance) + 1, 0)
    return np.asarray(HALF * counted.sum(axis=-2), float)


def by_group(survey: Survey, values: Ints | Levels) -> Ints:
    """Add up values of respondents by survey and group: N × … to U × G × …."""
    out = np.zeros((len(survey.geo) * GROUPS, *values.shape[1:]), np.int64)
    if len(survey.unit):
        cell = survey.unit * GROUPS + survey.group  # in order: respondents are
        start = np.flatnonzero(np.diff(cell, prepend=-1))
        out[cell[start]] = np.add.reduceat(values, start, axis=0, dtype=np.int64)
    return out.reshape(len(survey.geo), GROUPS, *values.shape[1:])


def counts_of(survey: Survey) -> Counts:
    """Count replies by survey, group and item."""
    of = survey.answers
    return Counts(
        valid=by_group(survey, (of >= 0).astype(np.int64)),
        unsure=by_group(survey, (of == DK).astype(np.int64)),
        not_applicable=by_group(survey, (of == NA).astype(np.int64)),
        respondents=by_group(survey, np.ones((len(of), 1), np.int64))[..., 0],
    )


def caps(grade: Ints, plan: Plan, method: StressTestMethod) -> Ints:
    """Return the highest answer that counts, U × I (2.4-1)."""
    bound = plan.documented & (grade < method.documented)
    return np.where(bound, method.cap, STEPS)


def mean_of_groups(median: Floats, axis: int = -2) -> Floats:
    """Return the mean over groups that have a median: groups count equally (2.4-3)."""
    there = ~np.isnan(median)
    number = there.sum(axis=axis)
    total = np.where(there, median, 0.0).sum(axis=axis)
    return _share(total, number)


def score_items(survey: Survey, counts: Counts, plan: Plan, method: StressTestMethod) -> Items:
    """Score the items of every survey (2.4-1 to 2.4-4)."""
    balance = by_group(survey, votes(survey.answers))
    cap = caps(survey.grade, plan, method)
    nobody = counts.valid == 0
    raw = np.where(nobody, np.nan, median_of_votes(balance))
    capped = np.where(nobody, np.nan, median_of_votes(balance, cap[:, None, :]))
    valid, unsure, na = (
        n.sum(axis=1) for n in (counts.valid, counts.unsure, counts.not_applicable)
    )
    share = _share(unsure, valid + unsure)
    scored = (
        (valid >= method.least_answers)
        & ((counts.valid > 0).sum(axis=1) >= method.least_groups)
        & ~(share > method.most_unsure)
    )
    away = ~scored & (_share(na, valid + unsure + na) > method.not_applicable)
    return Items(
        raw_median=raw,
        median=capped,
        raw=np.where(scored, mean_of_groups(raw), np.nan),
        score=np.where(scored, mean_of_groups(capped), np.nan),
        cap=cap,
        scored=scored,
        applicable=~away,
        unsure=share,
    )


def _share(part: Ints | Floats, whole: Ints | Floats) -> Floats:
    """Return part / whole, NaN where the whole is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    out = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def totals(score: Floats, weights: Floats, applicable: Bools, least: float) -> Totals:
    """Return weighted means of items that are scored, where they are enough (2.4-5, 2.4-6).

    Args:
        score: … × I, NaN where not scored.
        weights: D × I, weight of an item in each total; 0 if it is not in it.
        applicable: … × I, whether the item is in the weight base.
        least: Share of the weight base that has to be scored.
    """
    there = ~np.isnan(score)
    got = there @ weights.T
    base = (there | applicable) @ weights.T
    total = np.where(there, score, 0.0) @ weights.T
    coverage = _share(got, base)
    enough = coverage >= least - 1e-9  # 0.6 of equal weights is a little less in floating point
    value = np.where(enough, np.round(_share(total, got), SETTLED), np.nan)
    return Totals(value, coverage, there @ (weights > 0).T.astype(np.int64))


def dimension_weights(plan: Plan) -> Floats:
    """Return the weights of items in dimensions, D × I."""
    places = np.arange(len(plan.dimensions))[:, None]
    return np.where(plan.dimension == places, plan.weight, 0.0)


def direction_weights(plan: Plan, directions: tuple[str, ...] = ("C2S", "S2C")) -> Floats:
    """Return the weights of items in directions, one row for each."""
    return np.array([np.where(plan.direction == d, plan.weight, 0.0) for d in directions])


def overall(dimension: Floats, plan: Plan, method: StressTestMethod) -> Overall:
    """Return ST, the weakest link and the geometric mean (2.4-5).

    Args:
        dimension: … × D, NaN where not scored.
        plan: The questionnaire.
        method: The choices.
    """
    there = ~np.isnan(dimension)
    needed = [plan.dimensions.index(code) for code in method.needed_dimensions]
    enough = (there.sum(axis=-1) >= method.least_dimensions) & there[..., needed].all(axis=-1)
    weight = np.where(there, plan.dimension_weight, 0.0)
    base = np.where(enough, weight.sum(axis=-1), np.nan)
    values = np.where(there, dimension, 0.0)
    logs = np.log(np.maximum(np.where(there, dimension, 1.0), method.geometric_floor))
    lowest = np.where(there, dimension, np.inf)
    return Overall(
        mean=np.round((weight * values).sum(axis=-1) / base, SETTLED),
        weakest=np.where(enough, lowest.min(axis=-1), np.nan),
        weakest_at=np.where(enough, lowest.argmin(axis=-1), -1),
        geometric=np.round(np.exp((weight * logs).sum(axis=-1) / base), SETTLED),
    )


def balance_of(c2s: Floats, s2c: Floats) -> Floats:
    """Return 1 - |C2S - S2C| / (C2S + S2C); NaN where both are 0 or one is missing (2.4-6)."""
    total = np.asarray(c2s + s2c)
    return np.asarray(1 - _share(np.abs(c2s - s2c), total))


def evidence_share(grade: Ints, plan: Plan, method: StressTestMethod) -> Floats:
    """Return the share of items asking for a document that have one, U × D (2.6)."""
    asks = dimension_weights(plan) > 0
    asks &= plan.documented
    held = (grade >= method.documented).astype(float) @ asks.T
    return _share(held, asks.sum(axis=1))


def evidence_of_all(grade: Ints, plan: Plan, method: StressTestMethod) -> Floats:
    """Return the same share over all items, U (2.5)."""
    return np.asarray((grade >= method.documented)[:, plan.documented].mean(axis=1))
