"""Records with labels or NACE divisions given domains with weights that add up to 1.

Only declared tables are applied; nothing is guessed from a name, and what has no domain is
handed back beside the result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3etl.domains.declared import DomainSet, LabelTable, label_key
from s3etl.domains.projection import concordance

WEIGHTS: Final = pa.schema(
    [
        pa.field("record", pa.int64(), False, {"is": "index of the record in the input"}),
        pa.field("domain", pa.string(), False, {"is": "domain id"}),
        pa.field("weight", pa.float64(), False, {"is": "share; those of a record add up to 1"}),
    ]
)
UNMAPPED: Final = pa.schema(
    [
        pa.field("record", pa.int64(), False, {"is": "index of the record in the input"}),
        pa.field("label", pa.string(), False, {"is": "the label or division as given"}),
        pa.field("reason", pa.string(), False, {"is": "unknown, or no domain"}),
    ]
)


@dataclass(frozen=True)
class Assigned:
    """Domains of records, and what of their labels gave none.

    Attributes:
        weights: record, domain, weight, by record and then in the order of the set; a record
            without any mapped label has no row.
        unmapped: record, label, reason: ``unknown`` where the table does not have the label,
            ``no domain`` where it says that the whole of it belongs to none.
    """

    weights: pa.Table
    unmapped: pa.Table


def domains_of(labels: Sequence[Sequence[str] | None], table: LabelTable) -> Assigned:
    """Give each record the domains of its labels.

    The labels of a record count equally, a repeated one once; then the weights are made to
    add up to 1 over what is mapped, so a part that belongs to no domain takes nothing away.

    Args:
        labels: Labels of each record; none (or None) is a record without.
        table: What the labels mean.
    """
    rows: dict[str, int] = {}
    column = {domain: k for k, domain in enumerate(table.domains)}
    for share in table.shares:
        rows.setdefault(label_key(share.item), len(rows))
    weights = np.zeros((len(rows), len(column)))
    for share in table.shares:
        if share.domain:
            weights[rows[label_key(share.item)], column[share.domain]] = share.weight
    keyed = [{label_key(label): label for label in record or ()} for record in labels]
    return _assign(keyed, rows, weights, table.domains)


def domains_of_divisions(
    divisions: Sequence[Sequence[str] | None], domain_set: DomainSet
) -> Assigned:
    """Give each record the domains of its NACE divisions, through T.

    Divisions of a record count equally, a repeated one once (S3 priorities that carry lists
    of two-digit codes, methodology 4.1); then weights are made to add up to 1 over what is in
    a domain.

    Args:
        divisions: Two-digit codes of NACE Rev. 2 of each record; none is a record without.
        domain_set: The set with its table.
    """
    table = concordance(domain_set)
    rows = {division: i for i, division in enumerate(table.divisions)}
    keyed = [{code.strip(): code for code in record or ()} for record in divisions]
    return _assign(keyed, rows, table.weights, table.domains)


def _assign(
    keyed: Sequence[Mapping[str, str]],
    rows: Mapping[str, int],
    weights: NDArray[np.float64],
    domains: Sequence[str],
) -> Assigned:
    flat = [(r, rows.get(key, -1), text) for r, k in enumerate(keyed) for key, text in k.items()]
    record = np.array([r for r, _, _ in flat], dtype=np.int64)
    row = np.array([i for _, i, _ in flat], dtype=np.int64)
    known = row >= 0
    totals = np.zeros((len(keyed), len(domains)))
    np.add.at(totals, record[known], weights[row[known]])
    at, domain = np.nonzero(totals)
    values = totals[at, domain] / totals.sum(axis=1)[at]
    empty = np.append(weights.sum(axis=1) == 0, False)  # the last stands for unknown labels
    lost = np.flatnonzero(~known | empty[row])
    reasons = np.where(known, "no domain", "unknown")
    return Assigned(
        pa.table([at, np.array(domains, dtype=object)[domain], values], schema=WEIGHTS),
        pa.table(
            [record[lost], [flat[i][2] for i in lost], reasons[lost].astype(object)],
            schema=UNMAPPED,
        ),
    )
