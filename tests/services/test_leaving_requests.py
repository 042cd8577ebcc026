"""What a leaver asked for closes; what waited for their word waits for others, and their yes counts no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.facts import Occasion
from bot.domain.keys import KeyKind, KeyState
from bot.domain.people import Role
from bot.domain.requests import Refused, RequestState
from bot.services import approvals, auditing, requests, revealing, teams
from bot.services.approvals import AlreadyDecided, Decided
from bot.services.requests import Drafted, Place, Sent
from bot.services.revealing import Shown
from bot.slack.views.direct import direct
from bot.slack.views.standing import status
from bot.slack.views.thread import line
from tests.company import ANA, BEN, OLGA, OMAR, Company, person
from tests.services.guard_kit import add_key, add_project, told
from tests.services.kit import (
    CHANNEL,
    USD,
    ask,
    automation_wanted,
    choose,
    granted,
    headroom,
    held,
    project_wanted,
    request,
    wanted,
)
from tests.services.kit import key as key_now
from tests.services.leaving_kit import deactivate, lead, no_dead_letters, role, rows


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def card(company: Company, request_id: str) -> str:
    """Where a request stands, as its card says it."""
    (facts,) = (one for one in company.notifier.cards.values() if one.request.id == request_id)
    return status(facts)


# --- their own ---


def test_what_a_leaver_asked_for_closes_and_the_card_says_why(company: Company) -> None:
    request_id = ask(company)
    deactivate(company, ANA)
    assert request(company, request_id).state is RequestState.CANCELLED
    assert card(company, request_id) == f"Closed: <@{ANA.id}> has left. No key was made."
    (said,) = told(company, f"thread:{request_id}", Occasion.CANCELLED)
    assert line(said) == f"Closed: <@{ANA.id}> has left. No key was made. There is nothing left to decide."
    assert rows(company, "request.cancelled") == ["Ana left"]
    assert auditing.verify(company.books).ok


def test_drafts_close_and_nobody_is_told(company: Company) -> None:
    drafted = requests.ask(company.purser, company.actor(ANA), Place(CHANNEL), wanted(), draft=True)
    assert isinstance(drafted, Drafted)
    deactivate(company, ANA)
    assert request(company, drafted.facts.request.id).state is RequestState.CANCELLED
    assert rows(company, "request.cancelled") == []


def test_what_was_approved_and_not_revealed_closes_and_its_promise_is_free(company: Company) -> None:
    before = headroom(company)
    request_id = granted(company)
    deactivate(company, ANA)
    assert request(company, request_id).state is RequestState.CANCELLED
    assert headroom(company) == before
    assert not isinstance(revealing.reveal(company.purser, company.actor(ANA), request_id, company.show), Shown)


def test_an_owner_who_decides_too_late_reads_that_they_left(company: Company) -> None:
    request_id = ask(company)
    deactivate(company, ANA)
    outcome = approvals.approve(company.purser, company.actor(OMAR), request_id)
    assert isinstance(outcome, AlreadyDecided)
    assert status(outcome.facts).startswith(f"Closed: <@{ANA.id}> has left.")


def test_an_ask_for_more_time_on_a_key_that_works_on_closes_as_well(company: Company) -> None:
    key = add_key(company, ANA, KeyKind.PROJECT, lead=BEN, days=5)
    did = requests.extend(company.purser, company.actor(ANA), key.label, 86_400, "a week more")
    assert isinstance(did, Sent)
    deactivate(company, ANA)
    assert request(company, did.facts.request.id).state is RequestState.CANCELLED
    assert card(company, did.facts.request.id) == f"Closed: <@{ANA.id}> has left. Nothing was changed."


def test_requests_of_others_stay_open(company: Company) -> None:
    bens = ask(company, BEN)
    deactivate(company, ANA)
    assert request(company, bens).state is RequestState.WAITING


def test_a_key_that_a_leaver_was_to_answer_for_gets_the_projects_lead(company: Company) -> None:
    project_id = add_project(company, "reranker", 200, OMAR)
    projects = ask(company, BEN, project_wanted(lead_id=ANA.id))
    automation = granted(company, BEN, automation_wanted(lead=ANA))
    deactivate(company, ANA)
    assert request(company, projects).lead_id == lead(company, project_id) == OMAR.id
    assert request(company, automation).lead_id == OLGA.id
    shown = revealing.reveal(company.purser, company.actor(BEN), automation, company.show)
    assert isinstance(shown, Shown)
    assert shown.key.lead_id == OLGA.id


# --- those they would decide ---


def two_owners_asked(company: Company) -> str:
    """A request that two owners have to agree to."""
    choose(company, two_owners_from_micros=10 * USD)
    return ask(company)


def test_an_owner_who_leaves_after_agreeing_first_does_not_count(company: Company) -> None:
    zoe = person("zoe")
    company.directory.everybody[zoe.id] = zoe
    did = teams.make_owner(company.purser, company.actor(OLGA), CHANNEL, (zoe.id,))
    assert not isinstance(did, Refused)
    request_id = two_owners_asked(company)
    assert isinstance(approvals.approve(company.purser, company.actor(OMAR), request_id), Decided)
    deactivate(company, OMAR)
    assert rows(company, "request.unsaid") == ["Omar left, so what they approved no longer counts"]
    (said,) = told(company, f"thread:{request_id}", Occasion.APPROVER_LEFT)
    asked = f"<@{OLGA.id}> and <@{zoe.id}>"
    assert line(said) == (
        f"<@{OMAR.id}> has left, so what they approved counts no more. 2 owners have to agree. Asked {asked}."
    )
    assert card(company, request_id).startswith(f"Waiting for 2 owners to agree. Asked {asked}.")
    approvals.approve(company.purser, company.actor(OLGA), request_id)
    assert request(company, request_id).state is RequestState.WAITING
    approvals.approve(company.purser, company.actor(zoe), request_id)
    assert request(company, request_id).state is RequestState.APPROVED


def test_what_only_a_leaver_could_decide_passes_to_the_workspaces_owners_who_are_told(company: Company) -> None:
    zoe = person("zoe")
    company.directory.everybody[zoe.id] = zoe
    authority = replace(company.purser.authority, workspace_owner_ids=frozenset({zoe.id}))
    company.purser = replace(company.purser, authority=authority)
    request_id = ask(company)
    deactivate(company, OLGA)
    assert told(company, f"direct:{zoe.id}", Occasion.ASKED_INSTEAD) == []
    assert f"Asked <@{OMAR.id}>." in card(company, request_id)
    deactivate(company, OMAR)
    (notice,) = told(company, f"direct:{zoe.id}", Occasion.ASKED_INSTEAD)
    said = direct(notice, company.clock.now()).text
    assert f"<@{OMAR.id}>, who was asked, has left, so you are asked now." in said
    assert f"Asked <@{zoe.id}>." in card(company, request_id)
    assert isinstance(approvals.approve(company.purser, company.actor(zoe), request_id), Decided)
    assert no_dead_letters(company)


def test_an_owner_who_leaves_while_approving_does_not_approve(company: Company) -> None:
    request_id = ask(company)
    both = [company.actor(who) for who in (OMAR, OLGA)]  # their clicks were looked up before they left
    deactivate(company, OMAR)
    deactivate(company, OLGA)
    for clicked in both:
        assert isinstance(approvals.approve(company.purser, clicked, request_id), Refused)
    assert request(company, request_id).state is RequestState.WAITING


def test_what_was_decided_before_stands(company: Company) -> None:
    key = held(company)
    waiting = granted(company, BEN)
    deactivate(company, OMAR)
    assert request(company, waiting).state is RequestState.APPROVED
    assert key_now(company, key.id).state is KeyState.LIVE
    assert role(company, OMAR) is Role.NONE
