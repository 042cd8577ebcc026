"""Offboarding: what becomes of what a leaver held, who takes it over, and when a sweep must stop and ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.keys import PERSONAL_KINDS, Key
from bot.domain.people import Role
from bot.domain.policy import Policy


class Source(StrEnum):
    """How it became known that somebody left."""

    EVENT = "event"
    """Slack said so at once."""
    SWEEP = "sweep"
    """Slack said so when everybody was looked through."""
    FEED = "feed"
    """A list of leavers from outside Slack said so."""


class DepartureState(StrEnum):
    """Where a departure is. Whoever leaves again has another one."""

    OPEN = "open"
    RETURNED = "returned"
    """They are back in Slack. What they held stays as it is."""
    UNDONE = "undone"
    """It was wrong, and an owner undid it."""


@dataclass(frozen=True, slots=True)
class Departure:
    """That somebody left."""

    id: str
    member_id: str
    source: Source
    noticed_at: datetime
    noticed_by: str
    """A Slack user id, or `purser`."""
    note: str = ""
    """What the source said beside it."""
    left_at: datetime | None = None
    """When they left, where the source tells."""
    state: DepartureState = DepartureState.OPEN
    ended_at: datetime | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True)
class LeftTeam:
    """What a leaver was in one team, and the message about it there."""

    departure_id: str
    team_id: str
    role: Role
    """NONE where they only answered for keys."""
    channel_id: str | None = None
    ts: str | None = None
    due_at: datetime | None = None
    """When what nobody took over is stopped; None where nothing waits."""
    reminded_at: datetime | None = None
    restored_at: datetime | None = None
    restored_by: str | None = None


@dataclass(frozen=True, slots=True)
class LeftProject:
    """A project that a leaver led, and who leads it since."""

    departure_id: str
    project_id: str
    moved_to: str | None = None
    moved_at: datetime | None = None


class Was(StrEnum):
    """What a leaver was to a key."""

    HOLDER = "holder"
    LEAD = "lead"
    BOTH = "both"


class Outcome(StrEnum):
    """What became of a key that a leaver held or led."""

    OFF = "off"
    """Turned off at once: it was theirs alone."""
    WAITING = "waiting"
    """It works on, and waits for somebody to take it over."""
    TAKEN = "taken"
    STOPPED = "stopped"
    """Nobody took it over in time."""
    ENDED = "ended"
    """It was turned off, ran out or was replaced meanwhile."""


@dataclass(frozen=True, slots=True)
class LeftKey:
    """A key that worked, or would have come back by itself, when somebody who held or led it left."""

    departure_id: str
    key_id: str
    team_id: str
    was: Was
    outcome: Outcome
    by: str | None = None
    """Who took it over."""
    at: datetime | None = None


def was_to(key: Key, leaver_id: str) -> Was | None:
    """What somebody is to a key; None for nothing."""
    if key.holder_id == leaver_id:
        return Was.BOTH if key.lead_id == leaver_id else Was.HOLDER
    return Was.LEAD if key.lead_id == leaver_id else None


def fate(key: Key) -> Outcome:
    """What becomes of a leaver's key at once: a person's own goes off, one that others depend on waits for them."""
    return Outcome.OFF if key.kind in PERSONAL_KINDS else Outcome.WAITING


class Verdict(StrEnum):
    """What a sweep found of one person whom Purser knows."""

    PRESENT = "present"
    GONE = "gone"
    """Deactivated, or a guest whose time is over."""
    ELSEWHERE = "elsewhere"
    """Listed as somebody of another workspace."""
    MISSING = "missing"
    """Not listed, and not known when asked for by name: nothing shows that they left."""


class Trip(StrEnum):
    """Why a sweep stops and asks two owners before it does anything."""

    WORKSPACE = "workspace"
    SHORT = "short"
    PEOPLE = "people"
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Reach:
    """What a sweep knows and would touch."""

    people: int
    """People whom Purser knew as present when it began."""
    gone: int
    """Those of them whom it found gone."""
    missing: int
    """Those of them whom it did not find, and whom owners have not let pass as not found before."""
    elsewhere: int
    """Those of them who were listed under another workspace."""
    keys: int
    """Keys that work, of everybody."""
    touched: int
    """Keys that work and that those who are gone hold or lead."""


FUSE_LEAST = 5
"""So many people or keys a sweep may touch however few there are."""


def fuse(reach: Reach, policy: Policy) -> Trip | None:
    """Why a sweep has to stop and ask; None when it may go on by itself.

    A list that is another workspace's, or that lacks people whom Slack does not know by name either, shows nothing
    about anybody, so it is not acted on at all. However few people there are, one that tells of half of them under
    another workspace is another workspace's.
    """
    most = _most(reach.people, policy)
    if reach.elsewhere > most or (reach.elsewhere and 2 * reach.elsewhere >= reach.people):
        return Trip.WORKSPACE
    if reach.missing:
        return Trip.SHORT
    if reach.gone > most:
        return Trip.PEOPLE
    return Trip.KEYS if reach.touched > _most(reach.keys, policy) else None


def _most(count: int, policy: Policy) -> int:
    """So many of so many a sweep may touch by itself."""
    return max(FUSE_LEAST, count * policy.fuse_percent // 100)
