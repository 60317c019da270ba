"""From a provider's offer to the current snapshot, and from a snapshot to a table.

An answer that breaks the contract is kept for study and never made current. Whether the
values are believable is for :mod:`expectations` to say.
"""

import threading
from typing import NamedTuple

import pyarrow as pa

from s3etl.catalogue import Dataset, ReferenceTable
from s3etl.errors import Changed
from s3etl.observations import tidy
from s3etl.records import Snapshot
from sources import eurostat, nuts
from sources.providers import Offer, Provider, Wanted
from sources.snapshots import Seen, SnapshotStore

Source = Dataset | ReferenceTable

# Fetching overlaps, checking does not: memory is bounded by the largest dataset, not their sum.
_CHECKING = threading.Lock()


class Taken(NamedTuple):
    """The current snapshot after taking an offer, and whether it is a new one."""

    snapshot: Snapshot
    new: bool


def take(
    source: Source, provider: Provider, store: SnapshotStore, version: str | None = None
) -> Taken:
    """Take a dataset from a provider; bytes that are already current are left alone.

    Args:
        source: The declaration.
        provider: Where to take it from.
        store: Where to keep the bytes.
        version: The provider's own version of it, as far as it tells; the bytes of a version
            that was fetched before are not fetched again, but read anew.

    Raises:
        Refused: The provider does not have it.
        Unreachable: It cannot be had now.
        Changed: The bytes are not what the declaration says; they are kept, not made current.
    """
    seen = store.seen(source.id)
    if version and seen and seen.version == version:
        snapshot = store.get(source.id, seen.sha256)
    else:
        snapshot = _fetch(source, provider, store, version, queued=bool(seen and seen.queued))
    current = store.current(source.id)
    if current is not None and current.sha256 == snapshot.sha256:
        return Taken(current, new=False)
    with _CHECKING:
        read(source, snapshot, store)
        pa.default_memory_pool().release_unused()
    store.make_current(snapshot)
    return Taken(snapshot, new=True)


def _fetch(
    source: Source, provider: Provider, store: SnapshotStore, version: str | None, *, queued: bool
) -> Snapshot:
    wanted = Wanted(source, store.scratch(source.id), version, queued)
    try:
        offer = provider.get(wanted)
    except Changed as error:
        if error.body is not None:
            answer = Offer(error.body, error.body.name, "an answer that is no data")
            _keep(source, answer, provider, store, version)
            store.clear(source.id)
        raise
    snapshot = _keep(source, offer, provider, store, version)
    if version:
        store.see(source.id, Seen(version, snapshot.sha256, offer.queued))
    store.clear(source.id)
    return snapshot


def _keep(
    source: Source, offer: Offer, provider: Provider, store: SnapshotStore, version: str | None
) -> Snapshot:
    updated = None
    if isinstance(source, Dataset) and version:
        updated = version.split()[0]  # the table of contents knows better than a gzip header
    elif isinstance(source, Dataset):
        with offer.file.open("rb") as file:
            updated = eurostat.last_update(file.read(65536))
    return store.keep(
        source.id,
        offer.file,
        name=offer.name,
        origin=provider.origin,
        retrieved_from=offer.retrieved_from,
        source_updated=updated,
    )


def read(source: Source, snapshot: Snapshot, store: SnapshotStore) -> pa.Table:
    """Read a snapshot: observations (``s3etl.observations.SCHEMA``) or a reference table.

    Raises:
        Changed: The bytes do not fit the declaration; the message names the file as the
            provider had it.
    """
    body = store.body(snapshot)
    if isinstance(source, ReferenceTable):
        return nuts.TABLES[source.id](nuts.unbundle(body.read_bytes()), snapshot.name)
    try:
        table = eurostat.parse(body, dataset=source.id, name=snapshot.name)
    except pa.ArrowException as error:
        said = str(error).splitlines()[0]
        raise Changed(
            f"{source.id} ({snapshot.name}): expected a readable table, found one that is not "
            f"({said}); look at the kept bytes."
        ) from None
    return tidy(table, source, snapshot)
