"""Frontrunners, peers and the gaps to them (methodology 2.5).

Arrays in, arrays out, of the regions of one wave; who is similar comes from outside.

U regions, D scores compared (dimensions, or any others), B draws.
"""

from dataclasses import dataclass

import numpy as np

from s3etl.stresstest.method import StressTestMethod
from s3etl.stresstest.survey import Bools, Floats


@dataclass(frozen=True)
class Front:
    """Who is in front.

    Attributes:
        member: U × D.
        value: D, median of the members; NaN without any.
        quantiles: Whether members are frontrunners by quantile, not only named comparators.
    """

    member: Bools
    value: Floats
    quantiles: bool


def not_eligible(
    respondents: Floats, groups: Floats, scored: Bools, evidence: Floats, method: StressTestMethod
) -> list[str]:
    """Return why each region cannot be a frontrunner; empty if it can.

    Args:
        respondents: U.
        groups: U, groups that answered.
        scored: U, whether every dimension is scored.
        evidence: U, share of items asking for a document that have one.
        method: The choices.
    """
    share = f"{100 * method.front_evidence:.0f} %"
    rules = (
        (respondents < method.front_respondents, f"under {method.front_respondents} respondents"),
        (groups < method.front_groups, f"under {method.front_groups} groups"),
        (~scored, "not every dimension is scored"),
        (
            ~(evidence >= method.front_evidence),
            f"documents for under {share} of the items that ask for one",
        ),
    )
    return [
        "; ".join(text for broken, text in rules if broken[unit])
        for unit in range(len(respondents))
    ]


def front(
    score: Floats, low: Floats, eligible: Bools, participants: int, method: StressTestMethod
) -> Front:
    """Find the frontrunners of every score.

    Those at or above the 90th percentile whose lower bound exceeds the median of all; with fewer
    than three, or fewer than 15 participants, the three with the highest lower bounds.

    Args:
        score: U × D, NaN where missing.
        low: U × D, lower bound of the interval.
        eligible: U.
        participants: Regions that took part.
        method: The choices.
    """
    may = eligible[:, None] & ~np.isnan(score)
    quantiles = participants >= method.quantile_regions
    member = np.zeros(score.shape, bool)
    some = ~np.isnan(score).all(axis=0)
    if quantiles and some.any():
        with np.errstate(invalid="ignore"):
            cut = np.nanquantile(score[:, some], method.front_quantile, axis=0)
            middle = np.nanmedian(score[:, some], axis=0)
            member[:, some] = may[:, some] & (score[:, some] >= cut) & (low[:, some] > middle)
    few = member.sum(axis=0) < method.front_least
    order = np.argsort(np.where(may, -np.round(low, 9), np.inf), axis=0, kind="stable")
    best = np.zeros(score.shape, bool)
    np.put_along_axis(best, order[: method.front_least], True, axis=0)
    member = np.where(few, best & may, member)
    return Front(member, median_of(member.T, score.T[:, None])[:, 0], quantiles)


def median_of(member: Bools, values: Floats) -> Floats:
    """Return the median of the members that have a value.

    Args:
        member: … × U.
        values: … × X × U, NaN where missing.

    Returns:
        … × X; NaN where no member has a value.
    """
    there = member[..., None, :] & ~np.isnan(values)
    ordered = np.sort(np.where(there, values, np.inf), axis=-1)
    number = there.sum(axis=-1)
    high = np.minimum(number // 2, ordered.shape[-1] - 1)
    places = np.stack([np.maximum(number - 1, 0) // 2, high], axis=-1)
    middle = np.take_along_axis(ordered, places, axis=-1)
    return np.where(number > 0, np.where(number[..., None] > 0, middle, 0).mean(axis=-1), np.nan)


def peer_median(member: Bools, values: Floats, least: int) -> tuple[Floats, Floats]:
    """Return the median over each region's reference regions, and how many have a value.

    Args:
        member: U × U, whether q (column) is a reference of r (row).
        values: U × D.
        least: References without which there is no median.

    Returns:
        Both U × D.
    """
    there = ~np.isnan(values)
    number = member.astype(float) @ there
    out = np.full(values.shape, np.nan)
    for column in range(values.shape[1]):
        of = values[:, column]
        out[:, column] = median_of(member, np.broadcast_to(of, (len(of), 1, len(of))))[:, 0]
    return np.where(number >= least, out, np.nan), number


def drawn_gap(front_member: Bools, drawn: Floats) -> Floats:
    """Return the gap to the median of some regions in every draw.

    Args:
        front_member: U, whom is compared with.
        drawn: U × B, scores of each draw.

    Returns:
        U × B, NaN where one of them is missing.
    """
    there = drawn[front_member]
    there = there[~np.isnan(there).any(axis=1)]
    if not len(there):
        return np.full(drawn.shape, np.nan)
    return np.asarray(np.median(there, axis=0) - drawn)


def drawn_peer_gap(member: Bools, drawn: Floats) -> Floats:
    """Return the gap to the median of each region's references in every draw.

    Args:
        member: U × U.
        drawn: U × B.

    Returns:
        U × B, NaN without references.
    """
    usable = member & ~np.isnan(drawn).any(axis=1)
    most = int(usable.sum(axis=1).max(initial=0))
    if most == 0:
        return np.full(drawn.shape, np.nan)
    order = np.argsort(~usable, axis=1, kind="stable")[:, :most]
    there = np.take_along_axis(usable, order, axis=1)
    return np.asarray(median_of(there, np.moveaxis(drawn[order], 1, -1)) - drawn)


def probability_ahead(gap: Floats) -> Floats:
    """Return the share of draws with a positive gap, … × B to …; NaN where missing."""
    missing = np.isnan(gap).any(axis=-1)
    return np.where(missing, np.nan, (gap > 0).mean(axis=-1))
