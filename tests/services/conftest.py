"""A company with a team in #search: Olga and Omar own it, Ana and Ben are members, $500 a month."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.company import Company
from tests.fakes import MortalBooks
from tests.services.kit import found_team


@pytest.fixture
def company(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Company]:
    """Founded, settled and silent. On SQLite: what depends on the database is tested with storage and properties."""
    shutil.copyfile(migrated_sqlite, tmp_path / "purser.db")
    books = MortalBooks(f"sqlite:///{tmp_path / 'purser.db'}")
    company = Company(books)
    found_team(company)
    yield company
    books.close()


@pytest.fixture
def company_anywhere(migrated_url: str) -> Iterator[Company]:
    """The same on either kind of database: for what depends on rows being written once."""
    books = MortalBooks(migrated_url)
    company = Company(books)
    found_team(company)
    yield company
    books.close()
