"""Memory of a refresh: bounded by the largest dataset, not by the sum of them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.shared, pytest.mark.benchmark]

TAKE = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from pipelines.workspace import load_catalogue
from sources.intake import take
from sources.providers import FolderProvider
from sources.snapshots import SnapshotStore

folder, home, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
declared = load_catalogue().datasets["sbs_r_nuts06_r2"]
copies = [declared.model_copy(update={"id": f"copy{i}"}) for i in range(count)]
provider, store = FolderProvider([folder]), SnapshotStore(home)
with ThreadPoolExecutor(4) as pool:
    taken = list(pool.map(lambda copy: take(copy, provider, store), copies))
assert all(t.new for t in taken)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak(folder: Path, home: Path, count: int) -> int:
    """MiB at the most while a number of copies are taken, four at a time."""
    command = [sys.executable, "-c", TAKE, str(folder), str(home), str(count)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_memory_does_not_grow_with_the_number_of_datasets(shared_data, tmp_path, capsys):
    """Four threads each keep what they once needed; beyond that it is the same for any number."""
    for i in range(16):
        shutil.copy(shared_data / "sbs_r_nuts06_r2.tsv.gz", tmp_path / f"copy{i}.tsv.gz")
    found = {n: peak(tmp_path, tmp_path / f"home{n}", n) for n in (1, 4, 16)}
    with capsys.disabled():
        said = ", ".join(f"{n}: {mib} MiB" for n, mib in found.items())
        sys.stdout.write(f"\n1.5 million rows, so many times: {said}\n")
    assert found[16] <= 1.25 * found[4]
    assert found[16] <= 1024
