"""Somebody left: all that follows at once, decided in one transaction; that they are back; and that it was wrong.

Their own keys go off, with proof as for any key. Keys that others depend on work on and wait to be taken over. What
they asked for closes, what waited for their word passes to others, their roles and leads end or move. Whoever comes
back gets nothing back by that: an owner restores it (`restore`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.facts import Occasion
from bot.domain.groups import goes_off
from bot.domain.keys import UNSHOWN, Key, KeyState, OffCause
from bot.domain.offboarding import (
    Departure,
    DepartureState,
    LeftKey,
    LeftProject,
    LeftTeam,
    Outcome,
    Source,
    Was,
    fate,
    was_to,
)
from bot.domain.people import Member, Project, Role, Team
from bot.services import leaving_requests, seats
from bot.services.context import Purser, Subjects, record
from bot.services.deciders import told_of
from bot.services.departed import DEPARTURE, refresh
from bot.services.failpoints import Failpoint
from bot.services.leaving_back import Restored, restore
from bot.services.proving import about
from bot.services.telling import Telling, tell_people
from bot.services.turning_off import discard, start
from storage import departures, keys, people
from storage.engine import Session

__all__ = ["DEPARTURE", "Restored", "came_back", "learned", "notice", "refresh", "restore"]

_OF_INTEREST = frozenset(
    {*UNSHOWN, KeyState.LIVE, KeyState.RESTORING, KeyState.DISABLING, KeyState.DISABLED}
)  # fmt: skip


def notice(
    purser: Purser,
    member_id: str,
    source: Source,
    *,
    by: str = "purser",
    note: str = "",
    left_at: datetime | None = None,
) -> Departure | None:
    """Somebody whom Purser knows left: decide all that follows. None when that is known, or they are not.

    What a feed tells keeps a person out whatever Slack says, also when Slack had told of it before.
    """
    told = _Told(source, by, note, left_at)
    with purser.deciding() as session:
        departure = _left(session, purser, member_id, told)
    if departure is not None:
        purser.failpoint(Failpoint.AFTER_LEFT_COMMIT)
    return departure


def came_back(purser: Purser, member_id: str) -> Departure | None:
    """Slack says that somebody who left is active again: their departure ends, and nothing comes back by that.

    None when they had not left, or a feed says that they did.
    """
    with purser.deciding() as session:
        people.set_departed(session, member_id, departed=False)
        return _returned(session, purser.now(), member_id)


def learned(purser: Purser, person: Member, asked_at: datetime | None = None) -> Member | None:
    """Slack described somebody: write it down, and what follows if they left or are back. The person as known now.

    Whoever Purser meets for the first time has nothing to leave. Somebody of another workspace has not left ours.
    An answer that somebody is active, to a question from before the books heard that they left, brings nobody back.
    """
    departure = None
    with purser.deciding() as session:
        if asked_at is not None and not person.is_departed and _left_since(session, person.id, asked_at):
            return people.member(session, person.id)
        is_ours = person.workspace_id == purser.authority.workspace_id
        if is_ours and person.is_departed:  # before it is written down: who is asked today is compared with who is then
            departure = _left(session, purser, person.id, _Told(Source.EVENT))
        people.save_member(session, person, purser.now())
        if is_ours and not person.is_departed:
            _returned(session, purser.now(), person.id)
        found = people.member(session, person.id)
    if departure is not None:
        purser.failpoint(Failpoint.AFTER_LEFT_COMMIT)
    return found


def _left_since(session: Session, member_id: str, asked_at: datetime) -> bool:
    stands = departures.open_of(session, member_id)
    return stands is not None and stands.noticed_at > asked_at


@dataclass(frozen=True, slots=True)
class _Told:
    """What a source tells of a leaver."""

    source: Source
    by: str = "purser"
    note: str = ""
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Leaver:
    """Somebody who leaves, and all that is theirs at that moment."""

    departure: Departure
    person: Member
    teams: tuple[Team, ...]
    projects: tuple[Project, ...]
    keys: tuple[Key, ...]
    """Keys they hold or lead that work, are being made, are going off, or would come back by themselves."""

    @property
    def id(self) -> str:
        return self.person.id

    @property
    def why(self) -> str:
        """The reason that people read."""
        return f"{self.person.name or self.person.handle} left"


def _left(session: Session, purser: Purser, member_id: str, told: _Told) -> Departure | None:
    now, person = purser.now(), people.member(session, member_id)
    if person is None:
        return None
    if (stands := departures.open_of(session, member_id)) is not None:
        _keep_out(session, now, stands, told)
        return None
    handed = leaving_requests.asked_of(session, purser, person)
    if told.source is Source.FEED:
        people.set_left(session, member_id, left=True)
    else:
        people.set_departed(session, member_id, departed=True)
    departure = Departure(
        purser.ids.new("departure"), member_id, told.source, now, told.by, told.note, told.left_at
    )  # fmt: skip
    departures.add(session, departure)
    theirs = _gather(session, departure, person)
    left = _keys_left(session, theirs)
    _record_left(session, theirs, left)
    _note_teams(session, purser, theirs, left)
    for project in theirs.projects:
        _move_lead(session, purser, theirs, project)
    leaving_requests.close_all(session, purser, departure, theirs.why)
    _decide_keys(session, purser, theirs, left)
    for team in theirs.teams:
        _end_role(session, purser, theirs, team)
    leaving_requests.pass_on(session, purser, departure, theirs.why, handed)
    for one in departures.teams(session, departure.id):
        refresh(session, now, departure.id, one.team_id, "left")
    seats.ask(session, purser, departure)
    return departure


def _keep_out(session: Session, now: datetime, stands: Departure, told: _Told) -> None:
    """A feed says of somebody whose departure stands that they left: from now on they do not come back by Slack.

    That can be wrong as well, so the teams' messages offer Restore.
    """
    if told.source is Source.FEED and people.set_left(session, stands.member_id, left=True):
        once = f"{stands.member_id}:{now.isoformat()}"
        on = Subjects(member_id=stands.member_id)
        record(session, now, actor=told.by, action="member.kept_out", about=on, once=once, reason=told.note)
        for one in departures.teams(session, stands.id):
            refresh(session, now, stands.id, one.team_id, "kept_out")


def _returned(session: Session, now: datetime, member_id: str) -> Departure | None:
    found = departures.open_of(session, member_id)
    if found is None or people.has_left(session, member_id):
        return None
    if not departures.end(session, found.id, DepartureState.RETURNED, "purser", now):
        return None
    on = Subjects(member_id=member_id)
    why = "active in Slack again; nothing comes back by that"
    record(session, now, actor="purser", action="member.returned", about=on, once=found.id, reason=why)
    for one in departures.teams(session, found.id):
        refresh(session, now, found.id, one.team_id, "returned")
    return departures.get(session, found.id)


def _gather(session: Session, departure: Departure, person: Member) -> _Leaver:
    theirs = keys.of_person(session, person.id, _OF_INTEREST)
    concerned = tuple(key for key in theirs if goes_off(key) or key.state is KeyState.DISABLING)
    teams = tuple(people.teams_of(session, person.id))
    return _Leaver(departure, person, teams, tuple(people.projects_led(session, person.id)), concerned)


def _keys_left(session: Session, leaver: _Leaver) -> list[LeftKey]:
    """What becomes of each key. One that waits for a new holder already is not asked about twice.

    What nobody was shown is given up, and no part of it; a personal key that they only lead stays its holder's. What is
    being turned off already goes on to be.
    """
    waiting = departures.waiting_among(session, [key.id for key in leaver.keys])
    found = []
    for key in leaver.keys:
        was, outcome = was_to(key, leaver.id), fate(key) if goes_off(key) else Outcome.OFF
        if was is None or key.id in waiting or (was is not Was.LEAD and key.state in UNSHOWN):
            continue
        if outcome is Outcome.OFF and was is Was.LEAD:
            continue
        found.append(LeftKey(leaver.departure.id, key.id, key.team_id, was, outcome))
    return found


def _record_left(session: Session, leaver: _Leaver, left: Iterable[LeftKey]) -> None:
    """The row of the departure itself: how it was learned, and all that was theirs."""
    told, labels = leaver.departure, {key.id: key.label for key in leaver.keys}
    outcomes = [(labels[one.key_id], one.outcome) for one in left]
    off = [label for label, outcome in outcomes if outcome is Outcome.OFF]
    waiting = [label for label, outcome in outcomes if outcome is Outcome.WAITING]
    parts = [
        f"source {told.source}",
        "" if told.left_at is None else f"left {told.left_at:%Y-%m-%d %H:%M} UTC",
        told.note,
        _listed("owner of", [team.name for team in leaver.teams if team.role_of(leaver.id) is Role.OWNER]),
        _listed("member of", [team.name for team in leaver.teams if team.role_of(leaver.id) is Role.MEMBER]),
        _listed("led", [project.name for project in leaver.projects]),
        _listed("off", off),
        _listed("waiting for a new holder", waiting),
    ]
    reason = "; ".join(part for part in parts if part)
    on = Subjects(member_id=leaver.id)
    record(session, told.noticed_at, actor=told.noticed_by, action="member.left", about=on, once=told.id, reason=reason)


def _listed(what: str, names: list[str]) -> str:
    return f"{what} {', '.join(names)}" if names else ""


def _note_teams(session: Session, purser: Purser, leaver: _Leaver, left: list[LeftKey]) -> None:
    """Every team that is concerned: of theirs, of their keys, of projects they led; and until when keys wait there."""
    roles = {team.id: team.role_of(leaver.id) for team in leaver.teams}
    concerned = {*roles, *(one.team_id for one in left), *(project.team_id for project in leaver.projects)}
    due_at = leaver.departure.noticed_at + timedelta(seconds=purser.policy.take_over_seconds)
    waiting = {one.team_id for one in left if one.outcome is Outcome.WAITING}
    for team_id in sorted(concerned):
        due = due_at if team_id in waiting else None
        role = roles.get(team_id, Role.NONE)
        departures.add_team(session, LeftTeam(leaver.departure.id, team_id, role, due_at=due))
    for one in left:
        departures.add_key(session, one)


def _move_lead(session: Session, purser: Purser, leaver: _Leaver, project: Project) -> None:
    """A project gets another lead at once: the first owner of its team who is still here, else of the workspace."""
    told, team = leaver.departure, people.team(session, project.team_id)
    heirs = () if team is None else _owners_here(session, purser, team, leaver.id)
    heir = next(iter(heirs), None)
    if heir is None or not people.set_lead(session, project.id, leaver.id, heir):
        departures.add_project(session, LeftProject(told.id, project.id))
        return
    departures.add_project(session, LeftProject(told.id, project.id, heir, told.noticed_at))
    on = Subjects(project.team_id, project.id, heir)
    once = f"{told.id}:{project.id}"
    record(
        session, told.noticed_at, actor=told.noticed_by, action="project.led", about=on, once=once, reason=leaver.why
    )


def _owners_here(session: Session, purser: Purser, team: Team, but: str) -> tuple[str, ...]:
    """Owners of the team, then of the workspace, who are here and no guests."""
    every = (*team.owner_ids, *sorted(purser.authority.workspace_owner_ids))
    return leaving_requests.able(session, purser, [one for one in every if one != but])


def _decide_keys(session: Session, purser: Purser, leaver: _Leaver, left: Iterable[LeftKey]) -> None:
    """Turn off what is theirs alone, give up what nobody was shown, and write down what waits."""
    told, outcomes = leaver.departure, {one.key_id: one for one in left}
    for key in leaver.keys:
        one = outcomes.get(key.id)
        if key.holder_id == leaver.id and key.state in UNSHOWN:
            discard(session, told.noticed_at, key, told.noticed_by, leaver.why)
        elif one is None:
            continue
        elif one.outcome is Outcome.OFF:
            now_key = keys.get(session, key.id) or key  # a cap it shares may have moved with another of theirs
            start(session, told.noticed_at, now_key, told.noticed_by, OffCause.LEFT, leaver.why)
        else:
            until = told.noticed_at + timedelta(seconds=purser.policy.take_over_seconds)
            reason = (
                f"{leaver.why}, who was its {_WAS[one.was]}; waits to be taken over until {until:%Y-%m-%d %H:%M} UTC"
            )
            once = f"{told.id}:{key.id}"
            record(
                session,
                told.noticed_at,
                actor=told.noticed_by,
                action="key.waits",
                about=about(key),
                once=once,
                reason=reason,
            )


_WAS = {Was.HOLDER: "holder", Was.LEAD: "lead", Was.BOTH: "holder and lead"}


def _end_role(session: Session, purser: Purser, leaver: _Leaver, team: Team) -> None:
    """They are out of the team. Where they were its last owner, the workspace's owners are told."""
    told = leaver.departure
    people.set_role(session, team.id, leaver.id, Role.NONE, told.noticed_at)
    is_last = not any(one != leaver.id for one in team.owner_ids) and team.role_of(leaver.id) is Role.OWNER
    reason = f"{leaver.why}; the team has no owner now" if is_last else leaver.why
    on = Subjects(team_id=team.id, member_id=leaver.id)
    once = f"{team.id}:{leaver.id}:{told.id}"
    record(session, told.noticed_at, actor=told.noticed_by, action="team.removed", about=on, once=once, reason=reason)
    if is_last:
        owners = told_of(session, purser, sorted(purser.authority.workspace_owner_ids))
        telling = Telling(Occasion.TEAM_OWNERLESS, leaver.id, team_id=team.id, others=(team.name, team.channel_id))
        tell_people(session, told.noticed_at, telling, owners, once=f"{told.id}:{team.id}")
