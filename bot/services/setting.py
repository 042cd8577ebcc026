"""Setting budgets: an owner's word on what a team, project or person may spend a month. Nothing spent is touched."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.budgets import Budget
from bot.domain.people import Team
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser
from bot.services.words import PersonWord, ProjectWord, TeamWord

__all__ = ["BudgetSet", "BudgetSetting", "PersonWord", "ProjectWord", "TeamWord", "set_budget"]


@dataclass(frozen=True, slots=True)
class BudgetSetting:
    """A budget as an owner wants it."""

    target: TeamWord | ProjectWord | PersonWord
    micros: int
    """What may be spent in a calendar month, in micro-USD."""
    hard: bool | None = None
    """Whether keys are stopped when it is used up; None leaves that as it is."""


@dataclass(frozen=True, slots=True)
class BudgetSet:
    """What a budget is now, what it was, and what that means."""

    limit: Budget
    """As it stands now, raises included."""
    team: Team
    monthly_micros: int
    """What was set; raises come on top."""
    was_micros: int | None
    """None when it had none."""
    was_hard: bool | None
    remarks: tuple[str, ...] = ()
    """Sentences about what it means now: already used up, more promised than there is."""


def set_budget(purser: Purser, actor: Actor, channel_id: str, setting: BudgetSetting) -> BudgetSet | Refused:
    """Set a budget of this channel's team, one of its projects or somebody in it. Owners only, and not their own."""
    return Refused(Because.NOT_FOUND, "No team lives in this channel.")
