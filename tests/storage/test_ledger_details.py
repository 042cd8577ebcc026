"""Small promises of the ledger that only show when something looks closely: bytes, places, first rows, words."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from storage import ledger
from storage.engine import Books
from storage.ledger import Anchor, Fault, Format
from tests.storage.kit import NOON, entry


@pytest.fixture(params=["Pacific/Auckland", "America/Los_Angeles"])
def machine_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose local time is that of this place."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def written(books: Books, *entries: ledger.Entry) -> None:
    with books.transaction() as session:
        for each in entries:
            ledger.append(session, each)


@pytest.mark.usefixtures("machine_in")
def test_the_seal_is_over_utc_wherever_the_machine_is(books: Books) -> None:
    sealed = ledger.hash_row(entry("a"), seq=1, prev_hash=ledger.GENESIS)
    written(books, entry("a"))
    with books.reading() as session:
        (row,) = ledger.entries(session)
        (line,) = ledger.export(session, fmt=Format.JSONL)
    assert (row.at, row.hash) == (NOON, sealed)
    assert json.loads(line)["at"] == "2026-11-20T12:00:00.123456Z"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_of_the_csv_is_a_formula(books: Books, start: str) -> None:
    written(books, entry("a", reason=f"{start}1+1"))
    with books.reading() as session:
        csv = "".join(ledger.export(session, fmt=Format.CSV))
    assert f"'{start}1+1" in csv


def test_json_lines_keep_letters_as_they_are(books: Books) -> None:
    written(books, entry("a", reason="für Ana"))
    with books.reading() as session:
        assert "für Ana" in next(ledger.export(session, fmt=Format.JSONL))


def test_even_the_first_row_can_be_held_to_a_note(books: Books) -> None:
    written(books, entry("a"), entry("b"))
    with books.reading() as session:
        broken = ledger.verify(session, anchors=[Anchor(1, "f" * 64)]).broken
        assert ledger.verify(session, anchors=[Anchor(0, "whatever")]).ok
    assert broken is not None
    assert (broken.seq, broken.fault) == (1, Fault.HASH)


def test_rows_are_found_by_whom_and_what_they_are_about(books: Books) -> None:
    written(
        books,
        entry("a", member_id="U0ANA", key_id="k1", team_id="t1", request_id="r1"),
        entry("b", member_id="U0BEN", key_id="k2", team_id="t2", request_id="r2"),
    )
    with books.reading() as session:
        for wanted in ({"member_id": "U0BEN"}, {"key_id": "k2"}, {"team_id": "t2"}, {"request_id": "r2"}):
            assert [row.idempotency_key for row in ledger.entries(session, **wanted)] == ["b"]


@pytest.mark.parametrize("text", ["\0", "a\ud800", "\udfffb", "\udbff"])
def test_text_that_no_database_holds_is_refused_with_the_reason(books: Books, text: str) -> None:
    why = r"\Atext for the ledger has neither NUL nor lone surrogates\Z"
    with pytest.raises(ValueError, match=why):
        written(books, entry("a", reason=text))
    with pytest.raises(ValueError, match=r"\Aa naive datetime must not enter the ledger\Z"):
        written(books, entry("a", at=NOON.replace(tzinfo=None)))


def test_a_key_used_for_something_else_says_which_row_has_it(books: Books) -> None:
    written(books, entry("a"))
    with pytest.raises(ledger.KeyReused, match=r"\A'a' already stands for something else, in ledger row 1\Z"):
        written(books, entry("a", reason="other"))
