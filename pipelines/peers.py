"""The peers block: reference regions, and what every ranked indicator says against them.

Reads figures, ranks, accepted data and the portfolio and calls :mod:`s3etl.peers` and
:mod:`s3etl.benchmark`; it knows no formula.
"""

from collections.abc import Mapping
from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import stages
from pipelines.portfolio import newest_series
from pipelines.workspace import Workspace
from s3etl.benchmark.comparison import load_comparison
from s3etl.benchmark.convergence_tables import (
    CONVERGENCE,
    DISPERSION,
    convergence_table,
    dispersion_table,
)
from s3etl.benchmark.gap_tables import GAPS, Peers, gap_table
from s3etl.benchmark.panel import panel_of
from s3etl.errors import Unfit
from s3etl.nuts.convert import convert
from s3etl.peers import reference_regions, tables
from s3etl.peers.method import PeersMethod, load_method
from s3etl.peers.structure import Structure, sections_of, structure
from s3etl.peers.treatment import treated
from s3etl.portfolio.method import load_method as portfolio_method

INHABITANTS: Final = "inhabitants"
"""Indicator that weighs regions."""
TABLES: Final = {
    "reference_region": tables.REFERENCES,
    "reference_set": tables.SETS,
    "structural_variable": tables.VARIABLES,
    "gap": GAPS,
    "convergence": CONVERGENCE,
    "dispersion": DISPERSION,
}
"""Tables of the block and their columns."""


def compute(work: Workspace, ranked: Mapping[str, str]) -> dict[str, pa.Table]:
    """Compute the block; without structural data there are gaps, and no reference regions.

    Args:
        work: The workspace.
        ranked: Indicators whose benchmark rows are up to date, with the identity of these.

    Raises:
        Unfit: An indicator has no figures yet.
    """
    method = load_method()
    figures = {i: _figures(work, i) for i in {*method.indicators, INHABITANTS} & set(ranked)}
    found = _structure(work, figures, method)
    inhabitants = figures.get(INHABITANTS)
    if not len(found.regions) or not np.isfinite(treated(found.value, method.treatment)).any():
        nobody = Peers(pd.MultiIndex.from_arrays([[], []]), np.zeros((0, 0), bool))
        nothing = {name: schema.empty_table() for name, schema in TABLES.items()}
        return nothing | _compared(work, ranked, nobody, inhabitants)
    sets = {
        scope: reference_regions(
            found.value,
            found.dimensions,
            found.countries,
            abroad=scope == tables.ABROAD,
            method=method,
        )
        for scope in tables.SCOPES
    }
    references = [tables.reference_table(found, r, scope, method) for scope, r in sets.items()]
    peers = Peers(
        pd.MultiIndex.from_arrays([found.regions, found.versions]), sets[tables.ALL].member
    )
    return {
        "reference_region": pa.concat_tables(references),
        "reference_set": tables.set_table(found, sets, method),
        "structural_variable": tables.variable_table(found, sets[tables.ALL], method),
        **_compared(work, ranked, peers, inhabitants),
    }


def _figures(work: Workspace, indicator: str) -> pa.Table:
    figures = work.store.figures(indicator)
    if figures is None:
        raise Unfit(f"{indicator}: no figures yet; run s3etl run.")
    return pq.read_table(figures.folder / "figures.parquet")


def _structure(work: Workspace, figures: Mapping[str, pa.Table], method: PeersMethod) -> Structure:
    """Collect structural variables; the business statistics are those of the newest portfolio."""
    block = work.store.block("portfolio")
    if not block:
        return structure(figures, None, block, method, origin=work.origin, dataset="")
    block = newest_series(block)
    newest = block["portfolio_cell"].column("source_dataset")[0].as_py()
    series = next(s for s in portfolio_method().series if s.dataset == newest)
    declared = work.catalogue.datasets[newest]
    codes = [c for c in declared.dimensions["nace_r2"] if len(c) == 1 or c[0] == "S"]
    converted = convert(
        work.store.observations(newest, [f"{code}.{series.employment}" for code in codes]),
        work.store.observations(stages.NUTS_MATRICES),
        extensive=declared.extensive,
        weight=declared.weight,
    ).observations
    year = block["portfolio_cell"].column("ref_year")[0].as_py()
    sections = sections_of(converted, series.employment, year)
    return structure(figures, sections, block, method, origin=work.origin, dataset=newest)


def _compared(
    work: Workspace, ranked: Mapping[str, str], peers: Peers, inhabitants: pa.Table | None
) -> dict[str, pa.Table]:
    """Return gaps, convergence and dispersion of all indicators that are ranked."""
    comparison, method = load_comparison(), work.catalogue.method
    low, high = (NormalDist().inv_cdf(bound / 100) for bound in method.interval)
    parts: dict[str, list[pa.Table]] = {"gap": [], "convergence": [], "dispersion": []}
    for indicator, name in sorted(ranked.items()):
        rows = pq.read_table(work.store.benchmark_folder(indicator, name) / "benchmark.parquet")
        panel = panel_of(rows, inhabitants, window=comparison.window, reach=high - low)
        if panel is None:
            continue
        parts["gap"].append(gap_table(panel, peers, comparison, method))
        parts["convergence"].append(convergence_table(panel, comparison))
        parts["dispersion"].append(dispersion_table(panel, comparison))
    return {
        name: pa.concat_tables([TABLES[name].empty_table(), *tables_])
        for name, tables_ in parts.items()
    }
