"""Keys in messages: the watch over channels, the shortcut that reports a message, and `/ai-team watch`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import structlog

from bot.domain.incidents import Found
from bot.services import found, leaks, watching
from bot.services.found import Heard
from bot.services.leaks import Seen
from bot.services.ports import DeliveryError
from bot.slack.errors import translated
from bot.slack.incoming import Incoming, allowed
from bot.slack.links import link_to
from bot.slack.message_texts import texts_of
from bot.slack.patience import told_if_slow
from bot.slack.snippets import snippets_of
from bot.slack.views import answers
from bot.slack.views import keys as key_views
from bot.slack.views import leaks as views
from bot.slack.views.base import Message, moment

log = structlog.get_logger(__name__)

SPOKEN = frozenset({None, "thread_broadcast", "bot_message", "file_share", "me_message", "message_changed"})
"""Subtypes of events that bring words into a channel (docs.slack.dev/reference/events/message)."""
THREAD_MESSAGES = 200
"""How much of a thread is read when one of its messages is reported."""


def watch(event: Incoming) -> None:
    """Look through a message of a watched channel, and act on the keys in it."""
    written = _written(event)
    if written is None or not watching.is_watched(event.purser, event.channel_id):
        return
    seen = leaks.look(event.purser, [*texts_of(written), *snippets_of(event.client, written)])
    if seen:
        for off in found.act_on(event.purser, _heard(event, written), seen, Found.WATCHED):
            log.info("a key stood in a message", label=off.key.key.label, proof=off.proof)


def report(event: Incoming) -> None:
    """Report leaked key, on any message: the keys in it, or else in its thread, are turned off."""
    person, thread = event.actor(), _thread(event)
    seen, written = _first_with_keys(event, thread)
    heard = replace(_heard(event, written), delivery=person.delivery)
    outcomes = found.act_on(event.purser, heard, seen, Found.REPORTED, person.id)
    with told_if_slow(event, answers.turning_off()):
        first = next(outcomes, None)
    if first is None:
        event.answer(_no_key(seen, is_whole=thread.is_whole))
        return
    for off in chain((first,), outcomes):
        event.answer(key_views.off(off, event.purser.now()))


def watch_answer(event: Incoming, is_on: bool | None) -> Message:  # noqa: FBT001 - as it was typed
    """`/ai-team watch`, `watch on` and `watch off`."""
    actor = event.actor(fresh=is_on is not None)
    if is_on is None:
        state = watching.shown(event.purser, event.channel_id)
    else:
        state = allowed(watching.turn(event.purser, actor, event.channel_id, on=is_on))
    since = moment(state.set_at) if state.set_at else ""
    return views.watch_state(is_on=state.is_on, set_by=state.set_by, since=since, is_inside=state.is_inside)


def _no_key(seen: Seen, *, is_whole: bool) -> Message:
    if not seen:
        return views.nothing_found(is_whole=is_whole)
    return views.only_others(tuple(one.gateway for one in seen.own), tuple(one for _, one in seen.foreign))


def _written(event: Incoming) -> Mapping[str, Any] | None:
    """The message that an event brought, as it stands now; None for what is no message, and for Purser's own."""
    heard = event.event
    subtype = heard.get("subtype")
    if subtype not in SPOKEN:
        return None
    inner = heard.get("message") if subtype == "message_changed" else heard
    if not isinstance(inner, dict) or inner.get("subtype") == "tombstone":
        return None
    ours = {one.get("user_id") for one in event.body.get("authorizations") or [] if one.get("is_bot")}
    return None if inner.get("user") in ours else inner


def _heard(event: Incoming, written: Mapping[str, Any]) -> Heard:
    user, ts = str(written.get("user") or ""), str(written.get("ts") or "")
    thread_ts = str(written.get("thread_ts") or ts)
    is_outside = bool(written.get("user_team")) and written.get("user_team") != event.purser.authority.workspace_id
    return Heard(
        channel_id=event.channel_id,
        ts=ts,
        thread_ts=thread_ts,
        author_id="" if is_outside else user,
        delivery=f"watch:{event.delivery}",  # a reply that decides or explains something is taken in by that, too
        link=link_to(event.client, event.channel_id, ts, thread_ts),
        is_by_person=bool(user) and not written.get("bot_id"),
    )


@dataclass(frozen=True, slots=True)
class _Thread:
    """The reported message as it stands now, the others of its thread, and whether Purser could read all of those."""

    reported: Mapping[str, Any]
    others: tuple[Mapping[str, Any], ...] = ()
    is_whole: bool = False


def _thread(event: Incoming) -> _Thread:
    """What is reported. The message may have been edited since it was shown, and its key may stand in a reply."""
    shown: Mapping[str, Any] = event.body.get("message") or {}
    ts = str(shown.get("thread_ts") or shown.get("ts") or "")
    try:
        with translated("reading a thread"):
            got = event.client.conversations_replies(channel=event.channel_id, ts=ts, limit=THREAD_MESSAGES)
    except DeliveryError as failed:
        log.info("a thread could not be read", error=failed.message)
        return _Thread(shown)
    messages: list[Mapping[str, Any]] = got.get("messages") or []
    now = next((one for one in messages if one.get("ts") == shown.get("ts")), shown)
    others = tuple(one for one in messages if one is not now)
    return _Thread(now, others, is_whole=not got.get("has_more"))


def _first_with_keys(event: Incoming, thread: _Thread) -> tuple[Seen, Mapping[str, Any]]:
    """What stands in the reported message, or in the first of its thread that holds what Purser knows; where none does,
    in the first that holds a key of somebody else.
    """
    shown, foreign = event.body.get("message") or {}, None
    for one in (thread.reported, shown, *thread.others):
        seen = leaks.look(event.purser, [*texts_of(one), *snippets_of(event.client, one)])
        if seen.keys or seen.own:
            return seen, one
        foreign = foreign or ((seen, one) if seen else None)
    return foreign or (Seen(), thread.reported)
