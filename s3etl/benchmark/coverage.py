"""Coverage: how much of a score rests on a unit's own values, and whether it gives a rank.

Arrays in, arrays out; scores are not changed here, only judged (methodology 8, step 3).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s3etl.benchmark.ranks import positions
from s3etl.benchmark.scoring import Rank
from s3etl.benchmark.state import OWN, State, Values

SLACK = 1e-9
"""Two thirds of a weight are two thirds whatever the rounding of their sum."""


@dataclass(frozen=True)
class Judged:
    """Coverage and ranks of every aggregate; axes (years, units, aggregates).

    Attributes:
        coverage: Share of the weight of its indicators with a value of the unit's own: an
            observation, or one from its own other years.
        imputed: Share of the weight of what is there that is imputed in any way.
        reasons: Why a unit has no rank, empty where it has one.
        ranks: 1 for the best; equal scores share the better rank; NaN where there is none.
    """

    coverage: Values
    imputed: Values
    reasons: NDArray[np.object_]
    ranks: Values


def judge(state: State, rule: Rank) -> Judged:
    """Judge the scores of a state that has been aggregated.

    Args:
        state: Its scores, weights and marks of what is imputed.
        rule: The shares that a rank needs.
    """
    scores = state.scores
    if scores is None:
        raise ValueError("only what has been aggregated can be ranked")
    there = ~np.isnan(state.data)
    own = there & ((state.imputed == 0) | np.isin(state.imputed, OWN))
    guessed = (there & (state.imputed > 0)).astype(float)
    share = np.eye(state.data.shape[-1])
    counts, coverage, imputed, enough = own.astype(float), [], [], []
    for level, weights in enumerate(state.weights, 1):
        relative = weights / weights.sum(axis=0)
        share = share @ relative
        coverage.append(own.astype(float) @ share)
        present = there.astype(float) @ share
        part = np.zeros(present.shape)
        np.divide(guessed @ share, present, out=part, where=present > 0)
        imputed.append(part)
        least = rule.pillar if level == 1 else rule.index
        enough.append(counts @ relative)
        counts = (enough[-1] >= least - SLACK).astype(float)
    covered, guesses, met = (np.concatenate(each, axis=-1) for each in (coverage, imputed, enough))
    reasons = _reasons(state, rule, met, guesses)
    ranks = positions(-np.where(reasons == "", scores, np.nan))
    return Judged(covered, guesses, reasons, ranks)


def _reasons(state: State, rule: Rank, met: Values, guesses: Values) -> NDArray[np.object_]:
    """Say why a unit has no rank; the first reason that applies."""
    pillars = len(state.hierarchy.levels[1])
    least = np.full(met.shape, rule.index)
    least[..., :pillars] = rule.pillar
    out = np.full(met.shape, "", object)
    for place in map(tuple, np.argwhere(guesses > rule.imputed + SLACK)):
        out[place] = f"{guesses[place]:.0%} of the weight is imputed, at most {rule.imputed:.0%}"
    for place in map(tuple, np.argwhere(met < least - SLACK)):
        what = "has a value" if place[-1] < pillars else "has values enough"
        out[place] = f"{met[place]:.0%} of the weight {what}, {least[place]:.0%} needed"
    out[np.isnan(state.scores)] = "no value"  # type: ignore[arg-type]
    out[~state.kept] = "left out: too few values"
    return out
