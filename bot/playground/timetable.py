"""Where the clock may be moved to, and where it has to stop on the way so that nothing due is passed over.

Plain arithmetic: knows no clock. Times are aware.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

LABELS = {"hour": "+1 hour", "tomorrow": "Tomorrow", "monday": "Next Monday 09:00", "month_end": "Month end"}
"""The choices in the order in which they are offered."""
WORK_BEGINS_AT = 9

STEP = timedelta(hours=6)
CLOSELY = timedelta(days=7)
"""Requests that wait are brought up within hours and end within days, so the first week goes in smaller steps. Later
ones are days."""
DAY = timedelta(days=1)
TURNED = timedelta(seconds=5)
"""How long after a UTC day or month began it is stopped at: then limits per day and month start again."""
CLOSING = timedelta(seconds=90)
"""How long before a month ends it is stopped at, so that what was spent in it is read in it."""
WARNED_BEFORE = (timedelta(days=1), timedelta(hours=1), timedelta(0))
"""What is due around the end of a key."""
JUST_AFTER = timedelta(seconds=1)
APART = timedelta(minutes=1)
"""The bot looks at its keys twice a minute, so closer stops would be one to it."""
MOST_STOPS = 72


def choices(now: datetime, zone: tzinfo) -> dict[str, datetime]:
    """Where each choice goes, in UTC: "tomorrow" and "monday" to the morning of a later day, in this time zone."""
    here = now.astimezone(zone)
    days = {"tomorrow": 1, "monday": 7 - here.weekday()}
    mornings = {
        choice: datetime.combine(here.date() + timedelta(days=ahead), datetime.min.time(), zone)
        for choice, ahead in days.items()
    }
    return {
        "hour": now + timedelta(hours=1),
        **{choice: day.replace(hour=WORK_BEGINS_AT).astimezone(UTC) for choice, day in mornings.items()},
        "month_end": _next_month(now.astimezone(UTC)) + TURNED,
    }


def stops(now: datetime, to: datetime, key_ends: Iterable[datetime]) -> list[datetime]:
    """Where to stop on the way, `to` being the last: every few hours, around each key's end and each month's turn."""
    wanted = [*_hours(now, to), *_closings(now, to)]
    wanted += [end - before + JUST_AFTER for end in key_ends for before in WARNED_BEFORE]
    between = sorted(at for at in wanted if now + APART < at < to - APART)
    apart = APART
    while len(spread := _thinned(between, apart)) >= MOST_STOPS:
        apart *= 2
    return [*spread, to]


def _hours(now: datetime, to: datetime) -> Iterator[datetime]:
    """Just after each UTC day began, and in the first days some hours between."""
    at = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + TURNED
    while at < to:
        if at - now < CLOSELY or at.hour == 0:
            yield at
        at += STEP


def _closings(now: datetime, to: datetime) -> Iterator[datetime]:
    """Just before each month ends."""
    turn = _next_month(now.astimezone(UTC))
    while turn - CLOSING < to:
        yield turn - CLOSING
        turn = _next_month(turn)


def _thinned(times: Sequence[datetime], apart: timedelta) -> list[datetime]:
    """Of those that stand closer together than this, the last."""
    kept: list[datetime] = []
    first = None
    for at in times:
        if first is not None and at - first < apart:
            kept[-1] = at
        else:
            first = at
            kept.append(at)
    return kept


def _next_month(now: datetime) -> datetime:
    begun = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (begun + timedelta(days=32)).replace(day=1)
