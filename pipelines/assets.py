"""The asset graph, generated from the catalogue: raw → core → indicator → benchmark → candidate.

One factory for each kind of asset. Assets pass references, not frames: each finds its inputs
in the stores, so any executor works.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipelines import stages
from pipelines.resources import WorkspaceResource
from s3etl.catalogue import Catalogue, Dataset, Indicator
from s3etl.errors import S3etlError

CHECK = "verdict"
CANDIDATE = dg.AssetKey(["release", "candidate"])
if TYPE_CHECKING:
    Result = dg.MaterializeResult[Any]
else:  # Dagster does not read the parametrised form
    Result = dg.MaterializeResult


def raw_key(dataset: Dataset) -> dg.AssetKey:
    """Key of a dataset's current snapshot."""
    return dg.AssetKey(["raw", dataset.provider, dataset.id])


def core_key(dataset: Dataset) -> dg.AssetKey:
    """Key of a dataset's accepted observations."""
    return dg.AssetKey(["core", dataset.provider, dataset.id])


def indicator_key(indicator: str) -> dg.AssetKey:
    """Key of an indicator's figures."""
    return dg.AssetKey(["indicator", indicator])


def benchmark_key(indicator: str) -> dg.AssetKey:
    """Key of an indicator's scores and ranks."""
    return dg.AssetKey(["benchmark", indicator])


def _failing_plainly(function: Callable[..., Result]) -> Callable[..., Result]:
    """Turn our errors into Dagster failures: one sentence, and whether a retry helps."""

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Result:
        try:
            return function(*args, **kwargs)
        except S3etlError as error:
            raise dg.Failure(str(error), allow_retries=error.retryable) from None

    return wrapped


def _result(done: stages.Done, **metadata: Any) -> dict[str, Any]:
    return {
        "data_version": dg.DataVersion(done.identity),
        "metadata": {"dagster/row_count": done.rows, "new": done.new, **metadata},
    }


def raw_asset(dataset: Dataset) -> dg.AssetsDefinition:
    """Make the asset that takes a dataset from the provider."""

    @dg.asset(
        key=raw_key(dataset),
        group_name="raw",
        kinds={dataset.provider},
        description=f"{dataset.title}. Bytes as the provider publishes them.",
        metadata={"citation": dataset.citation, "licence": dataset.licence},
    )
    @_failing_plainly
    def raw(workspace: WorkspaceResource) -> Result:
        taken = stages.take_snapshot(workspace.open(), dataset.id)
        snapshot = taken.snapshot
        return dg.MaterializeResult(
            data_version=dg.DataVersion(snapshot.sha256),
            metadata={
                "file": snapshot.name,
                "bytes": snapshot.size,
                "retrieved_at": snapshot.retrieved_at,
                "source_updated": snapshot.source_updated or "unknown",
                "new": taken.new,
            },
        )

    return raw


def core_asset(dataset: Dataset) -> dg.AssetsDefinition:
    """Make the asset that judges a dataset's current snapshot."""

    @dg.asset(
        key=core_key(dataset),
        deps=[raw_key(dataset)],
        group_name="core",
        kinds={"parquet"},
        description=f"{dataset.title}. Observations that the verdict accepted.",
        metadata={"units": ", ".join(dataset.unit_names), "nuts_version": dataset.nuts_version},
        check_specs=[dg.AssetCheckSpec(CHECK, asset=core_key(dataset), blocking=True)],
    )
    @_failing_plainly
    def core(workspace: WorkspaceResource) -> Result:
        verdict, done = stages.judge(workspace.open(), dataset.id)
        broken = {
            f"{j.severity}: {j.expectation} on {j.about}": j.unexpected
            for j in verdict.judgements
            if not j.passed
        }
        check = dg.AssetCheckResult(
            check_name=CHECK,
            passed=verdict.accepted,
            description=verdict.reason or f"{verdict.rows} rows, {verdict.quarantined} set aside.",
            metadata={"quarantined": verdict.quarantined, "warnings": verdict.warnings, **broken},
        )
        return dg.MaterializeResult(
            check_results=[check], **_result(done, quarantined=verdict.quarantined)
        )

    return core


def indicator_asset(indicator: Indicator, catalogue: Catalogue) -> dg.AssetsDefinition:
    """Make the asset that computes an indicator."""

    @dg.asset(
        key=indicator_key(indicator.id),
        deps=[core_key(catalogue.datasets[d]) for d in indicator.datasets],
        group_name="indicator",
        kinds={"parquet"},
        description=f"{indicator.title}. {indicator.definition}",
        metadata={"unit": indicator.unit, "direction": indicator.direction},
    )
    @_failing_plainly
    def figures(workspace: WorkspaceResource) -> Result:
        done = stages.compute_figures(workspace.open(), indicator.id)
        return dg.MaterializeResult(**_result(done))

    return figures


def benchmark_asset(indicator: Indicator) -> dg.AssetsDefinition:
    """Make the asset that scores and ranks an indicator."""

    @dg.asset(
        key=benchmark_key(indicator.id),
        deps=[indicator_key(indicator.id)],
        group_name="benchmark",
        kinds={"parquet"},
        description=f"{indicator.title}: scores, ranks and their intervals.",
        metadata={"unit": indicator.unit, "direction": indicator.direction},
    )
    @_failing_plainly
    def ranked(workspace: WorkspaceResource) -> Result:
        done = stages.compute_benchmark(workspace.open(), indicator.id)
        return dg.MaterializeResult(**_result(done))

    return ranked


def candidate_asset(catalogue: Catalogue) -> dg.AssetsDefinition:
    """Make the asset that collects a release candidate; a person or a calendar publishes it."""

    @dg.asset(
        key=CANDIDATE,
        deps=[benchmark_key(i) for i in catalogue.indicators],
        group_name="release",
        kinds={"parquet"},
        description="Every indicator that is up to date, ready to publish with s3etl publish.",
    )
    @_failing_plainly
    def candidate(workspace: WorkspaceResource) -> Result:
        built = stages.build_candidate(workspace.open())
        return dg.MaterializeResult(
            data_version=dg.DataVersion(built.folder.name),
            metadata={
                "dagster/row_count": built.figures,
                "indicators": built.indicators,
                "left_out": [x.reason for x in built.left_out],
                "folder": dg.MetadataValue.path(str(built.folder)),
            },
        )

    return candidate


def assets_of(catalogue: Catalogue) -> list[dg.AssetsDefinition]:
    """Return the whole graph."""
    return [
        *map(raw_asset, catalogue.datasets.values()),
        *map(core_asset, catalogue.datasets.values()),
        *(indicator_asset(i, catalogue) for i in catalogue.indicators.values()),
        *map(benchmark_asset, catalogue.indicators.values()),
        candidate_asset(catalogue),
    ]
