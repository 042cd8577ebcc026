"""Forms: each builder stands beside the reader of what it sends back.

A reader returns frozen input, or the errors to show by block id. It trusts nothing in the payload: a value
that is missing or not of the offered shape is an error, and whether the ids in it may be used is the
service's to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain import money
from bot.domain.facts import FormFacts, KeyFacts, RequestFacts
from bot.domain.keys import KeyKind
from bot.domain.periods import short_duration, show_duration
from bot.domain.requests import Purpose
from bot.slack.views import actions as act
from bot.slack.views import inputs
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    OPTIONS,
    Block,
    View,
    code,
    mention,
    modal,
    section,
)

_KINDS = {
    KeyKind.TEMPORARY: "Temporary: a total cap, and it ends by itself",
    KeyKind.MEMBER: "Member: your own key for daily work, with a monthly cap",
}


@dataclass(frozen=True, slots=True)
class RequestInput:
    """What the request form holds. Cap in micro-USD; no time means that the kind has none."""

    team_id: str
    kind: KeyKind
    cap_micros: int
    duration_seconds: int | None
    models: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ChangesInput:
    """What an owner agrees to instead. None leaves as it is what the form did not show."""

    request_id: str
    cap_micros: int | None
    duration_seconds: int | None
    models: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class DenyInput:
    """Why an owner says no."""

    request_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExtendInput:
    """How much longer, and what for (may be empty)."""

    key_id: str
    duration_seconds: int
    reason: str


@dataclass(frozen=True, slots=True)
class DisableInput:
    """What to turn off: a key by id, or what was typed, which may be a secret."""

    key_id: str | None
    typed: str = field(repr=False)
    reason: str


# --- asking for a key ---


def request_form(facts: FormFacts) -> View:
    """Team (when there is a choice), kind, cap, time, models (when known) and reason."""
    longest = show_duration(facts.longest_seconds)
    blocks: list[Block] = []
    if len(facts.teams) > 1:
        blocks.append(_team_select(facts))
    kinds = [inputs.option(text, kind) for kind, text in _KINDS.items()]
    radio = {"type": "radio_buttons", "options": kinds, "initial_option": kinds[0]}
    blocks += [
        inputs.block(act.KIND, "Kind", radio),
        inputs.block(
            act.CAP,
            "Cap in US dollars",
            inputs.line("$25"),
            hint="In total for a temporary key, a month for a member key.",
        ),
        inputs.block(
            act.TIME,
            "Time",
            inputs.line("7d", short_duration(facts.default_seconds)),
            hint=(f"For temporary keys, such as 36h, 7d or 2w; at most {longest}. It starts when you reveal the key."),
            optional=True,
        ),
        *inputs.models(facts.gateway.models, ()),
        inputs.reason("What is it for?"),
    ]
    team_id = facts.team_id or (facts.teams[0].id if facts.teams else "")
    return modal(act.REQUEST_FORM, "Ask for a key", blocks, team_id, "Next")


def read_request_form(view: Mapping[str, Any]) -> RequestInput | inputs.Errors:
    """What was asked for. Without a team select, the team is the one in the form's private metadata."""
    errors: inputs.Errors = {}
    team_id = inputs.chosen(view, act.TEAM) or str(view.get("private_metadata") or "")
    kind = next((kind for kind in _KINDS if kind == inputs.chosen(view, act.KIND)), None)
    if kind is None:
        errors[act.KIND] = "Choose what kind of key you need."
    if not team_id:
        errors[act.TEAM] = "Choose a team."
    cap = inputs.read_cap(view, errors)
    seconds = None if kind is KeyKind.MEMBER else inputs.read_time(view, errors, needed=True)
    reason = inputs.read_reason(view, errors, "Say in a few words what it is for.", needed=kind is not KeyKind.MEMBER)
    if errors or kind is None:
        return errors
    return RequestInput(team_id, kind, cap, seconds, inputs.many(view, act.MODELS) or (), reason)


# --- an owner's answer ---


def changes_form(facts: RequestFacts) -> View:
    """The terms to agree to instead, filled in with those that stand."""
    request = facts.request
    terms = request.terms
    blocks: list[Block] = [
        section(f"{mention(request.requester_id)} asks for {say.ask(facts)}. You approve this instead:")
    ]
    if request.purpose is Purpose.ISSUE:
        blocks.append(inputs.block(act.CAP, "Cap in US dollars", inputs.line("$25", money.show(terms.cap_micros))))
    if terms.duration_seconds:
        name = "More time" if request.purpose is Purpose.EXTEND else "Time"
        blocks.append(
            inputs.block(
                act.TIME,
                name,
                inputs.line("7d", short_duration(terms.duration_seconds)),
                hint="Such as 36h, 7d or 2w.",
            )
        )
    if request.purpose is Purpose.ISSUE:
        blocks += inputs.models(facts.gateway.models, terms.models)
    return modal(act.CHANGES_FORM, "Approve with changes", blocks, request.id, "Approve")


def read_changes_form(view: Mapping[str, Any]) -> ChangesInput | inputs.Errors:
    """What an owner agrees to; fields that the form did not have are None."""
    errors: inputs.Errors = {}
    cap = inputs.read_cap(view, errors) if inputs.has(view, act.CAP) else None
    seconds = inputs.read_time(view, errors, needed=True) if inputs.has(view, act.TIME) else None
    models = inputs.many(view, act.MODELS)
    return errors or ChangesInput(str(view.get("private_metadata") or ""), cap, seconds, models)


def deny_form(facts: RequestFacts) -> View:
    """Asks an owner why not."""
    who = mention(facts.request.requester_id)
    intro = section(f"{who} asks for {say.ask(facts)}. {who} and the thread will see your reason.")
    return modal(act.DENY_FORM, "Deny", [intro, inputs.reason("Why not?")], facts.request.id, "Deny")


def read_deny_form(view: Mapping[str, Any]) -> DenyInput | inputs.Errors:
    errors: inputs.Errors = {}
    reason = inputs.read_reason(view, errors, "Say in a few words why not.")
    return errors or DenyInput(str(view.get("private_metadata") or ""), reason)


# --- a key already held, or to be stopped ---


def extend_form(facts: KeyFacts, longest_seconds: int) -> View:
    """How much longer, and what for."""
    key = facts.key
    blocks = [
        section(f"{code(key.label)} works {say.ends(key)}; {say.spent(facts)}. Its cap stays the same."),
        inputs.block(
            act.TIME,
            "More time",
            inputs.line("7d"),
            hint=f"Such as 36h, 7d or 2w; at most {show_duration(longest_seconds)}.",
        ),
        inputs.reason("What for?", optional=True),
    ]
    return modal(act.EXTEND_FORM, "Extend a key", blocks, key.id, "Ask")


def read_extend_form(view: Mapping[str, Any]) -> ExtendInput | inputs.Errors:
    errors: inputs.Errors = {}
    seconds = inputs.read_time(view, errors, needed=True)
    reason = inputs.read_reason(view, errors, "", needed=False)
    return errors or ExtendInput(str(view.get("private_metadata") or ""), seconds or 0, reason)


def disable_form(facts: KeyFacts | None = None) -> View:
    """Turns off this key, or the one that is typed or pasted into the form."""
    if facts:
        blocks = [section(f"{code(facts.key.label)} of {mention(facts.key.holder_id)} stops working at once.")]
    else:
        hint = "Its label, such as ana-7kq2, or the key itself. A pasted key is neither stored nor shown to anybody."
        blocks = [inputs.block(act.KEY, "Key or label", {"type": "plain_text_input"}, hint=hint)]
    blocks.append(inputs.reason("Why?", optional=True))
    return modal(act.DISABLE_FORM, "Turn a key off", blocks, facts.key.id if facts else "", "Disable now")


def read_disable_form(view: Mapping[str, Any]) -> DisableInput | inputs.Errors:
    """Which key. What was typed is never echoed in an error."""
    errors: inputs.Errors = {}
    key_id = str(view.get("private_metadata") or "") or None
    typed = inputs.typed(view, act.KEY)
    if key_id is None and not typed:
        errors[act.KEY] = "Type the key's label, or paste the key."
    reason = inputs.read_reason(view, errors, "", needed=False)
    return errors or DisableInput(key_id, typed, reason)


def _team_select(facts: FormFacts) -> Block:
    options = [inputs.option(team.name, team.id) for team in facts.teams[:OPTIONS]]
    element: Block = {"type": "static_select", "options": options}
    chosen = [option for option in options if option["value"] == facts.team_id]
    if chosen:
        element["initial_option"] = chosen[0]
    return inputs.block(act.TEAM, "Team", element)
