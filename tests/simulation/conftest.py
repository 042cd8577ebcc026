"""Books for simulations: a file of its own for each, or a PostgreSQL database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes import MortalBooks
from tests.simulation.firm import Firm, busy_firm

Founder = Callable[[int], Firm]


@pytest.fixture(scope="session")
def original(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Firm, Path]:
    """A busy firm on its first day, and the file with its books: closed, to be copied."""
    path = tmp_path_factory.mktemp("firm") / "purser.db"
    shutil.copyfile(migrated_sqlite, path)
    books = MortalBooks(f"sqlite:///{path}")
    firm = busy_firm(books, seed=0)
    books.close()
    return firm, path


@pytest.fixture
def founded(original: tuple[Firm, Path], tmp_path: Path) -> Iterator[Founder]:
    """Gives a busy firm for a seed, over a SQLite file of its own."""
    opened: list[MortalBooks] = []
    firm, first = original

    def found(seed: int) -> Firm:
        path = tmp_path / f"{len(opened)}.db"
        shutil.copyfile(first, path)
        opened.append(MortalBooks(f"sqlite:///{path}"))
        return firm.twin(opened[-1], seed)

    yield found
    for books in opened:
        books.close()


@pytest.fixture
def founded_on_postgresql(migrated_postgres_url: str) -> Iterator[Founder]:
    """Founds one busy firm for a seed, over PostgreSQL."""
    books = MortalBooks(migrated_postgres_url)
    yield lambda seed: busy_firm(books, seed)
    books.close()
