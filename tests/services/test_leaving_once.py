"""A departure is noticed once, whoever notices it; coming back brings nothing back, and a feed keeps people out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event

from bot.domain.keys import KeyKind, KeyState, OffCause
from bot.domain.offboarding import DepartureState, Outcome, Source
from bot.domain.people import Role
from bot.services import leaving
from bot.services.people import Freshness, identify, meet, take_note
from storage import departures, people
from tests.company import ANA, BEN, OLGA, OMAR, WORKSPACE, Company, person
from tests.services.guard_kit import (
    TEAM_ID,
    add_key,
    add_project,
    is_live,
    now,
    poll,
    settle,
)
from tests.services.leaving_kit import (
    activate,
    deactivate,
    latest,
    lead,
    left_keys,
    notice,
    role,
    rows,
    second_team,
    state,
)


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


# --- once, and only when somebody left ---


def test_once_whoever_notices_it_again_changes_nothing(company: Company) -> None:
    key = add_key(company)
    departure = deactivate(company, ANA)
    assert notice(company, ANA) is None
    assert notice(company, ANA, Source.EVENT) is None
    take_note(company.purser, company.directory.everybody[ANA.id])
    assert latest(company, ANA).id == departure.id
    assert len(rows(company, "member.left")) == 1
    assert rows(company, "key.left") == ["Ana left"]
    assert now(company, key).off_cause is OffCause.LEFT


def test_two_replicas_that_notice_it_at_once_make_one_departure_of_it(company: Company) -> None:
    add_key(company)
    ready, found = threading.Barrier(2), []

    def look() -> None:
        ready.wait()
        found.append(leaving.notice(company.purser, ANA.id, Source.SWEEP))

    both = [threading.Thread(target=look) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(one is None for one in found) == [False, True]
    assert len(rows(company, "member.left")) == 1


def test_a_lookup_learns_of_it_as_well(company: Company) -> None:
    key = add_key(company)
    company.directory.change(ANA.id, is_departed=True)
    company.clock.advance(seconds=600)
    meet(company.purser, (ANA.id,))
    settle(company)
    assert now(company, key).off_cause is OffCause.LEFT
    assert state(company, latest(company, ANA)) is DepartureState.OPEN


@pytest.mark.parametrize("change", [{"name": "Ana Sato"}, {"is_guest": True}, {"workspace_id": "T0ELSE"}])
def test_renames_guests_and_other_workspaces_are_no_departures(company: Company, change: dict[str, str]) -> None:
    key = add_key(company)
    take_note(company.purser, company.directory.change(ANA.id, **change))
    with company.books.reading() as session:
        assert departures.latest_of(session, ANA.id) is None
    assert is_live(company, key)


def test_somebody_of_another_workspace_who_is_deactivated_there_has_not_left(company: Company) -> None:
    key = add_key(company)
    take_note(company.purser, replace(ANA, workspace_id="T0ELSE", is_departed=True))
    with company.books.reading() as session:
        assert departures.latest_of(session, ANA.id) is None
    assert is_live(company, key)


def test_people_purser_has_never_met_are_ignored(company: Company) -> None:
    take_note(company.purser, person("zoe", is_departed=True))
    assert notice(company, person("zoe")) is None
    with company.books.reading() as session:
        assert people.member(session, "U0ZOE") is None


def test_keys_of_those_who_stay_are_not_touched(company: Company) -> None:
    bens, omars = add_key(company, BEN), add_key(company, OMAR, KeyKind.MEMBER)
    project = add_key(company, BEN, KeyKind.PROJECT, lead=OMAR)
    add_key(company)
    deactivate(company, ANA)
    assert is_live(company, bens, omars, project)


def test_a_leaver_of_two_teams_has_a_message_in_each(company: Company) -> None:
    ads = second_team(company, ANA)
    departure = deactivate(company, ANA)
    with company.books.reading() as session:
        assert [one.team_id for one in departures.teams(session, departure.id)] == sorted([TEAM_ID, ads])
    assert role(company, ANA, ads) is Role.NONE


# --- back, and kept out ---


def test_coming_back_brings_no_key_role_or_lead_back(company: Company) -> None:
    project_id = add_project(company, "reranker", 100, ANA)
    key, waits = add_key(company), add_key(company, ANA, KeyKind.PROJECT, lead=ANA)
    departure = deactivate(company, ANA)
    activate(company, ANA)
    poll(company)
    assert state(company, departure) is DepartureState.RETURNED
    assert now(company, key).state is KeyState.DISABLED
    assert (role(company, ANA), lead(company, project_id)) == (Role.NONE, OLGA.id)
    assert left_keys(company, departure)[waits.id].outcome is Outcome.WAITING
    assert len(rows(company, "member.returned")) == 1
    activate(company, ANA)
    assert len(rows(company, "member.returned")) == 1


def test_whoever_leaves_again_has_another_departure(company: Company) -> None:
    first = deactivate(company, ANA)
    activate(company, ANA)
    second = deactivate(company, ANA)
    assert first.id != second.id
    assert state(company, first) is DepartureState.RETURNED


def test_a_feed_keeps_people_out_whatever_slack_says(company: Company) -> None:
    key = add_key(company)
    departure = leaving.notice(company.purser, ANA.id, Source.FEED, by=OLGA.id, note="line 3")
    settle(company)
    assert departure is not None
    assert now(company, key).off_by == OLGA.id
    activate(company, ANA)
    assert state(company, departure) is DepartureState.OPEN
    refused = identify(company.purser, ANA.id, WORKSPACE, "d", Freshness.NOW)
    assert getattr(refused, "text", "") == "This account is deactivated in Slack."


def test_a_feed_that_comes_after_slack_keeps_them_out_from_then_on(company: Company) -> None:
    departure = deactivate(company, ANA)
    assert leaving.notice(company.purser, ANA.id, Source.FEED, by=OLGA.id, note="line 3") is None
    activate(company, ANA)
    assert state(company, departure) is DepartureState.OPEN
    assert rows(company, "member.kept_out") == ["line 3"]


# --- many at once ---


@pytest.mark.parametrize(("kind", "each"), [(KeyKind.TEMPORARY, 30), (KeyKind.AUTOMATION, 6)])
def test_what_a_departure_asks_of_the_database_grows_with_the_leavers_own_keys_only(
    company: Company, kind: KeyKind, each: int
) -> None:
    """A sweep notices hundreds of departures, each in a transaction that everybody else waits for."""
    for _ in range(20):
        add_key(company, BEN, kind)
    for _ in range(10):
        add_key(company, ANA, kind)
    with counted() as statements:
        assert leaving.notice(company.purser, ANA.id, Source.SWEEP) is not None
    assert len(statements) <= 50 + each * 10


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement that any database is given meanwhile."""
    seen: list[str] = []

    def note(*given: object) -> None:
        seen.append(str(given[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
