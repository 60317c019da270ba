"""Change between two years, in small tables (methodology 3.6 and 10)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from s3etl.portfolio import change

BEFORE = np.array([(100, 50), (100, 150)])
AFTER = np.array([(130, 60), (110, 140)])
JOBS = arrays(np.float64, (4, 5), elements=st.integers(0, 5000).map(float))


def test_shift_share_by_hand() -> None:
    # Universe: 400 → 440, so g = 0.1; first industry 200 → 240 (0.2), second 200 → 200 (0).
    of = change.shift_share(BEFORE, AFTER)
    np.testing.assert_allclose(of.national, [[10, 5], [10, 15]])
    np.testing.assert_allclose(of.mix, [[10, -5], [10, -15]])
    np.testing.assert_allclose(of.regional, [[10, 10], [-10, -10]])
    assert change.competitive_shift(BEFORE, AFTER) == pytest.approx([20 / 150, -20 / 250])


@given(JOBS, JOBS)
def test_the_parts_add_up(before: np.ndarray, after: np.ndarray) -> None:
    of = change.shift_share(before, after)
    total = of.national + of.mix + of.regional
    if before.sum() > 0:
        np.testing.assert_allclose(total, after - before, atol=1e-8)
        # What is lost in one region is won in another, but for industries that are new.
        old = before.sum(axis=0) > 0
        np.testing.assert_allclose(of.regional.sum(axis=0)[old], 0, atol=1e-8)
    else:
        assert np.isnan(total).all()


@given(JOBS, JOBS, st.permutations(range(4)), st.permutations(range(5)))
def test_order_does_not_matter(
    before: np.ndarray, after: np.ndarray, rows: list[int], columns: list[int]
) -> None:
    at = np.ix_(rows, columns)
    for function in (change.competitive_shift, change.lilien, change.structural_change):
        here, there = function(before, after)[rows], function(before[at], after[at])
        np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-9)


def test_an_industry_that_is_new_is_all_competitive_shift() -> None:
    of = change.shift_share([[10, 0], [30, 0]], [[10, 5], [30, 0]])
    np.testing.assert_allclose(of.national, [[1.25, 0], [3.75, 0]])
    np.testing.assert_allclose(of.regional, [[0, 5], [0, 0]])


def test_against_a_nation_that_is_given() -> None:
    of = change.shift_share(
        [[10, 4]], [[12, 4]], reference_before=[100, 0], reference_after=[110, 9]
    )
    np.testing.assert_allclose(of.regional, [[1, np.nan]])
    with pytest.raises(ValueError, match="both years"):
        change.shift_share([[1]], [[1]], reference_before=[1])


def test_lilien_by_hand() -> None:
    before, after = np.array([[100, 100]]), np.array([[200, 100]])
    share = np.array([(0.5 + 2 / 3) / 2, (0.5 + 1 / 3) / 2])
    logs = np.log([2, 1]) - np.log(1.5)
    assert change.lilien(before, after) == pytest.approx(np.sqrt((share * logs**2).sum()))
    assert change.lilien(before, 3 * before) == pytest.approx(0, abs=1e-15)


def test_an_industry_that_came_or_went_has_no_logarithm() -> None:
    # Of what lasted, all grew by half; the region as a whole from 100 to 200.
    of = change.lilien([[40, 40, 20, 0]], [[60, 60, 0, 80]])
    assert of == pytest.approx(np.log(2) - np.log(1.5))


def test_structural_change_by_hand() -> None:
    assert change.structural_change([[50, 50]], [[30, 10]]) == pytest.approx(0.25)
    assert change.structural_change([[5, 0]], [[0, 7]]) == pytest.approx(1)


def test_employment_generation_by_hand() -> None:
    mask = [[True, False], [True, True], [False, False]]
    of = change.employment_generation([[10, 5]] * 3, [[20, np.nan], [20, 10], [20, 10]], mask)
    np.testing.assert_allclose(of, [np.log(2), np.log(2), np.nan])
    assert np.isnan(change.employment_generation([[0, 5]], [[20, 5]], [[True, False]]))


def test_resistance_by_hand() -> None:
    # The nation falls by a tenth: a fifth, a tenth, nothing, and growth by a tenth.
    of = change.resistance([100, 100, 100, 100], [80, 90, 100, 110], 1000, 900)
    assert of == pytest.approx([-1, 0, 1, 2])
    assert np.isnan(change.resistance([100, 0], [80, 5], [1000, 1000], [1000, 900])).all()


@pytest.mark.parametrize(
    "function", [change.competitive_shift, change.lilien, change.structural_change]
)
def test_regions_that_cannot_be_compared(function) -> None:
    before, after = [[0, 0], [3, 4]], [[1, 2], [3, 5]]
    assert np.isnan(function(before, after)).tolist() == [True, False]
    assert np.isnan(function([[0, 0], [0, 0]], [[0, 0], [0, 0]])).all()
    assert np.isnan(function([[np.nan, 1], [3, 4]], [[2, 1], [3, 4]]))[0]
