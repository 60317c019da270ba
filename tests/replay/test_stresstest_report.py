"""The StressTest on the terminal and on paper, for every region of the sample world."""

import datetime as dt
import re
from collections import defaultdict

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines import profiles
from pipelines.cli import app
from pipelines.workspace import Workspace
from s3etl.stresstest import words
from s3etl.stresstest.questionnaire import load
from sources.sample.survey_answers import REASON
from tests.pages import Page, charts
from tests.stresstest_attack import solved

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


def test_nobody_in_a_small_group_can_be_solved_for(work, surveyed):
    """Every item of every region; what is left is a pool at an end of the scale."""
    tables = work.store.block(profiles.BLOCK)
    cells = defaultdict(dict)
    for row in tables["stresstest_group"].to_pylist():
        cells[row["geo"], row["indicator_id"]][row["shown_as"]] = row["value"], row["answers"]
    answers = work.store.observations(profiles.ANSWERS).to_pandas()
    said = answers[answers["answer"].notna()].groupby(["region", "item", "group"])["answer"]
    truth = (25 * said.median()).to_dict()
    sizes = said.size().to_dict()
    attacked = 0
    for row in tables["stresstest_item"].to_pylist():
        place = row["geo"], row["indicator_id"]
        small = [g for g in "PICBR" if 0 < sizes.get((*place, g), 0) < 3]
        if not small or row["value"] is None:
            continue
        found = solved(row, cells[place])
        hidden = [g for cell in cells[place] if len(cell) > 1 for g in cell.split("+")]
        assert set(small) <= set(hidden)
        assert all(truth[*place, g] in found[g] for g in found)
        if 0 < np.mean([truth[*place, g] for g in hidden]) < 100:
            attacked += len(small)
            assert all(len(found[g]) > 1 for g in small), place
    assert attacked > 100


def test_nothing_a_person_is_or_wrote_is_in_tables_report_or_terminal(work, surveyed, tmp_path):
    people = set(work.store.observations(profiles.ANSWERS).column("respondent").to_pylist())
    texts = {REASON, "invented-", "invented0", "192.0.2.", *filter(None, people)}
    assert len(texts) > 100
    for name, table in work.store.block(profiles.BLOCK).items():
        shown = table.to_pandas().to_csv()
        assert not [text for text in texts if text in shown], name
    region, wave = surveyed[2]
    page = written(work, region, tmp_path, wave)[1]
    shown = (
        CliRunner()
        .invoke(app, ["stresstest", "show", region], env={"S3ETL_HOME": str(work.home)})
        .stdout
    )
    assert "StressTest of" in shown
    assert not [text for text in texts if text in page or text in shown]


def test_the_sample_has_actions_of_every_kind(work, surveyed):
    kinds = work.store.block(profiles.BLOCK)["stresstest_action"].column("kind").to_pylist()
    assert set(kinds) == {"evidence", "dialogue", "transfer"}


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
