"""A raise stands from when it is agreed until its end, then falls back by itself; what was spent stays spent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.requests import Refused, RequestState, Target
from bot.services import approvals, turning_off
from bot.services.auditing import verify
from bot.services.guarding import guard
from bot.services.raised import end_raises
from bot.services.raising import AskRaise, ask_raise
from bot.services.requests import Place, Sent
from bot.services.restoring import restore
from bot.services.words import KeyWord, PersonWord, TeamWord
from storage import keys
from tests.company import ANA, OMAR, Company
from tests.fakes import Mishap, MortalBooks
from tests.faults.kit import at_once
from tests.services.kit import CHANNEL, USD, headroom, held, set_budget, spend, wanted
from tests.services.raises_kit import (
    TEAM,
    agree,
    agreed_raise,
    at_gateway,
    make_automation,
    now_key,
    on,
    raised_micros,
    rows,
    state_of,
    told,
    waiting_raise,
)

ENDS = {
    "inside the month": on("2026-11-25 15:00"),
    "at the month's end": on("2026-12-01"),
    "beyond it": on("2027-02-10"),
}


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


@pytest.fixture(params=list(ENDS))
def ends_at(request: pytest.FixtureRequest) -> datetime:
    return ENDS[request.param]


@pytest.mark.parametrize("layer", [Layer.TEAM, Layer.PROJECT, Layer.MEMBER])
def test_a_raised_budget_is_higher_until_the_very_moment_of_its_end(
    company: Company, layer: Layer, ends_at: datetime
) -> None:
    target = Target(layer, f"some_{layer}")
    request_id = agreed_raise(company, target, 200, ends_at)
    assert state_of(company, request_id) is RequestState.FULFILLED
    assert raised_micros(company, target, company.clock.now()) == 200 * USD
    assert raised_micros(company, target, ends_at - timedelta(microseconds=1)) == 200 * USD
    assert raised_micros(company, target, ends_at) == 0


def test_who_asked_and_the_thread_are_told_once_that_it_stands_and_once_that_it_is_over(
    company: Company, ends_at: datetime
) -> None:
    request_id = agreed_raise(company, TEAM, 200, ends_at)
    company.clock.at = ends_at - timedelta(seconds=1)
    end_raises(company.purser)
    company.perform()
    assert told(company, f"thread:{request_id}", Occasion.RAISE_ENDED) == 0
    company.clock.at = ends_at
    for _ in range(3):
        end_raises(company.purser)
        company.perform()
    for where in (f"thread:{request_id}", f"direct:{ANA.id}"):
        assert told(company, where, Occasion.RAISED) == 1
        assert told(company, where, Occasion.RAISE_ENDED) == 1
    started, ended = rows(company, action="raise.started"), rows(company, action="raise.ended")
    assert [(row.actor, row.amount_micros) for row in started] == [(OMAR.id, 200 * USD)]
    assert [(row.actor, row.amount_micros) for row in ended] == [("purser", 200 * USD)]
    assert verify(company.books).ok


def test_a_raised_key_may_spend_more_at_the_gateway_and_falls_back_there(company: Company, ends_at: datetime) -> None:
    key = held(company, what=wanted(25, 30))
    request_id = agreed_raise(company, Target(Layer.KEY, key.id), 10, ends_at)
    assert state_of(company, request_id) is RequestState.FULFILLED
    assert at_gateway(company, key).cap_micros == now_key(company, key).cap_micros == 35 * USD
    company.clock.at = ends_at
    end_raises(company.purser)
    company.perform()
    assert at_gateway(company, key).cap_micros == now_key(company, key).cap_micros == 25 * USD


def test_a_raised_day_moves_the_cap_per_day_and_nothing_else(company: Company, ends_at: datetime) -> None:
    key = make_automation(company, held(company, what=wanted(200, 30)), 10)
    agreed_raise(company, Target(Layer.AUTOMATION, key.id), 5, ends_at)
    seen = at_gateway(company, key)
    assert (seen.cap_micros, seen.daily_cap_micros) == (200 * USD, 15 * USD)
    company.clock.at = ends_at
    end_raises(company.purser)
    company.perform()
    seen = at_gateway(company, key)
    assert (seen.cap_micros, seen.daily_cap_micros) == (200 * USD, 10 * USD)


def test_nothing_that_was_spent_is_reset_by_a_raise_or_its_end(company: Company) -> None:
    key = held(company)
    assert key.handle is not None
    assert company.gateway.spend(key.handle, 30 * USD) == 25 * USD, "the cap holds"
    agreed_raise(company, Target(Layer.KEY, key.id), 10, on("2026-11-23"))
    assert at_gateway(company, key).spent_micros == 25 * USD
    assert company.gateway.spend(key.handle, 30 * USD) == 10 * USD, "only what the raise added"
    company.clock.at = on("2026-11-23")
    end_raises(company.purser)
    company.perform()
    assert at_gateway(company, key).spent_micros == 35 * USD
    assert company.gateway.spend(key.handle, 1 * USD) == 0


def test_a_raised_key_is_told_only_once_the_gateways_record_shows_it(company: Company) -> None:
    key = held(company)
    company.gateway.mishaps.add("set_cap", Mishap.LYING, Mishap.DOWN)
    request_id = agreed_raise(company, Target(Layer.KEY, key.id), 10, on("2026-12-01"))
    assert state_of(company, request_id) is RequestState.APPROVED
    assert told(company, f"direct:{ANA.id}", Occasion.RAISED) == 0
    company.settle()
    assert state_of(company, request_id) is RequestState.FULFILLED
    assert told(company, f"direct:{ANA.id}", Occasion.RAISED) == 1


def test_raises_of_one_key_add_up_and_fall_back_one_by_one(company: Company) -> None:
    key = held(company, what=wanted(25, 30))
    target = Target(Layer.KEY, key.id)
    caps = []
    for usd, end in ((10, "2026-11-25"), (5, "2026-11-28"), (7, "2026-11-25")):
        agreed_raise(company, target, usd, on(end))
        caps.append(at_gateway(company, key).cap_micros)
    for day in ("2026-11-24 23:59", "2026-11-25", "2026-11-28"):
        company.clock.at = on(day)
        end_raises(company.purser)
        company.perform()
        caps.append(at_gateway(company, key).cap_micros)
    assert caps == [usd * USD for usd in (35, 40, 47, 47, 30, 25)]


def test_raises_that_ended_while_purser_was_down_for_two_months_end_once_when_it_is_back(company: Company) -> None:
    key = held(company, what=wanted(25, 30))
    asked = [agreed_raise(company, Target(Layer.KEY, key.id), usd, on("2026-12-01")) for usd in (10, 5)]
    asked.append(agreed_raise(company, TEAM, 100, on("2026-12-15")))
    company.clock.at = on("2027-01-20 10:00")
    end_raises(company.purser)
    company.perform()
    assert at_gateway(company, key).cap_micros == 25 * USD
    for request_id in asked:
        assert told(company, f"thread:{request_id}", Occasion.RAISE_ENDED) == 1
    assert raised_micros(company, TEAM, company.clock.now()) == 0
    assert len(rows(company, action="raise.ended")) == 3


def test_a_cap_never_falls_below_a_cent(company: Company) -> None:
    key = held(company)
    agreed_raise(company, Target(Layer.KEY, key.id), 10, on("2026-11-23"))
    with company.purser.deciding() as session:  # somebody lowered it meanwhile
        keys.move(session, key.id, KeyState.LIVE, KeyState.LIVE, keys.Change(cap_micros=5 * USD))
    company.clock.at = on("2026-11-23")
    end_raises(company.purser)
    company.perform()
    assert at_gateway(company, key).cap_micros == now_key(company, key).cap_micros == 10_000


def test_two_replicas_end_a_raise_once(company: Company, migrated_url: str) -> None:
    key = held(company, what=wanted(25, 30))
    request_id = agreed_raise(company, Target(Layer.KEY, key.id), 10, on("2026-11-25"))
    company.clock.at = on("2026-11-25")
    books = MortalBooks(migrated_url)
    other = replace(company.purser, books=books)
    at_once(lambda: end_raises(company.purser), lambda: end_raises(other))
    books.close()
    company.perform()
    assert at_gateway(company, key).cap_micros == 25 * USD
    assert told(company, f"thread:{request_id}", Occasion.RAISE_ENDED) == 1
    assert len(rows(company, action="raise.ended")) == 1


def test_a_crash_between_two_ends_loses_none_and_repeats_none(company: Company) -> None:
    key = held(company, what=wanted(25, 30))
    for usd in (10, 5):
        agreed_raise(company, Target(Layer.KEY, key.id), usd, on("2026-11-25"))
    company.clock.at = on("2026-11-25")
    end_raises(company.purser)
    with company.crashing("after-effect:gateway.cap", down_seconds=60):
        company.perform()
    end_raises(company.purser)
    company.settle()
    assert at_gateway(company, key).cap_micros == now_key(company, key).cap_micros == 25 * USD
    assert len(rows(company, action="raise.ended")) == 2


@pytest.mark.parametrize("ended_first", [True, False], ids=["it ended while off", "it ended before it went off"])
def test_a_key_never_comes_back_with_a_raise_that_has_ended(company: Company, *, ended_first: bool) -> None:
    """Turning it off withdraws what waits for the key: the fall-back is not lost with that."""
    key = held(company, what=wanted(25, 30))
    agreed_raise(company, Target(Layer.KEY, key.id), 10, on("2026-11-23"))

    def turn_off() -> None:
        list(turning_off.disable(company.purser, company.actor(OMAR), turning_off.Target(key_id=key.id), "a pause"))

    def end() -> None:
        company.clock.at = on("2026-11-23")
        company.gateway.mishaps.add("set_cap", Mishap.DOWN)
        end_raises(company.purser)

    for step in (turn_off, end) if ended_first else (end, turn_off):
        step()
    assert now_key(company, key).state is KeyState.DISABLED
    outcome = restore(company.purser, company.actor(OMAR), key.id)
    assert not isinstance(outcome, Refused), outcome
    company.settle()
    seen = at_gateway(company, key)
    assert seen.enabled
    assert seen.cap_micros == 25 * USD


def test_a_key_restored_before_the_end_was_noticed_comes_back_without_the_raise(company: Company) -> None:
    key = held(company, what=wanted(25, 30))
    agreed_raise(company, Target(Layer.KEY, key.id), 10, on("2026-11-23"))
    list(turning_off.disable(company.purser, company.actor(OMAR), turning_off.Target(key_id=key.id), "a pause"))
    company.clock.at = on("2026-11-24")
    outcome = restore(company.purser, company.actor(OMAR), key.id)
    assert not isinstance(outcome, Refused), outcome
    seen = at_gateway(company, key)
    assert (seen.enabled, seen.cap_micros) == (True, 25 * USD)


def test_a_key_that_somebody_raised_at_the_gateway_while_it_was_off_comes_back_with_its_own_cap(
    company: Company,
) -> None:
    key = held(company)
    list(turning_off.disable(company.purser, company.actor(OMAR), turning_off.Target(key_id=key.id), "a pause"))
    assert key.handle is not None
    company.gateway.change(key.handle, cap_micros=999 * USD)
    outcome = restore(company.purser, company.actor(OMAR), key.id)
    assert not isinstance(outcome, Refused), outcome
    seen = at_gateway(company, key)
    assert (seen.enabled, seen.cap_micros) == (True, 25 * USD)


@pytest.mark.parametrize("fate", ["disabled", "deleted", "unheard of"])
def test_a_raise_of_a_key_that_is_gone_ends_in_the_books_without_failing(company: Company, fate: str) -> None:
    key = held(company, what=wanted(25, 30))
    assert key.handle is not None
    request_id = agreed_raise(company, Target(Layer.KEY, key.id), 10, on("2026-11-25"))
    if fate == "disabled":
        list(turning_off.disable(company.purser, company.actor(OMAR), turning_off.Target(key_id=key.id), "leaked"))
    elif fate == "deleted":
        company.gateway.change(key.handle, enabled=False, deleted=True)
    else:
        del company.gateway.held[key.handle]
    company.clock.at = on("2026-11-25")
    end_raises(company.purser)
    company.settle()
    assert now_key(company, key).cap_micros == 25 * USD
    assert told(company, f"thread:{request_id}", Occasion.RAISE_ENDED) == 1


def test_a_raise_agreed_just_before_its_key_goes_off_stands_when_the_key_comes_back(company: Company) -> None:
    key = held(company)
    request_id = waiting_raise(company, Target(Layer.KEY, key.id), 10, on("2026-12-01"))
    agree(company, request_id)
    list(turning_off.disable(company.purser, company.actor(OMAR), turning_off.Target(key_id=key.id), "a pause"))
    company.settle()
    assert state_of(company, request_id) is RequestState.FULFILLED
    restore(company.purser, company.actor(OMAR), key.id)
    seen = at_gateway(company, key)
    assert (seen.enabled, seen.cap_micros) == (True, 35 * USD)


def test_a_raise_that_ended_before_the_gateway_ever_showed_it_is_not_told_as_standing(company: Company) -> None:
    key = held(company)
    company.gateway.mishaps.add("set_cap", *[Mishap.DOWN] * 3)
    request_id = agreed_raise(company, Target(Layer.KEY, key.id), 10, on("2026-11-20 18:00"))
    company.clock.at = on("2026-11-20 18:00")
    end_raises(company.purser)
    company.settle()
    assert state_of(company, request_id) is RequestState.FULFILLED
    assert told(company, f"thread:{request_id}", Occasion.RAISED) == 0
    assert told(company, f"thread:{request_id}", Occasion.RAISE_ENDED) == 1
    assert at_gateway(company, key).cap_micros == 25 * USD


# --- asked for, agreed, and what it is for: keys that a limit had stopped ---


def _asked_and_agreed(company: Company, wanted: AskRaise) -> str:
    sent = ask_raise(company.purser, company.actor(ANA), Place(CHANNEL), wanted)
    assert isinstance(sent, Sent), sent
    request_id = sent.facts.request.id
    outcome = approvals.approve(company.purser, company.actor(OMAR), request_id)
    assert isinstance(outcome, approvals.Decided), outcome
    company.perform()
    return request_id


def _stopped(company: Company, key: Key, usd: float) -> None:
    """The key spends this much, which a limit stops it for."""
    spend(company, key, usd)
    guard(company.purser)
    company.settle()
    assert now_key(company, key).off_cause is OffCause.BUDGET
    assert not at_gateway(company, key).enabled


@pytest.mark.parametrize("layer", [Layer.TEAM, Layer.MEMBER, Layer.KEY])
def test_a_stopped_key_is_back_within_one_poll_of_the_raise_and_stops_again_at_its_end(
    company: Company, layer: Layer
) -> None:
    key = held(company, what=wanted(25, 30))
    word: TeamWord | PersonWord | KeyWord = KeyWord(key.label)
    usd = 25
    if layer is not Layer.KEY:
        usd = 22
        set_budget(company, layer, "team_1" if layer is Layer.TEAM else ANA.id, 20)
        word = TeamWord() if layer is Layer.TEAM else PersonWord(ANA.id)
    _stopped(company, key, usd)
    end = on("2026-11-23")
    request_id = _asked_and_agreed(company, AskRaise(10 * USD, "the launch", target=word, ends_at=end))
    assert state_of(company, request_id) is RequestState.FULFILLED
    guard(company.purser)
    company.settle()
    assert now_key(company, key).state is KeyState.LIVE
    seen = at_gateway(company, key)
    assert (seen.enabled, seen.spent_micros) == (True, usd * USD)
    assert seen.cap_micros == (35 if layer is Layer.KEY else 25) * USD
    assert told(company, f"direct:{ANA.id}", Occasion.KEYS_BACK) == 1
    company.clock.at = end
    for step in (end_raises, guard):
        step(company.purser)
    company.settle()
    assert now_key(company, key).off_cause is OffCause.BUDGET
    seen = at_gateway(company, key)
    assert (seen.enabled, seen.cap_micros, seen.spent_micros) == (False, 25 * USD, usd * USD)
    assert verify(company.books).ok


def test_a_raise_that_waits_for_an_owner_outlives_its_key_being_stopped_by_a_limit(company: Company) -> None:
    key = held(company, what=wanted(25, 30))
    ask = AskRaise(10 * USD, "the launch", target=KeyWord(key.label))
    sent = ask_raise(company.purser, company.actor(ANA), Place(CHANNEL), ask)
    assert isinstance(sent, Sent), sent
    _stopped(company, key, 25)
    assert state_of(company, sent.facts.request.id) is RequestState.WAITING


def test_what_a_raise_of_a_key_adds_is_promised_until_its_end(company: Company) -> None:
    key = held(company, what=wanted(25, 30))
    before = headroom(company)
    _asked_and_agreed(company, AskRaise(10 * USD, "more", target=KeyWord(key.label), ends_at=on("2026-11-23")))
    assert headroom(company) == before - 10 * USD
    company.clock.at = on("2026-11-23")
    end_raises(company.purser)
    assert headroom(company) == before
