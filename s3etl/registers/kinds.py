"""The kinds of records a register may hold, field by field (methodology 4.1).

Only shapes: how a file's columns become these fields is declared for each register.
"""

from typing import Final, Literal, NamedTuple

import pyarrow as pa

FieldKind = Literal[
    "text",
    "country",
    "region",
    "count",
    "number",
    "year",
    "date",
    "flag",
    "choice",
    "list",
    "codes",
    "link",
]

EARLIEST_DATE: Final = "1990-01-01"
"""No label, confirmation or evidence is older; an earlier date is a slip of a spreadsheet."""
EARLIEST_YEAR, LATEST_YEAR = 1800, 2100

LABELLED: Final = pa.struct([("label", pa.string()), ("weight", pa.float64())])
"""An entry of a list; its weight is missing where entries count equally."""

ARROW: Final[dict[FieldKind, pa.DataType]] = {
    "count": pa.int64(),
    "year": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "list": pa.list_(LABELLED),
    "codes": pa.list_(LABELLED),
}
"""Type of a field; text where none is named. Dates are ISO 8601 texts."""


class Field(NamedTuple):
    """One field of a record.

    Attributes:
        name: Its name.
        kind: What may stand in it.
        meaning: What it is.
        required: Whether a record without it is set aside.
        choices: What a choice may be.
        strict: Whether a record is set aside if something else stands in it; where not, the
            field is left empty and the record says so.
    """

    name: str
    kind: FieldKind
    meaning: str
    required: bool = False
    choices: tuple[str, ...] = ()
    strict: bool = False


class Kind(NamedTuple):
    """A kind of record.

    Attributes:
        title: What a record is.
        fields: Its fields.
        key: Fields that make an id where a register has none.
        one: Whether there can be but one record of a key, so that two contradict each other;
            of the others, two may have the same name and be different.
    """

    title: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    one: bool = False

    @property
    def schema(self) -> pa.Schema:
        """Columns of a table of such records."""
        own = [
            pa.field(f.name, ARROW.get(f.kind, pa.string()), metadata={"is": f.meaning})
            for f in (*self.fields, *PLACE)
        ]
        return pa.schema(own)

    def field(self, name: str) -> Field:
        """Return a field by its name."""
        return next(f for f in self.fields if f.name == name)


PLACE: Final = (
    Field("sheet", "text", "sheet the record stands in, or file"),
    Field("row", "count", "row of the sheet, counted from 1; number of the record in JSON"),
    Field("repaired", "text", "what was mended while reading, empty if nothing"),
    Field("problem", "text", "why the record cannot be used, empty if it can"),
)
"""Fields every record has: where it stands and what was found while reading it."""

_ID = Field("id", "text", "id in the register", required=True)
_REGION = Field("geo", "region", "NUTS or country code, as the register has it")
_PLACE_NAME = Field("place", "text", "name of the region, where the register has no code")
_FROM = Field("period_start", "year", "first year")
_UNTIL = Field("period_end", "year", "last year")
_BUDGET = Field("budget", "number", "budget, in the currency's own unit")
_CURRENCY = Field("currency", "text", "ISO 4217 code of the budget's currency")
_LABELS = Field("labels", "list", "labels of sectors or domains, with weights if there are any")
_SOURCE = Field("source", "text", "where the record comes from: document or address")

ORGANISATIONS: Final = Kind(
    "A cluster organisation",
    (
        _ID,
        Field("name", "text", "name", required=True),
        Field("country", "country", "ISO 3166 code; EL is Greece and UK the United Kingdom", True),
        Field("geo", "region", "NUTS code of the seat, as the register has it"),
        Field("postal_code", "text", "postal code of the seat"),
        Field("city", "text", "city of the seat"),
        Field("website", "link", "address of the organisation's pages"),
        Field("service_area", "list", "NUTS codes it serves, with weights if there are any"),
        Field("founded", "year", "year of foundation"),
        Field("staff_fte", "number", "staff of the cluster management, full-time equivalents"),
        Field("members", "count", "committed members"),
        Field("members_sme", "count", "of these small and medium-sized enterprises"),
        Field("members_large", "count", "of these large enterprises"),
        Field("members_research", "count", "of these research organisations"),
        Field("members_public", "count", "of these public bodies"),
        _LABELS,
        Field("s3_domains", "list", "S3 domains it works for, with weights if there are any"),
        Field("programme", "text", "programme that recognises it"),
        Field("quality_label", "choice", "quality label", choices=("bronze", "silver", "gold")),
        Field("label_from", "date", "first day of the label"),
        Field("label_until", "date", "last day of the label"),
        Field("confirmed", "date", "day its data were last confirmed"),
        _SOURCE,
    ),
    ("country", "name"),
)
PRIORITIES: Final = Kind(
    "A priority of a smart specialisation strategy (S3)",
    (
        _ID,
        _REGION,
        _PLACE_NAME,
        Field("title", "text", "title of the priority", required=True),
        _FROM,
        _UNTIL,
        _LABELS,
        Field("nace", "list", "NACE divisions of its economic domain"),
        Field("scientific", "list", "scientific domains (three-way coding of Eye@RIS3)"),
        Field("policy", "list", "policy objectives (three-way coding of Eye@RIS3)"),
        _BUDGET,
        _CURRENCY,
        _SOURCE,
    ),
    ("geo", "place", "title"),
)
SCHEMES: Final = Kind(
    "A support scheme for clusters",
    (
        _ID,
        Field("geo", "region", "NUTS or country code of the territory it serves", required=True),
        Field("title", "text", "title", required=True),
        Field("body", "text", "body that runs it"),
        _FROM,
        _UNTIL,
        _BUDGET,
        _CURRENCY,
        Field("labels", "list", "domains it supports; none means all"),
        Field("s3_tied", "flag", "whether it is tied to S3 priorities"),
        Field("eligible", "list", "kinds of bodies that may apply"),
        _SOURCE,
    ),
    ("geo", "title"),
)
PRACTICES: Final = Kind(
    "A practice others may learn from",
    (
        _ID,
        Field("geo", "region", "NUTS or country code of the region", required=True),
        Field("title", "text", "title", required=True),
        Field(
            "dimension",
            "choice",
            "dimension of the StressTest it belongs to",
            choices=("D1", "D2", "D3", "D4", "D5", "D6", "D7"),
        ),
        _LABELS,
        Field("done", "text", "what was done", required=True),
        Field("result", "text", "what came of it"),
        Field("evidence_title", "text", "title of the document that shows it"),
        Field("evidence_date", "date", "its date"),
        Field("evidence_link", "link", "its address"),
        Field("body", "text", "body to ask (no person)"),
    ),
    ("geo", "title"),
)
DECISIONS: Final = Kind(
    "A reviewer's decision whether two records are one organisation",
    (
        _ID,
        Field("register_a", "text", "register of the first record", required=True),
        Field("id_a", "text", "its id", required=True),
        Field("register_b", "text", "register of the second record", required=True),
        Field("id_b", "text", "its id", required=True),
        Field("decision", "choice", "same or different", True, ("same", "different")),
        Field("reason", "text", "why", required=True),
        Field("decided", "date", "day of the decision"),
    ),
    ("register_a", "id_a", "register_b", "id_b"),
    one=True,
)
STATISTICS: Final = Kind(
    "A figure of an office's own table",
    (
        _ID,
        Field("geo", "text", "code of the territory, as the table has it", required=True),
        Field("indicator", "text", "code of the indicator", required=True),
        Field("breakdown", "codes", "codes of its other dimensions"),
        Field("period", "year", "year", required=True),
        Field("value", "number", "the figure; missing stays missing", strict=True),
        Field("flag", "text", "the office's flag"),
    ),
    ("geo", "indicator", "breakdown", "period"),
    one=True,
)

KINDS: Final = {
    "organisations": ORGANISATIONS,
    "priorities": PRIORITIES,
    "schemes": SCHEMES,
    "practices": PRACTICES,
    "decisions": DECISIONS,
    "statistics": STATISTICS,
}
"""Kinds of records by the word a declaration uses for them; survey answers stand apart."""
