"""Keys of a small team, and what the books say of their spend, for tests of the books."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlmodel import select

from bot.domain.budgets import Layer
from bot.domain.keys import Key, KeyKind, KeyState
from bot.domain.people import Team
from bot.domain.requests import Purpose, Request, RequestState, Terms
from bot.domain.settling import Count, settle
from bot.domain.usage import Totals, Usage
from storage import budgets, keys, people, requests
from storage.money_tables import ReadingRow, UsageDayRow, UsageModelRow, UsageRow
from storage.tables import KeyRow

if TYPE_CHECKING:
    from storage.engine import Books, Session

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
USD = 1_000_000
GATEWAY = "litellm"


def found_team(session: Session, micros: int = 500 * USD) -> None:
    people.add_team(session, Team("t1", "search", "C1"), "U0OLGA", NOW)
    budgets.set_monthly(session, "b1", Layer.TEAM, "t1", micros, NOW)


def a_request(name: str, state: RequestState, cap: int = 25 * USD, **others: Any) -> Request:
    terms = Terms(cap, 7 * 86_400)
    values: dict[str, Any] = {"kind": KeyKind.TEMPORARY, "project_id": None, "requester_id": "U0ANA", **others}
    values = {"purpose": Purpose.ISSUE, "team_id": "t1", **values}
    return Request(
        id=name, gateway=GATEWAY, asked=terms, terms=terms, reason="r",
        state=state, rule="one-owner", approvals_needed=1, created_at=NOW, deadline_at=NOW, channel_id="C1", **values,
    )  # fmt: skip


def a_key(name: str, state: KeyState = KeyState.LIVE, cap: int = 25 * USD, period: str = "total", **others: Any) -> Key:
    values: dict[str, Any] = {"kind": KeyKind.TEMPORARY, "project_id": None, "holder_id": "U0ANA", **others}
    values = {"team_id": "t1", **values}
    return Key(
        id=name, label=name, alias=name, request_id=f"r-{name}", gateway=GATEWAY, cap_micros=cap,
        cap_period=period, models=(), state=state, created_at=NOW, handle=f"h-{name}", **values,
    )  # fmt: skip


def put(session: Session, key: Key) -> None:
    asked = a_request(key.request_id, RequestState.FULFILLED, key.cap_micros, kind=key.kind, team_id=key.team_id)
    requests.add(session, asked)
    keys.add(session, key)
    if key.handle is not None:
        keys.move(session, key.id, key.state, key.state, keys.Change(handle=key.handle))


def used(key: str, at: datetime, micros: int, model: str = "mock-gpt", **others: int) -> Usage:
    """A row of usage in the hour of `at`."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    row = Usage(f"h-{key}", model, hour, 1, 0, 0, 1, 100, 0, 10, micros, 0)
    return row._replace(**others)  # type: ignore[arg-type]


def counted(books: Books, key_id: str, *, days: bool = False) -> dict[str, int]:
    """What counts as spent by the key in each month, or day, that anything is known of."""
    with books.reading() as session:
        rows = session.exec(select(ReadingRow).where(ReadingRow.key_id == key_id)).all()
    return {row.period: row.spent_micros for row in rows if len(row.period) == (10 if days else 7)}


def assert_settled(books: Books) -> None:
    """Every reading is what the rule makes of its sources, and the usage it counts is all there is."""
    with books.reading() as session:
        rows = session.exec(select(ReadingRow).order_by(ReadingRow.key_id, ReadingRow.period)).all()
        usage = session.exec(select(UsageRow)).all()
    for key_id, grain in {(row.key_id, len(row.period)) for row in rows}:
        chain = [row for row in rows if (row.key_id, len(row.period)) == (key_id, grain)]
        for row in chain:
            inside = [each for each in usage if each.key_id == key_id and f"{each.hour:%Y-%m-%d}"[:grain] == row.period]
            assert row.usage_micros == sum(each.cost_micros for each in inside), row
            assert row.unpriced_requests == sum(each.unpriced_requests for each in inside), row
        settled = settle([Count(row.usage_micros, row.lifetime_micros) for row in chain], chain[0].before_micros)
        assert [(row.before_micros, row.spent_micros, row.undated_micros) for row in chain] == settled, (key_id, chain)
    assert_summed(books)


def assert_summed(books: Books) -> None:
    """The sums kept for reports are what the rows of usage add up to, in every count."""
    with books.reading() as session:
        rows = session.exec(select(UsageRow)).all()
        of_key = {row.id: (row.team_id, row.project_id or "") for row in session.exec(select(KeyRow)).all()}
        days = {(row.key_id, row.day): _counts(row) for row in session.exec(select(UsageDayRow)).all()}
        models = {
            (row.team_id, row.project_id, row.day, row.model): _counts(row)
            for row in session.exec(select(UsageModelRow)).all()
        }
    due_days: dict[tuple, list[int]] = {}
    due_models: dict[tuple, list[int]] = {}
    for row in rows:
        day = f"{row.hour:%Y-%m-%d}"
        for due, where in ((due_days, (row.key_id, day)), (due_models, (*of_key[row.key_id], day, row.model))):
            due[where] = [one + more for one, more in zip(due.get(where, [0] * 9), _counts(row), strict=True)]
    assert days == due_days
    assert models == due_models


def _counts(row: UsageRow | UsageDayRow | UsageModelRow) -> list[int]:
    return [int(getattr(row, name)) for name in Totals._fields]
