"""What regions were compared with, division by division: the trace of every quotient.

One row for each division; the bytes behind it are the dataset's snapshot of the release.
"""

from typing import Final

import numpy as np
import pyarrow as pa

from s3etl.portfolio.estimate import Portfolio
from s3etl.portfolio.method import PortfolioMethod
from s3etl.portfolio.rounding import rounded

UNIVERSE: Final = pa.schema(
    [
        pa.field("source_dataset", pa.string(), metadata={"is": "series of business statistics"}),
        pa.field("ref_year", pa.int64(), metadata={"is": "reference year"}),
        pa.field("nace_r2", pa.string(), metadata={"is": "NACE Rev. 2 division"}),
        pa.field("share", pa.float64(), metadata={"is": "P: its share of market employment"}),
        pa.field("countries", pa.string(), metadata={"is": "countries whose totals it rests on"}),
        pa.field("regions", pa.int64(), metadata={"is": "regions compared"}),
        pa.field("published_cells", pa.int64(), metadata={"is": "of these that publish it"}),
        pa.field("plant_size", pa.float64(), metadata={"is": "mu: persons per local unit"}),
        pa.field("plant_size_cv2", pa.float64(), metadata={"is": "squared CV of plant sizes"}),
        pa.field("lq_variance", pa.float64(), metadata={"is": "A: variance of LQ between regions"}),
        pa.field("method_version", pa.string(), metadata={"is": "version of the method"}),
    ]
)


def universe_table(portfolio: Portfolio, method: PortfolioMethod) -> pa.Table:
    """Return the universe of every division (:data:`UNIVERSE`)."""
    economy, universe = portfolio.economy, portfolio.universe
    count = len(economy.divisions)
    spread = np.nan_to_num(np.ptp(portfolio.drawn_quotients.between, axis=0))
    there = universe.members[:, None] & np.isfinite(economy.employment.columns)
    columns = {
        "ref_year": pa.array([int(economy.year)] * count, pa.int64()),
        "nace_r2": pa.array(economy.divisions.tolist(), pa.string()),
        "share": pa.array(universe.share, pa.float64(), from_pandas=True),
        "countries": pa.array([" ".join(economy.countries[there[:, s]]) for s in range(count)]),
        "regions": pa.array([len(economy.regions)] * count, pa.int64()),
        "published_cells": pa.array(economy.employment.published.sum(axis=0), pa.int64()),
        "plant_size": pa.array(portfolio.plant_size, pa.float64(), from_pandas=True),
        "plant_size_cv2": pa.array(portfolio.plant_cv2, pa.float64()),
        # Totals of regions enter it, hidden ones too: with all digits it is an equation for them.
        "lq_variance": pa.array(
            rounded(portfolio.quotients.between, spread), pa.float64(), from_pandas=True
        ),
        "source_dataset": pa.array([economy.dataset] * count),
        "method_version": pa.array([method.version] * count),
    }
    return pa.table([columns[f.name] for f in UNIVERSE], schema=UNIVERSE)
