"""Forms about limits, each beside its reader: asking for a raise, changing one, turning off a key under a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import AlertFacts, KeyFacts, RaiseFormFacts
from bot.domain.money import show
from bot.domain.requests import Target
from bot.slack.views import actions as act
from bot.slack.views import inputs, limits
from bot.slack.views import phrases as say
from bot.slack.views.base import OPTIONS, Block, View, modal, section

BY_HOW_MUCH = "By how much, in US dollars"


@dataclass(frozen=True, slots=True)
class RaiseInput:
    """What the form for a raise holds. Amount in micro-USD; it falls back at `ends_at`."""

    channel_id: str
    target: Target
    micros: int
    ends_at: datetime
    reason: str


def raise_form(facts: RaiseFormFacts, channel_id: str) -> View:
    """Which limit, by how much, until when, and what for. Its private metadata is where it was opened."""
    options = [inputs.option(_option_text(one), _option_value(one)) for one in facts.limits[:OPTIONS]]
    if not options:
        return modal(act.NOTICE_MODAL, "Nothing to raise", [section("There is no limit here that you could ask for.")])
    element: Block = {"type": "static_select", "options": options}
    wanted = None if facts.chosen is None else _option_value(facts.chosen)
    if chosen := [one for one in options if one["value"] == wanted]:
        element["initial_option"] = chosen[0]
    last = facts.ends_at - timedelta(seconds=1)
    blocks = [
        inputs.block(act.LIMIT, "Which limit", element),
        inputs.block(act.CAP, BY_HOW_MUCH, inputs.line("$200"), hint="Added to what the limit is now."),
        inputs.until(last.date(), "The last day it stands, UTC. Then it falls back by itself."),
        inputs.reason("What is it for?"),
    ]
    return modal(act.RAISE_FORM, "Ask for a raise", blocks, channel_id or "-", "Ask")


def read_raise_form(view: Mapping[str, Any]) -> RaiseInput | inputs.Errors:
    """What was asked for. Whether the limit is one the person may ask for is the service's to judge."""
    errors: inputs.Errors = {}
    layer, _, subject = inputs.chosen(view, act.LIMIT).partition(":")
    named = next((one for one in Layer if one == layer), None)
    if named is None or not subject:
        errors[act.LIMIT] = "Choose which limit to raise."
    micros = inputs.read_cap(view, errors)
    ends_at = inputs.read_until(view, errors)
    reason = inputs.read_reason(view, errors, "Say in a few words what it is for.")
    if errors or named is None or ends_at is None:
        return errors
    channel = str(view.get("private_metadata") or "").removeprefix("-")
    return RaiseInput(channel, Target(named, subject), micros, ends_at, reason)


def disable_under_form(alert: AlertFacts, keys: Sequence[KeyFacts]) -> View:
    """Which of the keys under a limit to turn off, the biggest spender first. It is read as `/ai-disable`'s form."""
    options = [inputs.option(_key_text(one), one.key.id) for one in keys[:OPTIONS]]
    what = limits.whole(alert.limit)
    if not options:
        return modal(act.NOTICE_MODAL, "Nothing to turn off", [section(f"No key is in use under {what}.")])
    element: Block = {"type": "static_select", "options": options, "initial_option": options[0]}
    blocks = [
        section(f"Keys under {what}. The one you choose stops working at once; only an owner can restore it."),
        inputs.block(act.KEY, "Key", element, hint="The biggest spender stands first."),
        inputs.reason("Why?", optional=True),
    ]
    return modal(act.DISABLE_FORM, "Turn a key off", blocks, "", "Disable now")


def _option_text(limit: Budget) -> str:
    return f"{limits.plain_name(limit)}: {limits.left(limit)} of {show(limit.budget_micros)} {limits.per(limit)}"


def _option_value(limit: Budget) -> str:
    return f"{limit.layer}:{limit.subject_id}"


def _key_text(facts: KeyFacts) -> str:
    """Plain text: a form shows no mentions."""
    spent = "spend not read yet" if facts.spent_micros is None else f"{show(facts.spent_micros)} spent"
    return f"{facts.key.label}: {say.capital(facts.key.kind)}, {spent}"
