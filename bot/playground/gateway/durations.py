"""LiteLLM's durations: how long a key lives and when a budget window ends. Pure functions."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class BadDuration(ValueError):
    """Not a duration, in LiteLLM's words."""


def seconds_of(duration: str) -> tuple[int, str]:
    """Read `30s`, `7d`, `1mo` as an amount and a unit. Raises `BadDuration` as LiteLLM words it."""
    found = re.match(r"(\d+)(mo|[smhdw]?)", duration)
    if found is None:
        raise BadDuration("Invalid duration format")
    if not found[2] or found.end() != len(duration):
        raise BadDuration(f"Unsupported duration unit, passed duration: {duration}")
    return int(found[1]), found[2]


def after(duration: str, now: datetime) -> datetime:
    """The moment a key with this `duration` expires: exact, counted from now."""
    amount, unit = seconds_of(duration)
    if unit == "mo":
        month = now.month - 1 + amount
        year = now.year + month // 12
        return now.replace(year=year, month=month % 12 + 1, day=min(now.day, 28))
    return now + timedelta(seconds=amount * _SECONDS[unit])


def window_end(duration: str, now: datetime) -> datetime:
    """When a budget window ends: snapped to the calendar, so that `30d` ends on the first of the month.

    What it does not understand ends at midnight, without a word.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        amount, unit = seconds_of(duration)
    except BadDuration:
        return midnight + timedelta(days=1)
    if (unit == "mo" and amount == 1) or duration == "30d":
        return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    if unit == "d" or duration in {"1w", "24h"}:
        to_monday = 7 - now.weekday()
        days = {"7d": to_monday, "1w": to_monday, "24h": 1}.get(duration, amount)
        return midnight + timedelta(days=days)
    if unit == "h":
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=amount)
    return after(duration, now)
