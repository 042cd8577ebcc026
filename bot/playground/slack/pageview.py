"""What one person sees of the workspace, as JSON for a page: channels, unread counts, their ephemerals and
views.
"""

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
            "me": _person(state.users[user_id]),
            "bot": BOT_USER_ID,
            "users": {u.id: _person(u) for u in state.users.values()},
            "channels": channels,
            "ephemerals": [_message(world, m, []) for m in state.ephemerals.get(user_id, [])],
            "modals": [_view(v) for v in state.modals.get(user_id, [])],
            "home": _view(home) if home else None,
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


def _person(user: User) -> JSON:
    return {
        "id": user.id,
        "name": user.name,
        "display_name": user.display_name,
        "real_name": user.real_name,
        "title": user.title,
        "team_id": user.team_id,
        "is_admin": user.is_admin,
        "is_restricted": user.is_restricted,
        "is_bot": user.is_bot,
        "deleted": user.deleted,
    }


def _channel(world: World, user_id: str, channel: Channel, most: int) -> JSON:
    member = user_id in channel.members
    read = world.state.last_read.get(user_id, {}).get(channel.id, "0")
    new = [m for m in channel.messages if member and m.ts > read and m.user != user_id]
    mention = f"<@{user_id}>"
    replies: dict[str, list[Message]] = {}
    for message in channel.messages:
        if message.in_thread and message.thread_ts:
            replies.setdefault(message.thread_ts, []).append(message)
    return channel.wire(seen_by=user_id) | {
        "kind": channel.kind.value,
        "members": channel.members,
        "last_read": read,
        "unread": len(new),
        "mentions": sum(channel.kind is ChannelKind.IM or mention in m.text for m in new),
        "messages": [_message(world, m, replies.get(m.ts, [])) for m in channel.messages[-most:]],
        "earlier": max(0, len(channel.messages) - most),
    }


def _message(world: World, message: Message, replies: list[Message]) -> JSON:
    wire = world.state.message_wire(message, world.base_url, replies=replies)
    return wire | {"channel": message.channel, "is_ephemeral": message.is_ephemeral, "seq": message.seq}


def _view(view: View) -> JSON:
    return view.wire() | {"seq": view.seq, "notice": view.notice}


def wait_for_change(state: State, since: int, timeout_seconds: float) -> bool:
    """Long poll: True as soon as the state is newer than `since`."""
    with state.changed:
        return state.changed.wait_for(lambda: state.seq > since, timeout_seconds)
