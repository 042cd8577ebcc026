"""The playground's clock: the true time, moved by the seconds in a file that the bot reads too.

Every process that is told of the file agrees on the time of day at once. It never goes back.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

LONGEST_STEP_SECONDS = 400 * 86_400
"""Over a year at once is a slip of the finger."""


class PlayClock:
    """Aware UTC. What was moved stays moved after a restart."""

    def __init__(self, file: Path) -> None:
        """Go on from what the file says, if there is one."""
        self._file = file
        self._lock = threading.Lock()
        self._moved = timedelta(seconds=float(file.read_text(encoding="ascii"))) if file.exists() else timedelta()

    def now(self) -> datetime:
        """The time of day in the playground."""
        return datetime.now(UTC) + self._moved

    @property
    def moved_seconds(self) -> float:
        """How far ahead of the true time; below zero where it began in the past and is on its way."""
        return self._moved.total_seconds()

    def true_now(self) -> datetime:
        """The time of day outside."""
        return datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        """Move on. Raises ValueError for a step back or one too far."""
        if not 0 <= seconds <= LONGEST_STEP_SECONDS:
            raise ValueError(f"advance_seconds must be from 0 to {LONGEST_STEP_SECONDS}: time only moves on")
        with self._lock:
            self._set(self._moved + timedelta(seconds=seconds))

    def begin(self, at: datetime) -> None:
        """Start in the past. Raises ValueError for the future, and once anything was moved: time never goes back."""
        with self._lock:
            if self._file.exists() or at > self.true_now():
                raise ValueError("only a clock that was never moved can begin earlier")
            self._set(at - self.true_now())

    def catch_up(self) -> None:
        """Move on to the true time, for a clock that began in the past."""
        with self._lock:
            self._set(max(self._moved, timedelta()))

    def _set(self, moved: timedelta) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(moved.total_seconds()), encoding="ascii")
        fresh.replace(self._file)
        self._moved = moved

    def wire(self) -> dict[str, Any]:
        """For the JSON API."""
        return {"now": self.now().isoformat(), "moved_seconds": self.moved_seconds}
