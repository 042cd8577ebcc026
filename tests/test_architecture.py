"""The house rules hold everywhere: which rule covers which files, and the few named exceptions.

Who may import whom is stated in pyproject.toml and checked by import-linter; here stands what it cannot say.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import grimp
import pytest

from tests import source_rules
from tests.import_contracts import LayerContract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).parent.parent

# The only files with a broad `except`: what happens inside must be told to someone and not stop the rest.
EDGES = {
    "bot/slack/guard.py": "the listener guard",
    "bot/jobs/runner.py": "the job runner",
    "bot/services/worker.py": "the outbox worker",
}
# The only files that read the clock or roll dice; everything else is handed `now`, ids and randomness.
READS_CLOCK = {
    "bot/app.py": "the composition root, which hands them out",
    "bot/playground/": "stands outside: an outer world has a clock and faults of its own",
}
READS_ENVIRONMENT = {
    "bot/settings.py": "the only reader of the environment",
    "bot/playground/": "prepares the environment of the processes it starts",
}


def files(*folders: str) -> list[Path]:
    """Every Python file in these folders of the project."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def offenders(rule: Callable[[str], list[str]], paths: Iterable[Path], apart_from: Iterable[str] = ()) -> list[str]:
    """What `rule` says of each file, as `path:line: what`, but for the named files and folders."""
    exceptions = tuple(apart_from)
    found = []
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        if not any(name == exception or name.startswith(exception) for exception in exceptions):
            found += [f"{name}:{line}" for line in rule(path.read_text(encoding="utf-8"))]
    return found


def assert_none(found: list[str]) -> None:
    """Fail with one offender a line."""
    assert not found, "\n" + "\n".join(found)


def test_files_and_functions_stay_small() -> None:
    assert_none(offenders(source_rules.too_long, files("bot", "storage"), apart_from=["storage/migrations/"]))


def test_clock_and_chance_come_in_as_parameters() -> None:
    assert_none(offenders(source_rules.clock_and_chance, files("bot", "storage"), apart_from=READS_CLOCK))


def test_only_settings_reads_the_environment() -> None:
    assert_none(offenders(source_rules.environment, files("bot", "storage"), apart_from=READS_ENVIRONMENT))


def test_only_the_three_edges_catch_everything() -> None:
    assert_none(offenders(source_rules.broad_excepts, files("bot", "storage"), apart_from=EDGES))


def test_nothing_is_mocked() -> None:
    assert_none(offenders(source_rules.mocks, files("bot", "storage", "tests")))


def test_every_module_says_what_it_owns() -> None:
    assert_none(offenders(source_rules.without_module_docstring, files("bot", "storage", "tests")))


def test_rules_books_and_use_cases_state_what_they_guarantee() -> None:
    stating = [path for path in files("bot/domain", "bot/services", "storage") if "migrations" not in path.parts]
    assert_none(offenders(source_rules.without_public_docstring, stating))


def test_views_know_slack_only_by_its_models() -> None:
    assert_none(offenders(source_rules.slack_sdk_beyond_models, files("bot/slack/views")))


def test_every_room_is_named_in_a_contract() -> None:
    """A new package under bot/ has no contract until someone decides what it may import."""
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    knows_everything = {
        "bot.app",
        "bot.cli",
        "bot.cli_ground",
        "bot.serving",
        "bot.doctor",
        "bot.__init__",
        "bot.__main__",
    }
    rooms = {f"bot.{path.stem}" for path in (ROOT / "bot").iterdir() if path.suffix == ".py" or path.is_dir()}
    unnamed = sorted(
        room
        for room in rooms - knows_everything
        if f'layer = "{room}"' not in contracts and not room.endswith("__pycache__")
    )
    assert_none(unnamed)


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("storage.ledger", ["slack_bolt", "slack_sdk", "httpx", "bot.slack", "bot.services", "bot.gateways"]),
        ("bot.domain", ["sqlmodel", "sqlalchemy", "pydantic", "httpx", "slack_sdk", "storage"]),
        ("bot.gateways.base", ["httpx", "sqlmodel", "slack_sdk", "storage"]),
    ],
)
def test_a_room_can_be_used_without_the_others(module: str, unwanted: list[str]) -> None:
    show = f"import sys, {module}; print(*(name for name in {unwanted!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", show], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [], f"importing {module} drags these in"


# --- the rules can fail: each catches a seeded violation, and lets through what only looks like one ---

SEEDED = [
    (source_rules.too_long, "x = 1\n" * 351, "x = 1\n" * 350),
    (source_rules.too_long, "def f():\n" + "    x = 1\n" * 50, "def f():\n" + "    x = 1\n" * 49),
    (
        source_rules.clock_and_chance,
        "from datetime import datetime, UTC\ndatetime.now(UTC)",
        "def f(clock): clock.now()",
    ),
    (
        source_rules.clock_and_chance,
        "import datetime as dt\ndt.datetime.utcnow()",
        "import time\ntime.monotonic()",
    ),
    (source_rules.clock_and_chance, "from datetime import date\ndate.today()", "today = 1\ntoday"),
    (
        source_rules.clock_and_chance,
        "from time import time\nf(clock=time)",
        "from time import sleep\nsleep(1)",
    ),
    (source_rules.clock_and_chance, "from uuid import uuid4\nuuid4()", "from uuid import UUID\nUUID(int=1)"),
    (
        source_rules.clock_and_chance,
        "import random\nrandom.choice(x)",
        "import random\ndef f(r: random.Random): ...",
    ),
    (source_rules.clock_and_chance, "import os\nos.urandom(8)", "def f(random): random.choice(x)"),
    (source_rules.clock_and_chance, "import secrets as s\ns.token_hex()", "secrets = 1\nsecrets"),
    (source_rules.environment, "import os\nos.environ['A']", "def f(environ): environ['A']"),
    (source_rules.environment, "from os import getenv\ngetenv('A')", "import os\nos.getpid()"),
    (source_rules.broad_excepts, "try: f()\nexcept Exception: pass", "try: f()\nexcept ValueError: pass"),
    (source_rules.broad_excepts, "try: f()\nexcept (OSError, BaseException): pass", "try: f()\nfinally: g()"),
    (source_rules.broad_excepts, "try: f()\nexcept: pass", "raise Exception"),
    (
        source_rules.broad_excepts,
        "import contextlib\nwith contextlib.suppress(Exception): f()",
        "import contextlib\nwith contextlib.suppress(OSError): f()",
    ),
    (source_rules.mocks, "from unittest import mock", "from unittest import TestCase"),
    (source_rules.mocks, "def test(mocker): ...", "def test(monkeypatch): ..."),
    (source_rules.without_module_docstring, "x = 1", '"""Owns x."""\nx = 1'),
    (source_rules.without_public_docstring, "def f(): ...", 'def _f(): ...\ndef g():\n    """States."""'),
    (
        source_rules.slack_sdk_beyond_models,
        "from slack_sdk.web import WebClient",
        "from slack_sdk.models.blocks import Block",
    ),
    (source_rules.slack_sdk_beyond_models, "from slack_sdk import WebClient", "from slack_sdk import models"),
]


@pytest.mark.parametrize(("rule", "bad", "good"), SEEDED, ids=lambda value: getattr(value, "__name__", ""))
def test_each_rule_catches_what_it_should(rule: Callable[[str], list[str]], bad: str, good: str) -> None:
    assert len(rule(bad)) == 1
    assert rule(good) == []


@pytest.mark.parametrize(
    ("importer", "imported", "kept"),
    [
        ("bot.slack.handlers", "bot.services.asking", True),
        ("bot.slack.handlers", "bot.slack.guard", True),
        ("bot.slack.handlers", "bot.slack.views.card", True),
        ("bot.slack.handlers", "datetime", True),
        ("bot.slack.handlers", "bot", True),
        ("bot.slack.handlers", "storage.tables", False),
        ("bot.slack.handlers", "sqlmodel", False),
        ("bot.slack.views.card", "storage.tables", True),  # that room has a contract of its own
        ("bot.services.asking", "storage.tables", True),  # and so has that layer
    ],
)
def test_a_layer_imports_what_its_contract_lists(importer: str, imported: str, kept: bool) -> None:
    graph = grimp.ImportGraph()
    graph.add_import(importer=importer, imported=imported, line_number=7, line_contents="import")
    options = {
        "layer": "bot.slack",
        "apart_from": ["bot.slack.views"],
        "may_import": ["bot.domain", "bot.services", "bot.slack.views", "slack_bolt"],
    }
    contract = LayerContract(name="slack", session_options={}, contract_options=options)
    check = contract.check(graph, verbose=False)
    assert check.kept is kept
    if not kept:
        assert check.metadata["offenders"] == [f"{importer} imports {imported} (lines 7)"]
