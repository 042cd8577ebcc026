"""A new month, told once in a team's channel: what the old one cost, what starts again, what works again."""

from __future__ import annotations

from bot.domain.budgets import Budget
from bot.domain.facts import MonthFacts
from bot.domain.money import show, show_beside
from bot.slack.views import limits
from bot.slack.views.base import Message, code, context, join, message, section, stack

LINES_SHOWN = 20
KEYS_SHOWN = 12
_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def month_turned(facts: MonthFacts) -> Message:
    """What a team reads when its month turns."""
    old = month_name(facts.ended)
    opened = {(one.layer, one.subject_id): one for one in facts.opened}
    lines = [_line(one, opened.get((one.layer, one.subject_id)), old) for one in facts.closed[:LINES_SHOWN]]
    if (more := len(facts.closed) - LINES_SHOWN) > 0:
        lines.append(f"…and {more} more")
    headline = f"A new month has begun for team {code(facts.team.name)}: its budgets start again."
    rises = "The gateway has told no spend since, so what is shown may still rise." if facts.may_rise else ""
    return message(
        f"{headline} {_back(facts)}".rstrip(),
        section(stack([f"*{headline}*", *lines])),
        section(stack(said)) if (said := [*filter(None, (_back(facts), *_ended(facts)))]) else [],
        context(f"What was spent in {old} stays with {old}, also when it is told late. {rises}".rstrip()),
    )


def month_name(period: str) -> str:
    """`November` for `2026-11`; anything else as it is."""
    number = period.rpartition("-")[2]
    return _NAMES[int(number) - 1] if number.isdigit() and 1 <= int(number) <= 12 else period


def _line(closed: Budget, opened: Budget | None, old: str) -> str:
    spent = show_beside(closed.spent_micros, closed.budget_micros)
    age = limits.as_of(closed.read_at, "not read yet")
    new = f" Now {show(opened.budget_micros)} a month." if opened else ""
    return (
        f"{limits.layer(closed)}: spent {spent} of {show(closed.budget_micros)} in {old}, "
        f"{limits.percent(closed)} ({age}).{new}"
    )


def _back(facts: MonthFacts) -> str:
    if not facts.back:
        return ""
    names = [code(one.key.label) for one in facts.back[:KEYS_SHOWN]]
    if (more := len(facts.back) - KEYS_SHOWN) > 0:
        names.append(f"{more} more")
    by_itself = "comes back by itself" if len(facts.back) == 1 else "come back by themselves"
    return f"*Back:* {join(names)}, which a limit had stopped, {by_itself}."


def _ended(facts: MonthFacts) -> list[str]:
    return [
        f"The raise of {show(one.raised_micros)} for {limits.short(one)} ended with the month."
        for one in facts.raises_ended[:LINES_SHOWN]
    ]
