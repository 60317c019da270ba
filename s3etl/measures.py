"""The formulas an indicator may name: plain functions of arrays, with no keys and no tables.

Every array argument has the axes (terms, figures): the terms a role declares, in declared
order, for each figure. NaN is a missing term and makes the figure missing: nothing missing is
ever taken as zero. Results have the axis (figures). To add a formula, write one function here
and its table in ``tests/spec``.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def _divide(numerator: Values, denominator: Values) -> Values:
    """Divide, giving a missing value where the denominator is zero or missing."""
    out: Values = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out


def value(value: Values) -> Values:
    """Return the one observation as it was published.

    Args:
        value: One term; any unit.
    """
    only: Values
    (only,) = value
    return only


def mean(values: Values) -> Values:
    """Arithmetic mean of the terms; all of them are needed.

    Used for the three-year mean of yearly growth rates (methodology 5.2, ECO02).

    Args:
        values: One or more terms of one unit.
    """
    return np.asarray(values.mean(axis=0))


def total(values: Values) -> Values:
    """Sum of the terms; all of them are needed.

    Used for shares of one whole, for example R&D expenditure of two sectors in per cent of the
    same GDP (methodology 5.2, RDI03).

    Args:
        values: One or more terms of one unit.
    """
    return np.asarray(values.sum(axis=0))


def weighted_mean(values: Values, weights: Values) -> Values:
    """Mean of the terms, each weighted by its own weight; all of both are needed.

    With amounts per head as terms and heads as weights it is the amount per head of all terms
    together (methodology 5.2, IND07).

    Args:
        values: One or more terms of one unit.
        weights: As many terms, in the same order; a zero sum gives a missing figure.
    """
    return _divide((values * weights).sum(axis=0), weights.sum(axis=0))


def ratio(numerator: Values, denominator: Values, *, scale: float = 1.0) -> Values:
    """Sum of the numerator over sum of the denominator, times ``scale``.

    Regional ratios are always recomputed from their parts, never averaged (methodology 5.2).

    Args:
        numerator: Terms that are added.
        denominator: Terms that are added; a zero sum gives a missing figure.
        scale: Factor that brings the units to the figure's unit, for example 100 for a
            percentage.
    """
    return scale * _divide(numerator.sum(axis=0), denominator.sum(axis=0))


def part_of_whole(part: Values, rest: Values) -> Values:
    """Percentage that ``part`` is of ``part`` and ``rest`` together.

    Args:
        part: Terms that are added, for example unemployed persons.
        rest: Terms that are added, same unit, for example employed persons.
    """
    top = part.sum(axis=0)
    return 100 * _divide(top, top + rest.sum(axis=0))


def annual_growth(stock: Values, *, years: float) -> Values:
    """Mean yearly growth in per cent between two years, compounded.

    Args:
        stock: Two terms, the later year first; a start that is not positive gives a missing
            figure.
        years: Years between the two terms.
    """
    now, before = stock
    grown = _divide(now, np.where(before > 0, before, np.nan))
    return 100 * (np.where(grown >= 0, grown, np.nan) ** (1 / years) - 1)


def ratio_growth(numerator: Values, denominator: Values, *, years: float) -> Values:
    """Mean yearly growth in per cent of a ratio between two years, compounded.

    The ratio is recomputed from its parts in each year (methodology 5.2, IND08).

    Args:
        numerator: Two terms, the later year first.
        denominator: Two terms, the later year first; zero gives a missing figure.
        years: Years between the two terms.
    """
    return annual_growth(_divide(numerator, denominator), years=years)


MEASURES: Final[dict[str, Callable[..., Values]]] = {
    measure.__name__: measure
    for measure in (
        value,
        mean,
        total,
        weighted_mean,
        ratio,
        part_of_whole,
        annual_growth,
        ratio_growth,
    )
}
