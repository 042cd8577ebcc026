"""When a week's digest comes: the moment it is due, until when it is caught up on, and which weeks were missed.

Times of day are those on a clock in the team's own time zone, which is handed in. Plain arithmetic: knows no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.domain.digests import Week
from bot.domain.people import Team

DIGEST_MINUTES = 540
"""09:00, where nobody chose another time."""
SETTLED = timedelta(hours=1)
"""How long after a week is over in UTC its digest waits, wherever the team is: its last day is read by then."""
CAUGHT_UP_DAYS = 3
"""Monday to Wednesday: a digest that could not come in time comes later on one of these days, or not at all."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Owed:
    """What a team is owed at a moment: at most one digest, and a word about weeks that go without one."""

    post: Week | None = None
    skip: tuple[Week, ...] = ()
    """Oldest first."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a team's digest comes."""

    team: Team
    next_at: datetime | None
    """The next one; None where none comes."""
    clock: str
    """What clocks show there then, such as `09:00`: later than chosen where the week is not over by then."""
    is_coming: bool = False
    """Whether last week's is still to come, within minutes."""


def clock_time(minutes: int) -> str:
    """`09:00`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def on_the_clock(day: date, minutes: int, zone: tzinfo) -> datetime:
    """The moment, in UTC, at which clocks in this zone show so many minutes after midnight of the day.

    Where clocks are put forward past that time it is the moment after the jump; where they show it twice, the first.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    while (at := wall.replace(tzinfo=zone).astimezone(UTC)).astimezone(zone).replace(tzinfo=None) != wall:
        wall += _MINUTE
    return at


def due_at(week: Week, minutes: int, zone: tzinfo) -> datetime:
    """When the digest of a week comes: on the Monday after it, not before the week is over in UTC and settled."""
    monday = week.span.until
    return max(on_the_clock(monday, minutes, zone), week.span.ends_at + SETTLED)


def given_up_at(week: Week, zone: tzinfo) -> datetime:
    """From when on the digest of a week is not caught up on any more: Wednesday, 24:00."""
    return on_the_clock(week.span.until + timedelta(days=CAUGHT_UP_DAYS), 0, zone)


def newest_due(now: datetime, minutes: int, zone: tzinfo) -> Week:
    """The newest week whose digest should have come by now."""
    week = Week.of(now.astimezone(UTC).date()).moved(-1)
    return week if due_at(week, minutes, zone) <= now else week.moved(-1)


def next_due_at(now: datetime, minutes: int, zone: tzinfo) -> datetime:
    """When the next digest comes."""
    return due_at(newest_due(now, minutes, zone).moved(1), minutes, zone)


def owed(now: datetime, minutes: int, zone: tzinfo, since: datetime, told: Week | None) -> Owed:
    """What of the weeks that were due from `since` on has not been dealt with.

    `told` is the newest week that was posted or skipped. The newest week that is due is posted while it can be caught
    up on; older ones are skipped, and so is that one once it is too late.
    """
    newest = week = newest_due(now, minutes, zone)
    missed: list[Week] = []
    while (told is None or week > told) and due_at(week, minutes, zone) >= since:
        missed.insert(0, week)
        week = week.moved(-1)
    if not missed or given_up_at(newest, zone) <= now:
        return Owed(None, tuple(missed))
    return Owed(newest, tuple(missed[:-1]))
