"""What a careless reader of spend and caps would trip over: a fake LiteLLM that is late, restates, lies or is down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.usage import Usage
from bot.gateways.base import CapPeriod, FailureKind, Issued, Probe
from bot.playground.gateway import FaultKind
from bot.playground.gateway.models import MORE_MODELS
from tests.contract.gateway_contract import CALL_MICROS
from tests.contract.rig import FakeRig, failure_of, kind_of, litellm_on_fake

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
FIRST = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def rig() -> Iterator[FakeRig]:
    with litellm_on_fake() as rig:
        yield rig


def automation(rig: FakeRig, *, daily_cap_micros: int | None = CALL_MICROS, cap_micros: int = 1_000_000) -> Issued:
    return rig.issue(
        cap_micros=cap_micros, cap_period=CapPeriod.MONTH, daily_cap_micros=daily_cap_micros, lives_seconds=None
    )


def call(rig: FakeRig, key: Issued) -> int:
    """Use a key for `CALL_MICROS`."""
    return rig.chat(key.secret, "mock-expensive").status_code


def go_to(rig: FakeRig, moment: datetime) -> None:
    rig.clock.advance((moment - rig.now()).total_seconds())


def told(rig: FakeRig, key: Issued) -> Usage:
    [row] = rig.usage_of(key.handle)
    return row


# --- days and months that start again ---


def test_a_new_day_frees_the_daily_cap_and_the_month_goes_on(rig: FakeRig) -> None:
    key = automation(rig, cap_micros=2 * CALL_MICROS)
    assert [call(rig, key), call(rig, key)] == [200, 422]
    go_to(rig, MIDNIGHT)
    assert [call(rig, key), call(rig, key)] == [200, 422]
    go_to(rig, MIDNIGHT + timedelta(days=1))
    assert call(rig, key) == 422, "the month's money is gone"
    assert [row.cost_micros for row in rig.gateway.usage(MIDNIGHT.date(), rig.now().date())] == [CALL_MICROS, 0]


def test_a_cap_changed_just_after_the_end_of_a_month_does_not_take_the_new_month_away(rig: FakeRig) -> None:
    rig.fake.habits.reset_lag_seconds = 600
    key = automation(rig, cap_micros=CALL_MICROS, daily_cap_micros=None)
    assert call(rig, key) == 200
    go_to(rig, FIRST + timedelta(minutes=1))
    assert call(rig, key) == 422, "LiteLLM has not looked yet"
    rig.gateway.set_cap(key.handle, CALL_MICROS - 1, CapPeriod.MONTH)
    go_to(rig, FIRST + timedelta(minutes=11))
    assert (rig.found(key.handle).period_spent_micros, call(rig, key)) == (0, 200)


def test_a_daily_cap_is_not_changed_while_its_new_day_is_still_to_come(rig: FakeRig) -> None:
    rig.fake.habits.reset_lag_seconds = 600
    key = automation(rig)
    assert call(rig, key) == 200
    go_to(rig, MIDNIGHT + timedelta(minutes=1))
    error = failure_of(lambda: rig.gateway.set_cap(key.handle, 1_000_000, CapPeriod.MONTH, CALL_MICROS + 1))
    assert (error.kind, "new day" in error.message) == (FailureKind.TRANSIENT, True)
    rig.gateway.set_cap(key.handle, 2_000_000, CapPeriod.MONTH, CALL_MICROS)
    go_to(rig, MIDNIGHT + timedelta(minutes=11))
    rig.gateway.set_cap(key.handle, 2_000_000, CapPeriod.MONTH, CALL_MICROS + 1)
    assert [call(rig, key), call(rig, key)] == [200, 200], "the new day began with nothing spent"


def test_a_day_that_never_starts_again_does_not_keep_its_cap_from_being_changed(rig: FakeRig) -> None:
    rig.fake.habits.reset_lag_seconds = 86_400 * 30
    key = automation(rig)
    go_to(rig, MIDNIGHT + timedelta(minutes=16))
    rig.gateway.set_cap(key.handle, 1_000_000, CapPeriod.MONTH, 5 * CALL_MICROS)
    assert rig.found(key.handle).daily_cap_micros == 5 * CALL_MICROS


# --- caps of others ---


def test_another_daily_cap_keeps_the_windows_that_somebody_else_set(rig: FakeRig) -> None:
    key = automation(rig)
    weekly = {"budget_duration": "7d", "max_budget": 0.5}
    both = [weekly, {"budget_duration": "24h", "max_budget": 0.3}]
    rig.raw("POST", "/key/update", {"key": key.handle, "budget_limits": both})
    assert rig.found(key.handle).daily_cap_micros == 300_000
    for daily, kept in ((7, {"7d": 0.5, "1d": 7e-6}), (None, {"7d": 0.5})):
        rig.gateway.set_cap(key.handle, 1_000_000, CapPeriod.MONTH, daily)
        [stored] = rig.fake.live_keys()
        assert {window["budget_duration"]: window["max_budget"] for window in stored.budget_limits or []} == kept


def test_caps_raised_behind_our_back_are_seen(rig: FakeRig) -> None:
    key = automation(rig)
    limits = [{"budget_duration": "1d", "max_budget": 70}]
    changed = rig.raw("POST", "/_play/keys", {"token": key.handle, "max_budget": 700, "budget_limits": limits})
    assert changed.status_code == 200
    record = rig.found(key.handle)
    assert (record.cap_micros, record.daily_cap_micros) == (700_000_000, 70_000_000)


def test_a_deleted_key_gets_no_new_cap(rig: FakeRig) -> None:
    key = automation(rig)
    rig.gateway.delete(key.handle)
    assert kind_of(lambda: rig.gateway.set_cap(key.handle, 1, CapPeriod.MONTH, 1)) is FailureKind.PERMANENT
    assert rig.calls("/key/update") == 0


# --- what calls used ---


def test_a_model_nobody_has_priced_is_unpriced_and_not_free(rig: FakeRig) -> None:
    rig.fake.state.offered = MORE_MODELS
    key = rig.issue()
    rig.chat(key.secret, "mock-preview")
    row = told(rig, key)
    assert (row.model, row.cost_micros, row.unpriced_requests, row.output_tokens) == ("mock-preview", 0, 1, 20)


def test_a_long_prompt_sent_again_is_read_from_the_cache(rig: FakeRig) -> None:
    key = rig.issue()
    body = {"model": "mock-gpt", "messages": [{"role": "user", "content": "word " * 1100}]}
    for _ in range(2):
        headers = {"Authorization": f"Bearer {key.secret}"}
        assert rig.client.post(f"{rig.base_url}/v1/chat/completions", headers=headers, json=body).status_code == 200
    row = told(rig, key)
    assert (row.input_tokens, row.cached_tokens) == (2 * 1107, 1107)


# --- telling late, less, twice, or not at all ---


def test_spend_that_is_told_late_is_late_in_the_record_and_in_the_day_and_stops_the_key_at_once(rig: FakeRig) -> None:
    rig.fake.habits.flush_seconds = 900
    key = automation(rig)
    assert [call(rig, key), call(rig, key)] == [200, 422]
    assert (rig.usage_of(key.handle), rig.found(key.handle).spent_micros) == ([], 0)
    rig.gateway.delete(key.handle)
    rig.clock.advance(900)
    assert (told(rig, key).cost_micros, rig.found(key.handle).spent_micros) == (CALL_MICROS, CALL_MICROS)


def test_a_day_that_was_restated_recovers(rig: FakeRig) -> None:
    key = rig.issue()
    for _ in range(4):
        call(rig, key)
    seen = []
    for percent in (100, 50, 0, 100):
        rig.fake.habits.tells_percent = percent
        rows = rig.usage_of(key.handle)
        seen.append((sum(row.cost_micros for row in rows), rig.found(key.handle).spent_micros))
    whole, half = 4 * CALL_MICROS, 2 * CALL_MICROS
    assert seen == [(whole, whole), (half, half), (0, 0), (whole, whole)]
    assert rig.fake.really_spent() == {key.handle: whole}


def test_calls_counted_twice_are_charged_once(rig: FakeRig) -> None:
    rig.fake.habits.counts_twice = True
    key = rig.issue(cap_micros=2 * CALL_MICROS)
    assert [call(rig, key) for _ in range(3)] == [200, 200, 422]
    row = told(rig, key)
    assert (row.cost_micros, row.tasks, row.failures) == (4 * CALL_MICROS, 4, 2)
    assert rig.found(key.handle).spent_micros == 4 * CALL_MICROS
    assert rig.fake.really_spent() == {key.handle: 2 * CALL_MICROS}


def test_calls_over_every_cap_are_charged_and_told(rig: FakeRig) -> None:
    rig.fake.habits.accepts_over_caps = True
    key = automation(rig, cap_micros=CALL_MICROS, daily_cap_micros=CALL_MICROS)
    assert [call(rig, key) for _ in range(5)] == [200] * 5
    assert told(rig, key).cost_micros == rig.fake.really_spent()[key.handle] == 5 * CALL_MICROS
    rig.fake.habits.accepts_over_caps = False
    assert call(rig, key) == 422


def test_a_gateway_that_is_down_tells_nothing_and_comes_back_as_it_was(rig: FakeRig) -> None:
    key = automation(rig)
    call(rig, key)
    rig.fake.habits.is_down = True
    assert (call(rig, key), rig.gateway.probe(key.secret), rig.gateway.ping().ok) == (503, Probe.UNREACHABLE, False)
    assert kind_of(lambda: rig.usage_of(key.handle)) is FailureKind.TRANSIENT
    assert kind_of(rig.gateway.list_keys) is FailureKind.TRANSIENT
    assert rig.raw("GET", "/_play/habits").json()["is_down"] is True
    rig.fake.habits.is_down = False
    assert told(rig, key).cost_micros == CALL_MICROS


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.ERROR, FaultKind.CUT])
def test_reading_usage_outlasts_a_passing_fault(rig: FakeRig, kind: FaultKind) -> None:
    key = rig.issue()
    call(rig, key)
    rig.fake.faults.add(kind, route="/user/daily/activity")
    assert told(rig, key).tasks == 1
    assert rig.calls("/user/daily/activity") == 3, "two days, and one of them again"


def test_a_fault_that_stays_is_no_empty_day(rig: FakeRig) -> None:
    key = rig.issue()
    call(rig, key)
    rig.fake.faults.add(FaultKind.ERROR, route="/user/daily/activity", times=None)
    assert kind_of(lambda: rig.usage_of(key.handle)) is FailureKind.TRANSIENT


def test_a_day_split_over_small_pages_is_one_day(rig: FakeRig) -> None:
    keys = [rig.issue() for _ in range(3)]
    for key in keys:
        call(rig, key)
        rig.chat(key.secret)
    whole = [rig.usage_of(key.handle) for key in keys]
    rig.fake.habits.daily_page_rows = 1
    before = rig.calls("/user/daily/activity")
    assert [rig.usage_of(key.handle) for key in keys] == whole
    assert rig.calls("/user/daily/activity") - before == 3 * 7, "six pages of today, one of yesterday, each time"
