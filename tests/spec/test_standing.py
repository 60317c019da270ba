"""Performance groups with their probability, quintiles, and groups nobody of which stands out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from s3etl.benchmark.groups import (
    above,
    above_normal,
    bands,
    labels,
    membership,
    performance_group,
    tied_groups,
)

CUTS = (125, 100, 70)


@pytest.mark.parametrize(
    ("per_cent", "group"),
    [(180, 0), (125, 0), (124.9, 1), (100, 1), (99.9, 2), (70, 2), (69.9, 3), (0, 3)],
)
def test_groups_by_hand(per_cent, group) -> None:
    assert performance_group(per_cent * 0.4, 40.0, CUTS) == group


def test_a_group_that_is_not_sure_is_called_border() -> None:
    """Of ten draws the first region leads in six, the second in eight."""
    draws = np.array([[130.0, 130.0]] * 6 + [[110.0, 130.0]] * 2 + [[110.0, 110.0]] * 2)
    probability = membership(draws, 100.0, CUTS)
    assert probability.tolist() == [[0.6, 0.4, 0, 0], [0.8, 0.2, 0, 0]]
    assert labels(probability, 0.7).tolist() == ["border", "leader"]


def test_a_base_that_is_drawn() -> None:
    draws, base = np.array([[100.0], [100.0]]), np.array([[100.0], [80.0]])
    assert membership(draws, base, CUTS).tolist() == [[0.5, 0.5, 0, 0]]


@pytest.mark.parametrize(("values", "base"), [([np.nan, 1.0], 1.0), ([1.0], 0.0)])
def test_no_group_without_value_and_base(values, base) -> None:
    with pytest.raises(ValueError, match="groups need every value"):
        performance_group(values, base, CUTS)


@given(arrays.arrays(np.float64, (20, 6), elements=st.floats(0, 200)))
def test_probabilities_sum_to_one(draws) -> None:
    assert membership(draws, 100.0, CUTS).sum(axis=1) == pytest.approx(1)
    p = above(draws)
    np.testing.assert_allclose(p + p.T, 1)


def test_quintiles_by_hand() -> None:
    assert bands(np.arange(10.0)).tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert bands(np.array([1.0, 5.0, 5.0, 5.0, 0.0])).tolist() == [4, 1, 1, 1, 5]
    assert bands(np.array([1.0, 3.0, 2.0]), 3).tolist() == [3, 1, 2]


def test_draws_and_normal_noise_say_the_same() -> None:
    values, sd = np.array([10.0, 11.0, 11.0, 15.0]), np.array([1.0, 1.0, 2.0, 0.0])
    draws = values + sd * np.random.default_rng(6).standard_normal((40_000, 4))
    np.testing.assert_allclose(above(draws), above_normal(values, sd), atol=0.01)
    exact = above_normal(np.array([1.0, 2.0, 2.0]), np.zeros(3))
    assert exact.tolist() == [[0.5, 0, 0], [1, 0.5, 0.5], [1, 0.5, 0.5]]


def test_tied_groups_by_hand() -> None:
    """The first is not surely above the second, nor that above the third, but above the third."""
    p = np.array([[0.5, 0.8, 0.95], [0.2, 0.5, 0.8], [0.05, 0.2, 0.5]])
    assert tied_groups(np.array([30.0, 20.0, 10.0]), p, 0.9).tolist() == [1, 1, 2]
    assert tied_groups(np.array([30.0, 20.0, 10.0]), p, 0.96).tolist() == [1, 1, 1]
    assert tied_groups(np.array([30.0, 20.0, 10.0]), p, 0.75).tolist() == [1, 2, 3]


@given(
    arrays.arrays(np.float64, st.integers(1, 9), elements=st.integers(0, 5).map(float)),
    st.floats(0, 2),
    st.randoms(use_true_random=False),
)
def test_tied_groups_laws(values, noise, random) -> None:
    sd = noise * (1 + np.arange(len(values)) % 3)
    p = above_normal(values, sd)
    group = tied_groups(values, p, 0.9)
    for g in np.unique(group):
        own = np.ix_(group == g, group == g)
        assert (p[own] < 0.9).all()  # nobody in it is surely above another
    assert sorted(set(group.tolist())) == list(range(1, group.max() + 1))
    better = values[:, None] > values
    assert (
        np.broadcast_to(group[:, None], p.shape)[better] <= np.broadcast_to(group, p.shape)[better]
    ).all()
    # Each group ends only where it must: somebody of it is surely above somebody of the next.
    for g in range(1, group.max()):
        first = values[group == g + 1].max()
        nearest = np.flatnonzero((group == g + 1) & (values == first))
        assert (p[np.ix_(group == g, nearest)] >= 0.9).any()
    order = list(range(len(values)))
    random.shuffle(order)
    turned = tied_groups(values[order], above_normal(values[order], sd[order]), 0.9)
    assert turned.tolist() == group[order].tolist()
