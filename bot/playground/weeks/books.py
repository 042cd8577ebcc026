"""A glance at the bot's books from outside: whether it is done with what was to do. Reads only."""

from __future__ import annotations

import sqlite3
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

EXPIRY_EVERY_SECONDS, RECONCILE_EVERY_SECONDS = 30, 600
EVERY_SECONDS = {"expiry": EXPIRY_EVERY_SECONDS, "reconcile": RECONCILE_EVERY_SECONDS}
LOOK_EVERY_SECONDS = 0.004


class Glance:
    """Thread-safe."""

    def __init__(self, books: Path) -> None:
        """The books are there already."""
        self._lock = threading.Lock()
        self._books = sqlite3.connect(f"file:{books}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)

    def close(self) -> None:
        """Look no more."""
        self._books.close()

    def is_behind(self) -> bool:
        """Whether something waits in the outbox."""
        return self._finds("SELECT 1 FROM outbox WHERE state = 'waiting' LIMIT 1")

    def has_run(self, job: str, now: datetime) -> bool:
        """Whether the job has run to its end in the slot of this moment or a later one."""
        every = EVERY_SECONDS[job]
        slot = datetime.fromtimestamp(now.timestamp() // every * every, tz=now.tzinfo)
        return self._finds(
            "SELECT 1 FROM runs WHERE job = ? AND slot >= ? AND finished_at IS NOT NULL LIMIT 1",
            job,
            slot.strftime("%Y-%m-%d %H:%M:%S.%f"),
        )

    def _finds(self, query: str, *values: str) -> bool:
        with self._lock:
            return self._books.execute(query, values).fetchone() is not None

    def wait(self, now: datetime, *jobs: str, patience: timedelta) -> bool:
        """Wait until these jobs have run and nothing is left to do; False when that takes too long."""
        until = time.monotonic() + patience.total_seconds()
        left = list(jobs)
        while True:
            while left and self.has_run(left[-1], now):
                left.pop()
            if not left and not self.is_behind():
                return True
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_EVERY_SECONDS)
