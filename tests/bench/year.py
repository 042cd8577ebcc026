"""A year of a company's keys in the books, made by the database itself: live keys, usage by day and model, readings."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bot.domain.budgets import Layer
from bot.domain.people import Team
from bot.domain.usage import Usage
from storage import budgets, people
from storage.engine import Books, Session
from storage.staging import instant, stage
from tests.bench.ground import fresh_postgres
from tests.fakes import MortalBooks

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GATEWAY = "memory"
USD = 1_000_000
ROWS_PER_KEY = 1_000
"""In a year: a little fewer than three models a day."""
MODELS = ("small", "middle", "large")
PROJECTS, KEYS_PER_MEMBER, AUTOMATION_EVERY = 10, 5, 20
KEYS_PER_TEAM = 100
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Scale:
    """How much there is."""

    name: str
    keys: int

    @property
    def rows(self) -> int:
        """Rows of usage in the year."""
        return self.keys * ROWS_PER_KEY


SCALES = (Scale("1x", 100), Scale("10x", 1_000), Scale("100x", 10_000))


@contextmanager
def databases(name: str) -> Iterator[TimedBooks]:
    """Migrated, empty books on `SQLite` or `PostgreSQL`, gone afterwards. Raises `Skipped` where there is no server."""
    if name == "SQLite":
        with tempfile.TemporaryDirectory(prefix="purser-bench-") as folder:
            yield from _opened(f"sqlite:///{Path(folder) / 'purser.db'}")
        return
    with fresh_postgres() as url:
        yield from _opened(f"{url}?options=-c%20statement_timeout%3D0")


class TimedBooks(MortalBooks):
    """Books that note how long each writer kept the others waiting."""

    def __init__(self, url: str) -> None:
        super().__init__(url, busy_timeout_seconds=600)
        self.turns: list[float] = []

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with super().transaction() as session:
            began = time.perf_counter()
            yield session
        self.turns.append(time.perf_counter() - began)

    def longest_turn(self) -> float:
        """In seconds, since this was asked last."""
        longest = max(self.turns, default=0.0)
        self.turns.clear()
        return longest


def _opened(url: str) -> Iterator[TimedBooks]:
    books = TimedBooks(url)
    try:
        books.migrate()
        yield books
    finally:
        books.close()


def fill(books: Books, scale: Scale) -> None:
    """Live keys, in teams of a hundred, with what they used up to yesterday."""
    with books.transaction() as session:
        teams = max(1, scale.keys // KEYS_PER_TEAM)
        for number in range(teams):
            people.add_team(session, Team(f"t{number}", f"team-{number}", f"C{number}"), "U0OLGA", NOW)
            budgets.set_monthly(session, f"bt{number}", Layer.TEAM, f"t{number}", 10**6 * USD, NOW)
        for number in range(PROJECTS):
            budgets.set_monthly(session, f"bp{number}", Layer.PROJECT, f"p{number}", 10**6 * USD, NOW)
        numbers = {
            "n": "INTEGER",
            "kind": "TEXT",
            "team": "TEXT",
            "project": "TEXT",
            "holder": "TEXT",
            "daily": "BIGINT",
        }
        stage(session, "year_keys", numbers, (_key(number, teams) for number in range(scale.keys)))
        for number in range(PROJECTS):
            team = f"t{number % teams}"
            row = {"id": f"p{number}", "team": team, "at": instant(NOW)}
            session.execute(text("INSERT INTO projects VALUES (:id, :team, :id, 'U0BEN', :at)"), row)
        for statement in (_REQUESTS, _KEYS):
            session.execute(text(statement), {"at": instant(NOW), "gateway": GATEWAY})
    with books.transaction() as session:
        session.execute(text("DROP INDEX ix_usage_hour"))
        columns = {"hour": "TIMESTAMPTZ", "day": "TEXT", "month": "TEXT", "model": "TEXT", "n": "INTEGER"}
        stage(session, "year_usage", columns, map(_spell, range(ROWS_PER_KEY)))
        session.execute(text(_USAGE))
        session.execute(text("CREATE INDEX ix_usage_hour ON usage (hour)"))
        session.execute(text("DROP INDEX ix_usage_days_day"))
        session.execute(text(_DAYS))
        session.execute(text("CREATE INDEX ix_usage_days_day ON usage_days (day)"))
        session.execute(text(_MODELS))
        session.execute(text(_READINGS.replace("PERIOD", "month").replace("KEYS", "keys")), {"at": instant(NOW)})
        daily = "(SELECT id FROM keys WHERE daily_cap_micros IS NOT NULL)"
        session.execute(text(_READINGS.replace("PERIOD", "day").replace("KEYS", daily)), {"at": instant(NOW)})
        session.execute(
            text("INSERT INTO syncs VALUES (:gateway, 'live', :at, :at, NULL, NULL)"),
            {"gateway": GATEWAY, "at": instant(NOW)},
        )
    _analyze(books)


def put_into_one_team(books: Books) -> None:
    """Every key in the first team."""
    with books.transaction() as session:
        session.execute(text("UPDATE keys SET team_id = 't0'"))
        session.execute(text("UPDATE projects SET team_id = 't0'"))
        for statement in _TOGETHER:
            session.execute(text(statement))
    _analyze(books)


def next_day(scale: Scale, number: int, per_key: int = 3) -> list[Usage]:
    """What every key uses on one of the days that the books do not have yet, in the hours of that day."""
    day = NOW.replace(hour=0) + number * _DAY
    spells = [(day + timedelta(hours=hour // 3), MODELS[hour % 3]) for hour in range(per_key)]
    return [
        Usage(f"h{key}", model, hour, 10, 1, 0, 9, 4000, 1000, 700, 1_500 + key % 7, 0)
        for key in range(scale.keys)
        for hour, model in spells
    ]


def _key(number: int, teams: int) -> tuple[Any, ...]:
    is_automation = number % AUTOMATION_EVERY == 0
    kind = "automation" if is_automation else "member"
    daily = 50 * USD if is_automation else None
    return (number, kind, f"t{number % teams}", f"p{number % PROJECTS}", f"U{number // KEYS_PER_MEMBER}", daily)


def _spell(number: int) -> tuple[Any, ...]:
    hour = NOW.replace(hour=0) - 365 * _DAY + (number * 365 // ROWS_PER_KEY) * _DAY
    return (instant(hour), f"{hour:%Y-%m-%d}", f"{hour:%Y-%m}", MODELS[number % 3], number)


def _analyze(books: Books) -> None:
    """What autovacuum, or SQLite's own PRAGMA optimize, would have done in a year."""
    with books.transaction() as session:
        session.execute(text("ANALYZE"))


_REQUESTS = """
    INSERT INTO requests (id, purpose, kind, gateway, team_id, project_id, name, requester_id, asked_cap_micros,
      asked_models, cap_micros, models, reason, state, rule, approvals_needed, created_at, deadline_at, channel_id)
    SELECT 'r' || n, 'issue', kind, :gateway, team, project, '', holder, 100000000, '[]', 100000000, '[]', 'bench',
      'fulfilled', 'one-owner', 1, :at, :at, 'C0' FROM year_keys
"""
_KEYS = """
    INSERT INTO keys (id, label, alias, request_id, gateway, handle, kind, team_id, project_id, holder_id, cap_micros,
      cap_period, daily_cap_micros, models, state, created_at)
    SELECT 'k' || n, 'k' || n, 'k' || n, 'r' || n, :gateway, 'h' || n, kind, team, project, holder, 100000000,
      'month', daily, '[]', 'live', :at FROM year_keys
"""
_USAGE = """
    INSERT INTO usage (key_id, hour, model, requests, failures, retries, tasks, input_tokens, cached_tokens,
      output_tokens, cost_micros, unpriced_requests)
    SELECT k.id, w.hour, w.model, 10, 1, 0, 9, 4000, 1000, 700, 1000 + w.n, 0
    FROM keys k CROSS JOIN year_usage w ORDER BY k.id, w.hour
"""
# What a key used in a day, as the rows above say; and its team's project, of a model.
_OF_A_KEY = """
    CAST(10 * count(*) AS BIGINT) AS requests, CAST(count(*) AS BIGINT) AS failures, CAST(0 AS BIGINT) AS retries,
    CAST(9 * count(*) AS BIGINT) AS tasks, CAST(4000 * count(*) AS BIGINT) AS input_tokens,
    CAST(1000 * count(*) AS BIGINT) AS cached_tokens, CAST(700 * count(*) AS BIGINT) AS output_tokens,
    CAST(sum(1000 + n) AS BIGINT) AS cost_micros, CAST(0 AS BIGINT) AS unpriced_requests
"""
_COUNTS = (
    "requests, failures, retries, tasks, input_tokens, cached_tokens, output_tokens, cost_micros, unpriced_requests"
)
_DAYS = f"""
    INSERT INTO usage_days (key_id, day, {_COUNTS})
    SELECT k.id, w.* FROM keys k CROSS JOIN (SELECT day, {_OF_A_KEY} FROM year_usage GROUP BY day) w
    ORDER BY k.id, w.day
"""
_MODELS = f"""
    INSERT INTO usage_models (team_id, day, project_id, model, {_COUNTS})
    SELECT k.team_id, w.day, k.project_id, w.model, {", ".join(f"k.many * w.{name}" for name in _COUNTS.split(", "))}
    FROM (SELECT team_id, project_id, count(*) AS many FROM keys GROUP BY team_id, project_id) k
    CROSS JOIN (SELECT day, model, {_OF_A_KEY} FROM year_usage GROUP BY day, model) w
    ORDER BY k.team_id, w.day, k.project_id, w.model
"""
_TOGETHER = (
    f"""
    CREATE TEMP TABLE together AS
    SELECT 't0' AS team_id, day, project_id, model,
           {", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in _COUNTS.split(", "))}
    FROM usage_models GROUP BY day, project_id, model
    """,
    "DELETE FROM usage_models",
    f"INSERT INTO usage_models (team_id, day, project_id, model, {_COUNTS}) SELECT * FROM together",
    "DROP TABLE together",
)
# Live totals that know exactly what usage dates, written period after period, as they were.
_READINGS = """
    INSERT INTO readings (key_id, period, before_micros, lifetime_micros, usage_micros, spent_micros,
      undated_micros, unpriced_requests, read_at)
    SELECT k.id, s.period, s.so_far - s.micros, s.so_far, s.micros, s.micros, 0, 0, :at
    FROM (SELECT PERIOD AS period, CAST(sum(1000 + n) AS BIGINT) AS micros,
                 CAST(sum(sum(1000 + n)) OVER (ORDER BY PERIOD) AS BIGINT) AS so_far
          FROM year_usage GROUP BY PERIOD) s
    CROSS JOIN KEYS k
    ORDER BY s.period, k.id
"""
