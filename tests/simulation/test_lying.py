"""The gateway that lies: each lie is told as it says, and the truth is kept beside it."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from bot.domain.usage import Usage
from bot.gateways.base import CapPeriod, GatewayError, KeyRecord, KeySpec
from tests.fakes import NOON, Clock
from tests.services.kit import USD
from tests.simulation.lying import UNPRICED, Burn, Lie, Lying, LyingGateway

CENT = USD // 100


class Bench:
    """A gateway with one key capped at a dollar a month, burning a cent each second for five minutes."""

    def __init__(self, *lies: Lying) -> None:
        self.clock = Clock(NOON)
        self.gateway = LyingGateway(self.clock, Random(1))
        self.gateway.lies = list(lies)
        spec = KeySpec("purser-ana-0001", "U0ANA", USD, CapPeriod.MONTH, None, ())
        self.handle = self.gateway.issue(spec).handle
        self.start = self.clock.at
        self.gateway.start(Burn(self.handle, CENT, self.start, self.start + timedelta(minutes=5)))

    def after(self, seconds: float) -> KeyRecord:
        self.clock.at = max(self.clock.at, self.start + timedelta(seconds=seconds))
        self.gateway.misbehave()
        found = self.gateway.find(self.handle)
        assert found is not None
        return found

    def usage(self) -> list[Usage]:
        return list(self.gateway.usage(NOON.date(), self.clock.at.date()))

    @property
    def cents(self) -> int:
        self.gateway.use()
        return self.gateway.spent(self.handle, "2026-11") // CENT


def test_an_honest_gateway_stops_a_key_at_its_cap_and_tells_what_was_spent() -> None:
    bench = Bench()
    assert bench.after(30).spent_micros == 30 * CENT
    assert bench.after(300).spent_micros == USD
    assert [(row.cost_micros, row.requests) for row in bench.usage()] == [(USD, 100)]


def test_a_blocked_key_makes_no_call_and_an_unblocked_one_goes_on() -> None:
    bench = Bench()
    bench.after(10)
    bench.gateway.disable(bench.handle)
    assert bench.after(50).spent_micros == 10 * CENT
    bench.gateway.enable(bench.handle)
    assert bench.after(60).spent_micros == 20 * CENT


def test_it_accepts_spend_over_every_cap() -> None:
    assert Bench(Lying(Lie.OVER_CAPS)).after(300).spent_micros == 3 * USD


def test_it_goes_on_accepting_a_key_that_it_says_is_off() -> None:
    bench = Bench(Lying(Lie.FORGETS_BLOCKS, 60))
    bench.after(10)
    bench.gateway.disable(bench.handle)
    assert not bench.after(11).enabled
    bench.after(80)
    assert 10 < bench.cents <= 70


def test_it_tells_both_counts_late() -> None:
    bench = Bench(Lying(Lie.TELLS_LATE, 20))
    assert bench.after(50).spent_micros == 30 * CENT
    assert [row.cost_micros for row in bench.usage()] == [30 * CENT]
    assert bench.cents == 50


def test_it_tells_less_for_a_while_and_recovers() -> None:
    bench = Bench(Lying(Lie.TELLS_LESS, 40, NOON + timedelta(seconds=20), NOON + timedelta(seconds=40)))
    assert [bench.after(seconds).spent_micros // CENT for seconds in (10, 30, 50)] == [10, 12, 50]


def test_it_counts_calls_twice_in_both_counts_until_it_tells_the_truth() -> None:
    bench = Bench(Lying(Lie.COUNTS_TWICE, 4))
    assert bench.after(40).spent_micros == 50 * CENT
    assert [row.cost_micros for row in bench.usage()] == [50 * CENT]
    bench.gateway.tell_the_truth()
    assert bench.after(40).spent_micros == 40 * CENT


def test_it_is_down_and_comes_back() -> None:
    bench = Bench(Lying(Lie.IS_DOWN, 0, NOON + timedelta(seconds=5), NOON + timedelta(seconds=15)))
    with pytest.raises(GatewayError):
        bench.after(10)
    assert bench.after(20).spent_micros == 20 * CENT


def test_it_raises_caps_behind_our_back() -> None:
    bench = Bench(Lying(Lie.RAISES_CAPS, 60))
    bench.after(30)
    assert (bench.after(90).cap_micros or 0) > USD
    bench.after(300)
    assert bench.cents > 100


def test_its_live_total_starts_again_and_its_usage_does_not() -> None:
    bench = Bench(Lying(Lie.RESETS_TOTALS, 30))
    bench.after(10)
    bench.after(50)
    assert bench.after(60).spent_micros == 10 * CENT
    assert [row.cost_micros for row in bench.usage()] == [60 * CENT]


def test_an_old_version_tells_only_what_was_spent_in_the_month() -> None:
    bench = Bench(Lying(Lie.RESETS_TOTALS, 0))
    bench.after(10)
    bench.clock.at = bench.start + timedelta(days=11)
    bench.gateway.start(Burn(bench.handle, CENT, bench.clock.at, bench.clock.at + timedelta(seconds=9)))
    bench.gateway.misbehave()
    told = bench.after(11 * 86_400 + 30)
    assert (told.spent_micros, told.period_spent_micros) == (9 * CENT, 9 * CENT)


def test_a_model_without_a_price_costs_nothing_and_says_so() -> None:
    bench = Bench(Lying(Lie.HAS_NO_PRICE, 5))
    bench.after(50)
    rows = {row.model: row for row in bench.usage()}
    assert (rows[UNPRICED].cost_micros, rows[UNPRICED].unpriced_requests) == (0, 10)
    assert bench.cents == 40
