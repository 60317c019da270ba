"""A base edition: written from one release, named by the next, refused where it does not fit."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipelines.freeze import freeze
from s3etl.benchmark.composite import Composite
from s3etl.benchmark.declaration import load_composites
from s3etl.benchmark.index import Index
from s3etl.benchmark.index_tables import step_table
from s3etl.errors import CatalogueError, Refused, S3etlError, Unfit

MINE = """
title: Mine
version: "2026.1"
source: here
aggregates:
  P: {parent: I}
  I: {}
indicators:
  a: {parent: P}
  b: {parent: P, direction: "-"}
  c: {parent: P}
steps:
  - {step: treat, most: 0, pool: 2}
  - {step: normalise, method: goalposts, pool: 2, clip: [1, 100]}
  - {step: aggregate}
"""


def world(years: int) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(np.exp(rng.normal(0, 1, (30 * years, 3))), columns=list("abc"))
    frame["c"] = frame["c"] ** 3 * 1e-9  # skewed: its logarithm is taken; its numbers are small
    return frame.assign(uCode=[f"u{k}" for k in range(30)] * years).assign(
        Time=np.repeat(2020 + np.arange(years), 30)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(MINE)
    return tmp_path


def declare(folder: Path, version: str = "2026.1", base: str = "mine-2026", more: str = "") -> None:
    text = MINE.replace("2026.1", version)
    (folder / "mine.yaml").write_text(f"{text}base: {base}\n{more}")


def released(folder: Path) -> SimpleNamespace:
    """Stand for a workspace whose newest run made the index of three years."""
    declared = load_composites(folder)["mine"]
    made = Composite.build(declared, world(3))
    log = step_table(Index(declared, made, {}, (), pd.DataFrame(), pd.DataFrame()))
    return SimpleNamespace(store=SimpleNamespace(block=lambda _: {"index_step": log}))


def test_later_editions_are_scored_against_the_base(folder: Path) -> None:
    declared = load_composites(folder)["mine"]
    first = Composite.build(declared, world(3)).scores
    path = freeze(released(folder), "mine", 2026, folder)
    assert path == folder / "bases" / "mine-2026.yaml"
    anew = Composite.build(declared, world(8)).scores
    assert not np.allclose(anew.loc[first.index], first)
    for version in ("2026.1", "2030.2"):
        declare(folder, version)
        later = Composite.build(load_composites(folder)["mine"], world(8)).scores
        np.testing.assert_array_equal(later.loc[first.index], first)


def test_a_base_is_written_once(folder: Path) -> None:
    work = released(folder)
    path = freeze(work, "mine", 2026, folder)
    before = path.read_text()
    with pytest.raises(Refused, match="is there, and a base is frozen"):
        freeze(work, "mine", 2026, folder)
    assert path.read_text() == before
    with pytest.raises(Unfit, match="other: there is no index of it yet"):
        freeze(work, "other", 2026, folder)


@pytest.mark.parametrize(
    ("version", "base", "more", "sentence"),
    [
        ("2031.1", "mine-2026", "", "The base mine-2026 serves the editions 2026 to 2030"),
        ("2025.9", "mine-2026", "", "The base mine-2026 serves the editions 2026 to 2030"),
        ("first", "mine-2026", "", "and the version is first; freeze a new base"),
        ("2028.1", "mine-2026", "base_editions: 2\n", "serves the editions 2026 to 2027"),
        ("2026.1", "mine-2020", "", "The base mine-2020 is not there"),
        ("2026.1", "yours", "", "The base yours is of another; name one of its own"),
        ("2026.1", "turned", "", "the goalposts of a, 2 and 1, are in the wrong order"),
        ("2026.1", "half", "", "b has limits or goalposts and not both; freeze them again"),
    ],
)
def test_a_base_that_does_not_fit_is_refused(
    folder: Path, version: str, base: str, more: str, sentence: str
) -> None:
    freeze(released(folder), "mine", 2026, folder)
    for name, of, limits, posts in (
        ("yours", "another", "{}", "{}"),
        ("turned", "mine", "{a: [null, null, false]}", "{a: [2, 1]}"),
        ("half", "mine", "{a: [null, null, false]}", "{a: [1, 2], b: [1, 2]}"),
    ):
        text = f"composite: {of}\nedition: 2026\nlimits: {limits}\nposts: {posts}\n"
        (folder / "bases" / f"{name}.yaml").write_text(text)
    declare(folder, version, base, more)
    with pytest.raises(S3etlError, match=re.escape(sentence)) as refused:
        load_composites(folder)
    assert "\n" not in str(refused.value)


def test_what_pools_no_years_cannot_be_frozen(folder: Path) -> None:
    text = MINE.replace("pool: 2", "pool: year", 1)
    (folder / "mine.yaml").write_text(text)
    with pytest.raises(CatalogueError, match="mine: its log has no limits or goalposts to freeze"):
        freeze(released(folder), "mine", 2026, folder)
