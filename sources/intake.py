"""From a provider's offer to the current snapshot, and from a snapshot to observations.

An answer that breaks the contract is kept for study and never made current. Whether the
values are believable is for :mod:`expectations` to say.
"""

from typing import NamedTuple

import pyarrow as pa

from s3etl.catalogue import Dataset
from s3etl.observations import tidy
from s3etl.records import Snapshot
from sources import eurostat
from sources.providers import Provider
from sources.snapshots import SnapshotStore


class Taken(NamedTuple):
    """The current snapshot after taking an offer, and whether it is a new one."""

    snapshot: Snapshot
    new: bool


def take(dataset: Dataset, provider: Provider, store: SnapshotStore) -> Taken:
    """Take a dataset from a provider; bytes that are already current are left alone.

    Raises:
        Refused: The provider does not have it.
        Changed: The bytes are not what the declaration says; they are kept, not made current.
    """
    offer = provider.get(dataset)
    snapshot = store.keep(
        dataset.id,
        offer.data,
        name=offer.name,
        origin=provider.origin,
        retrieved_from=offer.retrieved_from,
        source_updated=eurostat.last_update(offer.data),
    )
    current = store.current(dataset.id)
    if current is not None and current.sha256 == snapshot.sha256:
        return Taken(current, new=False)
    read(dataset, snapshot, store)
    store.make_current(snapshot)
    return Taken(snapshot, new=True)


def read(dataset: Dataset, snapshot: Snapshot, store: SnapshotStore) -> pa.Table:
    """Read a snapshot as observations (``s3etl.observations.SCHEMA``).

    Raises:
        Changed: The bytes do not fit the declaration; the message names the file as the
            provider had it.
    """
    body = store.body(snapshot).read_bytes()
    return tidy(eurostat.parse(body, dataset=dataset.id, name=snapshot.name), dataset, snapshot)
