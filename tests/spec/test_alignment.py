"""Alignment of strategy, economy and organisations, in small vectors (methodology 4.3)."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from s3etl import alignment as al

STRATEGY, ECONOMY, ORGANISATIONS = (0.5, 0.25, 0.25, 0), (0.6, 0, 0.4, 0), (0, 0.5, 0.5, 0)
NAN = np.nan
WEIGHTS = arrays(np.float64, (5, 4), elements=st.integers(0, 20).map(float))


def test_the_golden_example() -> None:
    of = al.alignment_index(STRATEGY, ECONOMY, ORGANISATIONS)
    assert of.pairs == pytest.approx([0.9058, 0.3922, 0.5774], abs=5e-5)
    assert of.index == pytest.approx(0.5898, abs=5e-5)
    assert al.PAIRS[of.weakest] == "economy–organisations"
    assert al.effective_priorities(STRATEGY) == pytest.approx(2.667, abs=5e-4)


@given(WEIGHTS, WEIGHTS, WEIGHTS, st.floats(0.01, 1000))
def test_bounds_and_scale(pi, sigma, kappa, scale: float) -> None:
    of = al.alignment_index(pi, sigma, kappa)
    known = ~np.isnan(of.pairs)
    assert ((of.pairs >= 0) & (of.pairs <= 1))[known].all()
    complete = known.all(axis=1)
    assert (np.isnan(of.index) == ~complete).all()
    assert (of.zero.any(axis=1) == ~complete).all()
    assert ((of.weakest == -1) == ~complete).all()
    slack = 1e-12
    assert (of.pairs.min(axis=1) <= of.index + slack)[complete].all()
    assert (of.pairs.max(axis=1) >= of.index - slack)[complete].all()
    scaled = al.alignment_index(pi * scale, sigma, kappa / scale)
    np.testing.assert_allclose(of.pairs, scaled.pairs, atol=1e-12)


@given(WEIGHTS, st.permutations(range(5)), st.permutations(range(4)))
def test_order_does_not_matter(pi, rows: list[int], columns: list[int]) -> None:
    rng = np.random.default_rng(3)
    sigma, kappa = rng.random((2, 5, 4))
    at = np.ix_(rows, columns)
    here = al.alignment_index(pi, sigma, kappa)
    there = al.alignment_index(pi[at], sigma[at], kappa[at])
    np.testing.assert_allclose(here.pairs[rows], there.pairs)
    by_chance = al.chance_correction(pi, sigma, kappa, draws=50)
    moved = al.chance_correction(pi[at], sigma[at], kappa[at], draws=50)
    np.testing.assert_allclose(by_chance.index[rows], moved.index)


def test_a_vector_that_points_nowhere_says_which_it_is() -> None:
    none = np.zeros(4)
    of = al.alignment_index(
        [STRATEGY, none, STRATEGY], [ECONOMY, ECONOMY, [NAN, 0, 0, 1]], [none, *[ORGANISATIONS] * 2]
    )
    assert of.zero.tolist() == [[False, False, True], [True, False, False], [False] * 3]
    assert of.unknown.tolist() == [[False] * 3, [False] * 3, [False, True, False]]
    assert np.isnan(of.pairs).tolist() == [
        [False, True, True],
        [True, False, True],
        [True, True, False],
    ]
    assert np.isnan(of.index).all()
    assert of.weakest.tolist() == [-1, -1, -1]
    with pytest.raises(ValueError, match="negative"):
        al.alignment_index([-1, 1], [1, 1], [1, 1])


def test_sets() -> None:
    of = al.set_alignment([1, 1, 1, 0], [1, 0, 1, 0], [0, 1, 1, 0])
    np.testing.assert_allclose(of.pairs, [2 / 3, 1 / 3, 2 / 3])
    assert of.all_three == pytest.approx(1 / 3)
    unknown = al.set_alignment([1, 1, 1, 0], [1, NAN, 1, 0], [0, 1, 1, 0])
    np.testing.assert_allclose(unknown.pairs, [1, 1 / 2, 1 / 2])
    assert np.isnan(al.set_alignment([0, 0], [0, 0], [0, 1]).pairs).tolist() == [True, False, False]


def test_effective_priorities() -> None:
    of = al.effective_priorities([[1, 1, 1, 0], [3, 0, 0, 0], [0] * 4, [NAN, 1, 1, 1]])
    np.testing.assert_allclose(of, [3, 1, NAN, NAN])


def every_draw(pi, sigma, kappa) -> np.ndarray:
    """Return AI of every order of the domains, which are all equally likely."""
    moved = np.array([[pi[i] for i in order] for order in permutations(range(len(pi)))])
    return al.alignment_index(moved, sigma, kappa).index


def test_chance_is_that_of_all_permutations() -> None:
    pi, sigma, kappa = (0.5, 0.3, 0.2, 0, 0), (0.4, 0.1, 0.3, 0.2, 0), (0.3, 0, 0.5, 0, 0.2)
    of = al.chance_correction([pi], [sigma], [kappa], frequencies=np.ones(5), draws=20_000, seed=1)
    every = every_draw(pi, sigma, kappa)
    # Standard errors of 20,000 draws.
    assert of.mean[0] == pytest.approx(every.mean(), abs=4 * every.std() / 141)
    at_least = (every >= of.index - 1e-12).mean()
    assert of.p_value[0] == pytest.approx(at_least, abs=0.015)
    assert of.adjusted[0] == pytest.approx((of.index[0] - of.mean[0]) / (1 - of.mean[0]))
    ties = (np.abs(every - of.index) < 1e-12).mean()
    middle = 100 * ((every < of.index - 1e-12).mean() + ties / 2)
    assert of.percentile[0] == pytest.approx(middle, abs=1.5)


def test_popular_domains_are_drawn_more_often() -> None:
    # One priority: it falls on a domain in proportion to how popular the domain is.
    often = np.array([6, 3, 1])
    sigma = kappa = (0, 0, 1)
    of = al.chance_correction(
        [[0, 0, 1]], [sigma], [kappa], frequencies=often, draws=20_000, seed=1
    )
    assert of.mean[0] == pytest.approx(0.1, abs=0.01)
    assert of.p_value[0] == pytest.approx(0.1, abs=0.01)


def test_popularity_is_that_of_the_regions_given() -> None:
    pi = np.array([(1, 0, 0), (1, 0, 0), (1, 1, 0), (0, 0, 1)])
    sigma = np.random.default_rng(1).random((4, 3))
    default = al.chance_correction(pi, sigma, sigma, draws=500)
    given_ = al.chance_correction(pi, sigma, sigma, draws=500, frequencies=[3, 1, 1])
    np.testing.assert_array_equal(default.mean, given_.mean)


def test_a_domain_that_is_known_of_no_region_is_not_drawn() -> None:
    pi = [[1, 0, NAN], [0, 1, NAN]]
    of = al.chance_correction(pi, np.ones((2, 3)), np.ones((2, 3)), draws=50)
    assert np.isnan(of.index).all()
    assert np.isnan(of.mean).all()


def test_chance_does_not_depend_on_order() -> None:
    rng = np.random.default_rng(2)
    vectors = [rng.random((40, 14)) * (rng.random((40, 14)) < 0.4) for _ in range(3)]
    rows, columns = rng.permutation(40), rng.permutation(14)
    of = al.chance_correction(*vectors, draws=300)
    moved = al.chance_correction(*(v[np.ix_(rows, columns)] for v in vectors), draws=300)
    np.testing.assert_allclose(of.mean[rows], moved.mean)
    np.testing.assert_array_equal(of.p_value[rows], moved.p_value)


def test_chance_where_there_is_none() -> None:
    none, even = [0, 0], [0.5, 0.5]
    of = al.chance_correction([none, even], [even, even], [even, even], draws=100)
    assert np.isnan([of.index[0], of.mean[0], of.p_value[0], of.percentile[0]]).all()
    # Both domains, equally: every draw is what was observed, and nothing is left to correct.
    assert of.p_value[1] == 1
    assert of.percentile[1] == 50
    assert np.isnan(of.adjusted).all()


def test_a_priority_that_could_not_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="frequency"):
        al.chance_correction([[1, 0]], [[1, 1]], [[1, 1]], frequencies=[0, 1])


@settings(max_examples=10)
@given(st.integers(0, 50))
def test_the_same_seed_gives_the_same(seed: int) -> None:
    args = [STRATEGY], [ECONOMY], [ORGANISATIONS]
    one = al.chance_correction(*args, draws=40, seed=seed, frequencies=np.ones(4))
    two = al.chance_correction(*args, draws=40, seed=seed, frequencies=np.ones(4))
    np.testing.assert_array_equal(one.mean, two.mean)


def test_the_eight_cells() -> None:
    bits = np.array([(p, s, c) for p in (1, 0) for s in (1, 0) for c in (1, 0)])
    p, s, c = bits.T
    of = al.cell_map([p], [np.where(s, 2.0, 1)], [s], [c], [np.arange(8)])
    assert [al.CELLS[cell] for cell in of.cell[0]] == [
        "supported strength",
        "unsupported strength",
        "organised aspiration",
        "bare aspiration",
        "strength outside S3",
        "dormant strength",
        "legacy organisation",
        "inactive",
    ]
    # ω is 2 and 3 for the aspirations, and the median 3.5.
    assert [al.ASPIRATIONS[kind] for kind in of.aspiration[0]] == [
        "none",
        "none",
        "distant",
        "distant",
        *["none"] * 4,
    ]
    assert not of.uncertain.any()


def test_strengths_need_both_size_and_certainty() -> None:
    quotient, probability = [[1.2, 3.0, 1.19, 3.0, 1.0]], [[0.8, 0.79, 0.9, NAN, 0.2]]
    of = al.cell_map([[1] * 5], quotient, probability, [[0] * 5], [[50, 50, 10, 50, NAN]])
    names = [al.CELLS[cell] for cell in of.cell[0]]
    bare = "bare aspiration"
    assert names == ["unsupported strength", bare, bare, "not known", bare]
    kinds = [al.ASPIRATIONS[kind] for kind in of.aspiration[0]]
    assert kinds == ["none", "related", "distant", "not known", "not known"]
    assert of.uncertain.tolist() == [[False, True, False, False, False]]
