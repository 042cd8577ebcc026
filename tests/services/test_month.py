"""The month turns at 00:00 UTC: what was spent stays with it, what recurs goes on, and each team reads one message."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import MonthFacts, Occasion
from bot.domain.keys import Key, KeyKind, KeyState, OffCause
from bot.domain.periods import month_end, month_of
from bot.domain.requests import Refused, Target
from bot.services import teams
from bot.services.auditing import verify
from bot.services.context import Purser
from bot.services.guarding import guard
from bot.services.month import turn_month
from bot.services.raised import end_raises
from storage import budgets, months
from tests.company import ANA, BEN, OLGA, Company
from tests.fakes import Mishap, MortalBooks
from tests.faults.kit import at_once
from tests.services.kit import CHANNEL, USD, held, wanted
from tests.services.raises_kit import TEAM, agreed_raise, now_key, on, read_live, read_usage, rows

IN_CHANNEL = f"channel:{CHANNEL}"


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    company_anywhere.gateway.caps_hold = False  # a fake gateway's monthly cap never starts again
    return company_anywhere


@pytest.fixture
def other(company: Company, migrated_url: str) -> Iterator[Purser]:
    """Another replica on the same books."""
    books = MortalBooks(migrated_url)
    yield replace(company.purser, books=books)
    books.close()


def monthly(company: Company, usd: float = 50) -> Key:
    """A key with a cap per month, which ends never."""
    return held(company, what=wanted(usd, None, kind=KeyKind.MEMBER))


def spend(company: Company, key: Key, usd: float, at: datetime | None = None) -> None:
    assert key.handle is not None
    company.gateway.spend(key.handle, round(usd * USD), at=at)


def turn(company: Company) -> None:
    """One pass of the job, as far as it concerns months, and everything it causes."""
    end_raises(company.purser)
    turn_month(company.purser)
    company.perform()


def told(company: Company, where: str = IN_CHANNEL) -> list[MonthFacts]:
    """The messages about a new month that were posted there, oldest first."""
    found = [
        said.notice.month
        for said in company.notifier.messages
        if said.where == where and said.notice.occasion is Occasion.MONTH_TURNED
    ]
    assert None not in found
    return [facts for facts in found if facts is not None]


def closed_months(company: Company) -> list[tuple[str | None, int | None]]:
    """What the ledger says of the months that ended."""
    return [(row.period, row.amount_micros) for row in rows(company, action="month.turned", team_id="team_1")]


def team_limit(company: Company) -> Budget:
    with company.books.reading() as session:
        found = budgets.state(session, Layer.TEAM, "team_1", "search", company.clock.now())
    assert found is not None
    return found


# --- what is told, and when ---


def test_the_team_reads_what_the_old_month_cost_and_what_the_new_one_has(company: Company) -> None:
    key = monthly(company)
    spend(company, key, 12.5)
    company.clock.at = on("2026-12-01 00:00:20")
    read_usage(company)
    read_live(company)
    turn(company)
    (facts,) = told(company)
    assert (facts.team.name, facts.ended, facts.may_rise) == ("search", "2026-11", False)
    assert [(one.spent_micros, one.budget_micros, one.period) for one in facts.closed] == [
        (12_500_000, 500 * USD, "2026-11")
    ]
    assert [(one.spent_micros, one.budget_micros, one.resets_at) for one in facts.opened] == [
        (0, 500 * USD, on("2027-01-01"))
    ]
    assert closed_months(company) == [("2026-11", 12_500_000)]
    assert verify(company.books).ok


def test_it_is_told_only_after_a_reading_that_began_after_the_turn_and_then_once(company: Company) -> None:
    spend(company, monthly(company), 3)
    company.clock.at = on("2026-11-30 23:59:59")
    read_live(company)
    turn(company)
    company.clock.at = on("2026-12-01 00:00:30")
    turn(company)
    assert told(company) == []
    assert closed_months(company) == []
    read_live(company)
    for _ in range(3):
        turn(company)
        company.clock.advance(seconds=60)
    assert len(told(company)) == 1
    assert len(closed_months(company)) == 1


def test_after_an_hour_without_a_reading_it_is_told_that_the_figures_may_rise(company: Company) -> None:
    spend(company, monthly(company), 3)
    read_live(company)
    company.clock.at = on("2026-12-01 00:59:59")
    turn(company)
    assert told(company) == []
    company.clock.at = on("2026-12-01 01:00")
    turn(company)
    (facts,) = told(company)
    assert facts.may_rise
    assert facts.closed[0].spent_micros == 3 * USD
    company.clock.at = on("2026-12-01 02:00")
    read_live(company)
    turn(company)
    assert len(told(company)) == 1


def test_usage_told_late_stays_with_the_old_month(company: Company) -> None:
    key = monthly(company)
    spend(company, key, 3)
    read_live(company)
    spend(company, key, 4, at=on("2026-11-30 23:59:58"))  # after the last reading of November
    company.clock.at = on("2026-12-01 00:00:20")
    read_live(company)
    turn(company)
    assert team_limit(company).spent_micros == 4 * USD, "it is not known yet when this was spent"
    read_usage(company)
    assert team_limit(company).spent_micros == 0
    with company.books.reading() as session:
        assert months.spent(session, "team_1", "2026-11") == 7 * USD


def test_months_slept_over_are_written_down_and_only_the_newest_is_told(company: Company) -> None:
    key = monthly(company)
    spend(company, key, 5)
    read_usage(company)
    read_live(company)
    spend(company, key, 7, at=on("2026-12-10"))
    spend(company, key, 11, at=on("2027-01-31 23:00"))
    spend(company, key, 2, at=on("2027-02-01 00:30"))
    company.clock.at = on("2027-02-03 10:00")
    read_usage(company)
    read_live(company)
    turn(company)
    assert closed_months(company) == [("2026-11", 5 * USD), ("2026-12", 7 * USD), ("2027-01", 11 * USD)]
    (facts,) = told(company)
    assert (facts.ended, facts.closed[0].spent_micros, facts.opened[0].spent_micros) == ("2027-01", 11 * USD, 2 * USD)


def test_who_wakes_up_late_reads_usage_by_day_before_a_month_is_closed(company: Company) -> None:
    """Live totals do not say when anything was spent: taken alone, all would be this month's."""
    key = monthly(company)
    read_usage(company)
    spend(company, key, 5)
    company.clock.at = on("2026-12-03 10:00")
    read_live(company)
    turn(company)
    assert closed_months(company) == []
    read_usage(company)
    turn(company)
    assert closed_months(company) == [("2026-11", 5 * USD)]


def test_a_month_once_closed_stays_closed_whatever_is_told_late(company: Company) -> None:
    """Even where the job has lost its own mark of having been there."""
    key = monthly(company)
    spend(company, key, 5)
    company.clock.at = on("2026-12-01 00:00:20")
    read_usage(company)
    read_live(company)
    turn(company)
    spend(company, key, 2, at=on("2026-11-29"))
    read_usage(company)
    with company.books.transaction() as session:
        session.execute(text("DELETE FROM runs"))
    turn(company)
    assert closed_months(company) == [("2026-11", 5 * USD)]
    assert len(told(company)) == 1


def test_a_crash_at_any_point_leaves_one_message(company: Company) -> None:
    spend(company, monthly(company), 3)
    company.clock.at = on("2026-12-01 00:00:20")
    read_live(company)
    turn_month(company.purser)
    with company.crashing("after-effect:slack.channel", down_seconds=90):
        company.perform()
    turn(company)
    company.notifier.mishaps.add("post", Mishap.LOST)
    company.settle()
    assert len(told(company)) == 1


# --- who is told ---


def test_a_team_in_which_nothing_happened_reads_nothing(company: Company) -> None:
    company.clock.at = on("2026-12-01 00:00:20")
    turn(company)
    assert told(company) == []
    assert closed_months(company) == [("2026-11", 0)]


def test_a_team_that_has_only_promised_something_reads_it(company: Company) -> None:
    monthly(company)
    company.clock.at = on("2026-12-01 00:00:20")
    read_live(company)
    turn(company)
    (facts,) = told(company)
    assert facts.closed[0].spent_micros == 0


def test_a_team_founded_in_the_new_month_has_no_old_one(company: Company) -> None:
    company.clock.at = on("2026-12-01 00:00:05")
    teams.create(company.purser, company.actor(OLGA), "C0LATE", "late", 100 * USD)
    read_live(company)
    turn(company)
    assert rows(company, action="month.turned", team_id="team_2") == []
    company.clock.at = on("2027-01-01 00:00:20")
    read_live(company)
    turn(company)
    assert [row.period for row in rows(company, action="month.turned", team_id="team_2")] == ["2026-12"]


def test_each_team_reads_its_own_month_in_its_own_channel(company: Company) -> None:
    spend(company, monthly(company), 3)
    made = teams.create(company.purser, company.actor(OLGA), "C0ADS", "ads", 100 * USD)
    assert not isinstance(made, Refused), made
    agreed_raise(company, Target(Layer.TEAM, "team_1"), 50, on("2026-12-01"))
    company.clock.at = on("2026-12-01 00:00:20")
    read_live(company)
    turn(company)
    assert [facts.team.name for facts in told(company)] == ["search"]
    assert told(company, "channel:C0ADS") == []


def test_projects_are_told_beside_their_team(company: Company) -> None:
    new = teams.NewProject("rerank", 80 * USD, BEN.id)
    made = teams.add_project(company.purser, company.actor(OLGA), CHANNEL, new)
    assert not isinstance(made, Refused), made
    monthly(company)
    company.clock.at = on("2026-12-01 00:00:20")
    read_live(company)
    turn(company)
    (facts,) = told(company)
    assert [(one.layer, one.name) for one in facts.closed] == [(Layer.TEAM, "search"), (Layer.PROJECT, "rerank")]


# --- what starts again, what ends, what comes back ---


def test_the_new_month_starts_with_nothing_spent_and_every_recurring_cap_promised_anew(company: Company) -> None:
    recurring, once = monthly(company, 50), held(company, BEN, wanted(25, 30))
    spend(company, recurring, 20)
    spend(company, once, 10)
    read_live(company)
    before = team_limit(company)
    assert (before.spent_micros, before.committed_micros) == (30 * USD, (30 + 15) * USD)
    company.clock.at = on("2026-12-01 00:00:20")
    read_usage(company)
    read_live(company)
    turn(company)
    after = team_limit(company)
    assert (after.spent_micros, after.committed_micros) == (0, (50 + 15) * USD)
    assert now_key(company, recurring).state is now_key(company, once).state is KeyState.LIVE


def test_raises_that_ended_with_the_month_are_named_and_those_that_go_on_are_not(company: Company) -> None:
    key = monthly(company)
    for target, usd, end in (
        (TEAM, 100, "2026-12-01"),
        (TEAM, 40, "2026-12-20"),
        (TEAM, 5, "2026-11-28"),
        (Target(Layer.KEY, key.id), 10, "2026-12-01"),
        (Target(Layer.MEMBER, ANA.id), 15, "2026-12-01"),
    ):
        agreed_raise(company, target, usd, on(end))
    company.clock.at = on("2026-12-01 00:00:20")
    read_live(company)
    turn(company)
    (facts,) = told(company)
    named = {(one.layer, one.name, one.raised_micros) for one in facts.raises_ended}
    assert named == {
        (Layer.TEAM, "search", 100 * USD),
        (Layer.KEY, key.label, 10 * USD),
        (Layer.MEMBER, f"<@{ANA.id}>", 15 * USD),
    }
    assert facts.closed[0].budget_micros == 640 * USD
    assert facts.opened[0].budget_micros == 540 * USD


def test_keys_that_the_old_month_stopped_are_named_and_come_back(company: Company) -> None:
    capped, expiring = monthly(company, 50), held(company, BEN, wanted(25, 8))
    spend(company, capped, 50)
    spend(company, expiring, 25)
    read_live(company)
    guard(company.purser)
    company.settle()
    assert now_key(company, capped).off_cause is now_key(company, expiring).off_cause is OffCause.BUDGET
    company.clock.at = on("2026-12-01 00:00:20")
    read_usage(company)
    read_live(company)
    turn(company)
    (facts,) = told(company)
    assert [one.key.label for one in facts.back] == [capped.label], "a cap in total does not start again"
    guard(company.purser)
    company.settle()
    assert now_key(company, capped).state is KeyState.LIVE
    assert now_key(company, expiring).state is not KeyState.LIVE


def test_a_key_that_another_limit_still_holds_is_not_said_to_come_back(company: Company) -> None:
    key = monthly(company, 50)
    spend(company, key, 50)
    read_live(company)
    guard(company.purser)
    company.settle()
    with company.books.transaction() as session:
        budgets.set_monthly(session, "b-ana", Layer.MEMBER, ANA.id, 0, company.clock.now())
    company.clock.at = on("2026-12-01 00:00:20")
    read_live(company)
    turn(company)
    (facts,) = told(company)
    assert facts.back == ()


# --- clocks, and a whole year ---


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


def test_a_year_of_months_with_two_replicas_tells_each_once_and_loses_no_cent(company: Company, other: Purser) -> None:
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
