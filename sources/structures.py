"""Structures of datasets (dimensions, code lists) as snapshots, and how a declaration compares.

They are asked for in :mod:`sources.upstream`. Whether a difference matters is for whoever reads
the report; nothing is changed here.
"""

import json
from collections.abc import Callable, Iterable

from s3etl.catalogue import Dataset
from s3etl.files import read_json
from s3etl.records import Origin
from s3etl.regions import classify
from sources import upstream
from sources.snapshots import Seen, SnapshotStore
from sources.upstream import Structure

SHOWN = 8
"""Codes a message names at most."""


def take(
    dataset: Dataset,
    base: str,
    version: str,
    store: SnapshotStore,
    pause: Callable[[], None],
) -> Structure:
    """Return the structure of a dataset, asking only if it changed since it was last asked for.

    Args:
        dataset: The declaration.
        base: Base address of the API.
        version: When the structure last changed, as the table of contents says.
        store: Where structures are kept.
        pause: Called before each request.

    Raises:
        Refused: Eurostat has no such dataset.
        Unreachable: Eurostat cannot be reached.
    """
    seen = store.seen(dataset.id)
    if seen is None or seen.version != version:
        found = upstream.structure(base, dataset.id, pause)
        file = store.scratch(dataset.id) / "structure.json"
        file.write_text(json.dumps(found._asdict(), indent=1, ensure_ascii=False))
        snapshot = store.keep(
            dataset.id,
            file,
            name=f"{dataset.id}.structure.json",
            origin="provider",
            retrieved_from=base,
            source_updated=version,
        )
        store.clear(dataset.id)
        store.make_current(snapshot)
        store.see(dataset.id, Seen(version, snapshot.sha256, queued=False))
    known = kept(dataset, store)
    assert known is not None  # noqa: S101  (it was kept a line above)
    return known


def kept(dataset: Dataset, store: SnapshotStore) -> Structure | None:
    """Return the structure that was last asked for, or None if none was."""
    snapshot = store.current(dataset.id)
    return Structure(**read_json(store.body(snapshot))) if snapshot else None


def differences(dataset: Dataset, structure: Structure, origin: Origin = "provider") -> list[str]:
    """Say, one phrase each, where a declaration does not fit a structure; none if it fits."""
    order = [d for d in structure.dimensions if d not in ("freq", "geo")]
    out = []
    if order != list(dataset.dimensions):
        out.append(f"the dimensions are {', '.join(order)}, in this order")
    frequencies = structure.codes.get("freq", {})
    if frequencies and dataset.frequency not in frequencies:
        out.append(f"the frequency is {_some(frequencies)}")
    for dimension, declared in dataset.dimensions.items():
        found = structure.codes.get(dimension)
        if found is None:
            continue
        if gone := [code for code in declared if code not in found]:
            out.append(f"{dimension} has no {_some(gone)} but {_some(found)}")
        if not dataset.selection and (new := [code for code in found if code not in declared]):
            out.append(f"{dimension} also has {_some(new)}")
    levels = {classify(geo, origin).level for geo in structure.codes.get("geo", {})}
    if levels and (absent := [level for level in dataset.levels if level not in levels]):
        out.append(f"there are no regions of level {_some(map(str, absent))}")
    return out


def _some(codes: Iterable[str]) -> str:
    named = list(codes)
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return ", ".join(named[:SHOWN]) + more
