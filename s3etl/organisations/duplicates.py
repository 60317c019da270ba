"""Which records of registers are one organisation: groups, and the reason for every merge.

Pure functions of tables. Decisions of people come in as a table and are never written here;
what a group's record says is put together in :mod:`s3etl.organisations.merging`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from s3etl.errors import CatalogueError, Changed
from s3etl.organisations.grouping import Groups
from s3etl.organisations.method import OrganisationMethod
from s3etl.organisations.pairs import (
    Organisation,
    Pair,
    candidates,
    compared,
    prepared,
)

BY_DECISION: Final = "decision"
BY_DOMAIN: Final = "web domain"
BY_NAME: Final = "name and NUTS 3"

Key = tuple[str, str]


def _schema(*fields: tuple[str, str]) -> pa.Schema:
    return pa.schema(
        [
            pa.field(
                name, pa.float64() if name == "similarity" else pa.string(), False, {"is": is_}
            )
            for name, is_ in fields
        ]
    )


_PAIR: Final = (
    ("register_a", "register of the first"),
    ("id_a", "its id there"),
    ("register_b", "register of the second"),
    ("id_b", "its id there"),
)
GROUPS: Final = _schema(
    ("group", "register:id of the record that is kept"),
    ("register", "register of the record"),
    ("id", "its id there"),
    ("country", "country of the record that is kept"),
)
MERGES: Final = _schema(
    *_PAIR,
    ("rule", "decision, web domain, or name and NUTS 3"),
    ("similarity", "similarity of the names, 0 to 1"),
    ("kept_register", "register of the record that is kept"),
    ("kept_id", "its id there"),
)
POSSIBLE: Final = _schema(
    *_PAIR,
    ("reason", "why it is possible and not done"),
    ("similarity", "similarity of the names, 0 to 1"),
)
DECISIONS: Final = pa.schema(
    [
        *(pa.field(name, pa.string(), False, {"is": is_}) for name, is_ in _PAIR),
        pa.field("decision", pa.string(), False, {"is": "same or different"}),
        pa.field("reason", pa.string(), False, {"is": "why"}),
        pa.field("decided", pa.date32(), False, {"is": "when"}),
    ]
)
"""What people decided about pairs; a decision stands above every rule."""


@dataclass(frozen=True)
class Duplicates:
    """Which records are one organisation.

    Attributes:
        groups: group, register, id, country; every record once, in the order given.
        merges: Every pair inside a group for which a rule or decision speaks.
        possible: Pairs for review, most similar first.
        unused: Decisions about records that are not there (left the register, misspelt).
    """

    groups: pa.Table
    merges: pa.Table
    possible: pa.Table
    unused: pa.Table


def duplicates(
    organisations: pa.Table, method: OrganisationMethod, decisions: pa.Table | None = None
) -> Duplicates:
    """Find the records that are one organisation (methodology 4.1).

    Two records of the same country are one if they are in the same NUTS 3 region with a name
    similarity of at least 0.92, or on the same web domain. Three rules make this narrower
    than methodology 4.1, because a wrong merge loses an organisation and a missed one is
    listed for review:

    * However similar, two names that each have a word the other has not are not merged
      (``Mechatronics Cluster @ Business Upper Austria`` and ``Plastics Cluster @ …``): one
      agency runs several clusters, and its long name makes them look alike.
    * The same web domain merges only similar names (0.75) or where one contains the other;
      on a domain that names told apart share, which is an agency's, only equal ones.
    * A chain does not join two records whose names are told apart: the most similar pairs
      are joined first, and a pair that would do it is listed instead.

    Similarity is :func:`s3etl.organisations.pairs.name_similarity` of the words that
    :func:`s3etl.organisations.names.words_of` leaves. The result does not depend on the order
    of rows.

    Args:
        organisations: register, id, name, country, website and nuts3 (both may be null);
            register and id name a row, and countries are NUTS country codes.
        method: Thresholds and words.
        decisions: :data:`DECISIONS`; without them the result is that of the rules again.

    Raises:
        Changed: A record stands twice, or lacks its register, id, name or country.
        CatalogueError: Decisions contradict one another or are neither same nor different.
    """
    rows = _rows(organisations)
    found = prepared(rows, method)
    at = {o.key: i for i, o in enumerate(found)}
    decided, unused = _decided(decisions, at)
    pairs = [compared(found, i, j, method) for i, j in candidates(found, method)]
    shared = {(found[p.a].country, found[p.a].domain) for p in pairs if p.same_domain and p.apart}
    rules: list[tuple[Pair, str]] = []
    possible: list[tuple[Pair, str]] = []
    for pair in pairs:
        if (pair.a, pair.b) in decided:
            continue
        a, b = found[pair.a], found[pair.b]
        rule = _rule(pair, a, b, (a.country, a.domain) in shared, method)
        if rule:
            rules.append((pair, rule))
        elif reason := _near_miss(pair, a, b, method):
            possible.append((pair, reason))
    same = [compared(found, i, j, method) for (i, j), d in decided.items() if d == "same"]
    groups = Groups(found, method, {pair for pair, d in decided.items() if d == "different"})
    for pair in same:
        groups.join(pair.a, pair.b)
    groups.settle()
    order = {o.key: n for n, o in enumerate(sorted(found, key=lambda o: o.key))}
    rules.sort(key=lambda r: (-r[0].similarity, *_ordered(found, r[0], order)))
    for pair, _ in rules:
        if not groups.joined(pair.a, pair.b) and groups.may_join(pair.a, pair.b):
            groups.join(pair.a, pair.b)
    for pair, _ in rules:
        if not groups.joined(pair.a, pair.b):
            possible.append((pair, "would join two that are told apart"))
    done = [(p, BY_DECISION) for p in same] + [r for r in rules if groups.joined(r[0].a, r[0].b)]
    return Duplicates(
        _groups_table(found, groups),
        _pairs_table(found, done, MERGES, groups.kept()),
        _pairs_table(found, possible, POSSIBLE, None),
        unused,
    )


def _rows(organisations: pa.Table) -> list[dict[str, str | None]]:
    names = ["register", "id", "name", "country", "website", "nuts3"]
    rows: list[dict[str, str | None]] = organisations.select(names).to_pylist()
    for name in names[:4]:
        if [r for r in rows if not r[name]]:
            raise Changed(f"organisations: expected a {name} in each row, found none in one.")
    counts = Counter((r["register"], r["id"]) for r in rows)
    if twice := [key for key, n in counts.items() if n > 1]:
        raise Changed(f"organisations: {twice[0][0]} {twice[0][1]} stands twice; take one out.")
    return rows


def _decided(
    decisions: pa.Table | None, at: dict[Key, int]
) -> tuple[dict[tuple[int, int], str], pa.Table]:
    """Return the decisions on pairs of positions, and those about records not there."""
    if decisions is None:
        return {}, DECISIONS.empty_table()
    found: dict[tuple[int, int], str] = {}
    unused = []
    for number, row in enumerate(decisions.to_pylist(), start=1):
        where = f"decisions: row {number}: "
        keys = [(row["register_a"], row["id_a"]), (row["register_b"], row["id_b"])]
        if row["decision"] not in {"same", "different"}:
            raise CatalogueError(f"{where}field decision: write same or different.")
        if keys[0] == keys[1]:
            raise CatalogueError(f"{where}it names one record twice; name two.")
        if not set(keys) <= set(at):
            unused.append(number - 1)
            continue
        first, second = sorted(at[key] for key in keys)
        if found.setdefault((first, second), row["decision"]) != row["decision"]:
            raise CatalogueError(f"{where}another row decides the opposite; take one out.")
    return found, decisions.take(pa.array(unused, pa.int64()))


def _rule(
    pair: Pair, a: Organisation, b: Organisation, shared: bool, method: OrganisationMethod
) -> str | None:
    """Return the rule by which two records are one, if any is."""
    if pair.apart:
        return None
    if pair.same_domain:
        alike = pair.similarity >= method.same_domain_similarity or pair.contained
        if shared:  # an agency's: a word more may be another of its clusters
            alike = pair.similarity >= method.similarity and not pair.one_sided
        if alike:
            return BY_DOMAIN
        if shared:
            return None
    near = a.nuts3 is not None and a.nuts3 == b.nuts3
    return BY_NAME if near and pair.similarity >= method.similarity else None


def _near_miss(
    pair: Pair, a: Organisation, b: Organisation, method: OrganisationMethod
) -> str | None:
    """Return why a pair that no rule merges should be looked at, if it should."""
    if pair.same_domain:
        return "same web domain, other name"
    if pair.similarity < method.similarity:
        nearly = pair.similarity >= method.possible_similarity
        return "name nearly similar enough" if nearly else "same NUTS 3, one name in the other"
    if pair.apart:
        return "similar name, each with a word of its own"
    unknown = a.nuts3 is None or b.nuts3 is None
    return "similar name, NUTS 3 unknown" if unknown else "similar name, other NUTS 3"


def _ordered(found: Sequence[Organisation], pair: Pair, order: dict[Key, int]) -> tuple[int, int]:
    first, second = sorted((order[found[pair.a].key], order[found[pair.b].key]))
    return first, second


def _groups_table(found: Sequence[Organisation], groups: Groups) -> pa.Table:
    kept = groups.kept()
    rows = [
        {
            "group": ":".join(found[k].key),
            "register": o.key[0],
            "id": o.key[1],
            "country": found[k].country,
        }
        for o, k in zip(found, kept, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=GROUPS)


def _pairs_table(
    found: Sequence[Organisation],
    pairs: Sequence[tuple[Pair, str]],
    schema: pa.Schema,
    kept: Sequence[int] | None,
) -> pa.Table:
    rows = []
    for pair, why in pairs:
        first, second = sorted((found[pair.a].key, found[pair.b].key))
        row = dict(zip(schema.names, (*first, *second, why, pair.similarity), strict=False))
        if kept is not None:
            row["kept_register"], row["kept_id"] = found[kept[pair.a]].key
        rows.append(row)
    rows.sort(key=lambda r: (-float(r["similarity"]), *(str(r[name]) for name, _ in _PAIR)))
    return pa.Table.from_pylist(rows, schema=schema)
