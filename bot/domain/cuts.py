"""Cuts: by how much a cap stands lower for a time, and how a key and the one that takes its place share one cap.

A cap is what was agreed, plus the raises that stand, minus the cuts that stand. While a rotated key and its successor
both work, each is cut by what belongs to the other, so that their two caps together are the one that was agreed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.domain.budgets import Layer
from bot.domain.money import MICROS_PER_CENT

ENDLESS = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of a cut that has none: of a cap in total, what another key has spent stays spent."""
ROTATED_ONCE = "rotated"
"""Of this name each cap has at most one cut, which is moved as the keys that share it spend."""


class CutWhy(StrEnum):
    """Why a cap stands lower."""

    RESTORED = "restored"
    """After an incident: the key works again, with so much for so long."""
    ROTATED = "rotated"
    """Part of the agreed cap is another key's, which it replaces or which replaces it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A cap that stands lower, in micro-USD, while `starts_at <= now < ends_at` and until its end was dealt with."""

    id: str
    key_id: str
    layer: Layer
    """KEY for the whole cap, AUTOMATION for that of a day."""
    micros: int
    why: CutWhy
    once: str
    set_by: str
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """How much a restored key may spend, and how long that holds; then its cap is what it was."""

    micros: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Sharer:
    """One of the keys that share a cap. Amounts are micro-USD, of the period that the cap counts."""

    key_id: str
    full_micros: int
    """What its cap would be without any other key."""
    cap_micros: int
    used_micros: int
    works: bool
    """Whether it works, or comes back by itself."""

    @property
    def left_micros(self) -> int:
        """What its cap leaves it; negative when it spent more."""
        return self.cap_micros - self.used_micros


def shares(agreed_micros: int, sharers: Sequence[Sharer]) -> dict[str, int]:
    """What the cap of each key should be, so that all of them together never have more than was agreed.

    What is left belongs to those that work, in equal parts. As long as the caps add up and nobody is down to half of
    an equal part, they stay as they are: a cap at a gateway is not moved for every cent. A key that is off keeps
    what it spent. No cap is below a cent, nor above what it would be alone.
    """
    left = agreed_micros - sum(one.used_micros for one in sharers)
    working = [one for one in sharers if one.works]
    found = {one.key_id: max(MICROS_PER_CENT, one.used_micros) for one in sharers if not one.works}
    adds_up = sum(one.left_micros for one in working) == left
    if adds_up and all(one.left_micros > left // (2 * len(working)) for one in working):
        return found | {one.key_id: one.cap_micros for one in working}
    rest = max(0, left)
    for number, one in enumerate(sorted(working, key=lambda one: one.full_micros - one.used_micros)):
        part = rest // (len(working) - number)
        cap = min(one.full_micros, one.used_micros + part)
        rest -= max(0, cap - one.used_micros)
        found[one.key_id] = max(MICROS_PER_CENT, cap)
    return found
