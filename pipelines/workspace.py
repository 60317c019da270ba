"""One installation at work: where its state is, where its data come from, what is declared.

Opens the rooms with the right folders; does nothing by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import expectations.validate
from s3etl import catalogue
from s3etl.catalogue import Catalogue
from s3etl.records import Origin
from s3etl.settings import Settings
from sources import DATASETS, REGISTRIES, TABLES
from sources.providers import SAMPLE_EDITIONS, Provider, provider_of
from sources.snapshots import SnapshotStore
from warehouse.store import Store


@lru_cache
def load_catalogue() -> Catalogue:
    """Load everything declared, once per process.

    Raises:
        CatalogueError: A declaration is wrong.
    """
    return catalogue.load(DATASETS, TABLES, expectations.validate.SUITES, REGISTRIES)


def origin_of(sources: Sequence[str]) -> Origin:
    """Origin of the data that ``--from`` names."""
    return "sample" if set(sources) & set(SAMPLE_EDITIONS) else "provider"


@dataclass(frozen=True)
class Workspace:
    """State and sources of one run.

    Attributes:
        home: Directory of all state; each origin has a folder of its own below it.
        sources: What ``--from`` names: folders, or the sample world.
    """

    home: Path
    sources: tuple[str, ...]

    @property
    def origin(self) -> Origin:
        """Origin of everything this workspace reads and writes."""
        return origin_of(self.sources)

    @property
    def catalogue(self) -> Catalogue:
        """Everything declared."""
        return load_catalogue()

    @property
    def upstream(self) -> Path:
        """File that holds what the provider last said of its datasets."""
        return self.home / self.origin / "upstream.json"

    @cached_property
    def provider(self) -> Provider:
        """Where bytes come from.

        Raises:
            Refused: A folder does not exist, or sample and folders are mixed.
        """
        return _provider(self.sources, Settings())

    @cached_property
    def snapshots(self) -> SnapshotStore:
        """The bytes as they came."""
        return SnapshotStore(self.home / self.origin / "raw")

    @cached_property
    def restricted(self) -> SnapshotStore:
        """The bytes of surveys, with remarks and identities; only their owner may look."""
        folder = self.home / self.origin / "restricted"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)  # whatever the umask made of it
        return SnapshotStore(folder / "raw")

    def snapshots_of(self, source: str) -> SnapshotStore:
        """Where the bytes of a source are kept."""
        register = self.catalogue.registers.get(source)
        survey = register is not None and register.provider == "survey"
        return self.restricted if survey else self.snapshots

    @cached_property
    def store(self) -> Store:
        """Everything derived from them."""
        return Store(self.home / self.origin)


@lru_cache(maxsize=4)
def _provider(sources: tuple[str, ...], settings: Settings) -> Provider:
    return provider_of(sources, settings)
