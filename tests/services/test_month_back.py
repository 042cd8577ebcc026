"""Keys that come back with a new month: the message names just those, and nobody waits while they are looked for."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, text

from bot.domain.budgets import Layer, Stop
from bot.domain.keys import Key, KeyKind, KeyState, OffCause
from bot.domain.requests import Refused, Target
from bot.services import teams
from bot.services.guarding import guard
from bot.services.month import turn_month
from storage import keys, requests
from tests.company import BEN, OLGA, Company
from tests.services.kit import USD, held, wanted
from tests.services.month_kit import monthly, spend, told, turn
from tests.services.raises_kit import agreed_raise, now_key, on, read_live, read_usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.engine import Session


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    company_anywhere.gateway.caps_hold = False  # a fake gateway's monthly cap never starts again
    return company_anywhere


def stop_all(company: Company, *used: Key) -> None:
    """Each has spent its cap, and the guard has seen it."""
    for key in used:
        spend(company, key, 50)
    read_live(company)
    guard(company.purser)
    company.settle()
    assert all(now_key(company, key).off_cause is OffCause.BUDGET for key in used)


def to_december(company: Company) -> None:
    company.clock.at = on("2026-12-01 00:00:20")
    read_usage(company)
    read_live(company)


def stopped_like(company: Company, key: Key, count: int) -> None:
    """So many more keys that November has stopped."""
    now, stop = company.clock.now(), Stop(Layer.TEAM, key.team_id, "2026-11", 1)
    with company.books.transaction() as session:
        request = requests.get(session, key.request_id)
        assert request is not None
        for number in range(count):
            name = f"{key.id}-{number}"
            requests.add(session, replace(request, id=name))
            other = replace(key, id=name, label=name, alias=name, request_id=name, kind=KeyKind.TEMPORARY)
            keys.add(session, replace(other, state=KeyState.DISABLING))
            off = keys.Change(off_cause=OffCause.BUDGET, stop=stop, off_at=now, off_by="purser", off_reason="x")
            keys.move(session, name, KeyState.DISABLING, KeyState.DISABLED, off)


@contextlib.contextmanager
def counting_under_lock(company: Company) -> Iterator[list[str]]:
    """The statements that are executed in transactions which write, and so make others wait."""
    asked: list[str] = []
    plain = company.books.transaction

    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    @contextlib.contextmanager
    def watched() -> Iterator[Session]:
        with plain() as session:
            engine = session.get_bind().engine
            event.listen(engine, "before_cursor_execute", note)
            try:
                yield session
            finally:
                event.remove(engine, "before_cursor_execute", note)

    company.books.transaction = watched  # type: ignore[method-assign]
    yield asked
    company.books.transaction = plain  # type: ignore[method-assign]


def test_a_key_whose_holder_left_the_team_is_neither_said_to_come_back_nor_does(company: Company) -> None:
    """Gone without a word, as when Slack says so: no command turned the key off."""
    of_ana, of_ben = monthly(company), held(company, BEN, wanted(50, None, kind=KeyKind.MEMBER))
    stop_all(company, of_ana, of_ben)
    with company.books.transaction() as session:
        session.execute(text("DELETE FROM memberships WHERE member_id = :who"), {"who": BEN.id})
    to_december(company)
    turn(company)
    (facts,) = told(company)
    assert [one.key.label for one in facts.back] == [of_ana.label]
    guard(company.purser)
    company.settle()
    assert now_key(company, of_ana).state is KeyState.LIVE
    assert now_key(company, of_ben).state is KeyState.DISABLED


def test_keys_that_come_back_are_told_to_their_own_team_alone(company: Company) -> None:
    made = teams.create(company.purser, company.actor(OLGA), "C0ADS", "ads", 100 * USD)
    assert not isinstance(made, Refused), made
    agreed_raise(company, Target(Layer.TEAM, "team_2"), 50, on("2026-12-01"))
    key = monthly(company)
    stop_all(company, key)
    to_december(company)
    turn(company)
    assert [[one.key.label for one in facts.back] for facts in told(company)] == [[key.label]]
    assert all(facts.back == () for facts in told(company, "channel:C0ADS"))


@pytest.mark.parametrize("count", [0, 40])
def test_a_turn_holds_others_up_no_longer_when_many_keys_come_back(company: Company, count: int) -> None:
    """There is one write lock for all of Purser: nothing is looked at under it for each key that comes back."""
    key = monthly(company)
    stop_all(company, key)
    stopped_like(company, key, count)
    to_december(company)
    with counting_under_lock(company) as asked:
        turn_month(company.purser)
    assert 0 < len(asked) < 60
    company.perform()
    (facts,) = told(company)
    assert len(facts.back) == 1 + count
