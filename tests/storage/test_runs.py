"""A slot of a job, and a delivery, belong to exactly one of many who ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from storage import runs
from tests.storage.kit import NOON, after, at_once, roll_back

if TYPE_CHECKING:
    from storage.engine import Books

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def test_once_a_slot_raced_for_by_many_is_run_by_one(books: Books) -> None:
    def try_it(_: int) -> bool:
        with books.transaction() as session:
            return runs.claim(session, "digest", MONDAY, NOON)

    assert sorted(at_once(6, try_it)) == [False] * 5 + [True]


def test_another_slot_and_another_job_are_claimed_apart(books: Books) -> None:
    with books.transaction() as session:
        assert runs.claim(session, "digest", MONDAY, NOON)
        assert runs.claim(session, "digest", MONDAY + timedelta(days=7), NOON)
        assert runs.claim(session, "expiry", MONDAY, NOON)
        assert not runs.claim(session, "digest", MONDAY, after(10**6))


def test_a_claim_that_is_rolled_back_is_free_again(books: Books) -> None:
    assert roll_back(books, lambda session: runs.claim(session, "digest", MONDAY, NOON))
    with books.transaction() as session:
        assert runs.claim(session, "digest", MONDAY, NOON)


def test_the_latest_slot_is_known_for_catching_up(books: Books) -> None:
    with books.transaction() as session:
        assert runs.latest(session, "digest") is None
        runs.claim(session, "digest", MONDAY + timedelta(days=7), NOON)
        runs.claim(session, "digest", MONDAY, NOON)
        runs.claim(session, "expiry", MONDAY + timedelta(days=30), NOON)
        latest = runs.latest(session, "digest")
    assert latest == MONDAY + timedelta(days=7)
    assert latest.tzinfo == UTC


def test_how_a_run_ended_is_on_record(books: Books) -> None:
    with books.transaction() as session:
        runs.claim(session, "digest", MONDAY, NOON)
        runs.claim(session, "expiry", MONDAY, NOON)
        runs.finish(session, "digest", MONDAY, after(3), error="channel_not_found")
    with books.reading() as session:
        rows = session.connection().execute(text("SELECT job, error, finished_at FROM runs ORDER BY job")).all()
    (digest, expiry) = rows
    assert (digest.job, digest.error) == ("digest", "channel_not_found")
    assert digest.finished_at is not None
    assert expiry.finished_at is None


def test_forgetting_old_runs_never_makes_a_job_run_again(books: Books) -> None:
    with books.transaction() as session:
        for week in range(3):
            runs.claim(session, "digest", MONDAY + timedelta(weeks=week), NOON)
        runs.claim(session, "yearly", MONDAY - timedelta(days=300), NOON)
        assert runs.prune(session, MONDAY + timedelta(weeks=9)) == 2
        assert runs.latest(session, "digest") == MONDAY + timedelta(weeks=2)
        assert not runs.claim(session, "yearly", MONDAY - timedelta(days=300), NOON)


def test_once_a_delivery_seen_by_many_is_taken_in_by_one(books: Books) -> None:
    def take_in(_: int) -> bool:
        with books.transaction() as session:
            return runs.first_sight(session, "event:Ev123", NOON)

    assert sorted(at_once(6, take_in)) == [False] * 5 + [True]


def test_a_delivery_whose_handling_failed_may_come_again(books: Books) -> None:
    assert roll_back(books, lambda session: runs.first_sight(session, "event:Ev1", NOON))
    with books.transaction() as session:
        assert runs.first_sight(session, "event:Ev1", NOON)


def test_old_deliveries_are_forgotten(books: Books) -> None:
    with books.transaction() as session:
        runs.first_sight(session, "old", NOON)
        runs.first_sight(session, "new", after(10))
        assert runs.prune_seen(session, after(10)) == 1
        assert not runs.first_sight(session, "new", after(20))
        assert runs.first_sight(session, "old", after(20))
