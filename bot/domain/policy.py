"""What the installation allows without asking anybody: limits, thresholds and waiting times.

Amounts are micro-USD, times are seconds. Values come from `PURSER_CONFIG`; these are the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.keys import KeyKind
from bot.domain.money import MAX_MICROS, MICROS_PER_USD
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS


@dataclass(frozen=True, slots=True)
class KindPolicy:
    """Limits of one kind of key. Time limits are None for kinds that do not end by themselves."""

    largest_cap_micros: int = MAX_MICROS
    default_seconds: int | None = None
    longest_seconds: int | None = None


_KINDS = {
    KeyKind.TEMPORARY: KindPolicy(default_seconds=7 * DAY_SECONDS, longest_seconds=30 * DAY_SECONDS),
    KeyKind.MEMBER: KindPolicy(),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules an installation has chosen."""

    kinds: dict[KeyKind, KindPolicy] = field(default_factory=lambda: dict(_KINDS))
    two_owners_from_micros: int = 1000 * MICROS_PER_USD
    auto_approve_micros: int = 0
    """Temporary keys need no owner while a person's live ones under this rule stay within it; 0 turns it off."""
    auto_approve_seconds: int = 7 * DAY_SECONDS
    models: tuple[str, ...] = ()
    """Models people may ask for; empty leaves it to the gateway."""
    remind_after_seconds: int = 4 * HOUR_SECONDS
    escalate_after_seconds: int = 24 * HOUR_SECONDS
    give_up_after_seconds: int = 72 * HOUR_SECONDS
    claim_within_seconds: int = 72 * HOUR_SECONDS
    draft_seconds: int = HOUR_SECONDS
    """How long a form or an "Extend instead?" question stays open."""
