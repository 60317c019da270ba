"""The tables every StressTest survey becomes: answers and evidence, and their contract.

One row is one answer or one document as it was found, with its place in the file. Files are
read elsewhere; no free text, name, e-mail address or token has a column here.
"""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


_PLACE: Final = [
    _field("region", pa.string(), "region code; null where none could be read"),
    _field("nuts_version", pa.string(), "NUTS version of the code"),
    _field("wave", pa.int16(), "year of the survey wave; null where none could be read"),
]
_FOUND: Final = [
    _field("file", pa.string(), "name of the file if it is a declared one, else its number"),
    _field("sheet", pa.string(), "name of the sheet if it is a declared one, else its number"),
    _field("row", pa.int32(), "row in the sheet, from 1; 0 for the file as a whole"),
    _field("cell", pa.string(), "cell such as B7; empty for a row or file as a whole"),
    _field("repaired", pa.string(), "what was repaired while reading; empty if nothing"),
    _field("problem", pa.string(), "why the row cannot be used and what to do; empty if it can"),
]

ANSWERS: Final = pa.schema(
    [
        *_PLACE,
        _field("questionnaire", pa.string(), "version of the questionnaire"),
        _field("respondent", pa.string(), "pseudonym, 16 hexadecimal digits"),
        _field("group", pa.string(), "P, I, C, B or R (methodology 2.3)"),
        _field("item", pa.string(), "item of the questionnaire, such as D1.4"),
        _field("answer", pa.int8(), "level 0 to 4; null for DK, NA and rows with a problem"),
        _field("state", pa.string(), "answered, DK or NA; null for a row with a problem"),
        _field("reason_given", pa.bool_(), "whether NA came with its one-line reason"),
        *_FOUND,
    ]
)
"""Contract of the answers. What was left blank has no row: it is neither 0 nor DK."""

EVIDENCE: Final = pa.schema(
    [
        *_PLACE,
        _field("item", pa.string(), "item the document is evidence for"),
        _field("grade", pa.int8(), "0 none, 1 asserted, 2 documented, 3 independently checked"),
        _field("title", pa.string(), "title of the document, as plain text"),
        _field("date", pa.date32(), "date of the document"),
        _field("link", pa.string(), "where it can be read, http or https"),
        *_FOUND,
    ]
)
"""Contract of the evidence. Several documents may serve one item."""

KEY: Final = ("region", "wave", "respondent", "item")
"""Columns that name one usable answer."""

EVIDENCE_KEY: Final = ("region", "wave", "item", "grade", "title", "date", "link")
"""Columns that name one usable document."""


def usable(table: pa.Table) -> pa.Table:
    """Return the rows of either table that have no problem."""
    return table.filter(pc.equal(table.column("problem"), ""))
