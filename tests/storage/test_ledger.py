"""The ledger records once, in order, and gives back what it was given."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from storage import ledger
from tests.storage.kit import NOON, after, at_once, entry, roll_back

if TYPE_CHECKING:
    from storage.engine import Books

FULL = ledger.Entry(
    actor="U_OMAR",
    action="request.approved",
    idempotency_key="approve:req_1:U_OMAR",
    at=datetime(2026, 11, 20, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1))),
    team_id="team_1",
    project_id="proj_1",
    member_id="U_ANA",
    key_id="key_1",
    request_id="req_1",
    period="2026-11",
    amount_micros=25_000_000,
    reason='evaluate "rerankers" ☃ 😀\n=1+1',
)

# Frozen. If one of these changes, every ledger in the world stops verifying: that takes a format v2.
FULL_INPUTS_HASH = "386a50a215645d5aded2da0ef2ae5f5c23a4b119d82117bf52e94e6568b89998"
FULL_HASH = "3388d86d5abeaf7a88165d65018c77fc8993401b8e0fbd86dadf3bc1d3d6267a"
BARE_HASH = "f6798ec003b477ec491fdfa070e5a144810cd4629325c6e0f504df7a5a7e19b5"


def test_the_seal_is_the_frozen_one() -> None:
    assert ledger.hash_inputs(FULL) == FULL_INPUTS_HASH
    assert ledger.hash_row(FULL, seq=1, prev_hash=ledger.GENESIS) == FULL_HASH
    assert ledger.hash_row(entry("k"), seq=2, prev_hash=FULL_HASH) == BARE_HASH


def test_both_databases_hold_the_same_seals(books: Books) -> None:
    with books.transaction() as session:
        ledger.append(session, FULL)
        ledger.append(session, entry("k"))
    with books.reading() as session:
        first, second = ledger.entries(session)
        verdict = ledger.verify(session)
    assert (first.inputs_hash, first.hash) == (FULL_INPUTS_HASH, FULL_HASH)
    assert (second.prev_hash, second.hash) == (FULL_HASH, BARE_HASH)
    assert verdict.ok
    assert verdict.head == ledger.Anchor(2, BARE_HASH)


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(ledger.Entry)])
def test_every_field_is_under_the_seal(field: str) -> None:
    value = getattr(FULL, field)
    other = value + (timedelta(microseconds=1) if isinstance(value, datetime) else type(value)(1))
    changed = dataclasses.replace(FULL, **{field: other})
    assert ledger.hash_row(changed, seq=1, prev_hash=ledger.GENESIS) != FULL_HASH
    # The same deed told again a moment later is the same deed.
    assert (ledger.hash_inputs(changed) == FULL_INPUTS_HASH) == (field == "at")


def test_what_was_written_is_read_back_as_it_was(books: Books) -> None:
    with books.transaction() as session:
        assert ledger.append(session, FULL) == 1
    with books.reading() as session:
        (recorded,) = ledger.entries(session, request_id="req_1")
    for field in dataclasses.fields(ledger.Entry):
        assert getattr(recorded, field.name) == getattr(FULL, field.name)
    assert recorded.at.tzinfo == UTC


def test_entries_are_found_by_what_they_are_about(books: Books) -> None:
    with books.transaction() as session:
        ledger.append(session, entry("1", request_id="r1", key_id="k1"))
        ledger.append(session, entry("2", request_id="r2", key_id="k1", action="key.minted"))
        ledger.append(session, entry("3", request_id="r2", key_id="k2"))
    with books.reading() as session:
        assert [row.seq for row in ledger.entries(session, key_id="k1")] == [1, 2]
        assert [row.seq for row in ledger.entries(session, request_id="r2", key_id="k2")] == [3]
        assert [row.seq for row in ledger.entries(session, action="key.minted")] == [2]
        assert [row.seq for row in ledger.entries(session)] == [1, 2, 3]
        assert ledger.entries(session, team_id="nobody") == []


def test_once_the_same_deed_told_again_writes_nothing(books: Books) -> None:
    with books.transaction() as session:
        ledger.append(session, entry("0"))
        first = ledger.append(session, FULL)
    with books.transaction() as session:
        again = ledger.append(session, dataclasses.replace(FULL, at=after(3600)))
    assert first == again == 2
    with books.reading() as session:
        assert [row.at for row in ledger.entries(session)] == [NOON, FULL.at]


def test_a_key_reused_for_something_else_is_refused(books: Books) -> None:
    with books.transaction() as session:
        ledger.append(session, FULL)

    def approve_again_for_more() -> None:
        with books.transaction() as session:
            ledger.append(session, entry("innocent"))
            ledger.append(session, dataclasses.replace(FULL, amount_micros=26_000_000))

    with pytest.raises(ledger.KeyReused) as caught:
        approve_again_for_more()
    assert (caught.value.idempotency_key, caught.value.seq) == (FULL.idempotency_key, 1)
    with books.reading() as session:
        assert len(ledger.entries(session)) == 1, "the whole transaction is undone"


def test_a_rollback_leaves_no_gap(books: Books) -> None:
    with books.transaction() as session:
        ledger.append(session, entry("1"))
    roll_back(books, lambda session: ledger.append(session, entry("2")))
    with books.transaction() as session:
        assert ledger.append(session, entry("3")) == 2
    with books.reading() as session:
        assert ledger.verify(session).ok


@pytest.mark.parametrize("field", ["reason", "actor", "idempotency_key", "request_id"])
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_text_that_one_database_could_not_hold_is_refused_by_both(books: Books, field: str, text: Any) -> None:
    with pytest.raises(ValueError, match="neither NUL nor lone surrogates"), books.transaction() as session:
        ledger.append(session, dataclasses.replace(FULL, **{field: text}))


def test_a_time_without_a_zone_is_refused(books: Books) -> None:
    with pytest.raises(ValueError, match="naive"), books.transaction() as session:
        ledger.append(session, entry("1", at=NOON.replace(tzinfo=None)))


def test_threads_appending_at_once_keep_the_chain_whole(books: Books) -> None:
    def append_some(thread: int) -> None:
        for number in range(10):
            with books.transaction() as session:
                ledger.append(session, entry(f"{thread}:{number}"))

    at_once(6, append_some)
    with books.reading() as session:
        verdict = ledger.verify(session)
    assert verdict.ok
    assert verdict.count == 60


def test_once_the_same_deed_told_by_many_at_once_is_one_row(books: Books) -> None:
    def tell(_: int) -> int:
        with books.transaction() as session:
            return ledger.append(session, FULL)

    assert at_once(6, tell) == [1] * 6
    with books.reading() as session:
        assert len(ledger.entries(session)) == 1


def test_clocks_that_differ_are_counted_but_no_fault(books: Books) -> None:
    with books.transaction() as session:
        for number, seconds in enumerate([0, 5, 5, 3, 10]):
            ledger.append(session, entry(str(number), at=after(seconds)))
    with books.reading() as session:
        verdict = ledger.verify(session)
    assert verdict.ok
    assert verdict.steps_back == 1


def test_an_empty_ledger_is_whole(books: Books) -> None:
    with books.reading() as session:
        verdict = ledger.verify(session)
        assert list(ledger.export(session, fmt=ledger.Format.JSONL)) == []
    assert verdict.ok
    assert verdict.head == ledger.Anchor(0, ledger.GENESIS)


def test_json_lines_are_enough_to_verify_with_nothing_but_the_standard_library(books: Books) -> None:
    with books.transaction() as session:
        ledger.append(session, FULL)
        ledger.append(session, entry("k"))
    with books.reading() as session:
        rows = [json.loads(line) for line in ledger.export(session, fmt=ledger.Format.JSONL)]
    for row in rows:
        at = datetime.fromisoformat(row["at"])
        said = {field.name: row[field.name] for field in dataclasses.fields(ledger.Entry)} | {"at": at}
        assert ledger.hash_row(ledger.Entry(**said), seq=row["seq"], prev_hash=row["prev_hash"]) == row["hash"]
    assert [row["hash"] for row in rows] == [FULL_HASH, BARE_HASH]


def test_csv_is_read_back_whole_and_runs_no_formula(books: Books) -> None:
    with books.transaction() as session:
        ledger.append(session, dataclasses.replace(FULL, amount_micros=-5))
        ledger.append(session, entry("k", reason='=HYPERLINK("http://evil")'))
    with books.reading() as session:
        lines = "".join(ledger.export(session, fmt=ledger.Format.CSV))
    first, second = csv.DictReader(io.StringIO(lines, newline=""))
    assert first["reason"] == FULL.reason
    assert first["amount_micros"] == "-5", "a number stays a number"
    assert first["at"] == "2026-11-20T12:00:00.123456Z"
    assert second["reason"] == '\'=HYPERLINK("http://evil")'
