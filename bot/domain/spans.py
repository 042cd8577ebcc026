"""Spans of UTC days that usage is asked for, and with what a span is compared.

Gateways may date usage by the day only, so a span is whole UTC days; the last one may be today, which is not over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

LONGEST_DAYS = 366
FIRST_YEAR, LAST_YEAR = 2000, 9998
"""Years that usage may be asked of: far enough from where dates end, so that days before and after can be told."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """UTC days from `since` until before `until`."""

    since: date
    until: date
    of_month: bool = False
    """Whether it was asked for as a month, and so is compared with the month before."""

    def __post_init__(self) -> None:
        """A span has at least one day. Raises ValueError."""
        if self.until <= self.since:
            msg = f"a span of no day: {self.since} to {self.until}"
            raise ValueError(msg)

    def __contains__(self, day: date) -> bool:
        """Whether the day is in it."""
        return self.since <= day < self.until

    @property
    def days(self) -> int:
        """How many days."""
        return (self.until - self.since).days

    @property
    def last(self) -> date:
        """Its last day."""
        return self.until - timedelta(days=1)

    @property
    def begins_at(self) -> datetime:
        """00:00 UTC on the first day."""
        return _midnight(self.since)

    @property
    def ends_at(self) -> datetime:
        """00:00 UTC after the last day."""
        return _midnight(self.until)

    def each(self) -> Iterator[date]:
        """Its days, in order."""
        return (self.since + timedelta(days=number) for number in range(self.days))

    def moved(self, days: int) -> Span:
        """As many days, that many days later."""
        return Span(self.since + timedelta(days=days), self.until + timedelta(days=days))


def last_days(count: int, today: date) -> Span:
    """Today and the days before it, that many in all."""
    return Span(today - timedelta(days=count - 1), today + timedelta(days=1))


def month_so_far(today: date) -> Span:
    """From the first of the month to today."""
    return Span(today.replace(day=1), today + timedelta(days=1), of_month=True)


def whole_month(first: date) -> Span:
    """The month that begins on this day."""
    return Span(first, (first + timedelta(days=31)).replace(day=1), of_month=True)


def known_part(span: Span, today: date) -> Span | None:
    """The part of a span that is not to come: up to today. None when all of it is."""
    until = min(span.until, today + timedelta(days=1))
    return None if until <= span.since else Span(span.since, until)


def compared(span: Span, today: date) -> tuple[Span, Span] | None:
    """Which days of a span are compared, and with which before it; None when none of them is over.

    Both are as many days, and only days that are over. A month is compared with the month before, day by day, as far
    as both have such days. All else is compared with the days one span earlier, so that a week is compared by the
    same weekdays, also when it is not over.
    """
    until = min(span.until, today)
    if until <= span.since:
        return None
    now = Span(span.since, until)
    if not span.of_month:
        return now, now.moved(-span.days)
    month_before = (span.since - timedelta(days=1)).replace(day=1)
    before = Span(month_before, min(month_before + timedelta(days=now.days), span.since))
    return Span(now.since, now.since + timedelta(days=before.days)), before


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
