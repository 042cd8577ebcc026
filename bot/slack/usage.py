"""`/ai-usage`, its pages and posting one of them, as people use them in Slack."""

from __future__ import annotations

from typing import assert_never

from bot.domain.reports import Asked, Report
from bot.services import reporting
from bot.services.exporting import export_to_me
from bot.services.subscribing import want_digest
from bot.services.usage_posts import post_usage
from bot.slack.grammar import usage as grammar
from bot.slack.grammar.text import Help, Mistake
from bot.slack.incoming import Incoming, Replace, allowed
from bot.slack.views import answers
from bot.slack.views import usage as views
from bot.slack.views.base import Message
from bot.slack.views.help import help_for

_DIRECT = "D"
"""What ids of direct messages begin with: there is nobody to post to."""


def usage_command(event: Incoming) -> None:
    """`/ai-usage` in all its forms."""
    event.answer(_answer(event))


def turn_page(event: Incoming) -> None:
    """Next and Previous: the page they stand for, in the place of the one that was shown."""
    kept, report = allowed(reporting.again(event.purser, event.actor(), event.value))
    event.answer(_page(event, kept, report), Replace.YES)


def post(event: Incoming) -> None:
    """Post to channel: for everybody where it was asked."""
    done = allowed(post_usage(event.purser, event.actor(), event.value, event.channel_id))
    told = views.posted_already(done.channel_id, event.user_id) if done.already else views.posting(done.channel_id)
    event.answer(told)


def _answer(event: Incoming) -> Message:
    purser, channel = event.purser, event.channel_id
    typed = grammar.parse(event.text, purser.now())
    match typed:
        case grammar.ShowUsage():
            actor = event.actor()
            report = allowed(reporting.report(purser, actor, channel, typed.wanted))
            return _page(event, reporting.keep_asked(purser, actor, report.question), report)
        case grammar.ExportUsage():
            done = allowed(export_to_me(purser, event.actor(), channel, typed.wanted))
            return views.exporting(typed.wanted.extent, done.name, done.span)
        case grammar.SetDigest():
            chosen = want_digest(purser, event.actor(), wanted=typed.on)
            return views.digest(wanted=chosen.wanted, was=chosen.was)
        case Help():
            return help_for("/ai-usage")
        case Mistake():
            return answers.mistake(typed.text, typed.example)
        case _:
            assert_never(typed)


def _page(event: Incoming, kept: Asked, report: Report) -> Message:
    """One page, with what the pages beside it are asked by. There may be fewer by now than when it was asked for."""
    page = min(kept.page, views.pages(report))
    shown = views.Shown(
        asked_on=kept.at.date(),
        page=page,
        asker_id=kept.member_id,
        post_id="" if event.channel_id.startswith(_DIRECT) else kept.id,
        previous_id=_beside(event, kept, page - 1, report),
        next_id=_beside(event, kept, page + 1, report),
    )
    return views.usage(report, shown, event.purser.now())


def _beside(event: Incoming, kept: Asked, number: int, report: Report) -> str:
    """The id that another page is asked by; empty when there is none."""
    if not 1 <= number <= views.pages(report):
        return ""
    return reporting.keep_asked(event.purser, event.actor(), kept.question, page=number, at=kept.at).id
