"""The Events API: which events the app hears of, in which envelope, and how often Slack tries.

Decides subscription, membership and retries. What happened is told to it by the parts that change the state.
"""

import threading
from collections.abc import Callable, Sequence
from functools import partial

from bot.playground.slack.courier import Courier, Parcel
from bot.playground.slack.manifest import Manifest
from bot.playground.slack.model import APP_ID, BOT_USER_ID, JSON, TEAM_ID, Channel, ChannelKind, Message
from bot.playground.slack.state import State

CHANNEL_TYPES = {ChannelKind.PUBLIC: "channel", ChannelKind.PRIVATE: "group", ChannelKind.IM: "im"}
MESSAGE_EVENTS = {
    ChannelKind.PUBLIC: "message.channels",
    ChannelKind.PRIVATE: "message.groups",
    ChannelKind.IM: "message.im",
}


class Events:
    def __init__(
        self,
        state: State,
        manifest: Manifest,
        courier: Courier,
        retry_delays_seconds: Sequence[float],
        base_url: Callable[[], str] = str,
    ) -> None:
        """`base_url` is where files are read from."""
        self._state = state
        self._base_url = base_url
        self._manifest = manifest
        self._courier = courier
        self.retry_delays_seconds = tuple(retry_delays_seconds)
        self._timers: set[threading.Timer] = set()
        self._idle = threading.Condition()
        self._pending = 0
        self._stopped = False

    # -- what happened -------------------------------------------------------------------------------------

    def message_posted(self, message: Message) -> None:
        channel = self._state.channels[message.channel]
        event = self._message_event(channel, message.ts) | self._state.message_wire(message, self._base_url())
        if message.bot_id is None:
            event["client_msg_id"] = f"{message.ts}-{message.user}"
        self._tell_of_message(channel, event)
        if f"<@{BOT_USER_ID}>" in message.text and channel.kind is not ChannelKind.IM:
            self._tell_if_member(channel, "app_mention", event | {"type": "app_mention"})

    def message_changed(self, message: Message, before: JSON) -> None:
        channel = self._state.channels[message.channel]
        event = self._message_event(channel, self._state.new_ts()) | {
            "subtype": "message_changed",
            "hidden": True,
            "message": self._state.message_wire(message, self._base_url()),
            "previous_message": before,
        }
        self._tell_of_message(channel, event)

    def message_deleted(self, channel: Channel, before: JSON) -> None:
        event = self._message_event(channel, self._state.new_ts()) | {
            "subtype": "message_deleted",
            "hidden": True,
            "deleted_ts": before["ts"],
            "previous_message": before,
        }
        self._tell_of_message(channel, event)

    def user_changed(self, user_id: str) -> None:
        user = self._state.users[user_id]
        user.updated = self._state.now()
        self.emit("user_change", {"user": user.wire(), "cache_ts": user.updated})

    def joined_channel(self, user_id: str, channel: Channel, *, joined: bool = True) -> None:
        kind = "member_joined_channel" if joined else "member_left_channel"
        event: JSON = {
            "user": user_id,
            "channel": channel.id,
            "channel_type": "C" if channel.kind is ChannelKind.PUBLIC else "G",
            "team": TEAM_ID,
        }
        if BOT_USER_ID in channel.members or user_id == BOT_USER_ID:
            self.emit(kind, event)

    # -- telling the app -----------------------------------------------------------------------------------

    def emit(self, name: str, event: JSON, *, subscribed_as: str | None = None) -> str | None:
        """Deliver in the background if the app subscribed; the event id, or None when it did not."""
        if (subscribed_as or name) not in self._manifest.events or self._stopped:
            return None
        event_id = self._state.new_id("Ev")
        body = {
            "token": "playground",
            "team_id": TEAM_ID,
            "context_team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "event": {"type": name, "event_ts": self._state.new_ts()} | event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": self._state.now(),
            "is_ext_shared_channel": False,
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM_ID,
                    "user_id": BOT_USER_ID,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
        }
        with self._idle:
            self._pending += 1
        self._courier.later(partial(self._attempt, name, body, 0, ""))
        return event_id

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until nothing is on its way, retries included."""
        with self._idle:
            return self._idle.wait_for(lambda: self._pending == 0, timeout_seconds)

    def stop(self) -> None:
        self._stopped = True
        with self._idle:
            timers = list(self._timers)
        for timer in timers:
            timer.cancel()

    def _message_event(self, channel: Channel, ts: str) -> JSON:
        kind = CHANNEL_TYPES[channel.kind]
        return {"type": "message", "channel": channel.id, "channel_type": kind, "ts": ts, "event_ts": ts}

    def _tell_of_message(self, channel: Channel, event: JSON) -> None:
        self._tell_if_member(channel, "message", event, MESSAGE_EVENTS[channel.kind])

    def _tell_if_member(self, channel: Channel, name: str, event: JSON, subscribed_as: str | None = None) -> None:
        if BOT_USER_ID in channel.members:
            self.emit(name, event, subscribed_as=subscribed_as)

    def _attempt(self, name: str, body: JSON, number: int, reason: str) -> None:
        retry = (number, reason) if number else None
        ack = self._courier.deliver(Parcel("events_api", name, body, retry))
        if ack.error is None or number >= len(self.retry_delays_seconds) or self._stopped:
            self._one_done()
            return
        why = "http_timeout" if ack.error == "operation_timeout" else "http_error"
        again = partial(self._courier_again, name, body, number + 1, why)
        timer = threading.Timer(self.retry_delays_seconds[number], again)
        timer.daemon = True
        with self._idle:
            self._timers.add(timer)
        timer.start()

    def _courier_again(self, name: str, body: JSON, number: int, reason: str) -> None:
        with self._idle:
            self._timers = {t for t in self._timers if t.is_alive() and t is not threading.current_thread()}
        if not self._stopped:
            self._attempt(name, body, number, reason)

    def _one_done(self) -> None:
        with self._idle:
            self._pending -= 1
            self._idle.notify_all()
