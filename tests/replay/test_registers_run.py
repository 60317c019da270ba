"""Registers through the whole pipeline: what is published of them, and what never leaves home."""

import gzip
import io
import json
import os
import sqlite3
import stat
import subprocess
import sys

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from pipelines.run import run
from pipelines.workspace import Workspace, load_catalogue
from sources.survey.filling import Filling
from sources.survey.template import workbook_bytes
from warehouse import tables
from warehouse.publish import publish

MARKS = (
    "ZEBRAFISH",  # a remark in a cell for answers
    "QUINCETREE",  # the reason for "not applicable"
    "OSPREYNEST",  # somebody's own code
    "jane.marrow@example.org",  # an address in a cell for answers
    "WALRUSTUSK",  # a remark below the table
)


def block_table(candidate, name):
    return pq.read_table(candidate / f"{name}.parquet")


# What is published


def test_organisations_of_open_registers_are_published_and_of_others_only_counted(sample_home):
    candidate = sample_home.first.candidate
    listed = block_table(candidate, "organisation")
    assert set(listed.column("register").to_pylist()) == {"organisations"}
    quality = block_table(candidate, "register_quality").to_pylist()
    in_all = {row["register"]: row for row in quality if row["country"] is None}
    assert in_all["eccp"]["records"] == 111
    assert in_all["organisations"]["records"] == listed.num_rows
    assert set(block_table(candidate, "priority").column("register").to_pylist()) == set()
    reasons = [x.reason for x in sample_home.first.left_out if x.subject == "eccp"]
    assert reasons == ["eccp: its records are counted and not published one by one."]


def test_the_overlap_of_the_two_registers_is_told_with_its_interval(sample_home):
    rows = block_table(sample_home.first.candidate, "register_completeness").to_pylist()
    overall = next(row for row in rows if row["country"] == "all")
    truth = 160  # organisations there are in the sample world
    assert overall["n_distinct"] < truth
    assert overall["low"] <= truth <= overall["high"]
    assert {row["country"] for row in rows} == {"all", "XA", "XB", "XC", "XD", "XE"}


def test_no_column_is_a_word_of_sql():
    words = sa.dialects.postgresql.dialect().identifier_preparer.reserved_words
    for table in tables.metadata.sorted_tables:
        assert not {c.name for c in table.c} & words, table.name


def test_participation_shows_no_cell_under_three(sample_home):
    shown = block_table(sample_home.first.candidate, "participation").to_pylist()
    assert len({row["region"] for row in shown}) == 18
    assert all(row["respondents"] is None or row["respondents"] >= 3 for row in shown)
    assert any("+" in row["shown_as"] for row in shown)


def test_every_register_has_its_snapshot_and_verdict_in_the_release(sample_home):
    candidate = sample_home.first.candidate
    kept = set(block_table(candidate, "snapshot").column("dataset").to_pylist())
    assert {"eccp", "organisations", "s3_priorities", "stresstest_answers"} <= kept
    judged = set(block_table(candidate, "verdict").column("dataset").to_pylist())
    assert kept == judged


def test_a_release_with_registers_can_be_published_and_asked(sample_home, tmp_path):
    url = f"duckdb:///{tmp_path / 'w.duckdb'}"
    publish(sample_home.first.candidate, "sample", url)
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        asked = "SELECT domain, sum(weight) FROM organisation_domain GROUP BY domain ORDER BY 2"
        assert connection.execute(asked).fetchall()
        sums = "SELECT count(*) FROM (SELECT division, sum(weight) w FROM concordance GROUP BY 1)"
        assert connection.execute(f"{sums} WHERE abs(w - 1) < 1e-9").fetchone() == (88,)


# What never leaves home


def spoilt_workbook():
    """A filled workbook with remarks where none belong."""
    people = [("P", "", "OSPREYNEST")] + [(group, "", "") for group in "PPPIIICCCBBBRRR"]
    answers = {("D1.1", n): n % 5 for n in range(1, 17)} | {("D1.2", 2): "NA", ("D2.1", 1): 3}
    data = workbook_bytes(
        "AT11", 2026, filling=Filling(people, answers, {("D1.2", 2): "QUINCETREE"})
    )
    book = openpyxl.load_workbook(io.BytesIO(data))
    page = book["Answers"]
    cells = [c for row in page.iter_rows() for c in row if c.value in {0, 1, 2, 3, 4}]
    cells[3].value = "ZEBRAFISH because of the budget"
    cells[5].value = "ask jane.marrow@example.org"
    page.cell(page.max_row + 3, 2).value = "WALRUSTUSK"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def texts_of(path):
    """Every text in a file of ours, whatever its form."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        return " ".join(
            str(table.column(name).to_pylist())
            for name in table.column_names
            if not pa.types.is_floating(table.schema.field(name).type)
        )
    data = path.read_bytes()
    if path.suffix == ".db":
        with sqlite3.connect(path) as database:
            return "\n".join(database.iterdump())
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return data.decode("utf-8", "replace")


@pytest.fixture(scope="module")
def surveyed(provider_run, tmp_path_factory):
    """A home in which a survey with remarks was run and published, and what the run printed."""
    base = tmp_path_factory.mktemp("surveyed")
    (base / "survey").mkdir()
    (base / "survey" / "stresstest_AT11_2026.xlsx").write_bytes(spoilt_workbook())
    folder, _ = provider_run
    command = [sys.executable, "-m", "pipelines.cli", "run", "--publish"]
    command += ["--from", str(folder), "--from", str(base / "survey")]
    environment = {**os.environ, "S3ETL_HOME": str(base / "home"), "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    checked = subprocess.run(
        [*command[:3], "survey", "check", str(base / "survey" / "stresstest_AT11_2026.xlsx")],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    status = subprocess.run(
        [*command[:3], "status", "registries", "--from", str(folder)],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    return base / "home", (done, checked, status)


def test_the_remarks_are_in_the_restricted_store_and_only_the_owner_may_look(surveyed):
    home, _ = surveyed
    restricted = home / "provider" / "restricted"
    assert stat.S_IMODE(restricted.stat().st_mode) == 0o700
    bodies = [p for p in restricted.rglob("body") if p.is_file()]
    assert len(bodies) == 2  # answers and evidence, each with its bytes
    assert stat.S_IMODE((restricted / "pseudonyms.key").stat().st_mode) == 0o600


def test_no_free_text_reaches_tables_logs_warehouse_or_terminal(surveyed):
    home, printed = surveyed
    done = printed[0]
    assert "stresstest_answers" not in done.stderr
    seen = 0
    for path in home.rglob("*"):
        if not path.is_file() or "restricted" in path.parts:
            continue
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as connection:
                names = [n for (n,) in connection.execute("SHOW TABLES").fetchall()]
                found = "".join(str(connection.execute(f"FROM {n}").fetchall()) for n in names)
        else:
            found = texts_of(path)
        seen += 1
        for mark in MARKS:
            assert mark not in found, path
    assert seen > 50
    for process in printed:
        for mark in MARKS:
            assert mark not in process.stdout + process.stderr


def test_what_could_not_be_used_is_set_aside_with_its_cell_and_the_rest_counts(surveyed):
    home, (_, checked, status) = surveyed
    folder = next((home / "provider" / "core" / "stresstest_answers").glob("*/"))
    aside = pq.read_table(folder / "quarantine.parquet").to_pylist()
    assert len(aside) == 2
    assert all(row["cell"] and row["reason"] for row in aside)
    good = pq.read_table(folder / "observations.parquet")
    assert pc.max(good.column("answer")).as_py() <= 4
    assert checked.returncode == 1
    assert "AT11" in status.stdout
    assert aside[0]["cell"] in checked.stdout


# A register that goes wrong


def test_an_edition_with_half_the_rows_gone_is_refused_and_the_earlier_stays(
    provider_copy, tmp_path
):
    folder, home = provider_copy
    lists = tmp_path / "lists"
    lists.mkdir()
    file = lists / "eccp_cluster_organisations.csv"
    rows = [f"Cluster {i},AT,digital,Wien" for i in range(20)]
    file.write_text("\n".join(["name,country,ecosystem,city", *rows]))
    work = Workspace(home, (str(folder), str(lists)))
    assert run(work).failures == ()
    before = work.store.accepted("eccp")
    file.write_text("\n".join(["name,country,ecosystem,city", *rows[:9]]))
    again = run(work)
    said = [f.reason for f in again.failures if f.subject == "eccp"]
    assert len(said) == 1
    assert "expected at least 10 records (50% of the 20 before), found 9" in said[0]
    assert work.store.accepted("eccp") == before
    assert again.candidate is not None


def test_personal_columns_are_dropped_before_anything_is_stored(provider_copy, tmp_path):
    folder, home = provider_copy
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "eccp_cluster_organisations_2026-10-01.csv").write_text(
        "name,country,ecosystem,city,Contact person,E-Mail\n"
        "Alpha Cluster,AT,digital,Wien,Jane Marrow,jane.marrow@example.org\n"
        "Beta Cluster,AT,health,Graz,Jane Marrow,jane.marrow@example.org\n"
    )
    work = Workspace(home, (str(folder), str(lists)))
    assert run(work).failures == ()
    accepted = work.store.accepted("eccp")
    assert accepted.snapshot.dropped == ("contact person", "e-mail")
    assert accepted.snapshot.source_updated == "2026-10-01"
    body = work.snapshots.body(accepted.snapshot).read_bytes()
    assert b"Marrow" not in body
    assert b"example.org" not in body
    manifest = json.loads(
        (work.snapshots.body(accepted.snapshot).parent / "manifest.json").read_text()
    )
    assert manifest["dropped"] == ["contact person", "e-mail"]
    assert len(manifest["original_sha256"]) == 64


def test_a_decision_merges_two_records_and_a_misspelt_one_harms_nothing(provider_copy, tmp_path):
    folder, home = provider_copy
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "eccp_cluster_organisations.csv").write_text(
        "name,country,ecosystem,city\nAlpha,AT,digital,Wien\nAlpha Cluster GmbH,AT,digital,Wien\n"
    )
    (lists / "merge_decisions_2026.csv").write_text(
        "register_a,id_a,register_b,id_b,decision,reason,decided\n"
        "eccp,AT Alpha,eccp,AT Alpha Cluster GmbH,same,Same web page,2026-11-24\n"
        "eccp,AT Nobody,eccp,AT Alpha,different,misspelt,2026-11-24\n"
    )
    work = Workspace(home, (str(folder), str(lists)))
    assert run(work).failures == ()
    found = work.store.block("organisations")["organisation"].column("organisation").to_pylist()
    assert found == ["eccp:AT Alpha", "eccp:AT Alpha"]


def test_a_classification_known_from_another_folder_is_not_missed(provider_copy, tmp_path):
    folder, home = provider_copy
    tables = tmp_path / "tables"
    tables.mkdir()
    (tables / "NAICS2017_NACE.csv").write_text(
        "NAICS 2017,NACE Rev. 2,NACE Rev. 2,US NAICS 2017,Notes\n"
        "336411,30.30,Manufacture of air and spacecraft,Aircraft Manufacturing,\n"
    )
    assert run(Workspace(home, (str(folder), str(tables)))).failures == ()
    later = Workspace(home, (str(folder),))
    assert later.store.accepted("naics_nace") is not None
    assert run(later).failures == ()


def test_every_declared_register_is_closed():
    registers = load_catalogue().registers
    assert {"eccp", "us_cluster_mapping", "s3_priorities", "cz_nris3"} <= set(registers)
    assert all(r.redistribute is False for r in registers.values() if r.provider == "survey")
