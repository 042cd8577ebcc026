"""The inventory: which keys there are, which of them need a look, and keys at a gateway that Purser did not make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.keys import Key, KeyKind, KeyState, Proof
from bot.domain.people import Project, Team


class UnknownState(StrEnum):
    """What became of a key that Purser did not make."""

    OPEN = "open"
    """At the gateway, and nobody has answered for it. With `decided_by` it is being turned off."""
    ADOPTED = "adopted"
    DISABLED = "disabled"
    """Off, and the gateway's own record says so."""
    GONE = "gone"
    """The gateway no longer has it."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """What a gateway's record says of a key that the books do not know. Amounts are micro-USD."""

    handle: str
    alias: str
    is_on: bool
    cap_micros: int | None
    """None when the gateway holds no cap for it."""
    cap_period: str
    daily_cap_micros: int | None
    spent_micros: int
    expires_at: datetime | None
    models: tuple[str, ...]
    installation: str = ""
    """The other Purser installation whose mark it carries; empty for none, or for ours."""


@dataclass(frozen=True, slots=True)
class UnknownKey:
    """A key at a gateway that these books did not make, as it was last seen, and what became of it."""

    gateway: str
    seen: Stranger
    state: UnknownState
    found_at: datetime
    seen_at: datetime
    key_id: str | None = None
    """The key it became, once adopted."""
    decided_by: str | None = None
    """Who adopted it, or wants it off, by Slack user id."""
    decided_at: datetime | None = None

    @property
    def id(self) -> str:
        """What buttons and forms name it by."""
        return f"{self.gateway}:{self.seen.handle}"

    @property
    def name(self) -> str:
        """How people call it: its alias, or the start of its handle."""
        return named(self.seen)

    @property
    def is_going_off(self) -> bool:
        """Whether it was decided that it goes off, and that is not proven yet."""
        return self.state is UnknownState.OPEN and self.decided_by is not None


def named(seen: Stranger) -> str:
    """How people call such a key: its alias, or the start of its handle."""
    return seen.alias or f"{seen.handle[:12]}..."


def split_id(unknown_id: str) -> tuple[str, str]:
    """The gateway and handle that an `UnknownKey.id` names."""
    gateway, _, handle = unknown_id.partition(":")
    return gateway, handle


def why_not_adopted(unknown: UnknownKey) -> str | None:
    """None when such a key can be adopted, else the sentence that says why not."""
    name = f"`{unknown.name}`"
    match unknown.state:
        case UnknownState.ADOPTED:
            return f"{name} was adopted already{_by(unknown)}."
        case UnknownState.DISABLED:
            return f"{name} was turned off{_by(unknown)}. A key that is off cannot be adopted: ask for a new one."
        case UnknownState.GONE:
            return f"{name} is not at {unknown.gateway} any more, so there is nothing to adopt."
        case UnknownState.OPEN:
            return _why_open_not(unknown, name)


def _why_open_not(unknown: UnknownKey, name: str) -> str | None:
    if unknown.is_going_off:
        return f"{name} is being turned off{_by(unknown)}."
    if unknown.seen.installation:
        return (
            f"{name} carries the mark of another Purser installation, `{unknown.seen.installation}`, which answers "
            "for it. Look for it in the Slack workspace of that one."
        )
    if not unknown.seen.is_on:
        return f"{name} is off at {unknown.gateway}, so there is nothing to adopt."
    return None


def why_not_disabled(unknown: UnknownKey) -> str | None:
    """None when such a key can be turned off, else the sentence that says why not."""
    name = f"`{unknown.name}`"
    match unknown.state:
        case UnknownState.ADOPTED:
            return f"{name} was adopted{_by(unknown)}: it is a key of Purser's now. `/ai-disable` turns it off."
        case UnknownState.DISABLED:
            return f"{name} is off already{_by(unknown)}."
        case UnknownState.GONE:
            return f"{name} is not at {unknown.gateway} any more, so there is nothing to turn off."
        case UnknownState.OPEN if unknown.is_going_off:
            return f"{name} is being turned off already{_by(unknown)}."
        case UnknownState.OPEN if unknown.seen.installation:
            return (
                f"{name} carries the mark of another Purser installation, `{unknown.seen.installation}`, which answers "
                "for it. Somebody who knows it can turn it off there."
            )
        case _:
            return None


def _by(unknown: UnknownKey) -> str:
    return "" if unknown.decided_by is None else f" by <@{unknown.decided_by}>"


@dataclass(frozen=True, slots=True)
class AdoptFacts:
    """What the form offers that makes a key of Purser's out of an unknown one."""

    unknown: UnknownKey
    teams: tuple[Team, ...]
    projects: tuple[Project, ...] = ()
    default_seconds: int = 0
    longest_seconds: int = 0
    two_owners_from_micros: int = 0
    """From this cap on two owners have to agree, so that one cannot adopt."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """The outcome of adopting: the key it became."""

    key: Key
    name: str
    """What the gateway calls it."""
    by: str
    is_done: bool
    """Whether the gateway has been told its caps, and its record shows them."""


@dataclass(frozen=True, slots=True)
class TurnedOff:
    """The outcome of turning an unknown key off."""

    unknown: UnknownKey
    proof: Proof | None
    """None: decided, and not confirmed yet. Purser keeps trying."""


class Flag(StrEnum):
    """Why a key deserves a look, in the order in which they are told."""

    NO_HOLDER = "no_holder"
    """Who holds it, or leads it, has left the team or the workspace."""
    NO_LEAD = "no_lead"
    ALL_MODELS = "all_models"
    NO_END = "no_end"
    PAST_ROTATION = "past_rotation"
    UNUSED = "unused"
    CAP_DIFFERS = "cap_differs"
    """The gateway has not been told its cap yet."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key of the inventory. Amounts are micro-USD."""

    id: str
    label: str
    kind: KeyKind
    state: KeyState
    gateway: str
    team: str
    """The team's name."""
    project: str
    """The project's name; empty for none."""
    holder_id: str
    lead_id: str | None
    cap_micros: int
    cap_period: str
    daily_cap_micros: int | None
    since: datetime
    """When it was revealed or adopted."""
    expires_at: datetime | None
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class GatewayEntry:
    """What there is at one gateway."""

    name: str
    base_url: str
    by_kind: tuple[tuple[KeyKind, int], ...]
    """Keys that work, by kind."""
    by_state: tuple[tuple[KeyState, int], ...]
    """Keys that were ever shown to anybody, by state."""
    holders: int
    """People who hold keys that work."""
    projects: int
    """Projects that have keys that work."""
    monthly_micros: int
    """The caps a month of all keys that work."""
    total_micros: int
    """The caps in total of all temporary keys that work."""
    read_at: datetime | None
    """When it last told all its spend; None when it never did."""

    @property
    def working(self) -> int:
        """How many keys work."""
        return sum(count for _, count in self.by_kind)


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is, of one team or of all, on one page."""

    of: str
    """The teams' names; empty for everything."""
    budget_micros: int
    """The teams' monthly budgets together."""
    teams: int
    gateways: tuple[GatewayEntry, ...]
    flagged: tuple[tuple[Flag, int], ...]
    """How many keys that work deserve a look, by why."""
    oldest: tuple[KeyEntry, ...] = ()
    widest: tuple[KeyEntry, ...] = ()
    nobodys: tuple[KeyEntry, ...] = ()
    """Keys whose holder or lead is not there any more, the first few."""
    unknown: tuple[UnknownKey, ...] = ()
    unknown_count: int = 0
    page: int = 1
    pages: int = 1
    may_decide: bool = False
    """Whether the reader may adopt keys, and turn unknown ones off."""
    sees_unknown: bool = False

    @property
    def working(self) -> int:
        """How many keys work."""
        return sum(entry.working for entry in self.gateways)
