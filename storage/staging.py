"""Brings many rows to the database at once, into a table that only this transaction sees.

What is to be written is compared and joined there in SQL, however many rows it is. The only module besides
`storage.engine` that tells SQLite and PostgreSQL apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session


def stage(session: Session, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Make a temporary table hold exactly these rows. `columns` are names and types; names are ours, never typed."""
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({declared})"))
        connection.execute(text(f"DELETE FROM temp.{name}"))  # noqa: S608
        marks = ", ".join("?" * len(columns))
        driver.executemany(f"INSERT INTO temp.{name} VALUES ({marks})", rows)  # noqa: S608
        return
    connection.execute(text(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({declared}) ON COMMIT DROP"))
    connection.execute(text(f"DELETE FROM pg_temp.{name}"))  # noqa: S608
    with driver.cursor() as cursor, cursor.copy(f"COPY pg_temp.{name} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def instant(at: datetime) -> str:
    """A moment as a staged column of type TIMESTAMPTZ takes it on either database."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
