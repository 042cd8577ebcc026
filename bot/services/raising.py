"""Asking for more: a raise of any limit until a moment, decided in a thread like a request for a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.facts import RaiseFormFacts
from bot.domain.periods import month_end
from bot.domain.requests import Because, Refused, Target
from bot.services.context import Actor, Purser
from bot.services.limits import binding_limits
from bot.services.requests import Place, Sent
from bot.services.words import KeyWord, PersonWord, ProjectWord, TeamWord
from storage import people

__all__ = ["AskRaise", "KeyWord", "PersonWord", "ProjectWord", "RaiseWord", "TeamWord", "ask_raise", "raise_form"]

RaiseWord = TeamWord | ProjectWord | PersonWord | KeyWord | Target
"""What somebody wants raised, as typed; a `Target` as chosen in a form."""


@dataclass(frozen=True, slots=True)
class AskRaise:
    """A raise as somebody wants it. Amounts are micro-USD."""

    micros: int
    """By how much; or to how much, with `to`."""
    reason: str
    to: bool = False
    daily: bool = False
    """The day of an automation key is meant, not its month."""
    target: RaiseWord | None = None
    """None for the limit that binds the asker: their own budget if they have one, else their team's."""
    ends_at: datetime | None = None
    """When it falls back; None for the end of this month."""


def ask_raise(purser: Purser, actor: Actor, place: Place, wanted: AskRaise) -> Sent | Refused:
    """Ask for a raise. Refused, it changes nothing. The same delivery from Slack asks once."""
    return Refused(Because.NOT_FOUND, "Purser does not know this limit.")


def raise_form(purser: Purser, actor: Actor, channel_id: str, about: str = "") -> RaiseFormFacts | Refused:
    """What the form for a raise offers this person, opened in this channel.

    `about` is the id of the alert or key whose button was pressed: its limit is preselected.
    """
    now = purser.now()
    with purser.books.reading() as session:
        team = people.team_in_channel(session, channel_id)
        if team is None:
            return Refused(Because.NOT_FOUND, "No team lives in this channel.")
        limits = binding_limits(session, purser, team, None, actor.id, None)
    return RaiseFormFacts(limits, limits[0] if limits else None, month_end(now))
