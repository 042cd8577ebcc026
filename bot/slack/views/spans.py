"""How spans of days read: in a sentence, as dates, and as they are typed."""

from __future__ import annotations

from datetime import date, timedelta

from bot.domain.digests import Week
from bot.domain.spans import Span, last_days, month_so_far, whole_month

_USUAL_DAYS = (7, 30, 90)


def during(span: Span, today: date) -> str:
    """`in 30 days`, `this week`, `in October 2026`, to end a sentence with."""
    match typed(span, today):
        case "today":
            return "today"
        case "yesterday" | "last week" as word:
            return word
        case "week" | "month" as word:
            return f"this {word}"
        case word if word.endswith("d"):
            return f"in {span.days:,} days"
        case word if word:
            return f"in {span.since:%B %Y}"
        case _:
            return f"from {days(span, today)}"


def typed(span: Span, today: date) -> str:
    """The shortest word that asks for these days; empty when there is none."""
    if span.of_month:
        if span == month_so_far(today):
            return "month"
        return f"{span.since:%Y-%m}" if span == whole_month(span.since) else ""
    if span == last_days(1, today):
        return "today"
    if span == last_days(1, today).moved(-1):
        return "yesterday"
    recent = span.until == today + timedelta(days=1)
    if recent and span.days in _USUAL_DAYS:
        return f"{span.days}d"
    week = Week.of(today)
    if span == week.span:
        return "week"
    if span == week.moved(-1).span:
        return "last week"
    return f"{span.days}d" if recent else ""


def days(span: Span, today: date) -> str:
    """`22 Sep to 21 Oct`, with years where they are not this one."""
    if span.days == 1:
        return day(span.since, today)
    return f"{day(span.since, today)} to {day(span.last, today)}"


def day(at: date, today: date) -> str:
    """`22 Sep`, or `22 Sep 2025`."""
    return f"{at:%-d %b}" if at.year == today.year else f"{at:%-d %b %Y}"


def weekday(iso: str) -> str:
    """`Sat 21 Nov` for `2026-11-21`."""
    return f"{date.fromisoformat(iso):%a %-d %b}"
