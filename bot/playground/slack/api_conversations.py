"""Web API: conversations.* and users.conversations, with scopes by kind of channel."""

from decimal import Decimal, InvalidOperation

from bot.playground.slack.call import Call
from bot.playground.slack.errors import ApiError
from bot.playground.slack.model import BOT_USER_ID, JSON, Channel, ChannelKind, Message
from bot.playground.slack.posting import join
from bot.playground.slack.scopes import HISTORY, READ

KINDS = {kind.value: kind for kind in ChannelKind}


def _readable(call: Call) -> Channel:
    channel = call.channel()
    call.need_scope(READ[channel.kind])
    return channel


def info(call: Call) -> JSON:
    channel = _readable(call)
    wire = channel.wire(seen_by=BOT_USER_ID)
    if not call.flag("include_num_members"):
        wire.pop("num_members", None)
    return {"channel": wire}


def _kinds(call: Call) -> list[ChannelKind]:
    kinds = []
    for name in (call.maybe("types") or "public_channel").split(","):
        if name.strip() == "mpim":
            continue  # there are none here
        if name.strip() not in KINDS:
            raise ApiError("invalid_types")
        kind = KINDS[name.strip()]
        call.need_scope(READ[kind])
        kinds.append(kind)
    return kinds


def list_channels(call: Call) -> JSON:
    kinds = _kinds(call)
    found = [
        c.wire(seen_by=BOT_USER_ID)
        for c in call.state.channels.values()
        if c.kind in kinds
        and (c.kind is ChannelKind.PUBLIC or BOT_USER_ID in c.members)
        and not (c.archived and call.flag("exclude_archived"))
    ]
    page, metadata = call.page(found, 100)
    return {"channels": page, "response_metadata": metadata}


def users_conversations(call: Call) -> JSON:
    kinds = _kinds(call)
    user_id = call.maybe("user") or BOT_USER_ID
    if user_id not in call.state.users:
        raise ApiError("user_not_found")
    found = [
        c.wire(seen_by=user_id)
        for c in call.state.channels.values()
        if c.kind in kinds
        and user_id in c.members
        and (c.kind is ChannelKind.PUBLIC or BOT_USER_ID in c.members)
        and not (c.archived and call.flag("exclude_archived"))
    ]
    page, metadata = call.page(found, 100)
    return {"channels": page, "response_metadata": metadata}


def members(call: Call) -> JSON:
    channel = _readable(call)
    page, metadata = call.page(channel.members, 100)
    return {"members": page, "response_metadata": metadata}


def open_im(call: Call) -> JSON:
    state = call.state
    if call.maybe("channel"):
        channel = call.channel()
        return {"no_op": True, "already_open": True, "channel": _shown(call, channel)}
    names = [name.strip() for name in call.text("users").split(",")]
    if len(names) > 1:
        call.need_scope("mpim:write")
        raise call.wrong("the playground has no group direct messages")
    user = state.users.get(names[0])
    if user is None:
        raise ApiError("user_not_found")
    if user.deleted:
        raise ApiError("user_disabled")
    if user.id == BOT_USER_ID:
        raise ApiError("cannot_dm_bot")
    before = state.has_im(user.id)
    channel = state.im(user.id)
    return {"no_op": before, "already_open": before, "channel": _shown(call, channel)}


def _shown(call: Call, channel: Channel) -> JSON:
    return channel.wire(seen_by=BOT_USER_ID) if call.flag("return_im") else {"id": channel.id}


def join_channel(call: Call) -> JSON:
    channel = call.channel()
    if channel.kind is not ChannelKind.PUBLIC:
        raise ApiError("method_not_supported_for_channel_type")
    if channel.archived:
        raise ApiError("is_archived")
    joined = join(call.world, channel, BOT_USER_ID)
    answer: JSON = {"channel": channel.wire(seen_by=BOT_USER_ID)}
    return answer if joined else answer | {"warning": "already_in_channel"}


def _with_history(call: Call) -> Channel:
    channel = call.channel()
    call.need_scope(HISTORY[channel.kind])
    if BOT_USER_ID not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _between(call: Call, messages: list[Message]) -> list[Message]:
    """Those within `oldest` and `latest`, the ends themselves only if `inclusive`."""
    inclusive = call.flag("inclusive")
    try:
        oldest = Decimal(call.maybe("oldest") or "0")
        latest = Decimal(call.maybe("latest") or "9999999999")
    except InvalidOperation:
        raise ApiError("invalid_ts_oldest") from None
    return [m for m in messages if oldest < Decimal(m.ts) < latest or (inclusive and Decimal(m.ts) in (oldest, latest))]


def history(call: Call) -> JSON:
    channel = _with_history(call)
    roots = [m for m in channel.messages if not m.in_thread or m.broadcast]
    return _messages(call, _between(call, roots)[::-1])


def replies(call: Call) -> JSON:
    channel = _with_history(call)
    wanted = channel.find(call.text("ts"))
    if wanted is None:
        raise ApiError("thread_not_found")
    parent_ts = wanted.thread_ts if wanted.in_thread and wanted.thread_ts else wanted.ts
    parent, *rest = channel.thread(parent_ts)
    found = [parent, *_between(call, rest)] if parent.ts == parent_ts else _between(call, [parent, *rest])
    return _messages(call, found)


def _messages(call: Call, found: list[Message]) -> JSON:
    page, metadata = call.page(found, 100)
    with_metadata = call.flag("include_all_metadata")
    wires = [call.state.message_wire(m, call.world.base_url, with_metadata=with_metadata) for m in page]
    return {
        "messages": wires,
        "has_more": bool(metadata["next_cursor"]),
        "response_metadata": metadata,
    }


METHODS = {
    "conversations.info": info,
    "conversations.list": list_channels,
    "conversations.members": members,
    "conversations.open": open_im,
    "conversations.join": join_channel,
    "conversations.history": history,
    "conversations.replies": replies,
    "users.conversations": users_conversations,
}
