"""How many organisations there are beyond those two registers know (methodology 4.1).

Capture and recapture only: which records are one organisation is decided in
:mod:`s3etl.organisations.duplicates`, and no count is corrected by the estimate.
"""

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Final

import pyarrow as pa

from s3etl.organisations.method import OrganisationMethod

ALL: Final = "all"
"""Stands for all countries together in the table of completeness."""

COMPLETENESS: Final = pa.schema(
    [
        pa.field("country", pa.string(), False, {"is": "country code, or all"}),
        pa.field("register_a", pa.string(), False, {"is": "first register"}),
        pa.field("register_b", pa.string(), False, {"is": "second register"}),
        pa.field("n_a", pa.int64(), False, {"is": "organisations in the first"}),
        pa.field("n_b", pa.int64(), False, {"is": "organisations in the second"}),
        pa.field("n_both", pa.int64(), False, {"is": "organisations in both"}),
        pa.field("n_distinct", pa.int64(), False, {"is": "organisations in either"}),
        pa.field("estimate", pa.float64(), True, {"is": "estimated number, Chapman"}),
        pa.field("low", pa.float64(), True, {"is": "lower bound of the estimate"}),
        pa.field("high", pa.float64(), True, {"is": "upper bound of the estimate"}),
        pa.field("completeness", pa.float64(), True, {"is": "distinct / estimate, 0 to 1"}),
        pa.field("lower_bound", pa.bool_(), False, {"is": "whether counts are lower bounds"}),
    ]
)


@dataclass(frozen=True)
class Completeness:
    """What two registers tell about the number of organisations.

    Attributes:
        estimate: Estimated number; None where a register has none, so nothing can be told.
        low: Lower bound of the estimate, never below ``distinct``.
        high: Upper bound of the estimate.
        distinct: Organisations in either register.
        completeness: distinct / estimate, 0 to 1.
        lower_bound: Whether counts are shown as lower bounds: completeness is below the
            floor, or not known.
    """

    estimate: float | None
    low: float | None
    high: float | None
    distinct: int
    completeness: float | None
    lower_bound: bool


def chapman(n1: int, n2: int, m: int, method: OrganisationMethod) -> Completeness:
    """Estimate how many organisations there are from two independent registers.

    Chapman (1951), methodology 4.1: N̂ = (n1+1)(n2+1)/(m+1) − 1, with the variance of Seber
    (1970), (n1+1)(n2+1)(n1−m)(n2−m)/((m+1)²(m+2)). The interval is log-normal in the number
    not seen, N̂ − D (Chao 1987): D + (N̂−D)/C to D + (N̂−D)·C with
    C = exp(z √ln(1 + var/(N̂−D)²)), so it never goes below the D distinct organisations
    that are known.

    Registers that list the same prominent organisations are not independent: then N̂ is too
    low and completeness too high. With no overlap N̂ is finite, biased low, and its interval
    wide. An empty register tells nothing: there is no estimate, not a complete one.

    Args:
        n1: Organisations in the first register.
        n2: Organisations in the second.
        m: Organisations in both.
        method: The interval and the floor below which counts are lower bounds.

    Raises:
        ValueError: A number is negative, or more are in both than in one.
    """
    if min(n1, n2, m) < 0 or m > min(n1, n2):
        raise ValueError(f"expected 0 ≤ m ≤ n1 and n2, found n1={n1}, n2={n2}, m={m}")
    distinct = n1 + n2 - m
    if not n1 or not n2:
        return Completeness(None, None, None, distinct, None, True)
    estimate = (n1 + 1) * (n2 + 1) / (m + 1) - 1
    variance = (n1 + 1) * (n2 + 1) * (n1 - m) * (n2 - m) / ((m + 1) ** 2 * (m + 2))
    unseen = (n1 - m) * (n2 - m) / (m + 1)  # N̂ − D, without the rounding of a difference
    factor = 1.0
    if unseen:
        z = NormalDist().inv_cdf(method.interval[1] / 100)
        factor = math.exp(z * math.sqrt(math.log1p(variance / unseen**2)))
    share = distinct / estimate
    return Completeness(
        estimate,
        distinct + unseen / factor,
        distinct + unseen * factor,
        distinct,
        share,
        share < method.completeness_floor,
    )


def completeness(groups: pa.Table, method: OrganisationMethod) -> pa.Table:
    """Return the completeness of registers by country and for all countries together.

    Each group counts once in a register, however many of its records are there. Of three or
    more registers every pair stands in the table: pairs that disagree widely say that
    registers are not independent, which one pooled number would hide.

    A pair tells something only of countries that both cover. "All" is estimated from these
    together; it assumes the same chance to be listed everywhere, and is below the sum of
    countries where that differs.

    Args:
        groups: group, register, id, country (:data:`s3etl.organisations.duplicates.GROUPS`).
        method: The interval and the floor.

    Returns:
        :data:`COMPLETENESS`, by country (all first) and registers; empty for one register.
    """
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    columns = (groups.column(name).to_pylist() for name in ("group", "register", "country"))
    for group, register, country in zip(*columns, strict=True):
        found[country][register].add(group)
    registers = sorted({register for by_register in found.values() for register in by_register})
    rows = []
    for a, b in combinations(registers, 2):
        shared = {c: (by[a], by[b]) for c, by in sorted(found.items()) if by[a] and by[b]}
        if not shared:
            continue
        together = tuple(set().union(*(pair[k] for pair in shared.values())) for k in (0, 1))
        for country, (first, second) in {ALL: together, **shared}.items():
            both = len(first & second)
            told = chapman(len(first), len(second), both, method)
            counts = {"n_a": len(first), "n_b": len(second), "n_both": both}
            named = {"country": country, "register_a": a, "register_b": b}
            rows.append({**named, **counts, "n_distinct": told.distinct, **vars(told)})
    rows.sort(key=lambda r: (r["country"] != ALL, r["country"], r["register_a"], r["register_b"]))
    return pa.Table.from_pylist(rows, schema=COMPLETENESS)
