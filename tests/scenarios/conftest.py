"""Offices for scenarios: by database and by the way Slack reaches Purser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.office import Office
from tests.scenarios.desk import Desk, Opener, at_desk


@pytest.fixture(params=["http", "socket"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def office(migrated_url: str, tmp_path: Path) -> Iterator[Office]:
    """Purser over HTTP, on each database, with team search founded."""
    with Office(migrated_url, tmp_path) as office:
        office.open()
        office.found_team()
        yield office
        office.assert_nothing_odd()


@pytest.fixture
def desk_on_each(migrated_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk on each database, for what transactions decide."""
    with at_desk(migrated_url, tmp_path) as desk:
        yield desk


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A SQLite database with the newest schema and no rows: a copy."""
    path = tmp_path / "purser.db"
    shutil.copyfile(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk on SQLite, for what does not depend on the database."""
    with at_desk(sqlite_url, tmp_path) as desk:
        yield desk


@pytest.fixture
def desk_each_way(sqlite_url: str, tmp_path: Path, mode: str) -> Iterator[Desk]:
    """A desk on SQLite, reached over HTTP and over Socket Mode, for what goes through every layer."""
    with at_desk(sqlite_url, tmp_path, mode=mode) as desk:
        yield desk


@pytest.fixture
def opened(sqlite_url: str, tmp_path: Path) -> Opener:
    """Opens a desk on SQLite with a policy of the test's own."""
    return lambda policy: at_desk(sqlite_url, tmp_path, policy)
