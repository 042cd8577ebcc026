"""A week so far, in a few lines: what it cost, against the same days of the week before, and what of it is not known.

Only days that are over are compared, with the same weekdays.
"""

from __future__ import annotations

from bot.domain.digests import Rank
from bot.domain.money import show
from bot.domain.reports import Part, Report
from bot.domain.usage import NOTHING
from bot.slack.views import figures, limits
from bot.slack.views.base import NAME_CHARS, code

TOP = 3


def key_week(week: Report) -> list[str]:
    """What a person's keys did since Monday, below a title that says so."""
    spent, against = _spent(week)
    return [spent[:1].upper() + spent[1:], against, _top(week, "other keys", of_keys=True), *_unknown(week)]


def team_week(week: Report) -> list[str]:
    """What a team's people did since Monday."""
    spent, against = _spent(week)
    return [f"This week: {spent}", against, _top(week, "others", of_keys=False), *_unknown(week)]


def _spent(week: Report) -> tuple[str, str]:
    since = f"since Monday {figures.day(week.question.span.since)} (UTC, {_fresh(week)})"
    whole = week.whole
    if whole == NOTHING:
        used = f"nothing {since}."
    else:
        requests = figures.counted(whole.requests, "request")
        priced = f"*{show(whole.cost_micros)}* in {requests}"
        used = f"{f'*{requests}* without a price' if whole.is_unpriced else priced} {since}."
    return used, _against(week)


def _against(week: Report) -> str:
    """Whole days against the same days of last week; nothing while no day is over, or there is nothing to compare."""
    if week.compared is None or (week.now == NOTHING and week.before == NOTHING):
        return ""
    if not (moved := figures.spend_moved(week.now, week.before)):
        return ""
    days, was = figures.weekdays(week.compared[0]), show(week.before.cost_micros)
    return f"{days}: {show(week.now.cost_micros)}, {moved}; the same days of last week were {was}."


def _top(week: Report, others: str, *, of_keys: bool) -> str:
    ranks = [_rank(part) for part in week.parts]
    if len([rank for rank in ranks if rank.totals.requests]) < 2:
        return ""
    said = figures.top(ranks, week.whole.cost_micros, TOP, _key if of_keys else figures.person, others)
    return f"Most: {said}." if said else ""


def _key(rank: Rank) -> str:
    return code(rank.name, NAME_CHARS) if rank.id else rank.name


def _rank(part: Part) -> Rank:
    return Rank(part.id, part.name, part.totals, part.before)


def _unknown(week: Report) -> list[str]:
    return [figures.unpriced(week.unpriced), figures.undated(week.undated_micros, "this month")]


def _fresh(week: Report) -> str:
    """How fresh the usage is: of several gateways the oldest."""
    moments = [one.read_at for one in week.freshness]
    known = [at for at in moments if at is not None]
    return limits.as_of(min(known) if known and len(known) == len(moments) else None, "not read yet")
