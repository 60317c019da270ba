"""Dagster's own log in SQLite: kept whole, and not waited for at every event.

Nothing of the subject is in that log: what a run has done stands in the stores, which wait for the
disk themselves.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from threading import Lock
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


@contextmanager
def unhurried() -> Iterator[None]:
    """Let the disk take its time with Dagster's databases while this is open.

    Dagster opens and closes a connection for each of some thousand events of a run, and SQLite
    waits for the disk at every commit and once more when the last connection closes. With a
    write-ahead log the files are whole without that; a power cut takes the last events at most.
    """
    lock, kept = Lock(), set[str]()
    with ExitStack() as stack:

        def connected(connection: Any, _: Any) -> None:
            if not isinstance(connection, sqlite3.Connection):
                return
            connection.execute("PRAGMA synchronous = NORMAL")
            file = connection.execute("PRAGMA database_list").fetchone()[2]
            with lock:
                if file and file not in kept:
                    kept.add(file)
                    other = sqlite3.connect(file, check_same_thread=False)
                    stack.enter_context(closing(other))
                    other.execute("SELECT count(*) FROM sqlite_master").fetchone()

        event.listen(Engine, "connect", connected)
        stack.callback(event.remove, Engine, "connect", connected)
        yield
