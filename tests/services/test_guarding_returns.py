"""Keys that a limit stopped come back by themselves when it has room again: those, for that reason, told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.budgets import Layer, Stop
from bot.domain.facts import Occasion, RaiseFormFacts
from bot.domain.keys import Key, KeyKind, KeyState, OffCause
from bot.domain.people import Role
from bot.domain.requests import Because, Refused, Target
from bot.services import raising, restoring, turning_off
from bot.services.guarding import guard
from storage import ledger, people
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.guard_kit import (
    ROOM,
    TEAM_ID,
    add_key,
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
    told,
)
from tests.services.kit import CHANNEL
from tests.services.raises_kit import agreed_raise

DM_ANA, DM_BEN, DM_OMAR = f"direct:{ANA.id}", f"direct:{BEN.id}", f"direct:{OMAR.id}"
DECEMBER = datetime(2026, 12, 1, 0, 1, tzinfo=UTC)


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def stopped_team(company: Company) -> tuple[Key, Key]:
    """Ana's and Ben's keys, stopped because the team spent $510 of $500."""
    mine, bens = add_key(company, days=7), add_key(company, BEN)
    spend(company, mine, 510)
    poll(company)
    assert is_stopped(company, mine, bens)
    return mine, bens


def test_a_raise_brings_the_keys_back_and_tells_each_holder_once(company: Company) -> None:
    keys = stopped_team(company)
    also = add_key(company)
    poll(company)
    agreed_raise(company, Target(Layer.TEAM, TEAM_ID), 100, DECEMBER)
    poll(company)
    poll(company)
    assert is_live(company, *keys, also)
    (notice,) = told(company, DM_ANA, Occasion.KEYS_BACK)
    assert labels(one.key for one in notice.keys) == labels([keys[0], also])
    assert notice.note == "the limit was raised: $510 of $600"
    assert len(told(company, DM_BEN, Occasion.KEYS_BACK)) == 1
    facts = standing_alert(company)
    assert (facts.back, facts.stopped) == (3, ())
    assert now(company, keys[0]).off_cause is None
    with company.books.reading() as session:
        assert len(ledger.entries(session, action="key.resumed")) == 3


def test_a_raise_brings_back_only_what_it_should(company: Company) -> None:
    mine, bens = stopped_team(company)
    set_budget(company, Layer.MEMBER, ANA.id, 100)
    leaver = add_key(company, BEN, KeyKind.MEMBER)
    poll(company)
    list(turning_off.disable(company.purser, company.actor(OMAR), turning_off.Target(key_id=bens.id), "leaked"))
    agreed_raise(company, Target(Layer.TEAM, TEAM_ID), 100, DECEMBER)
    with company.purser.deciding() as session:
        people.set_role(session, TEAM_ID, BEN.id, Role.NONE, company.clock.now())
    poll(company)
    assert is_stopped(company, mine)
    assert now(company, leaver).off_cause is OffCause.DISABLED
    assert now(company, bens).off_cause is OffCause.DISABLED
    assert told(company, DM_ANA, Occasion.KEYS_BACK) == []
    set_budget(company, Layer.MEMBER, ANA.id, 1000)
    poll(company)
    assert is_live(company, mine)
    assert now(company, leaver).state is KeyState.DISABLED


def test_the_turn_of_the_month_brings_keys_back(company: Company) -> None:
    keys = stopped_team(company)
    company.clock.at = DECEMBER - timedelta(minutes=2)
    poll(company)
    assert is_stopped(company, keys[1])
    company.clock.at = DECEMBER
    poll(company)
    assert is_live(company, keys[1])
    assert now(company, keys[0]).off_cause is OffCause.EXPIRED
    assert len(told(company, DM_BEN, Occasion.KEYS_BACK)) == 1


def test_an_automation_key_is_back_the_next_day(company: Company) -> None:
    nightly = add_key(company, BEN, KeyKind.AUTOMATION, 200, daily_usd=10, lead=OMAR)
    spend(company, nightly, 12)
    poll(company)
    assert is_stopped(company, nightly)
    company.clock.at = datetime(2026, 11, 21, 0, 0, 30, tzinfo=UTC)
    poll(company)
    assert is_live(company, nightly)
    spend(company, nightly, 9)
    poll(company)
    assert is_live(company, nightly)


def test_a_correction_brings_keys_back_only_once_it_is_clear_of_the_line(company: Company) -> None:
    mine, bens = stopped_team(company)
    for correction, live in ((-11, False), (-20, False), (-5, True)):
        spend(company, mine, correction)
        poll(company)
        assert is_live(company, mine, bens) is live, correction
    spend(company, mine, 30)
    poll(company)
    assert is_stopped(company, mine, bens)
    assert len(told(company, ROOM, Occasion.LIMIT)) == 1
    assert len(told(company, DM_ANA, Occasion.KEYS_STOPPED)) == 2


def test_a_raised_limit_that_is_reached_again_is_told_again(company: Company) -> None:
    mine, bens = stopped_team(company)
    agreed_raise(company, Target(Layer.TEAM, TEAM_ID), 100, DECEMBER)
    poll(company)
    spend(company, mine, 95)
    poll(company)
    poll(company)
    assert is_stopped(company, mine, bens)
    said = told(company, ROOM, Occasion.LIMIT)
    assert [notice.alert.limit_micros for notice in said if notice.alert] == [500_000_000, 600_000_000]
    assert len(standing_alert(company).stopped) == 2


def test_a_budget_made_soft_lets_its_keys_go_on(company: Company) -> None:
    mine, bens = stopped_team(company)
    set_budget(company, Layer.TEAM, TEAM_ID, 500, hard=False)
    poll(company)
    assert is_live(company, mine, bens)


def test_two_limits_at_once_hold_a_key_until_both_have_room(company: Company) -> None:
    key = add_key(company)
    set_budget(company, Layer.MEMBER, ANA.id, 400)
    spend(company, key, 510)
    poll(company)
    stop = now(company, key).stop
    assert stop is not None
    assert stop.layer is Layer.TEAM
    set_budget(company, Layer.TEAM, TEAM_ID, 700)
    poll(company)
    assert is_stopped(company, key)
    set_budget(company, Layer.MEMBER, ANA.id, 600)
    poll(company)
    assert is_live(company, key)


def test_a_stopped_key_names_the_limit_that_keeps_it_off_by_now(company: Company) -> None:
    key, bens = add_key(company, usd=600), add_key(company, BEN, KeyKind.MEMBER)
    spend(company, key, 600)
    poll(company)
    before = now(company, key)
    assert before.stop is not None
    assert before.stop.layer is Layer.TEAM
    company.clock.at = DECEMBER
    poll(company)
    assert is_live(company, bens)
    assert is_stopped(company, key)
    after = now(company, key)
    assert after.stop == Stop(Layer.KEY, key.id, "total", 600_000_000)
    assert after.off_reason == "it reached its cap: $600 of $600"
    assert after.off_at == before.off_at
    form = raising.raise_form(company.purser, company.actor(ANA), CHANNEL, key.id)
    assert isinstance(form, RaiseFormFacts)
    assert form.chosen is not None
    assert form.chosen.layer is Layer.KEY
    card = company.notifier.cards[f"card-{key.request_id}"]
    assert card.key is not None
    assert card.key.key.stop == after.stop
    poll(company)
    with company.books.reading() as session:
        assert len(ledger.entries(session, action="key.held")) == 1
    agreed_raise(company, Target(Layer.KEY, key.id), 50, DECEMBER + timedelta(days=30))
    poll(company)
    assert is_live(company, key)


def test_a_stopped_key_keeps_its_reason_as_long_as_that_limit_holds(company: Company) -> None:
    key = add_key(company, ANA, KeyKind.MEMBER)
    set_budget(company, Layer.MEMBER, ANA.id, 100)
    spend(company, key, 110)
    poll(company)
    set_budget(company, Layer.TEAM, TEAM_ID, 105)
    poll(company)
    held = now(company, key).stop
    assert held is not None
    assert held.layer is Layer.MEMBER
    set_budget(company, Layer.MEMBER, ANA.id, 300)
    poll(company)
    assert is_stopped(company, key)
    assert now(company, key).off_reason == "team search reached its budget: $110 of $105 in November"
    assert [one.key.id for one in standing_alert(company).stopped] == [key.id]


@pytest.mark.parametrize("while_proven", [True, False], ids=["stopped", "still being stopped"])
@pytest.mark.parametrize("cause", [OffCause.DISABLED, OffCause.RETURNED])
def test_whoever_turns_a_stopped_key_off_keeps_it_off(company: Company, cause: OffCause, *, while_proven: bool) -> None:
    key = add_key(company)
    spend(company, key, 510)
    if while_proven:
        poll(company)
    else:
        sync(company)
        guard(company.purser)
        assert now(company, key).state is KeyState.DISABLING
    target = turning_off.Target(key_id=key.id)
    if cause is OffCause.RETURNED:
        turning_off.give_back(company.purser, company.actor(ANA), target)
    else:
        list(turning_off.disable(company.purser, company.actor(BEN), target, "leaked"))
    settle(company)
    after = now(company, key)
    assert (after.state, after.off_cause, after.stop) == (KeyState.DISABLED, cause, None)
    assert after.proof is not None
    assert len(told(company, DM_ANA, f"key_{cause}")) == 1
    assert standing_alert(company).stopped == ()
    set_budget(company, Layer.TEAM, TEAM_ID, 900)
    company.clock.at = DECEMBER
    poll(company)
    assert now(company, key).state is KeyState.DISABLED
    assert told(company, DM_ANA, Occasion.KEYS_BACK) == []


def test_a_stopped_key_whose_time_is_over_ends(company: Company) -> None:
    mine, bens = stopped_team(company)
    company.clock.advance(days=8)
    set_budget(company, Layer.TEAM, TEAM_ID, 900)
    poll(company)
    assert now(company, mine).off_cause is OffCause.EXPIRED
    assert now(company, mine).state is KeyState.DISABLED
    assert len(told(company, DM_ANA, Occasion.KEY_EXPIRED)) == 1
    assert is_live(company, bens)


def test_restore_says_what_to_do_while_the_limit_is_reached(company: Company) -> None:
    mine, _ = stopped_team(company)
    refused = restoring.restore(company.purser, company.actor(OMAR), mine.id)
    assert isinstance(refused, Refused)
    assert refused.because is Because.NO_HEADROOM
    assert refused.text == (
        f"`{mine.label}` stays off, because team search reached its budget: $510 of $500 in November. First ask for a "
        "raise: `/ai-budget raise $50 team REASON`, or wait until 1 December. Then it works again by itself."
    )
    spend(company, mine, -20)
    sync(company)
    restored = restoring.restore(company.purser, company.actor(OLGA), mine.id)
    assert not isinstance(restored, Refused), restored
    assert is_live(company, mine)


def test_a_gateway_that_is_down_is_told_and_asked_again(company: Company) -> None:
    keys = stopped_team(company)
    set_budget(company, Layer.TEAM, TEAM_ID, 900)
    company.gateway.mishaps.add("enable", *[Mishap.DOWN] * 8)
    poll(company)
    for _ in range(6):
        company.clock.advance(seconds=10)
        company.perform()
    company.settle()
    assert is_live(company, *keys)
    assert told(company, DM_OMAR, Occasion.EFFECT_FAILED) == []
    assert len(told(company, DM_OMAR, Occasion.BACK_LATE)) == 2
    assert len(told(company, DM_ANA, Occasion.KEYS_BACK)) == 1
    assert len(told(company, DM_BEN, Occasion.KEYS_BACK)) == 1


def test_a_key_that_is_gone_at_the_gateway_does_not_come_back(company: Company) -> None:
    mine, bens = stopped_team(company)
    company.gateway.change(mine.handle or "", deleted=True)
    set_budget(company, Layer.TEAM, TEAM_ID, 900)
    poll(company)
    poll(company)
    assert now(company, mine).off_cause is OffCause.DRIFT
    assert len(told(company, DM_ANA, Occasion.KEY_GONE)) == 1
    assert is_live(company, bens)
