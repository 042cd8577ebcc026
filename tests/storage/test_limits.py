"""Every layer's limit as it stands: who is charged, what raises add, how fresh it is; and all limits at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.budgets import Budget, Layer
from bot.domain.keys import KeyKind, KeyState, OffCause
from bot.domain.people import Project
from bot.domain.periods import month_end
from bot.domain.requests import Purpose, RequestState
from storage import budgets, keys, people, raises, readings, requests, syncs, watched
from storage.engine import Books
from storage.raises import Raise
from tests.storage.spending import GATEWAY, NOW, USD, a_key, a_request, found_team, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.engine import Session

LATER = NOW + timedelta(days=5)
READ_AT = NOW - timedelta(minutes=1)
DEFAULT = 40 * USD


@pytest.fixture
def books(migrated_url: str) -> Iterator[Books]:
    """A team of $500 with a project of $300, a member's key, a project's and an automation's, all with some spend."""
    books = Books(migrated_url)
    with books.transaction() as session:
        found_team(session)
        people.add_project(session, Project("p1", "t1", "reranker", "U0BEN"), NOW)
        budgets.set_monthly(session, "b2", Layer.PROJECT, "p1", 300 * USD, NOW, hard=False)
        put(session, a_key("mine", period="month", kind=KeyKind.MEMBER))
        put(session, a_key("ours", cap=100 * USD, period="month", kind=KeyKind.PROJECT, project_id="p1"))
        daily: dict[str, Any] = {"daily_cap_micros": 10 * USD, "project_id": "p1"}
        put(session, a_key("nightly", cap=50 * USD, period="month", kind=KeyKind.AUTOMATION, **daily))
        readings.note_live(session, [("mine", 5 * USD, None), ("ours", 30 * USD, None)], READ_AT)
        readings.note_live(session, [("nightly", 8 * USD, None)], READ_AT - timedelta(days=1))
        readings.note_live(session, [("nightly", 12 * USD, None)], READ_AT)
        syncs.read(session, GATEWAY, syncs.What.LIVE, READ_AT)
    yield books
    books.close()


def limit(books: Books, layer: Layer, subject: str, now: datetime = NOW, **others: Any) -> Budget:
    with books.reading() as session:
        found = budgets.state(session, layer, subject, "name", now, **others)
    assert found is not None
    return found


def sums(found: Budget) -> tuple[int, int, int]:
    """Budget, spent and committed, in dollars."""
    return found.budget_micros // USD, found.spent_micros // USD, found.committed_micros // USD


def raise_(session: Session, layer: Layer, subject: str, usd: int, ends_at: datetime, name: str = "raise") -> None:
    requests.add(session, a_request(f"r-{name}", RequestState.APPROVED, usd * USD, purpose=Purpose.RAISE))
    raises.add(session, Raise(name, f"r-{name}", layer, subject, usd * USD, NOW, ends_at))


def test_a_team_is_charged_for_every_key_of_it(books: Books) -> None:
    found = limit(books, Layer.TEAM, "t1")
    assert sums(found) == (500, 5 + 30 + 12, 20 + 70 + 38)
    assert (found.period, found.resets_at, found.read_at, found.hard) == ("2026-11", month_end(NOW), READ_AT, True)


def test_a_project_is_charged_for_its_keys_alone(books: Books) -> None:
    found = limit(books, Layer.PROJECT, "p1")
    assert sums(found) == (300, 30 + 12, 70 + 38)
    assert not found.hard


def test_a_member_is_charged_for_personal_keys_and_has_the_policys_budget_unless_one_is_set(books: Books) -> None:
    found = limit(books, Layer.MEMBER, "U0ANA", default_micros=DEFAULT, default_hard=False)
    assert sums(found) == (40, 5, 20)
    assert not found.hard
    with books.transaction() as session:
        budgets.set_monthly(session, "b3", Layer.MEMBER, "U0ANA", 60 * USD, NOW)
        requests.add(session, a_request("r1", RequestState.APPROVED, 7 * USD, kind=KeyKind.TEMPORARY))
        requests.add(session, a_request("r2", RequestState.APPROVED, 9 * USD, kind=KeyKind.PROJECT))
    found = limit(books, Layer.MEMBER, "U0ANA", default_micros=DEFAULT)
    assert sums(found) == (60, 5, 20 + 7), "a project's key is not asked for at one's own expense"
    assert found.hard


def test_without_a_budget_or_a_default_there_is_no_limit(books: Books) -> None:
    with books.reading() as session:
        assert budgets.state(session, Layer.MEMBER, "U0ANA", "ana", NOW) is None
        assert budgets.state(session, Layer.PROJECT, "nothing", "x", NOW, default_micros=DEFAULT) is None
        assert budgets.state(session, Layer.AUTOMATION, "mine", "mine", NOW) is None
        assert budgets.state(session, Layer.KEY, "nobody", "x", NOW) is None


def test_a_keys_own_cap_counts_the_period_it_is_for(books: Books) -> None:
    with books.transaction() as session:
        put(session, a_key("trial", cap=25 * USD))
        readings.note_live(session, [("trial", 4 * USD, None)], NOW - timedelta(days=30))
        readings.note_live(session, [("trial", 9 * USD, None)], NOW)
    found = limit(books, Layer.KEY, "trial")
    assert (sums(found), found.period, found.resets_at) == ((25, 9, 0), "total", None)
    found = limit(books, Layer.KEY, "mine", NOW + timedelta(days=20))
    assert (sums(found), found.period) == ((25, 0, 0), "2026-12")


def test_a_daily_cap_counts_its_day(books: Books) -> None:
    found = limit(books, Layer.AUTOMATION, "nightly")
    assert (sums(found), found.period) == ((10, 4, 0), "2026-11-20")
    assert found.resets_at == datetime(2026, 11, 21, tzinfo=UTC)
    assert limit(books, Layer.AUTOMATION, "nightly", NOW - timedelta(days=1)).spent_micros == 8 * USD


def test_a_raise_counts_from_when_it_was_granted_until_its_end(books: Books) -> None:
    with books.transaction() as session:
        raise_(session, Layer.TEAM, "t1", 100, LATER, "first")
        raise_(session, Layer.TEAM, "t1", 50, LATER + timedelta(days=1), "second")
        raise_(session, Layer.PROJECT, "p1", 25, LATER, "third")
    found = limit(books, Layer.TEAM, "t1")
    assert (found.budget_micros, found.raised_micros, found.raised_until) == (650 * USD, 150 * USD, LATER)
    assert limit(books, Layer.TEAM, "t1", LATER).budget_micros == 550 * USD
    assert limit(books, Layer.TEAM, "t1", LATER + timedelta(days=1)).raised_micros == 0
    assert limit(books, Layer.TEAM, "t1", NOW - timedelta(seconds=1)).raised_micros == 0


def test_a_raise_of_a_key_is_in_its_cap_already_until_its_end_is_dealt_with(books: Books) -> None:
    with books.transaction() as session:
        raise_(session, Layer.KEY, "mine", 15, LATER)
        keys.move(session, "mine", KeyState.LIVE, KeyState.LIVE, keys.Change(cap_micros=40 * USD))
    found = limit(books, Layer.KEY, "mine", LATER)
    assert (found.budget_micros, found.raised_micros, found.raised_until) == (40 * USD, 15 * USD, LATER)
    with books.transaction() as session:
        raises.mark_ended(session, "raise", LATER)
    assert limit(books, Layer.KEY, "mine", LATER).raised_micros == 0


def test_a_key_that_a_limit_stopped_keeps_what_it_was_promised(books: Books) -> None:
    before = sums(limit(books, Layer.TEAM, "t1"))
    with books.transaction() as session:
        keys.move(session, "mine", KeyState.LIVE, KeyState.DISABLING, keys.Change(off_cause=OffCause.BUDGET))
        keys.move(session, "mine", KeyState.DISABLING, KeyState.DISABLED)
    assert sums(limit(books, Layer.TEAM, "t1")) == before
    with books.transaction() as session:
        assert [key.id for key in watched.stopped(session)] == ["mine"]
        change = keys.Change(off_cause=OffCause.RETURNED)
        assert keys.move(session, "mine", KeyState.DISABLED, KeyState.DISABLED, change)
        assert watched.stopped(session) == []
    assert sums(limit(books, Layer.TEAM, "t1")) == (500, before[1], before[2] - 20)


def test_a_limit_is_as_fresh_as_the_gateway_of_its_keys_that_was_read_longest_ago(books: Books) -> None:
    with books.transaction() as session:
        session.flush()
        put(session, a_key("elsewhere"))
        session.connection().exec_driver_sql("UPDATE keys SET gateway = 'second' WHERE id = 'elsewhere'")
        syncs.read(session, "second", syncs.What.LIVE, READ_AT - timedelta(hours=1))
        syncs.read(session, "unused", syncs.What.LIVE, READ_AT - timedelta(days=1))
    assert limit(books, Layer.TEAM, "t1").read_at == READ_AT - timedelta(hours=1)
    assert limit(books, Layer.PROJECT, "p1").read_at == READ_AT


def test_all_limits_at_once_say_what_each_says_alone(books: Books) -> None:
    with books.transaction() as session:
        raise_(session, Layer.TEAM, "t1", 100, LATER, "first")
        raise_(session, Layer.AUTOMATION, "nightly", 2, LATER, "second")
        requests.add(session, a_request("r1", RequestState.APPROVED, 7 * USD))
        put(session, a_key("gone", KeyState.DISCARDED))
        put(session, a_key("minted", KeyState.MINTED))
    with books.reading() as session:
        found = list(budgets.limits(session, NOW, DEFAULT))
        names = {(each.layer, each.subject_id): each.name for each in found}
        for each in found:
            alone = budgets.state(session, each.layer, each.subject_id, each.name, NOW, default_micros=DEFAULT)
            assert each == alone
    assert names == {
        (Layer.TEAM, "t1"): "search",
        (Layer.PROJECT, "p1"): "reranker",
        (Layer.MEMBER, "U0ANA"): "<@U0ANA>",
        (Layer.KEY, "mine"): "mine",
        (Layer.KEY, "ours"): "ours",
        (Layer.KEY, "nightly"): "nightly",
        (Layer.AUTOMATION, "nightly"): "nightly",
    }
    assert [each.layer for each in found] == sorted((each.layer for each in found), key=list(Layer).index)


def test_who_is_under_a_limit(books: Books) -> None:
    with books.reading() as session:
        under = {
            (layer, subject): {key.id for key in keys.under(session, layer, subject, [KeyState.LIVE])}
            for layer, subject in (
                (Layer.TEAM, "t1"),
                (Layer.PROJECT, "p1"),
                (Layer.MEMBER, "U0ANA"),
                (Layer.KEY, "mine"),
                (Layer.AUTOMATION, "nightly"),
                (Layer.AUTOMATION, "mine"),
            )
        }
        assert keys.under(session, Layer.TEAM, "t1", [KeyState.DISABLED]) == []
    assert under == {
        (Layer.TEAM, "t1"): {"mine", "ours", "nightly"},
        (Layer.PROJECT, "p1"): {"ours", "nightly"},
        (Layer.MEMBER, "U0ANA"): {"mine"},
        (Layer.KEY, "mine"): {"mine"},
        (Layer.AUTOMATION, "nightly"): {"nightly"},
        (Layer.AUTOMATION, "mine"): set(),
    }


def test_setting_a_budget_again_keeps_whether_it_is_hard_unless_that_is_said(books: Books) -> None:
    with books.transaction() as session:
        budgets.set_monthly(session, "x", Layer.PROJECT, "p1", 200 * USD, NOW)
    assert not limit(books, Layer.PROJECT, "p1").hard
    with books.transaction() as session:
        budgets.set_monthly(session, "x", Layer.PROJECT, "p1", 200 * USD, NOW, hard=True)
        assert budgets.monthly(session, Layer.PROJECT, "p1") == 200 * USD
    assert limit(books, Layer.PROJECT, "p1").hard
