"""The pipeline against Eurostat's interface, over real HTTP on loopback."""

import logging
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from pipelines.run import run
from pipelines.workspace import Workspace
from tests.messages import BIG
from tests.replay.eurostat_server import Eurostat, not_found

SMALL = ("nama_10r_2gdp", "trng_lfse_04", "edat_lfse_22", "lfst_r_lfe2emp", "lfst_r_lfu3pers")
"""Datasets most tests here take, so that they take a second."""


@pytest.fixture(scope="module")
def httpserver_threaded():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


@pytest.fixture
def live(httpserver_threaded, real_looking, monkeypatch) -> Eurostat:
    """A server that has everything, and the settings that point to it."""
    datasets, tables, dates = real_looking
    httpserver_threaded.clear()
    server = Eurostat(httpserver_threaded, datasets)
    server.others.update(tables)
    server.updated.update(dates)
    monkeypatch.setenv("S3ETL_EUROSTAT", server.base)
    monkeypatch.setenv("S3ETL_NUTS", httpserver_threaded.url_for("/"))
    monkeypatch.setenv("S3ETL_POLL_SECONDS", "0.01")
    monkeypatch.setenv("S3ETL_ATTEMPTS", "1")
    monkeypatch.setenv("S3ETL_REQUESTS_PER_SECOND", "1000")
    return server


def refresh(home: Path, *only: str):
    return run(Workspace(home, ("live",)), only=only)


def values_of(ran, indicator: str) -> dict:
    rows = pq.read_table(ran.candidate / "benchmark.parquet").to_pylist()
    return {
        (r["geo"], r["nuts_version"], r["ref_year"]): (r["value"], r["obs_flag"])
        for r in rows
        if r["indicator_id"] == indicator
    }


def test_the_same_figures_as_from_a_folder_of_the_same_files(live, tmp_path, provider_run):
    _, folder_home = provider_run
    ran = refresh(tmp_path, *SMALL)
    assert ran.failures == ()
    from_folder = run(Workspace(folder_home, (str(provider_run[0]),)))
    for indicator in ("ECO01", "HUM04", "HUM08", "unemployed_share_of_active"):
        assert values_of(ran, indicator) == values_of(from_folder, indicator) != {}


def test_a_refresh_without_news_is_one_request(live, tmp_path):
    refresh(tmp_path, *SMALL)
    live.requests.clear()
    ran = refresh(tmp_path, *SMALL)
    assert live.requests == [
        "/api/dissemination/sdmx/2.1/dataflow/all?format=JSON&compressed=true&lang=en"
    ]
    assert set(ran.work.values()) == {0}
    assert ran.failures == ()


def test_only_what_changed_is_fetched(live, tmp_path):
    refresh(tmp_path, *SMALL)
    live.requests.clear()
    live.updated["nama_10r_2gdp"] = "2022-09-01T11:00:00+00:00"
    ran = refresh(tmp_path, *SMALL)
    assert live.data_requests() == {"nama_10r_2gdp": 1}
    assert ran.failures == ()


def test_a_new_date_on_the_same_bytes_changes_nothing_and_is_fetched_once(live, tmp_path):
    refresh(tmp_path, *SMALL)
    live.updated["trng_lfse_04"] = "2022-09-01T11:00:00+00:00"
    assert refresh(tmp_path, *SMALL).work["core"] == 0
    live.requests.clear()
    refresh(tmp_path, *SMALL)
    assert live.data_requests() == {}


def test_an_asynchronous_extraction_is_waited_for(live, tmp_path):
    direct = refresh(tmp_path / "direct", *SMALL)
    live.queue = {"nama_10r_2gdp", "trng_lfse_04"}
    ran = refresh(tmp_path / "queued", *SMALL)
    assert ran.failures == ()
    assert values_of(ran, "ECO01") == values_of(direct, "ECO01")
    assert sum("/async/status/" in r for r in live.requests) >= 6


def test_asynchronous_extractions_are_asked_for_one_at_a_time_once_known(live, tmp_path):
    live.queue = set(SMALL)
    refresh(tmp_path, *SMALL)
    live.most_in_queue = 0
    for code in SMALL:
        live.updated[code] = "2022-09-01T11:00:00+00:00"
    ran = refresh(tmp_path, *SMALL)
    assert ran.failures == ()
    assert live.most_in_queue == 1


def test_an_extraction_that_is_too_big_comes_in_parts_as_one_snapshot(live, tmp_path):
    direct = refresh(tmp_path / "direct", *SMALL)
    live.limit = 900
    live.requests.clear()
    ran = refresh(tmp_path / "parts", *SMALL)
    assert ran.failures == ()
    assert live.data_requests()["nama_10r_2gdp"] > 4
    whole, parts = values_of(direct, "ECO01"), values_of(ran, "ECO01")
    # SDMX-CSV leaves out the cells that are neither there nor flagged.
    assert parts == {k: v for k, v in whole.items() if k in parts}
    assert {k for k, v in whole.items() if v != (None, None)} <= set(parts)
    home = tmp_path / "parts" / "provider" / "raw" / "nama_10r_2gdp"
    assert len([p for p in home.iterdir() if len(p.name) == 64]) == 1


HTML = b"<!DOCTYPE html><html><body>Sorry, maintenance</body></html>"
MOODS = {
    "404": (lambda: Response(not_found("x"), 404, content_type="application/xml"), "not available"),
    "410": (lambda: Response("gone", 410), "410"),
    "HTML with status 200": (lambda: Response(HTML, content_type="text/html"), "HTML"),
    "500": (lambda: Response("oops", 500), "500"),
    "503 for a day": (
        lambda: Response("later", 503, headers={"Retry-After": "86400"}),
        "86",
    ),
    "429": (lambda: Response("slow down", 429), "429"),
    "too big however small": (
        lambda: Response(BIG, 413, content_type="application/json"),
        "too big",
    ),
    "JSON that is none": (lambda: Response(b'{"a": ', content_type="application/json"), "expected"),
    "an empty body": (lambda: Response(b"", content_type="text/tab-separated-values"), "empty"),
    "a header and no rows": (
        lambda: Response(b"freq,unit,geo\\TIME_PERIOD\t2020 \r\n"),
        "rows",
    ),
    "a redirect to another host": (
        lambda: Response("", 302, headers={"Location": "http://sorry.example.org/"}),
        "sorry.example.org",
    ),
    "another dataset's dimensions": (
        lambda: Response(b"freq,sex,geo\\TIME_PERIOD\t2020 \r\nA,T,AT11\t1 \r\n"),
        "dimensions",
    ),
    "a new unit": (
        lambda: Response(b"freq,unit,geo\\TIME_PERIOD\t2020 \r\nA,EURO,AT11\t1 \r\n"),
        "codes of unit",
    ),
    "UTF-16": (lambda: Response("freq,unit".encode("utf-16")), "UTF-16"),
    "a ZIP": (lambda: Response(b"PK\x03\x04" + b"0" * 99), "ZIP"),
}


@pytest.fixture(scope="module")
def taken_before(tmp_path_factory, httpserver_threaded, real_looking):
    """A home in which everything went well once."""
    home = tmp_path_factory.mktemp("before")
    datasets, tables, dates = real_looking
    httpserver_threaded.clear()
    server = Eurostat(httpserver_threaded, datasets)
    server.others.update(tables)
    server.updated.update(dates)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("S3ETL_EUROSTAT", server.base)
        patch.setenv("S3ETL_NUTS", httpserver_threaded.url_for("/"))
        patch.setenv("S3ETL_REQUESTS_PER_SECOND", "1000")
        assert refresh(home, *SMALL).failures == ()
    return home


@pytest.mark.parametrize("mood", MOODS)
def test_a_bad_answer_is_one_sentence_and_the_rest_goes_on(live, tmp_path, taken_before, mood):
    import shutil

    home = tmp_path / "home"
    shutil.copytree(taken_before, home)
    raw = home / "provider" / "raw" / "nama_10r_2gdp"
    pointer = (raw / "current").read_text()
    live.updated["nama_10r_2gdp"] = live.updated["trng_lfse_04"] = "2022-09-01T11:00:00+00:00"
    live.broken["nama_10r_2gdp"], says = MOODS[mood]
    ran = refresh(home, *SMALL)
    (failure,) = ran.failures
    assert failure.subject == "nama_10r_2gdp"
    assert says in failure.reason
    assert "\n" not in failure.reason
    assert failure.reason.endswith(".")
    assert (raw / "current").read_text() == pointer
    assert not list(raw.glob(".new-*"))
    assert values_of(ran, "ECO01") != {}  # from the data accepted before
    assert live.data_requests()["trng_lfse_04"] == 1


def test_a_broken_table_of_contents_leaves_everything_as_it_was(live, tmp_path, monkeypatch):
    refresh(tmp_path, *SMALL)
    monkeypatch.setattr(live, "contents", lambda: Response(HTML, content_type="text/html"))
    live.requests.clear()
    ran = refresh(tmp_path, *SMALL)
    (failure,) = ran.failures
    assert "table of contents" in failure.reason
    assert ran.candidate is not None
    assert live.data_requests() == {}


def test_a_dataset_that_left_the_table_of_contents_is_named(live, tmp_path):
    del live.files["trng_lfse_04"]
    (failure,) = refresh(tmp_path, *SMALL).failures
    assert failure.subject == "trng_lfse_04"
    assert "table of contents" in failure.reason


def test_refused_bytes_are_kept_and_not_fetched_again(live, tmp_path):
    refresh(tmp_path, *SMALL)
    live.updated["nama_10r_2gdp"] = "2022-09-01T11:00:00+00:00"
    live.broken["nama_10r_2gdp"] = MOODS["a new unit"][0]
    refresh(tmp_path, *SMALL)
    raw = tmp_path / "provider" / "raw" / "nama_10r_2gdp"
    bodies = [p.read_bytes() for p in raw.glob("*/body")]
    assert any(b"EURO" in body for body in bodies)
    live.requests.clear()
    (failure,) = refresh(tmp_path, *SMALL).failures
    assert "EURO" in failure.reason
    assert live.data_requests() == {}


@pytest.mark.parametrize("after", [2, 6, 9])
def test_a_killed_run_goes_on_where_it_was(live, tmp_path, after):
    """Killed when the server has answered a number of requests, then started again."""
    live.latency = 0.1
    command = [sys.executable, "-m", "pipelines.cli", "run", "--from", "live"]
    command += [part for code in SMALL for part in ("--only", code)]
    environment = {**os.environ, "S3ETL_HOME": str(tmp_path / "home")}
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen(
            command, env=environment, stdout=out, stderr=out, start_new_session=True
        )
        deadline = time.monotonic() + 60
        while len(live.requests) < after and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    raw = tmp_path / "home" / "provider" / "raw"
    kept = {p.parents[1].name for p in raw.glob("*/*/body") if p.parent.name[0] != "."}
    whole = {
        p.parent.parent.name
        for p in raw.glob("*/.fetching/*")
        if re.fullmatch("[0-9a-f]{32}", p.name)
    }
    live.latency = 0
    live.requests.clear()
    assert refresh(tmp_path / "home", *SMALL).failures == ()
    again = live.data_requests()
    assert not (kept | whole) & set(again)
    assert set(again.values()) <= {1}
    assert not list(raw.glob("*/.new-*"))
    assert not list(raw.glob("*/.fetching"))


def test_a_run_that_is_asked_to_stop_stops(live, tmp_path):
    """A scheduler's SIGTERM, or Ctrl-C: not one failed step and on with the next."""
    live.latency = 1.0
    command = [sys.executable, "-m", "pipelines.cli", "run", "--from", "live"]
    command += [part for code in SMALL for part in ("--only", code)]
    process = subprocess.Popen(
        command,
        env={**os.environ, "S3ETL_HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not live.data_requests() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.strip() == "s3etl: interrupted; run it again, it goes on from there."
    live.latency = 0
    assert refresh(tmp_path, *SMALL).failures == ()


def test_forty_datasets_keep_four_connections_busy(live, tmp_path, monkeypatch):
    """The wall time of a refresh is close to the ideal of four connections."""
    from pipelines import stages

    codes = sorted(live.files)[:40]
    assert len(codes) == 40
    warm = Workspace(tmp_path / "warm", ("live",))
    stages.observe(warm)
    list(stages.take_snapshots(warm, codes))  # the server has its answers ready after that
    live.latency = 0.2
    monkeypatch.setenv("S3ETL_REQUESTS_PER_SECOND", "5")  # as it is set for everybody
    work = Workspace(tmp_path / "timed", ("live",))
    stages.observe(work)
    start = time.perf_counter()
    answers = dict(stages.take_snapshots(work, codes))
    took = time.perf_counter() - start
    assert not [a for a in answers.values() if isinstance(a, Exception)]
    assert live.most_at_once <= 4
    assert took <= 1.5 * 40 / 4 * live.latency


def test_the_fetching_step_alone_looks_first(live, tmp_path):
    """As when somebody materialises it in Dagster's page before anyone has looked."""
    from pipelines import stages

    ((name, taken),) = stages.take_snapshots(Workspace(tmp_path, ("live",)), ["trng_lfse_04"])
    assert (name, taken.new) == ("trng_lfse_04", True)


def test_declarations_are_checked_against_the_live_structures(live, tmp_path):
    from pipelines.check import check

    work = Workspace(tmp_path, ("live",))
    live.files = {code: live.files[code] for code in ("edat_lfse_22", "trng_lfse_04")}
    found = check(work, live=True)
    assert found.problems["edat_lfse_22"] == []
    assert found.problems["nama_10r_2gdp"] == ["it is not in the table of contents"]
    assert "HUM08" in found.to_raise
    assert "ECO01" in found.to_lower
    live.requests.clear()
    assert check(work, live=True).problems == found.problems
    assert len(live.requests) == 1  # structures are asked for again only when they change
    kept = check(work, live=False)
    assert kept.problems["edat_lfse_22"] == []


@pytest.mark.filterwarnings("ignore:Parameter `include_sources`")
def test_a_new_version_upstream_is_what_sets_the_graph_going(live, tmp_path):
    from pipelines.definitions import build
    from pipelines.resources import WorkspaceResource
    from pipelines.workspace import load_catalogue

    definitions = build(WorkspaceResource(home=str(tmp_path), sources=["live"]))
    declared = load_catalogue()
    raw = dg.AssetKey(["raw", "eurostat", "trng_lfse_04"])
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_job_def("look")
        job.execute_in_process(instance=instance)
        tick = dg.evaluate_automation_conditions(definitions, instance)
        live.updated["trng_lfse_04"] = "2022-09-01T11:00:00+00:00"
        job.execute_in_process(instance=instance)
        tick = dg.evaluate_automation_conditions(definitions, instance, cursor=tick.cursor)
        assert tick.get_num_requested(raw) == 1
        others = [dg.AssetKey(["raw", "eurostat", d]) for d in declared.datasets]
        assert sum(tick.get_num_requested(key) for key in others) == 1
