"""What alembic runs: the revisions, on the connection it was handed, in that connection's transaction.

`-x url=...` stands in for the connection when a revision is being written from the command line.
"""

from __future__ import annotations

from typing import Literal

from alembic import context
from sqlalchemy import Connection, create_engine
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from storage import (  # noqa: F401 - define the tables that revisions are compared with
    incident_tables,
    leaving_tables,
    money_tables,
    tables,
)
from storage.columns import UtcDateTime


def _plain(kind: str, item: object, _context: object) -> str | Literal[False]:
    """A revision names plain types: it must mean the same when the code has changed."""
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,  # SQLite alters a table by rebuilding it
        transactional_ddl=True,  # SQLite too: the engine says BEGIN, the driver doesn't meddle
        compare_type=True,
        render_item=_plain,
    )
    with context.begin_transaction():
        context.run_migrations()


if (_given := context.config.attributes.get("connection")) is not None:
    _run(_given)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as _connection:
        _run(_connection)
