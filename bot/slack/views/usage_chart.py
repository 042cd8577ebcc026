"""The chart of an answer about usage: what each day cost, or each week where there are many days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.domain.charts import Chart, Look, Series, Unit
from bot.domain.money import show
from bot.domain.reports import Report
from bot.domain.usage import Totals, total
from bot.slack.views import spans as say
from bot.slack.views.figures import in_cents

MOST_DAYS = 45
"""Of more days each column is a week."""
WEEK_DAYS = 7

_Column = tuple[date, date, Totals]
"""The first and last day, and what they came to together."""


def spend_by_day(report: Report) -> Chart | None:
    """What the days cost, one after another; none where that would be one column or nothing at all."""
    columns = _columns(report.days)
    if len(columns) < 2 or report.whole.cost_micros <= 0:
        return None
    step = "day" if columns[0][0] == columns[0][1] else "week"
    today = columns[-1][1]
    return Chart(
        title=f"Spend by {step}",
        look=Look.COLUMNS,
        unit=Unit.MONEY,
        categories=tuple(say.day(first, today) for first, _, _ in columns),
        series=(Series("Spend", in_cents([whole.cost_micros for _, _, whole in columns])),),
        alt=_alt(columns, step, report.whole.cost_micros, today),
    )


def _columns(days: Sequence[tuple[date, Totals]]) -> list[_Column]:
    """The days, or of many days weeks that end with the last one; the first may be shorter."""
    if len(days) <= MOST_DAYS:
        return [(day, day, whole) for day, whole in days]
    short = len(days) % WEEK_DAYS
    starts = [0, *range(short or WEEK_DAYS, len(days), WEEK_DAYS)]
    weeks = [days[start:end] for start, end in zip(starts, [*starts[1:], len(days)], strict=True)]
    return [(week[0][0], week[-1][0], total(whole for _, whole in week)) for week in weeks]


def _alt(columns: Sequence[_Column], step: str, whole: int, today: date) -> str:
    first, last, most = max(columns, key=lambda column: column[2].cost_micros)
    idle = sum(not (cost.cost_micros or cost.unpriced_requests) for _, _, cost in columns)
    when = say.day(first, today) if first == last else f"{say.day(first, today)} to {say.day(last, today)}"
    none = f" Nothing in {idle} of {len(columns)} {step}s." if idle else ""
    span = f"{say.day(columns[0][0], today)} to {say.day(columns[-1][1], today)}"
    return f"Spend by {step}, {span}: {show(whole)} in all, the most {show(most.cost_micros)} on {when}.{none}"
