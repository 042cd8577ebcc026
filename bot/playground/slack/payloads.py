"""The bodies of what Slack sends an app when a person does something. Pure builders: no delivery, no state
changes.
"""

from bot.playground.slack.model import APP_ID, JSON, TEAM_ID, Channel, ChannelKind, Message, User, View
from bot.playground.slack.world import World

Shown = Message | View


def channel_name(channel: Channel) -> str:
    """The name as interaction payloads give it: only public channels are named."""
    return {ChannelKind.PUBLIC: channel.name, ChannelKind.PRIVATE: "privategroup"}.get(channel.kind, "directmessage")


def frame(world: World, user: User, kind: str) -> JSON:
    """What every interaction carries."""
    return {
        "type": kind,
        "token": "playground",
        "api_app_id": APP_ID,
        "team": {"id": TEAM_ID, "domain": world.state.teams[TEAM_ID].domain},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def slash_command(world: World, user: User, channel: Channel, command: str, text: str) -> JSON:
    """Form fields, all text. There is no thread and no message in it."""
    token = world.tickets.response_url(user.id, channel.id)
    return {
        "token": "playground",
        "team_id": TEAM_ID,
        "team_domain": world.state.teams[TEAM_ID].domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": world.response_url(token),
        "trigger_id": world.tickets.trigger(user.id),
    }


def container(world: World, user: User, shown: Shown) -> JSON:
    """Where the used element stands: container, and with it the message and channel, or the view."""
    if isinstance(shown, View):
        view = world.state.find_view(view_id=shown.id) or shown
        return {"container": {"type": "view", "view_id": shown.id}, "view": view.wire()}
    channel = world.state.channels[shown.channel]
    place: JSON = {
        "type": "message",
        "message_ts": shown.ts,
        "channel_id": channel.id,
        "is_ephemeral": shown.is_ephemeral,
    }
    if shown.thread_ts:
        place["thread_ts"] = shown.thread_ts
    body: JSON = {"container": place, "channel": {"id": channel.id, "name": channel_name(channel)}}
    if not shown.is_ephemeral:
        current = channel.find(shown.ts) or shown
        body["message"] = world.state.message_wire(current, world.base_url)
    token = world.tickets.response_url(
        user.id, channel.id, message_ts=shown.ts, ephemeral=shown.is_ephemeral, thread_ts=shown.thread_ts
    )
    return body | {"response_url": world.response_url(token)}


def action(block: JSON, element: JSON, answer: JSON, action_ts: str) -> JSON:
    """One entry of `actions`."""
    body: JSON = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": action_ts,
    }
    for key in ("text", "value", "style", "placeholder"):
        if key in element and element["type"] in ("button", "overflow", "static_select"):
            body[key] = element[key]
    return body | {key: value for key, value in answer.items() if key != "type"}


def view_event(world: World, user: User, view: View, kind: str) -> JSON:
    """`view_submission` and `view_closed` but for what sets them apart."""
    return frame(world, user, kind) | {"view": view.wire()}


def shortcut(world: World, user: User, callback_id: str) -> JSON:
    return frame(world, user, "shortcut") | {
        "callback_id": callback_id,
        "trigger_id": world.tickets.trigger(user.id),
        "action_ts": world.state.new_ts(),
    }


def message_action(world: World, user: User, callback_id: str, message: Message) -> JSON:
    channel = world.state.channels[message.channel]
    token = world.tickets.response_url(
        user.id, channel.id, message_ts=message.ts, thread_ts=message.thread_ts if message.in_thread else None
    )
    return shortcut(world, user, callback_id) | {
        "type": "message_action",
        "message_ts": message.ts,
        "message": world.state.message_wire(message, world.base_url),
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "response_url": world.response_url(token),
    }
