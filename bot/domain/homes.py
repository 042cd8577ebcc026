"""What a person's Home tab shows, and which view of it stands in Slack."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.budgets import Budget
from bot.domain.digests import OldKey
from bot.domain.facts import KeyFacts, RequestFacts
from bot.domain.people import Member, Team
from bot.domain.reports import Report


@dataclass(frozen=True, slots=True)
class TeamGlance:
    """A team as one of its owners sees it at a glance."""

    team: Team
    budget: Budget | None = None
    """None when it has none."""
    week: Report | None = None
    """This week by member; None when nobody can see it."""
    waiting: int = 0
    """Requests of the team that wait for a decision."""
    old_keys: tuple[OldKey, ...] = ()
    incidents: int = 0
    """Incidents of the team that are not closed."""


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What a person's Home tab shows."""

    member: Member
    keys: tuple[KeyFacts, ...] = ()
    """Those that can be used first, then those that were turned off last."""
    requests: tuple[RequestFacts, ...] = ()
    waiting_for_me: tuple[RequestFacts, ...] = ()
    """Those that have waited longest."""
    budgets: tuple[Budget, ...] = ()
    is_owner: bool = False
    week: Report | None = None
    """What the person's keys did in this week, by key; None for somebody who never held one."""
    teams: tuple[TeamGlance, ...] = ()
    """Teams the person owns, by name."""
    teams_left_out: int = 0
    """How many more teams they own."""
    keys_left_out: int = 0
    """How many more keys they hold."""
    waiting_left_out: int = 0
    """How many more requests wait for them."""
    wants_digest: bool = False
    """Whether they asked for a weekly digest of their own."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A view that stands in somebody's Home tab."""

    fingerprint: str = ""
    """Of what it shows; views that differ only in how fresh they are, by minutes, have the same. Empty: not known."""
    view_hash: str = ""
    """Slack's name of it; empty when nothing was published, or nobody knows what."""
