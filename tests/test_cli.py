"""The command line, as a person types it: what it prints, where, and with which exit code."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot import __version__
from bot.jobs.schedule import JOBS
from storage import ledger
from storage.engine import Books
from tests.office import Office
from tests.storage.kit import entry

ROOT = Path(__file__).parent.parent
SETTINGS = {
    "SLACK_BOT_TOKEN": "xoxb-1-token",
    "SLACK_APP_TOKEN": "xapp-1-token",
    "PURSER_OWNERS": "U0OLGA",
    "PURSER_PEPPER": "0123456789abcdef0123456789abcdef",
    "LITELLM_BASE_URL": "http://127.0.0.1:9",
    "LITELLM_MASTER_KEY": "sk-master-key",
    "SLACK_API_URL": "http://127.0.0.1:9/api/",
}


def purser(*arguments: str, cwd: Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run it as its own process, with these settings and nothing else in the environment."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "bot", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        input=stdin,
        check=False,
        timeout=50,
    )


@pytest.fixture
def books(migrated_sqlite: Path, tmp_path: Path) -> Path:
    """A folder with migrated books of three rows."""
    shutil.copyfile(migrated_sqlite, tmp_path / "purser.db")
    opened = Books(f"sqlite:///{tmp_path / 'purser.db'}")
    with opened.transaction() as session:
        for key in ("a", "b", "c"):
            ledger.append(session, entry(key))
    opened.close()
    return tmp_path


@pytest.mark.parametrize("arguments", [["serve", "--http", "127.0.0.1:0"], ["doctor"], ["ledger", "export"]])
def test_missing_settings_are_one_readable_list(tmp_path: Path, arguments: list[str]) -> None:
    done = purser(*arguments, cwd=tmp_path, LITELLM_BASE_URL="nowhere")
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    needed = 5 if arguments[0] == "ledger" else 6  # which way Slack comes in is no matter to the books
    assert lines[0] == f"{needed} settings are missing or wrong:"
    assert lines[1] == "  - SLACK_BOT_TOKEN is missing: Bot token of the Slack app, starts with xoxb-."
    assert "  - LITELLM_BASE_URL must be an address such as https://gateway.example.com." in lines
    assert lines[-1] == "See .env.example for all of them."
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_one_missing_setting_is_said_in_the_singular(tmp_path: Path) -> None:
    done = purser("serve", cwd=tmp_path, **{**SETTINGS, "PURSER_PEPPER": ""})
    assert done.stderr.splitlines()[0] == "One setting is missing or wrong:"


@pytest.mark.parametrize("at", ["3000", "host:port"])
def test_a_wrong_address_is_said(tmp_path: Path, at: str) -> None:
    done = purser("serve", "--http", at, cwd=tmp_path, **SETTINGS, SLACK_SIGNING_SECRET="x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"--http: {at!r} is not an address; it looks like 127.0.0.1:3000\n"


def test_serve_without_slack_says_so_without_a_traceback(tmp_path: Path) -> None:
    done = purser("serve", cwd=tmp_path, **SETTINGS)
    assert done.returncode == 1
    assert "Purser cannot go on" in done.stderr
    assert "purser doctor" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_with_a_refused_token_says_so(tmp_path: Path) -> None:
    with Office(f"sqlite:///{tmp_path / 'purser.db'}", tmp_path) as office:
        office.environment["slack_bot_token"] = "xoxb-another"
        settings = {name.upper(): value for name, value in office.settings().items()}
        done = purser("serve", cwd=tmp_path, **settings)
    assert done.returncode == 1
    assert done.stderr.endswith("Slack refused the bot token: invalid_auth. `purser doctor` checks everything.\n")
    assert "Traceback" not in done.stderr


def test_serve_without_a_database_says_so(tmp_path: Path) -> None:
    done = purser("serve", cwd=tmp_path, **SETTINGS, DATABASE_URL="sqlite:////not/there/purser.db")
    assert done.returncode == 1
    assert "The database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["migrate"], ["ledger", "verify"], ["run-job", "expiry"]])
def test_no_database_is_said_by_every_command(tmp_path: Path, arguments: list[str]) -> None:
    done = purser(*arguments, cwd=tmp_path, **SETTINGS, DATABASE_URL="sqlite:////not/there/purser.db")
    assert done.returncode == 1
    assert "The database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_version_needs_no_settings(tmp_path: Path) -> None:
    done = purser("version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{__version__}\n")


def test_without_a_command_it_explains_itself(tmp_path: Path) -> None:
    shown = purser("--help", cwd=tmp_path).stdout
    for command in ("serve", "doctor", "migrate", "run-job", "health", "playground", "ledger", "version"):
        assert command in shown


def test_migrate_says_what_it_did(tmp_path: Path) -> None:
    first, second = (purser("migrate", cwd=tmp_path, **SETTINGS) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout == second.stdout.replace(".", " (they were empty).")


def test_run_job_lists_and_refuses_unknown_ones(tmp_path: Path) -> None:
    listed = purser("run-job", "list", cwd=tmp_path)
    assert listed.returncode == 0
    assert [line.split(":")[0].strip() for line in listed.stdout.splitlines()] == [job.name for job in JOBS]
    refused = purser("run-job", "digets", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("There is no job 'digets'.")


def test_run_job_runs_it(tmp_path: Path) -> None:
    with Office(f"sqlite:///{tmp_path / 'purser.db'}", tmp_path) as office:
        settings = {name.upper(): value for name, value in office.settings().items()}
        done = purser("run-job", "reconcile", cwd=tmp_path, **settings)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("reconcile has run.")


def test_ledger_verify_names_the_first_row_that_differs(books: Path) -> None:
    whole = purser("ledger", "verify", cwd=books, **SETTINGS)
    assert (whole.returncode, whole.stderr) == (0, "")
    count, head = whole.stdout.splitlines()
    assert count == "The ledger is whole: 3 rows, and the books agree with it."
    anchor = head.removeprefix("Head: ")
    assert anchor.startswith("3:")
    assert purser("ledger", "verify", "--anchor", anchor, cwd=books, **SETTINGS).returncode == 0
    _tamper(books / "purser.db")
    broken = purser("ledger", "verify", "--anchor", anchor, cwd=books, **SETTINGS)
    assert broken.returncode == 1
    assert broken.stdout.startswith("Row 2 is wrong: inputs_hash ")


def test_ledger_verify_explains_a_malformed_anchor(books: Path) -> None:
    done = purser("ledger", "verify", "--anchor", "3", cwd=books, **SETTINGS)
    assert done.returncode == 2
    assert done.stderr == "'3' is not SEQ:HASH, as `purser ledger verify` prints it\n"


def test_ledger_export_writes_every_row(books: Path) -> None:
    shown = purser("ledger", "export", cwd=books, **SETTINGS)
    assert shown.returncode == 0
    assert len(shown.stdout.splitlines()) == 4
    written = purser("ledger", "export", "--format", "jsonl", "--output", "l.jsonl", cwd=books, **SETTINGS)
    assert (written.returncode, written.stdout) == (0, "")
    assert len((books / "l.jsonl").read_text(encoding="utf-8").splitlines()) == 3
    refused = purser("ledger", "export", "--format", "xml", cwd=books, **SETTINGS)
    assert (refused.returncode, refused.stderr) == (2, "--format is csv or jsonl, not 'xml'.\n")


def test_ledger_export_to_a_place_that_is_not_there_says_so(books: Path) -> None:
    done = purser("ledger", "export", "--output", "not/there.csv", cwd=books, **SETTINGS)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "not/there.csv" in done.stderr


@pytest.mark.parametrize("command", ["verify", "export"])
def test_books_without_tables_are_said_to_be_empty(tmp_path: Path, command: str) -> None:
    done = purser("ledger", command, cwd=tmp_path, **SETTINGS)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "The books are empty: run `purser migrate`.\n")


def test_health_says_whether_purser_answers(tmp_path: Path) -> None:
    silent = purser("health", cwd=tmp_path, **SETTINGS, PURSER_HEALTH="127.0.0.1:9")
    assert (silent.returncode, silent.stdout) == (1, "")
    assert silent.stderr == "Purser does not answer at 127.0.0.1:9: ConnectError\n"
    off = purser("health", cwd=tmp_path, **SETTINGS, PURSER_HEALTH="off")
    assert (off.returncode, off.stderr) == (1, "PURSER_HEALTH is off, so there is nothing to ask.\n")


def test_doctor_prints_what_failed_and_what_to_do(tmp_path: Path) -> None:
    with Office(f"sqlite:///{tmp_path / 'purser.db'}", tmp_path) as office:
        office.environment["purser_owners"] = "U0GUS"
        settings = {name.upper(): value for name, value in office.settings().items()}
        done = purser("doctor", cwd=tmp_path, **settings)
    assert done.returncode == 1
    assert "ok    Slack bot token: purser in Playground\n" in done.stdout
    assert "FAIL  Owner U0GUS: " in done.stdout
    assert "      Name somebody else in PURSER_OWNERS.\n" in done.stdout
    assert done.stderr == ""


def _tamper(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER ledger_refuses_update")
        connection.execute("UPDATE ledger SET reason = 'because' WHERE seq = 2")
    connection.close()
