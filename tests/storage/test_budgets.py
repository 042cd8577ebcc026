"""Balances are sums: what a layer has spent, promised and left, over keys in every state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.budgets import Budget, Layer
from bot.domain.keys import KeyState
from bot.domain.requests import Purpose, RequestState
from storage import budgets, readings, requests, syncs
from storage.engine import Books
from tests.storage.spending import NOW, USD, a_key, a_request, found_team, put


@pytest.fixture
def books(migrated_url: str) -> Iterator[Books]:
    books = Books(migrated_url)
    with books.transaction() as session:
        found_team(session)
    yield books
    books.close()


def team_budget(books: Books, now: datetime = NOW, without: str | None = None) -> Budget:
    with books.reading() as session:
        state = budgets.state(session, Layer.TEAM, "t1", "search", now, without_request=without)
    assert state is not None
    return state


def test_nothing_budgeted_is_no_state(books: Books) -> None:
    with books.reading() as session:
        assert budgets.state(session, Layer.MEMBER, "U0ANA", "ana", NOW) is None


def test_a_live_key_is_promised_its_cap_until_its_spend_is_read(books: Books) -> None:
    with books.transaction() as session:
        put(session, a_key("k1", KeyState.LIVE))
    assert team_budget(books).committed_micros == 25 * USD
    assert team_budget(books).read_at is None
    with books.transaction() as session:
        readings.note_live(session, [("k1", 10 * USD, None)], NOW)
        syncs.read(session, "litellm", syncs.What.LIVE, NOW)
    after = team_budget(books)
    assert (after.spent_micros, after.committed_micros, after.headroom_micros) == (10 * USD, 15 * USD, 475 * USD)
    assert after.read_at == NOW


def test_honest_what_ended_keys_spent_says_when_it_was_read(books: Books) -> None:
    with books.transaction() as session:
        put(session, a_key("k1", KeyState.DISABLED))
        put(session, a_key("k2", KeyState.LIVE))
        readings.note_live(session, [("k1", 10 * USD, None)], NOW)
        syncs.read(session, "litellm", syncs.What.LIVE, NOW)
    assert team_budget(books).read_at == NOW


@pytest.mark.parametrize(
    ("state", "committed"),
    [
        (KeyState.MINTING, 0),
        (KeyState.MINTED, 0),
        (KeyState.LIVE, 15),
        (KeyState.DISABLING, 15),
        (KeyState.RESTORING, 15),
        (KeyState.DISABLED, 0),
        (KeyState.DISCARDING, 0),
        (KeyState.DISCARDED, 0),
    ],
)
def test_what_was_spent_stays_spent_and_only_keys_that_may_still_spend_are_promised(
    books: Books, state: KeyState, committed: int
) -> None:
    with books.transaction() as session:
        put(session, a_key("k1", state))
        readings.note_live(session, [("k1", 10 * USD, None)], NOW)
    found = team_budget(books)
    assert (found.spent_micros, found.committed_micros) == (10 * USD, committed * USD)


def test_overshoot_is_spent_and_promises_nothing_below_zero(books: Books) -> None:
    with books.transaction() as session:
        put(session, a_key("k1", KeyState.LIVE))
        readings.note_live(session, [("k1", 30 * USD, None)], NOW)
    found = team_budget(books)
    assert (found.spent_micros, found.committed_micros) == (30 * USD, 0)


def test_an_approved_request_is_promised_until_its_key_is_there(books: Books) -> None:
    with books.transaction() as session:
        requests.add(session, a_request("r1", RequestState.APPROVED))
        requests.add(session, a_request("r2", RequestState.WAITING))
        requests.add(session, a_request("r3", RequestState.APPROVED, purpose=Purpose.EXTEND))
        requests.add(session, a_request("r4", RequestState.LAPSED))
    assert team_budget(books).committed_micros == 25 * USD
    assert team_budget(books, without="r1").committed_micros == 0


def test_a_new_month_starts_with_what_keys_may_still_spend(books: Books) -> None:
    december = datetime(2026, 12, 1, 0, 5, tzinfo=UTC)
    with books.transaction() as session:
        put(session, a_key("total", KeyState.LIVE))
        put(session, a_key("monthly", KeyState.LIVE, 50 * USD, "month"))
        readings.note_live(session, [("total", 10 * USD, None)], NOW)
        readings.note_live(session, [("monthly", 40 * USD, None)], NOW)
    turned = team_budget(books, december)
    assert (turned.spent_micros, turned.committed_micros) == (0, (15 + 50) * USD)
    with books.transaction() as session:
        readings.note_live(session, [("total", 12 * USD, None)], december)
        readings.note_live(session, [("monthly", 45 * USD, None)], december)
    later = team_budget(books, december)
    assert (later.spent_micros, later.committed_micros) == (7 * USD, (13 + 45) * USD)
    assert team_budget(books).spent_micros == 50 * USD, "November keeps what was spent in November"


def test_a_downward_correction_never_makes_spend_negative(books: Books) -> None:
    with books.transaction() as session:
        put(session, a_key("k1", KeyState.LIVE))
        readings.note_live(session, [("k1", 10 * USD, None)], NOW - timedelta(days=30))
        readings.note_live(session, [("k1", 8 * USD, None)], NOW)
    assert team_budget(books).spent_micros == 0


def test_a_member_is_charged_for_keys_in_every_team(books: Books) -> None:
    with books.transaction() as session:
        budgets.set_monthly(session, "b2", Layer.MEMBER, "U0ANA", 30 * USD, NOW)
        put(session, a_key("k1", KeyState.LIVE))
    with books.reading() as session:
        state = budgets.state(session, Layer.MEMBER, "U0ANA", "ana", NOW)
    assert state is not None
    assert state.headroom_micros == 5 * USD
