"""Regions with the same priorities: how alike the strategies of two regions are.

Vectors and cosines (methodology 4.3); what others have of organisations, schemes and practices
is put beside them elsewhere.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.domains.records import ECOSYSTEMS
from s3etl.errors import Refused
from s3etl.strategies.territory import NATIONAL, SPECIFIC

ALIKE: Final = pa.schema(
    [
        pa.field("strategy", pa.string(), metadata={"is": "territories of the other strategy"}),
        pa.field("regions", pa.list_(pa.string()), metadata={"is": "NUTS 2 regions it applies to"}),
        pa.field(
            "likeness", pa.float64(), metadata={"is": "cosine of the two priority vectors, 0 to 1"}
        ),
        pa.field(
            "shared", pa.list_(pa.string()), metadata={"is": "domains both have, most shared first"}
        ),
        pa.field("register", pa.string(), metadata={"is": "register of the other strategy"}),
    ]
)


class Vectors(NamedTuple):
    """Priority vectors π (methodology 4.3).

    Attributes:
        regions: NUTS 2 regions, axis 0.
        domains: Domain ids, axis 1.
        weights: π, regions × domains; each row sums to 1.
        strategies: Territories whose strategy applies, by region.
        registers: Register it comes from, by region.
        widths: Median number of domains of a priority, by region (C-15); NaN for a strategy of
            one record, which may be all its priorities together.
    """

    regions: tuple[str, ...]
    domains: tuple[str, ...]
    weights: NDArray[np.float64]
    strategies: tuple[str, ...]
    registers: tuple[str, ...]
    widths: NDArray[np.float64]


def vectors(applies: pa.Table) -> Vectors:
    """Return the priority vector of each region over the industrial ecosystems, if it has one.

    A region that stands in several registers has the vector of the one whose strategy is the
    most specific for it; of equals, the first by name. National strategies of countries with
    several regions stand apart and are left out.

    Args:
        applies: Table of ``s3etl.strategies.resolve.APPLIES``.
    """
    best: dict[str, tuple[int, str]] = {}
    rows = [
        r
        for r in applies.to_pylist()
        if r["domain_set"] == ECOSYSTEMS and r["domain"] and r["applies"] != NATIONAL
        if r["weight"] * r["priority_weight"] > 0
    ]
    for row in rows:
        rank = (SPECIFIC.index(row["applies"]), row["register"])
        best[row["geo"]] = min(best.get(row["geo"], rank), rank)
    rows = [r for r in rows if r["register"] == best[r["geo"]][1]]
    regions, domains = sorted(best), sorted({r["domain"] for r in rows})
    at = {region: i for i, region in enumerate(regions)}
    column = {domain: k for k, domain in enumerate(domains)}
    weights = np.zeros((len(regions), len(domains)))
    places = np.array([(at[r["geo"]], column[r["domain"]]) for r in rows], int).reshape(-1, 2)
    np.add.at(weights, tuple(places.T), [r["weight"] * r["priority_weight"] for r in rows])
    territories: list[set[str]] = [set() for _ in regions]
    named: list[dict[str, set[str]]] = [{} for _ in regions]
    for row in rows:
        territories[at[row["geo"]]].add(row["strategy_geo"])
        named[at[row["geo"]]].setdefault(row["id"], set()).add(row["domain"])
    return Vectors(
        tuple(regions),
        tuple(domains),
        weights / weights.sum(axis=1, keepdims=True),
        tuple(" + ".join(sorted(found)) for found in territories),
        tuple(best[region][1] for region in regions),
        np.array([_width([len(fields) for fields in of.values()]) for of in named], np.float64),
    )


def _width(domains: list[int]) -> float:
    return float(np.median(domains)) if len(domains) > 1 else float("nan")


def like(geo: str, found: Vectors) -> pa.Table:
    """Return the other strategies by how alike they are, the most alike first.

    A strategy that applies to several regions stands there once, with its regions; strategies
    that apply together count differently where their shares of the people do.

    Args:
        geo: NUTS 2 region.
        found: The priority vectors.

    Returns:
        Table of :data:`ALIKE`, without strategies that share no domain.

    Raises:
        Refused: The region has no priority with a domain.
    """
    if geo not in found.regions:
        raise Refused(
            f"{geo}: no register of priorities has a strategy with a domain for it; see "
            "s3etl status registries, and give a NUTS 2 code of NUTS 2024."
        )
    i = found.regions.index(geo)
    norms = np.linalg.norm(found.weights, axis=1)
    cosines = found.weights @ found.weights[i] / (norms * norms[i])
    rows: dict[tuple[str, str, float], dict[str, Any]] = {}
    for j in np.flatnonzero(cosines > 0):
        key = (found.strategies[j], found.registers[j], round(float(cosines[j]), 11))
        if key[:2] == (found.strategies[i], found.registers[i]):
            continue
        both = np.minimum(found.weights[i], found.weights[j])
        order = sorted(np.flatnonzero(both), key=lambda k: (-both[k], k))
        row = rows.setdefault(
            key,
            {
                "strategy": key[0],
                "regions": [],
                "likeness": min(float(cosines[j]), 1.0),
                "shared": [found.domains[k] for k in order],
                "register": key[1],
            },
        )
        row["regions"].append(found.regions[j])
    ordered = [rows[key] for key in sorted(rows, key=lambda key: (-key[2], *key[:2]))]
    return pa.Table.from_pylist(ordered, schema=ALIKE)
