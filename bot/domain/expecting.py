"""What people are told of times in which more spend is expected of a team or its projects."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.incidents import Expected
from bot.domain.people import Team


@dataclass(frozen=True, slots=True)
class Standing:
    """A time that lasts, and what it is of."""

    expected: Expected
    name: str
    """The project's or team's name."""


@dataclass(frozen=True, slots=True)
class Expecting:
    """A team and what is expected of it and its projects now."""

    team: Team
    standing: tuple[Standing, ...]
    changed: Standing | None = None
    """What was just said, or ended."""
