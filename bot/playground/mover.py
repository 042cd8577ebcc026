"""Moves the playground's clock in steps, and at each waits until the bot has done what is due by then.

That is judged from outside: its books say which jobs have run and what is left to do, and it has then been quiet, to
Slack and the gateway, for a moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import Any

from bot.playground.clock import PlayClock
from bot.playground.slack import NotInSlack
from bot.playground.timetable import LABELS, choices, stops

QUIET_SECONDS = 0.1
PATIENCE_SECONDS = 4.0
"""A bot that is slower, or not there, is not waited for."""
LOOK_EVERY_SECONDS = 0.02


class Mover:
    """One move at a time. Raises `NotInSlack` for a second one meanwhile, ValueError for one that makes no sense."""

    def __init__(
        self,
        clock: PlayClock,
        *,
        zone: Callable[[], tzinfo],
        key_ends: Callable[[], list[datetime]],
        traffic: Callable[[], object],
        done: Callable[[datetime], bool],
        tell: Callable[[], object],
    ) -> None:
        """`traffic` differs once the bot has done something, `done` says whether nothing is left to do at a moment;
        `tell` is called at every step.
        """
        self._clock = clock
        self._zone = zone
        self._key_ends = key_ends
        self._traffic = traffic
        self._done = done
        self._tell = tell
        self._moving = threading.Lock()
        self._stopping = threading.Event()
        self._moving_to: datetime | None = None

    def move(self, asked: dict[str, Any]) -> dict[str, Any]:
        """To one of the choices, in steps; or by `advance_seconds`, in one. Returns when it is there."""
        if not self._moving.acquire(blocking=False):
            raise NotInSlack("the clock is moving already; wait until it is there")
        try:
            if "to" in asked:
                self._go(str(asked["to"]))
            elif "advance_seconds" in asked:
                self._clock.advance(float(asked["advance_seconds"]))
            else:
                raise ValueError(f"where to? say advance_seconds, or to: {', '.join(LABELS)}")
        finally:
            self._moving_to = None
            self._moving.release()
        return self.wire()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Somebody else moves the clock meanwhile: whoever wants to, is told to wait."""
        with self._moving:
            yield

    def stop(self) -> None:
        """Go no further."""
        self._stopping.set()

    def wire(self) -> dict[str, Any]:
        """The time of day, by how much it is moved, and where it is moving to."""
        to = self._moving_to
        return self._clock.wire() | {"moving_to": to and to.isoformat()}

    def choices(self) -> list[dict[str, str]]:
        """What may be chosen, and where each would go now."""
        there = choices(self._clock.now(), self._zone())
        return [{"to": choice, "label": label, "at": there[choice].isoformat()} for choice, label in LABELS.items()]

    def _go(self, choice: str) -> None:
        now = self._clock.now()
        there = choices(now, self._zone())
        if choice not in there:
            raise ValueError(f"there is no {choice!r} to go to; there are {', '.join(LABELS)}")
        to = self._moving_to = there[choice]
        self._tell()
        for stop in stops(now, to, self._key_ends()):
            if self._stopping.is_set():
                return
            self._clock.advance(max(0.0, (stop - self._clock.now()).total_seconds()))
            self._tell()
            self._wait_for_the_bot()

    def _wait_for_the_bot(self) -> None:
        """Until it has done all that is due by now, and has then been quiet for a moment."""
        began = changed_at = time.monotonic()
        seen = self._traffic()
        while (now := time.monotonic()) - began < PATIENCE_SECONDS:
            if (traffic := self._traffic()) != seen or not self._done(self._clock.now()):
                seen, changed_at = traffic, now
            if now - changed_at >= QUIET_SECONDS:
                return
            if self._stopping.wait(LOOK_EVERY_SECONDS):
                return
