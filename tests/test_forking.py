"""A start by forking is a start: arguments, environment, folder, outputs, exit status and death of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests import forking
from tests.faults.kit import sqlite_url
from tests.office import Office

ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(forking.ROOT)}


def outcome(
    start: forking.Start, folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """Exit status, output and errors of a start."""
    errors = folder / "errors"
    with errors.open("wb") as sink:
        process = start([*arguments], ENVIRONMENT | (environment or {}), folder, sink.fileno())
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    return process.wait(30), said, errors.read_text(encoding="utf-8")


@pytest.mark.parametrize("line", ["version", "serve", "serve --http nowhere", "ledger verify", "bogus", "migrate"])
def test_it_says_and_returns_what_a_long_start_does(line: str, tmp_path: Path) -> None:
    long, short = ((tmp_path / name) for name in ("long", "short"))
    long.mkdir()
    short.mkdir()
    expected = outcome(forking.start_cold, long, *line.split())
    assert outcome(forking.start, short, *line.split()) == expected


def test_environment_and_folder_are_its_own(tmp_path: Path) -> None:
    settings = {
        "DATABASE_URL": "sqlite:///here.db",
        "LITELLM_BASE_URL": "http://127.0.0.1:1",
        "PURSER_OWNERS": "U0OLGA",
    }
    secrets = dict.fromkeys(("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "LITELLM_MASTER_KEY", "PURSER_PEPPER"), "x" * 40)
    tokens = {"SLACK_BOT_TOKEN": "xoxb-made-up", "SLACK_APP_TOKEN": "xapp-made-up"}
    code, said, errors = outcome(forking.start, tmp_path, "migrate", environment=settings | secrets | tokens)
    assert (code, errors) == (0, "")
    assert "(they were empty)" in said
    assert (tmp_path / "here.db").stat().st_size > 0
    code, _, errors = outcome(forking.start, tmp_path, "migrate")
    assert code == 2, "the next one knows nothing of its settings"
    assert "SLACK_BOT_TOKEN" in errors


def test_it_can_be_killed_and_stopped_like_any_process(migrated_sqlite: Path, tmp_path: Path) -> None:
    with Office(sqlite_url(tmp_path, migrated_sqlite), tmp_path) as office:
        killed, stopped = office.spawn(), office.spawn()
        assert killed.process.pid != stopped.process.pid
        with pytest.raises(subprocess.TimeoutExpired):
            killed.process.wait(0.05)
        assert killed.process.poll() is None
        killed.kill()
        assert killed.process.poll() == -signal.SIGKILL
        assert stopped.process.poll() is None
        stopped.stop()
        assert stopped.process.poll() == 0
        assert "stopped" in stopped.log.read_text(encoding="utf-8")


def test_what_was_forked_goes_with_whoever_wanted_it(migrated_sqlite: Path, tmp_path: Path) -> None:
    forker = forking.Forker()
    with Office(sqlite_url(tmp_path, migrated_sqlite), tmp_path) as office:
        office.start = forker.start
        process = office.spawn().process
        forker.close()
        assert process.poll() == -signal.SIGKILL
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)
