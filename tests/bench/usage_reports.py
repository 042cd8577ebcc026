"""What `/ai-usage` costs in books that hold a year: each grouping, for a team, for everybody, and by length."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

from sqlalchemy import text

from bot.domain.digests import Week
from bot.domain.people import Authority
from bot.domain.reports import Extent, Grouping, Question, Report, Scope
from bot.domain.spans import last_days
from bot.services.context import Purser
from bot.services.digest_figures import figures
from bot.services.reporting import report_of
from storage import people
from storage.engine import Session
from tests.bench.ground import Skipped
from tests.bench.report import Section, Table, ms
from tests.bench.year import KEYS_PER_TEAM, NOW, SCALES, Scale, TimedBooks, databases, fill, put_into_one_team
from tests.company import OLGA, WORKSPACE, Company

ROUNDS = 5
TODAY = NOW.date()
MONTH = last_days(30, TODAY)
GROUPINGS = (Grouping.MODEL, Grouping.MEMBER, Grouping.PROJECT, Grouping.KEY, Grouping.DAY)
ONE_TEAM, ALL = Scope(Extent.TEAM, "t0"), Scope(Extent.ALL)
LENGTHS = (7, 30, 90, 366)

HOW = f"""\
Books with a year of usage, every key live: in teams of a hundred keys, and all in one team, which is the worst there
is. Each figure is a whole answer (`report_of`): its parts, the same days one span earlier, each day, freshness,
undated spend and the budget, read from the books and made into values. Thirty days are asked for, unless a column says
otherwise. *Digest* is every figure of the team's last week: who, on what, why it moved, forecast, old keys.
Medians of {ROUNDS}, after one that warms the caches. On PostgreSQL rows lie day after day, as they were told."""


def measure() -> Section:
    """All scales on both databases; PostgreSQL only where there is a server."""
    found = [row for database in ("SQLite", "PostgreSQL") for scale in SCALES for row in _measured(database, scale)]
    columns = ("books", "usage rows", "whose", "keys", *(f"by {by}" for by in GROUPINGS), "digest")
    lengths = ("books", "usage rows", "whose", "by", *(f"{days} days" for days in LENGTHS))
    tables = [Table(columns, [row for row, _ in found]), Table(lengths, [row for _, rows in found for row in rows])]
    return Section("usage_reports", "Usage reports", HOW, tables)


Rows = tuple[tuple[str, ...], list[tuple[str, ...]]]


def _measured(database: str, scale: Scale) -> list[Rows]:
    try:
        with databases(database) as books:
            fill(books, scale)
            _lay_by_day(books, database)
            rows = []
            if scale.keys > KEYS_PER_TEAM:
                rows.append(_rows(database, scale, books, "one team", ONE_TEAM, KEYS_PER_TEAM))
                rows.append(_rows(database, scale, books, "all teams", ALL, scale.keys))
            put_into_one_team(books)
            rows.append(_rows(database, scale, books, "all in one team", ONE_TEAM, scale.keys))
            return rows
    except Skipped as why:
        print(f"{database}: {why}")
        return []


def _lay_by_day(books: TimedBooks, database: str) -> None:
    if database == "PostgreSQL":
        with books.transaction() as session:
            for statement in (
                "CLUSTER usage USING ix_usage_hour",
                "CLUSTER usage_days USING ix_usage_days_day",
                "ANALYZE",
            ):
                session.execute(text(statement))


def _rows(database: str, scale: Scale, books: TimedBooks, whose: str, scope: Scope, keys: int) -> Rows:
    company = Company(books)
    company.clock.at = NOW
    authority = Authority(WORKSPACE, frozenset({OLGA.id}))
    purser = replace(company.purser, authority=authority)
    head = (database, f"{scale.rows:,}", whose)
    by = tuple(ms(_timed(books, _asking(purser, Question(scope, MONTH, by)))) for by in GROUPINGS)
    digest = "" if scope is ALL else ms(_timed(books, lambda session: _digest(session, purser, scope)))
    lengths = [
        (*head, str(by), *(ms(_timed(books, _asking(purser, Question(scope, last_days(days, TODAY), by))))
                           for days in LENGTHS))
        for by in ((Grouping.MODEL, Grouping.KEY) if scale is SCALES[-1] else ())
    ]  # fmt: skip
    return (*head, f"{keys:,}", *by, digest), lengths


def _asking(purser: Purser, question: Question) -> Callable[[Session], None]:
    def ask(session: Session) -> None:
        report = report_of(session, purser, question, viewer=OLGA)
        assert isinstance(report, Report), report
        assert report.is_sound
        assert report.whole.cost_micros > 0

    return ask


def _digest(session: Session, purser: Purser, scope: Scope) -> None:
    team = people.team(session, scope.subject_id)
    assert team is not None
    found = figures(session, purser, team, Week.of(TODAY).moved(-1))
    assert found.totals.cost_micros > 0
    assert found.members


def _timed(books: TimedBooks, work: Callable[[Session], None]) -> float:
    took = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        with books.reading() as session:
            work(session)
        took.append(time.perf_counter() - began)
    return median(took[1:])
