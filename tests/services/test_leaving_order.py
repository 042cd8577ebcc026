"""Slack's events come late and in any order: how things are now is looked at before anybody leaves or returns."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.offboarding import DepartureState
from bot.services.people import take_note
from storage import departures
from tests.company import ANA, Company
from tests.services.kit import held
from tests.services.leaving_kit import deactivate, state, works_at_gateway


def test_an_old_event_about_leaving_takes_nothing_from_somebody_who_is_back(company: Company) -> None:
    key = held(company)
    take_note(company.purser, replace(ANA, is_departed=True))
    company.perform()
    assert works_at_gateway(company, key)
    with company.books.reading() as session:
        assert departures.latest_of(session, ANA.id) is None


def test_an_old_event_about_returning_brings_nobody_back(company: Company) -> None:
    departure = deactivate(company, ANA)
    take_note(company.purser, ANA)
    assert state(company, departure) is DepartureState.OPEN


def test_an_event_about_leaving_counts_while_slack_answers_nothing_else(company: Company) -> None:
    key = held(company)
    company.directory.down = True
    take_note(company.purser, replace(ANA, is_departed=True))
    company.perform()
    assert not works_at_gateway(company, key)
