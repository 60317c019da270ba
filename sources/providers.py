"""Where bytes can come from: the live providers, folders of their files, or the sample world.

Each provider hands over a file and says where it is from; it neither reads nor keeps it.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple, Protocol

from s3etl.catalogue import Dataset, ReferenceTable
from s3etl.errors import Changed, Refused
from s3etl.records import Origin
from s3etl.registers.declaration import Register
from s3etl.settings import Settings
from sources import harvest, kept, nuts
from sources.sheets import read_file

Source = Dataset | ReferenceTable | Register

EUROSTAT_NAMES = (
    "{code}.tsv",
    "estat_{code}.tsv",
    "{code}_tabular.tsv",
    "{code}_linear.csv",
    "{code}.csv",
)
"""Names Eurostat's own downloads have, each also with ``.gz`` behind it."""

LIVE = "live"
SAMPLE_EDITIONS = {"sample": "first", "sample-revised": "revised"}
"""What ``--from`` may name instead of a folder."""


class Wanted(NamedTuple):
    """What is asked of a provider.

    Attributes:
        source: The declaration.
        scratch: Folder for what is being fetched; what an earlier, killed run left there may
            be used.
        version: The provider's own version of it, as far as known.
        queued: Whether the provider had to prepare it in its queue the last time.
    """

    source: Source
    scratch: Path
    version: str | None = None
    queued: bool = False


class Offer(NamedTuple):
    """A file a provider hands over.

    Attributes:
        file: The file.
        name: Its name there.
        retrieved_from: Where the provider had it.
        queued: Whether it came through its queue.
        updated: Day a register was harvested, if that is known.
    """

    file: Path
    name: str
    retrieved_from: str
    queued: bool = False
    updated: str | None = None


class Provider(Protocol):
    """Anything that can hand over a dataset's bytes."""

    origin: Origin

    def versions(self) -> Mapping[str, str]:
        """Return the provider's own version of each dataset, as far as it tells."""
        ...

    def offers(self, source: Source) -> bool:
        """Tell whether the provider has the dataset, as far as one can tell without asking."""
        ...

    def get(self, wanted: Wanted) -> Offer:
        """Hand over the dataset.

        Raises:
            Refused: The provider does not have it.
            Unreachable: It cannot be had now.
            Changed: The answer is not such a file.
        """
        ...


def _bundle(files: Mapping[str, bytes], wanted: Wanted, where: str) -> Offer:
    """Offer several files as one."""
    name = f"{wanted.source.id}.zip"
    bundled = wanted.scratch / name
    bundled.write_bytes(nuts.bundle(files))
    return Offer(bundled, name, where)


def _read(path: Path, name: str) -> bytes:
    """Return a file's bytes, or why it is not read: the others go on."""
    try:
        return read_file(path)
    except Changed as error:
        return kept.write_refused(str(error).replace(path.name, name))


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

    def versions(self) -> Mapping[str, str]:
        """Return nothing: files are looked at every time."""
        return {}

    def offers(self, source: Source) -> bool:
        """Tell whether a folder has a file for it."""
        return any(self._found(folder, source) for folder in self.folders)

    def get(self, wanted: Wanted) -> Offer:
        """Hand over the file, or files, of the first folder that has any.

        Raises:
            Refused: No folder has the dataset, or one has two files for it.
        """
        source = wanted.source
        for folder in self.folders:
            found = self._found(folder, source)
            if isinstance(source, ReferenceTable) and found:
                return _bundle({p.name: p.read_bytes() for p in found}, wanted, str(folder))
            if isinstance(source, Register) and source.several and found:
                files = harvest.safe_names([p.name for p in found])
                read = {files[p.name]: _read(p, files[p.name]) for p in found}
                return _bundle(read, wanted, str(folder))
            if isinstance(source, Register) and len(found) > 1:
                found = harvest.newest(found)
            if len(found) > 1:
                names = ", ".join(path.name for path in found)
                raise Refused(
                    f"{source.id}: expected one file in {folder}, found {names}; keep one."
                )
            if found:
                updated = harvest.day(found[0]) if isinstance(source, Register) else None
                return Offer(found[0], found[0].name, str(folder), updated=updated)
        where = ", ".join(str(folder) for folder in self.folders)
        example = f"{source.id}.tsv.gz" if isinstance(source, Dataset) else source.files[0]
        raise Refused(
            f"{source.id}: expected a file such as {example} in {where}, found none; "
            "add it, or name the datasets you want with --only."
        )

    def _found(self, folder: Path, source: Source) -> list[Path]:
        patterns = [pattern.lower() for pattern in source.files]
        if isinstance(source, Dataset):
            names = [name.format(code=source.id) for name in EUROSTAT_NAMES]
            patterns += names + [f"{name}.gz" for name in names]
        places = [folder]
        if not isinstance(source, Dataset):  # the collections come with folders of their own
            places += sorted(path for path in folder.iterdir() if path.is_dir())
        return sorted(
            path
            for place in places
            for path in place.iterdir()
            if path.is_file() and any(fnmatch(path.name.lower(), p) for p in patterns)
        )


class SampleProvider:
    """The synthetic sample world; nothing in it is a statistic."""

    origin: Origin = "sample"

    def __init__(self, edition: str) -> None:
        self.edition = edition
        self._files: dict[str, tuple[str, bytes]] = {}

    def versions(self) -> Mapping[str, str]:
        """Return nothing: the world is made anew every time."""
        return {}

    def offers(self, source: Source) -> bool:
        """Tell that the sample world has everything but what is real and nowhere else."""
        from sources import sample  # noqa: PLC0415  (builds only when asked for)

        if isinstance(source, Register):
            return source.id in sample.REGISTERS
        return isinstance(source, Dataset) or source.provider == "nuts"

    def get(self, wanted: Wanted) -> Offer:
        """Hand over the dataset as the sample world publishes it.

        Raises:
            Refused: The sample world has no such dataset.
        """
        from sources import sample  # noqa: PLC0415  (builds only when asked for)

        where = f"sample world, {self.edition} edition"
        source = wanted.source
        if isinstance(source, ReferenceTable):
            made = sample.nuts_files()
            chosen = {
                name: data
                for name, data in made.items()
                if any(fnmatch(name.lower(), pattern.lower()) for pattern in source.files)
            }
            return _bundle(chosen, wanted, where)
        if isinstance(source, Register):
            made = sample.register_files(source.id)
            if source.several:
                return _bundle(made, wanted, where)
            name, data = next(iter(made.items()))
            file = wanted.scratch / name
            file.write_bytes(data)
            return Offer(file, name, where, updated=sample.HARVESTED)
        if not self._files:
            self._files = sample.world("revised" if self.edition == "revised" else "first")
        if source.id not in self._files:
            raise Refused(f"{source.id}: the sample world has no such dataset; leave it out.")
        name, data = self._files[source.id]
        file = wanted.scratch / name
        file.write_bytes(data)
        return Offer(file, name, where)


def provider_of(sources: Sequence[str], settings: Settings | None = None) -> Provider:
    """Return the provider that ``--from`` names.

    Args:
        sources: ``live``, ``sample`` or ``sample-revised`` alone, or one or more folders.
        settings: Addresses and politeness of the live providers; read if not given.

    Raises:
        Refused: Sample, live and folders are mixed, or a folder does not exist.
    """
    named = [s for s in sources if s in SAMPLE_EDITIONS or s == LIVE]
    if named and len(sources) > 1:
        raise Refused(f"--from {named[0]}: it is never mixed with other sources; name it alone.")
    if named and named[0] == LIVE:
        from sources.live import LiveProvider  # noqa: PLC0415  (requests only when needed)

        return LiveProvider(settings or Settings())
    if named:
        return SampleProvider(SAMPLE_EDITIONS[named[0]])
    return FolderProvider([Path(s) for s in sources])
