"""The methods of composites as definitions: a small column in, the column out; and their laws."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3etl.benchmark import aggregate as ag
from s3etl.benchmark import imputation, normalise, treatment
from s3etl.benchmark.ranks import positions
from s3etl.benchmark.weights import pca_weights, principal_components

NAN = np.nan


def column(*values: float) -> np.ndarray:
    return np.array(values, float)[:, None]


def cube(seed: int, units: int, members: int, gaps: float = 0.2) -> np.ndarray:
    """Values from 1 to 100, in steps so that some tie, with gaps."""
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 30, (units, members)) * 3.3
    values[rng.random(values.shape) < gaps] = NAN
    return values


SEEDS = st.integers(0, 2**32 - 1)
SHAPES = st.tuples(SEEDS, st.integers(2, 12), st.integers(1, 7))


# Normalisation: three units with 1, 2 and 5, and one with none.
SCORES = {
    "min_max": ({}, (0, 25, 100, NAN), (100, 75, 0, NAN)),
    "scaled": ({"low": 0, "high": 10}, (10, 20, 50, NAN), (90, 80, 50, NAN)),
    "goalposts": ({"low": 2, "high": 4}, (0, 0, 100, NAN), (100, 100, 0, NAN)),
    "rank": ({}, (1, 2, 3, NAN), (3, 2, 1, NAN)),
    "borda": ({}, (0, 1, 2, NAN), (2, 1, 0, NAN)),
    "percentile_rank": ({}, (0, 0.5, 1, NAN), (1, 0.5, 0, NAN)),
    "distance_to_maximum": ({}, (0, 0.25, 1, NAN), (1, 0.75, 0, NAN)),
    "distance_to_target": ({"target": 3}, (0, 0.5, 2, NAN), (2, 1.5, 0, NAN)),
    "distance_to_reference": ({"unit": 1}, (0, 1, 4, NAN), (4 / 3, 1, 0, NAN)),
    "fraction_of_maximum": ({}, (0.2, 0.4, 1, NAN), (1, 0.5, 0.2, NAN)),
    "z_score": (
        {"mean": 10, "sd": 2},
        [10 + 2 * (x - 8 / 3) / np.sqrt(13 / 3) for x in (1, 2, 5, NAN)],
        [10 - 2 * (x - 8 / 3) / np.sqrt(13 / 3) for x in (1, 2, 5, NAN)],
    ),
}


@pytest.mark.parametrize("method", normalise.METHODS)
def test_normalised(method: str) -> None:
    options, more_is_better, less_is_better = SCORES[method]
    for direction, scores in ((1.0, more_is_better), (-1.0, less_is_better)):
        out = normalise.METHODS[method](column(1, 2, 5, NAN), direction, **options)
        np.testing.assert_allclose(out[:, 0], scores, rtol=1e-14)


def test_beyond_a_target_or_a_goalpost() -> None:
    values = column(1, 2, 5)
    capped = normalise.distance_to_target(values, target=3, cap=True)
    assert capped[:, 0].tolist() == [0, 0.5, 1]
    uncut = normalise.goalposts(values, low=2, high=4, cut=False)
    assert uncut[:, 0].tolist() == [-50, 0, 150]


def test_ties_share_a_place() -> None:
    values = column(3, 1, 3, NAN, 0.1 + 0.2, 0.3)
    assert positions(values)[[0, 1, 2, 4, 5], 0].tolist() == [4, 3, 4, 1, 1]
    average = positions(values, ties="average")
    assert average[[0, 1, 2, 4, 5], 0].tolist() == [4.5, 3, 4.5, 1.5, 1.5]
    assert np.isnan(average[3, 0])


def test_what_cancels_ties_with_nothing() -> None:
    """0.3 - (0.1 + 0.2) is 5.6e-17 off: no more than 0 beside values of 1."""
    assert positions(column(0.3 - (0.1 + 0.2), 0.0, 1.0, -1.0))[:, 0].tolist() == [2, 2, 4, 1]
    assert positions(column(3e-13, 0.0, 1.0))[:, 0].tolist() == [2, 1, 3]
    assert positions(column(3e-200, 1e-200, 2e-200))[:, 0].tolist() == [3, 1, 2]


def test_a_constant_has_no_place_on_a_scale() -> None:
    for method in ("min_max", "z_score", "distance_to_maximum"):
        assert np.isnan(normalise.METHODS[method](column(0.1, 0.1, 0.1, NAN))).all()


@given(SHAPES, st.floats(0.001, 1000), st.sampled_from(sorted(SCORES)))
def test_the_unit_of_an_indicator_does_not_matter(
    shape: tuple[int, int, int], factor: float, method: str
) -> None:
    values = cube(*shape)
    if method in {"goalposts", "scaled", "distance_to_target"}:
        options, scaled = {"target": 40.0}, {"target": 40.0 * factor}
        if method != "distance_to_target":
            options = {"low": 10.0, "high": 70.0}
            scaled = {"low": 10.0 * factor, "high": 70.0 * factor}
    else:
        options = scaled = {"unit": 0} if method == "distance_to_reference" else {}
    score = normalise.METHODS[method]
    expected = score(values, **options)
    np.testing.assert_allclose(score(values * factor, **scaled), expected, rtol=1e-9, atol=1e-9)
    assert np.isnan(expected[np.isnan(values)]).all()


@given(SHAPES)
def test_a_batch_is_its_members_one_by_one(shape: tuple[int, int, int]) -> None:
    seed, *rest = shape
    batch = np.stack([cube(seed + k, *rest) for k in range(3)])
    weights = np.random.default_rng(seed).random((3, batch.shape[-1], 2)) + 0.1
    for method in (normalise.min_max, normalise.z_score, normalise.rank_score):
        alone = np.stack([method(each) for each in batch])
        np.testing.assert_array_equal(method(batch), alone)
    for name, mean in ag.METHODS.items():
        alone = np.stack([mean(x, w) for x, w in zip(batch, weights, strict=True)])
        np.testing.assert_allclose(mean(batch, weights), alone, rtol=1e-12, err_msg=name)


# Aggregation of 1 and 4, with weights 1 and 1, and 3 and 1.
MEANS = {
    "arithmetic": (2.5, 1.75),
    "geometric": (2.0, 4**0.25),
    "harmonic": (1.6, 4 / 3.25),
    "median": (2.5, 2.5),
}


@pytest.mark.parametrize("method", MEANS)
def test_aggregated(method: str) -> None:
    values = np.array([[1.0, 4.0], [NAN, 4.0], [NAN, NAN]])
    weights = np.array([[1.0, 3.0], [1.0, 1.0]])
    out = ag.METHODS[method](values, weights)
    np.testing.assert_allclose(out[0], MEANS[method], rtol=1e-12)
    np.testing.assert_allclose(out[1], 4.0)  # what is missing is left out, and is no zero
    assert np.isnan(out[2]).all()


def test_mazziotta_pareto() -> None:
    """Two members, ranked the same way: 110, 110; 100, 100; 90, 90, and no penalty."""
    same = np.array([[5.0, 7.0], [4.0, 5.0], [3.0, 3.0], [NAN, NAN]])
    even = ag.mazziotta_pareto(same, np.ones((2, 1)))[:, 0]
    np.testing.assert_allclose(even, [110, 100, 90, NAN])
    # Ranked the other way each has mean 100, and 110 and 90 have S² = 200.
    opposed = np.array([[5.0, 3.0], [4.0, 5.0], [3.0, 7.0]])
    penalised = ag.mazziotta_pareto(opposed, np.ones((2, 1)))[:, 0]
    np.testing.assert_allclose(penalised, [98, 100, 98])
    added = ag.mazziotta_pareto(opposed, np.ones((2, 1)), upward=True)[:, 0]
    np.testing.assert_allclose(added, [102, 100, 102])
    # With weights 3 and 1: M = 105, S² = 75 · 2, and one value alone has no penalty.
    weighted = ag.mazziotta_pareto(opposed, np.array([[3.0], [1.0]]))[:, 0]
    np.testing.assert_allclose(weighted[0], 105 - 150 / 105)
    alone = ag.mazziotta_pareto(np.array([[5.0, NAN], [4.0, 5.0], [3.0, 7.0]]), np.ones((2, 1)))
    assert alone[0, 0] == pytest.approx(110)


def test_generalised_means() -> None:
    values, weights = np.array([[1.0, 4.0]]), np.ones((2, 1))
    for power, mean in ((1, 2.5), (0, 2.0), (-1, 1.6), (2, np.sqrt(8.5))):
        assert ag.generalised(values, weights, power=power)[0, 0] == pytest.approx(mean)


@pytest.mark.parametrize("method", ["geometric", "harmonic"])
def test_means_of_positive_values_refuse_others(method: str) -> None:
    with pytest.raises(ValueError, match="needs values above 0"):
        ag.METHODS[method](np.array([[1.0, 0.0]]), np.ones((2, 1)))


@given(SHAPES)
def test_the_order_of_means(shape: tuple[int, int, int]) -> None:
    values = cube(*shape)
    weights = np.random.default_rng(shape[0]).random((values.shape[1], 1)) + 0.01
    harmonic, geometric, arithmetic = (
        ag.METHODS[name](values, weights) for name in ("harmonic", "geometric", "arithmetic")
    )
    slack = 1e-9
    there = ~np.isnan(arithmetic)
    assert (harmonic[there] <= geometric[there] + slack).all()
    assert (geometric[there] <= arithmetic[there] + slack).all()
    penalised = ag.mazziotta_pareto(values, weights, rescale=False)
    assert (penalised[there] <= arithmetic[there] + slack).all()
    assert (np.isnan(values).all(axis=1) == np.isnan(arithmetic[:, 0])).all()


@given(SHAPES, st.sampled_from(sorted(ag.METHODS)))
def test_order_of_units_and_members_changes_nothing(
    shape: tuple[int, int, int], method: str
) -> None:
    values = cube(*shape)
    rng = np.random.default_rng(shape[0])
    weights = rng.random((values.shape[1], 2)) + 0.01
    units, members = rng.permutation(values.shape[0]), rng.permutation(values.shape[1])
    out = ag.METHODS[method](values, weights)
    again = ag.METHODS[method](values[units][:, members], weights[members])
    if method == "copeland":
        np.testing.assert_array_equal(again, out[units])
    else:
        np.testing.assert_allclose(again, out[units], rtol=1e-10)


def test_copeland_by_hand() -> None:
    """A beats B in two of three; B beats C; C has one value, which beats A's and not B's."""
    values = np.array([[3.0, 3.0, 1.0], [2.0, 2.0, 3.0], [NAN, NAN, 2.0]])
    equal = np.ones((3, 1))
    assert ag.copeland(values, equal)[:, 0].tolist() == [0, 0, 0]
    np.testing.assert_allclose(
        ag.outranking(values, equal[:, 0]), [[0, 2 / 3, 0], [1 / 3, 0, 1], [1, 0, 0]]
    )
    # Opposite weights that are equal only but for rounding are a tie.
    tie = np.array([[0.1 + 0.2, 1.0], [0.0, 2.0]])
    assert ag.copeland(tie, np.array([[0.1 + 0.2], [0.3]]))[:, 0].tolist() == [0, 0]


@given(SHAPES)
def test_copeland_is_a_tournament(shape: tuple[int, int, int]) -> None:
    values = cube(*shape)
    weights = np.random.default_rng(shape[0]).random((values.shape[1], 1)) + 0.01
    score = ag.copeland(values, weights)
    assert np.nansum(score) == 0
    assert np.nanmax(np.abs(score), initial=0) <= len(values) - 1
    # Only the order of values counts.
    np.testing.assert_array_equal(ag.copeland(np.sqrt(values), weights), score)
    matrix = ag.outranking(values, weights[:, 0])
    pairs = matrix + matrix.T
    off = ~np.eye(len(values), dtype=bool)
    np.testing.assert_allclose(pairs[off & ~np.isnan(pairs)], 1.0)


def test_winsorising_by_hand() -> None:
    values = column(*range(1, 20), 200)
    out, high, low = treatment.winsorise(values, most=5)
    assert out[-1, 0] == 19
    assert np.flatnonzero(high[:, 0]).tolist() == [19]
    assert not low.any()
    upside, none, down = treatment.winsorise(-values, most=5)
    np.testing.assert_array_equal(upside, -out)
    assert not none.any()
    np.testing.assert_array_equal(down, high)
    # Both limits have to be reached, and no more points move than may.
    assert treatment.winsorise(values, most=5, kurtosis=1e6)[1].sum() == 0
    assert treatment.winsorise(values, most=0)[1].sum() == 0


def test_logarithms_where_too_many_points_would_move() -> None:
    values = column(*range(1, 30), 1000, 2000, 4000)
    treated = treatment.treat(values, most=2)
    assert treated.logged.tolist() == [True]
    assert not treated.high.any()
    np.testing.assert_allclose(treated.data, np.log(values - 1 + 0.01 * 3999))
    assert treatment.treat(values, most=3).logged.tolist() == [False]


@given(SEEDS, st.integers(0, 4))
def test_treatment_moves_only_what_it_marks(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(0, 2, (25, 6)))
    values[rng.random(values.shape) < 0.1] = NAN
    treated = treatment.treat(values, most=most)
    still = ~(treated.high | treated.low | treated.logged)
    np.testing.assert_array_equal(treated.data[still], values[still])
    assert ((treated.high | treated.low).sum(axis=0) <= most).all()  # no ties among these
    assert (np.isnan(treated.data) == np.isnan(values)).all()
    calm = ~treatment.skewed(values)
    np.testing.assert_array_equal(treated.data[:, calm], values[:, calm])


def test_box_cox() -> None:
    moved = column(5, 6, 8)  # 1, 2, 4 once moved
    np.testing.assert_allclose(treatment.box_cox(moved, 0)[:, 0], np.log([1, 2, 4]))
    np.testing.assert_allclose(treatment.box_cox(moved, 2)[:, 0], [0, 1.5, 7.5])


YEARS = np.array([2015, 2016, 2018, 2022])


def test_over_time() -> None:
    series = np.array([NAN, 3.0, NAN, 9.0])[:, None, None]
    held = imputation.previous(series, YEARS)[:, 0, 0]
    np.testing.assert_array_equal(held, [NAN, 3, 3, 9])
    late = np.array([1.0, NAN, NAN, NAN])[:, None, None]
    recent = imputation.previous(late, YEARS, longest=3)[:, 0, 0]
    np.testing.assert_array_equal(recent, [1, 1, 1, NAN])
    between = imputation.linear(series, YEARS)[:, 0, 0]
    np.testing.assert_array_equal(between, [NAN, 3, 5, 9])
    beyond = imputation.linear(late, YEARS, beyond=True)[:, 0, 0]
    np.testing.assert_array_equal(beyond, [1, 1, 1, 1])


def test_by_group() -> None:
    values = column(1, 3, NAN, NAN, 5, NAN)
    groups = np.array([0, 0, 0, 1, 1, -1])
    filled = imputation.fill(values, groups=groups)
    np.testing.assert_array_equal(filled[:, 0], [1, 3, 2, 5, 5, NAN])
    np.testing.assert_array_equal(imputation.fill(values)[:, 0], [1, 3, 3, 3, 5, 3])
    even = imputation.fill(column(1, 2, 10, 20, NAN), median=True)
    assert even[-1, 0] == 6


@given(SHAPES)
@example((235, 2, 1))  # no value at all
def test_model_draws_keep_what_is_there(shape: tuple[int, int, int]) -> None:
    values = cube(*shape)
    drawn = imputation.model_draws(values, np.random.default_rng(shape[0]), draws=2)
    there = ~np.isnan(values)
    np.testing.assert_array_equal(drawn[:, there], np.broadcast_to(values[there], (2, there.sum())))
    filled = np.broadcast_to(there.any(axis=0) & there.any(axis=1)[:, None], drawn.shape)
    np.testing.assert_array_equal(np.isfinite(drawn), filled)


def test_model_draws_follow_the_model() -> None:
    """Gaps of one that follows another by 2x + noise: mean and spread of the draws are theirs."""
    rng = np.random.default_rng(5)
    x = rng.normal(0, 1, 2000)
    y = 2 * x + rng.normal(0, 0.5, x.size)
    values = np.stack([x, y], axis=1)
    gone = rng.random(x.size) < 0.3
    values[gone, 1] = NAN
    drawn = imputation.model_draws(values, rng, draws=50)[:, gone, 1]
    rest = drawn - 2 * x[gone]
    assert abs(rest.mean()) < 0.05
    assert rest.std() == pytest.approx(0.5, abs=0.03)


def test_components_and_their_weights() -> None:
    """Two indicators that correlate by r have components of variance 1 + r and 1 − r."""
    values = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 4.0], [NAN, 9.0]])
    r = np.corrcoef(values[:4].T)[0, 1]
    found = principal_components(values)
    np.testing.assert_allclose(found.sd**2, [1 + r, 1 - r])
    np.testing.assert_allclose(found.share, [(1 + r) / 2, (1 - r) / 2])
    np.testing.assert_allclose(pca_weights(values), [0.5, 0.5])
    with pytest.raises(ValueError, match="vary"):
        principal_components(np.array([[1.0, 2.0], [1.0, 3.0]]))
