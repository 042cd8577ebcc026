"""Tells people things through Slack's Web API: the services' `Notifier` port.

Posts carry their outbox id as message metadata; when an earlier try may have arrived, it is looked for by
that id before anything is posted again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from slack_sdk import WebClient

from bot.domain.digests import DigestNotice
from bot.domain.facts import Notice, RequestFacts
from bot.domain.homes import HomeFacts, Shown
from bot.domain.incident_facts import IncidentNotice
from bot.domain.leaving_facts import DepartureNotice
from bot.domain.reports import PostedUsage
from bot.domain.sweeps import SweepNotice
from bot.services.ports import DeliveryError, FailureKind, FileToSend, Posted, Sending
from bot.slack.asking import AskingNotifier
from bot.slack.charting import Charting
from bot.slack.errors import translated
from bot.slack.files import Uploads
from bot.slack.views import departures, incidents, sweeps
from bot.slack.views import digest as digests
from bot.slack.views.base import NAME_CHARS, Block, Message, clip, sentence
from bot.slack.views.direct import direct
from bot.slack.views.home import fingerprint, home
from bot.slack.views.requests import card
from bot.slack.views.thread import thread
from bot.slack.views.usage import posted

EVENT_TYPE = "purser_posted"
LOOK_BACK = 999
"""Messages to look through for one that may have been posted already: as many as Slack tells at once."""
GONE = "message_not_found"
"""What Slack says of a message that somebody deleted: there is nothing to write anew."""
FOLLOW_SECONDS = 12
"""For the messages of one thread in one try: well within the 30 after which another takes over."""
REST_FOLLOWS = "a digest with much to say takes long; the rest of it follows at the next try"


class SlackNotifier(AskingNotifier):
    """Posts, updates and replies. The client should not retry by itself: the outbox does."""

    def __init__(
        self, client: WebClient, charting: Charting | None = None, *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        """Use this client for everything."""
        self._client = client
        self._seconds = seconds
        self._charting = charting or Charting()
        self._uploads = Uploads(client)

    def post_card(self, facts: RequestFacts, now: datetime, sending: Sending) -> Posted:
        """Post the card in its team's channel, once."""
        channel = facts.request.channel_id
        if sending.maybe_sent and (ts := self._find(channel, sending)) is not None:
            return Posted(channel, ts)
        return Posted(channel, self._post(channel, card(facts, now), sending))

    def update_card(self, facts: RequestFacts, now: datetime) -> None:
        """Write the card anew. One that was deleted in Slack stays deleted."""
        self._rewrite(facts.request.channel_id, facts.request.card_ts or "", card(facts, now))

    def reply(self, facts: RequestFacts, notice: Notice, now: datetime, sending: Sending) -> None:
        """Write a line in the card's thread, once."""
        channel, ts = facts.request.channel_id, facts.request.card_ts
        if sending.maybe_sent and self._find(channel, sending, thread_ts=ts) is not None:
            return
        self._post(channel, thread(notice, now), sending, thread_ts=ts)

    def direct(self, member_id: str, notice: Notice, now: datetime, sending: Sending) -> None:
        """Write to one person, once. Somebody else than the key's holder reads it as one who answers for it."""
        channel = self._direct_channel(member_id)
        if sending.maybe_sent and self._find(channel, sending) is not None:
            return
        self._post(channel, direct(notice, now, for_owner=_is_anothers(notice, member_id)), sending)

    def post(
        self, channel_id: str, notice: Notice, now: datetime, sending: Sending, *, thread_ts: str | None = None
    ) -> Posted:
        """Post a message of its own in a channel, or in the thread of a message there, once."""
        if sending.maybe_sent and (ts := self._find(channel_id, sending, thread_ts)) is not None:
            return Posted(channel_id, ts)
        return Posted(channel_id, self._post(channel_id, thread(notice, now), sending, thread_ts))

    def update(self, channel_id: str, ts: str, notice: Notice, now: datetime) -> None:
        """Write such a message anew. One that was deleted in Slack stays deleted."""
        self._rewrite(channel_id, ts, thread(notice, now))

    def post_usage(self, channel_id: str, usage: PostedUsage, now: datetime, sending: Sending) -> Posted:
        """Post an answer about usage that somebody shares, once."""
        if sending.maybe_sent and (ts := self._find(channel_id, sending)) is not None:
            return Posted(channel_id, ts)
        return Posted(channel_id, self._post(channel_id, posted(usage, now), sending))

    def send_file(
        self, where: str, file: FileToSend, text: str, sending: Sending, *, thread_ts: str | None = None
    ) -> Posted:
        """Upload the file unshared, then post one message that carries its link, which shares it; once."""
        channel = self._direct_channel(where) if where.startswith(("U", "W")) else where
        if sending.maybe_sent and (ts := self._find(channel, sending, thread_ts)) is not None:
            return Posted(channel, ts)
        uploaded = self._uploads.ready(sending.id, file)
        with translated("posting a file"):  # only a link in the text itself shares a file: no blocks, and it unfurls
            posted = self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread_ts,
                text=f"{sentence(text)} <{uploaded.permalink}|{clip(file.name, NAME_CHARS)}>",
                metadata=_metadata(sending),
            )
        self._uploads.done(sending.id)
        return Posted(channel, str(posted["ts"]))

    def post_digest(self, notice: DigestNotice, sending: Sending) -> Posted:
        """Post a team's digest in its channel, once."""
        channel = notice.channel_id
        if sending.maybe_sent and (ts := self._find(channel, sending)) is not None:
            return Posted(channel, ts)
        return Posted(channel, self._post(channel, digests.digest(notice), sending))

    def follow_digest(self, notice: DigestNotice, sending: Sending) -> None:
        """Post what belongs in the thread of a digest, each message once."""
        channel, ts = notice.digest.channel_id, notice.digest.ts
        if channel is not None and ts is not None:
            self._follow(channel, ts, digests.thread(notice), sending, until=self._seconds() + FOLLOW_SECONDS)

    def direct_digest(self, member_id: str, notice: DigestNotice, sending: Sending) -> None:
        """Send a digest to one person, each of its messages once."""
        until = self._seconds() + FOLLOW_SECONDS
        channel = self._direct_channel(member_id)
        ts = self._find(channel, sending) if sending.maybe_sent else None
        ts = ts or self._post(channel, digests.digest(notice), sending)
        self._follow(channel, ts, digests.thread(notice), sending, until=until, begun=True)

    def post_incident(self, channel_id: str, notice: IncidentNotice, now: datetime, sending: Sending) -> Posted:
        """Post an incident's message in its team's channel, once."""
        if sending.maybe_sent and (ts := self._find(channel_id, sending)) is not None:
            return Posted(channel_id, ts)
        return Posted(channel_id, self._post(channel_id, incidents.incident(notice, now), sending))

    def update_incident(self, notice: IncidentNotice, now: datetime) -> None:
        """Write that message anew. One that was deleted in Slack stays deleted."""
        told = notice.facts.incident
        self._rewrite(told.channel_id or "", told.ts or "", incidents.incident(notice, now))

    def follow_incident(self, notice: IncidentNotice, now: datetime, sending: Sending) -> None:
        """Write in the thread of an incident's message, once."""
        channel, ts = notice.facts.incident.channel_id or "", notice.facts.incident.ts
        if not (sending.maybe_sent and self._find(channel, sending, thread_ts=ts) is not None):
            self._post(channel, incidents.step(notice, now), sending, thread_ts=ts)

    def direct_incident(self, member_id: str, notice: IncidentNotice, now: datetime, sending: Sending) -> None:
        """Write to one person about an incident, once."""
        channel = self._direct_channel(member_id)
        if not (sending.maybe_sent and self._find(channel, sending) is not None):
            self._post(channel, incidents.direct(notice, now, member_id), sending)

    def post_departure(self, channel_id: str, notice: DepartureNotice, now: datetime, sending: Sending) -> Posted:
        """Post a team's message about somebody who left in its channel, once."""
        if sending.maybe_sent and (ts := self._find(channel_id, sending)) is not None:
            return Posted(channel_id, ts)
        return Posted(channel_id, self._post(channel_id, departures.departure(notice, now), sending))

    def update_departure(self, notice: DepartureNotice, now: datetime) -> None:
        """Write that message anew. One that was deleted in Slack stays deleted."""
        left = notice.facts.left
        self._rewrite(left.channel_id or "", left.ts or "", departures.departure(notice, now))

    def follow_departure(self, notice: DepartureNotice, now: datetime, sending: Sending) -> None:
        """Write in the thread of that message, once."""
        channel, ts = notice.facts.left.channel_id or "", notice.facts.left.ts
        if not (sending.maybe_sent and self._find(channel, sending, thread_ts=ts) is not None):
            self._post(channel, departures.step(notice, now), sending, thread_ts=ts)

    def direct_departure(self, member_id: str, notice: DepartureNotice, now: datetime, sending: Sending) -> None:
        """Write to one person about somebody who left, once."""
        channel = self._direct_channel(member_id)
        if not (sending.maybe_sent and self._find(channel, sending) is not None):
            self._post(channel, departures.direct(notice, now), sending)

    def direct_sweep(self, member_id: str, notice: SweepNotice, now: datetime, sending: Sending) -> None:
        """Write to one owner about a sweep, once."""
        channel = self._direct_channel(member_id)
        if not (sending.maybe_sent and self._find(channel, sending) is not None):
            self._post(channel, sweeps.direct(notice), sending)

    def _follow(
        self,
        channel: str,
        ts: str,
        messages: Sequence[Message],
        sending: Sending,
        *,
        until: float,
        begun: bool = False,
    ) -> None:
        """Reply with each message once. Once one stands there, whatever fails leaves it unknown how far it came.

        What is not posted by `until` waits for the next try: who goes on for long is taken for dead, and another
        would post the same beside them.
        """
        there = self._standing(channel, ts) if messages and sending.maybe_sent else {}
        for number, message in enumerate(messages, 1):
            one = Sending(f"{sending.id}-{number}", sending.maybe_sent)
            if one.id in there:
                continue
            try:
                self._must_be_before(until)
                self._post(channel, message, one, thread_ts=ts)
            except DeliveryError as failed:
                if failed.kind is FailureKind.TRANSIENT and (begun or number > 1):
                    unknown, after = FailureKind.UNKNOWN, failed.retry_after_seconds
                    raise DeliveryError(unknown, failed.message, retry_after_seconds=after) from failed
                raise

    def _must_be_before(self, until: float) -> None:
        if self._seconds() > until:
            raise DeliveryError(FailureKind.TRANSIENT, REST_FOLLOWS, retry_after_seconds=1.0)

    def publish_home(self, member_id: str, facts: HomeFacts, now: datetime, expected: Shown) -> Shown | None:
        """Let the Home tab show this in the place of what stands there; None when something else does by now."""
        view = home(facts, now)
        if (drawn := fingerprint(view)) == expected.fingerprint:
            return expected
        try:
            with translated("publishing a Home tab"):
                found = self._client.views_publish(user_id=member_id, view=view, hash=expected.view_hash or None)
        except DeliveryError as failed:
            if failed.kind is FailureKind.PERMANENT and "hash_conflict" in failed.message:
                return None
            raise
        return Shown(drawn, str(found["view"]["hash"]))

    def _direct_channel(self, member_id: str) -> str:
        with translated("opening a direct message"):
            opened = self._client.conversations_open(users=member_id)
        return str(opened["channel"]["id"])

    def _post(self, channel: str, message: Message, sending: Sending, thread_ts: str | None = None) -> str:
        def send(blocks: list[Block]) -> str:
            posted = self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread_ts,
                text=message.text,
                blocks=blocks,
                metadata=_metadata(sending),
                unfurl_links=False,
                unfurl_media=False,
            )
            return str(posted["ts"])

        with translated("posting a message"):
            return self._charting.sent(self._client, message, send, patient=True)

    def _rewrite(self, channel: str, ts: str, message: Message) -> None:
        def send(blocks: list[Block]) -> None:
            self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=blocks)

        try:
            with translated("updating a message"):
                self._charting.sent(self._client, message, send, patient=True)
        except DeliveryError as failed:
            if GONE not in failed.message:
                raise

    def _find(self, channel: str, sending: Sending, thread_ts: str | None = None) -> str | None:
        """The timestamp of the message that carries this id, or None."""
        return self._standing(channel, thread_ts).get(sending.id)

    def _standing(self, channel: str, thread_ts: str | None) -> dict[str, str]:
        """The newest messages there that carry an id of ours: their timestamps by it."""
        with translated("looking for an earlier message"):
            if thread_ts is None:
                found = self._client.conversations_history(channel=channel, limit=LOOK_BACK, include_all_metadata=True)
            else:
                found = self._client.conversations_replies(
                    channel=channel, ts=thread_ts, limit=1000, include_all_metadata=True
                )
        messages: list[dict[str, Any]] = found.get("messages") or []
        ours = ((message["ts"], message.get("metadata") or {}) for message in messages)
        return {
            str(metadata.get("event_payload", {}).get("id")): str(ts)
            for ts, metadata in ours
            if metadata.get("event_type") == EVENT_TYPE
        }


def _metadata(sending: Sending) -> dict[str, Any]:
    """What a message carries so that it is found again."""
    return {"event_type": EVENT_TYPE, "event_payload": {"id": sending.id}}


def _is_anothers(notice: Notice, member_id: str) -> bool:
    """Whether what it is about belongs to somebody else than the person who reads it."""
    if notice.alert is not None:
        return notice.alert.limit.subject_id != member_id
    return notice.key is not None and notice.key.key.holder_id != member_id
