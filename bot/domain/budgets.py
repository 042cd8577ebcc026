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
    """What a budget is set on."""

    TEAM = "team"
    PROJECT = "project"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Budget:
    """One layer's month, as it stands."""

    layer: Layer
    subject_id: str
    name: str
    """How people call it: the team's or project's name, or a mention of the member."""
    budget_micros: int
    spent_micros: int
    committed_micros: int
    resets_at: datetime
    read_at: datetime | None = None
    """The oldest moment at which a gateway was asked for this; None when no live key was ever read."""

    @property
    def headroom_micros(self) -> int:
        """What may still be promised; below zero when more was spent than the budget allowed."""
        return self.budget_micros - self.spent_micros - self.committed_micros


def binding(budgets: Sequence[Budget]) -> Budget | None:
    """The layer with the least headroom, the widest first among equals; None when nothing is budgeted."""
    return min(budgets, key=lambda budget: budget.headroom_micros, default=None)


def may_still_spend(cap_micros: int, spent_micros: int) -> int:
    """What a key under this cap may still spend; never below zero when it overshot."""
    return max(0, cap_micros - spent_micros)
