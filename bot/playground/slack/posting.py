"""Putting messages into the workspace, changing and removing them, and telling the app: the one way in for
all.

Used by the Web API, by response URLs, by acknowledgements and by people. Decides how typed text becomes
Slack's.
"""

import re
from collections.abc import Sequence
from copy import deepcopy

from bot.playground.slack.elements import INTERACTIVE, as_list, as_object
from bot.playground.slack.errors import ApiError
from bot.playground.slack.model import BOT_ID, BOT_USER_ID, JSON, Channel, Message
from bot.playground.slack.state import State
from bot.playground.slack.tickets import ResponseUrl
from bot.playground.slack.world import World

_MENTION = re.compile(r"(?<![\w@#/.])([@#])([A-Za-z0-9][\w.-]*)")
_LINK = re.compile(r"\bhttps?://(?:(?!&[lg]t;)[^\s<>|])+")
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_GROUPS = ("channel", "here", "everyone")


def escape_typed(state: State, text: str, *, named: bool) -> str:
    """What a person typed, as Slack passes it on: entities escaped, mentions, channels and links marked up.

    `named` adds the handle (`<@U1|ana>`), as escaped slash commands have it; messages carry the bare id.
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def mark(match: re.Match[str]) -> str:
        sigil, name = match.groups()
        bare = name.rstrip(".-")
        rest = name[len(bare) :]
        if sigil == "@" and bare in _GROUPS:
            return f"<!{bare}>{rest}"
        try:
            if sigil == "@":
                user = state.user(bare)
                return f"<@{user.id}|{user.name}>{rest}" if named else f"<@{user.id}>{rest}"
            channel = state.channel(bare)
        except KeyError:
            return match.group(0)
        return f"<#{channel.id}|{channel.name}>{rest}"

    marked = _LINK.sub(lambda m: f"<{m.group(0)}>", _MENTION.sub(mark, text))
    return _ADDRESS.sub(lambda m: f"<mailto:{m.group(0)}|{m.group(0)}>", marked)


def with_ids(state: State, blocks: Sequence[JSON]) -> list[JSON]:
    """A copy with the block and action ids that Slack makes up where the app gave none."""
    copied: list[JSON] = deepcopy(list(blocks))
    for block in copied:
        block.setdefault("block_id", state.new_id("b"))
        inner = [block.get("accessory"), block.get("element")]
        for element in [*inner, *as_list(block.get("elements")), *as_list(block.get("actions"))]:
            if as_object(element).get("type") in INTERACTIVE:
                element.setdefault("action_id", state.new_id("a"))
        if block.get("type") == "container":
            block["child_blocks"] = with_ids(state, as_list(block.get("child_blocks")))
        elif block.get("type") == "carousel":
            block["elements"] = with_ids(state, as_list(block.get("elements")))
    return copied


def post(world: World, message: Message) -> Message:
    """Add a message and tell the app of it."""
    with world.state.lock:
        world.state.add_message(message)
        if not message.is_ephemeral:
            world.events.message_posted(message)
    return message


def post_from_bot(world: World, channel: str, text: str, blocks: Sequence[JSON], **more: object) -> Message:
    """A message of the app's; `more` sets other fields of it, such as `to`, `thread_ts`, `metadata`."""
    state = world.state
    message = Message(state.new_ts(), channel, BOT_USER_ID, text, with_ids(state, blocks), bot_id=BOT_ID)
    for key, value in more.items():
        setattr(message, key, value)
    return post(world, message)


def edit(world: World, message: Message, *, text: str | None, blocks: Sequence[JSON] | None) -> Message:
    """Change a message in place. None keeps what was there."""
    state = world.state
    with state.lock:
        before = state.message_wire(message)
        if text is not None:
            message.text = text
        if blocks is not None:
            message.blocks = with_ids(state, blocks)
        if not message.is_ephemeral:
            message.edited_ts = state.new_ts()
            world.events.message_changed(message, before)
        message.seq = state.touch()
    return message


def remove(world: World, message: Message) -> None:
    state = world.state
    with state.lock:
        if message.to is not None:
            state.ephemerals[message.to].remove(message)
        else:
            channel = state.channels[message.channel]
            before = state.message_wire(message)
            channel.messages.remove(message)
            world.events.message_deleted(channel, before)
        state.reshape(message.channel)


def join(world: World, channel: Channel, user_id: str) -> bool:
    """Add a member; False if they were one."""
    with world.state.lock:
        if user_id in channel.members:
            return False
        channel.members.append(user_id)
        world.state.reshape(channel.id)
        world.events.joined_channel(user_id, channel)
        return True


def use_response_url(world: World, url: ResponseUrl, body: JSON) -> None:
    """Do what the app posted to a response URL: replace or delete the source, or add a message."""
    source = _source(world, url)
    if body.get("delete_original"):
        if source is None:
            raise ApiError("message_not_found")
        remove(world, source)
        return
    text, blocks = str(body.get("text") or ""), as_list(body.get("blocks"))
    if not text and not blocks:
        raise ApiError("no_text")
    if body.get("replace_original"):
        if source is None:
            raise ApiError("message_not_found")
        edit(world, source, text=text, blocks=blocks)
        return
    thread_ts = body.get("thread_ts") or url.thread_ts
    to = None if body.get("response_type") == "in_channel" else url.user
    post_from_bot(world, url.channel, text, blocks, to=to, thread_ts=thread_ts, metadata=body.get("metadata"))


def _source(world: World, url: ResponseUrl) -> Message | None:
    if url.message_ts is None:
        return None
    if url.ephemeral:
        return world.state.find_ephemeral(url.user, url.message_ts)
    return world.state.channels[url.channel].find(url.message_ts)


def valid_metadata(metadata: object) -> bool:
    """Message metadata is an event_type and an object, or it is refused."""
    node = as_object(metadata)
    return isinstance(node.get("event_type"), str) and isinstance(node.get("event_payload"), dict)
