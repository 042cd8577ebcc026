"""Which keys are old: unused for long, past their rotation, or with nobody left who answers for them.

A key that somebody keeps is not called old until that time is over, whatever else is true of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from bot.domain.digests import Age, OldKey
from bot.domain.facts import KeyFacts
from bot.domain.keys import PERSONAL_KINDS, KeyKind, KeyState
from bot.domain.periods import DAY_SECONDS
from bot.domain.policy import Policy

KEEP_SECONDS = 30 * DAY_SECONDS
"""How long a key that somebody keeps is not called old."""
IN_USE = frozenset({KeyState.LIVE, KeyState.RESTORING})
"""States of keys that may be called old. What is off, or on its way there, needs nobody's attention."""


class Held(Protocol):
    """A key, or so much of it as is looked at here."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def kind(self) -> KeyKind: ...
    @property
    def state(self) -> KeyState: ...
    @property
    def holder_id(self) -> str: ...
    @property
    def lead_id(self) -> str | None: ...
    @property
    def revealed_at(self) -> datetime | None: ...
    @property
    def kept_until(self) -> datetime | None: ...
    @property
    def retires_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """The outcome of Keep: the key, and until when it is not called old."""

    key: KeyFacts
    until: datetime
    already: bool = False
    """Whether it was kept today before, so that nothing changed."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """That a key is kept, as it stands now."""

    by: str
    """Who said so last, by Slack user id."""
    until: datetime


def answers_for(key: Held) -> str:
    """Who answers for the key, by Slack user id: a person's own keys their holder, the others their lead."""
    return key.holder_id if key.kind in PERSONAL_KINDS else key.lead_id or key.holder_id


def is_kept(key: Held, now: datetime) -> bool:
    """Whether somebody keeps it, so that it is not called old."""
    return key.kept_until is not None and key.kept_until > now


def ages(
    key: Held,
    last_used: date | None,
    people: Collection[str],
    policy: Policy,
    now: datetime,
    *,
    use_known: bool = True,
) -> tuple[Age, ...]:
    """Why the key is called old at this moment, in the order of `Age`; empty when it is not.

    `last_used` is the last UTC day with a request, None when there was none; `people` are those of its team who are
    still here. Where a gateway does not tell what a key is used for (`use_known`), none is called unused.
    """
    if key.state not in IN_USE or key.revealed_at is None or is_kept(key, now):
        return ()
    found = []
    if use_known and _seconds(now, _quiet_since(key.revealed_at, last_used)) >= policy.unused_seconds:
        found.append(Age.UNUSED)
    due = rotation_due(key, policy)
    if due is not None and due <= now:
        found.append(Age.PAST_ROTATION)
    if answers_for(key) not in people:
        found.append(Age.NO_HOLDER)
    return tuple(found)


def old_key(
    key: Held,
    last_used: date | None,
    people: Collection[str],
    policy: Policy,
    now: datetime,
    *,
    use_known: bool = True,
) -> OldKey | None:
    """The key as a digest tells of it, or None when it is not old."""
    why = ages(key, last_used, people, policy, now, use_known=use_known)
    if not why or key.revealed_at is None:
        return None
    due = rotation_due(key, policy)
    since = due if why == (Age.PAST_ROTATION,) and due is not None else _used_at(last_used) or key.revealed_at
    return OldKey(key.id, key.label, answers_for(key), why, since)


def rotation_due(key: Held, policy: Policy) -> datetime | None:
    """When the key should be replaced by a new one; None for kinds that are not rotated, before its reveal, and
    once another key is taking its place.
    """
    limits = policy.kinds.get(key.kind)
    if limits is None or limits.rotate_seconds is None or key.revealed_at is None or key.retires_at is not None:
        return None
    return key.revealed_at + timedelta(seconds=limits.rotate_seconds)


def _quiet_since(revealed_at: datetime, last_used: date | None) -> datetime:
    """From when on it was certainly not used: the day on which it was last used counts as used to its end."""
    used_at = _used_at(last_used)
    return revealed_at if used_at is None else max(revealed_at, used_at + timedelta(days=1))


def _used_at(last_used: date | None) -> datetime | None:
    return None if last_used is None else datetime.combine(last_used, time(), UTC)


def _seconds(now: datetime, since: datetime) -> float:
    return (now - since).total_seconds()
