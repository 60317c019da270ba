"""The whole pipeline on the sample world, as ``make run`` does it."""

import json
import os
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from pipelines.run import run
from pipelines.workspace import Workspace, load_catalogue
from s3etl.peers.method import load_method as peers_method
from sources.providers import SampleProvider
from sources.sample import REVISED_DATASETS
from warehouse.diff import diff
from warehouse.publish import publish


def test_everything_is_taken_accepted_and_ranked(sample_home):
    catalogue = load_catalogue()
    ran = sample_home.first
    assert ran.failures == ()
    there = [s for s in catalogue.sources.values() if SampleProvider("first").offers(s)]
    assert ran.work["raw"] == ran.work["core"] == len(there)
    assert ran.work["indicator"] == ran.work["benchmark"] == len(catalogue.computed)
    # The sample's file of real growth is one of 2016: value added, not GDP.
    without = {i.id for i in catalogue.indicators.values() if i.not_computed} | {"ECO02"}
    counted_only = {"eccp", "s3_priorities"}  # not passed on record by record
    assert {x.subject for x in ran.left_out} == without | counted_only
    rows = pq.read_table(ran.candidate / "benchmark.parquet").to_pandas()
    assert set(rows["indicator_id"]) == set(catalogue.indicators) - without


def test_every_rank_carries_its_interval_and_every_gap_its_reason(sample_home):
    rows = pq.read_table(sample_home.first.candidate / "benchmark.parquet").to_pandas()
    ranked = rows[rows["rankable"]]
    assert len(ranked) > 1000
    assert (ranked["rank_low"] <= ranked["rank"]).all()
    assert (ranked["rank"] <= ranked["rank_high"]).all()
    assert (ranked["rank_high"] <= ranked["n_compared"]).all()
    assert ranked["value"].notna().all()
    assert ranked["not_rankable_because"].isna().all()
    assert rows.loc[~rows["rankable"], "not_rankable_because"].notna().all()
    assert rows.loc[~rows["rankable"], "rank"].isna().all()
    assert (rows["value"].isna() == rows["missing_because"].notna()).all()


def test_the_best_rank_is_the_best_value(sample_home):
    catalogue = load_catalogue()
    rows = pq.read_table(sample_home.first.candidate / "benchmark.parquet").to_pandas()
    for (indicator, _), group in rows[rows["rankable"]].groupby(["indicator_id", "ref_year"]):
        best = group.loc[group["rank"] == 1, "value"]
        lowest = catalogue.indicators[indicator].direction == "-"
        first = group["value"].min() if lowest else group["value"].max()
        assert best.to_numpy() == pytest.approx(first, rel=1e-10)


def test_the_late_revision_touches_only_what_depends_on_it(sample_home):
    ran = sample_home.revised
    assert ran.failures == ()
    assert ran.work["raw"] == ran.work["core"] == len(REVISED_DATASETS)
    assert ran.work["indicator"] == len(_affected())


def test_the_revision_is_shown_before_it_is_published(sample_home, tmp_path):
    url = f"duckdb:///{tmp_path / 'w.duckdb'}"
    publish(sample_home.first.candidate, "sample", url)
    rows = diff(sample_home.revised.candidate, "sample", url).to_pylist()
    assert {row["indicator_id"] for row in rows} <= _affected()
    assert {"ECO01", "gdp_per_head_nuts3"} <= {row["indicator_id"] for row in rows}
    for row in rows:
        assert row["removed"] == 0
        if row["indicator_id"] in ("ECO01", "gdp_per_head_nuts3"):
            assert row["added"] == 0
            assert row["revised"] > 0
            assert 0 < row["largest_revision_percent"] < 5


def test_every_kind_of_conversion_occurs_and_is_told(sample_home):
    rows = pq.read_table(sample_home.first.candidate / "benchmark.parquet").to_pandas()
    ranked = rows[rows["rankable"]]
    assert set(ranked["conv_method"]) == {"none", "recode", "merge", "split"}
    split = ranked[(ranked["conv_method"] == "split") & (ranked["conv_exact"] < 0.99)]
    assert split["obs_flag"].str.contains("e").all()
    assert set(ranked["nuts_version"]) == {"2024"}
    recipe = pq.read_table(sample_home.first.candidate / "conversion.parquet").to_pandas()
    assert set(recipe["conv_method"].dropna()) == {"none", "recode", "merge", "split"}
    names = pq.read_table(sample_home.first.candidate / "region.parquet").to_pandas()
    assert set(ranked["geo"]) <= set(names["geo"])


def test_regions_are_compared_with_their_likes(sample_home):
    """Every region has references, gaps sum, and references are as many as declared."""

    def table(name: str):
        return pq.read_table(sample_home.first.candidate / f"{name}.parquet").to_pandas()

    rows, sets, gaps = table("reference_region"), table("reference_set"), table("gap")
    assert set(sets["variant"]) == {"S4: geo, education, sectors, firm size"}
    assert set(sets["scope"]) == set(rows["scope"]) == {"all", "other countries"}
    found = rows[rows["reference"].notna()]
    assert (found.groupby(["scope", "geo"]).size() >= peers_method().number).all()
    assert (rows["reference"].isna() == rows["missing_because"].notna()).all()
    assert not found.loc[found["scope"] == "other countries", "same_country"].any()
    assert found["stability"].between(0, 1).all()
    assert {"core", "likely"} <= set(found["standing"].dropna())
    total = gaps["structural_gap"] + gaps["catch_up_gap"]
    there = total.notna()
    assert there.mean() > 0.9
    assert total[there].to_numpy() == pytest.approx(gaps.loc[there, "frontrunner_gap"].to_numpy())
    assert (there == gaps["missing_because"].isna()).all()
    ranked = table("benchmark").query("rankable and geo_level == 'NUTS 2'")
    assert set(gaps["indicator_id"]) == set(ranked["indicator_id"])
    told = table("convergence")
    assert set(told["indicator_id"]) == set(gaps["indicator_id"])
    assert (told["beta"].isna() == told["missing_because"].notna()).all()
    assert set(table("dispersion")["indicator_id"]) <= set(gaps["indicator_id"])
    published = set(table("structural_variable")["variable"])
    assert published == set(peers_method().variables)


def _affected() -> set[str]:
    return {
        i.id for i in load_catalogue().computed.values() if set(REVISED_DATASETS) & set(i.datasets)
    }


def test_an_earlier_edition_can_come_back(sample_home):
    again = run(Workspace(sample_home.home, ("sample",)))
    assert again.candidate == sample_home.first.candidate
    assert again.work["core"] == again.work["indicator"] == 0
    back = run(Workspace(sample_home.home, ("sample-revised",)))
    assert back.candidate == sample_home.revised.candidate


@pytest.fixture
def command(sample_home, tmp_path):
    """Run ``s3etl`` in a process of its own."""

    def call(*arguments):
        environment = {
            **os.environ,
            "S3ETL_HOME": str(sample_home.home),
            "S3ETL_WAREHOUSE": f"duckdb:///{tmp_path / 'w.duckdb'}",
            "COLUMNS": "200",
        }
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )

    return call


def test_a_second_run_does_nothing_and_never_imports_great_expectations(sample_home, tmp_path):
    code = (
        "import json, sys; from pathlib import Path; from pipelines.run import run; "
        "from pipelines.workspace import Workspace; "
        f"ran = run(Workspace(Path({str(sample_home.home)!r}), ('sample-revised',))); "
        "print(json.dumps([ran.work, 'great_expectations' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    work, imported = json.loads(done.stdout.splitlines()[-1])
    assert set(work.values()) == {0}
    assert not imported


def test_help_imports_nothing_heavy():
    heavy = "{'dagster', 'pandas', 'pyarrow', 'sqlalchemy', 'pydantic', 'great_expectations'}"
    code = f"import sys, pipelines.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_commands_a_newcomer_types(command):
    ran = command("run", "--from", "sample-revised", "--publish")
    assert ran.returncode == 0, ran.stderr
    assert "Channel sample now points to release" in ran.stdout
    assert "not statistics" in ran.stdout
    assert "Nothing new" in ran.stdout
    traced = command("trace", "ECO01", "XA11", "2014")
    assert traced.returncode == 0, traced.stderr
    for expected in ("PPS_HAB", "nama_10r_2gdp.tsv.gz", "2014", "not statistics", "raw"):
        assert expected in traced.stdout
    named = command("trace", "unemployed_share_of_active", "XA11", "2014")
    assert "unit=THS age=Y_GE15 sex=T" in named.stdout
    narrow = command(
        "query", "SELECT 148000::DOUBLE AS a" + "".join(f", 'text_{i}' AS c{i}" for i in range(60))
    )
    assert "148,000" in narrow.stdout
    assert "text_59" in narrow.stdout
    asked = command("query", "SELECT count(*) AS n FROM latest WHERE channel = 'sample'")
    assert asked.returncode == 0
    assert "n" in asked.stdout
    for arguments in (
        ("status",),
        ("datasets",),
        ("indicators",),
        ("indicators", "HUM08"),
        ("releases",),
        ("peers", "XA11"),
        ("peers", "XA11", "--abroad"),
    ):
        shown = command(*arguments)
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--from", "/no/such/folder"), "expected a folder"),
        (("run", "--from", "sample", "--from", "."), "never mixed"),
        (("run", "--only", "nama_10r_9gdp"), "not a declared dataset"),
        (("indicators", "ECO99"), "not a declared indicator"),
        (("releases",), "no warehouse yet"),
        (("query", "SELECT 1"), "no warehouse yet"),
        (("publish", "/no/such/folder"), "no candidate there"),
        (("rollback", "--channel", "sample"), "there is none"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_one(command, arguments, said):
    done = command(*arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) == 1


RUN = (
    "from pathlib import Path; from pipelines.run import run; "
    "from pipelines.workspace import Workspace; "
    "ran = run(Workspace(Path({home!r}), ('sample',))); print(ran.failures == (), ran.candidate)"
)
KILLED = (
    "import os, signal; from sources import intake; "
    "intake.{stage} = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL); "
)


@pytest.mark.parametrize("stage", ["take", "read"])
def test_a_killed_run_is_taken_up_again(tmp_path, stage):
    home = str(tmp_path / "home")
    killed = KILLED.format(stage=stage) + RUN.format(home=home)
    dead = subprocess.run([sys.executable, "-c", killed], capture_output=True, check=False)
    assert dead.returncode == -9
    again = subprocess.run(
        [sys.executable, "-c", RUN.format(home=home)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert again.stdout.startswith("True /")


def test_two_runs_in_one_home_do_not_mix(tmp_path):
    from pipelines.run import _alone
    from s3etl.errors import Conflict

    with _alone(tmp_path), pytest.raises(Conflict, match="another run is at work"):
        run(Workspace(tmp_path, ("sample",)))
