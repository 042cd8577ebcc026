"""One writer at a time, snapshots for readers, and honest words when the database is away."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InvalidRequestError, StatementError

from storage import ledger, tables
from storage.engine import Books, BooksUnavailable
from tests.storage.kit import NOON, at_once, entry, is_sqlite, roll_back, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlmodel import Session


@contextlib.contextmanager
def other_process_writing(books: Books, url: str) -> Iterator[None]:
    """Someone else, who shares nothing with us but the database, holds the writer's turn."""
    other = Books(url)
    with other.transaction() as session:
        session.connection().execute(text("SELECT 1"))
        yield
    other.close()


def count(session: Session) -> int:
    return len(ledger.entries(session))


def test_a_writer_waits_for_the_other_then_proceeds(books: Books, database_url: str) -> None:
    order: list[str] = []
    other_has_it = threading.Event()

    def other() -> None:
        with other_process_writing(books, database_url):
            other_has_it.set()
            threading.Event().wait(0.3)
            order.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    assert other_has_it.wait(5)
    with books.transaction():
        order.append("ours")
    thread.join()
    assert order == ["other", "ours"]


def test_a_writer_sees_what_the_one_before_committed(database_url: str, books: Books) -> None:
    """Ten read-modify-writes from four replicas each: no update is lost."""
    replicas = [Books(database_url) for _ in range(4)]

    def append_ten(number: int) -> None:
        for turn in range(10):
            with replicas[number].transaction() as session:
                ledger.append(session, entry(f"{number}:{turn}", amount_micros=count(session)))

    at_once(4, append_ten)
    with books.reading() as session:
        assert [row.amount_micros for row in ledger.entries(session)] == list(range(40))
        assert ledger.verify(session).ok
    for replica in replicas:
        replica.close()


def test_a_lock_held_too_long_is_told_and_nothing_is_changed(books: Books, database_url: str) -> None:
    impatient = Books(database_url, busy_timeout_seconds=0.2)
    with (
        other_process_writing(books, database_url),
        pytest.raises(BooksUnavailable) as caught,
        impatient.transaction() as session,
    ):
        ledger.append(session, entry("1"))
    assert not caught.value.maybe_committed
    with impatient.transaction() as session:
        assert ledger.append(session, entry("1")) == 1, "and afterwards all is well"
    impatient.close()


def test_a_crowd_of_writers_in_one_process_is_told_too(database_url: str, books: Books) -> None:
    impatient = Books(database_url, busy_timeout_seconds=0.2)
    thread_has_it, done = threading.Event(), threading.Event()

    def hold() -> None:
        with impatient.transaction():
            thread_has_it.set()
            done.wait(5)

    thread = threading.Thread(target=hold)
    thread.start()
    thread_has_it.wait(5)
    with pytest.raises(BooksUnavailable, match="another writer"), impatient.transaction():
        pass
    done.set()
    thread.join()
    impatient.close()


def test_readers_are_never_held_up_by_writers(books: Books, database_url: str) -> None:
    reader = Books(database_url)
    with books.transaction() as session:
        ledger.append(session, entry("1"))
        with reader.reading() as other:
            assert count(other) == 0, "not committed, not seen"
    reader.close()


def test_a_reader_keeps_its_snapshot(books: Books, database_url: str) -> None:
    writer = Books(database_url)
    with books.reading() as session:
        with writer.transaction() as other:
            ledger.append(other, entry("1"))
        assert count(session) == 1, "the snapshot is of the first read"
        with writer.transaction() as other:
            ledger.append(other, entry("2"))
        assert count(session) == 1
    with books.reading() as session:
        assert count(session) == 2
    writer.close()


def test_forty_threads_read_while_forty_write(books: Books) -> None:
    def work(number: int) -> bool:
        if number % 2:
            with books.transaction() as session:
                ledger.append(session, entry(str(number)))
        with books.reading() as session:
            return ledger.verify(session).ok

    assert all(at_once(80, work))


def test_a_transaction_within_a_transaction_is_a_mistake_and_told(books: Books) -> None:
    with books.transaction() as session:
        ledger.append(session, entry("1"))
        with pytest.raises(RuntimeError, match="already open in this thread"), books.transaction():
            pass
    with books.reading() as session:
        assert count(session) == 1


def test_nothing_can_commit_before_the_end(books: Books) -> None:
    def commit_early(session: Session) -> None:
        ledger.append(session, entry("1"))
        session.commit()
        ledger.append(session, entry("2"))

    with pytest.raises(InvalidRequestError), books.transaction() as session:
        commit_early(session)


def test_after_a_failure_the_turn_is_free_again(books: Books) -> None:
    for _ in range(100):  # more often than there are connections
        roll_back(books, lambda session: ledger.append(session, entry("1")))
    with books.transaction() as session:
        assert ledger.append(session, entry("1")) == 1


def test_rows_that_point_at_nothing_are_refused(books: Books) -> None:
    with pytest.raises(IntegrityError), books.transaction() as session:
        session.add(tables.MembershipRow(team_id="nowhere", member_id="U", role="member", changed_at=NOON))


def test_a_naive_time_is_refused(books: Books) -> None:
    with pytest.raises(StatementError, match="naive"), books.transaction() as session:
        session.add(tables.SeenRow(key="k", at=NOON.replace(tzinfo=None)))


def test_an_error_names_no_values(books: Books) -> None:
    """What is in a row may be private; a traceback ends up in logs."""
    run(books, "INSERT INTO seen (key, at) VALUES ('k', '2026-11-20 12:00:00')")
    with pytest.raises(IntegrityError) as caught, books.transaction() as session:
        session.add(tables.SeenRow(key="k", at=NOON))
    assert "2026" not in str(caught.value)


def test_sqlite_survives_a_power_cut_and_guards_its_rows(books: Books) -> None:
    if not is_sqlite(books):
        pytest.skip("SQLite's own")
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}
    for way in (books.transaction, books.reading):
        with way() as session:
            for pragma, value in wanted.items():
                assert session.connection().exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_postgresql_speaks_utc_and_waits_for_nothing_forever(books: Books) -> None:
    if is_sqlite(books):
        pytest.skip("PostgreSQL's own")
    with books.transaction() as session:
        shown = {
            name: session.connection().exec_driver_sql(f"SHOW {name}").scalar()
            for name in (
                "timezone",
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
            )
        }
    assert shown == {
        "timezone": "UTC",
        "statement_timeout": "30s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "1min",
    }


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_a_postgresql_url_works(postgres_url: str, scheme: str) -> None:
    url = scheme + postgres_url.removeprefix("postgresql+psycopg")
    books = Books(url + "?application_name=mine&options=-c%20statement_timeout%3D7s")
    with books.reading() as session:
        assert session.connection().exec_driver_sql("SHOW statement_timeout").scalar() == "7s"
        assert session.connection().exec_driver_sql("SHOW application_name").scalar() == "mine"
        assert session.connection().exec_driver_sql("SHOW timezone").scalar() == "UTC"
    books.close()


@pytest.mark.parametrize(
    "url",
    ["mysql://root:hunter2@db/books", "postgresql+asyncpg://u:hunter2@db/books", "hunter2", "", "sqlite://",
     "sqlite:///:memory:"],
)  # fmt: skip
def test_a_url_that_cannot_work_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///") as caught:
        Books(url)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    books = Books(f"sqlite:///{tmp_path}/no/such/folder/purser.db")
    with pytest.raises(BooksUnavailable, match="unable to open"):
        books.ping()


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    books = Books("postgresql://purser:hunter2@127.0.0.1:1/books")
    with pytest.raises(BooksUnavailable) as caught:
        books.ping()
    assert "hunter2" not in str(caught.value)
    assert not caught.value.maybe_committed


def test_a_wrong_statement_is_a_bug_and_not_an_outage(books: Books) -> None:
    with pytest.raises(Exception, match="no_such_table") as caught, books.reading() as session:
        session.connection().execute(text("SELECT * FROM no_such_table"))
    assert not isinstance(caught.value, BooksUnavailable)


def test_ping_answers(books: Books) -> None:
    books.ping()


# --- the server goes away and comes back ---


def end_sessions(url: str) -> int:
    """What a restart of the server does to everyone connected to this database."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(ended.fetchall())


@pytest.fixture
def server_books(postgres_url: str) -> Iterator[Books]:
    opened = Books(postgres_url)
    opened.migrate()
    yield opened
    opened.close()


def test_idle_connections_are_replaced_after_a_restart(server_books: Books, postgres_url: str) -> None:
    at_once(4, lambda _: server_books.ping())
    assert end_sessions(postgres_url) >= 1
    with server_books.transaction() as session:
        assert ledger.append(session, entry("1")) == 1
    at_once(4, lambda _: server_books.ping())


def test_a_transaction_cut_off_in_the_middle_is_undone_and_told(server_books: Books, postgres_url: str) -> None:
    def cut_off() -> None:
        with server_books.transaction() as session:
            ledger.append(session, entry("1"))
            end_sessions(postgres_url)
            ledger.append(session, entry("2"))

    with pytest.raises(BooksUnavailable) as caught:
        cut_off()
    assert not caught.value.maybe_committed
    with server_books.transaction() as session:
        assert count(session) == 0
        assert ledger.append(session, entry("1")) == 1


def test_a_connection_lost_at_the_commit_is_told_as_unknown(server_books: Books, postgres_url: str) -> None:
    def cut_off() -> None:
        with server_books.transaction() as session:
            ledger.append(session, entry("1"))
            end_sessions(postgres_url)

    with pytest.raises(BooksUnavailable) as caught:
        cut_off()
    assert caught.value.maybe_committed
    with server_books.transaction() as session:
        ledger.append(session, entry("1"))  # the same key again settles it either way
        assert count(session) == 1


# --- the process goes away ---

DIES_WRITING = """
import os, sys
from datetime import UTC, datetime
from storage import ledger
from storage.engine import Books

books = Books(sys.argv[1])
entry = lambda key: ledger.Entry(actor="a", action="b", idempotency_key=key, at=datetime.now(UTC))
with books.transaction() as session:
    ledger.append(session, entry("committed"))
with books.transaction() as session:
    ledger.append(session, entry("in the middle"))
    os.kill(os.getpid(), 9)
"""


@pytest.mark.crash
def test_what_was_committed_survives_a_kill_and_nothing_else_does(books: Books, database_url: str) -> None:
    root = Path(__file__).parents[2]
    died = subprocess.run([sys.executable, "-c", DIES_WRITING, database_url], cwd=root, check=False, timeout=30)
    assert died.returncode == -9
    with books.transaction() as session:
        assert [row.idempotency_key for row in ledger.entries(session)] == ["committed"]
        assert ledger.append(session, entry("next")) == 2, "the turn was given back"
        assert ledger.verify(session).ok


def test_two_processes_may_open_a_new_sqlite_file_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/purser.db"
    openers = [Books(url) for _ in range(8)]
    at_once(8, lambda number: openers[number].ping())
    mode = sqlite3.connect(tmp_path / "purser.db").execute("PRAGMA journal_mode").fetchone()
    assert mode == ("wal",)
    for opener in openers:
        opener.close()
