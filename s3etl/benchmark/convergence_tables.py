"""Convergence and dispersion of an indicator as published tables.

Turns a panel into arrays for :mod:`s3etl.benchmark.convergence` and back.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from s3etl.benchmark import convergence as moves
from s3etl.benchmark.comparison import Comparison
from s3etl.benchmark.panel import Panel
from s3etl.columns import column, table_of

_INDICATOR: Final = column("indicator_id", pa.string(), "indicator")
_VERSION: Final = column("method_version", pa.string(), "version of the choices behind it")
CONVERGENCE: Final = pa.schema(
    [
        _INDICATOR,
        column("first_year", pa.int64(), "first year compared"),
        column("last_year", pa.int64(), "last year compared"),
        column("regions", pa.int64(), "regions with a value in both"),
        column("beta", pa.float64(), "b of growth = a - b ln(start); above 0 they converge"),
        column("beta_low", pa.float64(), "lower bound"),
        column("beta_high", pa.float64(), "upper bound"),
        column("speed", pa.float64(), "share of a gap that closes in a year"),
        column("half_life", pa.float64(), "years until half of it has; empty if it does not"),
        column("rank_mobility", pa.float64(), "1 - Kendall's tau: 0 if no two changed places"),
        column("missing_because", pa.string(), "why there is no beta"),
        _VERSION,
    ]
)
DISPERSION: Final = pa.schema(
    [
        _INDICATOR,
        column("ref_year", pa.int64(), "year"),
        column("sigma", pa.float64(), "standard deviation of logarithms, by inhabitants"),
        column("regions", pa.int64(), "regions with a value and inhabitants"),
        _VERSION,
    ]
)


def convergence_table(panel: Panel, comparison: Comparison) -> pa.Table:
    """Return β convergence and rank mobility up to the latest year, one row.

    The first year is the earliest in which enough of the regions were ranked, too.

    Args:
        panel: The ranked figures.
        comparison: The choices.
    """
    shared = np.isfinite(panel.by_year).mean(axis=1) >= comparison.shared
    start = int(shared.argmax())  # the latest year has all of them
    first, last = panel.by_year[start], panel.by_year[-1]
    both = np.isfinite(first)
    first, last = first[both], last[both]
    years = int(panel.years[-1] - panel.years[start])
    why, found = None, None
    if years == 0:
        why = "there is one year only"
    elif (np.concatenate([first, last]) <= 0).any():
        why = "logarithms need values above 0"
    else:
        found = moves.beta(first, last, years, interval=comparison.interval)
        if np.isnan(found.slope):
            why = "too few regions have a value in both years"
    empty = dict.fromkeys(("beta", "beta_low", "beta_high", "speed", "half_life"))
    told: Mapping[str, Any] = (
        empty
        if found is None
        else {
            "beta": found.slope,
            "beta_low": found.low,
            "beta_high": found.high,
            "speed": found.speed,
            "half_life": found.half_life,
        }
    )
    rest = {
        "indicator_id": panel.indicator,
        "first_year": int(panel.years[start]),
        "last_year": int(panel.years[-1]),
        "regions": int(both.sum()),
        "rank_mobility": moves.rank_mobility(first, last) if years else None,
        "missing_because": why,
        "method_version": comparison.version,
    }
    return table_of(CONVERGENCE, {**told, **rest}, 1)


def dispersion_table(panel: Panel, comparison: Comparison) -> pa.Table:
    """Return σ of each year (:data:`DISPERSION`); none where any value is 0 or less.

    Args:
        panel: The ranked figures.
        comparison: The choices.
    """
    there = np.isfinite(panel.by_year) & (panel.inhabitants > 0)
    positive = not (panel.by_year <= 0).any()
    sigma = moves.sigma(panel.by_year, np.where(there, panel.inhabitants, 0.0))
    kept = positive & np.isfinite(sigma)
    columns = {
        "indicator_id": panel.indicator,
        "ref_year": panel.years[kept],
        "sigma": sigma[kept],
        "regions": there.sum(axis=1)[kept],
        "method_version": comparison.version,
    }
    return table_of(DISPERSION, columns, int(kept.sum()))
