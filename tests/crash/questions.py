"""A review begins; and nobody uses Ana's key for some days, so she is asked about it: each message comes once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from bot.playground.slack.model import Message
from bot.services.failpoints import Failpoint
from bot.services.questions import QUESTIONS, REVIEW
from storage import syncs
from storage.syncs import What
from tests.faults import kit
from tests.office import Office, eventually

TITLE, PAGE, ASKED = "Review of team search's keys", "oldest first", "Still needed?"
POLICY = '[digest]\nunused_after = "1d"\n[hygiene]\nstop_unused_after = "1d"\n'
UNUSED_DAYS = 2
POLL_SECONDS = 601
POLLS = 8
"""The hour in which questions are looked at comes within so many of these."""


class Questions:
    """What is asked about keys, and what people read of it."""

    def __init__(self, office: Office, failpoint: str, is_dead: Callable[[], bool]) -> None:
        self.office = office
        self._is_dead = is_dead
        effect = failpoint.partition(":")[2]
        self.is_reviewed = effect == REVIEW or failpoint == Failpoint.AFTER_REVIEW_POSTED
        self.is_asked = effect == QUESTIONS
        self._has_waited = False
        if self.is_asked:
            policy = office.tmp_path / "policy.toml"
            policy.write_text(POLICY, encoding="utf-8")
            office.environment["purser_config"] = str(policy)

    # --- what people do ---

    def begin(self) -> None:
        """Once: who typed it again would read how the review stands."""
        if not kit.rows(self.office, action="review.started"):
            self.office.slack.person("omar").command("/ai-team review", channel="search")

    def wait(self) -> None:
        """Time passes in which nobody uses the key, as far as the gateway tells."""
        if not self._has_waited:
            self._has_waited = True
            kit.let_pass(self.office, days=UNUSED_DAYS)
        for _ in range(POLLS):
            self._until(self._is_read)
            if self.is_told() or self._is_dead():
                return
            kit.let_pass(self.office, seconds=POLL_SECONDS)
            self._until(self.is_told)

    def _until(self, look: Callable[[], bool]) -> None:
        with contextlib.suppress(AssertionError):
            eventually(lambda: look() or self._is_dead(), timeout=4)

    # --- what they see ---

    def is_begun(self) -> bool:
        return len(self._reviews()) == 1 and len(self._pages()) == 1

    def is_told(self) -> bool:
        return len(kit.told(self.office, "ana", ASKED)) == 1

    def _is_read(self) -> bool:
        with kit.looking(self.office) as session:
            marks = syncs.all_of(session, What.USAGE)
        now = self.office.clock.now()
        return all(mark.read_at is not None and (now - mark.read_at).total_seconds() < POLL_SECONDS for mark in marks)

    def assert_told_once(self) -> None:
        """One review, one message, one page of keys in its thread; one question, one message about it."""
        if self.is_reviewed:
            assert len(kit.rows(self.office, action="review.started")) == 1
            assert (len(self._reviews()), len(self._pages())) == (1, 1)
        if self.is_asked:
            assert len(kit.rows(self.office, action="confirmation.asked")) == 1
            assert len(kit.told(self.office, "ana", ASKED)) == 1

    def _reviews(self) -> list[Message]:
        return [message for message in self.office.cards() if TITLE in self.office.text(message)]

    def _pages(self) -> list[Message]:
        found = self._reviews()
        thread = self.office.slack.channel("search").replies(found[0]) if found else []
        return [message for message in thread if PAGE in self.office.text(message)]
