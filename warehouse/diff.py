"""What a candidate would change in a channel: added, removed and revised figures.

A difference is shown to people; it never fails anything.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import select

from s3etl.errors import Refused
from warehouse import tables
from warehouse.connect import reading

DIFF = pa.schema(
    [
        ("indicator_id", pa.string()),
        ("added", pa.int64()),
        ("removed", pa.int64()),
        ("revised", pa.int64()),
        ("largest_revision_percent", pa.float64()),
    ]
)
"""One row for each indicator that differs; figures without a value count as absent."""

_KEY = ["indicator_id", "geo", "nuts_version", "ref_year"]


def diff(candidate: Path, channel: str, url: str) -> pa.Table:
    """Compare a candidate with the current release of a channel (:data:`DIFF`).

    Args:
        candidate: Folder of the candidate.
        channel: Name of the channel; one that does not exist yet is empty.
        url: SQLAlchemy URL of the warehouse.
    """
    new = pq.read_table(candidate / "benchmark.parquet", columns=[*_KEY, "value"]).to_pandas()
    b, c = tables.benchmark.c, tables.channel.c
    wanted = select(b.indicator_id, b.geo, b.nuts_version, b.ref_year, b.value).join(
        tables.channel, c.release_id == b.release_id
    )
    try:
        with reading(url) as connection:
            rows = connection.execute(wanted.where(c.channel == channel)).fetchall()
    except Refused:
        rows = []
    old = new.iloc[:0].copy()
    if rows:
        names = [*_KEY, "value"]
        old = pa.table({n: [r[i] for r in rows] for i, n in enumerate(names)}).to_pandas()
    both = new.dropna().merge(
        old.dropna(), how="outer", on=_KEY, suffixes=("_new", "_old"), indicator="side"
    )
    both["added"] = both["side"] == "left_only"
    both["removed"] = both["side"] == "right_only"
    both["revised"] = (both["side"] == "both") & (both["value_new"] != both["value_old"])
    change = 100 * (both["value_new"] - both["value_old"]).abs() / both["value_old"].abs()
    both["largest_revision_percent"] = change.where(both["revised"])
    summary = both.groupby("indicator_id", as_index=False).agg(
        {"added": "sum", "removed": "sum", "revised": "sum", "largest_revision_percent": "max"}
    )
    differs = summary[summary[["added", "removed", "revised"]].sum(axis=1) > 0]
    return pa.Table.from_pandas(differs, schema=DIFF, preserve_index=False)
