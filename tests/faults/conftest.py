"""An office in this process with team search founded, for one fault at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import kit
from tests.office import Office


@pytest.fixture
def office(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Office]:
    """On SQLite, over HTTP; afterwards, all must be well."""
    with Office(kit.sqlite_url(tmp_path, migrated_sqlite), tmp_path) as office:
        office.open()
        office.found_team()
        yield office
        office.slack.world.faults.clear()
        office.gateway.faults.clear()
        office.gateway.start()
        kit.assert_all_is_well(office)
