"""A glance at the bot's books from outside: whether it is done with what was to do. Reads only."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

from bot.domain.policy import Policy
from bot.jobs.schedule import JOBS

POLL = timedelta(seconds=10)
"""How often the playground's Purser looks at spend: more often than others, for somebody who watches it happen."""
POLICY = f"""# The policy of the playground's Purser, written anew at each start; policy.example.toml has all there is.
[sync]
every = "{POLL.seconds}s"   # how often spend is read and limits are looked at; usual is every minute
"""
EVERY_SECONDS = {job.name: job.seconds(Policy(poll_seconds=POLL.seconds)) for job in JOBS if not job.in_every_process}
"""How often each job runs that runs once for all, by its name."""
LOOK_EVERY_SECONDS = 0.004


class Glance:
    """Thread-safe. The books are opened at the first look; where there are none yet, everything is still to do."""

    def __init__(self, books: Path) -> None:
        """Nothing is opened yet."""
        self._lock = threading.Lock()
        self._path = books
        self._books: sqlite3.Connection | None = None

    def close(self) -> None:
        """Look no more."""
        with self._lock:
            if self._books is not None:
                self._books.close()
                self._books = None

    def is_behind(self, now: datetime | None = None) -> bool:
        """Whether something waits in the outbox; with `now`, something that should have been done by then."""
        if now is None:
            return self._finds("SELECT 1 FROM outbox WHERE state = 'waiting' LIMIT 1")
        return self._finds("SELECT 1 FROM outbox WHERE state = 'waiting' AND next_try_at <= ? LIMIT 1", _text(now))

    def has_run(self, job: str, now: datetime) -> bool:
        """Whether the job has run to its end in the slot of this moment or a later one."""
        every = EVERY_SECONDS[job]
        slot = datetime.fromtimestamp(now.timestamp() // every * every, tz=now.tzinfo)
        ran = "SELECT 1 FROM runs WHERE job = ? AND slot >= ? AND finished_at IS NOT NULL LIMIT 1"
        return self._finds(ran, job, _text(slot))

    def is_done(self, now: datetime) -> bool:
        """Whether every job has run and all that followed is done; False while the books cannot be read."""
        with suppress(sqlite3.Error):
            return all(self.has_run(job, now) for job in EVERY_SECONDS) and not self.is_behind(now)
        return False

    def _finds(self, query: str, *values: str) -> bool:
        with self._lock:
            if self._books is None:
                address = f"file:{self._path}?mode=ro"
                self._books = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
            with closing(self._books.execute(query, values)) as found:
                return found.fetchone() is not None

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


def _text(moment: datetime) -> str:
    """As the books keep it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
