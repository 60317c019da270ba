"""Reference regions: treatment, distance, neighbours and their stability, by hand and by law."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from s3etl.peers import reference_regions
from s3etl.peers.distance import distances, loadings, nearest, scale, similarity, within
from s3etl.peers.method import PeersMethod, load_method
from s3etl.peers.stability import drawn_weights, inclusion
from s3etl.peers.treatment import moments, treated

NAN = np.nan
METHOD = load_method()
PLAIN = METHOD.treatment.model_copy(update={"winsorise": (0.0, 100.0)})


def small(**changes) -> PeersMethod:
    """The declared choices for a world of a few regions: two references, nothing winsorised."""
    return METHOD.model_copy(
        update={"treatment": PLAIN, "number": 2, "similar_neighbour": 2, "draws": 50, **changes}
    )


# Two dimensions: size has one variable, trade has two. Each variable goes from 0 to 10, so that
# x~ is a tenth of it.
#            size  trade a  trade b
VALUES = np.array(
    [
        [0.0, 0.0, 0.0],
        [0.0, 0.0, 2.0],
        [4.0, 0.0, 0.0],
        [10.0, 10.0, 10.0],
    ]
)
DIMENSIONS = ["size", "trade", "trade"]


def test_distance_by_hand() -> None:
    """D = 1/2 Δsize² + 1/2 (1/2 Δa² + 1/2 Δb²)."""
    found = reference_regions(VALUES, DIMENSIONS, method=small())
    assert found.weights == pytest.approx([1 / 2, 1 / 4, 1 / 4])
    assert found.distance[0] == pytest.approx([0, 0.01, 0.08, 1.0])
    assert found.distance[1, 2] == pytest.approx(0.5 * 0.16 + 0.25 * 0.04)
    assert found.place[0].tolist() == [0, 1, 2, 0]
    assert found.member[3].tolist() == [False, True, True, False]
    assert found.distance[3, 1] == pytest.approx(0.5 + 0.25 + 0.25 * 0.64)
    assert found.distance[3, 2] == pytest.approx(0.5 * 0.36 + 0.5)


def test_similarity_by_hand() -> None:
    """D~ is the median over regions of the distance to the n-th nearest; sim = exp(-D/D~)."""
    distance = np.array([[0, 1.0, 3.0], [1.0, 0, 2.0], [3.0, 2.0, 0]])
    assert scale(distance, 1) == 1.0  # of 1, 1, 2
    assert scale(distance, 2) == 3.0  # of 3, 2, 3
    assert scale(distance, 20) == 3.0  # there are only two others
    assert similarity(distance, 2.0)[0] == pytest.approx([1, np.exp(-0.5), np.exp(-1.5)])


def test_what_one_region_lacks_is_left_out_for_it() -> None:
    """The weights of what both have are renormalised: 1/2 and 1/4 become 2/3 and 1/3."""
    values = VALUES.copy()
    values[1, 2] = NAN
    found = reference_regions(values, DIMENSIONS, method=small(least_weight=0.75))
    assert found.covered.tolist() == [1, 0.75, 1, 1]
    assert found.distance[0, 1] == 0.0
    assert found.distance[1, 2] == pytest.approx(2 / 3 * 0.16)


def test_too_little_data_no_references() -> None:
    values = VALUES.copy()
    values[1, 2] = NAN
    found = reference_regions(values, DIMENSIONS, method=small(least_weight=0.8))
    assert found.eligible.tolist() == [True, False, True, True]
    assert not found.member[1].any()
    assert not found.member[:, 1].any()
    assert np.isnan(found.distance[1]).all()
    assert np.isnan(found.stability[1]).all()


def test_a_dimension_without_data_is_dropped_and_the_variant_says_so() -> None:
    values = np.column_stack([VALUES, np.full(4, NAN), np.full(4, 7.0)])
    names = [*DIMENSIONS, "openness", "trade"]
    found = reference_regions(values, names, method=small())
    assert found.dimensions == ("size", "trade")
    assert found.used.tolist() == [True, True, True, False, False]  # 7 everywhere tells nothing
    assert found.weights == pytest.approx([1 / 2, 1 / 4, 1 / 4, 0, 0])
    alone = reference_regions(VALUES, DIMENSIONS, method=small())
    np.testing.assert_array_equal(found.distance, alone.distance)


def test_other_countries_only() -> None:
    found = reference_regions(VALUES, DIMENSIONS, ["A", "A", "B", "B"], abroad=True, method=small())
    assert found.member.tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0]]


def test_whoever_is_as_far_as_the_last_is_a_reference_too() -> None:
    values = np.array([[0.0], [1.0], [-1.0], [10.0]])
    found = reference_regions(values, ["size"], method=small(number=1))
    assert found.member[0].tolist() == [False, True, True, False]
    assert found.place[0].tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("values", "dimensions", "options", "said"),
    [
        (VALUES, ["size"], {}, "1 dimensions given for values of shape"),
        (np.full((3, 3), np.inf), DIMENSIONS, {}, "infinite"),
        (np.full((3, 1), NAN), ["size"], {}, "no structural variable has data"),
        (np.ones((3, 1)), ["size"], {}, "no structural variable has data"),
        (VALUES, DIMENSIONS, {"abroad": True}, "give the country of each region"),
    ],
)
def test_a_mistake_is_said(values, dimensions, options, said) -> None:
    with pytest.raises(ValueError, match=said):
        reference_regions(values, dimensions, **options)


def test_moments_are_those_of_scipy() -> None:
    from scipy.stats import kurtosis, skew

    values = np.random.default_rng(3).lognormal(size=(40, 6))
    values[::7, 2] = NAN
    found = moments(values)
    options = {"axis": 0, "bias": False, "nan_policy": "omit"}
    np.testing.assert_allclose(found[0], skew(values, **options), rtol=1e-12)
    np.testing.assert_allclose(found[1], kurtosis(values, **options), rtol=1e-11)
    assert np.isnan(moments(np.array([[1.0], [2.0], [3.0]]))[0]).all()
    assert np.isnan(moments(np.full((9, 1), 0.1))[1]).all()


def test_only_what_is_skewed_is_reshaped() -> None:
    """Powers of ten become equal steps by the logarithm; with a zero the declared root is taken."""
    even = np.arange(12.0)
    powers = 10.0 ** np.arange(12)
    zeros = np.concatenate([[0.0], powers[1:]])
    negative = np.concatenate([[-1.0], powers[1:]])
    x = treated(np.column_stack([even, powers, zeros, negative]), PLAIN)
    assert x[:, 0] == pytest.approx(even / 11)
    assert x[:, 1] == pytest.approx(even / 11)
    assert x[:, 2] == pytest.approx((zeros / zeros[-1]) ** METHOD.treatment.power)
    assert x[:, 3] == pytest.approx((negative + 1) / (negative[-1] + 1))


def test_winsorised_at_the_declared_percentiles() -> None:
    values = np.arange(101.0)[:, None]
    x = treated(values, METHOD.treatment)[:, 0]
    assert x[:3].tolist() == [0, 0, 0]
    assert x[50] == pytest.approx(0.5)
    assert x[3] == pytest.approx((3 - 2.5) / 95)
    assert x[98:].tolist() == [1, 1, 1]


def test_loadings_weigh_what_moves_together() -> None:
    rng = np.random.default_rng(5)
    common = rng.normal(size=400)
    x = np.column_stack([common + 0.1 * rng.normal(size=(400,)), common, rng.normal(size=400)])
    weights = loadings(x)
    assert weights.sum() == pytest.approx(1)
    assert weights[:2] == pytest.approx([0.5, 0.5], abs=0.02)
    assert within(x, np.array([0, 0, 1]), equal=False)[2] == 1
    first = np.linalg.eigh(np.corrcoef(x, rowvar=False))[1][:, -1]
    assert weights == pytest.approx(first**2)
    assert loadings(x[:, :1]).tolist() == [1]
    x[::2, 0] = NAN
    x[1::3, 1] = NAN
    pairs = pd.DataFrame(x).corr().to_numpy()  # over the regions that have both
    assert loadings(x) == pytest.approx(np.linalg.eigh(pairs)[1][:, -1] ** 2)
    with pytest.raises(ValueError, match="too few regions to weigh them"):
        loadings(x[:9])


def test_weights_by_loadings() -> None:
    values = np.random.default_rng(1).random((40, 3))
    values[:, 2] = values[:, 1] + 0.1 * values[:, 0]
    found = reference_regions(values, DIMENSIONS, method=small(omega="loadings"))
    assert found.weights == pytest.approx([0.5, 0.25, 0.25], abs=0.01)
    assert found.weights.sum() == pytest.approx(1)


def test_drawn_weights_leave_one_variable_out() -> None:
    omega, dimension = np.array([1.0, 0.25, 0.75]), np.array([0, 1, 1])
    weights = drawn_weights(omega, dimension, draws=300, concentration=1.0, seed=1)
    assert weights.sum(axis=1) == pytest.approx(1)
    left_out = weights == 0
    assert (left_out.sum(axis=1) == 1).all()
    assert left_out.any(axis=0).all()
    assert weights[left_out[:, 0]][:, 1:] == pytest.approx(
        np.array([[0.25, 0.75]] * left_out[:, 0].sum())
    )
    # A uniform Dirichlet of two dimensions: the first has any weight, a half in the mean.
    wide = weights[~left_out[:, 0], 0]
    assert wide.mean() == pytest.approx(0.5, abs=0.05)
    assert wide.min() < 0.05
    assert wide.max() > 0.95


def test_stability_counts_draws() -> None:
    """In the single-precision product as one by one in double precision."""
    rng = np.random.default_rng(8)
    x = rng.random((25, 5))
    x[rng.random(x.shape) < 0.1] = NAN
    weights = rng.dirichlet(np.ones(5), 40)
    allowed = ~np.eye(25, dtype=bool)
    barred = np.where(allowed, 0, np.inf)
    often = np.mean([nearest(distances(x, w) + barred, 4, tolerance=1e-9) for w in weights], axis=0)
    np.testing.assert_array_equal(inclusion(x, weights, allowed, 4), often)


def test_twins_of_all_weights_are_core() -> None:
    values = np.random.default_rng(2).random((30, 3))
    values[1] = values[0]
    found = reference_regions(values, DIMENSIONS, method=small())
    assert found.distance[0, 1] == 0
    assert found.similarity[0, 1] == 1
    assert found.stability[0, 1] == found.stability[1, 0] == 1
    expected = found.stability.sum(axis=1)
    assert (expected >= 2 - 1e-9).all()  # two references in each draw, more where tied


worlds = arrays.arrays(
    np.float64,
    st.tuples(st.integers(5, 9), st.just(4)),
    elements=st.one_of(st.integers(0, 6).map(float), st.just(NAN)),
)


@given(worlds, st.randoms(use_true_random=False))
def test_laws(values, random) -> None:
    """Symmetric, 0 to oneself, at most 1, and no order of regions changes anything."""
    names = ["a", "b", "b", "c"]
    countries = np.array([f"C{i % 2}" for i in range(len(values))], object)
    order = list(range(len(values)))
    random.shuffle(order)
    if np.isnan(treated(values, PLAIN)).all():
        with pytest.raises(ValueError, match="no structural variable"):
            reference_regions(values, names, method=small())
        return
    found = reference_regions(values, names, countries, method=small(least_weight=0.5))
    there = np.ix_(found.eligible, found.eligible)
    distance = found.distance[there]
    np.testing.assert_array_equal(distance, distance.T)
    assert (np.diag(distance) == 0).all()
    assert not (distance > 1 + 1e-12).any()
    assert found.weights.sum() == pytest.approx(1)
    assert not found.member.diagonal().any()
    assert ((found.place > 0) == found.member).all()
    assert not ((found.similarity < 0) | (found.similarity > 1)).any()
    turned = reference_regions(
        values[order], names, countries[order], method=small(least_weight=0.5)
    )
    moved = np.ix_(order, order)
    np.testing.assert_allclose(turned.distance, found.distance[moved], rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(turned.member, found.member[moved])
    np.testing.assert_array_equal(turned.place, found.place[moved])
    np.testing.assert_array_equal(turned.stability, found.stability[moved])


def test_the_order_of_variables_does_not_matter() -> None:
    """Nor for the draws: a variable declared elsewhere is left out in the same ones."""
    rng = np.random.default_rng(8)
    values, dimensions = rng.normal(size=(40, 5)), np.array(["b", "a", "b", "c", "a"])
    values[rng.random(values.shape) < 0.05] = NAN
    found = reference_regions(values, dimensions.tolist())
    for order in ([4, 3, 2, 1, 0], [1, 4, 0, 2, 3]):
        other = reference_regions(values[:, order], dimensions[order].tolist())
        np.testing.assert_array_equal(other.member, found.member)
        np.testing.assert_array_equal(other.stability, found.stability)
        np.testing.assert_allclose(other.weights, found.weights[order])


def test_units_do_not_matter() -> None:
    values = np.random.default_rng(4).lognormal(0, 1.5, (60, 3))
    found = reference_regions(values, DIMENSIONS)
    other = reference_regions(values * [1000, 0.01, 3], DIMENSIONS)
    np.testing.assert_allclose(other.distance, found.distance, atol=1e-12)
    np.testing.assert_array_equal(other.member, found.member)
