"""Reference regions as published tables: who, how near, how stable, and on what grounds.

Nothing is computed here but words for shares.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from s3etl.columns import column, table_of
from s3etl.peers.method import PeersMethod
from s3etl.peers.references import References
from s3etl.peers.structure import Structure

ALL, ABROAD = "all", "other countries"
SCOPES: Final = (ALL, ABROAD)
"""Who may be a reference region: any region, or only those of other countries."""
CORE, LIKELY = "core", "likely"


_WHO: Final = [
    column("geo", pa.string(), "NUTS 2 region"),
    column("nuts_version", pa.string(), "NUTS version of geo"),
]
_VERSION: Final = column("method_version", pa.string(), "version of the choices behind it")
REFERENCES: Final = pa.schema(
    [
        *_WHO,
        column("variant", pa.string(), "number of dimensions, and which"),
        column("scope", pa.string(), "who may be one: all, other countries"),
        column("reference", pa.string(), "the reference region; empty if there is none"),
        column("reference_nuts_version", pa.string(), "its NUTS version"),
        column("place", pa.int64(), "1 for the nearest; equal ones share the better place"),
        column("distance", pa.float64(), "weighted squared difference of structure"),
        column("similarity", pa.float64(), "exp(-D/D~): 1 for twins"),
        column("same_country", pa.bool_(), "whether it is of the same country"),
        column("stability", pa.float64(), "share of draws in which it is a reference region"),
        column("standing", pa.string(), "core, likely; empty below"),
        column("coverage", pa.float64(), "share of the variant's weight the region has data for"),
        column("missing_because", pa.string(), "why the region has no reference regions"),
        _VERSION,
    ]
)
SETS: Final = pa.schema(
    [
        column("variant", pa.string(), "number of dimensions, and which"),
        column("scope", pa.string(), "who may be one: all, other countries"),
        column("regions", pa.int64(), "regions with reference regions"),
        column("regions_without", pa.int64(), "regions without"),
        column("scale", pa.float64(), "D~, median distance to the 20th nearest region"),
        column("near", pa.float64(), "median distance of reference regions"),
        column("near_low", pa.float64(), "5th percentile of these distances"),
        column("near_high", pa.float64(), "95th percentile"),
        column("plausible", pa.bool_(), "whether the median is on the scale of the published tool"),
        column("left_out", pa.string(), "dimensions and variables without data, and why"),
        _VERSION,
    ]
)
VARIABLES: Final = pa.schema(
    [
        *_WHO,
        column("dimension", pa.string(), "structural dimension"),
        column("variable", pa.string(), "structural variable"),
        column("ref_year", pa.int64(), "year of the value"),
        column("value", pa.float64(), "in the unit of its source; shares from 0 to 1"),
        column("treated", pa.float64(), "reshaped if skewed, winsorised, 0 to 1"),
        column("weight", pa.float64(), "weight in the distance"),
        column("source", pa.string(), "indicator or dataset it comes from"),
        _VERSION,
    ]
)


def variant(found: References) -> str:
    """Name a variant by its dimensions, for example "S4: geo, education, sectors, firm size"."""
    return f"S{len(found.dimensions)}: {', '.join(found.dimensions)}"


def reference_table(of: Structure, found: References, scope: str, method: PeersMethod) -> pa.Table:
    """Return the reference regions of every region (:data:`REFERENCES`), nearest first."""
    r, q = np.nonzero(found.member)
    order = np.lexsort((q, found.place[r, q], r))
    r, q = r[order], q[order]
    share = found.stability[r, q]
    words = np.array([CORE, LIKELY, None], object)
    standing = words[np.where(share >= method.core, 0, np.where(share >= method.likely, 1, 2))]
    told = {"variant": variant(found), "scope": scope, "method_version": method.version}
    rows = table_of(
        REFERENCES,
        told
        | {
            "geo": of.regions[r],
            "nuts_version": of.versions[r],
            "reference": of.regions[q],
            "reference_nuts_version": of.versions[q],
            "place": found.place[r, q],
            "distance": found.distance[r, q],
            "similarity": found.similarity[r, q],
            "same_country": of.countries[r] == of.countries[q],
            "stability": share,
            "standing": standing,
            "coverage": found.covered[r],
            "missing_because": None,
        },
        len(r),
    )
    none = np.flatnonzero(~found.member.any(axis=1))
    few = f"it has data for less than {method.least_weight:.0%} of the weight"
    why = np.where(found.eligible[none], "there is no other region to compare it with", few)
    empty: dict[str, Any] = dict.fromkeys(REFERENCES.names)
    who = {"geo": of.regions[none], "nuts_version": of.versions[none]}
    reason = {"coverage": found.covered[none], "missing_because": why.astype(object)}
    return pa.concat_tables([rows, table_of(REFERENCES, empty | told | who | reason, len(none))])


def set_table(of: Structure, found: Mapping[str, References], method: PeersMethod) -> pa.Table:
    """Return what each set of reference regions rests on (:data:`SETS`).

    Args:
        of: The variables.
        found: Reference regions by scope.
        method: The choices.
    """
    low, high = method.plausible
    rows = []
    for scope, one in found.items():
        near = one.distance[one.member]
        some = near.size > 0
        rows.append(
            {
                "variant": variant(one),
                "scope": scope,
                "regions": int(one.member.any(axis=1).sum()),
                "regions_without": int((~one.member.any(axis=1)).sum()),
                "scale": one.scale,
                "near": one.near if some else None,
                "near_low": float(np.percentile(near, 5)) if some else None,
                "near_high": float(np.percentile(near, 95)) if some else None,
                "plausible": low <= one.near <= high if some else None,
                "left_out": "; ".join(_left_out(of, one, method)),
                "method_version": method.version,
            }
        )
    return pa.Table.from_pylist(rows, schema=SETS)


def _left_out(of: Structure, found: References, method: PeersMethod) -> list[str]:
    """Say which dimensions and variables the variant does without, and why."""
    out = [f"{name}: {d.without}" for name, d in method.dimensions.items() if d.without]
    for variable, source, used in zip(of.variables, of.sources, found.used, strict=True):
        if not used:
            why = "it is the same in all regions" if source else "none of its sources has data"
            out.append(f"{variable}: {why}")
    return out


def variable_table(of: Structure, found: References, method: PeersMethod) -> pa.Table:
    """Return the values the distances are made of (:data:`VARIABLES`), none for what is missing."""
    r, j = np.nonzero(np.isfinite(of.value))
    names = {
        name: np.array(values, object)[j]
        for name, values in (
            ("dimension", of.dimensions),
            ("variable", of.variables),
            ("source", of.sources),
        )
    }
    return table_of(
        VARIABLES,
        names
        | {
            "geo": of.regions[r],
            "nuts_version": of.versions[r],
            "ref_year": of.years[r, j],
            "value": of.value[r, j],
            "treated": found.x[r, j],
            "weight": found.weights[j],
            "method_version": method.version,
        },
        len(r),
    )
