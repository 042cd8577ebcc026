"""Spans of days as they are typed: `7d`, `30 days`, `2w`, `week`, `last month`, `2026-10`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.digests import Week
from bot.domain.spans import FIRST_YEAR, LAST_YEAR, LONGEST_DAYS, Span, last_days, month_so_far, whole_month
from bot.slack.grammar.dates import MONTHS, month_named
from bot.slack.grammar.text import Slip, quote

SHAPE = "7d, 30d, 90d, week, month, or a month such as 2026-10"
DEFAULT = "30d"

_COUNT = re.compile(r"(\d{1,6})-?(d|days?|w|weeks?)", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
_UNIT = re.compile(r"days?|weeks?", re.ASCII | re.IGNORECASE)
_OTHER_UNIT = re.compile(r"(\d{1,6})(h|m|y|q)(?:o|ours?|onths?|ears?|ins?|inutes?)?", re.ASCII | re.IGNORECASE)
_HOURS = 24
_UNIT_DAYS = {"m": 30, "q": 90, "y": 365}
_MONTH = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d{1,2})-\d{1,2}", re.ASCII)
_DATED = re.compile(r"[-+.\d/]*\d[-.\d/]*[a-z%]{0,8}", re.ASCII | re.IGNORECASE)
"""A word that begins like a number and is none of the above: meant as a span, and wrong."""
_DIGITS = re.compile(r"\d{1,6}", re.ASCII)
_LAST = frozenset({"last", "past", "previous"})
_THIS = frozenset({"this", "current"})


@dataclass(frozen=True, slots=True)
class Typed:
    """A span, how many words said it, and the shortest way to say it again."""

    span: Span
    words: int
    shortest: str


def read(words: list[str], today: date, corrected: Callable[[str], str]) -> Typed | None:
    """The span that these words begin with, or None when they speak of none.

    Raises `Slip` for what is meant as a span but is none; `corrected` makes the example around a right one.
    """
    word = words[0].lower()
    after = words[1].lower() if len(words) > 1 else ""
    if word in _LAST | _THIS:
        return _last(words, today, corrected) if word in _LAST else _this(after, today)
    if named := _named(word, today):
        return named
    if counted := _COUNT.fullmatch(word):
        return _days(int(counted[1]), counted[2], 1, today, corrected)
    if _NUMBER.fullmatch(word) and _UNIT.fullmatch(after):
        return _days(int(word), after, 2, today, corrected)
    return _month(word, today, corrected)


def is_one(word: str) -> bool:
    """Whether a word by itself is a span, or begins one."""
    folded = word.lower()
    return (
        folded in _LAST | _THIS | {"today", "yesterday", "week", "month"}
        or _COUNT.fullmatch(folded) is not None
        or _MONTH.fullmatch(folded) is not None
    )


def is_meant(word: str) -> bool:
    """Whether a word is a span, or meant as one."""
    folded = word.lower()
    months = {*MONTHS} - {"may"}  # that is a name as well
    return is_one(word) or folded in months or _DATED.fullmatch(folded) is not None


def _named(word: str, today: date) -> Typed | None:
    match word:
        case "today":
            return Typed(last_days(1, today), 1, "today")
        case "yesterday":
            return Typed(last_days(1, today).moved(-1), 1, "yesterday")
        case "week" | "month":
            return _this(word, today, length=1)
        case _:
            return None


def _this(unit: str, today: date, length: int = 2) -> Typed | None:
    """`week`, `this month`."""
    match unit:
        case "week":
            return Typed(Week.of(today).span, length, "week")
        case "month":
            return Typed(month_so_far(today), length, "month")
        case _:
            return None


def _last(words: list[str], today: date, corrected: Callable[[str], str]) -> Typed | None:
    """`last week`, `last month`, and `last 30 days`, which is said without `last` as well."""
    if len(words) < 2:
        raise Slip(f"Say the last what: {SHAPE}.", corrected("7d"))
    match words[1].lower():
        case "week":
            return Typed(Week.of(today).moved(-1).span, 2, "last week")
        case "month":
            end = today.replace(day=1)
            return Typed(whole_month((end - timedelta(days=1)).replace(day=1)), 2, "last month")
        case _:
            found = read(words[1:], today, corrected)
            return None if found is None else Typed(found.span, found.words + 1, found.shortest)


def _days(number: int, unit: str, length: int, today: date, corrected: Callable[[str], str]) -> Typed:
    count = number * (7 if unit.startswith("w") else 1)
    if count < 1:
        raise Slip("The shortest span is one day.", corrected("1d"))
    if count > LONGEST_DAYS:
        raise Slip(f"The longest span is {LONGEST_DAYS} days.", corrected(f"{LONGEST_DAYS}d"))
    return Typed(last_days(count, today), length, f"{count}d")


def _month(word: str, today: date, corrected: Callable[[str], str]) -> Typed | None:
    """`2026-10`, and every word that looks like a span and is none."""
    if found := _MONTH.fullmatch(word):
        year, number = int(found[1]), int(found[2])
        if not (1 <= number <= 12 and FIRST_YEAR <= year <= LAST_YEAR):
            raise Slip("Months look like 2026-10.", corrected(f"{today:%Y-%m}"))
        since = date(year, number, 1)
        if since > today:
            raise Slip("That month is still to come.", corrected(f"{today:%Y-%m}"))
        whole = whole_month(since)
        return Typed(month_so_far(today) if today in whole else whole, 1, f"{since:%Y-%m}")
    if (day := _DAY.fullmatch(word)) and 1 <= int(day[2]) <= 12:
        raise Slip("Usage is asked for by span or month, not by date.", corrected(f"{day[1]}-{int(day[2]):02d}"))
    if (named := month_named(word)) is not None:
        year = today.year if named <= today.month else today.year - 1
        raise Slip("Months look like 2026-10.", corrected(f"{year}-{named:02d}"))
    if other := _OTHER_UNIT.fullmatch(word):
        number, unit = int(other[1]), other[2].lower()
        days = -(-number // _HOURS) if unit == "h" else number * _UNIT_DAYS[unit]
        raise Slip(f"Usage is counted by day: {SHAPE}, not {quote(word)}.", corrected(_nearest(days)))
    if _DATED.fullmatch(word):
        digits = _DIGITS.search(word)
        raise Slip(f"Spans are {SHAPE}, not {quote(word)}.", corrected(_nearest(int(digits[0]) if digits else 0)))
    return None


def _nearest(days: int) -> str:
    """What was probably meant, as it should be typed."""
    return f"{days}d" if 1 <= days <= LONGEST_DAYS else DEFAULT
