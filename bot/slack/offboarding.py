"""`/ai-team sweep`, `left`, `handover`, `lead`, `review` and `inventory`: each is answered by its own module."""

from __future__ import annotations

from typing import assert_never

from bot.slack import confirming, departures, evidence, inventory, sweeping
from bot.slack.grammar import offboarding as grammar
from bot.slack.incoming import Incoming
from bot.slack.views.base import Message


def answer(event: Incoming, typed: grammar.OffboardingCommand) -> Message:
    """What the command shows or does."""
    match typed:
        case grammar.Sweep():
            return sweeping.sweep(event)
        case grammar.Left():
            return evidence.left(event, typed)
        case grammar.HandOver():
            return departures.hand_over(event, typed)
        case grammar.ChangeLead():
            return departures.change_lead(event, typed)
        case grammar.Review():
            return confirming.review(event)
        case grammar.Inventory():
            return inventory.inventory(event)
        case _:
            assert_never(typed)
