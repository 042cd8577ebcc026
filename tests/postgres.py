"""A throwaway PostgreSQL server for tests and benchmarks, from Debian's binaries: fast, unsafe, soon gone.

It listens on loopback only and refuses to outlive the process it was started for, even if that one is killed.
By hand: `python -m tests.postgres COMMAND ...` runs COMMAND with PURSER_TEST_POSTGRES set to such a server.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 30
_KEEPERS: list[subprocess.Popen[bytes]] = []  # referenced for as long as we live: they end by themselves
HOW_TO_INSTALL = "PostgreSQL's server binaries are missing (Debian: apt-get install postgresql)"

# A test database need not survive a power cut. The odd time zone catches times that are not UTC.
SERVER_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "timezone": "Asia/Kolkata",
    "log_min_error_statement": "panic",
}


class NoServer(Exception):
    """PostgreSQL is not installed here, or did not start."""


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`: Debian's newest, or whatever is on the PATH."""
    debian = sorted(
        (found.parent for found in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda folder: int(folder.parent.name),
    )
    if debian:
        return debian[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass(frozen=True)
class Server:
    """A running server, by its port; databases come and go on it. Safe to use from several processes."""

    port: int

    def url(self, database: str) -> str:
        """What DATABASE_URL would say for `database`."""
        return f"postgresql+psycopg://purser@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, template: str = "template0") -> str:
        """Create `database` as a copy of `template` and return its URL."""
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(database), sql.Identifier(template)))
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop `database` if it is there, whoever is still connected."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def exists(self, database: str) -> bool:
        """Whether `database` is there."""
        with self._connect() as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            return connection.execute(query, [database]).fetchone() is not None

    def _run(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(host="127.0.0.1", port=self.port, user="purser", dbname="postgres", autocommit=True)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Start a server and stop it at the end of the block. Raises NoServer where there is none to start."""
    folder = binaries()
    if folder is None:
        raise NoServer(HOW_TO_INSTALL)
    # Not the session's own folder: a socket's path is short, and an unprivileged user must reach it.
    in_memory = tempfile.gettempdir() == "/dev/shm"
    home = Path(tempfile.mkdtemp(prefix="purser-pg-", dir="/dev/shm" if in_memory else "/tmp"))
    user = _unprivileged_user()
    try:
        if user is not None:
            shutil.chown(home, user)
        _command([folder / "initdb", "-D", home / "data", "-U", "purser", "-A", "trust", "-E", "UTF8",
                  "--locale=C", "--no-sync"], home, user)  # fmt: skip
        process, port = _start(folder / "postgres", home, user)
        try:
            yield Server(port)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing in it is worth a checkpoint
            process.wait(timeout=START_SECONDS)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """The user to run as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _command(command: list[str | Path], home: Path, user: str | None) -> None:
    done = subprocess.run(
        command, cwd=home, user=user, capture_output=True, text=True, check=False, env=_environment(home)
    )
    if done.returncode != 0:
        raise NoServer(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _start(binary: Path, home: Path, user: str | None) -> tuple[subprocess.Popen[bytes], int]:
    for _ in range(3):  # another process may take the free port between finding and using it
        port = _free_port()
        options = {**SERVER_OPTIONS, "port": str(port), "unix_socket_directories": str(home)}
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        log = (home / "log").open("wb")
        with log:
            process = subprocess.Popen(
                [binary, "-D", home / "data", *arguments],
                cwd=home, user=user, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=_environment(home),
                start_new_session=True,  # Ctrl-C in the terminal is for pytest, which then stops the server
            )  # fmt: skip
        if _ready(process, Server(port)):
            return process, port
    raise NoServer(f"PostgreSQL did not start:\n{(home / 'log').read_text(errors='replace')[-2000:]}")


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ready(process: subprocess.Popen[bytes], server: Server) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.exists("postgres")
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    if process.poll() is None:
        process.kill()
    return False


# --- one server for all workers of a test session ---


def shared(folder: Path, owner_pid: int) -> Server:
    """The server whose particulars stand in `folder`, started for `owner_pid` by whoever asks first."""
    folder.mkdir(parents=True, exist_ok=True)
    particulars = folder / "server.json"
    with locked(folder / "lock"):
        if not particulars.exists():
            with (folder / "keeper.log").open("wb") as log:
                keeper = subprocess.Popen(
                    [sys.executable, "-m", "tests.postgres", "--keep", str(particulars), str(owner_pid)],
                    cwd=Path(__file__).parent.parent,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
            _KEEPERS.append(keeper)
            _wait_for(particulars, keeper)
    found = json.loads(particulars.read_text())
    if "error" in found:
        raise NoServer(found["error"])
    return Server(found["port"])


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` against the other workers."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _wait_for(particulars: Path, keeper: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 2 * START_SECONDS
    while not particulars.exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            raise NoServer(f"PostgreSQL's keeper failed:\n{(particulars.parent / 'keeper.log').read_text()}")
        time.sleep(0.02)


def stop_shared(folder: Path) -> None:
    """Stop the session's server, if anyone started one, and wait until it is gone."""
    particulars = folder / "server.json"
    if not particulars.exists():
        return
    found = json.loads(particulars.read_text())
    if "error" in found:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(found["keeper"], signal.SIGTERM)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and particulars.exists():
            time.sleep(0.02)


def keep(particulars: Path, owner_pid: int) -> None:
    """Run a server until `owner_pid` is gone or SIGTERM says so; `particulars` exists while it runs."""
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopping.append(number))
    try:
        with running() as server:
            _write(particulars, {"port": server.port, "keeper": os.getpid()})
            while not stopping and _alive(owner_pid):
                time.sleep(0.1)
    except NoServer as problem:
        _write(particulars, {"error": str(problem), "keeper": os.getpid()})
        return
    particulars.unlink(missing_ok=True)


def _write(path: Path, facts: dict[str, object]) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(facts))
    draft.rename(path)  # readers see all of it or none


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main(arguments: list[str]) -> int:
    """Run a command beside a server, or keep one for a test session."""
    if arguments[:1] == ["--keep"]:
        keep(Path(arguments[1]), int(arguments[2]))
        return 0
    with running() as server:
        address = {"PURSER_TEST_POSTGRES": server.url("postgres")}
        return subprocess.run(arguments, env={**os.environ, **address}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
