"""Reading what gateways tell into books that hold a year, beside the driver's own bulk insert into the same table."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bot.domain.usage import Usage
from bot.gateways.base import CapPeriod, KeyRecord
from bot.services.context import Purser
from bot.services.posting import post_days
from bot.services.syncing import USAGE_CHUNK, sync_live, sync_usage
from storage import syncs, usage
from storage.staging import instant
from storage.syncs import What
from tests.bench.ground import Skipped
from tests.bench.report import Section, Table, mib, ms
from tests.bench.year import GATEWAY, NOW, SCALES, USD, Scale, TimedBooks, databases, fill, next_day
from tests.company import Company

ROUNDS = 3
MOST_ROWS = 45_000

HOW = f"""\
Books with a year of usage: a row per key, day and model, and every key live, made by the database itself. *Purser*
is `storage.usage.write` with rows that are not there yet, in transactions of {USAGE_CHUNK:,} rows: unchanged rows are
left out, every key's month and day is counted and settled again, and what was posted is marked. Beside it the driver
inserts as many rows into the same table in one transaction, and knows nothing of keys: `executemany`, and on
PostgreSQL `COPY`. {ROUNDS} rounds of each in turn, medians. *Again* are the same rows once more, as a restatement
window mostly is. *Turn* is the longest that any of Purser's transactions kept other writers waiting. PostgreSQL runs
without fsync."""

NOTES = (
    "*Share* is Purser's rate as a share of `executemany`'s and, on PostgreSQL, of `COPY`'s.",
    "*Live*: `sync_live` over all keys, when each has spent since and when none has.",
    "*Usage, 4 days*: a whole `sync_usage` with three rows a key and day, of which one day is new.",
    "*Day posted*: one ledger row a key, sealed. *Memory*: by how much the process grew in these steps, at most.",
)


@dataclass
class Gateway:
    """A gateway that has every key, and tells so many rows for each day."""

    scale: Scale
    spent: int = 0
    capabilities: Any = None
    name: str = GATEWAY
    days: dict[date, list[Usage]] = field(default_factory=dict)

    def list_keys(self) -> list[KeyRecord]:
        """As adapters do: all of them, whole."""
        return [
            KeyRecord(f"h{key}", f"k{key}", True, False, 100 * USD, CapPeriod.MONTH, self.spent, None, (), {})
            for key in range(self.scale.keys)
        ]

    def usage(self, since: date, until: date) -> Iterator[Usage]:
        """One day after the other."""
        for number in range((until - since).days + 1):
            yield from self.days.get(since + timedelta(days=number), [])


def measure() -> Section:
    """All scales on both databases; PostgreSQL only where there is a server."""
    found = [row for database in ("SQLite", "PostgreSQL") for scale in SCALES for row in _measured(database, scale)]
    columns = (
        "books",
        "rows there",
        "Purser, rows/s",
        "`executemany`",
        "`COPY`",
        "share",
        "told again",
        "longest turn",
    )
    steps = (
        "books",
        "live keys",
        "live, all spent",
        "live, none",
        "usage, 4 days",
        "day posted",
        "longest turn",
        "memory",
    )
    tables = [Table(columns, [row[0] for row in found]), Table(steps, [row[1] for row in found])]
    return Section("usage_sync", "Reading usage", HOW, tables, NOTES)


def _measured(database: str, scale: Scale) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    try:
        with databases(database) as books:
            fill(books, scale)
            return [(_writing(database, scale, books), _passes(database, scale, books))]
    except Skipped as why:
        print(f"{database}: {why}")
        return []


def _writing(database: str, scale: Scale, books: TimedBooks) -> tuple[str, ...]:
    rates: dict[str, list[float]] = {"purser": [], "again": [], "executemany": [], "copy": []}
    longest = 0.0
    for number in range(ROUNDS):
        rows = next_day(scale, 2 * number, per_key=30)[:MOST_ROWS]
        books.longest_turn()
        rates["purser"].append(len(rows) / _timed(partial(_write, books, rows)))
        longest = max(longest, books.longest_turn())
        rates["again"].append(len(rows) / _timed(partial(_write, books, rows)))
        rates["executemany"].append(_bulk(books, next_day(scale, 2 * number + 1, per_key=30)[:MOST_ROWS], _executemany))
        if database == "PostgreSQL":
            rates["copy"].append(_bulk(books, next_day(scale, 100 + number, per_key=30)[:MOST_ROWS], _copy))
    middle = {name: median(found) for name, found in rates.items() if found}
    beside = [middle[name] for name in ("executemany", "copy") if name in middle]
    shares = " / ".join(f"{middle['purser'] / other:.2f}" for other in beside)
    return (
        database,
        f"{scale.rows:,}",
        f"{middle['purser']:,.0f}",
        f"{middle['executemany']:,.0f}",
        f"{middle['copy']:,.0f}" if "copy" in middle else "",
        shares,
        f"{middle['again']:,.0f}",
        ms(longest),
    )


def _passes(database: str, scale: Scale, books: TimedBooks) -> tuple[str, ...]:
    company = Company(books)
    day = NOW.replace(hour=0) + timedelta(days=300)
    gateway = Gateway(scale, capabilities=company.gateway.capabilities)
    purser = replace(company.purser, gateways={GATEWAY: gateway})  # type: ignore[dict-item]
    gateway.days = {(day + timedelta(days=number)).date(): next_day(scale, 300 + number) for number in range(-3, 1)}
    known = {at: rows for at, rows in gateway.days.items() if at < day.date()}
    company.clock.at = day
    for rows in known.values():
        _write(books, rows)
    with books.transaction() as session:
        syncs.read(session, GATEWAY, What.USAGE, day - timedelta(days=1), (day - timedelta(days=1)).date().isoformat())
        syncs.read(session, GATEWAY, What.AGAIN, day, day.date().isoformat())
        syncs.advance(session, GATEWAY, What.POSTED, day, None, (day - timedelta(days=2)).date().isoformat())
        syncs.advance(session, GATEWAY, What.SETTLED, day, None, f"{day - timedelta(days=40):%Y-%m}")
    sync_live(purser)
    books.longest_turn()
    gc.collect()
    _forget_most()
    before = _memory("VmRSS")
    idle = _step(company, purser, sync_live)
    gateway.spent = 90 * USD
    busy = _step(company, purser, sync_live)
    dated = _step(company, purser, sync_usage)
    posted = _step(company, purser, post_days)
    longest, grown = books.longest_turn(), _memory("VmHWM") - before
    return (database, f"{scale.keys:,}", ms(busy), ms(idle), ms(dated), ms(posted), ms(longest), mib(grown))


def _step(company: Company, purser: Purser, step: Callable[[Purser], None]) -> float:
    company.clock.advance(minutes=1)
    return _timed(lambda: step(purser))


def _write(books: TimedBooks, rows: list[Usage]) -> None:
    far = NOW + timedelta(days=1000)
    for start in range(0, len(rows), USAGE_CHUNK):
        with books.transaction() as session:
            usage.write(session, GATEWAY, rows[start : start + USAGE_CHUNK], far)


def _bulk(books: TimedBooks, rows: list[Usage], insert: Callable[[Any, bool, list[tuple[Any, ...]]], None]) -> float:
    """Rows a second by the driver alone, with the commit."""
    ready = [(f"k{row.handle[1:]}", instant(row.hour), row.model, *row[3:]) for row in rows]
    began = time.perf_counter()
    with books.transaction() as session:
        connection = session.connection()
        insert(connection.connection.driver_connection, connection.dialect.name == "sqlite", ready)
    return len(rows) / (time.perf_counter() - began)


def _executemany(driver: Any, is_sqlite: bool, rows: list[tuple[Any, ...]]) -> None:
    marks = ", ".join(("?" if is_sqlite else "%s") for _ in rows[0])
    driver.cursor().executemany(f"INSERT INTO usage VALUES ({marks})", rows)


def _copy(driver: Any, is_sqlite: bool, rows: list[tuple[Any, ...]]) -> None:
    with driver.cursor() as cursor, cursor.copy("COPY usage FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _memory(field: str) -> int:
    """A size of this process in bytes: VmRSS now, or VmHWM at most since that was forgotten (proc(5), in KiB)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(field))


def _forget_most() -> None:
    """Let VmHWM begin again at what is held now (5 for clear_refs, proc(5))."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
