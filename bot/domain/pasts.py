"""What a key, or several together, spent hour by hour until now: sums of hours, in constant time.

Hours that are nothing to compare with are left out: an incident was open then. Amounts are integer micro-USD.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property

from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS

DAY_HOURS = DAY_SECONDS // HOUR_SECONDS
HISTORY_HOURS = 63 * DAY_HOURS
"""How far back hours are compared: nine weeks, so that two months ago is among them."""
LEVEL_HOURS = 7 * DAY_HOURS
"""Of how many hours the level is taken at once."""
MOST_GROWN_PERMILLE = 5_000


class Hours:
    """Spend by the hour, oldest first; it grows at its end. None is an hour that is left out."""

    def __init__(self, spent: Iterable[int | None] = ()) -> None:
        """Begin with these."""
        self.first: int | None = None
        """The first hour with spend."""
        self._total, self._left_out = [0], [0]
        for micros in spent:
            self.add(micros)

    def __len__(self) -> int:
        return len(self._total) - 1

    def add(self, micros: int | None) -> None:
        """One hour more."""
        if micros and self.first is None:
            self.first = len(self)
        self._total.append(self._total[-1] + (micros or 0))
        self._left_out.append(self._left_out[-1] + (micros is None))

    def between(self, begin: int, end: int) -> int:
        """What was spent from one hour to before another; what is left out counts as nothing."""
        return self._total[end] - self._total[begin]

    def is_whole(self, begin: int, end: int) -> bool:
        """Whether none of them is left out."""
        return self._left_out[end] == self._left_out[begin]


@dataclass(frozen=True)
class Past:
    """All that a spike is judged by, but for what was spent in the hour in progress."""

    hours: Hours
    """Up to the hour in progress, which is the next one."""
    at: datetime
    """When that hour began, aware UTC."""
    cap_micros: int = 0
    """Of the key; 0 for several together."""
    is_monthly: bool = True
    """Whether the cap comes anew each month, and is no amount in total for a key of some days or weeks."""
    zone: tzinfo | None = None
    """Where the person works whose key it is; None for keys that spend by themselves."""
    accepted: tuple[tuple[int, int], ...] = ()
    """From which hour to before which other people said that more is right: it was expected, or nothing was wrong."""

    @cached_property
    def end(self) -> int:
        """The number of the hour in progress."""
        return len(self.hours)

    @cached_property
    def first(self) -> int:
        """The first hour with spend, as far as is looked back; the one in progress if there is none."""
        begin = max(0, self.end - HISTORY_HOURS)
        found = self.hours.first
        return max(begin, self.end if found is None else found)

    @property
    def age_hours(self) -> int:
        """How long ago it first spent, as far as is looked back."""
        return self.end - self.first

    def before(self, count: int) -> int:
        """What was spent in so many hours that end with the one in progress, without that one."""
        return self.hours.between(max(0, self.end - count + 1), self.end)

    def together(self, last: int, count: int) -> int | None:
        """What so many hours up to that one came to, as they would at today's level.

        None if one of them is left out, or before the first with spend, or not over.
        """
        begin = last - count + 1
        if begin < self.first or last >= self.end or not self.hours.is_whole(begin, last + 1):
            return None
        micros = self.hours.between(begin, last + 1)
        return micros and micros * self._grown[(self.end - 1 - last) // LEVEL_HOURS] // 1000

    def is_weekend(self, hour: int) -> bool:
        """Whether that hour is on a Saturday or Sunday, UTC."""
        days = (self.at.hour + hour - self.end) // DAY_HOURS
        return (self.at.weekday() + days) % 7 > 4

    def is_accepted(self, hour: int) -> bool:
        """Whether people said that what was spent in that hour is right."""
        return any(begin <= hour < end for begin, end in self.accepted)

    @cached_property
    def _grown(self) -> list[int]:
        """By how many permille each week has to be raised to today's level, the newest first; never lowered.

        The level is the median of days, which single days do not move.
        """
        levels = [self._level(until) for until in range(self.end, self.first, -LEVEL_HOURS)] or [0]
        now = levels[0]
        return [min(now * 1000 // level, MOST_GROWN_PERMILLE) if now > level > 0 else 1000 for level in levels]

    def _level(self, until: int) -> int:
        since = max(self.first, until - LEVEL_HOURS)
        days = sorted(self.hours.between(max(0, end - DAY_HOURS), end) for end in range(until, since, -DAY_HOURS))
        return days[len(days) // 2]
