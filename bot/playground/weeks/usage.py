"""What keys are used for, hour by hour: weekdays and quiet weekends, growth, a launch, a spike, a retry loop. Pure.

Drawn anew for each key and day from their numbers, so that a part of it is the same whenever it is asked for.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.playground.weeks.days import DAYS, Days
from bot.playground.weeks.drawing import LAUNCH_WORKDAY
from bot.playground.weeks.money import BURST_WORKDAY
from bot.playground.weeks.who import HOURS
from bot.playground.weeks.wishes import Habit, Wish

HOUR = timedelta(hours=1)
SPIKE_FROM_THE_END = 5
"""Workdays before the end: within the last ten days whatever the weekday."""
SPIKE_TIMES = 22
BURST_TIMES = 8
LOOP_WORKDAY = 47
LOOP_CALLS_AN_HOUR = 1_400
IDLE_FROM_DAY = 33
WEEKEND_SHARE = 0.12
GROWTH = 1.2
"""By so much more is used in the end than in the beginning."""
MOST_CALLS, MOST_CALLS_OF_PROGRAMS = 260, 5_000
"""In one spell of less than half an hour: an assistant in an editor asks often."""
WORK_HOURS = (9, 10, 11, 13, 14, 15, 16, 17)
OFF_HOURS = (21, 22, 6)


@dataclass(frozen=True, slots=True)
class Spell:
    """Calls alike within one hour; tokens are those of each call. `failed` more of them met a failing model."""

    at: datetime
    seconds: float
    model: str
    count: int
    failed: int
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Taste:
    """A model as people use it: tokens of a usual call, and what such a call costs in US dollars."""

    model: str
    prompt_tokens: int
    completion_tokens: int
    usd: float
    weight: int


TASTES = (
    Taste("mock-large", 2200, 450, 0.008, 9),
    Taste("mock-gpt", 1500, 500, 0.000525, 5),
    Taste("mock-expensive", 60, 40, 0.1, 1),
    Taste("mock-preview", 900, 300, 0.0, 1),
)
LARGE, SMALL, _, PREVIEW = TASTES


def spells(days: Days, wish: Wish, day: int) -> Iterator[Spell]:
    """What the key of this wish is used for on this day, in no order. Whether it works then is not asked."""
    if wish.habit is Habit.UNTOUCHED or (wish.habit is Habit.IDLE and day >= IDLE_FROM_DAY):
        return
    rng = random.Random(f"{wish.number} {wish.reason} {day}")
    usd = wish.daily_usd * _level(days, wish, day) * rng.uniform(0.5, 1.5)
    hours = _hours(rng, days, wish, day)
    if wish.habit is Habit.LOOP and day == days.workdays[LOOP_WORKDAY]:
        yield from (_loop(days, day, hour) for hour in range(13, 18))
    for hour, share in hours:
        taste = _taste(rng, wish)
        count = _count(rng, wish.habit, usd * share, taste)
        if count == 0:
            continue
        failed = rng.choices((0, max(1, count // 40)), (5, 1))[0]
        at = days.midnight + timedelta(days=day, hours=hour, minutes=rng.randrange(0, 30), seconds=rng.randrange(60))
        vary = rng.uniform(0.6, 1.4)
        tokens = round(taste.prompt_tokens * vary), round(taste.completion_tokens * vary)
        yield Spell(at, rng.uniform(300, 1500), taste.model, count, failed, *tokens)


def _level(days: Days, wish: Wish, day: int) -> float:
    """How much busier or quieter a day is than usual."""
    level = 1.0 + (GROWTH - 1.0) * day / DAYS
    if not days.is_workday(day) and wish.habit not in (Habit.SERVICE, Habit.NIGHTLY):
        level *= WEEKEND_SHARE
    elif not days.is_workday(day):
        level *= 0.5
    launch = days.workdays[LAUNCH_WORKDAY]
    if wish.squad in ("search", "support") and day >= launch:
        level *= 2.0 if day < launch + 4 else 1.3
    if wish.habit is Habit.LAUNCH:
        level *= 1.0 if day >= launch else 0.05
    if wish.habit is Habit.SPIKE and day == spike_day(days):
        level *= SPIKE_TIMES
    if wish.habit is Habit.CI and day == days.workdays[BURST_WORKDAY]:
        level *= BURST_TIMES
    return level


def spike_day(days: Days) -> int:
    """The day of the spike."""
    return days.workdays[-SPIKE_FROM_THE_END]


def _hours(rng: random.Random, days: Days, wish: Wish, day: int) -> list[tuple[float, float]]:
    """Hours in UTC from the day's midnight, within the day, and the share of the day's use in each."""
    if wish.habit in (Habit.SERVICE, Habit.LAUNCH):
        return [(hour, share) for hour, share in ((2, 0.05), (7, 0.15), (10, 0.3), (14, 0.3), (19, 0.15), (22, 0.05))]
    if wish.habit is Habit.CI:
        return [(hour, 1 / 6) for hour in (8, 10, 12, 14, 16, 18)] if days.is_workday(day) else []
    if wish.habit is Habit.NIGHTLY:
        return [(1, 0.5), (2, 0.45), (11, 0.05)]
    if not days.is_workday(day) and rng.random() > 0.25:
        return []
    if rng.random() < 0.1:
        return []
    local = rng.sample(WORK_HOURS, rng.randint(2, 4))
    if rng.random() < 0.12:
        local.append(rng.choice(OFF_HOURS))
    share = 1.0 / len(local)
    return [((hour - HOURS[wish.who]) % 24 // 1, share) for hour in local]


def _taste(rng: random.Random, wish: Wish) -> Taste:
    if wish.habit in (Habit.LAUNCH, Habit.SPIKE):
        return LARGE
    if wish.habit in (Habit.NIGHTLY, Habit.CI):
        return rng.choice((LARGE, SMALL))
    return rng.choices(TASTES, [taste.weight for taste in TASTES])[0]


def _count(rng: random.Random, habit: Habit, usd: float, taste: Taste) -> int:
    """So many calls as that money buys, but no more than anybody makes; some of a model without a price."""
    if taste.usd == 0:
        return rng.randint(2, 40)
    most = MOST_CALLS if habit in (Habit.PERSON, Habit.IDLE, Habit.LOOP) else MOST_CALLS_OF_PROGRAMS
    return min(most, round(usd / taste.usd))


def _loop(days: Days, day: int, hour: int) -> Spell:
    """A script that tries again at once, for hours, because every call fails."""
    at = days.midnight + timedelta(days=day, hours=hour, minutes=2)
    return Spell(at, 3300.0, LARGE.model, 3, LOOP_CALLS_AN_HOUR, LARGE.prompt_tokens, LARGE.completion_tokens)
