"""How sure scores are: respondents drawn anew within their groups (methodology 2.4-9).

Arrays in, arrays out. A draw takes respondents whole, so that their answers to different items
stay together. Whether a figure is shown, and its interval with it, is decided elsewhere.

Every group of a region has a stream of its own, named by region, wave and group, and respondents
stand in the order of their answers: draws depend on neither the order of rows nor on who else
took part.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s3etl.stresstest.method import StressTestMethod
from s3etl.stresstest.scoring import (
    GROUPS,
    HALF,
    STEPS,
    Counts,
    Items,
    balance_of,
    dimension_weights,
    direction_weights,
    overall,
    totals,
    votes,
)
from s3etl.stresstest.survey import GROUPS as LETTERS
from s3etl.stresstest.survey import Floats, Ints, Levels, Plan, Survey

Single = NDArray[np.float32]


@dataclass(frozen=True)
class Drawn:
    """Scores of every draw; U surveys, B draws. NaN where the score itself is missing.

    Attributes:
        item: U × I × B, capped, single precision.
        dimension: U × D × B.
        direction: U × 3 × B: C2S, S2C and their balance.
        overall: U × 3 × B: ST, weakest link, geometric mean.
    """

    item: Single
    dimension: Floats
    direction: Floats
    overall: Floats


def stream(seed: int, *name: object) -> np.random.Generator:
    """Return the random numbers of a name, the same on every machine."""
    text = "|".join(str(part) for part in (seed, *name))
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def resampled(count: int, draws: int, rng: np.random.Generator) -> Single:
    """Return how often each of ``count`` respondents is drawn, count × draws."""
    chosen = rng.integers(0, count, (draws, count), dtype=np.uint32).astype(np.int64)
    chosen += count * np.arange(draws)[:, None]
    times = np.bincount(chosen.ravel(), minlength=draws * count)
    return np.ascontiguousarray(times.reshape(draws, count).T, np.float32)


def draw(
    survey: Survey, counts: Counts, items: Items, plan: Plan, method: StressTestMethod
) -> Drawn:
    """Draw respondents within groups and score every draw.

    Which groups, items and dimensions count is settled by the answers themselves, not anew in
    each draw: the interval is of the score that is published. A group none of whose drawn
    members rated an item keeps its median there; the one answer of a group is moved by up to
    ``jitter`` points, so that it does not look certain.
    """
    units = len(survey.geo)
    out = Drawn(
        item=np.empty((units, len(plan.items), method.draws), np.float32),
        dimension=np.empty((units, len(plan.dimensions), method.draws)),
        direction=np.empty((units, 3, method.draws)),
        overall=np.empty((units, 3, method.draws)),
    )
    in_dimension, in_direction = dimension_weights(plan), direction_weights(plan)
    start = np.searchsorted(survey.unit * GROUPS + survey.group, np.arange(units * GROUPS + 1))
    for unit in range(units):  # blocks of one region, so that memory stays small
        score = _items(survey, counts, items, method, unit, start)
        score[~items.scored[unit]] = np.nan
        out.item[unit] = score
        of = score.T.astype(float), items.applicable[unit]
        dimension = totals(of[0], in_dimension, of[1], method.least_weight).score
        direction = totals(of[0], in_direction, of[1], method.least_weight).score
        whole = overall(dimension, plan, method)
        # Rounded, so that equal scores are equal whatever the order of a sum.
        out.dimension[unit] = np.round(dimension, 6).T
        out.direction[unit, :2] = np.round(direction, 6).T
        out.direction[unit, 2] = np.round(balance_of(direction[:, 0], direction[:, 1]), 6)
        out.overall[unit] = np.round([whole.mean, whole.weakest, whole.geometric], 6)
    return out


def _items(
    survey: Survey,
    counts: Counts,
    items: Items,
    method: StressTestMethod,
    unit: int,
    start: NDArray[np.int64],
) -> Single:
    """Return the scores of one region's items in every draw, I × B."""
    cap = items.cap[unit]
    counted = (np.arange(STEPS)[:, None] < cap).astype(np.int8)
    total = np.zeros((len(cap), method.draws), np.float32)
    for group in range(GROUPS):
        people = slice(start[unit * GROUPS + group], start[unit * GROUPS + group + 1])
        size = people.stop - people.start
        valid = counts.valid[unit, group]
        if not valid.any():
            continue
        name = (survey.geo[unit], survey.wave[unit], LETTERS[group])
        rng = stream(method.seed, "respondents", *name)
        times = resampled(size, method.draws, rng)
        answers = survey.answers[people]
        median = median_of_draws(votes(answers) * counted, cap, times)
        own = items.median[unit, group].astype(np.float32)[:, None]
        some = (valid > 0) & (valid < size)
        rated = (answers[:, some] >= 0).T.astype(np.float32) @ times
        median[some] = np.where(rated > 0, median[some], own[some])
        one = valid == 1
        if one.any():
            noise = rng.uniform(-method.jitter, method.jitter, total.shape)[one]
            median[one] = own[one] + noise  # uncut: an interval of one side would tell the answer
        median[valid == 0] = 0
        total += median
    groups = (counts.valid[unit] > 0).sum(axis=0)
    score = total / np.maximum(groups, 1)[:, None].astype(np.float32)
    return np.asarray(np.clip(score, 0, 100), np.float32)


def median_of_draws(cast: Levels, cap: Ints | int, times: Single) -> Single:
    """Return the medians of respondents drawn several times or not at all.

    The same as :func:`s3etl.stresstest.scoring.median_of_votes`, with the draws side by side.

    Args:
        cast: N × K × I, votes; none from the cap on.
        cap: I, highest answer that counts.
        times: N × B, how often each respondent is drawn.

    Returns:
        I × B, also where nobody drawn has answered: then it means nothing.
    """
    balance = cast.reshape(len(cast), -1).T.astype(np.float32) @ times
    steps = np.sign(balance).reshape(STEPS, -1, times.shape[1]).sum(axis=0)
    steps += np.atleast_1d(cap).astype(np.float32)[:, None]
    steps *= np.float32(HALF)
    return np.asarray(steps, np.float32)


def bounds(drawn: Floats | Single, method: StressTestMethod) -> tuple[Floats, Floats]:
    """Return the lower and upper percentile over draws, … × B to …; NaN stays NaN."""
    ordered = np.sort(drawn, axis=-1)  # all draws of a score are NaN or none is
    low, high = (q / 100 * (drawn.shape[-1] - 1) for q in method.interval)
    return (
        np.asarray(ordered[..., int(np.floor(low))], float),
        np.asarray(ordered[..., int(np.ceil(high))], float),
    )
