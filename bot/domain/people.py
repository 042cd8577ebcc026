"""Who people are to Purser, and what each may do. Authority is looked up here, never read off a message."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in one team."""

    OWNER = "owner"
    MEMBER = "member"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Member:
    """A person as Slack describes them. `handle` is the short name that labels are made from."""

    id: str
    workspace_id: str
    handle: str
    name: str
    is_guest: bool = False
    is_bot: bool = False
    is_departed: bool = False
    time_zone: str = ""
    """As Slack tells it, such as `Europe/Berlin`; empty when it does not."""


@dataclass(frozen=True, slots=True)
class Team:
    """A team, the channel it lives in, and its owners and members by Slack user id, earliest first."""

    id: str
    name: str
    channel_id: str
    owner_ids: tuple[str, ...] = ()
    member_ids: tuple[str, ...] = ()
    time_zone: str = "UTC"
    """An IANA name: when its digest comes, and what its off-hours are."""
    digest_minutes: int | None = 540
    """When on Monday its weekly digest comes, in minutes after local midnight; None for never."""

    def role_of(self, member_id: str) -> Role:
        """What this person is in the team itself, workspace owners aside."""
        if member_id in self.owner_ids:
            return Role.OWNER
        return Role.MEMBER if member_id in self.member_ids else Role.NONE


@dataclass(frozen=True, slots=True)
class Project:
    """A production project of one team. `lead_id` answers for its keys."""

    id: str
    team_id: str
    name: str
    lead_id: str


class Barrier(StrEnum):
    """Why somebody may not do what they asked."""

    FOREIGN_WORKSPACE = "foreign_workspace"
    BOT = "bot"
    DEPARTED = "departed"
    GUEST = "guest"
    GUEST_OUTSIDE = "guest_outside"
    """A guest who asks about a team they are not in."""
    NOT_IN_TEAM = "not_in_team"
    NOT_OWNER = "not_owner"
    OWN_REQUEST = "own_request"
    OWN_BUDGET = "own_budget"
    NOT_REQUESTER = "not_requester"


BARRIER_TEXT = {
    Barrier.FOREIGN_WORKSPACE: "Purser only serves people of its own Slack workspace.",
    Barrier.BOT: "Purser hands keys to people only, so that every key has a name behind it.",
    Barrier.DEPARTED: "This account is deactivated in Slack.",
    Barrier.GUEST: "Guests can hold keys, but decide nothing about keys or teams. Ask an owner of the team.",
    Barrier.GUEST_OUTSIDE: "Guests see the usage of the teams they are in. Your own: `/ai-usage me`.",
    Barrier.NOT_IN_TEAM: "You are not in this team. Ask one of its owners for `/ai-team invite @you`.",
    Barrier.NOT_OWNER: "Only owners of the team can do this.",
    Barrier.OWN_REQUEST: "Nobody approves their own request. Another owner has to decide.",
    Barrier.OWN_BUDGET: "Nobody decides about their own budget or key. Another owner has to.",
    Barrier.NOT_REQUESTER: "Only the person who asked can do this.",
}


@dataclass(frozen=True, slots=True)
class Authority:
    """The standing facts that permissions are judged by: our workspace, its owners and its finance by user id."""

    workspace_id: str
    workspace_owner_ids: frozenset[str]
    finance_ids: frozenset[str] = frozenset()
    """People who see all usage, and decide nothing."""

    def stranger(self, person: Member) -> Barrier | None:
        """Why this person can use nothing at all, or None."""
        if person.workspace_id != self.workspace_id:
            return Barrier.FOREIGN_WORKSPACE
        if person.is_bot:
            return Barrier.BOT
        return Barrier.DEPARTED if person.is_departed else None

    def owns(self, person: Member, team: Team) -> bool:
        """Whether this person has an owner's say in the team."""
        return person.id in self.workspace_owner_ids or team.role_of(person.id) is Role.OWNER

    def sees_everything(self, person: Member) -> bool:
        """Whether this person sees the usage of every team, person and key: workspace owners and finance."""
        return person.id in self.workspace_owner_ids or person.id in self.finance_ids

    def sees_keys_of(self, person: Member, team: Team) -> bool:
        """Whether this person, no guest, sees the usage of each key of the team, whoever holds it."""
        return (self.owns(person, team) and not person.is_guest) or self.sees_everything(person)

    def barrier_to_look(self, person: Member, team: Team) -> Barrier | None:
        """Why this person may not see what the team uses, or None. Guests see the teams they are in."""
        if barrier := self.stranger(person):
            return barrier
        is_inside = team.role_of(person.id) is not Role.NONE
        return Barrier.GUEST_OUTSIDE if person.is_guest and not (is_inside or self.sees_everything(person)) else None

    def barrier_to_ask(self, person: Member, team: Team) -> Barrier | None:
        """Why this person may not ask for a key in the team, or None. Guests may, once invited."""
        if barrier := self.stranger(person):
            return barrier
        if self.owns(person, team) or team.role_of(person.id) is Role.MEMBER:
            return None
        return Barrier.NOT_IN_TEAM

    def barrier_to_own(self, person: Member, team: Team) -> Barrier | None:
        """Why this person may not act as an owner of the team, or None."""
        if barrier := self.stranger(person):
            return barrier
        if person.is_guest:
            return Barrier.GUEST
        return None if self.owns(person, team) else Barrier.NOT_OWNER

    def barrier_to_decide(
        self,
        person: Member,
        team: Team,
        requester_id: str,
        *,
        also: Collection[str] = (),
        concerns: str | None = None,
    ) -> Barrier | None:
        """Why this person may not decide a request in the team, or None. Nobody decides their own.

        `also` may decide beside the owners: quiet approvers, and a project's lead. `concerns` is whose budget or key
        a raise is of.
        """
        if barrier := self.stranger(person):
            return barrier
        if person.is_guest:
            return Barrier.GUEST
        if person.id not in also and not self.owns(person, team):
            return Barrier.NOT_OWNER
        if person.id == requester_id:
            return Barrier.OWN_REQUEST
        return Barrier.OWN_BUDGET if person.id == concerns else None

    def barrier_to_found_team(self, person: Member) -> Barrier | None:
        """Why this person may not create a team, or None: workspace owners only."""
        if barrier := self.stranger(person):
            return barrier
        if person.is_guest:
            return Barrier.GUEST
        return None if person.id in self.workspace_owner_ids else Barrier.NOT_OWNER


@dataclass(frozen=True, slots=True)
class Askable:
    """Who could decide a request, and how they want to be asked, by Slack user id."""

    able: Collection[str]
    """People who are still here, no guests, and may decide: owners, quiet approvers, a project's lead."""
    quiet: tuple[str, ...] = ()
    """Those who are not asked while anybody else could be."""
    lead_id: str | None = None
    """The lead who alone may agree, and so is asked before any owner."""
    needed: int = 1
    """How many have to agree."""


def who_to_ask(
    team: Team, authority: Authority, requester_id: str, askable: Askable
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whom to ask about a request, first and then, as two lists of user ids. The requester never is.

    First the team's owners, then the workspace's; a team without any asks the workspace's at once. A project's lead
    who may agree alone is asked before the owners. Quiet people are asked only where the others are not enough.
    """
    able = set(askable.able) - {requester_id}
    loud = able - set(askable.quiet)
    first, then = _owners_to_ask(team, authority, loud)
    if askable.lead_id in loud:
        lead = askable.lead_id
        first, then = (lead,), tuple(owner for owner in first if owner != lead)
    if len(first) + len(then) >= askable.needed:
        return first, then
    everybody = (*team.owner_ids, *sorted(authority.workspace_owner_ids), *askable.quiet)
    rest = tuple(one for one in dict.fromkeys(everybody) if one in able and one not in first + then)
    return first + then + rest, ()


def _owners_to_ask(team: Team, authority: Authority, able: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    first = tuple(owner for owner in team.owner_ids if owner in able)
    then = tuple(sorted(owner for owner in authority.workspace_owner_ids if owner in able and owner not in first))
    return (first, then) if first else (then, ())


_NOT_SLUG = re.compile(r"[^a-z0-9]+")


HANDLE_CHARS = 16
NAME_CHARS = 24
"""How much of a project's or automation's name its keys' labels start with."""


def handle_from(name: str, longest: int = HANDLE_CHARS) -> str:
    """The short name a label starts with: `Ana María` becomes `ana-mar-a`, at most 16 characters.

    Names with no Latin letter or digit become `member`, and so does one that would make a label look like a
    secret (`sk-...`).
    """
    slug = _NOT_SLUG.sub("-", name.casefold()).strip("-")[:longest].strip("-")
    return "member" if not slug or slug.split("-")[0] == "sk" else slug


def is_key_name(name: str) -> bool:
    """Whether an automation key may be called this: as a team, at most 24 characters, and nothing like a secret."""
    return is_team_name(name) and handle_from(name, NAME_CHARS) == name


_TEAM_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def is_team_name(name: str) -> bool:
    """Whether a team or project may be called this: 1 to 40 of a-z, 0-9 and inner hyphens."""
    return _TEAM_NAME.fullmatch(name) is not None
