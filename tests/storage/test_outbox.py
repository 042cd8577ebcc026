"""The outbox hands each effect to one holder at a time, in order within its stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from storage import outbox
from storage.outbox import Backlog, State
from tests.storage.kit import NOON, add, after, at_once, claim, roll_back, run

if TYPE_CHECKING:
    from sqlmodel import Session

    from storage.engine import Books


def work_off(books: Books, *, now: float = 0) -> list[str]:
    """What a lone worker performs, in order, until nothing is due."""
    performed: list[str] = []
    while True:
        with books.transaction() as session:
            claimed = claim(session, now=after(now))
            if claimed is None:
                return performed
            performed.append(claimed.payload["text"])
            assert outbox.finish(session, claimed, now=after(now))


def test_an_effect_comes_back_as_it_was_written(books: Books) -> None:
    payload = {"text": "approved by ☃", "blocks": [{"n": 1, "none": None}], "cap_micros": 2**53 + 1}
    with books.transaction() as session:
        effect_id = add(session, "a", payload=payload, effect="slack.post", stream="req_1")
    with books.transaction() as session:
        claimed = claim(session, lease="holder")
    assert claimed == outbox.Claimed(effect_id, "req_1", "slack.post", payload, 1, False, "holder", NOON)


def test_once_an_effect_added_twice_is_one(books: Books) -> None:
    with books.transaction() as session:
        first = add(session, "a")
        assert add(session, "a", payload={"text": "other"}) == first
    with books.transaction() as session:
        assert add(session, "a", stream="elsewhere") == first
    assert work_off(books) == ["a"]
    with books.transaction() as session:
        assert add(session, "a") == first, "not even when it is done"
    assert work_off(books) == []


def test_an_effect_of_a_transaction_that_failed_does_not_exist(books: Books) -> None:
    roll_back(books, lambda session: add(session, "a"))
    assert work_off(books) == []


def test_a_stream_is_performed_in_order_one_at_a_time(books: Books) -> None:
    with books.transaction() as session:
        for key in ("a1", "a2"):
            add(session, key, stream="a")
        add(session, "b1", stream="b")
    with books.transaction() as session:
        first, second, third = claim(session), claim(session), claim(session)
    assert first is not None
    assert second is not None
    assert (first.payload["text"], second.payload["text"], third) == ("a1", "b1", None)
    with books.transaction() as session:
        assert outbox.finish(session, first, now=NOON)
    assert work_off(books) == ["a2"]


def test_one_that_waits_for_its_time_holds_up_its_own_stream_only(books: Books) -> None:
    with books.transaction() as session:
        add(session, "a1", stream="a", not_before=after(100))
        add(session, "a2", stream="a")
        add(session, "b1", stream="b")
    assert work_off(books, now=99) == ["b1"]
    assert work_off(books, now=100) == ["a1", "a2"]


def test_a_failed_effect_is_tried_again_at_its_time_and_before_what_follows(books: Books) -> None:
    with books.transaction() as session:
        add(session, "a1")
        add(session, "a2")
        claimed = claim(session)
        assert claimed is not None
        assert outbox.retry(session, claimed, now=NOON, error="429", next_try_at=after(30), outcome_unknown=False)
    assert work_off(books, now=29) == []
    with books.transaction() as session:
        assert outbox.next_due(session, NOON) == after(30)
        again = claim(session, now=after(30))
        (first, _) = outbox.pending(session)
    assert again is not None
    assert (again.payload["text"], again.attempts, again.outcome_unknown) == ("a1", 2, False)
    assert first.last_error == "429"


def test_an_unknown_outcome_stays_unknown_until_someone_looked(books: Books) -> None:
    with books.transaction() as session:
        add(session, "a")
        claimed = claim(session)
        assert claimed is not None
        outbox.retry(session, claimed, now=NOON, error="lost", next_try_at=after(-9), outcome_unknown=True)
        assert outbox.next_due(session, NOON) == NOON, "the past has no use"
        claimed = claim(session)
        assert claimed is not None
        assert claimed.outcome_unknown
        outbox.retry(session, claimed, now=NOON, error="not there", next_try_at=NOON, outcome_unknown=False)
        claimed = claim(session)
        assert claimed is not None
        assert not claimed.outcome_unknown


def test_a_lease_keeps_others_away_until_it_ends(books: Books) -> None:
    with books.transaction() as session:
        add(session, "a")
        assert claim(session, lease="dies") is not None
    with books.transaction() as session:
        assert claim(session, lease="other", now=after(59)) is None
        taken = claim(session, lease="other", now=after(60))
    assert taken is not None
    assert taken.outcome_unknown, "whoever died may have performed it"
    assert taken.attempts == 2


def test_a_holder_who_lost_the_lease_changes_nothing(books: Books) -> None:
    with books.transaction() as session:
        add(session, "a")
        slow = claim(session, lease="same name")
        quick = claim(session, lease="same name", now=after(60))
    assert slow is not None
    assert quick is not None
    with books.transaction() as session:
        assert not outbox.finish(session, slow, now=after(61))
        assert not outbox.bury(session, slow, now=after(61), error="x")
        assert not outbox.retry(session, slow, now=after(61), error="x", next_try_at=after(61), outcome_unknown=False)
        assert outbox.finish(session, quick, now=after(61))
        assert not outbox.finish(session, quick, now=after(61)), "once is enough"


def test_a_late_holder_whom_nobody_replaced_may_still_finish(books: Books) -> None:
    with books.transaction() as session:
        add(session, "a")
        late = claim(session)
    assert late is not None
    with books.transaction() as session:
        assert outbox.finish(session, late, now=after(3600))
    assert work_off(books, now=3600) == []


def test_two_claimers_never_get_the_same_effect(books: Books) -> None:
    with books.transaction() as session:
        for number in range(24):
            add(session, str(number), stream=str(number % 8))

    def work(thread: int) -> list[str]:
        performed: list[str] = []
        while True:
            with books.transaction() as session:
                claimed = claim(session, lease=f"{thread}:{len(performed)}")
            if claimed is None:
                return performed
            performed.append(claimed.payload["text"])
            with books.transaction() as session:
                assert outbox.finish(session, claimed, now=NOON)

    performed = at_once(4, work)
    performed.append(work_off(books))  # a worker leaves while another still holds the head of a stream
    assert sorted(int(text) for texts in performed for text in texts) == list(range(24))


def test_only_the_effect_asked_for_is_claimed(books: Books) -> None:
    with books.transaction() as session:
        first, second, other = add(session, "a1"), add(session, "a2"), add(session, "b1", stream="b")
        assert claim(session, only_id=second) is None, "its stream comes first"
        claimed = claim(session, only_id=other)
        assert claimed is not None
        assert claimed.id == other
        assert claim(session, only_id=other) is None
        assert claim(session, only_id=12345) is None
        assert claim(session, only_id=first) is not None


def test_a_dead_letter_is_kept_and_holds_up_nobody(books: Books) -> None:
    with books.transaction() as session:
        dead_id = add(session, "a1")
        add(session, "a2")
        claimed = claim(session)
        assert claimed is not None
        assert outbox.bury(session, claimed, now=NOON, error="channel_not_found " + "x" * 9000)
    assert work_off(books, now=9999) == ["a2"]
    with books.transaction() as session:
        assert outbox.prune(session, after(10**6)) == 1, "a dead letter is not forgotten"
        (letter,) = outbox.dead(session)
        assert (letter.id, letter.state, letter.attempts) == (dead_id, State.DEAD, 1)
        assert letter.last_error is not None
        assert letter.last_error.startswith("channel_not_found")
        assert len(letter.last_error) == 2000
        assert outbox.revive(session, dead_id, now=after(5))
        assert not outbox.revive(session, dead_id, now=after(5))
        assert outbox.dead(session) == []
    assert work_off(books, now=5) == ["a1"]


def test_what_is_no_longer_wanted_is_not_performed(books: Books) -> None:
    with books.transaction() as session:
        add(session, "remind:r1:1", stream="r1")
        add(session, "remind:r1:2", stream="r1", not_before=after(100))
        add(session, "remind:r10:1", stream="r10")
        add(session, "post:r1", stream="r1")
        add(session, "remind%", stream="r2")
        assert outbox.void(session, now=NOON, unique_key_prefix="remind:r1:") == 2
        assert outbox.void(session, now=NOON, unique_key_prefix="remind:r1:") == 0
        assert outbox.void(session, now=NOON, unique_key_prefix="remind_r1") == 0, "no wildcards"
        assert outbox.void(session, now=NOON, stream="r1", unique_key_prefix="remind%") == 0
        assert [row.unique_key for row in outbox.pending(session, stream="r1")] == ["post:r1"]
        assert outbox.void(session, now=NOON, stream="r1") == 1
    assert work_off(books, now=1000) == ["remind:r10:1", "remind%"]


def test_voiding_everything_by_accident_is_refused(books: Books) -> None:
    with pytest.raises(ValueError, match="needs a stream"), books.transaction() as session:
        outbox.void(session, now=NOON, unique_key_prefix="")


def test_one_voided_while_it_is_performed_is_not_overtaken(books: Books) -> None:
    with books.transaction() as session:
        add(session, "old card")
        held = claim(session)
        assert held is not None
        assert outbox.void(session, now=NOON, stream="card") == 1
        add(session, "new card")
        assert claim(session, now=after(59)) is None, "the old post may still be on its way"
        assert outbox.next_due(session, after(59)) == after(60)
        assert outbox.finish(session, held, now=after(59)), "it was performed, and the books say so"
    assert work_off(books, now=59) == ["new card"]


@pytest.mark.parametrize("ending", ["retry", "bury"])
def test_one_voided_while_it_failed_is_not_tried_again(books: Books, ending: str) -> None:
    with books.transaction() as session:
        add(session, "old card")
        held = claim(session)
        assert held is not None
        outbox.void(session, now=NOON, stream="card")
        add(session, "new card")
        if ending == "retry":
            assert not outbox.retry(session, held, now=NOON, error="500", next_try_at=NOON, outcome_unknown=False)
        else:
            assert not outbox.bury(session, held, now=NOON, error="500")
        assert outbox.dead(session) == []
    assert work_off(books) == ["new card"]


def test_one_voided_while_its_holder_died_frees_its_stream_when_the_lease_ends(books: Books) -> None:
    with books.transaction() as session:
        add(session, "old card")
        assert claim(session) is not None
        outbox.void(session, now=NOON, stream="card")
        add(session, "new card")
    assert work_off(books, now=59) == []
    assert work_off(books, now=60) == ["new card"]


def test_next_due_says_when_to_ask_again(books: Books) -> None:
    with books.transaction() as session:
        assert outbox.next_due(session, NOON) is None
        add(session, "a1", stream="a", not_before=after(50))
        add(session, "a2", stream="a")
        assert outbox.next_due(session, NOON) == after(50), "a2 is behind a1"
        add(session, "b1", stream="b", not_before=after(10))
        assert outbox.next_due(session, NOON) == after(10)
        assert claim(session, now=after(10)) is not None
        assert outbox.next_due(session, after(10)) == after(50)
        assert claim(session, now=after(50)) is not None
        assert outbox.next_due(session, after(50)) == after(70), "b1's lease ends first"


def test_whenever_something_is_due_it_can_be_claimed(books: Books) -> None:
    """A worker that trusts `next_due` neither spins nor sleeps through."""
    with books.transaction() as session:
        for number in range(6):
            add(session, str(number), stream=str(number % 2), not_before=after(10 * (6 - number)))
        seconds = 0.0
        for _ in range(6):
            due = outbox.next_due(session, after(seconds))
            assert due is not None
            seconds = max(seconds, (due - NOON).total_seconds())
            claimed = claim(session, now=after(seconds))
            assert claimed is not None
            outbox.finish(session, claimed, now=after(seconds))
        assert outbox.next_due(session, after(seconds)) is None


def test_the_backlog_counts_what_is_behind(books: Books) -> None:
    with books.transaction() as session:
        assert outbox.backlog(session, NOON) == Backlog(0, 0.0)
        add(session, "later", stream="l", not_before=after(1000))
        assert outbox.backlog(session, after(10)) == Backlog(0, 0.0), "what is planned is not behind"
        add(session, "a", now=after(10))
        add(session, "b", now=after(20))
        assert outbox.backlog(session, after(25)) == Backlog(2, 15.0)
        claimed = claim(session, now=after(25))
        assert claimed is not None
        outbox.retry(session, claimed, now=after(25), error="x", next_try_at=after(500), outcome_unknown=False)
        assert outbox.backlog(session, after(30)) == Backlog(2, 20.0), "one that failed is still behind"
        assert outbox.backlog(session, NOON) == Backlog(1, 0.0), "a clock behind ours gives no negative age"


def test_pending_is_told_by_stream_and_effect(books: Books) -> None:
    with books.transaction() as session:
        add(session, "1", stream="a", effect="post")
        add(session, "2", stream="a", effect="mint")
        add(session, "3", stream="b", effect="post")
        assert [row.unique_key for row in outbox.pending(session)] == ["1", "2", "3"]
        assert [row.unique_key for row in outbox.pending(session, stream="a", effect="post")] == ["1"]
        assert [row.unique_key for row in outbox.pending(session, effect="post")] == ["1", "3"]


def test_done_effects_are_forgotten_in_time_but_their_ids_are_never_given_again(books: Books) -> None:
    with books.transaction() as session:
        add(session, "a")
        last = add(session, "b")
    assert work_off(books) == ["a", "b"]
    with books.transaction() as session:
        waiting = add(session, "c", stream="c", not_before=after(10**6))
        assert outbox.prune(session, NOON) == 0
        assert outbox.prune(session, after(1)) == 2
        outbox.void(session, now=NOON, stream="c")
        assert outbox.prune(session, after(1)) == 1
        assert outbox.pending(session) == []
        assert add(session, "d") > waiting > last


def test_a_claim_reads_no_more_for_a_long_history(books: Books) -> None:
    """By the planner's word, not by the clock: the done rows are never walked through."""
    with books.transaction() as session:
        for number in range(300):
            add(session, f"done {number}")
    run(books, "UPDATE outbox SET state = 'done', done_at = created_at")
    with books.transaction() as session:
        add(session, "new")
    plan = plan_of_claim(books)
    assert "ix_outbox_due" in plan
    assert "SCAN outbox" not in plan
    assert "Seq Scan" not in plan
    assert work_off(books) == ["new"]


def plan_of_claim(books: Books) -> str:
    statements: list[tuple[str, object]] = []
    with books.transaction() as session:
        connection = session.connection()
        event.listen(
            connection,
            "before_cursor_execute",
            lambda _c, _cursor, statement, parameters, *_: statements.append((statement, parameters)),
        )
        claim(session, only_id=None, now=after(-1))
        statement, parameters = statements[0]
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()  # type: ignore[arg-type]
        else:
            connection.exec_driver_sql("ANALYZE outbox")
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()  # type: ignore[arg-type]
        return "\n".join(str(row) for row in rows)


def holders(session: Session) -> int:
    return sum(row.leased_until is not None for row in outbox.pending(session))


def test_a_claim_that_is_rolled_back_was_never_made(books: Books) -> None:
    with books.transaction() as session:
        add(session, "a")
    assert roll_back(books, claim) is not None
    with books.reading() as session:
        assert holders(session) == 0
    with books.transaction() as session:
        claimed = claim(session)
    assert claimed is not None
    assert (claimed.attempts, claimed.outcome_unknown) == (1, False)
