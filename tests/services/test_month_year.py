"""Months over a whole year, on servers whose own clocks change: every instant is UTC, and no cent is lost."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.keys import KeyKind
from bot.domain.periods import month_end, month_of
from bot.services.auditing import verify
from bot.services.month import turn_month
from tests.company import BEN, Company
from tests.fakes import MortalBooks
from tests.faults.kit import at_once
from tests.services.kit import USD, held, wanted
from tests.services.month_kit import closed_months, monthly, spend, team_limit, told, turn
from tests.services.raises_kit import TEAM, agreed_raise, on, read_live, read_usage, rows


@pytest.fixture(params=["America/New_York", "Europe/Berlin", "Pacific/Kiritimati"])
def somewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server whose own clock is not UTC and changes for summer."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize(
    "instant",
    [
        on("2027-03-14 07:00"),  # clocks change in New York
        on("2027-03-28 01:00"),  # in Berlin
        on("2027-10-31 01:00"),  # in Berlin, on the last day of a month
        on("2027-11-01"),
        on("2027-11-07 06:00"),  # in New York
        on("2028-02-29"),
        on("2028-03-01"),
    ],
    ids=str,
)
def test_no_change_of_clocks_moves_the_end_of_a_raise(company: Company, instant: datetime) -> None:
    company.clock.at = instant - timedelta(days=3)
    agreed_raise(company, TEAM, 100, instant)
    company.clock.at = instant - timedelta(seconds=1)
    turn(company)
    assert team_limit(company).raised_micros == 100 * USD
    assert rows(company, action="raise.ended") == []
    company.clock.at = instant
    turn(company)
    assert team_limit(company).raised_micros == 0
    assert len(rows(company, action="raise.ended")) == 1


@pytest.mark.slow
def test_a_year_of_months_with_two_replicas_tells_each_once_and_loses_no_cent(
    company_anywhere: Company, migrated_url: str
) -> None:
    company = company_anywhere
    company.gateway.caps_hold = False
    books = MortalBooks(migrated_url)
    other = replace(company.purser, books=books)
    dice = random.Random(2028)
    company.clock.at = on("2028-01-01 00:00:10")
    keys_of_team = [monthly(company, 100), held(company, BEN, wanted(90, None, kind=KeyKind.MEMBER))]
    spent: dict[str, int] = {}
    for _ in range(12):
        start = company.clock.at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        month, end = month_of(start), month_end(start)
        for hours in sorted(dice.sample(range(1, int((end - start).total_seconds()) // 3600), 4)):
            company.clock.at = start + timedelta(hours=hours)
            spend(company, dice.choice(keys_of_team), dice.randrange(1, 400) / 100)
            read_live(company)
        for moment in (end - timedelta(seconds=1), end):  # the last second of the month, and the first of the next
            company.clock.at = moment
            spend(company, keys_of_team[0], 0.07)
        company.clock.at = end + timedelta(seconds=20)
        read_usage(company)
        read_live(company)
        at_once(lambda: turn_month(company.purser), lambda: turn_month(other))
        company.perform()
        spent[month] = sum(row.cost_micros for row in company.gateway.measured.values() if month_of(row.hour) == month)
        assert team_limit(company).spent_micros == 70_000
    facts = [one for one in told(company) if one.ended.startswith("2028")]
    assert [one.ended for one in facts] == [f"2028-{number:02d}" for number in range(1, 13)]
    assert [one.closed[0].spent_micros for one in facts] == list(spent.values())
    assert [row for row in closed_months(company) if row[0] in spent] == list(spent.items())
    total = sum(one.spent_micros for one in company.gateway.held.values())
    assert sum(spent.values()) + 70_000 == total, "and the first call of 2029"
    assert verify(company.books).ok
    books.close()


def test_february_of_a_leap_year_ends_after_its_29th_day(company: Company) -> None:
    company.clock.at = on("2028-02-29 12:00")
    key = monthly(company)
    spend(company, key, 4)
    company.clock.at = on("2028-02-29 23:59:59")
    read_live(company)
    turn_month(company.purser)
    assert "2028-02" not in dict(closed_months(company))
    company.clock.at = on("2028-03-01 00:00:20")
    read_usage(company)
    read_live(company)
    turn(company)
    assert dict(closed_months(company))["2028-02"] == 4 * USD
