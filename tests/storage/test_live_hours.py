"""In which hours live totals grew: only what was seen to grow counts, and only where the hour is known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from bot.domain.periods import month_end
from bot.domain.spans import Span
from storage import live_hours, readings, syncs, windows
from storage.engine import Books
from storage.live_hours import LONGEST_PAUSE_SECONDS, MOST_MICROS, Timed
from storage.money_tables import LiveHourRow
from storage.syncs import What
from storage.usage_reports import EVERYTHING, Chosen
from storage.windows import Told
from tests.storage.spending import GATEWAY, NOW, USD, a_key, assert_settled, found_team, put

if TYPE_CHECKING:
    from collections.abc import Iterator

WEEK = Span(date(2026, 11, 16), date(2026, 11, 23))


@pytest.fixture
def books(migrated_url: str) -> Iterator[Books]:
    books = Books(migrated_url)
    with books.transaction() as session:
        found_team(session)
        put(session, a_key("one"))
        put(session, a_key("two"))
    yield books
    books.close()


def read(books: Books, at: datetime, **totals: int) -> None:
    """A reading of all keys that began then, as `syncing` writes it down."""
    with books.transaction() as session:
        readings.note_live(session, [(key_id, micros, None) for key_id, micros in totals.items()], at)
    with books.transaction() as session:
        syncs.read(session, GATEWAY, What.LIVE, at)


def hours(books: Books) -> dict[tuple[str, str], int]:
    with books.reading() as session:
        rows = session.exec(select(LiveHourRow)).all()
    return {(row.key_id, f"{row.hour:%d %H:%M}"): row.spent_micros for row in rows}


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def test_what_a_total_grew_by_counts_to_the_hour_in_which_it_was_seen(books: Books) -> None:
    read(books, minutes(0), one=100, two=5)
    read(books, minutes(1), one=130, two=5)
    read(books, minutes(2), one=131, two=9)
    read(books, minutes(61), one=200)
    assert hours(books) == {("one", "20 12:00"): 31, ("two", "20 12:00"): 4, ("one", "20 13:00"): 69}
    assert_settled(books)


def test_the_first_total_of_a_key_says_not_when_it_was_spent(books: Books) -> None:
    read(books, minutes(0), one=100)
    read(books, minutes(1), two=100)
    assert hours(books) == {}


def test_corrections_downwards_count_nothing_and_neither_does_what_comes_back(books: Books) -> None:
    read(books, minutes(0), one=100)
    read(books, minutes(1), one=60)
    assert hours(books) == {}
    read(books, minutes(2), one=70)
    assert hours(books) == {("one", "20 12:00"): 10}


@pytest.mark.parametrize(
    ("pause_seconds", "counted"), [(3_599, True), (LONGEST_PAUSE_SECONDS, True), (LONGEST_PAUSE_SECONDS + 1, False)]
)
def test_what_grew_in_a_long_pause_tells_no_hour(books: Books, pause_seconds: int, counted: bool) -> None:
    read(books, NOW, one=100)
    later = NOW + timedelta(seconds=pause_seconds)
    read(books, later, one=150)
    assert hours(books) == ({("one", f"{later:%d %H}:00"): 50} if counted else {})
    read(books, later + timedelta(minutes=1), one=160)
    assert sum(hours(books).values()) == (60 if counted else 10)


def test_a_reading_that_was_overtaken_counts_nothing(books: Books) -> None:
    read(books, minutes(0), one=100)
    read(books, minutes(2), one=150)
    read(books, minutes(1), one=170)
    assert hours(books) == {("one", "20 12:00"): 50}


def test_the_same_total_told_twice_counts_once(books: Books) -> None:
    read(books, minutes(0), one=100)
    for _ in range(2):
        with books.transaction() as session:
            readings.note_live(session, [("one", 150, None)], minutes(1))
    assert hours(books) == {("one", "20 12:00"): 50}


def test_a_window_that_begins_again_counts_nothing_of_what_was_before(books: Books) -> None:
    end = month_end(NOW)
    moments = [
        end - timedelta(minutes=2),
        end - timedelta(minutes=1),
        end + timedelta(minutes=1),
        end + timedelta(minutes=2),
    ]
    for at, micros, until in zip(moments, (500, 520, 7, 9), (end, end, month_end(end), month_end(end)), strict=True):
        with books.transaction() as session:
            windows.note(session, [Told("one", micros, until)], at)
        with books.transaction() as session:
            syncs.read(session, GATEWAY, What.LIVE, at)
    assert hours(books) == {("one", "30 23:00"): 20, ("one", "01 00:00"): 2}
    assert_settled(books)


def test_a_total_that_leaps_beyond_reason_never_stops_a_reading(books: Books) -> None:
    """A gateway that lies may tell anything a BIGINT holds, again and again."""
    read(books, minutes(0), one=0)
    for number in range(1, 7):
        read(books, minutes(number), one=(2**62 if number % 2 else 0))
    read(books, minutes(7), one=MOST_MICROS)
    assert hours(books) == {("one", "20 12:00"): MOST_MICROS}


def test_off_hours_are_those_of_the_teams_zone(books: Books) -> None:
    friday = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)  # 07:30 in Berlin, 15:30 in Tokyo
    read(books, friday, one=0, two=0)
    read(books, friday + timedelta(minutes=10), one=10)
    read(books, friday + timedelta(minutes=40), one=110, two=7)  # 07:10 UTC, 08:10 in Berlin
    saturday = friday + timedelta(days=1)
    read(books, saturday, one=110)
    read(books, saturday + timedelta(minutes=5), one=1_110)

    def seen(zone: str, chosen: Chosen = EVERYTHING, span: Span = WEEK) -> Timed | None:
        with books.reading() as session:
            return live_hours.off_hours(session, chosen, span, ZoneInfo(zone))

    assert seen("Europe/Berlin") == Timed(1_010, 1_117)
    assert seen("Asia/Tokyo") == Timed(1_000, 1_117)
    assert seen("Europe/Berlin", Chosen(key_ids=("two",))) == Timed(0, 7)
    assert seen("Europe/Berlin", span=Span(date(2026, 11, 20), date(2026, 11, 21))) == Timed(10, 117)
    assert seen("Europe/Berlin", span=Span(date(2026, 11, 22), date(2026, 11, 23))) is None
    assert seen("Europe/Berlin", Chosen(team_ids=("none",))) is None


def test_hours_are_forgotten_when_they_are_old(books: Books) -> None:
    read(books, minutes(0), one=0)
    read(books, minutes(1), one=10)
    read(books, minutes(61), one=20)
    with books.transaction() as session:
        live_hours.prune(session, minutes(60))
    assert hours(books) == {("one", "20 13:00"): 10}


def test_very_many_keys_are_noted_together(books: Books) -> None:
    with books.transaction() as session:
        for number in range(1_200):
            put(session, a_key(f"k{number:04}", cap=USD))
    totals = {f"k{number:04}": number for number in range(1_200)}
    read(books, minutes(0), **dict.fromkeys(totals, 0))
    read(books, minutes(1), **totals)
    assert sum(hours(books).values()) == sum(totals.values())
    assert len(hours(books)) == 1_199
    with books.reading() as session:
        assert live_hours.off_hours(session, EVERYTHING, WEEK, UTC) == Timed(0, sum(totals.values()))
