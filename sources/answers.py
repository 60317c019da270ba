"""What an answer of Eurostat's dissemination API means: data, a ticket, wait, split, or no.

Pure functions over a body in a file. Eurostat packs errors too, answers errors with status 200
and data with an odd media type, so the body decides before the status does. Of a body only the
beginning is read and little of it is believed: XML with a document type is not parsed at all,
and what Eurostat says is quoted short and printable.
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
QUEUE: Final = ("SUBMITTED", "PROCESSING", "AVAILABLE")
AGAIN: Final = (408, 425, 429)
"""Statuses below 500 that ask for another try."""
MORE_THAN_ALLOWED: Final = ("130", "510")
"""SDMX's own numbers of an answer that would be too large."""

_GZIP = b"\x1f\x8b"
_MARK = b"\xef\xbb\xbf"
_TSV = re.compile(rb"[a-z][a-z0-9_]*(?:,[a-z][a-z0-9_]*)*\\(?:time|TIME_PERIOD)\t")
_HTML = re.compile(
    rb"(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE
)
_JSON_STAT = re.compile(rb'"(?:class"\s*:\s*"dataset"|dimension"\s*:|value"\s*:)')
_TOO_BIG = re.compile(r"TOO[ _](BIG|LARGE)", re.IGNORECASE)
_KINDS = (
    (_GZIP, "a gzip file within a gzip file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (_MARK, "text with a byte order mark"),
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
    head, whole = _head(body, about)
    if status == 200 and _is_table(head):
        return Table()
    text = head.removeprefix(_MARK).lstrip()
    if _is_html(text, media_type):
        raise Unreachable(
            f"{about}: expected data, found an HTML page (status {status}), as during "
            "maintenance; run again later."
        )
    if text[:1] in (b"{", b"["):
        return _json(status, text, whole, about)
    if text[:1] == b"<":
        return _xml(status, text, whole, about)
    if status == 413:
        return TooBig("status 413")
    if status != 200:
        raise _by_status(status, _clean(text[:1024]), about)
    raise _unknown(_kind(head), about)


def ticket_status(
    status: int, media_type: str, body: Path, *, about: str
) -> Literal["SUBMITTED", "PROCESSING", "AVAILABLE"]:
    """Say how an extraction in the queue stands.

    Args:
        status: HTTP status.
        media_type: Media type, lower case.
        body: File with the body, gzip or not.
        about: What messages call the thing asked for.

    Raises:
        Unreachable: It has expired or is not known any more, or the answer is none.
    """
    said = f"an answer that says nothing, status {status}"
    try:
        head, whole = _head(body, about)
        text = head.removeprefix(_MARK).lstrip()
        if text[:1] == b"<" and not _is_html(text, media_type):
            found = _elements(text, whole, about)
            said = found.get("status/status") or found.get("queued/status") or said
    except Changed:
        said = f"an answer that cannot be read, status {status}"
    if status != 200 or said not in QUEUE:
        raise Unreachable(
            f"{about}: expected an extraction in Eurostat's queue, found {_clean(said)!r}; run "
            "again, it is asked for anew."
        )
    return cast('Literal["SUBMITTED", "PROCESSING", "AVAILABLE"]', said)


def _head(body: Path, about: str) -> tuple[bytes, bool]:
    """Return the beginning of the body, unpacked, and whether that is all of it."""
    with body.open("rb") as file:
        start = file.read(HEAD + 1)
    if start[:2] != _GZIP:
        return start[:HEAD], len(start) <= HEAD
    stream = zlib.decompressobj(wbits=31)
    try:
        return stream.decompress(start, HEAD), stream.eof
    except zlib.error:
        raise _unknown("a damaged gzip file", about) from None


def _is_table(head: bytes) -> bool:
    """Tell by the first line whether this is Eurostat's TSV or SDMX-CSV."""
    if _TSV.match(head):
        return True
    columns = head.partition(b"\n")[0].rstrip(b"\r").split(b",")
    return {b"TIME_PERIOD", b"OBS_VALUE"} <= set(columns)


def _is_html(text: bytes, media_type: str) -> bool:
    if _HTML.match(text[:4096]):
        return True
    return media_type == "text/html" and text[:1] == b"<" and text[:5] != b"<?xml"


def _unknown(found: str, about: str) -> Changed:
    return Changed(f"{about}: expected data, found {found}; look at the kept bytes.")


def _by_status(status: int, said: str, about: str, kind: int | None = None) -> S3etlError:
    """Return the error a status stands for, or a number within the answer."""
    quoted = f" and says {said!r}" if said else ""
    kind = status if kind is None else kind
    if 400 <= kind < 500 and kind not in AGAIN:
        return Refused(
            f"{about}: Eurostat refuses the request with status {status}{quoted}; check code and "
            "filters with s3etl datasets check --live."
        )
    return Unreachable(
        f"{about}: Eurostat is not itself, it answers with status {status}{quoted}; run again "
        "later."
    )


def _kind(head: bytes) -> str:
    if not head.strip():
        return "an empty file"
    for magic, kind in _KINDS:
        if head.startswith(magic):
            return kind
    start = head[:60].strip()
    plain = start.isascii() and b"\0" not in start
    return f"text that starts with {_clean(start)!r}" if plain else "bytes of an unknown kind"


def _clean(said: str | bytes) -> str:
    """Return what Eurostat said on one line, printable and not long."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return (text if len(text) <= SHOWN else text[: SHOWN - 1] + "…").rstrip(".")


# ---- JSON --------------------------------------------------------------------------------------


def _json(status: int, text: bytes, whole: bool, about: str) -> Meaning:
    if not whole:  # no message is that long
        if status == 200 and _JSON_STAT.search(text):
            return Table()
        raise _none_or_status(status, "long JSON of an unknown kind", about)
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise _none_or_status(status, "damaged JSON", about) from None
    for key in ("error", "warning"):
        if isinstance(said, dict) and said.get(key):
            return _message(key, status, said[key], about)
    if status == 200 and _is_json_stat(said):
        return Table()
    raise _none_or_status(status, "JSON of an unknown kind", about)


def _none_or_status(status: int, found: str, about: str) -> S3etlError:
    return _unknown(found, about) if status == 200 else _by_status(status, found, about)


def _is_json_stat(said: Any) -> bool:
    """Tell whether this is JSON-stat 2.0, or 1.x nested under its code."""
    if not isinstance(said, dict):
        return False
    inner = next(iter(said.values()), None) if len(said) == 1 else said
    return isinstance(inner, dict) and "value" in inner and "dimension" in inner


def _message(key: str, status: int, said: Any, about: str) -> Meaning:
    """Say what a JSON warning or error means."""
    first = said[0] if isinstance(said, list) and said else said
    fields = first if isinstance(first, dict) else {"label": first}
    label, code = _clean(str(fields.get("label", ""))), _code(fields.get("status"))
    if "ASYNCHRONOUS_RESPONSE" in label:
        return Later(label)
    if _TOO_BIG.search(label) or 413 in (code, status):
        return TooBig(label)
    if key == "warning":
        raise _none_or_status(status, f"the unknown warning {label!r}", about)
    raise _fault(status, code, label, about)


def _code(said: object) -> int:
    """Return a number of three digits, 0 if it is none."""
    text = str(said)
    return int(text) if re.fullmatch("[0-9]{3}", text) else 0


def _fault(status: int, code: int, said: str, about: str) -> S3etlError:
    """Return the error of a message with a number: its own if that is one of HTTP's.

    Eurostat's other numbers (100 nothing found, 140 and 150 wrong request) mean a refusal.
    """
    kind = max(status, code)
    if kind < 500:
        kind = max(code if code >= 400 else status, 400)
    return _by_status(status, said, about, kind)


# ---- XML ---------------------------------------------------------------------------------------


def _xml(status: int, text: bytes, whole: bool, about: str) -> Meaning:
    try:
        found = _elements(text, whole, about)
    except Changed:
        if status == 200:
            raise
        found = {}
    names = {name.rpartition("/")[2] for name in found}
    if names & {"syncResponse", "asyncResponse"}:
        return _ticket(found, about)
    if names & {"Fault", "faultstring"}:
        number = found.get("Fault/faultcode") or found.get("Code/Value", "")
        said = found.get("Fault/faultstring") or found.get("Reason/Text", "")
        return _fault_of(status, number, said, about)
    for name, text_name in (
        ("Footer/Message@code", "Message/Text"),
        ("Error/ErrorMessage@code", "ErrorMessage/Text"),
    ):
        if name in found:
            said = _clean(found.get(text_name, ""))
            if found[name] == "413" and name.startswith("Footer"):
                return Later(said)
            return _fault_of(status, found[name], said, about)
    if status == 413:
        return TooBig("status 413")
    raise _none_or_status(status, "XML of an unknown kind", about)


def _ticket(found: dict[str, str], about: str) -> Ticket:
    """Return the ticket of an extraction that was put into the queue."""
    key = found.get("queued/id") or found.get("status/key") or ""
    standing = found.get("queued/status") or found.get("status/status") or ""
    if not TICKET.fullmatch(key):
        raise Changed(
            f"{about}: expected the key of a queued extraction, found {_clean(key)!r}; look at "
            "the kept bytes."
        )
    if standing not in QUEUE:
        raise Unreachable(
            f"{about}: expected an extraction in Eurostat's queue, found {_clean(standing)!r}; "
            "run again, it is asked for anew."
        )
    return Ticket(key)


def _fault_of(status: int, number: str, said: str, about: str) -> Meaning:
    """Say what a fault means by its number and text."""
    label = _clean(said)
    code = _code(number)
    if _TOO_BIG.search(said) or number in MORE_THAN_ALLOWED or 413 in (status, code):
        return TooBig(label or "status 413")
    if number.rpartition(":")[2] in ("Server", "Receiver"):  # SOAP 1.1 and 1.2
        code = 500
    shown = _clean(f"{number} {label}")
    raise _fault(status, code, shown, about)


def _elements(text: bytes, whole: bool, about: str) -> dict[str, str]:
    """Return the text of each element of a message by its own and its parent's name.

    Attributes ``code`` are there too, as ``parent/name@code``; the first of several counts.
    """
    # Expat goes on parsing after a handler refuses, so entities must not get as far as that;
    # and in an encoding with NUL bytes one would not see them.
    unsafe = b"<!DOCTYPE" in text or b"<!ENTITY" in text or b"\0" in text
    reader = _Reader()
    try:
        if not unsafe:
            reader.read(text, whole)
    except expat.ExpatError:
        unsafe = True
    if unsafe:
        raise _unknown("an XML message that is damaged or declares entities", about)
    return {name: said.strip() for name, said in reader.found.items()}


class _Reader:
    """Collects what a short message says."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.open: list[str] = []
        self.at: list[str | None] = []

    def read(self, text: bytes, whole: bool) -> None:
        """Read all of it."""
        parser = expat.ParserCreate("utf-8", "}")
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.data
        parser.Parse(text, whole)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Note an element, the first of its name."""
        local = name.rpartition("}")[2]
        path = f"{self.open[-1] if self.open else ''}/{local}"
        self.open.append(local)
        self.at.append(None if path in self.found else path)
        self.found.setdefault(path, "")
        if "code" in attributes:
            self.found.setdefault(f"{path}@code", attributes["code"].strip())

    def data(self, part: str) -> None:
        """Note text, not more than can be shown."""
        path = self.at[-1] if self.at else None
        if path is not None and len(self.found[path]) < 4 * SHOWN:
            self.found[path] += part

    def end(self, _: str) -> None:
        """Note the end of an element."""
        self.open.pop()
        self.at.pop()
