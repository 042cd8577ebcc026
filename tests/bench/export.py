"""Exporting a million rows of usage: how fast, which part takes how long, and in how much memory."""

from __future__ import annotations

import csv
import gc
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bot.domain.spans import Span, whole_month
from bot.domain.usage_csv import Grain
from bot.services import exporting
from storage import usage_export
from storage.engine import Session
from storage.usage_reports import EVERYTHING, of_team
from tests.bench.ground import Skipped
from tests.bench.report import Section, Table, mib
from tests.bench.year import NOW, Scale, TimedBooks, databases, fill

ROUNDS = 3
BOOKS = Scale("a million rows", 1_000)
YEAR = Span(NOW.date() - timedelta(days=365), NOW.date() + timedelta(days=1))
MONTH = whole_month(date(2026, 10, 1))

HOW = f"""\
Books with {BOOKS.rows:,} rows of usage: a year of {BOOKS.keys:,} keys in ten teams. *Export* is what `purser usage
export` does, written to `/dev/null`: rows are streamed from the database, names of teams, projects and people are put
in, and lines are made. *Rows* only reads them as the export does. *Driver* reads them with the driver's own cursor, in
no order and with nothing joined, and writes them with Python's `csv`: so much has to be done in any case. Medians of
{ROUNDS} rounds. PostgreSQL runs without fsync."""
NOTES = (
    "*Memory*: by how much the process grew at most, from before the first export to after the last.",
    "A line by day is a key, a model and a day; this gateway only tells days, so there are as many by hour.",
)


def measure() -> Section:
    """On both databases; PostgreSQL only where there is a server."""
    rows = [row for name in ("SQLite", "PostgreSQL") for row in _measured(name)]
    columns = ("books", "of", "lines", "export, lines/s", "rows, rows/s", "driver, rows/s", "memory")
    return Section("export", "Exporting usage", HOW, [Table(columns, rows)], NOTES)


def _measured(name: str) -> Iterator[tuple[str, ...]]:
    try:
        with databases(name) as books:
            fill(books, BOOKS)
            yield _row(books, name, "a year, by day", YEAR, Grain.DAY)
            yield _row(books, name, "a year, by hour", YEAR, Grain.HOUR)
            yield _row(books, name, "a month of one team", MONTH, Grain.DAY, team="t0")
    except Skipped as why:
        print(f"{name}: {why}")


def _row(books: TimedBooks, name: str, what: str, span: Span, grain: Grain, team: str = "") -> tuple[str, ...]:
    chosen = of_team(team) if team else EVERYTHING

    def export(session: Session) -> int:
        return _written(exporting.lines(session, chosen, span, grain=grain)) - 1

    def read(session: Session) -> int:
        return sum(map(len, usage_export.rows(session, chosen, span)))

    count, _ = _timed(books, export)  # the first one also meets cold caches
    gc.collect()
    _forget_most()
    before = _memory("VmRSS")
    exported = _rate(books, export)
    grown = _memory("VmHWM") - before
    driver = "" if team else f"{_rate(books, _by_driver):,.0f}"
    return (name, what, f"{count:,}", f"{exported:,.0f}", f"{_rate(books, read):,.0f}", driver, mib(max(0, grown)))


def _by_driver(session: Session) -> int:
    connection: Any = session.connection().connection.driver_connection
    is_sqlite = session.connection().dialect.name == "sqlite"
    statement = "SELECT key_id, hour, model, requests, failures, retries, tasks, input_tokens, cached_tokens, "
    statement += "output_tokens, cost_micros, unpriced_requests FROM usage"
    with closing(connection.cursor() if is_sqlite else connection.cursor("bench")) as cursor:
        cursor.execute(statement)
        with Path("/dev/null").open("w", encoding="utf-8", newline="") as file:
            writer, count = csv.writer(file), 0
            while some := cursor.fetchmany(usage_export.FETCHED_ROWS):
                writer.writerows(some)
                count += len(some)
    return count


def _written(lines: Iterable[str]) -> int:
    with Path("/dev/null").open("w", encoding="utf-8", newline="") as file:
        return sum(1 for line in lines if file.write(line))


def _rate(books: TimedBooks, work: Callable[[Session], int]) -> float:
    return median(count / seconds for count, seconds in (_timed(books, work) for _ in range(ROUNDS)))


def _timed(books: TimedBooks, work: Callable[[Session], int]) -> tuple[int, float]:
    with books.reading() as session:
        began = time.perf_counter()
        count = work(session)
        return count, time.perf_counter() - began


def _memory(field: str) -> int:
    """A size of this process in bytes: VmRSS now, or VmHWM at most since that was forgotten (proc(5), in KiB)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(field))


def _forget_most() -> None:
    """Let VmHWM begin again at what is held now (5 for clear_refs, proc(5))."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
