"""The index block: declared composites over the ranked indicators, with all that stands behind.

Reads benchmark rows and calls :mod:`s3etl.benchmark`; it knows no formula.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.workspace import Workspace
from s3etl.benchmark.audit import audit
from s3etl.benchmark.composite import Composite
from s3etl.benchmark.declaration import CompositeDeclaration, load_composites
from s3etl.benchmark.index import build_index, score_table
from s3etl.benchmark.index_tables import (
    TABLES,
    Ranked,
    audit_table,
    design_table,
    gap_table,
    member_table,
    robustness_table,
    sensitivity_table,
    step_table,
    with_bounds,
)
from s3etl.benchmark.precision import of_figures
from s3etl.benchmark.robustness import monte_carlo_each, sobol


def compute(work: Workspace, ranked: Mapping[str, str]) -> dict[str, pa.Table]:
    """Compute the block.

    Args:
        work: The workspace.
        ranked: Indicators whose benchmark rows are up to date, with the identity of these.

    Raises:
        Unfit: The figures cannot be scored as a composite declares.
    """
    rows = {
        i: pq.read_table(work.store.benchmark_folder(i, name) / "benchmark.parquet")
        for i, name in ranked.items()
    }
    parts = [_computed(work, declared, rows) for declared in load_composites().values()]
    return {name: pa.concat_tables([part[name] for part in parts]) for name in TABLES}


def _computed(
    work: Workspace, declared: CompositeDeclaration, rows: Mapping[str, pa.Table]
) -> dict[str, pa.Table]:
    indicators = work.catalogue.indicators
    index = build_index(declared, rows, indicators, work.catalogue.method)
    members = {code: m.parent or "" for code, m in declared.members(indicators).items()}
    out = {name: schema.empty_table() for name, schema in TABLES.items()}
    out |= {"index_member": member_table(index, members), "index_step": step_table(index)}
    made = index.composite
    if made is None:
        return out
    noise, conversion = of_figures(made, rows, indicators, work.catalogue.method)
    ranked, years = _robustness(made, declared.ranked_years, noise, conversion)
    out["index_score"] = with_bounds(score_table(index), ranked, years)
    # The newest year may hold a few early figures: what is audited is the newest that is ranked.
    year = int(years[-1] if len(years) else made.inputs.times[-1])
    audited = audit(made, limits=declared.coherence, year=year)
    out["index_audit"] = audit_table(audited, index, year)
    out["index_robustness"] = robustness_table(ranked, index)
    whole = [one for one in ranked if one.node == made.hierarchy.index]
    if whole:
        last = whole[-1]
        effects = sobol(made, year=last.year, noise=noise, conversion=conversion)
        out["index_design"] = design_table(last.found.design, index)
        out["index_sensitivity"] = sensitivity_table(effects, last.node, last.year, index)
        out["index_gap"] = gap_table(index, last.year, last.found)
    return out


def _robustness(
    made: Composite, newest: int, noise: pd.DataFrame, conversion: pd.DataFrame
) -> tuple[list[Ranked], NDArray[np.int64]]:
    """Vary the choices behind every rank of the newest years that have any."""
    times, nodes = made.inputs.times, made.hierarchy.aggregates
    there = np.isfinite(made.judged.ranks).sum(axis=1) >= 2  # years by aggregates
    # Years in which the index is ranked; without any, those of its pillars.
    of_index = there[:, -1:] if there[:, -1].any() else there
    places = np.flatnonzero(of_index.any(axis=1))[-newest:]
    of = [
        (int(times[place]), node)
        for place in places
        for column, node in enumerate(nodes)
        if there[place, column]
    ]
    found = monte_carlo_each(made, of, noise=noise, conversion=conversion) if of else []
    return [Ranked(node, year, one) for (year, node), one in zip(of, found, strict=True)], times[
        places
    ]
