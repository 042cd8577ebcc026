"""Marks of how far gateways have been read: only newer readings move them, and what changes moves them back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storage import syncs
from storage.engine import Books
from storage.syncs import What
from tests.storage.spending import GATEWAY, NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

EARLIER = NOW - timedelta(minutes=5)


@pytest.fixture
def books(migrated_url: str) -> Iterator[Books]:
    books = Books(migrated_url)
    yield books
    books.close()


def mark(books: Books, what: What = What.LIVE) -> syncs.Sync:
    with books.reading() as session:
        found = syncs.of(session, GATEWAY, what)
    assert found is not None
    return found


def test_a_gateway_never_tried_has_no_mark(books: Books) -> None:
    with books.reading() as session:
        assert syncs.of(session, GATEWAY, What.LIVE) is None
        assert syncs.freshness(session) == []


def test_a_failure_keeps_how_fresh_the_figures_are_and_the_next_reading_clears_it(books: Books) -> None:
    with books.transaction() as session:
        syncs.read(session, GATEWAY, What.LIVE, EARLIER)
        syncs.failed(session, GATEWAY, What.LIVE, NOW, "it did not answer")
    with books.reading() as session:
        fresh = syncs.freshness(session)
    assert [(one.gateway, one.read_at, one.error) for one in fresh] == [(GATEWAY, EARLIER, "it did not answer")]
    with books.transaction() as session:
        syncs.read(session, GATEWAY, What.LIVE, NOW + timedelta(minutes=1))
    assert mark(books).error is None


def test_an_older_reading_that_ends_later_changes_nothing_whether_it_worked_or_failed(books: Books) -> None:
    with books.transaction() as session:
        syncs.read(session, GATEWAY, What.LIVE, NOW)
        syncs.read(session, GATEWAY, What.LIVE, EARLIER)
        syncs.failed(session, GATEWAY, What.LIVE, EARLIER, "it did not answer")
    assert (mark(books).read_at, mark(books).tried_at, mark(books).error) == (NOW, NOW, None)


def test_how_far_a_reading_came_is_kept_without_calling_it_complete(books: Books) -> None:
    with books.transaction() as session:
        syncs.reached(session, GATEWAY, What.USAGE, NOW, "2026-11-19")
        syncs.reached(session, GATEWAY, What.USAGE, NOW, "2026-11-18")
    assert (mark(books, What.USAGE).through, mark(books, What.USAGE).read_at) == ("2026-11-19", None)


def test_a_mark_moves_on_only_from_where_the_caller_saw_it(books: Books) -> None:
    with books.transaction() as session:
        assert syncs.advance(session, GATEWAY, What.POSTED, NOW, None, "2026-11-18")
        assert not syncs.advance(session, GATEWAY, What.POSTED, NOW, None, "2026-11-20")
        assert syncs.advance(session, GATEWAY, What.POSTED, NOW, "2026-11-18", "2026-11-19")
    assert mark(books, What.POSTED).through == "2026-11-19"


@pytest.mark.parametrize(
    ("since", "gateway", "through"),
    [
        ("2026-11-17", None, "2026-11-16"),
        ("2026-11-19", GATEWAY, "2026-11-16"),
        ("2026-11-20", GATEWAY, "2026-11-19"),
        ("2026-11-17", "another", "2026-11-19"),
    ],
)
def test_what_changes_moves_back_the_marks_that_are_past_it(
    books: Books, since: str, gateway: str | None, through: str
) -> None:
    with books.transaction() as session:
        syncs.reached(session, GATEWAY, What.POSTED, NOW, "2026-11-19")
        syncs.reached(session, GATEWAY, What.USAGE, NOW, "2026-11-19")
    with books.transaction() as session:
        syncs.recede(session, What.POSTED, since, "2026-11-16", gateway)
    assert mark(books, What.POSTED).through == through
    assert mark(books, What.USAGE).through == "2026-11-19"
