"""How complex what a region does is, by who else does it (methodology 3.6, B-11).

Matrices of presence only, of one year: quadrants and densities are in
:mod:`s3etl.portfolio.relatedness`.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from s3etl.portfolio.arrays import Flags, Floats, divide

_TIE: Final = 1e-9
"""Closer than this to each other or to 0, eigenvalues or correlations are taken as equal."""


@dataclass(frozen=True)
class Complexity:
    """Complexity of regions and industries, on one scale.

    Attributes:
        region: ECI, (regions), mean 0 and standard deviation 1 over the component.
        industry: PCI, (industries), on the scale of ECI: a region's ECI is the mean PCI of
            what is present there. Its own mean and deviation are not 0 and 1.
        in_component: Which regions are in the largest connected component.
    """

    region: Floats
    industry: Floats
    in_component: Flags


def complexity(present: ArrayLike) -> Complexity:
    """Second eigenvector of D⁻¹MU⁻¹Mᵀ on the largest connected component: B-11.

    Hidalgo & Hausmann 2009. D is diversity (industries of a region), U ubiquity (regions of
    an industry). The matrix is similar to the symmetric AAᵀ with A = D^-½MU^-½; its
    eigenvectors are found exactly, with nothing rounded, on the shorter side of M. The sign is
    that of a positive correlation of ECI with diversity.

    Args:
        present: M, (regions, industries), 1 or 0. A region or industry of which nothing is
            known (all NaN) is left out.

    Returns:
        NaN outside the largest component (the most regions and industries together; then the
        most regions; then the most links; of still equal ones none is the largest). NaN
        everywhere if there is no answer: fewer than two regions or industries, all with the
        same profile, a second eigenvalue that the third equals, or no correlation with
        diversity, so that the sign is not defined.

    Raises:
        ValueError: An entry is not 0, 1 or NaN, M has not two axes, or some but not all of a
            region and industry is not known: there is no eigenvector of unknown links, so fill
            the cells first (3.2).
    """
    links = _links(present)
    rows, columns = _largest_component(links)
    region, industry = (np.full(n, np.nan) for n in links.shape)
    m = links[np.ix_(rows, columns)].astype(np.float64)
    if min(m.shape) > 1 and (raw := _second(m)) is not None:
        of_region, of_industry = raw
        middle, scale = of_region.mean(), of_region.std()
        region[rows] = (of_region - middle) / scale
        industry[columns] = (of_industry - middle) / scale
    return Complexity(region, industry, rows)


def fitness(present: ArrayLike, updates: int = 20) -> tuple[Floats, Floats]:
    """Fitness and complexity iteration (Tacchella et al. 2012), a non-linear alternative to ECI.

    F_r ← Σ_s M_rs Q_s and Q_s ← 1/Σ_r (M_rs/F_r), both from the values before and brought to
    mean 1 after every update, starting from 1. Values go on changing, and those of some
    regions to 0, so the number of updates is part of the result.

    Args:
        present: M, (regions, industries), as for :func:`complexity`.
        updates: How often both are renewed.

    Returns:
        F (regions) and Q (industries), mean 1; NaN for those without a link. No connection
        is needed.

    Raises:
        ValueError: As for :func:`complexity`.
    """
    links = _links(present)
    rows, columns = links.any(axis=1), links.any(axis=0)
    out = tuple(np.full(n, np.nan) for n in links.shape)
    m = links[np.ix_(rows, columns)].astype(np.float64)
    if m.size == 0:
        return out[0], out[1]
    region, industry = np.ones(m.shape[0]), np.ones(m.shape[1])
    for _ in range(updates):
        # What is found where fitness has fallen to 0 is worth 1/∞; 0 · ∞ would be NaN.
        gone = region < np.finfo(np.float64).tiny
        worth = np.divide(1, region, out=np.zeros(region.shape), where=~gone)
        region, industry = m @ industry, np.where(m[gone].any(axis=0), 0, divide(1, m.T @ worth))
        region, industry = divide(region, region.mean()), divide(industry, industry.mean())
    out[0][rows], out[1][columns] = region, industry
    return out[0], out[1]


def _links(present: ArrayLike) -> Flags:
    """Return M as true and false, false for regions and industries of which nothing is known."""
    array = np.asarray(present, np.float64)
    unknown = np.isnan(array)
    if array.ndim != 2 or not ((array == 0) | (array == 1) | unknown).all():
        raise ValueError("presence has the axes regions and industries, and is 1, 0 or NaN.")
    empty = np.logical_or.outer(unknown.all(axis=1), unknown.all(axis=0))
    if (unknown & ~empty).any():
        raise ValueError("some presence is not known; complexity needs every cell.")
    return np.asarray(array == 1)


def _largest_component(links: Flags) -> tuple[Flags, Flags]:
    """Return which regions and industries are in it; none if two are equally large."""
    from scipy.sparse import csr_array  # noqa: PLC0415  (heavy: only where it is used)
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    regions, industries = links.shape
    graph: Any = csr_array(links)
    starts = np.concatenate([graph.indptr, np.full(industries, graph.nnz, graph.indptr.dtype)])
    square = csr_array(
        (graph.data, graph.indices + regions, starts), shape=(regions + industries,) * 2
    )
    count, label = connected_components(square, directed=False)
    nodes = np.bincount(label, minlength=count)
    of_region = label[:regions]
    sizes = np.stack(
        [
            nodes,
            np.bincount(of_region, minlength=count),
            np.bincount(of_region, weights=links.sum(axis=1), minlength=count),
        ]
    )
    first = np.lexsort(sizes[::-1])[::-1]
    if count > 1 and (sizes[:, first[0]] == sizes[:, first[1]]).all():
        return np.zeros(regions, bool), np.zeros(industries, bool)
    inside = label == first[0]
    return inside[:regions], inside[regions:]


def _second(m: Floats) -> tuple[Floats, Floats] | None:
    """Return the second eigenvectors of a connected M, before scaling, or None.

    The region's is the mean of its industries' in every case, which keeps both on one scale.
    """
    diversity, ubiquity = m.sum(axis=1), m.sum(axis=0)
    a = m / np.sqrt(diversity)[:, None] / np.sqrt(ubiquity)
    by_industry = m.shape[1] <= m.shape[0]
    values, vectors = _top(a.T @ a if by_industry else a @ a.T)
    if values[1] < _TIE or values[1] - values[2] < _TIE:
        return None
    if by_industry:
        industry = vectors / np.sqrt(ubiquity)
    else:
        industry = m.T @ (vectors / np.sqrt(diversity)) / ubiquity
    region = m @ industry / diversity
    if diversity.std() == 0:
        return None
    correlation = np.corrcoef(region, diversity)[0, 1]
    if abs(correlation) < _TIE:
        return None
    sign = np.sign(correlation)
    return sign * region, sign * industry


def _top(symmetric: Floats) -> tuple[NDArray[np.float64], Floats]:
    """Return the three largest eigenvalues, 0 where there are only two, and the second vector."""
    from scipy.linalg import eigh  # noqa: PLC0415  (heavy: only where it is used)

    size = symmetric.shape[0]
    wanted = (max(size - 3, 0), size - 1)
    values, vectors = eigh(symmetric, subset_by_index=wanted, overwrite_a=True, check_finite=False)
    return np.append(values[::-1], 0.0)[:3], vectors[:, -2]
