"""Tells people things through Slack's Web API: the services' `Notifier` and `Directory` ports.

Posts carry their outbox id as message metadata; when an earlier try may have arrived, it is looked for by
that id before anything is posted again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from slack_sdk import WebClient

from bot.domain.facts import Notice, RequestFacts
from bot.domain.people import Member, handle_from
from bot.services.ports import DeliveryError, FailureKind, Posted, Sending
from bot.slack.errors import translated
from bot.slack.views.base import Message
from bot.slack.views.direct import direct
from bot.slack.views.requests import card
from bot.slack.views.thread import thread

EVENT_TYPE = "purser_posted"
LOOK_BACK = 100
"""Messages to look through for one that may have been posted already."""


class SlackNotifier:
    """Posts, updates and replies. The client should not retry by itself: the outbox does."""

    def __init__(self, client: WebClient) -> None:
        """Use this client for everything."""
        self._client = client

    def post_card(self, facts: RequestFacts, now: datetime, sending: Sending) -> Posted:
        """Post the card in its team's channel, once."""
        channel = facts.request.channel_id
        if sending.maybe_sent and (ts := self._find(channel, sending)) is not None:
            return Posted(channel, ts)
        return Posted(channel, self._post(channel, card(facts, now), sending))

    def update_card(self, facts: RequestFacts, now: datetime) -> None:
        """Write the card anew. One that was deleted in Slack stays deleted."""
        shown = card(facts, now)
        with translated("updating a request's card"):
            self._client.chat_update(
                channel=facts.request.channel_id,
                ts=facts.request.card_ts or "",
                text=shown.text,
                blocks=shown.blocks,
            )

    def reply(self, facts: RequestFacts, notice: Notice, now: datetime, sending: Sending) -> None:
        """Write a line in the card's thread, once."""
        channel, ts = facts.request.channel_id, facts.request.card_ts
        if sending.maybe_sent and self._find(channel, sending, thread_ts=ts) is not None:
            return
        self._post(channel, thread(notice, now), sending, thread_ts=ts)

    def direct(self, member_id: str, notice: Notice, now: datetime, sending: Sending) -> None:
        """Write to one person, once. Somebody else than the key's holder reads it as one who answers for it."""
        with translated("opening a direct message"):
            opened = self._client.conversations_open(users=member_id)
        channel = str(opened["channel"]["id"])
        if sending.maybe_sent and self._find(channel, sending) is not None:
            return
        self._post(channel, direct(notice, now, for_owner=_is_anothers(notice, member_id)), sending)

    def post(self, channel_id: str, notice: Notice, now: datetime, sending: Sending) -> Posted:
        """Post a message of its own in a channel, once."""
        if sending.maybe_sent and (ts := self._find(channel_id, sending)) is not None:
            return Posted(channel_id, ts)
        return Posted(channel_id, self._post(channel_id, thread(notice, now), sending))

    def update(self, channel_id: str, ts: str, notice: Notice, now: datetime) -> None:
        """Write such a message anew. One that was deleted in Slack stays deleted."""
        shown = thread(notice, now)
        with translated("updating a message"):
            self._client.chat_update(channel=channel_id, ts=ts, text=shown.text, blocks=shown.blocks)

    def _post(self, channel: str, message: Message, sending: Sending, thread_ts: str | None = None) -> str:
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"id": sending.id}}
        with translated("posting a message"):
            posted = self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread_ts,
                text=message.text,
                blocks=message.blocks,
                metadata=metadata,
                unfurl_links=False,
                unfurl_media=False,
            )
        return str(posted["ts"])

    def _find(self, channel: str, sending: Sending, thread_ts: str | None = None) -> str | None:
        """The timestamp of the message that carries this id, or None."""
        with translated("looking for an earlier message"):
            if thread_ts is None:
                found = self._client.conversations_history(channel=channel, limit=LOOK_BACK, include_all_metadata=True)
            else:
                found = self._client.conversations_replies(
                    channel=channel, ts=thread_ts, limit=1000, include_all_metadata=True
                )
        messages: list[dict[str, Any]] = found.get("messages") or []
        for message in messages:
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload", {}).get("id") == sending.id:
                return str(message["ts"])
        return None


def _is_anothers(notice: Notice, member_id: str) -> bool:
    """Whether what it is about belongs to somebody else than the person who reads it."""
    if notice.alert is not None:
        return notice.alert.limit.subject_id != member_id
    return notice.key is not None and notice.key.key.holder_id != member_id


class SlackDirectory:
    """Looks people up."""

    def __init__(self, client: WebClient) -> None:
        """Use this client, which should give up well within three seconds."""
        self._client = client

    def is_member_of(self, channel_id: str) -> bool:
        """Whether Purser is in this channel; one it cannot see is one it is not in. Raises `DeliveryError`."""
        try:
            with translated("looking a channel up"):
                found = self._client.conversations_info(channel=channel_id)
        except DeliveryError as failed:
            if failed.kind is FailureKind.PERMANENT and "channel_not_found" in failed.message:
                return False
            raise
        channel = found["channel"]
        return bool(channel.get("is_member")) and not channel.get("is_archived")

    def lookup(self, member_id: str) -> Member | None:
        """The person as Slack knows them now, or None. Raises `DeliveryError`."""
        try:
            with translated("looking a person up"):
                found = self._client.users_info(user=member_id)
        except DeliveryError as failed:
            if failed.kind is FailureKind.PERMANENT and "user_not_found" in failed.message:
                return None
            raise
        return member_from(found["user"])


def member_from(user: dict[str, Any]) -> Member:
    """A person from Slack's user object (docs.slack.dev/reference/objects/user-object)."""
    profile = user.get("profile") or {}
    name = profile.get("display_name") or user.get("real_name") or profile.get("real_name") or user.get("name") or ""
    return Member(
        id=str(user["id"]),
        workspace_id=str(user.get("team_id", "")),
        handle=handle_from(str(user.get("name") or name)),
        name=str(name),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_bot=bool(user.get("is_bot") or user.get("id") == "USLACKBOT"),
        is_departed=bool(user.get("deleted")),
        time_zone=str(user.get("tz") or ""),
    )
