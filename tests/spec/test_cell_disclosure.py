"""No value nobody publishes can be solved from what is shown (methodology 3.2, step 6)."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.portfolio.attack import Attack, Margins, solvable
from s3etl.portfolio.cells import Bools, Cells, Floats, State, cells
from s3etl.portfolio.disclosure import CLASSES, Shown, suppress
from tests.bands import class_span, location_interval, share_interval, total_interval

NAN = np.nan
ONE = np.zeros(1, int)


def table_of(true: Floats, confidential: list[tuple[int, int]], section: list[int]) -> Cells:
    """Return regions of one country with all margins published."""
    state = np.where(true > 0, State.PUBLISHED, State.ZERO).astype(np.int8)
    state[tuple(np.array(confidential).T)] = State.CONFIDENTIAL
    country, sections = np.zeros(len(true), int), max(section) + 1
    margins = Margins.of(true, country, np.array(section), np.ones(1, bool), sections)
    return cells(true, state, country, np.array(section), margins.rows, margins.columns)


def attack(table: Cells, true: Floats, shown: Shown, universe: Bools | None = None) -> Attack:
    """Attack all that is shown: cells, totals, bands, and what shares and quotients give away."""
    members = np.ones(len(table.columns), bool) if universe is None else universe
    every = Margins.of(true, table.country, table.section, members, table.rows.shape[1])
    value = np.where(shown.value, true, NAN)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = true / every.regions[:, None]
        quotient = share * every.total / every.divisions
    margins = every.shown(shown).read_back(
        value, np.where(shown.share, share, NAN), np.where(shown.quotient, quotient, NAN)
    )
    return solvable(value, margins, low=shown.low, high=shown.high, targets=table.unknown)


TRUE = np.array([[100.0, 80, 60], [90, 70, 50], [40, 30, 20]])


def test_the_attack_solves_a_single_gap() -> None:
    margins = Margins.of(TRUE, np.zeros(3, int), np.zeros(3, int), np.ones(1, bool), 1)
    published = TRUE.copy()
    published[1, 1] = NAN
    found = solvable(published, margins)
    assert found.solved.sum() == 1
    np.testing.assert_allclose([found.low[1, 1], found.high[1, 1]], 70)


def test_the_attack_solves_four_gaps_that_bands_close() -> None:
    """A rectangle of gaps is open, 120 by 150; bands of 1 % in one corner close the others."""
    margins = Margins.of(TRUE, np.zeros(3, int), np.zeros(3, int), np.ones(1, bool), 1)
    published = TRUE.copy()
    published[:2, :2] = NAN
    assert not solvable(published, margins).solved.any()
    low, high = np.full((3, 3), NAN), np.full((3, 3), NAN)
    low[0, 0], high[0, 0] = 99, 100
    assert solvable(published, margins, low=low, high=high).solved.sum() == 4


def test_the_attack_solves_an_interval_narrower_than_the_width() -> None:
    margins = Margins.of(TRUE, np.zeros(3, int), np.zeros(3, int), np.ones(1, bool), 1)
    published = TRUE.copy()
    published[0, :2] = published[2, :2] = NAN  # 100 and 80 can give the 40 and 30 below
    found = solvable(published, margins, width=0.5)
    np.testing.assert_allclose([found.low[0, 0], found.high[0, 0]], [70, 140])
    assert found.solved[0, :2].tolist() == [True, False]  # 70 to 140, and 40 to 110


def test_the_attack_solves_what_is_open_by_less_than_a_person() -> None:
    true = np.array([[0.2, 80], [90, 70]])
    margins = Margins.of(true, np.zeros(2, int), np.zeros(2, int), np.ones(1, bool), 1)
    low, high = np.zeros((2, 2)), np.full((2, 2), np.inf)
    high[0, 0] = 0.5
    found = solvable(np.full((2, 2), NAN), margins, low=low, high=high)
    assert found.solved.all()  # 0 to 0.5 of a person is none, and so on round the rectangle


def test_the_attack_subtracts_totals_of_totals() -> None:
    """With the total of the section hidden it still follows from the region's total."""
    margins = Margins.of(TRUE, np.zeros(3, int), np.array([0, 0, 1]), np.ones(1, bool), 2)
    published = TRUE.copy()
    published[0, 2] = NAN
    rows, columns = margins.rows.copy(), margins.columns.copy()
    rows[0, 1] = columns[0, 2] = NAN
    some = replace(margins, rows=rows, columns=columns)
    nothing = replace(
        some,
        corners=np.full((1, 2), NAN),
        regions=np.full(3, NAN),
        countries=np.full(1, NAN),
        divisions=np.full(3, NAN),
        sections=np.full(2, NAN),
        total=NAN,
    )
    assert solvable(published, some).solved[0, 2]
    assert not solvable(published, nothing).solved[0, 2]
    # A share gives the total of its region away, and that the rest.
    share = np.where(np.arange(3)[:, None] == 0, published / 240, NAN)
    assert solvable(published, nothing.read_back(published, share, share * NAN)).solved[0, 2]


def test_the_attack_refuses_what_contradicts_itself() -> None:
    margins = Margins.of(TRUE, np.zeros(3, int), np.zeros(3, int), np.ones(1, bool), 1)
    published = TRUE.copy()
    published[0, :2] = NAN
    with pytest.raises(ValueError, match="contradicts"):
        solvable(published, replace(margins, rows=margins.rows / 2))


def test_a_confidential_cell_alone_in_its_row_hides_others() -> None:
    table = table_of(TRUE, [(1, 1)], [0, 0, 0])
    shown = suppress(table, TRUE)
    assert not shown.value[1, 1]
    assert shown.secondary.sum() == 3  # one in its row, one in its column, and the fourth
    assert not shown.secondary[1, 1]
    assert shown.rows.all()
    assert shown.columns.all()
    assert shown.regions.all()
    assert not attack(table, TRUE, shown).solved.any()


def test_a_section_of_one_division_takes_its_totals_along() -> None:
    """Energy (D) is one division: the total of the section is the cell."""
    table = table_of(TRUE, [(0, 2)], [0, 0, 1])
    shown = suppress(table, TRUE)
    assert not shown.rows[0, 1]
    assert shown.secondary.sum() == 1
    assert not shown.regions[0]  # 240 − 180 would be it
    assert shown.regions.sum() == 1
    assert not attack(table, TRUE, shown).solved.any()


def test_what_bounds_identify_is_hidden_like_any_other() -> None:
    true = TRUE.copy()
    true[0, 0] = 0.0
    table = table_of(true, [(0, 0), (0, 1)], [0, 0, 0])
    shown = suppress(table, true)
    assert not shown.value[0, :2].any()
    assert not attack(table, true, shown).solved.any()


def test_nothing_hidden_where_nothing_is_confidential() -> None:
    section, missing = np.array([0, 0, 1]), np.full((3, 2), NAN)
    state = np.zeros((3, 3), np.int8)
    table = cells(TRUE, state, np.zeros(3, int), section, missing, np.full((1, 3), NAN))
    shown = suppress(table, TRUE)
    assert shown.quotient.all()
    assert shown.total
    np.testing.assert_array_equal(shown.low, TRUE)


def test_a_hidden_cell_has_a_band_of_the_declared_classes() -> None:
    true = np.array([[400.0, 300, 300], [300, 400, 300], [300, 300, 400]])
    table = table_of(true, [(0, 0), (0, 1), (1, 0), (1, 1)], [0, 0, 0])
    shown = suppress(table, true)
    hidden = ~shown.value
    assert set(shown.low[hidden]) <= set(CLASSES)
    assert ((shown.low <= true) & (true <= shown.high))[hidden].all()
    assert np.isfinite(shown.high[hidden]).all()
    np.testing.assert_array_equal(shown.low[~hidden], true[~hidden])


def test_bands_widen_until_they_give_nothing_away() -> None:
    table = table_of(TRUE, [(0, 0), (0, 1), (1, 0), (1, 1)], [0, 0, 0])
    fine = tuple(float(x) for x in range(0, 200, 5))
    shown = suppress(table, TRUE, classes=fine)
    assert not attack(table, TRUE, shown).solved.any()
    assert (shown.high - shown.low)[0, 0] > 5


def test_without_an_estimate_a_cell_is_hidden_too() -> None:
    table = cells(
        np.array([[NAN, 5.0]]), np.array([[State.NOT_AVAILABLE, 0]], np.int8), ONE,
        np.array([0, 0]), np.array([[NAN]]), np.array([[NAN, 5.0]]),
    )  # fmt: skip
    shown = suppress(table, np.array([[NAN, 5.0]]))
    assert not shown.value[0, 0]
    assert not shown.rows[0, 0]


@pytest.mark.parametrize(("width", "classes"), [(1.0, CLASSES), (0.1, (1.0, 2.0)), (0.1, ())])
def test_odd_declarations_are_refused(width: float, classes: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        suppress(table_of(TRUE, [(0, 0)], [0, 0, 0]), TRUE, width=width, classes=classes)


def random_world(seed: int) -> tuple[Cells, Floats, Floats]:
    """Return a table of up to 3 countries with gaps in cells and margins, and what is true."""
    rng = np.random.default_rng(seed)
    countries, sections = rng.integers(1, 4, 2)
    country = np.append(np.arange(countries), rng.integers(0, countries, rng.integers(0, 5)))
    section = np.append(np.arange(sections), rng.integers(0, sections, rng.integers(0, 5)))
    shape = (len(country), len(section))
    true = np.rint(rng.lognormal(4, 2, shape)) * (rng.random(shape) > 0.1)
    state = np.where(true > 0, State.PUBLISHED, State.ZERO).astype(np.int8)
    state[rng.random(shape) < rng.choice([0.05, 0.2, 0.4])] = State.CONFIDENTIAL
    state[(rng.random(shape) < 0.03) & (true == 0)] = State.NOT_APPLICABLE
    members = np.ones(countries, bool)
    whole = Margins.of(true, country, section, members, int(sections))

    def gaps(margin: Floats) -> Floats:
        return np.where(rng.random(margin.shape) < rng.choice([0, 0.15]), NAN, margin)

    table = cells(true, state, country, section, gaps(whole.rows), gaps(whole.columns))
    return table, true, gaps(whole.corners)


@given(st.integers(0, 100_000))
def test_nothing_confidential_is_solvable(seed: int) -> None:
    table, true, corners = random_world(seed)
    rng = np.random.default_rng(seed)
    universe = rng.random(len(table.columns)) < 0.8
    shown = suppress(table, true, corners=corners, universe=universe)
    assert not shown.value[table.unknown].any()
    found = attack(table, true, shown, universe)
    assert not found.solved.any(), (found.low[found.solved], found.high[found.solved])


def test_without_hiding_more_nearly_all_would_be_solvable() -> None:
    """The attack has teeth: of hidden cells with all margins shown it solves the most."""
    solved = hidden = 0
    for seed in range(20):
        table, true, _ = random_world(seed)
        members = np.ones(len(table.columns), bool)
        margins = Margins.of(true, table.country, table.section, members, table.rows.shape[1])
        found = solvable(np.where(table.unknown, NAN, true), margins)
        solved, hidden = solved + int(found.solved.sum()), hidden + int(table.unknown.sum())
    assert solved > 0.5 * hidden


@given(st.integers(0, 10_000))
def test_order_changes_nothing_but_the_order(seed: int) -> None:
    """Of rectangles that cost the same the first is taken, so values are made different."""
    table, true, corners = random_world(seed)
    rng = np.random.default_rng(seed)
    true = np.where(true > 0, true + rng.random(true.shape) / 10, 0.0)
    whole = Margins.of(
        true, table.country, table.section, np.ones(len(table.columns), bool), table.rows.shape[1]
    )
    rows = np.where(np.isnan(table.rows), NAN, whole.rows)
    columns = np.where(np.isnan(table.columns), NAN, whole.columns)
    r, s = rng.permutation(true.shape[0]), rng.permutation(true.shape[1])
    one = suppress(
        cells(true, table.state, table.country, table.section, rows, columns), true, corners=corners
    )
    mixed = true[np.ix_(r, s)]
    state = table.state[np.ix_(r, s)]
    two_table = cells(mixed, state, table.country[r], table.section[s], rows[r], columns[:, s])
    two = suppress(two_table, mixed, corners=corners)
    # What has to be hidden is the same; equal costs of zeros may choose another partner.
    np.testing.assert_array_equal(two.value[state == State.CONFIDENTIAL], False)
    assert not attack(two_table, mixed, two).solved.any()
    if (true > 0).all():
        np.testing.assert_array_equal(two.value, one.value[np.ix_(r, s)])


def test_bands_of_totals_and_quotients_come_from_what_is_shown() -> None:
    cell = (np.array([[50.0, 30, 20]]), np.array([[100.0, 30, 20]]))
    region = total_interval(*cell, np.array([NAN]), 1)
    assert [float(x[0]) for x in region] == [100, 150]
    assert [float(x[0]) for x in total_interval(*cell, np.array([120.0]), 1)] == [120, 120]
    division = (np.array([500.0, 300, NAN]), np.array([500.0, 300, np.inf]))
    low, high = location_interval(cell, region, division, (np.array(1000.0), np.array(1000.0)))
    np.testing.assert_allclose([low[0, 0], high[0, 0]], [50 * 1000 / 150 / 500, 2.0])
    assert (low[0, 2], high[0, 2]) == (0, np.inf)
    low, high = share_interval(cell, region)
    np.testing.assert_allclose(low[0], [50 / 150, 30 / 150, 20 / 150])
    np.testing.assert_allclose(high[0], [1.0, 0.3, 0.2])


def test_a_part_without_end_leaves_the_total_without_end() -> None:
    low, high = total_interval(
        np.array([[NAN, 5.0]]), np.array([[NAN, 5.0]]), np.array([NAN]), axis=1
    )
    assert (low[0], high[0]) == (5, np.inf)


def test_an_interval_is_shown_as_the_classes_it_reaches() -> None:
    first, last = class_span((np.array([0.4, 0.5, 0.5]), np.array([0.9, 1.0, np.inf])), (0, 0.5, 1))
    assert first.tolist() == [0, 1, 1]
    assert last.tolist() == [1, 1, 2]
    first, last = class_span((np.array([1.0]), np.array([1.0])), (0, 0.5, 1))
    assert (first[0], last[0]) == (2, 2)
