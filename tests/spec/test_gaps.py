"""Gaps: fronts, the split into structural and catch-up, and the parts of an index."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from s3etl.benchmark.gaps import (
    arithmetic_parts,
    decompose,
    frontier,
    geometric_parts,
    index_parts,
    logarithmic_mean,
)

NAN = np.nan
numbers = st.floats(-1e6, 1e6)
scores = st.floats(1, 100)


def test_the_split_by_hand() -> None:
    """The EU's front is 100, the best of its likes are at 80, the region at 65."""
    gap = decompose([65.0, 90.0], 100.0, [80.0, 80.0])
    assert gap.frontrunner.tolist() == [35, 10]
    assert gap.structural.tolist() == [20, 20]
    assert gap.catch_up.tolist() == [15, -10]  # the second is ahead of its likes


@pytest.mark.parametrize(
    ("rule", "fewest", "expected"),
    [
        ("percentile", 3, [9.0, 2.8]),  # of 0..10 the 90th; of 1, 2, 3 2 + 0.8
        ("third_best", 3, [8.0, 1.0]),
        ("percentile", 4, [9.0, NAN]),
        ("third_best", 4, [8.0, NAN]),
    ],
)
def test_fronts_by_hand(rule, fewest, expected) -> None:
    values = np.array([*range(11), NAN])
    few = np.isin(np.arange(12), [1, 2, 3, 11])
    found = frontier(values, np.stack([np.ones(12, bool), few]), rule=rule, fewest=fewest)
    np.testing.assert_allclose(found, expected)


def test_a_set_without_values_has_no_front() -> None:
    assert np.isnan(frontier(np.array([NAN, NAN, 1.0]), np.zeros((1, 3), bool))).all()
    assert np.isnan(frontier(np.array([1.0, 2.0]), np.ones((1, 2), bool), rule="third_best")).all()


@given(
    arrays.arrays(np.float64, 12, elements=st.one_of(numbers, st.just(NAN))),
    arrays.arrays(bool, (5, 12)),
    st.floats(1, 99),
)
def test_fronts_are_numpy_s_percentiles(values, members, percentile) -> None:
    found = frontier(values, members, percentile=percentile, fewest=1)
    for front, member in zip(found, members, strict=True):
        there = values[member & np.isfinite(values)]
        expected = np.percentile(there, percentile) if there.size else NAN
        np.testing.assert_allclose(front, expected, rtol=1e-9, atol=1e-9)


@given(*(arrays.arrays(np.float64, 6, elements=numbers) for _ in range(2)), numbers)
def test_the_two_gaps_sum(values, references, front) -> None:
    gap = decompose(values, front, references)
    np.testing.assert_allclose(gap.structural + gap.catch_up, gap.frontrunner, atol=1e-8)


def test_logarithmic_mean_by_hand() -> None:
    assert logarithmic_mean(np.e, 1.0) == pytest.approx(np.e - 1)
    assert logarithmic_mean(5.0, 5.0) == 5
    # Between geometric and arithmetic mean, and without loss where both are close.
    assert logarithmic_mean(1 + 1e-12, 1.0) == pytest.approx(1 + 5e-13, rel=1e-15)
    assert 2 < logarithmic_mean(1.0, 4.0) < 2.5


@given(scores, scores)
def test_logarithmic_mean_laws(a, b) -> None:
    mean = float(logarithmic_mean(a, b))
    assert mean == pytest.approx(float(logarithmic_mean(b, a)), rel=1e-9)
    assert np.sqrt(a * b) * (1 - 1e-9) <= mean <= (a + b) / 2 * (1 + 1e-9)


def test_parts_of_a_geometric_index_by_hand() -> None:
    """Front (80, 80), region (80, 20), equal weights: 80 against 40, all from the second."""
    parts = geometric_parts([80.0, 80.0], [80.0, 20.0], [1, 1])
    assert parts == pytest.approx([0, 40])


def test_parts_of_an_arithmetic_pillar_by_hand() -> None:
    assert arithmetic_parts([90.0, 60.0], [70.0, 80.0], [3, 1]) == pytest.approx([15, -5])


def test_an_indicator_has_a_part_where_its_pillar_has_none() -> None:
    """In the first pillar +20 and −20 cancel: its part is 0, its indicators' are not."""
    parts = index_parts([70, 30, 80], [50, 50, 20], [0, 0, 1], [1, 1, 1], [1, 1])
    assert parts[0] == pytest.approx(-parts[1])
    assert parts[0] > 0
    assert parts.sum() == pytest.approx(np.sqrt(50 * 80) - np.sqrt(50 * 20))


vectors = arrays.arrays(np.float64, (4, 5), elements=scores)
weights = arrays.arrays(np.float64, 5, elements=st.floats(0.1, 5))


@given(vectors, arrays.arrays(np.float64, 5, elements=scores), weights)
def test_geometric_parts_sum(values, front, weight) -> None:
    share = weight / weight.sum()
    index = np.exp(np.log(values) @ share)
    of_front = np.exp(np.log(front) @ share)
    parts = geometric_parts(front, values, weight)
    np.testing.assert_allclose(parts.sum(axis=1), of_front - index, rtol=1e-9, atol=1e-9)


@given(vectors, arrays.arrays(np.float64, 5, elements=scores), weights, st.permutations(range(5)))
def test_index_parts_sum_and_follow_their_indicators(values, front, weight, order) -> None:
    pillar, wide = np.array([0, 0, 1, 1, 1]), np.array([2.0, 1.0])
    parts = index_parts(front, values, pillar, weight, wide)

    def index(z):
        pillars = [
            np.average(z[..., pillar == p], axis=-1, weights=weight[pillar == p]) for p in (0, 1)
        ]
        return np.exp((2 * np.log(pillars[0]) + np.log(pillars[1])) / 3)

    np.testing.assert_allclose(parts.sum(axis=1), index(front) - index(values), atol=1e-9)
    turned = index_parts(front[order], values[:, order], pillar[order], weight[order], wide)
    np.testing.assert_allclose(turned, parts[:, order], rtol=1e-9, atol=1e-10)
    # Indicators of a pillar sum to the pillar's part.
    z = [
        np.stack(
            [np.average(x[..., pillar == p], axis=-1, weights=weight[pillar == p]) for p in (0, 1)],
            -1,
        )
        for x in (front, values)
    ]
    of_pillars = geometric_parts(*z, wide)
    np.testing.assert_allclose(parts[:, :2].sum(axis=1), of_pillars[:, 0], atol=1e-9)


@pytest.mark.parametrize(
    ("split", "said"),
    [
        (lambda: geometric_parts([1.0, 0.0], [1.0, 1.0], [1, 1]), "positive scores; clip them"),
        (lambda: index_parts([1, 1], [0, 0], [0, 0], [1, 1], [1]), "positive scores; clip them"),
        (lambda: logarithmic_mean(-1.0, 2.0), "positive numbers"),
    ],
)
def test_what_has_no_logarithm_is_refused(split, said) -> None:
    with pytest.raises(ValueError, match=said):
        split()
