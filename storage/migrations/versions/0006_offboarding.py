"""Offboarding and hygiene: who left and what they held, sweeps, reviews, questions about keys, unknown keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what offboarding and hygiene remember."""
    _departures()
    _sweeps()
    _departure_teams()
    _reviews()
    _sweep_people()
    _departure_projects()
    _confirmations()
    _departure_keys()
    _unknown_keys()
    _of_members()


def _departures() -> None:
    op.create_table(
        "departures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noticed_by", sa.String(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.CheckConstraint("source IN ('event', 'sweep', 'feed')", name=op.f("ck_departures_source_is_known")),
        sa.CheckConstraint("state IN ('open', 'returned', 'undone')", name=op.f("ck_departures_state_is_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departures")),
    )
    op.create_index(op.f("ix_departures_member_id"), "departures", ["member_id"], unique=False)
    op.create_index("ix_departures_noticed", "departures", ["noticed_at"], unique=False)
    op.create_index(
        "uq_departures_one_open_per_member",
        "departures",
        ["member_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _sweeps() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("agreed", sa.JSON(), nullable=False),
        sa.Column("lease", sa.String(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("source IN ('slack', 'feed')", name=op.f("ck_sweeps_source_is_known")),
        sa.CheckConstraint(
            "state IN ('reading', 'acting', 'paused', 'done', 'called_off', 'replaced', 'failed')",
            name=op.f("ck_sweeps_state_is_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweeps")),
    )
    op.create_index("ix_sweeps_started", "sweeps", ["source", "started_at"], unique=False)
    op.create_index(
        "uq_sweeps_one_running_per_source",
        "sweeps",
        ["source"],
        unique=True,
        sqlite_where=sa.text("state IN ('reading', 'acting', 'paused')"),
        postgresql_where=sa.text("state IN ('reading', 'acting', 'paused')"),
    )


def _departure_teams() -> None:
    op.create_table(
        "departure_teams",
        sa.Column("departure_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_by", sa.String(), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'member', 'none')", name=op.f("ck_departure_teams_role_is_known")),
        sa.ForeignKeyConstraint(
            ["departure_id"], ["departures.id"], name=op.f("fk_departure_teams_departure_id_departures")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_departure_teams_team_id_teams")),
        sa.PrimaryKeyConstraint("departure_id", "team_id", name=op.f("pk_departure_teams")),
    )


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel_id", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'done')", name=op.f("ck_reviews_state_is_known")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_reviews_team_id_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(
        "uq_reviews_one_open_per_team",
        "reviews",
        ["team_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _sweep_people() -> None:
    op.create_table(
        "sweep_people",
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('present', 'gone', 'elsewhere', 'missing')", name=op.f("ck_sweep_people_verdict_is_known")
        ),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name=op.f("fk_sweep_people_sweep_id_sweeps")),
        sa.PrimaryKeyConstraint("sweep_id", "member_id", name=op.f("pk_sweep_people")),
    )


def _departure_projects() -> None:
    op.create_table(
        "departure_projects",
        sa.Column("departure_id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("moved_to", sa.String(), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["departure_id"], ["departures.id"], name=op.f("fk_departure_projects_departure_id_departures")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_departure_projects_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("departure_id", "project_id", name=op.f("pk_departure_projects")),
    )


def _confirmations() -> None:
    op.create_table(
        "confirmations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("review_id", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "answer IN ('kept', 'off', 'silent', 'moot')", name=op.f("ck_confirmations_answer_is_known")
        ),
        sa.CheckConstraint("why IN ('unused', 'review')", name=op.f("ck_confirmations_why_is_known")),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"], name=op.f("fk_confirmations_key_id_keys")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_confirmations_review_id_reviews")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmations")),
    )
    op.create_index("ix_confirmations_due", "confirmations", ["answer", "due_at"], unique=False)
    op.create_index("ix_confirmations_review", "confirmations", ["review_id"], unique=False)
    op.create_index(
        "uq_confirmations_one_open_per_key",
        "confirmations",
        ["key_id"],
        unique=True,
        sqlite_where=sa.text("answer IS NULL"),
        postgresql_where=sa.text("answer IS NULL"),
    )


def _departure_keys() -> None:
    op.create_table(
        "departure_keys",
        sa.Column("departure_id", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("was", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('off', 'waiting', 'taken', 'stopped', 'ended')",
            name=op.f("ck_departure_keys_outcome_is_known"),
        ),
        sa.CheckConstraint("was IN ('holder', 'lead', 'both')", name=op.f("ck_departure_keys_was_is_known")),
        sa.ForeignKeyConstraint(
            ["departure_id"], ["departures.id"], name=op.f("fk_departure_keys_departure_id_departures")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"], name=op.f("fk_departure_keys_key_id_keys")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_departure_keys_team_id_teams")),
        sa.PrimaryKeyConstraint("departure_id", "key_id", name=op.f("pk_departure_keys")),
    )
    op.create_index("ix_departure_keys_key", "departure_keys", ["key_id"], unique=False)
    op.create_index(
        "uq_departure_keys_one_waiting_per_key",
        "departure_keys",
        ["key_id"],
        unique=True,
        sqlite_where=sa.text("outcome = 'waiting'"),
        postgresql_where=sa.text("outcome = 'waiting'"),
    )


def _unknown_keys() -> None:
    op.create_table(
        "unknown_keys",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cap_micros", sa.BigInteger(), nullable=True),
        sa.Column("spent_micros", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'adopted', 'disabled', 'gone')", name=op.f("ck_unknown_keys_state_is_known")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"], name=op.f("fk_unknown_keys_key_id_keys")),
        sa.PrimaryKeyConstraint("gateway", "handle", name=op.f("pk_unknown_keys")),
    )
    op.create_index(op.f("ix_unknown_keys_state"), "unknown_keys", ["state"], unique=False)


def _of_members() -> None:
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("has_left", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    """Never: the books only go forward. Restore the backup taken before the migration instead."""
    raise NotImplementedError
