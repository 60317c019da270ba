"""Relatedness, density and complexity, in small matrices (methodology 3.6)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from s3etl.portfolio import relatedness as re
from s3etl.portfolio.specialisation import location_quotient

GOLDEN = np.array([(300, 100, 50, 50), (100, 200, 100, 100), (50, 50, 300, 100)])
NAN = np.nan
PRESENT = arrays(np.float64, (7, 6), elements=st.sampled_from([0.0, 1.0]))
PARTLY = arrays(np.float64, (7, 6), elements=st.sampled_from([0.0, 1.0, NAN]))
ORDERS = st.tuples(st.permutations(range(7)), st.permutations(range(6)))
TRIANGLE = np.array([(1, 1, 1), (1, 1, 0), (1, 0, 0)])


def test_the_golden_example() -> None:
    m = re.presence(location_quotient(GOLDEN))
    assert m.tolist() == [[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 1]]
    phi = re.proximity(m)
    expected = np.eye(4)
    expected[[1, 2, 3, 3], [3, 3, 1, 2]] = 0.5
    np.testing.assert_array_equal(phi, expected)
    omega = re.density(m, phi)
    np.testing.assert_array_equal(omega[1], [NAN, 100, 100, 50])


def test_presence_of_what_is_not_known_is_not_known() -> None:
    np.testing.assert_array_equal(re.presence([1, 0.99, NAN]), [1, 0, NAN])
    np.testing.assert_array_equal(re.presence([0.8, 0.7], 0.8), [1, 0])
    with pytest.raises(ValueError, match="1, 0 or NaN"):
        re.proximity([[2.0, 0.0]])


def proximity_in_words(m: np.ndarray, s: int, t: int) -> float:
    both = [(row[s], row[t]) for row in m if not np.isnan(row[[s, t]]).any()]
    here, there = sum(a for a, _ in both), sum(b for _, b in both)
    if not here or not there:
        return NAN
    together = sum(a * b for a, b in both)
    return min(together / here, together / there)


@given(PARTLY)
def test_proximity_in_words(m: np.ndarray) -> None:
    words = [[proximity_in_words(m, s, t) for t in range(6)] for s in range(6)]
    np.testing.assert_allclose(re.proximity(m), words)


def density_in_words(m: np.ndarray, phi: np.ndarray, r: int, s: int) -> float:
    others = [
        t for t in range(m.shape[1]) if t != s and not np.isnan(m[r, t]) and not np.isnan(phi[s, t])
    ]
    whole = sum(phi[s, t] for t in others)
    return 100 * sum(m[r, t] * phi[s, t] for t in others) / whole if whole else NAN


@given(PARTLY)
def test_density_in_words(m: np.ndarray) -> None:
    phi = re.proximity(m)
    words = [[density_in_words(m, phi, r, s) for s in range(6)] for r in range(7)]
    omega = re.density(m, phi)
    np.testing.assert_allclose(omega, words, atol=1e-12)
    known = omega[~np.isnan(omega)]
    assert ((known >= 0) & (known <= 100)).all()


@given(PARTLY)
def test_associations_are_symmetric_and_scaled_by_chance(m: np.ndarray) -> None:
    for measure in (re.association_strength, re.probability_relatedness):
        phi = measure(m)
        np.testing.assert_allclose(phi, phi.T)
        assert np.isnan(np.diagonal(phi)).all()
        assert (phi[~np.isnan(phi)] >= 0).all()


def test_associations_are_one_by_chance() -> None:
    # Everywhere together: what is expected of pairs of different industries is what is found.
    everywhere = np.ones((3, 4))
    pairs = ~np.eye(4, dtype=bool)
    assert re.probability_relatedness(everywhere)[pairs] == pytest.approx(1)
    assert re.association_strength(everywhere)[pairs] == pytest.approx(4 / 3)


@given(PRESENT, ORDERS)
def test_order_does_not_matter(m: np.ndarray, orders: tuple[list[int], list[int]]) -> None:
    rows, columns = orders
    moved = m[np.ix_(rows, columns)]
    square = np.ix_(columns, columns)
    for measure in (re.proximity, re.association_strength, re.probability_relatedness):
        np.testing.assert_allclose(measure(m)[square], measure(moved), rtol=1e-12)
    here, there = re.density(m, re.proximity(m)), re.density(moved, re.proximity(moved))
    np.testing.assert_allclose(here[np.ix_(rows, columns)], there, atol=1e-10)
    one, two = re.complexity(m), re.complexity(moved)
    np.testing.assert_array_equal(one.in_component[rows], two.in_component)
    np.testing.assert_allclose(one.region[rows], two.region, atol=1e-5)
    np.testing.assert_allclose(one.industry[columns], two.industry, atol=1e-5)
    for first, second, order in zip(re.fitness(m, 8), re.fitness(moved, 8), orders, strict=True):
        np.testing.assert_allclose(first[order], second, rtol=1e-9)


@given(PRESENT)
def test_a_region_is_as_complex_as_its_industries(m: np.ndarray) -> None:
    of = re.complexity(m)
    inside = ~np.isnan(of.region)
    if not inside.any():
        return
    assert (inside == of.in_component).all()
    mean = (m @ np.nan_to_num(of.industry)) / np.maximum(m.sum(axis=1), 1)
    np.testing.assert_allclose(of.region[inside], mean[inside], atol=1e-9)
    assert of.region[inside].mean() == pytest.approx(0, abs=1e-9)
    assert of.region[inside].std() == pytest.approx(1)
    assert np.corrcoef(of.region[inside], m.sum(axis=1)[inside])[0, 1] > 0


@given(PRESENT)
def test_complexity_solves_what_it_says(m: np.ndarray) -> None:
    of = re.complexity(m)
    if np.isnan(of.region).all():
        return
    part = m[of.in_component][:, ~np.isnan(of.industry)]
    step = (part / part.sum(axis=1, keepdims=True)) @ (part / part.sum(axis=0)).T
    values = np.sort(np.linalg.eigvals(step).real)
    region = of.region[of.in_component]
    # Taking off the mean, as z-scores do, adds a multiple of the first eigenvector: of ones.
    left = step @ region - values[-2] * region
    np.testing.assert_allclose(left, left[0], atol=1e-6)


def test_nested_regions_are_ordered_by_diversity() -> None:
    of = re.complexity(TRIANGLE)
    assert (np.diff(of.region) < 0).all()
    assert (np.diff(of.industry) > 0).all()


def test_the_longer_side_gives_the_same() -> None:
    m = (np.random.default_rng(4).random((30, 12)) < 0.4).astype(float)
    wide, tall = re.complexity(m.T), re.complexity(m)
    assert abs(np.corrcoef(wide.region, tall.industry)[0, 1]) == pytest.approx(1)
    assert abs(np.corrcoef(wide.industry, tall.region)[0, 1]) == pytest.approx(1)


def test_only_the_largest_component_has_complexity() -> None:
    m = np.zeros((6, 6))
    m[:3, :3] = TRIANGLE
    m[3:5, 3:5] = [(1, 1), (1, 0)]
    of, alone = re.complexity(m), re.complexity(TRIANGLE)
    np.testing.assert_allclose(of.region, [*alone.region, NAN, NAN, NAN])
    np.testing.assert_allclose(of.industry, [*alone.industry, NAN, NAN, NAN])
    assert of.in_component.tolist() == [True] * 3 + [False] * 3


@pytest.mark.parametrize(
    ("m", "inside"),
    [
        (np.zeros((3, 3)), [False] * 3),
        (np.kron(np.eye(2), TRIANGLE), [False] * 6),
        (np.ones((3, 4)), [True] * 3),
        ([[1, 1, 1]], [True]),
        ([[1], [1]], [True, True]),
        ([[1, 1, 0], [0, 1, 1], [1, 0, 1]], [True] * 3),
        ([[1, 1, 0], [0, 1, 1]], [True] * 2),
    ],
    ids=["all zeros", "no largest", "one profile", "one region", "one industry", "tie", "no sign"],
)
def test_where_complexity_has_no_answer(m, inside: list[bool]) -> None:
    of = re.complexity(m)
    assert np.isnan(of.region).all()
    assert np.isnan(of.industry).all()
    assert of.in_component.tolist() == inside


def test_regions_without_jobs_are_left_out() -> None:
    jobs = np.random.default_rng(9).integers(1, 50, (8, 5)) ** 2
    m = re.presence(location_quotient(jobs))
    padded = np.zeros((9, 6))
    padded[:8, :5] = jobs
    with_empty = re.presence(location_quotient(padded))
    assert np.isnan(with_empty[8]).all()
    assert np.isnan(with_empty[:, 5]).all()
    np.testing.assert_array_equal(re.proximity(with_empty)[:5, :5], re.proximity(m))
    omega = re.density(with_empty, re.proximity(with_empty))
    np.testing.assert_allclose(omega[:8, :5], re.density(m, re.proximity(m)))
    assert np.isnan(omega[8]).all()
    assert np.isnan(omega[:, 5]).all()
    np.testing.assert_allclose(re.complexity(with_empty).region[:8], re.complexity(m).region)


def test_complexity_needs_every_link() -> None:
    with pytest.raises(ValueError, match="needs every cell"):
        re.complexity([[1, NAN], [0, 1]])
    with pytest.raises(ValueError, match="regions and industries"):
        re.complexity([1, 0])


def test_identical_regions_are_equally_complex() -> None:
    of = re.complexity([*TRIANGLE, TRIANGLE[0]])
    assert of.region[0] == pytest.approx(of.region[3])


def test_fitness_by_hand() -> None:
    # F: 2, 1 → 4/3, 2/3. Q, from F = 1: 1/2, 1 → 2/3, 4/3.
    m = [[1, 1, 0], [1, 0, 0], [0, 0, 0]]
    region, industry = re.fitness(m, 1)
    np.testing.assert_allclose(region, [4 / 3, 2 / 3, NAN])
    np.testing.assert_allclose(industry, [2 / 3, 4 / 3, NAN])
    assert np.isnan(re.fitness(np.zeros((2, 2)))[0]).all()


def test_fitness_that_falls_to_nothing_stays_a_number() -> None:
    m = np.tril(np.ones((12, 12)))[:, ::-1]
    m[0] = 0
    m[0, 11] = 1
    region, industry = re.fitness(m, 5000)
    assert ((region >= 0) & (industry >= 0)).all()


def test_leading_axes_are_computed_each_for_itself() -> None:
    m = (np.random.default_rng(4).random((3, 8, 5)) < 0.4).astype(float)
    for measure in (re.proximity, re.association_strength, re.probability_relatedness):
        np.testing.assert_array_equal(measure(m), [measure(year) for year in m])
    phi = re.proximity(m)
    each = [re.density(a, b) for a, b in zip(m, phi, strict=True)]
    np.testing.assert_allclose(re.density(m, phi), each)


def test_quadrants() -> None:
    omega = [[10, 40, 40, 10, 90, NAN, 20], [1, 1, 1, 1, 1, 1, 1]]
    pci = [2, 2, -1, -1, 0, 3, NAN]
    m = [[0, 0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, NAN, 1]]
    of = re.quadrants(omega, pci, m)
    words = [[re.QUADRANTS[cell] for cell in row] for row in of]
    unknown, high, slow = "not known", "high road", "slow road"
    first = ["casino", high, slow, "dead end", "specialised", unknown, unknown]
    assert words[0] == first
    assert words[1] == [high, high, slow, slow, slow, unknown, "specialised"]
    moved = re.quadrants(omega, pci, m, median_complexity=5)
    assert re.QUADRANTS[moved[0, 1]] == slow


def test_the_median_is_that_of_what_is_known() -> None:
    rows = [[1, 2, 3, 4], [1, 2, NAN, 3], [NAN] * 4, [NAN, 5, NAN, NAN]]
    of = re.at_least_median(rows)
    expected = [[0, 0, 1, 1], [0, 1, NAN, 1], [NAN] * 4, [NAN, 1, NAN, NAN]]
    np.testing.assert_array_equal(of, expected)
