"""Surveys as they should not be: scored, pooled or withheld with a reason, never a silent zero."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3etl.errors import CatalogueError
from s3etl.stresstest.answers import ANSWERS, EVIDENCE
from s3etl.stresstest.beside import Beside
from s3etl.stresstest.method import COVERED, FILE, StressTestMethod, load_method
from s3etl.stresstest.profile import stresstest_tables
from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.tables import TABLES
from tests.stresstest_world import PLAN, answers_table, evidence_table, full, spelt

METHOD = load_method().model_copy(update={"draws": 100, "permutations": 100})


def tables(rows, evidence=(), **kwargs):
    answers = rows if isinstance(rows, pa.Table) else answers_table(rows, **kwargs)
    found = stresstest_tables(answers, evidence_table(evidence), load(), METHOD, Beside())
    assert {name: t.schema for name, t in found.items()} == TABLES
    return {name: table.to_pylist() for name, table in found.items()}


def only(rows, **wanted):
    return [r for r in rows if all(r[name] == value for name, value in wanted.items())]


def no_silent_zero(found):
    """Every row without a figure says why; every row with one says nothing of the kind."""
    for name in ("stresstest_item", "stresstest_dimension", "stresstest_direction"):
        for row in found[name]:
            assert (row["value"] is None) == bool(row["missing_because"]), row
            told = row["value"] is not None and row["interval_quality"] != "withheld"
            assert (row["interval_low"] is not None) == told, row
    for row in found["stresstest_twin"]:
        assert (row["label"] is None) == bool(row["missing_because"]), row
    for row in found["stresstest_change"]:
        assert row["reported"] != bool(row["not_reported_because"]), row


NORMAL = "P: 1 2 3, I: 2 2 3, C: 3 3 4, B: 1 1 2, R: 2 2 2"


def test_nobody_answered():
    found = tables(ANSWERS.empty_table())
    assert not any(found.values())


def test_evidence_without_answers_is_no_region():
    found = tables(ANSWERS.empty_table(), [("XA11", "D1.1", 2, "Plan")])
    assert not any(found.values())


def test_a_region_with_two_answers_is_withheld():
    found = tables([("XA11", "P1", "D1.1", 4), ("XA11", "C1", "D1.1", 4)])
    no_silent_zero(found)
    assert {r["obs_status"] for r in found["stresstest_item"]} == {"Q"}
    assert {r["conf_status"] for r in found["stresstest_dimension"]} == {"C"}
    assert not found["stresstest_group"]
    assert not found["stresstest_action"]


def test_a_group_with_one_respondent_is_pooled_and_its_interval_indicative():
    found = tables(full("XA11", "P: 1 2 3, I: 2 2 3, C: 3 3 4, B: 1"))
    no_silent_zero(found)
    cells = only(found["stresstest_group"], indicator_id="D1.1")
    assert [r["shown_as"] for r in cells] == ["C", "I", "P+B"]
    (row,) = only(found["stresstest_item"], indicator_id="D1.1")
    assert (row["interval_quality"], row["obs_status"]) == ("withheld", "U")
    (row,) = only(found["stresstest_dimension"], indicator_id="D1")
    assert (row["interval_quality"], row["obs_status"]) == ("indicative", "U")
    assert row["interval_coverage"] == METHOD.coverage["dimension"][1]


def test_a_dimension_nobody_can_judge_has_no_score_and_the_others_have():
    rows = [
        (region, who, item, "DK" if item.startswith("D2") else answer)
        for region, who, item, answer in full("XA11", NORMAL)
    ]
    found = tables(rows)
    no_silent_zero(found)
    values = {r["indicator_id"]: r["value"] for r in found["stresstest_dimension"]}
    assert values["D2"] is None
    assert values["D1"] is not None
    assert values["ST"] is not None
    (row,) = only(found["stresstest_item"], indicator_id="D2.1")
    assert (row["missing_because"], row["dk_share"]) == ("more than half cannot judge it", 1)


def test_everybody_says_not_applicable():
    found = tables([(r, w, i, "NA") for r, w, i, _ in full("XA11", NORMAL)])
    no_silent_zero(found)
    assert {r["obs_status"] for r in found["stresstest_item"]} == {"M"}
    assert {r["missing_because"] for r in found["stresstest_dimension"][:7]} == {"not applicable"}
    assert {r["na_share"] for r in found["stresstest_item"]} == {1}


def test_zero_is_a_score_when_it_was_given():
    found = tables(full("XA11", "P: 0 0 0, I: 0 0 0, C: 0 0 0, B: 0 0 0, R: 0 0 0"))
    no_silent_zero(found)
    assert {r["value"] for r in found["stresstest_item"]} == {0}
    (row,) = only(found["stresstest_direction"], indicator_id="BALANCE")
    assert (row["value"], row["missing_because"]) == (None, "both directions are 0")


def test_of_one_document_with_two_grades_the_lower_counts_and_the_table_says_so():
    evidence = [("XA11", "D1.1", 3, "Plan"), ("XA11", "D1.1", 1, "Plan")]
    (row,) = only(tables(full("XA11", NORMAL), evidence)["stresstest_item"], indicator_id="D1.1")
    assert (row["evidence_grade"], row["evidence_documents"]) == (1, 0)
    assert "two grades" in row["evidence_note"]
    both = [*evidence, ("XA11", "D1.1", 2, "Report")]
    (row,) = only(tables(full("XA11", NORMAL), both)["stresstest_item"], indicator_id="D1.1")
    assert (row["evidence_grade"], row["evidence_documents"]) == (2, 1)


def test_answers_under_a_questionnaire_nobody_mapped_are_not_scored():
    found = tables(full("XA11", NORMAL), version="2019.3")
    no_silent_zero(found)
    reasons = {r["missing_because"] for r in found["stresstest_item"]}
    assert reasons == {"questionnaire 2019.3 is not mapped to 2026.1"}
    assert {r["questionnaire"] for r in found["stresstest_item"]} == {"2019.3"}
    assert not found["stresstest_group"]


def test_two_questionnaires_in_one_wave_withhold_it():
    there = list(full("XA11", NORMAL))
    mixed = pa.concat_tables(
        [answers_table(there[:300]), answers_table(there[300:], version="2019.3")]
    )
    found = tables(mixed)
    no_silent_zero(found)
    assert all(r["value"] is None for r in found["stresstest_item"])
    assert {r["questionnaire"] for r in found["stresstest_item"]} == {"2019.3; 2026.1"}


def test_answers_of_groups_that_were_not_asked_do_not_count():
    found = tables([*full("XA11", NORMAL), *spelt("B: 4 4 4, C: 4 4", item="D2.1")])
    (row,) = only(found["stresstest_item"], indicator_id="D2.1")
    assert (row["answers"], row["answering_groups"]) == (9, 3)


def test_one_region_and_no_other_is_a_profile_without_gaps():
    found = tables(full("XA11", NORMAL))
    no_silent_zero(found)
    assert not found["stresstest_gap"]
    assert not found["stresstest_teacher"]
    assert {r["peer_value"] for r in found["stresstest_dimension"]} == {None}


def test_rows_with_a_problem_do_not_count():
    rows = answers_table(full("XA11", NORMAL))
    place = rows.schema.get_field_index("problem")
    spoilt = rows.set_column(place, rows.schema.field(place), pa.array(["?"] * rows.num_rows))
    assert not any(tables(spoilt).values())
    evidence = evidence_table([("XA11", "D1.1", 3, "Plan")])
    place = EVIDENCE.get_field_index("problem")
    evidence = evidence.set_column(place, EVIDENCE.field(place), pa.array(["?"]))
    found = stresstest_tables(rows, evidence, load(), METHOD, Beside())["stresstest_item"]
    assert set(found.column("evidence_grade").to_pylist()) == {0}


SAID = st.sampled_from([0, 1, 2, 3, 4, "DK", "NA"])
PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["XA11", "XA12", "XB11"]),
        st.sampled_from([f"{g}{n}" for g in "PICBR" for n in range(4)]),
        st.sampled_from(PLAN.items[:8]),
        SAID,
    ),
    max_size=60,
    unique_by=lambda row: row[:3],
)


@settings(max_examples=40, deadline=None)
@given(PEOPLE)
def test_whatever_is_answered_every_row_has_a_figure_or_a_reason(rows):
    found = tables(rows)
    no_silent_zero(found)
    regions = {row[0] for row in rows}
    assert len(found["stresstest_item"]) == len(PLAN.items) * len(regions)
    for row in found["stresstest_item"]:
        if row["interval_low"] is not None:
            assert 0 <= row["interval_low"] <= row["value"] <= row["interval_high"] <= 100
    assert all(r["answers"] >= 3 for r in found["stresstest_group"])


def test_no_column_can_hold_a_person_or_a_text_of_the_survey():
    restricted = {"respondent", "answer", "state", "reason_given", "date", "link", "file", "cell"}
    assert restricted <= {*ANSWERS.names, *EVIDENCE.names}
    for name, schema in TABLES.items():
        assert not restricted & set(schema.names), name
        assert all(field.metadata[b"is"] for field in schema), name


def test_a_method_that_contradicts_itself_is_refused():
    good = load_method().model_dump()
    for wrong in (
        {"users": "PC"},
        {"interval": (95, 5)},
        {"twins": {}},
        {"coverage": {"item": {1: 0.5, 8: 0.9}}},
        {"coverage": {kind: {2: 0.5} for kind in COVERED}},
        {"least_answers": 2},
    ):
        with pytest.raises(ValueError, match=r".+"):
            StressTestMethod.model_validate({**good, **wrong})
    assert load_method(FILE) is load_method(FILE)
    with pytest.raises((CatalogueError, FileNotFoundError)):
        load_method(FILE.with_name("nothing.yaml"))
