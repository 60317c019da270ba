"""Nobody can solve published tables for what fewer than three respondents said (2.4-10).

The opponent knows every rule, reads every table, and goes through all medians there could be.
What is left to it, and cannot be otherwise: a pool at an end of the scale.
"""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3etl.stresstest.actions import action_table
from s3etl.stresstest.assessment import assess
from s3etl.stresstest.beside import Beside
from s3etl.stresstest.gap_table import gap_table
from s3etl.stresstest.item_tables import group_table, item_table
from s3etl.stresstest.method import load_method
from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.score_tables import dimension_table
from s3etl.stresstest.survey import survey_of
from tests.stresstest_attack import solved
from tests.stresstest_world import PLAN, answers_table, evidence_table, full, spelt

METHOD = load_method().model_copy(update={"draws": 100, "permutations": 100})
NONE = evidence_table([])


def assessed(rows, evidence=NONE):
    survey = survey_of(answers_table(rows), evidence, load(), METHOD)
    return assess(survey, PLAN, METHOD)


ANSWERS = st.lists(st.integers(0, 4), max_size=4)
REGION = st.fixed_dictionaries(dict.fromkeys("PICBR", ANSWERS)).filter(
    lambda groups: sum(map(len, groups.values())) >= 3
)
DIVIDED = {"P": [4] * 2, "I": [4] * 8, "C": [3], "B": [3] * 8, "R": []}
"""Agencies and business know what they said themselves: 25 points apart and 3.5 for C together."""


@settings(max_examples=60, deadline=None)
@example({"P": [4, 3, 2], "I": [1, 1, 2], "C": [0, 4, 4], "B": [2], "R": [2, 2]}, 0)
@example({"P": [4, 3, 2], "I": [1, 1, 2], "C": [3], "B": [2, 2, 2], "R": [0]}, 2)
@example(DIVIDED, 2)
@given(REGION, st.sampled_from([0, 2]))
def test_no_small_group_can_be_solved_for(groups, grade):
    of = assessed(
        [("XA11", f"{g}{n}", "D1.1", a) for g, said in groups.items() for n, a in enumerate(said)],
        evidence_table([("XA11", "D1.1", grade, "Plan")] if grade else []),
    )
    row = next(r for r in item_table(of, load()).to_pylist() if r["indicator_id"] == "D1.1")
    cells = {
        r["shown_as"]: (r["value"], r["answers"])
        for r in group_table(of, load()).to_pylist()
        if r["indicator_id"] == "D1.1"
    }
    sizes = {g: len(said) for g, said in groups.items() if said}
    found = solved(row, cells)
    hidden = [g for g in sizes if g not in cells]
    truth = {g: 25 * float(np.median(said)) for g, said in groups.items() if said}
    assert all(truth[g] in found[g] for g in sizes)
    ends = {np.mean([truth[g] for g in hidden])} & {0.0, 100.0} if hidden else set()
    for group in hidden:
        if sizes[group] < 3:
            assert len(found[group]) > 1 or ends


def test_a_pool_adds_nothing_to_the_item_score():
    """Its value is the mean of its medians, and the item score the mean of all."""
    of = assessed(spelt("P: 4 3 2, I: 1 1 2, C: 0 4 4, B: 3, R: 2 2", item="D1.5"))
    rows = [r for r in group_table(of, load()).to_pylist() if r["indicator_id"] == "D1.5"]
    assert {r["shown_as"]: r["value"] for r in rows} == {"P": 75, "I": 25, "C": 100, "B+R": 62.5}
    assert [r["answers"] for r in rows if r["shown_as"] == "B+R"] == [3]
    score = sum(r["value"] * len(r["shown_as"].split("+")) for r in rows) / 5
    item = next(r for r in item_table(of, load()).to_pylist() if r["indicator_id"] == "D1.5")
    assert item["value"] == score


def test_with_a_small_group_hidden_only_the_capped_score_is_shown():
    """B and R said 50 both, or 25 and 75: raw scores are alike, capped ones are not."""
    of = assessed(full("XA11", "P: 4 3 2, I: 1 1 2, C: 0 4 4, B: 2, R: 2 2"))
    rows = {r["indicator_id"]: r for r in item_table(of, load()).to_pylist()}
    assert rows["D1.1"]["value"] is not None
    assert rows["D1.1"]["value_raw"] is rows["D1.1"]["evidence_capped"] is None
    assert rows["D1.5"]["value_raw"] == rows["D1.5"]["value"]  # asks for no document
    assert rows["D2.1"]["value_raw"] is None  # P, I and R
    assert rows["D2.3"]["value_raw"] is not None  # P and I only
    totals = {r["indicator_id"]: r for r in dimension_table(of, load()).to_pylist()}
    assert totals["D1"]["value_raw"] is None
    assert totals["D6"]["value_raw"] is not None
    assert totals["ST"]["value_raw"] is None
    called = action_table(of, load(), Beside()).to_pylist()
    evidence = [a for a in called if a["kind"] == "evidence" and a["indicator_id"] == "D1.1"]
    assert evidence[0]["value_raw"] is None
    assert evidence[0]["reason"].startswith("The score is")


def test_whether_an_action_is_called_for_does_not_tell_whether_the_cap_bites():
    low = assessed(full("XA11", "P: 0 1 0, I: 1 0 0, C: 0 0 1, B: 1, R: 0 1"))
    called = {
        a["indicator_id"]
        for a in action_table(low, load(), Beside()).to_pylist()
        if a["kind"] == "evidence"
    }
    assert "D1.1" in called
    assert "D2.3" not in called  # nobody is hidden, and nothing is lowered


GAPS = """
# answers                                     | gap  | range and consensus
P: 1 1 1, I: 2 2 2, C: 3 3 3, B: 0 0 0        | yes  | yes
P: 1 1 1, I: 2 2 2, C: 3 3, B: 0              | yes  | no   # both hidden ones are users
P: 1 1, I: 2, C: 3 3 3, B: 0 0 0              | yes  | no   # both are providers
P: 1 1, I: 2 2 2 2, C: 3, B: 0 0 0            | no   | no   # one of each
P: 1 1 1, I: 2 2 2, C: 3 3 3, B: 0 0 0, R: 1  | no   | no   # research and one of a side
"""


@pytest.mark.parametrize("line", GAPS.strip().splitlines()[1:])
def test_when_a_gap_is_shown(line):
    text, gap, others = (part.strip() for part in line.split("#")[0].split("|"))
    of = assessed(spelt(text, item="D1.5"))
    row = next(r for r in item_table(of, load()).to_pylist() if r["indicator_id"] == "D1.5")
    assert (row["perception_gap"] is not None) == (gap == "yes")
    assert (row["perception_range"] is not None) == (others == "yes")
    assert (row["consensus"] is not None) == (others == "yes")
    assert bool(row["perception_because"]) == (others == "no")


def test_of_two_respondents_nothing_is_told_but_that_they_are_too_few():
    of = assessed(full("XA11", "P: 4, I: DK"))
    for row in item_table(of, load()).to_pylist():
        assert row["missing_because"].startswith("withheld")
        assert (row["obs_status"], row["conf_status"]) == ("Q", "C")
        for name in ("value", "value_raw", "answers", "dk_share", "na_share", "consensus"):
            assert row[name] is None, name
    assert group_table(of, load()).num_rows == 0


def test_where_a_gap_is_not_told_neither_is_that_it_is_large():
    """That Δ is 25 or more, and the score, tell what C, who is one person, said."""
    rows = [
        ("XA11", f"{g}{n}", "D1.5", a) for g, said in DIVIDED.items() for n, a in enumerate(said)
    ]
    of = assessed(rows)
    place = PLAN.items.index("D1.5")
    assert of.perception.flagged[0, place]
    assert not of.shown.gap[0, place]
    row = item_table(of, load()).to_pylist()[place]
    assert row["perception_flag"] is row["perception_p"] is row["perception_q"] is None
    assert "would tell" in row["perception_because"]
    assert not action_table(of, load(), Beside()).num_rows


SMALL = st.integers(1, 2).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n)] * 2)
)
LARGE = st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=9), min_size=3, max_size=3)


@settings(max_examples=60, deadline=None)
@example("PC", ([0], [4]), [[4] * 5, [0] * 5, [2] * 3])
@example("PI", ([0, 4], [2, 2]), [[4] * 5, [0] * 5, [2] * 3])
@given(st.sampled_from(["PI", "PC", "IB", "CB", "BR", "PR"]), SMALL, LARGE)
def test_tables_are_the_same_whichever_of_two_small_groups_said_it(small, said, large):
    """Intervals, flags, tests and actions of an item, too: nobody can tell them apart."""
    others = dict(zip([g for g in "PICBR" if g not in small], large, strict=True))
    tables = []
    for answers in (said, said[::-1]):
        groups = others | dict(zip(small, answers, strict=True))
        of = assessed(
            [("XA11", f"{g}{n}", "D1.5", a) for g in groups for n, a in enumerate(groups[g])]
        )
        tables.append(
            (item_table(of, load()), group_table(of, load()), action_table(of, load(), Beside()))
        )
    assert tables[0] == tables[1]


def test_intervals_of_items_with_a_hidden_group_are_withheld():
    of = assessed(full("XA11", "P: 4 3 2, I: 1 1 2, C: 0 4 4, B: 2, R: 2 2"))
    for row in item_table(of, load()).to_pylist():
        hidden = row["perception_range"] is None
        assert (row["interval_low"] is None) == (row["interval_high"] is None) == hidden
        assert row["interval_quality"] == ("withheld" if hidden else "indicative")
        assert row["obs_status"] == "U"
        if not hidden:
            assert row["interval_low"] <= row["value"] <= row["interval_high"]


def test_bounds_of_a_region_of_few_are_coarse_and_of_its_gaps_not_told():
    rows = list(full("XA11", "P: 4 3 2, I: 1 2, C: 3, R: 2"))
    of = assessed(rows + list(full("XB11", "P: 3 3 3, I: 3 3 3, C: 3 3 3")))
    mine = [r for r in dimension_table(of, load()).to_pylist() if r["geo"] == "XA11"]
    assert all(r["interval_low"] % 5 == r["interval_high"] % 5 == 0 for r in mine)
    gaps = gap_table(of, load()).to_pylist()
    assert {r["interval_low"] for r in gaps if r["geo"] == "XA11"} <= {None}


def test_sizes_of_one_and_two_have_the_same_coverage():
    one, two = (
        assessed(full("XA11", f"P: 4 3 2, I: 1 1 2, C: 0 4 4, B: 2 2, R: {r}"))
        for r in ("1", "1 2")
    )
    shown = [
        {r["interval_coverage"] for r in dimension_table(of, load()).to_pylist() if r["value"]}
        for of in (one, two)
    ]
    assert shown[0] == shown[1]
    assert METHOD.coverage["dimension"][1] in shown[0]
