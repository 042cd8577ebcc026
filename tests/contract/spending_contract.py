"""The contract of every gateway that caps a key per day and tells what each key used, beside `GatewayContract`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.domain.usage import Usage
from bot.gateways.base import CapPeriod, FailureKind, KeyRecord
from tests.contract.gateway_contract import CALL_MICROS
from tests.contract.rig import Rig, kind_of

ENOUGH_MICROS = 10 * CALL_MICROS


class SpendingContract:
    """Promises of `Gateway.usage`, `Gateway.set_cap` and `Capabilities.daily_cap`."""

    # --- what was used ---

    def test_usage_tells_each_model_of_a_key_and_adds_up_to_what_was_spent(self, rig: Rig) -> None:
        issued = rig.issue()
        for model in ("mock-expensive", "mock-gpt", "mock-expensive"):
            assert rig.chat(issued.secret, model).status_code == 200
        rig.until(lambda: _requests(rig.usage_of(issued.handle)) == 3)
        told = {row.model: row for row in rig.usage_of(issued.handle)}
        assert set(told) == {"mock-expensive", "mock-gpt"}
        dear = told["mock-expensive"]
        assert (dear.requests, dear.failures, dear.retries, dear.tasks) == (2, 0, 0, 2)
        assert (dear.input_tokens, dear.cached_tokens, dear.output_tokens) == (16, 0, 40)
        assert (dear.cost_micros, dear.unpriced_requests) == (2 * CALL_MICROS, 0)
        rig.until(lambda: rig.found(issued.handle).spent_micros > 2 * CALL_MICROS)
        assert sum(row.cost_micros for row in told.values()) == rig.found(issued.handle).spent_micros

    def test_usage_is_told_by_utc_day(self, rig: Rig) -> None:
        issued = rig.issue()
        rig.chat(issued.secret)
        rig.until(lambda: _requests(rig.usage_of(issued.handle)) == 1)
        [row] = rig.usage_of(issued.handle)
        assert row.hour == datetime.combine(rig.now().date(), time(), UTC)
        assert row.hour.tzinfo is not None

    def test_usage_of_a_deleted_key_stays(self, rig: Rig) -> None:
        issued = rig.issue()
        rig.chat(issued.secret, "mock-expensive")
        rig.gateway.delete(issued.handle)
        rig.until(lambda: _requests(rig.usage_of(issued.handle)) == 1)
        [row] = rig.usage_of(issued.handle)
        assert (row.model, row.cost_micros) == ("mock-expensive", CALL_MICROS)

    def test_refused_calls_are_failures_and_cost_nothing(self, rig: Rig) -> None:
        issued = rig.issue(cap_micros=0)
        assert rig.chat(issued.secret).status_code == 422
        rig.gateway.disable(issued.handle)
        assert rig.chat(issued.secret).status_code == 401
        rig.until(lambda: _requests(rig.usage_of(issued.handle)) == 2)
        [row] = rig.usage_of(issued.handle)
        assert (row.model, row.failures, row.tasks) == ("mock-gpt", 2, 0)
        assert (row.cost_micros, row.unpriced_requests) == (0, 0)

    def test_a_refused_call_of_no_model_is_counted_once_too(self, rig: Rig) -> None:
        issued = rig.issue(cap_micros=0)
        rig.gateway.probe(issued.secret)
        rig.until(lambda: _requests(rig.usage_of(issued.handle)) == 1)
        [row] = rig.usage_of(issued.handle)
        assert (row.failures, row.tasks, row.cost_micros) == (1, 0, 0)

    def test_a_day_read_again_tells_it_as_it_is_now(self, rig: Rig) -> None:
        issued = rig.issue()
        for calls in (1, 2):
            rig.chat(issued.secret, "mock-expensive")
            rig.until(lambda calls=calls: _requests(rig.usage_of(issued.handle)) == calls)  # type: ignore[misc]
            [row] = rig.usage_of(issued.handle)
            assert row.cost_micros == calls * CALL_MICROS

    def test_each_key_and_model_is_told_once_a_day_however_pages_are_cut(
        self, rig: Rig, cut_pages: Callable[[int], None]
    ) -> None:
        keys = [rig.issue() for _ in range(3)]
        for key in keys:
            rig.chat(key.secret)
            rig.chat(key.secret, "mock-expensive")
        rig.until(lambda: all(_requests(rig.usage_of(key.handle)) == 2 for key in keys))
        whole = [rig.usage_of(key.handle) for key in keys]
        cut_pages(3)
        assert [rig.usage_of(key.handle) for key in keys] == whole
        told = [(row.handle, row.model, row.hour) for row in rig.gateway.usage(rig.now().date(), rig.now().date())]
        assert len(told) == len(set(told))

    def test_a_span_without_days_or_calls_is_empty(self, rig: Rig) -> None:
        today = rig.now().date()
        assert list(rig.gateway.usage(today, today - timedelta(days=1))) == []
        long_ago = today - timedelta(days=3000)
        assert list(rig.gateway.usage(long_ago, long_ago + timedelta(days=2))) == []

    # --- a cap per day ---

    def test_a_daily_cap_is_recorded_beside_the_monthly_one(self, rig: Rig) -> None:
        assert rig.gateway.capabilities.daily_cap
        issued = rig.issue(cap_period=CapPeriod.MONTH, daily_cap_micros=2_500_000)
        record = rig.found(issued.handle)
        assert (record.cap_micros, record.cap_period) == (1_000_000, CapPeriod.MONTH)
        assert record.daily_cap_micros == 2_500_000
        assert record in rig.gateway.list_keys()
        assert rig.found(rig.issue().handle).daily_cap_micros is None

    def test_a_daily_cap_stops_the_next_call_even_before_spend_is_recorded(self, rig: Rig) -> None:
        issued = rig.issue(cap_period=CapPeriod.MONTH, daily_cap_micros=CALL_MICROS - 1)
        assert rig.chat(issued.secret, "mock-expensive").status_code == 200
        stopped = rig.chat(issued.secret, "mock-expensive")
        assert (stopped.status_code, stopped.json()["error"]["type"]) == (422, "budget_exceeded")
        assert rig.gateway.probe(issued.secret) == "accepted"

    def test_the_monthly_cap_holds_beside_a_daily_one(self, rig: Rig) -> None:
        issued = rig.issue(cap_micros=CALL_MICROS, cap_period=CapPeriod.MONTH, daily_cap_micros=ENOUGH_MICROS)
        assert [rig.chat(issued.secret, "mock-expensive").status_code for _ in range(2)] == [200, 422]

    def test_a_daily_cap_can_be_changed_and_removed_without_forgetting_the_day(self, rig: Rig) -> None:
        issued = rig.issue(cap_period=CapPeriod.MONTH, daily_cap_micros=CALL_MICROS)
        assert [rig.chat(issued.secret, "mock-expensive").status_code for _ in range(2)] == [200, 422]
        rig.gateway.set_cap(issued.handle, ENOUGH_MICROS, CapPeriod.MONTH, 2 * CALL_MICROS)
        assert rig.found(issued.handle).daily_cap_micros == 2 * CALL_MICROS
        assert [rig.chat(issued.secret, "mock-expensive").status_code for _ in range(2)] == [200, 422]
        rig.gateway.set_cap(issued.handle, ENOUGH_MICROS, CapPeriod.MONTH, None)
        record = rig.found(issued.handle)
        assert (record.daily_cap_micros, record.cap_micros) == (None, ENOUGH_MICROS)
        assert rig.chat(issued.secret, "mock-expensive").status_code == 200

    def test_a_daily_cap_given_later_counts_what_the_day_has_seen(self, rig: Rig) -> None:
        issued = rig.issue(cap_period=CapPeriod.MONTH)
        rig.chat(issued.secret, "mock-expensive")
        rig.until(lambda: rig.found(issued.handle).spent_micros == CALL_MICROS)
        rig.gateway.set_cap(issued.handle, ENOUGH_MICROS, CapPeriod.MONTH, CALL_MICROS)
        assert rig.chat(issued.secret, "mock-expensive").status_code == 422

    def test_a_daily_cap_outlives_every_other_change(self, rig: Rig) -> None:
        issued = rig.issue(cap_period=CapPeriod.MONTH, daily_cap_micros=CALL_MICROS)
        rig.chat(issued.secret, "mock-expensive")
        rig.gateway.set_expiry(issued.handle, rig.now() + timedelta(days=2))
        rig.gateway.set_tags(issued.handle, {"key": "k-2"})
        rig.gateway.disable(issued.handle)
        rig.gateway.enable(issued.handle)
        rig.gateway.set_cap(issued.handle, ENOUGH_MICROS, CapPeriod.MONTH, CALL_MICROS)
        assert rig.found(issued.handle).daily_cap_micros == CALL_MICROS
        assert rig.chat(issued.secret, "mock-expensive").status_code == 422

    def test_daily_caps_are_kept_to_the_micro(self, rig: Rig) -> None:
        issued = rig.issue(daily_cap_micros=412_800_000)
        for micros in (1, 123_456, 999_999_999_999, 0):
            rig.gateway.set_cap(issued.handle, 5_000_000, CapPeriod.TOTAL, micros)
            assert rig.found(issued.handle).daily_cap_micros == micros

    def test_a_negative_daily_cap_is_refused_before_anything_happens(self, rig: Rig) -> None:
        issued = rig.issue(daily_cap_micros=7_000_000)
        negative = kind_of(lambda: rig.gateway.set_cap(issued.handle, 1, CapPeriod.TOTAL, -1))
        assert negative is FailureKind.PERMANENT
        assert kind_of(lambda: rig.issue(daily_cap_micros=-1)) is FailureKind.PERMANENT
        record = rig.found(issued.handle)
        assert (record.cap_micros, record.daily_cap_micros) == (1_000_000, 7_000_000)

    # --- a cap is not a reset ---

    @pytest.mark.parametrize("then", [CapPeriod.MONTH, CapPeriod.TOTAL, CapPeriod.DAY])
    def test_no_new_cap_forgets_what_was_spent(self, rig: Rig, then: CapPeriod) -> None:
        issued = rig.issue(cap_micros=ENOUGH_MICROS, cap_period=CapPeriod.MONTH, daily_cap_micros=ENOUGH_MICROS)
        rig.chat(issued.secret, "mock-expensive")
        rig.until(lambda: _spent(rig.found(issued.handle)) == (CALL_MICROS, CALL_MICROS))
        for daily in (2 * ENOUGH_MICROS, None, ENOUGH_MICROS):
            for period in (then, CapPeriod.MONTH, then):
                rig.gateway.set_cap(issued.handle, ENOUGH_MICROS, period, daily)
                assert _spent(rig.found(issued.handle)) == (CALL_MICROS, CALL_MICROS)
        rig.gateway.set_cap(issued.handle, CALL_MICROS, then, ENOUGH_MICROS)
        assert rig.chat(issued.secret, "mock-expensive").status_code == 422


def _requests(rows: list[Usage]) -> int:
    return sum(row.requests for row in rows)


def _spent(record: KeyRecord) -> tuple[int, int | None]:
    return record.spent_micros, record.period_spent_micros
