"""The playground's data folder: who may have it, what lies in it, and starting clean.

Private (0700), used by one playground at a time, and never somebody else's: a folder with other things in it is
refused, and a reset removes only what a playground made.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

FORMAT = 1
MARK = "playground.lock"
BOOKS = "purser.db"
OURS = (
    BOOKS,
    f"{BOOKS}-wal",
    f"{BOOKS}-shm",
    "pepper",
    "clock",
    "clock.new",
    "world.json",
    "world.json.new",
    "bot.log",
    "policy.toml",
)


class Trouble(Exception):
    """Something a person has to know before the playground can go on; its text says what to do."""


class Folder:
    """Open it before use and close it afterwards; what is in it survives."""

    def __init__(self, path: Path) -> None:
        """Nothing is touched before `open`."""
        self.path = path.absolute()
        self._lock: int | None = None

    def open(self, *, reset: bool = False) -> None:
        """Make it or take it over. Raises `Trouble` when it is in use, somebody else's or cannot be written."""
        try:
            if self.path.is_dir() and any(self.path.iterdir()) and not self._at(MARK).exists():
                raise Trouble(f"{self.path} has other things in it. Choose an empty folder with --data DIR.")
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.chmod(0o700)
            self._lock = os.open(self._at(MARK), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise Trouble(
                f"A playground is already running on {self.path}. Stop it, or choose another folder with --data DIR."
            ) from None
        except OSError as wrong:
            raise Trouble(
                f"{self.path} cannot be used: {wrong.strerror}. Choose another folder with --data DIR."
            ) from wrong
        if reset:
            for name in OURS:
                self._at(name).unlink(missing_ok=True)

    def close(self) -> None:
        """Let somebody else have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _at(self, name: str) -> Path:
        return self.path / name

    @property
    def is_used(self) -> bool:
        """Whether a playground has been at work in it."""
        return any(self._at(name).exists() for name in (BOOKS, "clock", "world.json"))

    @property
    def books(self) -> Path:
        """The file of the books; the bot makes it."""
        return self._at(BOOKS)

    @property
    def database_url(self) -> str:
        """The books."""
        return f"sqlite:///{self.books}"

    def books_written(self) -> object:
        """Differs once something was written into the books."""
        written = []
        for name in (BOOKS, f"{BOOKS}-wal"):
            with suppress(FileNotFoundError):
                found = self._at(name).stat()
                written.append((name, found.st_mtime_ns, found.st_size))
        return written

    @property
    def clock_file(self) -> Path:
        """By how much the clock is moved."""
        return self._at("clock")

    @property
    def bot_log(self) -> Path:
        """What the bot logs."""
        return self._at("bot.log")

    def policy(self, text: str) -> Path:
        """The file of the bot's policy, with this in it."""
        file = self._at("policy.toml")
        file.write_text(text, encoding="ascii")
        return file

    def pepper(self) -> str:
        """The installation's secret: random, made once, kept, so that fingerprints match after a restart."""
        file = self._at("pepper")
        if not file.exists():
            _write_private(file, secrets.token_hex(32))
        return file.read_text(encoding="ascii")

    def saved(self) -> dict[str, Any] | None:
        """What `save` kept last, or None. Raises `Trouble` when it cannot be read."""
        file = self._at("world.json")
        if not file.exists():
            return None
        try:
            world = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as wrong:
            raise Trouble(f"{file} cannot be read: {wrong}. `purser playground --reset` starts clean.") from wrong
        if not isinstance(world, dict) or world.get("format") != FORMAT:
            raise Trouble(f"{file} is of another version. `purser playground --reset` starts clean.")
        found: dict[str, Any] = world
        return found

    def save(self, world: dict[str, Any]) -> None:
        """Keep the outer world, whole or not at all."""
        file = self._at("world.json")
        fresh = file.with_suffix(".json.new")
        _write_private(fresh, json.dumps({"format": FORMAT, **world}))
        fresh.replace(file)


def _write_private(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
