"""Scores of the StressTest, read as definitions, and as laws (methodology 2.4)."""

import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3etl.stresstest import scoring
from s3etl.stresstest.assessment import assess
from s3etl.stresstest.beside import Beside
from s3etl.stresstest.columns import signed
from s3etl.stresstest.consensus import consensus
from s3etl.stresstest.item_tables import item_table
from s3etl.stresstest.method import load_method
from s3etl.stresstest.profile import stresstest_tables
from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.scoring import median_of_votes, votes
from s3etl.stresstest.survey import survey_of
from tests.stresstest_world import PLAN, answers_table, evidence_table, full, spelt

METHOD = load_method().model_copy(update={"draws": 100, "permutations": 100})
NONE = evidence_table([])


def assessed(rows, evidence=NONE):
    return assess(survey_of(answers_table(rows), evidence, load(), METHOD), PLAN, METHOD)


def item(of, name="D1.1", unit=0):
    row = item_table(of, load()).to_pylist()
    return next(r for r in row if r["indicator_id"] == name and r["geo"] == of.survey.geo[unit])


GOLDEN = "P: 4 3, I: 3, C: 1 2 1, B: 1 DK"


def test_the_golden_example():
    of = assessed(spelt(GOLDEN))
    np.testing.assert_array_equal(of.items.raw_median[0, :, 0], [87.5, 75, 25, 25, np.nan])
    assert of.items.raw[0, 0] == 53.125
    assert of.items.score[0, 0] == 37.5
    assert of.items.unsure[0, 0] == 1 / 8
    assert of.perception.gap[0, 0] == 56.25
    assert of.perception.spread[0, 0] == 62.5
    assert of.consensus[0, 0] == pytest.approx(0.5509, abs=5e-5)


def test_a_document_lifts_the_cap():
    of = assessed(spelt(GOLDEN), evidence_table([("XA11", "D1.1", 2, "Plan")]))
    assert of.items.score[0, 0] == 53.125
    assert assessed(spelt(GOLDEN), evidence_table([("XA11", "D1.1", 1, "Plan")])).items.score[
        0, 0
    ] == pytest.approx(37.5)


def test_what_asks_for_no_document_is_not_capped():
    of = assessed(spelt("P: 4 4 4, I: 4, C: 4", item="D1.4"))
    assert item(of, "D1.4")["value"] == 100


VALIDITY = """
# answers                    | score | why not
P: 3 3, C: 1                 | 37.5  |
P: 3 3 3                     |       | valid answers of fewer than 2 groups
P: 3, C: 1                   |       | withheld: fewer than three respondents in all
P: 3, C: 1, B: DK            |       | fewer than 3 valid answers
P: 3 3, C: 1, B: DK DK DK    | 37.5  |
P: 3 3, C: 1, B: DK DK DK DK |       | more than half cannot judge it
P: 3 3, C: 1, B: NA NA NA NA | 37.5  |
P: NA, C: NA NA              |       | not applicable, most say
P: DK, C: DK DK              |       | more than half cannot judge it
"""


def validity():
    for line in VALIDITY.strip().splitlines()[1:]:
        text, score, why = (part.strip() for part in line.split("|"))
        yield pytest.param(text, float(score) if score else None, why or None, id=text)


@pytest.mark.parametrize(("text", "score", "why"), list(validity()))
def test_when_an_item_is_scored(text, score, why):
    row = item(assessed(spelt(text)))
    assert (row["value"], row["missing_because"]) == (score, why)


def test_na_leaves_the_weight_base_and_dk_does_not():
    """Of six items three are scored: half of the weight, but all of it once three are NA."""
    scored = [row for row in full("XA11", "P: 2 2, I: 2, C: 2") if row[2] in PLAN.items[:3]]
    others = {"NA": 1.0, "DK": 0.5}
    for state, coverage in others.items():
        rest = [(g, w, i, state) for g, w, i, _ in full("XA11", "P: 2 2, I: 2, C: 2")
                if i in PLAN.items[3:6]]  # fmt: skip
        of = assessed(scored + rest)
        assert of.scores.dimension.coverage[0, 0] == pytest.approx(coverage)
        assert np.isfinite(of.scores.dimension.score[0, 0]) == (coverage >= 0.6)


def test_overall_needs_five_dimensions_and_the_first_and_third():
    scores = np.full((3, 7), 40.0)
    scores[0, 5:] = np.nan
    scores[1, 4:] = np.nan
    scores[2, 2] = np.nan
    found = scoring.overall(scores, PLAN, METHOD)
    np.testing.assert_array_equal(found.mean, [40, np.nan, np.nan])
    np.testing.assert_allclose(found.geometric, [40, np.nan, np.nan])


def test_weakest_link_and_geometric_mean():
    scores = np.array([[0.0, 50, 50, 50, 50, 50, 50]])
    found = scoring.overall(scores, PLAN, METHOD)
    assert (found.weakest[0], found.weakest_at[0]) == (0, 0)
    assert found.geometric[0] == pytest.approx(50 ** (6 / 7))  # a zero counts as 1
    assert found.mean[0] == pytest.approx(300 / 7)


def test_balance():
    assert scoring.balance_of(np.array(60.0), np.array(20.0)) == pytest.approx(0.5)
    assert np.isnan(scoring.balance_of(np.array(0.0), np.array(0.0)))


# Laws

LEVELS = st.lists(st.integers(0, 4), min_size=1, max_size=12)
REPLIES = st.lists(st.sampled_from([0, 1, 2, 3, 4, "DK", "NA"]), max_size=6)
GROUPS = st.fixed_dictionaries(dict.fromkeys("PICBR", REPLIES)).filter(lambda g: any(g.values()))


def rows(groups, name="D1.1", region="XA11"):
    return [(region, f"{g}{n}", name, a) for g, of in groups.items() for n, a in enumerate(of)]


@given(LEVELS, st.integers(1, 4))
def test_a_median_is_a_sum_of_majorities(levels, cap):
    cast = votes(np.array(levels, np.int8)[:, None]).sum(axis=0, dtype=int)
    assert median_of_votes(cast)[0] == 25 * np.median(levels)
    assert median_of_votes(cast, np.array([cap]))[0] == 25 * np.median(np.minimum(levels, cap))


@given(LEVELS.filter(lambda levels: len(levels) % 2 == 1))
def test_one_more_like_the_median_never_moves_it(levels):
    more = [*levels, int(np.median(levels))]
    assert np.median(more) == np.median(levels)
    cast = votes(np.array(more, np.int8)[:, None]).sum(axis=0, dtype=int)
    assert median_of_votes(cast)[0] == 25 * np.median(levels)


@settings(max_examples=15, deadline=None)
@given(GROUPS, st.randoms(use_true_random=False))
def test_order_and_names_of_respondents_change_nothing(groups, random):
    there = rows(groups) + list(full("XB11", "P: 1 3 2, I: 2 0, C: 3 3 4, B: 2 2 1"))
    shuffled = list(there)
    random.shuffle(shuffled)
    named = [(region, f"{who}*", name, answer) for region, who, name, answer in shuffled]
    one, two = (
        stresstest_tables(answers_table(of), NONE, load(), METHOD, Beside())
        for of in (there, named)
    )
    assert one == two


@settings(max_examples=30, deadline=None)
@given(GROUPS)
def test_capping_never_raises_and_dk_counts_nowhere(groups):
    of = assessed(rows(groups))
    there = of.items.scored
    assert (of.items.score <= of.items.raw)[there].all()
    without = {g: [a for a in answers if a not in {"DK", "NA"}] for g, answers in groups.items()}
    if any(without.values()):
        again = assessed(rows(without))
        np.testing.assert_array_equal(again.items.raw_median[0, :, 0], of.items.raw_median[0, :, 0])


SHARES = st.lists(st.integers(0, 9), min_size=5, max_size=5).filter(any)


@given(SHARES)
def test_consensus_is_one_only_at_unanimity(weights):
    shares = np.array(weights) / sum(weights)
    found = consensus(shares)
    assert 0 <= found <= 1
    assert (found == 1) == (np.count_nonzero(weights) == 1)
    assert consensus(shares[::-1]) == pytest.approx(found)


def test_half_at_each_end_is_no_consensus():
    assert consensus(np.array([0.5, 0, 0, 0, 0.5])) == 0
    assert np.isnan(consensus(np.full(5, np.nan)))


@given(st.floats(0, 100), st.floats(0, 100))
def test_balance_is_symmetric_and_one_where_both_are_equal(one, two):
    there, back = (
        scoring.balance_of(np.array(a), np.array(b)) for a, b in ((one, two), (two, one))
    )
    np.testing.assert_array_equal(there, back)
    assert np.isnan(there) or 0 <= there <= 1
    if one > 0:
        assert scoring.balance_of(np.array(one), np.array(one)) == 1


def test_groups_count_equally_however_many_answer():
    few = assessed(spelt("P: 4 4 4, C: 0", item="D1.4"))
    many = assessed(spelt("P: 4 4 4, C: " + "0 " * 20, item="D1.4"))
    place = PLAN.items.index("D1.4")
    assert few.items.raw[0, place] == many.items.raw[0, place] == 50


@given(st.lists(st.fractions(0, 100, max_denominator=60), min_size=6, max_size=6))
def test_totals_are_the_same_in_whatever_order_they_are_added_up(scores):
    """What rounding of sums adds in the 15th digit would decide a tie in the third decimal."""
    given = np.full((1, len(PLAN.items)), np.nan)
    given[0, PLAN.dimension == 0] = [float(score) for score in scores]
    found = scoring.totals(
        given, scoring.dimension_weights(PLAN), np.ones(given.shape, bool), METHOD.least_weight
    ).score[0, 0]
    assert found == round(float(sum(scores) / 6), 9)


TABLES = """
import hashlib
import numpy as np
from s3etl.stresstest.assessment import assess
from s3etl.stresstest.beside import Beside
from s3etl.stresstest.gap_table import gap_table
from s3etl.stresstest.item_tables import item_table
from s3etl.stresstest.method import load_method
from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.score_tables import dimension_table, direction_table
from s3etl.stresstest.teacher_table import teacher_table
from tests.stresstest_world import PLAN, world

of = assess(world((3, 9), units=60, unsure=0.05).survey, PLAN, load_method())
asked = load()
tables = item_table(of, asked), dimension_table(of, asked), direction_table(of)
tables += gap_table(of, asked), teacher_table(of, asked, Beside())
assert tables[-1].num_rows > 500
print(hashlib.sha256(repr([t.to_pylist() for t in tables]).encode()).hexdigest())
"""


def test_tables_are_the_same_on_machines_that_add_up_differently():
    """Kernels of processors of 2004, of 2008 and of this one, and one thread or two."""
    found = {
        subprocess.run(
            [sys.executable, "-c", TABLES],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads} | core,
        ).stdout
        for threads, core in (
            ("1", {"OPENBLAS_CORETYPE": "Prescott"}),
            ("2", {"OPENBLAS_CORETYPE": "Nehalem"}),
            ("2", {}),
        )
    }
    assert len(found) == 1


def test_tables_say_which_snapshots_they_were_made_from() -> None:
    table = pa.table({"source_updated": [None, "x"], "source_hash": ["y", None], "value": [1.0, 2]})
    found = signed({"x": table}, "2026-01-01; 2026-01-02", "ab; cd")["x"]
    assert found.column_names == table.column_names
    assert found["source_updated"].to_pylist() == ["2026-01-01; 2026-01-02"] * 2
    assert found["source_hash"].to_pylist() == ["ab; cd"] * 2
    assert found["value"].to_pylist() == [1.0, 2.0]
