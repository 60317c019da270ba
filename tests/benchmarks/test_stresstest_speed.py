"""How long and how large a StressTest of 300 regions is, beside what numpy needs at least.

300 regions × 200 respondents × 42 items, 1,000 draws, gaps, teachers and permutation tests: 30 s
and 1 GiB are asked for. The floor is the two matrix products alone that no way of counting votes
of redrawn and of permuted respondents can do without; ratios of one run are asserted, and memory.
"""

import sys

import pytest

from tests.benchmarks.test_portfolio_speed import run

pytestmark = pytest.mark.benchmark

MOST = 1 << 30
WAVE = """
import resource
import time
from pathlib import Path

import numpy as np

from s3etl.stresstest.assessment import Structure, assess
from s3etl.stresstest.beside import Beside
from s3etl.stresstest.method import load_method
from s3etl.stresstest.profile import stresstest_tables
from s3etl.stresstest.questionnaire import load
from tests.stresstest_world import PLAN, evidence_table, world

METHOD = load_method()
REGIONS, EACH = 300, 40

def wave():
    survey = world(EACH, units=REGIONS, spread=0.9, unsure=0.06).survey
    rng = np.random.default_rng(1)
    survey.grade[:] = rng.integers(1, 4, survey.grade.shape)
    distance = rng.random((REGIONS, REGIONS))
    distance = (distance + distance.T) / 2
    np.fill_diagonal(distance, 0)
    near = distance <= np.sort(distance, axis=1)[:, 15:16]
    np.fill_diagonal(near, False)
    return survey, Structure(tuple(survey.geo), np.exp(-distance), near)

def peak():
    status = Path("/proc/self/status")
    if status.exists():  # Linux counts what started a process to its ru_maxrss
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
"""
SPEED = """
def floor():
    rng = np.random.default_rng(2)
    answers = rng.integers(-1, 2, (5 * EACH, 4 * len(PLAN.items))).astype(np.float32)
    drawn = rng.integers(0, 3, (5, EACH, METHOD.draws)).astype(np.float32)
    for _ in range(REGIONS):
        for group in range(5):  # respondents drawn anew, group by group
            np.sign(answers[EACH * group : EACH * group + EACH].T @ drawn[group])
        for group in range(4):  # permuted between the groups of the two sides, and redrawn
            np.sign(answers[: 4 * EACH].T @ np.tile(drawn[group], (4, 1)))
            np.sign(answers[EACH * group : EACH * group + EACH].T @ drawn[group])

survey, structure = wave()
start = time.perf_counter()
of = assess(survey, PLAN, METHOD, structure)
took = time.perf_counter() - start
assert len(of.pairs.learner) > 1000
assert np.isfinite(of.perception.p).any() and np.isfinite(of.of_scores.peers).all()
most = peak()
start = time.perf_counter()
floor()
print(took, time.perf_counter() - start, most)
"""
TABLES = """
import pyarrow as pa

from s3etl.stresstest.answers import ANSWERS
from s3etl.stresstest.survey import GROUPS

def rows(survey):
    \"\"\"Return the table of answers the intake would have made of them.\"\"\"
    people, items = np.nonzero(survey.answers > -3)
    level = survey.answers[people, items]

    def texts(codes, values):
        return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(values)).cast(pa.string())

    same = np.zeros(len(level), np.int32)
    columns = {
        "region": texts(survey.unit[people], survey.geo.tolist()),
        "nuts_version": texts(same, ["2024"]),
        "wave": pa.array(same + 2026, pa.int16()),
        "questionnaire": texts(same, ["2026.1"]),
        "respondent": texts(people, [f"{n:016x}" for n in range(len(survey.unit))]),
        "group": texts(survey.group[people], list(GROUPS)),
        "item": texts(items, list(PLAN.items)),
        "answer": pa.array(level, pa.int8(), mask=level < 0),
        "state": texts((level < 0).astype(np.int32), ["answered", "DK"]),
        "problem": texts(same, [""]),
    }
    found = [columns.get(f.name, pa.nulls(len(level), f.type)) for f in ANSWERS]
    return pa.table(found, schema=ANSWERS)

survey, structure = wave()
answers = rows(survey)
evidence = evidence_table([(g, i, 2, "Plan") for g in survey.geo[::2] for i in PLAN.items])
before = peak()
start = time.perf_counter()
found = stresstest_tables(answers, evidence, load(), METHOD, Beside(structure=structure))
took = time.perf_counter() - start
assert found["stresstest_item"].num_rows == REGIONS * len(PLAN.items)
assert found["stresstest_teacher"].num_rows > 1000
print(took, before, peak(), answers.num_rows)
"""


def test_a_wave_of_300_regions(capsys: pytest.CaptureFixture[str]) -> None:
    took, floor, peak = run(WAVE, SPEED)
    with capsys.disabled():
        sys.stdout.write(
            f"\n300 regions × 200 respondents × 42 items, 1,000 draws and permutations: "
            f"{took:.1f} s, bare products {floor:.1f} s, ratio {took / floor:.1f}; "
            f"peak {peak / 2**20:,.0f} MiB\n"
        )
    assert took <= 8 * floor  # 4 to 5 is usual; a loop over draws or items is 50 and more
    assert peak < MOST


def test_from_answers_to_tables(capsys: pytest.CaptureFixture[str]) -> None:
    took, before, peak, rows = run(WAVE, TABLES)
    with capsys.disabled():
        sys.stdout.write(
            f"\nfrom {rows:,.0f} answers to all tables: {took:.1f} s; peak "
            f"{peak / 2**20:,.0f} MiB, of which {before / 2**20:,.0f} MiB to make the answers\n"
        )
    assert peak < MOST
