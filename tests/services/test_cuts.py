"""After an incident a key works again with so much for so long; then its cap is what it was. Nothing spent is reset."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.budgets import Layer
from bot.domain.cuts import Window
from bot.domain.facts import KeyFacts, Occasion
from bot.domain.keys import Key, KeyKind, KeyState, OffCause
from bot.domain.people import Member
from bot.domain.requests import Refused, Target
from bot.services import restoring, turning_off
from bot.services.auditing import verify
from bot.services.cuts import end_cuts
from bot.services.guarding import guard
from bot.services.raised import end_raises
from bot.services.sharing import share
from bot.services.syncing import sync_live
from bot.services.turning_off import Target as Named
from storage import budgets
from storage import cuts as rows
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap, MortalBooks
from tests.faults.kit import at_once
from tests.services.kit import USD, automation_wanted, headroom, held, key, refusal, spend, wanted
from tests.services.raises_kit import agreed_raise, at_gateway, on, told

TEN = Window(10 * USD, 86_400)


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def off(company: Company, one: Key) -> None:
    list(turning_off.disable(company.purser, company.actor(OMAR), Named(label=one.label), "odd"))
    company.perform()


def restored(company: Company, one: Key, window: Window | None = TEN, who: Member = OMAR) -> None:
    outcome = restoring.restore(company.purser, company.actor(who), one.id, window)
    assert isinstance(outcome, KeyFacts), outcome
    company.perform()


def poll(company: Company) -> None:
    sync_live(company.purser)
    end_raises(company.purser)
    end_cuts(company.purser)
    share(company.purser)
    guard(company.purser)
    company.perform()


def cap(company: Company, one: Key) -> int:
    """What the key's cap is, in the books and at the gateway alike."""
    stands = key(company, one.id).cap_micros
    assert at_gateway(company, one).cap_micros == stands
    return stands


def test_ten_dollars_for_a_day_are_ten_more_than_was_spent(company: Company) -> None:
    made = held(company, what=wanted(50, 20))
    spend(company, made, 12)
    free = headroom(company)
    off(company, made)
    restored(company, made)
    assert cap(company, made) == 22 * USD
    assert headroom(company) == free + 28 * USD
    company.clock.advance(seconds=86_000)
    poll(company)
    assert cap(company, made) == 22 * USD
    company.clock.advance(seconds=400)
    poll(company)
    assert cap(company, made) == 50 * USD
    assert told(company, f"direct:{ANA.id}", Occasion.CUT_ENDED) == 1
    assert headroom(company) == free
    assert verify(company.books).ok


def test_used_up_it_is_stopped_until_the_time_is_over(company: Company) -> None:
    made = held(company)
    off(company, made)
    restored(company, made)
    spend(company, made, 10)
    poll(company)
    assert key(company, made.id).off_cause is OffCause.BUDGET
    company.clock.advance(seconds=86_400)
    poll(company)
    poll(company)
    assert key(company, made.id).state is KeyState.LIVE
    assert cap(company, made) == 25 * USD


def test_more_than_is_left_changes_nothing(company: Company) -> None:
    made = held(company, what=wanted(8, 20))
    off(company, made)
    restored(company, made)
    assert cap(company, made) == 8 * USD
    with company.books.reading() as session:
        assert rows.of_key(session, made.id) == []


def test_what_is_left_of_it_is_all_there_is_in_the_next_month(company: Company) -> None:
    company.clock.at = on("2026-11-30 12:00")
    made = held(company, what=wanted(50, None, kind=KeyKind.MEMBER))
    spend(company, made, 20)
    off(company, made)
    restored(company, made)
    spend(company, made, 4)
    poll(company)
    company.clock.at = on("2026-12-01 00:05")
    poll(company)
    assert cap(company, made) == 6 * USD
    poll(company)
    assert cap(company, made) == 6 * USD
    company.clock.at = on("2026-12-01 12:01")
    poll(company)
    assert cap(company, made) == 50 * USD
    assert verify(company.books).ok


def test_the_newest_word_counts(company: Company) -> None:
    made = held(company)
    off(company, made)
    restored(company, made)
    off(company, made)
    restored(company, made, Window(3 * USD, 3600), OLGA)
    assert cap(company, made) == 3 * USD
    company.clock.advance(seconds=3600)
    poll(company)
    assert cap(company, made) == 25 * USD
    company.clock.advance(seconds=86_400)
    poll(company)
    assert told(company, f"direct:{ANA.id}", Occasion.CUT_ENDED) == 1


def test_restored_without_an_amount_an_earlier_cut_goes_on(company: Company) -> None:
    made = held(company)
    off(company, made)
    restored(company, made)
    off(company, made)
    restored(company, made, None)
    assert cap(company, made) == 10 * USD


def test_a_raise_and_a_cut_add_up_and_end_one_by_one(company: Company) -> None:
    made = held(company)
    off(company, made)
    restored(company, made)
    agreed_raise(company, Target(Layer.KEY, made.id), 5, on("2026-11-25"))
    assert cap(company, made) == 15 * USD
    company.clock.advance(seconds=86_400)
    poll(company)
    assert cap(company, made) == 30 * USD
    company.clock.at = on("2026-11-25")
    poll(company)
    assert cap(company, made) == 25 * USD


def test_a_window_that_ends_while_the_key_is_off(company: Company) -> None:
    made = held(company)
    off(company, made)
    restored(company, made)
    off(company, made)
    company.clock.advance(seconds=86_400)
    poll(company)
    assert key(company, made.id).state is KeyState.DISABLED
    assert told(company, f"direct:{ANA.id}", Occasion.CUT_ENDED) == 0  # nothing of use to its holder
    restored(company, made, None)
    assert cap(company, made) == 25 * USD


def test_restore_is_refused_under_a_limit_that_is_used_up(company: Company) -> None:
    made = held(company)
    spend(company, made, 20)
    off(company, made)
    with company.purser.deciding() as session:
        budgets.set_monthly(session, "budget_t", Layer.TEAM, "team_1", 20 * USD, company.clock.now())
    outcome = restoring.restore(company.purser, company.actor(OMAR), made.id, TEN)
    assert "stays off, because" in refusal(outcome).text
    assert "team search" in refusal(outcome).text
    with company.books.reading() as session:
        assert rows.of_key(session, made.id) == []


def test_less_room_than_the_cap_is_room_enough_for_a_smaller_amount(company: Company) -> None:
    made = held(company, what=wanted(300, 7))
    off(company, made)
    held(company, BEN, wanted(400, 7))
    assert isinstance(restoring.restore(company.purser, company.actor(OMAR), made.id, None), Refused)
    restored(company, made, Window(90 * USD, 3600))
    assert cap(company, made) == 90 * USD


def test_an_automation_keys_day_stays_as_it_is(company: Company) -> None:
    made = held(company, what=automation_wanted(100, 5))
    off(company, made)
    restored(company, made)
    assert cap(company, made) == 10 * USD
    assert key(company, made.id).daily_cap_micros == 5 * USD


def test_a_gateway_that_is_away_at_the_end_is_told_later(company: Company) -> None:
    made = held(company)
    off(company, made)
    restored(company, made)
    company.gateway.mishaps.add("set_cap", *[Mishap.DOWN] * 2)
    company.clock.advance(seconds=86_400)
    end_cuts(company.purser)
    company.perform()
    assert at_gateway(company, made).cap_micros == 10 * USD
    company.settle()
    assert cap(company, made) == 25 * USD


def test_two_replicas_end_a_cut_once(company: Company, migrated_url: str) -> None:
    made = held(company)
    off(company, made)
    restored(company, made)
    company.clock.advance(seconds=86_400)
    books = MortalBooks(migrated_url)
    other = replace(company.purser, books=books)
    at_once(lambda: end_cuts(company.purser), lambda: end_cuts(other))
    books.close()
    company.perform()
    assert cap(company, made) == 25 * USD
    assert told(company, f"direct:{ANA.id}", Occasion.CUT_ENDED) == 1
    assert told(company, f"thread:{made.request_id}", Occasion.CUT_ENDED) == 1
