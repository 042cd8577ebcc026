"""What one person sees of the workspace, as JSON for a page: channels, unread counts, their ephemerals and
views.
"""

from collections.abc import Sequence
from itertools import takewhile

from bot.playground.slack.model import BOT_USER_ID, JSON, Channel, ChannelKind, Message, User, View
from bot.playground.slack.state import State
from bot.playground.slack.world import World


def seen_by(world: World, user_id: str, most_messages: int = 200) -> JSON:
    """The whole screen of one person at one sequence number."""
    state = world.state
    with state.lock:
        channels = [_channel(world, user_id, c, most_messages) for c in state.visible_to(user_id)]
        home = state.homes.get(user_id)
        return {
            "seq": state.seq,
            "now": state.now(),
            "me": person_wire(state.users[user_id]),
            "bot": BOT_USER_ID,
            "users": {u.id: person_wire(u) for u in state.users.values()},
            "channels": channels,
            "ephemerals": [message_wire(world, m) for m in state.ephemerals.get(user_id, [])],
            "modals": [view_wire(v) for v in state.modals.get(user_id, [])],
            "home": view_wire(home) if home else None,
            "connected": world.courier.reachable(),
            "violations": len(world.violations),
        }


def vocabulary(world: World) -> JSON:
    """What can be typed and chosen: commands with hints, and shortcuts."""
    return {
        "commands": [
            {"command": c.name, "description": c.description, "usage_hint": c.usage_hint}
            for c in world.manifest.commands.values()
        ],
        "shortcuts": [
            {"callback_id": s.callback_id, "name": s.name, "type": s.kind} for s in world.manifest.shortcuts.values()
        ],
        "home_tab": world.manifest.home_enabled,
    }


def person_wire(user: User) -> JSON:
    """A person as others see them."""
    return {
        "id": user.id,
        "name": user.name,
        "display_name": user.display_name,
        "real_name": user.real_name,
        "title": user.title,
        "tz": user.tz,
        "team_id": user.team_id,
        "is_admin": user.is_admin,
        "is_restricted": user.is_restricted,
        "is_bot": user.is_bot,
        "deleted": user.deleted,
    }


def channel_wire(state: State, user_id: str, channel: Channel) -> JSON:
    """A channel as one person finds it in the sidebar: all but its messages."""
    new, mentions = unread(state, user_id, channel)
    return channel.wire(seen_by=user_id) | {
        "kind": channel.kind.value,
        "members": channel.members,
        "last_read": _last_read(state, user_id, channel),
        "unread": new,
        "mentions": mentions,
    }


def unread(state: State, user_id: str, channel: Channel) -> tuple[int, int]:
    """How many messages a member has not read, and how many of those call them: all of a direct message's do.

    A reply in a thread counts for whom it mentions only, unless it was also sent to the channel.
    """
    if user_id not in channel.members:
        return 0, 0
    read = _last_read(state, user_id, channel)
    new = [m for m in takewhile(lambda m: m.ts > read, reversed(channel.messages)) if m.user != user_id]
    if channel.kind is ChannelKind.IM:
        return len(new), len(new)
    calling = [m for m in new if f"<@{user_id}>" in m.text]
    return sum(m.broadcast or not m.in_thread or m in calling for m in new), len(calling)


def view_wire(view: View) -> JSON:
    """A modal or Home tab, with what Slack tells its reader when the app does not answer."""
    return view.wire() | {"seq": view.seq, "notice": view.notice}


def _last_read(state: State, user_id: str, channel: Channel) -> str:
    return state.last_read.get(user_id, {}).get(channel.id, "0")


def _channel(world: World, user_id: str, channel: Channel, most: int) -> JSON:
    replies: dict[str, list[Message]] = {}
    for message in channel.messages:
        if message.in_thread and message.thread_ts:
            replies.setdefault(message.thread_ts, []).append(message)
    return channel_wire(world.state, user_id, channel) | {
        "messages": [message_wire(world, m, replies.get(m.ts, [])) for m in channel.messages[-most:]],
        "earlier": max(0, len(channel.messages) - most),
    }


def message_wire(world: World, message: Message, replies: Sequence[Message] = ()) -> JSON:
    """A message for a page. Says of its thread what `replies` say, which may be left to the page."""
    wire = world.state.message_wire(message, world.base_url, replies=replies)
    return wire | {"channel": message.channel, "is_ephemeral": message.is_ephemeral, "seq": message.seq}


def wait_for_change(state: State, since: int, timeout_seconds: float) -> bool:
    """Long poll: True as soon as the state is newer than `since`."""
    with state.changed:
        return state.changed.wait_for(lambda: state.seq > since, timeout_seconds)
