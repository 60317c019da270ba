"""How unknown cells are filled: priors, margins, bounds, draws (methodology 3.2, steps 3 to 5)."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.portfolio.cells import Cells, Floats, State, bounds, cells
from s3etl.portfolio.fill import (
    TOLERANCE,
    Filled,
    draws,
    even_split,
    fill,
    first_of,
    prior_from_history,
    prior_from_sisters,
)

NAN = np.nan


def world(seed: int, hidden: float = 0.4) -> tuple[Cells, Floats]:
    """Return a table whose margins are those of its true cells, and these."""
    rng = np.random.default_rng(seed)
    country = np.append([0, 1], rng.integers(0, 2, 5))
    section = np.append([0, 1], rng.integers(0, 2, 4))
    true = np.rint(rng.lognormal(4, 1.5, (7, 6)))
    state = np.where(rng.random((7, 6)) < hidden, State.CONFIDENTIAL, State.PUBLISHED)
    empty = cells(true, state.astype(np.int8), country, section, np.zeros((7, 2)), np.zeros((2, 6)))
    rows, columns = empty.by_row(true), empty.by_column(true)
    rows[rng.random((7, 2)) < 0.1] = NAN
    return cells(true, state.astype(np.int8), country, section, rows, columns), true


def kept(table: Cells, filled: Filled) -> bool:
    """Return whether margins are kept within the tolerance, and bounds and published cells."""
    value, limit = filled.value, bounds(table)
    for sums, margin in (
        (table.by_row(value), table.rows),
        (table.by_column(value), table.columns),
    ):
        off = np.abs(sums - margin) > TOLERANCE * np.maximum(margin, 1) + 1e-9
        if np.any(off & np.isfinite(margin)):
            return False
    inside = (value >= limit.lower) & (value <= limit.upper * (1 + 1e-12))
    same = (value == table.value) | table.unknown
    return bool(np.all(inside | ~limit.imputable) and np.all(same))


def test_last_published_value_grows_with_its_division_in_the_country() -> None:
    history = np.array([[[10.0, NAN, NAN]], [[20.0, 4.0, NAN]], [[NAN, NAN, NAN]]])
    national = np.array([[[100.0, 40, 1]], [[200, 40, 1]], [[250, 0, 1]], [[300, 60, 1]]])
    prior = prior_from_history(history, national, np.zeros(1, int))
    np.testing.assert_array_equal(prior, [[30, 6, NAN]])  # 20 × 300/200, 4 × 60/40


def test_growth_that_is_not_known_gives_no_prior() -> None:
    history = np.array([[[10.0, 10.0]]])
    national = np.array([[[NAN, 0.0]], [[100.0, 100.0]]])
    assert np.isnan(prior_from_history(history, national, np.zeros(1, int))).all()
    assert np.isnan(prior_from_history(history[:0], national[:1], np.zeros(1, int))).all()
    with pytest.raises(ValueError, match="one year more"):
        prior_from_history(history, national[:1], np.zeros(1, int))


def test_else_expected_count_times_average_lq_of_the_sisters() -> None:
    lq = np.array([[2.0, 1.0, NAN, 9.0], [NAN, NAN, NAN, NAN]])
    prior = prior_from_sisters(np.full((2, 4), 10.0), lq, np.array([0, 0, 0, 1]))
    # The sister of 0 is 1, of 1 it is 0, of 2 both; division 3 has none, and so is of LQ 1.
    np.testing.assert_array_equal(prior, [[10, 20, 15, 10], [10, 10, 10, 10]])


def test_rules_are_asked_in_order_and_a_zero_is_no_answer() -> None:
    first, second = np.array([[3.0, 0, NAN, 0, NAN]]), np.array([[9.0, 9, 9, NAN, NAN]])
    np.testing.assert_array_equal(first_of(first, second), [[3, 9, 9, 0, NAN]])


def test_filling_by_hand() -> None:
    """Two regions, two divisions, all confidential: 60/40 by 70/30 from an even prior."""
    table = cells(
        np.full((2, 2), NAN),
        np.full((2, 2), State.CONFIDENTIAL, np.int8),
        np.zeros(2, int),
        np.zeros(2, int),
        np.array([[60.0], [40.0]]),
        np.array([[70.0, 30.0]]),
    )
    filled = fill(table, np.ones((2, 2)))
    np.testing.assert_allclose(filled.value, [[42, 18], [28, 12]], rtol=1e-12)
    assert filled.converged.all()
    np.testing.assert_array_equal(even_split(table), [[30, 15], [20, 15]])


def test_mass_that_meets_a_bound_is_passed_on() -> None:
    """Of 100 in a row, the first division can take no more than the 10 its column leaves."""
    table = cells(
        np.array([[NAN, NAN, NAN], [5.0, 5.0, 5.0]]),
        np.array([[4, 4, 4], [0, 0, 0]], np.int8),
        np.zeros(2, int),
        np.zeros(3, int),
        np.array([[100.0], [15.0]]),
        np.array([[15.0, NAN, NAN]]),
    )
    filled = fill(table, np.array([[80.0, 10, 10], [NAN] * 3]))
    np.testing.assert_allclose(filled.value[0], [10, 45, 45], rtol=1e-6)


def test_margins_that_contradict_each_other_are_flagged_in_their_country_alone() -> None:
    table, _ = world(3)
    rows = table.rows.copy()
    rows[table.country == 0] *= 1.2
    wrong = replace(table, rows=rows)
    prior = np.ones(table.value.shape)
    assert fill(table, prior).converged.tolist() == [True, True]
    assert fill(wrong, prior).converged.tolist() == [False, True]
    assert not draws(wrong, prior, cv=0.5, seed=1).converged[:, 0].any()


def test_what_is_not_applicable_is_nothing_and_what_is_not_imputable_stays_missing() -> None:
    table = cells(
        np.array([[NAN, NAN]]),
        np.array([[State.NOT_APPLICABLE, State.NOT_AVAILABLE]], np.int8),
        np.zeros(1, int),
        np.array([0, 0]),
        np.array([[NAN]]),
        np.array([[0.0, NAN]]),
    )
    np.testing.assert_array_equal(fill(table, np.ones((1, 2))).value, [[0, NAN]])


def test_nothing_unknown_is_filled_with_nothing() -> None:
    table, true = world(1, hidden=0.0)
    filled = fill(table, np.full(true.shape, NAN))
    np.testing.assert_array_equal(filled.value, true)
    assert filled.converged.all()


def test_negative_priors_and_noise_are_refused() -> None:
    table, _ = world(1)
    with pytest.raises(ValueError, match="prior"):
        fill(table, np.full(table.value.shape, -1.0))
    with pytest.raises(ValueError, match="variation"):
        draws(table, np.ones(table.value.shape), cv=-1, seed=1)


@given(st.integers(0, 10_000))
def test_margins_and_bounds_are_kept(seed: int) -> None:
    table, true = world(seed)
    filled = fill(table, np.random.default_rng(seed).lognormal(3, 1, true.shape), iterations=2000)
    assert filled.converged.all()
    assert kept(table, filled)


@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.5, 1.0]))
def test_every_draw_keeps_margins_and_bounds(seed: int, cv: float) -> None:
    table, true = world(seed)
    drawn = draws(table, true + 1, cv=cv, seed=seed, m=5, iterations=3000)
    assert drawn.value.shape == (5, *true.shape)
    assert drawn.converged.all()
    assert kept(table, drawn)


def test_draws_repeat_with_their_seed_and_scatter_around_the_prior() -> None:
    table, true = world(5)
    again = [draws(table, true, cv=0.3, seed=s, m=200).value for s in (1, 1, 2)]
    np.testing.assert_array_equal(again[0], again[1])
    assert not np.array_equal(again[0], again[2], equal_nan=True)
    np.testing.assert_array_equal(
        draws(table, true, cv=0, seed=1, m=2).value, np.stack([fill(table, true).value] * 2)
    )
    spread = again[0].std(axis=0)
    assert np.nanmax(spread[~table.unknown]) == 0
    assert np.nanmax(spread[table.unknown]) > 0


@given(st.integers(0, 10_000))
def test_order_of_regions_and_divisions_changes_nothing_but_the_order(seed: int) -> None:
    table, true = world(seed)
    rng = np.random.default_rng(seed)
    r, s = rng.permutation(7), rng.permutation(6)
    other = cells(
        table.value[np.ix_(r, s)],
        table.state[np.ix_(r, s)],
        table.country[r],
        table.section[s],
        table.rows[r],
        table.columns[:, s],
    )
    codes_r, codes_s = np.array(list("abcdefg")), np.array(list("uvwxyz"))
    one = fill(table, true + 1)
    two = fill(other, (true + 1)[np.ix_(r, s)])
    np.testing.assert_allclose(two.value, one.value[np.ix_(r, s)], rtol=1e-9)
    drawn = draws(table, true + 1, cv=0.5, seed=7, m=3, regions=codes_r, divisions=codes_s)
    prior = (true + 1)[np.ix_(r, s)]
    turned = draws(other, prior, cv=0.5, seed=7, m=3, regions=codes_r[r], divisions=codes_s[s])
    np.testing.assert_allclose(turned.value, drawn.value[:, r][:, :, s], rtol=1e-9)
