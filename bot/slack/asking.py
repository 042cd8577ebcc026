"""Posts what is told of questions about keys: a part of the services' `Notifier` port."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime

from bot.domain.confirming import AskedNotice, ReviewNotice
from bot.services.ports import Posted, Sending
from bot.slack.views.base import Message
from bot.slack.views.confirming import asked
from bot.slack.views.reviews import review


class AskingNotifier(ABC):
    """Needs only to be told how to post, to rewrite, and to find what was posted."""

    @abstractmethod
    def _post(self, channel: str, message: Message, sending: Sending, thread_ts: str | None = None) -> str: ...
    @abstractmethod
    def _rewrite(self, channel: str, ts: str, message: Message) -> None: ...
    @abstractmethod
    def _find(self, channel: str, sending: Sending, thread_ts: str | None = None) -> str | None: ...
    @abstractmethod
    def _direct_channel(self, member_id: str) -> str: ...

    def direct_questions(self, member_id: str, notice: AskedNotice, now: datetime, sending: Sending) -> None:
        """Write to one person about keys, once."""
        channel = self._direct_channel(member_id)
        if not (sending.maybe_sent and self._find(channel, sending) is not None):
            self._post(channel, asked(notice, now), sending)

    def post_review(self, channel_id: str, notice: ReviewNotice, now: datetime, sending: Sending) -> Posted:
        """Post a review's message in its team's channel, once."""
        if sending.maybe_sent and (ts := self._find(channel_id, sending)) is not None:
            return Posted(channel_id, ts)
        return Posted(channel_id, self._post(channel_id, review(notice, now), sending))

    def update_review(self, notice: ReviewNotice, now: datetime) -> None:
        """Write that message anew. One that was deleted in Slack stays deleted."""
        told = notice.facts.review
        self._rewrite(told.channel_id or "", told.ts or "", review(notice, now))

    def put_in_review(self, notice: ReviewNotice, now: datetime, sending: Sending) -> None:
        """Post a message in the review's thread, or write the one anew that carries this id there."""
        channel, ts = notice.facts.review.channel_id or "", notice.facts.review.ts
        stands = self._find(channel, sending, thread_ts=ts)
        if stands is not None:
            self._rewrite(channel, stands, review(notice, now))
        else:
            self._post(channel, review(notice, now), sending, thread_ts=ts)
