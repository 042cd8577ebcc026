"""Loops as they are noticed: after usage was read, about the key, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.budgets import Layer
from bot.domain.incidents import Incident, IncidentKind
from bot.domain.keys import Key, KeyState
from bot.domain.usage import Usage
from bot.services.looping import watch_loops
from storage import incidents, usage
from tests.company import Company
from tests.services.guard_kit import add_key, now


def used(company: Company, key: Key, days_ago: int, requests: int, failures: int, retries: int = 0) -> None:
    """Usage of one day, as the gateway told it."""
    day = (company.clock.now() - timedelta(days=days_ago)).astimezone(UTC)
    hour = datetime(day.year, day.month, day.day, tzinfo=UTC)
    row = Usage(key.handle or "", "small", hour, requests, failures, retries, requests - failures, 0, 0, 0, 1000, 0)
    with company.books.transaction() as session:
        usage.write(session, company.gateway.name, [row], company.clock.now())


def incident(company: Company, key: Key) -> Incident | None:
    with company.books.reading() as session:
        return incidents.last_about(session, Layer.KEY, key.id)


def test_a_key_that_fails_over_and_over_opens_one_incident_and_goes_on(company_anywhere: Company) -> None:
    company = company_anywhere
    key, other = add_key(company), add_key(company)
    for ago in range(1, 9):
        used(company, key, ago, 1000, 10 + ago)
        used(company, other, ago, 1000, 700)
    used(company, key, 0, 3000, 1500, 800)
    used(company, other, 0, 1000, 720)
    watch_loops(company.purser)
    company.clock.advance(seconds=7200)
    watch_loops(company.purser)
    found = incident(company, key)
    assert found is not None
    assert (found.kind, found.evidence.seen_count, found.evidence.compared) == (IncidentKind.LOOP, 2300, 8)
    assert 10 <= found.evidence.usual_count <= 18
    assert "2,300 of 3,000 requests" in found.evidence.note
    assert now(company, key).state is KeyState.LIVE
    assert incident(company, other) is None
    with company.books.reading() as session:
        assert len(incidents.unclosed(session)) == 1


def test_a_few_failures_call_nobody(company: Company) -> None:
    key = add_key(company)
    used(company, key, 0, 150, 150)
    watch_loops(company.purser)
    assert incident(company, key) is None
