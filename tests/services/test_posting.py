"""Measured spend stands in the ledger once: by closed day, with later differences, and by settled month."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.services import auditing
from bot.services.posting import POST_CHUNK, post_days
from bot.services.syncing import sync_live, sync_usage
from storage import ledger, syncs, usage
from storage.syncs import What
from tests.company import ANA, BEN, OLGA
from tests.services.kit import USD, held, wanted
from tests.storage.kit import at_once, run
from tests.storage.spending import GATEWAY, a_key, put, used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.keys import Key
    from storage.engine import Books, Session
    from tests.company import Company

SPENDING_ROWS = ("key.spend", "key.adjust")


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """On either database, on 20 November at noon."""
    return company_anywhere


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def spend(company: Company, key: Key, usd: float, moment: datetime) -> None:
    company.gateway.spend(key.handle or "", round(usd * USD), at=moment)


def restate(company: Company, key: Key, moment: datetime, usd: float) -> None:
    where = (key.handle or "", "mock-gpt", moment.replace(minute=0))
    company.gateway.measured[where] = company.gateway.measured[where]._replace(cost_micros=round(usd * USD))


def go_to(company: Company, moment: datetime) -> None:
    """Later, with everything read and posted."""
    company.clock.at = moment
    sync_live(company.purser)
    sync_usage(company.purser)
    post_days(company.purser)


def rows(company: Company) -> list[tuple[str, str | None, float]]:
    with company.books.reading() as session:
        found = [row for action in SPENDING_ROWS for row in ledger.entries(session, action=action)]
    return [(row.action, row.period, (row.amount_micros or 0) / USD) for row in sorted(found, key=lambda row: row.seq)]


def assert_verified(company: Company) -> None:
    report = auditing.verify(company.books)
    assert report.ok, report.lines


def test_a_day_is_posted_once_it_is_over_and_was_read_to_its_end(company: Company) -> None:
    key = held(company, what=wanted(25, 25))
    spend(company, key, 3, at(11, 20))
    go_to(company, at(11, 20, 23))
    assert rows(company) == []
    company.clock.at = at(11, 21, 1)
    post_days(company.purser)
    assert rows(company) == [], "nobody has read the end of that day"
    go_to(company, at(11, 21, 2))
    assert rows(company) == [("key.spend", "2026-11-20", 3)]
    go_to(company, at(11, 22, 2))
    assert rows(company) == [("key.spend", "2026-11-20", 3)]
    assert_verified(company)


def test_what_is_restated_afterwards_is_posted_as_the_difference(company: Company) -> None:
    key = held(company, what=wanted(25, 25))
    spend(company, key, 3, at(11, 20))
    go_to(company, at(11, 21, 2))
    restate(company, key, at(11, 20), 5)
    go_to(company, at(11, 21, 3))
    restate(company, key, at(11, 20), 1)
    go_to(company, at(11, 21, 4))
    days = [("key.spend", "2026-11-20", 3), ("key.adjust", "2026-11-20", 2), ("key.adjust", "2026-11-20", -4)]
    assert rows(company) == days
    with company.books.reading() as session:
        reasons = [row.reason for row in ledger.entries(session, action="key.adjust")]
    assert reasons == [
        "memory now tells $5 for this day instead of $3",
        "memory now tells $1 for this day instead of $5",
    ]
    assert_verified(company)


def test_usage_told_late_for_an_old_day_is_posted_for_that_day(company: Company) -> None:
    key = held(company, what=wanted(25, 25))
    spend(company, key, 3, at(11, 20))
    go_to(company, at(11, 24))
    spend(company, key, 2, at(11, 21))
    go_to(company, at(11, 24, 13))
    assert rows(company) == [("key.spend", "2026-11-20", 3), ("key.spend", "2026-11-21", 2)]
    assert_verified(company)


def test_three_days_after_its_end_a_month_is_settled_at_what_the_live_total_knew(company: Company) -> None:
    key = held(company, what=wanted(25, 25))
    spend(company, key, 3, at(11, 20))
    company.gateway.change(key.handle or "", spent_micros=4 * USD)
    go_to(company, at(11, 30))
    go_to(company, at(12, 3, 23))
    assert rows(company) == [("key.spend", "2026-11-20", 3)]
    go_to(company, at(12, 4, 1))
    assert rows(company) == [("key.spend", "2026-11-20", 3), ("key.adjust", "2026-11", 1)]
    with company.books.reading() as session:
        assert [row.reason for row in ledger.entries(session, action="key.adjust")] == [
            "$1 of the month's spend that memory counted and never dated"
        ]
    assert_verified(company)


def test_a_settled_month_follows_what_is_dated_after_all(company: Company) -> None:
    """The dollar that nothing dated turns up: its day is posted, and the month gives it back. Nothing counts twice."""
    key = held(company, what=wanted(25, 25))
    spend(company, key, 3, at(11, 20))
    company.gateway.change(key.handle or "", spent_micros=4 * USD)
    go_to(company, at(11, 30))
    go_to(company, at(12, 4, 1))
    company.gateway.measure(key.handle or "", "mock-gpt", at(11, 29), cost_micros=USD, requests=1)
    go_to(company, at(12, 5, 1))
    assert rows(company)[2:] == [("key.spend", "2026-11-29", 1), ("key.adjust", "2026-11", -1)]
    assert_verified(company)


def test_a_gateway_that_was_down_at_the_end_of_the_month_is_not_settled_before_it_answers(company: Company) -> None:
    key = held(company, what=wanted(25, 25))
    spend(company, key, 3, at(11, 20))
    go_to(company, at(11, 25))
    company.clock.at = at(12, 10)
    post_days(company.purser)
    assert marked(company, What.SETTLED) is None
    go_to(company, at(12, 10, 13))
    assert marked(company, What.SETTLED) == "2026-11"


def marked(company: Company, what: What) -> str | None:
    with company.books.reading() as session:
        mark = syncs.of(session, company.gateway.name, what)
    return None if mark is None else mark.through


def test_two_replicas_post_a_day_once(company: Company) -> None:
    for usd, who in enumerate((ANA, BEN, OLGA), start=1):
        spend(company, held(company, who, wanted(5, 25)), usd, at(11, 20))
    company.clock.at = at(11, 21, 2)
    sync_usage(company.purser)
    at_once(2, lambda number: post_days(company.purser))
    assert sorted(rows(company)) == [("key.spend", "2026-11-20", float(usd)) for usd in (1, 2, 3)]
    post_days(company.purser)
    assert len(rows(company)) == 3
    assert_verified(company)


def test_posting_that_is_killed_goes_on_where_it_was(company: Company) -> None:
    keys = POST_CHUNK + 5
    with company.books.transaction() as session:
        for number in range(keys):
            put(session, a_key(f"k{number}", team_id="team_1"))
        told = [used(f"k{number}", at(11, 19), 100) for number in range(keys)]
        usage.write(session, GATEWAY, told, at(11, 20))
        syncs.read(session, GATEWAY, What.USAGE, at(11, 20), "2026-11-20")
    dying = replace(company.purser, books=DyingBooks(company.books))  # type: ignore[arg-type]
    with pytest.raises(Killed):
        post_days(dying)
    assert len(rows(company)) == POST_CHUNK
    post_days(company.purser)
    assert len(rows(company)) == keys
    assert {row[2] for row in rows(company)} == {100 / USD}


class Killed(BaseException):
    """What no use case catches."""


class DyingBooks:
    """Books under which the process is killed after the first transaction."""

    def __init__(self, real: Books) -> None:
        self.reading = real.reading
        self._real = real
        self._left = 1

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        if not self._left:
            raise Killed
        self._left -= 1
        with self._real.transaction() as session:
            yield session


def test_verify_names_usage_that_was_changed_behind_the_ledgers_back(company: Company) -> None:
    key = held(company, what=wanted(25, 25))
    spend(company, key, 3, at(11, 20))
    go_to(company, at(11, 22))
    run(company.books, "UPDATE usage SET cost_micros = 1000000")
    report = auditing.verify(company.books)
    assert not report.ok
    assert any(line.startswith(f"spend, {key.label} 2026-11-20: expected 1000000") for line in report.lines)
    assert any(line.startswith(f"readings, {key.label} 2026-11") for line in report.lines)


def test_verify_names_a_reading_that_its_sources_do_not_give(company: Company) -> None:
    key = held(company, what=wanted(25, 25))
    spend(company, key, 3, at(11, 20))
    go_to(company, at(11, 22))
    run(company.books, "UPDATE readings SET spent_micros = spent_micros - 1")
    report = auditing.verify(company.books)
    assert [line.split(":")[0] for line in report.lines if line.startswith("readings")] == [
        f"readings, {key.label} 2026-11"
    ]


def test_verify_names_a_settled_month_that_the_ledger_has_otherwise(company: Company) -> None:
    key = held(company, what=wanted(25, 25))
    spend(company, key, 3, at(11, 20))
    go_to(company, at(12, 5))
    run(company.books, "UPDATE readings SET lifetime_micros = 5000000, spent_micros = 5000000 WHERE period = '2026-11'")
    report = auditing.verify(company.books)
    assert any(line.startswith(f"months, {key.label} 2026-11") for line in report.lines), report.lines
