"""`/ai-team sweep`, and the buttons Agree and Call off under a sweep that stopped."""

from __future__ import annotations

from bot.services import sweeping_deciding, sweeping_looking
from bot.slack.incoming import Incoming, Replace, allowed
from bot.slack.patience import told_if_slow
from bot.slack.views import sweeps as views
from bot.slack.views.base import Message


def sweep(event: Incoming) -> Message:
    """What a sweep would do now. It can take minutes, and says so at once."""
    actor = event.actor(fresh=True)
    with told_if_slow(event, views.looking()):
        found = allowed(sweeping_looking.look(event.purser, actor))
    return views.preview(found)


def agree(event: Incoming) -> None:
    """Agree: the message that was pressed says how it stands now."""
    told = allowed(sweeping_deciding.agree(event.purser, event.actor(fresh=True), event.value))
    _say(event, views.decided(told))


def call_off(event: Incoming) -> None:
    """Call off: the message that was pressed says so."""
    told = allowed(sweeping_deciding.call_off(event.purser, event.actor(fresh=True), event.value))
    _say(event, views.decided(told))


def _say(event: Incoming, message: Message) -> None:
    """In the place of the buttons, wherever they stood."""
    if any(event.message_pressed):
        event.rewrite(message)
    else:
        event.answer(message, Replace.YES)
