"""The tables of offboarding and hygiene: departures, sweeps, reviews, questions about keys, unknown keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from storage.columns import micros, when

_OPEN_DEPARTURE = text("state = 'open'")
_WAITING = text("outcome = 'waiting'")
_RUNNING = text("state IN ('reading', 'acting', 'paused')")
_OPEN_REVIEW = text("state = 'open'")
_UNANSWERED = text("answer IS NULL")


class DepartureRow(SQLModel, table=True):
    """That somebody left, from the moment it was noticed. Somebody who leaves twice has two."""

    __tablename__ = "departures"
    __table_args__ = (
        CheckConstraint("source IN ('event', 'sweep', 'feed')", name="source_is_known"),
        CheckConstraint("state IN ('open', 'returned', 'undone')", name="state_is_known"),
        # However many notice it at once, a person leaves once.
        Index(
            "uq_departures_one_open_per_member",
            "member_id",
            unique=True,
            sqlite_where=_OPEN_DEPARTURE,
            postgresql_where=_OPEN_DEPARTURE,
        ),
        Index("ix_departures_noticed", "noticed_at"),
    )

    id: str = Field(primary_key=True)
    member_id: str = Field(index=True)
    source: str
    note: str = ""
    """What the source said beside it, such as a line of a feed."""
    noticed_at: datetime = when()
    noticed_by: str
    """A Slack user id, or `purser`."""
    left_at: datetime | None = when(optional=True)
    """When they left, where the source tells."""
    state: str
    ended_at: datetime | None = when(optional=True)
    """When they were back, or the departure was undone."""
    ended_by: str | None = None


class DepartureTeamRow(SQLModel, table=True):
    """What a leaver was in one team that they belonged to or answered for keys in, and the message about it there."""

    __tablename__ = "departure_teams"
    __table_args__ = (CheckConstraint("role IN ('owner', 'member', 'none')", name="role_is_known"),)

    departure_id: str = Field(primary_key=True, foreign_key="departures.id")
    team_id: str = Field(primary_key=True, foreign_key="teams.id")
    role: str
    channel_id: str | None = None
    ts: str | None = None
    """Where its message stands."""
    due_at: datetime | None = when(optional=True)
    """When what nobody took over is stopped; None where nothing waits."""
    reminded_at: datetime | None = when(optional=True)
    restored_at: datetime | None = when(optional=True)
    restored_by: str | None = None


class DepartureProjectRow(SQLModel, table=True):
    """A project that a leaver led, and who leads it since."""

    __tablename__ = "departure_projects"

    departure_id: str = Field(primary_key=True, foreign_key="departures.id")
    project_id: str = Field(primary_key=True, foreign_key="projects.id")
    moved_to: str | None = None
    moved_at: datetime | None = when(optional=True)


class DepartureKeyRow(SQLModel, table=True):
    """A key that worked, or would have come back by itself, when somebody who held or led it left."""

    __tablename__ = "departure_keys"
    __table_args__ = (
        CheckConstraint("was IN ('holder', 'lead', 'both')", name="was_is_known"),
        CheckConstraint("outcome IN ('off', 'waiting', 'taken', 'stopped', 'ended')", name="outcome_is_known"),
        # A key waits for one new holder at a time.
        Index(
            "uq_departure_keys_one_waiting_per_key",
            "key_id",
            unique=True,
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_departure_keys_key", "key_id"),
    )

    departure_id: str = Field(primary_key=True, foreign_key="departures.id")
    key_id: str = Field(primary_key=True, foreign_key="keys.id")
    team_id: str = Field(foreign_key="teams.id")
    was: str
    """What the leaver was to it."""
    outcome: str
    """Turned off at once; waiting for somebody to take it over; taken; stopped, as nobody did; ended otherwise."""
    by: str | None = None
    """Who took it over."""
    at: datetime | None = when(optional=True)


class SweepRow(SQLModel, table=True):
    """One look through everybody whom a source tells of, from its first page to what was done about it."""

    __tablename__ = "sweeps"
    __table_args__ = (
        CheckConstraint("source IN ('slack', 'feed')", name="source_is_known"),
        CheckConstraint(
            "state IN ('reading', 'acting', 'paused', 'done', 'called_off', 'replaced', 'failed')",
            name="state_is_known",
        ),
        Index(
            "uq_sweeps_one_running_per_source",
            "source",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
        Index("ix_sweeps_started", "source", "started_at"),
    )

    id: str = Field(primary_key=True)
    source: str
    state: str
    started_at: datetime = when()
    started_by: str
    """A Slack user id, or `purser`."""
    cursor: str = ""
    """Where the next page begins; empty before the first."""
    pages: int = 0
    listed: int = 0
    """How many people the source told of, known to Purser or not."""
    why: str = ""
    """Why it stopped and asks, or failed."""
    agreed: list[str] = Field(default_factory=list, sa_type=JSON)
    """Owners who want it to go on all the same, by Slack user id."""
    lease: str = ""
    leased_until: datetime | None = when(optional=True)
    """Until then the process that works on it is believed to be alive."""
    finished_at: datetime | None = when(optional=True)


class SweepPersonRow(SQLModel, table=True):
    """What a sweep found of one person whom Purser knows."""

    __tablename__ = "sweep_people"
    __table_args__ = (
        CheckConstraint("verdict IN ('present', 'gone', 'elsewhere', 'missing')", name="verdict_is_known"),
    )

    sweep_id: str = Field(primary_key=True, foreign_key="sweeps.id")
    member_id: str = Field(primary_key=True)
    verdict: str
    note: str = ""
    left_at: datetime | None = when(optional=True)
    done_at: datetime | None = when(optional=True)
    """When what follows from it was done."""


class ReviewRow(SQLModel, table=True):
    """A campaign in which a team's owners confirm each of its keys."""

    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'done')", name="state_is_known"),
        Index(
            "uq_reviews_one_open_per_team",
            "team_id",
            unique=True,
            sqlite_where=_OPEN_REVIEW,
            postgresql_where=_OPEN_REVIEW,
        ),
    )

    id: str = Field(primary_key=True)
    team_id: str = Field(foreign_key="teams.id")
    state: str
    started_by: str
    started_at: datetime = when()
    due_at: datetime = when()
    """What nobody confirmed by then is turned off."""
    noticed_at: datetime | None = when(optional=True)
    """When people were told which keys that would be."""
    channel_id: str | None = None
    ts: str | None = None
    ended_at: datetime | None = when(optional=True)


class ConfirmationRow(SQLModel, table=True):
    """A question whether a key is still needed, and what was answered. Silence turns the key off."""

    __tablename__ = "confirmations"
    __table_args__ = (
        CheckConstraint("why IN ('unused', 'review')", name="why_is_known"),
        CheckConstraint("answer IN ('kept', 'off', 'silent', 'moot')", name="answer_is_known"),
        Index(
            "uq_confirmations_one_open_per_key",
            "key_id",
            unique=True,
            sqlite_where=_UNANSWERED,
            postgresql_where=_UNANSWERED,
        ),
        Index("ix_confirmations_due", "answer", "due_at"),
        Index("ix_confirmations_review", "review_id"),
    )

    id: str = Field(primary_key=True)
    key_id: str = Field(foreign_key="keys.id")
    why: str
    review_id: str | None = Field(default=None, foreign_key="reviews.id")
    asked_at: datetime = when()
    due_at: datetime = when()
    noticed_at: datetime | None = when(optional=True)
    answer: str | None = None
    """Kept; turned off by a person; turned off as nobody answered; no longer of interest."""
    answered_by: str | None = None
    answered_at: datetime | None = when(optional=True)


class UnknownKeyRow(SQLModel, table=True):
    """A key at a gateway that these books did not make, and what became of it."""

    __tablename__ = "unknown_keys"
    __table_args__ = (CheckConstraint("state IN ('open', 'adopted', 'disabled', 'gone')", name="state_is_known"),)

    gateway: str = Field(primary_key=True)
    handle: str = Field(primary_key=True)
    alias: str = ""
    state: str = Field(index=True)
    found_at: datetime = when()
    seen_at: datetime = when()
    cap_micros: int | None = micros(optional=True)
    spent_micros: int = micros()
    record: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What else the gateway's record said when it was last seen."""
    key_id: str | None = Field(default=None, foreign_key="keys.id")
    """The key it became, once adopted."""
    decided_by: str | None = None
    decided_at: datetime | None = when(optional=True)
