"""One region's StressTest gathered from the stores, for the terminal and for the report.

Reads blocks and registers and hands them on; nothing is computed, printed or drawn here.
"""

from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import blocks, stages
from pipelines.show_registers import need
from pipelines.workspace import Workspace
from s3etl.domains.records import ecosystems
from s3etl.errors import S3etlError
from s3etl.files import write_atomic
from s3etl.stresstest.regional_profile import Profile, profile
from s3etl.stresstest.tables import TABLES
from warehouse import read
from warehouse.publish import ID_LENGTH
from warehouse.report.page import Made, Origins, report

BLOCK: Final = "stresstest"
ANSWERS, EVIDENCE, PRACTICES = "stresstest_answers", "stresstest_evidence", "practices"
COMPARED: Final = "stresstest_dimension"
"""Table by which a release is known to hold the figures of a report."""


def gather(work: Workspace, geo: str, wave: int | None = None) -> Profile:
    """Collect what there is of a region.

    Raises:
        Unfit: No StressTest has been scored yet.
        Refused: The region was not surveyed, or not in that wave.
    """
    found = work.store.block(BLOCK)
    tables = {name: need(found, name) for name in TABLES}
    accepted = work.store.accepted(EVIDENCE) is not None
    return profile(
        tables,
        geo,
        wave=wave,
        regions=_names(work, tables),
        domains=ecosystems().declared.domains,
        evidence=work.store.observations(EVIDENCE) if accepted else None,
        practices=work.store.block("strategies").get("practice"),
        participation=work.store.block("participation").get("participation"),
    )


def _names(work: Workspace, tables: dict[str, pa.Table]) -> dict[str, str]:
    """Return names of surveyed regions and teachers, where the names of NUTS are accepted."""
    try:
        known = stages.gazetteer(work)
    except S3etlError:
        return {}
    items, teachers = tables["stresstest_item"], tables["stresstest_teacher"]
    named = [items.select(["geo", "nuts_version"])]
    named.append(
        teachers.select(["teacher", "nuts_version"]).rename_columns(["geo", "nuts_version"])
    )
    pairs = pa.concat_tables(named).group_by(["geo", "nuts_version"]).aggregate([]).to_pylist()
    return {row["geo"]: known.name(row["geo"], row["nuts_version"]) for row in pairs}


def write_report(work: Workspace, found: Profile, to: Path, url: str, day: date) -> None:
    """Write the report of a region as one HTML file.

    Args:
        work: Where the tables are.
        found: What they say of the region.
        to: File to write.
        url: SQLAlchemy URL of the warehouse, to see whether the figures are published.
        day: Day it is made.
    """
    answers = work.store.accepted(ANSWERS)
    made = Made(
        origin=work.origin,
        release=_release(work, url),
        as_of=_taken(answers.snapshot) if answers else "not told",
        day=day,
        sources=_sources(work, found),
    )
    write_atomic(to, report(found, made).encode())


def _release(work: Workspace, url: str) -> str:
    """Return the id of the release that holds these figures, or that there is none."""
    folder = work.store.candidate()
    file = folder / f"{COMPARED}.parquet" if folder else None
    if folder is None or file is None or not file.exists():
        return "none yet: these figures are not in a release"
    if not pq.read_table(file).equals(work.store.block(BLOCK)[COMPARED]):
        return "none yet: these figures are newer than the newest release"
    name = folder.name[:ID_LENGTH]
    try:
        known = {row["release_id"]: row["channels"] for row in read.releases(url)}
    except S3etlError:
        known = {}
    if name not in known:
        return f"{name}, not published yet"
    return f"{name}, channel {known[name]}" if known[name] else name


def _sources(work: Workspace, found: Profile) -> list[Origins]:
    """Return what is cited: the survey, the practices, and the indicators of the twins."""
    wanted = [ANSWERS, EVIDENCE]
    if any(row["practices"] for row in found.rows["stresstest_teacher"]):
        wanted.append(PRACTICES)
    if any(row["twin_value"] is not None for row in found.rows["stresstest_twin"]):
        declared = work.catalogue.registers.values()
        wanted += [r.id for r in declared if r.holds in {"organisations", "priorities"}]
        wanted += blocks.PORTFOLIO.datasets
    out = []
    for name in wanted:
        accepted, source = work.store.accepted(name), work.catalogue.sources.get(name)
        if accepted is not None and source is not None:
            day = _taken(accepted.snapshot)
            out.append(Origins(source.title, source.citation, source.licence, day))
    return out


def _taken(snapshot: Any) -> str:
    """Return the day a source is of, else the day it was taken."""
    return str(snapshot.source_updated or snapshot.retrieved_at)[:10]
