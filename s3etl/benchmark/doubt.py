"""How uncertain each figure behind an index is: measurement and conversion (methodology 8.6, 6).

Reads flags and conversions of benchmark rows; the noise itself is drawn elsewhere.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.benchmark.index import Index
from s3etl.catalogue import Indicator, Method

COLUMNS = ["geo", "nuts_version", "ref_year", "value", "obs_flag", "conv_method", "conv_exact"]


def doubts(
    index: Index,
    tables: Mapping[str, pa.Table],
    indicators: Mapping[str, Indicator],
    method: Method,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the noise of every figure, laid out like the table an index was built from.

    Args:
        index: An index with a composite.
        tables: Rows of ``s3etl.benchmark.table.BENCHMARK``, by indicator.
        indicators: Their declarations: a standard deviation, or a CV, of the indicator's own.
        method: Default CV, and that of figures of low reliability (flag u).

    Returns:
        CV of the measurement noise, and the share of the figure that was guessed when a
        territory was split, both by (year, unit) and indicator; NaN where there is no figure.
    """
    if index.composite is None:
        raise ValueError("an index without a composite has no figures")
    noise, guessed = {}, {}
    for code in index.composite.hierarchy.indicators:
        frame = tables[code].select(COLUMNS).to_pandas()
        unit = frame["geo"].astype(str) + " " + frame["nuts_version"].astype(str)
        places = pd.MultiIndex.from_arrays([frame["ref_year"].to_numpy(), unit])
        there = frame["value"].notna().to_numpy()
        split = (frame["conv_method"] == "split").to_numpy()
        share = np.where(split, 1 - frame["conv_exact"].to_numpy(float), 0.0)
        noise[code] = pd.Series(_cv(frame, indicators[code], method), places)[there]
        guessed[code] = pd.Series(share, places)[there]
    return pd.DataFrame(noise), pd.DataFrame(guessed)


def _cv(frame: pd.DataFrame, indicator: Indicator, method: Method) -> NDArray[np.float64]:
    if indicator.noise_sd is not None:
        size = frame["value"].abs().to_numpy(float)
        out = np.full(len(frame), np.nan)
        np.divide(indicator.noise_sd, size, out=out, where=size > 0)
        return out
    usual: float = indicator.noise_cv or method.noise_cv["default"]
    unsure = frame["obs_flag"].astype(object).fillna("").str.contains("u").to_numpy(bool)
    return np.asarray(np.where(unsure, max(usual, method.noise_cv.get("U", usual)), usual), float)
