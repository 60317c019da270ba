"""Frontrunners, peers, teachers, twins, actions and change, by small tables (2.5 to 2.8)."""

import numpy as np
import pyarrow as pa
import pytest

from s3etl.alignment.tables import CELLS
from s3etl.peers import reference_regions
from s3etl.peers.method import load_method as peers_method
from s3etl.peers.structure import Structure as PeerStructure
from s3etl.peers.tables import (
    REFERENCES,
    SETS,
    VARIABLES,
    reference_table,
    set_table,
    variable_table,
)
from s3etl.strategies.tables import PRACTICES
from s3etl.stresstest import frontier, twins
from s3etl.stresstest.actions import action_table
from s3etl.stresstest.assessment import Structure, assess, similarity_of
from s3etl.stresstest.beside import Beside, structure_of
from s3etl.stresstest.gap_table import gap_table
from s3etl.stresstest.method import Mapping, load_method
from s3etl.stresstest.profile import stresstest_tables
from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.score_tables import dimension_table
from s3etl.stresstest.survey import survey_of
from s3etl.stresstest.teacher_table import teacher_table
from s3etl.stresstest.teachers import domain_teachers, teachers
from s3etl.stresstest.twin_table import twin_table
from tests.stresstest_world import PLAN, answers_table, evidence_table, full

METHOD = load_method().model_copy(update={"draws": 200, "permutations": 100})
NAN = np.nan
DOCUMENTED = [i.id for i in load().items if i.evidence == "d"]

# Frontrunners and peers


def front(scores, lows, eligible=None, participants=20):
    scores, lows = (np.array(a, float)[:, None] for a in (scores, lows))
    may = np.ones(len(scores), bool) if eligible is None else np.array(eligible)
    return frontier.front(scores, lows, may, participants, METHOD)


def test_frontrunners_are_at_the_ninetieth_percentile_and_surely_above_the_median():
    scores = np.arange(40, 80)  # Q90 is 75.1, the median 59.5
    found = front(scores, scores - 5)
    assert scores[found.member[:, 0]].tolist() == [76, 77, 78, 79]
    assert found.value[0] == 77.5
    lows = np.where(scores == 79, 50, scores - 5)
    assert scores[front(scores, lows).member[:, 0]].tolist() == [76, 77, 78]


def test_with_fewer_than_three_the_highest_lower_bounds_are_in_front():
    scores = np.arange(60, 80)  # two are at Q90 or above
    lows = np.where(scores == 79, 10, scores - 5)
    assert scores[front(scores, lows).member[:, 0]].tolist() == [76, 77, 78]


def test_below_fifteen_regions_comparators_are_named():
    found = front(np.arange(10), np.arange(10), participants=14)
    assert np.flatnonzero(found.member[:, 0]).tolist() == [7, 8, 9]
    assert not found.quantiles
    few = front(np.arange(10), np.arange(10), eligible=[True] + [False] * 9, participants=14)
    assert np.flatnonzero(few.member[:, 0]).tolist() == [0]
    none = front(np.arange(10), np.arange(10), eligible=[False] * 10)
    assert not none.member.any()
    assert np.isnan(none.value).all()


def test_who_cannot_be_a_frontrunner_is_told_why():
    why = frontier.not_eligible(
        np.array([8, 7, 8, 8]),
        np.array([3, 2, 3, 3]),
        np.array([True, True, False, True]),
        np.array([0.5, 0.5, 0.5, 0.49]),
        METHOD,
    )
    assert why[0] == ""
    assert why[1] == "under 8 respondents; under 3 groups"
    assert "not every dimension" in why[2]
    assert "50 %" in why[3]


def test_peers_are_the_reference_regions_that_took_part():
    member = np.zeros((5, 5), bool)
    member[0, 1:4] = member[1, 2:4] = True
    values = np.array([[10], [20], [40], [30], [90]], float)
    found, number = frontier.peer_median(member, values, 3)
    np.testing.assert_array_equal(found[:, 0], [30, NAN, NAN, NAN, NAN])
    assert number[:2, 0].tolist() == [3, 2]


def test_medians_of_members_are_those_of_numpy():
    rng = np.random.default_rng(2)
    values = np.where(rng.random((6, 9)) < 0.2, NAN, rng.random((6, 9)))
    member = rng.random((6, 9)) < 0.6
    expected = [
        np.median(of) if (of := v[m & ~np.isnan(v)]).size else NAN
        for v, m in zip(values, member, strict=True)
    ]
    np.testing.assert_allclose(frontier.median_of(member, values[:, None])[:, 0], expected)


def test_the_drawn_gap_to_peers_is_the_median_of_each_draw():
    rng = np.random.default_rng(3)
    drawn, member = rng.random((7, 20)), rng.random((7, 7)) < 0.5
    np.fill_diagonal(member, val=False)
    member[3] = False
    found = frontier.drawn_peer_gap(member, drawn)
    for r in range(7):
        if member[r].any():
            np.testing.assert_allclose(found[r], np.median(drawn[member[r]], axis=0) - drawn[r])
    assert np.isnan(found[3]).all()


# Teachers


def taught(score, drawn=None, evidence=None, similarity=None):
    score = np.array(score, float)[:, None]
    many = score[..., None] + np.zeros((1, 1, 10)) if drawn is None else drawn
    of = np.ones(score.shape) if evidence is None else np.array(evidence)[:, None]
    alike = np.ones((len(score), len(score))) if similarity is None else np.array(similarity)
    return teachers(score, many, of, alike, METHOD)


def named(pairs):
    return list(zip(pairs.learner.tolist(), pairs.teacher.tolist(), strict=True))


def test_a_teacher_is_fifteen_points_ahead():
    assert named(taught([50, 65, 64.9])) == [(0, 1)]


def test_a_teacher_is_ahead_in_nine_draws_of_ten():
    drawn = np.array([[[50.0] * 10], [[70.0] * 9 + [40.0]], [[70.0] * 8 + [40.0] * 2]])
    assert named(taught([50, 67, 66], drawn)) == [(0, 1)]


def test_a_teacher_has_documents_for_half_of_its_items():
    assert named(taught([50, 70, 70], evidence=[0, 0.49, 0.5])) == [(0, 2)]


def test_matches_are_ordered_by_lead_similarity_and_evidence():
    alike = np.ones((4, 4))
    alike[0] = [1, 0.2, 0.9, NAN]
    of = taught([40, 90, 60, 80], evidence=[1, 1, 0.5, 1], similarity=alike)
    first = of.learner == 0
    assert of.teacher[first].tolist() == [1, 2, 3]  # 0.5·0.2·1, 0.2·0.9·0.5, not known
    np.testing.assert_allclose(of.match[first], [0.1, 0.09, NAN])
    assert of.place[first].tolist() == [1, 2, 3]


def test_similarity_is_one_for_whom_nothing_is_known():
    structure = Structure(("A", "B"), np.array([[1, 0.4], [0.4, 1]]), ~np.eye(2, dtype=bool))
    regions = np.array(["A", "B", "C"], object)
    alike, known = similarity_of(structure, regions, regions)
    np.testing.assert_array_equal(alike, [[1, 0.4, NAN], [0.4, 1, NAN], [1, 1, 1]])
    assert known.tolist() == [True, True, False]
    assert not similarity_of(None, regions, regions)[1].any()


def test_domains_are_taught_by_who_surely_has_strength_and_organisation():
    learns = np.array([[True, False]])
    teaches = np.array([[False, True], [True, True], [True, False]])
    strong = np.array([[0.9, 0.9], [0.9, 0.9], [0.8, 0.9]])
    found = domain_teachers(learns, teaches, strong, np.ones((1, 3)), METHOD)
    assert (found.learner.tolist(), found.teacher.tolist(), found.subject.tolist()) == (
        [0],
        [1],
        [0],
    )


# Structure, from the tables of reference regions


def peers_of(values, number=2):
    """Return the tables of reference regions of R regions, two variables, and what they say."""
    method = peers_method().model_copy(
        update={"number": number, "similar_neighbour": 1, "draws": 50, "least_weight": 0.8}
    )
    names = np.array(["XA11", "XA12", "XB11", "XC11"], object)
    of = PeerStructure(
        regions=names,
        versions=np.full(4, "2024", object),
        variables=("size", "trade"),
        dimensions=("geo", "openness"),
        sources=("one", "two"),
        value=values,
        years=np.full((4, 2), 2024),
    )
    found = reference_regions(of.value, of.dimensions, method=method)
    return {
        "structural_variable": variable_table(of, found, method),
        "reference_region": reference_table(of, found, "all", method),
        "reference_set": set_table(of, {"all": found}, method),
    }, found


VALUES = np.array([[0.0, 0.0], [1.0, 2.0], [4.0, 1.0], [10.0, 10.0]])


def test_structure_is_that_of_the_reference_regions():
    """Similarity and membership of every pair, not only of those a table names."""
    tables, found = peers_of(VALUES)
    structure = structure_of(tables)
    assert structure.regions == ("XA11", "XA12", "XB11", "XC11")
    np.testing.assert_allclose(structure.similarity, found.similarity, rtol=1e-9)
    np.testing.assert_allclose(np.diag(structure.similarity), 1)
    np.testing.assert_array_equal(structure.member, found.member)
    assert not structure.member.diagonal().any()


def test_a_region_without_reference_regions_has_no_structure():
    tables, found = peers_of(np.vstack([VALUES[:3], [[NAN, 3.0]]]))
    assert found.covered[3] == 0.5
    structure = structure_of(tables)
    assert structure.regions == ("XA11", "XA12", "XB11")
    np.testing.assert_allclose(structure.similarity, found.similarity[:3, :3], rtol=1e-9)
    of = np.array(["XB11", "XC11", "XZ99"], object)
    assert not structure.members(of).any()
    alike, known = similarity_of(structure, of, np.array(structure.regions, object))
    assert known.tolist() == [True, False, False]
    assert (alike[1:] == 1).all()


def test_who_may_be_abroad_only_is_no_reference_here():
    """Reference regions of other countries are a set of their own; the first set counts."""
    tables, found = peers_of(VALUES)
    abroad = tables["reference_region"].to_pandas().assign(scope="other countries")
    abroad["reference"] = "XC11"
    both = pa.Table.from_pandas(abroad, schema=REFERENCES, preserve_index=False)
    tables["reference_region"] = pa.concat_tables([tables["reference_region"], both])
    np.testing.assert_array_equal(structure_of(tables).member, found.member)


def test_without_any_reference_region_nothing_is_known_of_structure():
    empty = {
        "structural_variable": VARIABLES.empty_table(),
        "reference_region": REFERENCES.empty_table(),
        "reference_set": SETS.empty_table(),
    }
    structure = structure_of(empty)
    assert structure.regions == ()
    assert not similarity_of(structure, np.array(["XA11"], object), np.array(["XB11"], object))[1]


# Twins

TWINS = """
# perception | percentile | label
60 | 60 | confirmed strength
60 | 40 | over-rated
40 | 60 | under-rated
40 | 40 | confirmed weakness
59 | 90 | inconclusive
90 | 41 | inconclusive
"""


def test_labels_of_twins():
    for line in TWINS.strip().splitlines()[1:]:
        perception, statistics, name = (part.strip() for part in line.split("|"))
        found = twins.label(np.array(float(perception)), np.array(float(statistics)), 50, 10)
        assert twins.LABELS[int(found)] == name
    assert twins.LABELS[int(twins.label(np.array(NAN), np.array(90.0), 50, 10))] == ""


def test_percentiles():
    values = np.array([3, 1, NAN, 2, 2])
    np.testing.assert_allclose(twins.percentile(values), [100, 0, NAN, 50, 50])
    np.testing.assert_allclose(
        twins.percentile(values, smaller_is_better=True), [0, 100, NAN, 50, 50]
    )
    assert np.isnan(twins.percentile(np.array([1.0, NAN]))).all()


# Whole tables

GROUPS = "P: {0} {0} {0}, I: {0} {0} {0}, C: {0} {0} {0}, B: {0} {0} {0}, R: {0} {0} {0}"


def region(name, level, skew=None):
    return list(full(name, GROUPS.format(level), skew=skew))


def documents(*regions):
    return [(r, item, 2, f"Paper on {item}") for r in regions for item in DOCUMENTED]


def assessed(rows, evidence=(), structure=None):
    of = survey_of(answers_table(rows), evidence_table(evidence), load(), METHOD)
    return assess(of, PLAN, METHOD, structure)


IN_D1 = np.where(PLAN.dimension == 0, 1, -1)


def pair_of_regions():
    """A is ahead in D1, B in all others; both have documents."""
    rows = region("XA11", 2, IN_D1) + region("XB11", 2, -IN_D1)
    return rows, documents("XA11", "XB11")


def test_reciprocal_pairs_learn_from_each_other():
    rows, evidence = pair_of_regions()
    found = teacher_table(assessed(rows, evidence), load(), Beside()).to_pylist()
    first = next(r for r in found if r["geo"] == "XB11")
    assert (first["teacher"], first["indicator_id"]) == ("XA11", "D1")
    assert first["reciprocal_in"] == "D2; D3; D4; D5; D6; D7"
    assert (first["value"], first["teacher_value"], first["difference"]) == (25, 75, 50)
    assert first["match"] == 0.5
    assert first["similarity_basis"].startswith("no reference regions")
    assert first["evidence_items"] == "D1.1; D1.2; D1.3; D1.6"
    assert not first["same_country"]


def test_what_a_transfer_rests_on():
    rows, evidence = pair_of_regions()
    practices = pa.Table.from_pylist(
        [{"register": "open", "id": "p1", "geo": "XA11", "dimension": "D1", "domains": ""}],
        schema=PRACTICES,
    )
    # a third region, so that there is a front to be behind
    rows += region("XC11", 3)
    of = assessed(rows, evidence + documents("XC11"))
    found = action_table(of, load(), Beside(practices=practices)).to_pylist()
    mine = [r for r in found if r["geo"] == "XB11"]
    assert [r["place"] for r in mine] == list(range(1, len(mine) + 1))
    assert {(r["kind"], r["dimension"]) for r in mine} == {("transfer", "D1")}
    first = mine[0]
    assert first["gap_basis"] == "named comparators"
    assert first["gap"] == first["priority"] == 50
    assert first["teacher"] == "XA11"
    assert first["practices"] == "open p1"
    assert "50.0 points ahead" in first["reason"]
    assert "XA11 has 75.0 in D1" in first["reason"]


def test_actions_name_evidence_to_gather_and_dialogue_to_hold():
    above = "P: 4 4 4 4, I: 4 4 4 4, C: 1 1 1 1, B: 1 1 1 1, R: 2 2 2"
    of = assessed(list(full("XA11", above)))
    found = action_table(of, load(), Beside()).to_pylist()
    first = {r["kind"]: r for r in found if r["indicator_id"] == "D1.1"}
    assert set(first) == {"evidence", "dialogue"}
    assert first["evidence"]["cpr"] == "2; 4"
    assert first["evidence"]["value_raw"] > first["evidence"]["value"]
    assert first["dialogue"]["perception_gap"] == 75
    assert first["dialogue"]["reason"] == "Providers rate it 75.0 points higher than users."
    assert first["dialogue"]["priority"] is None  # there is nobody to be behind


def test_order_of_actions_follows_weight_times_gap():
    rows = region("XA11", 2, IN_D1) + region("XB11", 1) + region("XC11", 3)
    of = assessed(rows, documents("XA11", "XB11", "XC11"))
    for geo in ("XA11", "XB11"):
        found = action_table(of, load(), Beside()).to_pylist()
        order = [r["priority"] for r in found if r["geo"] == geo]
        assert order == sorted(order, reverse=True)


def test_a_radar_has_region_peers_and_front_with_their_gaps():
    rows = [row for n in range(16) for row in region(f"X{n:03d}", n % 5)]
    names = tuple(f"X{n:03d}" for n in range(16))
    member = np.zeros((16, 16), bool)
    member[0, [1, 2, 3]] = True
    structure = Structure(names, np.full((16, 16), 0.5), member)
    of = assessed(rows, documents(*names), structure)
    d1 = [r for r in dimension_table(of, load()).to_pylist() if r["indicator_id"] == "D1"]
    first = d1[0]
    assert (first["value"], first["peer_value"], first["peer_gap"], first["peers"]) == (
        0,
        50,
        50,
        3,
    )
    assert (first["frontier_value"], first["frontier_basis"]) == (100, "frontrunners")
    assert first["frontier_regions"] == "X004; X009; X014"
    assert (first["rank"], first["n_compared"], d1[4]["rank"]) == (13, 16, 1)
    assert d1[1]["peer_value"] is None
    for row in d1:
        assert row["interval_low"] <= row["value"] <= row["interval_high"]
        assert row["rank_low"] <= row["rank"] <= row["rank_high"]
    gaps = gap_table(of, load()).to_pylist()
    mine = {r["kind"]: r for r in gaps if (r["geo"], r["indicator_id"]) == ("X000", "D1")}
    assert {kind: r["value"] for kind, r in mine.items()} == {"frontrunners": 100, "peers": 50}
    assert mine["peers"]["comparator"] == "X001; X002; X003"
    assert mine["peers"]["probability"] == 1


def test_regions_that_are_equal_have_equal_bounds_of_ranks():
    """Ties of a draw share the better rank: the order of codes decides nothing."""
    rows = [row for n in range(16) for row in region(f"X{n:03d}", n % 2)]
    found = dimension_table(assessed(rows), load()).to_pylist()
    ranks = {
        (r["value"], r["rank"], r["rank_low"], r["rank_high"])
        for r in found
        if r["indicator_id"] == "D1"
    }
    assert ranks == {(25, 1, 1, 1), (0, 9, 9, 9)}


def test_below_fifteen_regions_nobody_is_ranked_and_comparators_have_rows():
    rows = [row for n in range(4) for row in region(f"X{n:03d}", n)]
    of = assessed(rows, documents("X001", "X002", "X003"))
    found = dimension_table(of, load()).to_pylist()
    assert all(r["rank"] is None and not r["rankable"] for r in found)
    assert found[0]["frontier_basis"] == "named comparators"
    gaps = [r for r in gap_table(of, load()).to_pylist() if r["kind"] == "region"]
    mine = {
        r["comparator"]: r["value"] for r in gaps if (r["geo"], r["indicator_id"]) == ("X000", "ST")
    }
    assert mine == {"X001": 25, "X002": 50, "X003": 75}


def test_domain_teachers_come_from_the_map_of_domains():
    cells = pa.Table.from_pylist(
        [
            {"geo": geo, "domain": "digital", "cell": cell, "priority": priority, "p_strength": p}
            for geo, cell, priority, p in (
                ("XA11", "bare aspiration", True, 0.1),
                ("XA12", "supported strength", True, 1.0),
                ("XB11", "supported strength", True, 0.8),
                ("XC11", "unsupported strength", True, 0.9),
            )
        ],
        schema=CELLS,
    )
    of = assessed(region("XA11", 1) + region("XZ11", 1))
    beside = Beside(cells=cells, domains={"digital": "Digital industries"})
    (row,) = teacher_table(of, load(), beside).to_pylist()
    assert (row["kind"], row["teacher"], row["indicator_id"]) == ("domain", "XA12", "digital")
    assert row["title"] == "Digital industries"
    assert (row["learner_cell"], row["shared_domains"]) == ("bare aspiration", "digital")
    assert (row["same_country"], row["probability"], row["match"]) == (True, 1, 1)


def test_twins_bring_item_and_indicator_together():
    registry = pa.table(
        {
            "indicator_id": ["C-07"] * 3 + ["C-03"] * 2,
            "geo": ["XA11", "XB11", "XC11", "XA11", "XB11"],
            "title": ["Quality index"] * 3 + ["Median members"] * 2,
            "value": [0.25, 0.5, 1.0, None, 12.0],
            "missing_because": [None] * 3 + ["no organisation tells", None],
            "not_rankable_because": ["registers do not list all"] * 5,
        }
    )
    of = assessed(region("XA11", 4) + region("XB11", 2))
    found = {
        (r["geo"], r["indicator_id"]): r
        for r in twin_table(of, load(), Beside(indicators=[registry])).to_pylist()
    }
    assert len(found) == 14
    row = found["XA11", "D6.3"]
    assert (row["twin_percentile"], row["label"], row["n_compared"]) == (0, "over-rated", 3)
    assert row["caution"] == "registers do not list all"
    assert found["XB11", "D6.3"]["label"] == "inconclusive"
    nothing = found["XA11", "D6.4"]
    assert nothing["missing_because"] == "C-03 has no value here: no organisation tells"
    assert nothing["caution"] is None  # there is nothing to be careful with
    assert found["XA11", "D6.6"]["missing_because"] == "B-14 has no value here"
    assert found["XA11", "D6.6"]["label"] is None


# Waves


def waves(before, after, *, version="2026.1", mappings=(), nuts="2024"):
    answers = pa.concat_tables(
        [
            answers_table(before, wave=2026, version=version, nuts=nuts),
            answers_table(after, wave=2028),
        ]
    )
    method = METHOD.model_copy(update={"mappings": tuple(mappings)})
    found = stresstest_tables(answers, evidence_table([]), load(), method, Beside())
    return {r["indicator_id"]: r for r in found["stresstest_change"].to_pylist()}


def test_change_is_reported_where_the_interval_leaves_out_zero():
    found = waves(region("XA11", 1), region("XA11", 1, IN_D1))
    assert (found["D1.4"]["value"], found["D1.4"]["value_before"]) == (25, 25)
    assert found["D1.4"]["reported"]
    assert (found["D1"]["level"], found["D1"]["from_year"], found["D1"]["ref_year"]) == (
        "dimension",
        2026,
        2028,
    )
    same = waves(region("XA11", 1), region("XA11", 1))
    assert not any(r["reported"] for r in same.values())
    assert all(r["value"] is None for r in same.values())
    assert "zero" in same["D1.4"]["not_reported_because"]


def test_a_wave_under_another_questionnaire_needs_a_mapping():
    mapped = Mapping(earlier="2025.1", later="2026.1", items={"D1.4": "D1.1", "D1.1": "D1.4"})
    before = [row for row in region("XA11", 1, IN_D1) if row[2] in {"D1.1", "D1.4"}]
    without = waves(before, region("XA11", 1), version="2025.1")
    assert {r["not_reported_because"] for r in without.values()} == {
        "questionnaire 2025.1 is not mapped to 2026.1"
    }
    found = waves(before, region("XA11", 1), version="2025.1", mappings=[mapped])
    assert found["D1.4"]["value"] == -25
    assert found["D1.5"]["not_reported_because"] == "it has no score in one of the waves"


def test_documents_follow_the_items_of_their_questionnaire():
    """What was D1.4 then is D1.1 now: a document for it lifts the cap of D1.1, not of D1.4."""
    mapped = Mapping(earlier="2025.1", later="2026.1", items={"D1.4": "D1.1", "D1.1": "D1.4"})
    method = METHOD.model_copy(update={"mappings": (mapped,)})
    rows = [row for row in region("XA11", 4) if row[2] in {"D1.1", "D1.4"}]
    found = survey_of(
        answers_table(rows, version="2025.1"),
        evidence_table([("XA11", "D1.4", 2, "Plan"), ("XA11", "D1.2", 3, "Dropped since")]),
        load(),
        method,
    )
    assert found.grade[0, PLAN.items.index("D1.1")] == 2
    assert found.grade.sum() == found.documents.sum() * 2 == 2
    mixed = pa.concat_tables(
        [answers_table(rows, version="2025.1"), answers_table(region("XA11", 2))]
    )
    documents_ = evidence_table([("XA11", "D1.4", 2, "Plan")])
    assert not survey_of(mixed, documents_, load(), method).grade.any()  # which of the two?


def test_the_interval_of_a_change_tells_nothing_of_a_small_group():
    small = "P: {0} {0} {0}, I: {0} {0} {0}, C: {0} {0} {0}, B: {0}, R: {0}"
    before, after = (list(full("XA11", small.format(level))) for level in (1, 3))
    found = waves(before, after)
    assert found["D1.4"]["reported"]
    assert found["D1.4"]["value"] == 50
    assert found["D1.4"]["interval_low"] is found["D1.4"]["interval_high"] is None
    assert found["D2.3"]["interval_low"] == 25  # capped; of P and I only: nobody is hidden
    assert found["D1"]["interval_low"] is not None
    few = waves(list(full("XA11", "P: 1 1 1, C: 1 1 1")), list(full("XA11", "P: 3 3 3, C: 3 3 3")))
    assert few["D1"]["reported"]
    assert few["D1"]["interval_low"] is None


def test_waves_of_another_scale_or_nuts_version_are_not_compared():
    items = {item: item for item in PLAN.items}
    changed = Mapping(earlier="2025.1", later="2026.1", items=items, scale_changed=True)
    found = waves(region("XA11", 1), region("XA11", 3), version="2025.1", mappings=[changed])
    assert not any(r["reported"] for r in found.values())
    assert "another scale" in found["ST"]["not_reported_because"]
    other = waves(region("XA11", 1), region("XA11", 3), nuts="2021")
    assert not any(r["reported"] for r in other.values())
    assert "NUTS" in other["D1.1"]["not_reported_because"]


def test_two_items_cannot_become_one():
    with pytest.raises(ValueError, match="become the same"):
        Mapping(earlier="2025.1", later="2026.1", items={"D1.1": "D1.1", "D1.2": "D1.1"})
