"""What an answer of Eurostat's dissemination API means: data, a ticket, wait, split, or no.

Pure functions over a body in a file. Eurostat packs errors too, answers errors with status 200
and data with an odd media type, so that the body decides before the status does.
"""

import json
import re
import zlib
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, cast
from xml.parsers import expat

from s3etl.errors import Changed, Refused, S3etlError, Unreachable

HEAD: Final = 1 << 20
"""Bytes of a body that are looked at; no message of Eurostat is longer."""
SHOWN: Final = 160
TICKET: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
TABLE: Final = re.compile(
    rb"[a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*\\(time|TIME_PERIOD)\t|(DATAFLOW|STRUCTURE)[,\r\n]"
)
QUEUE: Final = ("SUBMITTED", "PROCESSING", "AVAILABLE")
KINDS: Final = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)


class Table(NamedTuple):
    """The body is data."""


class Ticket(NamedTuple):
    """The extraction is in the queue; it is asked for by its key."""

    key: str


class Later(NamedTuple):
    """The extraction is being prepared; the same request is to be made again."""

    reason: str


class TooBig(NamedTuple):
    """The extraction is larger than Eurostat gives at once; it has to be split."""

    reason: str


Meaning = Table | Ticket | Later | TooBig


def understand(status: int, media_type: str, body: Path, *, about: str) -> Meaning:
    """Say what an answer to a request for data means.

    Args:
        status: HTTP status.
        media_type: Media type, lower case.
        body: File with the body, gzip or not.
        about: What messages call the thing asked for.

    Raises:
        Refused: There is no such data, or the request is wrong.
        Unreachable: The service is not itself: a page for people, an error of its own.
        Changed: It is neither data nor an answer that is known.
    """
    head = _head(body, about)
    text = head.lstrip()
    if status == 200 and TABLE.match(head):
        return Table()
    if text[:1] == b"{":
        return _json(status, text, about)
    if _is_html(text, media_type):
        raise _page(status, about)
    if text[:1] == b"<":
        return _xml(status, text, about)
    if status == 413:
        return TooBig("413")
    if status != 200:
        raise _by_status(status, _clean(text), about)
    raise Changed(f"{about}: expected data, found {_kind(text)}; look at the kept bytes.")


def ticket_status(
    status: int, media_type: str, body: Path, *, about: str
) -> Literal["SUBMITTED", "PROCESSING", "AVAILABLE"]:
    """Say how an extraction in the queue stands.

    Raises:
        Unreachable: It has expired or is not known any more, or the answer is none.
    """
    text = _head(body, about).lstrip()
    found = ""
    if text[:1] == b"<" and not _is_html(text, media_type):
        elements = _elements(text, about)
        found = next((value for name, value in elements if name == "status" and value), "")
    if found not in QUEUE:
        said = found or f"an answer that says nothing, status {status}"
        raise Unreachable(
            f"{about}: the extraction in Eurostat's queue is gone ({_clean(said)}); run again, "
            "it is asked for anew."
        )
    return cast('Literal["SUBMITTED", "PROCESSING", "AVAILABLE"]', found)


def _head(body: Path, about: str) -> bytes:
    """Return the beginning of the body, unpacked."""
    with body.open("rb") as file:
        start = file.read(HEAD)
    if start[:2] != b"\x1f\x8b":
        return start
    try:
        return zlib.decompressobj(wbits=31).decompress(start, HEAD)
    except zlib.error:
        raise Changed(
            f"{about}: expected data, found a damaged gzip file; look at the kept bytes."
        ) from None


def _is_html(text: bytes, media_type: str) -> bool:
    start = text[:200].lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or (
        media_type == "text/html" and text[:1] == b"<"
    )


def _page(status: int, about: str) -> S3etlError:
    if status in (404, 410):
        return _by_status(status, "an HTML page", about)
    return Unreachable(
        f"{about}: expected data, found an HTML page (status {status}), as during maintenance; "
        "run again later."
    )


def _by_status(status: int, said: str, about: str) -> S3etlError:
    """Return the error a status stands for."""
    quoted = f": {said}" if said else ""
    if status >= 500:
        return Unreachable(f"{about}: Eurostat is not itself ({status}{quoted}); run again later.")
    return Refused(
        f"{about}: Eurostat refuses the request ({status}{quoted}); check code and filters with "
        "s3etl datasets check --live."
    )


def _kind(text: bytes) -> str:
    if not text:
        return "an empty file"
    for magic, kind in KINDS:
        if text.startswith(magic):
            return kind
    return repr(_clean(text[:60])) if text.isascii() else "bytes of an unknown kind"


def _clean(said: str | bytes) -> str:
    """Return what Eurostat said on one line, printable and not long."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return (text if len(text) <= SHOWN else text[: SHOWN - 1] + "…").rstrip(".")


def _json(status: int, text: bytes, about: str) -> Meaning:
    try:
        said = json.loads(text) if len(text) < HEAD else None
    except (ValueError, RecursionError):
        said = None
    if said is None and _is_json_stat(text[:4096]):
        return Table()  # longer than what is looked at, or damaged: the parser says so
    if not isinstance(said, dict):
        raise Changed(f"{about}: expected data, found JSON that is none; look at the kept bytes.")
    for key in ("warning", "error"):
        if key in said:
            return _message(key, status, said[key], about)
    if status == 200 and _is_json_stat(text[:4096]):
        return Table()
    if status != 200:
        raise _by_status(status, "", about)
    raise Changed(f"{about}: expected data, found JSON of an unknown kind; look at the kept bytes.")


def _is_json_stat(start: bytes) -> bool:
    return re.search(rb'"(class"\s*:\s*"dataset"|dimension"\s*:|value"\s*:)', start) is not None


def _message(key: str, status: int, said: Any, about: str) -> Meaning:
    """Say what a JSON warning or error means."""
    first = said[0] if isinstance(said, list) and said else said
    label = str(first.get("label", "")) if isinstance(first, dict) else str(first)
    code = first.get("status") if isinstance(first, dict) else None
    code = code if isinstance(code, int) else status
    if "ASYNCHRONOUS_RESPONSE" in label:
        return Later(_clean(label))
    if "EXTRACTION_TOO_BIG" in label or code == 413:
        return TooBig(_clean(label))
    if key == "warning":
        return Later(_clean(label))
    raise _by_status(max(code, 400), _clean(label), about)


def _xml(status: int, text: bytes, about: str) -> Meaning:
    elements = _elements(text, about)
    found = dict(reversed(elements))  # the first of each name
    names = {name for name, _ in elements}
    if "syncResponse" in names or "asyncResponse" in names:
        key = found.get("id") or found.get("key") or ""
        if not TICKET.fullmatch(key):
            raise Changed(
                f"{about}: expected the key of a queued extraction, found {_clean(key)!r}; look at "
                "the kept bytes."
            )
        return Ticket(key)
    if "faultstring" in names or "Fault" in names:
        said = _clean(f"{found.get('faultcode', '')} {found.get('faultstring', '')}")
        if "TOO_BIG" in said or status == 413:
            return TooBig(said)
        raise _by_status(status if status >= 400 else 404, said, about)
    if "Footer" in names:
        return Later(_clean(found.get("Text", "a file is being prepared")))
    if status != 200:
        if status == 413:
            return TooBig("413")
        raise _by_status(status, "XML", about)
    raise Changed(f"{about}: expected data, found XML of an unknown kind; look at the kept bytes.")


def _elements(text: bytes, about: str) -> list[tuple[str, str]]:
    """Return name and text of each element of a short message, refusing any DTD."""
    found: list[tuple[str, str]] = []
    open_: list[int] = []

    def start(name: str, _: dict[str, str]) -> None:
        open_.append(len(found))
        found.append((name.rpartition("}")[2] or name, ""))

    def data(part: str) -> None:
        if open_:
            name, said = found[open_[-1]]
            found[open_[-1]] = (name, (said + part)[: 4 * SHOWN])

    def end(_: str) -> None:
        open_.pop()

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = data

    def refuse(*_: object) -> None:
        raise _UnsafeXML

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, len(text) < HEAD)
    except (expat.ExpatError, _UnsafeXML):
        raise Changed(
            f"{about}: expected a plain XML message, found one that is damaged or declares "
            "entities; look at the kept bytes."
        ) from None
    return [(name, said.strip()) for name, said in found]


class _UnsafeXML(Exception):
    """A document type or an entity, which no message of Eurostat has."""
