"""Tables that stand behind an index: its log, audit, robustness, sensitivity and gaps.

Lays results out as published tables; nothing is computed here that the modules beside it do not
compute.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.benchmark.audit import Audit
from s3etl.benchmark.design import stored
from s3etl.benchmark.gaps import index_parts
from s3etl.benchmark.index import INDEX_SCORE, Index
from s3etl.benchmark.robustness import Robustness, Sensitivity


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


_ID: Final = [
    _field("index_id", pa.string(), "declared composite"),
    _field("method_version", pa.string(), "version of the declaration"),
]
_NODE: Final = [
    *_ID,
    _field("node", pa.string(), "index or pillar"),
    _field("ref_year", pa.int32(), "reference year"),
]
_WHERE: Final = [
    *_NODE,
    _field("geo", pa.string(), "NUTS 2 region"),
    _field("nuts_version", pa.string(), "NUTS version of geo"),
]
STEPS: Final = pa.schema(
    [
        *_ID,
        _field("place", pa.int32(), "order of the step"),
        _field("step", pa.string(), "name of the step"),
        _field("arguments", pa.string(), "its arguments as JSON, with goalposts and limits"),
    ]
)
"""The log: with it and the figures the index can be computed again."""
MEMBERS: Final = pa.schema(
    [
        *_ID,
        _field("node", pa.string(), "indicator or pillar that could take part"),
        _field("takes_part", pa.bool_(), "whether it does"),
        _field("left_out_because", pa.string(), "why not"),
    ]
)
AUDIT: Final = pa.schema(
    [
        *_ID,
        _field("ref_year", pa.int32(), "year looked at: the newest that is ranked, if any is"),
        _field("test", pa.string(), "what is looked at"),
        _field("node", pa.string(), "indicator or aggregate"),
        _field("against", pa.string(), "its parent, the other indicator or the component"),
        _field("measure", pa.string(), "what the value is"),
        _field("value", pa.float64(), "the figure"),
        _field("flagged", pa.bool_(), "whether it is beyond the declared limit"),
    ]
)
ROBUSTNESS: Final = pa.schema(
    [
        *_WHERE,
        _field("rank", pa.int32(), "rank as declared"),
        _field("rank_median", pa.float64(), "median rank over the runs"),
        _field("rank_mean", pa.float64(), "mean rank"),
        _field("rank_low", pa.int32(), "best rank of the 5 to 95 % interval"),
        _field("rank_high", pa.int32(), "worst"),
        _field("p_top", pa.float64(), "probability to be among the first places"),
        _field("top_places", pa.int32(), "how many places these are"),
        _field("rank_group", pa.int32(), "group of ranks (fifths, 1 the best) with most runs"),
        _field("p_rank_group", pa.float64(), "its probability"),
        _field("mean_shift", pa.float64(), "mean distance of the rank from that as declared"),
        _field("badge", pa.string(), "A, B or C by the width of the interval"),
        _field("runs", pa.int32(), "runs that give a score"),
        _field("seed", pa.int64(), "seed of the runs"),
    ]
)
DESIGN: Final = pa.schema(
    [
        *_ID,
        _field("run", pa.int32(), "number of the run"),
        _field("choices", pa.string(), "what the run chose, as JSON; it can be replayed"),
    ]
)
SENSITIVITY: Final = pa.schema(
    [
        *_NODE,
        _field("geo", pa.string(), "region whose rank it is told of; empty for all"),
        _field("nuts_version", pa.string(), "NUTS version of geo"),
        _field("factor", pa.string(), "what is varied"),
        _field("first", pa.float64(), "share of the variance it explains by itself"),
        _field("first_low", pa.float64(), "5th percentile of the bootstrap"),
        _field("first_high", pa.float64(), "95th percentile"),
        _field("total", pa.float64(), "share it has a part in"),
        _field("total_low", pa.float64(), "5th percentile"),
        _field("total_high", pa.float64(), "95th percentile"),
    ]
)
GAPS: Final = pa.schema(
    [
        *_WHERE,
        _field("front", pa.string(), "region the gap is to: the first in the index"),
        _field("part", pa.string(), "indicator the part is due to"),
        _field("pillar", pa.string(), "its pillar"),
        _field("value", pa.float64(), "part of the gap, points of the index; the parts sum to it"),
        _field("gap", pa.float64(), "the whole gap"),
        _field("p_ahead", pa.float64(), "share of runs the front ranks better in; ties are half"),
    ]
)

TABLES: Final = {
    "index_score": INDEX_SCORE,
    "index_step": STEPS,
    "index_member": MEMBERS,
    "index_audit": AUDIT,
    "index_robustness": ROBUSTNESS,
    "index_design": DESIGN,
    "index_sensitivity": SENSITIVITY,
    "index_gap": GAPS,
}
"""Tables of an index and their columns."""


BOUNDS: Final = {
    "rank_low": "rank_low",
    "rank_high": "rank_high",
    "score_low": "interval_low",
    "score_high": "interval_high",
}
"""Bounds in tables of robustness, and what scores call them."""


@dataclass(frozen=True)
class Ranked:
    """Robustness of one node in one year."""

    node: str
    year: int
    found: Robustness


def step_table(index: Index) -> pa.Table:
    """Return the log of the index (:data:`STEPS`), goalposts and limits written in."""
    made = index.composite
    steps = () if made is None else made.freeze()
    rows = [
        {"place": place, "step": step.step, "arguments": step.model_dump_json(exclude={"step"})}
        for place, step in enumerate(steps, 1)
    ]
    return _table(STEPS, pd.DataFrame(rows, columns=STEPS.names), index)


def member_table(index: Index, members: Mapping[str, str]) -> pa.Table:
    """Return who takes part (:data:`MEMBERS`).

    Args:
        index: The index.
        members: Pillar of every indicator that could take part.
    """
    why = dict(index.left_out)
    for code, pillar in members.items():
        if pillar in index.inactive:
            why.setdefault(code, f"its pillar {pillar} has too few indicators with figures")
    for pillar in index.inactive:
        why[pillar] = "too few verified indicators with figures"
    nodes = [*members, *dict.fromkeys(members.values())]
    nodes += [p for p in index.inactive if p not in nodes]
    rows = [{"node": n, "takes_part": n not in why, "left_out_because": why.get(n)} for n in nodes]
    return _table(MEMBERS, pd.DataFrame(rows), index)


def audit_table(found: Audit, index: Index, year: int) -> pa.Table:
    """Return the audit of a year in long form (:data:`AUDIT`)."""
    parts: list[pd.DataFrame] = []

    def add(
        test: str, frame: pd.DataFrame, against: str | None, measures: list[str], flag: str = ""
    ) -> None:
        parts.extend(
            pd.DataFrame(
                {
                    "test": test,
                    "node": frame[frame.columns[0]].astype(str),
                    "against": frame[against].astype(str) if against else None,
                    "measure": measure,
                    "value": frame[measure].astype(float),
                    "flagged": frame[flag] if flag else None,
                }
            )
            for measure in measures
        )

    add("item and parent", found.items, "parent", ["pearson", "spearman", "kendall"], flag="weak")
    add("pair of indicators", found.pairs, "second", ["pearson"], flag="collinear")
    add("reliability", found.reliability, None, ["alpha"])
    add("principal components", found.components, "component", ["share"])
    add("weights", found.weights.reset_index(), None, ["weight", "effective"])
    add("left out", found.without, None, ["shift"])
    return _table(AUDIT, pd.concat(parts, ignore_index=True).assign(ref_year=year), index)


def robustness_table(ranked: list[Ranked], index: Index) -> pa.Table:
    """Return the ranks over all runs (:data:`ROBUSTNESS`)."""
    parts = []
    for one in ranked:
        frame = one.found.table.reset_index()
        groups = [c for c in frame if str(c).startswith("p_group_")]
        chance = frame[groups].to_numpy(float)
        parts.append(
            frame.assign(
                **_where(frame["unit"]),
                node=one.node,
                ref_year=one.year,
                top_places=one.found.uncertainty.top,
                rank_group=chance.argmax(axis=1) + 1,
                p_rank_group=chance.max(axis=1),
                seed=one.found.uncertainty.seed,
            )
        )
    return _table(ROBUSTNESS, _joined(parts, ROBUSTNESS), index)


def design_table(design: pd.DataFrame, index: Index) -> pa.Table:
    """Return the design behind all ranks (:data:`DESIGN`); pillars and years share it."""
    rows = stored(design).to_pylist()
    frame = pd.DataFrame(
        {"run": design.index.to_numpy(), "choices": [json.dumps(_plain(row)) for row in rows]}
    )
    return _table(DESIGN, frame, index)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "run"}


def sensitivity_table(found: Sensitivity, node: str, year: int, index: Index) -> pa.Table:
    """Return the Sobol effects, on the mean rank shift and on each rank (:data:`SENSITIVITY`)."""
    whole, single = found.table.reset_index(), found.by_unit.reset_index()
    frame = pd.concat([whole, single.assign(**_where(single["unit"]))], ignore_index=True)
    return _table(SENSITIVITY, frame.assign(node=node, ref_year=year), index)


def gap_table(index: Index, year: int, found: Robustness) -> pa.Table:
    """Split each region's gap to the first by indicator, so that the parts sum (:data:`GAPS`).

    Only for a geometric mean of arithmetic pillars (methodology 7), and regions that have a
    score in all pillars.

    Args:
        index: The index.
        year: The year.
        found: Robustness of the index in that year: whether the front is surely ahead.
    """
    made = index.composite
    if made is None or len(made.hierarchy.levels) != 3:
        return GAPS.empty_table()
    tree, rule = made.hierarchy, next(s for s in made.steps if s.step == "aggregate")
    if tuple(rule.of_levels(tree)) != ("arithmetic", "geometric"):
        return GAPS.empty_table()
    scores = made.after("aggregate").xs(year, level=0)
    ranks = made.ranks.xs(year, level=0)[tree.index]
    codes, pillars = list(tree.indicators), list(tree.codes(2))
    table = scores[[*codes, *pillars, tree.index]].to_numpy(float)
    whole = np.isfinite(table).all(axis=1) & ranks.notna().to_numpy()
    if whole.sum() < 2:
        return GAPS.empty_table()
    values, names = table[whole, : len(codes)], scores.index.to_numpy(object)[whole]
    first = int(np.argmin(ranks.to_numpy(float)[whole]))
    pillar = [pillars.index(n.parent) for n in tree.levels[0] if n.parent]
    weight = made.effective_weights["weight"]
    parts = index_parts(
        values[first],
        values,
        np.array(pillar),
        weight[codes].to_numpy(),
        weight[pillars].to_numpy(),
    )
    units = np.repeat(names, len(codes))
    ahead = _ahead(found, names, str(names[first]))
    frame = pd.DataFrame(
        {
            **_where(pd.Series(units)),
            "node": tree.index,
            "ref_year": year,
            "front": str(names[first]).split()[0],
            "part": np.tile(codes, len(names)),
            "pillar": np.tile([pillars[i] for i in pillar], len(names)),
            "value": parts.ravel(),
            "gap": np.repeat(parts.sum(axis=1), len(codes)),
            "p_ahead": np.repeat(ahead, len(codes)),
        }
    )
    return _table(GAPS, frame, index)


def _ahead(found: Robustness, names: NDArray[np.object_], front: str) -> NDArray[np.float64]:
    """Share of the runs in which one unit ranks better than each; NaN for itself."""
    place = {unit: k for k, unit in enumerate(found.units)}
    ranks = found.ranks[:, [place[name] for name in names]].astype(float)
    best = found.ranks[:, [place[front]]].astype(float)
    share = np.where(best == ranks, 0.5, (best < ranks).astype(float))
    both = np.isfinite(best) & np.isfinite(ranks)
    return np.where(names == front, np.nan, np.where(both, share, 0.0).sum(0) / both.sum(0))


def with_bounds(scores: pa.Table, ranked: list[Ranked], years: NDArray[np.int64]) -> pa.Table:
    """Return the scores with their intervals and those of ranks; a rank without is taken away.

    The interval of a score is over the runs on its own scale: normalised and aggregated as
    declared.

    Args:
        scores: Rows of :data:`s3etl.benchmark.index.INDEX_SCORE`.
        ranked: Robustness of the nodes and years that have ranks.
        years: Years in which ranks are given.
    """
    frame = scores.to_pandas()
    key = ["node", "ref_year", "unit"]
    frame["unit_"] = frame["geo"] + " " + frame["nuts_version"]
    bounds = _joined(
        [
            one.found.table[list(BOUNDS)].reset_index().assign(node=one.node, ref_year=one.year)
            for one in ranked
        ],
        None,
        [*key, *BOUNDS],
    )
    found = frame[["node", "ref_year", "unit_"]].rename(columns={"unit_": "unit"})
    found = found.merge(bounds, "left", key)
    for name, column in BOUNDS.items():
        frame[column] = found[name].to_numpy(float)
    bare = frame["rank"].notna() & frame["rank_low"].isna()
    if bare.any():
        frame.loc[bare, ["rank", "n_compared"]] = np.nan
        frame.loc[bare, "rankable"] = False
        frame.loc[bare, "not_rankable_because"] = (
            f"ranks are given with their intervals, from {int(years.min())} on"
            if len(years)
            else "fewer than two regions can be ranked"
        )
    for name in ("rank", "rank_low", "rank_high", "n_compared"):
        frame[name] = frame[name].astype("Int32")
    return pa.Table.from_pandas(frame[INDEX_SCORE.names], INDEX_SCORE, preserve_index=False)


def _where(units: pd.Series) -> dict[str, Any]:
    parts = units.astype(str).str.split(" ", n=1, expand=True)
    return {"geo": parts[0], "nuts_version": parts[1]}


def _joined(
    parts: list[pd.DataFrame], schema: pa.Schema | None, names: list[str] | None = None
) -> pd.DataFrame:
    columns = names or (schema.names if schema is not None else [])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _table(schema: pa.Schema, frame: pd.DataFrame, index: Index) -> pa.Table:
    told = {"index_id": index.declaration.id, "method_version": index.declaration.version}
    whole = frame.assign(**told).reindex(columns=schema.names)
    return pa.Table.from_pandas(
        whole.astype(object).where(whole.notna(), None), schema, preserve_index=False
    )
