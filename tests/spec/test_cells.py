"""What is known of a cell: state, residual mass, bounds (methodology 3.2, steps 1 and 2)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.portfolio.cells import (
    Cells,
    State,
    bounds,
    cells,
    contradictions,
    identified,
    residuals,
    states,
    tightened,
)

NAN = np.nan
P, Z, X, N, C = State


def small(rows: list[list[float]], columns: list[list[float]]) -> Cells:
    """Return two regions of one country × divisions 1, 2 (section 0) and 3 (section 1)."""
    value = np.array([[NAN, 30.0, 5.0], [NAN, 0.0, NAN]])
    state = np.array([[C, P, P], [C, Z, N]], np.int8)
    return cells(
        value, state, np.zeros(2, int), np.array([0, 0, 1]), np.array(rows), np.array(columns)
    )


@pytest.mark.parametrize(
    ("value", "obs", "conf", "state"),
    [
        (12.0, "A", "F", State.PUBLISHED),
        (12.0, "B", "F", State.PUBLISHED),
        (0.0, "A", "F", State.ZERO),
        (NAN, "M", "F", State.NOT_APPLICABLE),
        (NAN, "O", "F", State.NOT_AVAILABLE),
        (NAN, "U", "F", State.NOT_AVAILABLE),
        (NAN, "", "", State.NOT_AVAILABLE),  # the provider's table has no such cell
        (NAN, "Q", "C", State.CONFIDENTIAL),
        (NAN, "B", "C", State.CONFIDENTIAL),  # flags b and c
        (NAN, "Q", "F", State.CONFIDENTIAL),
        (12.0, "A", "C", State.CONFIDENTIAL),  # marked, whatever came with it
    ],
)
def test_the_five_states(value: float, obs: str, conf: str, state: State) -> None:
    found = states(np.array([value]), np.array([obs], object), np.array([conf], object))
    assert found.tolist() == [state]


@pytest.mark.parametrize("value", [-1.0, np.inf])
def test_no_cell_has_less_than_nothing(value: float) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        states(np.array([value]), np.array(["A"]), np.array(["F"]))


def test_a_marked_value_is_not_kept() -> None:
    table = cells(
        np.array([[7.0]]),
        np.array([[C]], np.int8),
        np.zeros(1, int),
        np.zeros(1, int),
        np.array([[7.0]]),
        np.array([[7.0]]),
    )
    assert np.isnan(table.value).all()


def test_residual_mass_is_margin_less_published_cells() -> None:
    left = residuals(small([[100, 5], [NAN, 8]], [[90, 30, 13]]))
    np.testing.assert_array_equal(left.rows, [[70, 0], [NAN, 8]])
    np.testing.assert_array_equal(left.columns, [[90, 0, 8]])
    np.testing.assert_array_equal(left.row_unknown, [[1, 0], [1, 1]])
    np.testing.assert_array_equal(left.column_unknown, [[2, 0, 1]])


def test_bounds_are_zero_and_the_smaller_residual() -> None:
    limit = bounds(small([[100, 5], [NAN, 8]], [[90, 30, 13]]))
    np.testing.assert_array_equal(limit.upper, [[70, NAN, NAN], [90, NAN, 8]])
    np.testing.assert_array_equal(limit.lower, [[0, NAN, NAN], [0, NAN, 0]])


def test_without_any_margin_a_cell_is_not_imputable() -> None:
    limit = bounds(small([[NAN, NAN], [NAN, NAN]], [[NAN, 30, 13]]))
    assert limit.imputable.tolist() == [[False, False, False], [False, False, True]]


def test_what_only_one_cell_can_be_is_identified() -> None:
    table = small([[100, 5], [NAN, 8]], [[90, 30, 13]])
    limit = tightened(table)
    assert limit.lower[0, 0] == limit.upper[0, 0] == 70  # alone in its row
    assert limit.lower[1, 0] == limit.upper[1, 0] == 20  # and so is what the column leaves
    assert identified(table).tolist() == [[True, False, False], [True, False, True]]


def test_contradictions_are_reported_and_leave_no_mass() -> None:
    table = small([[20, 5], [NAN, 8]], [[90, 60, 13]])
    found = contradictions(table)
    assert found.row_excess.tolist() == [[10, 0], [0, 0]]  # published 30 of a margin of 20
    assert found.column_unexplained.tolist() == [[0, 30, 0]]  # 60, of which 30 are nowhere
    assert found.column_excess.sum() == found.row_unexplained.sum() == 0
    assert bounds(table).upper[0, 0] == 0


def test_rounding_is_no_contradiction() -> None:
    found = contradictions(small([[29.5, 5], [NAN, 8]], [[90, 29.99, 13]]))
    assert found.row_excess.sum() == found.column_excess.sum() == 0


@pytest.mark.parametrize(
    ("rows", "columns"),
    [([[1.0, 2.0]], [[1.0, 2.0, 3.0]]), ([[1, 2], [3, -4]], [[1, 2, 3]])],
)
def test_what_does_not_fit_is_refused(rows: list[list[float]], columns: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="margins"):
        small(rows, columns)


@given(st.integers(0, 10_000))
def test_true_values_lie_within_all_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    country, section = rng.integers(0, 2, 5), rng.integers(0, 2, 4)
    true = np.rint(rng.lognormal(3, 2, (5, 4)))
    state = np.where(rng.random((5, 4)) < 0.4, C, np.where(true > 0, P, Z)).astype(np.int8)
    whole = cells(true, state, country, section, np.zeros((5, 2)), np.zeros((2, 4)))
    table = cells(true, state, country, section, whole.by_row(true), whole.by_column(true))
    for limit in (bounds(table), tightened(table)):
        unknown = table.unknown
        assert (limit.imputable == unknown).all()
        assert (limit.lower[unknown] <= true[unknown] + 1e-6).all()
        assert (true[unknown] <= limit.upper[unknown] + 1e-6).all()
    np.testing.assert_allclose(tightened(table).upper[identified(table)], true[identified(table)])
