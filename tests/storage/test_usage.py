"""Rows of usage: the newest telling counts, nothing unchanged is written, and only keys we know are in the books."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.keys import KeyKind
from storage import posted, syncs, usage
from storage.engine import Books
from storage.syncs import What
from storage.usage import Written
from tests.storage.spending import GATEWAY, NOW, USD, a_key, assert_settled, counted, found_team, put, used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.usage import Usage

TODAY = NOW.date()


@pytest.fixture
def books(migrated_url: str) -> Iterator[Books]:
    books = Books(migrated_url)
    with books.transaction() as session:
        found_team(session)
        put(session, a_key("one"))
        put(session, a_key("two", kind=KeyKind.AUTOMATION, period="month", daily_cap_micros=USD))
    yield books
    books.close()


def write(books: Books, *rows: Usage, now: datetime = NOW) -> Written:
    with books.transaction() as session:
        return usage.write(session, GATEWAY, rows, now)


def told(books: Books, day: date = TODAY) -> list[tuple[str, str, int]]:
    with books.reading() as session:
        return sorted((row.handle, row.model, row.cost_micros) for row in usage.told(session, GATEWAY, day))


def through(books: Books, what: What) -> str | None:
    with books.reading() as session:
        mark = syncs.of(session, GATEWAY, what)
    return None if mark is None else mark.through


def test_what_is_told_again_unchanged_is_not_written(books: Books) -> None:
    rows = [used("one", NOW, 5), used("two", NOW, 7)]
    assert write(books, *rows) == Written(known=2, telling=2, changed=2)
    assert write(books, *rows) == Written(known=2, telling=2, changed=0)
    assert write(books, rows[0], used("two", NOW, 8)) == Written(known=2, telling=2, changed=1)
    assert told(books) == [("h-one", "mock-gpt", 5), ("h-two", "mock-gpt", 8)]
    assert_settled(books)


@pytest.mark.parametrize("column", ["requests", "failures", "retries", "tasks", "input_tokens", "unpriced_requests"])
def test_a_change_of_any_count_is_one(books: Books, column: str) -> None:
    write(books, used("one", NOW, 5))
    restated = used("one", NOW, 5)._replace(**{column: 99})  # type: ignore[arg-type]
    assert write(books, restated).changed == 1
    with books.reading() as session:
        (row,) = usage.told(session, GATEWAY, TODAY)
    assert getattr(row, column) == 99
    assert_settled(books)


def test_of_the_same_row_twice_the_later_counts(books: Books) -> None:
    assert write(books, used("one", NOW, 5), used("one", NOW, 6)).known == 1
    assert told(books) == [("h-one", "mock-gpt", 6)]


def test_rows_of_unknown_keys_and_of_days_to_come_are_left_out(books: Books) -> None:
    tomorrow = datetime(2026, 11, 21, tzinfo=UTC)
    rows = [used("nobodys", NOW, 5), used("one", tomorrow, 5), used("one", tomorrow - timedelta(hours=1), 4)]
    assert write(books, *rows) == Written(known=1, telling=1, changed=1)
    assert counted(books, "one") == {"2026-11": 4}


def test_a_large_telling_is_written_in_chunks_and_counts_once(books: Books) -> None:
    rows = [used("one", NOW - timedelta(hours=hour), 1, f"model-{model}") for hour in range(400) for model in range(20)]
    assert len(rows) > usage.CHUNK_ROWS
    assert write(books, *rows).changed == len(rows)
    assert write(books, *rows).changed == 0
    assert counted(books, "one") == {"2026-11": len(rows)}
    assert_settled(books)


def test_what_is_no_longer_told_stays_as_a_row_that_tells_nothing(books: Books) -> None:
    write(books, used("two", NOW, 5), used("two", NOW, 7, "mock-large"))
    with books.transaction() as session:
        usage.zero(session, GATEWAY, [used("two", NOW, 7, "mock-large")])
        assert usage.telling(session, GATEWAY, TODAY) == 1
    assert told(books) == [("h-two", "mock-gpt", 5)]
    assert counted(books, "two") == {"2026-11": 5}
    assert counted(books, "two", days=True) == {"2026-11-20": 5}
    assert_settled(books)


def test_a_change_has_its_day_and_month_posted_again(books: Books) -> None:
    with books.transaction() as session:
        syncs.advance(session, GATEWAY, What.POSTED, NOW, None, "2026-11-19")
        syncs.advance(session, GATEWAY, What.SETTLED, NOW, None, "2026-10")
    write(books, used("one", NOW, 5))
    assert (through(books, What.POSTED), through(books, What.SETTLED)) == ("2026-11-19", "2026-10")
    write(books, used("one", NOW - timedelta(days=3), 5))
    assert (through(books, What.POSTED), through(books, What.SETTLED)) == ("2026-11-16", "2026-10")
    write(books, used("one", datetime(2026, 10, 31, 23, tzinfo=UTC), 5))
    assert (through(books, What.POSTED), through(books, What.SETTLED)) == ("2026-10-30", "2026-09")


def test_days_and_months_that_the_ledger_lacks_are_named_key_by_key(books: Books) -> None:
    write(books, used("one", NOW, 5), used("one", NOW, 6, "mock-large"), used("two", NOW - timedelta(days=1), 7))
    with books.transaction() as session:
        today = posted.gaps_of_day(session, GATEWAY, TODAY)
        assert [(gap.key_id, gap.due_micros, gap.posted_micros, gap.rows) for gap in today] == [("one", 11, 0, 0)]
        month = posted.gaps_of_month(session, GATEWAY, "2026-11")
        assert [(gap.key_id, gap.due_micros) for gap in month] == [("one", 11), ("two", 7)]
        assert [gap.key_id for gap in posted.gaps_of_month(session, GATEWAY, "2026-11", ["two"])] == ["two"]
        assert posted.gaps_of_month(session, GATEWAY, "2026-11", []) == []
        assert posted.gaps_of_month(session, "another", "2026-11") == []
        assert (usage.oldest_day(session, GATEWAY), posted.oldest_month(session, GATEWAY)) == ("2026-11-19", "2026-11")
