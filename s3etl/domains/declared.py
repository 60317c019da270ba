"""Sets of domains and tables of labels as they are declared in ``sets/``.

Loading only, whole or not at all; weights are applied in :mod:`s3etl.domains.assign`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from s3etl.declarations import Declaration, read_declaration
from s3etl.domains.nace import DIVISIONS
from s3etl.domains.weighted import Share, read_shares
from s3etl.errors import CatalogueError

HERE = Path(__file__).parent
SETS = HERE / "sets"
LABELS = SETS / "ecosystems" / "labels"
"""Folder of the label tables of the ecosystems, ``<id>.csv``; other sets have one of their own."""

_CONCORDANCE: Final = ("division", "domain", "weight", "origin", "note")
_LABELS: Final = ("label", "domain", "weight", "note")
_ID: Final = re.compile(r"[a-z][a-z0-9_]*")


class Domains(Declaration):
    """The file ``domains.yaml`` of a set.

    Attributes:
        version: Version of the set and its table; raised with every change of a weight.
        title: What the set is.
        source: Where the domains come from.
        nace_version: NACE revision of the divisions in ``concordance.csv``.
        domains: Name of each domain by its id, in the order of the axis.
        outside: What stands in ``concordance.csv`` for "no domain of this set"; it is no
            domain, so nothing can count it as one.
        notes: How the table was made.
    """

    version: str
    title: str
    source: str
    nace_version: Literal["2"]
    domains: Annotated[dict[str, str], Field(min_length=1)]
    outside: str
    notes: str = ""

    @model_validator(mode="after")
    def _ids(self) -> Self:
        if wrong := [d for d in (*self.domains, self.outside) if not _ID.fullmatch(d)]:
            raise ValueError(f"{wrong[0]!r} is not an id in small letters")
        if self.outside in self.domains:
            raise ValueError(f"outside is {self.outside!r}, which is a domain")
        return self


@dataclass(frozen=True)
class DomainSet:
    """A set of domains with its table T from NACE divisions (methodology 3.1).

    Attributes:
        id: Name of its folder.
        declared: The file ``domains.yaml``.
        shares: Rows of ``concordance.csv``; every division of NACE Rev. 2 is there.
    """

    id: str
    declared: Domains
    shares: tuple[Share, ...]

    @property
    def domains(self) -> tuple[str, ...]:
        """Ids of the domains, in order; what is outside is not among them."""
        return tuple(self.declared.domains)


@dataclass(frozen=True)
class LabelTable:
    """What the labels of one register mean in a set of domains.

    Attributes:
        id: Name of its file.
        domains: Ids of the domains of the set, in order.
        shares: Rows of the file; the domain '' is the part that belongs to none.
    """

    id: str
    domains: tuple[str, ...]
    shares: tuple[Share, ...]


def load_set(folder: Path) -> DomainSet:
    """Load a set of domains: ``domains.yaml`` and ``concordance.csv`` of a folder.

    The table says for every division where it goes, so that the weights of each add up to 1;
    what belongs to no domain is written there as such.

    Raises:
        CatalogueError: A declaration is wrong; file, row and field are named.
    """
    declared = read_declaration(folder / "domains.yaml", Domains)
    path = folder / "concordance.csv"
    shares = read_shares(path, _CONCORDANCE, (*declared.domains, declared.outside))
    for share in shares:
        where = f"{path}: row {share.line}:"
        if share.item not in DIVISIONS:
            raise CatalogueError(
                f"{where} field division: {share.item!r} is no division of NACE Rev. 2."
            )
        if not share.notes["origin"]:
            raise CatalogueError(f"{where} field origin: write where the weight comes from.")
        if share.notes["origin"] == "judgement" and not share.notes["note"]:
            raise CatalogueError(f"{where} field note: write why, since it is a judgement.")
    there = {share.item for share in shares}
    if missing := [division for division in DIVISIONS if division not in there]:
        raise CatalogueError(
            f"{path}: division {missing[0]} is missing; write its domain, or {declared.outside}."
        )
    return DomainSet(folder.name, declared, shares)


def load_labels(path: Path, domain_set: DomainSet) -> LabelTable:
    """Load a table of labels, ``label,domain,weight,note``, for a set of domains.

    A label, or a part of it, that is no domain of the set has a row with an empty domain and
    a note. Labels that differ only in case or spaces are the same label.

    Raises:
        CatalogueError: The table is wrong; file, row and field are named.
    """
    shares = read_shares(path, _LABELS, (*domain_set.domains, ""))
    spelling: dict[str, str] = {}
    for share in shares:
        where = f"{path}: row {share.line}:"
        if not share.domain and not share.notes["note"]:
            raise CatalogueError(f"{where} field note: write why it belongs to no domain.")
        if spelling.setdefault(label_key(share.item), share.item) != share.item:
            raise CatalogueError(f"{where} field label: {share.item!r} stands there twice.")
    return LabelTable(path.stem, domain_set.domains, shares)


def label_key(label: str) -> str:
    """Return a label as it is compared: small letters, single spaces."""
    return " ".join(label.casefold().split())
