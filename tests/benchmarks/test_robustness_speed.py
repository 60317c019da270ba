"""How fast replications are beside the floor: the bare draws, products and sorts numpy needs.

Only ratios of minima of one run are asserted, in time of the processor, and how much memory a
process takes that keeps ten thousand replications. The times the issue asks for (1.5 ms a
replication of the small design, 10 s for ten thousand of the full one) are printed: they hold for
a machine that does nothing else.
"""

import sys

import pytest

from tests.benchmarks.alone import run

pytestmark = pytest.mark.benchmark

MOST = 500 << 20
WORLD = """
import time
import numpy as np
import pandas as pd
from s3etl.benchmark.composite import Composite
from s3etl.benchmark.prepare import Treat
from s3etl.benchmark.robustness import monte_carlo
from s3etl.benchmark.scoring import Aggregate, Normalise, Rank

def world(units, indicators, pillars=8):
    # Half of the indicators normal, half lognormal: some are skewed enough to be treated.
    rng = np.random.default_rng(1)
    z = 0.6 * rng.standard_normal((units, 1)) + 0.8 * rng.standard_normal((units, indicators))
    x = np.where(np.arange(indicators) % 2, 10 * np.exp(0.6 * z), 50 + 10 * z)
    codes = [f"i{k:02d}" for k in range(indicators)]
    above = [f"p{k % pillars}" for k in range(indicators)]
    meta = pd.DataFrame({
        "code": [*codes, *(f"p{k}" for k in range(pillars)), "x"],
        "parent": [*above, *["x"] * pillars, None],
    })
    return meta, pd.DataFrame(x, [f"u{k:03d}" for k in range(units)], codes)

def fastest(subjects, rounds):
    best = dict.fromkeys(subjects, float("inf"))
    for _ in range(rounds):
        for name, run in subjects.items():
            start = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - start)
    print(*(best[name] for name in subjects))
"""
SMALL = """
meta, table = world(51, 49)
composite = Composite.build(
    meta, table, (Treat(), Normalise(low=1), Aggregate(), Rank())
)
rng = np.random.default_rng(2)
n = 200
z_score = rng.random(n) < 0.5
codes = [c for c in meta["code"] if c != "x"]
design = pd.DataFrame({
    "treat.most": rng.integers(1, 6, n),
    "normalise.method": np.where(z_score, "z_score", "min_max"),
    "normalise.mean": 10.0,
    "normalise.sd": 2.0,
    "aggregate.methods": np.where(rng.random(n) < 0.5, "arithmetic", "geometric"),
})
design["aggregate.methods"] = pd.Series([(m,) for m in design["aggregate.methods"]], dtype=object)
weights = rng.uniform(0.75, 1.25, (n, len(codes)))
design = pd.concat([design, pd.DataFrame(weights, columns=[f"weight.{c}" for c in codes])], axis=1)

def regenerated():
    for row in design.iloc[:10].to_dict("records"):
        (composite
            .regenerate("treat", most=row["treat.most"])
            .regenerate("normalise", method=row["normalise.method"], mean=10.0, sd=2.0)
            .regenerate("aggregate", methods=row["aggregate.methods"],
                        weights={c: row[f"weight.{c}"] for c in codes}).scores)

done = monte_carlo(composite, design=design)
row = design.iloc[7].to_dict()
alone = (composite
    .regenerate("treat", most=int(row["treat.most"]))
    .regenerate("normalise", method=row["normalise.method"], mean=10.0, sd=2.0)
    .regenerate("aggregate", methods=row["aggregate.methods"],
                weights={c: row[f"weight.{c}"] for c in codes}))
np.testing.assert_allclose(done.scores[7], alone.scores["x"], rtol=1e-9)
fastest({"ours": lambda: monte_carlo(composite, design=design), "one by one": regenerated}, 3)
"""
FULL = """
meta, table = world(300, 60)
composite = Composite.build(meta, table)
values, n = np.ascontiguousarray(table.to_numpy().T), 300
membership = np.zeros((60, 8))
membership[np.arange(60), np.arange(60) % 8] = 1

def floor():
    # A third of the runs is scored by ranks, a third aggregated by logarithms.
    rng, scores = np.random.default_rng(0), np.empty((n, 300))
    for run in range(n):
        x = values + values * 0.02 * rng.standard_normal(values.shape)
        square = (x - x.mean(axis=1, keepdims=True)) ** 2
        (square * square).sum(axis=1)  # what tells whether an indicator is treated
        if run % 3 == 0:
            x = x.argsort(axis=1)
        else:
            x = (x - x.min(axis=1, keepdims=True)) / np.ptp(x, axis=1, keepdims=True)
        if run % 3 == 1:
            x = np.log(x + 0.01)
        weights = membership * rng.uniform(0.75, 1.25, (60, 1))
        pillars = x.T @ (weights / weights.sum(axis=0))
        scores[run] = pillars @ rng.uniform(0.75, 1.25, 8)
    scores.argsort(axis=1)

ours = lambda: monte_carlo(composite, n, 1)
twice = lambda: monte_carlo(composite, 2 * n, 1)
fastest({"ours": ours, "floor": floor, "twice": twice}, 4)
"""
MEMORY = """
import resource
from pathlib import Path
meta, table = world(300, 60)
done = monte_carlo(Composite.build(meta, table), 10_000, 1)
done.table
status = Path("/proc/self/status")
if status.exists():  # Linux counts what started a process to its ru_maxrss
    peak = int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(done.scores), peak, time.process_time())
"""


def test_a_given_design(capsys: pytest.CaptureFixture[str]) -> None:
    ours, one_by_one = run(WORLD, SMALL)
    each, alone = ours / 200, one_by_one / 10
    with capsys.disabled():
        sys.stdout.write(
            f"\n51 units × 49 indicators, 200 given replications: {1e3 * each:.2f} ms each (1.5 "
            f"are asked for), one by one {1e3 * alone:.1f} ms, ratio {alone / each:.0f}\n"
        )
    assert each <= alone / 5


def test_the_full_design(capsys: pytest.CaptureFixture[str]) -> None:
    ours, floor, twice = run(WORLD, FULL)
    with capsys.disabled():
        sys.stdout.write(
            f"\n300 regions × 60 indicators, full design: {1e3 * ours / 300:.2f} ms a replication "
            f"(1 is asked for), floor {1e3 * floor / 300:.2f} ms, {ours / floor:.1f} times the "
            f"floor; twice the replications take {twice / ours:.2f} times as long\n"
        )
    assert ours <= 3.5 * floor
    assert twice <= 2.6 * ours


def test_ten_thousand_replications_in_500_mebibytes(capsys: pytest.CaptureFixture[str]) -> None:
    runs, peak, seconds = run(WORLD, MEMORY)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{runs:,.0f} replications of the full design: {seconds:.1f} s of the processor (10 "
            f"are asked for), peak {peak / 2**20:,.0f} MiB\n"
        )
    assert runs == 10_000
    assert peak < MOST
