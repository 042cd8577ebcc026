"""The month turns at 00:00 UTC: what was spent stays with it, what recurs goes on, and each team reads one message."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bot.domain.budgets import Layer
from bot.domain.keys import KeyState, OffCause
from bot.domain.requests import Refused, Target
from bot.gateways.base import GatewayError
from bot.services import teams
from bot.services.auditing import verify
from bot.services.guarding import guard
from bot.services.month import turn_month
from storage import budgets, months
from tests.company import ANA, BEN, OLGA, Company
from tests.fakes import Mishap
from tests.services.kit import CHANNEL, USD, held, wanted
from tests.services.month_kit import closed_months, monthly, spend, team_limit, told, turn
from tests.services.raises_kit import TEAM, agreed_raise, now_key, on, read_live, read_usage, rows


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    company_anywhere.gateway.caps_hold = False  # a fake gateway's monthly cap never starts again
    return company_anywhere


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


def test_a_gateway_that_is_down_over_the_turn_delays_the_message_by_an_hour_and_no_more(company: Company) -> None:
    spend(company, monthly(company), 3)
    read_usage(company)
    read_live(company)
    company.clock.at = on("2026-12-01 00:00:20")
    company.gateway.mishaps.add("list_keys", *[Mishap.DOWN] * 9)
    company.gateway.mishaps.add("usage", *[Mishap.DOWN] * 9)
    told_after = []
    for _ in range(3):
        for read in (read_live, read_usage):
            with pytest.raises(GatewayError):
                read(company)
        turn(company)
        told_after.append([facts.may_rise for facts in told(company)])
        company.clock.advance(seconds=1795)
    assert told_after == [[], [], [True]]


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
