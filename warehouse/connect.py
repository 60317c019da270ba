"""Opening the warehouse: DuckDB by copy and rename, PostgreSQL by a transaction.

Which rows go where is decided elsewhere; this module knows the two engines and nothing of the
tables but how to load one in bulk.
"""

import fcntl
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import csv
from sqlalchemy import (
    Connection,
    Engine,
    NullPool,
    Table,
    create_engine,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError

from s3etl.errors import CatalogueError, Conflict, Refused, Unreachable
from warehouse import tables

ADVISORY_LOCK = 53335  # any number, the same for every publisher


def _file(url: str) -> Path:
    database = make_url(url).database
    if not database or database == ":memory:":
        raise CatalogueError("S3ETL_WAREHOUSE: a DuckDB warehouse needs a file, not memory.")
    return Path(database)


def _is_duckdb(url: str) -> bool:
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        raise CatalogueError(
            "S3ETL_WAREHOUSE: expected an address such as duckdb:///file.duckdb or "
            "postgresql+psycopg://user@host/database, found something else."
        ) from None
    if backend not in {"duckdb", "postgresql"}:
        raise CatalogueError(
            f"S3ETL_WAREHOUSE: expected a duckdb or postgresql address, found {backend}."
        )
    return backend == "duckdb"


def place(url: str) -> str:
    """Return where the warehouse is, for people; a password is not shown."""
    return str(_file(url)) if _is_duckdb(url) else make_url(url).render_as_string()


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Let one publisher at a time work on a DuckDB file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(engine: Engine, url: str) -> Iterator[Connection]:
    """Connect, or say in one sentence that the warehouse cannot be reached."""
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise Unreachable(
            f"warehouse {place(url)}: it cannot be opened ({first_line(error)}); "
            "see that it is there and not in use, and try again."
        ) from None
    with connection:
        yield connection


def first_line(error: DBAPIError) -> str:
    """Return the first line of what the database said."""
    return str(error.orig).strip().splitlines()[0].rstrip(".!")


@contextmanager
def writing(url: str) -> Iterator[Connection]:
    """Yield a connection whose work appears whole or not at all.

    On DuckDB the work is done in a copy that is renamed over the file, so that an analyst who
    has the file open neither blocks nor breaks: the open connection goes on reading the old
    file. On PostgreSQL it is one transaction under an advisory lock.

    Args:
        url: SQLAlchemy URL.

    Raises:
        Conflict: Somebody has the DuckDB file open for writing.
        Unreachable: PostgreSQL cannot be reached.
    """
    if not _is_duckdb(url):
        engine = create_engine(url, poolclass=NullPool)
        with _opened(engine, url) as connection, connection.begin():
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
            _create(connection)
            yield connection
        return
    path = _file(url)
    with _lock(path):
        _refuse_if_written_to(path)
        copy = path.with_name(f".{path.name}.new")
        copy.unlink(missing_ok=True)
        copy.with_name(copy.name + ".wal").unlink(missing_ok=True)
        try:
            if path.exists():
                shutil.copyfile(path, copy)
            engine = create_engine(f"duckdb:///{copy}", poolclass=NullPool)
            with engine.begin() as connection:
                _create(connection)
                yield connection
            with engine.connect() as connection:
                connection.execute(text("CHECKPOINT"))
            engine.dispose()
            with copy.open("rb") as file:
                os.fsync(file.fileno())
            copy.replace(path)
        finally:
            copy.unlink(missing_ok=True)
            copy.with_name(copy.name + ".wal").unlink(missing_ok=True)


def _refuse_if_written_to(path: Path) -> None:
    """Refuse to replace a file that somebody else writes to: their work would be lost."""
    busy = path.with_name(path.name + ".wal").exists()
    if path.exists() and not busy:
        try:  # DuckDB itself refuses a reader beside a writer
            duckdb.connect(str(path), read_only=True).close()
        except duckdb.Error:
            busy = True
    if busy:
        raise Conflict(
            f"{path}: somebody has it open for writing, or it is damaged; close that and try again."
        )


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """Yield a connection that can read and cannot write.

    Raises:
        Refused: There is no warehouse yet.
        Unreachable: It cannot be opened now.
    """
    embedded = _is_duckdb(url)
    if embedded and not _file(url).exists():
        raise Refused(
            f"{_file(url)}: no warehouse yet; publish a first release with s3etl run --publish."
        )
    options: dict[str, Any] = {"read_only": True}
    if not embedded:
        # A prepared statement stands alone: no second one can follow and undo the first option.
        options = {"options": "-c default_transaction_read_only=on", "prepare_threshold": 0}
    engine = create_engine(url, poolclass=NullPool, connect_args=options)
    with _opened(engine, url) as connection:
        if embedded:  # nor may a query write other files
            connection.execute(text("SET enable_external_access = false"))
        if not inspect(connection).has_table(tables.release.name):
            raise Refused("the warehouse is empty; publish a release with s3etl run --publish.")
        yield connection


def _create(connection: Connection) -> None:
    tables.metadata.create_all(connection)
    if _add_columns(connection):
        connection.execute(text(f"DROP VIEW IF EXISTS {tables.LATEST}"))
    query = tables.latest_query.compile(connection, compile_kwargs={"literal_binds": True})
    if tables.LATEST not in inspect(connection).get_view_names():
        connection.execute(text(f"CREATE VIEW {tables.LATEST} AS {query}"))


def _add_columns(connection: Connection) -> bool:
    """Add the columns that a warehouse of an earlier version lacks; its rows have none in them."""
    inspector = inspect(connection)
    added = False
    for table in tables.metadata.sorted_tables:
        present = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.c:
            if column.name not in present:
                kind = column.type.compile(connection.dialect)
                # Both names are ours, from the declared tables.
                connection.execute(
                    text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}")
                )
                added = True
    return added


def load(connection: Connection, table: Table, rows: pa.Table) -> None:
    """Insert rows in bulk: Arrow on DuckDB, COPY on PostgreSQL; never row by row.

    Args:
        connection: From :func:`writing`.
        table: The table.
        rows: Its rows; columns are matched by name.
    """
    if not rows.num_rows:
        return
    plain = [f.with_type(pa.string()) if pa.types.is_dictionary(f.type) else f for f in rows.schema]
    rows = rows.cast(pa.schema(plain))
    names = ", ".join(rows.column_names)
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "duckdb":
        raw = getattr(driver, "c", driver)  # duckdb-sqlalchemy wraps the connection
        raw.register("incoming", rows)
        connection.execute(
            text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM incoming")  # noqa: S608
        )
        raw.unregister("incoming")
        return
    buffer = io.BytesIO()
    csv.write_csv(rows, buffer, csv.WriteOptions(include_header=False))
    statement = f"COPY {table.name} ({names}) FROM STDIN (FORMAT csv)"
    with driver.cursor().copy(statement) as copy:
        copy.write(buffer.getbuffer())
