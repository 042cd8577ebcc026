"""Gathers what people see of an incident. Reads only; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.budgets import TOTAL, Layer
from bot.domain.incident_facts import IncidentFacts, Line, Since
from bot.domain.incident_lines import AGAIN, CLOSED, EXPLAINED, OPENED, REOPENED
from bot.domain.incidents import Incident, IncidentKind
from bot.domain.keys import Key, KeyState
from bot.domain.people import Project, Team
from bot.services.context import Purser
from bot.services.deciders import told_of
from bot.services.facts import key_facts
from bot.services.incident_changes import agreement, changes
from storage import incident_history, incidents, keys, people, readings, syncs
from storage.engine import Session
from storage.syncs import What
from storage.tables import LedgerRow

EXPLANATIONS = 5
"""How many of the newest replies are shown."""


def facts_of(purser: Purser, incident_id: str) -> IncidentFacts | None:
    """The incident as it stands, or None when there is none of this id."""
    with purser.books.reading() as session:
        return gather(session, purser, incident_id)


def open_incidents(purser: Purser, team_id: str | None = None) -> list[IncidentFacts]:
    """Incidents that are not closed, of a team or of all, oldest first."""
    with purser.books.reading() as session:
        found = [gather(session, purser, one.id) for one in incidents.unclosed(session, team_id)]
    return [facts for facts in found if facts is not None]


def gather(session: Session, purser: Purser, incident_id: str) -> IncidentFacts | None:
    """As `facts_of`, in a session that is open already."""
    incident = incidents.get(session, incident_id)
    if incident is None:
        return None
    key = None if incident.key_id is None else keys.get(session, incident.key_id)
    team = None if incident.team_id is None else people.team(session, incident.team_id)
    project = project_of(session, incident, key)
    agreed = agreement(session, key)
    noticed = incidents.added(session, incident.id, OPENED, AGAIN, REOPENED)
    holder_id, lead_id = holder_and_lead(incident, key, project)
    newest = incidents.newest(session, incident)
    return IncidentFacts(
        incident=incident,
        name=_name(session, incident, key, team, project),
        kinds=_kinds(incident, noticed),
        key=None if key is None else key_facts(session, key, purser.now()),
        team=team,
        project=project,
        holder_id=holder_id,
        lead_id=lead_id,
        approved_by=agreed.by,
        approved_at=agreed.at,
        rule=agreed.rule,
        changes=changes(session, incident, key, project),
        since_opened=_since_opened(session, incident, key, noticed),
        since_off=_since_off(session, key),
        explanations=tuple(map(line_of, incidents.added(session, incident.id, EXPLAINED, newest=EXPLANATIONS))),
        asked_ids=_asked(session, purser, holder_id, lead_id),
        able_ids=owners_of_incident(session, purser, team),
        again=sum(row.action == AGAIN for row in noticed),
        reopened=sum(row.action == REOPENED for row in noticed),
        last_line=None if newest is None else line_of(newest),
        closing=next(map(line_of, incidents.added(session, incident.id, CLOSED, newest=1)), None),
    )


@dataclass(frozen=True, slots=True)
class Concerned:
    """Who an incident is told to, by Slack user id."""

    kinds: tuple[IncidentKind, ...]
    owner_ids: tuple[str, ...]
    asked_ids: tuple[str, ...]
    channel_id: str | None
    """Of the team it is about."""


def concerned(session: Session, purser: Purser, incident: Incident) -> Concerned:
    """The people it is told to: little to read, for where something is decided about it."""
    key = None if incident.key_id is None else keys.get(session, incident.key_id)
    team = None if incident.team_id is None else people.team(session, incident.team_id)
    asked = _asked(session, purser, *holder_and_lead(incident, key, project_of(session, incident, key)))
    kinds = _kinds(incident, incidents.added(session, incident.id, OPENED, AGAIN, REOPENED))
    owners = owners_of_incident(session, purser, team)
    return Concerned(kinds, owners, asked, None if team is None else team.channel_id)


def line_of(row: LedgerRow) -> Line:
    """A row of the ledger as a line of the timeline."""
    return Line(row.seq, row.at, row.actor, row.action, row.reason, row.amount_micros)


def holder_and_lead(incident: Incident, key: Key | None, project: Project | None) -> tuple[str | None, str | None]:
    """Whose key it is, and who answers for it or for the project."""
    if key is not None:
        return key.holder_id, key.lead_id or (None if project is None else project.lead_id)
    holder_id = incident.subject_id if incident.layer is Layer.MEMBER else None
    return holder_id, None if project is None else project.lead_id


def owners_of_incident(session: Session, purser: Purser, team: Team | None) -> tuple[str, ...]:
    """The owners who can be told: those of the team, or the workspace's where it has none."""
    everywhere = sorted(purser.authority.workspace_owner_ids)
    owners = () if team is None else told_of(session, purser, team.owner_ids)
    return owners or told_of(session, purser, everywhere)


def figures(session: Session, incident: Incident) -> str:
    """What the spend that an incident's message shows has come to, to know when it has changed."""
    if incident.layer is None:
        return ""
    if incident.key_id is None:
        return str(incident_history.spent_in_hours(session, incident.layer, incident.subject_id, incident.opened_at))
    spent = readings.spent(session, incident.key_id, TOTAL)
    return "" if spent is None else str(spent.lifetime_micros)


def project_of(session: Session, incident: Incident, key: Key | None) -> Project | None:
    """The project it is about, or its key is of."""
    project_id = incident.subject_id if incident.layer is Layer.PROJECT else None if key is None else key.project_id
    return None if project_id is None else people.project(session, project_id)


def _name(session: Session, incident: Incident, key: Key | None, team: Team | None, project: Project | None) -> str:
    match incident.layer:
        case Layer.PROJECT if project is not None:
            return f"project {project.name}"
        case Layer.TEAM if team is not None:
            return f"team {team.name}"
        case Layer.MEMBER:
            person = people.member(session, incident.subject_id)
            return incident.subject_id if person is None else person.name
        case _:
            return incident.subject_id if key is None else key.label


def _kinds(incident: Incident, noticed: Iterable[LedgerRow]) -> tuple[IncidentKind, ...]:
    """What was noticed, as the rows say, what opened it first."""
    said = (row.reason.partition(":")[0] for row in noticed)
    return tuple(dict.fromkeys((incident.kind, *(IncidentKind(kind) for kind in said if kind in set(IncidentKind)))))


def _since_opened(session: Session, incident: Incident, key: Key | None, noticed: Iterable[LedgerRow]) -> Since | None:
    """Of a key, how much its live total has grown; of others, what all their keys spent since the hour of opening."""
    if incident.layer is None:
        return None
    if key is None:
        micros = incident_history.spent_in_hours(session, incident.layer, incident.subject_id, incident.opened_at)
        hour = incident.opened_at.replace(minute=0, second=0, microsecond=0)
        marks = [mark.read_at for mark in syncs.all_of(session, What.LIVE)]
        read = [at for at in marks if at is not None]
        return Since(micros, hour, min(read, default=None))
    before = next((row.amount_micros for row in noticed if row.action == OPENED), None)
    spent = readings.spent(session, key.id, TOTAL)
    if before is None or spent is None:
        return None
    return Since(max(0, spent.lifetime_micros - before), incident.opened_at, spent.read_at)


def _since_off(session: Session, key: Key | None) -> Since | None:
    """What a key spent since it was off: since late figures must have come in, or since its proof until then."""
    if key is None or key.state is not KeyState.DISABLED:
        return None
    spent = readings.spent(session, key.id, TOTAL)
    if spent is None:
        return None
    if key.rest_micros is not None and key.rest_at is not None:
        return Since(max(0, spent.lifetime_micros - key.rest_micros), key.rest_at, spent.read_at)
    if key.cap_period != TOTAL:  # what its gateway told by then may be of the month alone
        return None
    proven = incident_history.of_key(session, key.id, ("key.proven_off",), _before(key.proven_at or key.off_at))
    at_proof = next((row for row in reversed(proven) if row.amount_micros is not None), None)
    if at_proof is None or at_proof.amount_micros is None:
        return None
    more = max(0, spent.lifetime_micros - at_proof.amount_micros)
    return Since(more, at_proof.at, spent.read_at, may_be_late=True)


def _before(at: datetime | None) -> datetime:
    """A little before this moment, for a row that was written with it."""
    return readings.NEVER if at is None else at - timedelta(minutes=10)


def _asked(session: Session, purser: Purser, *person_ids: str | None) -> tuple[str, ...]:
    """Who is asked to explain: holder and lead, as far as they are still here."""
    named = tuple(dict.fromkeys(person for person in person_ids if person))
    gone = {one.id for one in people.members(session, named) if purser.authority.stranger(one) is not None}
    return tuple(one for one in named if one not in gone)
