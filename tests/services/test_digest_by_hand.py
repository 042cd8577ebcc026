"""Every figure of a digest, against raw rows added up by hand, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.digests import Age, Course, Figures, Forecast, Rank, Week, Why
from bot.domain.forecast import forecast
from bot.domain.keys import KeyKind, KeyState
from bot.domain.movement import causes
from bot.domain.people import Member
from bot.domain.usage import NOTHING, Usage
from bot.services.digest_figures import figures
from bot.services.digest_people import personal, roll_up
from storage import digests, people
from tests.company import ANA, BEN, GUS, OLGA
from tests.fakes import MortalBooks
from tests.services.digest_ground import HERE, NOW, WEEKS, ZONES, Plain, Weeks, at, by_hand, keys_of, weeks_of, written
from tests.services.usage_kit import DAN, LEA, PROJECTS, TEAMS, USD, ZOE, KeyPlan, added


@pytest.fixture
def plain(migrated_url: str) -> Iterator[Plain]:
    books = MortalBooks(migrated_url)
    yield written(books)
    books.close()


def worked_out(plain: Plain, team_id: str, week: Week) -> Figures:
    company = plain.ground.company
    with company.books.reading() as session:
        team = people.team(session, team_id)
        assert team is not None
        return figures(session, company.purser, team, week)


def assert_ranked(
    ranks: tuple[Rank, ...],
    week: Weeks,
    part: Callable[[KeyPlan, Usage], str],
    name: Callable[[str], str],
) -> None:
    """Everybody who was used in either week, with both, the biggest spender first."""
    now, before = (by_hand(rows, part) for rows in week)
    due = [(one, name(one), now.get(one, NOTHING), before.get(one, NOTHING)) for one in {*now, *before}]
    due.sort(key=lambda one: (-one[2].cost_micros, -one[2].requests, one[0]))
    assert [(rank.id, rank.name, rank.totals, rank.before) for rank in ranks] == due


def assert_sums(plain: Plain, found: Figures, keys: set[str], week: Week) -> Weeks:
    """What any digest tells of the keys it is about: sums, days, causes, the month and where it is heading."""
    now, before = weeks_of(plain, keys, week)
    assert found.totals == added(row for _, row in now)
    assert found.before == added(row for _, row in before)
    for shown, rows, monday in ((found.days, now, week.monday), (found.days_before, before, week.moved(-1).monday)):
        days = by_hand(rows, lambda _, row: row.hour.date().isoformat())
        assert shown == tuple(days.get(f"{monday + timedelta(days=n)}", NOTHING) for n in range(7))
    assert found.weekend_micros == sum(row.cost_micros for _, row in now if row.hour.weekday() in (5, 6))
    unpriced = by_hand(now, lambda _, row: row.model)
    assert dict(found.unpriced) == {one: t.unpriced_requests for one, t in unpriced.items() if t.unpriced_requests}
    assert_caused(plain, found, keys, week)
    assert found.month_micros == month_by_hand(plain, keys, week)
    return now, before


def month_by_hand(plain: Plain, keys: set[str], week: Week) -> int:
    """What the month in which the week ended came to by then."""
    sunday = week.monday + timedelta(days=6)
    month = plain.rows(keys, sunday.replace(day=1), sunday + timedelta(days=1))
    return sum(row.cost_micros for _, row in month)


def assert_caused(plain: Plain, found: Figures, keys: set[str], week: Week) -> None:
    cells = [by_hand(rows, lambda key, row: f"{key.id} {row.model}") for rows in weeks_of(plain, keys, week)]
    new = {key for key in keys if (days := plain.used_on(key)) and days[0] in week.span}
    now, before = ({(cell.split()[0], cell.split()[1]): one for cell, one in some.items()} for some in cells)
    moved = found.totals.cost_micros - found.before.cost_micros
    assert sum(cause.micros for cause in found.causes) == moved
    if found.before.cost_micros:
        assert sum(cause.points or 0 for cause in found.causes) == round(100 * moved / found.before.cost_micros)
    by_new = sum(one.cost_micros for (key, _), one in now.items() if key in new)
    assert {cause.why: cause.micros for cause in found.causes}.get(Why.NEW_KEYS, 0) == by_new
    assert found.causes == causes(now, before, new)


def foretold(plain: Plain, keys: set[str], week: Week, budget: int | None) -> Forecast | None:
    ends = week.monday + timedelta(days=7)
    if ends.day == 1:
        return None
    days = by_hand(plain.rows(keys, ends - timedelta(days=56), ends), lambda _, row: f"{row.hour.date()}")
    known = [(date.fromisoformat(day), totals.cost_micros) for day, totals in days.items()]
    return forecast(known, ends, budget, month_by_hand(plain, keys, week))


def budget_by_hand(team_id: str, week: Week) -> int:
    """$900, and what of raises stood when the week ended."""
    raised = [("2026-11-25", "2026-12-03"), ("2026-11-20", "2026-11-29")] if team_id == "t-search" else []
    sunday = f"{week.monday + timedelta(days=6)}"
    return 900 * USD + sum(50 * USD for since, until in raised if since <= sunday < until)


@pytest.mark.parametrize("team_id", sorted(TEAMS))
def test_a_teams_figures_are_what_its_rows_add_up_to(plain: Plain, team_id: str) -> None:
    keys = keys_of(plain, team_id)
    for week in WEEKS:
        found = worked_out(plain, team_id, week)
        rows = assert_sums(plain, found, keys, week)
        assert_ranked(found.members, rows, lambda key, _: key.counts_to, lambda one: f"<@{one}>")
        assert_ranked(found.models, rows, lambda _, row: row.model, str)
        used = [one for some in rows for one in some if one[0].project]
        if used:
            names = {project.id: project.name for project in PROJECTS.values()} | {"": ""}
            assert_ranked(found.projects, rows, lambda key, _: key.project or "", names.__getitem__)
        else:
            assert found.projects == ()
        assert found.budget_micros == budget_by_hand(team_id, week)
        assert found.forecast == foretold(plain, keys, week, found.budget_micros)
        assert found.courses == courses_by_hand(plain, team_id, week)
        assert digests.from_json(digests.to_json(found)) == found


def courses_by_hand(plain: Plain, team_id: str, week: Week) -> tuple[Course, ...]:
    """The one project that has a budget; its keys were used all the time."""
    if team_id != "t-search":
        return ()
    keys = {key.id for key in plain.ground.keys.values() if key.project == "p-rank"}
    ahead = foretold(plain, keys, week, 300 * USD)
    return (Course("project reranker", 300 * USD, month_by_hand(plain, keys, week), ahead),)


@pytest.mark.parametrize("team_id", sorted(TEAMS))
def test_who_held_and_who_used_and_when_are_what_the_rows_say(plain: Plain, team_id: str) -> None:
    for week in WEEKS:
        found = worked_out(plain, team_id, week)
        begins, ends = (datetime.combine(day, time(), UTC) for day in (week.span.since, week.span.until))
        usable = {
            key.id: plain.ground.keys[key.id].counts_to
            for key in plain.keys.values()
            if key.team_id == team_id
            and key.revealed_at is not None
            and key.revealed_at < ends
            and not (key.off_at is not None and key.off_at < begins)
            and not (key.expires_at is not None and key.expires_at < begins)
        }
        used = {key.id for key, row in weeks_of(plain, keys_of(plain, team_id), week)[0] if row.requests}
        assert found.holders == len(set(usable.values()))
        assert found.active_holders == len({who for key, who in usable.items() if key in used})
        seen = [(hour, micros) for key, hour, micros in plain.hours
                if key in keys_of(plain, team_id) and begins <= hour < ends]  # fmt: skip
        assert found.timed_micros == sum(micros for _, micros in seen)
        off = sum(micros for hour, micros in seen if is_off(hour, ZONES[team_id]))
        assert found.off_hours_micros == (off if seen else None)
        month = f"{week.monday + timedelta(days=6):%Y-%m}"
        undated = [micros for (key, period), micros in plain.undated.items()
                   if period == month and key in keys_of(plain, team_id)]  # fmt: skip
        assert found.undated_micros == sum(undated)
        assert found.time_zone == ZONES[team_id]
        assert found.read_at == at("2026-12-07 09:20")


def is_off(hour: datetime, zone: str) -> bool:
    """Whether most of its minutes are on a weekend there, before 8:00 or from 20:00 on; of halves the second counts."""
    minutes = [(hour + timedelta(minutes=number)).astimezone(ZoneInfo(zone)) for number in range(60)]
    off = [one.weekday() > 4 or one.hour < 8 or one.hour >= 20 for one in minutes]
    return off[-1] if sum(off) == 30 else sum(off) > 30


@pytest.mark.parametrize("team_id", sorted(TEAMS))
def test_old_keys_are_those_that_the_rules_name(plain: Plain, team_id: str) -> None:
    found = worked_out(plain, team_id, WEEKS[-1])
    due = {}
    for key_id, key in plain.keys.items():
        plan = plain.ground.keys[key_id]
        if key.team_id != team_id or key.state != KeyState.LIVE or (key.kept_until and key.kept_until > NOW):
            continue
        assert key.revealed_at is not None
        days = [*plain.used_on(key_id), *(hour.date() for one, hour, _ in plain.hours if one == key_id)]
        last = datetime.combine(max(days), time(), UTC) if days else None
        quiet_since = max(key.revealed_at, last + timedelta(days=1)) if last else key.revealed_at
        ages = [Age.UNUSED] if NOW - quiet_since >= timedelta(days=30) else []
        rotated = plan.kind in (KeyKind.MEMBER, KeyKind.PROJECT, KeyKind.AUTOMATION)
        if rotated and NOW - key.revealed_at >= timedelta(days=90):
            ages.append(Age.PAST_ROTATION)
        if plan.counts_to not in HERE[team_id]:
            ages.append(Age.NO_HOLDER)
        alone = ages == [Age.PAST_ROTATION]
        since = key.revealed_at + timedelta(days=90) if alone else last or key.revealed_at
        if ages:
            due[key_id] = (plan.counts_to, tuple(ages), since)
    assert {old.key_id: (old.holder_id, old.ages, old.since) for old in found.old_keys} == due
    assert [old.since for old in found.old_keys] == sorted(old.since for old in found.old_keys)


def test_the_ground_has_keys_old_in_every_way(plain: Plain) -> None:
    """Otherwise the test before this one would show little."""
    ages = [age for team_id in TEAMS for old in worked_out(plain, team_id, WEEKS[-1]).old_keys for age in old.ages]
    assert set(ages) == set(Age)


def test_every_way_to_move_is_on_the_ground(plain: Plain) -> None:
    found = {cause.why for team_id in TEAMS for week in WEEKS for cause in worked_out(plain, team_id, week).causes}
    assert found == set(Why)


@pytest.mark.parametrize("who", [ANA, BEN, DAN, LEA, ZOE, GUS], ids=lambda who: who.id)
def test_a_persons_figures_are_those_of_keys_that_count_to_them_in_any_team(plain: Plain, who: Member) -> None:
    keys = {key.id for key in plain.ground.keys.values() if key.counts_to == who.id}
    company = plain.ground.company
    for week in WEEKS:
        with company.books.reading() as session:
            found = personal(session, company.purser, who.id, week)
        rows = assert_sums(plain, found, keys, week)
        assert_ranked(found.keys, rows, lambda key, _: key.id, str)
        month, budget = month_by_hand(plain, keys, week), 70 * USD if who is ANA else None
        course = () if budget is None else (Course(f"<@{ANA.id}>", budget, month, foretold(plain, keys, week, budget)),)
        assert (found.courses, found.forecast) == (course, foretold(plain, keys, week, None))
        assert_ranked(found.models, rows, lambda _, row: row.model, str)


def test_the_roll_up_is_all_teams_together(plain: Plain) -> None:
    company, keys = plain.ground.company, set(plain.ground.keys)
    for week in WEEKS:
        with company.books.reading() as session:
            found = roll_up(session, company.purser, OLGA.id, week)
        rows = weeks_of(plain, keys, week)
        assert (found.totals, found.before) == (added(row for _, row in rows[0]), added(row for _, row in rows[1]))
        assert_ranked(found.members, rows, lambda key, _: key.counts_to, lambda one: f"<@{one}>")
        assert_ranked(found.models, rows, lambda _, row: row.model, str)
        used = {rank.id: (rank.totals, rank.before) for rank in found.teams}
        due = [by_hand(some, lambda key, _: key.team) for some in rows]
        assert {one: both for one, both in used.items() if both != (NOTHING, NOTHING)} == {
            one: (due[0].get(one, NOTHING), due[1].get(one, NOTHING)) for one in {*due[0], *due[1]}
        }
        moved = found.totals.cost_micros - found.before.cost_micros
        assert sum(cause.micros for cause in found.causes) == moved
        assert sum(cause.points or 0 for cause in found.causes) == round(100 * moved / found.before.cost_micros)
        assert found.month_micros == month_by_hand(plain, keys, week)
        courses = {course.name: (course.budget_micros, course.month_micros) for course in found.courses}
        assert courses == {
            team.name: (budget_by_hand(team.id, week), month_by_hand(plain, keys_of(plain, team.id), week))
            for team in TEAMS.values()
        }
