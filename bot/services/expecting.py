"""What is expected: a time in which a project or team spends more than usual, so that nobody is called about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.budgets import Layer
from bot.domain.expecting import Expecting, Standing
from bot.domain.incidents import Expected
from bot.domain.people import Barrier, Role, Team
from bot.domain.periods import DAY_SECONDS, show_duration
from bot.domain.requests import Because, Refused, Target
from bot.services.context import Actor, Purser, Subjects, record, take_in
from bot.services.people import refused_by
from bot.services.targets import Aim, aim
from bot.services.words import ProjectWord, TeamWord
from storage import expected, people
from storage.engine import Session

LONGEST_SECONDS = 31 * DAY_SECONDS
SET, ENDED = "expected.set", "expected.ended"


def shown(purser: Purser, channel_id: str) -> Expecting | Refused:
    """What is expected of this channel's team, to anyone of the workspace."""
    with purser.books.reading() as session:
        team = people.team_in_channel(session, channel_id)
        return _no_team() if team is None else Expecting(team, _standing(session, team, purser.now()))


def expect(
    purser: Purser, actor: Actor, channel_id: str, what: TeamWord | ProjectWord, ends_at: datetime, reason: str
) -> Expecting | Refused:
    """Expect more spend of this channel's team, or of one of its projects, from now on; instead of what was before.

    Owners of the team may; of a project, its lead as well.
    """
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        found = _allowed(session, purser, actor, channel_id, what)
        if isinstance(found, Refused):
            return found
        if ends_at <= now:
            return Refused(Because.WRONG_STATE, "That time is over already.")
        if ends_at - now > timedelta(seconds=LONGEST_SECONDS):
            most = show_duration(LONGEST_SECONDS)
            text = f"At most {most} ahead: what lasts longer is what is usual, and is learned by itself in that time."
            return Refused(Because.WRONG_STATE, text)
        for one in _of(session, found.target, now):
            expected.end(session, one.id, now)
        layer, subject_id = found.target.layer, found.target.subject_id
        new = Expected(purser.ids.new("expected"), layer, subject_id, reason, now, ends_at, actor.id, now)
        expected.add(session, new)
        said = f"until {ends_at:%Y-%m-%d %H:%M} UTC: {reason}"
        record(session, now, actor=actor.id, action=SET, about=_about(found), once=new.id, reason=said)
        return Expecting(found.team, _standing(session, found.team, now), Standing(new, _name(found)))


def end(purser: Purser, actor: Actor, channel_id: str, what: TeamWord | ProjectWord) -> Expecting | Refused:
    """Expect no more of it than usual, from now on. Who may say so may end it."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        found = _allowed(session, purser, actor, channel_id, what)
        if isinstance(found, Refused):
            return found
        standing = _of(session, found.target, now)
        if not standing:
            text = f"Nothing more than usual is expected of {found.target.layer} {_name(found)}."
            return Refused(Because.NOT_FOUND, text)
        for one in standing:
            expected.end(session, one.id, now)
            record(session, now, actor=actor.id, action=ENDED, about=_about(found), once=one.id, reason=one.reason)
        return Expecting(found.team, _standing(session, found.team, now), Standing(standing[-1], _name(found)))


def _allowed(
    session: Session, purser: Purser, actor: Actor, channel_id: str, what: TeamWord | ProjectWord
) -> Aim | Refused:
    team = people.team_in_channel(session, channel_id)
    if team is None:
        return _no_team()
    found = aim(session, team, what)
    if isinstance(found, Refused):
        return found
    barrier = purser.authority.barrier_to_own(actor.member, team)
    if barrier is None or (barrier is Barrier.NOT_OWNER and _leads(actor, found)):
        return found
    if barrier is Barrier.NOT_OWNER:
        who = "Owners of the team" if found.project is None else f"Owners of the team and <@{found.project.lead_id}>"
        return Refused(Because.NOT_ALLOWED, f"{who} say what is expected of {found.target.layer} {_name(found)}.")
    return refused_by(barrier)


def _leads(actor: Actor, found: Aim) -> bool:
    is_in_team = found.team.role_of(actor.id) is not Role.NONE
    return is_in_team and found.project is not None and found.project.lead_id == actor.id


def _of(session: Session, target: Target, now: datetime) -> list[Expected]:
    return [one for one in expected.of(session, [(target.layer, target.subject_id)], now) if one.holds(now)]


def _standing(session: Session, team: Team, now: datetime) -> tuple[Standing, ...]:
    names = {(Layer.PROJECT, project.id): project.name for project in people.projects_of(session, team.id)}
    names[Layer.TEAM, team.id] = team.name
    found = expected.of(session, names, now)
    return tuple(Standing(one, names[one.layer, one.subject_id]) for one in found if one.holds(now))


def _name(found: Aim) -> str:
    return found.team.name if found.project is None else found.project.name


def _about(found: Aim) -> Subjects:
    return Subjects(found.team.id, None if found.project is None else found.project.id)


def _no_team() -> Refused:
    text = "No team lives in this channel. Type it in the channel of the team that it is about."
    return Refused(Because.NOT_FOUND, text)
