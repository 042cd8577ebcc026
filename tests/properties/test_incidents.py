"""One incident, each step told once, whatever happens: the incidents machine on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import postgres
from tests.properties.incidents import Incidents
from tests.properties.machines import NIGHTLY, TIMEOUT_SECONDS, run_on_postgresql, run_on_sqlite


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_incidents_on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> None:
    run_on_sqlite(Incidents, migrated_sqlite, tmp_path, max_examples=800 if NIGHTLY else 20, steps=25)


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_incidents_on_postgresql(postgres_server: postgres.Server, migrated_template: str) -> None:
    run_on_postgresql(Incidents, postgres_server, migrated_template, max_examples=80 if NIGHTLY else 5, steps=20)
