"""How fast reference regions and their stability are, beside bare numpy, on one thread.

The floor is one matrix product of weights and squared differences for all draws at once, the
partial sort of each row of distances, and the count: what numpy needs for the same numbers. Only
ratios of minima of one run are asserted.
"""

import sys

import pytest

from tests.benchmarks.test_portfolio_speed import WORLD, run

pytestmark = pytest.mark.benchmark

PEERS = """
from s3etl.peers import reference_regions
from s3etl.peers.method import load_method
from s3etl.peers.distance import distances, nearest
from s3etl.peers.references import _canonical
from s3etl.peers.stability import drawn_weights
from s3etl.peers.treatment import treated

R, J, B, K = 300, 40, 500, 15
METHOD = load_method().model_copy(update={"draws": B, "number": K})
rng = np.random.default_rng(7)
values = rng.lognormal(0, 0.7, (R, J))
names = [f"dimension {j // (J // 4)}" for j in range(J)]
values = values[:, _canonical(treated(values, METHOD.treatment), names)]  # the order of draws
gaps = np.where(rng.random((R, J)) < 0.05, np.nan, values)
dimension = np.array([j // (J // 4) for j in range(J)])
barred = np.where(np.eye(R, dtype=bool), np.inf, 0)
x = treated(values, METHOD.treatment)
weights = drawn_weights(np.full(J, 4 / J), dimension, draws=B, concentration=1.0, seed=METHOD.seed)

def floor():
    square = np.square(x[:, None] - x[None], dtype=np.float32).reshape(-1, J)
    counts = np.zeros((R, R))
    for start in range(0, B, 50):
        far = (weights[start : start + 50].astype(np.float32) @ square.T).reshape(-1, R, R)
        far[:, np.arange(R), np.arange(R)] = np.inf
        edge = np.partition(far, K - 1, axis=-1)[..., K - 1, None]
        counts += (far <= edge).sum(axis=0)
    return counts / B

def loop(draws=10):
    found = [nearest(distances(x, w) + barred, K, tolerance=1e-9) for w in weights[:draws]]
    return np.mean(found, axis=0)
"""
SPEED = """
found = reference_regions(values, names, method=METHOD)
assert np.abs(found.stability - floor()).max() * B < 3  # the floor knows no ties
fastest({
    "ours": lambda: reference_regions(values, names, method=METHOD),
    "gaps": lambda: reference_regions(gaps, names, method=METHOD),
    "floor": floor,
    "loop": loop,
}, rounds=3)
"""
DRAWS = """
def of(draws):
    method = METHOD.model_copy(update={"draws": draws})
    return lambda: reference_regions(values, names, method=method)

fastest({"few": of(500), "many": of(2000)}, rounds=3)
"""


def test_stability_of_reference_regions(capsys: pytest.CaptureFixture[str]) -> None:
    ours, gaps, floor, loop = run(WORLD, PEERS, SPEED)
    with capsys.disabled():
        sys.stdout.write(
            f"\n300 regions × 40 variables × 500 draws: {1e3 * ours:.0f} ms, with gaps "
            f"{1e3 * gaps:.0f} ms; bare numpy {1e3 * floor:.0f} ms, ratio {ours / floor:.2f}; "
            f"draw by draw {50 * loop:.1f} s\n"
        )
    assert ours <= 1.6 * floor
    assert gaps <= 2.5 * floor
    assert ours <= 50 * loop / 4


def test_cost_is_linear_in_draws(capsys: pytest.CaptureFixture[str]) -> None:
    few, many = run(WORLD, PEERS, DRAWS)
    with capsys.disabled():
        sys.stdout.write(f"\n500 draws {1e3 * few:.0f} ms, 2,000 draws {1e3 * many:.0f} ms\n")
    assert many <= 4.4 * few
