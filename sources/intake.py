"""From a provider's offer to the current snapshot, and from a snapshot to a table.

An answer that breaks the contract is kept for study and never made current. Whether the
values are believable is for :mod:`expectations` to say.
"""

import math
import threading
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from s3etl.catalogue import Dataset, ReferenceTable
from s3etl.errors import Changed
from s3etl.files import sha256_of_bytes
from s3etl.observations import tidy
from s3etl.records import Snapshot
from s3etl.registers.declaration import Register
from s3etl.registers.kinds import KINDS
from sources import classifications, door, eurostat, kept, nuts
from sources.providers import Offer, Provider, Source, Wanted
from sources.records import read_register, several, unreadable
from sources.sheets import read_file
from sources.snapshots import Seen, SnapshotStore

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
        table = read(source, snapshot, store)
        if isinstance(source, Register) and current is not None:
            _compare(source, table, current, store)
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


def _compare(register: Register, table: pa.Table, current: Snapshot, store: SnapshotStore) -> None:
    """Refuse an edition that has far fewer records than the one before (methodology 4.1)."""
    try:
        before = _usable(read(register, current, store))
    except Changed:
        return  # the declaration has changed since: nothing to compare with
    now, least = _usable(table), math.ceil(register.least_share * before)
    if now < least:
        raise Changed(
            f"{register.id}: expected at least {least} records ({register.least_share:.0%} of the "
            f"{before} before), found {now}; if that is right, lower least_share in "
            f"sources/registries/{register.id}.yaml."
        )


def _usable(table: pa.Table) -> int:
    return int(pc.sum(pc.equal(table.column("problem"), "")).as_py() or 0)


def _keep(
    source: Source, offer: Offer, provider: Provider, store: SnapshotStore, version: str | None
) -> Snapshot:
    updated = offer.updated
    if isinstance(source, Register) and source.provider != "survey":
        admitted = _admitted(source, offer)
        file = store.scratch(source.id) / ".admitted"
        file.write_bytes(admitted.data)
        return store.keep(
            source.id,
            file,
            name=offer.name,
            origin=provider.origin,
            retrieved_from=offer.retrieved_from,
            source_updated=updated,
            dropped=admitted.dropped,
            original_sha256=admitted.original,
        )
    if isinstance(source, Dataset) and version:
        updated = version.split()[0]  # the table of contents knows better than a gzip header
    elif isinstance(source, Dataset):
        with offer.file.open("rb") as bulk:
            updated = eurostat.last_update(bulk.read(65536))
    return store.keep(
        source.id,
        offer.file,
        name=offer.name,
        origin=provider.origin,
        retrieved_from=offer.retrieved_from,
        source_updated=updated,
    )


def _admitted(register: Register, offer: Offer) -> door.Admitted:
    """Return what of a register may be kept; of several files, of each."""
    data = offer.file.read_bytes() if register.several else read_file(offer.file)
    if not register.several:
        return door.admit(data, offer.name, register)
    files: dict[str, bytes] = {}
    dropped: list[str] = []
    for name, part in nuts.unbundle(data).items():
        try:
            admitted = door.admit(part, name, register)
        except Changed as error:  # the other files go on
            admitted = door.Admitted(kept.write_refused(str(error)))
        files[name] = admitted.data
        dropped += admitted.dropped
    bundled = nuts.bundle(files)
    original = None if bundled == data else sha256_of_bytes(data)
    return door.Admitted(bundled, tuple(dict.fromkeys(dropped)), original)


def read(source: Source, snapshot: Snapshot, store: SnapshotStore) -> pa.Table:
    """Read a snapshot: observations (``s3etl.observations.SCHEMA``), a reference table, records.

    Raises:
        Changed: The bytes do not fit the declaration; the message names the file as the
            provider had it.
    """
    body = store.body(snapshot)
    if isinstance(source, ReferenceTable):
        readers = nuts.TABLES | classifications.TABLES
        return readers[source.id](nuts.unbundle(body.read_bytes()), snapshot.name)
    if isinstance(source, Register):
        return _records(source, snapshot, body.read_bytes(), store)
    try:
        table = eurostat.parse(body, dataset=source.id, name=snapshot.name)
    except pa.ArrowException as error:
        said = str(error).splitlines()[0]
        raise Changed(
            f"{source.id} ({snapshot.name}): expected a readable table, found one that is not "
            f"({said}); look at the kept bytes."
        ) from None
    return tidy(table, source, snapshot)


def _part(data: bytes, name: str, register: Register) -> pa.Table:
    """Read one of several files; one that cannot be read is one record with its problem."""
    try:
        return read_register(data, name, register)
    except Changed as error:
        return unreadable(name, str(error), register)


def _records(register: Register, snapshot: Snapshot, data: bytes, store: SnapshotStore) -> pa.Table:
    if register.provider != "survey" and register.several:
        files = nuts.unbundle(data)
        tables = [_part(files[n], n, register) for n in files]
        return several(tables, list(files), one=KINDS[register.holds].one)
    if register.provider != "survey":
        return read_register(data, snapshot.name, register)
    from sources import survey  # noqa: PLC0415  (only where there is one)

    secret = survey.SAMPLE_KEY
    if snapshot.origin != "sample":
        secret = survey.key(store.root.parent / "pseudonyms.key")
    found = survey.read_answers(nuts.unbundle(data), key=secret, nuts_version=register.nuts_version)
    return found.answers if register.holds == "answers" else found.evidence
