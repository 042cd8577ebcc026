"""Usage that people look at: weekly digests, live spend by the hour, Home tabs that keep up, keys that are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what digests, reports and Home tabs remember."""
    _digests()
    _asked()
    _homes()
    _live_hours()
    _sum_usage()
    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.alter_column("unpriced_requests", existing_type=sa.Integer(), type_=sa.BigInteger())
    with op.batch_alter_table("teams", schema=None) as batch_op:
        batch_op.add_column(sa.Column("time_zone", sa.String(), server_default="UTC", nullable=False))
        batch_op.add_column(sa.Column("digest_minutes", sa.Integer(), server_default=sa.text("540"), nullable=True))
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("time_zone", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("wants_digest", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    with op.batch_alter_table("keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True))


def _digests() -> None:
    op.create_table(
        "digests",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("week", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.CheckConstraint("audience IN ('team', 'member', 'owners')", name=op.f("ck_digests_audience_is_known")),
        sa.CheckConstraint("state IN ('posted', 'skipped')", name=op.f("ck_digests_state_is_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("audience", "subject_id", "week", name=op.f("uq_digests_audience_subject_id_week")),
    )


def _asked() -> None:
    op.create_table(
        "asked",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked")),
    )
    op.create_index(op.f("ix_asked_at"), "asked", ["at"], unique=False)


def _homes() -> None:
    op.create_table(
        "homes",
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("view_hash", sa.String(), nullable=False),
        sa.Column("looked", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_homes")),
    )
    op.create_index(op.f("ix_homes_opened_at"), "homes", ["opened_at"], unique=False)


def _live_hours() -> None:
    op.create_table(
        "live_hours",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "hour", name=op.f("pk_live_hours")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_live_hours_hour", "live_hours", ["hour"], unique=False)


_COUNTS = (
    "requests",
    "failures",
    "retries",
    "tasks",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "cost_micros",
    "unpriced_requests",
)


def _sum_usage() -> None:
    """The sums that reports are made of, and what was used so far in them."""
    op.create_table(
        "usage_days",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("key_id", "day", name=op.f("pk_usage_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_models",
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("team_id", "day", "project_id", "model", name=op.f("pk_usage_models")),
        sqlite_with_rowid=False,
    )
    is_sqlite = op.get_context().dialect.name == "sqlite"
    day = "substr(u.hour, 1, 10)" if is_sqlite else "to_char(u.hour AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    counts = ", ".join(_COUNTS)
    sums = ", ".join(f"CAST(sum(u.{name}) AS BIGINT)" for name in _COUNTS)
    op.execute(
        f"""
        INSERT INTO usage_days (key_id, day, {counts})
        SELECT u.key_id, {day}, {sums} FROM usage u GROUP BY u.key_id, {day}
        """  # noqa: S608
    )
    op.execute(
        f"""
        INSERT INTO usage_models (team_id, day, project_id, model, {counts})
        SELECT k.team_id, {day}, coalesce(k.project_id, ''), u.model, {sums}
        FROM usage u JOIN keys k ON k.id = u.key_id
        GROUP BY k.team_id, {day}, coalesce(k.project_id, ''), u.model
        """  # noqa: S608
    )
    op.create_index("ix_usage_days_day", "usage_days", ["day"], unique=False)


def downgrade() -> None:
    """Never: the books only go forward. Restore the backup taken before the migration instead."""
    raise NotImplementedError
