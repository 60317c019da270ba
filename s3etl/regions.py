"""What a geo code is: a region of some NUTS level, an aggregate, or territory that is no region.

Only what the code itself tells. Which version it is of, names and conversions between versions
are the matter of :mod:`s3etl.nuts`.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from s3etl.records import Origin

Kind = Literal["region", "aggregate", "extra-regio", "unattributed", "unknown"]

EU: Final = "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EFTA: Final = "CH IS LI NO"
OTHERS: Final = "AL BA GE MD ME MK RS TR UA UK XK"
"""Candidates and others with statistical regions."""
COUNTRIES: Final = tuple(f"{EU} {EFTA} {OTHERS}".split())
SAMPLE_COUNTRIES: Final = ("XA", "XB", "XC", "XD", "XE")
"""User-assigned codes of the synthetic world; no statistical office uses them."""

AGGREGATE: Final = re.compile(
    r"(?:EU|EA|EEA|EFTA|NMS|CC|WB)[0-9]{0,2}(?:_[0-9]{4})?|[A-Z]{2}_[A-Z_]+"
)


class Region(NamedTuple):
    """What one geo code says.

    Attributes:
        code: The code.
        kind: Region, or why it is none.
        level: NUTS level 0 to 3 of a region; None for everything else.
        country: Country code of a region; None for everything else.
    """

    code: str
    kind: Kind
    level: int | None
    country: str | None


def countries(origin: Origin) -> Sequence[str]:
    """Country codes that may occur in data of an origin: real ones, or the sample's own."""
    return SAMPLE_COUNTRIES if origin == "sample" else COUNTRIES


def classify(code: str, origin: Origin) -> Region:
    """Say what a geo code is.

    Extra-regio territory ends in Z at every place below the country (``FRZ``, ``FRZZ``,
    ``FRZZZ``), population that could not be attributed to a region in X (``FRX``, ``HUXX``).
    ``EU28`` and ``EA19`` look like NUTS 2 codes and are aggregates.

    Args:
        code: A code as it stands in the data.
        origin: Origin of the data; sample data know only sample countries and the reverse.
    """
    country, place = code[:2], code[2:]
    if AGGREGATE.fullmatch(code):
        return Region(code, "aggregate", None, None)
    if country not in countries(origin) or not re.fullmatch(r"[0-9A-Z]{0,3}", place):
        return Region(code, "unknown", None, None)
    if place and set(place) == {"Z"}:
        return Region(code, "extra-regio", None, None)
    if place and set(place) == {"X"}:
        return Region(code, "unattributed", None, None)
    return Region(code, "region", len(place), country)
