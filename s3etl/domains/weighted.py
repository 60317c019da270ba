"""A declared CSV table of weights read strictly: what is split, into what, with which weight.

Knows nothing about divisions, labels or domains beyond the names it is given.
"""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from s3etl.errors import CatalogueError

TOLERANCE = 1e-9
"""How far the weights of one item may be from adding up to 1."""


@dataclass(frozen=True)
class Share:
    """One row: ``weight`` of ``item`` belongs to ``domain`` ('' is none).

    Attributes:
        line: Line of the file.
        item: What is split.
        domain: Where this part goes.
        weight: Share of the item, above 0 and up to 1.
        notes: The other columns, by name.
    """

    line: int
    item: str
    domain: str
    weight: float
    notes: dict[str, str]


def _rows(path: Path, header: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise CatalogueError(f"{path}: there is no such file; write it.") from None
    except UnicodeDecodeError:
        raise CatalogueError(f"{path}: expected UTF-8 text; save it as UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, row in enumerate(reader):
            line = reader.line_num
            if not number:
                if row != list(header):
                    raise CatalogueError(f"{path}: row 1: the header is {','.join(header)}.")
            elif len(row) != len(header):
                raise CatalogueError(
                    f"{path}: row {line}: expected {len(header)} fields, found {len(row)}."
                )
            else:
                yield line, dict(zip(header, (cell.strip() for cell in row), strict=True))
    except csv.Error as error:
        raise CatalogueError(f"{path}: row {reader.line_num}: not CSV ({error}).") from None


def _weight(text: str, where: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 < weight <= 1:
        raise CatalogueError(f"{where} field weight: a share above 0 and up to 1, not {text!r}.")
    return weight


def read_shares(path: Path, header: Sequence[str], domains: Sequence[str]) -> tuple[Share, ...]:
    """Read a table of weights.

    Args:
        path: The CSV file.
        header: Its columns: the item first, ``domain`` and ``weight`` among the others.
        domains: The values that ``domain`` may have ('' where a part may belong to none).

    Raises:
        CatalogueError: It is not such a table, a domain is unknown, a pair stands twice, a
            weight is not a share, or the weights of an item do not add up to 1; the message
            names file, row and field.
    """
    found: list[Share] = []
    seen: set[tuple[str, str]] = set()
    for line, row in _rows(path, header):
        where = f"{path}: row {line}:"
        item, domain = row.pop(header[0]), row.pop("domain")
        weight = _weight(row.pop("weight"), where)
        if not item:
            raise CatalogueError(f"{where} field {header[0]}: write which one.")
        if domain not in domains:
            raise CatalogueError(f"{where} field domain: {domain!r} is not one of the set.")
        if (item, domain) in seen:
            raise CatalogueError(f"{where} {item} and {domain or 'no domain'} stand there twice.")
        seen.add((item, domain))
        found.append(Share(line, item, domain, weight, row))
    _check_sums(found, path, header[0])
    return tuple(found)


def _check_sums(shares: Sequence[Share], path: Path, what: str) -> None:
    sums: dict[str, float] = {}
    last: dict[str, int] = {}
    for share in shares:
        sums[share.item] = sums.get(share.item, 0.0) + share.weight
        last[share.item] = share.line
    for item, total in sums.items():
        if abs(total - 1) > TOLERANCE:
            raise CatalogueError(
                f"{path}: row {last[item]}: field weight: the weights of {what} {item} add up to "
                f"{total:.12g}; make them 1."
            )
