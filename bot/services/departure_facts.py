"""What is true of a departure in one team at this moment, and who is asked to take over what waits. Reads only."""

from __future__ import annotations

from bot.domain.keys import Key
from bot.domain.leaving_facts import DepartureFacts, LeftKeyFacts, LeftProjectFacts
from bot.domain.offboarding import Departure, LeftKey, Outcome
from bot.domain.people import Role, Team
from bot.domain.requests import Request, RequestState
from bot.services.context import Purser
from bot.services.deciders import told_of
from bot.services.facts import key_facts
from storage import departures, keys, people, requests
from storage.engine import Session


def gather(session: Session, purser: Purser, departure_id: str, team_id: str) -> DepartureFacts | None:
    """Everything that its message shows; None when the team has no part in it."""
    departure, left = departures.get(session, departure_id), departures.team(session, departure_id, team_id)
    team = people.team(session, team_id)
    if departure is None or left is None or team is None:
        return None
    person = people.member(session, departure.member_id)
    return DepartureFacts(
        departure=departure,
        name="" if person is None else person.name,
        team=team,
        left=left,
        keys=_keys(session, purser, departure, team),
        projects=_projects(session, departure, team),
        closed=_closed(session, departure, team),
        owner_ids=owners_of(session, purser, team),
        take_over_seconds=purser.policy.take_over_seconds,
        is_kept_out=people.has_left(session, departure.member_id),
    )


def asked_for(session: Session, purser: Purser, team: Team, key: Key, leaver_id: str) -> tuple[str, ...]:
    """Who is asked to take a key over: its lead, else its project's, else the team's owners, else the workspace's.

    Only people who are here, no guests, and in the team; never the leaver, not even once they are back.
    """
    project = None if key.project_id is None else people.project(session, key.project_id)
    for lead_id in (key.lead_id, None if project is None else project.lead_id):
        is_here = lead_id is not None and lead_id != leaver_id and answers(team, lead_id)
        if lead_id is not None and is_here and (found := told_of(session, purser, (lead_id,))):
            return found
    return tuple(owner for owner in owners_of(session, purser, team) if owner != leaver_id)


def answers(team: Team, member_id: str) -> bool:
    """Whether somebody is in the team, so that they can answer for its keys."""
    return team.role_of(member_id) is not Role.NONE


def owners_of(session: Session, purser: Purser, team: Team) -> tuple[str, ...]:
    """The team's owners who are here, else the workspace's."""
    workspace = tuple(sorted(purser.authority.workspace_owner_ids))
    return told_of(session, purser, team.owner_ids) or told_of(session, purser, workspace)


def _keys(session: Session, purser: Purser, departure: Departure, team: Team) -> tuple[LeftKeyFacts, ...]:
    found = []
    for left in departures.keys_of(session, departure.id):
        key = keys.get(session, left.key_id) if left.team_id == team.id else None
        if key is not None:
            found.append(_key(session, purser, departure, team, left, key))
    return tuple(sorted(found, key=lambda one: (not one.is_waiting, one.key.key.label)))


def _key(session: Session, purser: Purser, departure: Departure, team: Team, left: LeftKey, key: Key) -> LeftKeyFacts:
    is_open = left.outcome in (Outcome.WAITING, Outcome.STOPPED)
    asked = asked_for(session, purser, team, key, departure.member_id) if is_open else ()
    return LeftKeyFacts(left, key_facts(session, key, purser.now()), asked)


def _projects(session: Session, departure: Departure, team: Team) -> tuple[LeftProjectFacts, ...]:
    found = ((one, people.project(session, one.project_id)) for one in departures.projects(session, departure.id))
    mine = [LeftProjectFacts(one, project) for one, project in found if project and project.team_id == team.id]
    return tuple(sorted(mine, key=lambda one: one.project.name))


def _closed(session: Session, departure: Departure, team: Team) -> tuple[Request, ...]:
    """Requests of theirs, sent and not drafted, that were closed in the transaction that noticed it: at that moment."""
    closed = requests.of_requester(session, departure.member_id, RequestState.CANCELLED)
    then = (one for one in closed if one.decided_at == departure.noticed_at and one.card_ts is not None)
    return tuple(one for one in then if one.team_id == team.id)
