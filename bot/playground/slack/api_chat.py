"""Web API: chat.* and reactions.*, with Slack's refusals."""

from bot.playground.slack.blockkit import check_message
from bot.playground.slack.call import Call
from bot.playground.slack.elements import as_list
from bot.playground.slack.errors import ApiError
from bot.playground.slack.model import BOT_ID, BOT_USER_ID, JSON, Channel, ChannelKind, Message
from bot.playground.slack.posting import edit, post_from_bot, remove, valid_metadata
from bot.playground.slack.shown import linked_files, refused_pictures

MISSING_TEXT = "missing_text_in_message"


def content(call: Call) -> tuple[str | None, list[JSON] | None]:
    """Text and blocks of a call, None where they were not given; ApiError where Slack would refuse them."""
    blocks = call.json("blocks")
    if blocks is not None and not isinstance(blocks, list):
        call.world.violate(f"{call.method}: blocks is not an array")
        raise ApiError("invalid_blocks_format")
    given = call.args.get("text")
    text = None if given is None else str(given)
    refuse_bad_content(call, text or "", blocks)
    unshown = refused_pictures(call.world, blocks or [], call.method)
    if unshown:
        raise ApiError("invalid_blocks", problems=unshown)
    return text, blocks


def refuse_bad_content(call: Call, text: str, blocks: list[JSON] | None) -> None:
    """ApiError and violations for what Slack refuses; a missing fallback text is only a violation."""
    problems = check_message(blocks, text)
    for problem in problems:
        call.world.violate(f"{call.method}: {problem}")
    if any(p.startswith("msg_blocks_too_long") for p in problems):
        raise ApiError("msg_blocks_too_long")
    if any(p.startswith("msg_too_long") for p in problems):
        raise ApiError("msg_too_long")
    refused = [p for p in problems if not p.startswith(MISSING_TEXT)]
    if refused:
        raise ApiError("invalid_blocks", problems=refused)


def _writable(call: Call) -> Channel:
    """The channel to post in: a user id means the direct messages with them."""
    ref = call.text("channel")
    user = call.state.users.get(ref)
    if user is not None:
        if user.deleted:
            raise ApiError("channel_not_found")
        channel = call.state.im(user.id)
    else:
        channel = call.channel()
    if channel.archived:
        raise ApiError("is_archived")
    if channel.kind is ChannelKind.IM and not call.world.manifest.messages_tab_enabled:
        raise ApiError("messages_tab_disabled")
    return channel


def post_message(call: Call) -> JSON:
    channel = _writable(call)
    text, blocks = content(call)
    if not text and not blocks and not as_list(call.json("attachments")):
        raise ApiError("no_text")
    if BOT_USER_ID not in channel.members and not (
        channel.kind is ChannelKind.PUBLIC and "chat:write.public" in call.world.scopes
    ):
        raise ApiError("not_in_channel")
    metadata = call.json("metadata")
    if metadata is not None and not valid_metadata(metadata):
        call.world.violate("chat.postMessage: metadata needs event_type and event_payload")
        raise ApiError("invalid_metadata_format")
    thread_ts = _thread(call, channel)
    message = post_from_bot(
        call.world,
        channel.id,
        text or "",
        blocks or [],
        thread_ts=thread_ts,
        broadcast=call.flag("reply_broadcast"),
        metadata=metadata,
        files=linked_files(call.world, text or "", channel),
        attachments=as_list(call.json("attachments")),
    )
    return {"channel": channel.id, "ts": message.ts, "message": call.state.message_wire(message)}


def _thread(call: Call, channel: Channel) -> str | None:
    """The parent's timestamp; a reply's own is not a parent, and Slack answers in the wrong place."""
    thread_ts = call.maybe("thread_ts")
    if thread_ts is None:
        return None
    parent = channel.find(thread_ts)
    if parent is None:
        raise ApiError("thread_not_found")
    if parent.in_thread:
        call.world.violate(f"{call.method}: thread_ts {thread_ts} is a reply, not a parent")
        return parent.thread_ts
    return thread_ts


def post_ephemeral(call: Call) -> JSON:
    channel = call.channel()
    if channel.archived:
        raise ApiError("is_archived")
    reader = call.state.users.get(call.text("user"))
    text, blocks = content(call)
    if not text and not blocks:
        raise ApiError("no_text")
    if BOT_USER_ID not in channel.members:
        raise ApiError("not_in_channel")
    if reader is None or reader.deleted or reader.id not in channel.members:
        raise ApiError("user_not_in_channel")
    thread_ts = call.maybe("thread_ts")
    message = post_from_bot(call.world, channel.id, text or "", blocks or [], to=reader.id, thread_ts=thread_ts)
    return {"message_ts": message.ts}


def _own_message(call: Call, error: str) -> Message:
    channel = call.channel()
    message = channel.find(call.text("ts"))
    if message is None:
        raise ApiError("message_not_found")
    if message.bot_id != BOT_ID:
        raise ApiError(error)
    return message


def update(call: Call) -> JSON:
    message = _own_message(call, "cant_update_message")
    text, blocks = content(call)
    if text is None and blocks is None and "metadata" not in call.args:
        raise ApiError("no_text")
    metadata = call.json("metadata")
    if metadata is not None:
        if metadata and not valid_metadata(metadata):
            call.world.violate("chat.update: metadata needs event_type and event_payload")
            raise ApiError("invalid_metadata_format")
        message.metadata = metadata or None
    edit(call.world, message, text=text, blocks=blocks)
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": message.text,
        "message": call.state.message_wire(message),
    }


def delete(call: Call) -> JSON:
    message = _own_message(call, "cant_delete_message")
    remove(call.world, message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(call: Call) -> JSON:
    channel = call.channel()
    message = channel.find(call.text("message_ts"))
    if message is None:
        raise ApiError("message_not_found")
    link = f"{call.world.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.in_thread:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def add_reaction(call: Call) -> JSON:
    channel = call.channel()
    message = channel.find(call.text("timestamp"))
    if message is None:
        raise ApiError("message_not_found")
    if BOT_USER_ID not in channel.members:
        raise ApiError("not_in_channel")
    name = call.text("name").strip(":")
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise ApiError("invalid_name")
    with call.state.lock:
        users = message.reactions.setdefault(name, [])
        if BOT_USER_ID in users:
            raise ApiError("already_reacted")
        users.append(BOT_USER_ID)
        message.seq = call.state.touch()
    return {}


METHODS = {
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.getPermalink": get_permalink,
    "reactions.add": add_reaction,
}
