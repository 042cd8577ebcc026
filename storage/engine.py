"""The database, whichever it is: one writer at a time, readers on a consistent snapshot.

Owns connections, transactions and the revision of the schema, and is the only module that knows whether it
speaks to SQLite or PostgreSQL. Knows nothing of what the tables mean, nor of the time of day.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from storage import migrations

__all__ = ["BUSY_TIMEOUT_SECONDS", "Books", "BooksUnavailable", "Session"]  # no sqlmodel in services

BUSY_TIMEOUT_SECONDS: Final = 10
"""How long a writer waits for its turn before it gives up with `BooksUnavailable`."""

_WRITER_LOCK: Final = 0x5055_5253_4552
"""The PostgreSQL advisory lock every writer holds: the letters of PURSER."""

_POSTGRES_DRIVERS: Final = frozenset({"postgres", "postgresql", "postgresql+psycopg"})
_SQLITE_DRIVERS: Final = frozenset({"sqlite", "sqlite+pysqlite"})

# SQLite's own codes for "not now" or "not on this disk", as opposed to "not like that": https://sqlite.org/rescode.html
_SQLITE_UNAVAILABLE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOMEM,
    }
)
# SQLSTATE classes: connection, rolled back, resources, not in state, operator intervention, system.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES_UNAVAILABLE: Final = ("08", "40", "53", "55", "57", "58")


class BooksUnavailable(Exception):
    """The database could not be used just now; trying again later is right.

    Nothing was changed, unless `maybe_committed`: then the connection was lost during the commit itself, and
    only looking (or repeating under the same idempotency key) tells.
    """

    def __init__(self, why: str, *, maybe_committed: bool = False) -> None:
        super().__init__(why)
        self.maybe_committed = maybe_committed


class Books:
    """The books in one database.

    `url` is `sqlite:///FILE`, or `postgresql://...` (`postgres://` as well). Raises `ValueError` for any
    other, without repeating the URL, which may hold a password.
    """

    def __init__(self, url: str, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        self._busy_timeout_seconds = busy_timeout_seconds
        parsed = _parse(url)
        self._is_sqlite = parsed.drivername in _SQLITE_DRIVERS
        self._engine = (_sqlite if self._is_sqlite else _postgres)(parsed, busy_timeout_seconds)
        self._writing, self._reading = _views(self._engine, is_sqlite=self._is_sqlite)
        # Writers of this process queue here, so that a crowd of them holds one connection and not all.
        self._turn = threading.Lock()
        self._turn_of: int | None = None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Write: the only way. One writer at a time, over all threads, processes and replicas.

        Commits at the end of the block and not before, rolls back on an exception. Raises `BooksUnavailable`
        when the turn does not come in time or the database is away, and `RuntimeError` when this thread has a
        transaction open already.
        """
        with self._turn_taken(), self._session(self._writing) as session, session.begin() as transaction:
            self._lock_out_others(session.connection())
            yield session
            session.flush()
            # From here on a lost connection leaves it open whether the server committed.
            with _translated(committing=not self._is_sqlite):
                transaction.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read one snapshot, taken at the first read, however long it takes. Writing in it raises `DBAPIError`."""
        with self._session(self._reading) as session:
            yield session

    def ping(self) -> None:
        """Raise `BooksUnavailable` unless the database answers."""
        with self.reading() as session:
            session.connection().execute(text("SELECT 1"))

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    def revision(self) -> str | None:
        """The schema revision the database is at; none in an empty one."""
        with self.reading() as session:
            return migrations.current(session.connection())

    def head(self) -> str:
        """The schema revision this code needs."""
        return migrations.head()

    def migrate(self) -> None:
        """Bring the schema to `head`, in one transaction; a second replica waits and finds nothing to do.

        Raises `migrations.BooksAhead` when the database is newer than the code.
        """
        with self._turn_taken(), _translated(), self._writing.connect() as connection:
            if self._is_sqlite:
                # Rebuilding a table, SQLite's way to alter one, would trip over keys that point at it.
                # The pragma is void within a transaction, so it goes past SQLAlchemy, which opens one.
                _raw(connection).execute("PRAGMA foreign_keys = OFF")
            try:
                with connection.begin():
                    self._lock_out_others(connection, patience_seconds=120)
                    migrations.upgrade(connection)
                    if self._is_sqlite and connection.execute(text("PRAGMA foreign_key_check")).first():
                        raise RuntimeError("a migration left rows that point at nothing; it was rolled back")
            finally:
                if self._is_sqlite:
                    _raw(connection).execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        # What is not committed when the session closes is rolled back.
        with _translated(), Session(engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def _turn_taken(self) -> Iterator[None]:
        me = threading.get_ident()
        if self._turn_of == me:
            raise RuntimeError("a transaction is already open in this thread")
        if not self._turn.acquire(timeout=self._busy_timeout_seconds):
            raise BooksUnavailable("another writer held the books for too long")
        self._turn_of = me
        try:
            yield
        finally:
            self._turn_of = None
            self._turn.release()

    def _lock_out_others(self, connection: Connection, patience_seconds: float | None = None) -> None:
        """Wait for writers elsewhere. SQLite has done so at BEGIN IMMEDIATE."""
        if self._is_sqlite:
            return
        if patience_seconds is not None:
            limits = {"lock": f"{int(patience_seconds)}s", "statement": "0"}
            for name, limit in limits.items():
                connection.execute(
                    text("SELECT set_config(:name, :limit, true)"),
                    {"name": f"{name}_timeout", "limit": limit},
                )
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITER_LOCK})


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except SQLAlchemyError:
        parsed = None
    if parsed is not None and parsed.drivername in _POSTGRES_DRIVERS:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed is None or parsed.drivername not in _SQLITE_DRIVERS:
        raise ValueError("a database URL starts with sqlite:/// or postgresql://")
    if parsed.database in {None, "", ":memory:"}:
        raise ValueError("the books need a file: sqlite:///purser.db")
    return parsed


def _sqlite(url: URL, busy_timeout_seconds: float) -> Engine:
    # As many connections as there are threads: a reader in WAL mode never waits, and one costs little.
    engine = create_engine(
        url,
        pool_size=5,
        max_overflow=60,
        pool_timeout=busy_timeout_seconds,
        hide_parameters=True,
        connect_args={"timeout": busy_timeout_seconds},
    )

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # `begin` below says BEGIN; the driver must not
        _enter_wal(connection, attempts=int(busy_timeout_seconds / 0.05) + 1)
        for pragma in (
            "synchronous = FULL",  # in WAL mode NORMAL may lose the last commits when the power fails
            "foreign_keys = ON",
            "recursive_triggers = ON",  # without it INSERT OR REPLACE goes past the ledger's triggers
            "trusted_schema = OFF",
            "journal_size_limit = 67108864",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("purser_reads", False)
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _enter_wal(connection: sqlite3.Connection, attempts: int) -> None:
    """Switch the file to WAL. When two processes do so together, SQLite answers "locked" without waiting."""
    for attempt in range(attempts):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or attempt == attempts - 1:
                raise
            threading.Event().wait(0.05)
        else:
            return


def _postgres(url: URL, busy_timeout_seconds: float) -> Engine:
    settings = {
        "timezone": "UTC",
        "statement_timeout": "30s",
        "lock_timeout": f"{int(busy_timeout_seconds * 1000)}ms",
        "idle_in_transaction_session_timeout": "60s",
        # Compiling a sum over ten thousand keys takes a hundred times as long as making it.
        "jit": "off",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    asked = url.query.get("options")
    if isinstance(asked, str):
        options = f"{options} {asked}"  # what the URL says comes later and wins
    defaults = {
        "options": options,
        "application_name": "purser",
        "connect_timeout": "5",
        "keepalives_idle": "30",
        "tcp_user_timeout": "30000",  # ms; a server that vanished is noticed before the statement timeout
    }
    arguments = {name: value for name, value in defaults.items() if name == "options" or name not in url.query}
    # One connection of these writes, the rest read. Two replicas stay well below a server's usual 100.
    return create_engine(
        url.difference_update_query(["options"]),
        pool_size=5,
        max_overflow=15,
        pool_timeout=busy_timeout_seconds,
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args=arguments,
    )


def _views(engine: Engine, *, is_sqlite: bool) -> tuple[Engine, Engine]:
    """The same pool, once for writing and once for reading."""
    if is_sqlite:
        return engine, engine.execution_options(purser_reads=True)
    # A writer must see what the one before it committed: a snapshot per statement, so after the lock.
    return (
        engine.execution_options(isolation_level="READ COMMITTED"),
        engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True),
    )


def _raw(connection: Connection) -> Any:  # noqa: ANN401 - whatever the driver's connection is
    return connection.connection.driver_connection


@contextmanager
def _translated(*, committing: bool = False) -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise BooksUnavailable("every connection to the database is taken") from error
    except DBAPIError as error:
        if not _is_unavailable(error):
            raise
        why = str(error.orig).strip().partition("\n")[0]
        raise BooksUnavailable(why or "the database is away", maybe_committed=committing) from error


def _is_unavailable(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        code: int = getattr(error.orig, "sqlite_errorcode", 0)
        return code & 0xFF in _SQLITE_UNAVAILABLE
    sqlstate: str | None = getattr(error.orig, "sqlstate", None)
    if sqlstate is None:
        # The server was not reached at all, or hung up in mid-sentence.
        return type(error.orig).__name__ == "OperationalError"
    return sqlstate.startswith(_POSTGRES_UNAVAILABLE) or sqlstate == "25P03"
