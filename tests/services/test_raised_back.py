"""Keys that go off and come back while raised: never with more than the books say, and by themselves when stopped."""

from __future__ import annotations

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
from tests.company import ANA, OMAR, Company
from tests.fakes import Mishap
from tests.services.kit import CHANNEL, USD, headroom, held, set_budget, spend, wanted
from tests.services.raises_kit import agree, agreed_raise, at_gateway, now_key, on, state_of, told, waiting_raise


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


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
