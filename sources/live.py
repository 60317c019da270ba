"""The live providers: Eurostat's dissemination API, and the NUTS files where they are published.

What to ask for, in which order, and how to wait; how to ask politely is :mod:`sources.http`,
what an answer means is :mod:`sources.answers`. Nothing is parsed here.
"""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast
from urllib.parse import urlsplit, urlunsplit

from isal import igzip

from s3etl.catalogue import Dataset, ReferenceTable
from s3etl.errors import Changed, Refused, Unreachable
from s3etl.files import identity, write_atomic
from s3etl.records import Origin
from s3etl.registers.declaration import Register
from s3etl.settings import Settings
from sources import answers, eurostat, nuts, upstream
from sources.http import Answer, Client, Politeness
from sources.providers import Offer, Source, Wanted

LONGEST_PAUSE = 60.0
HEAD = 65536
"""Bytes in which a file says when it was updated."""
Selection = Mapping[str, tuple[str, ...]]
"""Codes by dimension, ``geo`` the last; no codes are all codes."""


class _TooBig(Exception):
    """The extraction has to be split."""


class Request(NamedTuple):
    """One extraction: a dataset, or a part of it."""

    dataset: Dataset
    selection: Selection | None
    form: str

    @property
    def path(self) -> str:
        """Address below the base of the API (SDMX 2.1 REST, data query)."""
        key = ""
        if self.selection is not None:
            codes = ["+".join(codes) for codes in self.selection.values()]
            key = "/" + ".".join([self.dataset.frequency, *codes])
        return f"sdmx/2.1/data/{self.dataset.id.upper()}{key}?format={self.form}&compressed=true"


class LiveProvider:
    """Eurostat and the NUTS files at their own addresses.

    Args:
        settings: Addresses and politeness.
        client: The HTTP client; made from the settings if not given.
        sleep: What waits between two questions about an asynchronous extraction.
        clock: Seconds that only go forward.
    """

    origin: Origin = "provider"

    def __init__(
        self,
        settings: Settings,
        *,
        client: Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.base = settings.eurostat.rstrip("/") + "/"
        self._client = client
        self._sleep, self._clock = sleep, clock
        self._hosts = {urlsplit(self.base).netloc}
        self._making = threading.Lock()
        # Fair use asks for asynchronous extractions one after another.
        self._queue = threading.RLock()

    @property
    def client(self) -> Client:
        """The one client of this provider."""
        with self._making:
            if self._client is None:
                settings = self.settings
                politeness = Politeness(
                    rate=settings.requests_per_second,
                    read_timeout=settings.read_timeout,
                    attempts=settings.attempts,
                )
                self._client = Client(self._hosts | NUTS_HOSTS | _host(settings.nuts), politeness)
            return self._client

    def versions(self) -> Mapping[str, str]:
        """Return when Eurostat last changed each dataset: one request for all of them.

        Raises:
            Unreachable: The table of contents cannot be had.
        """
        return {code: entry.version for code, entry in upstream.contents(self.base).items()}

    def offers(self, source: Source) -> bool:
        """Tell whether the declaration has an address; Eurostat is asked when fetching."""
        addresses = source.addresses if isinstance(source, ReferenceTable) else ()
        return isinstance(source, Dataset) or bool(addresses)

    def get(self, wanted: Wanted) -> Offer:
        """Fetch a dataset.

        What an earlier run fetched of the same version is used, not fetched again.

        Raises:
            Refused: The provider does not have it, or the request is wrong.
            Unreachable: It cannot be had now.
            Changed: The answer is no data; its file is the error's ``body``.
        """
        source = wanted.source
        if isinstance(source, Register):
            raise Refused(f"{source.id}: it has no address; drop its file in a folder for --from.")
        if isinstance(source, ReferenceTable):
            return self._reference_table(source, wanted)
        selection = {**source.dimensions, "geo": ()} if source.selection else None
        request = Request(source, selection, "TSV")
        name = f"{source.id}.tsv.gz"
        where = _public(self.base) + request.path
        try:
            with self._turn(already=wanted.queued):
                file, queued = self._extract(request, wanted)
        except _TooBig:
            file, queued = self._in_parts(source, wanted), False
            name = f"{source.id}_linear.csv.gz"
        return Offer(file, name, where, queued=queued or wanted.queued)

    @contextmanager
    def _turn(self, *, already: bool) -> Iterator[None]:
        """Wait for the queue's turn where the provider is known to queue the dataset."""
        if already:
            with self._queue:
                yield
        else:
            yield

    def _extract(self, request: Request, wanted: Wanted) -> tuple[Path, bool]:
        """Fetch one extraction; returns its file and whether it was queued.

        Raises:
            _TooBig: It has to be split.
        """
        file = wanted.scratch / identity(request.path, wanted.version)[:32]
        if file.exists() and wanted.version:
            return file, False
        ticket = file.with_suffix(".ticket")
        if ticket.exists() and wanted.version:
            with self._queue:
                try:
                    return self._collect(ticket.read_text(), file, request), True
                except Unreachable:
                    ticket.unlink()  # it has expired: ask anew
        started = self._clock()
        for pause in self._pauses():
            answer, meaning = self._ask(self.base + request.path, file, request.dataset.id)
            match meaning:
                case answers.Table():
                    return answer.path, False
                case answers.TooBig():
                    answer.path.unlink()
                    raise _TooBig
                case answers.Ticket(key):
                    answer.path.unlink()
                    write_atomic(ticket, key.encode())
                    with self._queue:
                        found = self._collect(key, file, request)
                    ticket.unlink()
                    return found, True
                case answers.Later(reason):
                    answer.path.unlink()
                    self._wait(pause, started, request.dataset.id, reason)
        raise AssertionError  # the pauses do not end

    def _ask(self, url: str, file: Path, about: str) -> tuple[Answer, answers.Meaning]:
        """Fetch an answer into a file of that name and say what it means."""
        answer = self.client.get(url, file.with_suffix(".answer"))
        try:
            meaning = answers.understand(answer.status, answer.media_type, answer.path, about=about)
        except Changed as error:
            error.body = answer.path
            raise
        except (Refused, Unreachable):
            answer.path.unlink()
            raise
        if isinstance(meaning, answers.Table):
            answer = answer._replace(path=answer.path.rename(file))
        return answer, meaning

    def _collect(self, key: str, file: Path, request: Request) -> Path:
        """Wait until an asynchronous extraction is ready and fetch it."""
        about, started = request.dataset.id, self._clock()
        status_file = file.with_suffix(".status")
        for pause in self._pauses():
            answer = self.client.get(f"{self.base}1.0/async/status/{key}", status_file)
            try:
                status = answers.ticket_status(
                    answer.status, answer.media_type, answer.path, about=about
                )
            finally:
                answer.path.unlink()
            if status == "AVAILABLE":
                break
            self._wait(pause, started, about, f"the extraction is {status}")
        answer, meaning = self._ask(f"{self.base}1.0/async/data/{key}", file, about)
        if isinstance(meaning, answers.Table):
            return answer.path
        answer.path.unlink()
        if isinstance(meaning, answers.TooBig):
            raise _TooBig
        raise Unreachable(
            f"{about}: the extraction was said to be ready and was not; try again later."
        )

    def _pauses(self) -> Iterator[float]:
        pause = self.settings.poll_seconds
        while True:
            yield pause
            pause = min(2 * pause, LONGEST_PAUSE)

    def _wait(self, pause: float, started: float, about: str, reason: str) -> None:
        """Wait, within the budget for one extraction."""
        if self._clock() - started + pause > self.settings.poll_budget:
            raise Unreachable(
                f"{about}: not ready after {self.settings.poll_budget:.0f} s ({reason}); "
                "run again later, it goes on from there."
            )
        self._sleep(pause)

    def _in_parts(self, source: Dataset, wanted: Wanted) -> Path:
        """Fetch an extraction that is too big in parts and put them together."""
        whole: dict[str, tuple[str, ...]] = {**source.dimensions, "geo": ()}
        parts = [*self._parts(Request(source, whole, "SDMX-CSV"), wanted)]
        joined = wanted.scratch / "joined.csv.gz"
        _join(parts, joined, source.id)
        return joined

    def _parts(self, request: Request, wanted: Wanted) -> Iterator[Path]:
        for part in self._halves(request):
            try:
                yield self._extract(part, wanted)[0]
            except _TooBig:
                yield from self._parts(part, wanted)

    def _halves(self, request: Request) -> Iterator[Request]:
        """Halve the dimension with most codes; the regions last, their codes have to be asked."""
        selection = dict(request.selection or {})
        longest = max(selection, key=lambda dimension: len(selection[dimension]))
        if len(selection[longest]) < 2:
            longest = "geo"
        if longest == "geo" and not selection["geo"]:
            selection["geo"] = upstream.codes(self.base, request.dataset.id, "geo")
        codes = selection[longest]
        if len(codes) < 2:
            raise Refused(
                f"{request.dataset.id}: Eurostat refuses even one region of one series as too "
                "big; declare fewer codes in sources/datasets."
            )
        middle = len(codes) // 2
        for half in (codes[:middle], codes[middle:]):
            yield request._replace(selection={**selection, longest: half})

    def _reference_table(self, source: ReferenceTable, wanted: Wanted) -> Offer:
        """Fetch the files of a reference table and bundle them."""
        if not source.addresses:
            raise Refused(
                f"{source.id}: it has no address, only files; name their folder with --from."
            )
        files: dict[str, bytes] = {}
        for address in source.addresses:
            file = wanted.scratch / identity(address)[:32]
            if not file.exists():
                answer = self.client.get(_at(address, self.settings.nuts), file)
                if answer.status != 200:
                    answer.path.unlink()
                    raise Refused(
                        f"{source.id}: {address} answers {answer.status}; correct the address in "
                        f"sources/tables/{source.id}.yaml."
                    )
            files[address.rsplit("/", 1)[-1]] = file.read_bytes()
        bundled = wanted.scratch / f"{source.id}.zip"
        bundled.write_bytes(nuts.bundle(files))
        return Offer(bundled, bundled.name, source.addresses[0].rsplit("/", 1)[0])


NUTS_HOSTS = frozenset({"gisco-services.ec.europa.eu", "raw.githubusercontent.com"})
"""Where the declared reference tables are."""


def _host(address: str) -> set[str]:
    return {urlsplit(address).netloc} if address else set()


def _public(address: str) -> str:
    """Return an address without credentials, for records and messages."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _gzip(path: Path, mode: str, **options: int) -> BinaryIO:
    return cast("BinaryIO", igzip.IGzipFile(path, mode, **options))  # type: ignore[no-untyped-call]


def _at(address: str, mirror: str) -> str:
    """Return the address, at the mirror if there is one."""
    if not mirror:
        return address
    at, below = urlsplit(mirror), urlsplit(address)
    return urlunsplit(below._replace(scheme=at.scheme, netloc=at.netloc))


def _join(parts: list[Path], joined: Path, about: str) -> None:
    """Put SDMX-CSV parts of one dataset together under one header.

    Raises:
        Unreachable: The dataset was updated while its parts were fetched.
        Changed: The parts do not have one header.
    """
    header = b""
    updates = set()
    # The same parts make the same bytes: no time of our own in the header.
    with _gzip(joined, "wb", compresslevel=1, mtime=1) as out:
        for part in parts:
            with part.open("rb") as raw:
                start = raw.read(HEAD)
            updates.add(eurostat.last_update(start))
            packed = start[:2] == eurostat.GZIP_MAGIC
            with _gzip(part, "rb") if packed else part.open("rb") as lines:
                first = lines.readline()
                if header and first != header:
                    error = Changed(f"{about}: the parts of one extraction have two headers.")
                    error.body = part
                    raise error
                if not header:
                    header = first
                    out.write(first)
                shutil.copyfileobj(lines, out, 1 << 20)
    if len(updates) > 1:
        raise Unreachable(f"{about}: Eurostat updated it while its parts were fetched; run again.")
