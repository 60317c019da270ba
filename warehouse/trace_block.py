"""Where a figure of a block came from: what it is made of or compared with, and the bytes.

Reads only, as plain rows ready to print. Figures of indicators, which have a lineage of single
observations, are in :mod:`warehouse.read`.
"""

from typing import Final, NamedTuple

from sqlalchemy import Connection, Table, func, select

from s3etl.errors import Refused
from warehouse import tables
from warehouse.connect import reading
from warehouse.read import Row, current_release, rows_of


class Kept(NamedTuple):
    """Where figures of a kind stand.

    Attributes:
        block: The block their table is of.
        key: Column of the id.
        year: Column that begins with the year.
        own: Whether they rest on what the block itself reads, and not on blocks before it.
    """

    block: str
    key: str = "indicator_id"
    year: str = "ref_year"
    own: bool = False


KEPT: Final = {
    "portfolio_indicator": Kept("portfolio", own=True),
    "alignment": Kept("portfolio"),
    "scenario": Kept("portfolio", key="measure"),
    "registry_indicator": Kept("organisations", year="register_day"),
    "index_score": Kept("index", key="node"),
    "stresstest_item": Kept("stresstest", own=True),
    "stresstest_dimension": Kept("stresstest", own=True),
    "stresstest_direction": Kept("stresstest", own=True),
}
"""Tables that have a figure for each region."""
NUTS: Final = {"nuts_codes", "nuts_matrices"}
"""Reference tables every ranked figure is read and converted with."""
PARTS: Final = {
    "index_score": ("index_score", "parent", "weight"),
    "stresstest_dimension": ("stresstest_item", "dimension", "item_weight"),
}
"""Tables whose figures are made of others: where those stand, under which column, their weight."""


class BlockTrace(NamedTuple):
    """A figure and what it was computed over and from.

    Attributes:
        table: The table it stands in.
        figures: Its rows: one for each series, scenario and ρ, or index.
        release: Row of ``release``.
        universes: By series and year what regions are compared with.
        cells: By series how many divisions of the region there are by state, and how many of
            them are shown.
        parts: What an index, pillar or dimension is the mean of: id, value and weight.
        inputs: Rows of ``block_input`` joined with ``snapshot``, one for each snapshot, with
            a list of the blocks that read it.
    """

    table: str
    figures: list[Row]
    release: Row
    universes: list[Row]
    cells: list[Row]
    parts: list[Row]
    inputs: list[Row]


def trace_block(
    indicator_id: str, geo: str, year: int, *, channel: str, url: str
) -> BlockTrace | None:
    """Follow a figure of a block back to the bytes.

    A figure of a block is made of a whole table of regions; so what is traced is the universe
    it was compared with and the region's own cells, or the figures it is a mean of, and every
    snapshot that was read.

    Args:
        indicator_id: Number in methodology 3.6 or 4.2, such as ``B-01``, a measure of the shock
            lens, an index or pillar, an item, dimension or direction of the StressTest.
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
        kept = KEPT[table.name]
        here = (table.c.release_id == release_id) & (table.c[kept.key] == indicator_id)
        every = rows_of(connection, select(table).where(here, table.c.geo == geo))
        every = [row | {"ref_year": int(str(row[kept.year])[:4])} for row in every]
        figures = [row for row in every if row["ref_year"] == year]
        if not figures:
            asked = f"{indicator_id} {geo} {year}: channel {channel} has no such figure"
            years = sorted({str(row["ref_year"]) for row in every})
            if years:
                raise Refused(f"{asked}; {table.name} has {geo} in {' and '.join(years)}.")
            raise Refused(f"{asked}; {geo} is not among the regions of {table.name}.")
        r = tables.release.c
        release = rows_of(connection, select(tables.release).where(r.release_id == release_id))
        series = {row["source_dataset"] for row in figures} if kept.block == "portfolio" else set()
        return BlockTrace(
            table.name,
            figures,
            release[0],
            [_universe(connection, release_id, name, year) for name in sorted(series)],
            [row for name in sorted(series) for row in _cells(connection, release_id, name, geo)],
            _parts(connection, table.name, figures[0], indicator_id),
            _inputs(connection, release_id, series or _told(kept, figures), kept),
        )


def _table_of(connection: Connection, release_id: str, indicator_id: str) -> Table | None:
    for name, kept in KEPT.items():
        table = tables.metadata.tables[name]
        known = select(table.c.geo).where(
            table.c.release_id == release_id, table.c[kept.key] == indicator_id
        )
        if name == "index_score":  # an indicator of an index has a lineage of its own
            known = known.where(table.c.level > 1)
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


def _told(kept: Kept, figures: list[Row]) -> set[str]:
    """Return the datasets that figures of an index name."""
    if kept.block != "index":
        return set()
    return {name for row in figures for name in (row["source_dataset"] or "").split("; ")}


def _parts(connection: Connection, name: str, figure: Row, indicator_id: str) -> list[Row]:
    if name not in PARTS:
        return []
    where, above, weight = PARTS[name]
    p = tables.metadata.tables[where].c
    same = [n for n in ("release_id", "geo", "nuts_version", "ref_year", "index_id") if n in p]
    key = p[KEPT[where].key]
    chosen = select(key.label("part"), p.value, p[weight].label("weight"), p.obs_status)
    here = [p[n] == figure[n] for n in same]
    return rows_of(connection, chosen.where(*here, p[above] == indicator_id).order_by(key))


def _inputs(connection: Connection, release_id: str, series: set[str], kept: Kept) -> list[Row]:
    """Return each snapshot once, with all that read it; the series themselves first."""
    i, s = tables.block_input.c, tables.snapshot.c
    here = (i.release_id == release_id) & (i.block == kept.block)
    joined = (
        select(
            *(i.read_by, i.dataset, i.snapshot, s.retrieved_from, s.retrieved_at),
            *(s.name.label("file"), s.source_updated),
        )
        .join(
            tables.snapshot,
            (s.release_id == i.release_id) & (s.sha256 == i.snapshot) & (s.dataset == i.dataset),
        )
        .where(here & (i.read_by == kept.block) if kept.own else here)
        .order_by(i.dataset, i.read_by)
    )
    found: dict[str, Row] = {}
    for row in rows_of(connection, joined):
        # An index names the datasets of its own indicators; the block reads those of all.
        if kept.block == "index" and row["dataset"] not in series | NUTS:
            continue
        known = found.setdefault(row["dataset"], row | {"read_by": []})
        known["read_by"].append(row["read_by"])
    return sorted(found.values(), key=lambda row: row["dataset"] not in series)
