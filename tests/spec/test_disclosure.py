"""Which groups may be shown by themselves (methodology 2.4-10), by small tables and as a law."""

from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.stresstest.answers import ANSWERS
from s3etl.stresstest.disclosure import PARTICIPATION, participation, pooled

CASES = """
# respondents           shown
P5 I4 C9 B3 R6        | P I C B R
P5 I4 C9 B2 R1        | P I C B+R B+R         # two small groups, three together
P5 I4 C9 B1 R1        | P I+B+R C I+B+R I+B+R # two together: the smallest other one joins
P5 I4 C9 B3 R2        | P I C B+R B+R         # one small group: never by itself
P3 I3 C3 B3 R2        | P+R I C B P+R         # of equal ones the first joins
P2 I1                 | P+I P+I               # three together, nobody else
P2 I2                 | P+I P+I
P1 C3                 | P+C P+C
P1 I1                 | - -                   # two in all: withheld
R2                    | -
C3                    | C
"""


def table(counts):
    rows = [
        {
            "region": "XA11",
            "wave": 2026,
            "nuts_version": "2024",
            "respondent": f"{group}{n}",
            "group": group,
            "item": item,
            "state": "DK",
            "problem": "",
        }
        for group, size in counts.items()
        for n in range(size)
        for item in ("D1.1", "D1.3")
    ]
    return pa.Table.from_pylist(rows, schema=ANSWERS)


def cases():
    for line in CASES.strip().splitlines()[1:]:
        left, right = line.split("#")[0].split("|")
        yield pytest.param(left.split(), right.split(), id=left.strip())


@pytest.mark.parametrize(("groups", "shown"), list(cases()))
def test_small_groups_are_pooled(groups, shown):
    counts = {group[0]: int(group[1:]) for group in groups}
    expected = {g: "" if s == "-" else s for g, s in zip(counts, shown, strict=True)}
    assert pooled(counts) == expected


def test_participation_counts_respondents_of_the_cell_that_is_shown():
    found = participation(table({"P": 5, "C": 4, "R": 2})).to_pylist()
    assert [(r["respondent_group"], r["respondents"], r["shown_as"]) for r in found] == [
        ("P", 5, "P"),
        ("C", 6, "C+R"),
        ("R", 6, "C+R"),
    ]
    assert [bool(r["reason"]) for r in found] == [False, True, True]


def test_a_region_of_two_respondents_is_withheld_whole():
    (row,) = participation(table({"P": 1, "I": 1})).to_pylist()
    assert (row["respondent_group"], row["respondents"], row["shown_as"]) == ("all", None, "")
    assert "fewer than three" in row["reason"]


def test_rows_with_a_problem_do_not_count():
    answers = table({"P": 3})
    column = ["set aside"] * 2 + [""] * 4
    place = answers.schema.get_field_index("problem")
    answers = answers.set_column(place, answers.schema.field(place), pa.array(column))
    assert participation(answers).column("shown_as").to_pylist() == [""]


def test_nobody_answered():
    assert participation(ANSWERS.empty_table()) == PARTICIPATION.empty_table()


def test_an_unknown_group_or_a_negative_count_is_refused():
    for counts in ({"X": 3}, {"P": -1}):
        with pytest.raises(ValueError, match="PICBR"):
            pooled(counts)


def cells(counts):
    """Return respondents by cell that is shown."""
    shown, totals = pooled(counts), {}
    for group, cell in shown.items():
        totals[cell] = totals.get(cell, 0) + counts[group]
    return totals


COUNTS = st.fixed_dictionaries({group: st.integers(0, 40) for group in "PICBR"})


@given(COUNTS)
def test_no_cell_is_small_and_none_can_be_solved_from_totals(counts):
    """A cell that is shown has three or more; what hides a small group is two groups or more.

    With the total of the region, or an item score that is the mean of all groups, one unknown
    could be solved for: so the groups that are not shown by themselves are none or several.
    """
    shown = cells(counts)
    hidden = shown.pop("", 0)
    assert all(n >= 3 for n in shown.values())
    assert hidden < 3
    assert not (hidden and shown), "with cells beside it a withheld one is total minus shown"
    alone = [group for group, cell in pooled(counts).items() if cell == group]
    assert all(counts[group] >= 3 for group in alone)
    apart = [group for group, n in counts.items() if n and group not in alone]
    assert len(apart) != 1 or hidden, "one group apart is the total minus the others"
    assert set(pooled(counts)) == {group for group, n in counts.items() if n}


def test_the_same_for_every_survey_of_up_to_five_in_a_group():
    for sizes in product(range(6), repeat=5):
        counts = dict(zip("PICBR", sizes, strict=True))
        assert all(n >= 3 for cell, n in cells(counts).items() if cell)


@given(COUNTS)
def test_participation_publishes_no_small_number(counts):
    small = {group: min(n, 5) for group, n in counts.items()}
    found = participation(table(small)).column("respondents").to_pylist()
    assert all(n is None or n >= 3 for n in found)
