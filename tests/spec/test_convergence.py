"""β and σ convergence, rank mobility and trends: worked by hand, and against other packages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from s3etl.benchmark.convergence import beta, rank_mobility, sigma, trend

NAN = np.nan


def test_beta_of_a_gap_that_halves() -> None:
    """Every distance to 100 in logarithms halves in ten years: half-life 10, speed ln 2 / 10."""
    start = np.array([20.0, 50.0, 80.0, 100.0, 150.0])
    end = 100 * np.sqrt(start / 100)
    found = beta(start, end, 10)
    assert found.slope == pytest.approx(0.05)
    assert found.speed == pytest.approx(np.log(2) / 10)
    assert found.half_life == pytest.approx(10)
    assert found.low == pytest.approx(found.high)
    assert found.regions == 5


def test_beta_of_divergence_has_no_half_life() -> None:
    start = np.array([1.0, 2.0, 4.0, 8.0])
    found = beta(start, start**1.5, 10)
    assert found.slope == pytest.approx(-0.05)
    assert found.speed < 0
    assert np.isnan(found.half_life)


def test_beta_beyond_what_the_model_can_say() -> None:
    """Who was behind is ahead: bT is above 1."""
    found = beta([1.0, 2.0, 4.0], [4.0, 2.0, 1.0], 5)
    assert found.slope == pytest.approx(0.4)
    assert np.isnan(found.speed)
    assert np.isnan(found.half_life)


def test_beta_of_too_little() -> None:
    found = beta([1.0, 2.0, NAN, 0.0], [1.0, 2.0, 3.0, 4.0], 5)
    assert found.regions == 2
    assert np.isnan([found.slope, found.low, found.high, found.speed, found.half_life]).all()


def test_beta_is_the_regression_of_scipy() -> None:
    from scipy.stats import linregress, t

    rng = np.random.default_rng(9)
    start = rng.lognormal(3, 0.5, 50)
    end = start**0.8 * rng.lognormal(0.5, 0.1, 50)
    found = beta(start, end, 7, interval=0.9)
    line = linregress(np.log(start), np.log(end / start) / 7)
    reach = t.ppf(0.95, 48) * line.stderr
    expected = [-line.slope, -line.slope - reach, -line.slope + reach]
    assert [found.slope, found.low, found.high] == pytest.approx(expected)


def test_sigma_by_hand() -> None:
    """Of ln y: it is 0 and 2, weights 3 and 1: mean 0.5, variance (3·0.25 + 2.25)/4 = 0.75."""
    values = np.array([[1.0, np.e**2, NAN], [1.0, 1.0, 0.0], [1.0, NAN, NAN]])
    weights = np.array([[3.0, 1.0, 5.0]] * 3)
    found = sigma(values, weights)
    assert found[0] == pytest.approx(np.sqrt(0.75))
    assert found[1] == 0
    assert np.isnan(found[2])
    assert sigma(values[:1])[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ([1, 2, 3, 4], [10, 20, 30, 40], 0),
        ([1, 2, 3, 4], [4, 3, 2, 1], 2),
        ([1, 2, 3, 4], [1, 2, 4, 3], 1 / 3),  # one of six pairs changed places: tau 4/6
        ([1, 2, NAN, 4], [1, 2, 0, 4], 0),
        ([1, 1, 1], [1, 2, 3], NAN),
        ([1], [1], NAN),
    ],
)
def test_rank_mobility_by_hand(first, last, expected) -> None:
    assert rank_mobility(first, last) == pytest.approx(expected, nan_ok=True)


@given(*(arrays.arrays(np.float64, 9, elements=st.integers(0, 6).map(float)) for _ in range(2)))
def test_rank_mobility_is_tau_b(first, last) -> None:
    from scipy.stats import kendalltau

    if np.ptp(first) == 0 or np.ptp(last) == 0:
        assert np.isnan(rank_mobility(first, last))
    else:
        assert rank_mobility(first, last) == pytest.approx(1 - kendalltau(first, last).statistic)


def test_trend_by_hand() -> None:
    """Two, one and none of four years are missing."""
    values = np.array([[1.0, 5.0, 0.0], [2.0, NAN, 0.0], [3.0, 3.0, NAN], [4.0, 2.0, NAN]])
    found = trend(values, [2010, 2011, 2012, 2013])
    assert found.slope[:2] == pytest.approx([1, -1])
    assert found.low[:2] == pytest.approx([1, -1])
    assert np.isnan([found.slope[2], found.low[2], found.high[2]]).all()
    assert found.years.tolist() == [4, 3, 2]
    assert np.isnan(trend(values, range(4), fewest=4).slope[1])


@given(arrays.arrays(np.float64, (6, 3), elements=st.floats(-100, 100)))
def test_trend_is_the_regression_of_numpy(values) -> None:
    years = np.arange(6.0)
    found = trend(values, years)
    np.testing.assert_allclose(found.slope, np.polyfit(years, values, 1)[0], atol=1e-9)
    assert (found.low <= found.high).all()
