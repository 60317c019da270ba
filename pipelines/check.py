"""Do the declarations fit what the provider has? One look at every dataset, and what follows.

It reports and changes nothing: a person raises or lowers a mark in the indicator's file.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pipelines.workspace import Workspace
from s3etl.errors import Refused, S3etlError
from s3etl.settings import Settings
from sources import structures, upstream
from sources.live import LiveProvider
from sources.snapshots import SnapshotStore


class Checked(NamedTuple):
    """What the look at the datasets showed.

    Attributes:
        problems: Phrases by dataset: none if the declaration fits.
        to_raise: Indicators that are not verified although all their filters fit.
        to_lower: Verified indicators with a filter that does not fit.
    """

    problems: Mapping[str, list[str]]
    to_raise: list[str]
    to_lower: list[str]


def check(work: Workspace, *, live: bool) -> Checked:
    """Compare every declared dataset with the provider's structure.

    Args:
        work: The workspace.
        live: Whether to ask the provider; else the structures asked for earlier are used.

    Raises:
        Unreachable: The table of contents cannot be had.
        Refused: No structure was ever asked for.
    """
    store = SnapshotStore(work.home / "provider" / "structures")
    problems = _live(work, store) if live else _kept(work, store)
    to_raise, to_lower = [], []
    for indicator in work.catalogue.computed.values():
        fits = all(problems.get(d) == [] for d in indicator.datasets)
        broken = any(problems.get(d) for d in indicator.datasets)
        if fits and indicator.status != "verified":
            to_raise.append(indicator.id)
        if broken and indicator.status == "verified":
            to_lower.append(indicator.id)
    return Checked(problems, to_raise, to_lower)


def _live(work: Workspace, store: SnapshotStore) -> dict[str, list[str]]:
    provider = LiveProvider(Settings())
    contents = upstream.contents(provider.base)
    problems: dict[str, list[str]] = {}
    for dataset in work.catalogue.datasets.values():
        entry = contents.get(dataset.id)
        if entry is None:
            problems[dataset.id] = ["it is not in the table of contents"]
            continue
        try:
            structure = structures.take(
                dataset, provider.base, entry.structure, store, provider.client.wait
            )
        except S3etlError as error:
            problems[dataset.id] = [str(error)]
            continue
        problems[dataset.id] = structures.differences(dataset, structure)
    return problems


def _kept(work: Workspace, store: SnapshotStore) -> dict[str, list[str]]:
    problems = {}
    for dataset in work.catalogue.datasets.values():
        structure = structures.kept(dataset, store)
        if structure is not None:
            problems[dataset.id] = structures.differences(dataset, structure)
    if not problems:
        raise Refused(
            "datasets check: no structure was asked for yet; run s3etl datasets check --live."
        )
    return problems
