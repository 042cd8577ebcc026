"""Sweeps: everybody whom a source tells of is compared with everybody whom Purser knows.

Decides what one listed person means, and when a sweep is due, late or has failed. Whether it may act by itself is
decided by `offboarding.fuse`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.offboarding import Reach, Trip, Verdict
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS

EVERY_SECONDS = DAY_SECONDS
"""From the start of one sweep to the start of the next."""
GRACE_SECONDS = 2 * 3600
"""How long after a day a sweep may take before it counts as late."""
FEED_SECONDS = 600
"""How long a list from outside Slack may take to be read before whoever read it is believed to be dead."""
AGREEING = 2
"""So many owners have to agree before a sweep that stopped goes on."""


class Listing(StrEnum):
    """Where a list of people came from."""

    SLACK = "slack"
    FEED = "feed"


class SweepState(StrEnum):
    """Where a sweep is."""

    READING = "reading"
    ACTING = "acting"
    PAUSED = "paused"
    """It stopped, and asks owners."""
    DONE = "done"
    CALLED_OFF = "called_off"
    REPLACED = "replaced"
    """A newer one began before anybody had answered."""
    FAILED = "failed"


WORKING = frozenset({SweepState.READING, SweepState.ACTING})
RUNNING = WORKING | {SweepState.PAUSED}
ENDED = frozenset({SweepState.PAUSED, SweepState.DONE, SweepState.CALLED_OFF, SweepState.REPLACED})
"""States of a sweep that looked through everybody and did what it may do by itself."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One look through everybody."""

    id: str
    listing: Listing
    state: SweepState
    started_at: datetime
    started_by: str
    """A Slack user id, or `purser`."""
    cursor: str = ""
    """Where the next page begins; empty before the first and after the last."""
    pages: int = 0
    listed: int = 0
    why: str = ""
    """Why it stopped and asks (a `Trip`), or what went wrong last."""
    agreed: tuple[str, ...] = ()
    lease: str = ""
    leased_until: datetime | None = None
    finished_at: datetime | None = None

    @property
    def has_read(self) -> bool:
        """Whether its last page is read."""
        return self.pages > 0 and not self.cursor

    @property
    def trip(self) -> Trip | None:
        """Why it stopped and asked; None when it did not."""
        return Trip(self.why) if self.why in list(Trip) else None


@dataclass(frozen=True, slots=True)
class Known:
    """What the books say of somebody who is listed."""

    member_id: str
    is_here: bool
    """Known as present. Bots and people of other workspaces never are."""
    may_return: bool = False
    """Known as departed because Slack said so, and of no other source."""
    is_late: bool = False
    """Known as departed, but no departure stands, though keys of theirs still work."""


BACK = "back"
"""The note of somebody who was known as departed and is listed as active."""
NAMED = "named"
"""The note of somebody who was not listed and was asked for by name."""
HERE = "here"
"""The note of somebody who was found gone and was here again when it came to acting."""
TRIED = "tried once. "
"""What the note of somebody begins with for whom acting failed once."""
GIVEN_UP = "given up. "
"""The same for somebody for whom it failed twice."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a sweep found of one person whom Purser knows."""

    member_id: str
    verdict: Verdict
    note: str = ""
    left_at: datetime | None = None


def verdict(listed: Member | None, workspace_id: str) -> Verdict:
    """What it means how somebody is listed, or found when asked for by name; None for nobody found."""
    if listed is None:
        return Verdict.MISSING
    if listed.workspace_id != workspace_id:
        return Verdict.ELSEWHERE
    return Verdict.GONE if listed.is_departed else Verdict.PRESENT


def finding(known: Known, listed: Member, workspace_id: str) -> Found | None:
    """What is to be remembered of somebody listed; None when it is nothing new.

    Only who was known as present can be missed, so of departed people only those who are back are of interest, and
    those whose keys nobody has looked after.
    """
    said = verdict(listed, workspace_id)
    if known.is_here:
        return Found(known.member_id, said)
    if said is Verdict.PRESENT and known.may_return:
        return Found(known.member_id, said, BACK)
    return Found(known.member_id, said) if said is Verdict.GONE and known.is_late else None


def is_due(latest: Sweep | None, now: datetime) -> bool:
    """Whether another sweep is to start: the last one started a day ago, or there was none."""
    return latest is None or now - latest.started_at >= timedelta(seconds=EVERY_SECONDS)


def is_late(ended: Sweep | None, first: Sweep | None, latest: Sweep | None, now: datetime) -> bool:
    """Whether a day has passed in which no sweep came to its end, and the present one has been at it for long.

    `ended` is the last that looked through everybody, `first` the very first that was tried.
    """
    since = ended or first
    if since is None or latest is None or latest.state in ENDED:
        return False
    is_long = now - since.started_at >= timedelta(seconds=EVERY_SECONDS + GRACE_SECONDS)
    return is_long and now - latest.started_at >= timedelta(seconds=GRACE_SECONDS)


def is_stuck(running: Sweep, now: datetime) -> bool:
    """Whether nobody has worked on it for so long that another may start in its place."""
    if running.leased_until is not None and running.leased_until > now:
        return False
    after = FEED_SECONDS if running.listing is Listing.FEED and running.state is SweepState.READING else EVERY_SECONDS
    return now - running.started_at >= timedelta(seconds=after)


class Moment(StrEnum):
    """What people are told of a sweep."""

    PAUSED = "paused"
    AGREED = "agreed"
    CALLED_OFF = "called_off"
    DONE = "done"
    REPLACED = "replaced"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Impact:
    """What acting would do, or did."""

    reach: Reach
    gone: tuple[str, ...] = ()
    """The first of those who are gone, by Slack user id."""
    off: int = 0
    """Keys of theirs alone: they go off at once."""
    handed: int = 0
    """Keys that others depend on: they wait for somebody to take them over."""
    back: int = 0
    """People who were known as departed and are active again."""


@dataclass(frozen=True, slots=True)
class SweepFacts:
    """A sweep as people read of it."""

    sweep: Sweep
    impact: Impact
    asked_ids: tuple[str, ...]
    """Who may agree or call it off."""
    fuse_percent: int
    done: int = 0
    """People for whom what follows was done."""
    spared: int = 0
    """People who were here again when it came to acting."""
    failed: int = 0
    """People for whom it could not be done."""


@dataclass(frozen=True, slots=True)
class SweepNotice:
    """One message about a sweep: why it comes, who caused it, and what is true by now."""

    moment: Moment
    facts: SweepFacts
    actor_id: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sweep would do now, from a fresh look that changed nothing."""

    impact: Impact
    trip: Trip | None
    listed: int
    """How many people Slack listed, known to Purser or not."""
    fuse_percent: int
    last: SweepFacts | None = None
    """The last sweep that ended."""
    pending: SweepFacts | None = None
    """The one that waits for owners."""
    may_decide: bool = False
    """Whether who asked may agree to the one that waits."""
    is_on: bool = True
    """Whether sweeps come by themselves here."""
