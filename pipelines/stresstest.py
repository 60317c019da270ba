"""The StressTest block: accepted answers and evidence made into profile, gaps, teachers, actions.

Reads accepted data and other blocks and calls :mod:`s3etl.stresstest`; it knows no formula. Of
registers only what may be passed on goes in, for tables of this block are published whole.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.portfolio import newest_series
from pipelines.workspace import Workspace
from s3etl.domains.records import ecosystems
from s3etl.stresstest.answers import ANSWERS, EVIDENCE
from s3etl.stresstest.beside import Beside, structure_of
from s3etl.stresstest.columns import signed
from s3etl.stresstest.method import load_method
from s3etl.stresstest.profile import stresstest_tables
from s3etl.stresstest.questionnaire import load
from warehouse.store import Accepted


def compute(
    work: Workspace,
    registers: Mapping[str, Accepted],
    answers: Sequence[str],
    evidence: Sequence[str],
) -> dict[str, pa.Table]:
    """Compute the block.

    Args:
        work: Where accepted data are.
        registers: What is accepted of each register.
        answers: Registers of answers that are accepted.
        evidence: Registers of evidence that are accepted.
    """
    snapshots = [registers[name].snapshot for name in (*answers, *evidence)]
    found = stresstest_tables(
        pa.concat_tables([ANSWERS.empty_table(), *map(work.store.observations, answers)]),
        pa.concat_tables([EVIDENCE.empty_table(), *map(work.store.observations, evidence)]),
        load(),
        load_method(),
        beside(work),
    )
    days = (str(s.source_updated or s.retrieved_at)[:10] for s in snapshots)
    return signed(found, "; ".join(days), "; ".join(s.sha256 for s in snapshots))


def beside(work: Workspace) -> Beside:
    """Return what other blocks say, where they are computed."""
    organisations = work.store.block("organisations")
    portfolio = newest_series(work.store.block("portfolio"))
    found = (
        portfolio.get("portfolio_indicator"),
        portfolio.get("alignment"),
        organisations.get("registry_indicator"),
    )
    practices = work.store.block("strategies").get("practice")
    if practices is not None:
        open_ = sorted(r.id for r in work.catalogue.registers.values() if r.redistribute)
        practices = practices.filter(pc.is_in(practices.column("register"), pa.array(open_)))
    peers = work.store.block("peers")
    return Beside(
        structure=structure_of(peers) if peers else None,
        cells=portfolio.get("alignment_cell"),
        indicators=[table for table in found if table is not None],
        practices=practices,
        domains=ecosystems().declared.domains,
    )
