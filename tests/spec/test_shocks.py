"""What a shock puts at risk, in small tables (methodology 10)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from s3etl import shocks

JOBS = np.array([(50, 50, 0), (0, 50, 50)])
SHOCK = np.array([0.4, 0, 0])
PHI = np.array([(1, 0.5, 0.5), (0.5, 1, 0), (0.5, 0, 1)])
NAN = np.nan


def test_by_hand() -> None:
    at_risk = shocks.employment_at_risk(JOBS, SHOCK)
    assert at_risk == pytest.approx([0.2, 0])
    # R is 0.25, 0.25 and 0.5 before it is scaled by the largest.
    absorbed = shocks.absorption([[50, 50, 0], [50, 25, 25], [0, 50, 50]], SHOCK, PHI)
    np.testing.assert_allclose(absorbed[:, 0], [0.5, 0.5, 1])
    assert np.isnan(absorbed[:, 1:]).all()
    exposure = [shocks.net_exposure(JOBS, SHOCK, absorbed[[0, 2]], rho) for rho in shocks.RHOS]
    np.testing.assert_allclose(exposure, [[0.2, 0], [0.15, 0], [0.1, 0]])
    assert shocks.LABEL == "scenario, not forecast"


@given(
    arrays(np.float64, (4, 5), elements=st.integers(1, 5000).map(float)),
    arrays(np.float64, 5, elements=st.floats(0, 1)),
    st.floats(0, 1),
)
def test_exposure_is_never_more_than_what_is_at_risk(jobs, shock, rho: float) -> None:
    phi = np.random.default_rng(1).random((5, 5))
    absorbed = shocks.absorption(jobs, shock, phi)
    at_risk = shocks.employment_at_risk(jobs, shock)
    net = shocks.net_exposure(jobs, shock, absorbed, rho)
    assert (net <= at_risk + 1e-12).all()
    assert (net >= -1e-12).all()
    np.testing.assert_allclose(shocks.net_exposure(jobs, shock, absorbed, 0), at_risk)


@given(st.permutations(range(4)), st.permutations(range(5)))
def test_order_does_not_matter(rows: list[int], columns: list[int]) -> None:
    rng = np.random.default_rng(2)
    jobs, shock, phi = rng.random((4, 5)), rng.random(5), rng.random((5, 5))
    here = shocks.absorption(jobs, shock, phi)[np.ix_(rows, columns)]
    square = np.ix_(columns, columns)
    there = shocks.absorption(jobs[np.ix_(rows, columns)], shock[columns], phi[square])
    np.testing.assert_allclose(here, there)


def test_what_has_nowhere_to_go_is_not_absorbed() -> None:
    phi = np.array([(1, 0, 0), (0, 1, NAN), (0, NAN, 1)])
    absorbed = shocks.absorption([[4, 3, 3]], [0.5, 0.5, 0], phi)
    np.testing.assert_array_equal(absorbed, [[0, 0, NAN]])
    alone = np.full((3, 3), NAN)
    assert np.isnan(shocks.absorption([[4, 3, 3]], [0.5, 0, 0], alone)).all()


def test_a_larger_universe_gives_the_scale() -> None:
    absorbed = shocks.absorption(JOBS, SHOCK, PHI, maximum=2)
    np.testing.assert_allclose(absorbed[:, 0], [0.125, 0.25])
    assert (shocks.absorption(JOBS, SHOCK, PHI, maximum=0.25)[:, 0] == 1).all()


def test_what_is_not_known_matters_only_where_there_are_jobs() -> None:
    of = shocks.employment_at_risk([[5, 5, 0], [5, 0, 5], [0, 0, 0], [1, NAN, 1]], [0.2, 0, NAN])
    np.testing.assert_allclose(of, [0.1, NAN, NAN, NAN])
    unknown = np.full((2, 3), NAN)
    np.testing.assert_allclose(shocks.net_exposure(JOBS, SHOCK, unknown), [NAN, 0])
    np.testing.assert_allclose(shocks.net_exposure(JOBS, SHOCK, unknown, 0), [0.2, 0])


def test_organised_response() -> None:
    of = shocks.organised_response(
        [[30, 10, 0], [0, 0, 0], [30, 10, 0]], [[1, 0, NAN], [1, 1, 1], [0.5, NAN, 0]]
    )
    np.testing.assert_allclose(of, [0.75, NAN, NAN])


def test_hedge() -> None:
    # Median ω is 20: the second and third are related, of which the second is little shocked.
    of = shocks.hedge([[0.5, 0.3, 0.2], [0, 0, 0]], [[10, 20, 30]] * 2, [0, 0.1, 0.5], 0.2)
    np.testing.assert_allclose(of, [0.3, NAN])
    assert np.isnan(shocks.hedge([[1, 0]], [[NAN, 3]], [0, 0], 0.2))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: shocks.employment_at_risk(JOBS, [2, 0, 0]), "a shock lies between 0 and 1"),
        (lambda: shocks.absorption(JOBS, [NAN, 0, 0], PHI), "needs them all"),
        (lambda: shocks.net_exposure(JOBS, SHOCK, JOBS * 0, 1.5), "ρ is 1.5"),
        (lambda: shocks.organised_response(JOBS, JOBS), "coverage lies between"),
    ],
)
def test_what_is_refused(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
