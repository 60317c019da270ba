"""Every real file, cell by cell, against an independent reading in plain Python."""

import csv
import gzip
import io
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest

from sources import eurostat, sdmx_csv, tsv

pytestmark = pytest.mark.shared

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "eurostat"
BULK = ("*.tsv.gz", "*.csv.gz")
NAMES = sorted(
    str(path.relative_to(FOLDER))
    for pattern in (*BULK, "responses/*.tsv")
    for path in FOLDER.glob(pattern)
) or ["no file"]
NOT_READ = {"DATAFLOW", "LAST UPDATE"}


class Reading(NamedTuple):
    """A file by columns: the strings of the keys, and value, flag and text of each cell."""

    keys: dict[str, list[str]]
    values: list[float | None]
    flags: list[str | None]
    texts: list[str | None]


def read_lines(path: Path) -> list[str]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    *lines, rest = text.replace("\r\n", "\n").split("\n")
    assert rest == ""
    return lines


def read_cell(cell: str) -> tuple[float | None, str | None, str | None]:
    if cell.startswith(":"):
        return None, cell[1:].strip() or None, None
    word, _, flag = cell.strip().partition(" ")
    try:
        return float(word), flag or None, None
    except ValueError:
        return None, flag or None, word


def read_tsv(lines: list[str]) -> Reading:
    header, *rows = (line.split("\t") for line in lines)
    *dimensions, last = header[0].split(",")
    dimensions.append(last.split("\\")[0])
    periods = [period.strip() for period in header[1:]]
    codes = [row[0].split(",") for row in rows]
    keys = {d: [code[i] for code in codes] * len(periods) for i, d in enumerate(dimensions)}
    keys["TIME_PERIOD"] = [period for period in periods for _ in rows]
    cells = [read_cell(row[i]) for i in range(1, len(header)) for row in rows]
    assert {len(row) for row in rows} == {len(header)}
    assert {len(code) for code in codes} == {len(dimensions)}
    return Reading(keys, *(list(part) for part in zip(*cells, strict=True)))


def read_csv(lines: list[str]) -> Reading:
    header, *rows = csv.reader(io.StringIO("\n".join(lines)))
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    values = [float(text) if text else None for text in columns.pop("OBS_VALUE")]
    flags = [text or None for text in columns.pop("OBS_FLAG")]
    keys = {name: column for name, column in columns.items() if name not in NOT_READ}
    return Reading(keys, values, flags, [None] * len(rows))


def read(path: Path) -> Reading:
    lines = read_lines(path)
    return read_tsv(lines) if "\t" in lines[0] else read_csv(lines)


def same(column: pa.ChunkedArray, expected: list[str | None]) -> bool:
    texts = pa.chunked_array([pa.array(expected, pa.string())])
    return bool(column.cast(pa.string()).equals(texts))


@pytest.fixture(scope="module")
def sizes(shared_data: Path) -> dict[str, int]:
    """Return the number of cells of each bulk file, as PROVENANCE.md states it."""
    text = (shared_data / "PROVENANCE.md").read_text(encoding="utf-8")
    found: dict[str, int] = {}
    for line in text.split("## B.")[0].splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 4 and cells[1].startswith("`"):
            size = re.fullmatch(r"([\d ]+) (?:x (\d+)|obs)", cells[4])
            assert size, line
            found[cells[1].strip("`")] = int(size[1].replace(" ", "")) * int(size[2] or 1)
    return found


def test_provenance_names_every_bulk_file(shared_data: Path, sizes: dict[str, int]) -> None:
    assert set(sizes) == {path.name for pattern in BULK for path in shared_data.glob(pattern)}
    assert len(NAMES) >= len(sizes) + 2


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_is_as_an_independent_reading_has_it(
    shared_data: Path, sizes: dict[str, int], name: str
) -> None:
    expected = read(shared_data / name)
    table = eurostat.parse(shared_data / name)
    has_text = any(text is not None for text in expected.texts)
    assert table.num_rows == len(expected.values) == sizes.get(name, table.num_rows)
    assert table.column_names == [
        *expected.keys,
        "OBS_VALUE",
        "OBS_FLAG",
        *(["OBS_TEXT"] if has_text else []),
    ]
    for key, codes in expected.keys.items():
        assert same(table[key], codes), key
    assert table["OBS_VALUE"].equals(pa.chunked_array([pa.array(expected.values, pa.float64())]))
    assert same(table["OBS_FLAG"], expected.flags)
    if has_text:
        assert same(table["OBS_TEXT"], expected.texts)


@pytest.mark.parametrize("name", NAMES)
def test_the_slow_path_gives_the_same_table(
    shared_data: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = eurostat.parse(shared_data / name)
    for reader in (tsv, sdmx_csv):
        monkeypatch.setattr(reader, "read_regular", lambda *_: None)
    other = eurostat.parse(shared_data / name)
    assert other.schema == table.schema
    for column in table.column_names:
        plain = pa.float64() if column == "OBS_VALUE" else pa.string()
        assert other[column].cast(plain).equals(table[column].cast(plain)), column


def test_flags_of_sbs_are_as_many_as_provenance_says(shared_data: Path) -> None:
    table = eurostat.parse(shared_data / "sbs_r_nuts06_r2.tsv.gz")
    missing = table.filter(table["OBS_VALUE"].is_null())["OBS_FLAG"].cast(pa.string())
    counts = Counter({item["values"].as_py(): item["counts"].as_py() for item in _count(missing)})
    assert counts["c"] == 93_421
    assert counts["cd"] == 3_883
    every = table["OBS_FLAG"].cast(pa.string())
    assert {i["values"].as_py(): i["counts"].as_py() for i in _count(every)}["u"] == 12_015


def _count(column: pa.ChunkedArray) -> pa.StructArray:
    return column.value_counts()


def test_when_eurostat_last_updated_the_files(shared_data: Path) -> None:
    def day(name: str) -> str:
        return (eurostat.last_update((shared_data / name).read_bytes()) or "")[:10]

    assert day("nama_10r_3gdp_linear.csv.gz") == "2023-02-21"
    assert day("demo_r_pjanaggr3_linear.csv.gz") == "2023-09-28"
    assert day("sbs_r_nuts06_r2.tsv.gz") == "2017-07-31"
    assert day("nama_10r_2gdp.tsv.gz") == "2016-02-26"
    assert day("responses/ds-059358-de-2022.tsv") == ""
