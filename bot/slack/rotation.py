"""Rotating a key, and letting one work again: the command, the form behind Restore, and their answers."""

from __future__ import annotations

from bot.domain.facts import RequestFacts
from bot.domain.requests import Refused
from bot.services import restoring, rotating
from bot.slack.grammar.key import RotateKey
from bot.slack.guard import CLOSED, Response, with_errors
from bot.slack.incoming import Incoming, Stop, allowed
from bot.slack.views import keys as views
from bot.slack.views import restore_forms, rotation
from bot.slack.views.requests import receipt


def rotate(event: Incoming, typed: RotateKey) -> None:
    """`/ai-key rotate LABEL`: a new key in the place of one's own."""
    facts = allowed(rotating.rotate(event.purser, event.actor(), typed.label, typed.overlap_seconds))
    event.answer(receipt(facts, event.purser.now()))


def open_restore(event: Incoming) -> None:
    """Restore: how much it may spend from now on, and for how long; for a leaked key, a new one in its place."""
    facts = allowed(restoring.could(event.purser, event.actor(fresh=True), event.value))
    event.open_form(restore_forms.restore_form(facts))


def check_restore(event: Incoming) -> Response:
    """The form behind Restore: closes it, or says what is missing."""
    read = restore_forms.read_restore_form(event.view)
    return with_errors(read) if isinstance(read, dict) else CLOSED


def submit_restore(event: Incoming) -> None:
    """What an owner chose in that form; the outcome comes as a direct message."""
    read = restore_forms.read_restore_form(event.view)
    if isinstance(read, dict):
        return
    outcome = restoring.restore(event.purser, event.actor(fresh=True), read.key_id, read.window)
    if isinstance(outcome, Refused):
        raise Stop(outcome)
    if isinstance(outcome, RequestFacts):
        event.answer(rotation.replaced_leaked(outcome))
    else:
        event.answer(views.restored(outcome, event.purser.now()))
