"""Completeness: how many organisations two registers let expect."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.organisations.completeness import ALL, COMPLETENESS, chapman, completeness
from s3etl.organisations.duplicates import GROUPS
from s3etl.organisations.method import load_method

METHOD = load_method()


def told(n1, n2, m):
    return chapman(n1, n2, m, METHOD)


def test_the_example_of_the_methodology():
    found = told(40, 30, 20)  # 41·31/21 − 1 = 59.5238…, which methodology 4.1 rounds to 59.5
    assert found.estimate == pytest.approx(1271 / 21 - 1, abs=1e-12)
    assert round(found.estimate, 1) == 59.5
    assert found.distinct == 50
    assert found.completeness == pytest.approx(0.84)
    assert not found.lower_bound
    # By hand: var = 41·31·20·10/(21²·22) = 26.2006, N̂−D = 9.5238, C = exp(1.644854·√ln 1.288860)
    factor = math.exp(1.6448536 * math.sqrt(math.log(1 + 26.2007 / 9.5238**2)))
    assert found.low == pytest.approx(50 + 9.5238 / factor, abs=1e-3)
    assert found.high == pytest.approx(50 + 9.5238 * factor, abs=1e-3)


@pytest.mark.parametrize(
    ("counts", "estimate", "distinct"),
    [
        ((10, 10, 10), 10, 10),  # the same list twice: complete, and certain
        ((10, 4, 4), 10, 10),  # one inside the other
        ((1, 1, 1), 1, 1),
        ((3, 4, 0), 19, 7),  # no overlap: finite, and far above what is known
    ],
)
def test_edges(counts, estimate, distinct):
    found = told(*counts)
    assert (found.estimate, found.distinct) == (estimate, distinct)
    if counts[2]:
        assert found.low == found.high == estimate
        assert found.completeness == 1
    else:
        assert distinct < found.low < found.high
        assert found.lower_bound


@pytest.mark.parametrize("counts", [(0, 5, 0), (5, 0, 0), (0, 0, 0)])
def test_an_empty_register_tells_nothing_and_never_completeness(counts):
    found = told(*counts)
    assert found.estimate is found.low is found.high is found.completeness is None
    assert found.distinct == sum(counts)
    assert found.lower_bound


@pytest.mark.parametrize("counts", [(5, 5, 6), (5, 3, 4), (-1, 3, 0), (3, 3, -1)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="expected 0 ≤ m"):
        told(*counts)


def test_below_the_floor_counts_are_lower_bounds():
    assert told(30, 30, 10).completeness == pytest.approx(50 / (961 / 11 - 1))  # 0.579
    assert told(30, 30, 10).lower_bound
    assert not told(30, 30, 12).lower_bound  # 48 of 72.9: 0.658


COUNTS = st.tuples(st.integers(1, 500), st.integers(1, 500), st.floats(0, 1)).map(
    lambda t: (t[0], t[1], round(t[2] * min(t[0], t[1])))
)


@given(COUNTS)
def test_laws(counts):
    n1, n2, m = counts
    found = told(n1, n2, m)
    slack = 1e-9 * found.estimate
    assert found.distinct <= found.low + slack
    assert found.low <= found.estimate + slack
    assert found.estimate <= found.high + slack
    assert 0 < found.completeness <= 1 + 1e-12
    assert told(n2, n1, m) == found  # which register is first does not matter
    if m < min(n1, n2):
        assert told(n1, n2, m + 1).estimate < found.estimate  # more overlap, fewer unseen


@pytest.mark.parametrize(("total", "p1", "p2"), [(200, 0.5, 0.4), (100, 0.6, 0.6), (800, 0.3, 0.2)])
def test_nine_of_ten_intervals_hold_the_truth(total, p1, p2):
    rng = np.random.default_rng(20261124)
    runs = 2000
    first = rng.random((runs, total)) < p1
    second = rng.random((runs, total)) < p2
    found = [
        told(int(a), int(b), int(both))
        for a, b, both in zip(first.sum(1), second.sum(1), (first & second).sum(1), strict=True)
    ]
    held = np.mean([f.low <= total <= f.high for f in found])
    mean = np.mean([f.estimate for f in found])
    assert 0.87 <= held <= 0.94
    assert mean == pytest.approx(total, rel=0.01)  # Chapman is nearly unbiased


def groups(*rows):
    names = ("group", "register", "id", "country")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], GROUPS)


def test_by_country_and_for_all_and_a_group_counts_once():
    table = groups(
        ("a:1", "a", "1", "AT"),
        ("a:1", "a", "2", "AT"),  # the same organisation twice in one register
        ("a:1", "b", "1", "AT"),
        ("a:3", "a", "3", "AT"),
        ("b:2", "b", "2", "AT"),
        ("b:4", "b", "4", "SI"),
    )
    found = completeness(table, METHOD)
    assert found.schema.equals(COMPLETENESS)
    rows = {row["country"]: row for row in found.to_pylist()}
    assert list(rows) == [ALL, "AT"]  # of SI the first register tells nothing
    assert [rows["AT"][k] for k in ("n_a", "n_b", "n_both", "n_distinct")] == [2, 2, 1, 3]
    assert rows["AT"]["estimate"] == 3.5
    assert rows[ALL] == rows["AT"] | {"country": ALL}


def test_three_registers_give_every_pair_and_one_gives_none():
    rows = [(f"{r}:{i}", r, str(i), "AT") for r in "abc" for i in range(3)]
    pairs = completeness(groups(*rows), METHOD).select(["register_a", "register_b"]).to_pylist()
    assert [tuple(p.values()) for p in pairs] == [("a", "b"), ("a", "c"), ("b", "c")] * 2
    assert completeness(groups(*rows[:3]), METHOD).num_rows == 0
