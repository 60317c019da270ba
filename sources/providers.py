"""Where bytes can come from: a folder of a provider's own files, or the sample world.

Each provider hands over bytes and says where they are from; it neither reads nor keeps them.
"""

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple, Protocol

from s3etl.catalogue import Dataset
from s3etl.errors import Refused
from s3etl.records import Origin

EUROSTAT_NAMES = (
    "{code}.tsv",
    "estat_{code}.tsv",
    "{code}_tabular.tsv",
    "{code}_linear.csv",
    "{code}.csv",
)
"""Names Eurostat's own downloads have, each also with ``.gz`` behind it."""

SAMPLE_EDITIONS = {"sample": "first", "sample-revised": "revised"}
"""What ``--from`` may name instead of a folder."""


class Offer(NamedTuple):
    """Bytes a provider hands over, and where it had them."""

    data: bytes
    name: str
    retrieved_from: str


class Provider(Protocol):
    """Anything that can hand over a dataset's bytes."""

    origin: Origin

    def get(self, dataset: Dataset) -> Offer:
        """Hand over the dataset.

        Raises:
            Refused: The provider does not have it.
        """
        ...


class FolderProvider:
    """Folders of files as the provider publishes them, found by dataset code."""

    origin: Origin = "provider"

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        for folder in self.folders:
            if not folder.is_dir():
                raise Refused(
                    f"{folder}: expected a folder to read from, found none; check --from."
                )

    def get(self, dataset: Dataset) -> Offer:
        """Hand over the file of the first folder that has one.

        Raises:
            Refused: No folder has the dataset, or one has two files for it.
        """
        patterns = [name.format(code=dataset.id) for name in EUROSTAT_NAMES]
        patterns += [f"{pattern}.gz" for pattern in patterns]
        patterns += [pattern.lower() for pattern in dataset.files]
        for folder in self.folders:
            found = sorted(
                path
                for path in folder.iterdir()
                if path.is_file() and any(fnmatch(path.name.lower(), p) for p in patterns)
            )
            if len(found) > 1:
                names = ", ".join(path.name for path in found)
                raise Refused(
                    f"{dataset.id}: expected one file in {folder}, found {names}; keep one."
                )
            if found:
                return Offer(found[0].read_bytes(), found[0].name, str(folder))
        where = ", ".join(str(folder) for folder in self.folders)
        raise Refused(
            f"{dataset.id}: expected a file such as {dataset.id}.tsv.gz in {where}, found none; "
            "add it, or name the datasets you want with --only."
        )


class SampleProvider:
    """The synthetic sample world; nothing in it is a statistic."""

    origin: Origin = "sample"

    def __init__(self, edition: str) -> None:
        self.edition = edition
        self._files: dict[str, tuple[str, bytes]] = {}

    def get(self, dataset: Dataset) -> Offer:
        """Hand over the dataset as the sample world publishes it.

        Raises:
            Refused: The sample world has no such dataset.
        """
        if not self._files:
            from sources.sample import world  # noqa: PLC0415  (builds only when asked for)

            self._files = world("revised" if self.edition == "revised" else "first")
        if dataset.id not in self._files:
            raise Refused(f"{dataset.id}: the sample world has no such dataset; leave it out.")
        name, data = self._files[dataset.id]
        return Offer(data, name, f"sample world, {self.edition} edition")


def provider_of(sources: Sequence[str]) -> Provider:
    """Return the provider that ``--from`` names.

    Args:
        sources: ``sample`` or ``sample-revised`` alone, or one or more folders.

    Raises:
        Refused: Sample and folders are mixed, or a folder does not exist.
    """
    named = [s for s in sources if s in SAMPLE_EDITIONS]
    if named and len(sources) > 1:
        raise Refused(f"--from {named[0]}: sample data are never mixed with others; name it alone.")
    if named:
        return SampleProvider(SAMPLE_EDITIONS[named[0]])
    return FolderProvider([Path(s) for s in sources])
