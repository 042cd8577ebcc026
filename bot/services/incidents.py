"""Incidents: opened once per subject, told in one thread, looked after until they are closed with a cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.budgets import Layer
from bot.domain.incidents import Evidence, Incident, IncidentKind, IncidentState
from bot.services.context import Purser, Subjects, record
from storage import incidents, ledger
from storage.engine import Session


@dataclass(frozen=True, slots=True)
class Opening:
    """What was noticed, about what, and by whom."""

    kind: IncidentKind
    layer: Layer | None
    subject_id: str
    team_id: str | None
    by: str = "purser"
    evidence: Evidence = field(default_factory=Evidence)
    about: Subjects = field(default_factory=Subjects)
    """What its ledger row is about."""


def open_incident(session: Session, purser: Purser, opening: Opening) -> Incident:
    """Open an incident within the deciding transaction; the one that is open already about the same subject, if any.

    What is noticed again is added to that one as a line of its timeline.
    """
    now = purser.now()
    found = incidents.open_about(session, opening.layer, opening.subject_id)
    if found is not None:
        note(session, now, found, action="incident.again", by=opening.by, reason=opening.kind, about=opening.about)
        return found
    incident_id = purser.ids.new("incident")
    seq = record(
        session,
        now,
        actor=opening.by,
        action="incident.opened",
        about=opening.about,
        once=incident_id,
        reason=opening.kind,
    )
    new = Incident(
        id=incident_id,
        kind=opening.kind,
        layer=opening.layer,
        subject_id=opening.subject_id,
        team_id=opening.team_id,
        state=IncidentState.OPEN,
        opened_at=now,
        opened_by=opening.by,
        opened_seq=seq,
        evidence=opening.evidence,
    )
    incidents.add(session, new)
    incidents.add_line(session, new.id, seq)
    return new


def note(  # noqa: PLR0913 - what a ledger row says
    session: Session, now: datetime, incident: Incident, *, action: str, by: str, about: Subjects, reason: str = ""
) -> int:
    """Write a ledger row that belongs to an incident's timeline; returns its seq."""
    once = f"{incident.id}:{ledger.head(session).seq}"
    seq = record(session, now, actor=by, action=action, about=about, once=once, reason=reason)
    incidents.add_line(session, incident.id, seq)
    return seq
