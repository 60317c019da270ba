"""What stands behind an index, as tables: log, members, robustness, design, gap."""

import json
from dataclasses import replace

import numpy as np
import pytest

from s3etl.benchmark.audit import audit
from s3etl.benchmark.design import draw
from s3etl.benchmark.index import INDEX_SCORE, Index, build_index, score_table
from s3etl.benchmark.index_tables import (
    TABLES,
    Ranked,
    audit_table,
    design_table,
    gap_table,
    member_table,
    robustness_table,
    sensitivity_table,
    step_table,
    with_bounds,
)
from s3etl.benchmark.robustness import monte_carlo, monte_carlo_each, sobol
from s3etl.benchmark.uncertainty import Uncertainty
from s3etl.catalogue import METHOD, Method
from s3etl.declarations import read_declaration
from tests.spec.test_index_scores import DECLARED, INDICATORS, tables

VARIED = Uncertainty.model_validate(
    {
        "runs": 60,
        "seed": 5,
        "sobol_runs": 8,
        "resamples": 20,
        "factors": {
            "normalisation": {
                "kind": "choice",
                "step": "normalise",
                "among": [{}, {"method": "rank", "pool": "year", "clip": None}],
            },
            "weights": {"kind": "weights", "spread": 0.25},
            "left_out": {"kind": "leave_out"},
        },
    }
)
MEMBERS = {code: i.pillar for code, i in INDICATORS.items() if code not in {"ECO3", "ECO4"}}


@pytest.fixture(scope="module")
def made() -> Index:
    method = read_declaration(METHOD, Method).model_copy(update={"minimum_compared": 4})
    declared = DECLARED.model_copy(update={"uncertainty": VARIED})
    return build_index(declared, tables(), INDICATORS, method)


@pytest.fixture(scope="module")
def ranked(made: Index) -> list[Ranked]:
    of = [(2021, "ECO"), (2021, "I")]
    found = monte_carlo_each(made.composite, of)
    return [Ranked(node, year, one) for (year, node), one in zip(of, found, strict=True)]


def test_every_row_names_the_index_and_its_version(made, ranked):
    last = ranked[-1].found
    every = {
        "index_score": with_bounds(score_table(made), ranked, np.array([2021])),
        "index_step": step_table(made),
        "index_member": member_table(made, MEMBERS),
        "index_audit": audit_table(audit(made.composite, limits=DECLARED.coherence), made, 2021),
        "index_robustness": robustness_table(ranked, made),
        "index_design": design_table(last.design, made),
        "index_sensitivity": sensitivity_table(sobol(made.composite, year=2021), "I", 2021, made),
        "index_gap": gap_table(made, 2021, last),
    }
    assert every.keys() == TABLES.keys()
    for name, table in every.items():
        assert table.schema.equals(TABLES[name]), name
        assert table.num_rows > 0, name
        assert set(table["index_id"].to_pylist()) == {"tiny"}, name
        assert set(table["method_version"].to_pylist()) == {"7"}, name


def test_several_ranks_in_one_pass_are_those_of_one_pass_each(made, ranked):
    for one in ranked:
        alone = monte_carlo(made.composite, year=one.year, node=one.node)
        np.testing.assert_array_equal(one.found.ranks, alone.ranks)
        np.testing.assert_array_equal(one.found.scores, alone.scores)


def test_an_index_is_made_again_from_its_log(made):
    rows = step_table(made).to_pylist()
    steps = [{"step": row["step"], **json.loads(row["arguments"])} for row in rows]
    again = DECLARED.model_validate(DECLARED.model_dump() | {"steps": steps})
    method = read_declaration(METHOD, Method).model_copy(update={"minimum_compared": 4})
    assert score_table(build_index(again, tables(), INDICATORS, method)).equals(score_table(made))


def test_who_takes_part_and_why_others_do_not(made):
    rows = {row["node"]: row for row in member_table(made, MEMBERS).to_pylist()}
    out = {node: row["left_out_because"] for node, row in rows.items() if not row["takes_part"]}
    assert out == {
        "HUM3": "fewer than 4 regions have a figure from 2020 on",
        "ENT": "too few verified indicators with figures",
        "ENT1": "its pillar ENT has too few indicators with figures",
    }
    assert {node for node, row in rows.items() if row["takes_part"]} == {
        *("ECO1", "ECO2", "HUM1", "HUM2"),
        *("ECO", "HUM"),
    }


def test_no_rank_without_its_interval(made, ranked):
    frame = with_bounds(score_table(made), ranked, np.array([2021])).to_pandas()
    placed = frame[frame["rank"].notna()]
    assert set(zip(placed["ref_year"], placed["node"], strict=True)) == {(2021, "ECO"), (2021, "I")}
    assert (placed["rank_low"] <= placed["rank"]).all()
    assert (placed["rank"] <= placed["rank_high"]).all()
    assert (placed["interval_low"] <= placed["value"]).all()
    assert (placed["value"] <= placed["interval_high"]).all()
    earlier = frame[(frame["node"] == "I") & (frame["ref_year"] == 2020)]
    assert earlier["value"].notna().any()
    assert earlier["rank"].isna().all()
    assert not earlier["rankable"].any()
    assert "ranks are given with their intervals, from 2021 on" in set(
        earlier["not_rankable_because"]
    )
    assert with_bounds(score_table(made), ranked, np.array([2021])).schema.equals(INDEX_SCORE)


def test_the_interval_of_a_score_is_on_its_own_scale(made, ranked):
    """Runs that rank regions instead of scoring them say nothing of points."""
    found = ranked[-1].found
    own = found.design["normalise.method"] == "goalposts"
    assert 0 < own.sum() < len(own)
    np.testing.assert_array_equal(found.on_scale, own)
    low, high = found.score_bounds
    points = found.scores[own]
    assert (low >= np.minimum(points.min(axis=0), found.score)).all()
    assert (high <= np.maximum(points.max(axis=0), found.score)).all()


def test_a_run_can_be_replayed_from_the_published_design(made, ranked):
    rows = design_table(ranked[-1].found.design, made).to_pylist()
    assert [row["run"] for row in rows] == list(range(1, 61))
    design = draw(made.composite, VARIED, 60, seed=5)
    for row in rows[:5]:
        told = json.loads(row["choices"])
        own = design.loc[row["run"]].to_dict()
        assert told.keys() == own.keys()
        assert told["without"] == own["without"]
        assert json.loads(told["normalise.method"]) == own["normalise.method"]


def test_the_parts_of_a_gap_sum_to_it(made, ranked):
    frame = gap_table(made, 2021, ranked[-1].found).to_pandas()
    scores = made.composite.after("aggregate").xs(2021, level=0)["I"]
    best = scores.max()
    for geo, own in frame.groupby("geo"):
        score = scores[f"{geo} 2024"]
        assert own["value"].sum() == pytest.approx(best - score, abs=1e-9)
        assert own["gap"].to_numpy() == pytest.approx(best - score, abs=1e-9)
    assert set(frame["front"]) == {"BB12"}


def test_how_surely_the_front_is_ahead(made, ranked):
    """A gap is a difference, and those are stated from P 0.9 on (methodology 8, step 7)."""
    found = ranked[-1].found
    ranks = np.tile(np.array([2.0, 1, 3, 4], np.float32), (60, 1))
    place = [found.units.index(f"{geo} 2024") for geo in ("BB11", "BB12", "AA13", "AA11")]
    ranks = ranks[:, np.argsort(place)]
    ranks[:12, place[:2]] = ranks[:12, place[1::-1]]  # BB11 comes first in a fifth of the runs
    ranks[12:15, place[0]] = 1  # and with it in a twentieth
    frame = gap_table(made, 2021, replace(found, ranks=ranks)).to_pandas()
    sure = frame.groupby("geo")["p_ahead"].first()
    assert sure["BB11"] == pytest.approx(0.8 - 0.025)
    assert sure["AA11"] == 1
    assert np.isnan(sure["BB12"])


def test_one_region_has_scores_and_no_rank(made):
    """An interval needs somebody to compare with."""
    frame = with_bounds(score_table(made), [], np.array([], np.int64)).to_pandas()
    assert frame["value"].notna().any()
    assert frame["rank"].isna().all()
    assert not frame["rankable"].any()
    assert "fewer than two regions can be ranked" in set(frame["not_rankable_because"])


def test_an_index_without_an_active_pillar_says_who_is_left_out():
    method = read_declaration(METHOD, Method)  # five regions at least have to have a figure
    nothing = build_index(DECLARED, {"ECO1": tables()["ECO1"]}, INDICATORS, method)
    assert nothing.composite is None
    assert step_table(nothing).num_rows == 0
    rows = member_table(nothing, {"ECO1": "ECO"}).to_pylist()
    assert not any(row["takes_part"] for row in rows)
    assert all(row["left_out_because"] for row in rows)
