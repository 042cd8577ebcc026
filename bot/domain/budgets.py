"""Budgets: what a layer may spend in its month, and how much of that is still free to promise.

`headroom = budget - spent - committed`, where committed is what live keys and approved requests may still
spend. All layers that match are charged; the lowest headroom binds. Amounts are micro-USD.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Layer(StrEnum):
    """What a limit is set on. The first three are budgets of a calendar month; the others are one key's own."""

    TEAM = "team"
    PROJECT = "project"
    MEMBER = "member"
    """What one person's temporary and member keys spend; project and automation keys are the team's."""
    KEY = "key"
    """A key's own cap, in total or per month. The subject is the key's id."""
    AUTOMATION = "automation"
    """The day of a key of kind automation. The subject is the key's id."""


BUDGETED = (Layer.TEAM, Layer.PROJECT, Layer.MEMBER)
"""Layers that have a budget in the books, widest first."""
TOTAL = "total"
"""The period of a cap that never starts again."""


@dataclass(frozen=True, slots=True)
class Budget:
    """One limit as it stands: what may be spent in its period, what was, and what is promised."""

    layer: Layer
    subject_id: str
    name: str
    """How people call it: the team's, project's or key's name, or a mention of the member."""
    budget_micros: int
    """What stands now, raises included."""
    spent_micros: int
    committed_micros: int
    resets_at: datetime | None
    """When its period ends; None for a cap in total."""
    read_at: datetime | None = None
    """The oldest moment at which a gateway concerned told all its spend; None when none ever did."""
    period: str = ""
    """The month (`2026-11`) or day (`2026-11-21`) it counts, or `total`."""
    hard: bool = True
    """Whether keys are stopped when it is used up; a soft one only tells."""
    raised_micros: int = 0
    """The part of the budget that comes from raises which end by themselves."""
    raised_until: datetime | None = None
    """When the first of those raises ends."""
    unpriced_requests: int = 0
    """Requests of the period that the gateway has no price for; their cost is in no figure."""

    @property
    def whose(self) -> str:
        """How a sentence names whom it is of: `team search`, `project reranker`, a mention, or a key's label."""
        return f"{self.layer} {self.name}" if self.layer in (Layer.TEAM, Layer.PROJECT) else self.name

    @property
    def headroom_micros(self) -> int:
        """What may still be promised; below zero when more was spent than the budget allowed."""
        return self.budget_micros - self.spent_micros - self.committed_micros

    @property
    def is_reached(self) -> bool:
        """Whether all of it is spent."""
        return self.spent_micros >= self.budget_micros

    @property
    def over_micros(self) -> int:
        """What was spent past the limit."""
        return max(0, self.spent_micros - self.budget_micros)

    @property
    def used_percent(self) -> int:
        """Spent as a share of the budget, in whole percent rounded down; 100 or more only when it is reached."""
        return 100 if self.budget_micros <= 0 else self.spent_micros * 100 // self.budget_micros


@dataclass(frozen=True, slots=True)
class Stop:
    """Why budget stopped a key: the limit that was reached, and how high it stood then."""

    layer: Layer
    subject_id: str
    period: str
    limit_micros: int


def binding(budgets: Sequence[Budget]) -> Budget | None:
    """The layer with the least headroom, the widest first among equals; None when nothing is budgeted."""
    return min(budgets, key=lambda budget: budget.headroom_micros, default=None)


def may_still_spend(cap_micros: int, spent_micros: int) -> int:
    """What a key under this cap may still spend; never below zero when it overshot."""
    return max(0, cap_micros - spent_micros)
