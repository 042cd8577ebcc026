"""What people are told about somebody who left: what they held in one team, what became of it, what waits for whom.

Plain frozen values, gathered at the moment a message is written; whether there is anything to tell is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.facts import KeyFacts
from bot.domain.keys import KeyState
from bot.domain.offboarding import Departure, DepartureState, LeftKey, LeftProject, LeftTeam, Outcome, Source
from bot.domain.people import Project, Role, Team
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Request

LAST_REMINDER_SECONDS = DAY_SECONDS
"""The last reminder comes so long before what nobody took over is stopped."""


@dataclass(frozen=True, slots=True)
class Ref:
    """What a button of such a message is about: all that waits in one team, or one key of it."""

    departure_id: str
    team_id: str
    key_id: str | None = None

    @property
    def id(self) -> str:
        """As buttons carry it; `of` reads it."""
        return ":".join(filter(None, (self.departure_id, self.team_id, self.key_id)))

    @classmethod
    def of(cls, text: str) -> Ref | None:
        """Read an id; None for anything else."""
        departure_id, _, rest = text.partition(":")
        team_id, _, key_id = rest.partition(":")
        return cls(departure_id, team_id, key_id or None) if departure_id and team_id else None


@dataclass(frozen=True, slots=True)
class LeftKeyFacts:
    """A key that the leaver held or led, as it is now."""

    left: LeftKey
    key: KeyFacts
    asked_ids: tuple[str, ...] = ()
    """Who is asked to take it over at this moment, by Slack user id; empty unless it waits, or was stopped."""

    @property
    def is_waiting(self) -> bool:
        """Whether it works on, or comes back by itself, and nobody answers for it."""
        return self.left.outcome is Outcome.WAITING

    @property
    def can_be_taken(self) -> bool:
        """Whether somebody can take it over: it waits, or was stopped as nobody did and is off."""
        is_stopped = self.left.outcome is Outcome.STOPPED and self.key.key.state is KeyState.DISABLED
        return self.is_waiting or (is_stopped and self.key.key.deleted_at is None)


@dataclass(frozen=True, slots=True)
class LeftProjectFacts:
    """A project that the leaver led, as it is now."""

    left: LeftProject
    project: Project


@dataclass(frozen=True, slots=True)
class DepartureFacts:
    """One departure as one team is concerned by it."""

    departure: Departure
    name: str
    """What the leaver is called; empty when Purser never knew."""
    team: Team
    left: LeftTeam
    keys: tuple[LeftKeyFacts, ...] = ()
    """Those that wait first, then by label."""
    projects: tuple[LeftProjectFacts, ...] = ()
    closed: tuple[Request, ...] = ()
    """Requests of theirs that were closed because they left."""
    owner_ids: tuple[str, ...] = ()
    """Who owns the team by now, by Slack user id: its owners who are still here, else the workspace's."""
    take_over_seconds: int = 7 * DAY_SECONDS
    is_kept_out: bool = False
    """Whether a list of leavers keeps them out, whatever Slack says."""

    @property
    def waiting(self) -> tuple[LeftKeyFacts, ...]:
        """Keys that wait for somebody."""
        return tuple(one for one in self.keys if one.is_waiting)

    @property
    def asked_ids(self) -> tuple[str, ...]:
        """Everybody who is asked to take something over, each once."""
        return tuple(dict.fromkeys(person for one in self.waiting for person in one.asked_ids))

    @property
    def is_worth_telling(self) -> bool:
        """Whether there is anything that anybody has to know or do: a key, a role that others have to fill, an ask."""
        return bool(self.keys or self.projects or self.closed or self.left.role is Role.OWNER)

    @property
    def can_be_undone(self) -> bool:
        """Whether Restore makes sense: they are back, or a list keeps them out; and nobody undid it yet.

        There is something to put back: what they were in the team, or keys of their own that went off.
        """
        by_a_list = self.is_kept_out or self.departure.source is Source.FEED
        state = self.departure.state
        may_be_wrong = state is DepartureState.RETURNED or (state is DepartureState.OPEN and by_a_list)
        went_off = any(one.left.outcome is Outcome.OFF for one in self.keys)
        has_lost = went_off or bool(self.projects) or self.left.role is not Role.NONE
        return may_be_wrong and has_lost and self.left.restored_at is None


class LeavingPart(StrEnum):
    """What is written about a departure."""

    MESSAGE = "message"
    """The one message in the team's channel, or the same to an owner directly."""
    REMINDER = "reminder"
    """In its thread: what still waits, and for whom."""
    LAST_REMINDER = "last_reminder"
    """The same a day before it is stopped."""
    STOPPED = "stopped"
    """In its thread: nobody took these over in time, and they were stopped."""


@dataclass(frozen=True, slots=True)
class DepartureNotice:
    """One message about a departure: which part of it, and the facts it shows."""

    facts: DepartureFacts
    part: LeavingPart = LeavingPart.MESSAGE
    key_ids: tuple[str, ...] = ()
    """The keys it is about; empty for all."""
    why: str = ""
    """Why it comes directly and not in the channel."""


class HandedWhy(StrEnum):
    """Why a key has another holder or lead than before."""

    TAKEN = "taken_over"
    """Somebody took it over from a person who left."""
    GIVEN = "handed_over"
    """An owner, or its lead, gave it to somebody."""
    LED = "led"
    """Its project has another lead."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of keys that were taken over, given away or turned off, as the person who did it reads it."""

    keys: tuple[KeyFacts, ...]
    """As they are now."""
    refused: tuple[str, ...] = ()
    """Labels of others that this person may not decide about."""
    project_names: tuple[str, ...] = ()
    """Projects that somebody else leads from now on."""
    to_id: str = ""
    """Who has them from now on, by Slack user id; empty where they go off."""
    is_own: bool = False
    """Whether that is who did it."""
    counted: tuple[str, ...] = ()
    """Labels of those whose usage counts to that person from now on."""


def reminder_due(left: LeftTeam, noticed_at: datetime, now: datetime, every_seconds: int) -> LeavingPart | None:
    """Which reminder is due of keys that wait in a team; None for none.

    Every so often, and once more a day before they are stopped; one that would come shortly before that one is left
    to it. None once the time is over.
    """
    if left.due_at is None or now >= left.due_at:
        return None
    since = left.reminded_at or noticed_at
    left_seconds = (left.due_at - now).total_seconds()
    if left_seconds <= LAST_REMINDER_SECONDS:
        told = (left.due_at - since).total_seconds() <= LAST_REMINDER_SECONDS
        return None if told else LeavingPart.LAST_REMINDER
    if left_seconds <= LAST_REMINDER_SECONDS + every_seconds // 4:
        return None
    return LeavingPart.REMINDER if (now - since).total_seconds() >= every_seconds else None
