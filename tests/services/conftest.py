"""A company with a team in #search: Olga and Omar own it, Ana and Ben are members, $500 a month."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.company import Company
from tests.fakes import MortalBooks
from tests.services.kit import found_team


@pytest.fixture
def company(migrated_url: str) -> Iterator[Company]:
    """Founded, settled and silent."""
    books = MortalBooks(migrated_url)
    company = Company(books)
    found_team(company)
    yield company
    books.close()
