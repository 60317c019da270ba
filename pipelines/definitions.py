"""The entry point of Dagster: definitions built from the catalogue when they are asked for.

Importing this module does no work and loading it touches no network.
"""

import warnings

import dagster as dg

from pipelines.assets import CANDIDATE, assets_of
from pipelines.automation import look_schedule
from pipelines.resources import WorkspaceResource
from pipelines.workspace import load_catalogue
from s3etl.settings import Settings

OBSERVE, REFRESH, EVALUATE, RELEASE = "look", "refresh", "evaluate", "release"
"""Jobs: ask what is new; take and judge data; compute and rank figures; collect a candidate."""


def build(workspace: WorkspaceResource) -> dg.Definitions:
    """Return assets, checks and jobs over a workspace."""
    select = dg.AssetSelection
    with warnings.catch_warnings():  # Dagster calls the argument beta; it is what a job needs
        warnings.simplefilter("ignore", dg.BetaWarning)
        upstream = select.groups("upstream", include_sources=True)
    return dg.Definitions(
        assets=assets_of(load_catalogue()),
        jobs=[
            dg.define_asset_job(OBSERVE, upstream),
            dg.define_asset_job(REFRESH, select.groups("raw", "core")),
            dg.define_asset_job(EVALUATE, select.groups("indicator", "benchmark", "block")),
            dg.define_asset_job(RELEASE, select.assets(CANDIDATE)),
        ],
        schedules=[look_schedule(OBSERVE)],
        resources={"workspace": workspace},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions over the workspace of this installation's settings."""
    settings = Settings()
    home = str(settings.home.absolute())
    return build(WorkspaceResource(home=home, sources=settings.sources))
