"""One thing a person did in Slack, read from its payload in one place: who, where, what, and how to answer.

The ids come from the signed payload. Nothing is believed of a person but their id and workspace.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.client import HTTPException
from typing import Any, TypeVar

import structlog
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser
from bot.services.people import Freshness, identify
from bot.services.ports import DeliveryError, FailureKind
from bot.slack.charting import BlocksRefused, Charting
from bot.slack.errors import translated
from bot.slack.views.base import Block, Message, View

log = structlog.get_logger(__name__)

WEBHOOK_TIMEOUT_SECONDS = 10


class Stop(Exception):
    """A handler has nothing more to do: the refusal is what the person reads."""

    def __init__(self, refused: Refused) -> None:
        """Carry the refusal to the guard."""
        super().__init__(refused.because)
        self.refused = refused


Allowed = TypeVar("Allowed")


def allowed(outcome: Allowed | Refused) -> Allowed:
    """The outcome itself, unless it is a refusal, which then is the answer: raises `Stop`."""
    if isinstance(outcome, Refused):
        raise Stop(outcome)
    return outcome


@contextmanager
def only_showing(what: str) -> Iterator[None]:
    """Around the one call of a handler that changes nothing: should Slack not take it, the person reads so."""
    try:
        with translated(f"showing {what}"):
            yield
    except DeliveryError as failed:
        log.warning("Slack did not show something", what=what, error=failed.message)
        slow = failed.kind is FailureKind.TRANSIENT
        why = "Slack asks Purser to slow down" if slow else "Slack did not answer as it should"
        text = f"Purser could not show {what}: {why}. Nothing was changed; please try again in a minute."
        raise Stop(Refused(Because.BUSY, text)) from failed


class Replace(StrEnum):
    """What an answer does to the ephemeral message whose button was pressed."""

    NO = "no"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A command, click, form or event, with the means to answer the person who caused it."""

    purser: Purser
    client: WebClient
    body: Mapping[str, Any]
    charting: Charting = field(default_factory=Charting)

    @property
    def what(self) -> str:
        """What it is, for the log: never what was typed."""
        body = self.body
        named = body.get("command") or self._action.get("action_id") or self.view.get("callback_id")
        return str(named or self.event.get("type") or body.get("type", "unknown"))

    @property
    def event(self) -> Mapping[str, Any]:
        """The inner event of an Events API delivery; empty for anything else."""
        event = self.body.get("event")
        return event if isinstance(event, dict) else {}

    @property
    def view(self) -> Mapping[str, Any]:
        """The form of a submission, or the modal or Home tab that a button stands in; else empty."""
        return self.body.get("view") or {}

    @property
    def _action(self) -> Mapping[str, Any]:
        actions = self.body.get("actions") or [{}]
        first: Mapping[str, Any] = actions[0]
        return first

    @property
    def value(self) -> str:
        """The opaque id a button carries."""
        return str(self._action.get("value", ""))

    @property
    def text(self) -> str:
        """What was typed after a command."""
        return str(self.body.get("text") or "")

    @property
    def user_id(self) -> str:
        """The signed Slack user id."""
        user = self.body.get("user")
        if isinstance(user, dict):
            return str(user.get("id", ""))
        return str(self.body.get("user_id") or self.event.get("user") or "")

    @property
    def workspace_id(self) -> str:
        """The workspace the person belongs to, as the payload says; empty when it does not."""
        user = self.body.get("user")
        if isinstance(user, dict):
            team = self.body.get("team") or {}
            return str(user.get("team_id") or team.get("id") or "")
        event = self.event
        return str(event.get("user_team") or event.get("team") or self.body.get("team_id") or "")

    @property
    def channel_id(self) -> str:
        """Where it happened; empty for forms and the Home tab."""
        channel = self.body.get("channel")
        if isinstance(channel, dict):
            return str(channel.get("id", ""))
        return str(self.body.get("channel_id") or self.event.get("channel") or "")

    @property
    def trigger_id(self) -> str:
        """Good for one modal, for three seconds."""
        return str(self.body.get("trigger_id") or "")

    @property
    def delivery(self) -> str:
        """An id that is the same when Slack delivers the same thing again, and differs otherwise."""
        body = self.body
        if "event_id" in body:
            return f"event:{body['event_id']}"
        if "command" in body:
            return f"command:{self.trigger_id}"
        if body.get("type") == "view_submission":
            values = json.dumps(self.view.get("state", {}), sort_keys=True)
            # Keyed, for a form may hold a pasted secret.
            digest = hmac.new(self.purser.pepper, values.encode(), hashlib.sha256).hexdigest()[:16]
            return f"view:{self.view.get('id')}:{self.view.get('callback_id')}:{digest}"
        if body.get("type") in ("message_action", "shortcut"):
            return f"shortcut:{body.get('callback_id')}:{body.get('action_ts')}:{self.trigger_id}"
        container = body.get("container") or {}
        where = container.get("message_ts") or container.get("view_id") or ""
        return f"action:{where}:{self._action.get('action_id')}:{self._action.get('action_ts')}:{self.user_id}"

    def actor(self, *, fresh: bool = False) -> Actor:
        """The person, looked up now; `fresh` for decisions. Raises `Stop` for anyone who may use nothing here.

        A form is acknowledged by what its sender's person is known to be: Slack was asked when it was opened, and
        tells of changes.
        """
        is_form = self.body.get("type") == "view_submission"
        freshness = Freshness.KNOWN if is_form else Freshness.NOW if fresh else Freshness.RECENT
        return allowed(identify(self.purser, self.user_id, self.workspace_id, self.delivery, freshness))

    def open(self, view: View) -> str:
        """Open a modal for this person and return its id. Raises what the Slack client raises."""
        opened = self.client.views_open(trigger_id=self.trigger_id, view=view)
        return str(opened["view"]["id"])

    def open_form(self, view: View) -> None:
        """Open a form for this person. Raises `Stop` when Slack does not."""
        with only_showing("the form"):
            self.open(view)

    def answer(self, message: Message, replace: Replace = Replace.NO) -> None:
        """Tell the person, and nobody else. In place of the ephemeral message they pressed, if wanted."""
        self.charting.sent(self.client, message, lambda blocks: self._tell(message.text, blocks, replace))

    def _tell(self, text: str, blocks: list[Block], replace: Replace) -> None:
        url = self.body.get("response_url")
        if url and self._respond(str(url), text, blocks, replace):
            return
        if self.channel_id:
            self.client.chat_postEphemeral(
                channel=self.channel_id,
                user=self.user_id,
                text=text,
                blocks=blocks,
                thread_ts=self.event.get("thread_ts"),
            )
        else:  # a form or the Home tab: there is no place but the direct message
            opened = self.client.conversations_open(users=self.user_id)
            self.client.chat_postMessage(channel=str(opened["channel"]["id"]), text=text, blocks=blocks)

    @property
    def message_pressed(self) -> tuple[str, str]:
        """Channel and time stamp of the message whose button was pressed, if others may see it; else empty."""
        container = self.body.get("container") or {}
        if not container.get("message_ts") or self.in_ephemeral:
            return "", ""
        return str(container.get("channel_id")), str(container["message_ts"])

    def rewrite(self, message: Message, at: tuple[str, str] | None = None) -> None:
        """Let the message whose button was pressed, or the one there, say this from now on. Failing that, it stays."""
        channel, ts = at or self.message_pressed
        if not ts:
            return

        def send(blocks: list[Block]) -> None:
            self.client.chat_update(channel=channel, ts=ts, text=message.text, blocks=blocks)

        with suppress(DeliveryError), translated("rewriting a message"):
            self.charting.sent(self.client, message, send)

    def _respond(self, url: str, text: str, blocks: list[Block], replace: Replace) -> bool:
        """Answer over the response_url; False when Slack does not take it (five uses in 30 minutes).

        Raises `BlocksRefused` when it is the blocks that Slack does not take.
        """
        try:
            sent = WebhookClient(url, timeout=WEBHOOK_TIMEOUT_SECONDS).send(
                text=text,
                blocks=blocks,
                response_type="ephemeral",
                replace_original=replace is Replace.YES and self.in_ephemeral,
            )
        except (OSError, HTTPException):
            return False
        if sent.status_code != 200 and "invalid_blocks" in str(sent.body):
            raise BlocksRefused("the response_url refused the blocks")
        return sent.status_code == 200

    @property
    def in_modal(self) -> bool:
        """Whether a button was pressed in a modal."""
        return self.view.get("type") == "modal"

    @property
    def in_home(self) -> bool:
        """Whether a button was pressed in the Home tab."""
        return self.view.get("type") == "home"

    @property
    def in_ephemeral(self) -> bool:
        """Whether a button was pressed in a message that only this person sees."""
        return bool((self.body.get("container") or {}).get("is_ephemeral"))
