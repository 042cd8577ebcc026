"""Who has to agree, by which named rule: leads, quiet approvers, small asks by the week, and the last dollar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot.domain.budgets import Layer
from bot.domain.keys import KeyKind
from bot.domain.people import Member
from bot.domain.requests import Because, Refused, RequestState
from bot.services import approvals, auditing, expiry, facts, requests, teams
from bot.services.approvals import AlreadyDecided, Changes, Decided
from bot.services.people import Freshness, identify
from bot.services.requests import Place, Sent
from storage import ledger
from tests.company import ANA, BEN, GUS, OLGA, OMAR, WORKSPACE, Company, person
from tests.faults.kit import at_once
from tests.services.kit import (
    CHANNEL,
    USD,
    add_project,
    ask,
    automation_wanted,
    choose,
    granted,
    headroom,
    held,
    project_wanted,
    refusal,
    request,
    set_budget,
    wanted,
)

QUI = person("qui")
"""Somebody who may decide and wants to hear nothing of it."""


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    company_anywhere.directory.everybody[QUI.id] = QUI
    return company_anywhere


def approve(company: Company, request_id: str, who: Member = OMAR, cap_micros: int | None = None) -> approvals.Outcome:
    return approvals.approve(company.purser, company.actor(who), request_id, Changes(cap_micros=cap_micros))


def asked(company: Company, request_id: str) -> tuple[str, ...]:
    found = facts.request_now(company.purser, request_id)
    assert found is not None
    return found.asked_ids


# --- a project's lead ---


@pytest.fixture
def led(company: Company) -> Company:
    """Ben leads the reranker, and may agree to its keys up to $100."""
    add_project(company)
    choose(company, lead_up_to_micros=100 * USD)
    return company


def test_a_lead_is_asked_first_and_agrees_alone(led: Company) -> None:
    request_id = ask(led, ANA, project_wanted(100))
    found = facts.request_now(led.purser, request_id)
    assert found is not None
    assert (found.request.rule, found.request.approvals_needed) == ("project-lead", 1)
    assert found.rule_text == "up to $100, the project's lead or an owner has to agree"
    assert found.asked_ids == (BEN.id,)
    assert isinstance(approve(led, request_id, BEN), Decided)
    after = request(led, request_id)
    assert (after.state, after.rule, after.approvals[0].owner_id) == (RequestState.APPROVED, "project-lead", BEN.id)
    (row,) = [row for row in rows(led, "request.approved") if row.request_id == request_id]
    assert (row.actor, row.reason) == (BEN.id, "project-lead")


def rows(company: Company, action: str) -> list[ledger.Recorded]:
    with company.books.reading() as session:
        return list(ledger.entries(session, action=action))


def test_an_owner_agrees_as_an_owner_whoever_was_asked(led: Company) -> None:
    request_id = ask(led, ANA, project_wanted(100))
    approve(led, request_id, OMAR)
    assert request(led, request_id).rule == "one-owner"


def test_a_lead_may_say_no_to_what_they_may_agree_to(led: Company) -> None:
    small, large = ask(led, ANA, project_wanted(100)), ask(led, OMAR, project_wanted(100.01))
    assert isinstance(approvals.deny(led.purser, led.actor(BEN), small, "not now"), Decided)
    refused = refusal(approvals.deny(led.purser, led.actor(BEN), large, "not now"))
    assert (refused.because, refused.rule) == (Because.NOT_ALLOWED, "project-lead")
    assert request(led, large).state is RequestState.WAITING


def test_more_than_a_lead_may_agree_to_is_for_owners(led: Company) -> None:
    request_id = ask(led, ANA, project_wanted(100.01))
    assert asked(led, request_id) == (OLGA.id, OMAR.id)
    refused = refusal(approve(led, request_id, BEN))
    assert refused.text == "As the project's lead you decide about its keys of up to $100. An owner has to decide this."
    assert isinstance(approve(led, request_id, BEN, cap_micros=100 * USD), Decided), "or to less"


def test_any_kind_of_key_of_the_project_is_its_leads_and_no_other_key(led: Company) -> None:
    automated = ask(led, ANA, automation_wanted(50, project="reranker"))
    assert isinstance(approve(led, automated, BEN), Decided)
    for other in (wanted(5), automation_wanted(50, name="other")):
        assert refusal(approve(led, ask(led, ANA, other), BEN)).text == "Only owners of the team can do this."


def test_named_a_lead_does_not_decide_their_own(led: Company) -> None:
    request_id = ask(led, BEN, project_wanted(50))
    assert request(led, request_id).rule == "one-owner"
    assert asked(led, request_id) == (OLGA.id, OMAR.id)
    refused = refusal(approve(led, request_id, BEN))
    assert refused.text == "Nobody approves their own request. Another owner has to decide."


def test_a_lead_who_left_the_team_decides_nothing(led: Company) -> None:
    request_id = ask(led, ANA, project_wanted(50, lead_id=ANA.id))
    teams.remove(led.purser, led.actor(OLGA), CHANNEL, (BEN.id,))
    assert asked(led, request_id) == (OLGA.id, OMAR.id)
    assert isinstance(approve(led, request_id, BEN), Refused)


def test_a_lead_who_is_a_guest_decides_nothing(company: Company) -> None:
    teams.invite(company.purser, company.actor(OLGA), CHANNEL, (GUS.id,))
    add_project(company, lead=GUS)
    choose(company, lead_up_to_micros=100 * USD)
    request_id = ask(company, ANA, project_wanted(50))
    assert request(company, request_id).rule == "one-owner"
    assert "Guests" in refusal(approve(company, request_id, GUS)).text


def test_a_silent_leads_owners_are_asked_next(led: Company) -> None:
    request_id = ask(led, ANA, project_wanted(50))
    led.clock.advance(hours=24)
    expiry.pass_time(led.purser)
    led.perform()
    assert asked(led, request_id) == (BEN.id, OLGA.id, OMAR.id)
    for owner in (OLGA, OMAR):
        assert led.notifier.occasions(f"direct:{owner.id}") == ["escalation"]


def test_without_the_rule_leads_decide_nothing(company: Company) -> None:
    add_project(company)
    request_id = ask(company, ANA, project_wanted(5))
    assert asked(company, request_id) == (OLGA.id, OMAR.id)
    assert isinstance(approve(company, request_id, BEN), Refused)


# --- quiet approvers ---


def test_a_quiet_approver_decides_in_every_team_and_hears_of_nothing(company: Company) -> None:
    choose(company, quiet_approvers=(QUI.id,))
    request_id = ask(company)
    assert asked(company, request_id) == (OLGA.id, OMAR.id)
    company.clock.advance(hours=24)
    expiry.pass_time(company.purser)
    company.perform()
    assert QUI.id not in asked(company, request_id)
    assert company.notifier.occasions(f"direct:{QUI.id}") == []
    assert isinstance(approve(company, request_id, QUI), Decided)
    assert request(company, request_id).state is RequestState.APPROVED


def test_a_quiet_owner_is_not_asked_but_may_decide(company: Company) -> None:
    choose(company, quiet_approvers=(OMAR.id,))
    request_id = ask(company)
    assert asked(company, request_id) == (OLGA.id,)
    assert isinstance(approve(company, request_id, OMAR), Decided)


def test_a_quiet_owner_is_asked_where_nobody_else_could_be(company: Company) -> None:
    choose(company, quiet_approvers=(OMAR.id, QUI.id))
    assert asked(company, ask(company, OLGA)) == (OMAR.id, QUI.id)


def test_where_two_owners_have_to_agree_a_quiet_one_is_asked_in_need(company: Company) -> None:
    set_budget(company, Layer.TEAM, "team_1", 5000)
    choose(company, quiet_approvers=(OMAR.id,))
    request_id = ask(company, ANA, wanted(1500))
    assert asked(company, request_id) == (OLGA.id, OMAR.id)
    approve(company, request_id, OLGA)
    approve(company, request_id, OMAR)
    assert request(company, request_id).state is RequestState.APPROVED


def test_a_quiet_approvers_word_stands_as_long_as_they_may_decide(company: Company) -> None:
    set_budget(company, Layer.TEAM, "team_1", 5000)
    choose(company, quiet_approvers=(QUI.id,))
    request_id = ask(company, ANA, wanted(1500))
    approve(company, request_id, QUI)
    choose(company, quiet_approvers=())
    approve(company, request_id, OMAR)
    assert request(company, request_id).state is RequestState.WAITING, "Qui may no longer say so"
    approve(company, request_id, OLGA)
    assert request(company, request_id).state is RequestState.APPROVED


def test_named_no_quiet_approver_decides_their_own(company: Company) -> None:
    choose(company, quiet_approvers=(ANA.id,))
    assert "Nobody approves their own request" in refusal(approve(company, ask(company), ANA)).text


@pytest.mark.parametrize("fields", [{"is_guest": True}, {"is_departed": True}])
def test_a_quiet_approver_who_is_a_guest_or_gone_decides_nothing(company: Company, fields: dict[str, bool]) -> None:
    choose(company, quiet_approvers=(QUI.id,))
    request_id = ask(company)
    company.directory.change(QUI.id, **fields)
    identify(company.purser, QUI.id, WORKSPACE, "d", Freshness.NOW)
    assert isinstance(approve(company, request_id, QUI), Refused)


# --- small asks, by the week ---


def sent(company: Company, usd: float, who: Member = ANA, reason: str = "try") -> Sent:
    outcome = requests.ask(company.purser, company.actor(who), Place(CHANNEL), wanted(usd, 7, reason))
    if not isinstance(outcome, Sent):
        assert not isinstance(outcome, Refused), outcome
        outcome = requests.send_draft(company.purser, company.actor(who), outcome.facts.request.id)
        assert isinstance(outcome, Sent)
    return outcome


def rule_of(company: Company, usd: float, who: Member = ANA, reason: str = "try") -> str:
    return sent(company, usd, who, reason).facts.request.rule


def test_small_asks_are_granted_up_to_a_sum_a_person_and_week(company: Company) -> None:
    choose(company, auto_approve_micros=20 * USD, auto_approve_per_week_micros=50 * USD)
    assert rule_of(company, 20.01) == "one-owner"
    assert [rule_of(company, 20, reason=f"try {n}") for n in range(3)] == ["small-ask", "small-ask", "one-owner"]
    assert rule_of(company, 10, reason="the last") == "small-ask"
    assert rule_of(company, 0.01, reason="too much") == "one-owner"
    assert rule_of(company, 20, BEN) == "small-ask", "each person has a week of their own"


def test_the_week_of_small_asks_begins_on_monday_at_midnight_utc(company: Company) -> None:
    choose(company, auto_approve_micros=20 * USD)
    company.clock.at = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
    assert rule_of(company, 20, reason="sunday") == "small-ask"
    assert rule_of(company, 20, reason="still sunday") == "one-owner"
    company.clock.at = datetime(2026, 11, 23, 0, 0, tzinfo=UTC) - timedelta(seconds=1)
    assert rule_of(company, 20, reason="a second before") == "one-owner"
    company.clock.at = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert rule_of(company, 20, reason="monday") == "small-ask"
    assert rule_of(company, 20, reason="monday again") == "one-owner"


def test_what_the_rule_granted_counts_when_the_key_is_long_given_back(company: Company) -> None:
    choose(company, auto_approve_micros=20 * USD)
    made = sent(company, 20).facts.request.id
    assert rule_of(company, 5, reason="more") == "one-owner"
    company.clock.advance(hours=73)
    expiry.pass_time(company.purser)
    assert request(company, made).state is RequestState.LAPSED
    company.clock.at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    assert rule_of(company, 5, reason="what lapsed unclaimed was given back") == "small-ask"


def test_what_owners_granted_is_no_small_ask(company: Company) -> None:
    granted(company, ANA, wanted(300))
    choose(company, auto_approve_micros=20 * USD)
    assert rule_of(company, 20) == "small-ask"


def test_only_temporary_keys_are_small_asks(company: Company) -> None:
    add_project(company)
    choose(company, auto_approve_micros=100 * USD)
    for what in (project_wanted(5), automation_wanted(5, 1), wanted(5, None, kind=KeyKind.MEMBER)):
        assert request(company, ask(company, ANA, what)).rule == "one-owner"


def test_two_small_asks_at_once_do_not_both_take_the_last_of_the_week(company: Company) -> None:
    choose(company, auto_approve_micros=20 * USD)
    calls = [partial(sent, company, 20, ANA, f"at once {n}") for n in range(4)]
    rules = sorted(outcome.facts.request.rule for outcome in at_once(*calls))
    assert rules == ["one-owner", "one-owner", "one-owner", "small-ask"]


# --- the last dollar ---


@pytest.mark.parametrize("layer", [Layer.TEAM, Layer.PROJECT, Layer.MEMBER])
def test_the_cap_holds_two_approvals_at_once_do_not_both_take_the_last_dollar(company: Company, layer: Layer) -> None:
    project_id = add_project(company, usd=500)
    if layer is not Layer.TEAM:
        set_budget(company, layer, project_id if layer is Layer.PROJECT else ANA.id, 300)
    what = project_wanted if layer is Layer.PROJECT else wanted
    usd = 300 if layer is Layer.TEAM else 200
    waiting = [ask(company, ANA, what(usd, reason=f"at once {n}")) for n in range(3)]
    outcomes = at_once(
        *(
            partial(approve, company, request_id, who)
            for request_id, who in zip(waiting, (OMAR, OLGA, OMAR), strict=True)
        )
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Decided", "Refused", "Refused"]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert {(each.because, each.rule) for each in refused} == {(Because.NO_HEADROOM, "headroom")}
    assert headroom(company) == (500 - usd) * USD
    assert auditing.verify(company.books).ok


def test_an_approval_and_a_small_ask_at_once_do_not_both_take_the_last_dollar(company: Company) -> None:
    choose(company, auto_approve_micros=100 * USD)
    set_budget(company, Layer.TEAM, "team_1", 150)
    waiting = ask(company, BEN, wanted(120))
    small = partial(requests.ask, company.purser, company.actor(ANA), Place(CHANNEL), wanted(100))
    outcomes: list[object] = at_once(partial(approve, company, waiting), small)
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 1
    assert headroom(company) in (30 * USD, 50 * USD)


def test_once_two_owners_at_once_are_one_decision(company: Company) -> None:
    request_id = ask(company)
    outcomes = at_once(partial(approve, company, request_id, OMAR), partial(approve, company, request_id, OLGA))
    assert {type(outcome) for outcome in outcomes} == {Decided, AlreadyDecided}


def test_a_project_is_charged_beside_its_team(company: Company) -> None:
    add_project(company, usd=60)
    held(company, ANA, project_wanted(40))
    refused = refusal(requests.ask(company.purser, company.actor(BEN), Place(CHANNEL), project_wanted(21)))
    assert refused.text == (
        "Only $20 is left in project reranker's budget of $60 until 1 December, and this asks for $21. "
        "Ask for less, or for more budget first: `/ai-budget raise $1 project reranker reason`."
    )
    assert headroom(company) == 460 * USD
