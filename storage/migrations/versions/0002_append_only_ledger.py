"""The ledger is append-only by the database's own word, not by convention."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Without PRAGMA recursive_triggers, INSERT OR REPLACE would delete a row past the second of these.
_SQLITE = (
    """
    CREATE TRIGGER ledger_refuses_update BEFORE UPDATE ON ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: corrections are new rows'); END
    """,
    """
    CREATE TRIGGER ledger_refuses_delete BEFORE DELETE ON ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: corrections are new rows'); END
    """,
    """
    CREATE TRIGGER ledger_refuses_disorder BEFORE INSERT ON ledger
    WHEN NEW.seq <> coalesce((SELECT max(seq) FROM ledger), 0) + 1
      OR NEW.prev_hash <> coalesce((SELECT hash FROM ledger ORDER BY seq DESC LIMIT 1), 'GENESIS')
    BEGIN SELECT RAISE(ABORT, 'a ledger row follows the row before it'); END
    """,
)

# ALWAYS: also for a session that set session_replication_role = replica.
_POSTGRES = (
    """
    CREATE FUNCTION ledger_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the ledger is append-only: corrections are new rows'
        USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE FUNCTION ledger_refuses_disorder() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      last_seq bigint;
      last_hash text;
    BEGIN
      SELECT seq, hash INTO last_seq, last_hash FROM ledger ORDER BY seq DESC LIMIT 1;
      IF NEW.seq <> coalesce(last_seq, 0) + 1 OR NEW.prev_hash <> coalesce(last_hash, 'GENESIS') THEN
        RAISE EXCEPTION 'a ledger row follows the row before it'
          USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER ledger_refuses_change BEFORE UPDATE OR DELETE ON ledger
    FOR EACH ROW EXECUTE FUNCTION ledger_refuses_change()
    """,
    """
    CREATE TRIGGER ledger_refuses_truncate BEFORE TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()
    """,
    """
    CREATE TRIGGER ledger_refuses_disorder BEFORE INSERT ON ledger
    FOR EACH ROW EXECUTE FUNCTION ledger_refuses_disorder()
    """,
    "ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_refuses_change",
    "ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_refuses_truncate",
    "ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_refuses_disorder",
)


def upgrade() -> None:
    """Refuse to change, remove or reorder rows of the ledger."""
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES:
        op.execute(statement.replace("GENESIS", "0" * 64))


def downgrade() -> None:
    """Never: the books only go forward. Restore the backup taken before the migration instead."""
    raise NotImplementedError
