"""Snapshots: a provider's bytes, kept for ever under the name of their own hash.

Eurostat keeps only the latest value of each observation, so these are the only history there
is. What the bytes say is not looked at here.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from s3etl.errors import Changed
from s3etl.files import new_directory, point, pointed, read_json, sha256_of, write_json
from s3etl.records import Origin, Snapshot, dump


class SnapshotStore:
    """Snapshots below one folder: ``<dataset>/<hash>/{body, manifest.json}`` and ``current``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(
        self,
        dataset: str,
        data: bytes,
        *,
        name: str,
        origin: Origin,
        retrieved_from: str,
        source_updated: str | None,
    ) -> Snapshot:
        """Keep bytes and return their snapshot; bytes already kept are not written again."""
        sha256 = hashlib.sha256(data).hexdigest()
        folder = self.root / dataset / sha256
        if folder.exists():
            return self.get(dataset, sha256)
        snapshot = Snapshot(
            dataset=dataset,
            sha256=sha256,
            origin=origin,
            name=name,
            retrieved_from=retrieved_from,
            retrieved_at=datetime.now(UTC).isoformat(timespec="seconds"),
            source_updated=source_updated,
            size=len(data),
        )
        with new_directory(folder) as temporary:
            (temporary / "body").write_bytes(data)
            write_json(temporary / "manifest.json", dump(snapshot))
        return snapshot

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
        sha256 = pointed(self.root / dataset / "current")
        kept = sha256 and (self.root / dataset / sha256 / "manifest.json").exists()
        return self.get(dataset, sha256) if sha256 and kept else None

    def make_current(self, snapshot: Snapshot) -> None:
        """Make a snapshot the current one; it may be an older one the provider went back to."""
        point(self.root / snapshot.dataset / "current", snapshot.sha256)
