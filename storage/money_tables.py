"""The tables of money: budgets and raises, what gateways measured, and who was told of which limit.

What counts as spent by a key in a period (`ReadingRow`) is derived, and checked against its sources by `purser ledger
verify`, so that a limit is summed in milliseconds.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime, micros, when


class BudgetRow(SQLModel, table=True):
    """What a team, project or member may spend in a calendar month (UTC)."""

    __tablename__ = "budgets"
    __table_args__ = (
        UniqueConstraint("layer", "subject_id"),
        CheckConstraint("layer IN ('team', 'project', 'member')", name="layer_is_known"),
        CheckConstraint("monthly_micros >= 0", name="not_negative"),
    )

    id: str = Field(primary_key=True)
    layer: str
    subject_id: str
    monthly_micros: int = micros()
    hard: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    """Whether keys are stopped when it is used up."""
    changed_at: datetime = when()


class RaiseRow(SQLModel, table=True):
    """More money for a limit until a moment. What it adds to a key's cap is in the key as well, while it stands."""

    __tablename__ = "raises"
    __table_args__ = (
        CheckConstraint("layer IN ('team', 'project', 'member', 'key', 'automation')", name="layer_is_known"),
        CheckConstraint("micros > 0", name="micros_positive"),
        Index("ix_raises_limit", "layer", "subject_id"),
    )

    id: str = Field(primary_key=True)
    request_id: str = Field(foreign_key="requests.id", unique=True)
    layer: str
    subject_id: str
    micros: int = micros()
    starts_at: datetime = when()
    ends_at: datetime = when()
    ended_at: datetime | None = when(optional=True)
    """When its end was dealt with; it counts until `ends_at` in any case."""


class ReadingRow(SQLModel, table=True):
    """What a key has spent in a month or day, by two counts: its live total, and the usage that carries a date.

    What the period begins at, is charged, and leaves undated is settled from both by `bot.domain.settling`.
    """

    __tablename__ = "readings"
    __table_args__ = (Index("ix_readings_period", "period", "key_id"),)

    key_id: str = Field(primary_key=True, foreign_key="keys.id")
    period: str = Field(primary_key=True)
    """`2026-11`, or `2026-11-21` for keys with a daily cap."""
    before_micros: int = micros()
    """What all periods before it are charged; of the first one, the live total when it began."""
    lifetime_micros: int = micros()
    """The newest live total told while the period lasted."""
    usage_micros: int = micros()
    """The sum of the usage dated in the period."""
    spent_micros: int = micros()
    undated_micros: int = micros()
    """What no usage dates of all that this period and those before it are charged."""
    unpriced_requests: int = Field(default=0, sa_type=BigInteger)
    read_at: datetime = when()


class UsageRow(SQLModel, table=True):
    """What a gateway measured of a key and model in one hour, or day. Replaced when the gateway restates it."""

    __tablename__ = "usage"
    __table_args__ = (
        Index("ix_usage_hour", "hour"),
        Index(
            "ix_usage_unpriced",
            "hour",
            "key_id",
            sqlite_where=text("unpriced_requests > 0"),
            postgresql_where=text("unpriced_requests > 0"),
        ),
        {"sqlite_with_rowid": False},
    )

    key_id: str = Field(primary_key=True)
    hour: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    model: str = Field(primary_key=True)
    requests: int
    failures: int
    retries: int
    tasks: int
    input_tokens: int = Field(sa_type=BigInteger)
    cached_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cost_micros: int = micros()
    unpriced_requests: int


class UsageDayRow(SQLModel, table=True):
    """Usage of a key in a UTC day, whatever the model: summed from `usage` as that is written, for reports by key."""

    __tablename__ = "usage_days"
    __table_args__ = (Index("ix_usage_days_day", "day"), {"sqlite_with_rowid": False})

    key_id: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    """`2026-11-21`."""
    requests: int = Field(sa_type=BigInteger)
    failures: int = Field(sa_type=BigInteger)
    retries: int = Field(sa_type=BigInteger)
    tasks: int = Field(sa_type=BigInteger)
    input_tokens: int = Field(sa_type=BigInteger)
    cached_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cost_micros: int = micros()
    unpriced_requests: int = Field(sa_type=BigInteger)


class UsageModelRow(SQLModel, table=True):
    """Usage of a team's project and a model in a UTC day, whatever the key: summed from `usage` as that is written.

    A key stays with its team and project for life.
    """

    __tablename__ = "usage_models"
    __table_args__ = ({"sqlite_with_rowid": False},)

    team_id: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    project_id: str = Field(primary_key=True)
    """Empty for keys of no project."""
    model: str = Field(primary_key=True)
    requests: int = Field(sa_type=BigInteger)
    failures: int = Field(sa_type=BigInteger)
    retries: int = Field(sa_type=BigInteger)
    tasks: int = Field(sa_type=BigInteger)
    input_tokens: int = Field(sa_type=BigInteger)
    cached_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cost_micros: int = micros()
    unpriced_requests: int = Field(sa_type=BigInteger)


class LiveHourRow(SQLModel, table=True):
    """By how much a key's live total was seen to grow in an hour. Only tells when; what counts is in `readings`."""

    __tablename__ = "live_hours"
    __table_args__ = (Index("ix_live_hours_hour", "hour"), {"sqlite_with_rowid": False})

    key_id: str = Field(primary_key=True)
    hour: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    spent_micros: int = micros()


class SyncRow(SQLModel, table=True):
    """How far a gateway has been read, and what it told been posted to the ledger."""

    __tablename__ = "syncs"

    gateway: str = Field(primary_key=True)
    what: str = Field(primary_key=True)
    """One of `storage.syncs.What`."""
    tried_at: datetime = when()
    read_at: datetime | None = when(optional=True)
    """When the newest full reading began."""
    through: str | None = None
    """The newest UTC day, or month, that was dealt with."""
    error: str | None = None


class AlertRow(SQLModel, table=True):
    """A threshold that a limit has passed in a period: told once, whatever happens to the figures afterwards."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("layer", "subject_id", "period", "threshold"),
        CheckConstraint("layer IN ('team', 'project', 'member', 'key', 'automation')", name="layer_is_known"),
    )

    id: str = Field(primary_key=True)
    layer: str
    subject_id: str
    period: str
    threshold: int
    at: datetime = when()
    spent_micros: int = micros()
    limit_micros: int = micros()
    told: bool
    """False for a threshold that was passed together with a higher one, which alone was told."""
    channel_id: str | None = None
    ts: str | None = None
    """Where its message stands, for a limit that is told in a channel."""
    snoozed_until: datetime | None = when(optional=True)
    snoozed_by: str | None = None
