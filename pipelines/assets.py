"""The asset graph, from the catalogue: upstream → raw → core → indicator → benchmark → candidate.

Registers go raw → core → block → candidate.

One factory for each kind of asset. Assets pass references, not frames: each finds its inputs
in the stores, so any executor works.
"""

import warnings
from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import dagster as dg

from pipelines import blocks, stages
from pipelines.automation import WHEN_ACCEPTED, WHEN_ANY, WHEN_NEW
from pipelines.candidate import build_candidate
from pipelines.resources import WorkspaceResource
from s3etl.catalogue import Catalogue, Dataset, Indicator, ReferenceTable
from s3etl.errors import S3etlError
from s3etl.registers.declaration import Register

CHECK, TAKEN = "verdict", "taken"
OBSERVE, FETCH = "observe", "fetch"
Source = Dataset | ReferenceTable | Register
T = TypeVar("T")
CANDIDATE = dg.AssetKey(["release", "candidate"])
if TYPE_CHECKING:
    Result = dg.MaterializeResult[Any]
else:  # Dagster does not read the parametrised form
    Result = dg.MaterializeResult


def upstream_key(source: Source) -> dg.AssetKey:
    """Key of what the provider has: only observed."""
    return dg.AssetKey(["upstream", source.provider, source.id])


def raw_key(source: Source) -> dg.AssetKey:
    """Key of a source's current snapshot."""
    return dg.AssetKey(["raw", source.provider, source.id])


def core_key(source: Source) -> dg.AssetKey:
    """Key of a source's accepted rows."""
    return dg.AssetKey(["core", source.provider, source.id])


def indicator_key(indicator: str) -> dg.AssetKey:
    """Key of an indicator's figures."""
    return dg.AssetKey(["indicator", indicator])


def benchmark_key(indicator: str) -> dg.AssetKey:
    """Key of an indicator's scores and ranks."""
    return dg.AssetKey(["benchmark", indicator])


def block_key(block: str) -> dg.AssetKey:
    """Key of a block's tables."""
    return dg.AssetKey(["block", block])


def _failing_plainly(function: Callable[..., T]) -> Callable[..., T]:
    """Turn our errors into Dagster failures: one sentence, and whether a retry helps."""

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> T:
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


def upstream_assets(catalogue: Catalogue) -> dg.AssetsDefinition:
    """Make the assets that are only looked at: one question tells the version of all datasets."""
    keys = {d.id: upstream_key(d) for d in catalogue.datasets.values()}

    def observe(workspace: WorkspaceResource) -> Iterator[dg.ObserveResult]:
        look = _failing_plainly(stages.observe)
        for dataset, version in look(workspace.open()).items():
            yield dg.ObserveResult(asset_key=keys[dataset], data_version=dg.DataVersion(version))

    with warnings.catch_warnings():  # Dagster calls it beta; one question for all needs it
        warnings.simplefilter("ignore", dg.BetaWarning)
        decorate: Callable[..., dg.AssetsDefinition] = dg.multi_observable_source_asset(
            name=OBSERVE,
            specs=[
                dg.AssetSpec(keys[d.id], group_name="upstream", description=d.title, skippable=True)
                for d in catalogue.datasets.values()
            ],
            can_subset=True,
        )
        return decorate(observe)


def raw_assets(catalogue: Catalogue) -> dg.AssetsDefinition:
    """Make the assets that are taken from the provider, in one step with a few connections.

    What cannot be taken fails its check and has no new snapshot; the others go on.
    """
    sources = {raw_key(s): s for s in catalogue.sources.values()}

    @dg.multi_asset(
        name=FETCH,
        specs=[
            dg.AssetSpec(
                key,
                deps=[upstream_key(source)] if isinstance(source, Dataset) else [],
                group_name="raw",
                kinds={source.provider},
                skippable=True,
                automation_condition=WHEN_NEW,
                description=f"{source.title}. Bytes as the provider publishes them.",
                metadata={"citation": source.citation, "licence": source.licence},
            )
            for key, source in sources.items()
        ],
        check_specs=[dg.AssetCheckSpec(TAKEN, asset=key) for key in sources],
        can_subset=True,
    )
    def fetch(
        context: dg.AssetExecutionContext, workspace: WorkspaceResource
    ) -> Iterator[Result | dg.AssetCheckResult]:
        keys = {sources[key].id: key for key in context.selected_asset_keys}
        for source, taken in stages.take_snapshots(workspace.open(), list(keys)):
            key = keys[source]
            if isinstance(taken, S3etlError):
                yield dg.AssetCheckResult(
                    asset_key=key, check_name=TAKEN, passed=False, description=str(taken)
                )
                continue
            snapshot = taken.snapshot
            yield dg.MaterializeResult(
                asset_key=key,
                data_version=dg.DataVersion(snapshot.sha256),
                metadata={
                    "file": snapshot.name,
                    "bytes": snapshot.size,
                    "retrieved_at": snapshot.retrieved_at,
                    "source_updated": snapshot.source_updated or "unknown",
                    "new": taken.new,
                },
                check_results=[dg.AssetCheckResult(asset_key=key, check_name=TAKEN, passed=True)],
            )

    return fetch


def core_asset(dataset: Source, catalogue: Catalogue) -> dg.AssetsDefinition:
    """Make the asset that judges a source's current snapshot."""
    deps = [raw_key(dataset)]
    metadata: dict[str, str] = {}
    if not isinstance(dataset, ReferenceTable):
        deps.append(core_key(catalogue.tables[stages.NUTS_CODES]))
    if isinstance(dataset, Register):
        deps.append(core_key(catalogue.tables[stages.NUTS_NAMES]))
        metadata = {"holds": dataset.holds, "nuts_version": dataset.nuts_version}
    if isinstance(dataset, Dataset):
        metadata = {"units": ", ".join(dataset.unit_names), "nuts_version": dataset.nuts_version}

    @dg.asset(
        key=core_key(dataset),
        deps=deps,
        group_name="core",
        automation_condition=WHEN_NEW if dataset.provider == "nuts" else WHEN_ACCEPTED,
        kinds={"parquet"},
        description=f"{dataset.title}. Rows that the verdict accepted.",
        metadata=metadata,
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
        deps=[
            core_key(catalogue.sources[d])
            for d in (*indicator.datasets, stages.NUTS_CODES, stages.NUTS_MATRICES)
        ],
        group_name="indicator",
        automation_condition=WHEN_ACCEPTED,
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
        automation_condition=WHEN_ACCEPTED,
        kinds={"parquet"},
        description=f"{indicator.title}: scores, ranks and their intervals.",
        metadata={"unit": indicator.unit, "direction": indicator.direction},
    )
    @_failing_plainly
    def ranked(workspace: WorkspaceResource) -> Result:
        done = stages.compute_benchmark(workspace.open(), indicator.id)
        return dg.MaterializeResult(**_result(done))

    return ranked


def block_asset(block: str, catalogue: Catalogue) -> dg.AssetsDefinition:
    """Make the asset that computes a block from registers."""
    declared = blocks.BLOCKS[block]
    sources: list[Source] = [*blocks.registers_of(catalogue.registers, block)]
    sources += [catalogue.sources[s] for s in declared.sources]
    ranked = [*map(benchmark_key, catalogue.computed)] if declared.ranked else []

    @dg.asset(
        key=block_key(block),
        deps=[*map(core_key, sources), *map(block_key, declared.after), *ranked],
        group_name="block",
        automation_condition=WHEN_ANY,
        kinds={"parquet"},
        description=f"{declared.title}.",
        metadata={"tables": ", ".join(declared.tables)},
    )
    @_failing_plainly
    def computed(workspace: WorkspaceResource) -> Result:
        return dg.MaterializeResult(**_result(blocks.compute(workspace.open(), block)))

    return computed


def candidate_asset(catalogue: Catalogue) -> dg.AssetsDefinition:
    """Make the asset that collects a release candidate; a person or a calendar publishes it."""

    @dg.asset(
        key=CANDIDATE,
        deps=[*map(benchmark_key, catalogue.computed), *map(block_key, blocks.BLOCKS)],
        group_name="release",
        automation_condition=WHEN_ANY,
        kinds={"parquet"},
        description="Every indicator that is up to date, ready to publish with s3etl publish.",
    )
    @_failing_plainly
    def candidate(workspace: WorkspaceResource) -> Result:
        built = build_candidate(workspace.open())
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
        upstream_assets(catalogue),
        raw_assets(catalogue),
        *(core_asset(source, catalogue) for source in catalogue.sources.values()),
        *(indicator_asset(i, catalogue) for i in catalogue.computed.values()),
        *map(benchmark_asset, catalogue.computed.values()),
        *(block_asset(block, catalogue) for block in blocks.BLOCKS),
        candidate_asset(catalogue),
    ]
