"""Web API: files in three steps (ask for a URL, send the bytes, complete), the only way Slack still has."""

import mimetypes

from bot.playground.slack.call import Call
from bot.playground.slack.elements import as_object
from bot.playground.slack.errors import ApiError
from bot.playground.slack.model import BOT_USER_ID, JSON, StoredFile
from bot.playground.slack.posting import post_from_bot
from bot.playground.slack.world import World

MOST_BYTES = 50_000_000


def new_file(world: World, name: str, length: int, user: str) -> StoredFile:
    state = world.state
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    stored = StoredFile(state.new_id("F"), name, name, user, length, mimetype=kind, created=state.now())
    with state.lock:
        state.files[stored.id] = stored
    return stored


def get_upload_url(call: Call) -> JSON:
    length = call.number("length", 0, most=MOST_BYTES)
    stored = new_file(call.world, call.text("filename"), length, BOT_USER_ID)
    return {"upload_url": f"{call.world.base_url}/upload/v1/{stored.id}", "file_id": stored.id}


def receive(world: World, file_id: str, content: bytes) -> None:
    """The bytes of step two; ApiError when nobody asked for them or their number is wrong."""
    stored = world.state.files.get(file_id)
    if stored is None or stored.uploaded:
        raise ApiError("file_not_found")
    if len(content) != stored.length:
        world.violate(f"upload of {stored.name}: {len(content)} bytes sent, {stored.length} announced")
        raise ApiError("invalid_length")
    stored.content, stored.uploaded = content, True


def complete(call: Call) -> JSON:
    listed = call.json("files")
    if not isinstance(listed, list) or not listed:
        raise call.wrong("missing required field: files")
    stored = []
    for entry in listed:
        item = call.state.files.get(str(as_object(entry).get("id")))
        if item is None or not item.uploaded or item.complete:
            raise ApiError("file_not_found")
        item.title = as_object(entry).get("title") or item.name
        stored.append(item)
    if call.maybe("channel_id"):
        _share(call, stored)
    for item in stored:
        item.complete = True
    return {"files": [item.wire(call.world.base_url) for item in stored]}


def _share(call: Call, stored: list[StoredFile]) -> None:
    channel = call.channel("channel_id")
    if channel.archived:
        raise ApiError("is_archived")
    if BOT_USER_ID not in channel.members:
        raise ApiError("not_in_channel")
    for item in stored:
        item.channels.append(channel.id)
    comment = call.maybe("initial_comment") or ""
    ids = [item.id for item in stored]
    post_from_bot(
        call.world,
        channel.id,
        comment,
        [],
        files=ids,
        thread_ts=call.maybe("thread_ts"),
        subtype="file_share",
    )


METHODS = {
    "files.getUploadURLExternal": get_upload_url,
    "files.completeUploadExternal": complete,
}
