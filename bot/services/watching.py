"""The leak watch: in which channels messages are looked through for keys, and who decides that.

Off until somebody who answers for a channel turns it on there; everybody in the channel is told when that changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.facts import Occasion
from bot.domain.people import BARRIER_TEXT, Barrier, Team
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser, Subjects, record, take_in
from bot.services.people import refused_by
from bot.services.ports import DeliveryError
from bot.services.telling import Telling, tell_channel
from storage import leak_watches, people
from storage.engine import Session

TURNED_ON = "watch.on"
TURNED_OFF = "watch.off"


@dataclass(frozen=True, slots=True)
class Watch:
    """Whether a channel is watched, since when and by whose word."""

    is_on: bool
    set_by: str = ""
    set_at: datetime | None = None
    is_inside: bool = True
    """Whether Purser is in the channel: nobody tells it what is written elsewhere."""


def is_watched(purser: Purser, channel_id: str) -> bool:
    """Whether this channel's messages are looked through."""
    with purser.books.reading() as session:
        return leak_watches.get(session, channel_id) is not None


def shown(purser: Purser, channel_id: str) -> Watch:
    """How it stands in this channel, to anybody."""
    with purser.books.reading() as session:
        found = _watch(session, channel_id)
    return Watch(found.is_on, found.set_by, found.set_at, is_inside=_is_inside(purser, channel_id))


def turn(purser: Purser, actor: Actor, channel_id: str, *, on: bool) -> Watch | Refused:
    """Watch this channel from now on, or no more. For owners of the channel's team, and of the workspace."""
    if on and not _is_inside(purser, channel_id):
        text = "Purser is not in this channel, so it hears nothing here. Type `/invite @Purser`, then try again."
        return Refused(Because.WRONG_STATE, text)
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        team = people.team_in_channel(session, channel_id)
        if no := _refused(purser, actor, team):
            return no
        if on:
            is_new = leak_watches.turn_on(session, channel_id, actor.id, now)
        else:
            is_new = leak_watches.turn_off(session, channel_id)
        if is_new:
            once = f"{channel_id}:{actor.delivery}"
            about = Subjects(team_id=None if team is None else team.id)
            action = TURNED_ON if on else TURNED_OFF
            record(session, now, actor=actor.id, action=action, about=about, once=once, reason=f"<#{channel_id}>")
            telling = Telling(Occasion.WATCH_ON if on else Occasion.WATCH_OFF, actor.id)
            tell_channel(session, now, telling, channel_id, once=once)
        return _watch(session, channel_id)


def _refused(purser: Purser, actor: Actor, team: Team | None) -> Refused | None:
    if team is not None:
        barrier = purser.authority.barrier_to_own(actor.member, team)
        return None if barrier is None else refused_by(barrier)
    barrier = purser.authority.barrier_to_found_team(actor.member)
    if barrier is Barrier.NOT_OWNER:
        text = "No team lives in this channel, so only workspace owners can decide that its messages are watched."
        return Refused(Because.NOT_ALLOWED, text)
    return None if barrier is None else Refused(Because.NOT_ALLOWED, BARRIER_TEXT[barrier])


def _watch(session: Session, channel_id: str) -> Watch:
    found = leak_watches.get(session, channel_id)
    return Watch(is_on=False) if found is None else Watch(is_on=True, set_by=found.set_by, set_at=found.set_at)


def _is_inside(purser: Purser, channel_id: str) -> bool:
    """Whether Purser is in the channel. When Slack does not say, it may be."""
    try:
        return purser.directory.is_member_of(channel_id)
    except DeliveryError:
        return True
