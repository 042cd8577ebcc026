"""Who may do what about an incident. Looked up at that moment, never read off a message.

Owners of the team, owners of the workspace and the lead may do everything. The holder of the key may acknowledge it
and have it exported, and nothing else while anybody other could: nobody closes an incident about their own key.
"""

from __future__ import annotations

from bot.domain.incident_facts import IncidentFacts
from bot.domain.incidents import OF_HOLDERS, Deed, Incident
from bot.domain.people import BARRIER_TEXT, Barrier, Role, Team
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser
from bot.services.incident_facts import holder_and_lead, project_of
from storage import keys, people
from storage.engine import Session

_NOT_THEIRS = "Only owners of the team, the lead and the holder of the key can do this."
_ANSWERING = "Only owners of the team and the lead can do this."
_OWN = "It is about a key of yours, so somebody else has to do this: {others}. Explain in the thread what happened."


def refused(session: Session, purser: Purser, actor: Actor, incident: Incident, deed: Deed) -> Refused | None:
    """Why this person may not do it, or None."""
    if barrier := purser.authority.stranger(actor.member):
        return _barred(barrier)
    key = None if incident.key_id is None else keys.get(session, incident.key_id)
    team = None if incident.team_id is None else people.team(session, incident.team_id)
    holder_id, lead_id = holder_and_lead(incident, key, project_of(session, incident, key))
    if actor.id == holder_id and deed in OF_HOLDERS:
        return None
    if actor.member.is_guest:
        return _barred(Barrier.GUEST)
    answering = _answering(session, purser, team, lead_id)
    if actor.id not in answering:
        return Refused(Because.NOT_ALLOWED, _NOT_THEIRS if deed in OF_HOLDERS else _ANSWERING)
    others = tuple(one for one in answering if one != holder_id)
    if actor.id == holder_id and others:
        return Refused(Because.NOT_ALLOWED, _OWN.format(others=", ".join(f"<@{one}>" for one in others[:3])))
    return None


def who_cares(purser: Purser, facts: IncidentFacts, actor: Actor) -> bool:
    """Whether what this person says of it belongs into the timeline."""
    if purser.authority.stranger(actor.member) is not None:
        return False
    incident = facts.incident
    named = {*facts.asked_ids, *facts.able_ids, incident.assignee_id, incident.evidence.author_id}
    named |= purser.authority.workspace_owner_ids
    owners = () if facts.team is None else facts.team.owner_ids
    return actor.id in named or actor.id in owners


def _answering(session: Session, purser: Purser, team: Team | None, lead_id: str | None) -> tuple[str, ...]:
    """Owners, and the lead while in the team, as far as they are still here: who answers for it."""
    owners = (*(() if team is None else team.owner_ids), *sorted(purser.authority.workspace_owner_ids))
    is_lead = lead_id is not None and (team is None or team.role_of(lead_id) is not Role.NONE)
    everybody = tuple(dict.fromkeys((*owners, *((lead_id,) if lead_id is not None and is_lead else ()))))
    unable = {
        person.id
        for person in people.members(session, everybody)
        if person.is_guest or purser.authority.stranger(person) is not None
    }
    return tuple(one for one in everybody if one not in unable)


def _barred(barrier: Barrier) -> Refused:
    return Refused(Because.NOT_ALLOWED, BARRIER_TEXT[barrier])
