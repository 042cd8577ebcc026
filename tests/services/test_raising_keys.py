"""More for a key: its cap and its day, within what it is charged to and what its kind may have."""

from __future__ import annotations

from functools import partial

import pytest

from bot.domain.budgets import Layer
from bot.domain.keys import Key, KeyKind, KeyState, OffCause
from bot.domain.policy import KindPolicy
from bot.domain.requests import Because, RequestState
from bot.services import turning_off
from bot.services.approvals import AlreadyDecided, Changes, Decided
from bot.services.raising import KeyWord, ProjectWord, TeamWord
from bot.services.requests import Sent
from bot.services.turning_off import start
from storage import keys
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.faults.kit import at_once
from tests.services.kit import (
    USD,
    add_project,
    automation_wanted,
    choose,
    held,
    key,
    project_wanted,
    refusal,
    request,
    spend,
    wanted,
)
from tests.services.raising_kit import approve, asked, asking, facts_of, limit


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    add_project(company_anywhere)
    return company_anywhere


def test_a_raise_of_a_keys_cap_must_fit_what_the_key_is_charged_to(company: Company) -> None:
    made = held(company, ANA, project_wanted(150))
    refused = refusal(asking(company, 51, KeyWord(made.label)))
    assert refused.rule == "headroom"
    assert refused.text.startswith("Only $50 is left in project reranker's budget of $200")
    request_id = asked(company, 50, KeyWord(made.label))
    assert [(each.layer, each.headroom_micros) for each in facts_of(company, request_id).budgets] == [
        (Layer.TEAM, 350 * USD),
        (Layer.PROJECT, 50 * USD),
    ]
    held(company, BEN, project_wanted(20))
    refused = refusal(approve(company, request_id))
    assert refused.text.endswith("Approve with changes to a smaller amount, or deny.")
    approve(company, request_id, changes=Changes(cap_micros=30 * USD))
    company.perform()
    assert key(company, made.id).cap_micros == 180 * USD
    assert company.gateway.held[made.handle or ""].cap_micros == 180 * USD
    assert limit(company, Layer.PROJECT, "project_1").headroom_micros == 0


def test_the_cap_holds_two_raises_at_once_do_not_both_take_the_last_dollar(company: Company) -> None:
    first, second = held(company, ANA, wanted(200)), held(company, BEN, wanted(200))
    waiting = [asked(company, 100, KeyWord(first.label)), asked(company, 100, KeyWord(second.label), BEN)]
    outcomes = at_once(*(partial(approve, company, each, who) for each, who in zip(waiting, (OMAR, OLGA), strict=True)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Decided", "Refused"]
    assert limit(company, Layer.TEAM, "team_1").headroom_micros == 0


def test_a_raise_of_a_budget_needs_no_room_above_it(company: Company) -> None:
    request_id = asked(company, 900, ProjectWord("reranker"))
    assert isinstance(approve(company, request_id), Decided)
    assert limit(company, Layer.PROJECT, "project_1").budget_micros == 1100 * USD
    assert limit(company, Layer.TEAM, "team_1").budget_micros == 500 * USD, "and the team's binds all the same"


def test_a_keys_cap_is_raised_within_what_its_kind_may_have(company: Company) -> None:
    kinds = company.purser.policy.kinds
    choose(company, kinds={**kinds, KeyKind.AUTOMATION: KindPolicy(120 * USD, largest_daily_cap_micros=8 * USD)})
    made = held(company, ANA, automation_wanted(100, 5))
    assert refusal(asking(company, 20.01, KeyWord(made.label))).rule == "largest-cap"
    assert refusal(asking(company, 3.01, KeyWord(made.label), daily=True)).rule == "largest-daily-cap"
    request_id = asked(company, 20, KeyWord(made.label))
    assert refusal(approve(company, request_id, changes=Changes(cap_micros=21 * USD))).rule == "largest-cap"
    assert isinstance(approve(company, request_id), Decided)


def test_a_keys_day_is_raised_within_its_month(company: Company) -> None:
    made = held(company, ANA, automation_wanted(20, 15))
    refused = refusal(asking(company, 6, KeyWord(made.label), daily=True))
    assert refused.text == "$21 a day is more than the key has a month, $20. Raise that first."
    request_id = asked(company, 5, KeyWord(made.label), daily=True)
    assert facts_of(company, request_id).budgets == (), "a day promises no more money"
    more = Changes(cap_micros=6 * USD)
    assert refusal(approve(company, request_id, changes=more)).because is Because.WRONG_DAILY_CAP
    approve(company, request_id)
    company.perform()
    assert key(company, made.id).daily_cap_micros == 20 * USD
    assert company.gateway.held[made.handle or ""].daily_cap_micros == 20 * USD


def test_a_key_that_a_limit_stopped_can_be_raised_and_one_that_is_off_cannot(company: Company) -> None:
    stopped, ended = held(company, ANA, wanted(25)), held(company, BEN, wanted(25))
    turn_off(company, stopped, OffCause.BUDGET)
    turn_off(company, ended, OffCause.DISABLED)
    assert isinstance(asking(company, 10, KeyWord(stopped.label)), Sent)
    refused = refusal(asking(company, 10, KeyWord(ended.label), BEN))
    assert refused.text == f"`{ended.label}` is not in use any more, so more money would be of no use."


def turn_off(company: Company, made: Key, cause: OffCause) -> None:
    with company.purser.deciding() as session:
        now_key = keys.get(session, made.id)
        assert now_key is not None
        assert start(session, company.clock.now(), now_key, "purser", cause, "because") is not None
    company.perform()


@pytest.mark.parametrize("cause", [OffCause.BUDGET, OffCause.DISABLED, OffCause.RETURNED])
def test_an_ask_for_more_ends_with_its_key_unless_it_is_what_brings_it_back(company: Company, cause: OffCause) -> None:
    made = held(company, ANA, automation_wanted(100, 5))
    waiting = [asked(company, 10, KeyWord(made.label)), asked(company, 1, KeyWord(made.label), daily=True)]
    turn_off(company, made, cause)
    states = {request(company, each).state for each in waiting}
    if cause is OffCause.BUDGET:
        assert states == {RequestState.WAITING}
        assert isinstance(approve(company, waiting[0]), Decided)
        return
    assert states == {RequestState.CANCELLED}
    assert company.notifier.occasions("direct:U0ANA").count("extension_closed") == 2
    assert all(request(company, each).closed_with_its_key for each in waiting)


def test_a_raise_of_a_key_that_went_off_for_good_is_not_agreed_to(company: Company) -> None:
    made = held(company)
    turn_off(company, made, OffCause.BUDGET)
    request_id = asked(company, 10, KeyWord(made.label))
    turning_off.give_back(company.purser, company.actor(ANA), turning_off.Target(label=made.label))
    assert request(company, request_id).state is RequestState.CANCELLED
    assert isinstance(approve(company, request_id), AlreadyDecided)
    assert key(company, made.id).cap_micros == 25 * USD


def test_a_raise_of_a_key_that_is_gone_is_not_agreed_to(company: Company) -> None:
    made = held(company)
    request_id = asked(company, 10, KeyWord(made.label))
    with company.purser.deciding() as session:
        assert keys.move(session, made.id, KeyState.LIVE, KeyState.DISABLING, keys.Change(off_cause=OffCause.DRIFT))
    assert refusal(approve(company, request_id)).text == (
        f"`{made.label}` is not in use any more, so there is nothing to raise. Deny it instead."
    )


def test_a_raise_never_resets_what_was_spent(company: Company) -> None:
    made = held(company, ANA, wanted(100))
    spend(company, made, 60)
    before = limit(company, Layer.TEAM, "team_1")
    approve(company, asked(company, 200, TeamWord()))
    approve(company, asked(company, 50, KeyWord(made.label)))
    company.perform()
    after = limit(company, Layer.TEAM, "team_1")
    assert before.spent_micros == after.spent_micros == 60 * USD
    assert after.budget_micros == 700 * USD
    assert limit(company, Layer.KEY, made.id).spent_micros == 60 * USD
