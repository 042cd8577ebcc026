"""Incidents as their tests need them: opened as others open them, and what people read of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.domain.budgets import Layer
from bot.domain.incident_facts import IncidentFacts, IncidentNotice, Part
from bot.domain.incidents import Evidence, Incident, IncidentKind
from bot.domain.keys import Key, OffCause
from bot.domain.people import Member
from bot.domain.requests import Refused
from bot.services import incident_care, incidents
from bot.services.context import Subjects
from bot.services.incident_facts import facts_of
from bot.services.incidents import Opening
from bot.services.proving import about
from bot.services.turning_off import start
from storage import incidents as rows
from storage import keys, ledger
from tests.company import ANA, Company
from tests.services.guard_kit import TEAM_ID
from tests.services.kit import USD

HOUR = timedelta(hours=1)


def spike(company: Company, seen_usd: float = 40, **others: Any) -> Evidence:
    """A key that spent more than usual within the last minutes."""
    since = company.clock.now() - timedelta(minutes=10)
    seen = {"rule": "hour", "window_seconds": 3600, "seen_micros": round(seen_usd * USD), "usual_micros": USD}
    return Evidence(**{"since": since, "limit_micros": 5 * USD, "compared": 12, **seen, **others})


def open_about(
    company: Company,
    key: Key,
    kind: IncidentKind = IncidentKind.SPIKE,
    evidence: Evidence | None = None,
    by: str = "purser",
) -> Incident:
    """Something is noticed about a key."""
    seen = evidence or (spike(company) if kind is IncidentKind.SPIKE else Evidence())
    opening = Opening(kind, Layer.KEY, key.id, key.team_id, by=by, evidence=seen, about=about(key))
    with company.purser.deciding() as session:
        return incidents.open_incident(session, company.purser, opening)


def open_elsewhere(
    company: Company, layer: Layer | None, subject_id: str, kind: IncidentKind = IncidentKind.SPIKE
) -> Incident:
    """Something is noticed about a project, team, member or credential."""
    team_id = None if layer is None else TEAM_ID
    opening = Opening(kind, layer, subject_id, team_id, evidence=spike(company), about=Subjects(team_id))
    with company.purser.deciding() as session:
        return incidents.open_incident(session, company.purser, opening)


def turn_off(company: Company, key: Key, who: Member = ANA) -> None:
    """Somebody turns the key off, and its incident hears of it."""
    with company.purser.deciding() as session:
        found = keys.get(session, key.id)
        assert found is not None
        start(session, company.clock.now(), found, who.id, OffCause.DISABLED, "seen in a log")
        incidents.changed(session, company.purser, key.id)
    company.perform()
    with company.purser.deciding() as session:
        incidents.changed(session, company.purser, key.id)
    company.perform()


def facts(company: Company, incident: Incident | IncidentFacts) -> IncidentFacts:
    """The incident as it stands."""
    wanted = incident.id if isinstance(incident, Incident) else incident.incident.id
    found = facts_of(company.purser, wanted)
    assert found is not None
    return found


def done(outcome: incident_care.Did) -> IncidentFacts:
    """The outcome, which must not be a refusal."""
    assert not isinstance(outcome, Refused), outcome
    return outcome


def sent(company: Company, where: str = "") -> list[IncidentNotice]:
    """Everything about incidents that is read in such places: `channel:`, `thread:`, `direct:U0ANA`."""
    return [one.notice for one in company.notifier.incidents if one.where.startswith(where)]


def told(company: Company, where: str = "thread:") -> list[str]:
    """The same as words: the part, or for what happened its action."""
    return [str(one.part) if one.line is None else one.line.action for one in sent(company, where)]


def message(company: Company) -> IncidentNotice:
    """What the one message shows now."""
    (only,) = company.notifier.incident_now.values()
    return only


def timeline(company: Company, incident: Incident) -> list[str]:
    """The actions of its timeline, oldest first."""
    with company.books.reading() as session:
        found = rows.get(session, incident.id)
        assert found is not None
        return [row.action for row in rows.timeline(session, found)]


def is_true(company: Company) -> bool:
    """Whether the ledger is whole."""
    with company.books.reading() as session:
        return ledger.verify(session).ok


PARTS = [str(Part.CONTEXT), str(Part.CHECKLIST)]
