"""One pass of the guard over many keys: with nothing to do, and when a budget that is used up stops a thousand."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert
from sqlmodel import SQLModel

from bot.domain.budgets import Layer
from bot.domain.people import Role, Team
from bot.gateways.base import CapPeriod, KeyRecord
from bot.services.guarding import guard
from bot.services.worker import perform_next
from storage import budgets, people, readings
from tests.bench.ground import Skipped, fresh_postgres
from tests.bench.report import Section, Table, at, ms
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import MortalBooks
from tests.services.guard_kit import micros

SIZES = (100, 1_000, 10_000)
PER_TEAM = 100
ROUNDS = 20
STOPPED = 1_000
CAP_USD, SPENT_USD = 50, 12

HOW = f"""\
Books with that many live keys in teams of {PER_TEAM}, all with spend, and a gateway in memory: this is Purser's own
time. *Nothing to do* is a whole pass over every limit, {ROUNDS} times. *Stops {STOPPED:,}* is one pass that finds one
team's budget used up: the decision for every key, written down 10 keys at a time, and then the time until every stop is
performed and proven, and every card written anew, by one thread. A real gateway and Slack come on top, and four threads
share the work."""


def measure() -> Section:
    """Every size on SQLite, and on PostgreSQL where there is one."""
    rows: list[tuple[str, ...]] = []
    stops: list[tuple[str, ...]] = []
    for name, databases in (("SQLite", _sqlite), ("PostgreSQL", fresh_postgres)):
        try:
            for size in SIZES:
                with databases() as url:
                    taken = _idle(url, size)
                rows.append((name, f"{size:,}", *(ms(at(taken, percent)) for percent in (50, 95, 100))))
            with databases() as url:
                stops.append((name, *map(ms, _stopping(url))))
        except Skipped:
            continue
    idle = Table(("nothing to do", "keys", "median", "p95", "max"), rows)
    columns = (f"stops {STOPPED:,}", "decided", "longest transaction", "performed and proven", "next pass")
    return Section("guard", "Guarding limits", HOW, [idle, Table(columns, stops)])


@contextlib.contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="purser-bench-") as folder:
        yield f"sqlite:///{Path(folder) / 'purser.db'}"


@contextlib.contextmanager
def _company(url: str, keys: int, per_team: int, spent_usd: float) -> Iterator[Company]:
    books = MortalBooks(url)
    books.migrate()
    company = Company(books)
    _fill(company, keys, per_team, spent_usd)
    try:
        yield company
    finally:
        books.close()


def _idle(url: str, keys: int) -> list[float]:
    taken: list[float] = []
    with _company(url, keys, PER_TEAM, SPENT_USD) as company:
        guard(company.purser)  # what there was to tell has been told
        taken += [_timed(company) for _ in range(ROUNDS)]
    return taken


def _stopping(url: str) -> tuple[float, float, float, float]:
    with _company(url, STOPPED, STOPPED, SPENT_USD) as company:
        longest = _watch_transactions(company.books)
        with company.books.transaction() as session:
            now = company.clock.now()
            budgets.set_monthly(session, "budget_0", Layer.TEAM, "team_0", micros(STOPPED * SPENT_USD - 1), now)
        longest.clear()
        decided = _timed(company)
        slowest = max(longest)
        started = time.perf_counter()
        while perform_next(company.purser):
            pass
        performed = time.perf_counter() - started
        off = sum(not key.enabled for key in company.gateway.held.values())
        assert off == STOPPED, off
        return decided, slowest, performed, _timed(company)


def _timed(company: Company) -> float:
    started = time.perf_counter()
    guard(company.purser)
    return time.perf_counter() - started


def _watch_transactions(books: MortalBooks) -> list[float]:
    """How long each write transaction held up other writers."""
    taken: list[float] = []
    plain = books.transaction

    @contextlib.contextmanager
    def watched() -> Iterator[object]:
        with plain() as session:
            started = time.perf_counter()
            yield session
        taken.append(time.perf_counter() - started)

    books.transaction = watched  # type: ignore[method-assign, assignment]
    return taken


def _fill(company: Company, count: int, per_team: int, spent_usd: float) -> None:
    """Teams, people, keys and what they have spent, written in bulk."""
    now = company.clock.now()
    teams = max(1, count // per_team)
    with company.books.transaction() as session:
        for person in (ANA, BEN, OLGA, OMAR):
            people.save_member(session, person, now)
        for number in range(teams):
            team = Team(f"team_{number}", f"team-{number}", f"C{number}")
            people.add_team(session, team, OLGA.id, now)
            people.set_role(session, team.id, OLGA.id, Role.OWNER, now)
            monthly = micros(per_team * CAP_USD)
            budgets.set_monthly(session, f"budget_{number}", Layer.TEAM, team.id, monthly, now)
        tables = SQLModel.metadata.tables
        session.execute(insert(tables["requests"]), [_request(number, per_team, now) for number in range(count)])
        session.execute(insert(tables["keys"]), [_key(number, per_team, now) for number in range(count)])
    for number in range(count):
        company.gateway.held[f"handle-{number}"] = _record(number, spent_usd)
    with company.books.transaction() as session:
        told = [(f"key_{number}", micros(spent_usd), None) for number in range(count)]
        readings.note_live(session, told, company.clock.now())


def _request(number: int, per_team: int, now: datetime) -> dict[str, object]:
    return {
        "id": f"request_{number}",
        "purpose": "issue",
        "kind": "member",
        "gateway": "memory",
        "team_id": f"team_{number // per_team}",
        "name": "",
        "requester_id": f"U0PERSON{number}",
        "asked_cap_micros": micros(CAP_USD),
        "asked_models": [],
        "cap_micros": micros(CAP_USD),
        "models": [],
        "reason": "work",
        "state": "fulfilled",
        "rule": "one-owner",
        "approvals_needed": 1,
        "created_at": now,
        "deadline_at": now,
        "channel_id": f"C{number // per_team}",
    }


def _key(number: int, per_team: int, now: datetime) -> dict[str, object]:
    return {
        "id": f"key_{number}",
        "label": f"label-{number}",
        "alias": f"alias-{number}",
        "request_id": f"request_{number}",
        "gateway": "memory",
        "handle": f"handle-{number}",
        "kind": "member",
        "team_id": f"team_{number // per_team}",
        "holder_id": f"U0PERSON{number}",
        "cap_micros": micros(CAP_USD),
        "cap_period": "month",
        "models": [],
        "state": "live",
        "created_at": now,
        "minted_at": now,
        "revealed_at": now,
    }


def _record(number: int, spent_usd: float) -> KeyRecord:
    return KeyRecord(
        handle=f"handle-{number}",
        alias=f"alias-{number}",
        enabled=True,
        deleted=False,
        cap_micros=micros(CAP_USD),
        cap_period=CapPeriod.MONTH,
        spent_micros=micros(spent_usd),
        expires_at=None,
        models=(),
        tags={},
    )
