"""Many calls recorded at once: let in and refused, counted and logged as if each had been made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bot.playground.gateway import FakeGateway, windows
from bot.playground.gateway.keys import StoredKey, hash_of
from bot.playground.gateway.records import Calls, record

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
AT = NOW - timedelta(hours=2)
TOKEN = hash_of("sk-someones-own-key")
PRICE = 0.1
"""Of a call of 60 and 40 tokens with the expensive model, in US dollars."""


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    made = NOW - timedelta(days=3)
    with FakeGateway(lambda: NOW) as gateway:
        gateway.state.keys[TOKEN] = StoredKey(TOKEN, "sk-...-key", made, made, key_alias="ana", max_budget=5.0)
        yield gateway


def calls(count: int, at: datetime = AT, failed: int = 0) -> Calls:
    return Calls(TOKEN, "mock-expensive", at, 600.0, count, failed, 60, 40)


def ask(gateway: FakeGateway, path: str, **params: object) -> Any:
    reply = httpx.get(
        f"{gateway.base_url}{path}",
        params={name: str(value) for name, value in params.items()},
        headers={"Authorization": f"Bearer {gateway.master_key}"},
        trust_env=False,
    )
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_daily_activity_counts_every_call_tokens_and_failure(gateway: FakeGateway) -> None:
    outcome = record(gateway.state, [calls(30, failed=4)])
    assert (outcome.answered, outcome.refused) == (30, 4)
    day = ask(gateway, "/user/daily/activity", start_date="2026-11-20", end_date="2026-11-20")["results"][0]
    assert day["metrics"]["api_requests"] == 34
    assert day["metrics"]["failed_requests"] == 4
    assert day["metrics"]["prompt_tokens"] == 30 * 60
    assert day["metrics"]["spend"] == pytest.approx(30 * PRICE)


def test_the_call_that_crosses_the_cap_goes_through_and_those_after_it_are_refused(gateway: FakeGateway) -> None:
    record(gateway.state, [calls(45)])
    outcome = record(gateway.state, [calls(100, NOW - timedelta(hours=1))])
    assert (outcome.answered, outcome.refused) == (5, 95)
    assert gateway.keys[0].spend == pytest.approx(5.0)
    assert record(gateway.state, [calls(1, NOW - timedelta(minutes=30))]).answered == 0


def test_a_cap_per_day_stops_many_calls_at_once_and_starts_again_the_next_day(gateway: FakeGateway) -> None:
    key = gateway.state.keys[TOKEN]
    windows.give(key, windows.read([{"budget_duration": "1d", "max_budget": 1.0}]), NOW, [])
    assert record(gateway.state, [calls(30)]).answered == 10
    assert record(gateway.state, [calls(30, NOW - timedelta(hours=1))]).answered == 0
    gateway.state.clock = lambda: NOW + timedelta(days=1)
    assert record(gateway.state, [calls(30, NOW + timedelta(hours=20))]).answered == 10


def test_a_gateway_that_lets_everything_through_charges_all_of_it(gateway: FakeGateway) -> None:
    gateway.habits.accepts_over_caps = True
    assert record(gateway.state, [calls(80)]).answered == 80
    assert gateway.really_spent() == {TOKEN: 8_000_000}


@pytest.mark.parametrize("end", ["expires", "deleted_at", "blocked_at"])
def test_a_key_that_did_not_work_then_lets_nothing_in(gateway: FakeGateway, end: str) -> None:
    key = gateway.state.keys[TOKEN]
    setattr(key, end, AT)
    key.blocked = end == "blocked_at"
    before = record(gateway.state, [calls(3, AT - timedelta(hours=1))])
    assert (before.answered, record(gateway.state, [calls(3)]).answered) == (3, 0)
    assert record(gateway.state, [calls(3, key.created_at - timedelta(hours=1))]).answered == 0


def test_what_is_still_to_come_cannot_be_recorded(gateway: FakeGateway) -> None:
    with pytest.raises(ValueError, match="not yet"):
        record(gateway.state, [calls(1, NOW - timedelta(minutes=5))])


def test_the_spend_log_lists_each_call_newest_first_page_by_page(gateway: FakeGateway) -> None:
    record(gateway.state, [calls(20, failed=2), calls(10, AT + timedelta(minutes=5))])
    pages = [
        ask(gateway, "/spend/logs/v2", start_date="2026-11-20", end_date="2026-11-21", page=page, page_size=15)
        for page in (1, 2, 3)
    ]
    rows = [row for page in pages for row in page["data"]]
    assert [page["total"] for page in pages] == [32, 32, 32]
    assert len(rows) == len({row["request_id"] for row in rows}) == 32
    assert [row["startTime"] for row in rows] == sorted((row["startTime"] for row in rows), reverse=True)
    assert sum(row["spend"] for row in rows) == pytest.approx(30 * PRICE)
    assert sum(row["status"] == "failure" for row in rows) == 2


def test_a_window_within_a_spell_counts_only_its_own_calls(gateway: FakeGateway) -> None:
    record(gateway.state, [calls(10)])
    first_half = ask(
        gateway, "/spend/logs/v2", start_date=f"{AT:%Y-%m-%d %H:%M:%S}", end_date=f"{AT:%Y-%m-%d %H}:04:59"
    )
    assert first_half["total"] == len(first_half["data"]) == 5


def test_it_is_all_there_after_a_restart(gateway: FakeGateway) -> None:
    record(gateway.state, [calls(30, failed=4)])
    again = FakeGateway(lambda: NOW)
    again.load(gateway.dump())
    assert again.state.charges == gateway.state.charges
    assert again.keys[0].last_active == AT + timedelta(minutes=10)
