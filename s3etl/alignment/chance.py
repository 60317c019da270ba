"""How much alignment popular domains would give by luck, and what is left beyond it (4.3).

Only the correction: the index is in :mod:`s3etl.alignment.index`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from s3etl.alignment.index import alignment_index, unit
from s3etl.portfolio.arrays import Floats, amounts, divide

_BLOCK: Final = 2_500_000
"""Drawn indices kept at once, which bounds memory (20 MB an array)."""
_SAME: Final = 1e-12
"""What one alignment, summed in two orders, may differ by."""


@dataclass(frozen=True)
class Corrected:
    """Alignment against priority sets drawn by chance, by (regions); NaN where AI is.

    Attributes:
        index: AI as observed.
        mean: Mean AI of the draws.
        adjusted: (AI − mean)/(1 − mean): 0 is luck, 1 the most possible, and below 0 is less
            than luck; NaN where the mean is 1.
        percentile: Of AI among the draws, 0 to 100; equal ones count half.
        p_value: (1 + draws with at least AI)/(1 + draws).
    """

    index: Floats
    mean: Floats
    adjusted: Floats
    percentile: Floats
    p_value: Floats


def chance_correction(
    strategy: ArrayLike,
    economy: ArrayLike,
    organisations: ArrayLike,
    *,
    frequencies: ArrayLike | None = None,
    draws: int = 5000,
    seed: int | np.random.Generator = 0,
) -> Corrected:
    """Compare AI with that of priority sets of the same size drawn by chance (4.3).

    A draw moves a region's own weights π to other domains, and leaves its economy and
    organisations as they are. Domains are drawn one after the other without replacement, each
    with the probability of its frequency among those left; which of the weights each gets is
    drawn evenly. The same draws serve all regions, so that what regions are compared with
    differs by nothing but themselves, and neither their order nor that of domains matters.

    Args:
        strategy: π, (regions, domains).
        economy: σ, same axes.
        organisations: κ, same axes.
        frequencies: How popular domains are, (domains), in any unit; default the share of the
            regions given that have each as a priority. Equal ones make a draw a plain
            permutation of π over domains.
        draws: Number of draws; memory grows with draws × domains × the largest set.
        seed: For the draws.

    Raises:
        ValueError: A weight or frequency is negative, infinite or, for frequencies, not
            known; a priority is in a domain whose frequency is 0.
    """
    pi, sigma, kappa = map(amounts, (strategy, economy, organisations))
    observed = alignment_index(pi, sigma, kappa)
    often = _popularity(pi) if frequencies is None else amounts(frequencies)
    if np.isnan(often).any() or ((pi > 0).any(axis=0) & (often == 0)).any():
        raise ValueError("a frequency is not known, or is 0 for a domain that is a priority.")
    # An order that follows from the data: the draws then belong to domains, not to columns.
    order = np.lexsort([*(np.nansum(v, axis=0) for v in (kappa, sigma, pi)), often])
    pi, sigma, kappa = (unit(v[:, order]) for v in (pi, sigma, kappa))
    rng = np.random.default_rng(seed)
    first = _drawn(often[order], rng.standard_exponential((draws, often.size)))
    shuffle = rng.random((draws, often.size))

    mean, below, equal = (np.full(pi.shape[0], np.nan) for _ in range(3))
    sizes = np.where(np.isnan(observed.index), 0, (pi > 0).sum(axis=1))
    rows_at_once = max(_BLOCK // draws, 1)
    for size in np.unique(sizes[sizes > 0]):
        moves = _moves(first, shuffle, int(size))
        rows = np.flatnonzero(sizes == size)
        for block in np.array_split(rows, -(-rows.size // rows_at_once)):
            weights = _weights_first(pi[block])[:, :size]
            product = _dots(weights, sigma[block], moves)
            product *= _dots(weights, kappa[block], moves)
            # Clipped at 1 as the observed cosines are.
            index = np.cbrt(product * observed.pairs[block, 1, None])
            np.minimum(index, 1, out=index)
            mean[block] = index.mean(axis=1)
            distance = index - observed.index[block, None]
            equal[block] = (np.abs(distance) <= _SAME).mean(axis=1)
            below[block] = (distance < -_SAME).mean(axis=1)
    return Corrected(
        observed.index,
        mean,
        divide(observed.index - mean, np.where(mean > 1 - _SAME, 0, 1 - mean)),
        np.asarray(100 * (below + equal / 2)),
        np.asarray((1 + draws * (1 - below)) / (1 + draws)),
    )


def _popularity(pi: Floats) -> Floats:
    """Return the share of regions with each domain, of those of which it is known."""
    share = divide((pi > 0).sum(axis=0), (~np.isnan(pi)).sum(axis=0))
    # Known of no region, a domain is in no set that is compared, and need not be drawn.
    return np.nan_to_num(share, nan=0.0)


def _drawn(often: Floats, waiting: Floats) -> NDArray[np.intp]:
    """Return domains in the order drawn, (draws, domains).

    Of exponential waiting times at rates that are the frequencies, the first to end is each
    domain with the probability of its rate, and so is the next among those left (Efraimidis &
    Spirakis 2006).
    """
    times = np.divide(waiting, often, out=np.full(waiting.shape, np.inf), where=often > 0)
    return np.asarray(times.argsort(axis=1))


def _moves(first: NDArray[np.intp], shuffle: Floats, size: int) -> Floats:
    """Return which weight goes to which domain, (weights × domains, draws) of 0 and 1."""
    draws, domains = first.shape
    place = shuffle[:, :size].argsort(axis=1)
    chosen = np.take_along_axis(first, place, axis=1)
    moves = np.zeros((size * domains, draws))
    cell = np.arange(size) * domains + chosen
    moves[cell.T, np.arange(draws)] = 1
    return moves


def _weights_first(pi: Floats) -> Floats:
    """Return the weights of each region, the largest first and zeros last."""
    return -np.sort(-pi, axis=1)


def _dots(weights: Floats, vectors: Floats, moves: Floats) -> Floats:
    """Return Σ_k π_k v_k of moved weights, (regions, draws), as one product of matrices."""
    outer = weights[:, :, None] * vectors[:, None, :]
    return np.asarray(outer.reshape(weights.shape[0], -1) @ moves)
