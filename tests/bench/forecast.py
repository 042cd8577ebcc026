"""How far the forecast of a month is off, beside the run-rate that anybody works out in their head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from statistics import median

from bot.domain.forecast import forecast
from tests.bench.months import HISTORY_DAYS, PATTERNS, Month, draw
from tests.bench.report import Section, Table

MONTHS = 150
"""Of each pattern: seeds 0 to 149. What is set in the code was chosen on others, from 100000 on."""
DAYS = range(4, 28)
PARTS = (range(4, 10), range(10, 16), range(16, 22), range(22, 28))

HOW = f"""\
{MONTHS} months of each pattern, drawn from seeds: real calendars, {HISTORY_DAYS} days of history, weekday patterns
and noise that differ from team to team. *Weekdays* have nothing else; *launches* go live within the month (or something
ends); *holidays* are one to five working days without spend; *spikes* one to three days of four to twenty times the
usual; *growth* is up to 3% a day, or a decline; *new teams* began a week before the month or a week into it, and people
join them; *batches* are nothing on most days and a lot on some; *everything* is growth, holidays, spikes and every
other time a launch. Each month is foretold at the end of each of its days from {DAYS[0]} to {DAYS[-1]}, from the days
so far and the history, and compared with what it came to. Beside it the *run-rate*: spent so far / days so far x days
of the month. The constants of the forecast were chosen on months of other seeds."""
NOTES = (
    "*Off by*: mean absolute error, as a share of what the month came to. *Of it*: as a share of the run-rate's.",
    """*In the range*: how many months came to what the range said; it is meant to be 80% over all patterns. *Width* \
of the range: as a share of what the month came to, median.""",
    """*Date off by*: mean days between the day on which a budget was used up and the day foretold, where it was still \
to come; one that is not used up counts as the day after the month. Budgets are 40% to 115% of what the month was.""",
    "A launch that has not happened yet is foretold by nobody: much of what is left of an error is that.",
)


@dataclass(frozen=True)
class Try:
    """One month foretold on one day."""

    pattern: str
    day: int
    error: float
    """As a share of what the month came to."""
    run_rate_error: float
    width: float
    """Of the range, as such a share too."""
    below: bool
    """Whether the month came to less than the range."""
    above: bool
    date_off: int | None
    """Days between the day on which the budget was used up and the one foretold; None when it never mattered."""
    run_rate_date_off: int | None


def measure() -> Section:
    """All patterns, and all of them by how far the month is."""
    tries = [one for pattern in PATTERNS for seed in range(MONTHS) for one in tried(pattern, seed)]
    by_pattern = [_row(pattern, [one for one in tries if one.pattern == pattern]) for pattern in PATTERNS]
    by_day = [_row(f"{days[0]} to {days[-1]}", [one for one in tries if one.day in days]) for days in PARTS]
    columns = (
        "forecasts",
        "off by",
        "run-rate",
        "of it",
        "in the range",
        "width",
        "below",
        "above",
        "date off by",
        "run-rate",
    )
    tables = [
        Table(("pattern", *columns), [*by_pattern, _row("all", tries)]),
        Table(("day of the month", *columns), by_day),
    ]
    return Section("forecast", "Foretelling the end of the month", HOW, tables, NOTES)


def tried(pattern: str, seed: int) -> list[Try]:
    """One month on each day on which something is foretold; a month that cost nothing is none."""
    month = draw(pattern, seed)
    return [one for day in DAYS if month.spent(month.length) and (one := _tried(month, pattern, day)) is not None]


def _tried(month: Month, pattern: str, day: int) -> Try | None:
    today, spent, came_to = month.first + timedelta(days=day), month.spent(day), month.spent(month.length)
    told = forecast(month.until(day), today, month.budget_micros, spent)
    if told is None:
        return None
    run_rate = spent / day
    dates = (
        next((n for n in range(1, month.length + 1) if month.spent(n) >= month.budget_micros), month.length + 1),
        told.runs_out_on.day if told.runs_out_on else month.length + 1,
        min(ceil(month.budget_micros / run_rate), month.length + 1) if run_rate else month.length + 1,
    )
    matters = spent < month.budget_micros and min(dates) <= month.length
    return Try(
        pattern,
        day,
        abs(told.likely_micros - came_to) / came_to,
        abs(run_rate * month.length - came_to) / came_to,
        (told.high_micros - told.low_micros) / came_to,
        came_to < told.low_micros,
        came_to > told.high_micros,
        abs(dates[1] - dates[0]) if matters else None,
        abs(dates[2] - dates[0]) if matters else None,
    )


def _row(name: str, tries: Sequence[Try]) -> tuple[str, ...]:
    ours, theirs = (_mean([getattr(one, what) for one in tries]) for what in ("error", "run_rate_error"))
    below, above = _mean([one.below for one in tries]), _mean([one.above for one in tries])
    dates = [_mean([one.date_off for one in tries if one.date_off is not None])]
    dates.append(_mean([one.run_rate_date_off for one in tries if one.run_rate_date_off is not None]))
    return (
        name,
        f"{len(tries):,}",
        f"{ours:.1%}",
        f"{theirs:.1%}",
        f"{ours / theirs:.2f}",
        f"{1 - below - above:.0%}",
        f"{median(one.width for one in tries):.0%}",
        f"{below:.0%}",
        f"{above:.0%}",
        *(f"{days:.1f} days" for days in dates),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
