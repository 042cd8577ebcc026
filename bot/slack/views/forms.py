"""Forms: each builder stands beside the reader of what it sends back.

A reader returns frozen input, or the errors to show by block id. It trusts nothing in the payload: a value
that is missing or not of the offered shape is an error, and whether the ids in it may be used is the
service's to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.domain import money
from bot.domain.facts import KeyFacts, RequestFacts
from bot.domain.groups import Group
from bot.domain.periods import short_duration, show_duration
from bot.domain.requests import Purpose
from bot.slack.views import actions as act
from bot.slack.views import inputs
from bot.slack.views import phrases as say
from bot.slack.views.base import Block, View, code, mention, modal, section
from bot.slack.views.raise_forms import BY_HOW_MUCH


@dataclass(frozen=True, slots=True)
class ChangesInput:
    """What an owner agrees to instead. None leaves as it is what the form did not show."""

    request_id: str
    cap_micros: int | None
    duration_seconds: int | None
    models: tuple[str, ...] | None
    daily_cap_micros: int | None = None
    ends_at: datetime | None = None
    """When a raise falls back."""


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
    """What to turn off: a key by id, or what was typed, which may be a secret; or a whole group."""

    key_id: str | None
    typed: str = field(repr=False)
    reason: str
    group: Group | None = None


# --- an owner's answer ---


def changes_form(facts: RequestFacts) -> View:
    """The terms to agree to instead, filled in with those that stand."""
    request = facts.request
    terms = request.terms
    blocks: list[Block] = [
        section(f"{mention(request.requester_id)} asks for {say.ask(facts)}. You approve this instead:")
    ]
    if request.purpose is not Purpose.EXTEND:
        name = BY_HOW_MUCH if request.purpose is Purpose.RAISE else "Cap in US dollars"
        blocks.append(inputs.block(act.CAP, name, inputs.line("$25", money.show(terms.cap_micros))))
    if request.purpose is Purpose.ISSUE and terms.daily_cap_micros:
        daily = inputs.line("$10", money.show(terms.daily_cap_micros))
        blocks.append(inputs.block(act.DAILY_CAP, "Cap per day", daily))
    if request.purpose is Purpose.RAISE and terms.ends_at:
        last = (terms.ends_at - timedelta(seconds=1)).date()
        blocks.append(inputs.until(last, "The last day it stands, UTC. Then it falls back by itself."))
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
    daily = inputs.read_daily_cap(view, errors)
    if daily is None and inputs.has(view, act.DAILY_CAP):
        errors.setdefault(act.DAILY_CAP, "An automation key needs a cap per day, such as $10.")
    ends_at = inputs.read_until(view, errors) if inputs.has(view, act.UNTIL) else None
    models = inputs.many(view, act.MODELS)
    return errors or ChangesInput(str(view.get("private_metadata") or ""), cap, seconds, models, daily, ends_at)


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
        hint = (
            "Its label, such as ana-7kq2, or the key itself: a pasted key is neither stored nor shown to anybody. "
            "Or `project NAME`, for all keys of a project."
        )
        blocks = [inputs.block(act.KEY, "Key or label", {"type": "plain_text_input"}, hint=hint)]
    blocks.append(inputs.reason("Why?", optional=True))
    return modal(act.DISABLE_FORM, "Turn a key off", blocks, facts.key.id if facts else "", "Disable now")


def read_disable_form(view: Mapping[str, Any]) -> DisableInput | inputs.Errors:
    """Which key: that of the form, one that was chosen, or what was typed, which is never echoed in an error."""
    errors: inputs.Errors = {}
    about = str(view.get("private_metadata") or "")
    group = Group.of(about)
    key_id = None if group else about or inputs.chosen(view, act.KEY) or None
    typed = inputs.typed(view, act.KEY)
    if group is None and key_id is None and not typed:
        errors[act.KEY] = "Type the key's label, or paste the key."
    reason = inputs.read_reason(view, errors, "", needed=False)
    return errors or DisableInput(key_id, typed, reason, group)
