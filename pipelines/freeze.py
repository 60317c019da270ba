"""Freezing an edition: the limits and goalposts of an index as a file that later ones name.

Writes one declaration from the newest index tables; it computes nothing.
"""

from pathlib import Path

from pipelines.workspace import Workspace
from s3etl.benchmark.base import base_text
from s3etl.benchmark.declaration import BASES, COMPOSITES
from s3etl.errors import Refused, Unfit
from s3etl.files import write_atomic


def freeze(work: Workspace, composite: str, edition: int, folder: Path = COMPOSITES) -> Path:
    """Write the base edition of a composite.

    Args:
        work: The workspace; its newest run is the edition.
        composite: Id of the composite, for example ``framework``.
        edition: Year of the edition, the one its version begins with.
        folder: Where composites are declared.

    Returns:
        The file; ``base: <its name>`` in the composite's declaration makes later runs use it.

    Raises:
        Unfit: There is no index yet.
        Refused: The base is there: it is frozen.
        CatalogueError: Nothing in the index can be frozen.
    """
    table = work.store.block("index").get("index_step")
    rows = [] if table is None else table.to_pylist()
    log = [row for row in rows if row["index_id"] == composite]
    if not log:
        raise Unfit(f"{composite}: there is no index of it yet; run s3etl run.")
    path = folder / BASES / f"{composite}-{edition}.yaml"
    if path.exists():
        raise Refused(f"{path} is there, and a base is frozen; name another edition.")
    path.parent.mkdir(exist_ok=True)
    write_atomic(path, base_text(composite, edition, log).encode())
    return path
