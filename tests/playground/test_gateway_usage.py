"""The fake gateway's calendar and its usage routes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bot.playground.gateway import FakeGateway
from bot.playground.gateway.durations import BadDuration, after, window_end
from tests.contract.rig import Clock, FakeRig, litellm_on_fake

FRIDAY = datetime(2026, 11, 20, 18, 15, tzinfo=UTC)


@pytest.fixture
def rig() -> Iterator[FakeRig]:
    with litellm_on_fake() as rig:
        yield rig


@pytest.mark.parametrize(
    ("duration", "end"),
    [
        ("1d", "2026-11-21T00:00"),
        ("24h", "2026-11-21T00:00"),
        ("7d", "2026-11-23T00:00"),
        ("1w", "2026-11-23T00:00"),
        ("30d", "2026-12-01T00:00"),
        ("1mo", "2026-12-01T00:00"),
        ("14d", "2026-12-04T00:00"),
        ("31d", "2026-12-21T00:00"),
        ("1h", "2026-11-20T19:00"),
        ("1hr", "2026-11-21T00:00"),
        ("30s", "2026-11-20T18:15:30"),
    ],
)
def test_windows_end_where_the_real_ones_do(duration: str, end: str) -> None:
    assert window_end(duration, FRIDAY) == datetime.fromisoformat(end).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("duration", "seconds"), [("0s", 0), ("90s", 90), ("5m", 300), ("2h", 7200), ("7d", 604_800), ("1w", 604_800)]
)
def test_a_key_lives_exactly_as_long_as_asked(duration: str, seconds: int) -> None:
    assert after(duration, FRIDAY) - FRIDAY == timedelta(seconds=seconds)


def test_a_month_is_a_calendar_month() -> None:
    assert after("1mo", FRIDAY) == datetime(2026, 12, 20, 18, 15, tzinfo=UTC)
    assert after("2mo", FRIDAY) == datetime(2027, 1, 20, 18, 15, tzinfo=UTC)


@pytest.mark.parametrize("duration", ["7x", "-5s", "1.5s", "", "d", "s7"])
def test_nonsense_is_no_duration(duration: str) -> None:
    with pytest.raises(BadDuration):
        after(duration, FRIDAY)


def daily(rig: FakeRig, **params: str) -> dict:
    days = {"start_date": "2026-11-20", "end_date": "2026-11-21"}
    body: dict = rig.raw("GET", "/user/daily/activity", **(days | params)).json()
    return body


def test_daily_activity_splits_by_day_model_and_key(rig: FakeRig) -> None:
    ana, ben = rig.issue(), rig.issue()
    rig.gateway.set_expiry(ana.handle, None)
    rig.chat(ana.secret, "mock-expensive")
    rig.chat(ben.secret)
    rig.clock.advance(86_400)
    rig.chat(ana.secret, "mock-expensive")
    rig.chat(ana.secret, "no-such-model")
    saturday, friday = daily(rig)["results"]
    assert (friday["date"], saturday["date"]) == ("2026-11-20", "2026-11-21")
    assert friday["breakdown"]["model_groups"]["mock-expensive"]["metrics"]["spend"] == pytest.approx(0.028)
    assert friday["breakdown"]["models"]["openai/gpt-4o-mini"]["metrics"]["api_requests"] == 1
    assert set(friday["breakdown"]["api_keys"]) == {ana.handle, ben.handle}
    assert (saturday["metrics"]["successful_requests"], saturday["metrics"]["failed_requests"]) == (1, 1)
    [only_ben] = daily(rig, api_key=ben.handle)["results"]
    assert only_ben["metrics"]["api_requests"] == 1


def test_a_day_is_split_over_pages_of_rows_and_the_pages_add_up(rig: FakeRig) -> None:
    for _ in range(3):
        key = rig.issue()
        rig.chat(key.secret, "mock-expensive")
        rig.chat(key.secret)
    whole = daily(rig)
    assert (whole["metadata"]["total_pages"], whole["metadata"]["has_more"]) == (1, False)
    pages = [daily(rig, page_size="4", page=str(number)) for number in (1, 2, 3)]
    assert [page["metadata"]["has_more"] for page in pages] == [True, False, False]
    assert [len(page["results"]) for page in pages] == [1, 1, 0]
    assert sum(page["metadata"]["total_api_requests"] for page in pages) == 6
    rig.fake.habits.daily_page_rows = 1
    assert daily(rig)["metadata"]["total_pages"] == 6


def test_a_call_in_between_is_in_the_activity_of_its_day_only(rig: FakeRig) -> None:
    key = rig.issue(lives_seconds=None)
    for _ in range(3):
        rig.chat(key.secret)
        daily(rig)
        rig.clock.advance(43_200)
    assert [day["metrics"]["api_requests"] for day in daily(rig)["results"]] == [2, 1]


def test_activity_outlives_the_key_and_waits_for_the_flush(rig: FakeRig) -> None:
    rig.fake.habits.flush_seconds = 10
    issued = rig.issue()
    rig.chat(issued.secret, "mock-expensive")
    rig.gateway.delete(issued.handle)
    assert daily(rig)["results"] == []
    rig.clock.advance(10)
    [day] = daily(rig)["results"]
    entry = day["breakdown"]["api_keys"][issued.handle]
    assert entry["metrics"]["spend"] == pytest.approx(0.028)
    assert (entry["metadata"]["user_id"], entry["metadata"]["key_exists"]) == ("U-ANA", False)


def test_the_log_has_refused_calls_that_cost_nothing(rig: FakeRig) -> None:
    issued = rig.issue(cap_micros=0)
    rig.chat(issued.secret)
    params = {"start_date": "2026-11-20", "end_date": "2026-11-20 23:59:59", "api_key": issued.handle}
    log = rig.raw("GET", "/spend/logs/v2", **params).json()
    assert [(row["status"], row["spend"]) for row in log["data"]] == [("failure", 0)]


@pytest.mark.parametrize("start", ["2026-11-20T00:00:00", "yesterday", ""])
def test_the_log_wants_dates_without_t_or_zone(rig: FakeRig, start: str) -> None:
    reply = rig.raw("GET", "/spend/logs/v2", start_date=start, end_date="2026-11-21")
    assert reply.status_code == 400


def test_a_member_sees_no_usage(rig: FakeRig) -> None:
    headers = {"Authorization": f"Bearer {rig.issue().secret}"}
    reply = httpx.get(f"{rig.base_url}/user/daily/activity", headers=headers)
    assert reply.status_code == 403


def test_time_alone_expires_a_key_in_the_inspector() -> None:
    clock = Clock()
    with FakeGateway(clock, "sk-master-1234") as fake:
        headers = {"Authorization": "Bearer sk-master-1234"}
        httpx.post(f"{fake.base_url}/key/generate", headers=headers, json={"duration": "60s"})
        assert len(fake.live_keys()) == 1
        clock.advance(60)
        assert fake.live_keys() == []
