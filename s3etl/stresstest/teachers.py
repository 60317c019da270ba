"""From whom a region can learn what (methodology 2.6).

Arrays in, arrays out, of the regions of one wave; similarity comes from outside. Nothing is told
here of how a teacher did it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from s3etl.stresstest.method import StressTestMethod
from s3etl.stresstest.survey import Bools, Floats, Ints

CHUNK = 4096
"""Pairs that are compared at once, so that memory stays small."""


class Pairs(NamedTuple):
    """Who can teach whom; each of P pairs, by learner, subject and place.

    Attributes:
        learner: Place of the region.
        teacher: Place of the other.
        subject: Place of the dimension or domain.
        difference: Teacher's score less the learner's; NaN for domains.
        probability: That the teacher is ahead, or strong.
        similarity: Of the two; NaN where it is not known.
        match: L; NaN where similarity is not known: such pairs come last.
        place: 1 for the best match of the learner in the subject.
    """

    learner: Ints
    teacher: Ints
    subject: Ints
    difference: Floats
    probability: Floats
    similarity: Floats
    match: Floats
    place: Ints


def teachers(
    score: Floats,
    drawn: Floats,
    evidence: Floats,
    similarity: Floats,
    method: StressTestMethod,
) -> Pairs:
    """Find the teachers of every region and dimension.

    q teaches r iff S_q - S_r ≥ 15, P(S_q > S_r) ≥ 0.90 over paired draws, and half of q's items
    that ask for a document have one. L = (S_q - S_r)/100 · sim(r, q) · ev_q.

    Args:
        score: U × D.
        drawn: U × D × B.
        evidence: U × D, share of items asking for a document that have one.
        similarity: U × U, exp(-D/D̃); NaN where it is not known.
        method: The choices.
    """
    apart = score[None, :, :] - score[:, None, :]
    documented = evidence >= method.teacher_evidence
    learner, teacher, subject = np.nonzero((apart >= method.lead - 1e-9) & documented)
    likely = np.empty(len(learner))
    single = drawn.astype(np.float32)
    for begin in range(0, len(learner), CHUNK):
        part = slice(begin, begin + CHUNK)
        ahead = single[teacher[part], subject[part]] > single[learner[part], subject[part]]
        likely[part] = ahead.mean(axis=1)
    sure = np.flatnonzero(likely >= method.teacher_probability)
    learner, teacher, subject = learner[sure], teacher[sure], subject[sure]
    difference = apart[learner, teacher, subject]
    alike = similarity[learner, teacher]
    match = difference / 100 * alike * evidence[teacher, subject]
    return _placed(learner, teacher, subject, difference, likely[sure], alike, match)


def domain_teachers(
    learns: Bools, teaches: Bools, strong: Floats, similarity: Floats, method: StressTestMethod
) -> Pairs:
    """Find teachers on domains of the portfolio by the same rule.

    r has a priority without strength or without organisation; q has a strength with both, of a
    probability of at least 0.90. There is no score to be ahead in, so L = P(strong) · sim(r, q).

    Args:
        learns: R × K.
        teaches: U × K.
        strong: U × K, P(LQ* ≥ 1.2).
        similarity: R × U; 0 on a pair of the same region cannot occur, for a cell is one or other.
        method: The choices.
    """
    able = teaches & (strong >= method.teacher_probability - 1e-9)
    learner, teacher, subject = np.nonzero(learns[:, None, :] & able[None, :, :])
    likely, alike = strong[teacher, subject], similarity[learner, teacher]
    nothing = np.full(len(learner), np.nan)
    return _placed(learner, teacher, subject, nothing, likely, alike, likely * alike)


def _placed(learner: Ints, teacher: Ints, subject: Ints, *figures: Floats) -> Pairs:
    """Order pairs by learner, subject and match; of equal ones in the order of regions.

    Args:
        learner: P.
        teacher: P.
        subject: P.
        figures: Difference, probability, similarity and match, each P.
    """
    match = figures[-1]
    key = np.where(np.isnan(match), np.inf, -np.round(match, 9))
    order = np.lexsort((teacher, key, subject, learner))
    of: list[NDArray[Any]] = [a[order] for a in (learner, teacher, subject, *figures)]
    same = np.zeros(len(order), bool)
    same[1:] = (np.diff(of[0]) == 0) & (np.diff(of[2]) == 0)
    number = np.arange(len(order))
    first = np.maximum.accumulate(np.where(same, 0, number)) if len(order) else number
    return Pairs._make([*of, number - first + 1])
