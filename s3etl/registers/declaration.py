"""How a register is declared: which column gives which field, and on what terms it is used.

No logic stands in a declaration; what a field may hold is told in :mod:`s3etl.registers.kinds`.
"""

import codecs
import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from s3etl.registers.kinds import KINDS
from s3etl.source import NutsVersion, Source

SURVEY = ("answers", "evidence")
STEP = re.compile(r"\[\]|\{[a-z_]+\}|[^/\[\]{}]+")


class Register(Source):
    """A register as we expect it: its records, and the columns they come from.

    Attributes:
        provider: What it is a register of; a survey's bytes are kept in the restricted store.
        holds: Kind of its records (:mod:`s3etl.registers.kinds`); ``answers`` and ``evidence``
            are read by the questionnaire's own rules and have no columns here.
        redistribute: Whether its records may be published one by one. If not, only counts,
            shares and indices made of them are.
        cadence_days: Days after which a newer edition is expected.
        nuts_version: NUTS version of its region codes.
        several: Whether a folder may hold several files of it, read as one.
        columns: Field → column, or columns that may be called differently; the first that a
            file has is used. A column that is not named here is kept if it does not look
            personal, and not read.
        header: Columns a file must have; those of the required fields if not given.
        constants: Field → text, for what is the same for all records.
        values: Field → text in the file → text meant.
        separators: Field → what separates the entries of a list; ``;`` if not named.
        separator: What separates the cells of a CSV file; found out if not given.
        encoding: Encoding of a CSV file that is not UTF-8.
        decimal: Decimal sign of numbers that stand as text. Not given, a text that may be
            thousands as well as thousandths (``1.234``) is not read.
        sheet: Sheet of a workbook; the first that has the header if not given.
        records: Path to the records of a JSON file: keys and ``[]`` for each element of a list,
            ``{name}`` for each value of an object with its key as the column ``name``.
        collect: Whether several rows with one id are one record, whose lists are joined.
        labels: Table that says which domains its labels mean (:mod:`s3etl.domains`).
        personal: Columns with data on persons, besides those that look so; they are dropped
            before anything is stored.
        least_share: Share of the rows of the edition before below which a new one is refused.
    """

    provider: Literal["registry", "strategy", "survey", "office"]
    holds: Literal[
        "organisations",
        "priorities",
        "schemes",
        "practices",
        "decisions",
        "statistics",
        "answers",
        "evidence",
    ]
    files: tuple[str, ...] = Field(min_length=1)
    quarantine_tolerance: float = Field(default=0.05, ge=0, le=1)
    redistribute: bool
    cadence_days: int | None = Field(default=None, ge=1)
    nuts_version: NutsVersion
    several: bool = False
    columns: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    header: tuple[str, ...] = ()
    constants: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    separators: dict[str, str] = Field(default_factory=dict)
    separator: str | None = Field(default=None, min_length=1, max_length=1)
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    sheet: str | None = None
    records: str | None = None
    collect: bool = False
    labels: str | None = None
    personal: tuple[str, ...] = ()
    least_share: float = Field(default=0.5, ge=0, le=1)

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str | None) -> str | None:
        try:
            return encoding and codecs.lookup(encoding).name
        except LookupError:
            raise ValueError(f"there is no encoding {encoding!r}") from None

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self.provider == "survey" or self.holds in SURVEY:
            if self.provider != "survey" or self.holds not in SURVEY or self.redistribute:
                raise ValueError(
                    "a survey holds answers or evidence, and its records are not redistributed"
                )
            if self.columns:
                raise ValueError("columns: those of a survey are the questionnaire's")
            return self
        fields = {f.name: f for f in KINDS[self.holds].fields}
        for part in ("columns", "constants", "values", "separators"):
            if unknown := set(getattr(self, part)) - set(fields):
                raise ValueError(f"{part} names {min(unknown)!r}, which no such record has")
        told = set(self.columns) | set(self.constants)
        missing = [f.name for f in fields.values() if f.required and f.name not in told]
        if missing and missing != ["id"]:
            raise ValueError(f"columns or constants must give {missing[-1]!r}")
        if self.collect and "id" not in self.columns:
            raise ValueError("collect needs a column for the id")
        if self.records and "".join(STEP.findall(self.records)) != self.records.replace("/", ""):
            raise ValueError("records is a path of keys, [] and {name}, separated by /")
        return self

    def column(self, field: str) -> tuple[str, ...]:
        """Return the columns that may give a field."""
        named = self.columns.get(field, ())
        return (named,) if isinstance(named, str) else tuple(named)

    @property
    def steps(self) -> tuple[str, ...]:
        """The path to the records of a JSON file, step by step."""
        return tuple(STEP.findall(self.records or "[]"))
