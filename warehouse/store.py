"""The shelves on disk: accepted observations, figures, benchmark rows and release candidates.

Everything lies under the hash of what made it. What was not accepted cannot be read: a refused
batch has no observations file, and readers go through the ``accepted`` pointer only. No SQL and
no formulas here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from s3etl.errors import Unfit
from s3etl.evaluate import Evaluation
from s3etl.files import new_directory, point, pointed, read_json, sha256_of, write_json
from s3etl.records import Snapshot, Verdict, dump


class Accepted(NamedTuple):
    """The accepted batch of a dataset.

    Attributes:
        identity: Name of the batch: snapshot, declaration and code.
        snapshot: The bytes behind it.
        verdict: The verdict that accepted it.
    """

    identity: str
    snapshot: Snapshot
    verdict: Verdict


class Figures(NamedTuple):
    """The current figures of an indicator.

    Attributes:
        identity: Name of the figures: declaration, measure code and accepted inputs.
        folder: Where they lie.
        inputs: Identity of the accepted batch of each dataset they were computed from.
        snapshots: The bytes behind each dataset.
    """

    identity: str
    folder: Path
    inputs: Mapping[str, str]
    snapshots: Mapping[str, Snapshot]


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd")


class Store:
    """The shelves below one folder, one for each origin, so that origins never mix."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # Core: judged observations

    def verdict(self, dataset: str, identity: str) -> Verdict | None:
        """Return the verdict on a batch, or None if it was never judged."""
        path = self.root / "core" / dataset / identity / "verdict.json"
        return Verdict.model_validate(read_json(path)) if path.exists() else None

    def put_core(
        self,
        identity: str,
        snapshot: Snapshot,
        verdict: Verdict,
        observations: pa.Table,
        quarantine: pa.Table,
    ) -> None:
        """Store a judged batch; only an accepted one has observations and moves the pointer."""
        folder = self.root / "core" / verdict.dataset / identity
        with new_directory(folder) as new:
            _write(quarantine, new / "quarantine.parquet")
            write_json(new / "verdict.json", dump(verdict))
            write_json(new / "snapshot.json", dump(snapshot))
            if verdict.accepted:
                _write(observations, new / "observations.parquet")
        if verdict.accepted:
            self.accept(verdict.dataset, identity)

    def accept(self, dataset: str, identity: str) -> None:
        """Make a judged batch the accepted one.

        Raises:
            Unfit: Its verdict refused it, or there is none.
        """
        verdict = self.verdict(dataset, identity)
        if verdict is None or not verdict.accepted:
            reason = (
                verdict.reason if verdict else f"{dataset}: batch {identity[:12]} is not judged."
            )
            raise Unfit(reason)
        point(self.root / "core" / dataset / "accepted", identity)

    def accepted(self, dataset: str) -> Accepted | None:
        """Return the accepted batch of a dataset, or None if nothing was ever accepted."""
        identity = pointed(self.root / "core" / dataset / "accepted")
        verdict = self.verdict(dataset, identity) if identity else None
        if identity is None or verdict is None or not verdict.accepted:
            return None
        folder = self.root / "core" / dataset / identity
        snapshot = Snapshot.model_validate(read_json(folder / "snapshot.json"))
        return Accepted(identity, snapshot, verdict)

    def observations(self, dataset: str, series: Sequence[str] | None = None) -> pa.Table:
        """Read accepted observations, all or those of some series.

        Raises:
            Unfit: Nothing was ever accepted for the dataset.
        """
        accepted = self.accepted(dataset)
        if accepted is None:
            raise Unfit(f"{dataset}: no accepted data yet; see s3etl status for the reason.")
        path = self.root / "core" / dataset / accepted.identity / "observations.parquet"
        chosen = None if series is None else [("series", "in", list(series))]
        return pq.read_table(path, filters=chosen)

    def quarantine(self, dataset: str) -> pa.Table | None:
        """Return the rows set aside from the accepted batch."""
        accepted = self.accepted(dataset)
        if accepted is None:
            return None
        folder = self.root / "core" / dataset / accepted.identity
        return pq.read_table(folder / "quarantine.parquet")

    # Figures and their benchmark rows

    def put_figures(
        self,
        indicator: str,
        identity: str,
        evaluation: Evaluation,
        inputs: Mapping[str, Accepted],
    ) -> None:
        """Store the figures of an indicator with their lineage and make them current."""
        with new_directory(self.root / "figures" / indicator / identity) as new:
            _write(evaluation.figures, new / "figures.parquet")
            _write(evaluation.lineage, new / "lineage.parquet")
            write_json(
                new / "inputs.json",
                {
                    "cores": {name: a.identity for name, a in inputs.items()},
                    "snapshots": {name: dump(a.snapshot) for name, a in inputs.items()},
                },
            )
        point(self.root / "figures" / indicator / "current", identity)

    def has_figures(self, indicator: str, identity: str) -> bool:
        """Whether figures of that identity exist; if so they are made current."""
        exists = (self.root / "figures" / indicator / identity).is_dir()
        if exists:
            point(self.root / "figures" / indicator / "current", identity)
        return exists

    def figures(self, indicator: str) -> Figures | None:
        """Return the current figures of an indicator, or None before the first."""
        identity = pointed(self.root / "figures" / indicator / "current")
        if identity is None:
            return None
        folder = self.root / "figures" / indicator / identity
        inputs = read_json(folder / "inputs.json")
        snapshots = {k: Snapshot.model_validate(v) for k, v in inputs["snapshots"].items()}
        return Figures(identity, folder, inputs["cores"], snapshots)

    def benchmark_folder(self, indicator: str, identity: str) -> Path:
        """Folder of an indicator's benchmark rows and norms of that identity."""
        return self.root / "benchmark" / indicator / identity

    def put_benchmark(self, indicator: str, identity: str, rows: pa.Table, norms: pa.Table) -> None:
        """Store an indicator's benchmark rows and the norms that made them."""
        with new_directory(self.benchmark_folder(indicator, identity)) as new:
            _write(rows, new / "benchmark.parquet")
            _write(norms, new / "norms.parquet")

    # Blocks: tables made of registers

    def put_block(self, block: str, identity: str, tables: Mapping[str, pa.Table]) -> None:
        """Store the tables of a block and make them current."""
        with new_directory(self.root / "blocks" / block / identity) as new:
            for name, table in tables.items():
                _write(table, new / f"{name}.parquet")
        point(self.root / "blocks" / block / "current", identity)

    def has_block(self, block: str, identity: str) -> bool:
        """Whether a block of that identity exists; if so it is made current."""
        exists = (self.root / "blocks" / block / identity).is_dir()
        if exists:
            point(self.root / "blocks" / block / "current", identity)
        return exists

    def block_identity(self, block: str) -> str | None:
        """Return the name of a block's current tables, or None before the first."""
        return pointed(self.root / "blocks" / block / "current")

    def block(self, block: str) -> dict[str, pa.Table]:
        """Return the current tables of a block by name; none before the first."""
        identity = self.block_identity(block)
        if identity is None:
            return {}
        folder = self.root / "blocks" / block / identity
        return {path.stem: pq.read_table(path) for path in sorted(folder.glob("*.parquet"))}

    # Candidates

    def put_candidate(
        self, identity: str, tables: Mapping[str, pa.Table], manifest: Mapping[str, Any]
    ) -> Path:
        """Store a release candidate and make it current; returns its folder."""
        folder = self.root / "candidates" / identity
        if not folder.is_dir():
            with new_directory(folder) as new:
                for name, table in tables.items():
                    _write(table, new / f"{name}.parquet")
                files = {file.name: sha256_of(file) for file in sorted(new.iterdir())}
                write_json(
                    new / "manifest.json", {**manifest, "identity": identity, "files": files}
                )
        point(self.root / "candidates" / "current", identity)
        return folder

    def candidate(self) -> Path | None:
        """Return the folder of the current candidate, or None before the first."""
        identity = pointed(self.root / "candidates" / "current")
        return self.root / "candidates" / identity if identity else None
