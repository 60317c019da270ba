"""How a region's industries are spread, in small tables (methodology 3.6)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from s3etl.portfolio import structure
from s3etl.portfolio.specialisation import location_quotient

GOLDEN = np.array([(300, 100, 50, 50), (100, 200, 100, 100), (50, 50, 300, 100)])
SECTIONS = ["C", "C", "J", "J"]
JOBS = arrays(np.float64, (5, 6), elements=st.integers(0, 5000).map(float))
GROUPS = [3, 1, 1, 2, 3, 3]
PER_REGION = (
    structure.krugman,
    structure.herfindahl,
    structure.theil,
    structure.hachman,
    structure.entropy,
    lambda e: structure.unrelated_variety(e, SECTIONS[: np.shape(e)[-1]]),
    lambda e: structure.related_variety(e, SECTIONS[: np.shape(e)[-1]]),
)


def test_the_golden_example() -> None:
    first = {
        "krugman": structure.krugman(GOLDEN),
        "herfindahl": structure.herfindahl(GOLDEN),
        "normalised": structure.herfindahl(GOLDEN, normalised=True),
        "uv": structure.unrelated_variety(GOLDEN, SECTIONS),
        "rv": structure.related_variety(GOLDEN, SECTIONS),
        "entropy": structure.entropy(GOLDEN),
        "theil": structure.theil(GOLDEN),
        "hachman": structure.hachman(GOLDEN),
    }
    expected = {
        "krugman": 0.6,
        "herfindahl": 0.42,
        "normalised": 0.2267,
        "uv": 0.7219,
        "rv": 0.8490,
        "entropy": 1.5710,
        "theil": 0.2241,
        "hachman": 0.6827,
    }
    assert {name: values[0] for name, values in first.items()} == pytest.approx(expected, abs=5e-5)


@given(JOBS)
def test_identities(jobs: np.ndarray) -> None:
    has = jobs.sum(axis=1) > 0
    krugman, hachman = structure.krugman(jobs)[has], structure.hachman(jobs)[has]
    assert ((krugman >= 0) & (krugman <= 2 + 1e-12)).all()
    assert ((hachman > 0) & (hachman <= 1)).all()
    assert (structure.theil(jobs)[has] >= 0).all()
    share = structure.shares(jobs)[has]
    mean = (share * np.nan_to_num(location_quotient(jobs)[has])).sum(axis=1)
    np.testing.assert_allclose(hachman, 1 / mean, rtol=1e-12)
    unrelated = structure.unrelated_variety(jobs, GROUPS)
    related = structure.related_variety(jobs, GROUPS)
    np.testing.assert_allclose(unrelated + related, structure.entropy(jobs), atol=1e-12)
    assert (unrelated[has] >= 0).all()
    assert (related[has] >= 0).all()
    herfindahl = structure.herfindahl(jobs, normalised=True)[has]
    assert ((herfindahl >= -1e-12) & (herfindahl <= 1 + 1e-12)).all()


@given(JOBS, st.permutations(range(5)), st.permutations(range(6)))
def test_order_does_not_matter(jobs: np.ndarray, rows: list[int], columns: list[int]) -> None:
    moved = jobs[np.ix_(rows, columns)]
    groups = np.array(GROUPS)
    phi = np.random.default_rng(1).random((6, 6))
    for here, there in (
        (structure.krugman(jobs), structure.krugman(moved)),
        (structure.theil(jobs), structure.theil(moved)),
        (structure.hachman(jobs), structure.hachman(moved)),
        (
            structure.related_variety(jobs, groups),
            structure.related_variety(moved, groups[columns]),
        ),
        (structure.coherence(jobs, phi), structure.coherence(moved, phi[np.ix_(columns, columns)])),
    ):
        np.testing.assert_allclose(here[rows], there, rtol=1e-10, atol=1e-10)
    gamma = structure.ellison_glaeser(jobs, np.linspace(0.1, 0.6, 6))[columns]
    moved_gamma = structure.ellison_glaeser(moved, np.linspace(0.1, 0.6, 6)[columns])
    np.testing.assert_allclose(gamma, moved_gamma, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("function", PER_REGION)
def test_regions_that_have_no_structure(function) -> None:
    assert np.isnan(function([[0, 0, 0], [0, 0, 0]])).all()
    empty = function([[0, 0, 0], [3, 4, 1]])
    assert np.isnan(empty).tolist() == [True, False]
    twins = function([[2, 5, 1], [2, 5, 1], [9, 0, 0]])
    assert twins[0] == twins[1]
    assert np.isnan(function([[np.nan, 2, 3], [4, 5, 6]]))[0]


def test_identical_regions_are_as_their_sum() -> None:
    jobs = [[2, 5, 1], [4, 10, 2]]
    assert structure.krugman(jobs) == pytest.approx([0, 0], abs=1e-15)
    assert structure.theil(jobs) == pytest.approx([0, 0], abs=1e-15)
    assert structure.hachman(jobs) == pytest.approx([1, 1], rel=1e-15)


def test_regions_with_nothing_in_common() -> None:
    jobs = np.diag([5, 5000])
    assert structure.krugman(jobs, reference=jobs.sum(axis=0) - jobs) == pytest.approx([2, 2])
    assert structure.theil(jobs, reference=[0, 1]).tolist() == [np.inf, 0]
    assert structure.hachman(jobs, reference=[0, 1]).tolist() == [0, 1]
    assert structure.entropy(jobs).tolist() == [0, 0]
    assert structure.herfindahl(jobs).tolist() == [1, 1]


def test_a_reference_that_is_not_known_is_not_zero() -> None:
    for function in (structure.krugman, structure.theil, structure.hachman):
        assert np.isnan(function([[3, 0]], reference=[4, np.nan])).all()


def test_one_industry_cannot_be_normalised() -> None:
    assert np.isnan(structure.herfindahl([[4.0]], normalised=True)).all()


def test_groups_are_as_many_as_industries() -> None:
    with pytest.raises(ValueError, match="2 groups were given for 4 industries"):
        structure.related_variety(GOLDEN, ["C", "J"])


def test_ellison_glaeser_of_plants_by_chance_and_together() -> None:
    # Two equal regions, one industry wholly in the first: G = 1/2, 1 − Σx² = 1/2.
    jobs = [[10, 40, 0], [0, 50, 0]]
    gamma = structure.ellison_glaeser(jobs, [0.2, 0.02, 0.5], region_shares=[0.5, 0.5])
    assert gamma[0] == pytest.approx((0.5 - 0.5 * 0.2) / (0.5 * 0.8))
    assert gamma[1] < 0
    assert np.isnan(gamma[2])
    assert np.isnan(structure.ellison_glaeser(jobs, [1, 1, 1])).all()
    assert np.isnan(structure.ellison_glaeser([[3, 4], [0, 0]], [0.1, 0.1])).all()


def coherence_in_words(p: np.ndarray, phi: np.ndarray) -> float:
    total = 0.0
    for s in range(p.size):
        others = [t for t in range(p.size) if t != s]
        total += p[s] * sum(phi[s, t] * p[t] for t in others) / (1 - p[s])
    return total


def test_coherence() -> None:
    phi = np.random.default_rng(5).random((4, 4))
    by_words = [coherence_in_words(p, phi) for p in structure.shares(GOLDEN)]
    assert structure.coherence(GOLDEN, phi) == pytest.approx(by_words)
    assert structure.coherence(GOLDEN, np.ones((4, 4))) == pytest.approx([1, 1, 1])


def test_coherence_where_pairs_or_others_are_missing() -> None:
    phi = np.array([(1, 0.5, np.nan), (0.5, 1, np.nan), (np.nan, np.nan, np.nan)])
    jobs = [[6, 4, 0], [3, 3, 4], [7, 0, 0], [0, 0, 0], [np.nan, 1, 1]]
    # The third industry is related to nothing known and drops out of the second region.
    nan = np.nan
    np.testing.assert_allclose(structure.coherence(jobs, phi), [0.5, 0.5, nan, nan, nan])
