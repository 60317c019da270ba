"""What other blocks publish, brought beside the survey: structure, domains, indicators, practices.

Tables in, arrays out; nothing of the survey is in here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from s3etl.peers.distance import distances, similarity
from s3etl.peers.tables import ALL
from s3etl.stresstest.assessment import Structure
from s3etl.stresstest.survey import Floats


@dataclass(frozen=True)
class Beside:
    """What is set beside the survey, as published by other blocks; each may be missing.

    Attributes:
        structure: Who is alike in structure.
        cells: Table of ``s3etl.alignment.tables.CELLS``.
        indicators: Tables with columns ``indicator_id``, ``geo``, ``value``, ``title``,
            ``missing_because`` and ``not_rankable_because``.
        practices: Table of ``s3etl.strategies.tables.PRACTICES``, those that may be passed on.
        domains: Names of domains by id.
    """

    structure: Structure | None = None
    cells: pa.Table | None = None
    indicators: Sequence[pa.Table] = ()
    practices: pa.Table | None = None
    domains: Mapping[str, str] = field(default_factory=dict)


def structure_of(peers: Mapping[str, pa.Table]) -> Structure:
    """Return who is alike, from the tables of reference regions (methodology 7).

    A survey's region is found by its code: a NUTS code is not used again for another territory.

    Args:
        peers: Tables ``structural_variable``, ``reference_set`` and ``reference_region`` of
            :mod:`s3etl.peers.tables`.
    """
    if not peers["structural_variable"].num_rows:
        return Structure((), np.zeros((0, 0)), np.zeros((0, 0), bool))
    values = peers["structural_variable"].to_pandas()
    x = values.pivot_table(index="geo", columns="variable", values="treated", aggfunc="first")
    weights = values.groupby("variable")["weight"].first().reindex(x.columns)
    references = peers["reference_region"].to_pandas()
    references = references[references["scope"] == ALL]
    without = references.loc[references["missing_because"].notna(), "geo"]
    x = x[~x.index.isin(without)]
    used = weights.to_numpy() > 0
    distance = distances(x.to_numpy(float)[:, used], weights.to_numpy(float)[used])
    sets = peers["reference_set"].to_pandas().set_index("scope")
    regions = pd.Index(x.index)
    member = np.zeros(distance.shape, bool)
    pairs = references.dropna(subset=["reference"])
    member[regions.get_indexer(pairs["geo"]), regions.get_indexer(pairs["reference"])] = True
    alike = similarity(distance, float(sets.loc[ALL, "scale"]))
    return Structure(tuple(regions), alike, member)


class Domains(NamedTuple):
    """The map of domains of R regions and K domains.

    Attributes:
        regions: R.
        names: K.
        cell: R × K, words of the map.
        priority: R × K, whether a strategy names it.
        strong: R × K, P(LQ* ≥ 1.2); NaN where it is not known.
    """

    regions: NDArray[np.object_]
    names: tuple[str, ...]
    cell: NDArray[np.object_]
    priority: NDArray[np.bool_]
    strong: Floats


def domains_of(cells: pa.Table | None) -> Domains:
    """Return the map of domains as arrays."""
    if cells is None or not cells.num_rows:
        none = np.zeros((0, 0))
        return Domains(np.array([], object), (), none.astype(object), none > 0, none)
    rows = cells.select(["geo", "domain", "cell", "priority", "p_strength"]).to_pydict()
    regions, row = np.unique(np.array(rows["geo"], object), return_inverse=True)
    names, column = np.unique(np.array(rows["domain"], object), return_inverse=True)
    shape = (len(regions), len(names))
    cell, priority = np.full(shape, "", object), np.zeros(shape, bool)
    strong = np.full(shape, np.nan)
    cell[row, column] = np.array(rows["cell"], object)
    priority[row, column] = [bool(p) for p in rows["priority"]]
    strong[row, column] = np.array(rows["p_strength"], float)
    return Domains(regions, tuple(names.tolist()), cell, priority, strong)


def practices_of(practices: pa.Table | None) -> dict[tuple[str, str], str]:
    """Return register and id of practices by region and dimension or domain."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    if practices is not None:
        columns = ["register", "id", "geo", "dimension", "domains"]
        for row in practices.select(columns).to_pylist():
            subjects = {row["dimension"], *(row["domains"] or "").split("; ")} - {None, ""}
            for subject in subjects:
                found[row["geo"], subject].append(f"{row['register']} {row['id']}")
    return {key: "; ".join(sorted(names)) for key, names in found.items()}


class Indicator(NamedTuple):
    """A published indicator: title, year or NaN, regions, values, why some have none or no rank."""

    title: str
    year: float
    geo: NDArray[np.object_]
    value: Floats
    missing: NDArray[np.object_]
    caution: NDArray[np.object_]


def indicator_of(tables: Sequence[pa.Table], wanted: str) -> Indicator:
    """Return an indicator from the table that has it; of several years the newest."""
    for found in tables:
        rows = found.filter(pc.equal(found.column("indicator_id"), wanted))
        year = np.nan
        if rows.num_rows and "ref_year" in rows.column_names:
            year = pc.max(rows.column("ref_year")).as_py()
            rows = rows.filter(pc.equal(rows.column("ref_year"), year))
        if rows.num_rows:
            told = rows.to_pydict()
            return Indicator(
                told["title"][0],
                year,
                np.array(told["geo"], object),
                np.array(told["value"], float),
                *(
                    np.array([text or "" for text in told[name]], object)
                    for name in ("missing_because", "not_rankable_because")
                ),
            )
    nothing = np.array([], object)
    return Indicator("", np.nan, nothing, nothing.astype(float), nothing, nothing)
