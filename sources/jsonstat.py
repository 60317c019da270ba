"""JSON-stat as Eurostat's statistics API gives it, 2.0 and the old 1.x, read into one table.

A cube of numbers becomes the columns of :mod:`sources.eurostat`. A position with neither value
nor status is a cell nobody collected: it has no row, and never becomes zero. Nothing is judged
here.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from s3etl.errors import Changed
from sources import cells

MAX_BYTES: Final = 256 << 20
"""Bytes of the longest document that is read."""
MAX_CELLS: Final = 20_000_000
"""Positions of the largest cube that is read, with those that are empty."""
STATUS: Final = re.compile(r"(?P<missing>:?) ?(?P<flag>[A-Za-z]*)(\|(?P<mark>[CF]?))?")
_SIGNS: Final = re.compile(
    rb\'"class"\\s*:\\s*"dataset"|"dimension"\\s*:\\s*\\{|"value"\\s*:\\s*[\\[{]\'
)

Positions = npt.NDArray[np.int64]


class Cube(NamedTuple):
    """The codes of each dimension in order of position, the last varying fastest."""

    codes: dict[str, list[str]]

    @property
    def size(self) -> int:
        """How many positions there are."""
        return math.prod(len(codes) for codes in self.codes.values())


class _DefectError(Exception):
    """What was expected and what was found."""


def may_be(start: bytes) -> bool:
    """Tell whether a body that begins so is meant as a JSON-stat dataset."""
    return start[:4096].lstrip()[:1] == b"{" and _SIGNS.search(start) is not None


def parse(data: bytes, *, name: str, dataset: str | None = None) -> pa.Table:
    """Read a JSON-stat dataset.

    Args:
        data: The bytes of the document.
        name: What messages call it.
        dataset: Dataset code it should be of; checked where the document names one.

    Returns:
        A table as :func:`sources.eurostat.parse` gives it, a row for each position with a value
        or a status; without rows if there are none.

    Raises:
        Changed: The bytes are no such document.
    """
    try:
        return _table(data, dataset)
    except _DefectError as defect:
        expected, found = defect.args
        raise Changed(f"{name}: expected {expected}, found {found}; get it again.") from None


def _refuse(expected: str, found: object) -> NoReturn:
    if not isinstance(found, str):
        found = "nothing" if found is None else _quoted(found)
    raise _DefectError(expected, found)


def _quoted(found: object) -> str:
    try:
        text = repr(found)
    except ValueError:  # an integer of thousands of digits
        return "a number that long"
    return text if len(text) <= 60 else text[:59] + "…"


def _table(data: bytes, dataset: str | None) -> pa.Table:
    document, code = _dataset(_load(data))
    if dataset and code is not None and code.lower() != dataset.lower():
        _refuse(f"dataset {dataset}", _quoted(code))
    cube, time = _cube(document)
    size = cube.size
    at, numbers = _values(document.get("value"), size)
    flagged, flags, missing = _statuses(document.get("status"), size)
    if np.isin(flagged[missing], at).any():
        _refuse("no value where the status is ':'", "one")
    rows = np.union1d(at, flagged)
    values = np.full(len(rows), np.nan)
    values[np.searchsorted(rows, at)] = numbers
    index = np.full(len(rows), -1, np.int32)
    index[np.searchsorted(rows, flagged)] = flags.index
    columns = {}
    step = size
    for dimension, codes in cube.codes.items():
        step //= max(len(codes), 1)
        column = (rows // max(step, 1) % max(len(codes), 1)).astype(np.int32)
        columns[dimension] = pa.DictionaryArray.from_arrays(pa.array(column), _strings(codes))
    columns["TIME_PERIOD"] = columns.pop(time)
    columns["OBS_VALUE"] = pa.array(values, mask=np.isnan(values))
    columns["OBS_FLAG"] = pa.DictionaryArray.from_arrays(
        pa.array(index, mask=index < 0), _strings(flags.codes)
    )
    return pa.table(columns)
'''.replace("x","x")
