"""What specialisation is, in tables small enough to check by hand (methodology 3.3 and 3.4)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from s3etl.portfolio import specialisation as sp

GOLDEN = np.array([(300, 100, 50, 50), (100, 200, 100, 100), (50, 50, 300, 100)])
JOBS = arrays(np.float64, (6, 5), elements=st.integers(0, 5000).map(float))
NOTHING = [[np.nan] * 2] * 2


def test_the_golden_example() -> None:
    assert sp.location_quotient(GOLDEN)[0] == pytest.approx([2, 0.8571, 0.3333, 0.6], abs=5e-5)


@pytest.mark.parametrize(("expected", "noise", "shrunk"), [(100, 0.8, 1.476), (5000, 0.016, 2.880)])
def test_the_golden_example_of_shrinkage(expected: float, noise: float, shrunk: float) -> None:
    of = sp.shrink([[3.0]], [[expected]], mean_plant_size=20, plant_size_cv2=3, between=0.25)
    assert of.value[0, 0] == pytest.approx(shrunk, abs=5e-4)
    assert of.variance[0, 0] == pytest.approx(0.25 * noise / (0.25 + noise), rel=1e-14)


def test_whole_numbers_never_fall_on_the_wrong_side_of_one() -> None:
    # A third and a third: dividing shares would give 0.9999999999999999 for some of these.
    jobs = np.outer(np.arange(1, 40), np.arange(1, 30))
    assert (sp.location_quotient(jobs) == 1).all()


@pytest.mark.parametrize(
    ("jobs", "quotient"),
    [
        ([[0, 0], [0, 0]], NOTHING),
        ([[0, 0], [3, 1]], [[np.nan, np.nan], [1, 1]]),
        ([[0, 2], [0, 3]], [[np.nan, 1], [np.nan, 1]]),
        ([[5, 0], [0, 5]], [[2, 0], [0, 2]]),
        ([[4, 6], [4, 6]], [[1, 1], [1, 1]]),
        ([[np.nan, 6], [4, 6]], NOTHING),
    ],
    ids=["no jobs", "empty region", "empty industry", "one region each", "identical", "not known"],
)
def test_what_has_no_quotient(jobs: list[list[float]], quotient: list[list[float]]) -> None:
    np.testing.assert_array_equal(sp.location_quotient(jobs), quotient)


def test_a_published_total_stands_in_for_a_cell_that_is_not_known() -> None:
    jobs = [[np.nan, 6], [4, 6]]
    quotient = sp.location_quotient(jobs, region_total=[10, 10], industry_total=[8, 12])
    np.testing.assert_array_equal(quotient, [[np.nan, 1], [1, 1]])


def test_an_amount_is_not_negative() -> None:
    with pytest.raises(ValueError, match="negative or infinite"):
        sp.location_quotient([[-1, 2]])


def test_years_are_computed_each_for_itself() -> None:
    years = np.stack([GOLDEN, GOLDEN[::-1] + 7])
    for function in (
        sp.location_quotient,
        sp.horizontal_cluster_location_quotient,
        lambda e: sp.shrunk_location_quotient(e, 20).value,
        lambda e: sp.standardised_location_quotient(sp.location_quotient(e)).z,
        lambda e: sp.bootstrapped_cutoff(sp.location_quotient(e)),
    ):
        each = np.stack([function(year) for year in years])
        np.testing.assert_allclose(function(years), each, rtol=1e-13)


@given(JOBS)
def test_quotients_average_to_one(jobs: np.ndarray) -> None:
    quotient = sp.location_quotient(jobs)
    share = jobs.sum(axis=1) / max(jobs.sum(), 1)
    mean = np.where(share > 0, share, 0) @ np.nan_to_num(quotient)
    assert mean == pytest.approx((jobs.sum(axis=0) > 0).astype(float), abs=1e-12)


@given(JOBS, st.floats(1, 500), st.floats(0, 6))
def test_shrunk_lies_between_the_raw_quotient_and_one(
    jobs: np.ndarray, size: float, cv2: float
) -> None:
    of = sp.shrunk_location_quotient(jobs, size, cv2)
    known = ~np.isnan(of.raw)
    assert (np.isnan(of.value) == ~known).all()
    low, high = np.minimum(of.raw, 1), np.maximum(of.raw, 1)
    slack = 4 * np.finfo(float).eps * high
    assert ((of.value >= low - slack) & (of.value <= high + slack))[known].all()
    assert ((of.reliability >= 0) & (of.reliability <= 1))[known].all()


@given(JOBS, st.permutations(range(6)), st.permutations(range(5)))
def test_order_does_not_matter(jobs: np.ndarray, rows: list[int], columns: list[int]) -> None:
    moved = jobs[np.ix_(rows, columns)]
    for function in (
        sp.location_quotient,
        sp.horizontal_cluster_location_quotient,
        lambda e: sp.shrunk_location_quotient(e, 20).value,
        lambda e: sp.standardised_location_quotient(sp.location_quotient(e)).z,
    ):
        here, there = function(jobs)[np.ix_(rows, columns)], function(moved)
        np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-9)
    cut = sp.bootstrapped_cutoff(sp.location_quotient(jobs))[columns]
    np.testing.assert_array_equal(cut, sp.bootstrapped_cutoff(sp.location_quotient(moved)))


def test_symmetric() -> None:
    quotient = [0, 0.5, 1, 3, np.nan]
    slq = sp.symmetric_location_quotient(quotient)
    np.testing.assert_allclose(slq, [-1, -1 / 3, 0, 0.5, np.nan])


def test_horizontal_cluster() -> None:
    hclq = sp.horizontal_cluster_location_quotient(GOLDEN)
    assert hclq[0] == pytest.approx([150, -100 / 6, -100, -100 / 3])
    assert hclq.sum(axis=0) == pytest.approx(0, abs=1e-12)
    assert hclq.sum(axis=1) == pytest.approx(0, abs=1e-12)
    assert (sp.horizontal_cluster_location_quotient([[0, 0], [3, 1]]) == 0).all()
    assert np.isnan(sp.horizontal_cluster_location_quotient([[0, 0], [0, 0]])).all()


def test_between_regions_is_what_noise_does_not_explain() -> None:
    jobs = np.array([(300, 700), (200, 800), (100, 900)])
    raw = sp.location_quotient(jobs)
    of = sp.shrunk_location_quotient(jobs, [5, 10], 3)
    expected = sp.expected_employment(jobs)
    noise = np.array([5, 10]) * 4 / expected
    variance = np.average((raw - 1) ** 2, axis=0, weights=expected[:, 0])
    between = np.maximum(0, variance - np.average(noise, axis=0, weights=expected[:, 0]))
    np.testing.assert_allclose(of.between, between, rtol=1e-12)
    assert between[1] == 0
    assert (of.value[:, 1] == 1).all()
    assert (of.variance[:, 1] == 0).all()


def test_shrinkage_of_what_is_not_there() -> None:
    of = sp.shrunk_location_quotient([[0, 0], [0, 8], [0, 2]], 20)
    np.testing.assert_array_equal(of.value, [[np.nan, np.nan], [np.nan, 1], [np.nan, 1]])
    assert np.isnan(sp.shrunk_location_quotient(GOLDEN, np.nan).value).all()
    with pytest.raises(ValueError, match="negative"):
        sp.shrunk_location_quotient(GOLDEN, -20)


def test_probability_beyond_a_cut() -> None:
    # A log-normal with mean e^½ and variance e² − e is e to the power of a standard normal.
    mean, variance = np.exp(0.5), np.exp(2) - np.exp(1)
    assert sp.exceedance_probability(mean, variance, 1.0) == pytest.approx(0.5, rel=1e-12)
    assert sp.exceedance_probability(mean, variance, np.exp(1.96)) == pytest.approx(0.025, rel=1e-3)


def test_probability_where_nothing_is_unsure() -> None:
    value, variance = [1.3, 1.2, 0.4, 0, np.nan, 1], [0, 0, 0, 0, 0, np.nan]
    probability = sp.exceedance_probability(value, variance, 1.2)
    np.testing.assert_array_equal(probability, [1, 0, 0, 0, np.nan, np.nan])
    with pytest.raises(ValueError, match="above 0"):
        sp.exceedance_probability(1, 1, 0)


def test_standardised_takes_logarithms_of_what_is_not_normal() -> None:
    rng = np.random.default_rng(3)
    normal, skewed = rng.normal(1, 0.1, 60), rng.lognormal(0, 1, 60)
    of = sp.standardised_location_quotient(np.stack([normal, skewed], axis=1))
    assert of.logged.tolist() == [False, True]
    logs = np.log(skewed)
    np.testing.assert_allclose(of.z[:, 1], (logs - logs.mean()) / logs.std(ddof=1), rtol=1e-12)
    np.testing.assert_allclose(of.z[:, 0], (normal - normal.mean()) / normal.std(ddof=1))


def test_standardised_has_no_logarithm_where_a_region_has_none_of_it() -> None:
    skewed = np.append(np.random.default_rng(3).lognormal(0, 1, 60), 0)[:, None]
    of = sp.standardised_location_quotient(skewed)
    assert of.normality < 0.05
    assert not of.logged
    assert of.z[-1] < 0


def test_standardised_where_there_is_no_deviation() -> None:
    columns = [[1, 0.1, np.nan, 1], [1, 0.1, np.nan, 3], [1, 0.1, 2, np.nan]]
    of = sp.standardised_location_quotient(columns)
    half = np.sqrt(0.5)
    nan = np.nan
    expected = [[nan, nan, nan, -half], [nan, nan, nan, half], [nan] * 4]
    np.testing.assert_allclose(of.z, expected)
    assert np.isnan(of.normality).all()


def plain_bootstrap(z: np.ndarray, replications: int, seed: int) -> float:
    draws = np.random.default_rng(seed).choice(z, (replications, z.size))
    return float(np.percentile(draws, 95, axis=1).mean())


@pytest.mark.parametrize("regions", [2, 7, 40, 41, 260])
def test_the_cut_is_that_of_a_plain_bootstrap(regions: int) -> None:
    z = np.random.default_rng(regions).standard_normal(regions)
    ours = sp.bootstrapped_cutoff(z[:, None], replications=40_000, seed=1)
    # The spread of a mean of 40,000 percentiles is about 1/200 of that of one.
    assert ours[0] == pytest.approx(plain_bootstrap(z, 40_000, 2), abs=0.02)


def test_the_cut_of_few_regions() -> None:
    z = [[np.nan, 4, 1], [np.nan, np.nan, 1]]
    np.testing.assert_array_equal(sp.bootstrapped_cutoff(z), [np.nan, 4, 1])


@settings(max_examples=20)
@given(st.integers(0, 99))
def test_the_same_seed_gives_the_same_cut(seed: int) -> None:
    z = np.random.default_rng(1).standard_normal((30, 4))
    first = sp.bootstrapped_cutoff(z, replications=50, seed=seed)
    np.testing.assert_array_equal(first, sp.bootstrapped_cutoff(z, replications=50, seed=seed))
