"""How fast a Copeland aggregation over 1,200 units is, beside the pairs numpy has to compare.

The floor is the least numpy needs for the same numbers: one matrix of comparisons for each
member, added up, and a sum of signs. Only the ratio of minima of one run is asserted.
"""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.benchmark

RUN = """
import time
import numpy as np
from s3etl.benchmark.aggregate import copeland

rng = np.random.default_rng(1)
values, weights = rng.normal(size=(1200, 8)), rng.random((8, 1)) + 0.5

def floor():
    won = np.zeros((1200, 1200))
    for x, w in zip(values.T, weights[:, 0]):
        won += w * (x[:, None] > x)
    return np.sign(won - won.T).sum(axis=1)

np.testing.assert_array_equal(copeland(values, weights)[:, 0], floor())
best = {"ours": float("inf"), "floor": float("inf")}
for _ in range(7):
    for name, run in (("ours", lambda: copeland(values, weights)), ("floor", floor)):
        start = time.perf_counter()
        run()
        best[name] = min(best[name], time.perf_counter() - start)
print(best["ours"], best["floor"])
"""


def test_copeland_beside_the_floor() -> None:
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", RUN], capture_output=True, text=True, check=True, env=one_thread
    )
    ours, floor = map(float, done.stdout.split())
    said = f"Copeland over 1,200 x 8: {ours:.3f} s, {ours / floor:.1f} times the floor"
    assert ours < 3 * floor, said
