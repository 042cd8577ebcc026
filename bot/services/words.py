"""How people name a limit when they type: the team, a project, a person, a key. Services find out what is meant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TeamWord:
    """`team`: the team of the channel."""


@dataclass(frozen=True, slots=True)
class ProjectWord:
    """`project NAME`: a project of the channel's team."""

    name: str


@dataclass(frozen=True, slots=True)
class PersonWord:
    """`@user`, by Slack user id: that person's own budget."""

    member_id: str


@dataclass(frozen=True, slots=True)
class KeyWord:
    """A key's label: its cap."""

    label: str
