"""Cluster stars: which divisions of which regions meet declared criteria (methodology 3.5).

The rules are declared in ``stars.yaml``; no threshold stands here.

Axes are … × R × S, regions × divisions, in front of them draws where there are draws. Cuts by
rank compare the regions of one division.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from s3etl.portfolio.cells import Bools, Floats
from s3etl.portfolio.stars_method import Cut, RuleSet, StarMethod

SPECIALISATION: Final = "specialisation"
YES, NO, UNCERTAIN = 1, 0, -1


def top_cut(values: Floats, top: float, method: str) -> Floats:
    """Return the value from which on a region is among the best, by division.

    Args:
        values: … × R × S; NaN is left out.
        top: Share of regions, above 0 and below 1.
        method: ``linear``, ``higher`` or ``lower``, as in ``numpy.quantile``.

    Returns:
        … × S, the quantile 1 − top of the values there are; NaN without any. Values equal to
        it are among the best, so that ties never depend on the order of regions; more regions
        than the share may be. A single region is the best of one.
    """
    ordered = np.sort(values, axis=-2)  # NaN last
    count = np.isfinite(values).sum(axis=-2)
    if not values.shape[-2]:
        return np.full(count.shape, np.nan)
    # Rounding: 0.8 × 5 may be 4.000000000000001, and the place one too far up.
    place = np.round(np.maximum(count - 1, 0) * (1 - top), 9)
    low, high = np.floor(place).astype(np.intp), np.ceil(place).astype(np.intp)

    def at(index: NDArray[np.intp]) -> Floats:
        taken = np.take_along_axis(ordered, index[..., None, :], axis=-2)
        return np.asarray(taken[..., 0, :], np.float64)

    if method == "linear":
        return np.asarray(at(low) + (place - low) * (at(high) - at(low)))
    return at(high if method == "higher" else low)


def _moved(limit: Floats | float, shift: float) -> Floats:
    """Return a limit made harder by a share of its size; softer with a negative one."""
    return np.asarray(limit + shift * np.abs(limit))


def _met(values: Floats, cut: Cut, compared: Bools, method: str, shift: float) -> Bools:
    """Return where a cut is met, … × R × S; never where the value is missing."""
    if cut.top is not None:
        among = np.where(compared, values, np.nan)
        limit = top_cut(among, cut.top, method)[..., None, :]
        # Being best at nothing is no star: where most regions have none, the cut itself is 0.
        positive = (values > 0) | (cut.measure == "growth")
        return np.asarray((values >= _moved(limit, shift)) & positive)
    if cut.at_least is not None:
        return np.asarray(values >= _moved(cut.at_least, shift))
    assert cut.above is not None  # noqa: S101  (a cut has exactly one limit)
    return np.asarray(values > _moved(cut.above, shift))


@dataclass(frozen=True)
class Stars:
    """Stars of one rule set; Q criteria in declared order.

    Attributes:
        criteria: Q names.
        given: … × R × S × Q, whether there is a star.
        known: … × R × S × Q, whether there were data to tell; without, there is no star.
        strong: … × R × S, a star for specialisation and at least one other.
    """

    criteria: tuple[str, ...]
    given: Bools
    known: Bools
    strong: Bools

    @property
    def count(self) -> NDArray[np.int64]:
        """… × R × S, number of stars."""
        return np.asarray(self.given.sum(axis=-1), np.int64)


def stars(
    rules: RuleSet,
    measures: Mapping[str, Floats],
    *,
    method: str,
    split: Bools | None = None,
    shift: float = 0.0,
) -> Stars:
    """Evaluate one rule set.

    Args:
        rules: The rule set.
        measures: By name as in ``stars_method.MEASURES``, each R × S or M × R × S; NaN where
            there are no data. A measure that is not there has no data at all. ``employment``
            is always needed.
        method: Placing of cuts by rank.
        split: R, regions whose figures were split off a larger territory by conversion. They
            never get stars and are not among the ranked regions: a share of a neighbour's
            figure is no observation.
        shift: Share by which every cut moves, harder if positive: a limit by its own size, a
            cut by rank by the size of the value found at the declared rank. A limit of 0 does
            not move.

    Returns:
        The stars, over the joint axes of the measures of the rule set. A criterion is known
        where all its measures, and those of the minimum mass, are. A rule set without a
        specialisation star, or with no other, has no strong cluster.

    Raises:
        KeyError: There is no employment.
    """
    wanted = ["employment", *(cut.measure for star in rules.criteria for cut in star.cuts)]
    wanted += ["share"] if rules.minimum_mass else []
    axes = np.broadcast_shapes(*(measures[name].shape for name in wanted if name in measures))
    nothing = np.full(measures["employment"].shape, np.nan)
    value = {name: np.broadcast_to(measures.get(name, nothing), axes) for name in wanted}
    regions = axes[-2]
    compared = ~(np.zeros(regions, bool) if split is None else split)[:, None]
    enough, weighed = np.ones(axes, bool), np.ones(axes, bool)
    if mass := rules.minimum_mass:
        persons, share = value["employment"], value["share"]
        enough = (persons >= _moved(mass.persons, shift)) & (share >= _moved(mass.share, shift))
        weighed = np.isfinite(persons) & np.isfinite(share)
    given, known = [], []
    for star in rules.criteria:
        met = [_met(value[cut.measure], cut, compared, method, shift) for cut in star.cuts]
        there = [np.isfinite(value[cut.measure]) for cut in star.cuts]
        given.append(np.logical_and.reduce([*met, enough]) & compared)
        known.append(np.logical_and.reduce([*there, weighed]) & compared)
    names = tuple(star.name for star in rules.criteria)
    awarded = np.stack(given, axis=-1)
    special = np.zeros(axes, bool)
    if SPECIALISATION in names:
        special = awarded[..., names.index(SPECIALISATION)]
    strong = special & (awarded.sum(axis=-1) >= 2)
    return Stars(names, awarded, np.stack(known, axis=-1), strong)


def probability(outcome: Bools) -> Floats:
    """Return the share of draws with the outcome, over axis 0 (draws).

    Raises:
        ValueError: There are no draws.
    """
    if not len(outcome):
        raise ValueError("a probability needs at least one draw")
    return np.asarray(outcome.mean(axis=0))


def label(share: Floats, agreement: float) -> NDArray[np.int8]:
    """Return 1 where enough draws say yes, 0 where enough say no, −1 where they disagree.

    Args:
        share: Any axes, from :func:`probability`; NaN is −1.
        agreement: Share of draws that must agree, above one half (methodology 3.2-7).
    """
    ok = 1e-9  # 16 of 20 draws are 80 %
    outcomes = [share >= agreement - ok, share <= 1 - agreement + ok]
    return np.select(outcomes, [np.int8(YES), np.int8(NO)], np.int8(UNCERTAIN))


@dataclass(frozen=True)
class Fragility:
    """How stars depend on where the cuts are; shares are NaN where there are no stars.

    Attributes:
        flips: … × R × S × Q, whether the star is there with some of the three cuts (declared,
            harder, softer) and not with all.
        lost: Share of the stars at the declared cuts that harder cuts take.
        gained: Stars that softer cuts add, relative to those at the declared cuts.
        share: Flipping stars as a share of all that are there with any of the cuts: 0 where
            nothing depends on the cuts, 1 where everything does.
        base: Number of stars at the declared cuts.
        some: Number of stars that are there with any of the cuts.
    """

    flips: Bools
    lost: float
    gained: float
    share: float
    base: int
    some: int


def fragility(
    rules: RuleSet,
    measures: Mapping[str, Floats],
    declared: StarMethod,
    *,
    split: Bools | None = None,
) -> Fragility:
    """Return the threshold fragility: what flips when every cut moves by ± the declared shift.

    Args:
        rules: The rule set.
        measures: As for :func:`stars`; draws are counted together.
        declared: Gives shift and placing of cuts by rank.
        split: As for :func:`stars`.
    """
    base, hard, soft = (
        stars(rules, measures, method=declared.quantile, split=split, shift=shift).given
        for shift in (0.0, declared.shift, -declared.shift)
    )
    flips = (base | hard | soft) & ~(base & hard & soft)

    def relative(part: Bools, whole: Bools) -> float:
        return float(part.sum() / whole.sum()) if whole.any() else float("nan")

    return Fragility(
        flips,
        relative(base & ~hard, base),
        relative(soft & ~base, base),
        relative(flips, base | hard | soft),
        int(base.sum()),
        int((base | hard | soft).sum()),
    )
