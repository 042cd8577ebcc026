"""What happens on the Monday after Ana used her key: her team reads a digest, and so does she."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta

from bot.domain.digests import Week
from bot.playground.slack.model import Message
from bot.services.failpoints import Failpoint
from storage import syncs
from storage.syncs import What
from tests.faults import kit
from tests.office import Office, eventually

TITLE = "Team search, "
IN_CHANNEL = {"slack.digest", "slack.digest_thread", "slack.digest_file"}
POLL_SECONDS = 61
POLLS = 8


class Digests:
    """The week's end, lived to see."""

    def __init__(self, office: Office, failpoint: str, is_dead: Callable[[], bool]) -> None:
        self.office = office
        self._is_dead = is_dead
        effect = failpoint.partition(":")[2]
        self.comes = (
            effect in IN_CHANNEL or effect == "slack.digest_direct" or failpoint == Failpoint.AFTER_DIGEST_POSTED
        )
        self._has_come = False

    # --- what people do ---

    def use_key(self) -> None:
        """So that there is something to tell."""
        assert self.office.chat(kit.shown_secrets(self.office)[-1]).status_code == 200

    def want_one(self) -> None:
        self.office.slack.person("ana").command("/ai-usage digest on", channel="search")

    def wait_for_monday(self) -> None:
        """Once: who looks again after a crash finds the Monday there. A digest waits for usage, which is read first."""
        if not self._has_come:
            self._has_come = True
            now = self.office.clock.now()
            nine = Week.of(now.date()).span.ends_at + timedelta(hours=9, seconds=10)
            kit.let_pass(self.office, seconds=(nine - now).total_seconds())
            self._wait(self._is_read)
        for _ in range(POLLS):
            if self.is_told() or self._is_dead():
                return
            kit.let_pass(self.office, seconds=POLL_SECONDS)
            self._wait(self.is_told)

    def _wait(self, look: Callable[[], bool]) -> None:
        with contextlib.suppress(AssertionError):
            eventually(lambda: look() or self._is_dead(), timeout=8)

    # --- what they see ---

    def is_used(self) -> bool:
        return any(key.total_spend > 0 for key in self.office.gateway.state.keys.values())

    def is_wanted(self) -> bool:
        return bool(kit.rows(self.office, action="digest.wanted"))

    def _is_read(self) -> bool:
        with kit.looking(self.office) as session:
            marks = syncs.all_of(session, What.USAGE)
        ends_at = Week.of(self.office.clock.now().date()).moved(-1).span.ends_at
        return all(mark.read_at is not None and mark.read_at >= ends_at for mark in marks)

    def is_told(self) -> bool:
        return len(self._told()) == 1 and len(self._thread()) >= 2 and len(self._hers()) == 1

    def assert_told_once(self) -> None:
        """One message, one table in its thread, each page of details once; one to Ana."""
        if not self.comes:
            return
        assert len(self._told()) == len(self._hers()) == 1
        thread = [self.office.text(message) for message in self._thread()]
        assert sum(".csv" in words for words in thread) == 1, thread
        assert len(set(thread)) == len(thread) >= 2, thread
        assert len(kit.rows(self.office, action="digest.posted")) == 2

    def _told(self) -> list[Message]:
        return [message for message in self.office.cards() if TITLE in self.office.text(message)]

    def _thread(self) -> list[Message]:
        return self.office.slack.channel("search").replies(self._told()[0]) if self._told() else []

    def _hers(self) -> list[Message]:
        return kit.told(self.office, "ana", "Your week, ")
