"""How a budget stood at the end of a week, and where its month is heading, in one line."""

from __future__ import annotations

from bot.domain.digests import Course, Forecast, Week
from bot.domain.money import MICROS_PER_USD, show, show_beside
from bot.slack.views.base import NAME_CHARS, sentence
from bot.slack.views.figures import day


def course(one: Course, week: Week, *, has_budget: bool = True, named: bool = False) -> str:
    """`Budget for November: $1,020 of $2,000 by 15 November, 51 percent.`, and where it is heading, if known."""
    last = week.span.last
    ahead = on_course(one.forecast, f"{last:%B}")
    if not has_budget:
        return f"*{last:%B}:* {show(one.month_micros)} by {day(last)}, no budget. {ahead}".rstrip() if ahead else ""
    whose = f" of {sentence(one.name, NAME_CHARS)}" if named else ""
    spent = show_beside(one.month_micros, one.budget_micros)
    stands = f"{spent} of {show(one.budget_micros)} by {day(last)}, {percent(one)}."
    return " ".join(filter(None, [f"*Budget{whose} for {last:%B}:* {stands}", ahead, _ends(one)]))


def on_course(found: Forecast | None, month: str) -> str:
    """Where the month will end, with the range; nothing while that cannot be told."""
    if found is None:
        return ""
    likely = show(_dollars(found.likely_micros))
    low, high = show(_dollars(found.low_micros)), show(_dollars(found.high_micros))
    between = "" if low == high else f" ({low} to {high})"
    return f"{month} will likely end at {likely}{between}."


def percent(one: Course) -> str:
    """`51 percent`, rounded down: 100 only when it is used up, and what is not nothing never reads as 0."""
    used = 100 if one.budget_micros <= 0 else one.month_micros * 100 // one.budget_micros
    return "less than 1 percent" if used <= 0 < one.month_micros else f"{used:,} percent"


def is_over(one: Course) -> bool:
    """Whether its budget is used up, or will be before the month is over."""
    return one.month_micros >= one.budget_micros or (one.forecast is not None and one.forecast.runs_out_on is not None)


def heading(one: Course) -> str:
    """`is $20 over`, `is used up`, or `runs out about 27 November`: of one that is used up, or will be."""
    if one.month_micros > one.budget_micros:
        return f"is {show(one.month_micros - one.budget_micros)} over"
    if one.month_micros == one.budget_micros:
        return "is used up"
    runs_out = one.forecast.runs_out_on if one.forecast else None
    return f"runs out about {day(runs_out)}" if runs_out else "stays within its budget"


def _ends(one: Course) -> str:
    if one.month_micros > one.budget_micros:
        return f"*{show(one.month_micros - one.budget_micros)} over the budget.*"
    return f"*The budget {heading(one)}.*" if is_over(one) else ""


def _dollars(micros: int) -> int:
    """What is foretold is not known to the cent: whole dollars from ten on, never below what is spent already."""
    return micros if micros < 10 * MICROS_PER_USD else -(-micros // MICROS_PER_USD) * MICROS_PER_USD
