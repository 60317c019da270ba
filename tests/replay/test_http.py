"""The HTTP client against real HTTP on loopback, polite and hostile."""

import gzip
import logging
import random
import re
import threading
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from itertools import count, pairwise, repeat
from time import monotonic
from typing import NamedTuple

import pytest
from pytest_httpserver import HTTPServer
from requests import Request

from s3etl.errors import Changed, Refused, S3etlError, Unreachable
from sources.connection import Connection, Session
from sources.http import MOST_REDIRECTS, Answer, Client, Politeness
from tests.replay.raw_server import Script, raw_server

QUICK = Politeness(
    rate=1e6,
    connect_timeout=5.0,
    read_timeout=10.0,
    total_timeout=20.0,
    attempts=3,
    max_bytes=100_000,
)
HASTY = QUICK._replace(connect_timeout=0.3, read_timeout=0.3, total_timeout=0.4)
BODY = b"geo\t2020\nAT\t1\n" * 20
SECRET = "hunter2"  # noqa: S105


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch, tmp_path):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path.parent / "netrc"))


def host_of(server: HTTPServer) -> str:
    return f"{server.host}:{server.port}"


def client_of(host: str, clock: Clock, politeness: Politeness = QUICK, **more) -> Client:
    return Client({host}, politeness, sleep=clock.sleep, clock=clock, **more)


def is_one_sentence(message: str) -> bool:
    return message.endswith(".") and message.isprintable()


# What is served


def test_a_body_is_kept_as_served_and_the_project_says_who_asks(httpserver, clock, tmp_path):
    packed = gzip.compress(BODY)
    httpserver.expect_oneshot_request("/data/x.tsv.gz").respond_with_data(
        packed, content_type="Application/Octet-Stream; charset=binary"
    )
    url = httpserver.url_for("/data/x.tsv.gz?format=TSV")
    answer = client_of(host_of(httpserver), clock).get(url, tmp_path / "body")
    assert answer == Answer(
        200, "application/octet-stream", tmp_path / "body", len(packed), url.partition("?")[0]
    )
    assert answer.path.read_bytes() == packed
    assert [p.name for p in tmp_path.iterdir()] == ["body"]
    request = httpserver.log[0][0]
    agent = f"s3etl/{version('s3etl')} (+smart specialisation benchmark pipeline)"
    assert request.headers["User-Agent"] == agent
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.query_string == b"format=TSV"
    assert clock.slept == []


@pytest.mark.parametrize("status", [200, 201, 202, 203, 400, 401, 403, 404, 410, 413, 451])
def test_the_caller_interprets_other_statuses(httpserver, clock, tmp_path, status):
    httpserver.expect_request("/x").respond_with_data(b"why", status=status)
    answer = client_of(host_of(httpserver), clock).get(httpserver.url_for("/x"), tmp_path / "b")
    assert (answer.status, answer.path.read_bytes(), answer.size) == (status, b"why", 3)
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(BODY)),
        ("X-GZIP", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("gzip", gzip.compress(BODY[:100]) + gzip.compress(BODY[100:])),
        ("identity", BODY),
    ],
)
def test_a_body_that_was_packed_on_the_way_is_unpacked(
    httpserver, clock, tmp_path, encoding, packed
):
    httpserver.expect_request("/x").respond_with_data(
        packed, headers={"Content-Encoding": encoding}
    )
    answer = client_of(host_of(httpserver), clock).get(httpserver.url_for("/x"), tmp_path / "b")
    assert answer.path.read_bytes() == BODY
    assert answer.size == len(BODY)


def test_an_empty_body_and_no_media_type_are_answers(clock, tmp_path):
    with raw_server(lambda: [b"HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n"]) as server:
        answer = client_of(server.host, clock).get(f"http://{server.host}", tmp_path / "b")
    assert (answer.status, answer.media_type, answer.size) == (404, "", 0)
    assert answer.path.read_bytes() == b""


def test_a_body_ends_where_its_length_says(clock, tmp_path):
    """What comes after it is no part of the answer, nor of the next one."""
    with raw_server(sends(ok(BODY + b"MORE", f"Content-Length: {len(BODY)}"))) as server:
        client = client_of(server.host, clock)
        for name in ("a", "b"):
            answer = client.get(f"http://{server.host}/{name}", tmp_path / name)
            assert (answer.status, answer.path.read_bytes()) == (200, BODY)


def test_a_media_type_can_be_printed(clock, tmp_path):
    with raw_server(sends(ok(BODY, "Content-Type: Text/\x1b[31mCSV ; x"))) as server:
        answer = client_of(server.host, clock).get(f"http://{server.host}/x", tmp_path / "b")
    assert answer.media_type == "text/?[31mcsv"


def test_the_file_of_before_stays_until_the_new_one_is_whole(httpserver, clock, tmp_path):
    httpserver.expect_request("/x").respond_with_data(b"", status=503)
    (tmp_path / "b").write_text("before")
    with pytest.raises(Unreachable):
        client_of(host_of(httpserver), clock).get(httpserver.url_for("/x"), tmp_path / "b")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("b", "before")]


def test_a_disk_that_does_not_take_the_file_is_not_the_servers_fault(httpserver, clock, tmp_path):
    httpserver.expect_request("/x").respond_with_data(BODY)
    with pytest.raises(FileNotFoundError):
        client_of(host_of(httpserver), clock).get(httpserver.url_for("/x"), tmp_path / "no" / "b")
    assert len(httpserver.log) == 1


# What hostile servers do


def ok(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


CHUNKED = "Transfer-Encoding: chunked"
GZIP = "Content-Encoding: gzip"
BOMB = gzip.compress(bytes(5_000_000))


class Hostile(NamedTuple):
    """An answer and what is made of it.

    Attributes:
        script: What the server sends.
        error: Kind of the error.
        says: Pattern in its message.
        requests: How many requests there are.
    """

    script: Script
    error: type[S3etlError]
    says: str
    requests: int = QUICK.attempts


def sends(*parts: bytes | float | None) -> Script:
    return lambda: parts


def endless_headers() -> Iterable[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(100_000):
        yield b"X-%d: y\r\n" % number


HOSTILE = {
    "500": Hostile(sends(ok(b"no", status="500 Internal Server Error")), Unreachable, r"\(500 Int"),
    "502 with a page": Hostile(sends(ok(b"<html>", status="502 Bad Gateway")), Unreachable, "502"),
    "503 and no reason": Hostile(sends(ok(status="503")), Unreachable, r"\(503\)"),
    "503 packed": Hostile(sends(ok(BOMB, GZIP, status="503 No")), Unreachable, "503"),
    "429": Hostile(sends(ok(status="429 Too Many Requests")), Unreachable, "429 Too Many"),
    "429 for an hour": Hostile(
        sends(ok(b"", "Retry-After: 3600", status="429 No")), Unreachable, r"3600 s \(429", 1
    ),
    "503 until doomsday": Hostile(
        sends(ok(b"", "Retry-After: " + "9" * 400, status="503 No")), Unreachable, "503", 1
    ),
    "a Retry-After that is none": Hostile(
        sends(ok(b"", "Retry-After: Mon, 99 Foo 2026 +99999999999999", status="503 No")),
        Unreachable,
        "503",
    ),
    "a status of 999": Hostile(sends(ok(BODY, status="999 Request Denied")), Unreachable, "999"),
    "a reason with escapes": Hostile(
        sends(ok(status="500 \x1b[31mred\x07")), Unreachable, r"500 \?\[31mred\?"
    ),
    "101": Hostile(sends(ok(status="101 Switching Protocols")), Unreachable, "101"),
    "204": Hostile(sends(ok(status="204 No Content")), Changed, "204 No Content", 1),
    "206 nobody asked for": Hostile(
        sends(ok(BODY, "Content-Range: bytes 0-9/10", status="206 Partial Content")),
        Changed,
        "206",
        1,
    ),
    "304": Hostile(sends(ok(status="304 Not Modified")), Changed, "304", 1),
    "a redirect to nowhere": Hostile(sends(ok(status="302 Found")), Changed, "302", 1),
    "a redirect elsewhere": Hostile(
        sends(ok(b"", "Location: https://sorry.ec.europa.eu/x?y#z", status="302 Found")),
        Unreachable,
        r"\(302 Found\) to https://sorry\.ec\.europa\.eu/x, where",
        1,
    ),
    "a redirect to a file": Hostile(
        sends(ok(b"", "Location: file:///etc/passwd", status="302 Found")), Unreachable, "302", 1
    ),
    "a redirect that is no address": Hostile(
        sends(ok(b"", "Location: http://[::1", status="302 Found")),
        Unreachable,
        r"\(302 Found\) to no web address, where",
        1,
    ),
    "a redirect with two readings": Hostile(
        sends(ok(b"", "Location: http://evil.example\\@127.0.0.1/", status="302 Found")),
        Unreachable,
        "302",
        1,
    ),
    "a redirect in a circle": Hostile(
        sends(ok(b"", "Location: /again", status="301 Moved Permanently")),
        Unreachable,
        "more than 5 redirects",
        MOST_REDIRECTS + 1,
    ),
    "a redirect with an endless body": Hostile(
        lambda: [
            ok(b"", "Location: http://evil.example/", status="302 Found"),
            *[bytes(65536)] * 200,
        ],
        Unreachable,
        "evil.example",
        1,
    ),
    "too large, and says so": Hostile(
        sends(ok(b"", "Content-Length: 100001")), Changed, "ceiling of 100,000 bytes", 1
    ),
    "too large, and absurdly so": Hostile(
        sends(ok(b"", "Content-Length: " + "9" * 100)), Changed, "ceiling of 100,000 bytes", 1
    ),
    "too large, and silent": Hostile(
        sends(ok(bytes(100_001))), Changed, "ceiling of 100,000 bytes", 1
    ),
    "too large in chunks": Hostile(
        sends(ok(chunked(*[bytes(50_000)] * 3), CHUNKED)), Changed, "ceiling of 100,000 bytes", 1
    ),
    "a bomb": Hostile(sends(ok(BOMB, GZIP)), Changed, "ceiling of 100,000 bytes", 1),
    "a 404 that is a bomb": Hostile(
        sends(ok(BOMB, GZIP, status="404 Not Found")), Changed, "404 Not Found has a body larger", 1
    ),
    "an unknown encoding": Hostile(sends(ok(BODY, "Content-Encoding: br")), Changed, "'br'", 1),
    "two encodings": Hostile(sends(ok(BODY, "Content-Encoding: gzip, br")), Changed, "gzip, br", 1),
    "gzip that is none": Hostile(sends(ok(BODY, GZIP)), Unreachable, "200 OK, then a packed body"),
    "gzip cut short": Hostile(
        sends(ok(gzip.compress(BODY)[:-4], GZIP)), Unreachable, "200 OK, then a packed body"
    ),
    "gzip of nothing": Hostile(sends(ok(b"", GZIP)), Unreachable, "packed body"),
    "a short body": Hostile(
        sends(ok(BODY, "Content-Length: 500")), Unreachable, "200 OK, then a body that broke off"
    ),
    "a 404 with a short body": Hostile(
        sends(ok(BODY, "Content-Length: 500", status="404 Not Found")), Unreachable, "404 Not Found"
    ),
    "two lengths": Hostile(
        sends(ok(BODY, "Content-Length: 5", "Content-Length: 6")), Unreachable, "no HTTP"
    ),
    "a length below zero": Hostile(
        sends(ok(BODY, "Content-Length: -5")), Unreachable, "200 OK with a Content-Length that is"
    ),
    "a length of letters": Hostile(
        sends(ok(BODY, "Content-Length: abc")), Unreachable, "200 OK with a Content-Length that is"
    ),
    "a length of 5000 digits": Hostile(
        sends(ok(BODY, "Content-Length: " + "9" * 5000)), Unreachable, "Content-Length that is none"
    ),
    "a reset in the body": Hostile(
        sends(ok(BODY, "Content-Length: 500"), 0.05, None), Unreachable, "broke off|no connection"
    ),
    "a reset in the headers": Hostile(sends(b"HTTP/1.1 200 OK\r\nX", None), Unreachable, "no conn"),
    "a reset at once": Hostile(sends(None), Unreachable, "no connection"),
    "nothing at all": Hostile(sends(), Unreachable, "no connection"),
    "chunks without an end": Hostile(
        sends(ok(chunked(BODY), CHUNKED)), Unreachable, "200 OK, then a body that broke off"
    ),
    "chunks of no size": Hostile(
        sends(ok(b"zz\r\nhello\r\n", CHUNKED)), Unreachable, "a body that broke off"
    ),
    "chunks of negative size": Hostile(
        sends(ok(b"-5\r\nhello\r\n0\r\n\r\n", CHUNKED)), Unreachable, "a body that broke off"
    ),
    "a chunk of size -1, all that comes to http.client": Hostile(
        sends(ok(b"-1\r\n", CHUNKED), BODY, 20.0), Unreachable, "a body that broke off"
    ),
    "chunks within another transfer encoding": Hostile(
        sends(ok(chunked(BODY, b""), "Transfer-Encoding: gzip, chunked")),
        Changed,
        "Transfer-Encoding 'gzip, chunked'",
        1,
    ),
    "garbage": Hostile(sends(b"\x00\xff\xfe garbage\r\n\r\n"), Unreachable, "no HTTP"),
    "a status of letters": Hostile(sends(b"HTTP/1.1 abc OK\r\n\r\n"), Unreachable, "no HTTP"),
    "a status of twelve digits": Hostile(
        sends(b"HTTP/1.1 200200200200 OK\r\n\r\n"), Unreachable, ""
    ),
    "HTTP of another age": Hostile(sends(b"HTTP/9.9 200 OK\r\n\r\n"), Unreachable, "no HTTP"),
    "an endless status line": Hostile(lambda: [b"HTTP/1.1 200 " + b"x" * 200_000], Unreachable, ""),
    "endless headers": Hostile(endless_headers, Unreachable, "no HTTP"),
    "an endless header": Hostile(
        lambda: [b"HTTP/1.1 200 OK\r\nX: ", *[b"x" * 10_000] * 20], Unreachable, "no HTTP"
    ),
    "silence": Hostile(sends(20.0), Unreachable, "not in time"),
    "silence in the headers": Hostile(sends(b"HTTP/1.1 200 OK\r\n", 20.0), Unreachable, "not in t"),
    "silence in the body": Hostile(
        sends(ok(BODY, "Content-Length: 500"), 20.0), Unreachable, "200 OK, then not in time"
    ),
    "a slow drip of the status line": Hostile(
        lambda: [b"HTTP/1.1 200 ", *[b"x", 0.05] * 400], Unreachable, r"\(not in time\)"
    ),
    "a slow drip of headers": Hostile(
        lambda: [b"HTTP/1.1 200 OK\r\nX: ", *[b"x", 0.05] * 400], Unreachable, r"\(not in time\)"
    ),
    "a slow drip of promises": Hostile(
        lambda: [b"HTTP/1.1 100 Continue\r\n\r\n", 0.05] * 400, Unreachable, r"\(not in time\)"
    ),
    "a flood of promises, for which there is no silence": Hostile(
        lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 500), Unreachable, r"\(not in time\)"
    ),
    "a slow drip": Hostile(
        lambda: [ok(b"", "Content-Length: 5000"), *[b"x", 0.05] * 400],
        Unreachable,
        "200 OK, then not in time",
    ),
    "a slow drip without a length": Hostile(
        lambda: [ok(), *[b"x", 0.05] * 400], Unreachable, "200 OK, then not in time"
    ),
    "a slow drip of chunks": Hostile(
        lambda: [ok(b"", CHUNKED), *[chunked(b"x"), 0.05] * 400],
        Unreachable,
        "200 OK, then not in time",
    ),
    "a slow drip within the size of a chunk": Hostile(
        lambda: [ok(b"", CHUNKED), *[b"0", 0.05] * 400], Unreachable, "200 OK, then not in time"
    ),
    "a slow drip of trailers": Hostile(
        lambda: [ok(b"0\r\n", CHUNKED), *[b"X: y\r\n", 0.05] * 400],
        Unreachable,
        "200 OK, then not in time",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_leaves_nothing_behind(name, clock, tmp_path):
    hostile, began = HOSTILE[name], monotonic()
    with raw_server(hostile.script) as server:
        slow = "silence" in name or "drip" in name
        client = client_of(server.host, clock, HASTY if slow else QUICK)
        with pytest.raises(hostile.error) as caught:
            client.get(f"http://{server.host}/a/b/nama_10r_2gdp", tmp_path / "body")
    message = str(caught.value)
    assert type(caught.value) is hostile.error
    assert re.search(hostile.says, message), message
    assert is_one_sentence(message)
    assert server.host in message
    assert list(tmp_path.iterdir()) == []
    assert len(server.requests) == hostile.requests
    assert len(clock.slept) <= QUICK.attempts - 1
    assert all(pause <= QUICK.max_pause for pause in clock.slept)
    assert monotonic() - began < 10  # a server here that has its way holds us for 20 seconds


def test_nobody_listens(clock, tmp_path):
    with raw_server(sends()) as server:
        pass
    with pytest.raises(Unreachable, match="no answer after 3 attempts"):
        client_of(server.host, clock).get(f"http://{server.host}/x", tmp_path / "b")


def test_tls_is_not_given_up(clock, tmp_path):
    with raw_server(sends(ok(BODY))) as server, pytest.raises(Unreachable):
        client_of(server.host, clock, HASTY).get(f"https://{server.host}/x", tmp_path / "b")
    assert server.requests == []
    assert list(tmp_path.iterdir()) == []


# Trying again


def test_trouble_that_passes(clock, tmp_path):
    turns = count()
    answers = [[None], [ok(BODY, "Content-Length: 999")], [ok(BODY)]]
    with raw_server(lambda: answers[next(turns)]) as server:
        answer = client_of(server.host, clock).get(f"http://{server.host}/x", tmp_path / "b")
    assert answer.path.read_bytes() == BODY
    assert len(server.requests) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


def test_pauses_double_with_full_jitter_up_to_the_longest(httpserver, clock, tmp_path):
    httpserver.expect_request("/x").respond_with_data(b"", status=503)
    politeness = QUICK._replace(attempts=7, backoff=2.0, max_pause=20.0)
    dice = random.Random(7)  # noqa: S311
    for factor in (lambda: 0.0, lambda: 1.0, dice.random):
        client = client_of(host_of(httpserver), clock, politeness, random=factor)
        clock.slept.clear()
        with pytest.raises(Unreachable, match="after 7 attempts"):
            client.get(httpserver.url_for("/x"), tmp_path / "b")
        bounds = [2.0, 4.0, 8.0, 16.0, 20.0, 20.0]
        assert all(0 <= p <= bound for p, bound in zip(clock.slept, bounds, strict=True))
        if factor() == 1.0:
            assert clock.slept == bounds


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_the_least_pause(httpserver, clock, tmp_path, status, form):
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=45), usegmt=True)
    asked = "45" if form == "seconds" else at
    httpserver.expect_ordered_request("/x").respond_with_data(
        b"", status=status, headers={"Retry-After": asked}
    )
    httpserver.expect_ordered_request("/x").respond_with_data(BODY)
    client_of(host_of(httpserver), clock).get(httpserver.url_for("/x"), tmp_path / "b")
    (pause,) = clock.slept
    assert 40 <= pause <= 45
    assert form == "date" or pause == 45


def test_a_date_too_far_off_and_one_gone_by(httpserver, clock, tmp_path):
    client = client_of(host_of(httpserver), clock, random=lambda: 0.5)
    for year, requests in ((9999, 1), (2001, 3)):
        httpserver.clear()
        httpserver.expect_request("/x").respond_with_data(
            b"", status=503, headers={"Retry-After": f"Fri, 31 Dec {year} 23:59:59 GMT"}
        )
        with pytest.raises(Unreachable, match="503 SERVICE UNAVAILABLE"):
            client.get(httpserver.url_for("/x"), tmp_path / "b")
        assert len(httpserver.log) == requests
    assert clock.slept == [0.5, 1.0]


def test_the_message_names_what_was_asked_for_and_what_to_do(httpserver, clock, tmp_path):
    httpserver.expect_request(re.compile("/.*")).respond_with_data(b"", status=503)
    url = httpserver.url_for("/api/dissemination/sdmx/2.1/data/NAMA_10R_2GDP?format=TSV")
    with pytest.raises(Unreachable) as caught:
        client_of(host_of(httpserver), clock).get(url, tmp_path / "b")
    assert str(caught.value) == (
        f"{host_of(httpserver)}/…/data/NAMA_10R_2GDP: no answer after 3 attempts "
        "(503 SERVICE UNAVAILABLE); run again later."
    )


# Where it goes


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://known.example/x", True),
        ("https://KNOWN.example:443/x", True),
        ("http://user:pw@known.example/x", True),
        ("http://known.example:8080/x", False),
        ("http://other.example:99/x", True),
        ("http://other.example/x", False),
        ("http://known.example.evil.example/x", False),
        ("http://known.example@evil.example/x", False),
        ("http://evil.example\\@known.example/x", False),
        ("ftp://known.example/x", False),
        ("file:///etc/passwd", False),
        ("known.example/x", False),
        ("http://known.example:99999/x", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_only_declared_hosts_are_asked(url, allowed, clock, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(Client, "_attempt", lambda *_: asked.append(_[1]))
    client = Client({"Known.example", "other.example:99"}, QUICK, sleep=clock.sleep, clock=clock)
    if allowed:
        client.get(url, tmp_path / "b")
        assert len(asked) == 1
    else:
        with pytest.raises(Refused, match="not at a declared host") as caught:
            client.get(url, tmp_path / "b")
        assert is_one_sentence(str(caught.value))
        assert asked == []


def test_redirects_within_the_declared_hosts_are_followed(httpserver, clock, tmp_path):
    for step in range(MOST_REDIRECTS):
        target = f"/{step + 1}" if step % 2 else httpserver.url_for(f"/{step + 1}?q=1")
        httpserver.expect_request(f"/{step}").respond_with_data(
            b"moved", status=(301, 302, 303, 307, 308)[step], headers={"Location": target}
        )
    httpserver.expect_request(f"/{MOST_REDIRECTS}").respond_with_data(BODY)
    answer = client_of(host_of(httpserver), clock).get(httpserver.url_for("/0"), tmp_path / "b")
    assert answer.url == httpserver.url_for(f"/{MOST_REDIRECTS}")
    assert answer.path.read_bytes() == BODY


def test_a_redirect_does_not_leave_tls(clock, tmp_path, monkeypatch):
    from requests import Response, Session

    moved = Response()
    moved.status_code, moved.reason = 301, "Moved"
    moved.headers["Location"] = "http://known.example/x"
    monkeypatch.setattr(Response, "close", lambda _: None)
    monkeypatch.setattr(Session, "get", lambda *_, **__: moved)
    client = Client({"known.example"}, QUICK, sleep=clock.sleep, clock=clock)
    with pytest.raises(Unreachable, match=r"to http://known\.example/x, where we do not go"):
        client.get("https://known.example/x", tmp_path / "b")


@pytest.mark.parametrize("proxies", [{}, {"http": "http://p:1", "https": "http://p:1"}])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_connection_has_a_deadline(scheme, proxies):
    with Session(seconds=7.0) as session:
        asked = session.prepare_request(Request("GET", f"{scheme}://known.example/x"))
        adapter = session.get_adapter(asked.url)
        pool = adapter.get_connection_with_tls_context(asked, verify=True, proxies=proxies)
        connection = pool._new_conn()
    assert isinstance(connection, Connection)
    assert connection.response_class.keywords == {"seconds": 7.0}


def test_connections_are_kept(clock, tmp_path):
    """Four bodies, an error among them, over one connection."""
    peers = []

    class Keeping(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer and keep the connection."""
            peers.append(self.client_address)
            self.send_response(404 if self.path == "/no" else 200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)

        def log_message(self, *_: object) -> None:
            """Be silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Keeping) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"
        client = client_of(host, clock, QUICK)
        for path in ("a", "no", "b", "c"):
            client.get(f"http://{host}/{path}", tmp_path / "b")
        client._session.close()
        server.shutdown()
    assert len(peers) == 4
    assert len(set(peers)) == 1


# Credentials


def test_credentials_are_nowhere_to_be_seen(httpserver, clock, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    client = client_of(f"me:{SECRET}@{host_of(httpserver)}", clock)
    url = f"http://me:{SECRET}@{host_of(httpserver)}/x"
    httpserver.expect_ordered_request("/x").respond_with_data(BODY)
    answer = client.get(url, tmp_path / "b")
    assert answer.url == httpserver.url_for("/x")
    httpserver.clear()
    httpserver.expect_request("/x").respond_with_data(b"", status=503)
    messages = []
    elsewhere = f"http://me:{SECRET}@elsewhere.example/x"
    for bad in (url, elsewhere, f"gopher://me:{SECRET}@x", f"http://me:{SECRET}@[::1"):
        with pytest.raises((Unreachable, Refused)) as caught:
            client.get(bad, tmp_path / "b")
        messages.append(str(caught.value))
    httpserver.clear()
    httpserver.expect_request("/x").respond_with_data(
        b"", status=302, headers={"Location": elsewhere}
    )
    with pytest.raises(Unreachable, match="elsewhere") as caught:
        client.get(url, tmp_path / "b")
    messages.append(str(caught.value))
    assert SECRET not in "".join(messages)
    assert SECRET not in caplog.text


def test_credentials_go_to_their_own_address_and_netrc_is_not_read(
    httpserver, clock, tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {httpserver.host} login me password {SECRET}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    httpserver.expect_request("/moved").respond_with_data(
        b"", status=302, headers={"Location": httpserver.url_for("/x")}
    )
    httpserver.expect_request("/x").respond_with_data(BODY)
    client = client_of(host_of(httpserver), clock)
    client.get(httpserver.url_for("/x"), tmp_path / "b")
    client.get(f"http://me:{SECRET}@{host_of(httpserver)}/moved", tmp_path / "b")
    given = [request.authorization for request, _ in httpserver.log]
    assert given[0] is None
    assert given[1].password == SECRET
    assert given[2] is None


def test_a_proxy_of_the_environment_is_used(httpserver, clock, tmp_path, monkeypatch):
    httpserver.expect_request("/x").respond_with_data(BODY)
    monkeypatch.setenv("http_proxy", httpserver.url_for("/"))
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    answer = client_of("eurostat.example", clock).get("http://eurostat.example/x", tmp_path / "b")
    assert answer.path.read_bytes() == BODY
    assert httpserver.log[0][0].headers["Host"] == "eurostat.example"


# The throttle


def test_no_window_has_more_than_burst_and_rate_allow(clock):
    politeness = Politeness(rate=5.0, burst=10)
    client = client_of("x", clock, politeness)
    dice, taken = random.Random(1), []  # noqa: S311
    for _ in range(300):
        client.wait()
        taken.append(clock.now)
        if dice.random() < 0.1:
            clock.now += dice.random() * 4
    for first in range(0, 300, 7):
        for last in range(first, 300):
            allowed = politeness.burst + politeness.rate * (taken[last] - taken[first])
            assert last - first + 1 <= allowed + 1e-6


def test_a_burst_goes_at_once_and_then_the_rate_counts(clock):
    client = client_of("x", clock, Politeness(rate=4.0, burst=60))
    for _ in range(64):
        client.wait()
    assert clock.slept == [0.25] * 4
    clock.now += 1000
    for _ in range(60):
        client.wait()
    assert len(clock.slept) == 4


def test_four_threads_share_the_bucket(httpserver, tmp_path):
    """With a clock that stands still each turn is 1/rate after the one before, whoever asks."""
    httpserver.expect_request("/x").respond_with_data(BODY)
    slept: list[float] = []
    politeness = Politeness(rate=2.0, burst=4)
    client = Client({host_of(httpserver)}, politeness, sleep=slept.append, clock=lambda: 0.0)
    sessions = set()

    def fetch(number: int) -> None:
        client.get(httpserver.url_for("/x"), tmp_path / str(number))
        sessions.add(id(client._session))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fetch, range(24)))
    assert len(httpserver.log) == 24
    assert len(slept) == 20
    assert all(b - a == pytest.approx(0.5) for a, b in pairwise(sorted(slept)))
    assert 1 <= len(sessions) <= 4
    assert {p.read_bytes() for p in tmp_path.iterdir()} == {BODY}


def test_attempts_and_redirects_take_tokens_too(httpserver, clock, tmp_path):
    httpserver.expect_request("/moved").respond_with_data(
        b"", status=302, headers={"Location": "/x"}
    )
    httpserver.expect_request("/x").respond_with_data(b"", status=503)
    politeness = QUICK._replace(rate=0.001, burst=6)
    client = client_of(host_of(httpserver), clock, politeness, random=lambda: 0.0)
    with pytest.raises(Unreachable):
        client.get(httpserver.url_for("/moved"), tmp_path / "b")
    assert set(clock.slept) == {0.0}
    client.wait()
    assert clock.slept[-1] == pytest.approx(1000)
