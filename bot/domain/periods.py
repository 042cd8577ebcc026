"""Spans of time: what people type (`7d`, `36h`), the calendar month of a budget, and how both read.

Durations are whole seconds. Budget months are UTC calendar months named `2026-11`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

MINUTE_SECONDS = 60
HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS
WEEK_SECONDS = 7 * DAY_SECONDS

_UNITS = {"m": MINUTE_SECONDS, "h": HOUR_SECONDS, "d": DAY_SECONDS, "w": WEEK_SECONDS}
_TYPED = re.compile(r"(\d{1,6})\s*(m|h|d|w|mins?|minutes?|hours?|hrs?|days?|weeks?)", re.ASCII | re.IGNORECASE)


class BadDuration(ValueError):
    """The text is not a duration; the message says why, in words for its author."""


def parse_duration(text: str) -> int:
    """Read `7d`, `36h`, `2w`, `90 minutes` into seconds. Raises `BadDuration`, also for zero."""
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        msg = "times look like 7d, 36h or 2w"
        raise BadDuration(msg)
    seconds = int(found[1]) * _UNITS[found[2][0].lower()]
    if seconds == 0:
        msg = "a time must be more than zero"
        raise BadDuration(msg)
    return seconds


def show_duration(seconds: int) -> str:
    """Write a duration for people, exactly where it is whole: `7 days`, `36 hours`, `1 h 30 min`."""
    if seconds % DAY_SECONDS == 0 and seconds:
        return _count(seconds // DAY_SECONDS, "day")
    if seconds % HOUR_SECONDS == 0 and seconds:
        return _count(seconds // HOUR_SECONDS, "hour")
    hours, rest = divmod(seconds, HOUR_SECONDS)
    minutes = rest // MINUTE_SECONDS
    if hours >= 48:
        return _count(round(seconds / DAY_SECONDS), "day")
    if hours:
        return f"{hours} h {minutes} min" if minutes else _count(hours, "hour")
    return _count(minutes, "minute") if minutes else "less than a minute"


def short_duration(seconds: int) -> str:
    """Write a duration as it is typed back into a command: `7d`, `36h`, `90m`."""
    for unit, size in (("d", DAY_SECONDS), ("h", HOUR_SECONDS)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{max(1, seconds // MINUTE_SECONDS)}m"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def month_of(at: datetime) -> str:
    """The budget month an instant falls in, such as `2026-11`."""
    return at.astimezone(UTC).strftime("%Y-%m")


def month_start(at: datetime) -> datetime:
    """00:00 UTC on the first day of the month of `at`."""
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_end(at: datetime) -> datetime:
    """The reset moment: 00:00 UTC on the first day of the next month."""
    start = month_start(at)
    if start.month == 12:
        return start.replace(year=start.year + 1, month=1)
    return start.replace(month=start.month + 1)


def day_of(at: datetime) -> str:
    """The UTC day an instant falls in, such as `2026-11-21`."""
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def day_start(at: datetime) -> datetime:
    """00:00 UTC on the day of `at`."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def day_end(at: datetime) -> datetime:
    """00:00 UTC on the next day."""
    return day_start(at) + timedelta(days=1)


def week_start(at: datetime) -> datetime:
    """00:00 UTC on the Monday of the week of `at`."""
    start = day_start(at)
    return start - timedelta(days=start.weekday())
