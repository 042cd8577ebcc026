"""Starts `purser` without loading it: one process has loaded everything, and forks once per start.

What comes of a fork is `python -m bot` from its first line on, with arguments, environment, folder, outputs and process
id of its own, and can be killed like any other. Only the loading is left out, which is most of what a start computes.
A few tests start it the long way all the same: tests/test_cli.py and tests/playground.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).parent.parent
LOADED = ("bot.cli", "bot.serving", "bot.doctor", "bot.charts.drawing", "psycopg", "sqlalchemy.dialects.sqlite",
          "sqlalchemy.dialects.postgresql.psycopg")  # fmt: skip
"""Loaded before forking; none of it may start a thread or read the environment."""
START_SECONDS = 30.0


class Forked:
    """A process that was forked for us, with as much of `subprocess.Popen` as tests need."""

    def __init__(self, told: socket.socket, stdout: TextIO, arguments: list[str]) -> None:
        """`told` says the process id at once and the exit status at the end."""
        self._told = told
        self._lines = told.makefile("r")
        self.stdout = stdout
        self.args = arguments
        self.returncode: int | None = None
        line = self._line(START_SECONDS)
        assert line is not None, f"nothing was forked within {START_SECONDS} s"
        self.pid = int(line)

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float) -> int:
        """Wait for the exit status. Raises `subprocess.TimeoutExpired`."""
        status = self._ended(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)

    def _ended(self, timeout: float) -> int | None:
        if self.returncode is None:
            line = self._line(timeout)
            if line is not None:
                self.returncode = int(line)
                self._lines.close()
                self._told.close()
        return self.returncode

    def _line(self, timeout: float) -> str | None:
        waiting = select.poll()  # unlike select(), for any number of open files
        waiting.register(self._told, select.POLLIN)
        if not waiting.poll(timeout * 1000):
            return None
        line = self._lines.readline()
        assert line, "the process that forks is gone"
        return line


class Forker:
    """The process that forks, started by whoever asks first and gone when we are."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._asked = ours
        self._turn = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forking", str(theirs.fileno())],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self.close)

    def start(self, arguments: list[str], environment: dict[str, str], folder: Path, stderr: int) -> Forked:
        """Start `python -m bot ARGUMENTS`, its standard output in a pipe."""
        ours, theirs = socket.socketpair()
        out, into = os.pipe()
        request = {"arguments": arguments, "environment": environment, "folder": str(folder)}
        with theirs, self._turn:
            socket.send_fds(self._asked, [json.dumps(request).encode() + b"\n"], [theirs.fileno(), into, stderr])
        os.close(into)
        return Forked(ours, os.fdopen(out), arguments)

    def close(self) -> None:
        """Let it go, and with it whatever it has forked."""
        self._asked.close()
        self._process.wait(START_SECONDS)


Start = Callable[[list[str], dict[str, str], Path, int], "Forked | subprocess.Popen[str]"]
"""Starts `python -m bot ARGUMENTS` with an environment, in a folder, its errors going to a file descriptor."""
_FORKERS: list[Forker] = []


def start(arguments: list[str], environment: dict[str, str], folder: Path, stderr: int) -> Forked:
    """Start `python -m bot ARGUMENTS` by forking a process that has loaded it."""
    if not _FORKERS:
        _FORKERS.append(Forker())
    return _FORKERS[0].start(arguments, environment, folder, stderr)


def start_cold(arguments: list[str], environment: dict[str, str], folder: Path, stderr: int) -> subprocess.Popen[str]:
    """Start `python -m bot ARGUMENTS` the long way, for who measures it."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True,
    )  # fmt: skip


# --- in the process that forks ---


def fork_on_demand(asked: socket.socket) -> None:
    """Fork for every request, and say how each ended. Returns in every fork, and never here."""
    running: dict[int, socket.socket] = {}
    bell, ringer = socket.socketpair()
    ringer.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(ringer.fileno())
    while True:
        ready = select.select([asked, bell], [], [])[0]
        if bell in ready:
            bell.recv(4096)
            _reap(running)
        if asked in ready:
            request, descriptors = _request(asked)
            if not request:
                for pid in running:
                    os.kill(pid, signal.SIGKILL)
                _reap(running, 0)
                sys.exit()
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                for inherited in (asked, bell, ringer, *running.values()):
                    inherited.close()
                _become(json.loads(request), descriptors)
                return
            for descriptor in descriptors[1:]:
                os.close(descriptor)
            running[pid] = socket.socket(fileno=descriptors[0])
            running[pid].sendall(f"{pid}\n".encode())


def _request(asked: socket.socket) -> tuple[bytes, list[int]]:
    request, descriptors, _, _ = socket.recv_fds(asked, 65_536, 3)
    while request and not request.endswith(b"\n"):
        request += asked.recv(65_536)
    return request, descriptors


def _reap(running: dict[int, socket.socket], options: int = os.WNOHANG) -> None:
    for pid in list(running):
        ended, status = os.waitpid(pid, options)
        if ended:
            told = running.pop(pid)
            with told, contextlib.suppress(BrokenPipeError):
                told.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Be a process that has just been started."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(descriptors[1], 1)
    os.dup2(descriptors[2], 2)
    for descriptor in descriptors:
        os.close(descriptor)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["purser", *request["arguments"]]


def main() -> None:
    """Load everything, then fork on demand; a fork goes on as `purser`."""
    for name in LOADED:
        importlib.import_module(name)
    assert threading.active_count() == 1, "a thread does not live through a fork"
    gc.collect()
    gc.freeze()  # not looked through again in any fork, so its memory stays shared
    fork_on_demand(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
