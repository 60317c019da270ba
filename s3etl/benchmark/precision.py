"""Precision: how exact each value of a composite is, from tables and from published figures.

Lays tables out in the composite's arrays; nothing is drawn here.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from s3etl.benchmark.composite import Composite
from s3etl.benchmark.noise import Noises
from s3etl.benchmark.state import Values
from s3etl.benchmark.uncertainty import Conversion, Noise, Uncertainty
from s3etl.catalogue import Indicator, Method
from s3etl.errors import CatalogueError

COLUMNS: Final = [
    "geo",
    "nuts_version",
    "ref_year",
    "value",
    "obs_flag",
    "conv_method",
    "conv_exact",
]


def of_figures(
    composite: Composite,
    tables: Mapping[str, pa.Table],
    indicators: Mapping[str, Indicator],
    method: Method,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say how exact the figures behind an index are (methodology 8, step 6, and 6).

    Args:
        composite: A composite over years and regions, as ``build_index`` makes it.
        tables: Rows of ``s3etl.benchmark.table.BENCHMARK``, by indicator.
        indicators: Declared indicators by id.
        method: The declared method of benchmarking.

    Returns:
        Tables of the CV of the measurement noise and of the share of a value that was guessed
        when it was split between regions, in the rows of the composite; empty where there is no
        figure, or an absolute error of a figure that is 0. They are the arguments ``noise`` and
        ``conversion`` of ``monte_carlo``.
    """
    rows, codes = composite.rows.index, composite.start.hierarchy.indicators
    several = isinstance(rows, pd.MultiIndex)
    noise, conversion = (pd.DataFrame(np.nan, rows, list(codes)) for _ in range(2))
    for code in codes:
        frame = tables[code].select(COLUMNS).to_pandas()
        unit = frame["geo"] + " " + frame["nuts_version"]
        frame.index = pd.MultiIndex.from_arrays([frame["ref_year"], unit]) if several else unit
        if not several:
            frame = frame[frame["ref_year"] == frame["ref_year"].max()]
        frame = frame[~frame.index.duplicated()].reindex(rows)
        noise[code] = _cv(frame, indicators[code], method)
        divided = frame["conv_method"].astype(object) == "split"
        conversion[code] = (1 - frame["conv_exact"]).where(divided, 0.0)
    return noise, conversion


def _cv(frame: pd.DataFrame, indicator: Indicator, method: Method) -> pd.Series:
    """CV of the measurement noise of figures; as the ranks of single indicators take it."""
    size = frame["value"].abs()
    if indicator.noise_sd is not None:
        return (indicator.noise_sd / size).where(size > 0)
    default = indicator.noise_cv or method.noise_cv["default"]
    unreliable = frame["obs_flag"].astype(object).fillna("").str.contains("u")
    high = max(default, method.noise_cv.get("U", default))
    return pd.Series(np.where(unreliable, high, default), frame.index).where(size.notna())


def noises_of(
    composite: Composite,
    declared: Uncertainty,
    noise: pd.DataFrame | None,
    conversion: pd.DataFrame | None,
) -> Noises:
    """Bring what is known of each value into the composite's arrays.

    Args:
        composite: The composite.
        declared: The CV and the conversion error where nothing better is known.
        noise: CV of values, laid out as the table the composite was built from.
        conversion: Share of values that was guessed, likewise; none if nobody knows.

    Raises:
        CatalogueError: A table is not of this composite.
    """
    factors = declared.factors.values()
    cv = next((factor.cv for factor in factors if isinstance(factor, Noise)), 0.0)
    error = next((factor.error for factor in factors if isinstance(factor, Conversion)), 0.0)
    measured = np.full(composite.start.data.shape, cv)
    if noise is not None:
        given = _laid_out(composite, noise, "noise")
        measured = np.where(np.isnan(given), measured, given)
    if conversion is None:
        return Noises(measured)
    return Noises(measured, error * np.nan_to_num(_laid_out(composite, conversion, "conversion")))


def _laid_out(composite: Composite, table: pd.DataFrame, name: str) -> Values:
    """Lay a table like the composite's own out in its arrays; NaN where it says nothing."""
    start, rows = composite.start, composite.rows
    codes = list(start.hierarchy.indicators)
    if not table.index.isin(rows.index).any() or not table.columns.isin(codes).any():
        raise CatalogueError(
            f"The table {name} names none of the composite's units or none of its indicators; lay "
            "it out like the table the composite was built from, its units as index."
        )
    out = np.full(start.data.shape, np.nan)
    out[rows.year, rows.unit] = table.reindex(index=rows.index, columns=codes).to_numpy(float)
    if (out < 0).any():
        raise CatalogueError(f"The table {name} has a number below 0; a share is 0 or above.")
    return out
