"""What time brings to incidents: reminders, ends of snoozes, figures that have moved, and steps nobody wrote down.

One look in a reading session finds what is due; each incident then has a short transaction of its own, which looks
again at what it decides on. So two replicas, or a crash in between, remind once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident_facts import Part
from bot.domain.incident_lines import ACKNOWLEDGED, ASSIGNED, LEFT, REMINDED, REOPENED
from bot.domain.incidents import Incident, IncidentState, Reminder, reminder_due
from bot.services.context import Purser
from bot.services.deciders import told_of
from bot.services.incident_facts import concerned, figures
from bot.services.incidents import (
    INCIDENT,
    about_incident,
    note,
    refresh,
    stream_of,
    tell_directly,
    tell_untold,
    untold,
)
from storage import incident_history, incidents, people
from storage.engine import Session

FIGURES_SECONDS = 600
"""How often the message of an open incident is written anew because its figures have moved."""

_TO_OWNERS, _TO_WORKSPACE = 2, 3


@dataclass(frozen=True, slots=True)
class _Due:
    """What one incident needs."""

    incident_id: str
    reminder: Reminder | None = None
    has_untold: bool = False
    is_left: bool = False
    """Whether who looked after it is not here any more."""
    figures: str = ""
    """What its message should show by now; empty when it does, or did moments ago."""


def watch_incidents(purser: Purser) -> None:
    """Do what is due for every incident that is not closed."""
    now = purser.now()
    with purser.books.reading() as session:
        looked = [_look(session, purser, incident, now) for incident in incidents.unclosed(session)]
    for due in looked:
        if due.reminder is not None or due.has_untold or due.is_left or due.figures:
            _act(purser, due, now)


def _look(session: Session, purser: Purser, incident: Incident, now: datetime) -> _Due:
    return _Due(
        incident.id,
        reminder_due(incident, now, purser.policy.remind_incident_seconds),
        bool(untold(session, incident, now)),
        _is_left(session, purser, incident),
        _figures_due(session, incident, now),
    )


def _act(purser: Purser, due: _Due, now: datetime) -> None:
    with purser.deciding() as session:
        incident = incidents.get(session, due.incident_id)
        if incident is None or incident.closed_at is not None:
            return
        if due.has_untold:
            refresh(session, now, incident.id, once=f"untold:{now.isoformat()}")
            tell_untold(session, now, incident)
        if due.figures:
            refresh(session, now, incident.id, once=_slot(now), figures=due.figures)
        if _is_left(session, purser, incident):
            incident = _leave(session, incident, now)
        reminder = reminder_due(incident, now, purser.policy.remind_incident_seconds)
        if reminder is not None:
            changes = {"reminded_at": now, "snoozed_until": None}
            incidents.move(session, incident.id, incident.state, incident.state, **changes)
            about = about_incident(session, incident)
            seq = note(session, now, incident, action=REMINDED, by="purser", about=about, reason=reminder)
            if reminder is Reminder.UNACKNOWLEDGED:
                _call(session, purser, incident, seq)


def _is_left(session: Session, purser: Purser, incident: Incident) -> bool:
    """Whether who looked after it is not here any more."""
    person = None if incident.assignee_id is None else people.member(session, incident.assignee_id)
    return person is not None and purser.authority.stranger(person) is not None


def _leave(session: Session, incident: Incident, now: datetime) -> Incident:
    """Nobody looks after it any more, so owners are reminded again."""
    about, who = about_incident(session, incident), incident.assignee_id or ""
    note(session, now, incident, action=LEFT, by="purser", about=about, reason=who)
    incidents.move(session, incident.id, incident.state, IncidentState.OPEN, assignee_id=None)
    return incidents.get(session, incident.id) or incident


def _call(session: Session, purser: Purser, incident: Incident, seq: int) -> None:
    """The first reminder is in the thread alone; the second goes to owners directly, the third to the workspace's."""
    rows = incidents.added(session, incident.id, REMINDED, REOPENED, ACKNOWLEDGED, ASSIGNED)
    anew = max((row.seq for row in rows if row.action != REMINDED), default=0)
    number = sum(row.seq > anew and row.reason == Reminder.UNACKNOWLEDGED for row in rows)
    called: tuple[str, ...] = ()
    if number == _TO_OWNERS:
        called = concerned(session, purser, incident).owner_ids
    elif number == _TO_WORKSPACE:
        called = told_of(session, purser, sorted(purser.authority.workspace_owner_ids))
    for owner in called:
        tell_directly(session, purser.now(), incident.id, owner, Part.LINE, seq=seq)


def _figures_due(session: Session, incident: Incident, now: datetime) -> str:
    """What its message should show by now, unless it does, or this was looked after in this slot."""
    if incident_history.told(session, [f"{INCIDENT}:{incident.id}:{_slot(now)}"]):
        return ""
    found = figures(session, incident)
    return found if found != incident_history.newest_figures(session, stream_of(incident.id), INCIDENT) else ""


def _slot(now: datetime) -> str:
    return f"figures:{int(now.timestamp()) // FIGURES_SECONDS}"
