"""Where a figure of a block came from: its universe, the cells behind it, and the bytes.

Reads only, as plain rows ready to print. Figures of indicators, which have a lineage of single
observations, are in :mod:`warehouse.read`.
"""

from typing import Final, NamedTuple

from sqlalchemy import Connection, Table, func, select

from s3etl.errors import Refused
from warehouse import tables
from warehouse.connect import reading
from warehouse.read import Row, current_release, rows_of

KEYS: Final = {
    "portfolio_indicator": "indicator_id",
    "alignment": "indicator_id",
    "scenario": "measure",
}
"""Tables of the block that have a figure for each region, and the column of its id."""
BLOCK: Final = "portfolio"
OWN: Final = ("portfolio_indicator",)
"""Tables that rest on what the block itself reads, and not on strategies and organisations."""


class BlockTrace(NamedTuple):
    """A figure and what it was computed over and from.

    Attributes:
        table: The table it stands in.
        figures: Its rows: one for each series, scenario and ρ.
        release: Row of ``release``.
        universes: By series and year what regions are compared with.
        cells: By series how many divisions of the region there are by state, and how many of
            them are shown.
        inputs: Rows of ``block_input`` joined with ``snapshot``, one for each snapshot, with
            a list of the blocks that read it.
    """

    table: str
    figures: list[Row]
    release: Row
    universes: list[Row]
    cells: list[Row]
    inputs: list[Row]


def trace_block(
    indicator_id: str, geo: str, year: int, *, channel: str, url: str
) -> BlockTrace | None:
    """Follow a figure of the portfolio, of alignment or of the shock lens back to the bytes.

    A figure of a block is made of a whole table of regions and divisions; so what is traced is
    the universe it was compared with, the region's own cells, and every snapshot that was read.

    Args:
        indicator_id: Number in methodology 3.6 or 4.2, such as ``B-01``, or a measure of the
            shock lens.
        geo: Region code.
        year: Reference year.
        channel: Channel whose current release is asked.
        url: SQLAlchemy URL of the warehouse.

    Returns:
        None if no table of the block has such an id.

    Raises:
        Refused: The release has no such figure; the message says what it has.
    """
    with reading(url) as connection:
        release_id = current_release(connection, channel)
        table = _table_of(connection, release_id, indicator_id)
        if table is None:
            return None
        here = (table.c.release_id == release_id) & (table.c[KEYS[table.name]] == indicator_id)
        own = select(table).where(here, table.c.geo == geo)
        figures = rows_of(connection, own.where(table.c.ref_year == year))
        if not figures:
            asked = f"{indicator_id} {geo} {year}: channel {channel} has no such figure"
            years = sorted({str(row["ref_year"]) for row in rows_of(connection, own)})
            if years:
                raise Refused(f"{asked}; {table.name} has {geo} in {' and '.join(years)}.")
            raise Refused(f"{asked}; {geo} is not among the regions of {table.name}.")
        r = tables.release.c
        release = rows_of(connection, select(tables.release).where(r.release_id == release_id))
        series = {row["source_dataset"] for row in figures}
        return BlockTrace(
            table.name,
            figures,
            release[0],
            [_universe(connection, release_id, name, year) for name in sorted(series)],
            [row for name in sorted(series) for row in _cells(connection, release_id, name, geo)],
            _inputs(connection, release_id, series, own=table.name in OWN),
        )


def _table_of(connection: Connection, release_id: str, indicator_id: str) -> Table | None:
    for name, key in KEYS.items():
        table = tables.metadata.tables[name]
        known = select(table.c.geo).where(
            table.c.release_id == release_id, table.c[key] == indicator_id
        )
        if connection.execute(known.limit(1)).first() is not None:
            return table
    return None


def _universe(connection: Connection, release_id: str, series: str, year: int) -> Row:
    u = tables.portfolio_universe.c
    found = rows_of(
        connection,
        select(u.nace_r2, u.share, u.countries, u.regions, u.published_cells).where(
            u.release_id == release_id, u.source_dataset == series, u.ref_year == year
        ),
    )
    return {
        "source_dataset": series,
        "ref_year": year,
        "divisions": sum(row["share"] is not None for row in found),
        "countries": sorted({code for row in found for code in row["countries"].split()}),
        "regions": max((row["regions"] for row in found), default=0),
        "published_cells": sum(row["published_cells"] for row in found),
    }


def _cells(connection: Connection, release_id: str, series: str, geo: str) -> list[Row]:
    c = tables.portfolio_cell.c
    counted = (
        select(
            c.source_dataset,
            c.state,
            func.count().label("divisions"),
            func.count(c.employment).label("shown"),
        )
        .where(c.release_id == release_id, c.source_dataset == series, c.geo == geo)
        .group_by(c.source_dataset, c.state)
        .order_by(c.state)
    )
    return rows_of(connection, counted)


def _inputs(connection: Connection, release_id: str, series: set[str], *, own: bool) -> list[Row]:
    """Return each snapshot once, with all that read it; the series themselves first."""
    i, s = tables.block_input.c, tables.snapshot.c
    here = (i.release_id == release_id) & (i.block == BLOCK)
    joined = (
        select(
            *(i.read_by, i.dataset, i.snapshot, s.retrieved_from, s.retrieved_at),
            *(s.name.label("file"), s.source_updated),
        )
        .join(
            tables.snapshot,
            (s.release_id == i.release_id) & (s.sha256 == i.snapshot) & (s.dataset == i.dataset),
        )
        .where(here & (i.read_by == BLOCK) if own else here)
        .order_by(i.dataset, i.read_by)
    )
    found: dict[str, Row] = {}
    for row in rows_of(connection, joined):
        known = found.setdefault(row["dataset"], row | {"read_by": []})
        known["read_by"].append(row["read_by"])
    return sorted(found.values(), key=lambda row: row["dataset"] not in series)
