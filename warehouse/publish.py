"""Publishing a candidate, moving a channel back: the only writes to the warehouse.

A release is immutable and is inserted once; a channel is one pointer, moved in the same
transaction. Nothing is computed here.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, func, insert, select, update

from s3etl.errors import Conflict, Refused, Unfit
from s3etl.files import read_json, sha256_of
from warehouse import tables
from warehouse.connect import load, writing

ID_LENGTH = 16


class Published(NamedTuple):
    """What publishing did.

    Attributes:
        release_id: The release that is now current in the channel.
        inserted: Whether its rows are new to the warehouse.
        moved: Whether the channel points somewhere else than before.
    """

    release_id: str
    inserted: bool
    moved: bool


def publish(candidate: Path, channel: str, url: str) -> Published:
    """Publish a candidate to a channel; publishing what is there already does nothing.

    Args:
        candidate: Folder of the candidate.
        channel: Name of the channel.
        url: SQLAlchemy URL of the warehouse.

    Raises:
        Unfit: An input of the candidate has no accepting verdict.
        Conflict: The channel holds releases of another origin, or the candidate's files are no
            longer those that were built.
    """
    manifest = read_json(candidate / "manifest.json")
    if refused := [v["dataset"] for v in manifest["verdicts"] if not v["accepted"]]:
        raise Unfit(
            f"{candidate.name[:12]}: its input {refused[0]} was refused; run s3etl run again."
        )
    content_hash = str(manifest["identity"])
    for name, sha256 in manifest["files"].items():
        if sha256_of(candidate / name) != sha256:
            raise Conflict(
                f"{candidate}: {name} was changed after it was built; run s3etl run again."
            )
    release_id = content_hash[:ID_LENGTH]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with writing(url) as connection:
        _check_origin(connection, channel, manifest["origin"])
        known = connection.scalar(
            select(tables.release.c.content_hash).where(tables.release.c.release_id == release_id)
        )
        if known is None:
            connection.execute(
                insert(tables.release).values(
                    release_id=release_id,
                    content_hash=content_hash,
                    origin=manifest["origin"],
                    as_of=now,
                    method_version=manifest["method_version"],
                    software_version=manifest["software_version"],
                )
            )
            _insert(connection, candidate, release_id, now)
        elif known != content_hash:
            raise Conflict(f"release {release_id}: another release has the same short name.")
        moved = _move(connection, channel, release_id, manifest["origin"], "publish", now)
    return Published(release_id, inserted=known is None, moved=moved)


def rollback(channel: str, url: str, *, to: str | None = None) -> Published:
    """Move a channel back; every release stays readable.

    Args:
        channel: Name of the channel.
        url: SQLAlchemy URL of the warehouse.
        to: Release to go to, by the start of its id; the one before the current if not given.

    Raises:
        Refused: There is no such channel or release, or nothing to go back to.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with writing(url) as connection:
        pointer = connection.execute(
            select(tables.channel).where(tables.channel.c.channel == channel)
        ).first()
        if pointer is None:
            raise Refused(f"channel {channel}: there is none; see s3etl releases.")
        p = tables.publication.c
        moves = connection.execute(
            select(p.release_id, p.action).where(p.channel == channel).order_by(p.number)
        ).all()
        earlier = _earlier([(m.release_id, m.action) for m in moves], to, channel)
        moved = _move(connection, channel, earlier, pointer.origin, "rollback", now)
    return Published(earlier, inserted=False, moved=moved)


def _earlier(moves: Sequence[tuple[str, str]], to: str | None, channel: str) -> str:
    """Return the release to go back to: the one that stood before, never one withdrawn."""
    if to is not None:
        found = sorted({release for release, _ in moves if release.startswith(to)})
        if len(found) != 1:
            said = f"{len(found)} releases" if found else "no release"
            raise Refused(f"channel {channel}: {said} of it start with {to!r}; see s3etl releases.")
        return found[0]
    standing: list[str] = []
    for release, action in moves:
        if action == "rollback" and release in standing:
            while standing[-1] != release:
                standing.pop()
        else:
            standing.append(release)
    if len(standing) < 2:
        raise Refused(
            f"channel {channel}: {standing[-1]} is its first release; nothing to go back to."
        )
    return standing[-2]


def _check_origin(connection: Connection, channel: str, origin: str) -> None:
    p, r = tables.publication.c, tables.release.c
    origins = connection.scalars(
        select(r.origin)
        .join(tables.publication, p.release_id == r.release_id)
        .where(p.channel == channel)
        .distinct()
    ).all()
    if other := [o for o in origins if o != origin]:
        raise Conflict(
            f"channel {channel}: it holds releases of origin {other[0]} and never mixes origins; "
            f"publish {origin} data to another channel."
        )


def _insert(connection: Connection, candidate: Path, release_id: str, now: str) -> None:
    for table in tables.LOADED:
        rows = pq.read_table(candidate / f"{table.name}.parquet")
        count = rows.num_rows
        if "as_of" in table.c:
            rows = rows.add_column(0, "as_of", pa.array([now] * count, pa.string()))
        rows = rows.add_column(0, "release_id", pa.array([release_id] * count, pa.string()))
        load(connection, table, rows)


def _move(
    connection: Connection, channel: str, release_id: str, origin: str, action: str, now: str
) -> bool:
    c = tables.channel.c
    current = connection.scalar(select(c.release_id).where(c.channel == channel))
    if current == release_id:
        return False
    if current is None:
        connection.execute(
            insert(tables.channel).values(
                channel=channel, release_id=release_id, origin=origin, moved_at=now
            )
        )
    else:
        connection.execute(
            update(tables.channel)
            .where(c.channel == channel)
            .values(release_id=release_id, origin=origin, moved_at=now)
        )
    number = connection.scalar(select(func.coalesce(func.max(tables.publication.c.number), 0)))
    connection.execute(
        insert(tables.publication).values(
            number=int(number or 0) + 1,
            channel=channel,
            release_id=release_id,
            action=action,
            at=now,
        )
    )
    return True
