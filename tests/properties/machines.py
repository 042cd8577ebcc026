"""Runs a state machine of a whole company, each run over books of its own, on either database."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import hypothesis
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests import postgres
from tests.fakes import MortalBooks

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
TIMEOUT_SECONDS = 3600 if NIGHTLY else 240


def run_on_sqlite(
    machine: type[RuleBasedStateMachine], migrated: Path, tmp_path: Path, *, max_examples: int, steps: int
) -> None:
    """Run with a copy of the migrated file for each run."""
    numbers = itertools.count()

    def open_books() -> MortalBooks:
        path = tmp_path / f"{next(numbers)}.db"
        shutil.copyfile(migrated, path)
        return MortalBooks(f"sqlite:///{path}")

    _run(machine, open_books, max_examples=max_examples, steps=steps)


def run_on_postgresql(
    machine: type[RuleBasedStateMachine], server: postgres.Server, template: str, *, max_examples: int, steps: int
) -> None:
    """Run with a database of its own for each run, dropped at the end."""
    numbers = itertools.count()
    made: list[str] = []

    def open_books() -> MortalBooks:
        made.append(f"{machine.__name__.lower()}_{os.getpid()}_{next(numbers)}")
        return MortalBooks(server.create(made[-1], template=template))

    try:
        _run(machine, open_books, max_examples=max_examples, steps=steps)
    finally:
        for name in made:
            server.drop(name)


def _run(
    machine: type[RuleBasedStateMachine], open_books: Callable[[], MortalBooks], *, max_examples: int, steps: int
) -> None:
    with_books = type("Machine", (machine,), {"open_books": staticmethod(open_books)})
    settings = hypothesis.settings(
        max_examples=max_examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(with_books, settings=settings)
