"""Active enterprises of NUTS 2 regions, which members are counted against (methodology 4.2, 5.2).

Counts as business demography publishes them; what is not published is missing, and nothing is
estimated.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from s3etl.nuts.vintage import ANALYSIS
from s3etl.organisations.method import EnterpriseSeries

SMALL = 5
"""Characters of a NUTS 3 code."""


class Enterprises(NamedTuple):
    """Active enterprises of a region: their number, the year, the dataset."""

    number: float
    year: int
    dataset: str


def enterprises_of(
    converted: Mapping[str, pa.Table], series: Sequence[EnterpriseSeries], codes: pa.Table
) -> dict[str, Enterprises]:
    """Return the newest number of active enterprises of each NUTS 2 region.

    The datasets are not comparable, so that the regions of a country are all of one: of the
    first in order that has any of them. A region has the number that is published for it, else
    the sum of its NUTS 3 regions if all of them are published for the year.

    Args:
        converted: Observations in the analysis version
            (``s3etl.nuts.convert.CONVERTED``) by dataset; those that are not there are passed
            over.
        series: The series, best first.
        codes: Table of ``s3etl.nuts.tables.CODES``: which NUTS 3 regions there are.

    Returns:
        By NUTS 2 code of the analysis version; regions without any year are not there.
    """
    parts: dict[str, set[str]] = defaultdict(set)
    for row in codes.filter(pc.equal(codes["version"].cast(pa.string()), ANALYSIS)).to_pylist():
        if row["level"] == 3:
            parts[row["geo"][:-1]].add(row["geo"])
    found: dict[str, Enterprises] = {}
    for told in series:
        if told.dataset not in converted:
            continue
        settled = {geo[:2] for geo in found}
        new = _newest(_published(converted[told.dataset], told.series), parts, told.dataset)
        found |= {geo: firms for geo, firms in new.items() if geo[:2] not in settled}
    return found


def _published(table: pa.Table, series: str) -> pd.DataFrame:
    """Return numbers by region and year, those that are published and free."""
    names = ("series", "geo", "nuts_version", "period", "conf_status")
    texts = {name: table[name].cast(pa.string()) for name in names}
    kept = pc.and_(pc.equal(texts["series"], series), pc.equal(texts["nuts_version"], ANALYSIS))
    kept = pc.and_(kept, pc.not_equal(texts["conf_status"], "C"))
    kept = pc.and_(kept, pc.is_valid(table["value"]))
    columns = {"geo": texts["geo"], "period": texts["period"], "value": table["value"]}
    frame: pd.DataFrame = pa.table(columns).filter(kept).to_pandas()
    return frame.drop_duplicates(["geo", "period"])


def _newest(
    frame: pd.DataFrame, parts: Mapping[str, set[str]], dataset: str
) -> dict[str, Enterprises]:
    own = frame[frame["geo"].isin(list(parts))]
    small = frame[frame["geo"].str.len() == SMALL]
    sums = small.groupby([small["geo"].str[:-1].rename("home"), "period"])["value"]
    both = sums.agg(["sum", "count"]).reset_index()
    size = both["home"].map({geo: len(members) for geo, members in parts.items()})
    whole = both[both["count"] == size].rename(columns={"home": "geo", "sum": "value"})
    # What is published for the region itself goes before the sum.
    rows = pd.concat([own, whole[["geo", "period", "value"]]]).drop_duplicates(["geo", "period"])
    last = rows.sort_values("period", kind="stable").drop_duplicates("geo", keep="last")
    columns = (last[name].tolist() for name in ("geo", "value", "period"))
    return {
        geo: Enterprises(float(number), int(year), dataset)
        for geo, number, year in zip(*columns, strict=True)
    }
