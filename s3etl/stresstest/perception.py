"""Where those who provide support and those who use it see things differently (methodology 2.4-8).

Arrays in, arrays out; answers as given, without the evidence cap. Whether a figure may be shown
is decided in :mod:`s3etl.stresstest.shown`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s3etl.stresstest.bootstrap import median_of_draws, stream
from s3etl.stresstest.method import StressTestMethod
from s3etl.stresstest.scoring import STEPS, Counts, mean_of_groups, votes
from s3etl.stresstest.survey import GROUPS, Bools, Floats, Levels, Plan, Survey

SLACK = 1e-3
"""Points by which a permuted gap may fall short and still be as large: rounding of a mean."""


@dataclass(frozen=True)
class Perception:
    """Perception gaps, each U × I.

    Attributes:
        gap: Δ, providers less users; NaN where a side was not asked or did not answer.
        spread: Largest less smallest median of a group; NaN with fewer than two groups.
        p: p of the permutation test; NaN where it is not tested.
        q: p after Benjamini-Hochberg within the region.
        flagged: Whether the gap is large, and no accident.
    """

    gap: Floats
    spread: Floats
    p: Floats
    q: Floats
    flagged: Bools


def sides(method: StressTestMethod) -> tuple[list[int], list[int]]:
    """Return the places of the groups of providers and of users."""
    return [GROUPS.index(g) for g in method.providers], [GROUPS.index(g) for g in method.users]


def perception_gap(raw_median: Floats, method: StressTestMethod) -> Floats:
    """Return Δ = mean(m_P, m_I) - mean(m_C, m_B), of … × G × I."""
    providers, users = sides(method)
    above = mean_of_groups(raw_median[..., providers, :])
    return np.asarray(above - mean_of_groups(raw_median[..., users, :]))


def spread(raw_median: Floats) -> Floats:
    """Return max_g m - min_g m, of … × G × I."""
    there = ~np.isnan(raw_median)
    high = np.where(there, raw_median, -np.inf).max(axis=-2)
    low = np.where(there, raw_median, np.inf).min(axis=-2)
    return np.where(there.sum(axis=-2) > 1, high - low, np.nan)


def benjamini_hochberg(p: Floats) -> Floats:
    """Return adjusted p within each row (Benjamini & Hochberg 1995); NaN is not in the family.

    Args:
        p: … × I.
    """
    key = np.where(np.isnan(p), 2.0, p)  # after all others
    order = np.argsort(key, axis=-1, kind="stable")
    number = (~np.isnan(p)).sum(axis=-1, keepdims=True)
    ordered = np.take_along_axis(key, order, axis=-1)
    scaled = ordered * number / np.arange(1, p.shape[-1] + 1)
    scaled[ordered > 1] = np.inf
    least = np.minimum.accumulate(scaled[..., ::-1], axis=-1)[..., ::-1]
    out = np.empty_like(least)
    np.put_along_axis(out, order, np.minimum(least, 1.0), axis=-1)
    return np.where(np.isnan(p), np.nan, out)


def perceive(
    survey: Survey, counts: Counts, raw_median: Floats, plan: Plan, method: StressTestMethod
) -> Perception:
    """Measure and test the perception gaps of every survey.

    Args:
        survey: The answers.
        counts: Replies.
        raw_median: U × G × I, of answers as given.
        plan: The questionnaire.
        method: The choices.
    """
    gap = perception_gap(raw_median, method)
    enough = ~np.isnan(gap)
    for side in sides(method):
        enough &= counts.valid[:, side].sum(axis=1) >= method.flag_answers
    p = np.full(gap.shape, np.nan)
    start = np.searchsorted(survey.unit, np.arange(len(gap) + 1))
    for unit in np.flatnonzero(enough.any(axis=1)):  # blocks of one region
        people = slice(start[unit], start[unit + 1])
        name = (survey.geo[unit], survey.wave[unit])
        of = survey.answers[people], survey.group[people], gap[unit], enough[unit]
        p[unit] = _test(*of, plan, method, name)
    q = benjamini_hochberg(p)
    flagged = (np.abs(gap) >= method.flag_gap) & (q < method.false_discovery)
    return Perception(gap, spread(raw_median), p, q, flagged)


def _test(
    answers: Levels,
    group: NDArray[np.int64],
    gap: Floats,
    enough: Bools,
    plan: Plan,
    method: StressTestMethod,
    name: tuple[object, ...],
) -> Floats:
    """Return p of one region's items, I.

    Respondents change places between all groups of the two sides that are asked an item, whole,
    with all their answers, and groups keep their sizes. Items that ask the same groups share
    the permutations.
    """
    both = np.sort(np.concatenate(sides(method)))
    pattern = plan.asked[:, both]
    p = np.full(len(gap), np.nan)
    for asked in np.unique(pattern[enough], axis=0):
        items = enough & (pattern == asked).all(axis=1)
        groups = both[asked]
        there = np.isin(group, groups)
        rng = stream(method.seed, "permutations", *name, "".join(GROUPS[g] for g in groups))
        labels = rng.permuted(np.tile(group[there], (method.permutations, 1)), axis=1)
        extreme = _as_extreme(answers[there][:, items], labels, groups, gap[items], method)
        p[items] = (1 + extreme) / (1 + method.permutations)
    return p


def _as_extreme(
    answers: Levels,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    gap: Floats,
    method: StressTestMethod,
) -> NDArray[np.int64]:
    """Count the permutations with a gap as large; one without an answer on a side counts too."""
    cast, rated = votes(answers), (answers >= 0).T.astype(np.float32)
    shape = (answers.shape[1], len(labels))
    means = []
    for side in sides(method):
        total, number = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for of in sorted(set(side) & set(groups.tolist())):
            member = (labels == of).T.astype(np.float32)
            there = rated @ member > 0
            total += np.where(there, median_of_draws(cast, STEPS, member), np.float32(0))
            number += there
        mean = np.full(shape, np.nan, np.float32)
        np.divide(total, number, out=mean, where=number > 0)
        means.append(mean)
    apart = np.abs(means[0] - means[1])
    return np.asarray((~(apart < np.abs(gap)[:, None] - SLACK)).sum(axis=1), np.int64)
