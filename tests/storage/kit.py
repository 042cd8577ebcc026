"""What several tests of the books need: a fixed day, an entry, hands that go past the triggers, threads."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import text

from storage import ledger, outbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlmodel import Session

    from storage.engine import Books

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
T = TypeVar("T")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def entry(key: str, **others: Any) -> ledger.Entry:
    values: dict[str, Any] = {"actor": "U_OMAR", "action": "request.approved", "at": NOON, **others}
    return ledger.Entry(idempotency_key=key, **values)


def add(session: Session, key: str, *, stream: str = "card", **others: Any) -> int:
    values: dict[str, Any] = {"effect": "post", "payload": {"text": key}, "now": NOON, **others}
    return outbox.add(session, stream=stream, unique_key=key, **values)


def claim(session: Session, *, lease: str = "me", now: datetime = NOON, **others: Any) -> outbox.Claimed | None:
    return outbox.claim(session, now=now, lease_seconds=60, lease=lease, **others)


def is_sqlite(books: Books) -> bool:
    with books.reading() as session:
        return session.connection().dialect.name == "sqlite"


def drop_triggers(books: Books) -> None:
    """What someone with the database's own keys can do."""
    if is_sqlite(books):
        names = ("ledger_refuses_update", "ledger_refuses_delete", "ledger_refuses_disorder")
        statements = [f"DROP TRIGGER {name}" for name in names]
    else:
        names = ("ledger_refuses_change", "ledger_refuses_truncate", "ledger_refuses_disorder")
        statements = [f"DROP TRIGGER {name} ON ledger" for name in names]
    for statement in statements:
        run(books, statement)


def run(books: Books, statement: str, **values: object) -> None:
    with books.transaction() as session:
        session.connection().execute(text(statement), values)


def roll_back(books: Books, work: Callable[[Session], T]) -> T:
    """What `work` returns, in a transaction that fails after it."""
    done: list[T] = []
    with contextlib.suppress(_Failed), books.transaction() as session:
        done.append(work(session))
        raise _Failed
    return done[0]


class _Failed(Exception):
    """Whatever makes a transaction roll back."""


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """What `work(0)`, `work(1)`, ... return when they start at the same moment in as many threads."""
    start = threading.Barrier(count)

    def wait_and_work(number: int) -> T:
        start.wait(timeout=10)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait_and_work, range(count)))
