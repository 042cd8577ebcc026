"""Which days a span has, and with which days it is compared."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.spans import Span, compared, known_part, last_days, month_so_far, whole_month

TODAY = date(2026, 11, 20)
days = st.dates(date(2019, 1, 1), date(2031, 1, 1))
spans = st.builds(lambda since, count: Span(since, since + timedelta(days=count)), days, st.integers(1, 400))


def span(text: str) -> Span:
    """`2026-11-01 2026-11-30`: the first and the last day."""
    since, last = map(date.fromisoformat, text.split())
    return Span(since, last + timedelta(days=1))


COMPARED = [
    ("30 days", last_days(30, TODAY), "2026-10-22 2026-11-19", "2026-09-22 2026-10-20"),
    ("seven days", last_days(7, TODAY), "2026-11-14 2026-11-19", "2026-11-07 2026-11-12"),
    ("this week", span("2026-11-16 2026-11-22"), "2026-11-16 2026-11-19", "2026-11-09 2026-11-12"),
    ("last week", span("2026-11-09 2026-11-15"), "2026-11-09 2026-11-15", "2026-11-02 2026-11-08"),
    ("a week from the first", span("2026-06-01 2026-06-07"), "2026-06-01 2026-06-07", "2026-05-25 2026-05-31"),
    ("this month", month_so_far(TODAY), "2026-11-01 2026-11-19", "2026-10-01 2026-10-19"),
    ("a month after a shorter one", whole_month(date(2026, 3, 1)), "2026-03-01 2026-03-28", "2026-02-01 2026-02-28"),
    ("a month after a leap day", whole_month(date(2024, 3, 1)), "2024-03-01 2024-03-29", "2024-02-01 2024-02-29"),
    ("a month after a longer one", whole_month(date(2026, 2, 1)), "2026-02-01 2026-02-28", "2026-01-01 2026-01-28"),
    ("the first month of a year", whole_month(date(2026, 1, 1)), "2026-01-01 2026-01-31", "2025-12-01 2025-12-31"),
    ("yesterday", last_days(1, TODAY).moved(-1), "2026-11-19 2026-11-19", "2026-11-18 2026-11-18"),
    ("a year with a leap day", span("2024-01-01 2024-12-31"), "2024-01-01 2024-12-31", "2022-12-31 2023-12-31"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "now", "before"), [row[1:] for row in COMPARED], ids=[row[0] for row in COMPARED])
def test_days_that_are_over_are_compared_with_as_many(asked: Span, now: str, before: str) -> None:
    assert compared(asked, TODAY) == (span(now), span(before))


def test_days_that_begin_with_a_month_are_no_month() -> None:
    today = date(2026, 11, 7)
    assert compared(last_days(7, today), today) == (span("2026-11-01 2026-11-06"), span("2026-10-25 2026-10-30"))
    assert compared(month_so_far(today), today) == (span("2026-11-01 2026-11-06"), span("2026-10-01 2026-10-06"))


def test_today_alone_and_days_to_come_are_compared_with_nothing() -> None:
    assert compared(last_days(1, TODAY), TODAY) is None
    assert compared(last_days(1, TODAY).moved(5), TODAY) is None
    assert compared(month_so_far(date(2026, 11, 1)), date(2026, 11, 1)) is None


@given(spans, days)
def test_what_is_compared_is_over_equally_long_and_apart(asked: Span, today: date) -> None:
    found = compared(asked, today)
    if found is None:
        assert asked.since >= today
        return
    now, before = found
    assert now.days == before.days
    assert now.since == asked.since
    assert now.until <= min(asked.until, today)
    assert before.until <= now.since
    assert before.since < asked.since


@given(spans, days)
def test_what_is_known_of_a_span_ends_today(asked: Span, today: date) -> None:
    found = known_part(asked, today)
    known = [] if found is None else list(found.each())
    assert known == [day for day in asked.each() if day <= today]


def test_a_span_has_a_day() -> None:
    with pytest.raises(ValueError, match="no day"):
        Span(TODAY, TODAY)
    assert list(last_days(2, TODAY).each()) == [TODAY - timedelta(days=1), TODAY]
    assert last_days(1, TODAY).last == TODAY
    assert TODAY in last_days(1, TODAY)
    assert TODAY not in last_days(1, TODAY).moved(1)
