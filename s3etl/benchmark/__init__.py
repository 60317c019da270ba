"""Comparing regions: norms and scores, ranks with intervals, composites.

Takes figures and the declared method, returns tables. No weights hidden in code: every choice
stands in ``method.yaml`` or is declared in ``s3etl/composites``.
"""

from s3etl.benchmark.ranks import interval_of_rank, rank
from s3etl.benchmark.standardise import Norm, norms_of, score
from s3etl.benchmark.table import BENCHMARK, NORMS, benchmark

__all__ = [
    "BENCHMARK",
    "NORMS",
    "Norm",
    "benchmark",
    "interval_of_rank",
    "norms_of",
    "rank",
    "score",
]
