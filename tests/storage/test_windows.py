"""Totals that start again with each month are counted on: no dollar twice, and none forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.keys import KeyKind
from bot.domain.periods import month_end, month_of
from storage import readings, usage, windows
from storage.engine import Books
from storage.windows import Told
from tests.storage.kit import run
from tests.storage.spending import GATEWAY, USD, a_key, assert_settled, counted, found_team, put, used

if TYPE_CHECKING:
    from collections.abc import Iterator

DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
JANUARY = datetime(2027, 1, 1, tzinfo=UTC)
KEY = "monthly"


@pytest.fixture
def books(migrated_url: str) -> Iterator[Books]:
    books = Books(migrated_url)
    with books.transaction() as session:
        found_team(session)
        put(session, a_key(KEY, period="month", kind=KeyKind.MEMBER, daily_cap_micros=500 * USD))
    yield books
    books.close()


def on(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}+00:00")


def tell(books: Books, at: datetime, usd: float, until: datetime) -> None:
    with books.transaction() as session:
        windows.note(session, [Told(KEY, round(usd * USD), until)], at)


def date_usage(books: Books, at: datetime, usd: float) -> None:
    with books.transaction() as session:
        usage.write(session, GATEWAY, [used(KEY, at, round(usd * USD))], at)


def counted_usd(books: Books, *, days: bool = False) -> dict[str, float]:
    return {period: micros / USD for period, micros in counted(books, KEY, days=days).items()}


def test_the_first_total_of_a_month_is_all_of_it_though_it_is_higher_than_the_last_one(books: Books) -> None:
    tell(books, on("2026-11-29 12:00"), 10, DECEMBER)
    tell(books, on("2026-12-02 12:00"), 12, JANUARY)
    assert counted_usd(books) == {"2026-11": 10, "2026-12": 12}


def test_a_total_corrected_within_its_month_is_not_one_that_began_again(books: Books) -> None:
    tell(books, on("2026-11-20 12:00"), 10, DECEMBER)
    tell(books, on("2026-12-02 12:00"), 7, JANUARY)
    tell(books, on("2026-12-02 12:05"), 5, JANUARY)
    assert counted_usd(books) == {"2026-11": 10, "2026-12": 5}


def test_until_the_gateway_begins_the_month_it_tells_of_the_one_before(books: Books) -> None:
    for at, usd in (("2026-11-30 23:59", 400), ("2026-12-01 00:01", 399), ("2026-12-01 00:09", 402)):
        tell(books, on(at), usd, DECEMBER)
    assert counted_usd(books) == {"2026-11": 402}
    tell(books, on("2026-12-01 00:11"), 1, JANUARY)
    assert counted_usd(books) == {"2026-11": 402, "2026-12": 1}
    assert counted_usd(books, days=True) == {"2026-11-30": 402, "2026-12-01": 1}


def test_a_month_that_began_while_the_gateway_was_asked_is_left_to_the_next_call(books: Books) -> None:
    tell(books, on("2026-11-30 23:58"), 10, DECEMBER)
    tell(books, on("2026-11-30 23:59:59"), 0, JANUARY)
    assert counted_usd(books) == {"2026-11": 10}


def test_a_month_goes_on_from_what_usage_proved_though_no_total_was_told_of_it(books: Books) -> None:
    tell(books, on("2026-11-29 12:00"), 10, DECEMBER)
    date_usage(books, on("2026-11-29 10:00"), 10)
    date_usage(books, on("2026-11-30 18:00"), 5)
    tell(books, on("2026-12-02 12:00"), 2, JANUARY)
    assert counted_usd(books) == {"2026-11": 15, "2026-12": 2}
    date_usage(books, on("2026-12-02 10:00"), 2)
    tell(books, on("2026-12-02 13:00"), 3, JANUARY)
    assert counted_usd(books) == {"2026-11": 15, "2026-12": 3}


def test_a_lifetime_that_is_all_this_months_and_lower_than_before_is_a_correction(books: Books) -> None:
    """A lifetime is never taken for a total that began again, whatever else it looks like."""
    for at, usd in (("2026-11-30 23:59", 400), ("2026-12-01 00:01", 399)):
        with books.transaction() as session:
            readings.note_live(session, [(KEY, usd * USD, usd * USD)], on(at))
    assert counted_usd(books) == {"2026-11": 399, "2026-12": 0}


def test_what_would_be_written_down_is_known_before(books: Books) -> None:
    tell(books, on("2026-11-29 12:00"), 10, DECEMBER)
    with books.reading() as session:
        for until, at, total in ((JANUARY, "2026-12-02 12:00", 13), (DECEMBER, "2026-12-01 00:05", 3)):
            assert windows.totals(session, [Told(KEY, 3 * USD, until)], on(at)) == {KEY: total * USD}
        assert windows.totals(session, [Told(KEY, 3 * USD, JANUARY)], on("2026-11-30 12:00")) == {}


calls = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), max_size=30)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=calls, late_hours=st.integers(0, 20))
def test_every_month_is_charged_what_its_window_counted(
    books: Books, calls: list[tuple[int, int]], late_hours: int
) -> None:
    """Reads at any hours, of a gateway that begins its months late: what the window counted is what is charged."""
    run(books, "DELETE FROM readings")
    at, counts = on("2026-10-20 00:30"), dict[str, int]()
    for hours, micros in calls:
        at += timedelta(hours=hours)
        month = month_of(at - timedelta(hours=late_hours))
        counts[month] = counts.get(month, 0) + micros
        until = month_end(at - timedelta(hours=late_hours))
        with books.transaction() as session:
            windows.note(session, [Told(KEY, counts[month], until)], at)
        assert {month: spent for month, spent in counted(books, KEY).items() if spent} == {
            month: spent for month, spent in counts.items() if spent
        }
    assert_settled(books)
