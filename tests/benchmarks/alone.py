"""Speeds and peaks measured in a process of its own, so that nothing before counts.

What is measured is given as code; what the figures have to be is not decided here.
"""

import os
import subprocess
import sys


def run(*code: str) -> list[float]:
    """Run code in a process of its own, on one thread, and return the numbers it prints."""
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, "-W", "error", "-c", "".join(code)]
    answer = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **one}
    )
    return [float(number) for number in answer.stdout.split()]
