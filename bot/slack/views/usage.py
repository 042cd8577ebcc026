"""`/ai-usage`: what was used in a span, split into parts, with everything that has to be said beside the figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.apportion import percents
from bot.domain.money import show
from bot.domain.reports import Extent, Grouping, PostedUsage, Report
from bot.domain.spans import Span
from bot.domain.usage import NOTHING, Totals
from bot.slack.views import actions as act
from bot.slack.views import spans as say
from bot.slack.views import usage_notes as notes
from bot.slack.views.base import (
    NAME_CHARS,
    Block,
    Message,
    actions,
    button,
    chart_here,
    clip,
    code,
    confirm,
    context,
    mention,
    message,
    section,
    sentence,
    stack,
)
from bot.slack.views.figures import counted, spend_moved
from bot.slack.views.usage_chart import spend_by_day
from bot.slack.views.usage_parts import Shown, pages, parts, person

__all__ = ["Shown", "digest", "exporting", "pages", "posted", "posted_already", "posting", "usage"]


def usage(report: Report, shown: Shown, now: datetime) -> Message:
    """One page of the answer, or the last there is. The first has the chart; each says how fresh the figures are."""
    shown = replace(shown, page=min(shown.page, pages(report)))
    headline = _headline(report, shown, now)
    chart = spend_by_day(report) if shown.page == 1 else None
    warned = notes.warnings(report, now)
    return message(
        headline,
        section(stack([headline, *_facts(report)])),
        chart_here(0) if chart else [],
        parts(report, shown) if report.parts and report.whole != NOTHING else [],
        section(notes.budget(report.budget)) if report.budget else [],
        section(warned) if warned else [],
        context(*notes.small_print(report, shown.asked_on, now), *notes.what_next(report, shown.asker_id, now.date())),
        _buttons(report, shown),
        charts=[chart] if chart else [],
    )


def posted(shared: PostedUsage, now: datetime) -> Message:
    """The same for everybody in a channel: says who posted it, calls nobody else, and has no buttons."""
    asked = shared.asked
    said = usage(shared.report, Shown(asked.at.date(), asked.page, names=dict(shared.names)), now)
    by = f"Posted by {mention(asked.member_id)}. Ask for yourself with `/ai-usage`."
    return Message(said.text, [*said.blocks, *context(by)], said.charts)


def posting(channel_id: str) -> Message:
    """The answer to Post to channel."""
    return message(f"It is on its way into <#{channel_id}>, for everybody there to read.")


def posted_already(channel_id: str, actor_id: str) -> Message:
    """What somebody is told who presses Post to channel again."""
    return message(f"This was posted already in <#{channel_id}>, by {mention(actor_id)}.")


def exporting(extent: Extent, name: str, days: Span) -> Message:
    """The answer to `export`: what the file holds, and where it will be."""
    match extent:
        case Extent.TEAM | Extent.PROJECT:
            what = f"{extent} {clip(name, NAME_CHARS)}"
        case Extent.KEY:
            what = f"key {code(name)}"
        case Extent.MEMBER | Extent.ALL:
            what = sentence(name, NAME_CHARS)
    return message(
        f"The usage of {what} from {days.since.isoformat()} to {days.last.isoformat()} (UTC) is on its way to you as a "
        "CSV file, by direct message. Its figures are exact."
    )


def digest(*, wanted: bool, was: bool) -> Message:
    """The answer to `digest on` and `digest off`."""
    if wanted:
        said = "You get" if was else "From now on you get"
        return message(
            f"{said} a weekly digest of your own, by direct message every Monday. `/ai-usage digest off` stops it."
        )
    said = "You get no weekly digest of your own any more." if was else "You get no weekly digest of your own."
    return message(f"{said} `/ai-usage digest on` starts it.")


def _buttons(report: Report, shown: Shown) -> list[Block]:
    """What not everybody could have asked for asks once more before everybody reads it."""
    question = report.question
    is_open = question.scope.extent in (Extent.TEAM, Extent.PROJECT) and question.by is not Grouping.KEY
    asks = confirm(
        "Post to channel?",
        "Everybody in this channel will read it, also those who could not have asked for it.",
        "Post to channel",
    )
    if report.whole == NOTHING:
        return []
    return actions(
        button("Previous", act.USAGE_PREVIOUS, shown.previous_id) if shown.previous_id else None,
        button("Next", act.USAGE_NEXT, shown.next_id) if shown.next_id else None,
        button("Post to channel", act.USAGE_POST, shown.post_id, confirm=None if is_open else asks)
        if shown.post_id
        else None,
    )


# --- the whole ---


def _headline(report: Report, shown: Shown, now: datetime) -> str:
    """Whose usage of which days it is, as these are called by now: a page may be turned on another day."""
    during = say.during(report.question.span, now.date())
    if report.whole == NOTHING and not notes.is_told(report):
        return f"*No usage of {_of_whom(report, shown)} is known {during}*{_moved(report, shown)}"
    if report.whole == NOTHING:
        return f"*{_nobody(report, shown)} used nothing {during}*{_moved(report, shown)}"
    return f"*{_whose(report, shown)}: {_whole(report)} {during}*{_moved(report, shown)}"


def _whose(report: Report, shown: Shown) -> str:
    scope, name = report.question.scope, report.name
    match scope.extent:
        case Extent.MEMBER:
            mine = shown.asker_id and scope.subject_id == shown.asker_id
            return "Your usage" if mine else f"Usage of {person(scope.subject_id, name, shown)}"
        case Extent.TEAM | Extent.PROJECT:
            return f"{scope.extent.capitalize()} {clip(name, NAME_CHARS)}"
        case Extent.KEY:
            return f"Key {code(name)}"
        case Extent.ALL:
            return "All teams"


def _nobody(report: Report, shown: Shown) -> str:
    """Who used nothing, as the subject of a sentence."""
    scope = report.question.scope
    if scope.extent is not Extent.MEMBER:
        return _whose(report, shown)
    mine = shown.asker_id and scope.subject_id == shown.asker_id
    return "You have" if mine else f"{person(scope.subject_id, report.name, shown)} has"


def _of_whom(report: Report, shown: Shown) -> str:
    """In the middle of a sentence."""
    scope = report.question.scope
    if scope.extent is not Extent.MEMBER:
        whose = _whose(report, shown)
        return whose[:1].lower() + whose[1:]
    mine = shown.asker_id and scope.subject_id == shown.asker_id
    return "yours" if mine else person(scope.subject_id, report.name, shown)


def _whole(report: Report) -> str:
    """What it cost; what has no price never reads as $0."""
    whole = report.whole
    if not whole.unpriced_requests:
        return show(whole.cost_micros)
    without = f"{counted(whole.unpriced_requests, 'request')} without a price"
    return without if whole.is_unpriced else f"{show(whole.cost_micros)} and {without}"


def _moved(report: Report, shown: Shown) -> str:
    """How the days that are over moved against those before them, and which those were."""
    if report.compared is None or not (report.now.cost_micros or report.before.cost_micros):
        return ""
    days = say.days(report.compared[1], shown.asked_on)
    change = spend_moved(report.now, report.before)
    if not change:
        return ""
    if change == "new":
        return f", after nothing from {days}"
    return f", as much as from {days}" if change == "unchanged" else f", {change} against {days}"


def _facts(report: Report) -> list[str]:
    """Requests, tokens and tasks, or nothing where there was nothing."""
    whole = report.whole
    if whole == NOTHING:
        return []
    failed = "none failed"
    if whole.failures:
        failed = f"{whole.failures:,} failed ({clip(percents([whole.failures], whole.requests)[0], NAME_CHARS)})"
    untold = notes.untold_retries(report)
    retried = "" if untold else f", {whole.retries:,} retried" if whole.retries else ", none retried"
    return [
        f"{counted(whole.requests, 'request')}, {failed}{retried}.{f' {untold}' if untold else ''}",
        f"Tokens: {_tokens(whole)}. {_per_task(whole)}".rstrip(),
    ]


def _per_task(whole: Totals) -> str:
    micros = whole.cost_per_task_micros
    if micros is not None and whole.cost_micros:
        least = "At least " if whole.unpriced_requests else ""
        return f"{least}{show(micros)} a task on average, {counted(whole.tasks, 'task')} in all."
    return "What a task cost is not known." if whole.unpriced_requests else ""


def _tokens(whole: Totals) -> str:
    cached = ""
    if whole.cached_tokens:
        share = percents([whole.cached_tokens], whole.input_tokens)[0]
        cached = f" ({clip(share, 20)} of them from the cache)"
    return f"{_large(whole.input_tokens)} in{cached}, {_large(whole.output_tokens)} out"


def _large(number: int) -> str:
    """`310,000`, `1.2 million`, `3.4 billion`."""
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if number >= size:
            tenths = number * 10 // size
            return f"{tenths // 10:,}.{tenths % 10} {word}" if tenths % 10 else f"{tenths // 10:,} {word}"
    return f"{number:,}"
