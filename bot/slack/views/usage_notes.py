"""What has to be said beside figures of usage: budget, what has no price, freshness, what is withheld, what next."""

from __future__ import annotations

from datetime import date, datetime

from bot.domain.budgets import Budget
from bot.domain.facts import Freshness
from bot.domain.money import MICROS_PER_CENT, show
from bot.domain.reports import Extent, Grouping, Report
from bot.domain.spans import Span, known_part
from bot.domain.usage import NOTHING
from bot.slack.views import limits
from bot.slack.views import spans as say
from bot.slack.views.base import clip, code, join, moment, stack
from bot.slack.views.figures import counted, spend_moved, undated, unpriced
from bot.slack.views.phrases import capital

READ_EVERY_SECONDS = 600
"""How often gateways are asked for usage by day; `bot.jobs.schedule` says so too."""
MODELS_NAMED = 5
GATEWAYS_NAMED = 5
MANY_DAYS = 90


def budget(limit: Budget) -> str:
    """The limit on what the answer is about, as it stands now: for its own period, not the span asked for."""
    used = f"{limits.bar(limit)}: {limits.spent_of(limit)}, {limits.as_of(limit.read_at, 'not read yet')}."
    promised = f"Promised to keys: {show(limit.committed_micros)}." if limit.committed_micros else ""
    said = " ".join(filter(None, [used, promised, limits.resets(limit)]))
    return stack([f"*{capital(limits.whole(limit))}*: {limits.left(limit)}", said])


def warnings(report: Report, now: datetime) -> str:
    """What makes figures too low: models without a price, and gateways that do not tell. Nothing when all is well."""
    return stack([unpriced(report.unpriced, MODELS_NAMED), *_stale(report.freshness, now)])


def small_print(report: Report, asked_on: date, now: datetime) -> list[str]:
    """Which days these are, what was compared, how fresh it is, what is left out and why."""
    return [
        _days(report, asked_on, now),
        _fresh(report.freshness, now),
        _undated(report),
        _withheld(report),
    ]


def untold_retries(report: Report) -> str:
    """Which gateways do not tell what was tried again; nothing where all do."""
    if not report.untold_retries:
        return ""
    named = [code(name) for name in report.untold_retries[:GATEWAYS_NAMED]]
    several = len(report.untold_retries) > 1
    return f"{join(named)} {'do' if several else 'does'} not tell retries."


def is_told(report: Report) -> bool:
    """Whether what is not known did not happen: every gateway has told its usage, and no spend is without a day."""
    return report.undated_micros < MICROS_PER_CENT and all(one.read_at is not None for one in report.freshness)


def what_next(report: Report, asker_id: str, today: date) -> list[str]:
    """What to type next, in full, so that it can be copied."""
    if not asker_id:
        return []
    question = report.question
    if report.whole == NOTHING and question.scope.subject_id == asker_id:
        return ["Next: `/ai-key` asks for a key, `/ai-usage team` shows your team, `/ai-usage 90d` more days."]
    if question.scope.extent is Extent.MEMBER and question.scope.subject_id != asker_id:
        return ["Next: add `by model`, `by day` or a span such as `7d`, or type `/ai-usage help`."]
    scope, span = _typed_scope(report), _typed_span(question.span, today)
    if report.whole == NOTHING:
        more = "366d" if question.span.days >= MANY_DAYS else f"{MANY_DAYS}d"
        return [f"Next: {code(f'/ai-usage{scope} {more}', 120)} for more days, or `/ai-usage help`."]
    ways = [way for way in _WAYS[question.scope.extent] if way is not question.by][:2]
    lines = [code(f"/ai-usage{scope}{span} by {way}", 120) for way in ways]
    if question.scope.extent is Extent.MEMBER:
        lines.append("`/ai-usage team`")
    return [f"Next: {', '.join(lines)}, `/ai-usage help`."]


_WAYS = {
    Extent.MEMBER: (Grouping.MODEL, Grouping.DAY),
    Extent.TEAM: (Grouping.MODEL, Grouping.PROJECT, Grouping.MEMBER),
    Extent.PROJECT: (Grouping.MODEL, Grouping.MEMBER, Grouping.KEY),
    Extent.KEY: (Grouping.MODEL, Grouping.DAY),
    Extent.ALL: (Grouping.MODEL, Grouping.MEMBER, Grouping.TEAM),
}


def _typed_scope(report: Report) -> str:
    extent = report.question.scope.extent
    match extent:
        case Extent.MEMBER:
            return ""
        case Extent.ALL:
            return " all"
        case Extent.TEAM | Extent.PROJECT | Extent.KEY:
            return f" {extent} {report.name}"


def _typed_span(span: Span, today: date) -> str:
    word = say.typed(span, today)
    return f" {word}" if word and word != "30d" else ""


def _days(report: Report, asked_on: date, now: datetime) -> str:
    """The days in UTC, and of those that are over what they cost now and before."""
    today = asked_on
    span = known_part(report.question.span, asked_on) or report.question.span
    open_day = " Today is not over." if now.date() in span else ""
    said = f"{say.days(span, today)} (UTC).{open_day}"
    if report.compared is None:
        return f"{said} Nothing is compared yet." if open_day else said
    now_days, before_days = report.compared
    if not (report.now.cost_micros or report.before.cost_micros) or not spend_moved(report.now, report.before):
        return said
    return (
        f"{said} Compared are whole days: {show(report.now.cost_micros)} from {say.days(now_days, today)}, "
        f"{show(report.before.cost_micros)} from {say.days(before_days, today)}."
    )


def _fresh(freshness: tuple[Freshness, ...], now: datetime) -> str:
    read = [one.read_at for one in freshness if one.read_at is not None]
    if not read:
        return "No gateway has told any usage yet."
    oldest = min(read)
    every = limits.every(READ_EVERY_SECONDS)
    late = "" if not limits.is_stale(oldest, now, READ_EVERY_SECONDS) else f", {limits.age(oldest, now)}"
    return f"Usage as of {moment(oldest)}{late}, read every {every}."


def _stale(freshness: tuple[Freshness, ...], now: datetime) -> list[str]:
    lines = []
    for one in freshness[:GATEWAYS_NAMED]:
        why = f" What went wrong: {clip(one.error, 300)}" if one.error else ""
        if one.read_at is None and (one.error or len(freshness) > 1):
            lines.append(f"*No figures:* the gateway {code(one.gateway)} has never told its usage.{why}")
        elif one.read_at is not None and (one.error or limits.is_stale(one.read_at, now, READ_EVERY_SECONDS)):
            old = f"{limits.age(one.read_at, now)} ({moment(one.read_at)})"
            said = f"*Old figures:* the gateway {code(one.gateway)} does not tell. What it told last is {old}."
            lines.append(f"{said}{why}")
    return lines


def _undated(report: Report) -> str:
    said = undated(report.undated_micros, "this month")
    return f"{said} It is in no figure here." if said else ""


def _withheld(report: Report) -> str:
    if not report.withheld:
        return ""
    those = "is one line" if report.withheld == 1 else "are one line"
    return (
        f"{counted(report.withheld, 'key')} of others {those}: a key is shown to who holds or leads it, to owners and "
        "to finance."
    )
