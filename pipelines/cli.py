"""The command ``s3etl``: run the pipeline, look at what it did, publish, trace, query.

Only arguments and printing; heavy imports wait until a command needs them, so that ``--help``
answers at once. Errors of ours are one sentence on standard error, without a traceback.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from s3etl.errors import S3etlError

if TYPE_CHECKING:
    from pipelines.workspace import Workspace
    from s3etl.settings import Settings

app = typer.Typer(
    help=(
        "Benchmark tables for smart specialisation strategies (S3) and clusters: regional "
        "statistics in, traceable and ranked indicators out."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        help="'live' for the providers' own addresses, a folder of files as they publish them "
        "(may be repeated), or 'sample' or 'sample-revised' for the synthetic world.",
        show_default="S3ETL_SOURCE, or sample",
    ),
]
Channel = Annotated[
    str | None,
    typer.Option(help="Channel of the warehouse.", show_default="sample, or preview for real data"),
]


def _settings() -> "Settings":
    from s3etl.settings import Settings

    return Settings()


def _workspace(sources: list[str] | None) -> "Workspace":
    from pipelines.workspace import Workspace

    settings = _settings()
    return Workspace(settings.home, tuple(sources or settings.sources))


def _workspace_of(region: str, sources: list[str] | None) -> "Workspace":
    """Return the workspace a region belongs to: the sample's for one of its invented countries."""
    from s3etl.regions import SAMPLE_COUNTRIES

    if sources:
        return _workspace(sources)
    return _workspace(["sample" if region[:2].upper() in SAMPLE_COUNTRIES else "live"])


def _channel(channel: str | None, work: "Workspace") -> str:
    return channel or ("sample" if work.origin == "sample" else "preview")


@app.command()
def run(
    sources: From = None,
    channel: Channel = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Take only this dataset (may be repeated).")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish the candidate.")] = False,
) -> None:
    """Take data, judge them, compute and rank every indicator, and build a release candidate."""
    from pipelines import show
    from pipelines.run import run as run_pipeline

    work = _workspace(sources)
    if unknown := sorted(set(only or ()) - set(work.catalogue.sources)):
        _fail(f"--only {unknown[0]}: not a declared dataset; see s3etl datasets.")
    work.provider  # noqa: B018  (an address that cannot work is refused before anything starts)
    try:
        with show.progress() as told:
            ran = run_pipeline(work, only=only or (), progress=told)
    except KeyboardInterrupt:
        _fail("interrupted; run it again, it goes on from there.", status=130)
    name, url = _channel(channel, work), _settings().warehouse_url
    show.work_done(ran)
    show.failures(ran.failures)
    show.left_out(ran.left_out)
    if ran.candidate is None:
        _fail("no candidate was built, so nothing was published.")
    show.differences(ran.candidate, name, url)
    if publish:
        from warehouse.publish import publish as publish_candidate

        show.published(publish_candidate(ran.candidate, name, url), name, url)
        show.top_regions(name, url, work)
        show.quarantined(work)
    show.next_steps(name, work, published=publish, url=url)
    if ran.failures:
        raise typer.Exit(1)


@app.command()
def status(
    what: Annotated[
        str, typer.Argument(help="'datasets' or 'registries'.", show_default="datasets")
    ] = "datasets",
    sources: From = None,
) -> None:
    """Show what there is of each dataset, or of each register: verdicts, places, duplicates."""
    from pipelines import show, show_registers

    if what not in {"datasets", "registries"}:
        _fail(f"status {what}: say datasets or registries.")
    work = _workspace(sources)
    if what == "registries":
        show_registers.status(work)
    else:
        show.status(work)


@app.command()
def strategies(
    like: Annotated[str, typer.Option(help="NUTS 2 region, such as AT22.")],
    sources: From = None,
    abroad: Annotated[bool, typer.Option("--abroad", help="Only other countries.")] = False,
    most: Annotated[int, typer.Option(help="Number of strategies.", min=1)] = 10,
    to: Annotated[Path | None, typer.Option(help="Write it to a workbook, too.")] = None,
) -> None:
    """Show regions with the same S3 priorities, and their organisations, schemes, practices."""
    from pipelines import show_registers
    from pipelines.strategies import export, find

    work = _workspace_of(like, sources)
    found = find(work, like.upper(), abroad=abroad, most=most)
    show_registers.strategies(found, like.upper(), work)
    if to is not None:
        export(found, to)


@app.command()
def portfolio(
    region: Annotated[str, typer.Argument(help="NUTS 2 region, such as AT22.")],
    sources: From = None,
) -> None:
    """Show where a region is specialised, and whether strategy and organisations agree."""
    from pipelines import show_portfolio

    show_portfolio.portfolio(_workspace_of(region, sources), region.upper())


@app.command()
def peers(
    region: Annotated[str, typer.Argument(help="NUTS 2 region, such as AT21.")],
    sources: From = None,
    abroad: Annotated[bool, typer.Option("--abroad", help="Only other countries.")] = False,
) -> None:
    """Show whom a region may fairly be compared with, and how far behind them it is."""
    from pipelines import show_peers

    show_peers.peers(_workspace_of(region, sources), region.upper(), abroad=abroad)


@app.command()
def index(
    region: Annotated[str | None, typer.Argument(help="NUTS 2 region; all if not given.")] = None,
    sources: From = None,
    name: Annotated[str, typer.Option(help="Declared composite.")] = "framework",
    top: Annotated[int, typer.Option(min=1, help="Regions to show.")] = 20,
) -> None:
    """Show a composite index: ranks with intervals, or one region's place and its gap."""
    from pipelines import show_index

    work = _workspace_of(region or "", sources)
    show_index.index(work, region.upper() if region else None, name=name, top=top)


@app.command()
def freeze(
    name: Annotated[str, typer.Argument(help="Declared composite, such as framework.")],
    edition: Annotated[int, typer.Argument(help="Year of the edition.", min=2000, max=9999)],
    sources: From = None,
) -> None:
    """Freeze the goalposts and limits of an index, so that later editions compare with this one."""
    from pipelines import freeze as freezing

    path = freezing.freeze(_workspace(sources or ["live"]), name, edition)
    print(f"{path} written; name it in the composite: base: {path.stem}")  # noqa: T201


stresstest_app = typer.Typer(help="The StressTest of a region: on the terminal, or to print.")
app.add_typer(stresstest_app, name="stresstest")

Wave = Annotated[
    int | None, typer.Option(help="Year of the survey wave.", show_default="the newest")
]


@stresstest_app.command("show")
def stresstest_show(
    region: Annotated[str, typer.Argument(help="Region that was surveyed, such as AT22.")],
    wave: Wave = None,
    sources: From = None,
) -> None:
    """Show where a region stands, where it trails, whom to learn from and what to do next."""
    from pipelines import show_stresstest
    from pipelines.profiles import gather

    work = _workspace_of(region, sources)
    show_stresstest.stresstest(gather(work, region.upper(), wave), work.origin)


@stresstest_app.command("report")
def stresstest_report(
    region: Annotated[str, typer.Argument(help="Region that was surveyed, such as AT22.")],
    to: Annotated[Path, typer.Option(help="File to write (.html).")],
    wave: Wave = None,
    sources: From = None,
) -> None:
    """Write a report that can be printed: one HTML file that needs no network."""
    from datetime import UTC, datetime

    from pipelines.profiles import gather, write_report

    work = _workspace_of(region, sources)
    found = gather(work, region.upper(), wave)
    write_report(work, found, to, _settings().warehouse_url, datetime.now(UTC).date())
    print(f"{to}: StressTest of {found.region(found.geo)}, {found.wave}")  # noqa: T201


registers_app = typer.Typer(help="Write empty workbooks for registers that people fill.")
app.add_typer(registers_app, name="registers")


@registers_app.command("template")
def register_template(
    register: Annotated[
        str, typer.Argument(help="Register, such as support_schemes, practices or priorities.")
    ],
    to: Annotated[Path, typer.Option(help="File to write (.xlsx).")],
) -> None:
    """Write an empty workbook for a register, with drop-downs and what each column means."""
    from pipelines.workspace import load_catalogue
    from sources.blank import write_register

    declared = load_catalogue().registers
    written = [r.id for r in declared.values() if r.several and r.provider != "survey"]
    if register not in written:
        _fail(f"{register}: there are workbooks for {', '.join(written)}.")
    write_register(to, declared[register])
    print(f"{to}: fill it, then s3etl run --from {to.parent}")  # noqa: T201


survey_app = typer.Typer(help="The StressTest survey: a workbook to fill, and a check of it.")
app.add_typer(survey_app, name="survey")


@survey_app.command("template")
def survey_template(
    region: Annotated[str, typer.Option(help="Region code, such as AT22.")],
    wave: Annotated[int, typer.Option(help="Year of the wave.")],
    to: Annotated[Path, typer.Option(help="File to write (.xlsx).")],
    nuts: Annotated[str, typer.Option(help="NUTS version of the code.")] = "2024",
    sources: From = None,
) -> None:
    """Write the questionnaire for a region as a workbook people can fill."""
    from pipelines import stages
    from s3etl.errors import Unfit
    from sources.survey import write_template

    name, work = "", _workspace_of(region, sources)
    try:
        known = stages.gazetteer(work)
    except Unfit:
        print("No NUTS codes are accepted yet, so the region was not checked.", file=sys.stderr)  # noqa: T201
    else:
        if problem := known.problem(region, nuts):
            _fail(f"{problem}; give a code of that version.")
        name = known.name(region, nuts)
    write_template(to, region, wave, name=name, nuts_version=nuts)
    print(f"{to}: fill it, check it with s3etl survey check {to}")  # noqa: T201


@survey_app.command("check")
def survey_check(
    file: Annotated[Path, typer.Argument(help="Workbook, CSV or LimeSurvey export.")],
    nuts: Annotated[str, typer.Option(help="NUTS version of its regions.")] = "2024",
    sources: From = None,
) -> None:
    """List every problem in a survey file with sheet, cell and remedy; nothing is stored."""
    from pipelines import show_registers, stages
    from s3etl.errors import Unfit
    from s3etl.registers.places import Gazetteer
    from sources.survey import check

    known_in: dict[str, Gazetteer | None] = {}

    def known(region: str, version: str) -> bool:
        work = _workspace_of(region, sources)
        if work.origin not in known_in:
            try:
                known_in[work.origin] = stages.gazetteer(work)
            except Unfit:
                known_in[work.origin] = None
                print("No NUTS codes are accepted yet: regions are not checked.", file=sys.stderr)  # noqa: T201
        found = known_in[work.origin]
        return found is None or found.knows(region, version)

    found = check(file, known=known, nuts_version=nuts)
    show_registers.problems(found, file)
    if any(p.severity == "problem" for p in found):
        raise typer.Exit(1)


datasets_app = typer.Typer(help="List the declared datasets, or check them against the provider.")
app.add_typer(datasets_app, name="datasets")


@datasets_app.callback(invoke_without_command=True)
def datasets(context: typer.Context) -> None:
    """List the declared datasets and reference tables."""
    if context.invoked_subcommand is None:
        from pipelines import show
        from pipelines.workspace import load_catalogue

        show.datasets(load_catalogue())


@datasets_app.command("check")
def check_datasets(
    live: Annotated[
        bool, typer.Option("--live", help="Ask Eurostat; else what it last said is used.")
    ] = False,
) -> None:
    """Compare every declared code with Eurostat's structures, and say which marks fit."""
    from pipelines import show
    from pipelines.check import check

    checked = check(_workspace(["live"]), live=live)
    show.checked(checked)
    if any(checked.problems.values()):
        raise typer.Exit(1)


@app.command()
def indicators(
    indicator: Annotated[str | None, typer.Argument(help="Show one indicator in full.")] = None,
) -> None:
    """List the declared indicators, or show one with its definition and sources."""
    from pipelines import explain, show
    from pipelines.workspace import load_catalogue

    catalogue = load_catalogue()
    if indicator is None:
        show.indicators(catalogue)
    elif indicator in catalogue.indicators:
        explain.indicator(catalogue.indicators[indicator])
    else:
        _fail(f"{indicator}: not a declared indicator; see s3etl indicators.")


@app.command()
def releases() -> None:
    """List every release and the channels that point to it."""
    from pipelines import show

    show.releases(_settings().warehouse_url)


@app.command()
def publish(
    candidate: Annotated[
        Path | None, typer.Argument(help="Folder of a candidate.", show_default="the newest")
    ] = None,
    sources: From = None,
    channel: Channel = None,
) -> None:
    """Publish the newest candidate (or the one named) to a channel."""
    from pipelines import show
    from warehouse.publish import publish as publish_candidate

    work = _workspace(sources)
    folder = candidate or work.store.candidate()
    if folder is None or not (folder / "manifest.json").exists():
        _fail(f"{folder or work.origin}: no candidate there; build one with s3etl run.")
    from s3etl.files import read_json

    origin = read_json(folder / "manifest.json")["origin"]
    name = channel or ("sample" if origin == "sample" else "preview")
    url = _settings().warehouse_url
    show.differences(folder, name, url)
    show.published(publish_candidate(folder, name, url), name, url)


@app.command()
def rollback(
    channel: Annotated[str, typer.Option(help="Channel to move back.")],
    to: Annotated[
        str | None, typer.Option(help="Release to go to.", show_default="the one before")
    ] = None,
) -> None:
    """Point a channel to an earlier release; every release stays readable."""
    from pipelines import show
    from warehouse.publish import rollback as move_back

    url = _settings().warehouse_url
    show.published(move_back(channel, url, to=to), channel, url)


@app.command()
def trace(
    indicator: Annotated[str, typer.Argument(help="Id of the indicator.")],
    geo: Annotated[str, typer.Argument(help="Region code.")],
    period: Annotated[int, typer.Argument(help="Reference year.", min=1000, max=9999)],
    channel: Annotated[
        str | None, typer.Option(help="Channel.", show_default="the only one")
    ] = None,
    nuts: Annotated[
        str | None, typer.Option(help="NUTS version of the code.", show_default="the newest")
    ] = None,
) -> None:
    """Follow a published figure back to series, period, flag, snapshot and file."""
    from pipelines import explain
    from warehouse import read
    from warehouse.trace_block import trace_block

    url = _settings().warehouse_url
    if channel is None:
        names = [row["channel"] for row in read.channels(url)]
        if len(names) != 1:
            _fail(f"--channel: there are {', '.join(names)}; name one.")
        channel = names[0]
    whole = trace_block(indicator, geo, period, channel=channel, url=url)
    if whole is not None:
        explain.block_figure(whole, indicator, channel, _settings().home)
        return
    found = read.trace(indicator, geo, period, channel=channel, url=url, version=nuts)
    explain.figure(found, channel, _settings().home)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="SQL that reads, for example on the view 'latest'.")],
    limit: Annotated[int, typer.Option(help="Rows to print.")] = 50,
) -> None:
    """Run SQL on the warehouse; it can read and cannot write."""
    from pipelines import show
    from warehouse import read

    show.table_of(read.query(sql, _settings().warehouse_url), limit)


@app.command()
def dev(
    port: Annotated[int, typer.Option(help="Port of the page.")] = 3000,
    sources: From = None,
) -> None:
    """Show the asset graph in the browser (Dagster's own page), with its runs and checks."""
    import os

    from pipelines.run import prepare_dagster_home

    settings = _settings()
    os.environ["DAGSTER_HOME"] = str(prepare_dagster_home(settings.home).absolute())
    os.environ["S3ETL_HOME"] = str(settings.home.absolute())
    os.environ["S3ETL_SOURCE"] = ":".join(sources or settings.sources)
    command = [sys.executable, "-m", "dagster", "dev", "-m", "pipelines.definitions"]
    os.execv(sys.executable, [*command, "-p", str(port)])  # noqa: S606  (our own interpreter)


def _fail(sentence: str, *, status: int = 1) -> NoReturn:
    print(f"s3etl: {sentence}", file=sys.stderr)  # noqa: T201
    raise typer.Exit(status)


def main() -> None:
    """Run the command; our own errors are one sentence and exit status 1."""
    try:
        app()
    except S3etlError as error:
        print(f"s3etl: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except OSError as error:
        where = error.filename or "a file"
        said = f"{where}: {error.strerror}; check S3ETL_HOME, permissions and free space."
        print(f"s3etl: {said}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


if __name__ == "__main__":
    main()
