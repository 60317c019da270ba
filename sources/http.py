"""The one polite HTTP client: throttle, timeouts, retries, ceilings, redirects within bounds.

It fetches a body into a file, whole or not at all, and says nothing of what the body means;
that is :mod:`sources.answers`. Nothing else in the project retries.
"""

import http.client
import os
import random as chance
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3

from s3etl.errors import Changed, Refused, Unreachable

CHUNK: Final = 1 << 16
MOST_REDIRECTS: Final = 5
BROKEN: Final = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
    UnicodeError,
)
"""What a connection or an answer can fail with; each is worth another attempt."""


class Politeness(NamedTuple):
    """How gently to ask; times in seconds.

    Attributes:
        rate: Requests per second in the long run.
        burst: Requests that may go at once before the rate counts.
        connect_timeout: Wait for a connection.
        read_timeout: Wait for the next bytes.
        total_timeout: Wait for one whole body: a slow drip does not hold a thread for ever.
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
    """An answer worth another attempt.

    Attributes:
        pause: Seconds the server asks to wait at least.
    """

    def __init__(self, said: str, pause: float = 0.0) -> None:
        super().__init__(said)
        self.pause = pause


class _Bucket:
    """A token bucket that all threads of a client share."""

    def __init__(
        self,
        politeness: Politeness,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self.rate, self.burst = politeness.rate, politeness.burst
        self.sleep, self.clock = sleep, clock
        self.tokens, self.at = float(politeness.burst), clock()
        self.lock = threading.Lock()

    def take(self) -> None:
        """Take a token, waiting for it if need be; a debt keeps later callers in line."""
        with self.lock:
            now = self.clock()
            self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
            self.at = now
            self.tokens -= 1
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
        politeness: Politeness | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self.hosts = frozenset(hosts)
        self.politeness = politeness or Politeness()
        self._sleep, self._clock, self._random = sleep, clock, random
        self._bucket = _Bucket(self.politeness, sleep, clock)
        self._threads = threading.local()

    def wait(self) -> None:
        """Wait for one's turn; for those who ask the same hosts through another package."""
        self._bucket.take()

    def get(self, url: str, into: Path) -> Answer:
        """Fetch an address into a file, which appears whole or not at all.

        Statuses other than 429, 5xx and redirects are answers like 200; what they mean is for
        the caller to say.

        Args:
            url: The address.
            into: The file.

        Raises:
            Refused: The address is not at a declared host.
            Unreachable: No whole answer after all attempts, or the server asks to wait longer
                than we do.
            Changed: The body is larger than the ceiling or packed in an unknown way.
        """
        self._check_address(url)
        politeness, said = self.politeness, ""
        for attempt in range(politeness.attempts):
            try:
                return self._attempt(url, into)
            except _Broken as broken:
                said, asked = str(broken), broken.pause
            except BROKEN as error:
                said, asked = _plain(error), 0.0
            if asked > politeness.max_pause:
                raise Unreachable(
                    f"{shown(url)}: the server asks to wait {asked:.0f} s ({said}); "
                    "run again after that."
                )
            if attempt + 1 < politeness.attempts:
                bound = min(politeness.backoff * 2**attempt, politeness.max_pause)
                self._sleep(max(asked, bound * self._random()))
        tries = "1 attempt" if politeness.attempts == 1 else f"{politeness.attempts} attempts"
        raise Unreachable(f"{shown(url)}: no whole answer after {tries} ({said}); run again later.")

    @property
    def _session(self) -> requests.Session:
        """One session a thread: a session is not safe to share, its connections are kept."""
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = self._threads.session = requests.Session()
            session.auth = _no_credentials
            session.headers.update(
                {
                    "User-Agent": f"s3etl/{version('s3etl')} "
                    "(benchmark pipeline for smart specialisation strategies)",
                    # Bytes are kept as they are served.
                    "Accept-Encoding": "identity",
                }
            )
        return session

    def _check_address(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        if parts.scheme not in ("http", "https") or host not in self.hosts:
            raise Refused(
                f"{shown(url)}: {host or 'this'} is not a declared host; correct the address in "
                "the settings or the declaration."
            )

    def _attempt(self, url: str, into: Path) -> Answer:
        for _ in range(MOST_REDIRECTS + 1):
            self._bucket.take()
            with closing(self._ask(url)) as response:
                if not response.is_redirect:
                    return self._answer(response, url, into)
                url = self._redirected(url, response.headers["Location"])
        raise _Broken(f"more than {MOST_REDIRECTS} redirects")

    def _ask(self, url: str) -> requests.Response:
        politeness = self.politeness
        return self._session.get(
            url,
            stream=True,
            allow_redirects=False,
            timeout=(politeness.connect_timeout, politeness.read_timeout),
        )

    def _redirected(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        parts = urlsplit(target)
        host = parts.netloc.rpartition("@")[2]
        downgraded = urlsplit(url).scheme == "https" and parts.scheme != "https"
        if host not in self.hosts or parts.scheme not in ("http", "https") or downgraded:
            raise Unreachable(
                f"{shown(url)}: it redirects to {shown(target)}, which is not a declared host; "
                "the service may be down, run again later."
            )
        return target

    def _answer(self, response: requests.Response, url: str, into: Path) -> Answer:
        status = response.status_code
        if status == 429 or status >= 500:
            raise _Broken(f"{status} {response.reason}".strip(), self._asked_pause(response))
        if status in (204, 205, 206, 304) or status < 200:
            raise _Broken(f"{status} {response.reason}, which nobody asked for")
        with _whole(into) as file:
            size = 0
            for chunk in self._chunks(response, url):
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Answer(status, media_type, into, size, shown(url))

    def _asked_pause(self, response: requests.Response) -> float:
        """Return the seconds of Retry-After, in either of its forms; 0 if there is none."""
        text = response.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:12])
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return 0.0
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())

    def _chunks(self, response: requests.Response, url: str) -> Iterator[bytes]:
        """Yield the body unpacked, within ceiling and time, and refuse one that is not whole."""
        announced = response.headers.get("Content-Length", "")
        expected = int(announced[:20]) if announced.isascii() and announced.isdigit() else None
        most = self.politeness.max_bytes
        if expected is not None and expected > most:
            raise _too_large(url, most)
        unpack = _Unpacker(response.headers.get("Content-Encoding", ""), url)
        start, sent, given = self._clock(), 0, 0
        while chunk := response.raw.read(CHUNK, decode_content=False):
            sent += len(chunk)
            if self._clock() - start > self.politeness.total_timeout:
                raise _Broken(f"not whole after {self.politeness.total_timeout:.0f} s")
            for part in unpack(chunk):
                given += len(part)
                if max(sent, given) > most:
                    raise _too_large(url, most)
                yield part
        if (expected is not None and sent != expected) or not unpack.ended:
            raise _Broken(f"the body broke off after {sent:,} bytes")


def shown(url: str) -> str:
    """Return an address for people: without credentials, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))[:200]


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from sending what it finds in a netrc file."""
    request.headers.pop("Authorization", None)
    return request


def _plain(error: Exception) -> str:
    """Say what went wrong without addresses, which may hold credentials."""
    kinds = {
        requests.exceptions.SSLError: "its certificate is not valid",
        requests.exceptions.ConnectTimeout: "no connection in time",
        requests.exceptions.ReadTimeout: "no answer in time",
        requests.exceptions.ChunkedEncodingError: "the connection broke off",
        requests.exceptions.ConnectionError: "the connection failed",
        requests.exceptions.InvalidHeader: "its headers are not valid",
        urllib3.exceptions.ReadTimeoutError: "no bytes in time",
        urllib3.exceptions.ProtocolError: "the connection broke off",
    }
    return next(
        (said for kind, said in kinds.items() if isinstance(error, kind)), "a broken answer"
    )


def _too_large(url: str, most: int) -> Changed:
    return Changed(
        f"{shown(url)}: expected at most {most:,} bytes, found more; look at what the provider "
        "sends, or raise the ceiling."
    )


class _Unpacker:
    """Undoes a Content-Encoding, giving little at a time, so that a bomb stays small."""

    def __init__(self, encoding: str, url: str) -> None:
        encoding = encoding.strip().lower()
        self.stream = None
        if encoding in ("gzip", "x-gzip", "deflate"):
            self.stream = zlib.decompressobj(wbits=15 if encoding == "deflate" else 31)
        elif encoding not in ("", "identity"):
            raise Changed(
                f"{shown(url)}: expected a body that is not packed, found Content-Encoding "
                f"{encoding[:40]!r}; look at what the provider sends."
            )

    def __call__(self, chunk: bytes) -> Iterator[bytes]:
        if self.stream is None:
            yield chunk
            return
        while chunk:
            try:
                yield self.stream.decompress(chunk, CHUNK)
            except zlib.error:
                raise _Broken("a packed body that is damaged") from None
            chunk = self.stream.unconsumed_tail

    @property
    def ended(self) -> bool:
        """Whether what was packed is there to its end."""
        return self.stream is None or self.stream.eof


@contextmanager
def _whole(into: Path) -> Iterator[BinaryIO]:
    """Yield a file that gets its name when the block ends without error."""
    handle, name = tempfile.mkstemp(dir=into.parent, prefix=f".{into.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).replace(into)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
