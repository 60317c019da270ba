"""What Eurostat says of its datasets without giving the data: dates of change, codes, names.

All of it comes through the ``eurostat`` package, pointed at the address of the settings. Data
are fetched in :mod:`sources.live`.
"""

import threading
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar
from xml.etree.ElementTree import ParseError

from s3etl.errors import Refused, Unreachable

TIMEOUT: Final = 120.0
_PACKAGE = threading.Lock()  # the package keeps its addresses in module variables
T = TypeVar("T")


class Entry(NamedTuple):
    """A line of the table of contents.

    Attributes:
        title: Eurostat's title.
        data: When the data were last updated.
        structure: When the structure last changed.
        first: First period.
        last: Last period.
    """

    title: str
    data: str
    structure: str
    first: str | None
    last: str | None

    @property
    def version(self) -> str:
        """Text that changes when the dataset does."""
        return f"{self.data} {self.structure}"


class Structure(NamedTuple):
    """Dimensions and code lists of a dataset.

    Attributes:
        dimensions: Name of each dimension, by id, in the order of the series key.
        codes: Codes that occur, by dimension, with their labels.
    """

    dimensions: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str]]


def contents(base: str) -> dict[str, Entry]:
    """Return Eurostat's table of contents by dataset code, with one request.

    Raises:
        Unreachable: It cannot be had, or is not what it was.
    """
    rows = _asked(base, "the table of contents", lambda e: e.get_toc(agency="EUROSTAT"))
    found = {
        str(code).lower(): Entry(str(title), str(data), str(structure), first, last)
        for title, code, kind, data, structure, first, last in rows[1:]
        if kind == "dataset"
    }
    if not found:
        raise Unreachable("Eurostat's table of contents is empty; run again later.")
    return found


def codes(base: str, dataset: str, dimension: str) -> tuple[str, ...]:
    """Return the codes of one dimension that occur in a dataset.

    Raises:
        Unreachable: They cannot be had.
    """
    about = f"the codes of {dimension} in {dataset}"
    found = _asked(base, about, lambda e: e.get_par_values(dataset.upper(), dimension))
    return tuple(str(code) for code in found)


def structure(base: str, dataset: str, pause: Callable[[], None] = lambda: None) -> Structure:
    """Return dimensions and code lists of a dataset.

    Args:
        base: Base address of the API.
        dataset: Its code.
        pause: Called before each question.

    Raises:
        Refused: Eurostat has no such dataset.
        Unreachable: Eurostat cannot be reached.
    """
    code = dataset.upper()
    about = f"the structure of {dataset}"
    pause()
    named = _asked(base, about, lambda e: e.get_dic(code))
    dimensions = {str(dim).lower(): str(name or dim) for dim, name, _ in named}
    dimensions.pop("time_period", None)
    found = {}
    for dimension in dimensions:
        pause()
        rows = _asked(base, about, lambda e, d=dimension: e.get_dic(code, d, full=False))  # type: ignore[misc]
        found[dimension] = {str(c): str(label) for c, label, *_ in rows}
    return Structure(dimensions, found)


def _asked(base: str, about: str, ask: Callable[[Any], T]) -> T:
    """Ask the package, at the address of the settings, and say plainly what went wrong."""
    import eurostat.eurostat as package  # noqa: PLC0415  (pandas and requests with it)
    from requests import RequestException  # noqa: PLC0415

    with _PACKAGE:
        package.print = lambda *_, **__: None  # it prints what it stumbles over
        addresses = package.__Uri__
        addresses.BASE_URL = {**addresses.BASE_URL, "EUROSTAT": f"{base}sdmx/2.1/"}
        addresses.BASE_ASYNC_URL = {**addresses.BASE_ASYNC_URL, "EUROSTAT": f"{base}1.0/async/"}
        package.set_requests_args(timeout=TIMEOUT)
        try:
            return ask(package)
        except (RequestException, OSError, EOFError, zlib.error) as error:
            raise Unreachable(
                f"{about}: Eurostat cannot be reached ({type(error).__name__}); run again later."
            ) from None
        except ValueError as error:
            if str(error):  # JSON that is none
                raise Unreachable(f"{about}: {_NOT_KNOWN}") from None
            raise Refused(
                f"{about}: Eurostat has no such dataset; correct the code in sources/datasets."
            ) from None
        except (ParseError, LookupError, TypeError, AttributeError, NameError):
            raise Unreachable(f"{about}: {_NOT_KNOWN}") from None


_NOT_KNOWN: Final = (
    "Eurostat's answer is not of the known kind (a maintenance page?); run again later."
)
