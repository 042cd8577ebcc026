"""Asking and deciding, as people do it in Slack: typed, in forms, on buttons, or by replying in the thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, assert_never

from bot.domain.facts import RequestFacts
from bot.domain.keys import KeyKind
from bot.domain.requests import Ask, Because, Refused, Terms
from bot.services import approvals, requests
from bot.services.approvals import AlreadyDecided, Changes, Decided
from bot.services.facts import request_at
from bot.services.requests import Drafted, Duplicate, Place, Sent
from bot.slack.grammar import reply
from bot.slack.grammar.key import AskTyped
from bot.slack.grammar.text import Mistake, redacted
from bot.slack.guard import CLOSED, Response, replaced_by, with_errors
from bot.slack.incoming import Incoming, Replace, allowed
from bot.slack.views import actions, answers, forms
from bot.slack.views.base import Message, View
from bot.slack.views.request_form import read_request_form, request_form
from bot.slack.views.requests import duplicate, preview, receipt, refused_modal
from bot.slack.views.wrapping import message_modal

ALSO_SENT_TO_CHANNEL = "thread_broadcast"
"""The subtype of a reply whose author ticked "Also send to channel"; it is a reply all the same."""
ERROR_BESIDE = {
    Because.CAP_TOO_LARGE: actions.CAP,
    Because.NO_HEADROOM: actions.CAP,
    Because.TIME_TOO_LONG: actions.TIME,
    Because.MODEL_NOT_OFFERED: actions.MODELS,
    Because.WRONG_DAILY_CAP: actions.DAILY_CAP,
    Because.WRONG_NAME: actions.NAME,
    Because.WRONG_LEAD: actions.LEAD,
    Because.WRONG_LIMIT: actions.LIMIT,
    Because.WRONG_END: actions.UNTIL,
}
"""Beside which input of a form a refusal is shown; all others replace the form."""


DecisionForm = Callable[[RequestFacts], View]


def ask_typed(event: Incoming, typed: AskTyped) -> None:
    """`/ai-key $25 7d evaluate rerankers`."""
    terms = Terms(typed.cap_micros, typed.duration_seconds, typed.models, typed.daily_cap_micros)
    wanted = Ask(typed.kind, terms, typed.reason, name=typed.name, project=typed.project, lead_id=typed.lead_id)
    outcome = requests.ask(event.purser, event.actor(), Place(event.channel_id), wanted)
    event.answer(asked(outcome, event.purser.now()))


def open_form(event: Incoming) -> None:
    """`/ai-key` typed bare."""
    facts = allowed(requests.form(event.purser, event.actor(), event.channel_id))
    event.open_form(request_form(facts))


def submit_form(event: Incoming) -> Response:
    """The request form: shows what is wrong, or what would be sent."""
    read = read_request_form(event.view)
    if isinstance(read, dict):
        return with_errors(read)
    terms = Terms(read.cap_micros, read.duration_seconds, read.models, read.daily_cap_micros)
    reason = redacted(read.reason)
    wanted = Ask(read.kind, terms, reason, name=read.name, project=read.project, lead_id=read.lead_id)
    place = Place(event.channel_id, read.team_id or None)
    outcome = requests.ask(event.purser, event.actor(), place, wanted, draft=True)
    return form_answer(event, outcome)


def submit_preview(event: Incoming) -> Response:
    """Send request, after looking at it."""
    outcome = requests.send_draft(event.purser, event.actor(), str(event.view.get("private_metadata", "")))
    return form_answer(event, outcome)


def ask_anyway(event: Incoming) -> None:
    """A new key in spite of the one held."""
    outcome = requests.send_draft(event.purser, event.actor(), event.value)
    _answer_draft(event, outcome)


def extend_instead(event: Incoming) -> None:
    """More time on the key held, instead of a new one."""
    outcome = requests.extend_instead(event.purser, event.actor(), event.value)
    _answer_draft(event, outcome)


def cancel(event: Incoming) -> None:
    """The requester takes it back."""
    facts = allowed(requests.cancel(event.purser, event.actor(), event.value))
    _answer_in_place(event, answers.cancelled(facts))


def approve(event: Incoming) -> None:
    """An owner agrees."""
    _answer_decision(event, approvals.approve(event.purser, event.actor(fresh=True), event.value))


def open_changes(event: Incoming) -> None:
    """An owner wants to agree to something else."""
    _open_decision(event, forms.changes_form)


def submit_changes(event: Incoming) -> Response:
    """What the owner agrees to instead."""
    read = forms.read_changes_form(event.view)
    if isinstance(read, dict):
        return with_errors(read)
    changes = Changes(read.cap_micros, read.duration_seconds, read.models, read.daily_cap_micros, read.ends_at)
    outcome = approvals.approve(event.purser, event.actor(), read.request_id, changes)
    return _decision_answer(outcome, event.view)


def open_deny(event: Incoming) -> None:
    """An owner is about to say no, and why."""
    _open_decision(event, forms.deny_form)


def submit_deny(event: Incoming) -> Response:
    """No, and why."""
    read = forms.read_deny_form(event.view)
    if isinstance(read, dict):
        return with_errors(read)
    return _decision_answer(
        approvals.deny(event.purser, event.actor(), read.request_id, redacted(read.reason)), event.view
    )


def thread_reply(event: Incoming) -> None:
    """A reply in a card's thread may decide: `approve`, `approve $20 3d`, `deny too much for a trial`."""
    message = event.event
    if message.get("subtype") not in (None, ALSO_SENT_TO_CHANNEL) or message.get("bot_id"):
        return
    thread_ts = message.get("thread_ts")
    request_id = request_at(event.purser, event.channel_id, str(thread_ts)) if thread_ts else None
    if request_id is None:
        return
    said = reply.parse(str(message.get("text", "")), event.purser.now())
    if said is None:
        return
    match said:
        case Mistake():
            event.answer(answers.mistake(said.text, said.example))
        case reply.ApproveReply():
            changes = Changes(said.cap_micros, said.duration_seconds, said.models, said.daily_cap_micros, said.ends_at)
            _answer_decision(event, approvals.approve(event.purser, event.actor(fresh=True), request_id, changes))
        case reply.DenyReply():
            _answer_decision(event, approvals.deny(event.purser, event.actor(fresh=True), request_id, said.reason))


def _open_decision(event: Incoming, form: DecisionForm) -> None:
    found = approvals.open_for(event.purser, event.actor(fresh=True), event.value)
    match found:
        case Refused() | AlreadyDecided():
            _answer_decision(event, found)
        case RequestFacts():
            event.open_form(form(found))
        case _:
            assert_never(found)


def _answer_decision(event: Incoming, outcome: approvals.Outcome) -> None:
    match outcome:
        case Refused():
            event.answer(answers.refused(outcome))
        case AlreadyDecided():
            event.answer(answers.already_decided(outcome.facts))
        case Decided():
            pass  # the card and its thread say so to everybody
        case _:
            assert_never(outcome)


def _decision_answer(outcome: approvals.Outcome, view: Mapping[str, Any]) -> Response:
    match outcome:
        case Refused():
            return _refused_in(view, outcome)
        case AlreadyDecided():
            return replaced_by(message_modal("Decided already", answers.already_decided(outcome.facts)))
        case Decided():
            return CLOSED
        case _:
            assert_never(outcome)


def _refused_in(view: Mapping[str, Any], refused: Refused) -> Response:
    beside = ERROR_BESIDE.get(refused.because)
    inputs = {block.get("block_id") for block in view.get("blocks", ()) if block.get("type") == "input"}
    has_mention = "<@" in refused.text  # errors beside inputs are plain text
    if beside in inputs and beside is not None and not has_mention:
        return with_errors({beside: refused.text.replace("`", "")})
    return replaced_by(refused_modal(refused.text))


def asked(outcome: requests.Outcome, now: datetime) -> Message:
    match outcome:
        case Refused():
            return answers.refused(outcome)
        case Duplicate():
            anyway = outcome.holds.key.kind is not KeyKind.MEMBER
            return duplicate(outcome.facts, outcome.holds, can_ask_anyway=anyway)
        case Sent() | Drafted():
            return receipt(outcome.facts, now)
        case _:
            assert_never(outcome)


def form_answer(event: Incoming, outcome: requests.Outcome) -> Response:
    now = event.purser.now()
    match outcome:
        case Refused():
            return _refused_in(event.view, outcome)
        case Duplicate():
            return replaced_by(message_modal("Extend instead?", asked(outcome, now)))
        case Drafted():
            return replaced_by(preview(outcome.facts, now))
        case Sent():
            return replaced_by(message_modal("Request sent", receipt(outcome.facts, now)))
        case _:
            assert_never(outcome)


def _answer_draft(event: Incoming, outcome: requests.Outcome) -> None:
    _answer_in_place(event, asked(outcome, event.purser.now()))


def _answer_in_place(event: Incoming, message: Message) -> None:
    """Put the answer where the button was: in the modal, or in the message only this person sees."""
    if event.in_modal:
        event.client.views_update(view_id=event.view["id"], view=message_modal("Your request", message))
        return
    event.answer(message, Replace.YES)
