"""Snapshots: a provider's bytes, kept for ever under the name of their own hash.

Eurostat keeps only the latest value of each observation, so these are the only history there
is. What the bytes say is not looked at here.
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from s3etl.errors import Changed
from s3etl.files import new_directory, point, pointed, read_json, sha256_of, write_json
from s3etl.records import Origin, Snapshot, dump


class Seen(NamedTuple):
    """What was last fetched of a dataset, whether it could be used or not.

    Attributes:
        version: The provider's own version text at that time.
        sha256: The bytes that came.
        queued: Whether the provider prepared them in its queue (an asynchronous extraction).
    """

    version: str
    sha256: str
    queued: bool


class SnapshotStore:
    """Snapshots below one folder: ``<dataset>/<hash>/{body, manifest.json}`` and ``current``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(
        self,
        dataset: str,
        file: Path,
        *,
        name: str,
        origin: Origin,
        retrieved_from: str,
        source_updated: str | None,
        dropped: tuple[str, ...] = (),
        original_sha256: str | None = None,
    ) -> Snapshot:
        """Keep a file's bytes and return their snapshot; bytes kept already are not kept twice."""
        self.sweep(dataset)
        copy = self.scratch(dataset) / ".body"
        shutil.copyfile(file, copy)  # hashed after copying: the file may be changing
        sha256 = sha256_of(copy)
        folder = self.root / dataset / sha256
        if folder.exists():
            copy.unlink()
            return self.get(dataset, sha256)
        snapshot = Snapshot(
            dataset=dataset,
            sha256=sha256,
            origin=origin,
            name=name,
            retrieved_from=retrieved_from,
            retrieved_at=datetime.now(UTC).isoformat(timespec="seconds"),
            source_updated=source_updated,
            size=copy.stat().st_size,
            dropped=dropped,
            original_sha256=original_sha256,
        )
        with new_directory(folder) as temporary:
            os.replace(copy, temporary / "body")  # noqa: PTH105  (says what it does)
            write_json(temporary / "manifest.json", dump(snapshot))
        return snapshot

    def scratch(self, dataset: str) -> Path:
        """Folder for what is being fetched; it outlives a killed run, so that the next goes on."""
        folder = self.root / dataset / ".fetching"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def clear(self, dataset: str) -> None:
        """Empty the scratch folder: what was fetched is kept."""
        shutil.rmtree(self.root / dataset / ".fetching", ignore_errors=True)

    def sweep(self, dataset: str) -> None:
        """Remove what killed runs left half-written."""
        for folder in (self.root / dataset).glob(".new-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def get(self, dataset: str, sha256: str) -> Snapshot:
        """Return the snapshot of that hash."""
        return Snapshot.model_validate(read_json(self.root / dataset / sha256 / "manifest.json"))

    def body(self, snapshot: Snapshot) -> Path:
        """Return the file that holds a snapshot's bytes, checked against their hash.

        Raises:
            Changed: The bytes on disk are no longer those that were kept.
        """
        path = self.root / snapshot.dataset / snapshot.sha256 / "body"
        if not path.exists() or sha256_of(path) != snapshot.sha256:
            raise Changed(
                f"{snapshot.dataset}: the kept bytes {snapshot.sha256[:12]} are missing or damaged "
                f"on disk; delete {path.parent} and run again."
            )
        return path

    def current(self, dataset: str) -> Snapshot | None:
        """Return the current snapshot, or None before the first."""
        return self._kept(dataset, pointed(self.root / dataset / "current"))

    def _kept(self, dataset: str, sha256: str | None) -> Snapshot | None:
        kept = sha256 and (self.root / dataset / sha256 / "manifest.json").exists()
        return self.get(dataset, sha256) if sha256 and kept else None

    def make_current(self, snapshot: Snapshot) -> None:
        """Make a snapshot the current one; it may be an older one the provider went back to."""
        point(self.root / snapshot.dataset / "current", snapshot.sha256)

    def see(self, dataset: str, seen: Seen) -> None:
        """Note what was fetched, so that the same version is not fetched again."""
        write_json(self.root / dataset / "seen.json", seen._asdict())

    def seen(self, dataset: str) -> Seen | None:
        """Return what was last fetched, or None if nothing was or its bytes are gone."""
        path = self.root / dataset / "seen.json"
        if not path.exists():
            return None
        seen = Seen(**read_json(path))
        return seen if self._kept(dataset, seen.sha256) else None
