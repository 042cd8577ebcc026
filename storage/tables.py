"""Every table of the books but those of money, with the constraints that hold whatever the code does.

Rows never leave `storage`: its modules hand out values of `bot.domain`. State columns hold the words of
the domain's enumerations and change only by compare-and-set. Nothing derived is stored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.columns import RowId, UtcDateTime, micros, when


class MemberRow(SQLModel, table=True):
    """A person as Slack last described them."""

    __tablename__ = "members"

    id: str = Field(primary_key=True)
    workspace_id: str
    handle: str
    name: str
    is_guest: bool = False
    is_bot: bool = False
    is_departed: bool = False
    seen_at: datetime = when()
    time_zone: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """As Slack tells it, such as `Europe/Berlin`; empty when it never did."""
    wants_digest: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Whether they asked for a weekly digest of their own."""
    has_left: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Whether they count as departed whatever Slack says: somebody told so, and nobody has undone it."""


class TeamRow(SQLModel, table=True):
    """A team and the channel it lives in."""

    __tablename__ = "teams"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    channel_id: str = Field(unique=True)
    created_by: str
    created_at: datetime = when()
    time_zone: str = Field(default="UTC", sa_column_kwargs={"server_default": "UTC"})
    """An IANA name, such as `Europe/Berlin`: when its digest comes, and what its off-hours are."""
    digest_minutes: int | None = Field(default=540, sa_column_kwargs={"server_default": text("540")})
    """When on Monday its digest comes, in minutes after local midnight; None for never."""


class MembershipRow(SQLModel, table=True):
    """Who belongs to a team, and as what. A person who was removed keeps the row, marked removed."""

    __tablename__ = "memberships"
    __table_args__ = (CheckConstraint("role IN ('member', 'owner', 'removed')", name="role_is_known"),)

    team_id: str = Field(primary_key=True, foreign_key="teams.id")
    member_id: str = Field(primary_key=True, index=True)
    role: str
    changed_at: datetime = when()


class ProjectRow(SQLModel, table=True):
    """A production project of a team, with its lead."""

    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("team_id", "name"),)

    id: str = Field(primary_key=True)
    team_id: str = Field(foreign_key="teams.id")
    name: str
    lead_id: str
    created_at: datetime = when()


class RequestRow(SQLModel, table=True):
    """One ask for a key, or for more time on one, from draft to its end."""

    __tablename__ = "requests"
    __table_args__ = (
        CheckConstraint("cap_micros > 0", name="cap_positive"),
        CheckConstraint("duration_seconds IS NULL OR duration_seconds > 0", name="duration_positive"),
        CheckConstraint(
            "state IN ('draft', 'waiting', 'approved', 'denied', 'cancelled', 'expired', 'fulfilled', 'lapsed')",
            name="state_is_known",
        ),
        Index("ix_requests_state_deadline", "state", "deadline_at"),
    )

    id: str = Field(primary_key=True)
    purpose: str
    kind: str | None = None
    gateway: str
    team_id: str = Field(foreign_key="teams.id", index=True)
    project_id: str | None = Field(default=None, foreign_key="projects.id")
    name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    lead_id: str | None = None
    target_layer: str | None = None
    target_id: str | None = Field(default=None, index=True)
    requester_id: str = Field(index=True)
    asked_cap_micros: int = micros()
    asked_duration_seconds: int | None = Field(default=None)
    asked_models: list[str] = Field(default_factory=list, sa_type=JSON)
    asked_daily_cap_micros: int | None = micros(optional=True)
    asked_ends_at: datetime | None = when(optional=True)
    cap_micros: int = micros()
    duration_seconds: int | None = Field(default=None)
    models: list[str] = Field(default_factory=list, sa_type=JSON)
    daily_cap_micros: int | None = micros(optional=True)
    ends_at: datetime | None = when(optional=True)
    reason: str
    extends_key_id: str | None = Field(default=None, index=True)
    state: str
    rule: str
    approvals_needed: int = 1
    created_at: datetime = when()
    deadline_at: datetime = when()
    reminded_at: datetime | None = when(optional=True)
    escalated_at: datetime | None = when(optional=True)
    decided_at: datetime | None = when(optional=True)
    channel_id: str
    card_ts: str | None = Field(default=None, index=True)


class ApprovalRow(SQLModel, table=True):
    """One owner's word on a request. A word on terms that changed since no longer stands."""

    __tablename__ = "approvals"
    __table_args__ = (UniqueConstraint("request_id", "owner_id"),)

    id: str = Field(primary_key=True)
    request_id: str = Field(foreign_key="requests.id")
    owner_id: str
    verdict: str
    note: str = ""
    stands: bool = True
    at: datetime = when()


class KeyRow(SQLModel, table=True):
    """One key at a gateway. The secret is not here; its fingerprint is."""

    __tablename__ = "keys"
    __table_args__ = (
        UniqueConstraint("gateway", "alias"),
        CheckConstraint("cap_micros > 0", name="cap_positive"),
        CheckConstraint(
            "state IN ('minting', 'minted', 'live', 'disabling', 'disabled', 'restoring', 'discarding', 'discarded')",
            name="state_is_known",
        ),
        # One request has at most one key that could ever be used.
        Index(
            "uq_keys_one_usable_per_request",
            "request_id",
            unique=True,
            sqlite_where=text("state NOT IN ('discarding', 'discarded')"),
            postgresql_where=text("state NOT IN ('discarding', 'discarded')"),
        ),
    )

    id: str = Field(primary_key=True)
    label: str = Field(unique=True)
    alias: str
    request_id: str = Field(foreign_key="requests.id", index=True)
    gateway: str
    handle: str | None = Field(default=None, index=True)
    fingerprint: str | None = Field(default=None, unique=True)
    kind: str
    team_id: str = Field(foreign_key="teams.id", index=True)
    project_id: str | None = Field(default=None, index=True)
    holder_id: str = Field(index=True)
    cap_micros: int = micros()
    cap_period: str
    daily_cap_micros: int | None = micros(optional=True)
    models: list[str] = Field(default_factory=list, sa_type=JSON)
    lead_id: str | None = Field(default=None, index=True)
    state: str = Field(index=True)
    created_at: datetime = when()
    mint_lease_until: datetime | None = when(optional=True)
    minted_at: datetime | None = when(optional=True)
    revealed_at: datetime | None = when(optional=True)
    expires_at: datetime | None = when(optional=True, index=True)
    warned_day_at: datetime | None = when(optional=True)
    warned_hour_at: datetime | None = when(optional=True)
    off_at: datetime | None = when(optional=True)
    off_by: str | None = None
    off_cause: str | None = None
    off_reason: str | None = None
    proof: str | None = None
    proven_at: datetime | None = when(optional=True)
    stop_layer: str | None = None
    stop_subject_id: str | None = None
    stop_period: str | None = None
    stop_limit_micros: int | None = micros(optional=True)
    kept_until: datetime | None = when(optional=True)
    """Until then it is not called old: somebody pressed Keep."""
    replaces_id: str | None = Field(default=None, index=True)
    """The key it was minted in the place of."""
    retires_at: datetime | None = when(optional=True, index=True)
    """When it goes off because another has taken its place."""
    leaked_at: datetime | None = when(optional=True)
    """Since when its secret counts as known to others: it never works again."""
    rest_micros: int | None = micros(optional=True)
    """What it had spent in all when late figures about it must have come in after it was proven off."""
    rest_at: datetime | None = when(optional=True)
    deleted_at: datetime | None = when(optional=True)
    """When it was deleted at its gateway because it spent after it was off."""


class LedgerRow(SQLModel, table=True):
    """One thing that happened. Append-only and hash-chained; triggers refuse anything else."""

    __tablename__ = "ledger"
    __table_args__ = (
        CheckConstraint("seq > 0", name="seq_counts_from_one"),
        Index("ix_ledger_posted", "action", "period", "key_id"),
        # What one person did lately; Purser itself does nearly everything else.
        Index(
            "ix_ledger_people",
            "actor",
            "at",
            sqlite_where=text("actor <> 'purser'"),
            postgresql_where=text("actor <> 'purser'"),
        ),
    )

    # Counted by the ledger itself: a database's own sequence leaves a gap at every rollback.
    seq: int = Field(sa_type=RowId, primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = when()
    actor: str
    action: str
    team_id: str | None = None
    project_id: str | None = None
    member_id: str | None = None
    key_id: str | None = Field(default=None, index=True)
    request_id: str | None = Field(default=None, index=True)
    period: str | None = None
    amount_micros: int | None = micros(optional=True)
    reason: str = ""
    idempotency_key: str = Field(unique=True)
    inputs_hash: str = Field(sa_type=String(64))
    prev_hash: str = Field(sa_type=String(64))
    hash: str = Field(sa_type=String(64))


class OutboxRow(SQLModel, table=True):
    """One effect to perform outside, in order within its stream."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'dead', 'void')", name="state_is_known"),
        Index("ix_outbox_stream", "stream", "state", "id"),
        Index("ix_outbox_due", "state", "next_try_at"),
        # An id is never given twice, not even after a prune: messages in Slack carry it.
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_type=RowId, primary_key=True)
    stream: str
    effect: str
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    unique_key: str = Field(unique=True)
    state: str = "waiting"
    attempts: int = 0
    created_at: datetime = when()
    next_try_at: datetime = when()
    leased_until: datetime | None = when(optional=True)
    lease: str | None = None
    outcome_unknown: bool = False
    last_error: str | None = None
    done_at: datetime | None = when(optional=True)


class RunRow(SQLModel, table=True):
    """A claim on one slot of one job: whoever inserts it runs it."""

    __tablename__ = "runs"

    job: str = Field(primary_key=True)
    slot: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    claimed_at: datetime = when()
    finished_at: datetime | None = when(optional=True)
    error: str | None = None


class SeenRow(SQLModel, table=True):
    """A delivery from Slack that has been taken in: the same one again changes nothing."""

    __tablename__ = "seen"

    key: str = Field(primary_key=True)
    at: datetime = when(index=True)


class DigestRow(SQLModel, table=True):
    """A weekly digest that was posted, with its figures as they were then, or skipped."""

    __tablename__ = "digests"
    __table_args__ = (
        UniqueConstraint("audience", "subject_id", "week"),
        CheckConstraint("audience IN ('team', 'member', 'owners')", name="audience_is_known"),
        CheckConstraint("state IN ('posted', 'skipped')", name="state_is_known"),
    )

    id: str = Field(primary_key=True)
    audience: str
    subject_id: str
    """A team's id, or the Slack user id of the person it is for."""
    week: str
    """`2026-W47`."""
    state: str
    at: datetime = when()
    figures: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    channel_id: str | None = None
    ts: str | None = None
    """Where its message stands."""


class AskedRow(SQLModel, table=True):
    """A question about usage, kept for a day, so that its pages and its posting show the same span."""

    __tablename__ = "asked"

    id: str = Field(primary_key=True)
    member_id: str
    question: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    at: datetime = when(index=True)


class HomeRow(SQLModel, table=True):
    """A Home tab that somebody opened, and what it shows."""

    __tablename__ = "homes"

    member_id: str = Field(primary_key=True)
    opened_at: datetime = when(index=True)
    shown: str = ""
    """A fingerprint of what was published last."""
    view_hash: str = ""
    """Slack's name of that view, which says whether something else stands there by now."""
    looked: str = ""
    """What the books had come to when it was last compared with them."""
    due_at: datetime = when()
    """It is not compared again before; the one that has waited longest is first."""
