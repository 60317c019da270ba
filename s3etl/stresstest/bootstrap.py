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
from s3etl.stresstest.survey import Floats, Plan, Survey

Single = NDArray[np.float32]


@dataclass(frozen=True)
class Drawn:
    """Scores of every draw; U surveys, B draws. NaN where the score itself is missing.

    Attributes:
        item: U × B × I, capped, single precision.
        dimension: U × B × D.
        direction: U × B × 3: C2S, S2C and their balance.
        overall: U × B × 3: ST, weakest link, geometric mean.
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
    """Return how often each of ``count`` respondents is drawn, draws × count."""
    chosen = rng.integers(0, count, (draws, count), dtype=np.uint32).astype(np.int64)
    chosen += count * np.arange(draws)[:, None]
    times = np.bincount(chosen.ravel(), minlength=draws * count)
    return times.reshape(draws, count).astype(np.float32)


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
        item=np.empty((units, method.draws, len(plan.items)), np.float32),
        dimension=np.empty((units, method.draws, len(plan.dimensions))),
        direction=np.empty((units, method.draws, 3)),
        overall=np.empty((units, method.draws, 3)),
    )
    start = np.searchsorted(survey.unit * GROUPS + survey.group, np.arange(units * GROUPS + 1))
    for unit in range(units):  # blocks of one region, so that memory stays small
        score = _items(survey, counts, items, method, unit, start)
        score[:, ~items.scored[unit]] = np.nan
        out.item[unit] = score
        of = score.astype(float), items.applicable[unit]
        dimension = totals(of[0], dimension_weights(plan), of[1], method.least_weight).score
        direction = totals(of[0], direction_weights(plan), of[1], method.least_weight).score
        whole = overall(dimension, plan, method)
        # Rounded, so that equal scores are equal whatever the order of a sum.
        out.dimension[unit] = np.round(dimension, 6)
        out.direction[unit, :, :2] = direction
        out.direction[unit, :, 2] = balance_of(direction[:, 0], direction[:, 1])
        out.overall[unit] = np.stack([whole.mean, whole.weakest, whole.geometric], axis=-1)
    return out


def _items(
    survey: Survey,
    counts: Counts,
    items: Items,
    method: StressTestMethod,
    unit: int,
    start: NDArray[np.int64],
) -> Single:
    """Return the scores of one region's items in every draw, B × I."""
    cap = items.cap[unit]
    open_ = (np.arange(STEPS)[:, None] < cap).astype(np.int8)
    total = np.zeros((method.draws, len(cap)), np.float32)
    for group in range(GROUPS):
        people = slice(start[unit * GROUPS + group], start[unit * GROUPS + group + 1])
        size = people.stop - people.start
        valid = counts.valid[unit, group]
        if not valid.any():
            continue
        rng = stream(
            method.seed, "respondents", survey.geo[unit], survey.wave[unit], LETTERS[group]
        )
        times = resampled(size, method.draws, rng)
        answers = survey.answers[people]
        balance = times @ (votes(answers) * open_).reshape(size, -1).astype(np.float32)
        steps = np.sign(balance).reshape(method.draws, STEPS, -1).sum(axis=1)
        median = np.float32(HALF) * (steps + cap.astype(np.float32))
        some = (valid > 0) & (valid < size)
        rated = times @ (answers[:, some] >= 0).astype(np.float32)
        own = items.median[unit, group].astype(np.float32)
        median[:, some] = np.where(rated > 0, median[:, some], own[some])
        one = valid == 1
        if one.any():
            noise = rng.uniform(-method.jitter, method.jitter, (method.draws, len(cap)))[:, one]
            median[:, one] = np.clip(own[one] + noise, 0, 100)
        total += np.where(valid > 0, median, np.float32(0))
    groups = (counts.valid[unit] > 0).sum(axis=0)
    return np.asarray(total / np.maximum(groups, 1).astype(np.float32), np.float32)


def bounds(drawn: Floats | Single, method: StressTestMethod) -> tuple[Floats, Floats]:
    """Return the lower and upper percentile over draws, U × B × … to U × …; NaN stays NaN."""
    ordered = np.sort(drawn, axis=1)  # NaN goes last: all draws of a score are or none is
    low, high = (q / 100 * (drawn.shape[1] - 1) for q in method.interval)
    return (
        np.asarray(ordered[:, int(np.floor(low))], float),
        np.asarray(ordered[:, int(np.ceil(high))], float),
    )
