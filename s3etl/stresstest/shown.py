"""What of an item may be shown: groups by themselves, in a pool, or not at all (2.4-10).

Counts in, truths out: no rule looks at an answer, for what is withheld because of an answer
tells that answer. Pools are told by the mean of their groups' medians, which the item score
tells anyway; nothing else of a small group can be solved for.

A score of exactly 0 or 100 says that every group's median is 0 or 100, of small groups too. That
is so of every mean, is left as it is, and is said where scores are explained.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from s3etl.stresstest.disclosure import MINIMUM, WITHHELD, pooled
from s3etl.stresstest.method import StressTestMethod
from s3etl.stresstest.perception import sides
from s3etl.stresstest.survey import GROUPS, Bools, Ints


@dataclass(frozen=True)
class Shown:
    """What may be shown of each item.

    Attributes:
        alone: U × G × I, groups whose median is shown.
        together: U × G × I, groups that are shown as one pool.
        whole: U × I, whether no group is hidden.
        raw: U × I, whether the score without cap is.
        gap: U × I, whether Δ tells nothing of a group that is hidden.
        counts: U × I, whether numbers of replies are shown: three or more people.
        region: U, whether anything of the region is.
    """

    alone: Bools
    together: Bools
    whole: Bools
    raw: Bools
    gap: Bools
    counts: Bools
    region: Bools


@lru_cache(maxsize=100_000)
def _cells(counts: tuple[int, ...]) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """Return which groups are alone and which are in the pool."""
    cells = pooled(dict(zip(GROUPS, counts, strict=True)))
    alone = tuple(cells.get(g) == g for g in GROUPS)
    return alone, tuple(cells.get(g, g) not in {g, WITHHELD} for g in GROUPS)


def shown_of(
    valid: Ints, replies: Ints, respondents: Ints, capped: Bools, method: StressTestMethod
) -> Shown:
    """Decide what is shown.

    Δ and the item score are two equations. Where the groups hidden lie on one side of the gap,
    both tell the same of them; else Δ would tell one from another. The score with cap and the
    one without are two equations as well: groups with medians of 50 and 50, but not 25 and 75,
    have the same sum in both. So with a group hidden only the capped score is shown, which is
    the headline, and nothing of answers without cap.

    Args:
        valid: U × G × I, ratings.
        replies: U × I, ratings, DK and NA.
        respondents: U × G.
        capped: U × I, whether the cap applies, be there an answer above it or not.
        method: The choices.
    """
    distinct, place = np.unique(
        np.moveaxis(valid, 1, -1).reshape(-1, len(GROUPS)), axis=0, return_inverse=True
    )
    cells = np.array([_cells(tuple(row)) for row in distinct.tolist()], bool)
    cells = cells.reshape(-1, 2, len(GROUPS))[place.ravel()]
    cells = cells.reshape(valid.shape[0], valid.shape[2], 2, len(GROUPS))
    alone, together = (np.moveaxis(cells[:, :, k], -1, 1) for k in range(2))
    hidden = (valid > 0) & ~alone
    sided = np.zeros(hidden.shape[::2], bool)
    for side in sides(method):
        others = [g for g in range(len(GROUPS)) if g not in side]
        sided |= ~hidden[:, others].any(axis=1)
    whole: Bools = np.asarray(~hidden.any(axis=1))
    return Shown(
        alone=alone,
        together=together,
        whole=whole,
        raw=whole | ~capped,
        gap=sided & (whole | ~capped),
        counts=replies >= MINIMUM,
        region=np.asarray(respondents.sum(axis=1) >= MINIMUM),
    )
