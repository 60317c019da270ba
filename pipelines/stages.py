"""The life of a number, stage by stage, as plain functions: each does its work once.

Every stage names its result by what goes into it and does nothing if that is there already.
Dagster calls these from :mod:`pipelines.assets`; nothing here knows it.
"""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from expectations import validate
from pipelines.workspace import Workspace
from s3etl import benchmark as bench
from s3etl import evaluate as evaluation
from s3etl.catalogue import Dataset, ReferenceTable
from s3etl.errors import Changed, Refused, S3etlError, Unfit
from s3etl.files import code_version, identity, read_json, write_json
from s3etl.nuts.convert import convert
from s3etl.nuts.tables import NAMES
from s3etl.nuts.vintage import newest_in, placed
from s3etl.records import Snapshot, Verdict, dump
from s3etl.registers.declaration import Register
from s3etl.registers.places import Gazetteer, located
from s3etl.stresstest import questionnaire
from sources import intake
from sources.providers import LIVE, Source
from sources.survey import limesurvey
from warehouse.store import Accepted

NUTS_CODES, NUTS_NAMES, NUTS_MATRICES = "nuts_codes", "nuts_names", "nuts_matrices"
"""Reference tables: codes and names of each NUTS version, and what became of each territory."""

CONNECTIONS = 4
"""Datasets that are fetched at once."""

JUDGE_CODE = ("expectations.contract", "expectations.validate")
CORE_CODE = (
    "s3etl.observations",
    "s3etl.regions",
    "s3etl.nuts.vintage",
    "sources.beginnings",
    "sources.cells",
    "sources.eurostat",
    "sources.jsonstat",
    "sources.sdmx_csv",
    "sources.tsv",
    "sources.unpack",
    *JUDGE_CODE,
)
TABLE_CODE = ("s3etl.nuts.tables", "sources.nuts", *JUDGE_CODE)
REGISTER_CODE = (
    "s3etl.registers.kinds",
    "s3etl.registers.places",
    "sources.delimited",
    "sources.door",
    "sources.fields",
    "sources.grid",
    "sources.kept",
    "sources.records",
    "sources.rows",
    "sources.sheets",
    "sources.texts",
    "sources.xlsx",
    *JUDGE_CODE,
)
SURVEY_CODE = (
    "s3etl.registers.places",
    "s3etl.stresstest.answers",
    "s3etl.stresstest.questionnaire",
    "sources.delimited",
    "sources.grid",
    "sources.sheets",
    "sources.survey.found",
    "sources.survey.judging",
    "sources.survey.layout",
    "sources.survey.limesurvey",
    "sources.survey.plain_csv",
    "sources.survey.pseudonyms",
    "sources.survey.reading",
    "sources.survey.respondents",
    "sources.survey.values",
    "sources.survey.workbook",
    "sources.texts",
    "sources.xlsx",
    *JUDGE_CODE,
)
FIGURE_CODE = (
    "s3etl.measures",
    "s3etl.evaluate",
    "s3etl.regions",
    "s3etl.nuts.convert",
    "s3etl.nuts.recipes",
)
BENCHMARK_CODE = (
    "s3etl.regions",
    "s3etl.benchmark.ranks",
    "s3etl.benchmark.standardise",
    "s3etl.benchmark.table",
)


class Done(NamedTuple):
    """What a stage left behind.

    Attributes:
        identity: Name of the result.
        new: Whether work was done; False if the result was there already.
        rows: Rows of the result.
    """

    identity: str
    new: bool
    rows: int


def observe(work: Workspace) -> Mapping[str, str]:
    """Ask the provider which version of each dataset it has, and note the answer.

    Raises:
        Unreachable: The provider cannot be reached.
    """
    told = work.provider.versions()
    versions = {d: told[d] for d in work.catalogue.datasets if d in told}
    if told:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        write_json(work.upstream, {"observed_at": at, "versions": versions})
    return versions


def _version(work: Workspace, source: Source) -> str | None:
    """Return the provider's version of a source; None where it does not tell.

    Raises:
        Refused: It has a table of contents, and the dataset is not in it.
    """
    if work.sources != (LIVE,) or isinstance(source, Register):
        return None
    if isinstance(source, ReferenceTable):
        return identity(source.addresses)  # the addresses name the edition
    versions: dict[str, str] = read_json(work.upstream)["versions"]
    if source.id not in versions:
        raise Refused(
            f"{source.id}: it is not in Eurostat's table of contents any more; correct or remove "
            f"sources/datasets/{source.id}.yaml."
        )
    return versions[source.id]


def take_snapshot(work: Workspace, source: str) -> intake.Taken:
    """Take a dataset or reference table from the provider and make its bytes current.

    Raises:
        Refused: The provider does not have it.
        Unreachable: It cannot be had now.
        Changed: The bytes are not what the declaration says.
    """
    declared = work.catalogue.sources[source]
    store = work.snapshots_of(source)
    return intake.take(declared, work.provider, store, _version(work, declared))


def take_snapshots(
    work: Workspace, sources: Sequence[str]
) -> Iterator[tuple[str, intake.Taken | S3etlError]]:
    """Take several, with a few connections busy at once; yields each as soon as it is there."""
    if work.sources == (LIVE,) and not work.upstream.exists():
        observe(work)  # nobody has looked yet
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        waiting = {pool.submit(take_snapshot, work, source): source for source in sources}
        for done in as_completed(waiting):
            source = waiting.pop(done)
            try:
                yield source, done.result()
            except S3etlError as error:
                yield source, error
            except Exception as error:  # noqa: BLE001  (a slip of one reader stops no other)
                yield source, _unforeseen(source, error)


def _unforeseen(source: str, error: Exception) -> S3etlError:
    """Say where something failed that should not have; never what stood in the file."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return S3etlError(
        f"{source}: reading it failed in a way nobody foresaw ({type(error).__name__} in "
        f"{Path(last.filename).name}, line {last.lineno}); please report it. The others went on."
    )


def has_news(work: Workspace, source: str) -> bool:
    """Whether a source has to be taken: it is new, has changed, or its provider does not tell."""
    store = work.snapshots_of(source)
    current, seen = store.current(source), store.seen(source)
    try:
        version = _version(work, work.catalogue.sources[source])
    except Refused:
        return True
    if current is None or seen is None or version is None:
        return True
    return (seen.version, seen.sha256) != (version, current.sha256)


def _core_identity(work: Workspace, source: str, snapshot: Snapshot) -> str:
    declared = work.catalogue.sources[source]
    codes = None if isinstance(declared, ReferenceTable) else nuts_codes(work)
    code: Sequence[str] = CORE_CODE if codes else TABLE_CODE
    names, rules = None, None
    if isinstance(declared, Register):
        code = SURVEY_CODE if declared.provider == "survey" else REGISTER_CODE
        names = work.store.accepted(NUTS_NAMES)
    if isinstance(declared, Register) and declared.provider == "survey":
        rules = [dump(questionnaire.load()), dump(limesurvey.declaration())]
    return identity(
        "core",
        snapshot.sha256,
        work.origin,
        dump(declared),
        [dump(suite) for suite in work.catalogue.suites_of(source)],
        codes and codes.identity,
        names and names.identity,
        rules,
        code_version(*code),
    )


def nuts_codes(work: Workspace) -> Accepted:
    """Return the accepted NUTS codes.

    Raises:
        Unfit: There are none.
    """
    codes = work.store.accepted(NUTS_CODES)
    if codes is None:
        raise Unfit(
            f"{NUTS_CODES}: no accepted data, so no region can be placed; name a folder with the "
            "NUTS files with --from."
        )
    return codes


def gazetteer(work: Workspace) -> Gazetteer:
    """Return the regions of all NUTS versions, with their names as far as they are accepted."""
    names = (
        work.store.observations(NUTS_NAMES)
        if work.store.accepted(NUTS_NAMES)
        else NAMES.empty_table()
    )
    return Gazetteer(work.store.observations(NUTS_CODES), names, work.origin)


def has_to_be_judged(work: Workspace, source: str) -> bool:
    """Whether the current snapshot of a source is not accepted, as today's code would judge it."""
    snapshot = work.snapshots_of(source).current(source)
    if snapshot is None:
        return False
    try:
        name = _core_identity(work, source, snapshot)
    except Unfit:
        return True
    accepted = work.store.accepted(source)
    return accepted is None or accepted.identity != name


def judge(work: Workspace, source: str) -> tuple[Verdict, Done]:
    """Judge the current snapshot; only an accepting verdict moves the accepted pointer.

    Raises:
        Unfit: There is no snapshot yet, or no NUTS codes to place its regions with.
        Changed: The kept bytes are damaged, or have regions of a newer NUTS version than
            declared.
    """
    declared = work.catalogue.sources[source]
    snapshot = work.snapshots_of(source).current(source)
    if snapshot is None:
        raise Unfit(f"{source}: no snapshot yet; take one with s3etl run.")
    name = _core_identity(work, source, snapshot)
    verdict = work.store.verdict(source, name)
    if verdict is not None:
        if verdict.accepted:
            work.store.accept(source, name)
        return verdict, Done(name, new=False, rows=verdict.rows - verdict.quarantined)
    suites = work.catalogue.suites_of(source)
    table = intake.read(declared, snapshot, work.snapshots_of(source))
    if isinstance(declared, Register):
        table = located(table, declared, gazetteer(work))
    if isinstance(declared, Dataset):
        codes = work.store.observations(NUTS_CODES)
        newer, proof = newest_in(table, codes, declared=declared.nuts_version)
        if proof:
            raise Changed(
                f"{source} ({snapshot.name}): expected regions up to NUTS {declared.nuts_version}, "
                f"found those of NUTS {newer} ({', '.join(proof[:3])}); correct nuts_version in "
                f"sources/datasets/{source}.yaml."
            )
        table = placed(table, codes, declared, snapshot)
    judged = validate.judge(table, declared, suites, snapshot)
    work.store.put_core(name, snapshot, *judged)
    return judged.verdict, Done(name, new=True, rows=judged.observations.num_rows)


def inputs_of(work: Workspace, indicator: str) -> dict[str, Accepted]:
    """Return the accepted batch of each dataset an indicator reads, and of the conversion.

    Raises:
        Unfit: One of them has none.
    """
    inputs = {}
    for dataset in (*work.catalogue.indicators[indicator].datasets, NUTS_CODES, NUTS_MATRICES):
        accepted = work.store.accepted(dataset)
        if accepted is None:
            raise Unfit(f"{indicator}: its dataset {dataset} has no accepted data.")
        inputs[dataset] = accepted
    return inputs


def figures_identity(work: Workspace, indicator: str, inputs: dict[str, Accepted]) -> str:
    """Return the name of an indicator's figures: declaration, accepted inputs and code."""
    return identity(
        "figures",
        dump(work.catalogue.indicators[indicator]),
        {name: accepted.identity for name, accepted in inputs.items()},
        code_version(*FIGURE_CODE),
    )


def compute_figures(work: Workspace, indicator: str) -> Done:
    """Compute an indicator from accepted observations.

    Raises:
        Unfit: A dataset it needs has no accepted data.
    """
    inputs = inputs_of(work, indicator)
    name = figures_identity(work, indicator, inputs)
    declared = work.catalogue.indicators[indicator]
    if not work.store.has_figures(indicator, name):
        series: dict[str, set[str]] = {}
        for role in declared.roles.values():
            series.setdefault(role.dataset, set()).update(role.names())
        matrices = work.store.observations(NUTS_MATRICES)
        converted = {
            d: convert(
                work.store.observations(d, sorted(names)),
                matrices,
                extensive=work.catalogue.datasets[d].extensive,
                weight=work.catalogue.datasets[d].weight,
            )
            for d, names in series.items()
        }
        result = evaluation.evaluate(declared, converted, origin=work.origin)
        work.store.put_figures(indicator, name, result, inputs)
        return Done(name, new=True, rows=result.figures.num_rows)
    folder = work.store.root / "figures" / indicator / name
    return Done(name, new=False, rows=pq.read_metadata(folder / "figures.parquet").num_rows)


def compute_benchmark(work: Workspace, indicator: str) -> Done:
    """Score and rank the current figures of an indicator.

    Raises:
        Unfit: It has no figures.
    """
    figures = work.store.figures(indicator)
    if figures is None:
        raise Unfit(f"{indicator}: no figures yet; run s3etl run.")
    name = _benchmark_identity(work, figures.identity)
    folder = work.store.benchmark_folder(indicator, name)
    if not folder.is_dir():
        rows, norms = bench.benchmark(
            pq.read_table(figures.folder / "figures.parquet"),
            work.catalogue.indicators[indicator],
            datasets=work.catalogue.datasets,
            snapshots=figures.snapshots,
            method=work.catalogue.method,
        )
        work.store.put_benchmark(indicator, name, rows, norms)
        return Done(name, new=True, rows=rows.num_rows)
    return Done(name, new=False, rows=pq.read_metadata(folder / "benchmark.parquet").num_rows)


def has_work(work: Workspace, indicator: str) -> bool:
    """Whether an indicator has to be computed or ranked anew; False if it cannot be."""
    try:
        inputs = inputs_of(work, indicator)
    except Unfit:
        return False
    return _ranked(work, indicator, inputs) is None


def ranked_identity(work: Workspace, indicator: str) -> str | None:
    """Return the name of an indicator's benchmark rows, or None if they are not up to date."""
    try:
        inputs = inputs_of(work, indicator)
    except Unfit:
        return None
    return _ranked(work, indicator, inputs)


def _ranked(work: Workspace, indicator: str, inputs: dict[str, Accepted]) -> str | None:
    figures = work.store.figures(indicator)
    if figures is None or figures.identity != figures_identity(work, indicator, inputs):
        return None
    name = _benchmark_identity(work, figures.identity)
    return name if work.store.benchmark_folder(indicator, name).is_dir() else None


def _benchmark_identity(work: Workspace, figures: str) -> str:
    method = dump(work.catalogue.method)
    return identity("benchmark", figures, method, code_version(*BENCHMARK_CODE))
