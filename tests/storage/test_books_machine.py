"""Whatever is done to ledger and outbox, in whatever order, they behave like a list and a queue on paper."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from storage import ledger, outbox
from storage.engine import Books
from tests.storage.kit import NOON, entry, roll_back

if TYPE_CHECKING:
    from collections.abc import Callable

LEASE_SECONDS = 60
KEYS = st.sampled_from(["a", "b", "c", "d", "e", "f"])
STREAMS = st.sampled_from(["x", "y"])


@dataclasses.dataclass
class Paper:
    """One effect, as a person with pencil and paper would keep it."""

    id: int
    key: str
    stream: str
    due: datetime
    state: str = "waiting"
    attempts: int = 0
    leased_until: datetime | None = None
    holder: str | None = None
    unknown: bool = False

    def is_in_the_way(self, now: datetime) -> bool:
        in_flight = self.leased_until is not None and self.leased_until > now
        return self.state == "waiting" or (self.state == "void" and in_flight)


class BooksMachine(RuleBasedStateMachine):
    """Compares the books with plain lists after every step, some of which are rolled back."""

    books: Books

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.rows: list[ledger.Entry] = []
        self.effects: list[Paper] = []
        self.held: list[outbox.Claimed] = []
        self.leases = itertools.count()

    @initialize()
    def start_empty(self) -> None:
        with self.books.transaction() as session:
            connection = session.connection()
            if connection.dialect.name == "sqlite":
                triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
                for name, _ in triggers:
                    connection.execute(text(f"DROP TRIGGER {name}"))
                connection.execute(text("DELETE FROM ledger"))
                for _, statement in triggers:
                    connection.execute(text(statement))
            else:
                connection.execute(text("ALTER TABLE ledger DISABLE TRIGGER USER"))
                connection.execute(text("DELETE FROM ledger"))
                for trigger in ("change", "truncate", "disorder"):
                    connection.execute(text(f"ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_refuses_{trigger}"))
            connection.execute(text("DELETE FROM outbox"))

    def do(self, work: Callable[[Any], Any], *, keep: bool) -> Any:
        if not keep:
            return roll_back(self.books, work)
        with self.books.transaction() as session:
            return work(session)

    @rule(seconds=st.sampled_from([1, 30, LEASE_SECONDS, 1000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(key=KEYS, amount=st.sampled_from([None, 0, 1, -(2**63), 2**63 - 1]), keep=st.booleans(), reason=st.text())
    def append(self, key: str, amount: int | None, keep: bool, reason: str) -> None:
        hypothesis.assume("\0" not in reason)
        new = entry(key, at=self.now, amount_micros=amount, reason=reason)
        earlier = [row for row in self.rows if row.idempotency_key == key]
        if earlier and dataclasses.replace(earlier[0], at=new.at) != new:
            with pytest.raises(ledger.KeyReused):
                self.do(lambda session: ledger.append(session, new), keep=keep)
            return
        seq = self.do(lambda session: ledger.append(session, new), keep=keep)
        if earlier:
            assert seq == self.rows.index(earlier[0]) + 1
        else:
            assert seq == len(self.rows) + 1
            self.rows += [new] if keep else []

    @rule(key=KEYS, stream=STREAMS, wait=st.sampled_from([0, 0, 45]), keep=st.booleans())
    def add(self, key: str, stream: str, wait: int, keep: bool) -> None:
        due = self.now + timedelta(seconds=wait)
        new_id = self.do(
            lambda session: outbox.add(
                session, stream=stream, effect="e", payload={}, unique_key=key, now=self.now, not_before=due
            ),
            keep=keep,
        )
        earlier = [effect.id for effect in self.effects if effect.key == key]
        if earlier:
            assert new_id == earlier[0]
        elif keep:
            assert all(new_id > effect.id for effect in self.effects)
            self.effects.append(Paper(new_id, key, stream, due))

    def expected_claim(self) -> Paper | None:
        seen: set[str] = set()
        for effect in self.effects:
            leased = effect.leased_until is not None and effect.leased_until > self.now
            first = effect.stream not in seen
            if effect.state == "waiting" and effect.due <= self.now and not leased and first:
                return effect
            if effect.is_in_the_way(self.now):
                seen.add(effect.stream)
        return None

    @rule(keep=st.booleans())
    def claim(self, keep: bool) -> None:
        expected = self.expected_claim()
        lease = f"lease {next(self.leases)}"
        claimed = self.do(
            lambda session: outbox.claim(session, now=self.now, lease_seconds=LEASE_SECONDS, lease=lease),
            keep=keep,
        )
        assert (claimed and claimed.id) == (expected and expected.id)
        if claimed is None or expected is None:
            return
        unknown = expected.unknown or expected.holder is not None
        assert (claimed.attempts, claimed.outcome_unknown) == (expected.attempts + 1, unknown)
        if keep:
            expected.attempts, expected.unknown, expected.holder = claimed.attempts, unknown, lease
            expected.leased_until = self.now + timedelta(seconds=LEASE_SECONDS)
            self.held.append(claimed)

    @rule(data=st.data(), ending=st.sampled_from(["finish", "retry", "bury"]), unknown=st.booleans())
    def end(self, data: st.DataObject, ending: str, unknown: bool) -> None:
        if not self.held:
            return
        claimed = data.draw(st.sampled_from(self.held))  # perhaps one whose lease was lost long ago
        effect = next(effect for effect in self.effects if effect.id == claimed.id)
        mine = effect.holder == claimed.lease
        later = self.now + timedelta(seconds=30)
        with self.books.transaction() as session:
            if ending == "finish":
                told = outbox.finish(session, claimed, now=self.now)
            elif ending == "retry":
                told = outbox.retry(
                    session, claimed, now=self.now, error="x", next_try_at=later, outcome_unknown=unknown
                )
            else:
                told = outbox.bury(session, claimed, now=self.now, error="x")
        assert told == (mine and (effect.state == "waiting" or ending == "finish"))
        if mine:
            effect.holder = effect.leased_until = None
        if told and ending == "retry":
            effect.due, effect.unknown = later, unknown
        elif told:
            effect.state = {"finish": "done", "bury": "dead"}[ending]

    @rule(stream=STREAMS)
    def void(self, stream: str) -> None:
        with self.books.transaction() as session:
            count = outbox.void(session, now=self.now, stream=stream)
        unwanted = [e for e in self.effects if e.stream == stream and e.state == "waiting"]
        assert count == len(unwanted)
        for effect in unwanted:
            effect.state = "void"

    @invariant()
    def books_and_paper_agree(self) -> None:
        with self.books.reading() as session:
            written = ledger.entries(session)
            verdict = ledger.verify(session)
            waiting = [effect.id for effect in outbox.pending(session)]
            dead = [effect.id for effect in outbox.dead(session)]
            due = outbox.next_due(session, self.now)
        assert verdict.ok
        assert [row.seq for row in written] == list(range(1, len(self.rows) + 1))
        for row, said in zip(written, self.rows, strict=True):
            assert all(getattr(row, f.name) == getattr(said, f.name) for f in dataclasses.fields(ledger.Entry))
        assert waiting == [effect.id for effect in self.effects if effect.state == "waiting"]
        assert dead == [effect.id for effect in self.effects if effect.state == "dead"]
        assert (due is None) == (not waiting)
        if self.expected_claim() is not None:
            assert due is not None
            assert due <= self.now


def test_ledger_and_outbox_agree_with_paper(books: Books) -> None:
    class Machine(BooksMachine):
        pass

    Machine.books = books
    run_state_machine_as_test(
        Machine, settings=hypothesis.settings(max_examples=25, stateful_step_count=30, deadline=None)
    )
