"""Limits that hold: raises, usage, what counts as spent, alerts; keys with a lead and a daily cap."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LAYERS = "layer IN ('team', 'project', 'member', 'key', 'automation')"

# Each month stays charged what it was. Totals that began again, or were corrected downwards, are counted on.
_COUNT_ON = """
    UPDATE readings
    SET spent_micros = c.spent, lifetime_micros = c.base + c.so_far, before_micros = c.base + c.so_far - c.spent,
        undated_micros = c.so_far
    FROM (
      SELECT key_id, period, spent, first_value(before_micros) OVER chain AS base,
             CAST(sum(spent) OVER chain AS BIGINT) AS so_far
      FROM (
        SELECT key_id, period, before_micros,
               CASE WHEN lifetime_micros > before_micros THEN lifetime_micros - before_micros ELSE 0 END AS spent
        FROM readings
      ) AS months
      WINDOW chain AS (PARTITION BY key_id ORDER BY period)
    ) AS c
    WHERE readings.key_id = c.key_id AND readings.period = c.period
"""


def upgrade() -> None:
    """Add what budgets are counted and guarded by."""
    _alerts()
    _syncs()
    _usage()
    # Never in batch mode: that may rebuild the table, and drop its triggers.
    op.create_index("ix_ledger_posted", "ledger", ["action", "period", "key_id"], unique=False)
    _raises()
    _of_budgets()
    _of_keys()
    _of_readings()
    _of_requests()


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_micros", sa.BigInteger(), nullable=False),
        sa.Column("limit_micros", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_by", sa.String(), nullable=True),
        sa.CheckConstraint(_LAYERS, name=op.f("ck_alerts_layer_is_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint(
            "layer", "subject_id", "period", "threshold", name=op.f("uq_alerts_layer_subject_id_period_threshold")
        ),
    )


def _syncs() -> None:
    op.create_table(
        "syncs",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("through", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("gateway", "what", name=op.f("pk_syncs")),
    )


def _usage() -> None:
    op.create_table(
        "usage",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("unpriced_requests", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "hour", "model", name=op.f("pk_usage")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.create_index("ix_usage_hour", ["hour"], unique=False)
    op.create_index(
        "ix_usage_unpriced",
        "usage",
        ["hour", "key_id"],
        unique=False,
        sqlite_where=sa.text("unpriced_requests > 0"),
        postgresql_where=sa.text("unpriced_requests > 0"),
    )


def _raises() -> None:
    op.create_table(
        "raises",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_LAYERS, name=op.f("ck_raises_layer_is_known")),
        sa.CheckConstraint("micros > 0", name=op.f("ck_raises_micros_positive")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_raises_request_id_requests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raises")),
        sa.UniqueConstraint("request_id", name=op.f("uq_raises_request_id")),
    )
    with op.batch_alter_table("raises", schema=None) as batch_op:
        batch_op.create_index("ix_raises_limit", ["layer", "subject_id"], unique=False)


def _of_budgets() -> None:
    with op.batch_alter_table("budgets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hard", sa.Boolean(), server_default=sa.text("true"), nullable=False))


def _of_keys() -> None:
    with op.batch_alter_table("keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("daily_cap_micros", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("lead_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("stop_layer", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("stop_subject_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("stop_period", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("stop_limit_micros", sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f("ix_keys_lead_id"), ["lead_id"], unique=False)


def _of_readings() -> None:
    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.alter_column("spent_before_micros", new_column_name="before_micros")
        batch_op.alter_column("spent_micros", new_column_name="lifetime_micros")
    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("usage_micros", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("spent_micros", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("undated_micros", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("unpriced_requests", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_index("ix_readings_period", ["period", "key_id"], unique=False)
    op.execute(_COUNT_ON)
    with op.batch_alter_table("readings", schema=None) as batch_op:
        for name in ("usage_micros", "spent_micros", "undated_micros", "unpriced_requests"):
            batch_op.alter_column(name, server_default=None)


def _of_requests() -> None:
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("lead_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("target_layer", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("target_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("asked_daily_cap_micros", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("asked_ends_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("daily_cap_micros", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("kind", existing_type=sa.VARCHAR(), nullable=True)
        batch_op.create_index(batch_op.f("ix_requests_target_id"), ["target_id"], unique=False)


def downgrade() -> None:
    """Never: the books only go forward. Restore the backup taken before the migration instead."""
    raise NotImplementedError
