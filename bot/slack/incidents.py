"""Incidents as people deal with them in Slack: the buttons of their messages, forms, and replies in their threads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from bot.domain.incident_facts import IncidentFacts
from bot.domain.incidents import Deed
from bot.domain.requests import Refused
from bot.services import incident_care, incident_export, incident_facts
from bot.slack.grammar.text import redacted
from bot.slack.guard import CLOSED, Response, replaced_by, with_errors
from bot.slack.incoming import Incoming, Stop, allowed
from bot.slack.views import incident_forms as forms
from bot.slack.views import incidents as views
from bot.slack.views.base import Message, View
from bot.slack.views.requests import refused_modal

ALSO_SENT_TO_CHANNEL = "thread_broadcast"


def acknowledge(event: Incoming) -> None:
    """Acknowledge: whoever pressed it looks after it."""
    done = incident_care.acknowledge(event.purser, event.actor(fresh=True), event.value)
    event.answer(views.answered(allowed(done)))


def open_snooze(event: Incoming) -> None:
    """Snooze: for how long."""
    _open(event, Deed.SNOOZE, forms.snooze_form)


def submit_snooze(event: Incoming) -> Response:
    """No reminders for so long."""
    read = forms.read_snooze(event.view)
    if isinstance(read, dict):
        return with_errors(read)
    incident_id, seconds = read
    return _closing(incident_care.snooze(event.purser, event.actor(), incident_id, seconds))


def open_assign(event: Incoming) -> None:
    """Assign: to whom."""
    _open(event, Deed.ASSIGN, forms.assign_form)


def submit_assign(event: Incoming) -> Response:
    """Somebody else looks after it."""
    read = forms.read_assign(event.view)
    if isinstance(read, dict):
        return with_errors(read)
    incident_id, member_id = read
    return _closing(incident_care.assign(event.purser, event.actor(), incident_id, member_id))


def open_close(event: Incoming) -> None:
    """Close incident: what was behind it."""
    _open(event, Deed.CLOSE, forms.close_form)


def submit_close(event: Incoming) -> Response:
    """It is over."""
    read = forms.read_close(event.view)
    if isinstance(read, dict):
        return with_errors(read)
    said = redacted(read.words)
    return _closing(incident_care.close(event.purser, event.actor(), read.incident_id, read.cause, said))


def reopen(event: Incoming) -> None:
    """Open again."""
    done = incident_care.reopen(event.purser, event.actor(fresh=True), event.value)
    event.answer(views.answered(allowed(done)))


def export(event: Incoming) -> None:
    """Export timeline: as a file in the thread."""
    done = incident_export.export(event.purser, event.actor(fresh=True), event.value)
    event.answer(views.exporting(allowed(done)))


def explained(event: Incoming) -> None:
    """A reply in an incident's thread is taken into its timeline, when it comes from somebody who should know."""
    message = event.event
    place = (event.channel_id, str(message.get("thread_ts") or ""))
    is_said = message.get("subtype") in (None, ALSO_SENT_TO_CHANNEL) and not message.get("bot_id")
    if is_said and place[1] and incident_care.is_thread(event.purser, place):
        with suppress(Stop):  # anybody may write in a channel; only what members say is looked at
            incident_care.explained(event.purser, event.actor(), place, redacted(str(message.get("text", ""))))


def open_ones(event: Incoming, team_id: str, team_name: str) -> Message:
    """The answer to `/ai-team incidents`."""
    return views.listed(incident_facts.open_incidents(event.purser, team_id), team_name, event.purser.now())


def _open(event: Incoming, deed: Deed, form: Callable[[IncidentFacts], View]) -> None:
    facts = allowed(incident_care.open_form(event.purser, event.actor(fresh=True), event.value, deed))
    event.open_form(form(facts))


def _closing(outcome: IncidentFacts | Refused) -> Response:
    """The form closes: the incident's message and thread say the rest. Or it says why nothing was changed."""
    return replaced_by(refused_modal(outcome.text)) if isinstance(outcome, Refused) else CLOSED
