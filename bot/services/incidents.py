"""Incidents: opened once per subject, told in one thread, looked after until they are closed with a cause.

Everything here is called within the transaction that decides something, and writes down what is to be told.
"""

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

    What is noticed again is added to that one as a line of its timeline. One that was closed shortly before is opened
    again. The incident that is returned may be closed: then what was noticed is what it was closed about, and nobody
    is called for it.
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


def changed(session: Session, purser: Purser, key_id: str) -> None:
    """Something became of a key: an open incident about it says so, in its message and in its thread.

    To be called in the transaction of the ledger row, after it was written: when a key goes off, is proven off,
    spends after that, is deleted, restored, rotated. Does nothing for a key without an open incident.
    """


def note(  # noqa: PLR0913 - what a ledger row says
    session: Session, now: datetime, incident: Incident, *, action: str, by: str, about: Subjects, reason: str = ""
) -> int:
    """Write a ledger row that belongs to an incident's timeline; returns its seq."""
    once = f"{incident.id}:{ledger.head(session).seq}"
    seq = record(session, now, actor=by, action=action, about=about, once=once, reason=reason)
    incidents.add_line(session, incident.id, seq)
    return seq
