"""Offices for scenarios: by database and by the way Slack reaches Purser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.office import Office


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
