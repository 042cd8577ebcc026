"""`/ai-team inventory`, its pages and file, and deciding about keys that Purser did not make."""

from __future__ import annotations

from bot.domain.requests import Ask, Refused, Terms
from bot.services import adopting, inventory_files, unknown
from bot.services import inventory as service
from bot.services.adopting import Wanted
from bot.slack.grammar.text import redacted
from bot.slack.guard import CLOSED, Response, replaced_by, with_errors
from bot.slack.incoming import Incoming, Replace, Stop, allowed
from bot.slack.requests import ERROR_BESIDE
from bot.slack.views import inventory as views
from bot.slack.views.adopt_forms import AdoptInput, adopt_form, read_adopt_form
from bot.slack.views.base import Message
from bot.slack.views.requests import refused_modal


def inventory(event: Incoming) -> Message:
    """What there is: the first page."""
    return views.inventory(allowed(service.show(event.purser, event.actor(), event.channel_id)))


def turn_page(event: Incoming) -> None:
    """Next and Previous: the page they stand for, in the place of the one that was shown."""
    number = int(event.value.removeprefix("page-") or 1)
    facts = allowed(service.show(event.purser, event.actor(), event.channel_id, number))
    event.answer(views.inventory(facts), Replace.YES)


def export(event: Incoming) -> None:
    """Export CSV: all of it, as a file."""
    refused = inventory_files.export(event.purser, event.actor(), event.channel_id)
    if refused is not None:
        raise Stop(refused)
    event.answer(views.exporting())


def disable_unknown(event: Incoming) -> None:
    """Disable now, on a key that Purser did not make."""
    event.answer(views.turned_off(allowed(unknown.turn_off(event.purser, event.actor(fresh=True), event.value))))


def open_adopt(event: Incoming) -> None:
    """Adopt: who holds it from now on, and on which terms."""
    event.open_form(adopt_form(allowed(adopting.form(event.purser, event.actor(fresh=True), event.value))))


def check_adopt(event: Incoming) -> Response:
    """The form behind Adopt: closes it, or says what is wrong with it."""
    read = read_adopt_form(event.view)
    if isinstance(read, dict):
        return with_errors(read)
    refused = adopting.check(event.purser, event.actor(), _wanted(read))
    return CLOSED if refused is None else _refused(event, refused)


def submit_adopt(event: Incoming) -> None:
    """What was chosen in that form; the outcome comes as a direct message."""
    read, actor = read_adopt_form(event.view), event.actor()
    if isinstance(read, dict) or not adopting.was_checked(event.purser, actor):
        return
    event.answer(views.adopted(allowed(adopting.adopt(event.purser, event.actor(fresh=True), _wanted(read)))))


def _wanted(read: AdoptInput) -> Wanted:
    rest = read.rest
    terms = Terms(rest.cap_micros, rest.duration_seconds, daily_cap_micros=rest.daily_cap_micros)
    reason = redacted(rest.reason)
    wanted = Ask(rest.kind, terms, reason, name=rest.name, project=rest.project, lead_id=rest.lead_id)
    return Wanted(read.unknown_id, rest.team_id, read.holder_id, wanted)


def _refused(event: Incoming, refused: Refused) -> Response:
    beside = ERROR_BESIDE.get(refused.because)
    has_mention = "<@" in refused.text or "<#" in refused.text  # errors beside inputs are plain text
    shown = {block.get("block_id") for block in event.view.get("blocks", ()) if block.get("type") == "input"}
    if beside in shown and beside is not None and not has_mention:
        return with_errors({beside: refused.text.replace("`", "")})
    return replaced_by(refused_modal(refused.text))
