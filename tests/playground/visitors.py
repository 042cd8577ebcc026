"""A playground started as a visitor starts it, and small ways to use it from outside."""

from __future__ import annotations

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


def environment(**more: str) -> dict[str, str]:
    """A visitor's environment: 80 columns, nothing of Purser's."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTHONUNBUFFERED": "1", **more}


def command(data: Path, *options: str) -> list[str]:
    """The command line that starts it."""
    return [sys.executable, "-m", "bot", "playground", "--data", str(data), *options]


def heard(data: Path, *options: str) -> subprocess.Popen[str]:
    """One whose output is read line by line, to be interrupted at a line."""
    return subprocess.Popen(command(data, *options), env=environment(), stdout=subprocess.PIPE, text=True)


class Playground:
    """`purser playground` that stays up, until it is stopped."""

    def __init__(self, data: Path, *options: str, port: int) -> None:
        self.data = data
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            command(data, "--port", str(port), *options),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.page = self.says("Open http").split()[1]
        self.url = f"{self.page}/_play"
        self.gateway = self.says("Gateway").split()[1]
        self.says("`purser playground --reset`")  # all is said

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(signal.SIGKILL)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def says(self, words: str, timeout: float = 40.0) -> str:
        """Wait for a line that starts with these words (or has said it already), and return it."""
        until = time.monotonic() + timeout
        while True:
            for line in self.said:
                if line.startswith(words):
                    return line
            got = self._lines.get(timeout=max(0.1, until - time.monotonic()))
            assert got is not None, "\n".join(["it ended:", *self.said])
            self.said.append(got)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal it, and wait until it has ended and all that it said is here."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(40)
        self._reader.join(10)
        while not self._lines.empty():
            line = self._lines.get()
            self.said += [] if line is None else [line]
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def get(self, what: str, **query: object) -> Any:
        """Ask the JSON API; `person` is who asks."""
        asked = {"as" if name == "person" else name: str(value) for name, value in query.items()}
        reply = httpx.get(f"{self.url}/{what}", params=asked, timeout=30, trust_env=False)
        assert reply.status_code == 200, reply.text
        return reply.json() if reply.headers["content-type"] == "application/json" else reply.text

    def post(self, what: str, body: Mapping[str, object] | None = None, *, status: int = 200, **more: object) -> Any:
        """Tell the JSON API."""
        reply = httpx.post(f"{self.url}/{what}", json={**(body or {}), **more}, timeout=60, trust_env=False)
        assert reply.status_code == status, reply.text
        return reply.json()

    def screen(self, person: str) -> str:
        """All that somebody sees."""
        return str(self.get("text", person=person))

    def reads(self, person: str, *words: str) -> str:
        """Wait until somebody sees one of these, and return their screen."""

        def look() -> str | None:
            screen = self.screen(person)
            return screen if any(word in screen for word in words) else None

        return eventually(look)

    def asks(self, line: str, person: str = "ana") -> None:
        """Ask for a key, even when holding one, and see the card."""
        before = len(self.get("state", person=person)["ephemerals"])
        assert self.post("command", {"as": person, "channel": "search", "text": line})["status"] == 200

        def answer() -> str | None:
            shown = self.get("state", person=person)["ephemerals"]
            return str(shown[before]) if len(shown) > before else None

        if "Ask anyway" in eventually(answer):
            self.post("press", {"as": person, "label": "Ask anyway"})
        self.reads("omar", f"“{reason_of(line)}”")

    def key(self, line: str = "/ai-key $10 2d try it", person: str = "ana") -> str:
        """The whole way to a key, by the JSON API alone."""
        self.asks(line, person)
        before = self.screen(person).count("[Reveal key]")
        self.post("press", {"as": "omar", "label": "Approve", "channel": "search"})
        eventually(lambda: self.screen(person).count("[Reveal key]") > before)
        self.post("press", {"as": person, "label": "Reveal key"})
        modal = self.reads(person, "\n  sk-").partition("=== Modal")[2]
        state = self.get("state", person=person)
        self.post("close", {"as": person, "view_id": state["modals"][-1]["id"]})
        return next(line.strip() for line in modal.splitlines() if line.strip().startswith("sk-"))


def reason_of(line: str) -> str:
    """What `/ai-key` is typed for: what follows kind and name, amounts, times and people."""
    words = line.split()[1:]
    kind = words[0]
    words = words[{"automation": 2, "project": 2, "member": 1}.get(kind, 0) :]
    while words[0].startswith(("$", "@")) or re.fullmatch(r"\d+[hdw]", words[0]):
        words = words[1:]
    return " ".join(words)


def eventually(look: Callable[[], T | None], timeout: float = 30.0) -> T:
    """Poll until it is there."""
    until = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def running(pid: int) -> bool:
    """Whether a process is there and not merely unburied."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def unused_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
