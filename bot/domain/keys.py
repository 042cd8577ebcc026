"""A key's life: its kinds, its states, what may follow what, and how far "off" has been proven."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.budgets import Stop
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS


class KeyKind(StrEnum):
    """What a key is for; each kind has must-haves of its own."""

    TEMPORARY = "temporary"
    MEMBER = "member"
    PROJECT = "project"
    AUTOMATION = "automation"


PERSONAL_KINDS = frozenset({KeyKind.TEMPORARY, KeyKind.MEMBER})
"""Kinds that a person's own budget is charged for; the others are charged to the team and its projects."""


class KeyState(StrEnum):
    """Where a key is in its life. `MINTING` and `MINTED` keys have been shown to nobody."""

    MINTING = "minting"
    """Its alias is written down; the gateway may or may not hold it yet."""
    MINTED = "minted"
    """The gateway holds it; it is about to be shown."""
    LIVE = "live"
    DISABLING = "disabling"
    """Decided off; the gateway has not been seen to agree yet."""
    DISABLED = "disabled"
    """Off, and the gateway's own record says so."""
    RESTORING = "restoring"
    DISCARDING = "discarding"
    """Never shown, or given up: to be deleted at the gateway."""
    DISCARDED = "discarded"


ALLOWED_MOVES: dict[KeyState, frozenset[KeyState]] = {
    KeyState.MINTING: frozenset({KeyState.MINTED, KeyState.DISCARDING}),
    KeyState.MINTED: frozenset({KeyState.LIVE, KeyState.DISCARDING}),
    KeyState.LIVE: frozenset({KeyState.DISABLING}),
    KeyState.DISABLING: frozenset({KeyState.DISABLED}),
    KeyState.DISABLED: frozenset({KeyState.RESTORING, KeyState.DISABLING}),
    KeyState.RESTORING: frozenset({KeyState.LIVE, KeyState.DISABLING}),
    KeyState.DISCARDING: frozenset({KeyState.DISCARDED}),
    KeyState.DISCARDED: frozenset(),
}

UNSHOWN = frozenset({KeyState.MINTING, KeyState.MINTED})
SPENDING = frozenset({KeyState.LIVE, KeyState.DISABLING, KeyState.RESTORING})
"""States in which a key may still spend, or may not yet have been stopped."""


class OffCause(StrEnum):
    """Why a key was turned off. Only some causes can be undone by Restore."""

    DISABLED = "disabled"
    RETURNED = "returned"
    EXPIRED = "expired"
    DRIFT = "drift"
    """Found off, or gone, at the gateway without Purser having asked."""
    ROTATED = "rotated"
    """Another key has taken its place, and the time in which both worked is over."""
    LEFT = "left"
    """Its holder left, or nobody took over a key whose holder or lead had."""
    UNUSED = "unused"
    """Nobody used it for long, and nobody answered whether it is still needed."""
    UNCONFIRMED = "unconfirmed"
    """A review asked for it, and nobody confirmed it in time."""
    BUDGET = "budget"
    """A limit it is charged to was reached. It comes back by itself; `Key.stop` says which limit."""


class Proof(StrEnum):
    """How far "off" is proven, weakest first."""

    RECORDED = "recorded"
    """The gateway's own record, read again, says off."""
    PROBED = "probed"
    """A call with the secret itself was refused."""
    QUIET = "quiet"
    """No spend since."""
    PROBED_QUIET = "probed_quiet"
    """A call with the secret itself was refused, and there was no spend since."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the books know it. Amounts are micro-USD. There is no secret here."""

    id: str
    label: str
    alias: str
    request_id: str
    gateway: str
    kind: KeyKind
    team_id: str
    project_id: str | None
    holder_id: str
    cap_micros: int
    cap_period: str
    models: tuple[str, ...]
    state: KeyState
    created_at: datetime
    handle: str | None = None
    fingerprint: str | None = None
    mint_lease_until: datetime | None = None
    minted_at: datetime | None = None
    revealed_at: datetime | None = None
    expires_at: datetime | None = None
    warned_day_at: datetime | None = None
    warned_hour_at: datetime | None = None
    off_at: datetime | None = None
    off_by: str | None = None
    off_cause: OffCause | None = None
    off_reason: str | None = None
    proof: Proof | None = None
    proven_at: datetime | None = None
    daily_cap_micros: int | None = None
    """What a key of kind automation may spend in a UTC day."""
    lead_id: str | None = None
    """Who answers for a project or automation key, by Slack user id."""
    stop: Stop | None = None
    """The limit that stopped it, while `off_cause` is BUDGET."""
    kept_until: datetime | None = None
    """Until then it is not called old, for somebody said that it is needed."""
    replaces_id: str | None = None
    """The key it was minted in the place of."""
    retires_at: datetime | None = None
    """When it goes off because another has taken its place."""
    leaked_at: datetime | None = None
    """Since when its secret counts as known to others. Such a secret never works again."""
    rest_micros: int | None = None
    """What it had spent in all once late figures about it must have come in after it was proven off."""
    rest_at: datetime | None = None
    deleted_at: datetime | None = None
    """When it was deleted at its gateway because it spent after it was off."""


class ExpiryWarning(StrEnum):
    """How long before its expiry a key's holder is told."""

    DAY = "day"
    HOUR = "hour"


WARNING_SECONDS = {ExpiryWarning.DAY: DAY_SECONDS, ExpiryWarning.HOUR: HOUR_SECONDS}


def warning_due(key: Key, now: datetime) -> ExpiryWarning | None:
    """The expiry warning to send now, or None.

    One that has been overtaken by the next is never sent late. A key whose whole life is no longer than a
    warning's lead does not get that warning: its holder was told the expiry moments ago.
    """
    if key.state is not KeyState.LIVE or key.expires_at is None or key.revealed_at is None:
        return None
    if key.retires_at is not None:
        return None  # its holder has another key in its place by now
    left = (key.expires_at - now).total_seconds()
    life = (key.expires_at - key.revealed_at).total_seconds()
    if left <= 0:
        return None
    if left <= HOUR_SECONDS:
        return ExpiryWarning.HOUR if key.warned_hour_at is None and life > HOUR_SECONDS else None
    if left <= DAY_SECONDS:
        return ExpiryWarning.DAY if key.warned_day_at is None and life > DAY_SECONDS else None
    return None


def is_expired(key: Key, now: datetime) -> bool:
    """Whether a live key's time is over."""
    return key.state is KeyState.LIVE and key.expires_at is not None and key.expires_at <= now


def can_restore(key: Key, now: datetime) -> str | None:
    """None when an owner may restore the key, else the sentence that says why not."""
    if key.state is KeyState.DISABLING:
        return f"`{key.label}` is still being turned off. Try again once that is confirmed."
    if key.state is not KeyState.DISABLED:
        return f"`{key.label}` is not off, so there is nothing to restore."
    if key.deleted_at is not None:
        why = "was deleted at its gateway, because it spent money after it was off"
        return f"`{key.label}` {why}. Its holder can ask for a new key with `/ai-key`."
    if key.off_cause is OffCause.RETURNED:
        return f"`{key.label}` was given back by its holder. Ask for a new key with `/ai-key`."
    if key.off_cause is OffCause.ROTATED:
        return f"Another key has taken the place of `{key.label}`. `/ai-key list` shows its holder which one."
    if key.expires_at is not None and key.expires_at <= now:
        return f"`{key.label}`'s time is over. Its holder can ask for a new key with `/ai-key`."
    return None


def went_off_leaked(key: Key) -> bool:
    """Whether its secret was known to others when it went off: then its holder may have a new one in its place.

    One that was off before, for another reason, is not brought back by leaking it.
    """
    return key.leaked_at is not None and (key.off_at is None or key.off_at >= key.leaked_at)


def can_be_raised(key: Key) -> bool:
    """Whether more money would be of use to it: in use, or stopped by nothing but a limit."""
    return key.state in SPENDING - {KeyState.DISABLING} or (
        key.state in (KeyState.DISABLING, KeyState.DISABLED) and key.off_cause is OffCause.BUDGET
    )


def can_be_extended(key: Key) -> bool:
    """Whether more time would be of use to it: it has an end, and is in use or stopped by nothing but a limit."""
    return key.expires_at is not None and can_be_raised(key)


def extended_expiry(key: Key, seconds: int, now: datetime) -> datetime:
    """When a key would end after an extension: counted from its present end, or from now if that is past."""
    return max(key.expires_at or now, now) + timedelta(seconds=seconds)


def fingerprint(secret: str, pepper: bytes) -> str:
    """HMAC-SHA-256 of the secret under the installation's pepper, as 64 hex digits."""
    return hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()


def label_for(handle: str, suffix: str) -> str:
    """The short human name of a key: `ana-7kq2`."""
    return f"{handle}-{suffix}"


ALIAS_PREFIX = "purser-"


def alias_for(label: str) -> str:
    """The alias under which the gateway holds the key."""
    return f"{ALIAS_PREFIX}{label}"
