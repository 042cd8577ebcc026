"""The ground the other tests stand on: servers come and go, and nothing but loopback is reachable."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path

import psycopg
import pytest
from pytest_socket import SocketConnectBlockedError
from sqlalchemy import create_engine, text

from storage.engine import Books
from tests import postgres

ROOT = Path(__file__).parent.parent


def test_each_test_gets_an_empty_database_of_either_kind(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE seen (id INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO seen (id) VALUES (1)"))
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM seen")).scalar() == 1
    engine.dispose()


def test_a_migrated_database_is_at_the_newest_revision_and_the_tests_own(migrated_url: str) -> None:
    books = Books(migrated_url)
    assert books.revision() == books.head()
    with books.transaction() as session:
        session.connection().execute(text("CREATE TABLE scribble (id INTEGER PRIMARY KEY)"))
    books.close()


def test_a_database_can_be_copied_from_a_template(postgres_server: postgres.Server) -> None:
    original, copy = f"original_{os.getpid()}", f"copy_{os.getpid()}"
    plain = postgres_server.create(original).replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("CREATE TABLE seen AS SELECT 7 AS id")
    copied = postgres_server.create(copy, template=original).replace("+psycopg", "")
    with psycopg.connect(copied) as connection:
        assert connection.execute("SELECT id FROM seen").fetchall() == [(7,)]
    postgres_server.drop(original)
    postgres_server.drop(copy)
    assert not postgres_server.exists(copy)


def test_the_server_goes_away_with_the_process_it_was_started_for(tmp_path: Path) -> None:
    if postgres.binaries() is None:
        pytest.skip(postgres.HOW_TO_INSTALL)
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    server = postgres.shared(tmp_path, owner.pid)
    assert postgres.shared(tmp_path, owner.pid) == server, "a second worker shares the first one's server"
    assert server.exists("postgres")
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    deadline = time.monotonic() + 20
    while (tmp_path / "server.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    with pytest.raises(psycopg.OperationalError):
        server.exists("postgres")


def test_nothing_but_loopback_is_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        socket.create_connection(listener.getsockname()).close()
    # pytest-socket warns before it raises, and here a warning is an error
    with pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_a_warning_is_an_error() -> None:
    with pytest.raises(UserWarning):
        warnings.warn("nobody reads these", stacklevel=1)


def test_a_developers_own_settings_do_not_reach_the_tests() -> None:
    assert "SLACK_BOT_TOKEN" not in os.environ
    assert "DATABASE_URL" not in os.environ


def test_the_server_runs_beside_a_command() -> None:
    if postgres.binaries() is None:
        pytest.skip(postgres.HOW_TO_INSTALL)
    show = "import os; print(os.environ['PURSER_TEST_POSTGRES'])"
    done = subprocess.run(
        [sys.executable, "-m", "tests.postgres", sys.executable, "-c", show],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("postgresql+psycopg://purser@127.0.0.1:")
