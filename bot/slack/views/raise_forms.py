"""Forms about limits, each beside its reader: asking for a raise, changing one, turning off a key under a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import AlertFacts, KeyFacts, RaiseFormFacts
from bot.domain.money import show
from bot.domain.people import Team
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
    team_id: str | None = None
    """Whose owners decide, where the limit does not say so itself: of a person's budget."""


def raise_form(facts: RaiseFormFacts, channel_id: str) -> View:
    """Which limit, by how much, until when, and what for. Its private metadata is where it was opened."""
    options = [option for one in facts.limits for option in _options(one, facts.teams)][:OPTIONS]
    if not options:
        return modal(act.NOTICE_MODAL, "Nothing to raise", [section("There is no limit here that you could ask for.")])
    element: Block = {"type": "static_select", "options": options}
    wanted = set() if facts.chosen is None else {one["value"] for one in _options(facts.chosen, facts.teams)}
    if chosen := [one for one in options if one["value"] in wanted]:
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
    layer, subject, team_id = (*inputs.chosen(view, act.LIMIT).split(":"), "", "")[:3]
    named = next((one for one in Layer if one == layer), None)
    if named is None or not subject:
        errors[act.LIMIT] = "Choose which limit to raise."
    micros = inputs.read_cap(view, errors)
    ends_at = inputs.read_until(view, errors)
    reason = inputs.read_reason(view, errors, "Say in a few words what it is for.")
    if errors or named is None or ends_at is None:
        return errors
    channel = str(view.get("private_metadata") or "").removeprefix("-")
    return RaiseInput(channel, Target(named, subject), micros, ends_at, reason, team_id or None)


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


def _option_text(limit: Budget, asked: Team | None = None) -> str:
    by = "" if asked is None else f", decided by team {asked.name}"
    return f"{limits.plain_name(limit)}{by}: {limits.left(limit)} of {show(limit.budget_micros)} {limits.per(limit)}"


def _options(limit: Budget, teams: Sequence[Team]) -> list[Block]:
    """One option; for a person's budget one per team whose owners could decide about it."""
    value = f"{limit.layer}:{limit.subject_id}"
    if limit.layer is not Layer.MEMBER or not teams:
        return [inputs.option(_option_text(limit), value)]
    if len(teams) == 1:
        return [inputs.option(_option_text(limit), f"{value}:{teams[0].id}")]
    return [inputs.option(_option_text(limit, team), f"{value}:{team.id}") for team in teams]


def _key_text(facts: KeyFacts) -> str:
    """Plain text: a form shows no mentions."""
    spent = "spend not read yet" if facts.spent_micros is None else f"{show(facts.spent_micros)} spent"
    return f"{facts.key.label}: {say.capital(facts.key.kind)}, {spent}"
