"""`purser ledger verify` works out again how each incident stands."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bot.domain.incidents import Cause, Incident, IncidentKind
from bot.services import auditing
from bot.services.incident_care import acknowledge, assign, close
from tests.company import BEN, OLGA, OMAR, Company
from tests.services.guard_kit import add_key
from tests.services.incident_kit import done, open_about


def _lived(company: Company) -> Incident:
    """One that is closed, and one beside it that is looked after and noticed again."""
    incident = open_about(company, add_key(company))
    done(acknowledge(company.purser, company.actor(OMAR), incident.id))
    done(close(company.purser, company.actor(OLGA), incident.id, Cause.PROMPT_SIZE, "long prompts"))
    key = add_key(company)
    other = open_about(company, key)
    done(assign(company.purser, company.actor(OMAR), other.id, BEN.id))
    open_about(company, key, IncidentKind.LEAK)
    return incident


def test_incidents_agree_with_the_ledger(company_anywhere: Company) -> None:
    _lived(company_anywhere)
    report = auditing.verify(company_anywhere.books)
    assert report.ok, report.lines


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("state = 'open'", "incidents, incident_1"),
        ("cause = 'expected'", "because of prompt_size"),
        ("assignee_id = 'U0EVE'", "looked after by U0EVE"),
        ("closed_seq = 1", "in row 1."),
    ],
)
def test_an_incident_changed_behind_the_ledgers_back_is_found(company: Company, change: str, said: str) -> None:
    incident = _lived(company)
    with company.books.transaction() as session:
        session.execute(text(f"UPDATE incidents SET {change} WHERE id = :id"), {"id": incident.id})
    report = auditing.verify(company.books)
    assert not report.ok
    assert any(said in line for line in report.lines), report.lines
