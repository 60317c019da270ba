"""The StressTest on the terminal and on paper, for every region of the sample world."""

import datetime as dt
import re

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines import profiles
from pipelines.cli import app
from pipelines.workspace import Workspace
from s3etl.stresstest import words
from s3etl.stresstest.questionnaire import load
from tests.pages import Page, charts

DAY = dt.date(2026, 11, 24)
STATEMENT = " ".join(load().statement.split())


@pytest.fixture(scope="module")
def work(sample_home):
    return Workspace(sample_home.home, ("sample",))


@pytest.fixture(scope="module")
def surveyed(work):
    rows = work.store.block(profiles.BLOCK)["stresstest_item"].select(["geo", "ref_year"])
    found = rows.group_by(["geo", "ref_year"]).aggregate([]).to_pylist()
    return sorted((row["geo"], row["ref_year"]) for row in found)


def written(work, region, folder, wave=None):
    to = folder / f"{region}.html"
    found = profiles.gather(work, region, wave)
    profiles.write_report(work, found, to, f"duckdb:///{folder / 'none.duckdb'}", DAY)
    return found, to.read_text()


def test_every_region_has_a_whole_report(work, surveyed, tmp_path):
    for region, wave in surveyed:
        found, text = written(work, region, tmp_path, wave)
        page = Page(text)
        assert charts(text)
        assert page.text.count(STATEMENT) == 2
        assert page.text.count(words.INVENTED) > 3
        assert not re.search(r"\b(?:nan|None|null)\b", page.text)
        for row in [*found.dimensions, *found.items]:
            assert words.score(row) in page.text
            assert row["title"] in page.text
        for documents in (found.evidence(row) for row in found.rows["stresstest_teacher"]):
            assert {d.link for d in documents} - {""} <= {a["href"] for a in page.all("a")}


def test_the_same_figures_make_the_same_report(work, surveyed, tmp_path):
    region, wave = surveyed[0]
    assert written(work, region, tmp_path, wave) == written(work, region, tmp_path, wave)


def test_the_release_is_named_once_these_figures_are_in_one(sample_home, work, surveyed, tmp_path):
    current = work.store.candidate()
    held = pq.read_table(current / f"{profiles.COMPARED}.parquet")
    assert held.equals(work.store.block(profiles.BLOCK)[profiles.COMPARED])
    text = Page(written(work, surveyed[0][0], tmp_path)[1]).text
    assert f"{current.name[:16]}, not published yet" in text


def test_the_commands(sample_home, surveyed, tmp_path, monkeypatch):
    monkeypatch.setenv("S3ETL_HOME", str(sample_home.home))
    region, wave = surveyed[0]
    shown = CliRunner().invoke(app, ["stresstest", "show", region.lower(), "--wave", str(wave)])
    assert shown.exit_code == 0
    assert "invented sample answers" in shown.stdout
    assert "Whom to learn from" in shown.stdout or "Nobody is clearly" in shown.stdout
    to = tmp_path / "new" / "report.html"
    made = CliRunner().invoke(app, ["stresstest", "report", region, "--to", str(to)])
    assert made.exit_code == 0
    assert str(to) in made.stdout
    assert Page(to.read_text()).all("html") == [{"lang": "en"}]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["XA99"], "XA99: no StressTest of it; surveyed are XA11"),
        (["XA11", "--wave", "1999"], "XA11: it has no wave 1999; it has 2026."),
    ],
)
def test_a_region_or_wave_without_a_survey_is_one_sentence(
    sample_home, monkeypatch, arguments, said
):
    monkeypatch.setenv("S3ETL_HOME", str(sample_home.home))
    found = CliRunner().invoke(app, ["stresstest", "show", *arguments])
    assert str(found.exception).startswith(said)
