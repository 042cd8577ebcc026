"""Performs the outbox: claims a row, does it, writes down how it went. At least once, in order per stream.

One of the three places with a broad `except`: whatever an effect raises, its row is retried or buried, and
the loop goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

from bot.gateways.base import FailureKind, GatewayError
from bot.services.context import Effect, Purser
from bot.services.failpoints import Around
from bot.services.ports import DeliveryError
from storage import outbox
from storage.engine import BooksUnavailable
from storage.outbox import Claimed

log = structlog.get_logger(__name__)

LEASE_SECONDS = 30.0
"""Longer than any one effect takes with all its retries; a killed process holds its row this long."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
FAILING_AT_ATTEMPT = 3
LOOK_AGAIN_SECONDS = 0.05
ATTEMPTS_AT_A_BUG = 5
"""Something that fails in a way nobody foresaw is our own bug: trying for hours would only hold up its stream."""
IDLE_SECONDS = 1.0
"""How long a worker waits for a call before it looks by itself: other processes write rows too."""


def perform_now(purser: Purser, outbox_id: int, stream: str, *, patience_seconds: float = 10.0) -> None:
    """Perform this row at once, or wait while a worker does. Returns after one try, whatever came of it.

    Raises `BooksUnavailable` as a commit in doubt: what the row does was decided before, and stands.
    """
    until = purser.now() + timedelta(seconds=patience_seconds)
    with decided_already():
        while purser.now() < until:
            with purser.books.reading() as session:
                row = next((row for row in outbox.pending(session, stream=stream) if row.id == outbox_id), None)
            if row is None or (row.attempts and row.leased_until is None):
                return
            if row.leased_until is None and perform_next(purser, only_id=outbox_id):
                return
            purser.clock.sleep(LOOK_AGAIN_SECONDS)


@contextmanager
def decided_already() -> Iterator[None]:
    """After a decision was committed, losing the books must not read as "nothing was changed"."""
    try:
        yield
    except BooksUnavailable as away:
        raise BooksUnavailable(str(away), maybe_committed=True) from away


def perform_next(purser: Purser, *, only_id: int | None = None) -> bool:
    """Perform the oldest row that is due, or this one. False when there was none to claim."""
    now = purser.now()
    lease = purser.ids.new("lease")
    with purser.books.transaction() as session:
        claimed = outbox.claim(session, now=now, lease_seconds=LEASE_SECONDS, lease=lease, only_id=only_id)
    if claimed is None:
        return False
    purser.failpoint(Around.BEFORE.of(claimed.effect))
    _perform(purser, claimed)
    return True


def _perform(purser: Purser, claimed: Claimed) -> None:
    known = purser.effects.get(claimed.effect)
    if known is None:
        _bury(purser, claimed, None, f"this version of Purser knows no effect {claimed.effect}")
        return
    try:
        known.perform(purser, claimed)
    except (GatewayError, DeliveryError) as failed:
        _failed(purser, claimed, known, failed.kind, failed.message, failed.retry_after_seconds)
        return
    except BooksUnavailable:
        raise
    except Exception as bug:
        log.exception("an effect failed in a way nobody foresaw", effect=claimed.effect, outbox_id=claimed.id)
        given_up = claimed.attempts >= ATTEMPTS_AT_A_BUG
        kind = FailureKind.PERMANENT if given_up else FailureKind.UNKNOWN
        _failed(purser, claimed, known, kind, f"{type(bug).__name__}, see the log", None)
        return
    purser.failpoint(Around.AFTER.of(claimed.effect))
    with purser.books.transaction() as session:
        outbox.finish(session, claimed, now=purser.now())
    purser.failpoint(Around.RECORDED.of(claimed.effect))


def _failed(
    purser: Purser,
    claimed: Claimed,
    known: Effect,
    kind: FailureKind,
    error: str,
    after_seconds: float | None,
) -> None:
    final = kind is FailureKind.PERMANENT and not known.stubborn
    if final or claimed.attempts >= known.attempts:
        _bury(purser, claimed, known, error)
        return
    pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** (claimed.attempts - 1))
    if after_seconds is not None:
        pause = min(max(after_seconds, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
    now = purser.now()
    log.warning("an effect will be tried again", effect=claimed.effect, error=error, pause_seconds=pause)
    with purser.books.transaction() as session:
        outbox.retry(
            session,
            claimed,
            now=now,
            error=error,
            next_try_at=now + timedelta(seconds=pause),
            outcome_unknown=claimed.outcome_unknown or kind is FailureKind.UNKNOWN,
        )
    if claimed.attempts >= FAILING_AT_ATTEMPT and known.on_failing is not None:
        known.on_failing(purser, claimed, error)


def _bury(purser: Purser, claimed: Claimed, known: Effect | None, error: str) -> None:
    log.error("an effect was given up", effect=claimed.effect, error=error, outbox_id=claimed.id)
    with purser.deciding() as session:
        buried = outbox.bury(session, claimed, now=purser.now(), error=error)
        if buried and known is not None and known.on_dead is not None:
            known.on_dead(purser, session, claimed, error)


class Worker:
    """Threads that perform the outbox until told to stop."""

    def __init__(self, purser: Purser, bell: threading.Event, threads: int = 4) -> None:
        """`bell` is rung whenever something was written down to do."""
        self._purser = purser
        self._bell = bell
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, name=f"outbox-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        """Start performing."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_seconds: float = 10.0) -> None:
        """Let each thread end what it is doing, and wait for that."""
        self._stop.set()
        self._bell.set()
        for thread in self._threads:
            thread.join(timeout_seconds)

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                idle_seconds = self._idle_seconds()
                if idle_seconds <= 0 and perform_next(self._purser):
                    self._bell.set()
                    continue
            except Exception:
                log.exception("the outbox could not be worked on; trying again soon")
                self._stop.wait(IDLE_SECONDS)
                continue
            self._bell.wait(IDLE_SECONDS if idle_seconds <= 0 else min(idle_seconds, IDLE_SECONDS))
            self._bell.clear()

    def _idle_seconds(self) -> float:
        """How long nothing will be due. Only reads, so an idle Purser does not hold up anybody's writing."""
        now = self._purser.now()
        with self._purser.books.reading() as session:
            due = outbox.next_due(session, now)
        return IDLE_SECONDS if due is None else (due - now).total_seconds()
