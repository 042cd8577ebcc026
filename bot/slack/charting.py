"""Decides how a message's charts are shown: as Slack's own, as pictures, or in words; and sends it that way.

A message is never lost for a chart. Slack's own charts are used when the setting says so and Slack takes them: when it
refuses them the message is sent again with pictures, and Slack's own are left alone for some hours. A picture is
uploaded unshared and named in the message; Slack refuses such a message while it still works on the file, so it is
sent again after short pauses. When no picture can be had, the chart's words stand there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.charts import Picture, drawn
from bot.domain.charts import Chart
from bot.services.ports import DeliveryError, FailureKind
from bot.slack.pictures import NoPicture, Pictures, Shown, code_of
from bot.slack.views import charts as views
from bot.slack.views.base import Block, Message

log = structlog.get_logger(__name__)

PAUSES_SECONDS = (0.5, 1.0, 2.0, 3.0)
"""Between tries to show a picture that Slack may still be working on."""
MOST_SECONDS = 9
"""For all that is done about charts. Who performs the outbox is given up after 30, and another takes over."""
NATIVE_AGAIN_SECONDS = 6 * 3600

Sent = TypeVar("Sent")
Send = Callable[[list[Block]], Sent]
"""Sends a message with these blocks. Raises `SlackApiError`, and has sent nothing when that says `invalid_blocks`."""


class BlocksRefused(SlackApiError):
    """Slack said `invalid_blocks`, and sent nothing."""

    def __init__(self, where: str) -> None:
        """As if the Web API had said so, whatever said it."""
        super().__init__(where, {"ok": False, "error": "invalid_blocks"})  # type: ignore[no-untyped-call]


class Charting:
    """Sends messages with charts. One for the whole process: it remembers what Slack takes, and uploaded pictures."""

    def __init__(
        self,
        *,
        native: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        seconds: Callable[[], float] = time.monotonic,
        draw: Callable[[Chart], Picture] = drawn,
    ) -> None:
        """With `native`, Slack's own charts are tried first."""
        self._native = native
        self._sleep = sleep
        self._seconds = seconds
        self._pictures = Pictures(draw, sleep, seconds)
        self._native_from = float("-inf")

    def sent(self, client: WebClient, message: Message, send: Send[Sent], *, patient: bool = False) -> Sent:
        """Send the message with its charts shown as well as can be; `send` is called until it is taken.

        Raises what `send` raises, other than over charts. Who is `patient` can try again later: for them it also
        raises, with nothing sent, when Slack asks to slow down while a picture is uploaded, and `DeliveryError` when
        that took so long that sending might come too late. What was uploaded by then is used at the next try.
        """
        if not message.charts:
            return send(message.blocks)
        refused = False
        if own := self._own(message):
            try:
                return _trying(send, own)
            except BlocksRefused:
                refused = True
        result = self._otherwise(client, message, send, patient=patient)
        if refused:  # the rest of the message was fine
            log.warning("Slack refused its own charts; pictures are sent for some hours")
            self._native_from = self._seconds() + NATIVE_AGAIN_SECONDS
        return result

    def _own(self, message: Message) -> list[Block] | None:
        """The blocks with Slack's own charts, where these can be had."""
        if not self._native or self._seconds() < self._native_from:
            return None
        shown = views.native(message.charts)
        return None if shown is None else views.placed(message, shown)

    def _otherwise(self, client: WebClient, message: Message, send: Send[Sent], *, patient: bool) -> Sent:
        """With pictures, or where there are none to be had, in words."""
        until = self._seconds() + MOST_SECONDS
        known = self._pictures.knows(message.charts)
        for _ in range(2 if known else 1):  # files that are remembered may be deleted in Slack by now
            blocks = self._pictured(client, message, patient=patient)
            if patient and self._seconds() > until:
                late = "uploading a chart took long; it is sent at the next try"  # another may send it by now
                raise DeliveryError(FailureKind.TRANSIENT, late)
            if blocks is None:
                break
            try:
                return self._patiently(send, blocks, until)
            except BlocksRefused:
                log.warning("Slack does not show an uploaded chart")
                self._pictures.forget(message.charts)
        return send(views.placed(message, views.in_words))

    def _pictured(self, client: WebClient, message: Message, *, patient: bool) -> list[Block] | None:
        """The blocks with pictures, or None when there are none to be had."""
        try:
            shown = self._pictures.of(client, message.charts)
        except NoPicture as failed:
            if patient and failed.slow_down is not None:
                raise failed.slow_down from failed
            log.warning("a chart cannot be shown; its words are sent", error=str(failed))
            return None
        return views.placed(message, lambda chart: _picture(shown[chart]))

    def _patiently(self, send: Send[Sent], blocks: list[Block], until: float) -> Sent:
        """Again after pauses, as long as there is time. Raises `BlocksRefused`."""
        for pause in PAUSES_SECONDS:
            if self._seconds() + pause > until:
                break
            try:
                return _trying(send, blocks)
            except BlocksRefused:
                self._sleep(pause)
        return _trying(send, blocks)


def _picture(shown: Shown) -> list[Block]:
    return views.picture(shown.chart, shown.file_id, shown.key, titled=shown.titled)


def _trying(send: Send[Sent], blocks: list[Block]) -> Sent:
    """Send it. Raises `BlocksRefused` for what Slack calls invalid blocks, and anything else as it is."""
    try:
        return send(blocks)
    except SlackApiError as refused:
        if code_of(refused) == "invalid_blocks" and not isinstance(refused, BlocksRefused):
            raise BlocksRefused("Slack refused the blocks") from refused
        raise
