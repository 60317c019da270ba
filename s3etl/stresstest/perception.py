"""Where those who provide support and those who use it see things differently (methodology 2.4-8).

Arrays in, arrays out; answers as given, without the evidence cap. Whether a figure may be shown
is decided in :mod:`s3etl.stresstest.shown`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s3etl.stresstest.bootstrap import Single, median_of_draws, resampled, stream
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
        p: Larger p of the permutation and of the resampling test; NaN where it is not tested.
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
    """Return p of one region's items, I: the larger one of two tests.

    Respondents change places between all groups of the two sides that are asked an item, whole,
    with all their answers, and groups keep their sizes. That supposes that nobody differs where
    the sides do not; yet policy makers may be above agencies, and clusters above business, with
    the sides equal. So respondents are drawn anew within their groups, too, and the gap has to be
    as unlikely among the gaps of these draws less their own. Items that ask the same groups share
    the draws.
    """
    both = np.sort(np.concatenate(sides(method)))
    pattern = plan.asked[:, both]
    p = np.full(len(gap), np.nan)
    for asked in np.unique(pattern[enough], axis=0):
        items = enough & (pattern == asked).all(axis=1)
        groups = both[asked]
        there = np.isin(group, groups)
        here, own = answers[there][:, items], gap[items][:, None]
        known = *name, "".join(GROUPS[g] for g in groups)
        permuted = _permuted(group[there], groups, method, known)
        drawn = _redrawn(group[there], groups, method, known)
        extreme = np.maximum(
            _as_extreme(_gaps(here, permuted, method), own),
            _as_extreme(_gaps(here, drawn, method) - own, own),
        )
        p[items] = (1 + extreme) / (1 + method.permutations)
    return p


def _permuted(
    group: NDArray[np.int64],
    groups: NDArray[np.int64],
    method: StressTestMethod,
    name: tuple[object, ...],
) -> dict[int, Single]:
    """Return who is in each group after each permutation, N × B by group."""
    rng = stream(method.seed, "permutations", *name)
    labels = rng.permuted(np.tile(group, (method.permutations, 1)), axis=1).T
    return {of: (labels == of).astype(np.float32) for of in groups.tolist()}


def _redrawn(
    group: NDArray[np.int64],
    groups: NDArray[np.int64],
    method: StressTestMethod,
    name: tuple[object, ...],
) -> dict[int, Single]:
    """Return how often each respondent is drawn within the own group, N × B by group."""
    rng = stream(method.seed, "gap", *name)
    out = {}
    for of in groups.tolist():
        own = np.flatnonzero(group == of)
        times = np.zeros((len(group), method.permutations), np.float32)
        if len(own):
            times[own] = resampled(len(own), method.permutations, rng)
        out[of] = times
    return out


def _gaps(answers: Levels, members: dict[int, Single], method: StressTestMethod) -> Single:
    """Return Δ of every draw, I × B; NaN where a side has no answer.

    Args:
        answers: N × I.
        members: How often each respondent is in a group, N × B by group.
        method: The choices.
    """
    cast, rated = votes(answers), (answers >= 0).T.astype(np.float32)
    means = []
    for side in sides(method):
        parts = []
        for of in sorted(set(side) & set(members)):
            median = median_of_draws(cast, STEPS, members[of])
            parts.append(np.where(rated @ members[of] > 0, median, np.float32(np.nan)))
        means.append(mean_of_groups(np.stack(parts), axis=0))
    return np.asarray(means[0] - means[1], np.float32)


def _as_extreme(drawn: Single | Floats, gap: Floats) -> NDArray[np.int64]:
    """Count the draws with a gap as large; one without an answer on a side counts too."""
    return np.asarray((~(np.abs(drawn) < np.abs(gap) - SLACK)).sum(axis=1), np.int64)
