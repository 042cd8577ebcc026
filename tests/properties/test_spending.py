"""The cap holds twice, and the books balance, whatever the gateway tells: the spending machine on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import postgres
from tests.properties.machines import NIGHTLY, TIMEOUT_SECONDS, run_on_postgresql, run_on_sqlite
from tests.properties.spending import Spending


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_the_cap_holds_twice_on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> None:
    run_on_sqlite(Spending, migrated_sqlite, tmp_path, max_examples=1000 if NIGHTLY else 10, steps=25)


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_the_cap_holds_twice_on_postgresql(postgres_server: postgres.Server, migrated_template: str) -> None:
    run_on_postgresql(Spending, postgres_server, migrated_template, max_examples=100 if NIGHTLY else 3, steps=25)
