"""Bad input: one sentence, the earlier data stay, the rest goes on, and the run says so."""

import gzip

import dagster as dg
import pytest
from typer.testing import CliRunner

from pipelines import assets, cli
from pipelines.console import console
from pipelines.definitions import EVALUATE, build
from pipelines.resources import WorkspaceResource
from pipelines.run import prepare_dagster_home, run
from pipelines.stages import judge
from pipelines.workspace import Workspace, load_catalogue
from s3etl.errors import Changed, Unfit
from sources.sample import nuts_files, world
from tests.replay.conftest import disguised

DATASET, FILE = "nama_10r_2gdp", "nama_10r_2gdp.tsv.gz"


def lines_of(text):
    return text.splitlines(keepends=True)


def with_first_cell(text, cell):
    header, first, *rest = lines_of(text)
    key, _, *cells = first.split(b"\t")
    return b"".join([header, b"\t".join([key, cell, *cells]), *rest])


def without_dimension(text):
    rows = (
        line.split(b",", 1)[1] for line in lines_of(text) if line.startswith((b"unit", b"PPS_HAB,"))
    )
    return b"".join(rows)


def with_dimension(text):
    header, *rows = lines_of(text)
    return b"".join(
        [
            header.replace(b"unit,", b"unit,na_item,"),
            *(row.replace(b",", b",B1GQ,", 1) for row in rows),
        ]
    )


SPOILED = {
    "truncated gzip": (lambda t: gzip.compress(t)[:-200], "cut short"),
    "HTML page": (lambda _: b"<!DOCTYPE html><html><body>Sorry</body></html>", "an HTML page"),
    "empty file": (lambda _: b"", "an empty file"),
    "empty gzip": (lambda _: gzip.compress(b""), "an empty file"),
    "missing dimension": (without_dimension, "without unit"),
    "extra dimension": (with_dimension, "undeclared na_item"),
    "renamed code": (lambda t: t.replace(b"PPS_HAB,", b"PPS_EU27_2020_HAB,"), "PPS_EU27_2020_HAB"),
    "duplicate keys": (lambda t: t + lines_of(t)[-1], "twice"),
    "value 1,234": (lambda t: with_first_cell(t, b"1,234 "), "1,234"),
    "NUL byte": (lambda t: with_first_cell(t, b"\x00 "), "NUL"),
}


def spoil(folder, how):
    path = folder / FILE
    path.write_bytes(how(gzip.decompress(path.read_bytes())))
    return path


@pytest.fixture
def invoke(provider_copy, tmp_path, monkeypatch):
    """Run ``s3etl run`` on the spoiled folder, in this process."""
    folder, home = provider_copy
    monkeypatch.setenv("S3ETL_HOME", str(home))
    monkeypatch.setenv("S3ETL_WAREHOUSE", f"duckdb:///{tmp_path / 'w.duckdb'}")
    monkeypatch.setattr(console, "width", 500)

    def call():
        return CliRunner().invoke(cli.app, ["run", "--from", str(folder), "--publish"])

    return call


@pytest.mark.parametrize("kind", SPOILED)
def test_bad_input_is_refused_in_one_sentence_and_the_rest_goes_on(kind, provider_copy, invoke):
    folder, home = provider_copy
    work = Workspace(home, (str(folder),))
    before = work.store.accepted(DATASET)
    how, found = SPOILED[kind]
    spoil(folder, how)
    name, data = world("revised")["nama_10r_3gdp"]
    (folder / name).write_bytes(disguised(data))

    done = invoke()

    assert done.exit_code == 1
    (said,) = [line for line in done.output.splitlines() if "snapshot" in line and DATASET in line]
    assert FILE in said
    assert "expected" in said
    assert "found" in said
    assert found in said
    assert "Traceback" not in done.output
    assert work.store.accepted(DATASET) == before
    assert work.snapshots.current(DATASET) == before.snapshot
    assert work.snapshots.current("nama_10r_3gdp").sha256 != before.snapshot.sha256
    assert "1 new snapshots" in done.output
    assert "now points to release" in done.output
    kept = {path.name for path in (home / "provider" / "raw" / DATASET).iterdir()}
    assert len(kept - {"current", before.snapshot.sha256}) == 1, "the bytes are kept for study"


def test_a_missing_file_is_named_with_the_next_step(provider_copy, invoke):
    folder, _ = provider_copy
    (folder / FILE).unlink()
    done = invoke()
    assert done.exit_code == 1
    assert "expected a file such as nama_10r_2gdp.tsv.gz" in done.output
    assert "--only" in done.output


def test_two_files_for_one_dataset_are_not_guessed_between(provider_copy, invoke):
    folder, _ = provider_copy
    (folder / "estat_nama_10r_2gdp.tsv.gz").write_bytes((folder / FILE).read_bytes())
    done = invoke()
    assert done.exit_code == 1
    assert "expected one file" in done.output


def test_sample_data_do_not_pass_for_a_providers(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    name, data = world()[DATASET]
    (folder / name).write_bytes(data)
    for file, table in nuts_files().items():
        # Real NUTS codes, so that only the data themselves give the sample away.
        (folder / file).write_bytes(disguised(table))
    work = Workspace(tmp_path / "home", (str(folder),))
    ran = run(work, only=[DATASET])
    (refused,) = [f for f in ran.failures if f.stage == "verdict"]
    assert refused.subject == DATASET
    assert "geo" in refused.reason
    assert ran.candidate is None


def test_regions_of_a_newer_nuts_version_than_declared_are_a_change(provider_copy, monkeypatch):
    folder, home = provider_copy
    declared = load_catalogue()
    old = declared.datasets[DATASET].model_copy(update={"nuts_version": "2006"})
    changed = declared.model_copy(update={"datasets": {**declared.datasets, DATASET: old}})
    monkeypatch.setattr("pipelines.workspace.load_catalogue", lambda: changed)
    with pytest.raises(Changed, match=r"up to NUTS 2006, found those of NUTS 20"):
        judge(Workspace(home, (str(folder),)), DATASET)


def test_sample_codes_do_not_pass_for_real_ones(tmp_path):
    for file, table in nuts_files().items():
        (tmp_path / file).write_bytes(table)
    ran = run(Workspace(tmp_path / "home", (str(tmp_path),)))
    refused = {f.subject: f.reason for f in ran.failures if f.stage == "verdict"}
    assert "A code is a region of a country of this origin" in refused["nuts_codes"]


@pytest.fixture
def refused(provider_copy, tmp_path):
    """A fresh home whose only dataset was refused by the judge."""
    folder, _ = provider_copy
    spoil(folder, lambda t: t.replace(b",AT", b",QQ"))
    work = Workspace(tmp_path / "fresh", (str(folder),))
    return work, run(work, only=[DATASET])


def test_a_refused_batch_is_said_and_never_released(refused):
    work, ran = refused
    assert ran.failures[0].stage == "verdict"
    assert "batch refused" in ran.failures[0].reason
    assert ran.candidate is None
    assert work.store.accepted(DATASET) is None


def test_a_refused_batch_cannot_be_read_by_a_later_run_of_the_downstream_step_alone(refused):
    work, _ = refused
    definitions = build(WorkspaceResource(home=str(work.home), sources=list(work.sources)))
    with dg.DagsterInstance.from_config(str(prepare_dagster_home(work.home))) as instance:
        result = definitions.resolve_job_def(EVALUATE).execute_in_process(
            instance=instance,
            asset_selection=[assets.indicator_key("ECO01")],
            raise_on_error=False,
        )
    assert not result.success
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    said = failure.step_failure_data.user_failure_data.description
    assert said == "ECO01: its dataset nama_10r_2gdp has no accepted data."
    with pytest.raises(Unfit):
        work.store.observations(DATASET)


def test_a_refused_refresh_leaves_the_earlier_data_in_use(provider_copy, tmp_path):
    folder, home = provider_copy
    work = Workspace(home, (str(folder),))
    before = work.store.accepted(DATASET)
    spoil(folder, lambda t: t.replace(b",AT", b",QQ"))
    ran = run(work)
    assert [f.subject for f in ran.failures] == [DATASET]
    assert work.store.accepted(DATASET) == before
    assert not any(x.subject == "ECO01" for x in ran.left_out)
    assert ran.candidate is not None
