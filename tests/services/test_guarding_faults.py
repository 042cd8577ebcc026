"""The guard where things go wrong: lost replies, a gateway or Slack that is down, crashes, people in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import AlertFacts, Occasion, Revealed
from bot.domain.keys import KeyKind, KeyState, OffCause
from bot.domain.requests import Because, Refused
from bot.services import auditing, revealing, snoozing
from bot.services.guarding import alert_now, guard
from storage import ledger
from tests.company import ANA, BEN, EVE, GUS, OLGA, OMAR, Company
from tests.fakes import Clock, Mishap
from tests.services.guard_kit import (
    ROOM,
    SETTLED_SECONDS,
    TEAM_ID,
    add_key,
    all_alerts,
    is_live,
    is_stopped,
    labels,
    now,
    poll,
    set_budget,
    settle,
    spend,
    standing_alert,
    sync,
    thresholds,
    told,
)
from tests.services.kit import granted, keys_of

DM_ANA, DM_BEN, DM_OMAR = f"direct:{ANA.id}", f"direct:{BEN.id}", f"direct:{OMAR.id}"
CRASHES = (
    "after-stop-commit",
    "after-alert-posted",
    "before-effect:slack.alert",
    "after-effect:slack.alert",
    "before-effect:gateway.disable",
    "after-gateway-disabled",
    "after-effect:slack.direct",
)
CRASHES_COMING_BACK = ("before-effect:gateway.resume", "after-gateway-enabled", "after-effect:gateway.resume")


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LYING])
def test_a_stop_that_cannot_be_confirmed_says_so_and_is_tried_until_it_is(company: Company, mishap: Mishap) -> None:
    key = add_key(company)
    spend(company, key, 510)
    company.gateway.mishaps.add("disable", *[mishap] * 4)
    poll(company)
    assert standing_alert(company).stopped[0].key.proof is None
    (notice,) = told(company, DM_ANA, Occasion.KEYS_STOPPED)
    assert notice.keys[0].key.proof is None
    for _ in range(4):
        company.clock.advance(seconds=10)
        company.perform()
    settle(company)
    assert is_stopped(company, key)
    assert standing_alert(company).stopped[0].key.proof is not None
    assert len(told(company, DM_OMAR, Occasion.OFF_UNPROVEN)) == 1
    assert len(told(company, ROOM, Occasion.LIMIT)) == 1
    assert len(told(company, DM_ANA, Occasion.KEYS_STOPPED)) == 1


@pytest.mark.parametrize("point", CRASHES)
def test_once_a_crash_while_keys_are_stopped_doubles_and_loses_nothing(company: Company, point: str) -> None:
    keys = [add_key(company), add_key(company, BEN)]
    spend(company, keys[0], 510)
    with company.crashing(point, down_seconds=40):
        poll(company)
    poll(company)
    company.settle()
    poll(company)
    assert is_stopped(company, *keys)
    assert thresholds(company, Layer.TEAM) == [(50, False), (80, False), (100, True)]
    assert len(told(company, ROOM, Occasion.LIMIT)) == 1
    assert len(standing_alert(company).stopped) == 2
    for person in (ANA, BEN):
        assert len(told(company, f"direct:{person.id}", Occasion.KEYS_STOPPED)) == 1
    with company.books.reading() as session:
        assert len(ledger.entries(session, action="key.budget")) == 2
    assert auditing.verify(company.books).ok


@pytest.mark.parametrize("point", CRASHES_COMING_BACK)
def test_once_a_crash_while_keys_come_back_doubles_and_loses_nothing(company: Company, point: str) -> None:
    keys = [add_key(company), add_key(company)]
    spend(company, keys[0], 510)
    poll(company)
    set_budget(company, Layer.TEAM, TEAM_ID, 900)
    with company.crashing(point, down_seconds=40):
        poll(company)
    poll(company)
    company.settle()
    assert is_live(company, *keys)
    (notice,) = told(company, DM_ANA, Occasion.KEYS_BACK)
    assert labels(one.key for one in notice.keys) == labels(keys)
    with company.books.reading() as session:
        assert len(ledger.entries(session, action="key.resumed")) == 2
        assert len(ledger.entries(session, action="key.proven_on")) == 2


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST])
def test_an_alert_is_posted_once_when_slack_does_not_answer(company: Company, mishap: Mishap) -> None:
    key = add_key(company)
    spend(company, key, 510)
    company.notifier.mishaps.add("post", mishap)
    poll(company)
    company.settle()
    assert len(told(company, ROOM, Occasion.LIMIT)) == 1
    assert standing_alert(company).stopped[0].key.proof is not None
    assert all_alerts(company)[-1].ts is not None


def test_an_alert_that_cannot_be_posted_reaches_those_who_can_act(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 260)
    company.notifier.mishaps.add("post", Mishap.REFUSED)
    poll(company)
    assert len(told(company, DM_OMAR, Occasion.LIMIT)) == 1
    assert told(company, ROOM, Occasion.LIMIT) == []


class Interrupted(Clock):
    """Whoever sleeps on it sleeps long: what is due meanwhile is performed."""

    def __init__(self, company: Company) -> None:
        super().__init__(company.clock.at)
        self.company = company

    def now(self) -> datetime:
        return self.company.clock.now()

    def sleep(self, seconds: float) -> None:
        self.company.clock.advance(seconds=seconds + SETTLED_SECONDS)
        self.company.perform()


def test_a_pass_that_takes_long_leaves_no_stopped_key_untold_and_tells_none_twice(company: Company) -> None:
    first = add_key(company, ANA, KeyKind.AUTOMATION, daily_usd=900, lead=BEN)
    others = [add_key(company, BEN) for _ in range(12)]
    last = add_key(company, ANA, KeyKind.MEMBER)
    spend(company, first, 510)
    sync(company)
    guard(replace(company.purser, clock=Interrupted(company)))
    settle(company)
    poll(company)
    assert is_stopped(company, first, last, *others)
    for holder, held in ((DM_ANA, [first, last]), (DM_BEN, others)):
        told_of = [one.key for notice in told(company, holder, Occasion.KEYS_STOPPED) for one in notice.keys]
        assert labels(told_of) == labels(held)


def test_a_stop_meets_a_holder_who_is_just_revealing(company: Company) -> None:
    spender = add_key(company, BEN, usd=100)
    request_id = granted(company)

    def show(revealed: Revealed) -> None:
        spend(company, spender, 510)
        sync(company)
        guard(company.purser)
        company.show(revealed)

    revealing.reveal(company.purser, company.actor(ANA), request_id, show)
    settle(company)
    (new,) = keys_of(company, request_id)
    assert new.state is KeyState.LIVE
    poll(company)
    assert is_stopped(company, spender, new)
    (notice,) = told(company, DM_ANA, Occasion.KEYS_STOPPED)
    assert labels(one.key for one in notice.keys) == [new.label]


def test_a_restored_key_under_a_reached_limit_is_stopped_again(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 510)
    poll(company)
    set_budget(company, Layer.TEAM, TEAM_ID, 900)
    sync(company)
    guard(company.purser)
    assert now(company, key).state is KeyState.RESTORING
    set_budget(company, Layer.TEAM, TEAM_ID, 500)
    poll(company)
    assert is_stopped(company, key)
    assert told(company, DM_ANA, Occasion.KEYS_BACK) == []


def snoozed_at(company: Company, usd: float) -> AlertFacts:
    key = add_key(company)
    spend(company, key, usd)
    poll(company)
    facts = snoozing.snooze(company.purser, company.actor(OMAR), all_alerts(company)[-1].id)
    assert isinstance(facts, AlertFacts), facts
    settle(company)
    return facts


def test_a_snoozed_limit_is_quiet_for_a_day_and_then_tells_where_it_is(company: Company) -> None:
    facts = snoozed_at(company, 260)
    assert facts.snoozed_by == OMAR.id
    assert standing_alert(company).snoozed_by == OMAR.id
    spend(company, add_key(company), 150)
    poll(company)
    assert len(told(company, ROOM, Occasion.LIMIT)) == 1
    company.clock.advance(hours=25)
    poll(company)
    assert [notice.alert.threshold for notice in told(company, ROOM, Occasion.LIMIT) if notice.alert] == [50, 80]
    with company.books.reading() as session:
        assert [row.actor for row in ledger.entries(session, action="limit.snoozed")] == [OMAR.id]


def test_a_snooze_does_not_keep_a_reached_limit_from_stopping_and_telling(company: Company) -> None:
    snoozed_at(company, 410)
    key = add_key(company)
    spend(company, key, 100)
    poll(company)
    assert is_stopped(company, key)
    assert standing_alert(company).threshold == 100


def test_whoever_could_act_may_snooze_and_nobody_else(company: Company) -> None:
    key = add_key(company, usd=25, lead=BEN)
    spend(company, key, 20)
    poll(company)
    alert = next(one for one in all_alerts(company) if one.layer is Layer.KEY and one.told)
    for person in (ANA, BEN, OLGA, OMAR):
        assert isinstance(snoozing.snooze(company.purser, company.actor(person), alert.id), AlertFacts), person
    for person in (GUS, EVE):
        refused = snoozing.snooze(company.purser, company.actor(person), alert.id)
        assert isinstance(refused, Refused)
        assert refused.because is Because.NOT_ALLOWED
    unknown = snoozing.snooze(company.purser, company.actor(OMAR), "alert_999")
    assert isinstance(unknown, Refused)
    assert unknown.because is Because.NOT_FOUND


def test_an_alert_tells_how_its_period_ended_when_looked_at_later(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 510)
    poll(company)
    alert = all_alerts(company)[-1]
    company.clock.advance(days=15)
    poll(company)
    facts = alert_now(company.purser, alert.id)
    assert facts is not None
    assert (facts.limit.period, facts.limit.spent_micros, facts.back) == ("2026-11", 510_000_000, 1)
    assert alert_now(company.purser, "alert_999") is None
    assert now(company, key).off_cause is not OffCause.BUDGET
