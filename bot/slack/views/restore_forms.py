"""The form behind Restore: how much a key may spend once it works again, and for how long; and its reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain import money
from bot.domain.cuts import Window
from bot.domain.facts import KeyFacts
from bot.domain.money import show
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS
from bot.slack.views import actions as act
from bot.slack.views import inputs
from bot.slack.views import phrases as say
from bot.slack.views.base import Block, View, code, mention, modal, section, stack

WINDOWS = (
    ("1 hour", HOUR_SECONDS),
    ("24 hours", DAY_SECONDS),
    ("3 days", 3 * DAY_SECONDS),
    ("7 days", 7 * DAY_SECONDS),
)
"""What may be chosen, in seconds."""


@dataclass(frozen=True, slots=True)
class RestoreInput:
    """Which key, and how much for how long; None for all that is left of its cap."""

    key_id: str
    window: Window | None


def restore_form(facts: KeyFacts) -> View:
    """What an owner chooses when a key is to work again. Empty means all that is left of its cap."""
    key = facts.key
    opening = f"{code(key.label)} of {mention(key.holder_id)}: {say.spent(facts)}."
    if key.leaked_at is not None:
        does = (
            f"*Its secret is known to others, so {code(key.label)} never works again.* {mention(key.holder_id)} gets a "
            "new key in its place instead, on the same terms, and reveals it like any other."
        )
    else:
        does = "It works again as soon as the gateway says so."
    left = max(0, key.cap_micros - (facts.spent_micros or 0))
    amount = inputs.block(
        act.CAP,
        "It may spend, in US dollars",
        inputs.line("$10"),
        hint=f"Leave empty for the rest of its cap: {show(left)}.",
        optional=True,
    )
    options = [inputs.option(text, str(seconds)) for text, seconds in WINDOWS]
    chosen = {"type": "static_select", "options": options, "initial_option": options[1]}
    window = inputs.block(
        act.TIME, "For the next", chosen, hint="Then its cap is what it was. Counts with an amount only."
    )
    blocks: list[Block] = [section(stack([opening, does])), amount, window]
    title = "Replace a leaked key" if key.leaked_at is not None else "Restore a key"
    return modal(act.RESTORE_FORM, title, blocks, key.id, "Restore")


def read_restore_form(view: Mapping[str, Any]) -> RestoreInput | inputs.Errors:
    """Which key, and what was chosen; an amount that is none, or a time that was not offered, is an error."""
    key_id, typed = str(view.get("private_metadata") or ""), inputs.typed(view, act.CAP)
    if not typed:
        return RestoreInput(key_id, None)
    errors: inputs.Errors = {}
    try:
        micros = money.parse(typed)
    except money.BadAmount as problem:
        errors[act.CAP] = f"{say.capital(str(problem))}."
        micros = 0
    seconds = next((each for _, each in WINDOWS if str(each) == inputs.chosen(view, act.TIME)), None)
    if seconds is None:
        errors[act.TIME] = "Choose for how long."
    return errors or RestoreInput(key_id, Window(micros, seconds or 0))
