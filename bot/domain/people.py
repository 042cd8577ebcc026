"""Who people are to Purser, and what each may do. Authority is looked up here, never read off a message."""

from __future__ import annotations

import re
from collections.abc import Iterable
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


@dataclass(frozen=True, slots=True)
class Team:
    """A team, the channel it lives in, and its owners and members by Slack user id, earliest first."""

    id: str
    name: str
    channel_id: str
    owner_ids: tuple[str, ...] = ()
    member_ids: tuple[str, ...] = ()

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
    NOT_IN_TEAM = "not_in_team"
    NOT_OWNER = "not_owner"
    OWN_REQUEST = "own_request"
    NOT_REQUESTER = "not_requester"


BARRIER_TEXT = {
    Barrier.FOREIGN_WORKSPACE: "Purser only serves people of its own Slack workspace.",
    Barrier.BOT: "Purser hands keys to people only, so that every key has a name behind it.",
    Barrier.DEPARTED: "This account is deactivated in Slack.",
    Barrier.GUEST: "Guests can hold keys, but decide nothing about keys or teams. Ask an owner of the team.",
    Barrier.NOT_IN_TEAM: "You are not in this team. Ask one of its owners for `/ai-team invite @you`.",
    Barrier.NOT_OWNER: "Only owners of the team can do this.",
    Barrier.OWN_REQUEST: "Nobody approves their own request. Another owner has to decide.",
    Barrier.NOT_REQUESTER: "Only the person who asked can do this.",
}


@dataclass(frozen=True, slots=True)
class Authority:
    """The standing facts that permissions are judged by: our workspace, and its owners by user id."""

    workspace_id: str
    workspace_owner_ids: frozenset[str]

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

    def barrier_to_decide(self, person: Member, team: Team, requester_id: str) -> Barrier | None:
        """Why this person may not decide a request in the team, or None. Nobody decides their own."""
        if barrier := self.barrier_to_own(person, team):
            return barrier
        return Barrier.OWN_REQUEST if person.id == requester_id else None

    def barrier_to_found_team(self, person: Member) -> Barrier | None:
        """Why this person may not create a team, or None: workspace owners only."""
        if barrier := self.stranger(person):
            return barrier
        if person.is_guest:
            return Barrier.GUEST
        return None if person.id in self.workspace_owner_ids else Barrier.NOT_OWNER


def who_to_ask(
    team: Team, authority: Authority, requester_id: str, can_decide: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whom to ask about a request: first the team's owners, then the workspace's, as two lists of user ids.

    `can_decide` holds the ids of people who are still here and no guests; everybody else, and the requester,
    is skipped. A team without any such owner asks the workspace's owners at once.
    """
    able = set(can_decide) - {requester_id}
    first = tuple(owner for owner in team.owner_ids if owner in able)
    then = tuple(sorted(owner for owner in authority.workspace_owner_ids if owner in able and owner not in first))
    return (first, then) if first else (then, ())


_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def handle_from(name: str) -> str:
    """The short name a label starts with: `Ana María` becomes `ana-mar-a`, at most 16 characters.

    Names with no Latin letter or digit become `member`, and so does one that would make a label look like a
    secret (`sk-...`).
    """
    slug = _NOT_SLUG.sub("-", name.casefold()).strip("-")[:16].strip("-")
    return "member" if not slug or slug.split("-")[0] == "sk" else slug


_TEAM_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def is_team_name(name: str) -> bool:
    """Whether a team or project may be called this: 1 to 40 of a-z, 0-9 and inner hyphens."""
    return _TEAM_NAME.fullmatch(name) is not None
