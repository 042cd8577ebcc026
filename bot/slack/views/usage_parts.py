"""The parts of an answer about usage, page by page: a line each, with bar, share and amount, that add up.

What is on other pages is one line of each page. Days stand newest first, and days in a row on which nothing was used
are one line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from bot.domain.apportion import amounts, percents, rounded
from bot.domain.reports import Grouping, Part, Report
from bot.domain.usage import NOTHING, Totals, total
from bot.slack.views import spans as say
from bot.slack.views.base import NAME_CHARS, SECTION_CHARS, Block, clip, code, section, sentence
from bot.slack.views.figures import counted, isolated, spend_moved

PARTS_SHOWN = 15
DAYS_SHOWN = 16
"""Half a month."""
BAR_CELLS = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """Which page of an answer is shown, to whom, and the opaque ids that its buttons carry."""

    asked_on: date
    """The UTC day on which it was asked: what "today" and "this week" mean."""
    page: int = 1
    asker_id: str = ""
    """Their own usage is called theirs. Empty where anybody may read it."""
    post_id: str = ""
    """For Post to channel; empty for no such button."""
    previous_id: str = ""
    next_id: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    """How people are called, by user id, where a mention would call them to no purpose."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: one part, or days in a row without usage."""

    parts: tuple[Part, ...]

    @property
    def totals(self) -> Totals:
        return total(part.totals for part in self.parts)


def pages(report: Report) -> int:
    """How many pages it has; one at least."""
    return max(1, -(-len(_lines(report)) // _room(report)))


def parts(report: Report, shown: Shown) -> list[Block]:
    """The page's lines, and all others as one, so that the page adds up."""
    room, lines = _room(report), _lines(report)
    first = (shown.page - 1) * room
    here, others = lines[first : first + room], [*lines[:first], *lines[first + room :]]
    hidden = sum(len(line.parts) for line in others)
    if any(_is_of_others(report, line.parts[0]) for line in others):
        hidden += report.withheld - 1
    names = [*(_name(report, line, shown) for line in here), counted(hidden, f"other {report.question.by}")]
    changes = [*(_moved(report, line.parts[0]) for line in here), ""]
    rows = [*(line.totals for line in here), *([total(line.totals for line in others)] if others else [])]
    said = [
        f"{figures}: {name}{_used(row, change)}"
        for figures, name, row, change in zip(_figures(report, rows, len(here)), names, rows, changes, strict=False)
    ]
    page = f", page {shown.page} of {pages(report)}" if others else ""
    return _sections([f"*By {report.question.by}*{page}", *said])


def person(user_id: str, name: str, shown: Shown) -> str:
    """A mention, or a plain name where people are not to be called."""
    called = shown.names.get(user_id, "")
    return isolated(clip(called, NAME_CHARS)) if called else sentence(name, NAME_CHARS)


def _room(report: Report) -> int:
    return DAYS_SHOWN if report.question.by is Grouping.DAY else PARTS_SHOWN


def _lines(report: Report) -> list[_Line]:
    if report.question.by is not Grouping.DAY:
        return [_Line((part,)) for part in report.parts]
    found: list[_Line] = []
    for is_idle, some in groupby(reversed(report.parts), lambda part: part.totals == NOTHING):
        days = tuple(some)
        found += [_Line(days)] if is_idle else [_Line((day,)) for day in days]
    return found


def _figures(report: Report, rows: Sequence[Totals], here: int) -> list[str]:
    """Bar, share and amount of each row. A day's bar is against the day that cost most, and all others have none."""
    costs = [row.cost_micros for row in rows]
    by_day = report.question.by is Grouping.DAY
    longest = max(part.totals.cost_micros for part in report.parts) if by_day else sum(costs)
    drawn = here if by_day else len(rows)
    bars = [f"{_bar(cost, longest)} " if number < drawn else "" for number, cost in enumerate(costs)]
    return [
        _spent(row, f"{bar}{clip(share, 20)}, *{clip(amount, 40)}*")
        for bar, row, share, amount in zip(bars, rows, percents(costs), amounts(costs), strict=True)
    ]


def _spent(row: Totals, figures: str) -> str:
    """What has no price has no share either; what was not used is nothing."""
    if row.cost_micros:
        return f"{figures} and {row.unpriced_requests:,} unpriced" if row.unpriced_requests else figures
    return "unpriced" if row.is_unpriced else "$0" if row.requests else "nothing"


def _bar(part: int, whole: int) -> str:
    """Something never reads as nothing, and not all never as all."""
    if whole <= 0:
        return ""
    least, most = (1 if part > 0 else 0), (BAR_CELLS if part >= whole else BAR_CELLS - 1)
    full = max(least, min(most, rounded(part * BAR_CELLS, whole)))
    return f"`[{'#' * full}{'-' * (BAR_CELLS - full)}]`"


def _name(report: Report, line: _Line, shown: Shown) -> str:
    part = line.parts[0]
    match report.question.by:
        case Grouping.DAY if len(line.parts) > 1:
            return f"{say.weekday(line.parts[-1].id)} to {say.weekday(part.id)}"
        case Grouping.DAY:
            return say.weekday(part.id)
        case Grouping.MEMBER:
            return person(part.id, part.name, shown)
        case Grouping.KEY if _is_of_others(report, part):
            return f"{counted(report.withheld, 'key')} of others"
        case _:
            return isolated(code(part.name)) if part.id else clip(part.name, NAME_CHARS)


def _is_of_others(report: Report, part: Part) -> bool:
    """Whether it is all keys together that the asker may not see one by one."""
    return report.question.by is Grouping.KEY and report.withheld > 0 and not part.id


def _used(row: Totals, change: str) -> str:
    failed = f", {row.failures:,} failed" if row.failures else ""
    used = f", {counted(row.requests, 'request')}{failed}" if row.requests else ""
    return f"{used}{change}"


def _moved(report: Report, part: Part) -> str:
    """How it moved against the days before; days stand by themselves."""
    now, before = part.now, part.before
    if report.compared is None or report.question.by is Grouping.DAY or not (now.cost_micros or before.cost_micros):
        return ""
    change = spend_moved(now, before)
    return f", {change}" if change else ""


def _sections(lines: Sequence[str]) -> list[Block]:
    """All of these lines, in as many sections as they need."""
    found: list[list[str]] = [[]]
    for line in lines:
        if sum(map(len, found[-1])) + len(found[-1]) + len(line) > SECTION_CHARS:
            found.append([])
        found[-1].append(line)
    return [section("\n".join(some)) for some in found]
