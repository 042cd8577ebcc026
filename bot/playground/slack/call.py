"""One Web API call as its method sees it: arguments however they were sent, what the token may do, paging."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.playground.slack.errors import ApiError
from bot.playground.slack.model import BOT_USER_ID, JSON, Channel, ChannelKind
from bot.playground.slack.state import State
from bot.playground.slack.world import World

T = TypeVar("T")


@dataclass
class Call:
    world: World
    method: str
    args: JSON

    @property
    def state(self) -> State:
        return self.world.state

    def text(self, name: str) -> str:
        """A required argument."""
        value = self.args.get(name)
        if value in (None, ""):
            raise self.wrong(f"missing required field: {name}")
        return str(value)

    def maybe(self, name: str) -> str | None:
        value = self.args.get(name)
        return None if value in (None, "") else str(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.args.get(name)
        if value is None:
            return default
        return value is True or str(value).lower() in ("1", "true")

    def number(self, name: str, default: int, *, most: int = 1000) -> int:
        value = self.args.get(name, default)
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise self.wrong(f"must be an integer: {name}") from None
        if not 1 <= number <= most:
            raise ApiError("invalid_limit") if name == "limit" else self.wrong(f"out of range: {name}")
        return number

    def json(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON was sent
        """An argument that may be sent as JSON text, as form bodies must; None if absent."""
        value = self.args.get(name)
        if isinstance(value, str):
            if not value:
                return None
            try:
                return json.loads(value)
            except ValueError:
                raise self.wrong(f"must be valid json: {name}") from None
        return value

    def wrong(self, problem: str) -> ApiError:
        """An argument that Slack refuses: also a violation."""
        self.world.violate(f"{self.method}: {problem}")
        return ApiError("invalid_arguments", problems=[problem])

    def need_scope(self, *any_of: str) -> None:
        """ApiError and a violation unless one of the scopes was granted."""
        granted = self.world.scopes
        if not any_of or granted.intersection(any_of):
            return
        needed = any_of[0]
        self.world.violate(f"{self.method}: missing_scope {needed}")
        raise ApiError("missing_scope", needed=needed, provided=",".join(sorted(granted)))

    def channel(self, name: str = "channel") -> Channel:
        """The channel the bot may know of: private ones only where it is a member."""
        ref = self.text(name)
        channel = self.state.channels.get(ref)
        if channel is None and not ref.startswith(("C", "D", "G", "U")):
            channel = next((c for c in self.state.channels.values() if c.name == ref.removeprefix("#")), None)
        hidden = channel is not None and channel.kind is not ChannelKind.PUBLIC
        if channel is None or not ref or (hidden and BOT_USER_ID not in channel.members):
            raise ApiError("channel_not_found")
        return channel

    def page(self, items: Sequence[T], default_limit: int) -> tuple[list[T], JSON]:
        """One page by `limit` and `cursor`, and the response_metadata that leads to the next."""
        limit = self.number("limit", default_limit)
        start = _decode_cursor(self.maybe("cursor"))
        end = start + limit
        following = _encode_cursor(end) if end < len(items) else ""
        return list(items[start:end]), {"next_cursor": following}


def _encode_cursor(position: int) -> str:
    return base64.b64encode(f"next:{position}".encode()).decode()


def _decode_cursor(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (binascii.Error, ValueError):
        raise ApiError("invalid_cursor") from None
