"""The tables of incidents: what went wrong with keys, what was expected, where leaks are watched, lowered caps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.columns import RowId, micros, when

_OPEN = text("closed_at IS NULL")


class IncidentRow(SQLModel, table=True):
    """One incident, from what opened it to the cause it was closed with. Its timeline is in the ledger."""

    __tablename__ = "incidents"
    __table_args__ = (
        CheckConstraint("kind IN ('leak', 'spike', 'loop', 'after_off', 'credential')", name="kind_is_known"),
        CheckConstraint("layer IN ('team', 'project', 'member', 'key', '')", name="layer_is_known"),
        CheckConstraint("state IN ('open', 'acknowledged', 'closed')", name="state_is_known"),
        # One open incident per subject, however many notice it at once.
        Index(
            "uq_incidents_one_open_per_subject",
            "layer",
            "subject_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_incidents_opened", "team_id", "opened_at"),
        Index("ix_incidents_subject", "layer", "subject_id", "opened_at"),
        # A reply in a thread is looked up by the message that it stands under.
        Index("ix_incidents_message", "channel_id", "ts"),
    )

    id: str = Field(primary_key=True)
    kind: str
    layer: str
    """What it is about: a key, or the keys of a member, project or team together; empty for a credential."""
    subject_id: str
    team_id: str | None = Field(default=None, foreign_key="teams.id")
    state: str
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What was abnormal, as it was seen when it was opened."""
    opened_at: datetime = when()
    opened_by: str
    """A Slack user id, or `purser`."""
    opened_seq: int = Field(sa_type=RowId)
    """The ledger row that opened it: rows about its key from there on are its timeline."""
    closed_seq: int | None = Field(default=None, sa_type=RowId, nullable=True)
    channel_id: str | None = None
    ts: str | None = None
    """Where its message stands."""
    assignee_id: str | None = None
    snoozed_until: datetime | None = when(optional=True)
    reminded_at: datetime | None = when(optional=True)
    closed_at: datetime | None = when(optional=True)
    closed_by: str | None = None
    cause: str | None = None


class IncidentLineRow(SQLModel, table=True):
    """A ledger row that belongs to an incident although it is not about its key."""

    __tablename__ = "incident_lines"

    incident_id: str = Field(primary_key=True, foreign_key="incidents.id")
    seq: int = Field(sa_type=RowId, primary_key=True)


class ExpectedRow(SQLModel, table=True):
    """A time in which a subject is expected to spend more than usual, so that nobody is called about it."""

    __tablename__ = "expected"
    __table_args__ = (
        CheckConstraint("layer IN ('team', 'project', 'member', 'key')", name="layer_is_known"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_expected_subject", "layer", "subject_id"),
    )

    id: str = Field(primary_key=True)
    layer: str
    subject_id: str
    reason: str
    starts_at: datetime = when()
    ends_at: datetime = when()
    ended_at: datetime | None = when(optional=True)
    """When somebody ended it before its time."""
    set_by: str
    set_at: datetime = when()


class LeakWatchRow(SQLModel, table=True):
    """A channel in which messages are looked through for keys, because somebody turned that on there."""

    __tablename__ = "leak_watches"

    channel_id: str = Field(primary_key=True)
    set_by: str
    set_at: datetime = when()


class CutRow(SQLModel, table=True):
    """By how much a key's cap stands lower until a moment: after an incident, or while a rotated key shares it."""

    __tablename__ = "cuts"
    __table_args__ = (
        CheckConstraint("micros > 0", name="micros_positive"),
        CheckConstraint("why IN ('restored', 'rotated')", name="why_is_known"),
        CheckConstraint("layer IN ('key', 'automation')", name="layer_is_known"),
        UniqueConstraint("key_id", "layer", "once"),
        Index("ix_cuts_due", "ended_at", "ends_at"),
    )

    id: str = Field(primary_key=True)
    key_id: str = Field(foreign_key="keys.id")
    layer: str
    """Which of its caps: the whole one, or that of a day."""
    micros: int = micros()
    why: str
    once: str
    """What it was made for: a second one for the same is refused."""
    set_by: str
    starts_at: datetime = when()
    ends_at: datetime = when()
    ended_at: datetime | None = when(optional=True)
    """When its end was dealt with and the cap went up again."""
