"""Connections of which each answer has its deadline, and a session that follows nothing.

A drip of header lines or an endless head is bounded here, below what ``requests`` can see. When
to ask and how often is for :mod:`sources.http`.
"""

import http.client
import io
import socket
import time
from functools import partial
from importlib.metadata import version
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.connection import HTTPConnection, HTTPSConnection

CHUNK: Final = 1 << 16
"""Bytes that are read at once."""
PORTS: Final = {"http": 80, "https": 443}


class _Wire(io.RawIOBase):
    """What comes in over a connection, until a deadline, which no drip or flood puts off."""

    def __init__(self, raw: io.RawIOBase, seconds: float) -> None:
        super().__init__()
        self._raw, self._until = raw, time.monotonic() + seconds

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, or wait for it."""
        if time.monotonic() > self._until:
            raise TimeoutError
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the connection."""
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer that is there in time, head and body, or fails."""

    def __init__(self, sock: socket.socket, *args: Any, seconds: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Wire(self.fp.detach(), seconds), CHUNK)

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:  # http.client would read without end
            raise ValueError
        return size


class Connection(HTTPConnection):
    """A connection whose answers have a deadline."""

    def __init__(self, *args: Any, seconds: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.response_class = partial(_Response, seconds=seconds)  # type: ignore[assignment]


class _SecureConnection(Connection, HTTPSConnection):
    """The same over TLS."""


class _Adapter(HTTPAdapter):
    """Connects, directly or through a proxy, so that each answer has its deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool of a host."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        ours = {HTTPConnection: Connection, HTTPSConnection: _SecureConnection}
        if pool.ConnectionCls in ours:
            pool.ConnectionCls = ours[pool.ConnectionCls]
            pool.conn_kw["seconds"] = self._seconds
        return pool


class Session(requests.Session):
    """A session that follows no redirect and sends no credentials from a netrc file."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        for scheme in PORTS:
            self.mount(f"{scheme}://", _Adapter(seconds))
        self.auth = _credentials
        self.headers["User-Agent"] = (
            f"s3etl/{version('s3etl')} (+smart specialisation benchmark pipeline)"
        )
        self.headers["Accept-Encoding"] = "identity"  # bytes are kept as they are served

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        """Hide redirects: requests would read their bodies, however large, into memory."""
        return


def _credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send the credentials of the address itself, if it has some, and none of a netrc file."""
    user, password = requests.utils.get_auth_from_url(request.url or "")
    return HTTPBasicAuth(user, password)(request) if user else request
