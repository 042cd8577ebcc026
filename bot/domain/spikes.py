"""What counts as a spike: spend far above what is usual at this hour, told before the hour is over.

A key is compared with itself: what it spent in the last hour, and in the last 3 and 8, with the median of the same
hours of the same weekday, and of working days (or weekends) lately, whichever is more. How much more is far depends on
how those differ among each other, and on how much this key surprised before about this time of the day: one that often
does is given more room. What it did on this day of the last two months, it may do again. A young key is measured by the
share of its cap, and so is one whose cap is an amount in total; outside working hours a person's key by less.

Below the floor nothing is a spike. Amounts are integer micro-USD, hours are UTC clock hours, and the one in progress
counts with what was seen in it so far. `tests/bench/spikes.py` says how often this is right; its constants were chosen
on histories of other seeds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from bot.domain.incidents import Evidence
from bot.domain.money import show_beside
from bot.domain.pasts import DAY_HOURS, LEVEL_HOURS, Past
from bot.domain.periods import HOUR_SECONDS
from bot.domain.working_hours import is_off_hour

WINDOWS = (1, 3, 8)
"""How many hours are looked at together, the one in progress among them."""
YOUNG_HOURS = 12 * DAY_HOURS
"""For so long a key has too little past to say what is usual."""
BEYOND = 5
"""How many times as far as a spike has to be where more was expected, before people are called all the same."""

_DEVIATIONS, _LEAST_PERCENT = 5, 20
"""How many deviations above the median is far, and what share of the median a deviation is at least."""
_NEAR_HOURS = {1: 4, 3: 4, 8: 6}
"""How far from this time of the day surprises count."""
_MARGIN_PERCENT, _FEW_PERCENT = 200, 500
"""How far above its second greatest surprise a key has to be; more where few days have told anything."""
_MONTHLY_PERCENT, _MONTHLY_HOURS = 200, 4
"""How much more than on this day of the last months is right, and how many hours off it may come."""
_SHARE_PERCENT = {1: 6, 3: 9, 8: 12}
"""Of a cap per month."""
_TRIAL_PERCENT = {1: 30, 3: 40, 8: 52}
"""Of a cap in total."""
_OFF_PERCENT = 15
"""What of these counts outside working hours."""
_TIMES_PERCENT = 180
"""A young key spends no more than so much of what it has spent in as many hours before."""
_FEWEST = 5
_WEEK = 7 * DAY_HOURS
_DEVIATION_PERMILLE = 1483
"""A deviation is so much more than the median distance from the median."""
_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


class Rule(StrEnum):
    """What something is compared with."""

    WEEKDAY = "same-weekday"
    """The same hours of the same weekday."""
    LATELY = "lately"
    """The same hours of working days, or of weekends, in the last week."""
    SHARE = "share-of-cap"
    """Its cap: it is too young for anything else, or its cap is an amount in total that may be spent in runs."""


@dataclass(frozen=True, slots=True)
class Line:
    """From where on it is a spike."""

    hours: int
    """How many are looked at together."""
    before_micros: int
    """What was spent in those of them that are over."""
    usual_micros: int
    limit_micros: int
    compared: int
    """How many earlier times say what is usual."""
    rule: Rule

    def passed(self, spent_micros: int) -> bool:
        """Whether so much in the hour in progress makes it a spike."""
        return self.before_micros + spent_micros > self.limit_micros

    def is_far_beyond(self, spent_micros: int) -> bool:
        """Whether people are called even where more was expected."""
        return self.far().passed(spent_micros)

    def far(self) -> Line:
        """From where on people are called even where more was expected."""
        room = self.limit_micros - self.usual_micros
        return replace(self, limit_micros=self.usual_micros + BEYOND * room)


@dataclass(frozen=True, slots=True)
class _Usual:
    micros: int
    room: int
    compared: int
    """0 where too few earlier times are known to call anything usual."""
    rule: Rule


def lines(past: Past, floor_micros: int) -> tuple[Line, ...]:
    """Where spikes begin in the hour in progress, at the lowest; `raised` says where they really do.

    That takes a hundred times as long, and most keys stay below the lowest.
    """
    if not past.is_monthly or (past.cap_micros and past.age_hours < YOUNG_HOURS):
        return tuple(_by_share(past, hours, floor_micros) for hours in WINDOWS)
    return tuple(_by_past(past, hours, floor_micros) for hours in WINDOWS)


def raised(past: Past, line: Line, floor_micros: int) -> Line:
    """The line where it is for a key that has surprised before: never lower."""
    if line.rule is Rule.SHARE:
        return line
    percent, days = _surprise(past, line.hours, floor_micros)
    margin = _MARGIN_PERCENT + _FEW_PERCENT // max(1, days)
    room = (line.limit_micros - line.usual_micros) * max(100, percent * margin // 100) // 100
    monthly = _same_day_of_months(past, line.hours) * _MONTHLY_PERCENT // 100
    return replace(line, limit_micros=max(line.usual_micros + room, monthly))


def passed(past: Past, spent_micros: int, floor_micros: int) -> Line | None:
    """The shortest time in which so much, in the hour in progress, is a spike; None when it is none."""
    low = (line for line in lines(past, floor_micros) if line.passed(spent_micros))
    return next((line for one in low if (line := raised(past, one, floor_micros)).passed(spent_micros)), None)


def evidence(past: Past, line: Line, spent_micros: int) -> Evidence:
    """What people are shown of a spike: three days of hours, the one in progress last."""
    shown = [(hour, past.hours.between(hour, hour + 1)) for hour in range(max(0, past.end - 3 * DAY_HOURS), past.end)]
    hours = [*((past.at - timedelta(hours=past.end - hour), micros) for hour, micros in shown), (past.at, spent_micros)]
    found = Evidence(
        rule=str(line.rule),
        since=past.at - timedelta(hours=line.hours - 1),
        window_seconds=line.hours * HOUR_SECONDS,
        seen_micros=line.before_micros + spent_micros,
        usual_micros=line.usual_micros,
        limit_micros=line.limit_micros,
        compared=line.compared,
        hours=tuple(hours),
    )
    return replace(found, note=f"{_capital(_compared_with(found))}.")


def sentence(seen: Evidence) -> str:
    """Why it is a spike: `$38 in the last hour; at this hour on Fridays it usually spends $2`."""
    hours = seen.window_seconds // HOUR_SECONDS
    within = "the last hour" if hours == 1 else f"the last {hours} hours"
    spent = f"{show_beside(seen.seen_micros, seen.usual_micros)} in {within}"
    if seen.rule == Rule.SHARE:
        return f"{spent}; {_compared_with(seen)}"
    usually = show_beside(seen.usual_micros, seen.seen_micros) if seen.usual_micros else "nothing"
    return f"{spent}; {_when(seen)} it usually spends {usually}"


def _compared_with(seen: Evidence) -> str:
    if seen.rule == Rule.SHARE:
        return f"it is measured by its cap, and more than {show_beside(seen.limit_micros, 0)} is a large share of that"
    return f"this is compared with what is usual {_when(seen)}"


def _when(seen: Evidence) -> str:
    hours = seen.window_seconds // HOUR_SECONDS
    these = "at this hour" if hours == 1 else "in these hours"
    assert seen.since is not None, seen
    weekday = (seen.since + timedelta(hours=hours - 1)).weekday()
    if seen.rule == Rule.WEEKDAY:
        return f"{these} on {_WEEKDAYS[weekday]}"
    return f"{these} on {'weekends' if weekday > 4 else 'working days'} lately"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- keys with a past ---


def _by_past(past: Past, hours: int, floor_micros: int) -> Line:
    usual = _usual(past, past.end, hours, floor_micros)
    if not usual.compared and past.cap_micros:
        return _by_share(past, hours, floor_micros)
    limit = usual.micros + usual.room
    return Line(hours, past.before(hours), usual.micros, limit, usual.compared, usual.rule)


def _usual(past: Past, hour: int, count: int, floor_micros: int) -> _Usual:
    """What is usual in so many hours up to that one, and how far above it is far.

    That hour lies in the week that begins with the one in progress, and stands for all like it in the past.
    """
    weeks = range(hour - _WEEK, past.first - 2, -_WEEK)
    newest = hour - DAY_HOURS * (1 + (hour - past.end) // DAY_HOURS)
    days = range(newest, max(past.first, past.end - LEVEL_HOURS) - 1, -DAY_HOURS)
    is_weekend = past.is_weekend(hour)
    alike = _seen(past, weeks, count)
    lately = _seen(past, (day for day in days if past.is_weekend(day) == is_weekend), count)
    usual, spread, rule, compared = 0, 0, Rule.WEEKDAY, 0
    for some, which in ((alike, Rule.WEEKDAY), (lately, Rule.LATELY)):
        if len(some) < _FEWEST:
            continue
        middle = some[(len(some) - 1) // 2]
        if middle > usual or not compared:
            usual, rule, compared = middle, which, len(some)
        if not some[-1]:
            continue
        distances = sorted(abs(one - middle) for one in some)
        spread = max(spread, distances[(len(some) - 1) // 2])
    deviation = max(spread * _DEVIATION_PERMILLE // 1000, usual * _LEAST_PERCENT // 100)
    room = max(floor_micros, _DEVIATIONS * deviation)
    return _Usual(usual, room, compared, rule)


def _seen(past: Past, hours: Iterable[int], count: int) -> list[int]:
    """What was spent up to these hours, the one before and the one after each; least first."""
    near = (last for hour in hours for last in (hour - 1, hour, hour + 1))
    return sorted(spent for last in near if (spent := past.together(last, count)) is not None)


def _surprise(past: Past, count: int, floor_micros: int) -> tuple[int, int]:
    """How far this key came towards or past the line on its second greatest day, in percent of the room.

    Only hours about this time of day count, on working days or weekends as this one; what people said is right counts
    even if it was on one day only. Also on how many days there was anything.
    """
    is_weekend, greatest_right = past.is_weekend(past.end), 0
    by_day: dict[int, int] = {}
    for hour in range(past.end, past.end + _WEEK):
        away = (hour - past.end) % DAY_HOURS
        if min(away, DAY_HOURS - away) > _NEAR_HOURS[count] or past.is_weekend(hour) != is_weekend:
            continue
        earlier = range(hour - _WEEK, past.first - 1, -_WEEK)
        found = [(last, spent) for last in earlier if (spent := past.together(last, count))]
        if not found:
            continue
        usual = _usual(past, hour, count, floor_micros)
        for last, spent in found:
            day, percent = (past.end - 1 - last) // DAY_HOURS, (spent - usual.micros) * 100 // usual.room
            by_day[day] = max(by_day.get(day, 0), percent)
            if percent > greatest_right and past.is_accepted(last):
                greatest_right = percent
    second = sorted(by_day.values(), reverse=True)[1:2]
    return max([greatest_right, *second]), len(by_day)


def _same_day_of_months(past: Past, count: int) -> int:
    """The most that was spent in so many hours about this hour on this day of the last two months."""
    greatest, first = 0, past.at
    for _ in range(2):
        last_of_month = first.replace(day=1) - timedelta(days=1)
        first = last_of_month.replace(day=1)
        if last_of_month.day < past.at.day:
            continue
        ago = past.at - first.replace(day=past.at.day)
        hour = past.end - ago.days * DAY_HOURS
        near = range(max(past.first, hour - _MONTHLY_HOURS), hour + _MONTHLY_HOURS + 1)
        whole = (max(last, past.first + count - 1) for last in near)  # so that its very first spend counts
        greatest = max([greatest, *(past.together(last, count) or 0 for last in whole)])
    return greatest


# --- keys without ---


def _by_share(past: Past, hours: int, floor_micros: int) -> Line:
    percent = (_SHARE_PERCENT if past.is_monthly else _TRIAL_PERCENT)[hours]
    limit = past.cap_micros * percent // 100
    if past.zone is not None:
        zone = past.zone
        off = sum(is_off_hour(past.at - timedelta(hours=ago), zone) for ago in range(hours))
        limit = limit * (100 * hours - (100 - _OFF_PERCENT) * off) // (100 * hours)
    if past.is_monthly and past.age_hours >= DAY_HOURS:
        seen = (past.together(last, hours) or 0 for last in range(past.first + hours, past.end))
        limit = min(limit, max(seen, default=limit) * _TIMES_PERCENT // 100)
    return Line(hours, past.before(hours), 0, max(floor_micros, limit), 0, Rule.SHARE)
