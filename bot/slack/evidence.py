"""`/ai-team left`: who left lately, what was done about one of them, and the same as a file."""

from __future__ import annotations

from bot.services import evidence
from bot.slack.grammar import offboarding as grammar
from bot.slack.incoming import Incoming, allowed
from bot.slack.views import evidence as views
from bot.slack.views.base import Message


def left(event: Incoming, typed: grammar.Left) -> Message:
    """`/ai-team left` and `/ai-team left @name`."""
    actor = event.actor(fresh=True)
    if typed.user_id is None:
        found = allowed(evidence.lately(event.purser, actor))
        return views.lately(found, evidence.LATELY_DAYS, evidence.MOST_LISTED)
    return views.sheet(allowed(evidence.evidence(event.purser, actor, typed.user_id)))


def send_csv(event: Incoming) -> None:
    """Export CSV: the whole sheet as a file, by direct message."""
    event.answer(views.sending(allowed(evidence.send_me(event.purser, event.actor(fresh=True), event.value))))
