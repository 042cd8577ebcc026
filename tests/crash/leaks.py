"""Ben posts Ana's key in a watched channel: it goes off, and its thread is warned once, whatever happens to Purser."""

from __future__ import annotations

from bot.playground.slack.model import Message
from bot.services import leak_warnings
from tests.faults import kit
from tests.office import Office

WARNING, OFF = "A key stands in this message", "is *off*"


class Leaks:
    """What was posted, and what people read of it."""

    def __init__(self, office: Office, failpoint: str) -> None:
        self.office = office
        self.is_posted = failpoint.endswith(f":{leak_warnings.WARN}")
        self._posted: Message | None = None

    # --- what people do ---

    def watch(self) -> None:
        self.office.slack.person("omar").command("/ai-team watch on", channel="search")

    def post_key(self) -> None:
        """Once: what stands in a channel is not written again."""
        if self._posted is None:
            secret = kit.shown_secrets(self.office)[-1]
            self._posted = self.office.slack.person("ben").says("search", f"use {secret}")

    # --- what they see ---

    def is_watched(self) -> bool:
        return bool(kit.rows(self.office, action="watch.on"))

    def is_warned(self) -> bool:
        return any(OFF in words for words in self._warnings())

    def assert_told_once(self) -> None:
        """One warning, which tells the truth; one message to who posted it; one incident."""
        if self.is_posted:
            assert len(self._warnings()) == 1
            assert self.is_warned()
            assert len(kit.told(self.office, "ben", "A message of yours")) == 1
            assert len(kit.rows(self.office, action="incident.opened")) == 1

    def _warnings(self) -> list[str]:
        if self._posted is None:
            return []
        replies = self.office.slack.channel("search").replies(self._posted)
        return [words for one in replies if WARNING in (words := self.office.text(one))]
