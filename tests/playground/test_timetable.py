"""Where the clock's choices go, and where it stops on the way; how long each stop waits for the bot."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.clock import PlayClock
from bot.playground.mover import Mover
from bot.playground.slack import NotInSlack
from bot.playground.timetable import APART, LABELS, MOST_STOPS, choices, stops

SATURDAY = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
instants = st.integers(-600 * 86_400, 1500 * 86_400).map(lambda seconds: SATURDAY + timedelta(seconds=seconds))
zones = st.sampled_from([UTC, ZoneInfo("Europe/Madrid"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")])


def test_each_choice_goes_where_its_name_says() -> None:
    assert choices(SATURDAY, UTC) == {
        "hour": datetime(2026, 11, 21, 13, 30, tzinfo=UTC),
        "tomorrow": datetime(2026, 11, 22, 9, tzinfo=UTC),
        "monday": datetime(2026, 11, 23, 9, tzinfo=UTC),
        "month_end": datetime(2026, 12, 1, 0, 0, 5, tzinfo=UTC),
    }


def test_mornings_are_those_of_the_workspace() -> None:
    berlin = choices(datetime(2026, 3, 28, 23, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin"))  # there it is Sunday already
    assert berlin["tomorrow"] == berlin["monday"] == datetime(2026, 3, 30, 7, tzinfo=UTC)  # and summer time by then


@given(now=instants, zone=zones)
def test_every_choice_lies_ahead(now: datetime, zone: ZoneInfo) -> None:
    there = choices(now, zone)
    assert list(there) == list(LABELS)
    assert all(at > now and at.tzinfo is UTC for at in there.values())
    for choice, within in (("tomorrow", 2), ("monday", 8), ("month_end", 32)):
        assert there[choice] - now < timedelta(days=within)
    for choice in ("tomorrow", "monday"):
        here = there[choice].astimezone(zone)
        assert (here.hour, here.minute, here.second) == (9, 0, 0)
        assert here.date() > now.astimezone(zone).date()
    assert there["monday"].astimezone(zone).weekday() == 0
    assert (there["month_end"].day, there["month_end"].hour) == (1, 0)
    assert there["month_end"].month == now.month % 12 + 1


def test_it_stops_just_after_each_warning_and_the_end_of_a_key() -> None:
    end = SATURDAY + timedelta(days=7)
    on_the_way = stops(SATURDAY, SATURDAY + timedelta(days=9), [end])
    for before in (timedelta(days=1), timedelta(hours=1), timedelta(0)):
        assert end - before + timedelta(seconds=1) in on_the_way


@given(now=instants, ahead=st.floats(60, 33 * 86_400), ends=st.lists(st.floats(-40 * 86_400, 90 * 86_400), max_size=60))
def test_it_gets_there_in_few_small_steps_without_passing_over_a_key(
    now: datetime, ahead: float, ends: list[float]
) -> None:
    to = now + timedelta(seconds=ahead)
    on_the_way = stops(now, to, [now + timedelta(seconds=end) for end in ends])
    assert on_the_way[-1] == to
    assert len(on_the_way) <= MOST_STOPS
    assert on_the_way == sorted(set(on_the_way))
    assert on_the_way[0] > now
    steps = [later - earlier for earlier, later in zip([now, *on_the_way], on_the_way, strict=False)]
    crowded = len(ends) * 3 + 60 >= MOST_STOPS
    assert max(steps) <= timedelta(days=1) + (timedelta(days=1) if crowded else APART)


def test_a_month_is_read_before_it_ends_and_turned_at_once_however_far_the_clock_goes() -> None:
    now, turn = datetime(2026, 11, 29, 15, 10, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    for to in (choices(now, UTC)["month_end"], turn + timedelta(days=9)):
        on_the_way = stops(now, to, [])
        assert turn - timedelta(seconds=90) in on_the_way
        assert turn + timedelta(seconds=5) in on_the_way


def test_each_utc_day_is_stopped_at_when_it_has_just_begun() -> None:
    on_the_way = stops(SATURDAY, SATURDAY + timedelta(days=20), [])
    began = [at for at in on_the_way if (at.hour, at.minute, at.second) == (0, 0, 5)]
    assert [at.date() for at in began] == [SATURDAY.date() + timedelta(days=number) for number in range(1, 21)]


# --- moving ---


class Bot:
    """Does something, seen from outside, for a while after each step."""

    def __init__(self, clock: PlayClock, works_seconds: float, *, has_more: bool = False) -> None:
        self._clock, self._works_seconds, self._has_more = clock, works_seconds, has_more
        self._moved, self._since = clock.moved_seconds, time.monotonic()
        self.done = 0
        self.asked: list[datetime] = []

    def traffic(self) -> int:
        if self._clock.moved_seconds != self._moved:
            self._moved, self._since = self._clock.moved_seconds, time.monotonic()
        if time.monotonic() - self._since < self._works_seconds:
            self.done += 1
        return self.done

    def is_done(self, now: datetime) -> bool:
        self.asked.append(now)
        return not self._has_more


def mover(clock: PlayClock, traffic: Bot, ends: tuple[datetime, ...] = ()) -> Mover:
    return Mover(
        clock,
        zone=lambda: UTC,
        key_ends=lambda: list(ends),
        traffic=traffic.traffic,
        done=traffic.is_done,
        tell=lambda: None,
    )


def clock_with_an_hour_to_go(tmp_path: Path) -> PlayClock:
    """A clock that has no stop to make within the next hour, whatever the time of day is."""
    clock = PlayClock(tmp_path / "clock")
    one_in_the_morning = (clock.now() + timedelta(days=1)).replace(hour=1, minute=0, second=0)
    clock.advance((one_in_the_morning - clock.now()).total_seconds())
    return clock


def test_a_step_takes_as_long_as_the_bot_works_and_no_longer(tmp_path: Path) -> None:
    clock = clock_with_an_hour_to_go(tmp_path)
    began, moved = time.monotonic(), clock.wire()["moved_seconds"]
    to = clock.now() + timedelta(hours=1)
    answer = mover(clock, Bot(clock, works_seconds=0.3)).move({"to": "hour"})
    assert 0.35 < time.monotonic() - began < 1.5
    assert (answer["moving_to"], answer["moved_seconds"]) == (None, pytest.approx(moved + 3600, abs=1))
    assert clock.now() - to < timedelta(seconds=2)


@pytest.mark.parametrize(("works_seconds", "has_more"), [(0.0, True), (60.0, False)], ids=["stuck", "never quiet"])
def test_a_bot_that_is_stuck_or_never_quiet_is_waited_for_four_seconds(
    tmp_path: Path, works_seconds: float, *, has_more: bool
) -> None:
    clock = clock_with_an_hour_to_go(tmp_path)
    began = time.monotonic()
    mover(clock, Bot(clock, works_seconds, has_more=has_more)).move({"to": "hour"})
    assert 3.9 < time.monotonic() - began < 5.5


def test_whether_the_bot_is_done_is_asked_for_the_moment_it_was_moved_to(tmp_path: Path) -> None:
    clock = clock_with_an_hour_to_go(tmp_path)
    bot, to = Bot(clock, works_seconds=0.0), clock.now() + timedelta(hours=1)
    mover(clock, bot).move({"to": "hour"})
    assert bot.asked
    assert all(timedelta(0) <= now - to < timedelta(seconds=2) for now in bot.asked)


def test_while_it_moves_it_says_where_to_and_refuses_a_second_move(tmp_path: Path) -> None:
    clock = clock_with_an_hour_to_go(tmp_path)
    moving = mover(clock, Bot(clock, works_seconds=60.0))
    assert moving.wire()["moving_to"] is None
    there = next(choice["at"] for choice in moving.choices() if choice["to"] == "month_end")
    thread = threading.Thread(target=moving.move, args=({"to": "month_end"},))
    thread.start()
    while moving.wire()["moving_to"] is None:
        time.sleep(0.01)
    assert moving.wire()["moving_to"] == there
    for asked in ({"to": "hour"}, {"advance_seconds": 60}):
        with pytest.raises(NotInSlack, match="moving already"):
            moving.move(asked)
    moving.stop()
    thread.join(5)
    assert not thread.is_alive()
    assert moving.wire()["moving_to"] is None


@pytest.mark.parametrize("asked", [{}, {"to": "yesterday"}, {"to": None}, {"advance_seconds": -1}])
def test_a_move_to_nowhere_moves_nothing(tmp_path: Path, asked: dict) -> None:
    clock = PlayClock(tmp_path / "clock")
    with pytest.raises(ValueError, match="to"):
        mover(clock, Bot(clock, 0.0)).move(asked)
    assert clock.moved_seconds == 0
