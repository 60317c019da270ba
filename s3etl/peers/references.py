"""Reference regions of every region, with distance, similarity and how stable they are.

Puts together treatment, distance and stability; tables are made in :mod:`s3etl.peers.tables`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s3etl.peers.distance import Index, distances, nearest, scale, similarity, within
from s3etl.peers.method import PeersMethod, load_method
from s3etl.peers.stability import drawn_weights, inclusion
from s3etl.peers.treatment import Bools, Floats, treated

ROUNDING = 1e-9
"""Relative difference of distances that comes from rounding."""


@dataclass(frozen=True)
class References:
    """Whom each region is compared with; R regions, J variables.

    Attributes:
        dimensions: Dimensions that have data, in order; they name the variant.
        used: J, whether a variable has data and tells regions apart.
        x: R × J, x̃, the treated variables; NaN where missing or not used.
        weights: J, W_d ω_j; 0 for variables that are not used. They sum to 1.
        covered: R, share of the weight for which the region has data.
        eligible: R, whether that is enough to have references and to be one.
        distance: R × R; NaN for regions that are not eligible.
        similarity: R × R, exp(−D / D̃).
        scale: D̃.
        member: R × R, whether q (column) is a reference region of r (row).
        place: R × R, 1 for the nearest; equal ones share the better place; 0 for no reference.
        stability: R × R, share of draws in which q is a reference region of r.
    """

    dimensions: tuple[str, ...]
    used: Bools
    x: Floats
    weights: Floats
    covered: Floats
    eligible: Bools
    distance: Floats
    similarity: Floats
    scale: float
    member: Bools
    place: Index
    stability: Floats

    @property
    def near(self) -> float:
        """Median distance of reference regions, to compare with the published scale."""
        return float(np.median(self.distance[self.member])) if self.member.any() else float("nan")


def reference_regions(
    values: Floats,
    dimensions: Sequence[str],
    countries: NDArray[np.object_] | Sequence[str] | None = None,
    *,
    abroad: bool = False,
    method: PeersMethod | None = None,
) -> References:
    """Find the reference regions of every region (methodology 7; Navarro et al. 2014).

    D_rq = Σ_d W_d Σ_{j∈d} ω_j (x̃_rj − x̃_qj)². A variable without data, or the same everywhere,
    is dropped, and so is a dimension that has no other; weights are renormalised. A region with
    data for less than the declared share of the weight has no references and is none.

    Args:
        values: R × J, structural variables in any unit; what is missing is NaN.
        dimensions: J, dimension of each variable.
        countries: R, country of each region; needed for ``abroad``.
        abroad: Whether only regions of other countries may be references.
        method: The choices; the declared ones if not given.

    Raises:
        ValueError: Sizes do not fit, or no variable has data.
    """
    chosen = method or load_method()
    values = np.asarray(values, float)
    if values.ndim != 2 or values.shape[1] != len(dimensions):
        raise ValueError(f"{len(dimensions)} dimensions given for values of shape {values.shape}.")
    if abroad and (countries is None or len(countries) != len(values)):
        raise ValueError("other countries only: give the country of each region.")
    every = treated(values, chosen.treatment)
    used: Bools = np.asarray(np.isfinite(every).any(axis=0))
    if not used.any():
        raise ValueError("no structural variable has data that tell regions apart.")
    names = tuple(dict.fromkeys(d for d, there in zip(dimensions, used, strict=True) if there))
    dimension = np.array(
        [names.index(d) for d, there in zip(dimensions, used, strict=True) if there], np.int64
    )
    x = every[:, used]
    omega = within(x, dimension, equal=chosen.omega == "equal")
    weights = omega / len(names)
    covered = np.isfinite(x) @ weights
    eligible: Bools = np.asarray(covered >= chosen.least_weight - ROUNDING)
    x = np.where(eligible[:, None], x, np.nan)
    distance = distances(x, weights)
    allowed = eligible[:, None] & eligible & ~np.eye(len(x), dtype=bool)
    if abroad:
        country = np.asarray(countries, object)
        allowed &= country[:, None] != country
    reachable = np.where(allowed & np.isfinite(distance), distance, np.inf)
    member = nearest(reachable, chosen.number, tolerance=ROUNDING)
    far = scale(distance, chosen.similar_neighbour)
    order = _canonical(every[:, used], [names[d] for d in dimension])
    _, number = np.unique([names[d] for d in dimension[order]], return_inverse=True)
    drawn = drawn_weights(
        omega[order],
        number.astype(np.int64),
        draws=chosen.draws,
        concentration=chosen.concentration,
        seed=chosen.seed,
    )
    stable = np.full(distance.shape, np.nan)
    own = np.ix_(eligible, eligible)
    if eligible.any():
        stable[own] = inclusion(x[eligible][:, order], drawn, allowed[own], chosen.number)
    full = np.zeros(len(used))
    full[used] = weights
    return References(
        dimensions=names,
        used=used,
        x=every,
        weights=full,
        covered=covered,
        eligible=eligible,
        distance=distance,
        similarity=similarity(distance, far),
        scale=far,
        member=member,
        place=_places(distance, member),
        stability=stable,
    )


def _canonical(x: Floats, dimensions: Sequence[str]) -> Index:
    """Order variables by dimension and values, so that draws do not depend on how they came."""
    by_value = np.nan_to_num(np.sort(x, axis=0).T, nan=2.0)  # x̃ ends at 1
    return np.array(
        sorted(range(len(dimensions)), key=lambda j: (dimensions[j], by_value[j].tolist())),
        np.int64,
    )


def _places(distance: Floats, member: Bools) -> Index:
    """Rank the references of each region by distance; equal ones share the better place."""
    key = np.where(member, distance, np.inf)
    order = np.argsort(key, axis=1, kind="stable")
    ordered = np.take_along_axis(key, order, axis=1)
    new = np.ones(key.shape, bool)
    new[:, 1:] = ordered[:, 1:] > ordered[:, :-1] * (1 + ROUNDING)
    number = np.arange(1, key.shape[1] + 1)
    place = np.maximum.accumulate(np.where(new, number, 0), axis=1)
    out = np.zeros(key.shape, np.int64)
    np.put_along_axis(out, order, place, axis=1)
    return np.where(member, out, 0)
