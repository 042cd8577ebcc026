"""Decides how a message's charts are shown: as Slack's own, as pictures, or in words; and sends it that way.

A message is never lost for a chart. Slack's own charts are used when the setting says so and Slack takes them: when it
refuses them the message is sent again with pictures, and Slack's own are left alone for some hours. A picture is
uploaded unshared and named in the message; Slack refuses such a message while it still works on the file, so it is
sent again after short pauses. When no picture can be had, the chart's words stand there.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import TypeVar

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.charts import Picture, drawn
from bot.domain.charts import Chart
from bot.services.ports import FileToSend
from bot.slack.files import Uploaded, upload
from bot.slack.views import charts as views
from bot.slack.views.base import Block, Message

log = structlog.get_logger(__name__)

PAUSES_SECONDS = (0.5, 1.0, 2.0)
"""Between tries to show a picture that Slack may still be working on."""
NATIVE_AGAIN_SECONDS = 6 * 3600
KEPT = 200
"""Pictures whose file is remembered, so that a message that is written anew keeps its picture."""

_DRAWING_FAILS = (ArithmeticError, ImportError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What a library for drawing may raise over what it is to draw, or where it is not whole."""

_LOST = (OSError, HTTPException, SlackClientError)

Sent = TypeVar("Sent")
Send = Callable[[list[Block]], Sent]
"""Sends a message with these blocks. Raises `SlackApiError` or `BlocksRefused`, and has then sent nothing."""


class BlocksRefused(SlackApiError):
    """Slack said `invalid_blocks`, and sent nothing."""

    def __init__(self, where: str) -> None:
        """As if the Web API had said so, whatever said it."""
        super().__init__(where, {"ok": False, "error": "invalid_blocks"})  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A chart that was uploaded."""

    chart: Chart
    file_id: str
    key: tuple[tuple[str, str], ...]
    titled: bool


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
        self._draw = draw
        self._native_from = float("-inf")
        self._uploaded: OrderedDict[Chart, _Shown] = OrderedDict()
        self._lock = threading.Lock()

    def sent(self, client: WebClient, message: Message, send: Send[Sent], *, patient: bool = False) -> Sent:
        """Send the message with its charts shown as well as can be; `send` is called until it is taken.

        Raises what `send` raises, other than over charts. A patient one also raises when Slack asks to slow down
        while a picture is uploaded, so that its caller can try again later with nothing sent.
        """
        if not message.charts:
            return send(message.blocks)
        refused = False
        if own := self._own(message):
            try:
                return _trying(send, own)
            except BlocksRefused:
                refused = True
        result = self._with_pictures(client, message, send, patient=patient)
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

    def _with_pictures(self, client: WebClient, message: Message, send: Send[Sent], *, patient: bool) -> Sent:
        """With pictures, or where there are none to be had, in words."""
        remembered = any(chart in self._uploaded for chart in message.charts)
        try:
            try:
                return self._pictured(client, message, send, patient=patient)
            except BlocksRefused:
                if not remembered:
                    raise
                return self._pictured(client, message, send, patient=patient)  # files may be deleted in Slack
        except (BlocksRefused, _NoPicture) as failed:
            log.warning("a chart cannot be shown; its words are sent", error=str(failed))
        return send(views.placed(message, views.in_words))

    def _pictured(self, client: WebClient, message: Message, send: Send[Sent], *, patient: bool) -> Sent:
        """With pictures. Raises `_NoPicture` where there are none, `BlocksRefused` when Slack does not take them."""
        shown = self._pictures(client, message.charts, patient=patient)
        blocks = views.placed(message, lambda chart: _picture(shown[chart]))
        for pause in PAUSES_SECONDS:
            try:
                return _trying(send, blocks)
            except BlocksRefused:
                self._sleep(pause)
        try:
            return _trying(send, blocks)
        except BlocksRefused:
            self._forget(message.charts)
            raise

    def _pictures(self, client: WebClient, charts: Sequence[Chart], *, patient: bool) -> dict[Chart, _Shown]:
        """The charts as files in Slack, uploaded where they are not yet. Raises `_NoPicture`."""
        return {chart: self._known(chart) or self._upload(client, chart, patient=patient) for chart in charts}

    def _known(self, chart: Chart) -> _Shown | None:
        with self._lock:
            if chart in self._uploaded:
                self._uploaded.move_to_end(chart)
            return self._uploaded.get(chart)

    def _upload(self, client: WebClient, chart: Chart, *, patient: bool) -> _Shown:
        picture = self._drawn(chart)
        content = FileToSend("chart.png", chart.title, picture.png)
        try:
            file = self._surely_uploaded(client, content)
        except SlackApiError as refused:
            if patient and _asks_to_slow_down(refused):
                raise
            raise _NoPicture(_code(refused)) from refused
        except _LOST as lost:
            raise _NoPicture(type(lost).__name__) from lost
        shown = _Shown(chart, file.id, picture.key, picture.titled)
        with self._lock:
            self._uploaded[chart] = shown
            while len(self._uploaded) > KEPT:
                self._uploaded.popitem(last=False)
        return shown

    def _surely_uploaded(self, client: WebClient, content: FileToSend) -> Uploaded:
        """Uploaded at the first or second try: what was uploaded twice is seen once. Raises what `upload` raises."""
        try:
            return upload(client, content)
        except SlackApiError as refused:
            if _asks_to_slow_down(refused) or getattr(refused.response, "status_code", 200) < 500:
                raise
        except _LOST:
            pass
        self._sleep(PAUSES_SECONDS[0])
        return upload(client, content)

    def _drawn(self, chart: Chart) -> Picture:
        try:
            return self._draw(chart)
        except _DRAWING_FAILS as failed:
            log.exception("a chart could not be drawn")
            raise _NoPicture(type(failed).__name__) from failed

    def _forget(self, charts: Sequence[Chart]) -> None:
        with self._lock:
            for chart in charts:
                self._uploaded.pop(chart, None)


class _NoPicture(Exception):
    """A chart could not be uploaded."""


def _picture(shown: _Shown) -> list[Block]:
    return views.picture(shown.chart, shown.file_id, shown.key, titled=shown.titled)


def _trying(send: Send[Sent], blocks: list[Block]) -> Sent:
    """Send it. Raises `BlocksRefused` for what Slack calls invalid blocks, and anything else as it is."""
    try:
        return send(blocks)
    except SlackApiError as refused:
        if _code(refused) == "invalid_blocks" and not isinstance(refused, BlocksRefused):
            raise BlocksRefused("Slack refused the blocks") from refused
        raise


def _asks_to_slow_down(refused: SlackApiError) -> bool:
    return getattr(refused.response, "status_code", 200) == 429 or _code(refused) in ("ratelimited", "rate_limited")


def _code(refused: SlackApiError) -> str:
    response = refused.response
    return str(response.get("error", "")) if hasattr(response, "get") else ""
