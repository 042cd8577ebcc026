"""What the page watches: the screens of several people at once, and what goes on around them, in one long poll.

Sends only the messages that changed since the page looked last, and in which order they stand; the page has the rest.
Of a channel these are the newest, and what began the threads that they are in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, request

from bot.playground.slack.model import BOT_USER_ID, JSON, SLACKBOT_ID, Channel, Message
from bot.playground.slack.pageview import channel_wire, message_wire, person_wire, unread, view_wire, wait_for_change
from bot.playground.slack.playapi import LONGEST_POLL_SECONDS, guard
from bot.playground.slack.world import World

SCREENFUL = 200
GATHER_SECONDS = 0.02
"""Changes come in bursts: whoever waited for one waits this much longer and gets them together."""
EVERYTHING = -1


@dataclass(frozen=True, slots=True)
class Around:
    """What the page sees beside Slack, each as JSON of this moment."""

    clock: Callable[[], JSON]
    bot: Callable[[], JSON]
    switches: Callable[[], JSON]
    progress: Callable[[], JSON | None]
    runaway: Callable[[], JSON | None]


def create_watch(world: World, around: Around) -> Blueprint:
    """The route /_play/watch. Register it before the server starts."""
    routes = Blueprint("watch", __name__, url_prefix="/_play")
    guard(routes)

    @routes.get("/watch")
    def watch() -> Response:
        state = world.state
        people = [state.user(name).id for name in request.args.getlist("as")]
        since = int(request.args.get("since", EVERYTHING))
        most = int(request.args.get("messages", SCREENFUL))
        wait = min(float(request.args.get("wait", LONGEST_POLL_SECONDS)), LONGEST_POLL_SECONDS)
        if since > state.seq:  # seen in an earlier life
            since = EVERYTHING
        if since >= 0 and state.seq <= since:
            if not wait_for_change(state, since, wait):
                return jsonify({"seq": state.seq, "unchanged": True, "clock": around.clock()})
            time.sleep(GATHER_SECONDS)
        return jsonify(seen(world, around, people, since, most))

    return routes


def seen(world: World, around: Around, people: list[str], since: int, most: int = SCREENFUL) -> JSON:
    """Everything at one sequence number; of messages, those changed after `since` among the newest `most`."""
    state = world.state
    with state.lock:
        return {
            "seq": state.seq,
            "clock": around.clock(),
            "bot": around.bot(),
            "switches": around.switches(),
            "violations": len(world.violations),
            "journal_seq": world.journal.seq,
            "progress": around.progress(),
            "runaway": around.runaway(),
            "badges": {user.name: _badge(world, user.id) for user in state.users.values() if _signs_in(world, user.id)},
            "users": {user.id: person_wire(user) for user in state.users.values()},
            "screens": {state.users[person].name: _screen(world, person, since, most) for person in people},
        }


def _signs_in(world: World, user_id: str) -> bool:
    user = world.state.users[user_id]
    return not (user.is_bot or user.deleted or user.id in (BOT_USER_ID, SLACKBOT_ID))


def _badge(world: World, user_id: str) -> JSON:
    counts = [unread(world.state, user_id, channel) for channel in world.state.visible_to(user_id)]
    return {"unread": sum(new for new, _ in counts), "mentions": sum(mentions for _, mentions in counts)}


def _screen(world: World, user_id: str, since: int, most: int) -> JSON:
    state = world.state
    home = state.homes.get(user_id)
    return {
        "me": person_wire(state.users[user_id]),
        "bot": BOT_USER_ID,
        "channels": [_channel(world, user_id, channel, since, most) for channel in state.visible_to(user_id)],
        "ephemerals": _changed(world, _newest(state.ephemerals.get(user_id, []), most), since),
        "modals": [view_wire(view) for view in state.modals.get(user_id, [])],
        "home": view_wire(home) if home else None,
    }


def _channel(world: World, user_id: str, channel: Channel, since: int, most: int) -> JSON:
    newest = _newest(channel.messages, most)
    begun = _begun_earlier(channel.messages, newest)
    if world.state.reshaped.get(channel.id, 0) > since:  # older messages moved up, or somebody came to see them
        since = EVERYTHING
    return channel_wire(world.state, user_id, channel) | {
        "name": channel.name,
        "is_member": user_id in channel.members,
        "purpose": channel.purpose,
        "earlier": len(channel.messages) - len(begun) - len(newest),
        **_changed(world, begun + newest, since, _woken(begun, newest, since)),
    }


def _newest(messages: list[Message], most: int) -> list[Message]:
    return messages[-most:] if most > 0 else []


def _begun_earlier(messages: list[Message], newest: list[Message]) -> list[Message]:
    """The older part of every thread that somebody went on with lately: its first message, and replies."""
    threads = {message.thread_ts for message in newest if message.in_thread} - {message.ts for message in newest}
    if not threads:
        return []
    older = messages[: -len(newest)]
    return [message for message in older if message.ts in threads or message.thread_ts in threads]


def _woken(begun: list[Message], newest: list[Message], since: int) -> set[str]:
    """Which of the older ones the page may lack, because a reply brought them back."""
    threads = {message.thread_ts for message in newest if message.in_thread and message.seq > since}
    return {message.ts for message in begun if message.ts in threads or message.thread_ts in threads}


def _changed(world: World, messages: list[Message], since: int, woken: Collection[str] = ()) -> JSON:
    return {
        "order": [message.ts for message in messages],
        # The page counts replies by itself.
        "messages": [
            message_wire(world, message) for message in messages if message.seq > since or message.ts in woken
        ],
    }
