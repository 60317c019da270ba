"""Whole runs on the sample world, done once and shared."""

import gzip
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.run import Ran, run
from pipelines.workspace import Workspace, load_catalogue
from sources import eurostat
from sources.sample import nuts, nuts_files, world
from tests.replay.eurostat_server import as_of_today

IN_FOLDER = (
    "demo_r_pjanaggr3",
    "edat_lfse_22",
    "lfst_r_lfe2emp",
    "lfst_r_lfu3pers",
    "nama_10r_2gdp",
    "nama_10r_2gvagr",
    "sbs_r_nuts06_r2",
    "trng_lfse_04",
)
"""A folder need not hold everything that is declared."""
OLD = "2015-03-01T11:00:00+00:00"
STAND_INS = dict(zip(("XA", "XB", "XC", "XD", "XE"), ("AT", "BE", "CZ", "DK", "EE"), strict=True))


@dataclass(frozen=True)
class SampleHome:
    """A home in which both editions of the sample world were run."""

    home: Path
    first: Ran
    revised: Ran


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory) -> SampleHome:
    home = tmp_path_factory.mktemp("sample") / "home"
    first = run(Workspace(home, ("sample",)))
    revised = run(Workspace(home, ("sample-revised",)))
    return SampleHome(home, first, revised)


def disguised(data: bytes) -> bytes:
    """Return a sample file with real country codes, so that it passes for a provider's."""
    packed = data[:2] == b"\x1f\x8b"
    text = gzip.decompress(data) if packed else data
    for code, real in STAND_INS.items():
        text = re.sub(rb"\b%s(?=[0-9Z]{0,3}\b)" % code.encode(), real.encode(), text)
    made = int.from_bytes(data[4:8], "little")  # when it was published stays as it was
    return gzip.compress(text, 1, mtime=made) if packed else text


@pytest.fixture(scope="session")
def provider_run(tmp_path_factory) -> tuple[Path, Path]:
    """A folder that looks like a provider's, and a home in which it was run."""
    base = tmp_path_factory.mktemp("provider")
    folder, home = base / "folder", base / "home"
    folder.mkdir()
    files = world()
    for name, data in (files[code] for code in IN_FOLDER):
        (folder / name).write_bytes(disguised(data))
    for name, data in nuts_files().items():
        (folder / name).write_bytes(disguised(data))
    ran = run(Workspace(home, (str(folder),)))
    assert ran.failures == ()
    return folder, home


@pytest.fixture
def provider_copy(provider_run, tmp_path) -> tuple[Path, Path]:
    """A copy of that folder and home, to spoil."""
    folder, home = provider_run
    shutil.copytree(folder, tmp_path / "folder")
    shutil.copytree(home, tmp_path / "home")
    return tmp_path / "folder", tmp_path / "home"


@pytest.fixture(scope="session")
def real_looking() -> tuple[dict[str, bytes], dict[str, bytes], dict[str, str]]:
    """The sample world under real country codes: datasets, NUTS files, dates of the datasets."""
    declared = load_catalogue().datasets
    datasets = {
        code: as_of_today(disguised(data), declared[code]) for code, (_, data) in world().items()
    }
    tables = {name: disguised(data) for name, data in nuts_files().items()}
    for version in nuts.VERSIONS:
        lines = ["CNTR_CODE,NUTS_ID,NAME_LATN,NUTS_NAME"]
        for level in range(4):
            codes = nuts.codes_in(version, level)
            lines += [f"{code[:2]},{code},Name of {code},Name of {code}" for code in codes]
        tables[f"NUTS_AT_{version}.csv"] = disguised("\n".join([*lines, ""]).encode())
    dates = {code: eurostat.last_update(data) or OLD for code, (_, data) in world().items()}
    return datasets, tables, dates
