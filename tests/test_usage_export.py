"""`purser usage export` as a person types it, and the document that says what each column means."""

from __future__ import annotations

import csv
import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.domain.usage_csv import COLUMNS
from tests.fakes import MortalBooks
from tests.services import usage_kit as kit
from tests.test_cli import ROOT, SETTINGS, purser

DOCUMENT = (ROOT / "docs" / "usage-export.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def books(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with books of two teams that used their keys in autumn."""
    folder = tmp_path_factory.mktemp("export")
    shutil.copyfile(migrated_sqlite, folder / "purser.db")
    opened = MortalBooks(f"sqlite:///{folder / 'purser.db'}")
    kit.made(opened).tell(kit.drawn(3, date(2026, 10, 1), date(2026, 11, 21)))
    opened.close()
    return folder


def export(books: Path, *options: str) -> list[dict[str, str]]:
    done = purser("usage", "export", *options, cwd=books, **SETTINGS)
    assert (done.returncode, done.stderr) == (0, "")
    return list(csv.DictReader(done.stdout.splitlines(), strict=True))


def test_the_document_has_every_column_and_what_it_means() -> None:
    table = DOCUMENT.partition("## Columns")[2].partition("\n## ")[0]
    shown = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE)
    assert shown == [tuple(column) for column in COLUMNS]


def test_the_document_has_every_option(books: Path) -> None:
    shown = set(re.findall(r"`(--[a-z]+)", DOCUMENT))
    offered = set(re.findall(r"--[a-z]+", purser("usage", "export", "--help", cwd=books).stdout)) - {"--help"}
    assert shown == offered


def test_it_writes_what_was_asked_for(books: Path) -> None:
    rows = export(books, "--all", "--since", "2026-10-10", "--until", "2026-11-05")
    assert {row["team"] for row in rows} == {"search", "ads"}
    assert {row["date"] for row in rows} <= {f"2026-{m:02}-{d:02}" for m in (10, 11) for d in range(1, 32)}
    assert (min(row["date"] for row in rows), max(row["date"] for row in rows)) == ("2026-10-10", "2026-11-05")
    search = export(books, "--team", "search", "--since", "2026-10-10", "--until", "2026-11-05")
    assert search == [row for row in rows if row["team"] == "search"]
    feed = export(books, "--project", "feed", "--since", "2026-10-10", "--until", "2026-11-05")
    assert feed == [row for row in rows if row["project"] == "feed"]
    assert feed
    hours = export(books, "--all", "--by", "hour", "--since", "2026-10-10", "--until", "2026-11-05")
    assert sum(int(row["cost_micros"]) for row in hours) == sum(int(row["cost_micros"]) for row in rows)
    assert {row["hour"] for row in hours} == {"00", "01", "12", "23"}


def test_it_writes_to_a_file_the_same_as_to_the_terminal(books: Path, tmp_path: Path) -> None:
    options = ("--all", "--since", "2026-10-01", "--until", "2026-11-20")
    shown = purser("usage", "export", *options, cwd=books, **SETTINGS).stdout
    file = tmp_path / "usage.csv"
    done = purser("usage", "export", *options, "--output", str(file), cwd=books, **SETTINGS)
    assert (done.returncode, done.stdout) == (0, "")
    assert file.read_text(encoding="utf-8") == shown


def test_by_default_it_is_the_last_thirty_days(books: Path) -> None:
    today = datetime.now(UTC).date()
    rows = export(books, "--all")
    assert all((today - date.fromisoformat(row["date"])).days < 30 for row in rows)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Say whose usage: --team NAME, --project NAME or --all.\n"),
        (("--all", "--team", "search"), "Say whose usage: --team NAME, --project NAME or --all.\n"),
        (("--all", "--by", "week"), "--by is hour or day, not 'week'.\n"),
        (("--all", "--since", "monday"), "--since is a day such as 2026-11-21, not 'monday'.\n"),
        (("--team", "nowhere"), "No team is called 'nowhere'. There is: ads, empty, search.\n"),
    ],
)
def test_what_is_wrong_is_one_line(books: Path, options: tuple[str, ...], said: str) -> None:
    done = purser("usage", "export", *options, cwd=books, **SETTINGS)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_books_without_tables_are_said_to_be_empty(tmp_path: Path) -> None:
    done = purser("usage", "export", "--all", cwd=tmp_path, **SETTINGS)
    assert (done.returncode, done.stderr) == (1, "The books are empty: run `purser migrate`.\n")
