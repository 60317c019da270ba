"""How much memory the largest extraction Eurostat gives takes: five million cells, whole process.

The file is made here and read in a process of its own, whose peak is what the system says it is.
"""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.benchmark

CELLS = 5_000_000
MOST = 1 << 30
READ = """
import resource, sys
from pathlib import Path
from sources import eurostat
table = eurostat.parse(Path(sys.argv[1]))
status = Path("/proc/self/status")
if status.exists():  # Linux counts what started a process to its ru_maxrss
    peak = int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(table.num_rows, peak)
"""


def tsv() -> Iterator[str]:
    """Twenty-five years of two hundred thousand series."""
    years = "".join(f"\t{year} " for year in range(2000, 2025))
    yield rf"freq,unit,sex,age,geo\TIME_PERIOD{years}" + "\n"
    for series in range(CELLS // 25):
        cells = "".join(f"\t{series + year}.25 {'b' * (year % 5 == 0)}" for year in range(25))
        yield f"A,PC,{'FMT'[series % 3]},Y{series // 3 % 40},R{series // 120}{cells}\n"


def csv() -> Iterator[str]:
    """The same, sorted as Eurostat sorts it."""
    yield "DATAFLOW,LAST UPDATE,freq,unit,sex,age,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\r\n"
    for sex in "FMT":
        for age in range(40):
            start = f"ESTAT:SOME_DATASET_CODE(1.0),28/09/23 23:00:00,A,PC,{sex},Y{age}"
            for geo in range(CELLS // 25 // 120 + 1):
                for year in range(25):
                    flag = "b" * (year % 5 == 0)
                    yield f"{start},R{geo},{2000 + year},{geo + year}.25,{flag}\r\n"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("lines", [tsv, csv])
def test_five_million_cells_in_less_than_a_gibibyte(
    lines, packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x"
    with gzip.open(path, "wt", 1, newline="") if packed else path.open("w", newline="") as file:
        file.writelines(lines())
    command = [sys.executable, "-c", READ, str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    rows, peak = map(int, answer.stdout.split())
    with capsys.disabled():
        size = path.stat().st_size
        sys.stdout.write(f"\n{lines.__name__}, {size:,} bytes: peak {peak / 2**20:,.0f} MiB\n")
    assert rows >= CELLS
    assert peak < MOST
