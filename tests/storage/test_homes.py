"""Open Home tabs: which are due, in which order, and whose note of what stands there counts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.homes import Shown
from storage import homes, ledger, syncs
from storage.engine import Books
from storage.syncs import What
from tests.storage.spending import GATEWAY, NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR = timedelta(hours=1)
FIRST, SECOND = Shown("first", "view-1"), Shown("second", "view-2")


@pytest.fixture
def books(migrated_url: str) -> Iterator[Books]:
    books = Books(migrated_url)
    yield books
    books.close()


def due(books: Books, mark: str, *, minutes: float = 0, most: int = 9) -> list[str]:
    now = NOW + timedelta(minutes=minutes)
    with books.reading() as session:
        return homes.due(session, mark, now - HOUR, now, most)


def opened(books: Books, *member_ids: str, minutes: float = 0) -> None:
    for number, member_id in enumerate(member_ids):
        with books.transaction() as session:
            homes.opened(session, member_id, NOW + timedelta(minutes=minutes, microseconds=number))


def mark(books: Books) -> str:
    with books.reading() as session:
        return homes.mark(session)


def test_a_tab_is_due_until_it_was_compared_with_the_books_as_they_are(books: Books) -> None:
    opened(books, "U0ANA")
    assert due(books, "1") == ["U0ANA"]
    with books.transaction() as session:
        homes.looked(session, "U0ANA", "1", NOW)
    assert due(books, "1") == []
    assert due(books, "2") == ["U0ANA"]
    opened(books, "U0ANA")
    assert due(books, "1") == ["U0ANA"], "opened again: published again, should that fail at first"


def test_a_tab_that_nobody_opened_within_the_hour_is_let_be(books: Books) -> None:
    opened(books, "U0ANA")
    assert due(books, "1", minutes=59) == ["U0ANA"]
    assert due(books, "1", minutes=60) == []
    with books.transaction() as session:
        assert homes.prune(session, NOW) == 0
        assert homes.prune(session, NOW + HOUR) == 1


def test_who_has_waited_longest_is_first_and_no_pass_does_more_than_it_may(books: Books) -> None:
    opened(books, "U0ANA", "U0BEN", "U0OMAR")
    assert due(books, "1", minutes=1, most=2) == ["U0ANA", "U0BEN"]
    with books.transaction() as session:
        homes.looked(session, "U0ANA", "0", NOW + timedelta(seconds=2))
    assert due(books, "1", minutes=1) == ["U0BEN", "U0OMAR", "U0ANA"]


def test_when_slack_asks_to_slow_down_all_wait(books: Books) -> None:
    opened(books, "U0ANA", "U0BEN")
    with books.transaction() as session:
        homes.postpone(session, NOW + timedelta(minutes=1), "U0BEN")
    assert due(books, "1", minutes=0.5) == ["U0ANA"]
    with books.transaction() as session:
        homes.postpone(session, NOW + timedelta(minutes=2))
    assert due(books, "1", minutes=1.5) == []
    assert due(books, "1", minutes=2) == ["U0ANA", "U0BEN"]


def test_a_late_note_of_an_older_view_does_not_replace_that_of_a_newer_one(books: Books) -> None:
    opened(books, "U0ANA")
    with books.transaction() as session:
        assert homes.published(session, "U0ANA", FIRST, Shown(), "1", NOW)
        assert homes.published(session, "U0ANA", SECOND, FIRST, "2", NOW)
        assert not homes.published(session, "U0ANA", Shown("late", "view-0"), FIRST, "1", NOW)
        assert homes.standing(session, "U0ANA") == SECOND
        assert homes.published(session, "U0ANA", FIRST, Shown(), "3", NOW), "put over whatever stood there"
        assert homes.standing(session, "U0ANA") == FIRST
        assert homes.standing(session, "U0BEN") == Shown()


def test_the_mark_moves_with_the_ledger_and_with_every_reading_of_what_was_spent(books: Books) -> None:
    seen = [mark(books)]
    with books.transaction() as session:
        entry = ledger.Entry(actor="U0ANA", action="request.asked", idempotency_key="one", at=NOW)
        ledger.append(session, entry)
    seen.append(mark(books))
    for what in (What.LIVE, What.USAGE):
        with books.transaction() as session:
            syncs.read(session, GATEWAY, what, NOW)
        seen.append(mark(books))
    with books.transaction() as session:
        syncs.failed(session, GATEWAY, What.LIVE, NOW + HOUR, "it did not answer")
    seen.append(mark(books))
    assert len(set(seen)) == len(seen)
    with books.transaction() as session:
        syncs.reached(session, GATEWAY, What.POSTED, NOW, "2026-11-20")
    assert mark(books) == seen[-1]
