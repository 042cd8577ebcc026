"""A week's digest comes on Monday at the team's own time, in every zone and across changes of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.digest_times import (
    DIGEST_MINUTES,
    Owed,
    clock_time,
    due_at,
    given_up_at,
    newest_due,
    next_due_at,
    on_the_clock,
    owed,
)
from bot.domain.digests import Week

W46 = Week.named("2026-W46")
"""9 to 15 November 2026; told on Monday, 16 November."""
BERLIN = ZoneInfo("Europe/Berlin")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ZONES = [
    *("UTC", "Europe/Berlin", "Asia/Tokyo", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kolkata"),
    *("Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "America/Santiago", "Africa/Cairo", "Asia/Gaza"),
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "moment", "clock"),
    [
        ("UTC", "2026-11-16 09:00", "09:00"),
        ("Europe/Berlin", "2026-11-16 08:00", "09:00"),
        ("America/Los_Angeles", "2026-11-16 17:00", "09:00"),
        ("Asia/Kolkata", "2026-11-16 03:30", "09:00"),
        ("Asia/Kathmandu", "2026-11-16 03:15", "09:00"),
        # The week is over there before it is in UTC: an hour after that.
        ("Asia/Tokyo", "2026-11-16 01:00", "10:00"),
        ("Pacific/Auckland", "2026-11-16 01:00", "14:00"),
        ("Pacific/Kiritimati", "2026-11-16 01:00", "15:00"),
        ("Pacific/Pago_Pago", "2026-11-16 20:00", "09:00"),
    ],
)
def test_nine_on_monday_is_another_moment_in_each_zone(zone: str, moment: str, clock: str) -> None:
    due = due_at(W46, DIGEST_MINUTES, ZoneInfo(zone))
    assert due == at(moment)
    assert f"{due.astimezone(ZoneInfo(zone)):%A %H:%M}" == f"Monday {clock}"


@pytest.mark.parametrize(
    ("week", "moment"),
    [
        ("2026-W11", "2026-03-16 08:00"),
        ("2026-W12", "2026-03-23 08:00"),
        ("2026-W13", "2026-03-30 07:00"),  # clocks went forward on Sunday, the 29th
        ("2026-W42", "2026-10-19 07:00"),
        ("2026-W43", "2026-10-26 08:00"),  # and back on Sunday, the 25th
    ],
)
def test_it_stays_at_nine_when_clocks_change(week: str, moment: str) -> None:
    assert due_at(Week.named(week), DIGEST_MINUTES, BERLIN) == at(moment)


@pytest.mark.parametrize(
    ("zone", "day", "minutes", "moment", "why"),
    [
        ("Europe/Berlin", "2026-03-29", 150, "2026-03-29 01:00", "02:30 does not exist: 03:00 is the first that does"),
        ("Europe/Berlin", "2026-03-29", 119, "2026-03-29 00:59", "01:59 is still there"),
        ("Europe/Berlin", "2026-03-29", 180, "2026-03-29 01:00", "03:00 is"),
        ("Europe/Berlin", "2026-10-25", 150, "2026-10-25 00:30", "02:30 comes twice: the first"),
        ("Europe/Berlin", "2026-10-25", 180, "2026-10-25 02:00", "03:00 comes once"),
        ("America/New_York", "2026-03-08", 150, "2026-03-08 07:00", "02:30 does not exist"),
        ("America/New_York", "2026-11-01", 90, "2026-11-01 05:30", "01:30 comes twice: the first"),
        ("America/Santiago", "2026-09-06", 0, "2026-09-06 04:00", "midnight does not exist: 01:00 is the first"),
        ("Australia/Lord_Howe", "2026-10-04", 135, "2026-10-03 15:30", "a jump of half an hour"),
        ("Pacific/Apia", "2011-12-30", 540, "2011-12-30 10:00", "a day that does not exist at all"),
    ],
)
def test_times_that_clocks_do_not_show_or_show_twice(zone: str, day: str, minutes: int, moment: str, why: str) -> None:
    assert on_the_clock(date.fromisoformat(day), minutes, ZoneInfo(zone)) == at(moment), why


def test_it_is_caught_up_on_until_the_end_of_wednesday() -> None:
    assert given_up_at(W46, BERLIN) == at("2026-11-18 23:00")
    assert given_up_at(W46, ZoneInfo("America/Los_Angeles")) == at("2026-11-19 08:00")


def told(text: str, since: datetime = LONG_AGO, last: str | None = "2026-W45", zone: tzinfo = BERLIN) -> Owed:
    return owed(at(text), DIGEST_MINUTES, zone, since, None if last is None else Week.named(last))


def test_before_it_is_due_nothing_is_owed() -> None:
    assert told("2026-11-16 07:59:59") == Owed()


def test_from_then_until_wednesday_the_last_week_is_owed() -> None:
    for moment in ("2026-11-16 08:00", "2026-11-17 12:00", "2026-11-18 22:59:59"):
        assert told(moment) == Owed(post=W46)


def test_after_wednesday_it_is_skipped() -> None:
    for moment in ("2026-11-18 23:00", "2026-11-20 12:00", "2026-11-23 07:59:59"):
        assert told(moment) == Owed(skip=(W46,))


def test_what_was_told_is_not_owed_again() -> None:
    for moment in ("2026-11-16 08:00", "2026-11-18 23:00", "2026-11-23 07:59"):
        assert told(moment, last="2026-W46") == Owed()


def test_of_several_missed_weeks_the_newest_comes_and_the_others_are_skipped() -> None:
    weeks = tuple(Week.named(f"2026-W{number}") for number in (43, 44, 45))
    assert told("2026-11-17 12:00", last="2026-W42") == Owed(W46, weeks)
    assert told("2026-11-19 12:00", last="2026-W42") == Owed(None, (*weeks, W46))


def test_what_was_due_before_it_began_is_owed_to_nobody() -> None:
    assert told("2026-11-17 12:00", since=at("2026-11-16 08:00:01"), last=None) == Owed()
    assert told("2026-11-17 12:00", since=at("2026-11-16 08:00"), last=None) == Owed(W46)
    assert told("2026-11-24 12:00", since=at("2026-11-16 08:00:01"), last=None) == Owed(Week.named("2026-W47"))


MOMENTS = st.integers(0, 15 * 366 * 86_400).map(lambda seconds: LONG_AGO + timedelta(seconds=seconds))
CLOCKS = st.integers(0, 24 * 60 - 1)


@given(MOMENTS, CLOCKS, st.sampled_from(ZONES))
def test_the_newest_due_is_due_and_the_next_is_not(now: datetime, minutes: int, name: str) -> None:
    zone = ZoneInfo(name)
    week = newest_due(now, minutes, zone)
    assert due_at(week, minutes, zone) <= now < due_at(week.moved(1), minutes, zone)
    assert next_due_at(now, minutes, zone) == due_at(week.moved(1), minutes, zone)
    assert week.span.ends_at < due_at(week, minutes, zone) < given_up_at(week, zone)


@given(MOMENTS, CLOCKS, st.sampled_from(ZONES))
def test_a_clock_in_the_zone_shows_the_time_or_the_first_after_a_jump(now: datetime, minutes: int, name: str) -> None:
    zone = ZoneInfo(name)
    found = on_the_clock(now.date(), minutes, zone)
    shown, wanted = found.astimezone(zone).replace(tzinfo=None), datetime.combine(now.date(), datetime.min.time())
    wanted += timedelta(minutes=minutes)
    assert shown >= wanted
    if shown != wanted:  # clocks jumped over it
        before = (found - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None)
        assert before < wanted
    else:
        earlier = (found - timedelta(hours=1)).astimezone(zone).replace(tzinfo=None)
        assert earlier != wanted, "it was shown before that already"


@given(st.lists(MOMENTS, min_size=1, max_size=20), CLOCKS, st.sampled_from(ZONES))
def test_however_it_is_looked_each_week_is_dealt_with_once_and_in_order(
    looks: list[datetime], minutes: int, name: str
) -> None:
    zone, last = ZoneInfo(name), None
    dealt: list[Week] = []
    for now in sorted(looks):
        what = owed(now, minutes, zone, LONG_AGO, last)
        dealt += [*what.skip, *([what.post] if what.post else [])]
        last = dealt[-1] if dealt else None
    assert dealt == [dealt[0].moved(number) for number in range(len(dealt))]


def test_weeks_have_names_and_names_have_weeks() -> None:
    assert Week.named("2026-W53").span.last == date(2027, 1, 3)
    assert Week.of(date(2027, 1, 3)).name == "2026-W53"
    for wrong in ("2025-W53", "2026-W00", "2026-46", "W46", "2026-W4", "\uff12026-W46", "last", ""):
        with pytest.raises(ValueError):
            Week.named(wrong)


def test_a_time_reads_as_clocks_show_it() -> None:
    assert [clock_time(minutes) for minutes in (0, 540, 1439)] == ["00:00", "09:00", "23:59"]
