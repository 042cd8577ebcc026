"""When a team's weekly digest comes: shown to anybody, chosen by owners of the team."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.digest_times import DIGEST_MINUTES, Timing, clock_time, next_due_at
from bot.domain.people import Team
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser, Subjects, record, take_in
from bot.services.digests import TURNED_ON, is_owed
from bot.services.people import refused_by
from bot.services.zones import zone
from storage import people
from storage.engine import Session

TURNED_OFF = "team.digest_off"
MOVED = "team.digest_moved"


def shown(purser: Purser, channel_id: str) -> Timing | Refused:
    """When the digest of this channel's team comes."""
    with purser.books.reading() as session:
        team = people.team_in_channel(session, channel_id)
        return _no_team() if team is None else _timing(session, team, purser.now())


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody typed. What is None stays as it is; 09:00 after it was off."""

    is_on: bool
    minutes: int | None = None
    time_zone: str | None = None


def choose(purser: Purser, actor: Actor, channel_id: str, chosen: Chosen) -> Timing | Refused:
    """Let the digest come at another time, or no more."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        team = people.team_in_channel(session, channel_id)
        if team is None:
            return _no_team()
        if barrier := purser.authority.barrier_to_own(actor.member, team):
            return refused_by(barrier)
        was = team.digest_minutes
        usual = DIGEST_MINUTES if was is None else was
        wanted = usual if chosen.minutes is None else chosen.minutes
        after = replace(
            team, digest_minutes=wanted if chosen.is_on else None, time_zone=chosen.time_zone or team.time_zone
        )
        if people.set_digest(session, team.id, after.digest_minutes, after.time_zone):
            action = TURNED_OFF if not chosen.is_on else TURNED_ON if was is None else MOVED
            once = f"{team.id}:{actor.delivery}"
            reason = f"Mondays {clock_time(wanted)} {after.time_zone}" if chosen.is_on else ""
            about = Subjects(team_id=team.id)
            record(session, now, actor=actor.id, action=action, about=about, once=once, reason=reason)
        return _timing(session, after, now)


def _timing(session: Session, team: Team, now: datetime) -> Timing:
    if team.digest_minutes is None:
        return Timing(team, None, "")
    there = zone(team.time_zone)
    next_at = next_due_at(now, team.digest_minutes, there)
    return Timing(team, next_at, f"{next_at.astimezone(there):%H:%M}", is_coming=is_owed(session, team.id, now))


def _no_team() -> Refused:
    text = "No team lives in this channel, so no digest comes here. Type this in a team's channel."
    return Refused(Because.NOT_FOUND, text)
