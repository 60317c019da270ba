"""The one polite HTTP client: throttle, timeouts, retries, ceilings, redirects within bounds.

It fetches a body into a file, whole or not at all, and says nothing of what the body means;
that is :mod:`sources.answers`. Nothing else in the project retries.
"""

import http.client
import random as chance
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urljoin

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Url, parse_url

from s3etl.errors import Changed, Refused, Unreachable
from s3etl.files import whole_file
from sources.connection import CHUNK, PORTS, Session

MOST_REDIRECTS: Final = 5
PACKED: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Content-Encodings that can be undone, with what zlib calls them."""

BROKEN: Final = (
    requests.RequestException,
    HTTPError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
    UnicodeError,
    zlib.error,
)
"""What a connection or an answer fails with; not OSError, which is also a full disk."""


class Politeness(NamedTuple):
    """How gently to ask; times in seconds.

    Attributes:
        rate: Requests per second in the long run.
        burst: Requests that may go at once before the rate counts.
        connect_timeout: Wait for a connection.
        read_timeout: Wait for the next bytes.
        total_timeout: Wait for one whole answer: a slow drip does not hold a thread for ever.
        attempts: Tries of one request.
        backoff: Upper bound of the first pause between tries; it doubles, with full jitter.
        max_pause: Longest pause; a server that asks for more is left alone.
        max_bytes: Ceiling of a body, as sent and as unpacked.
    """

    rate: float = 5.0
    burst: int = 60
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    total_timeout: float = 1800.0
    attempts: int = 5
    backoff: float = 1.0
    max_pause: float = 120.0
    max_bytes: int = 2 * 1024**3


POLITE: Final = Politeness()


class Answer(NamedTuple):
    """An answer with its body in a file.

    Attributes:
        status: HTTP status.
        media_type: Media type without parameters, lower case; empty if none was given.
        path: File that holds the body.
        size: Its bytes.
        url: Final address, without credentials and query.
    """

    status: int
    media_type: str
    path: Path
    size: int
    url: str


class _Broken(Exception):
    """An answer worth another attempt, after a pause if the server asks for one."""

    def __init__(self, said: str, pause: float = 0.0) -> None:
        super().__init__(said)
        self.pause = pause


class _Bucket:
    """A token bucket that all threads of a client share."""

    def __init__(
        self, rate: float, burst: int, sleep: Callable[[float], None], clock: Callable[[], float]
    ) -> None:
        self.rate, self.burst, self.sleep, self.clock = rate, burst, sleep, clock
        self.tokens, self.at = float(burst), clock()
        self.lock = threading.Lock()

    def take(self) -> None:
        """Take a token, waiting for it if need be; a debt keeps later callers in line."""
        with self.lock:
            now = self.clock()
            self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate) - 1
            self.at = now
            wait = -self.tokens / self.rate
        if wait > 0:
            self.sleep(wait)


class Client:
    """Fetches from declared hosts only.

    Args:
        hosts: ``host`` or ``host:port`` that may be asked.
        politeness: How gently.
        sleep: What waits.
        clock: Seconds that only go forward.
        random: Numbers from 0 to 1 for the jitter.
    """

    def __init__(
        self,
        hosts: Collection[str],
        politeness: Politeness = POLITE,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self.hosts = frozenset(host.rpartition("@")[2].lower() for host in hosts)
        self.politeness = politeness
        self._sleep, self._random = sleep, random
        self._bucket = _Bucket(politeness.rate, politeness.burst, sleep, clock)
        self._threads = threading.local()

    def wait(self) -> None:
        """Wait for one's turn; for those who ask the same hosts through another package."""
        self._bucket.take()

    def get(self, url: str, into: Path) -> Answer:
        """Fetch an address into a file, which appears whole or not at all.

        Statuses 200 to 203 and 4xx but 429 are answers; what they mean is for the caller to say.

        Args:
            url: The address.
            into: The file.

        Raises:
            Refused: The address is not at a declared host.
            Unreachable: No whole answer after all attempts, or the server asks to wait longer
                than we do, or redirects to where we do not go.
            Changed: The body is larger than the ceiling or packed in an unknown way, or there
                is none where there should be one.
        """
        address, polite, said = _address(url), self.politeness, ""
        if not self._declared(address):
            raise Refused(
                f"{_shown(address)}: this is not at a declared host; correct the address in the "
                "settings or the declaration."
            )
        for attempt in range(polite.attempts):
            try:
                return self._attempt(address, into)
            except _Broken as broken:
                said, asked = str(broken), broken.pause
            except BROKEN as error:
                said, asked = _plain(error), 0.0
            if asked > polite.max_pause:
                raise Unreachable(
                    f"{_shown(address)}: the server asks to wait {asked:.0f} s ({said}); "
                    "run again after that."
                )
            if attempt + 1 < polite.attempts:
                bound = min(polite.backoff * 2**attempt, polite.max_pause)
                self._sleep(max(asked, bound * self._random()))
        tries = "1 attempt" if polite.attempts == 1 else f"{polite.attempts} attempts"
        raise Unreachable(f"{_shown(address)}: no answer after {tries} ({said}); run again later.")

    @property
    def _session(self) -> Session:
        """One session a thread: requests promises no more; each keeps its connections."""
        if not hasattr(self._threads, "session"):
            self._threads.session = Session(self.politeness.total_timeout)
        session: Session = self._threads.session
        return session

    def _declared(self, address: Url) -> bool:
        usual = PORTS.get(address.scheme or "")
        names = {f"{address.host}:{address.port or usual}"}
        if address.port in (None, usual):
            names.add(f"{address.host}")
        return usual is not None and not names.isdisjoint(self.hosts)

    def _attempt(self, address: Url, into: Path) -> Answer:
        polite = self.politeness
        for _ in range(MOST_REDIRECTS + 1):
            self._bucket.take()
            with closing(
                self._session.get(
                    address.url,
                    stream=True,
                    allow_redirects=False,
                    timeout=(polite.connect_timeout, polite.read_timeout),
                )
            ) as response:
                if not response.is_redirect:
                    return self._answer(response, address, into)
                address = self._redirected(response, address)
        raise Unreachable(
            f"{_shown(address)}: more than {MOST_REDIRECTS} redirects ({_status(response)}); "
            "the service may be down, run again later."
        )

    def _redirected(self, response: requests.Response, address: Url) -> Url:
        target = _address(response.headers["Location"], address.url)
        if not self._declared(target) or (address.scheme, target.scheme) == ("https", "http"):
            known = target.scheme and target.host
            where = f"{target.scheme}://{_shown(target)}" if known else "no web address"
            raise Unreachable(
                f"{_shown(address)}: it redirects ({_status(response)}) to {where}, where we do "
                "not go; the service may be down, run again later."
            )
        return target

    def _answer(self, response: requests.Response, address: Url, into: Path) -> Answer:
        status, said = response.status_code, _status(response)
        if status == 429 or status >= 500 or status < 200:
            raise _Broken(said, _asked_pause(response))
        if 203 < status < 400:
            raise Changed(
                f"{_shown(address)}: expected a body, found {said}; look at what the provider "
                "sends."
            )
        body = self._body(response, f"{_shown(address)}: {said}")
        try:
            with whole_file(into) as file:
                size = sum(file.write(chunk) for chunk in body)
        except BROKEN as error:
            raise _Broken(f"{said}, then {_plain(error)}") from None
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        media_type = _printable(media_type, 80)
        url = address._replace(auth=None, query=None).url
        return Answer(status, media_type, into, size, url)

    def _body(self, response: requests.Response, about: str) -> Iterator[bytes]:
        """Return the body, unpacked, within the ceiling."""
        most = self.politeness.max_bytes
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        framing = response.headers.get("Transfer-Encoding", "").lower()
        for name, given, known in (
            ("Content-Encoding", encoding, {"", "identity", *PACKED}),
            ("Transfer-Encoding", framing, {"", "chunked"}),
        ):
            if given not in known:
                raise Changed(
                    f"{about} has the {name} {given[:40]!r}, which was not asked for; look at what "
                    "the provider sends."
                )
        length = response.raw.length_remaining
        if length is None and not framing and "Content-Length" in response.headers:
            raise _Broken(f"{_status(response)} with a Content-Length that is none")
        if (length or 0) > most:
            raise _too_large(about, most)
        sent = iter(lambda: response.raw.read(CHUNK, decode_content=False), b"")
        body = _within(sent, most, about)
        if encoding in PACKED:
            body = _within(_unpacked(body, PACKED[encoding]), most, about)
        return body


def _address(text: str, base: str = "") -> Url:
    """Return an address as those read it who connect to it; empty if it is none."""
    try:
        return parse_url(urljoin(base, text))._replace(fragment=None)
    except ValueError:
        return Url()


def _shown(address: Url) -> str:
    """Return an address for people: host and end of the path, no credentials, no query."""
    parts = [part for part in (address.path or "").split("/") if part]
    shown = "/".join([address.netloc or "(no host)", *["…"][: len(parts) - 2], *parts[-2:]])
    return _printable(shown, 160)


def _status(response: requests.Response) -> str:
    return _printable(f"{response.status_code} {response.reason or ''}".strip(), 80)


def _printable(text: str, length: int) -> str:
    text = "".join(sign if sign.isprintable() else "?" for sign in text)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _asked_pause(response: requests.Response) -> float:
    """Return the seconds of Retry-After, in either of its forms; 0 if there is none."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _plain(error: Exception) -> str:
    """Say what went wrong without addresses, which may hold credentials."""
    kinds: dict[str, tuple[type[Exception], ...]] = {
        "its certificate is not valid": (requests.exceptions.SSLError,),
        "the proxy does not let us through": (requests.exceptions.ProxyError,),
        "not in time": (requests.Timeout, ReadTimeoutError, TimeoutError),
        "no connection, or no HTTP on it": (requests.ConnectionError,),
        "a packed body that is damaged": (zlib.error,),
        "a body that broke off": (HTTPError,),
    }
    return next((said for said, kind in kinds.items() if isinstance(error, kind)), "no HTTP")


def _too_large(about: str, most: int) -> Changed:
    return Changed(
        f"{about} has a body larger than the ceiling of {most:,} bytes; look at what the provider "
        "sends, or raise the ceiling."
    )


def _within(chunks: Iterable[bytes], most: int, about: str) -> Iterator[bytes]:
    """Pass chunks on until they are too much."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise _too_large(about, most)
        yield chunk


def _unpacked(chunks: Iterable[bytes], wbits: int) -> Iterator[bytes]:
    """Undo a Content-Encoding, giving little at a time, so that a bomb stays small."""
    stream = zlib.decompressobj(wbits)
    for chunk in chunks:
        rest = chunk
        while rest:
            if stream.eof:  # gzip may go on with another member
                stream = zlib.decompressobj(wbits)
            yield stream.decompress(rest, CHUNK)
            rest = stream.unconsumed_tail or stream.unused_data
    if not stream.eof:
        raise zlib.error
