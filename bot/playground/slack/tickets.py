"""Permissions that run out: trigger ids (three seconds, one use) and response URLs (five uses in thirty
minutes).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from bot.playground.slack import limits
from bot.playground.slack.errors import ApiError
from bot.playground.slack.state import State

KEPT_TRIGGERS = 10_000


@dataclass
class Trigger:
    id: str
    user: str
    made: float
    view_id: str | None = None
    used: bool = False


@dataclass
class ResponseUrl:
    """What an answer to one interaction may touch: its channel, its reader, the message it came from."""

    token: str
    user: str
    channel: str
    made: float
    message_ts: str | None = None
    ephemeral: bool = False
    thread_ts: str | None = None
    uses: int = 0


class Tickets:
    """Hands out and redeems both. Triggers age by the machine's clock (they guard latency), URLs by the
    workspace's.
    """

    def __init__(self, state: State, monotonic: Callable[[], float]) -> None:
        self._state = state
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._triggers: dict[str, Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}
        self.trigger_seconds = limits.TRIGGER_SECONDS

    def trigger(self, user: str, view_id: str | None = None) -> str:
        trigger_id = f"{self._state.now()}.{self._state.new_id('P')}.playground"
        with self._lock:
            if len(self._triggers) > KEPT_TRIGGERS:  # those that are long gone read as never made
                self._triggers = dict(list(self._triggers.items())[-KEPT_TRIGGERS // 2 :])
            self._triggers[trigger_id] = Trigger(trigger_id, user, self._monotonic(), view_id)
        return trigger_id

    def redeem_trigger(self, trigger_id: str) -> Trigger:
        """The trigger, now used; ApiError as Slack says it when it is unknown, used or old."""
        with self._lock:
            trigger = self._triggers.get(trigger_id)
            if trigger is None:
                raise ApiError("invalid_trigger_id")
            if trigger.used:
                raise ApiError("exchanged_trigger_id")
            if self._monotonic() - trigger.made > self.trigger_seconds:
                raise ApiError("expired_trigger_id")
            trigger.used = True
            return trigger

    def response_url(self, user: str, channel: str, **source: str | bool | None) -> str:
        """The token of a new response URL."""
        token = self._state.new_id("R")
        made = self._state.clock().timestamp()
        url = ResponseUrl(token, user, channel, made)
        for key, value in source.items():
            setattr(url, key, value)
        with self._lock:
            self._urls[token] = url
        return token

    def redeem_url(self, token: str) -> ResponseUrl:
        """The URL, used once more; ApiError `used_url` when it is spent, old or unknown."""
        with self._lock:
            url = self._urls.get(token)
            if url is None:
                raise ApiError("invalid_url")
            age = self._state.clock().timestamp() - url.made
            if url.uses >= limits.RESPONSE_URL_USES or age > limits.RESPONSE_URL_SECONDS:
                raise ApiError("used_url")
            url.uses += 1
            return url
