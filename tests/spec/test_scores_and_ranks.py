"""What scores, ranks and their intervals are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from s3etl.benchmark import interval_of_rank, norms_of, rank, score

VALUES = np.array([10.0, 20.0, 30.0, 40.0, 50.0])


def test_equal_values_share_the_better_rank():
    assert rank(np.array([5.0, 7.0, 7.0, 1.0])).tolist() == [3, 1, 1, 4]


def test_where_less_is_better_the_smallest_is_first():
    assert rank(np.array([5.0, 7.0, 7.0, 1.0]), reverse=True).tolist() == [2, 3, 3, 1]


def test_a_missing_value_has_no_rank():
    with pytest.raises(ValueError, match="no rank"):
        rank(np.array([1.0, np.nan]))


def test_min_max_scores_between_the_goalposts_and_is_cut_outside():
    norm, _ = norms_of(VALUES, goalposts=(25, 75), reverse=False)
    assert (norm.low, norm.high) == (20, 40)
    assert score(VALUES, norm).tolist() == [0, 0, 50, 100, 100]


def test_min_max_turns_round_where_less_is_better():
    norm, _ = norms_of(VALUES, goalposts=(0, 100), reverse=True)
    assert score(VALUES, norm).tolist() == [100, 75, 50, 25, 0]


def test_z_scores_have_mean_zero_and_sample_deviation_one():
    _, norm = norms_of(VALUES, goalposts=(0, 100), reverse=False)
    z = score(VALUES, norm)
    np.testing.assert_allclose(z, (VALUES - 30) / np.std(VALUES, ddof=1))
    np.testing.assert_allclose([z.mean(), z.std(ddof=1)], [0, 1], atol=1e-12)


def test_a_missing_value_has_no_score():
    for norm in norms_of(VALUES, goalposts=(0, 100), reverse=False):
        assert np.isnan(score(np.array([np.nan]), norm)).all()


@pytest.mark.parametrize("pooled", [[], [1.0], [3.0, 3.0, 3.0], [np.nan, 2.0]])
def test_there_is_no_norm_without_two_different_values(pooled):
    assert norms_of(np.array(pooled), goalposts=(2.5, 97.5), reverse=False) is None


def bounds(values, sd, **options):
    return interval_of_rank(
        np.array(values, float),
        np.array(sd, float),
        draws=2000,
        percentiles=(5, 95),
        rng=np.random.default_rng(1),
        **options,
    )


def test_without_noise_the_interval_is_the_rank():
    low, high = bounds([30, 20, 10], [0, 0, 0])
    assert low.tolist() == high.tolist() == [1, 2, 3]


def test_equal_values_share_their_interval():
    low, high = bounds([0, 0, 0, 0, 5, 5, 7], [0, 0, 0, 0, 0.1, 0.1, 0.1])
    assert low.tolist() == [4, 4, 4, 4, 2, 2, 1]
    assert len(set(high[:4])) == len(set(high[4:6])) == 1


def test_values_the_noise_cannot_tell_apart_share_their_interval():
    low, high = bounds([100.0, 100.1, 10.0], [5, 5, 0.1])
    assert low.tolist() == [1, 1, 3]
    assert high.tolist() == [2, 2, 3]


def test_two_equal_values_are_each_first_half_of_the_time():
    # With two regions the 25th percentile of the rank is 1 and the 75th is 2.
    low, high = interval_of_rank(
        np.array([1.0, 1.0]),
        np.array([1.0, 1.0]),
        draws=4000,
        percentiles=(45, 55),
        rng=np.random.default_rng(3),
    )
    assert low.tolist() == [1, 1]
    assert high.tolist() == [2, 2]


def test_chance_of_overtaking_matches_the_normal_law():
    # Difference 1, noise sd 1 each: the lower one leads with P(Z > 1/sqrt 2) = 24 %, so its
    # interval reaches rank 1 at the 20th percentile and not at the 30th.
    for percentile, expected in ((20, 1), (30, 2)):
        low, _ = interval_of_rank(
            np.array([2.0, 1.0]),
            np.array([1.0, 1.0]),
            draws=20000,
            percentiles=(percentile, 99),
            rng=np.random.default_rng(5),
        )
        assert low[1] == expected


@given(
    arrays(float, 8, elements=st.floats(-1e6, 1e6)),
    st.floats(0, 1e5),
    st.booleans(),
)
def test_the_interval_always_holds_the_rank(values, sd, reverse):
    low, high = bounds(values, np.full(8, sd), reverse=reverse)
    here = rank(values, reverse=reverse)
    assert (low <= here).all()
    assert (here <= high).all()
    assert (low >= 1).all()
    assert (high <= 8).all()


@given(arrays(float, 6, elements=st.integers(-5, 5)))
def test_ranking_the_other_way_round_ranks_the_negatives(values):
    assert rank(values).tolist() == rank(-values, reverse=True).tolist()
