"""Asking for more: what can be raised by whom, until when, and who decides. Nobody raises their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bot.domain.budgets import Layer
from bot.domain.keys import Key, KeyKind
from bot.domain.people import Member
from bot.domain.requests import Because, Purpose, Refused, RequestState, Target
from bot.services import approvals, auditing, expiry, raising, requests, revealing, teams
from bot.services.approvals import Changes, Decided
from bot.services.raising import KeyWord, PersonWord, ProjectWord, RaiseWord, TeamWord
from bot.services.requests import Place, Sent
from storage import ledger
from storage import requests as request_rows
from tests.company import ANA, BEN, EVE, OLGA, OMAR, Company
from tests.faults.kit import at_once
from tests.services.kit import (
    CHANNEL,
    USD,
    add_project,
    automation_wanted,
    choose,
    held,
    project_wanted,
    refusal,
    request,
    set_budget,
    wanted,
)
from tests.services.raising_kit import IN_TEN_DAYS, approve, asked, asking, facts_of, limit

DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    add_project(company_anywhere)
    return company_anywhere


# --- what it becomes ---


def test_a_raise_is_a_request_like_any_other(company: Company) -> None:
    request_id = asked(company, 200, TeamWord())
    found = request(company, request_id)
    assert (found.purpose, found.kind, found.state) == (Purpose.RAISE, None, RequestState.WAITING)
    assert (found.target, found.rule, found.approvals_needed) == (Target(Layer.TEAM, "team_1"), "one-owner", 1)
    assert (found.terms.cap_micros, found.terms.ends_at) == (200 * USD, IN_TEN_DAYS)
    shown = facts_of(company, request_id)
    assert shown.raised is not None
    assert (shown.raised.layer, shown.raised.budget_micros) == (Layer.TEAM, 500 * USD)
    assert shown.asked_ids == (OLGA.id, OMAR.id)
    company.perform()
    assert len(company.notifier.card_posts) == 1


def test_named_an_agreed_raise_stands_until_its_end(company: Company) -> None:
    request_id = asked(company, 200, TeamWord())
    assert isinstance(approve(company, request_id), Decided)
    company.perform()
    stands = limit(company, Layer.TEAM, "team_1")
    assert (stands.budget_micros, stands.raised_micros, stands.raised_until) == (700 * USD, 200 * USD, IN_TEN_DAYS)
    shown = facts_of(company, request_id)
    assert shown.request.state is RequestState.FULFILLED
    assert shown.raised is not None
    assert shown.raised.budget_micros == 500 * USD, "as it would be without this raise"
    assert company.notifier.occasions("direct:U0ANA") == ["raised"]
    company.clock.at = IN_TEN_DAYS
    assert limit(company, Layer.TEAM, "team_1").budget_micros == 500 * USD
    assert auditing.verify(company.books).ok


def test_a_raise_may_be_agreed_to_with_another_amount_and_end(company: Company) -> None:
    request_id = asked(company, 200, TeamWord())
    sooner = IN_TEN_DAYS - timedelta(days=3)
    approve(company, request_id, changes=Changes(cap_micros=50 * USD, ends_at=sooner))
    stands = limit(company, Layer.TEAM, "team_1")
    assert (stands.raised_micros, stands.raised_until) == (50 * USD, sooner)
    found = request(company, request_id)
    assert (found.asked.cap_micros, found.asked.ends_at) == (200 * USD, IN_TEN_DAYS)


def test_a_denied_raise_changes_nothing(company: Company) -> None:
    request_id = asked(company, 200, TeamWord())
    approvals.deny(company.purser, company.actor(OMAR), request_id, "not this month")
    company.perform()
    assert limit(company, Layer.TEAM, "team_1").budget_micros == 500 * USD
    assert company.notifier.occasions("direct:U0ANA") == ["denied"]


def test_a_raise_can_be_taken_back_and_is_brought_up_again_like_any_request(company: Company) -> None:
    request_id = asked(company, 200, TeamWord())
    assert not isinstance(requests.cancel(company.purser, company.actor(ANA), request_id), Refused)
    again = asked(company, 200, TeamWord())
    for hours in (4, 20, 48):
        company.clock.advance(hours=hours)
        expiry.pass_time(company.purser)
        company.perform()
    assert company.notifier.occasions(f"thread:{again}") == ["reminder", "escalation", "request_expired"]
    assert isinstance(approve(company, request_id), approvals.AlreadyDecided)


@pytest.mark.parametrize(("usd", "rule"), [(999.99, "one-owner"), (1000, "two-owners")])
def test_a_raise_needs_two_owners_by_its_amount(company: Company, usd: float, rule: str) -> None:
    request_id = asked(company, usd, TeamWord())
    assert request(company, request_id).rule == rule
    approve(company, request_id, OMAR)
    assert (request(company, request_id).state is RequestState.WAITING) is (rule == "two-owners")
    approve(company, request_id, OLGA)
    assert limit(company, Layer.TEAM, "team_1").raised_micros == round(usd * USD)


def test_to_an_amount_is_by_what_is_missing(company: Company) -> None:
    assert request(company, asked(company, 700, TeamWord(), to=True)).terms.cap_micros == 200 * USD
    for usd in (500, 499):
        refused = refusal(asking(company, usd, TeamWord(), BEN, to=True))
        assert refused.text == (
            f"search has $500 already, so ${usd} is no raise. Say by how much: `/ai-budget raise $50 reason`."
        )


def test_without_an_end_a_raise_ends_with_the_month(company: Company) -> None:
    assert request(company, asked(company, 200, TeamWord(), ends_at=None)).terms.ends_at == DECEMBER


@pytest.mark.parametrize("ends_at", [datetime(2026, 11, 20, tzinfo=UTC), datetime(2027, 11, 22, tzinfo=UTC)])
def test_a_raise_ends_on_a_day_to_come_within_a_year(company: Company, ends_at: datetime) -> None:
    refused = refusal(asking(company, 200, TeamWord(), ends_at=ends_at))
    assert (refused.because, refused.rule) == (Because.WRONG_END, "raise-ends")
    assert "`/ai-budget raise $200 team until" in refused.text


def test_a_raise_whose_end_has_passed_is_not_agreed_to(company: Company) -> None:
    request_id = asked(company, 200, TeamWord(), ends_at=company.clock.now() + timedelta(hours=1))
    company.clock.advance(hours=2)
    assert refusal(approve(company, request_id)).because is Because.WRONG_END
    approve(company, request_id, changes=Changes(ends_at=IN_TEN_DAYS))
    assert limit(company, Layer.TEAM, "team_1").raised_micros == 200 * USD


# --- what can be meant ---


def test_what_is_meant_without_a_word_is_what_binds_the_asker(company: Company) -> None:
    assert request(company, asked(company)).target == Target(Layer.TEAM, "team_1")
    set_budget(company, Layer.MEMBER, BEN.id, 40)
    assert request(company, asked(company, who=BEN)).target == Target(Layer.MEMBER, BEN.id)
    choose(company, member_budget_micros=40 * USD)
    assert request(company, asked(company, who=OMAR)).target == Target(Layer.MEMBER, OMAR.id), "policy gave him one"


def test_every_limit_can_be_named(company: Company) -> None:
    set_budget(company, Layer.MEMBER, ANA.id, 300)
    temporary = held(company, ANA, wanted(25))
    automation = held(company, ANA, automation_wanted(100, 5))
    for word, target in (
        (TeamWord(), Target(Layer.TEAM, "team_1")),
        (ProjectWord("Reranker"), Target(Layer.PROJECT, "project_1")),
        (PersonWord(ANA.id), Target(Layer.MEMBER, ANA.id)),
        (KeyWord(temporary.label), Target(Layer.KEY, temporary.id)),
        (KeyWord(automation.label), Target(Layer.KEY, automation.id)),
    ):
        assert request(company, asked(company, 10, word)).target == target
    day = request(company, asked(company, 1, KeyWord(automation.label), daily=True))
    assert (day.target, day.kind) == (Target(Layer.AUTOMATION, automation.id), KeyKind.AUTOMATION)
    assert (day.extends_key_id, day.gateway) == (automation.id, "memory")


def test_a_limit_chosen_in_a_form_is_looked_up_again(company: Company) -> None:
    made = held(company, ANA, wanted(25))
    for target in (Target(Layer.TEAM, "team_1"), Target(Layer.PROJECT, "project_1"), Target(Layer.KEY, made.id)):
        assert request(company, asked(company, 10, target)).target == target
    refused = refusal(asking(company, 10, Target(Layer.PROJECT, "project_9")))
    assert refused.text == "This limit is not there any more. Ask again with `/ai-budget raise`."


NOTHING = [
    (ProjectWord("ads"), {}, "Team search has no such project. There is: `reranker`."),
    (PersonWord(EVE.id), {}, "<@U0EVE> is not in team search. Type it in the channel of a team they are in."),
    (
        PersonWord(ANA.id),
        {},
        "<@U0ANA> has no budget of their own, so there is nothing to raise. `/ai-budget` shows every limit.",
    ),
    (KeyWord("ana-0000"), {}, "No key is called `ana-0000`. `/ai-key list` shows your own."),
    (
        TeamWord(),
        {"daily": True},
        "Only an automation key has a cap per day. Name it: `/ai-budget raise $5/day ci-7kq2 reason`.",
    ),
]


@pytest.mark.parametrize(("word", "more", "text"), NOTHING)
def test_what_means_nothing_here_is_said_with_what_to_type(
    company: Company, word: RaiseWord, more: dict[str, Any], text: str
) -> None:
    assert refusal(asking(company, 10, word, **more)).text == text


def test_a_key_without_a_day_has_none_to_raise(company: Company) -> None:
    made = held(company)
    refused = refusal(asking(company, 10, KeyWord(made.label), daily=True))
    assert refused.text == (
        f"`{made.label}` has no cap per day. For its cap: `/ai-budget raise $50 {made.label} reason`."
    )


# --- who may ask, and who decides ---


def test_only_those_whom_a_limit_binds_ask_for_more(company: Company) -> None:
    automation = held(company, ANA, automation_wanted(100, 5))
    set_budget(company, Layer.MEMBER, ANA.id, 300)
    assert refusal(asking(company, 10, PersonWord(ANA.id), BEN)).text == (
        "Only they themselves or an owner of the team can ask for more for somebody."
    )
    assert isinstance(asking(company, 10, PersonWord(ANA.id), OMAR), Sent)
    refused = refusal(asking(company, 10, KeyWord(automation.label), OMAR))
    assert refused.text == f"Only <@U0ANA>, who holds `{automation.label}`, or its lead can ask for more."
    assert isinstance(asking(company, 10, KeyWord(automation.label), BEN), Sent), "its lead may"


def test_who_left_the_team_asks_for_nothing_in_it(company: Company) -> None:
    automation = held(company, ANA, automation_wanted(100, 5))
    teams.remove(company.purser, company.actor(OLGA), CHANNEL, (ANA.id, BEN.id))
    for who, word in ((BEN, TeamWord()), (BEN, KeyWord(automation.label)), (ANA, KeyWord(automation.label))):
        assert "You are not in this team" in refusal(asking(company, 10, word, who)).text


def test_named_nobody_agrees_to_a_raise_they_asked_for(company: Company) -> None:
    request_id = asked(company, 10, TeamWord(), OMAR)
    assert refusal(approve(company, request_id, OMAR)).text == (
        "Nobody approves their own request. Another owner has to decide."
    )
    assert facts_of(company, request_id).asked_ids == (OLGA.id,)
    assert isinstance(approve(company, request_id, OLGA), Decided)


def test_named_nobody_decides_about_their_own_budget_or_key(company: Company) -> None:
    set_budget(company, Layer.MEMBER, OMAR.id, 300)
    led_by_ana = held_by_owner(company)
    for request_id in (
        asked(company, 10, PersonWord(OMAR.id), OLGA),
        asked(company, 10, KeyWord(led_by_ana.label), ANA),
    ):
        refused = refusal(approve(company, request_id, OMAR))
        assert refused.text == "Nobody decides about their own budget or key. Another owner has to."
        denied = approvals.deny(company.purser, company.actor(OMAR), request_id, "no")
        assert isinstance(denied, Refused)
        assert OMAR.id not in facts_of(company, request_id).asked_ids


def held_by_owner(company: Company) -> Key:
    """A key that Omar holds and Ana leads."""
    outcome = requests.ask(company.purser, company.actor(OMAR), Place(CHANNEL), automation_wanted(100, 5, lead=ANA))
    assert isinstance(outcome, Sent)
    approvals.approve(company.purser, company.actor(OLGA), outcome.facts.request.id)
    shown = revealing.reveal(company.purser, company.actor(OMAR), outcome.facts.request.id, company.show)
    assert isinstance(shown, revealing.Shown)
    return shown.key


def test_no_lead_decides_a_raise(company: Company) -> None:
    choose(company, lead_up_to_micros=500 * USD)
    made = held(company, ANA, project_wanted(50))
    for word in (ProjectWord("reranker"), KeyWord(made.label)):
        request_id = asked(company, 10, word)
        assert request(company, request_id).rule == "one-owner"
        assert facts_of(company, request_id).asked_ids == (OLGA.id, OMAR.id)
        assert refusal(approve(company, request_id, BEN)).text == "Only owners of the team can do this."


def test_the_same_raise_is_asked_for_once(company: Company) -> None:
    asked(company, 200, TeamWord())
    refused = refusal(asking(company, 300, TeamWord()))
    assert refused.text == (
        "You have asked for $200 more here already, and owners have been told. "
        "Cancel that request first to ask for something else."
    )
    assert isinstance(asking(company, 10, ProjectWord("reranker")), Sent)
    assert isinstance(asking(company, 300, TeamWord(), BEN), Sent)


def test_once_two_asks_for_the_same_raise_at_once_are_one(company: Company) -> None:
    outcomes = at_once(*(partial(asking, company, 200, TeamWord()) for _ in range(2)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Refused", "Sent"]


def test_who_left_gets_no_raise(company: Company) -> None:
    request_id = asked(company, 200, TeamWord())
    teams.remove(company.purser, company.actor(OLGA), CHANNEL, (ANA.id,))
    assert refusal(approve(company, request_id)).text == (
        "<@U0ANA> is not in team search any more, so nobody needs this raise. Deny it instead."
    )


# --- the form ---


def form(company: Company, about: str = "", who: Member = ANA) -> Any:
    return raising.raise_form(company.purser, company.actor(who), CHANNEL, about)


def layers(found: Any) -> list[Layer]:
    return [each.layer for each in found.limits]


def test_the_form_offers_what_binds_the_person_with_their_own_first(company: Company) -> None:
    found = form(company)
    assert layers(found) == [Layer.TEAM]
    assert (found.chosen.layer, found.ends_at) == (Layer.TEAM, DECEMBER)
    set_budget(company, Layer.MEMBER, ANA.id, 300)
    made = held(company, ANA, automation_wanted(100, 5, project="reranker"))
    found = form(company)
    assert layers(found) == [Layer.TEAM, Layer.PROJECT, Layer.MEMBER, Layer.KEY, Layer.AUTOMATION]
    assert found.chosen.layer is Layer.MEMBER
    chosen = form(company, about=made.id).chosen
    assert (chosen.layer, chosen.subject_id) == (Layer.KEY, made.id)
    assert layers(form(company, who=BEN)) == [Layer.TEAM, Layer.PROJECT, Layer.KEY, Layer.AUTOMATION], "Ben leads both"


def test_the_form_behind_somebody_elses_key_is_refused(company: Company) -> None:
    made = held(company)
    refused = refusal(form(company, about=made.id, who=BEN))
    assert refused.because is Because.NOT_ALLOWED


def test_a_form_in_a_team_without_limits_says_so(company: Company) -> None:
    with company.books.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM budgets")
    assert refusal(form(company)).text == "Nothing limits team search, so there is nothing to raise."


def test_the_ledger_says_who_asked_who_agreed_and_by_how_much(company: Company) -> None:
    request_id = asked(company, 200, ProjectWord("reranker"))
    approve(company, request_id)
    with company.books.reading() as session:
        rows = [row for row in ledger.entries(session) if row.request_id == request_id]
        kept = request_rows.raises_of(session, Target(Layer.PROJECT, "project_1"), RequestState.FULFILLED)
    assert [(row.action, row.actor, row.amount_micros, row.project_id) for row in rows] == [
        ("request.made", ANA.id, 200 * USD, "project_1"),
        ("request.approved", OMAR.id, 200 * USD, "project_1"),
        ("raise.started", OMAR.id, 200 * USD, "project_1"),
    ]
    assert [each.id for each in kept] == [request_id]
    assert replace(kept[0]).target == Target(Layer.PROJECT, "project_1")
