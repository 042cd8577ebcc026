"""`purser inventory` as a person types it."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from tests.company import Company
from tests.fakes import MortalBooks
from tests.services.kit import found_team, held
from tests.test_cli import SETTINGS, purser


def test_counts_and_every_key_as_csv(migrated_sqlite: Path, tmp_path: Path) -> None:
    shutil.copyfile(migrated_sqlite, tmp_path / "purser.db")
    company = Company(MortalBooks(f"sqlite:///{tmp_path / 'purser.db'}"))
    found_team(company)
    key = held(company)
    company.books.close()
    done = purser("inventory", cwd=tmp_path, **SETTINGS)
    assert done.returncode == 0, done.stderr
    assert "1 key in use, 1 team, budgets of $500 a month." in done.stdout
    assert "memory (not set up any more), never read:" in done.stdout
    done = purser("inventory", "--csv", "--output", "keys.csv", cwd=tmp_path, **SETTINGS)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    (row,) = csv.DictReader((tmp_path / "keys.csv").read_text(encoding="utf-8").splitlines())
    assert (row["key"], row["team"], row["state"]) == (key.label, "search", "live")
