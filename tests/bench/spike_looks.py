"""What looking for spikes costs: ten thousand keys, and what each spent in the hours of more than a year."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from statistics import median

from sqlalchemy import text

from bot.services.spiking import watch_spikes
from bot.services.usual import Usual
from storage.staging import instant, stage
from tests.bench.ground import Skipped
from tests.bench.guard import _fill as fill_keys
from tests.bench.report import Section, Table, ms
from tests.bench.year import NOW, USD, TimedBooks, databases
from tests.company import Company

KEYS, DAYS, BUSY_EVERY, ROUNDS = 10_000, 400, 10, 10
COMPARED_DAYS, HOURS_A_DAY, PER_TEAM = 63, 10, 100
HOW = f"""\
{KEYS:,} live keys in teams of {PER_TEAM}, with {DAYS} days of `live_hours`: {HOURS_A_DAY} hours a day in the
{COMPARED_DAYS} that are compared, one before. All of them spend in this hour, one in {BUSY_EVERY} enough to be looked
at. *First look*: nothing is known of this hour yet, so that the past of as many keys as one look takes (300, and five
teams or projects) is read; later ones in the hour read the rest. *Looks after*: all is known, median of {ROUNDS}. *One
incident*: a look that finds a key far above its line, with its transaction. No gateway is called. PostgreSQL runs
without fsync."""


def measure() -> Section:
    """On SQLite, and on PostgreSQL where there is one."""
    rows = []
    for name in ("SQLite", "PostgreSQL"):
        try:
            with databases(name) as books:
                rows.append((name, *_measured(books)))
        except Skipped as why:
            print(f"{name}: {why}")
    columns = ("books", "rows", "first look", "until all is known", "looks after", "one incident", "longest turn")
    return Section("spike_looks", "Looking for spikes", HOW, [Table(columns, rows)])


def _measured(books: TimedBooks) -> tuple[str, ...]:
    company = Company(books)
    company.clock.at = NOW - timedelta(days=DAYS)
    fill_keys(company, KEYS, PER_TEAM, 0)
    rows = _fill_hours(books)
    company.clock.at = NOW + timedelta(minutes=30)
    purser = replace(company.purser, usual=Usual())
    books.longest_turn()
    first = _timed(lambda: watch_spikes(purser))
    others = [_timed(lambda: watch_spikes(purser)) for _ in range(KEYS // BUSY_EVERY // 300 + 1)]
    after = [_timed(lambda: watch_spikes(purser)) for _ in range(ROUNDS)]
    with books.transaction() as session:
        session.execute(text("UPDATE live_hours SET spent_micros = :much WHERE key_id = 'key_0' AND hour = :hour"),
                        {"much": 90 * USD, "hour": instant(NOW)})  # fmt: skip
    incident = _timed(lambda: watch_spikes(purser))
    with books.reading() as session:
        assert session.execute(text("SELECT count(*) FROM incidents WHERE layer = 'key'")).scalar() == 1
    turn = books.longest_turn()
    return (f"{rows:,}", ms(first), ms(first + sum(others)), ms(median(after)), ms(incident), ms(turn))


def _fill_hours(books: TimedBooks) -> int:
    """The same working hours for every key, written in bulk; ten cents in each, a dollar for the busy ones."""
    hours = [
        NOW - timedelta(days=day, hours=hour)
        for day in range(DAYS)
        for hour in range(HOURS_A_DAY if day < COMPARED_DAYS else 1)
    ]
    with books.transaction() as session:
        stage(session, "bench_hours", {"hour": "TIMESTAMPTZ"}, ((instant(hour),) for hour in hours))
        session.execute(text("DROP INDEX ix_live_hours_hour"))
        session.execute(text(_HOURS), {"every": BUSY_EVERY, "little": USD // 10, "much": USD})
        session.execute(text("CREATE INDEX ix_live_hours_hour ON live_hours (hour)"))
        session.execute(text("ANALYZE"))
    return KEYS * len(hours)


_HOURS = """
    INSERT INTO live_hours (key_id, hour, spent_micros)
    SELECT k.id, h.hour, CASE WHEN CAST(substr(k.id, 5) AS INTEGER) % :every = 0 THEN :much ELSE :little END
    FROM keys k CROSS JOIN bench_hours h ORDER BY k.id, h.hour
"""


def _timed(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began
