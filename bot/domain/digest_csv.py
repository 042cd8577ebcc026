"""The figures of a week as a table: each day, member, model and project of it, and of the week before.

Lines of one `by` sum to the week. There is no line by key: whoever reads a team's channel may not see them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from bot.domain.digests import Figures, Rank, Week
from bot.domain.usage import NOTHING, Totals
from bot.domain.usage_csv import cell, usd

COLUMNS = ("week", "by", "id", "name", *Totals._fields[:7], "cost_micros", "cost_usd", "unpriced_requests")


def lines(figures: Figures, names: Mapping[str, str]) -> Iterator[str]:
    """The table, line by line. `names` are those of people, by Slack user id."""
    yield ",".join(COLUMNS) + "\n"
    week, before = figures.week, figures.week.moved(-1)
    yield _line(before, "week", before.name, "", figures.before)
    yield _line(week, "week", week.name, "", figures.totals)
    for which, days in ((before, figures.days_before), (week, figures.days)):
        yield from _days(which, which.span.each(), days)
    people = [Rank(one.id, names.get(one.id, ""), one.totals, one.before) for one in figures.members]
    for by, ranking in (("member", people), ("model", figures.models), ("project", figures.projects)):
        for rank in ranking:
            yield from _both(by, rank, week, before)


def _days(week: Week, days: Iterator[date], totals: Sequence[Totals]) -> Iterator[str]:
    for day, one in zip(days, totals, strict=False):
        yield _line(week, "day", day.isoformat(), "", one)


def _both(by: str, rank: Rank, week: Week, before: Week) -> Iterator[str]:
    for which, totals in ((before, rank.before), (week, rank.totals)):
        if totals != NOTHING:
            yield _line(which, by, rank.id, rank.name, totals)


def _line(week: Week, by: str, one: str, name: str, totals: Totals) -> str:
    counts = ",".join(str(count) for count in totals[:7])
    micros = totals.cost_micros
    who = f"{week.name},{by},{cell(one)},{cell(name)}"
    return f"{who},{counts},{micros},{usd(micros)},{totals.unpriced_requests}\n"
