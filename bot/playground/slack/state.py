"""Everything the fake workspace remembers, behind one lock, with a sequence number that moves with every
change.

Owns ids and timestamps (unique and increasing) and who can see what. Knows no HTTP, no manifest and no bot.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from bot.playground.slack.model import (
    BOT_USER_ID,
    JSON,
    Channel,
    ChannelKind,
    Message,
    StoredFile,
    Team,
    User,
    View,
)

Clock = Callable[[], datetime]


def real_clock() -> datetime:
    """The default clock; a playground passes its own."""
    return datetime.now(UTC)


class State:
    """The workspace's memory. Hold `lock` (re-entrant) to change it; call `touch` when done."""

    def __init__(self, clock: Clock = real_clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.seq = 0
        self.counter = 0
        self.last_ts = Decimal(0)
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.ephemerals: dict[str, list[Message]] = {}
        self.modals: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.files: dict[str, StoredFile] = {}
        self.last_read: dict[str, dict[str, str]] = {}
        self.reshaped: dict[str, int] = {}

    def touch(self) -> int:
        """Wake whoever waits for a change; the new sequence number."""
        with self.changed:
            self.seq += 1
            self.changed.notify_all()
            return self.seq

    def reshape(self, channel_id: str) -> int:
        """As `touch`, where messages left a channel or people joined or left it: who looked before, looks anew."""
        with self.lock:
            self.reshaped[channel_id] = self.touch()
            return self.seq

    def leap(self, seq: int) -> None:
        """Go on from at least this number, so that nobody takes a number of an earlier life for one of this."""
        with self.lock:
            self.seq = max(self.seq, seq)

    def now(self) -> int:
        """Whole seconds since the epoch, by the workspace's clock."""
        return int(self.clock().timestamp())

    def new_ts(self) -> str:
        """A message timestamp that no other message has and that none before exceeds, even if the clock
        stands.
        """
        with self.lock:
            now = Decimal(str(self.clock().timestamp())).quantize(Decimal("0.000001"))
            self.last_ts = max(now, self.last_ts + Decimal("0.000001"))
            return f"{self.last_ts:.6f}"

    def new_id(self, prefix: str) -> str:
        with self.lock:
            self.counter += 1
            return f"{prefix}{self.counter:08X}"

    def user(self, ref: str) -> User:
        """By id, handle or display name (`@ana`, `Ana`); KeyError names who there is."""
        handle = ref.removeprefix("@").lower()
        for user in self.users.values():
            if ref == user.id or handle in (user.name, user.display_name.lower()):
                return user
        raise KeyError(f"no user {ref!r}; there are {', '.join(sorted(u.name for u in self.users.values()))}")

    def channel(self, ref: str) -> Channel:
        """By id or name (`search`, `#search`); KeyError names which there are."""
        name = ref.removeprefix("#")
        for channel in self.channels.values():
            if ref == channel.id or (name == channel.name and channel.kind is not ChannelKind.IM):
                return channel
        known = sorted(c.name for c in self.channels.values() if c.name)
        raise KeyError(f"no channel {ref!r}; there are {', '.join(known)}")

    def im(self, user_id: str, other: str = BOT_USER_ID) -> Channel:
        """The direct messages of two users, opened if they are new."""
        with self.lock:
            pair = {user_id, other}
            for channel in self.channels.values():
                if channel.kind is ChannelKind.IM and set(channel.members) == pair:
                    return channel
            channel = Channel(self.new_id("D"), "", ChannelKind.IM, [user_id, other], created=self.now())
            self.channels[channel.id] = channel
            self.touch()
            return channel

    def has_im(self, user_id: str, other: str = BOT_USER_ID) -> bool:
        pair = {user_id, other}
        return any(c.kind is ChannelKind.IM and set(c.members) == pair for c in self.channels.values())

    def visible_to(self, user_id: str) -> Iterator[Channel]:
        """The channels a person finds in the sidebar: theirs, and public ones unless they are a guest or
        stranger.
        """
        user = self.users[user_id]
        outsider = user.is_restricted or user.is_ultra_restricted or user.team_id != self.users[BOT_USER_ID].team_id
        for channel in self.channels.values():
            if user_id in channel.members or (channel.kind is ChannelKind.PUBLIC and not outsider):
                yield channel

    def add_message(self, message: Message) -> Message:
        """Put a message into its channel's history, or, when it names a reader, before that reader only."""
        with self.lock:
            message.seq = self.touch()
            if message.to is None:
                self.channels[message.channel].messages.append(message)
            else:
                self.ephemerals.setdefault(message.to, []).append(message)
            return message

    def find_ephemeral(self, user_id: str, ts: str) -> Message | None:
        return next((m for m in self.ephemerals.get(user_id, []) if m.ts == ts), None)

    def find_view(self, *, view_id: str | None = None, external_id: str | None = None) -> View | None:
        """An open modal or a Home tab by either id."""
        with self.lock:
            everywhere = [v for stack in self.modals.values() for v in stack] + list(self.homes.values())
            for view in everywhere:
                if view_id is not None and view.id == view_id:
                    return view
                if external_id and view.content.get("external_id") == external_id:
                    return view
            return None

    def message_wire(
        self,
        message: Message,
        base_url: str = "",
        *,
        with_metadata: bool = True,
        replies: Sequence[Message] | None = None,
    ) -> JSON:
        """A message as history, events and interaction payloads show it; `replies` saves looking for them."""
        author = self.users.get(message.user)
        shown: JSON = {
            "type": "message",
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
            "team": author.team_id if author else "",
        }
        if message.bot_id:
            shown |= {"bot_id": message.bot_id, "app_id": "A" + message.bot_id[1:]}
            shown["bot_profile"] = {"id": message.bot_id, "app_id": shown["app_id"], "name": "Purser"}
        if message.blocks:
            shown["blocks"] = message.blocks
        if message.attachments:
            shown["attachments"] = message.attachments
        if message.subtype:
            shown["subtype"] = message.subtype
        if message.edited_ts:
            shown["edited"] = {"user": message.user, "ts": message.edited_ts}
        if message.metadata and with_metadata:
            shown["metadata"] = message.metadata
        if message.reactions:
            shown["reactions"] = [
                {"name": name, "users": users, "count": len(users)} for name, users in message.reactions.items()
            ]
        if message.files:
            shown["files"] = [self.files[f].wire(base_url) for f in message.files if f in self.files]
        return shown | self._thread_wire(message, replies)

    def _thread_wire(self, message: Message, replies: Sequence[Message] | None) -> JSON:
        if message.in_thread:
            return {"thread_ts": message.thread_ts}
        if replies is None:
            channel = self.channels.get(message.channel)
            replies = [m for m in channel.thread(message.ts) if m.ts != message.ts] if channel else []
        if not replies:
            return {}
        authors = list(dict.fromkeys(m.user for m in replies))
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": authors,
            "reply_users_count": len(authors),
            "latest_reply": replies[-1].ts,
        }
