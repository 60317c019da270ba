"""A server of raw bytes on loopback, for answers that no proper server gives."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator

Script = Callable[[], Iterable[bytes | float | None]]
"""Makes the parts of one answer: bytes to send, seconds to wait, or None for a reset."""


class RawServer:
    """Answers each connection with one script, then closes it.

    Attributes:
        script: What is answered.
        host: Where it listens, as ``host:port``.
        requests: Heads of the requests, in order.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self._over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Stop answering, and wait until nothing runs any more."""
        self._over.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(5)

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._answer, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                received = connection.recv(65536)
                if not received:
                    return
                head += received
            self.requests.append(head)
            for part in self.script():
                if self._over.is_set():
                    return
                if part is None:
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return
                if isinstance(part, float):
                    self._over.wait(part)
                else:
                    connection.sendall(part)
            # Closed with bytes unread a socket resets; the client is to see an orderly end.
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(1)
            with contextlib.suppress(TimeoutError):
                connection.recv(1)


@contextlib.contextmanager
def raw_server(script: Script) -> Iterator[RawServer]:
    """Run a server for the time of a block."""
    server = RawServer(script)
    try:
        yield server
    finally:
        server.close()
