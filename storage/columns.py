"""The kinds of column that the tables are made of, and how their constraints are named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlmodel import Field, SQLModel

# Every constraint has a name that both databases know it by, so that a migration can find it again.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite only counts up an INTEGER PRIMARY KEY."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on both databases; SQLite itself would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a naive datetime must not enter the books"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Hand out aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def when(*, optional: bool = False, index: bool = False) -> Any:  # noqa: ANN401 - what sqlmodel's Field returns
    """A column for a moment."""
    if optional:
        return Field(default=None, sa_type=UtcDateTime, nullable=True, index=index)
    return Field(sa_type=UtcDateTime, index=index)


def micros(*, optional: bool = False) -> Any:  # noqa: ANN401 - what sqlmodel's Field returns
    """A column for an amount in micro-USD."""
    if optional:
        return Field(default=None, sa_type=BigInteger, nullable=True)
    return Field(sa_type=BigInteger)
