"""JSON-stat as Eurostat's statistics API gives it, 2.0 and the old 1.x, read into one table.

A cube of numbers becomes the columns of :mod:`sources.eurostat`. A position with neither value
nor status is a cell nobody collected: it has no row, and never becomes zero. Nothing is judged
here.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, NoReturn, TypeGuard

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from s3etl.errors import Changed
from sources import cells

MAX_BYTES: Final = 256 << 20
"""Bytes of the longest document that is read."""
MAX_CELLS: Final = 20_000_000
"""Positions of the largest cube that is read, with those that are empty."""
STATUS: Final = re.compile(r"(?P<missing>:?) ?(?P<flag>[A-Za-z]*)(\|(?P<mark>[CF]))?")
_SIGNS: Final = re.compile(rb'"class"\s*:\s*"dataset"|"dimension"\s*:\s*\{|"value"\s*:\s*[\[{]')

Positions = npt.NDArray[np.int64]


class Cube(NamedTuple):
    """The codes of each dimension in order of position, the last varying fastest."""

    codes: dict[str, list[str]]
    time: str

    @property
    def size(self) -> int:
        """How many positions there are."""
        return math.prod(len(codes) for codes in self.codes.values())


class Statuses(NamedTuple):
    """What is said of positions besides values.

    Attributes:
        at: The positions.
        flag: Place of each one's flags among the codes, -1 for none.
        codes: The flags that occur.
        missing: Whether each is said to have no value.
    """

    at: Positions
    flag: npt.NDArray[np.int32]
    codes: list[str]
    missing: npt.NDArray[np.bool_]


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
    raise Changed(f"{name}: expected {expected}, found {found}; get the right file again.")


def _refuse(expected: str, found: str) -> NoReturn:
    raise _DefectError(expected, found)


def _quoted(found: object) -> str:
    """Return a value as it is shown in a message."""
    if isinstance(found, dict | list):
        return f"a {'list' if isinstance(found, list) else 'group'} of {len(found):,}"
    try:
        text = repr(found)
    except ValueError:  # an integer of thousands of digits
        return "a very long number"
    return text if len(text) <= 60 else text[:59] + "…"


def _table(data: bytes, dataset: str | None) -> pa.Table:
    document, code = _dataset(_load(data))
    if dataset and code is not None and code.lower() != dataset.lower():
        _refuse(f"dataset {dataset}", _quoted(code))
    cube = _cube(document)
    at, numbers = _values(document.get("value"), cube.size)
    statuses = _statuses(document.get("status"), cube.size)
    if np.isin(statuses.at[statuses.missing], at).any():
        _refuse("no value where the status is ':'", "one")
    rows: Positions = np.union1d(at, statuses.at)
    values = np.full(len(rows), np.nan)
    values[np.searchsorted(rows, at)] = numbers
    index = np.full(len(rows), -1, np.int32)
    index[np.searchsorted(rows, statuses.at)] = statuses.flag
    columns = {}
    step = cube.size
    for dimension, codes in cube.codes.items():
        step //= max(len(codes), 1)
        column = rows // max(step, 1) % max(len(codes), 1)
        columns[dimension] = _coded(column.astype(np.int32), codes)
    columns["TIME_PERIOD"] = columns.pop(cube.time)
    columns["OBS_VALUE"] = pa.array(values, mask=np.isnan(values))
    columns["OBS_FLAG"] = _coded(index, statuses.codes)
    return pa.table(columns)


def _coded(index: npt.NDArray[np.int32], codes: list[str]) -> pa.DictionaryArray:
    places = pa.array(index, mask=index < 0)
    return pa.DictionaryArray.from_arrays(places, pa.array(codes, pa.string()))


def _load(data: bytes) -> Any:
    """Return the document, refusing what JSON does not have and members that occur twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            twice = next(key for key, times in Counter(k for k, _ in pairs).items() if times > 1)
            _refuse("each member once", f"{_quoted(twice)} twice")
        return members

    def no_number(text: str) -> NoReturn:
        _refuse("finite numbers", text)

    try:
        return json.loads(data.decode(), object_pairs_hook=once, parse_constant=no_number)
    except UnicodeDecodeError:
        _refuse("UTF-8 text", "other bytes")
    except json.JSONDecodeError as error:
        _refuse("whole JSON", f"a mistake in line {error.lineno}, column {error.colno}")
    except (ValueError, RecursionError):
        _refuse("JSON of a usual depth and numbers of a usual length", "others")


def _dataset(document: Any) -> tuple[dict[str, Any], str | None]:
    """Return the dataset, nested or not, and its code if it says it."""
    if not isinstance(document, dict):
        _refuse("a JSON-stat dataset", _quoted(document))
    if (kind := document.get("class", "dataset")) != "dataset":
        _refuse("a JSON-stat dataset", f"class {_quoted(kind)}")
    if "dimension" in document:
        extension = document.get("extension")
        code = extension.get("id") if isinstance(extension, dict) else None
        return document, code if isinstance(code, str) else None
    nested = {
        key: member
        for key, member in document.items()
        if isinstance(member, dict) and "dimension" in member
    }
    if len(nested) != 1:
        _refuse("one JSON-stat dataset", f"{len(nested):,} of them" if nested else "none")
    [(code, member)] = nested.items()
    return member, None if code == "dataset" else code


def _cube(document: Mapping[str, Any]) -> Cube:
    """Return the dimensions: at the top in 2.0, inside ``dimension`` in 1.x."""
    dimensions = document["dimension"]
    if not isinstance(dimensions, dict):
        _refuse("dimensions by name", _quoted(dimensions))
    about = document if "id" in document else dimensions
    described = set(dimensions) - (set() if "id" in document else {"id", "size", "role"})
    names, sizes = about.get("id"), about.get("size")
    if not _is_list(names, str) or not names or len(set(names)) < len(names):
        _refuse("a list of different dimensions in id", _quoted(names))
    if not _is_list(sizes, int) or len(sizes) != len(names) or min(sizes) < 0:
        _refuse(f"{len(names)} sizes", _quoted(sizes))
    if math.prod(max(size, 1) for size in sizes) > MAX_CELLS:
        _refuse(f"at most {MAX_CELLS:,} cells", "more")
    if other := sorted(described ^ set(names)):
        _refuse("a description of every dimension in id and no other", _quoted(other[0]))
    time = _time(about.get("role", document.get("role")), names)
    codes = {}
    for name, size in zip(names, sizes, strict=True):
        if name != time and not cells.DIMENSION.fullmatch(name):
            _refuse("the name of a dimension", _quoted(name))
        codes[name] = _codes(dimensions[name], name, size)
        what, pattern = ("period", cells.PERIOD) if name == time else ("code", cells.CODE)
        if wrong := next((code for code in codes[name] if not pattern.fullmatch(code)), None):
            _refuse(f"a {what} in dimension {name}", _quoted(wrong))
        if "" in codes[name]:
            _refuse(f"a {what} in dimension {name}", "''")
    return Cube(codes, time)


def _is_list(value: Any, kind: type) -> TypeGuard[list[Any]]:
    """Tell whether it is a list whose items are all of a kind; a truth value is no number."""
    return isinstance(value, list) and set(map(type, value)) <= {kind}


def _time(roles: Any, names: list[str]) -> str:
    """Return the dimension of time: by its role, else by its name."""
    if isinstance(roles, dict) and "time" in roles:
        found = roles["time"]
        if not _is_list(found, str) or len(found) != 1 or found[0] not in names:
            _refuse("one dimension in the role of time", _quoted(found))
        return str(found[0])
    named = [name for name in names if name in ("time", "TIME_PERIOD")]
    if len(named) != 1:
        _refuse("one dimension of time", " and ".join(named) or "none")
    return named[0]


def _codes(description: Any, name: str, size: int) -> list[str]:
    """Return the codes of a dimension in their order."""
    category = description.get("category") if isinstance(description, dict) else None
    if not isinstance(category, dict):
        _refuse(f"the categories of dimension {name}", _quoted(category))
    index = category.get("index")
    if index is None and size == 1 and isinstance(category.get("label"), dict):
        index = [*category["label"]]  # one category needs no order
    if isinstance(index, dict) and _is_list([*index.values()], int):
        order = sorted(index.values())
        codes = sorted(index, key=index.__getitem__) if order == [*range(size)] else None
    else:
        codes = index if _is_list(index, str) and len(set(index)) == len(index) == size else None
    if codes is None:
        _refuse(f"each position from 0 to {size - 1} once in dimension {name}", _quoted(index))
    return codes


def _given(given: Any, size: int, what: str) -> tuple[Positions, list[Any]]:
    """Return the positions of a list or sparse object that have something, and what they have."""
    if isinstance(given, list):
        if len(given) != size:
            _refuse(f"a {what} for each of {size:,} positions", f"{len(given):,}")
        present = [i for i, item in enumerate(given) if item is not None]
        return np.array(present, np.int64), [given[i] for i in present]
    if not isinstance(given, dict):
        _refuse(f"{what}s in a list or by position", _quoted(given))
    held: list[str] = [key for key, item in given.items() if item is not None]
    try:
        places = [*map(int, held)]
    except ValueError:
        places = []
    if held != [*map(str, places)]:
        wrong = next(key for key in held if not re.fullmatch("0|[1-9][0-9]{0,18}", key))
        _refuse(f"the position of a {what}", _quoted(wrong))
    if places and not (min(places) >= 0 and max(places) < size):
        _refuse(f"positions below {size:,}", f"a {what} at {_quoted(max(places))}")
    return np.array(places, np.int64), [given[key] for key in held]


def _values(given: Any, size: int) -> tuple[Positions, npt.NDArray[np.float64]]:
    at, items = _given(given, size, "value")
    if other := set(map(type, items)) - {int, float}:
        wrong = next(item for item in items if type(item) in other)
        _refuse("a number", _quoted(wrong))
    try:
        numbers = np.array(items, np.float64)
    except OverflowError:
        _refuse("finite numbers", "one that is too large")
    if not np.isfinite(numbers).all():
        _refuse("finite numbers", "one that is too large")
    return at, numbers


def _statuses(given: Any, size: int) -> Statuses:
    if isinstance(given, dict) and isinstance(given.get("value"), dict | list):
        given = given["value"]  # 1.x, with labels beside it
    at, items = _given({} if given is None else given, size, "status")
    if other := set(map(type, items)) - {str}:
        wrong = next(item for item in items if type(item) in other)
        _refuse("a status", _quoted(wrong))
    kinds = [*dict.fromkeys(items)]
    read = [_read_status(text) for text in kinds]
    codes = [*dict.fromkeys(flag for _, flag in read if flag)]
    places = {text: i for i, text in enumerate(kinds)}
    kind = np.fromiter(map(places.__getitem__, items), np.int64, len(items))
    index = np.array([codes.index(flag) if flag else -1 for _, flag in read], np.int32)[kind]
    missing = np.array([is_missing for is_missing, _ in read], np.bool_)[kind]
    told = missing | (index >= 0)  # an empty status says nothing
    return Statuses(at[told], index[told], codes, missing[told])


def _read_status(text: str) -> tuple[bool, str]:
    """Return whether a status says that there is no value, and its flags.

    The confidentiality mark stands after a bar in 2.0 and becomes a flag beside the others.
    """
    found = STATUS.fullmatch(text)
    if found is None:
        _refuse("flags in a status", _quoted(text))
    flag = found["flag"]
    if found["mark"] == "C" and "c" not in flag.lower():
        flag += "c"
    return bool(found["missing"]), flag
