"""Spans of time read as typed, shown exactly where they are whole; months are UTC."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.periods import (
    DAY_SECONDS,
    HOUR_SECONDS,
    WEEK_SECONDS,
    BadDuration,
    month_end,
    month_of,
    month_start,
    parse_duration,
    short_duration,
    show_duration,
)

MOMENTS = st.datetimes(
    min_value=datetime(1990, 1, 1), max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-11, minutes=-30))]),
)  # fmt: skip


@given(st.integers(1, 100_000))
def test_what_is_shown_short_can_be_typed_again(minutes: int) -> None:
    assert parse_duration(short_duration(minutes * 60)) == minutes * 60


@given(MOMENTS)
def test_every_moment_lies_in_its_month(at: datetime) -> None:
    assert month_start(at) <= at < month_end(at)
    assert month_of(month_start(at)) == month_of(at) == month_of(month_end(at) - timedelta(microseconds=1))
    assert month_of(month_end(at)) > month_of(at)
    assert month_start(month_end(at)) == month_end(at)


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("7d", 7 * DAY_SECONDS),
        ("36h", 36 * HOUR_SECONDS),
        ("24h", DAY_SECONDS),
        ("2w", 2 * WEEK_SECONDS),
        ("90m", 5400),
        ("90 minutes", 5400),
        ("1 min", 60),
        ("1 hr", 3600),
        ("3 HOURS", 3 * HOUR_SECONDS),
        (" 1 day ", DAY_SECONDS),
        ("1 week", 604_800),
        ("999999m", 999_999 * 60),
    ],
)
def test_times_are_read_as_people_type_them(typed: str, seconds: int) -> None:
    assert parse_duration(typed) == seconds


SHAPE = "times look like 7d, 36h or 2w"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", SHAPE),
        ("7", SHAPE),
        ("d", SHAPE),
        ("-7d", SHAPE),
        ("7.5d", SHAPE),
        ("7days please", SHAPE),
        ("7y", SHAPE),
        ("\u0667d", SHAPE),
        ("1000000m", SHAPE),
        ("0d", "a time must be more than zero"),
        ("000h", "a time must be more than zero"),
    ],
)
def test_a_wrong_time_says_what_was_wrong(typed: str, why: str) -> None:
    with pytest.raises(BadDuration) as wrong:
        parse_duration(typed)
    assert str(wrong.value) == why


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 minute"),
        (119, "1 minute"),
        (120, "2 minutes"),
        (3600, "1 hour"),
        (3630, "1 hour"),
        (5400, "1 h 30 min"),
        (36 * HOUR_SECONDS, "36 hours"),
        (DAY_SECONDS, "1 day"),
        (7 * DAY_SECONDS, "7 days"),
        (47 * HOUR_SECONDS + 60, "47 h 1 min"),
        (48 * HOUR_SECONDS + 60, "2 days"),
        (3 * DAY_SECONDS + 13 * HOUR_SECONDS + 1, "4 days"),
        (49 * HOUR_SECONDS, "49 hours"),
    ],
)
def test_times_are_shown_for_people(seconds: int, shown: str) -> None:
    assert show_duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(7 * DAY_SECONDS, "7d"), (36 * HOUR_SECONDS, "36h"), (5400, "90m"), (61, "1m"), (1, "1m"), (DAY_SECONDS, "1d")],
)
def test_times_are_shown_as_typed(seconds: int, shown: str) -> None:
    assert short_duration(seconds) == shown


@pytest.fixture(params=["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def machine_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A machine whose local time is that of this place."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("machine_in")
def test_months_are_utc_wherever_one_is() -> None:
    late = datetime(2026, 12, 1, 1, 30, 5, 7, tzinfo=timezone(timedelta(hours=2)))
    assert month_of(late) == "2026-11"
    assert month_start(late) == datetime(2026, 11, 1, tzinfo=UTC)
    assert month_end(late) == datetime(2026, 12, 1, tzinfo=UTC)
    assert month_end(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)
