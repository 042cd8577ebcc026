"""A raise stands from when it is agreed until its end, then falls back by itself; what was spent stays spent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.requests import RequestState, Target
from bot.services import turning_off
from bot.services.auditing import verify
from bot.services.cuts import end_cuts
from bot.services.raised import end_raises
from storage import cuts
from tests.company import ANA, OMAR, Company
from tests.fakes import Mishap, MortalBooks
from tests.faults.kit import at_once
from tests.services.kit import USD, held, wanted
from tests.services.raises_kit import (
    TEAM,
    a_cut,
    agreed_raise,
    at_gateway,
    make_automation,
    now_key,
    on,
    raised_micros,
    rows,
    state_of,
    told,
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
    with company.purser.deciding() as session:  # after an incident it works again with next to nothing, for a week
        cuts.add(session, a_cut(key, 32, company.clock.at, on("2026-11-27")))
    company.clock.at = on("2026-11-23")
    end_raises(company.purser)
    company.perform()
    assert at_gateway(company, key).cap_micros == now_key(company, key).cap_micros == 10_000
    company.clock.at = on("2026-11-27")
    end_cuts(company.purser)
    company.perform()
    assert at_gateway(company, key).cap_micros == now_key(company, key).cap_micros == 25 * USD


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
