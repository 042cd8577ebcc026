"""Many keys above their lines at once: one incident of their team, and nothing is turned off for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.incidents import Incident
from bot.domain.keys import Key, KeyKind, KeyState
from bot.services.spiking import FLOOD, watch_spikes
from storage import incidents
from storage.money_tables import LiveHourRow
from tests.company import BEN, Company
from tests.services.guard_kit import add_key, add_project, now, spend, sync
from tests.services.kit import USD


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """On either database, at 14:20 on a Friday."""
    company_anywhere.clock.at = datetime.fromisoformat("2026-11-20T14:20:00+00:00")
    return company_anywhere


def old_keys(company: Company, count: int, kind: KeyKind = KeyKind.PROJECT, **terms: object) -> list[Key]:
    """Keys that spent about $2 in each hour of four weeks, and whose totals were read before."""
    found = [add_key(company, kind=kind, **terms) for _ in range(count)]  # type: ignore[arg-type]
    hour = company.clock.now().replace(minute=0, second=0, microsecond=0)
    with company.books.transaction() as session:
        for key in found:
            for ago in range(1, 4 * 168):
                micros = round((2 + (ago % 7 - 3) / 10) * USD)
                session.add(LiveHourRow(key_id=key.id, hour=hour - timedelta(hours=ago), spent_micros=micros))
    look(company)
    return found


def look(company: Company, minutes: int = 1) -> None:
    company.clock.advance(seconds=60 * minutes)
    sync(company)
    watch_spikes(company.purser)
    company.perform()


def all_open(company: Company) -> list[Incident]:
    with company.books.reading() as session:
        return incidents.unclosed(session)


def test_many_keys_at_once_are_one_incident_of_their_team_that_names_the_greatest(company: Company) -> None:
    several = old_keys(company, FLOOD + 1, KeyKind.AUTOMATION, daily_usd=500, lead=BEN)
    for number, key in enumerate(several):
        spend(company, key, 40 + number)
    look(company)
    [found] = all_open(company)
    assert (found.layer, found.subject_id) == (Layer.TEAM, "team_1")
    assert (
        f"{FLOOD + 1} keys spend far more than usual at once, the most: {several[-1].label} $50" in found.evidence.note
    )
    assert {now(company, key).state for key in several} == {KeyState.LIVE}, "none was turned off"


def test_they_open_nothing_else_while_that_is_looked_at(company: Company) -> None:
    project = add_project(company, "reranker", 50_000, BEN)
    several = old_keys(company, FLOOD + 2, project_id=project)
    for _ in range(3):
        for key in several:
            spend(company, key, 40)
        look(company)
    assert [(one.layer, one.subject_id) for one in all_open(company)] == [(Layer.TEAM, "team_1")]


def test_a_few_keys_at_once_are_an_incident_each(company: Company) -> None:
    several = old_keys(company, FLOOD)
    for key in several:
        spend(company, key, 40)
    look(company)
    assert {(one.layer, one.subject_id) for one in all_open(company)} == {(Layer.KEY, key.id) for key in several}
