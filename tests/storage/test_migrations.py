"""The revisions lead from an empty database, and from each earlier one with rows, to what the code needs."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, MetaData, Table, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from bot.domain.budgets import Layer
from storage import budgets, ledger, migrations, readings
from storage.engine import Books
from tests.storage.kit import add, at_once, claim, entry, run
from tests.storage.spending import assert_summed

if TYPE_CHECKING:
    from collections.abc import Iterator

REVISIONS = [script.revision for script in ScriptDirectory(str(Path(migrations.__file__).parent)).walk_revisions()][
    ::-1
]


@pytest.fixture
def empty(database_url: str) -> Iterator[Books]:
    opened = Books(database_url)
    yield opened
    opened.close()


def test_an_empty_database_says_so_and_is_brought_to_the_newest_revision(empty: Books) -> None:
    assert empty.revision() is None
    empty.migrate()
    assert empty.revision() == empty.head() == REVISIONS[-1]


def test_migrating_again_changes_nothing(empty: Books) -> None:
    empty.migrate()
    with empty.transaction() as session:
        ledger.append(session, entry("1"))
    empty.migrate()
    with empty.reading() as session:
        assert ledger.verify(session).count == 1


def test_two_replicas_may_migrate_at_once(database_url: str) -> None:
    replicas = [Books(database_url) for _ in range(3)]
    at_once(3, lambda number: replicas[number].migrate())
    assert {replica.revision() for replica in replicas} == {REVISIONS[-1]}
    for replica in replicas:
        replica.close()


def test_two_processes_may_migrate_at_once(database_url: str) -> None:
    program = "import sys; from storage.engine import Books; Books(sys.argv[1]).migrate()"
    root = Path(__file__).parents[2]
    processes = [subprocess.Popen([sys.executable, "-c", program, database_url], cwd=root) for _ in range(2)]
    assert [process.wait(timeout=50) for process in processes] == [0, 0]
    books = Books(database_url)
    assert books.revision() == REVISIONS[-1]
    books.close()


def test_the_tables_and_the_revisions_agree(books: Books) -> None:
    """What `alembic check` would say, on this database."""
    with books.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_conditions_on_rows_are_there_too(books: Books) -> None:
    """Alembic compares neither these nor the WHERE of a partial index."""
    with books.reading() as session:
        inspector = inspect(session.connection())
        for table in SQLModel.metadata.tables.values():
            wanted = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
            found = {constraint["name"] for constraint in inspector.get_check_constraints(table.name)}
            assert wanted <= found, table.name
        dialect = session.connection().dialect.name
        partial = {
            index["name"]: str(index["dialect_options"][f"{dialect}_where"])
            for index in inspector.get_indexes("keys")
            if index.get("dialect_options", {}).get(f"{dialect}_where") is not None
        }
    assert list(partial) == ["uq_keys_one_usable_per_request"]
    assert "discarding" in partial["uq_keys_one_usable_per_request"]


def bring_to(books: Books, revision: str) -> None:
    with books.transaction() as session:
        migrations.upgrade(session.connection(), revision)


_WORDS_OF = {
    "keys": {"state": "live"},
    "digests": {"state": "posted", "audience": "team"},
    "incidents": {"state": "closed", "kind": "leak"},
    "cuts": {"why": "restored", "layer": "key"},
}


def row_of_each_kind(table: Table, number: int) -> dict[str, object]:
    """Values that every condition on the table, as the database knows it, accepts."""
    words = {"layer": "team", "role": "owner", "state": "waiting", "purpose": "issue", "kind": "temporary"}
    words |= _WORDS_OF.get(table.name, {})
    values: dict[str, object] = {}
    for column in table.columns:
        kind = str(column.type.compile()).split("(")[0] if column.name not in {"models", "payload"} else "JSON"
        if column.foreign_keys or column.name in {"id", "seq"}:
            values[column.name] = number if kind in {"BIGINT", "INTEGER"} else str(number)
        elif column.name in words:
            values[column.name] = words[column.name]
        elif kind in {"BIGINT", "INTEGER"}:
            values[column.name] = number
        elif kind == "JSON":
            values[column.name] = "[]"
        elif kind == "BOOLEAN":
            values[column.name] = False
        elif kind in {"DATETIME", "TIMESTAMP"}:
            values[column.name] = f"2026-11-{number + (column.name == 'ends_at'):02} 12:00:00.000000"
        else:
            values[column.name] = f"{column.name}-{number}"
    if table.name == "ledger":
        values["prev_hash"] = ledger.GENESIS if number == 1 else f"hash-{number - 1}"
    return values


def put(connection: Connection, table: Table, number: int, **others: object) -> None:
    row = row_of_each_kind(table, number) | others
    marks = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table.name} ({', '.join(row)}) VALUES ({marks})"), row)


def fill(books: Books, revision: str) -> list[str]:
    """Bring the books to a revision, put two rows into each of its tables, and name those."""
    bring_to(books, revision)
    with books.transaction() as session:
        connection, there = session.connection(), MetaData()
        there.reflect(connection)
        tables = [table for table in there.sorted_tables if table.name != "alembic_version"]
        for table in tables:
            for number in (1, 2):
                put(connection, table, number, **({"key_id": str(number)} if table.name == "usage" else {}))
    return [table.name for table in tables]


SUMMED_FROM = {"usage_days": "usage", "usage_models": "usage"}
"""Tables that are filled from what was there before them."""


@pytest.mark.parametrize("start", REVISIONS[:-1])
def test_each_earlier_revision_migrates_with_its_rows(empty: Books, start: str) -> None:
    filled = fill(empty, start)
    empty.migrate()
    assert empty.revision() == REVISIONS[-1]
    with empty.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            wanted = 2 if SUMMED_FROM.get(table.name, table.name) in filled else 0
            assert len(session.connection().execute(table.select()).all()) == wanted, table.name
    with pytest.raises(IntegrityError, match="append-only"):
        run(empty, "DELETE FROM ledger")


def test_usage_that_was_read_before_is_summed_for_reports(empty: Books) -> None:
    fill(empty, "0003")
    run(empty, "UPDATE keys SET project_id = NULL WHERE id = '2'")
    with empty.transaction() as session:
        connection, there = session.connection(), MetaData()
        there.reflect(connection)
        for hour, model in (("00:00", "small"), ("23:59", "large")):
            row = {"key_id": "1", "model": model, "hour": f"2026-10-31 {hour}:00.000000", "cost_micros": 70}
            put(connection, there.tables["usage"], 3, **row)
    empty.migrate()
    assert_summed(empty)
    with empty.reading() as session:
        days = session.connection().execute(text("SELECT key_id, day, cost_micros FROM usage_days ORDER BY 1, 2")).all()
    assert days == [("1", "2026-10-31", 140), ("1", "2026-11-01", 1), ("2", "2026-11-02", 2)]


def test_what_was_read_before_counts_as_it_did(empty: Books) -> None:
    """A month's spend was the difference of two totals; and a budget stops its keys unless somebody said otherwise."""
    fill(empty, "0002")
    with empty.transaction() as session:
        connection, there = session.connection(), MetaData()
        there.reflect(connection)
        run_in = {"read_at": "2026-11-20 12:00:00.000000"}
        totals = {"2026-10": (0, 30), "2026-11": (30, 45), "2026-12": (45, 40)}
        for period, (before, total) in totals.items():
            row = {"spent_before_micros": before, "spent_micros": total, "key_id": "1", "period": period}
            put(connection, there.tables["readings"], 1, **row, **run_in)
    empty.migrate()
    with empty.reading() as session:
        counted = {period: readings.spent(session, "1", period) for period in (*totals, "total")}
        team = budgets.state(session, Layer.TEAM, "subject_id-1", "search", datetime(2026, 11, 20, tzinfo=UTC))
    assert {period: found.micros for period, found in counted.items() if found} == {
        "2026-10": 30, "2026-11": 15, "2026-12": 0, "total": 45
    }  # fmt: skip
    assert team is not None
    assert team.hard


def test_a_migration_that_fails_leaves_nothing_behind(empty: Books) -> None:
    run(empty, "CREATE TABLE teams (id integer)")  # in the way of the first revision
    with pytest.raises(Exception, match="teams"):
        empty.migrate()
    assert empty.revision() is None
    with empty.reading() as session:
        assert inspect(session.connection()).get_table_names() == ["teams"]
    run(empty, "DROP TABLE teams")
    empty.migrate()
    assert empty.revision() == empty.head()


def test_a_database_newer_than_the_code_is_left_alone(books: Books) -> None:
    run(books, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(migrations.BooksAhead, match="9999"):
        books.migrate()
    assert books.revision() == "9999"


def test_the_books_work_after_a_migration_on_the_same_connection(empty: Books) -> None:
    """A migration turns off SQLite's foreign keys while it runs, and must turn them on again."""
    empty.migrate()
    with empty.transaction() as session:
        add(session, "a")
        assert claim(session) is not None
    with pytest.raises(IntegrityError):
        run(empty, "INSERT INTO readings VALUES ('nobody', '2026-11', 0, 0, '2026-11-20 12:00:00', 0, 0, 0, 0)")


def test_the_revisions_form_one_line() -> None:
    assert [revision for revision in REVISIONS if revision] == [f"{n:04}" for n in range(1, len(REVISIONS) + 1)]
    assert migrations.head() == REVISIONS[-1]


def test_a_revision_can_be_written_from_the_command_line(tmp_path: Path) -> None:
    """As the package's docstring tells a developer to; here it only says what it would write: nothing."""
    ini, url = Path(migrations.__file__).parent / "alembic.ini", f"sqlite:///{tmp_path}/x.db"
    books = Books(url)
    books.migrate()
    books.close()
    command = [sys.executable, "-m", "alembic", "-c", str(ini), "-x", f"url={url}", "check"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=50)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No new upgrade operations detected" in done.stdout + done.stderr
