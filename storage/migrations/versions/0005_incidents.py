"""Incidents: what went wrong and what was expected, watched channels, lowered caps, rotated and leaked keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("closed_at IS NULL")
_PEOPLE = sa.text("actor <> 'purser'")


def upgrade() -> None:
    """Add what incidents, rotation and the watch for leaks remember."""
    _incidents()
    _incident_lines()
    _expected()
    _leak_watches()
    _cuts()
    _of_keys()
    op.create_index(
        "ix_ledger_people", "ledger", ["actor", "at"], unique=False, sqlite_where=_PEOPLE, postgresql_where=_PEOPLE
    )


def _expected() -> None:
    op.create_table(
        "expected",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("layer IN ('team', 'project', 'member', 'key')", name=op.f("ck_expected_layer_is_known")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_expected_ends_after_start")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expected")),
    )
    op.create_index("ix_expected_subject", "expected", ["layer", "subject_id"], unique=False)


def _leak_watches() -> None:
    op.create_table(
        "leak_watches",
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_leak_watches")),
    )


def _cuts() -> None:
    op.create_table(
        "cuts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("once", sa.String(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("micros > 0", name=op.f("ck_cuts_micros_positive")),
        sa.CheckConstraint("why IN ('restored', 'rotated')", name=op.f("ck_cuts_why_is_known")),
        sa.CheckConstraint("layer IN ('key', 'automation')", name=op.f("ck_cuts_layer_is_known")),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"], name=op.f("fk_cuts_key_id_keys")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cuts")),
        sa.UniqueConstraint("key_id", "layer", "once", name=op.f("uq_cuts_key_id_layer_once")),
    )
    op.create_index("ix_cuts_due", "cuts", ["ended_at", "ends_at"], unique=False)


def _of_keys() -> None:
    with op.batch_alter_table("keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("replaces_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("retires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("leaked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("rest_micros", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("rest_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(op.f("ix_keys_replaces_id"), ["replaces_id"], unique=False)
        batch_op.create_index(op.f("ix_keys_retires_at"), ["retires_at"], unique=False)


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_seq", _ROW_ID, nullable=False),
        sa.Column("closed_seq", _ROW_ID, nullable=True),
        sa.Column("channel_id", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("assignee_id", sa.String(), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('leak', 'spike', 'loop', 'after_off', 'credential')", name=op.f("ck_incidents_kind_is_known")
        ),
        sa.CheckConstraint(
            "layer IN ('team', 'project', 'member', 'key', '')", name=op.f("ck_incidents_layer_is_known")
        ),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'closed')", name=op.f("ck_incidents_state_is_known")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_incidents_team_id_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(
        "uq_incidents_one_open_per_subject",
        "incidents",
        ["layer", "subject_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_incidents_opened", "incidents", ["team_id", "opened_at"], unique=False)
    op.create_index("ix_incidents_subject", "incidents", ["layer", "subject_id", "opened_at"], unique=False)
    op.create_index("ix_incidents_message", "incidents", ["channel_id", "ts"], unique=False)


def _incident_lines() -> None:
    op.create_table(
        "incident_lines",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("seq", _ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_incident_lines_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("incident_id", "seq", name=op.f("pk_incident_lines")),
    )


def downgrade() -> None:
    """Never: the books only go forward. Restore the backup taken before the migration instead."""
    raise NotImplementedError
