"""The ledger cannot be changed by way of the database, and shows it when someone went past that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage import ledger
from storage.ledger import Anchor, Broken, Check, Difference, Fault
from tests.storage.kit import NOON, drop_triggers, entry, is_sqlite, roll_back, run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlmodel import Session

    from storage.engine import Books

ROWS = 4


@pytest.fixture
def filled(books: Books) -> Books:
    with books.transaction() as session:
        for number in range(1, ROWS + 1):
            ledger.append(session, entry(f"key-{number}", amount_micros=number, reason="as agreed"))
    return books


def verdict_on(books: Books, *anchors: Anchor) -> ledger.Verdict:
    with books.reading() as session:
        return ledger.verify(session, anchors=anchors)


def head_of(books: Books) -> Anchor:
    with books.reading() as session:
        return ledger.head(session)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET amount_micros = 999 WHERE seq = 2",
        "UPDATE ledger SET seq = seq",
        "DELETE FROM ledger WHERE seq = 4",
        "DELETE FROM ledger",
    ],
)
def test_the_database_refuses_to_change_or_remove_rows(filled: Books, statement: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"):
        run(filled, statement)
    assert verdict_on(filled).count == ROWS


def test_the_database_refuses_to_truncate(filled: Books) -> None:
    if is_sqlite(filled):
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(IntegrityError, match="append-only"):
        run(filled, "TRUNCATE ledger")
    with pytest.raises(IntegrityError, match="append-only"):
        run(filled, "TRUNCATE ledger CASCADE")


def test_replica_mode_does_not_get_past_the_triggers(filled: Books) -> None:
    if is_sqlite(filled):
        pytest.skip("PostgreSQL's own")

    def delete(session: Session) -> None:
        session.connection().execute(text("SET LOCAL session_replication_role = replica"))
        with pytest.raises(IntegrityError, match="append-only"):
            session.connection().execute(text("DELETE FROM ledger"))

    roll_back(filled, delete)


def insert(seq: int, key: str, prev_hash: str, verb: str = "INSERT") -> str:
    return (
        f"{verb} INTO ledger"
        " (seq, at, actor, action, reason, amount_micros, idempotency_key, inputs_hash, prev_hash, hash)"
        f" VALUES ({seq}, '2026-11-20 12:00:00.000000', 'U', 'x', '', 999, '{key}', 'x', '{prev_hash}', '')"
    )


@pytest.mark.parametrize(("seq", "key"), [(2, "new"), (ROWS + 1, "key-2"), (2, "key-2")])
def test_insert_or_replace_does_not_get_past_the_triggers(filled: Books, seq: int, key: str) -> None:
    if not is_sqlite(filled):
        pytest.skip("SQLite's own")
    with pytest.raises(IntegrityError):
        run(filled, insert(seq, key, head_of(filled).hash, "INSERT OR REPLACE"))
    verdict = verdict_on(filled)
    assert verdict.ok
    assert verdict.count == ROWS


def test_replacing_a_row_by_its_idempotency_key_fires_the_delete_trigger(filled: Books) -> None:
    """The case that only recursive_triggers covers: the new row is in order, the replaced one is another."""
    if not is_sqlite(filled):
        pytest.skip("SQLite's own")
    with pytest.raises(IntegrityError, match="append-only"):
        run(filled, insert(ROWS + 1, "key-2", head_of(filled).hash, "INSERT OR REPLACE"))


@pytest.mark.parametrize("seq", [-1, 0, 2, ROWS, ROWS + 2])
def test_the_database_refuses_a_row_out_of_order(filled: Books, seq: int) -> None:
    with pytest.raises(IntegrityError):
        run(filled, insert(seq, "new", head_of(filled).hash))


def test_the_database_refuses_a_row_that_does_not_follow_the_last(filled: Books) -> None:
    with pytest.raises(IntegrityError, match="follows the row before it"):
        run(filled, insert(ROWS + 1, "new", ledger.GENESIS))


def test_reading_refuses_to_write(filled: Books) -> None:
    with pytest.raises(DBAPIError), filled.reading() as session:
        ledger.append(session, entry("new"))
    assert verdict_on(filled).count == ROWS


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("at", NOON.replace(microsecond=123457).isoformat(sep=" "), Fault.HASH),
        ("actor", "U_EVE", Fault.INPUTS_HASH),
        ("action", "request.denied", Fault.INPUTS_HASH),
        ("team_id", "t", Fault.INPUTS_HASH),
        ("project_id", "p", Fault.INPUTS_HASH),
        ("member_id", "m", Fault.INPUTS_HASH),
        ("key_id", "k", Fault.INPUTS_HASH),
        ("request_id", "r", Fault.INPUTS_HASH),
        ("period", "2026-12", Fault.INPUTS_HASH),
        ("amount_micros", 3, Fault.INPUTS_HASH),
        ("amount_micros", None, Fault.INPUTS_HASH),
        ("reason", "as agreed ", Fault.INPUTS_HASH),
        ("idempotency_key", "other", Fault.INPUTS_HASH),
        ("inputs_hash", "f" * 64, Fault.INPUTS_HASH),
        ("prev_hash", "f" * 64, Fault.PREV_HASH),
        ("hash", "f" * 64, Fault.HASH),
    ],
)
def test_a_change_in_any_column_is_found_in_its_row(filled: Books, column: str, value: object, fault: Fault) -> None:
    drop_triggers(filled)
    if column == "at":  # the same instant to PostgreSQL, whose parameters have a type
        run(filled, f"UPDATE ledger SET at = '{str(value)[: 26 if is_sqlite(filled) else 99]}' WHERE seq = 2")
    else:
        run(filled, f"UPDATE ledger SET {column} = :value WHERE seq = 2", value=value)
    verdict = verdict_on(filled)
    assert not verdict.ok
    assert verdict.broken is not None
    assert (verdict.broken.seq, verdict.broken.fault) == (2, fault)
    assert verdict.broken.expected != verdict.broken.found
    assert verdict.count == 1, "what comes before is still proven"


def test_a_forger_who_seals_the_row_again_is_found_at_the_next(filled: Books) -> None:
    drop_triggers(filled)
    with filled.reading() as session:
        before = ledger.entries(session)
    forged = entry("key-2", amount_micros=999, reason="as agreed")
    run(
        filled,
        "UPDATE ledger SET amount_micros = 999, inputs_hash = :inputs, hash = :hash WHERE seq = 2",
        inputs=ledger.hash_inputs(forged),
        hash=ledger.hash_row(forged, seq=2, prev_hash=before[0].hash),
    )
    broken = verdict_on(filled).broken
    assert broken is not None
    assert (broken.seq, broken.fault) == (3, Fault.PREV_HASH)


@pytest.mark.parametrize("gone", [1, 3])
def test_a_row_that_is_gone_is_found(filled: Books, gone: int) -> None:
    drop_triggers(filled)
    run(filled, f"DELETE FROM ledger WHERE seq = {gone}")
    assert verdict_on(filled).broken == Broken(gone + 1, Fault.SEQ, str(gone), str(gone + 1))


def test_a_lost_end_is_found_by_an_anchor_only(filled: Books) -> None:
    noted = head_of(filled)
    drop_triggers(filled)
    run(filled, f"DELETE FROM ledger WHERE seq >= {ROWS - 1}")
    assert verdict_on(filled).ok, "the rest is a whole chain"
    later = Anchor(ROWS + 9, "f" * 64)
    assert verdict_on(filled, later, noted).broken == Broken(ROWS, Fault.MISSING, noted.hash, "no such row")


def test_a_rewritten_ledger_is_found_by_an_anchor_only(filled: Books) -> None:
    noted = head_of(filled)
    drop_triggers(filled)
    run(filled, "DELETE FROM ledger")
    with filled.transaction() as session:
        for number in range(1, ROWS + 2):
            ledger.append(session, entry(f"key-{number}", amount_micros=1))
    assert verdict_on(filled).ok
    broken = verdict_on(filled, noted).broken
    assert broken is not None
    assert (broken.seq, broken.fault, broken.expected) == (ROWS, Fault.HASH, noted.hash)


def test_earlier_anchors_hold_as_the_ledger_grows(filled: Books) -> None:
    nothing, noted = Anchor(0, ledger.GENESIS), head_of(filled)
    with filled.transaction() as session:
        ledger.append(session, entry("later"))
    assert verdict_on(filled, nothing, noted, head_of(filled)).ok


def test_a_figure_that_does_not_follow_from_the_ledger_is_named(filled: Books) -> None:
    def more_than_agreed(session: Session) -> Iterable[Difference]:
        total = sum(row.amount_micros or 0 for row in ledger.stream(session))
        yield Difference("total", "team_1", expected="11", found=str(total))

    with filled.reading() as session:
        verdict = ledger.verify(session, checks=[Check("total", more_than_agreed), Check("none", lambda _: [])])
    assert verdict.broken is None
    assert verdict.differences == (Difference("total", "team_1", "11", "10"),)
    assert not verdict.ok
