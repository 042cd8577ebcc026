"""The schema's revisions, and how to run them in-process.

Owns the order of revisions; `storage.engine` decides under which lock they run. To write one:
`alembic -c storage/migrations/alembic.ini -x url=sqlite:////tmp/x.db revision --autogenerate -m "..."`.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_HERE: Final = Path(__file__).parent

# Alembic keeps its context in module globals: two threads of one process must take turns.
_one_at_a_time = threading.Lock()


class BooksAhead(Exception):
    """The database was migrated by a newer Purser than this one."""


def head() -> str:
    """The newest revision there is."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None
    return newest


def current(connection: Connection) -> str | None:
    """The revision the database is at; none if no revision ever ran."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the missing revisions in the caller's transaction. Raises `BooksAhead`."""
    config = _config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    at = current(connection)
    if at is not None and at not in known:
        raise BooksAhead(f"the database is at revision {at}, which this version of Purser does not know")
    config.attributes["connection"] = connection
    with _one_at_a_time:
        command.upgrade(config, to)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
