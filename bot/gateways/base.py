"""What a gateway is: the protocol every adapter speaks, what it can do, and how it fails.

Nothing outside an adapter names a provider: screens, policy and services read `Capabilities`.
Money crosses this border as integer micro-USD, time as aware UTC. A secret crosses it once, in `Issued`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from bot.domain.periods import month_end, month_start
from bot.domain.usage import Usage


class FailureKind(StrEnum):
    """What a caller may do about a failure."""

    PERMANENT = "permanent"
    """The gateway refused; asking again will not help. Stop and tell."""
    TRANSIENT = "transient"
    """It certainly did not happen; ask again later."""
    UNKNOWN = "unknown"
    """The reply was lost: it may or may not have happened. Look before asking again."""


class GatewayError(Exception):
    """A gateway did not do what was asked. `kind` says what that means, `message` is fit for people."""

    def __init__(self, kind: FailureKind, message: str, *, retry_after_seconds: float | None = None) -> None:
        """Keep `message` free of secrets: it reaches logs and people."""
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after_seconds = retry_after_seconds


class AliasTaken(GatewayError):
    """A key with this alias is there already: look it up with `find_alias` before deciding anything."""

    def __init__(self, alias: str, message: str) -> None:
        """`alias` is ours and not secret."""
        super().__init__(FailureKind.PERMANENT, message)
        self.alias = alias


class CapScope(StrEnum):
    """The smallest thing on which a gateway itself enforces an amount of money."""

    KEY = "key"
    PROJECT = "project"
    NONE = "none"


class CapPeriod(StrEnum):
    """How often a cap starts again. `TOTAL` never does."""

    TOTAL = "total"
    DAY = "day"
    MONTH = "month"
    OTHER = "other"
    """A rhythm that Purser never sets, found on a key that somebody else made or changed."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one gateway can enforce and tell, so that limits are said before approval, not after."""

    can_mint: bool
    cap_scope: CapScope
    cap_periods: frozenset[CapPeriod]
    reversible_disable: bool
    native_expiry: bool
    usage_per_key: bool
    usage_lag_seconds: int
    """How old a spend figure may be."""
    disable_lag_seconds: int
    """How long the gateway may still accept a key after it has recorded it as disabled."""
    daily_cap: bool = False
    """Whether a key can have a cap per day beside its cap per month."""
    tells_retries: bool = False
    """Whether its usage says how many requests were tried again."""
    model_groups: tuple[str, ...] = ()
    """Names that stand for more than one model where the gateway expects a model's name."""
    limits: tuple[str, ...] = ()
    """One sentence for each promise this gateway cannot keep, as members read it."""


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A key to mint. `alias` is ours, written down before the call, and finds the key again afterwards."""

    alias: str
    holder: str
    cap_micros: int
    cap_period: CapPeriod
    expires_at: datetime | None
    """When the gateway itself should stop the key; None for never."""
    models: tuple[str, ...]
    """Models the key may call; empty means all that the gateway offers."""
    tags: dict[str, str] = field(default_factory=dict)
    """Our own marks (installation, key, request), kept by the gateway beside the key."""
    daily_cap_micros: int | None = None
    """What it may spend in a UTC day beside its cap; None for no such limit."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A freshly minted key. The only value in Purser that carries a secret."""

    handle: str
    secret: str = field(repr=False)
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What the gateway's own record says of a key right now."""

    handle: str
    alias: str | None
    enabled: bool
    """False when it is disabled, expired or deleted in the gateway's own record."""
    deleted: bool
    cap_micros: int | None
    """None when the gateway holds no cap for it."""
    cap_period: CapPeriod
    spent_micros: int
    """Spend as far as the gateway has recorded it: of the key's lifetime, unless `is_lifetime` says otherwise."""
    expires_at: datetime | None
    models: tuple[str, ...]
    tags: dict[str, str]
    period_spent_micros: int | None = None
    """What counts against the cap now, as far as recorded; None when the gateway does not tell."""
    resets_at: datetime | None = None
    """When the cap starts again, in the gateway's own words: shown, never computed."""
    daily_cap_micros: int | None = None
    """The cap per day beside the other; None when the gateway holds none."""
    holder: str = ""
    """Whose the gateway says the key is; empty when it does not tell."""
    is_lifetime: bool = True
    """False when `spent_micros` starts again with the cap, because the gateway keeps no other total."""

    @property
    def counts_until(self) -> datetime | None:
        """When the calendar month ends that `spent_micros` alone counts; None when it is not of such a month.

        Late gateways start the next month minutes after this moment. A total that starts again in another rhythm is
        one that falls; usage by day still tells what it forgets.
        """
        if self.is_lifetime or self.cap_period is not CapPeriod.MONTH or self.resets_at is None:
            return None
        return self.resets_at if self.resets_at == month_start(self.resets_at) else None

    def spent_in_month(self, at: datetime) -> int | None:
        """What was spent in the calendar month of `at`; None when the gateway's window is not that month.

        It is the month before until the gateway has started its window again, and the next one as soon as it has.
        """
        is_other = self.resets_at is not None and self.resets_at != month_end(at)
        return None if is_other or self.cap_period is not CapPeriod.MONTH else self.period_spent_micros


class Probe(StrEnum):
    """What a call with the secret itself met."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the gateway can be used now, with a sentence for the operator."""

    ok: bool
    message: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """An account that a person has at a gateway, beside any keys. Its id is not secret."""

    id: str
    role: str = ""
    """What the gateway calls it; empty when it does not tell."""


class Members(Protocol):
    """The accounts of people at a gateway that has such. Every method may raise `GatewayError` and may be repeated."""

    def seats(self, member_id: str, email: str) -> list[Seat]:
        """Every account of a person: the one of exactly this id, and those of this address where one is given."""
        ...

    def keys(self, seat_id: str) -> list[KeyRecord]:
        """Every key, not deleted, that the gateway says is this account's, ours or not, over all its pages."""
        ...

    def remove(self, seat_id: str) -> None:
        """Take the account away and make sure by looking again. One already gone is a success.

        Never while a key is on it, for that would go as well (`PERMANENT`): move it with `Gateway.set_holder` first.
        """
        ...


class Gateway(Protocol):
    """A place that mints or governs keys. Every method may raise `GatewayError`.

    All but `issue` are idempotent and may be repeated. Handles and aliases are not secret.
    """

    name: str
    """How people and the books call it, such as `litellm`."""
    public_url: str
    """The base URL members are told."""
    capabilities: Capabilities

    @property
    def members(self) -> Members | None:
        """The accounts of people there; None where the gateway has none."""
        ...

    def issue(self, spec: KeySpec) -> Issued:
        """Mint a key. On `UNKNOWN` it may exist: `find_alias` before anything else. Never retried within."""
        ...

    def set_cap(self, handle: str, cap_micros: int, cap_period: CapPeriod, daily_cap_micros: int | None = None) -> None:
        """Set the cap, and the one per day or none, without resetting what was spent."""
        ...

    def forget_spend(self, handle: str) -> None:
        """Let what counts against the key's cap start at nothing now. The lifetime total stays where one is kept."""
        ...

    def set_expiry(self, handle: str, expires_at: datetime | None) -> None:
        """Set the moment at which the gateway itself stops the key; None for never."""
        ...

    def set_tags(self, handle: str, tags: dict[str, str]) -> None:
        """Replace our own marks on a key, keeping what others wrote beside them."""
        ...

    def set_holder(self, handle: str, holder: str) -> None:
        """Let the gateway's record say whose the key is from now on, or nobody's (empty). All else stays as it was."""
        ...

    def disable(self, handle: str) -> None:
        """Stop the key, reversibly where the gateway can. A key already gone is a success."""
        ...

    def enable(self, handle: str) -> None:
        """Let a disabled key work again. `PERMANENT` when the gateway has no such key any more."""
        ...

    def delete(self, handle: str) -> None:
        """Remove the key for good and make sure by reading back. A key already gone is a success."""
        ...

    def find(self, handle: str) -> KeyRecord | None:
        """Read the gateway's own record; None when it never heard of the handle."""
        ...

    def find_alias(self, alias: str) -> list[KeyRecord]:
        """Every key, not deleted, that carries exactly this alias. Gateways need not keep aliases unique."""
        ...

    def list_keys(self) -> list[KeyRecord]:
        """Every key the gateway holds that is not deleted, ours or not, over all its pages.

        Purser's own credential is not one of them.
        """
        ...

    def usage(self, since: date, until: date) -> Iterator[Usage]:
        """What was measured from one UTC day to another, both included, of every key, deleted ones too.

        One value per key, model and hour (or day), whole: over all pages, however the gateway cuts them.
        """
        ...

    def handle_of(self, secret: str) -> str | None:
        """The handle a secret would have here, where that can be computed without a call; else None."""
        ...

    def is_own_credential(self, secret: str) -> bool:
        """Whether this is what Purser itself manages the gateway with.

        Never a member's key, and a reason to call a person when it turns up somewhere.
        """
        ...

    def probe(self, secret: str) -> Probe:
        """Try the secret with a call that costs nothing. The secret goes nowhere else.

        Never tried with Purser's own credential (`PERMANENT`). Only `REFUSED` is proof of being off: a key
        that is merely out of money, or not allowed this one call, counts as `ACCEPTED`.
        """
        ...

    def models(self) -> list[str]:
        """Model names the gateway offers."""
        ...

    def ping(self) -> Health:
        """Check address, credentials and readiness, without raising."""
        ...
