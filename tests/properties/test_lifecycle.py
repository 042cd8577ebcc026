"""One decision, one key, one message, whatever happens: the lifecycle machine on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import postgres
from tests.properties.lifecycle import Lifecycle
from tests.properties.machines import NIGHTLY, TIMEOUT_SECONDS, run_on_postgresql, run_on_sqlite


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_once_on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> None:
    run_on_sqlite(Lifecycle, migrated_sqlite, tmp_path, max_examples=1000 if NIGHTLY else 25, steps=30)


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_once_on_postgresql(postgres_server: postgres.Server, migrated_template: str) -> None:
    run_on_postgresql(Lifecycle, postgres_server, migrated_template, max_examples=100 if NIGHTLY else 6, steps=25)
