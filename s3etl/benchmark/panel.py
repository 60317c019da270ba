"""Ranked figures of one indicator as an array over years and regions.

The thin layer before gaps and convergence; nothing is computed here.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from s3etl.columns import frame_of

Floats = NDArray[np.float64]
KEY: Final = ["geo", "nuts_version"]
LEVEL: Final = "NUTS 2"


@dataclass(frozen=True)
class Panel:
    """Ranked figures of an indicator; Y years up to the latest, R regions ranked in that one.

    Attributes:
        indicator: Its id.
        unit: Its unit.
        direction: ``+`` more is better, ``-`` less is better.
        regions: R, code and NUTS version, in order.
        years: Y, rising.
        by_year: Y × R, figures; NaN where a region was not ranked.
        sd: R, standard deviation of the noise of the latest year's figures.
        inhabitants: Y × R, the newest known by then; NaN where not known.
    """

    indicator: str
    unit: str
    direction: str
    regions: pd.MultiIndex
    years: NDArray[np.int64]
    by_year: Floats
    sd: Floats
    inhabitants: Floats

    @property
    def sign(self) -> float:
        """−1 where less is better, so that sign times a figure rises with success."""
        return -1.0 if self.direction == "-" else 1.0


def panel_of(
    benchmark: pa.Table, inhabitants: pa.Table | None, *, window: int, reach: float
) -> Panel | None:
    """Collect what is ranked of an indicator.

    Args:
        benchmark: Rows of ``s3etl.benchmark.BENCHMARK`` of one indicator.
        inhabitants: Figures of inhabitants, if there are any.
        window: Most years between the first year and the latest.
        reach: Standard deviations between the bounds of a published interval.

    Returns:
        None where no NUTS 2 region is ranked.
    """
    ranked = pc.and_(benchmark.column("rankable"), pc.equal(benchmark.column("geo_level"), LEVEL))
    columns = [*KEY, "ref_year", "value", "unit", "direction", "interval_low", "interval_high"]
    frame = frame_of(benchmark.filter(ranked), columns)
    if not len(frame):
        return None
    last = int(frame["ref_year"].max())
    frame = frame[frame["ref_year"] >= last - window]
    rows = frame[frame["ref_year"] == last].sort_values(KEY, ignore_index=True)
    regions = pd.MultiIndex.from_frame(rows[KEY])
    wide = frame.pivot(index="ref_year", columns=KEY, values="value")  # noqa: PD010  (no twins)
    people = np.full((len(wide), len(regions)), np.nan)
    if inhabitants is not None:
        told = frame_of(inhabitants, [*KEY, "ref_year", "value"])
        of = told.pivot(index="ref_year", columns=KEY, values="value")  # noqa: PD010  (no twins)
        known = of.sort_index().ffill().reindex(wide.index, method="ffill")
        people = known.reindex(columns=regions).to_numpy(float)
    return Panel(
        indicator=str(benchmark.column("indicator_id")[0]),
        unit=str(rows["unit"].iloc[0]),
        direction=str(rows["direction"].iloc[0]),
        regions=regions,
        years=wide.index.to_numpy(np.int64),
        by_year=wide.reindex(columns=regions).to_numpy(float),
        sd=(rows["interval_high"] - rows["interval_low"]).to_numpy(float) / reach,
        inhabitants=people,
    )
