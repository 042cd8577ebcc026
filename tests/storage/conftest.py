"""Books on a fresh database of either kind, at the newest revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage.engine import Books

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def books(database_url: str) -> Iterator[Books]:
    """Migrated and empty. Impatient, so that a test of waiting doesn't wait long."""
    opened = Books(database_url, busy_timeout_seconds=5)
    opened.migrate()
    yield opened
    opened.close()
