"""The framework index, as a run of the sample world publishes and shows it."""

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines import blocks, framework, show_index
from pipelines.console import console
from pipelines.workspace import Workspace
from s3etl.benchmark.index_tables import TABLES
from s3etl.errors import Refused
from warehouse.publish import publish


@pytest.fixture(scope="module")
def tables(sample_home):
    return {
        name: pq.read_table(sample_home.first.candidate / f"{name}.parquet").to_pandas()
        for name in TABLES
    }


def test_every_rank_of_the_newest_years_has_its_interval(tables):
    scores = tables["index_score"]
    placed = scores[scores["rank"].notna()]
    assert set(placed["ref_year"]) == set(range(2020, 2025))
    assert set(placed["node"]) == {"INDEX", "ECO", "RDI", "HUM", "IND", "DIG"}
    assert (placed["rank_low"] <= placed["rank"]).all()
    assert (placed["rank"] <= placed["rank_high"]).all()
    assert (placed["rank_high"] <= placed["n_compared"]).all()
    assert (placed["interval_low"] <= placed["value"]).all()
    assert (placed["value"] <= placed["interval_high"]).all()
    assert (placed["imputed_share"] <= 0.25).all()
    assert scores.loc[~scores["rankable"], "not_rankable_because"].notna().all()
    doubt = tables["index_robustness"]
    assert len(doubt) == len(placed)


def test_pillars_and_index_are_the_declared_means(tables):
    """Arithmetic within pillars, geometric across them, all weights equal."""
    scores = tables["index_score"].query("ref_year == 2024 and value.notna()")
    by_node = scores.pivot_table(index="geo", columns="node", values="value")
    pillar_of = scores.query("level == 1").groupby("node")["parent"].first()
    for pillar, members in pillar_of.groupby(pillar_of).groups.items():
        whole = by_node[list(members)].dropna().index
        mean = by_node.loc[whole, list(members)].mean(axis=1)
        assert mean.to_numpy() == pytest.approx(by_node.loc[whole, pillar].to_numpy(), rel=1e-9)
    pillars = by_node[["ECO", "RDI", "HUM", "IND", "DIG"]].dropna()
    product = pillars.prod(axis=1) ** (1 / 5)
    expected = by_node.loc[pillars.index, "INDEX"].to_numpy()
    assert product.to_numpy() == pytest.approx(expected, rel=1e-9)


def test_gaps_are_made_of_their_parts(tables):
    parts = tables["index_gap"].groupby("geo").agg({"value": "sum", "gap": "first"})
    assert len(parts) > 30
    assert parts["value"].to_numpy() == pytest.approx(parts["gap"].to_numpy(), abs=1e-9)
    scores = tables["index_score"].query("node == 'INDEX' and ref_year == 2024")
    value = scores.set_index("geo")["value"]
    assert (value.max() - value[parts.index]).to_numpy() == pytest.approx(
        parts["gap"].to_numpy(), abs=1e-9
    )


def test_inactive_pillars_say_why(tables):
    member = tables["index_member"].set_index("node")
    assert not member.loc[["OPN", "INS", "ENT"], "takes_part"].any()
    assert member.loc[~member["takes_part"], "left_out_because"].notna().all()


def test_the_same_figures_give_the_same_tables(sample_home):
    work = Workspace(sample_home.home, ("sample-revised",))
    held = work.store.block("index")
    again = framework.compute(work, blocks.inputs_of(work, "index").ranked)
    for name, table in again.items():
        assert table.equals(held[name]), name


def test_an_analyst_finds_the_index_in_the_warehouse(sample_home, tmp_path):
    file = tmp_path / "w.duckdb"
    publish(sample_home.first.candidate, "sample", f"duckdb:///{file}")
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute(
            "SELECT s.geo, s.rank, s.rank_low, s.rank_high, r.badge, r.p_rank_group "
            "FROM index_score s JOIN index_robustness r USING "
            "(release_id, index_id, node, ref_year, geo, nuts_version) "
            "WHERE s.node = 'INDEX' AND s.ref_year = 2024 ORDER BY s.rank"
        ).fetchall()
    assert len(found) > 50
    assert found[0][1] == 1
    assert {row[4] for row in found} <= {"A", "B", "C"}


def test_what_is_shown(sample_home):
    work = Workspace(sample_home.home, ("sample-revised",))
    with console.capture() as text:
        show_index.index(work, None, name="framework", top=3)
    told = " ".join(text.get().split())
    assert "Framework index, 2024 (invented sample data)" in told
    assert "ENT, OPN, INS: too few verified indicators" in told
    assert "What moves the ranks" in told
    with console.capture() as text:
        show_index.index(work, "XA34", name="framework", top=3)
    told = " ".join(text.get().split())
    assert "What the gap of" in told
    assert "What moves the rank of XA34" in told
    with pytest.raises(Refused, match="no such index; declared are framework"):
        show_index.index(work, None, name="fame", top=3)
    with pytest.raises(Refused, match="AT11: it has no score in 2024"):
        show_index.index(work, "AT11", name="framework", top=3)
