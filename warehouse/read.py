"""Questions people ask the warehouse: which releases, which figures, where a figure came from.

Reads only, as plain rows ready to print; no files and no formulas.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError, ResourceClosedError

from s3etl.errors import Refused
from warehouse import tables
from warehouse.connect import first_line, reading

Row = dict[str, Any]


def rows_of(connection: Connection, query: Any) -> list[Row]:
    """Return what a query finds, as plain rows."""
    return [dict(row) for row in connection.execute(query).mappings()]


def releases(url: str) -> list[Row]:
    """Every release, newest first, with the channels that point to it."""
    r, c = tables.release.c, tables.channel.c
    with reading(url) as connection:
        found = rows_of(connection, select(tables.release).order_by(r.as_of.desc(), r.release_id))
        current = rows_of(connection, select(c.channel, c.release_id))
        counts = rows_of(
            connection,
            text("SELECT release_id, count(*) AS figures FROM benchmark GROUP BY release_id"),
        )
    figures = {row["release_id"]: row["figures"] for row in counts}
    for row in found:
        names = sorted(x["channel"] for x in current if x["release_id"] == row["release_id"])
        row["channels"] = ", ".join(names)
        row["figures"] = figures.get(row["release_id"], 0)
    return found


def channels(url: str) -> list[Row]:
    """Every channel and the release it points to."""
    with reading(url) as connection:
        return rows_of(connection, select(tables.channel).order_by(tables.channel.c.channel))


def current_release(connection: Connection, channel: str) -> str:
    """Return the id of a channel's current release.

    Raises:
        Refused: There is no such channel.
    """
    c = tables.channel.c
    found = connection.scalar(select(c.release_id).where(c.channel == channel))
    if found is None:
        names = ", ".join(connection.scalars(select(c.channel).order_by(c.channel))) or "none"
        raise Refused(
            f"channel {channel}: there is none (there are: {names}); publish to it first."
        )
    return str(found)


class Trace(NamedTuple):
    """A figure, its norms and every observation behind it.

    Attributes:
        figure: Row of ``benchmark``.
        release: Row of ``release``.
        indicator: Row of ``indicator``.
        norms: Rows of ``norm``.
        observations: Rows of ``lineage`` joined with ``snapshot``.
    """

    figure: Row
    release: Row
    indicator: Row
    norms: list[Row]
    observations: list[Row]


def trace(
    indicator_id: str,
    geo: str,
    year: int,
    *,
    channel: str,
    url: str,
    version: str | None = None,
) -> Trace:
    """Follow a published figure back to the bytes it came from.

    Args:
        indicator_id: Id of the indicator.
        geo: Region code.
        year: Reference year.
        channel: Channel whose current release is asked.
        url: SQLAlchemy URL of the warehouse.
        version: NUTS version of the code; the newest that has the figure if not given.

    Raises:
        Refused: The release has no such figure; the message says what it has.
    """
    b, lin, s = tables.benchmark.c, tables.lineage.c, tables.snapshot.c
    with reading(url) as connection:
        release_id = current_release(connection, channel)
        here = (b.release_id == release_id) & (b.indicator_id == indicator_id)
        found = rows_of(
            connection,
            select(tables.benchmark)
            .where(here, b.geo == geo, b.ref_year == year)
            .order_by(b.nuts_version.desc()),
        )
        if version:
            found = [row for row in found if row["nuts_version"] == version]
        if not found:
            raise Refused(_nothing(connection, here, indicator_id, geo, year, channel))
        release = rows_of(
            connection, select(tables.release).where(tables.release.c.release_id == release_id)
        )
        i, n = tables.indicator.c, tables.norm.c
        indicator = rows_of(
            connection,
            select(tables.indicator).where(
                i.release_id == release_id, i.indicator_id == indicator_id
            ),
        )
        norms = rows_of(
            connection,
            select(tables.norm)
            .where(n.release_id == release_id, n.indicator_id == indicator_id)
            .order_by(n.kind),
        )
        observations = rows_of(
            connection,
            select(
                *(c for c in tables.lineage.c if c.name not in {"release_id", "indicator_id"}),
                s.name.label("file"),
                s.retrieved_from,
                s.retrieved_at,
                s.source_updated,
            )
            .join(
                tables.snapshot,
                (s.release_id == lin.release_id)
                & (s.sha256 == lin.snapshot)
                & (s.dataset == lin.source_dataset),
            )
            .where(
                lin.release_id == release_id,
                lin.indicator_id == indicator_id,
                lin.geo == geo,
                lin.nuts_version == found[0]["nuts_version"],
                lin.ref_year == year,
            )
            .order_by(lin.role, lin.series, lin.period, lin.source_geo),
        )
    return Trace(found[0], release[0], indicator[0], norms, observations)


def _nothing(
    connection: Connection, here: Any, indicator_id: str, geo: str, year: int, channel: str
) -> str:
    b = tables.benchmark.c
    years = connection.scalars(
        select(b.ref_year).where(here, b.geo == geo).distinct().order_by(b.ref_year)
    ).all()
    asked = f"{indicator_id} {geo} {year}: channel {channel} has no such figure"
    if years:
        return f"{asked}; {geo} has the years {years[0]} to {years[-1]}."
    known = connection.scalar(select(b.indicator_id).where(here).limit(1))
    if known:
        return f"{asked}; {geo} is not among the regions of {indicator_id}."
    return f"{asked}; the indicator is not in it, see s3etl indicators."


def query(sql: str, url: str) -> pa.Table:
    """Run SQL that only reads.

    Raises:
        Refused: The database does not accept it.
    """
    with reading(url) as connection:
        try:
            # As typed: a colon or a per cent sign is no parameter.
            result = connection.execution_options(no_parameters=True).exec_driver_sql(sql)
            names = list(result.keys())
            if twice := [n for n in names if names.count(n) > 1]:
                raise Refused(f"query: two columns are called {twice[0]}; rename one with AS.")
            rows = result.fetchall()
        except DBAPIError as error:
            raise Refused(f"query: {first_line(error)}.") from None
        except ResourceClosedError:
            raise Refused("query: it returns no rows; ask with SELECT.") from None
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})


def top(url: str, channel: str, indicator_id: str, count: int) -> Sequence[Row]:
    """Return the best-ranked regions of an indicator in the newest year that has ranks."""
    statement = text(
        "SELECT geo, ref_year, value, unit, rank, rank_low, rank_high, n_compared FROM latest "
        "WHERE channel = :channel AND indicator_id = :indicator AND rankable AND ref_year = ("
        " SELECT max(ref_year) FROM latest WHERE channel = :channel "
        " AND indicator_id = :indicator AND rankable) "
        "ORDER BY rank, geo LIMIT :count"
    )
    with reading(url) as connection:
        return rows_of(
            connection,
            statement.bindparams(channel=channel, indicator=indicator_id, count=count),
        )
