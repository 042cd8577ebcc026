"""The calendar of the twelve weeks: which days people work, and at which moments of a day they look at Slack. Pure.

Everything is counted from the start day. Moments of a day move on by a little each day, so that what ends whole days
later has ended when the same moment comes round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple

from bot.playground.weeks.who import HOURS

WEEKS = 12
DAYS = 7 * WEEKS
SLOTS = tuple(timedelta(hours=hours, minutes=minutes) for hours, minutes in ((9, 39), (10, 39), (13, 44), (14, 44)))
"""When people look, in UTC: four hours and a little apart, which is how long a request waits before a reminder."""
REVEALING = (1, 3)
"""Slots to reveal in. Each is an hour after another: when its keys end, that is where they are warned about."""
DRIFT = timedelta(seconds=20)
EARLIEST_HOUR, LATEST_HOUR = 8.3, 19.7
FREE = ((3, 4), (8, 0))
"""Holidays of the whole company: week and weekday, both from 0."""


class Slot(NamedTuple):
    """A moment of a day, both counted from 0."""

    day: int
    part: int


@dataclass(frozen=True)
class Days:
    """The days from `start` on."""

    start: date

    @property
    def midnight(self) -> datetime:
        """When it begins."""
        return datetime.combine(self.start, time(), UTC)

    def is_holiday(self, day: int) -> bool:
        """Whether nobody works on this weekday."""
        return (day // 7, self._weekday(day)) in FREE

    def is_workday(self, day: int) -> bool:
        """Whether people work."""
        return self._weekday(day) < 5 and not self.is_holiday(day)

    def _weekday(self, day: int) -> int:
        return (self.start + timedelta(days=day)).weekday()

    @cached_property
    def workdays(self) -> tuple[int, ...]:
        """The days people work, as days from the start."""
        return tuple(day for day in range(DAYS) if self.is_workday(day))

    def at(self, slot: Slot) -> datetime:
        """The moment a slot begins."""
        return self.midnight + timedelta(days=slot.day) + SLOTS[slot.part] + slot.day * DRIFT

    def day_of(self, moment: datetime) -> int:
        """The day a moment falls on."""
        return (moment - self.midnight).days

    def following(self, name: str, after: Slot, parts: tuple[int, ...] = (0, 1, 2, 3)) -> Slot | None:
        """The first slot from this one on in which this person is at work; none when the weeks are over."""
        good = tuple(part for part in awake(name) if part in parts) or awake(name)
        for day in self.workdays:
            for part in good:
                if (day, part) >= after:
                    return Slot(day, part)
        return None


def awake(name: str) -> tuple[int, ...]:
    """The slots that fall into this person's working hours; at least the one that comes closest."""
    local = [(part, (slot.total_seconds() / 3600 + HOURS[name]) % 24) for part, slot in enumerate(SLOTS)]
    good = tuple(part for part, hour in local if EARLIEST_HOUR <= hour <= LATEST_HOUR)
    return good or (min(local, key=lambda one: math.fabs(one[1] - 13))[0],)
