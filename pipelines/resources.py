"""What Dagster hands to assets: the workspace, configured by paths so that any executor works."""

from pathlib import Path

import dagster as dg

from pipelines.workspace import Workspace


class WorkspaceResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Opens the workspace an asset works in.

    Attributes:
        home: Directory of all state.
        sources: What ``--from`` names.
    """

    home: str
    sources: list[str]

    def open(self) -> Workspace:
        """Return the workspace."""
        return Workspace(Path(self.home), tuple(self.sources))
