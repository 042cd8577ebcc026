"""Where a month's spend will end, with a range, and when its budget runs out: from the days so far.

What days ahead will cost is estimated by `domain.levels`; here is what of it people are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from math import sqrt

from bot.domain.digests import Forecast
from bot.domain.levels import Past, outlook

ACTIVE_DAYS = 3
"""Below so many days with spend nothing is foretold."""
HISTORY_DAYS = 56
"""How far back days are looked at."""
_LOW, _HIGH = 0.84, 3.5
"""How many deviations the range reaches down and up, so that four of five months fall into it: what comes as a
surprise is mostly more."""
_DRIFT = 0.004
"""By what share of its square the variance of what is expected grows, each day ahead: much that comes is not seen."""


def forecast(
    days: Sequence[tuple[date, int]], today: date, budget_micros: int | None, spent_micros: int
) -> Forecast | None:
    """Where the month of `today` will end; None below three known days with spend.

    `days` are what each day cost, as far back as known (eight weeks are used); those without spend may be left out, and
    what is dated today is today's so far. `spent_micros` is what was charged to the month until now, all in all: no
    figure is below it. The budget runs out on the first day that reaches it, expected or past.
    """
    past = _past(days, today)
    if sum(micros > 0 for micros in past.micros) < ACTIVE_DAYS:
        return None
    ahead = [day for number in range(31) if (day := today + timedelta(days=number)).month == today.month]
    expected = outlook(past, [day.weekday() for day in ahead])
    begun = sum(micros for day, micros in days if day == today)
    coming = [max(0.0, expected.days[0] - begun), *expected.days[1:]]
    rest = sum(coming)
    deviation = sqrt(expected.variance + _DRIFT * len(ahead))
    return Forecast(
        spent_micros + round(rest * max(0.0, 1 - _LOW * deviation)),
        spent_micros + round(rest),
        spent_micros + round(rest * (1 + _HIGH * deviation) + expected.spikes * len(ahead)),
        None if budget_micros is None else _runs_out(days, ahead, coming, budget_micros, spent_micros),
    )


def _past(days: Sequence[tuple[date, int]], today: date) -> Past:
    """Each day before today, from the first one with spend."""
    spent = {day: micros for day, micros in days if micros > 0}
    before = [today - timedelta(days=number) for number in range(HISTORY_DAYS, 0, -1)]
    since = min((day for day in before if day in spent), default=today)
    return Past(
        [day.weekday() for day in before if day >= since], [float(spent.get(day, 0)) for day in before if day >= since]
    )


def _runs_out(
    days: Sequence[tuple[date, int]],
    ahead: Sequence[date],
    coming: Sequence[float],
    budget_micros: int,
    spent_micros: int,
) -> date | None:
    """The first day by whose end the budget is reached. What no day is known to have cost counts as today's."""
    today = ahead[0]
    if spent_micros >= budget_micros:
        month = sorted((day, micros) for day, micros in days if today.replace(day=1) <= day < today)
        reached = zip(month, accumulate(micros for _, micros in month), strict=True)
        return next((day for (day, _), spent in reached if spent >= budget_micros), today)
    by_day = zip(ahead, accumulate(coming), strict=True)
    return next((day for day, more in by_day if spent_micros + more >= budget_micros), None)
