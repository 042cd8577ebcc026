"""A key's cap at the gateway is what the books say now, and is believed only once the gateway's record shows it."""

from __future__ import annotations

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.requests import RequestState, Target
from bot.gateways.base import CapPeriod, FailureKind, GatewayError
from bot.services import capping, turning_off
from bot.services.raised import end_raises
from bot.services.reconcile import reconcile
from bot.slack.views.direct import direct
from storage import keys, outbox
from tests.company import ANA, OLGA, OMAR, Company
from tests.fakes import Crash, Mishap
from tests.services.kit import USD, held, wanted
from tests.services.raises_kit import (
    agree,
    agreed_raise,
    at_gateway,
    make_automation,
    now_key,
    on,
    rows,
    state_of,
    told,
    waiting_raise,
)

END = on("2026-12-01")


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


@pytest.fixture
def key(company: Company) -> Key:
    return held(company)


def set_in_books(company: Company, key: Key, usd: float, *, once: str) -> None:
    """Somebody decides on another cap; the effect is written down and not performed."""
    with company.purser.deciding() as session:
        change = keys.Change(cap_micros=round(usd * USD))
        assert keys.move(session, key.id, KeyState.LIVE, KeyState.LIVE, change)
        capping.wanted(session, company.clock.now(), key.id, once=once)


def waits(company: Company, key: Key) -> bool:
    with company.books.reading() as session:
        return capping.is_waiting(session, key.id)


def test_an_effect_that_comes_late_sets_what_the_books_say_by_then(company: Company, key: Key) -> None:
    set_in_books(company, key, 40, once="first")
    set_in_books(company, key, 30, once="second")
    company.perform()
    assert at_gateway(company, key).cap_micros == 30 * USD
    assert company.gateway.calls["set_cap"] == 1, "the second had nothing left to do"


def test_cap_period_and_cap_per_day_go_together(company: Company, key: Key) -> None:
    key = make_automation(company, key, 10)
    assert key.handle is not None
    company.gateway.change(key.handle, cap_period=CapPeriod.DAY, daily_cap_micros=None)
    set_in_books(company, key, 40, once="first")
    company.perform()
    seen = at_gateway(company, key)
    assert (seen.cap_micros, seen.cap_period, seen.daily_cap_micros) == (40 * USD, CapPeriod.TOTAL, 10 * USD)


def test_a_gateway_that_says_yes_and_does_nothing_is_not_believed(company: Company, key: Key) -> None:
    set_in_books(company, key, 40, once="first")
    company.gateway.mishaps.add("set_cap", Mishap.LYING)
    company.perform()
    assert waits(company, key)
    company.gateway.mishaps.add("set_cap", Mishap.LYING)
    with pytest.raises(GatewayError) as caught:
        capping.hold(company.gateway, now_key(company, key))
    assert caught.value.kind is FailureKind.TRANSIENT
    company.settle()
    assert not waits(company, key)
    assert at_gateway(company, key).cap_micros == 40 * USD


@pytest.mark.parametrize("mishap", list(Mishap))
def test_whatever_goes_wrong_it_is_tried_until_the_record_shows_it(company: Company, key: Key, mishap: Mishap) -> None:
    request_id = waiting_raise(company, Target(Layer.KEY, key.id), 10, END)
    company.gateway.mishaps.add("set_cap", *[mishap] * 7)
    agree(company, request_id)
    company.perform()
    for _ in range(12):
        company.clock.advance(seconds=301)
        company.perform()
    assert at_gateway(company, key).cap_micros == 35 * USD
    assert state_of(company, request_id) is RequestState.FULFILLED
    assert told(company, f"direct:{ANA.id}", Occasion.RAISED) == 1


def test_a_record_that_cannot_be_read_proves_nothing(company: Company, key: Key) -> None:
    company.gateway.mishaps.add("find", Mishap.DOWN, Mishap.DOWN)
    request_id = agreed_raise(company, Target(Layer.KEY, key.id), 10, END)
    assert state_of(company, request_id) is RequestState.APPROVED
    company.settle()
    assert state_of(company, request_id) is RequestState.FULFILLED


def test_owners_are_told_once_from_the_third_failure_on_and_the_holder_is_not(company: Company, key: Key) -> None:
    company.gateway.mishaps.add("set_cap", *[Mishap.DOWN] * 6)
    agreed_raise(company, Target(Layer.KEY, key.id), 10, END)
    calls = []
    for _ in range(6):
        calls.append((company.gateway.calls["set_cap"], told(company, f"direct:{OMAR.id}", Occasion.CAP_UNPROVEN)))
        company.clock.advance(seconds=301)
        company.perform()
    assert calls == [(1, 0), (2, 0), (3, 1), (4, 1), (5, 1), (6, 1)]
    assert told(company, f"direct:{OLGA.id}", Occasion.CAP_UNPROVEN) == 1
    assert told(company, f"thread:{key.request_id}", Occasion.CAP_UNPROVEN) == 1
    assert told(company, f"direct:{ANA.id}", Occasion.CAP_UNPROVEN) == 0
    assert at_gateway(company, key).cap_micros == 35 * USD


def test_a_cap_that_cannot_be_set_does_not_hold_up_turning_the_key_off(company: Company, key: Key) -> None:
    company.gateway.mishaps.add("set_cap", *[Mishap.DOWN] * 100)
    agreed_raise(company, Target(Layer.KEY, key.id), 10, END)
    list(turning_off.disable(company.purser, company.actor(OMAR), turning_off.Target(key_id=key.id), "leaked"))
    assert not at_gateway(company, key).enabled
    assert now_key(company, key).state is KeyState.DISABLED
    assert waits(company, key), "the cap is still owed to the key, should it come back"


@pytest.mark.parametrize("point", ["before-effect", "after-effect", "after-recorded"])
def test_a_crash_around_it_ends_in_one_cap_and_one_message(company: Company, key: Key, point: str) -> None:
    request_id = waiting_raise(company, Target(Layer.KEY, key.id), 10, END)
    agree(company, request_id)
    with company.crashing(f"{point}:{capping.CAP}", down_seconds=60):
        company.perform()
    company.settle()
    assert at_gateway(company, key).cap_micros == 35 * USD
    assert told(company, f"direct:{ANA.id}", Occasion.RAISED) == 1
    with company.books.reading() as session:
        assert not outbox.dead(session)


def test_a_decision_that_died_before_its_commit_changed_nothing(company: Company, key: Key) -> None:
    request_id = waiting_raise(company, Target(Layer.KEY, key.id), 10, END)
    company.life.is_over = True
    with pytest.raises(Crash):
        agree(company, request_id)
    company.life.is_over = False
    company.settle()
    assert state_of(company, request_id) is RequestState.WAITING
    assert now_key(company, key).cap_micros == at_gateway(company, key).cap_micros == 25 * USD


@pytest.mark.parametrize("gone", ["deleted", "unheard of"])
def test_a_key_that_is_gone_at_the_gateway_needs_no_cap(company: Company, key: Key, gone: str) -> None:
    assert key.handle is not None
    if gone == "deleted":
        company.gateway.change(key.handle, enabled=False, deleted=True)
    else:
        del company.gateway.held[key.handle]
    set_in_books(company, key, 40, once="first")
    company.perform()
    assert not waits(company, key)
    assert company.gateway.calls["set_cap"] == 0


@pytest.mark.parametrize("gone", ["deleted", "unheard of"])
def test_a_raise_of_a_key_that_is_gone_at_the_gateway_lapses_and_is_never_told_as_standing(
    company: Company, key: Key, gone: str
) -> None:
    assert key.handle is not None
    if gone == "deleted":
        company.gateway.change(key.handle, enabled=False, deleted=True)
    else:
        del company.gateway.held[key.handle]
    request_id = agreed_raise(company, Target(Layer.KEY, key.id), 10, END)
    company.settle()
    assert not waits(company, key)
    after = now_key(company, key)
    assert (after.state, after.off_cause, after.cap_micros) == (KeyState.DISABLED, OffCause.DRIFT, 25 * USD)
    assert state_of(company, request_id) is RequestState.LAPSED
    assert told(company, f"direct:{ANA.id}", Occasion.RAISED) == 0
    assert told(company, f"direct:{ANA.id}", Occasion.KEY_GONE) == 1
    (lapsed,) = (
        one.notice
        for one in company.notifier.messages
        if one.where == f"direct:{ANA.id}" and one.notice.occasion is Occasion.LAPSED
    )
    assert f"`{key.label}` is gone at the gateway, so there is nothing to raise." in direct(lapsed, END).text
    company.clock.at = END
    end_raises(company.purser)
    company.settle()
    assert now_key(company, key).cap_micros == 25 * USD
    assert told(company, f"direct:{ANA.id}", Occasion.RAISE_ENDED) == 0


def test_a_raise_of_a_total_cap_leaves_what_the_key_has_spent(company: Company) -> None:
    key = held(company, what=wanted(5))
    assert key.handle is not None
    company.gateway.spend(key.handle, 4 * USD)
    agreed_raise(company, Target(Layer.KEY, key.id), 3, END)
    assert at_gateway(company, key).spent_micros == 4 * USD
    assert company.gateway.spend(key.handle, 100 * USD) == 4 * USD


# --- caps that somebody changed at the gateway ---


def test_a_cap_per_day_changed_at_the_gateway_is_put_back_and_reported_once(company: Company, key: Key) -> None:
    key = make_automation(company, key, 10)
    company.gateway.change(key.handle or "", daily_cap_micros=None)
    for _ in range(2):
        reconcile(company.purser)
        company.perform()
    seen = at_gateway(company, key)
    assert (seen.cap_micros, seen.daily_cap_micros) == (25 * USD, 10 * USD)
    assert told(company, f"direct:{OLGA.id}", Occasion.CAP_RESTORED) == 1
    (said,) = rows(company, action="key.cap_restored")
    assert said.reason == "no cap a day instead of $10 a day"


def test_a_cap_put_back_keeps_the_cap_per_day(company: Company, key: Key) -> None:
    key = make_automation(company, key, 10)
    company.gateway.change(key.handle or "", cap_micros=900 * USD)
    reconcile(company.purser)
    seen = at_gateway(company, key)
    assert (seen.cap_micros, seen.daily_cap_micros) == (25 * USD, 10 * USD)
    (said,) = rows(company, action="key.cap_restored")
    assert said.reason == "$900 instead of $25"


def test_a_raise_on_its_way_to_the_gateway_is_not_taken_for_somebody_elses_doing(company: Company, key: Key) -> None:
    company.gateway.mishaps.add("set_cap", Mishap.DOWN)
    agreed_raise(company, Target(Layer.KEY, key.id), 10, END)
    reconcile(company.purser)
    company.settle()
    assert at_gateway(company, key).cap_micros == 35 * USD
    assert told(company, f"direct:{OLGA.id}", Occasion.CAP_RESTORED) == 0


def test_a_raise_made_while_keys_were_listed_is_not_taken_for_somebody_elses_doing(company: Company, key: Key) -> None:
    listed = company.gateway.list_keys()
    agreed_raise(company, Target(Layer.KEY, key.id), 10, END)
    company.gateway.list_keys = lambda: listed  # type: ignore[method-assign]
    reconcile(company.purser)
    company.settle()
    assert at_gateway(company, key).cap_micros == 35 * USD
    assert told(company, f"direct:{OLGA.id}", Occasion.CAP_RESTORED) == 0
