"""Claims a job's present slot: of all replicas and restarts, one runs it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from bot.services.context import Purser
from storage import runs


def slot_of(now: datetime, every_seconds: int) -> datetime:
    """When the slot that `now` falls in began; slots are counted from 1970 UTC."""
    seconds = int(now.timestamp())
    return datetime.fromtimestamp(seconds - seconds % every_seconds, UTC)


def run_once(purser: Purser, job: str, every_seconds: int, run: Callable[[Purser], None]) -> bool:
    """Run the job unless this slot was claimed already. Returns whether it ran.

    What the job raises goes to the caller, and that it failed stands with the slot; the next slot tries anew.
    """
    now = purser.now()
    slot = slot_of(now, every_seconds)
    with purser.books.transaction() as session:
        if not runs.claim(session, job, slot, now):
            return False
    error: str | None = "failed"
    try:
        run(purser)
        error = None
    finally:
        with purser.books.transaction() as session:
            runs.finish(session, job, slot, purser.now(), error)
    return True
