"""What a decision about money costs: every limit that a request is charged to, and all limits of all keys at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from bot.domain.budgets import Layer
from storage import budgets
from storage.engine import Books, Session
from tests.bench.ground import Skipped
from tests.bench.report import Section, Table, at, ms
from tests.bench.year import KEYS_PER_TEAM, NOW, SCALES, USD, Scale, databases, fill, put_into_one_team

ROUNDS = 50
LIMITS_ROUNDS = 7

HOW = f"""\
Books with a year of usage, every key live: in teams of a hundred keys, and all in one team, which is the worst there
is. *A decision* reads all five limits that a request can be charged to, one after the other: the team, its
project, the member, a key's own cap and its day. *All limits* is what the guard reads at every poll: each limit of
each key. Sums are made by the database, from one row per key and month. {ROUNDS} decisions about other keys each, and
{LIMITS_ROUNDS} times all limits, after one that warms the caches."""


def measure() -> Section:
    """All scales on both databases; PostgreSQL only where there is a server."""
    rows = [row for database in ("SQLite", "PostgreSQL") for scale in SCALES for row in _measured(database, scale)]
    columns = ("books", "usage rows", "live keys", "teams", "decision, median", "p95", "all limits, median", "limits")
    return Section("headroom", "Deciding about headroom", HOW, [Table(columns, rows)])


def _measured(database: str, scale: Scale) -> list[tuple[str, ...]]:
    try:
        with databases(database) as books:
            fill(books, scale)
            spread = [] if scale.keys <= KEYS_PER_TEAM else [_row(database, scale, books, scale.keys // KEYS_PER_TEAM)]
            put_into_one_team(books)
            return [*spread, _row(database, scale, books, 1)]
    except Skipped as why:
        print(f"{database}: {why}")
        return []


def _row(database: str, scale: Scale, books: Books, teams: int) -> tuple[str, ...]:
    decisions = [_timed(books, partial(decide, n * 20 % scale.keys, teams)) for n in range(ROUNDS + 1)][1:]
    count = 0

    def look(session: Session) -> None:
        nonlocal count
        count = sum(1 for _ in budgets.limits(session, NOW, 1000 * USD))

    everything = [_timed(books, look) for _ in range(LIMITS_ROUNDS + 1)][1:]
    figures = (ms(at(decisions, 50)), ms(at(decisions, 95)), ms(at(everything, 50)), f"{count:,}")
    return (database, f"{scale.rows:,}", f"{scale.keys:,}", str(teams), *figures)


def decide(key: int, teams: int, session: Session) -> None:
    """Every limit of one automation key, and its holder's as well."""
    for layer, subject in (
        (Layer.TEAM, f"t{key % teams}"),
        (Layer.PROJECT, f"p{key % 10}"),
        (Layer.MEMBER, f"U{key // 5}"),
        (Layer.KEY, f"k{key}"),
        (Layer.AUTOMATION, f"k{key}"),
    ):
        state = budgets.state(session, layer, subject, "name", NOW, default_micros=1000 * USD)
        assert state is not None, (layer, subject)


def _timed(books: Books, work: Callable[[Session], None]) -> float:
    began = time.perf_counter()
    with books.reading() as session:
        work(session)
    return time.perf_counter() - began
