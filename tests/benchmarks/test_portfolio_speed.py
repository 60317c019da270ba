"""How fast and how large ten years of the portfolio are, beside plain numpy, on one thread.

Only ratios of minima of one run are asserted, and how much memory a process takes that keeps ten
years of results. The floor is what one would write first with dense arrays. Packages that do the
same through data frames take 15 to 30 times the floor.
"""

import sys

import pytest

from tests.benchmarks.alone import run

pytestmark = pytest.mark.benchmark

MOST = 400 << 20
WORLD = """
import time
import numpy as np
REGIONS, INDUSTRIES, YEARS = 1200, 600, 10

def world():
    rng = np.random.default_rng(1)
    size = rng.lognormal(3, 1, (REGIONS, 1)) * rng.lognormal(1, 1, (1, INDUSTRIES))
    jobs = np.empty((YEARS, REGIONS, INDUSTRIES))
    for year in jobs:
        year[:] = rng.negative_binomial(0.5, 0.5 / (0.5 + size))
    return jobs

def fastest(subjects, rounds=5):
    best = dict.fromkeys(subjects, float("inf"))
    for _ in range(rounds):
        for name, run in subjects.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    print(*(best[name] for name in subjects))
"""
OURS = """
from s3etl.portfolio.specialisation import location_quotient
from s3etl.portfolio.relatedness import presence, proximity, density, complexity

def ours(jobs):
    quotient = location_quotient(jobs)
    present = presence(quotient)
    phi = proximity(present)
    of = complexity(present)
    return quotient, phi, density(present, phi), of.region, of.industry
"""
FLOOR = """
def floor(jobs):
    share = jobs / jobs.sum(axis=1, keepdims=True)
    quotient = share / (jobs.sum(axis=0) / jobs.sum())
    m = (quotient >= 1).astype(float)
    together = m.T @ m
    of_one = m.sum(axis=0)
    phi = together / np.maximum(of_one[:, None], of_one)
    off = phi - np.eye(of_one.size)
    omega = 100 * (m @ off) / off.sum(axis=0)
    diversity = m.sum(axis=1)
    a = m / np.sqrt(diversity)[:, None] / np.sqrt(of_one)
    second = np.linalg.eigh(a.T @ a)[1][:, -2] / np.sqrt(of_one)
    region = m @ second / diversity
    sign = np.sign(np.corrcoef(region, diversity)[0, 1])
    middle, scale = region.mean(), region.std()
    eci, pci = sign * (region - middle) / scale, sign * (second - middle) / scale
    return quotient, phi, omega, eci, pci
"""
SPEED = """
jobs = world()
for mine, plain in zip(ours(jobs[0]), floor(jobs[0])):
    np.testing.assert_allclose(mine, plain, rtol=1e-7, atol=1e-7)
fastest({"ours": lambda: ours(jobs[0]), "floor": lambda: floor(jobs[0])})
"""
MEMORY = """
import resource
from pathlib import Path
jobs = world()
kept = [ours(year) for year in jobs]
status = Path("/proc/self/status")
if status.exists():  # Linux counts what started a process to its ru_maxrss
    peak = int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(kept), peak)
"""
CHANCE = """
from s3etl.alignment import alignment_index, chance_correction
rng = np.random.default_rng(2)
pi, sigma, kappa = (rng.random((300, 14)) * (rng.random((300, 14)) < p) for p in (0.35, 0.5, 0.4))
often = (pi > 0).mean(axis=0)

def plain(draws=5000):
    rng = np.random.default_rng(0)
    total = np.zeros(300)
    for _ in range(draws // 100):
        keys = rng.standard_exponential((100, 14)) / often
        place = keys.argsort(axis=1).argsort(axis=1)
        moved = -np.sort(-pi, axis=1)[None, :, :].repeat(100, axis=0)
        moved = np.take_along_axis(moved, place[:, None, :].repeat(300, axis=1), axis=2)
        total += alignment_index(moved, sigma, kappa).index.sum(axis=0)
    return total / draws

fastest({"ours": lambda: chance_correction(pi, sigma, kappa), "plain": plain}, rounds=2)
"""


def test_a_year_of_the_portfolio(capsys: pytest.CaptureFixture[str]) -> None:
    ours, floor = run(WORLD, OURS, FLOOR, SPEED)
    with capsys.disabled():
        sys.stdout.write(
            f"\n1,200 regions × 600 industries, a year: {1e3 * ours:.0f} ms, "
            f"plain numpy {1e3 * floor:.0f} ms, ratio {floor / ours:.2f}\n"
        )
    # A quarter to a third faster is usual; a loop over regions would be many times slower.
    assert ours <= 1.1 * floor


def test_ten_years_of_the_portfolio_in_400_mebibytes(capsys: pytest.CaptureFixture[str]) -> None:
    years, peak = run(WORLD, OURS, MEMORY)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{years:.0f} years and all their results: peak {peak / 2**20:,.0f} MiB\n"
        )
    assert years == 10
    assert peak < MOST


def test_chance_correction(capsys: pytest.CaptureFixture[str]) -> None:
    ours, plain = run(WORLD, CHANCE)
    with capsys.disabled():
        sys.stdout.write(
            f"\n300 regions × 14 domains × 5,000 draws: {1e3 * ours:.0f} ms, "
            f"blocks of permutations {1e3 * plain:.0f} ms, ratio {plain / ours:.1f}\n"
        )
    # 2 seconds are asked for; permuting vectors one by one takes about that.
    assert ours <= plain / 4
