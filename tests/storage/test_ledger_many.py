"""Many ledger rows at once are the same rows as one by one: numbered, sealed, and each written once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from storage import ledger
from tests.storage.kit import after, entry

if TYPE_CHECKING:
    from storage.engine import Books


def test_many_rows_follow_each_other_as_if_written_one_by_one(books: Books) -> None:
    entries = [entry(str(number), amount_micros=number) for number in range(700)]
    with books.transaction() as session:
        ledger.append(session, entry("first"))
        assert ledger.append_many(session, entries) == 700
        ledger.append(session, entry("last"))
    with books.reading() as session:
        found = list(ledger.stream(session))
        assert ledger.verify(session).ok
    assert [row.idempotency_key for row in found] == ["first", *map(str, range(700)), "last"]
    assert [row.seq for row in found] == list(range(1, 703))
    assert found[1].hash == ledger.hash_row(entries[0], seq=2, prev_hash=found[0].hash)


def test_rows_that_are_there_already_are_not_written_again(books: Books) -> None:
    with books.transaction() as session:
        ledger.append(session, entry("b"))
        again = [replace(entry(key), at=after(60)) for key in "abc"]
        assert ledger.append_many(session, again) == 2
        assert ledger.append_many(session, again) == 0
        assert ledger.append_many(session, []) == 0
    with books.reading() as session:
        assert [row.idempotency_key for row in ledger.stream(session)] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        ([entry("a"), entry("b", reason="another")], ledger.KeyReused),
        ([entry("a"), entry("a")], ValueError),
        ([entry("a"), entry("c", reason="\0")], ValueError),
    ],
)
def test_one_entry_that_is_refused_writes_none(
    books: Books, entries: list[ledger.Entry], error: type[Exception]
) -> None:
    with books.transaction() as session:
        ledger.append(session, entry("b"))
    with books.transaction() as session, pytest.raises(error):
        ledger.append_many(session, entries)
    with books.reading() as session:
        assert [row.idempotency_key for row in ledger.stream(session)] == ["b"]
