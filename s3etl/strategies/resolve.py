"""Priorities brought to NUTS 2: to which regions a strategy of any level applies, and how.

Levels are resolved and said, never mixed silently; domains are given, nothing is weighed here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from s3etl.domains.records import ECOSYSTEMS
from s3etl.nuts.vintage import ANALYSIS
from s3etl.strategies.territory import NATIONAL, SPECIFIC, Link, applying

Domains = Mapping[tuple[str, str], Sequence[tuple[str, float]]]
"""Domain and weight by register and id of a priority."""


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


APPLIES: Final = pa.schema(
    [
        _field("geo", pa.string(), "NUTS 2 region, or country for a national strategy"),
        _field("nuts_version", pa.string(), "NUTS version of geo"),
        _field("strategy_geo", pa.string(), "territory of the strategy, as the register has it"),
        _field("applies", pa.string(), f"how: {'; '.join(SPECIFIC)}"),
        _field("covered", pa.float64(), "share of the region's people in that territory"),
        _field("register", pa.string(), "register of the priority"),
        _field("id", pa.string(), "id of the priority there"),
        _field("title", pa.string(), "title of the priority"),
        _field("period_start", pa.int64(), "first year"),
        _field("period_end", pa.int64(), "last year"),
        _field("domain_set", pa.string(), "set of domains"),
        _field("domain", pa.string(), "domain; empty if none of its labels is one"),
        _field("weight", pa.float64(), "share of the domain in the priority"),
        _field("priority_weight", pa.float64(), "share of the priority in the region's strategy"),
    ]
)
"""A row for each region, priority that applies to it, and domain of the priority.

``weight`` adds up to 1 over the domains of a priority in a set, ``priority_weight`` over the
priorities of a region in a register: by budget where all of them have one, else equally
(methodology 4.3).
"""


def resolved(
    priorities: pa.Table,
    domains: Domains,
    versions: Mapping[str, str],
    *,
    domain_set: str = ECOSYSTEMS,
    codes: pa.Table,
    matrices: pa.Table,
) -> pa.Table:
    """Return the priorities that apply to each region, with their domains.

    Args:
        priorities: Columns ``register``, ``id``, ``geo``, ``title``, ``period_start``,
            ``period_end``, ``budget``, ``currency``.
        domains: Their domains; a priority may have none.
        versions: NUTS version of the codes of each register.
        domain_set: Set the domains are of.
        codes: Table of ``s3etl.nuts.tables.CODES``.
        matrices: Table of ``s3etl.nuts.tables.MATRICES``.

    Returns:
        Table of :data:`APPLIES`. Each register is resolved by itself: two registers of the same
        region stand beside each other and are told apart by ``register``.
    """
    rows: list[dict[str, Any]] = []
    by_register: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in priorities.to_pylist():
        by_register[row["register"]].append(row)
    for register, found in sorted(by_register.items()):
        of: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in found:
            of[row["geo"]].append(row)
        links = applying(list(of), versions[register], codes=codes, matrices=matrices)
        together: dict[tuple[str, bool], list[Link]] = defaultdict(list)
        for link in links:
            together[link.region, link.how == NATIONAL].append(link)
        for group in together.values():
            for link, weight in zip(group, _weights(group), strict=True):
                rows += _rows(link, weight, of[link.territory], domains)
    for row in rows:
        row["domain_set"] = domain_set
    rows.sort(key=lambda r: (r["geo"], r["applies"], r["register"], r["id"], r["domain"] or ""))
    return pa.Table.from_pylist(rows, schema=APPLIES)


def _weights(links: Sequence[Link]) -> list[float]:
    """Return what each territory counts in a region: its share of the people, or all the same."""
    shares = [link.share for link in links]
    known = [s for s in shares if s is not None]
    if len(known) < len(shares) or sum(known) <= 0:
        return [1 / len(links)] * len(links)
    return [s / sum(known) for s in known]


def _rows(
    link: Link, weight: float, priorities: Sequence[Mapping[str, Any]], domains: Domains
) -> list[dict[str, Any]]:
    out = []
    for priority, share in zip(priorities, _shares(priorities), strict=True):
        base = {
            "geo": link.region,
            "nuts_version": ANALYSIS,
            "strategy_geo": link.territory,
            "applies": link.how,
            "covered": link.share,
            "priority_weight": weight * share,
            **{n: priority[n] for n in ("register", "id", "title", "period_start", "period_end")},
        }
        none: Sequence[tuple[str | None, float | None]] = [(None, None)]
        for domain, part in domains.get((priority["register"], priority["id"])) or none:
            out.append({**base, "domain": domain, "weight": part})
    return out


def _shares(priorities: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the share of each priority: by budget in one currency, else equal."""
    budgets = [p["budget"] for p in priorities]
    currencies = {p["currency"] for p in priorities}
    total = sum(b or 0 for b in budgets)
    if len(currencies) == 1 and all(b is not None for b in budgets) and total > 0:
        return [b / total for b in budgets]
    return [1 / len(priorities)] * len(priorities)
