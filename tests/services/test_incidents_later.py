"""Incidents that go on for long: what is told of them, and to whom, when a day, a channel or a person is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.incidents import Cause, Evidence, Incident, IncidentKind, IncidentState, Reminder
from bot.domain.keys import KeyKind, KeyState
from bot.domain.people import Role
from bot.domain.requests import Because, Refused
from bot.services import incident_care
from bot.services.context import record
from bot.services.incident_times import watch_incidents
from bot.services.proving import about
from storage import people
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.guard_kit import TEAM_ID, add_key, add_project
from tests.services.incident_kit import done, facts, is_true, open_about, sent, spike, told, turn_off
from tests.services.kit import USD


def _pass(company: Company, **by: float) -> None:
    """Time passes, and the job looks."""
    company.clock.advance(**by)
    watch_incidents(company.purser)
    company.perform()


def _close(company: Company, incident: Incident) -> None:
    done(incident_care.close(company.purser, company.actor(OLGA), incident.id, Cause.EXPECTED))


def test_days_that_are_posted_and_caps_that_move_are_no_steps_of_an_incident(company: Company) -> None:
    key = add_key(company)
    open_about(company, key)
    company.perform()
    before = told(company)
    with company.purser.deciding() as session:
        for action in ("key.spend", "key.adjust", "key.shared", "key.held"):
            record(session, company.clock.now(), actor="purser", action=action, about=about(key), once="2026-11-19")
    _pass(company, minutes=1)
    assert told(company) == before


def test_a_channel_that_is_archived_later_sends_each_step_to_the_owners(company: Company) -> None:
    key = add_key(company)
    open_about(company, key)
    company.perform()
    company.notifier.mishaps.add("follow_incident", *[Mishap.REFUSED] * 9)
    company.notifier.mishaps.add("update_incident", *[Mishap.REFUSED] * 9)
    turn_off(company, key, BEN)
    for owner in (OLGA, OMAR):
        assert told(company, f"direct:{owner.id}") == ["key.disabled", "key.proven_off"]
        assert "could not be posted" in sent(company, f"direct:{owner.id}")[0].why


def test_an_incident_opened_again_calls_owners_anew(company: Company) -> None:
    incident = open_about(company, add_key(company))
    company.perform()
    for _ in range(3):
        _pass(company, hours=2, minutes=1)
    done(incident_care.close(company.purser, company.actor(OLGA), incident.id, Cause.OTHER))
    done(incident_care.reopen(company.purser, company.actor(OLGA), incident.id))
    company.perform()
    company.notifier.incidents.clear()
    _pass(company, hours=2, minutes=1)
    assert told(company, f"direct:{OMAR.id}") == []
    _pass(company, hours=2, minutes=1)
    assert told(company, f"direct:{OMAR.id}") == ["incident.reminded"]


def test_who_leaves_looks_after_nothing_so_owners_are_reminded(company_anywhere: Company) -> None:
    company = company_anywhere
    incident = open_about(company, add_key(company))
    done(incident_care.assign(company.purser, company.actor(OLGA), incident.id, BEN.id))
    company.perform()
    with company.books.transaction() as session:
        people.save_member(session, replace(BEN, is_departed=True), company.clock.now())
    _pass(company, hours=25)
    left, reminded = (one.line for one in sent(company, "thread:")[-2:])
    assert left is not None
    assert (left.action, left.reason) == ("incident.left", BEN.id)
    assert reminded is not None
    assert reminded.reason == Reminder.UNACKNOWLEDGED
    assert facts(company, incident).incident.assignee_id is None
    done(incident_care.acknowledge(company.purser, company.actor(OMAR), incident.id))
    assert is_true(company)


def test_the_message_of_one_that_was_just_closed_says_how_the_key_stands_too(company_anywhere: Company) -> None:
    company = company_anywhere
    key = add_key(company)
    _close(company, open_about(company, key))
    open_about(company, key, IncidentKind.LEAK)
    company.perform()
    turn_off(company, key, BEN)
    shown = [one.facts.key for one in company.notifier.incident_now.values()]
    assert [one.key.state for one in shown if one is not None] == [KeyState.DISABLED] * 2


def test_a_holder_who_left_is_neither_asked_nor_said_to_have_been(company: Company) -> None:
    key = add_key(company, lead=BEN)
    with company.books.transaction() as session:
        people.save_member(session, replace(ANA, is_departed=True), company.clock.now())
    incident = open_about(company, key)
    company.perform()
    assert facts(company, incident).asked_ids == (BEN.id,)
    assert (told(company, f"direct:{ANA.id}"), told(company, f"direct:{BEN.id}")) == ([], ["explain"])


def test_a_lead_who_was_taken_out_of_the_team_answers_for_no_incident(company_anywhere: Company) -> None:
    company = company_anywhere
    project = add_project(company, "reranker", 100, BEN)
    incident = open_about(company, add_key(company, kind=KeyKind.PROJECT, project_id=project))
    with company.books.transaction() as session:
        assert people.set_role(session, TEAM_ID, BEN.id, Role.NONE, company.clock.now())
    refused = incident_care.close(company.purser, company.actor(BEN), incident.id, Cause.OTHER)
    assert isinstance(refused, Refused)
    assert refused.because is Because.NOT_ALLOWED


def test_what_goes_on_while_somebody_looks_after_it_is_told_once_a_day(company: Company) -> None:
    key = add_key(company)
    incident = open_about(company, key)
    done(incident_care.acknowledge(company.purser, company.actor(OMAR), incident.id))
    for _ in range(10):
        company.clock.advance(hours=3)
        open_about(company, key)
    company.perform()
    assert told(company).count("incident.again") == 1


def test_a_loop_is_noticed_again_the_next_day_and_not_every_hour(company: Company) -> None:
    key = add_key(company)
    since = company.clock.now() - timedelta(hours=9)
    for _ in range(5):
        open_about(company, key, IncidentKind.LOOP, Evidence(since=since, seen_count=900))
        company.clock.advance(hours=2)
    company.perform()
    assert "incident.again" not in told(company)
    open_about(company, key, IncidentKind.LOOP, Evidence(since=company.clock.now(), seen_count=900))
    company.perform()
    assert told(company)[-1] == "incident.again"


def test_what_becomes_of_the_key_is_told_where_its_open_incident_is(company: Company) -> None:
    key = add_key(company)
    old = open_about(company, key)
    done(incident_care.close(company.purser, company.actor(OLGA), old.id, Cause.OTHER))
    company.clock.advance(hours=1)
    newer = open_about(company, key, IncidentKind.LEAK)
    assert newer.id != old.id
    done(incident_care.close(company.purser, company.actor(OLGA), newer.id, Cause.LEAKED))
    done(incident_care.reopen(company.purser, company.actor(OLGA), old.id))
    company.perform()
    company.notifier.incidents.clear()
    turn_off(company, key, BEN)
    assert {one.facts.incident.id for one in sent(company, "thread:")} == {old.id}


def test_what_was_expected_twice_over_is_compared_with_what_it_came_to_last(company_anywhere: Company) -> None:
    company = company_anywhere
    key = add_key(company)
    first = open_about(company, key, evidence=spike(company, 40))
    _close(company, first)
    company.clock.advance(hours=2)
    again = open_about(company, key, evidence=spike(company, 90))
    assert (again.state, again.evidence.seen_micros) == (IncidentState.OPEN, 90 * USD)
    _close(company, again)
    company.clock.advance(hours=2)
    assert open_about(company, key, evidence=spike(company, 95)).state is IncidentState.CLOSED
