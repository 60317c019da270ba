"""Cells at the beginning of rows that are those of the row before, found and cut off.

Eurostat sorts its rows, so that all cells but the last few stay the same over thousands of rows,
the region over some dozens. Comparing bytes is far cheaper than reading cells one by one; what is
cut off has been compared, every byte of it. Nothing is refused here: where anything is unusual,
nothing is cut off.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

FAR: Final = 512
"""Rows over which a beginning must stay the same to be worth cutting off."""
MOST_RUNS: Final = 64
"""Runs of rows with one beginning in a block; with more, nothing is cut off."""

Bytes = bytes | memoryview
Places = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]

_COMMAS: Final = np.uint64(0x2C2C2C2C2C2C2C2C)
_ONES: Final = np.uint64(0x0101010101010101)
_TOPS: Final = np.uint64(0x8080808080808080)
_ONE: Final = np.uint64(1)


class Cut(NamedTuple):
    """Lines with their beginnings cut off.

    Attributes:
        rows: How many lines there are.
        columns: The columns that were cut off, the first ones of the file.
        texts: What was cut off and not looked at, each text once.
        rest: The lines without their beginnings.
    """

    rows: int
    columns: dict[str, pa.DictionaryArray]
    texts: list[bytes]
    rest: pa.Buffer


class _Run(NamedTuple):
    """Rows that begin alike: how many, and the cells, each with its comma."""

    rows: int
    cells: bytes


def cut(body: Bytes, columns: Sequence[str], most: int) -> Cut:
    """Cut off what is worth it.

    Args:
        body: Whole lines, each with as many cells as there are columns.
        columns: Names of the columns.
        most: How many cells may be cut off; the one after them is the period.
    """
    lines = _lines(body)
    runs = _runs(lines, most)
    if not runs:
        return Cut(len(lines), {}, [], pa.py_buffer(body))
    rows = [run.rows for run in runs]
    lengths = np.repeat(np.array([len(run.cells) for run in runs], np.int32), rows)
    found = dict(zip(columns, _repeated(runs), strict=False))
    texts = [run.cells for run in runs]
    if len(found) == most - 1 and columns[most] == "TIME_PERIOD":
        following = _code_and_year(body, lines, lengths)
        for column, (coded, more) in zip(columns[most - 1 :], following, strict=False):
            found[column] = coded
            lengths = lengths + more
            texts.append(_bytes(coded.dictionary))
    return Cut(len(lines), found, texts, _without(lines, lengths))


def _lines(body: Bytes) -> pa.Array:
    """Return the lines, with their ends, as an array over the same bytes."""
    ends = _ends(np.frombuffer(body, np.uint8))
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends
    offsets[1:] += 1
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(body)]
    return pa.Array.from_buffers(pa.binary(), len(ends), buffers)


def _ends(each: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return the places of the line ends, looking at eight bytes at a time."""
    whole = len(each) // 8 * 8
    words = (each[:whole] == ord("\n")).view(np.uint64)
    at = np.flatnonzero(words != 0)
    word = words[at]
    if (word & (word - _ONE)).any():  # two in one word
        return np.flatnonzero(each == ord("\n"))
    last = whole + np.flatnonzero(each[whole:] == ord("\n"))
    return np.concatenate([8 * at + (np.bitwise_count(word - _ONE) >> 3), last])


def _offsets(texts: pa.Array) -> Places:
    return np.frombuffer(texts.buffers()[1], np.int32)


def _runs(lines: pa.Array, most: int) -> list[_Run]:
    """Return the runs of rows that begin alike, none if there are too many to be worth it."""
    leading = _leading(lines, most)
    runs: list[_Run] = []
    start = 0
    while leading and start < len(lines):
        cells = lines[start].as_py().split(b",", leading)[:leading]
        beginning = b",".join([*cells, b""])
        rows = _alike(lines, start, beginning)
        if not rows or len(runs) == MOST_RUNS:
            return []
        runs.append(_Run(rows, beginning))
        start += rows
    return runs


def _leading(lines: pa.Array, most: int) -> int:
    """Return how many first cells stay the same over many rows, by a look at a few places."""
    found = []
    for row in range(0, len(lines) - FAR, max(FAR, len(lines) // 5)):
        near, far = (lines[i].as_py().split(b",", most)[:most] for i in (row, row + FAR))
        same = (a == b for a, b in zip(near, far, strict=False))
        found.append(next((i for i, alike in enumerate(same) if not alike), most))
    return sorted(found)[len(found) // 2] if found else 0


def _alike(lines: pa.Array, start: int, beginning: bytes) -> int:
    """Return how many rows from the first on have a beginning, 0 also if it is not ASCII."""
    if not beginning.isascii():
        return 0
    pattern = beginning.decode()
    at, step = start, 4 * FAR
    while at < len(lines):
        same = pc.starts_with(lines.slice(at, step), pattern=pattern)
        if (other := pc.index(same, value=False).as_py()) >= 0:
            return int(at + other - start)
        at += len(same)
        step *= 4
    return len(lines) - start


def _repeated(runs: list[_Run]) -> list[pa.DictionaryArray]:
    """Return the cells of runs as columns."""
    rows = [run.rows for run in runs]
    known: dict[tuple[int, ...], Places] = {}
    columns = []
    for texts in zip(*(run.cells.decode().split(",")[:-1] for run in runs), strict=True):
        codes = [*dict.fromkeys(texts)]
        places = tuple(codes.index(text) for text in texts)
        if places not in known:  # most columns stay the same all over
            known[places] = np.repeat(np.array(places, np.int32), rows)
        columns.append(_coded(known[places], pa.array(codes, pa.string())))
    return columns


def _coded(places: Places, codes: pa.StringArray) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(places), codes, safe=False)


def _code_and_year(
    body: Bytes, lines: pa.Array, lengths: Places
) -> list[tuple[pa.DictionaryArray, Places]]:
    """Read the code that follows in each row, and the year after it.

    Returns:
        Each column with the bytes it takes in each row; neither if some code is unusual, only
        the first if some period is no year.
    """
    offsets = _offsets(lines)
    starts = offsets[:-1] + lengths
    words = _words(body, starts)
    comma = _commas(words)
    taken = (np.bitwise_count(comma ^ (comma - _ONE)) >> 3).astype(np.int32)
    long = np.flatnonzero(comma == 0)  # eight letters or more, a rare case
    if len(long) > len(lines) // 8:
        return []
    for row in long.tolist():
        text = bytes(body[starts[row] : offsets[row + 1]])
        taken[row] = text.find(b",") + 1
    if (starts + taken >= offsets[1:]).any() or not taken.all():
        return []
    key = words & (comma ^ (comma - _ONE))
    new = np.ones(len(key), np.bool_)
    np.not_equal(key[1:], key[:-1], out=new[1:])
    new[long] = True
    first = np.flatnonzero(new)
    texts = _slices(lines, starts[first], starts[first] + taken[first] - 1).dictionary_encode()
    if not _bytes(texts.dictionary).isascii():
        return []
    places = np.repeat(texts.indices.to_numpy(), np.diff(np.append(first, len(key))))
    found = [(_coded(places, texts.dictionary.view(pa.string())), taken)]
    if (years := _years(_words(body, starts + taken))) is not None:
        found.append((years, np.full(len(key), 5, np.int32)))
    return found


def _bytes(texts: pa.Array) -> bytes:
    return bytes(texts.buffers()[2].slice(0, _offsets(texts)[len(texts)].item()))


def _words(body: Bytes, places: Places) -> Words:
    """Return the eight bytes at each place as a number, the first byte the lowest."""
    if len(places) and places.max() > len(body) - 8:
        body = bytes(body) + bytes(8)
    view: Words = np.ndarray(len(body) - 7, "<u8", body, strides=(1,))
    return view[places]


def _commas(words: Words) -> Words:
    """Return words whose lowest bit is the top one of the first comma; 0 if there is none."""
    other = words ^ _COMMAS
    return (other - _ONES) & ~other & _TOPS


def _slices(lines: pa.Array, starts: Places, ends: Places) -> pa.Array:
    """Return parts of the bytes as an array."""
    offsets = np.empty(2 * len(starts), np.int32)
    offsets[::2], offsets[1::2] = starts, ends
    buffers = [None, pa.py_buffer(offsets), lines.buffers()[2]]
    between = pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)
    return between.take(pa.array(np.arange(0, len(between), 2)))


def _years(words: Words) -> pa.DictionaryArray | None:
    """Return years, None if not all are four digits and a comma."""
    low = (words & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    upper = np.uint32(0xF0F0F0F0)
    wrong = (low & upper) != 0x30303030
    wrong |= (low + np.uint32(0x06060606) & upper) != 0x30303030  # more than 9
    wrong |= (words >> np.uint64(32)) & np.uint64(0xFF) != ord(",")
    if wrong.any():
        return None
    digits = low & ~upper
    pairs = digits * np.uint32(10) + (digits >> np.uint32(8))
    year = (pairs & np.uint32(0xFF)) * np.uint32(100) + (pairs >> np.uint32(16) & np.uint32(0xFF))
    first = int(year.min())
    times = np.bincount(year - np.uint32(first))
    found = np.flatnonzero(times)
    place = np.zeros(len(times), np.int32)
    place[found] = np.arange(len(found))
    years = pa.array([f"{first + one:04}" for one in found.tolist()], pa.string())
    return _coded(place[year - np.uint32(first)], years)


def _without(lines: pa.Array, lengths: Places) -> pa.Buffer:
    """Return the bytes of the lines without as many of their first ones."""
    offsets = _offsets(lines)
    rest = _slices(lines, offsets[:-1] + lengths, offsets[1:])
    return rest.buffers()[2].slice(0, rest.total_values_length)
