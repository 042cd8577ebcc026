"""`/ai-team expect`, as people use it in Slack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from bot.services import expecting
from bot.slack.grammar import expecting as grammar
from bot.slack.grammar.text import Help, Mistake
from bot.slack.incoming import Incoming, allowed
from bot.slack.views import answers
from bot.slack.views import expecting as views
from bot.slack.views.base import Message
from bot.slack.views.help import help_for


def expect(event: Incoming, words: Sequence[str]) -> Message:
    """All its forms."""
    purser, channel = event.purser, event.channel_id
    typed = grammar.parse(words, purser.now())
    match typed:
        case grammar.ShowExpected():
            event.actor()
            return views.shown(allowed(expecting.shown(purser, channel)))
        case grammar.SetExpected():
            done = expecting.expect(purser, event.actor(fresh=True), channel, typed.what, typed.ends_at, typed.reason)
            return views.expected(allowed(done))
        case grammar.EndExpected():
            return views.ended(allowed(expecting.end(purser, event.actor(fresh=True), channel, typed.what)))
        case Help():
            return help_for("/ai-team")
        case Mistake():
            return answers.mistake(typed.text, typed.example)
        case _:
            assert_never(typed)
