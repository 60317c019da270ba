"""One wave assessed: every score, draw and comparison of the regions that took part.

Puts the numerical parts together and holds what they found, as arrays; nothing is made a table or
a sentence here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s3etl.stresstest import frontier
from s3etl.stresstest.bootstrap import Drawn, bounds, draw
from s3etl.stresstest.consensus import balanced_shares, consensus
from s3etl.stresstest.method import StressTestMethod
from s3etl.stresstest.perception import Perception, perceive
from s3etl.stresstest.scoring import (
    STEPS,
    Counts,
    Items,
    Overall,
    Totals,
    balance_of,
    by_group,
    counts_of,
    dimension_weights,
    direction_weights,
    evidence_of_all,
    evidence_share,
    overall,
    score_items,
    totals,
)
from s3etl.stresstest.shown import Shown, shown_of
from s3etl.stresstest.survey import Bools, Floats, Ints, Plan, Survey
from s3etl.stresstest.teachers import Pairs, teachers

LEVELS = 5
Regions = NDArray[np.object_]


@dataclass(frozen=True)
class Structure:
    """Who is alike in structure (methodology 7), from outside.

    Attributes:
        regions: R codes, of the NUTS version of the surveys.
        similarity: R × R, exp(-D/D̃); NaN where it is not known.
        member: R × R, whether q (column) is a reference region of r (row).
    """

    regions: tuple[str, ...]
    similarity: Floats
    member: Bools

    def places(self, geo: Regions) -> Ints:
        """Return the places of some regions; -1 where it is not there."""
        place = {region: i for i, region in enumerate(self.regions)}
        return np.array([place.get(g, -1) for g in geo], np.int64)

    def members(self, geo: Regions) -> Bools:
        """Return which of some regions are references of which, U × U."""
        at = self.places(geo)
        known = (at[:, None] >= 0) & (at >= 0)
        return known & self.member[np.ix_(at, at)] & ~np.eye(len(at), dtype=bool)


def similarity_of(
    structure: Structure | None, learners: Regions, others: Regions
) -> tuple[Floats, Bools]:
    """Return similarities and which learners have any.

    Args:
        structure: Who is alike, where it is known.
        learners: R codes.
        others: U codes.

    Returns:
        R × U: 1 for learners of which nothing is known, NaN for pairs where others are; and R,
        whether it rests on structure.
    """
    nothing = np.ones((len(learners), len(others)))
    if structure is None or not structure.regions:
        return nothing, np.zeros(len(learners), bool)
    rows, columns = structure.places(learners), structure.places(others)
    known = (rows[:, None] >= 0) & (columns >= 0)
    alike = np.where(known, structure.similarity[np.ix_(rows, columns)], np.nan)
    of: Bools = np.asarray(np.isfinite(alike).any(axis=1))
    return np.where(of[:, None], alike, nothing), of


@dataclass(frozen=True)
class Comparison:
    """A score of every region beside that of others; U regions, D scores.

    Attributes:
        participants: D, median of all that are scored.
        compared: D, how many are.
        front: Whether a region is a frontrunner or named comparator, U × D.
        front_value: D.
        peers: U × D, median of reference regions.
        peer_count: U × D.
    """

    participants: Floats
    compared: Ints
    front: Bools
    front_value: Floats
    peers: Floats
    peer_count: Ints


@dataclass(frozen=True)
class Scores:
    """Scores above the items, each of U surveys."""

    dimension: Totals
    direction: Totals
    overall: Overall

    @property
    def eight(self) -> Floats:
        """The dimensions and ST, U × 8."""
        return np.column_stack([self.dimension.score, self.overall.mean])

    @property
    def balance(self) -> Floats:
        """The balance of directions, U."""
        return balance_of(self.direction.score[:, 0], self.direction.score[:, 1])


@dataclass(frozen=True)
class Assessment:
    """All that is known of a wave. Axes are those of the parts.

    The eight scores that are compared are the seven dimensions and ST. ``vouched`` is the share of
    documents a teacher is judged by, U × D: of the dimension, or of all items where the
    dimension asks for none, as D6 does not: its items are checked against indicators.
    """

    survey: Survey
    plan: Plan
    method: StressTestMethod
    counts: Counts
    items: Items
    scores: Scores
    raw: Scores
    drawn: Drawn
    perception: Perception
    consensus: Floats
    shown: Shown
    evidence: Floats
    evidence_all: Floats
    vouched: Floats
    not_front: list[str]
    quantiles: bool
    participants: int
    members: Bools
    structural: Bools
    of_scores: Comparison
    of_items: Comparison
    pairs: Pairs

    @property
    def lowered(self) -> Bools:
        """Whether the cap lowers the score of an item, or may: that is not told. U × I."""
        lower = self.items.raw > self.items.score + 1e-9
        return self.items.scored & np.where(self.shown.raw, lower, self.items.cap < STEPS)

    def drawn_score(self, place: int) -> Floats:
        """Return the draws of one of the eight scores, U × B."""
        dimensions = len(self.plan.dimensions)
        if place < dimensions:
            return self.drawn.dimension[:, place]
        return self.drawn.overall[:, 0]


def assess(
    survey: Survey, plan: Plan, method: StressTestMethod, structure: Structure | None = None
) -> Assessment:
    """Assess the surveys of one wave.

    Args:
        survey: Surveys of one wave, each of another region.
        plan: The questionnaire.
        method: The choices.
        structure: Who is alike; without it there are no peers, and all count as equally alike.
    """
    counts = counts_of(survey)
    items = score_items(survey, counts, plan, method)
    scores = scores_of(items.score, items.applicable, plan, method)
    drawn = draw(survey, counts, items, plan, method)
    low = bounds(np.concatenate([drawn.dimension, drawn.overall[:, :1]], axis=1), method)[0]
    evidence = evidence_share(survey.grade, plan, method)
    everywhere = evidence_of_all(survey.grade, plan, method)
    vouched = np.where(np.isnan(evidence), everywhere[:, None], evidence)
    scored: Bools = np.asarray(np.isfinite(scores.dimension.score))
    why_not = frontier.not_eligible(
        counts.respondents.sum(axis=1),
        (counts.respondents > 0).sum(axis=1),
        np.asarray(scored.all(axis=1)),
        everywhere,
        method,
    )
    participants = int(scored.any(axis=1).sum())
    eligible = np.array([not why for why in why_not], bool)
    front = frontier.front(scores.eight, low, eligible, participants, method)
    count = len(survey.geo)
    members = structure.members(survey.geo) if structure else np.zeros((count, count), bool)
    alike, structural = similarity_of(structure, survey.geo, survey.geo)
    levels = (survey.answers[:, :, None] == np.arange(LEVELS)).astype(np.int64)
    shares = balanced_shares(np.moveaxis(by_group(survey, levels), 1, 2))
    replies = (counts.valid + counts.unsure + counts.not_applicable).sum(axis=1)
    return Assessment(
        survey=survey,
        plan=plan,
        method=method,
        counts=counts,
        items=items,
        scores=scores,
        raw=scores_of(items.raw, items.applicable, plan, method),
        drawn=drawn,
        perception=perceive(survey, counts, items.raw_median, plan, method),
        consensus=consensus(shares),
        shown=shown_of(counts.valid, replies, counts.respondents, items.cap < STEPS, method),
        evidence=evidence,
        evidence_all=everywhere,
        vouched=vouched,
        not_front=why_not,
        quantiles=front.quantiles,
        participants=participants,
        members=members,
        structural=structural,
        of_scores=_compared(scores.eight, front.member, members, method),
        of_items=_compared(items.score, front.member[:, plan.dimension], members, method),
        pairs=teachers(scores.dimension.score, drawn.dimension, vouched, alike, method),
    )


def scores_of(score: Floats, applicable: Bools, plan: Plan, method: StressTestMethod) -> Scores:
    """Return the scores above the items.

    Args:
        score: U × I.
        applicable: U × I, which items are in the weight base.
        plan: The questionnaire.
        method: The choices.
    """
    dimension = totals(score, dimension_weights(plan), applicable, method.least_weight)
    direction = totals(score, direction_weights(plan), applicable, method.least_weight)
    return Scores(dimension, direction, overall(dimension.score, plan, method))


def _compared(score: Floats, front: Bools, members: Bools, method: StressTestMethod) -> Comparison:
    every = np.ones((score.shape[1], len(score)), bool)
    peers, number = frontier.peer_median(members, score, method.least_peers)
    return Comparison(
        participants=frontier.median_of(every, score.T[:, None])[:, 0],
        compared=np.isfinite(score).sum(axis=0),
        front=front,
        front_value=frontier.median_of(front.T, score.T[:, None])[:, 0],
        peers=peers,
        peer_count=number.astype(np.int64),
    )
