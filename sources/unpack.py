"""From the bytes of a file to blocks of whole lines: unpacked in small steps, within ceilings.

What the lines say is for the module of each format; nothing is parsed here.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import pyarrow as pa
from isal import isal_zlib

from s3etl.errors import Changed
from sources.cells import changed

GZIP_MAGIC: Final = b"\x1f\x8b"
MAX_UNPACKED: Final = 4 << 30
"""Bytes of the largest body that is read."""
MAX_LINE: Final = 16 << 20
"""Bytes of the longest line that is read."""
BLOCK: Final = 5 << 20
"""Bytes that are read at a time; with smaller blocks threads wait for each other too often."""

Read = TypeVar("Read")


def read_body(data: bytes | Path, name: str, ceiling: int = MAX_UNPACKED) -> bytes:
    """Return the unpacked bytes.

    Raises:
        Changed: The gzip stream is broken, or the body larger than the ceiling.
    """
    return b"".join(pieces(data, name, ceiling))


def pieces(data: bytes | Path, name: str, ceiling: int = MAX_UNPACKED) -> Iterator[bytes]:
    """Yield the unpacked bytes little by little; bytes that are not packed in one piece.

    Args:
        data: The bytes, or the file that holds them; gzip or not.
        name: What messages call the file.
        ceiling: Most bytes there may be.

    Raises:
        Changed: The gzip stream is broken, or the body larger than the ceiling.
    """
    source = _read(data)
    start = next(source, b"")
    packed = start[:2] == GZIP_MAGIC
    total = 0
    for piece in _unpacked(start, source, name) if packed else _chained(start, source):
        total += len(piece)
        if total > ceiling:
            raise Changed(
                f"{name}: expected at most {ceiling:,} bytes{' unpacked' if packed else ''}, found "
                "more; get a smaller extraction."
            )
        yield piece


def _read(data: bytes | Path) -> Iterator[bytes]:
    if isinstance(data, bytes):
        yield data
        return
    with data.open("rb") as file:
        while piece := file.read(BLOCK):
            yield piece


def _chained(start: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield start
    yield from rest


def _unpacked(start: bytes, source: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Yield what a gzip file of one or more members holds, in pieces of one block."""
    stream = isal_zlib.decompressobj(wbits=31)
    parts: list[bytes] = []
    length, rest, more = 0, start, False
    while (rest := rest or next(source, b"")) or (more and not stream.eof):
        if stream.eof:  # another member
            if rest[:2] != GZIP_MAGIC[: len(rest)]:
                raise _damaged(name, "something else follows its end")
            stream = isal_zlib.decompressobj(wbits=31)
        try:
            part = stream.decompress(rest, BLOCK - length)
        except isal_zlib.IsalError as error:  # type: ignore[misc]
            raise _damaged(name, str(error)) from None
        rest = stream.unused_data if stream.eof else stream.unconsumed_tail
        more = len(part) == BLOCK - length  # there may be some inside it
        parts.append(part)
        length += len(part)
        if length == BLOCK:
            yield b"".join(parts)
            parts, length = [], 0
    if not stream.eof:
        raise _damaged(name, "its end is missing")
    yield b"".join(parts)


def _damaged(name: str, how: str) -> Changed:
    return Changed(
        f"{name}: expected a whole gzip file, found one that is cut short or damaged "
        f"({how.rstrip('.')}); get it again."
    )


def blocks(parts: Iterable[bytes], name: str) -> Iterator[bytes | memoryview]:
    """Yield blocks of whole lines.

    Raises:
        Changed: A line is too long, or the last one has no end.
    """
    carry, none_yet = b"", True
    for part in parts:
        whole = carry + part if carry else part
        at = 0
        while (end := _end(whole, at)) > 0:
            yield memoryview(whole)[at:end]
            at, none_yet = end, False
        if len(whole) - at > MAX_LINE:
            raise Changed(
                f"{name}: expected lines of at most {MAX_LINE:,} bytes, found a longer one; get "
                "the right file again."
            )
        carry = whole[at:]
    if none_yet:
        raise Changed(f"{name}: expected rows below the header, found none; get it again.")
    if carry:
        last = carry[-60:].decode("utf-8", "replace")
        raise changed(name, "a line end after the last row", last, " cut short")


def _end(whole: bytes, at: int) -> int:
    """Return where the block that begins there ends, 0 if its first line has no end yet."""
    end = whole.rfind(b"\n", at, at + BLOCK + BLOCK // 2) + 1
    return end or whole.find(b"\n", at, at + MAX_LINE) + 1


def ahead(
    function: Callable[[bytes | memoryview], Read], parts: Iterator[bytes | memoryview]
) -> Iterator[tuple[bytes | memoryview, Read]]:
    """Yield blocks with what a function makes of them, in order, a few computed ahead."""
    first, second = next(parts, None), next(parts, None)
    if first is None:
        return
    if second is None:
        yield first, function(first)
        return
    workers = pa.cpu_count()
    waiting: deque[tuple[bytes | memoryview, Future[Read]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        waiting.extend((part, pool.submit(function, part)) for part in (first, second))
        for part in parts:
            waiting.append((part, pool.submit(function, part)))
            if len(waiting) > 2 * workers:
                part_done, future = waiting.popleft()
                yield part_done, future.result()
        while waiting:
            part_done, future = waiting.popleft()
            yield part_done, future.result()
