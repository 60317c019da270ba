"""Cluster categories that are lists of NAICS codes given domains, through NACE divisions.

Pure functions of tables; the correspondence NAICS to NACE comes through
``sources.classifications``, and no category or code is written here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from s3etl.domains.declared import DomainSet
from s3etl.domains.projection import concordance

DIVISION_WEIGHTS: Final = pa.schema(
    [
        pa.field("naics", pa.string(), False, {"is": "NAICS code"}),
        pa.field("division", pa.string(), False, {"is": "NACE Rev. 2 division"}),
        pa.field("weight", pa.float64(), False, {"is": "share; those of a code add up to 1"}),
    ]
)
CATEGORY_WEIGHTS: Final = pa.schema(
    [
        pa.field("category", pa.string(), False, {"is": "cluster category"}),
        pa.field("domain", pa.string(), True, {"is": "domain id; null is outside the set"}),
        pa.field("weight", pa.float64(), False, {"is": "share; those of a category add up to 1"}),
    ]
)
COVERAGE: Final = pa.schema(
    [
        pa.field("category", pa.string(), False, {"is": "cluster category"}),
        pa.field("listed", pa.int64(), False, {"is": "different NAICS codes it lists"}),
        pa.field("found", pa.int64(), False, {"is": "those the correspondence has"}),
        pa.field("coverage", pa.float64(), True, {"is": "found / listed; null if none listed"}),
    ]
)


@dataclass(frozen=True)
class CategoryDomains:
    """Domains of cluster categories, and how much of each is known.

    Attributes:
        weights: category, domain, weight; a category of which no code is found has no row.
        coverage: category, listed, found, coverage, one row for each category.
    """

    weights: pa.Table
    coverage: pa.Table


def naics_to_divisions(pairs: pa.Table) -> pa.Table:
    """Spread each NAICS code over NACE divisions.

    A code is split equally over its distinct NACE classes, which are then summed to divisions:
    nothing better is known without employment by class.

    Args:
        pairs: naics, nace, division (:data:`s3etl.domains.tables.NAICS_NACE`), n:m.

    Returns:
        naics, division, weight, by naics and division.
    """
    distinct = pairs.select(["naics", "nace", "division"]).group_by(["naics", "nace", "division"])
    rows = distinct.aggregate([]).to_pandas()
    rows["weight"] = 1.0 / rows.groupby("naics")["nace"].transform("size")
    summed = rows.groupby(["naics", "division"], as_index=False, sort=True)["weight"].sum()
    return pa.Table.from_pandas(summed, schema=DIVISION_WEIGHTS, preserve_index=False)


def domains_of_categories(
    categories: Mapping[str, Sequence[str]], divisions: pa.Table, domain_set: DomainSet
) -> CategoryDomains:
    """Give each category the domains of its NAICS codes, equally weighted, through T.

    Args:
        categories: NAICS codes by category; a repeated code counts once.
        divisions: naics, division, weight (:func:`naics_to_divisions`).
        domain_set: The set with its table.
    """
    table = concordance(domain_set)
    at = {division: i for i, division in enumerate(table.divisions)}
    full = np.column_stack([table.weights, table.outside])
    of_code: dict[str, np.ndarray] = {}
    for row in divisions.to_pylist():
        part = row["weight"] * full[at[row["division"]]]
        of_code[row["naics"]] = of_code.get(row["naics"], 0.0) + part
    names: list[str | None] = [*table.domains, None]
    weights: list[tuple[str, str | None, float]] = []
    covered: list[tuple[str, int, int, float | None]] = []
    for category, codes in categories.items():
        listed = set(codes)
        found = [of_code[code] for code in sorted(listed) if code in of_code]
        share = len(found) / len(listed) if listed else None
        covered.append((category, len(listed), len(found), share))
        if found:
            mean = np.mean(found, axis=0)
            weights += [(category, names[k], float(mean[k])) for k in np.flatnonzero(mean)]
    return CategoryDomains(_table(weights, CATEGORY_WEIGHTS), _table(covered, COVERAGE))


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)
