"""End dates as they are typed: `until 2026-12-15` and `until 15 December` both mean through that day, UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from bot.slack.grammar.text import Slip

FARTHEST_DAYS = 366
SHAPE = "Dates look like 2026-12-15 or 15 December."

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?", re.ASCII | re.IGNORECASE)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_CLOCK = re.compile(r"\d{1,2}:\d{2}.*", re.ASCII)


def until(words: list[str], now: datetime, example: str) -> tuple[datetime, int] | None:
    """The moment after the last day, and how many of the words say it; None when they do not speak of an end.

    A day without a year is the next such day. Raises `Slip` for what is meant as a date but is none, is over, or is
    more than a year off.
    """
    said = bool(words) and words[0].lower() in {"until", "till", "through"}
    rest = words[1:] if said else words
    if not said and not (rest and _ISO.fullmatch(rest[0])):
        return None
    found = _day(rest, now.astimezone(UTC).date())
    if found is None:
        raise Slip(SHAPE, example)
    last, length = found
    if length < len(rest) and _CLOCK.fullmatch(rest[length]):
        raise Slip("It ends with a day, at 00:00 UTC of the next one: leave out the time of day.", example)
    return _end_of(last, now, example), length + said


def _end_of(last: date, now: datetime, example: str) -> datetime:
    today = now.astimezone(UTC).date()
    if last < today:
        raise Slip("That day is over.", example)
    if (last - today).days >= FARTHEST_DAYS:
        raise Slip("That is more than a year off.", example)
    return datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)


def _day(words: list[str], today: date) -> tuple[date, int] | None:
    """The day that these words start with, and how many of them say it."""
    if not words:
        return None
    if iso := _ISO.fullmatch(words[0]):
        day = _date(int(iso[1]), int(iso[2]), int(iso[3]))
        return None if day is None else (day, 1)
    if len(words) < 2:
        return None
    number, month = (words[0], words[1]) if _DAY.fullmatch(words[0]) else (words[1], words[0])
    found, named = _DAY.fullmatch(number), month_named(month)
    if found is None or named is None:
        return None
    if len(words) > 2 and _YEAR.fullmatch(words[2]):
        day = _date(int(words[2]), named, int(found[1]))
        return None if day is None else (day, 3)
    day = _next(named, int(found[1]), today)
    return None if day is None else (day, 2)


def _next(month: int, number: int, today: date) -> date | None:
    """The next day of this month and number, today included; 29 February may be years off, and is then none."""
    years = (_date(today.year + ahead, month, number) for ahead in (0, 1))
    return next((day for day in years if day is not None and day >= today), None)


def month_named(word: str) -> int | None:
    """The number of the month that this word names or begins, with three letters or more: `nov.` is 11."""
    folded = word.lower().rstrip(".")
    if len(folded) < 3:
        return None
    return next((number for number, month in enumerate(MONTHS, 1) if month.startswith(folded)), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
