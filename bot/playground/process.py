"""The real bot as a process of its own: started with an environment made for it alone, kept alive, killed on request.

Knows how to run `purser`, not what it does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot.playground.folder import Trouble

ROOT = Path(__file__).parents[2]
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
"""All that a child gets of the visitor's environment: no proxy, no token, no setting."""
READY_SECONDS = 30.0
STOP_SECONDS = 15.0
TOO_SOON_SECONDS = 10.0
"""A process that ends sooner than this is started again with a growing delay."""
LONGEST_DELAY_SECONDS = 10.0
Say = Callable[[str], None]


class BotProcess:
    """`purser serve`, kept alive from `start` until `stop`."""

    def __init__(self, folder: Path, log: Path, connected: Callable[[], bool]) -> None:
        """`connected` tells whether the fake Slack has a socket of the bot's."""
        self._environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self._environment |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self._folder = folder
        self._log = log
        self._connected = connected
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._delay = 0.0
        self._said_before = 0
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None
        self.starts = 0

    # --- running ---

    def configure(self, settings: Mapping[str, str]) -> None:
        """The settings that it is told from its next start on."""
        self._environment |= settings

    def start(self, say: Say) -> None:
        """Start it, wait until it is connected, and keep it alive. Raises `Trouble` with the end of its log."""
        self._log.unlink(missing_ok=True)
        self._spawn()
        self.wait_ready()
        self._keeper = threading.Thread(target=self._keep, args=(say,), name="bot-keeper", daemon=True)
        self._keeper.start()

    def wait_ready(self, timeout_seconds: float = READY_SECONDS) -> None:
        """Wait until this very process has connected. Raises `Trouble` when it ends or takes too long."""
        until = time.monotonic() + timeout_seconds
        while not (self._announced() and self._connected()):
            if not self.alive or time.monotonic() > until:
                what = "did not connect" if self.alive else "stopped at once"
                raise Trouble(f"The bot {what}. The end of {self._log}:\n{self.last_words()}")
            time.sleep(0.02)

    def kill(self) -> int:
        """`kill -9`; the keeper starts it again. Returns the new process's id once it is connected."""
        with self._lock:
            if self._process is not None:
                self._process.send_signal(signal.SIGKILL)
                self._process.wait()
            self._spawn()
        self.wait_ready()
        return self.pid

    def stop(self) -> None:
        """End it cleanly, or else by force, and wait until it is gone."""
        self._stopping.set()
        if self._keeper is not None:
            self._keeper.join(STOP_SECONDS)
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        process = self._process
        return process is not None and process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id; 0 while there is none."""
        return self._process.pid if self._process is not None else 0

    def wire(self) -> dict[str, Any]:
        """For the JSON API."""
        return {"pid": self.pid, "alive": self.alive, "connected": self._connected(), "starts": self.starts}

    # --- the rest of the command line ---

    def purser(self, *arguments: str, timeout_seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run `purser ARGUMENTS` to its end, with the settings of the running bot."""
        return subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", "bot", *arguments],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_seconds,
        )

    def last_words(self, lines: int = 12) -> str:
        """The end of its log, without what is merely of interest."""
        text = self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
        said = [line for line in text.splitlines() if "level='info'" not in line]
        return "\n".join(f"  {line}" for line in said[-lines:]) or "  (nothing)"

    # --- inside ---

    def _spawn(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._said_before = self._log.stat().st_size if self._log.exists() else 0
        with os.fdopen(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.playground.leash", "serve"],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.PIPE,  # the leash: it lets go when this process is gone
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the playground, which then stops the bot
                umask=0o077,
            )
        self._began = time.monotonic()
        self.starts += 1

    def _announced(self) -> bool:
        with self._log.open("rb") as log:
            log.seek(self._said_before)
            return b"connected to Slack" in log.read()

    def _keep(self, say: Say) -> None:
        while not self._stopping.wait(0.1):
            with self._lock:
                process = self._process
                if process is None or process.poll() is None:
                    continue
                soon = time.monotonic() - self._began < TOO_SOON_SECONDS
                self._delay = min(LONGEST_DELAY_SECONDS, self._delay * 2 or 1.0) if soon else 0.0
                say(f"The bot ended ({_how(process.returncode)}); starting it again. Its log: {self._log}")
                if self._stopping.wait(self._delay):
                    return
                self._spawn()


def _how(code: int) -> str:
    """An exit status in words."""
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit status {code}"
