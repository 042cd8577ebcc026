"""What people do about an incident, who may, and what the second of two reads."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.incidents import Cause, Deed, Evidence, Found, IncidentKind, IncidentState
from bot.domain.keys import KeyKind
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS
from bot.domain.requests import Because, Refused
from bot.services import incident_care
from bot.services.context import Repeated
from bot.services.incident_care import acknowledge, assign, close, explained, reopen, snooze
from bot.services.incident_export import export
from bot.services.incident_facts import open_incidents
from tests.company import ANA, BEN, GUS, OLGA, OMAR, Company
from tests.services.guard_kit import add_key, add_project
from tests.services.incident_kit import (
    done,
    facts,
    is_true,
    message,
    open_about,
    open_elsewhere,
    sent,
    timeline,
    told,
    turn_off,
)
from tests.services.kit import refusal


def _do(company: Company, who: Member, incident_id: str, deed: Deed) -> incident_care.Did:
    purser, actor = company.purser, company.actor(who)
    match deed:
        case Deed.ACKNOWLEDGE:
            return acknowledge(purser, actor, incident_id)
        case Deed.SNOOZE:
            return snooze(purser, actor, incident_id, HOUR_SECONDS)
        case Deed.ASSIGN:
            return assign(purser, actor, incident_id, ANA.id)
        case Deed.CLOSE:
            return close(purser, actor, incident_id, Cause.OTHER)
        case Deed.REOPEN:
            return reopen(purser, actor, incident_id)
        case Deed.EXPORT:
            return export(purser, actor, incident_id)


_BEFORE = [deed for deed in Deed if deed is not Deed.REOPEN]


@pytest.mark.parametrize("deed", _BEFORE)
@pytest.mark.parametrize("who", [OLGA, OMAR], ids=["workspace owner", "owner"])
def test_owners_may_do_everything(company: Company, who: Member, deed: Deed) -> None:
    incident = open_about(company, add_key(company))
    done(_do(company, who, incident.id, deed))


@pytest.mark.parametrize("deed", _BEFORE)
def test_the_lead_may_do_everything_about_a_project(company: Company, deed: Deed) -> None:
    project = add_project(company, "reranker", 100, BEN)
    incident = open_about(company, add_key(company, ANA, KeyKind.PROJECT, project_id=project))
    done(_do(company, BEN, incident.id, deed))


@pytest.mark.parametrize("deed", _BEFORE)
def test_the_holder_may_acknowledge_and_export_and_nothing_else(company: Company, deed: Deed) -> None:
    incident = open_about(company, add_key(company, ANA))
    outcome = _do(company, ANA, incident.id, deed)
    if deed in (Deed.ACKNOWLEDGE, Deed.EXPORT):
        done(outcome)
    else:
        assert refusal(outcome).because is Because.NOT_ALLOWED


def test_an_owner_does_not_close_an_incident_about_their_own_key_while_another_could(company: Company) -> None:
    incident = open_about(company, add_key(company, OMAR))
    assert f"<@{OLGA.id}>" in refusal(close(company.purser, company.actor(OMAR), incident.id, Cause.OTHER)).text
    company.directory.change(OLGA.id, is_departed=True)
    company.actor(OLGA)  # Purser hears that she left
    done(close(company.purser, company.actor(OMAR), incident.id, Cause.OTHER))


@pytest.mark.parametrize("deed", _BEFORE)
@pytest.mark.parametrize("who", [BEN, GUS], ids=["member", "guest"])
def test_others_may_do_nothing(company: Company, who: Member, deed: Deed) -> None:
    incident = open_about(company, add_key(company, ANA))
    assert refusal(_do(company, who, incident.id, deed)).because is Because.NOT_ALLOWED
    assert facts(company, incident).incident.state is IncidentState.OPEN


def test_a_credential_is_for_owners_of_the_workspace_alone(company: Company) -> None:
    incident = open_elsewhere(company, None, "memory", IncidentKind.CREDENTIAL)
    assert refusal(acknowledge(company.purser, company.actor(OMAR), incident.id)).because is Because.NOT_ALLOWED
    done(acknowledge(company.purser, company.actor(OLGA), incident.id))


def test_the_second_to_acknowledge_reads_who_looks_after_it(company_anywhere: Company) -> None:
    company = company_anywhere
    incident = open_about(company, add_key(company))
    after = done(acknowledge(company.purser, company.actor(OMAR), incident.id))
    assert (after.incident.state, after.incident.assignee_id) == (IncidentState.ACKNOWLEDGED, OMAR.id)
    assert OMAR.id in refusal(acknowledge(company.purser, company.actor(OLGA), incident.id)).text
    company.perform()
    assert told(company).count("incident.acknowledged") == 1
    assert is_true(company)


def test_a_click_delivered_twice_is_one_deed(company_anywhere: Company) -> None:
    company = company_anywhere
    incident = open_about(company, add_key(company))
    done(snooze(company.purser, company.actor(OMAR, "click"), incident.id, DAY_SECONDS))
    with pytest.raises(Repeated):
        snooze(company.purser, company.actor(OMAR, "click"), incident.id, DAY_SECONDS)
    assert timeline(company, incident).count("incident.snoozed") == 1


@pytest.mark.parametrize("seconds", [0, 60, HOUR_SECONDS + 1, 30 * DAY_SECONDS])
def test_a_snooze_is_an_hour_or_a_day(company: Company, seconds: int) -> None:
    incident = open_about(company, add_key(company))
    assert refusal(snooze(company.purser, company.actor(OMAR), incident.id, seconds)).because is Because.WRONG_END


def test_somebody_of_the_team_can_be_asked_to_look_after_it_and_nobody_else(company: Company) -> None:
    incident = open_about(company, add_key(company))
    assert refusal(assign(company.purser, company.actor(OMAR), incident.id, GUS.id)).because is Because.NOT_ALLOWED
    after = done(assign(company.purser, company.actor(OMAR), incident.id, BEN.id))
    assert after.incident.assignee_id == BEN.id
    company.perform()
    assert message(company).facts.incident.assignee_id == BEN.id
    assert told(company, f"direct:{BEN.id}") == ["incident.assigned"]
    newest = sent(company, "thread:")[-1].line
    assert newest is not None
    assert (newest.actor, newest.reason) == (OMAR.id, BEN.id)


def test_closing_keeps_cause_and_words_and_ends_it(company: Company) -> None:
    incident = open_about(company, add_key(company))
    after = done(close(company.purser, company.actor(OMAR), incident.id, Cause.RETRY_LOOP, "no backoff in the client"))
    closed = after.incident
    assert (closed.state, closed.cause, closed.closed_by) == (IncidentState.CLOSED, Cause.RETRY_LOOP, OMAR.id)
    assert after.last_line is not None
    assert after.last_line.reason == "retry_loop: no backoff in the client"
    assert open_incidents(company.purser, "team_1") == []
    for deed in (Deed.ACKNOWLEDGE, Deed.SNOOZE, Deed.ASSIGN, Deed.CLOSE):
        assert refusal(_do(company, OLGA, incident.id, deed)).because is Because.WRONG_STATE


def test_reopening_goes_on_where_it_was_closed(company: Company) -> None:
    incident = open_about(company, add_key(company))
    done(close(company.purser, company.actor(OMAR), incident.id, Cause.OTHER))
    after = done(reopen(company.purser, company.actor(OLGA), incident.id, "it goes on"))
    assert (after.incident.state, after.incident.cause, after.incident.closed_seq) == (IncidentState.OPEN, None, None)
    assert refusal(reopen(company.purser, company.actor(OMAR), incident.id)).because is Because.WRONG_STATE


def test_an_old_incident_is_not_reopened_beside_a_newer_one(company: Company) -> None:
    key = add_key(company)
    old = open_about(company, key)
    done(close(company.purser, company.actor(OMAR), old.id, Cause.OTHER))
    company.clock.advance(days=3)
    new = open_about(company, key)
    assert new.id != old.id
    assert "newer" in refusal(reopen(company.purser, company.actor(OMAR), old.id)).text


def test_an_incident_that_is_none_is_said_to_be_none(company: Company) -> None:
    assert refusal(acknowledge(company.purser, company.actor(OMAR), "incident_none")).because is Because.NOT_FOUND


def _place(company: Company) -> tuple[str, str]:
    """Where the message stands."""
    (ts,) = company.notifier.incident_now
    return "C0SEARCH", ts


def test_a_reply_of_the_holder_is_an_explanation(company_anywhere: Company) -> None:
    company = company_anywhere
    incident = open_about(company, add_key(company))
    company.perform()
    after = explained(company.purser, company.actor(ANA), _place(company), "I backfill the index, sorry")
    assert after is not None
    company.perform()
    (said,) = message(company).facts.explanations
    assert (said.actor, said.reason) == (ANA.id, "I backfill the index, sorry")
    assert timeline(company, incident)[-1] == "incident.explained"
    assert "incident.explained" not in told(company), "it stands in the thread already"
    assert is_true(company)


def test_a_secret_in_a_reply_is_left_out_of_the_books(company: Company) -> None:
    open_about(company, add_key(company))
    company.perform()
    secret = "sk-Zq8rT2vLw9XyB4nM7pKd5Q"
    after = explained(company.purser, company.actor(ANA), _place(company), f"I used {secret} in the script")
    assert after is not None
    assert after.explanations[0].reason == "I used [left out] in the script"


def test_who_posted_a_leaked_key_explains_it_too(company: Company) -> None:
    seen = Evidence(found=Found.WATCHED, author_id=BEN.id)
    incident = open_about(company, add_key(company), IncidentKind.LEAK, seen)
    company.perform()
    explained(company.purser, company.actor(BEN), _place(company), "it was in my shell history")
    assert timeline(company, incident)[-1] == "incident.explained"


@pytest.mark.parametrize("who", [BEN, GUS], ids=["member", "guest"])
def test_what_others_write_is_not_kept(company: Company, who: Member) -> None:
    incident = open_about(company, add_key(company))
    company.perform()
    explained(company.purser, company.actor(who), _place(company), "not me")
    assert timeline(company, incident) == ["incident.opened"]


def test_a_reply_elsewhere_is_no_explanation(company: Company) -> None:
    open_about(company, add_key(company))
    company.perform()
    assert explained(company.purser, company.actor(ANA), ("C0SEARCH", "elsewhere"), "hello") is None


def test_nothing_is_taken_in_once_it_is_closed(company: Company) -> None:
    incident = open_about(company, add_key(company))
    company.perform()
    done(close(company.purser, company.actor(OMAR), incident.id, Cause.OTHER))
    explained(company.purser, company.actor(ANA), _place(company), "too late")
    assert "incident.explained" not in timeline(company, incident)


def test_open_incidents_are_listed_by_team(company: Company) -> None:
    key = add_key(company)
    first = open_about(company, key)
    open_elsewhere(company, Layer.TEAM, "team_1")
    open_elsewhere(company, None, "memory", IncidentKind.CREDENTIAL)
    assert len(open_incidents(company.purser)) == 3
    of_team = open_incidents(company.purser, "team_1")
    assert (of_team[0].incident.id, len(of_team)) == (first.id, 2)


def test_one_may_look_after_it_while_its_key_is_turned_off(company: Company) -> None:
    key = add_key(company)
    incident = open_about(company, key)
    turn_off(company, key)
    company.clock.advance(seconds=timedelta(minutes=5).total_seconds())
    assert not isinstance(acknowledge(company.purser, company.actor(ANA), incident.id), Refused)
