"""One decision, one key, one message, whatever happens: the lifecycle machine on both databases."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests import postgres
from tests.fakes import MortalBooks
from tests.properties.lifecycle import Lifecycle

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


@pytest.mark.slow
@pytest.mark.timeout(3600 if NIGHTLY else 240)
def test_once_on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> None:
    numbers = itertools.count()

    def open_books() -> MortalBooks:
        path = tmp_path / f"{next(numbers)}.db"
        shutil.copyfile(migrated_sqlite, path)
        return MortalBooks(f"sqlite:///{path}")

    _run(open_books, max_examples=1000 if NIGHTLY else 25, steps=30)


@pytest.mark.slow
@pytest.mark.timeout(3600 if NIGHTLY else 240)
def test_once_on_postgresql(postgres_server: postgres.Server, migrated_template: str) -> None:
    numbers = itertools.count()
    made: list[str] = []

    def open_books() -> MortalBooks:
        made.append(f"lifecycle_{os.getpid()}_{next(numbers)}")
        return MortalBooks(postgres_server.create(made[-1], template=migrated_template))

    try:
        _run(open_books, max_examples=100 if NIGHTLY else 6, steps=25)
    finally:
        for name in made:
            postgres_server.drop(name)


def _run(open_books: Callable[[], MortalBooks], *, max_examples: int, steps: int) -> None:
    machine = type("Machine", (Lifecycle,), {"open_books": staticmethod(open_books)})
    settings = hypothesis.settings(
        max_examples=max_examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(machine, settings=settings)
