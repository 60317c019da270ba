"""One run of the whole pipeline from the command line: a few Dagster runs, one after another.

Asking what is new, taking, judging, computing and ranking, collecting a candidate: a dataset
that fails in one leaves the others alone, and what was accepted before stays in use. Nothing is
printed here.
"""

import fcntl
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from pipelines import assets, blocks, stages
from pipelines.definitions import EVALUATE, OBSERVE, REFRESH, RELEASE, build
from pipelines.event_log import unhurried
from pipelines.resources import WorkspaceResource
from pipelines.workspace import Workspace
from s3etl.errors import Conflict, Unfit
from s3etl.files import write_atomic
from s3etl.records import LeftOut
from sources.providers import LIVE

DAGSTER_YAML = """\
# Written by s3etl. Telemetry is off. No pools: a killed run would keep its slot for ever.
telemetry: {enabled: false}
nux: {enabled: false}
run_retries: {retry_on_asset_or_op_failure: false}
retention: {sensor: {purge_after_days: {skipped: 7}}, schedule: {purge_after_days: 90}}
"""

Progress = Callable[[str, int, int], None]
"""Called with the name of the job, finished steps and all steps."""


class Ran(NamedTuple):
    """What a run did.

    Attributes:
        candidate: Folder of the release candidate, or None if there was nothing to release.
        failures: What failed in this run.
        left_out: What the candidate does without.
        work: Number of steps that had something to do, by layer.
    """

    candidate: Path | None
    failures: tuple[LeftOut, ...]
    left_out: tuple[LeftOut, ...]
    work: dict[str, int]


def prepare_dagster_home(home: Path) -> Path:
    """Return Dagster's own directory below ``home``, with its configuration."""
    folder = home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "dagster.yaml"
    if not configuration.exists():
        write_atomic(configuration, DAGSTER_YAML.encode())
    return folder


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Let one run at a time work in a home; the lock goes with the process, however it ends."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".run.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"{home}: another run is at work there; wait for it, or use another S3ETL_HOME."
            ) from None
        yield


@contextmanager
def _instance(home: Path) -> Iterator[dg.DagsterInstance]:
    folder = str(prepare_dagster_home(home))
    with unhurried(), dg.DagsterInstance.from_config(folder) as instance:
        yield instance


def run(work: Workspace, *, only: Sequence[str] = (), progress: Progress | None = None) -> Ran:
    """Run everything and return what came of it.

    Args:
        work: The workspace.
        only: Datasets to take; all if empty. Indicators are computed from whatever is accepted.
        progress: Told after every step.

    Raises:
        Conflict: Another run is at work in the same home.
        KeyboardInterrupt: The process was asked to stop; the next run goes on from there.
    """
    failures: list[LeftOut] = []
    done: dict[str, int] = dict.fromkeys(("raw", "core", "indicator", "benchmark", "block"), 0)
    declared = work.catalogue
    definitions = build(
        WorkspaceResource(home=str(work.home.absolute()), sources=list(work.sources))
    )
    with _alone(work.home), _instance(work.home) as instance:

        def execute(job: str, keys: list[dg.AssetKey]) -> dg.ExecuteInProcessResult | None:
            if not keys:
                return None
            result = _execute(definitions, job, keys, instance, progress)
            for layer, count in _new_work(result).items():
                done[layer] = done.get(layer, 0) + count
            failures.extend(_failures(result))
            return result

        if _looked(work, execute):
            execute(REFRESH, [assets.raw_key(s) for s in _to_take(work, only)])
        # Tables first: a run that cannot judge them anew must not skip what is read with them.
        execute(REFRESH, _to_judge(work, declared.tables.values()))
        try:
            stages.nuts_codes(work)
        except Unfit as error:  # one sentence, not one for each dataset
            if stages.NUTS_CODES not in {f.subject for f in failures}:
                failures.append(_failure("core", stages.NUTS_CODES, str(error)))
        else:
            keys = _to_judge(work, declared.datasets.values())
            execute(REFRESH, [*keys, *_to_judge(work, declared.registers.values())])
        # Each step costs Dagster dozens of writes: what is up to date is not asked again.
        ready = [i for i in declared.computed if stages.has_work(work, i)]
        keys = [key for i in ready for key in (assets.indicator_key(i), assets.benchmark_key(i))]
        first = [b for b in blocks.BLOCKS if not blocks.after_ranks(b)]
        keys += [assets.block_key(b) for b in first if blocks.has_work(work, b)]
        execute(EVALUATE, keys)
        # By themselves: within one run Dagster skips a block if any one indicator failed.
        last = [b for b in blocks.BLOCKS if b not in first and blocks.has_work(work, b)]
        execute(EVALUATE, [assets.block_key(b) for b in last])
        released = execute(RELEASE, [assets.CANDIDATE])
    return Ran(_candidate(released), tuple(failures), _left_out(released), done)


def _looked(work: Workspace, execute: Callable[..., dg.ExecuteInProcessResult | None]) -> bool:
    """Ask the live providers what is new; folders and the sample world are looked at anyway."""
    if work.sources != (LIVE,):
        return True
    keys = [assets.upstream_key(d) for d in work.catalogue.datasets.values()]
    looked = execute(OBSERVE, keys)
    return looked is not None and looked.success


def _to_take(work: Workspace, only: Sequence[str]) -> list[assets.Source]:
    """Return what to take: whatever is new, or was asked for by name.

    What the provider does not offer and never gave is left out without a failure: a folder
    need not hold everything that is declared.
    """
    wanted = []
    for source in work.catalogue.sources.values():
        asked = source.id in only
        if only and not asked and source.id not in work.catalogue.tables:
            continue
        known = work.snapshots_of(source.id).current(source.id) is not None
        # Registers and classifications are dropped when there is a new edition.
        dropped = source.id in work.catalogue.registers or source.provider == "classification"
        there = asked or (known and not dropped) or work.provider.offers(source)
        if there and stages.has_news(work, source.id):
            wanted.append(source)
    return wanted


def _to_judge(work: Workspace, sources: Iterable[assets.Source]) -> list[dg.AssetKey]:
    return [assets.core_key(s) for s in sources if stages.has_to_be_judged(work, s.id)]


def _execute(
    definitions: dg.Definitions,
    job: str,
    keys: list[dg.AssetKey],
    instance: dg.DagsterInstance,
    progress: Progress | None,
) -> dg.ExecuteInProcessResult:
    run_id = str(uuid.uuid4())
    finished = 0

    def listen(entry: dg.EventLogEntry) -> None:
        nonlocal finished
        event = entry.dagster_event
        ended = event is not None and (
            event.is_step_success or event.is_step_failure or event.is_step_skipped
        )
        if ended and progress is not None:
            finished += 1
            progress(job, finished, len(keys))

    if progress is not None:
        progress(job, 0, len(keys))
    instance.add_event_listener(run_id, listen)
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        run_id=run_id,
        asset_selection=keys,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    # Dagster takes an interrupt for the failure of one step; whoever interrupts means all of it.
    for event in _events(result, dg.DagsterEventType.STEP_FAILURE):
        if "DagsterExecutionInterruptedError" in _classes(event.step_failure_data.error):
            raise KeyboardInterrupt
    return result


def _events(result: dg.ExecuteInProcessResult, kind: dg.DagsterEventType) -> Iterator[Any]:
    for event in result.all_events:
        if event.event_type == kind:
            yield event


def _new_work(result: dg.ExecuteInProcessResult) -> dict[str, int]:
    """Count the materialisations that were not there already, by layer."""
    counts: dict[str, int] = {}
    for event in _events(result, dg.DagsterEventType.ASSET_MATERIALIZATION):
        metadata = event.materialization.metadata
        if "new" in metadata and metadata["new"].value:
            layer = event.asset_key.path[0]
            counts[layer] = counts.get(layer, 0) + 1
    return counts


_STAGES = {
    "observe": "snapshot",
    "fetch": "snapshot",
    "raw": "snapshot",
    "core": "verdict",
    "indicator": "figures",
    "benchmark": "figures",
    "block": "figures",
    "release": "release",
}


def _failures(result: dg.ExecuteInProcessResult) -> Iterator[LeftOut]:
    """Say what failed, each thing once and in one sentence."""
    refused = set()
    for event in _events(result, dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        evaluation = event.asset_check_evaluation_data
        if not evaluation.passed:
            layer, *_, subject = evaluation.asset_key.path
            refused.add(subject)
            yield _failure(layer, subject, evaluation.description or "")
    for event in _events(result, dg.DagsterEventType.STEP_FAILURE):
        layer, *_, subject = (
            event.step_key.split("__")
            if "__" in event.step_key
            else (
                event.step_key,
                "eurostat",
            )
        )
        if layer == "core" and subject in refused:
            continue
        failure = event.step_failure_data
        reason = (
            failure.user_failure_data.description
            if failure.user_failure_data is not None
            else f"{subject}: {_innermost(failure.error)}"
        )
        yield _failure(layer, subject, reason)


def _failure(layer: str, subject: str, reason: str) -> LeftOut:
    return LeftOut.model_validate({"stage": _STAGES[layer], "subject": subject, "reason": reason})


def _classes(error: Any) -> Iterator[str]:
    """Yield the classes of an error and of those behind it."""
    while error is not None:
        yield str(error.cls_name)
        error = error.cause


def _innermost(error: Any) -> str:
    """Return the message of the exception behind Dagster's own."""
    while error.cause is not None:
        error = error.cause
    return str(error.message).strip()


def _candidate(released: dg.ExecuteInProcessResult | None) -> Path | None:
    if released is None or not released.success:
        return None
    for event in _events(released, dg.DagsterEventType.ASSET_MATERIALIZATION):
        return Path(str(event.materialization.metadata["folder"].value))
    return None


def _left_out(released: dg.ExecuteInProcessResult | None) -> tuple[LeftOut, ...]:
    if released is None or not released.success:
        return ()
    for event in _events(released, dg.DagsterEventType.ASSET_MATERIALIZATION):
        reasons = event.materialization.metadata["left_out"].value
        return tuple(
            LeftOut(stage="figures", subject=str(r).split(":")[0], reason=str(r)) for r in reasons
        )
    return ()
