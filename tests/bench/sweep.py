"""What the daily sweep costs: ten thousand people, fifty thousand keys, and some who left."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Engine, event, insert, text
from sqlmodel import SQLModel

from bot.domain.people import Member
from bot.domain.policy import Policy
from bot.domain.sweeps import Listing, Sweep, SweepState
from bot.services import sweeping, sweeping_looking
from bot.services.ports import Page
from bot.services.sweeping_reading import PAUSE_SECONDS
from storage import departures, sweeps
from tests.bench.ground import Skipped, rss_bytes
from tests.bench.guard import _fill as fill_keys
from tests.bench.report import Section, Table, ms
from tests.bench.year import TimedBooks, databases
from tests.company import WORKSPACE, Company
from tests.fakes import Directory

PEOPLE = int(os.environ.get("BENCH_SWEEP_PEOPLE", "10000"))
KEYS_EACH, PER_TEAM, GONE_PERCENT, PAGE_PEOPLE = 5, 50, 2, 200
HOW = f"""\
{PEOPLE:,} people, whom Purser all knows, in pages of {PAGE_PEOPLE}, and {PEOPLE * KEYS_EACH:,} live keys in teams of
{PER_TEAM} keys. *Nobody left*: a sweep from its first page to its end. *{GONE_PERCENT} % left*: the fuse raised, one
after another, with all that follows from it decided and written down; what the gateways then do is measured under
turning a key off. *Looked at*: what `/ai-team sweep` does. Times are Purser's own, without Slack's and without the
pauses in which Slack is left alone (15 pages a minute, 60 leavers a minute). *Queries* are statements of all kinds;
*peak memory* is what the process held at most beyond what it held before. PostgreSQL runs without fsync."""


def measure() -> Section:
    """On SQLite, and on PostgreSQL where there is one."""
    rows = []
    for name in ("SQLite", "PostgreSQL"):
        try:
            with databases(name) as books:
                rows += [(name, *row) for row in _measured(books)]
        except Skipped as why:
            print(f"{name}: {why}")
    columns = ("books", "what", "Purser's time", "queries", "pages", "asked by name", "longest turn", "peak memory")
    return Section("sweep", "Looking through everybody", HOW, [Table(columns, rows)])


class Listed(Directory):
    """Everybody, sorted once; counts and times what it is asked."""

    def __init__(self, *people: Member) -> None:
        super().__init__(*people)
        self.ids = sorted(self.everybody)
        self.seconds = 0.0

    def people(self, cursor: str = "") -> Page:
        with self._timed():
            self.pages_read.append(cursor)
            at = int(cursor or 0)
            some = self.ids[at : at + PAGE_PEOPLE]
            following = str(at + PAGE_PEOPLE) if at + PAGE_PEOPLE < len(self.ids) else ""
            return Page(tuple(self.everybody[one] for one in some), following)

    def lookup(self, member_id: str) -> Member | None:
        with self._timed():
            return super().lookup(member_id)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - began


def _measured(books: TimedBooks) -> Iterator[tuple[str, ...]]:
    company = Company(books, Policy(fuse_percent=100))
    everybody = [Member(f"U0PERSON{number}", WORKSPACE, f"p{number}", f"P{number}") for number in range(PEOPLE)]
    _fill(company, everybody)
    slack = Listed(*company.directory.everybody.values(), *everybody)
    company.directory, company.purser = slack, replace(company.purser, directory=slack)
    yield "nobody left", *_cost(books, slack, lambda: _sweep(company))
    for one in everybody[:: 100 // GONE_PERCENT]:
        slack.change(one.id, is_departed=True)
    yield "looked at", *_cost(books, slack, lambda: _look(company))
    yield f"{GONE_PERCENT} % left", *_cost(books, slack, lambda: _sweep(company))
    with books.reading() as session:
        assert len(departures.recent(session, PEOPLE)) == len(everybody[:: 100 // GONE_PERCENT])


def _sweep(company: Company) -> None:
    """A day passes, and the job comes by every minute."""
    company.clock.advance(days=1)
    while (found := _step(company)) is None or found.state is not SweepState.DONE:
        assert found is None or found.state in (SweepState.READING, SweepState.ACTING), found
        company.clock.advance(seconds=PAUSE_SECONDS + 1)


def _step(company: Company) -> Sweep | None:
    sweeping.sweep(company.purser)
    with company.books.reading() as session:
        return sweeps.latest(session, Listing.SLACK)


def _look(company: Company) -> None:
    sweeping_looking.look(company.purser)


def _cost(books: TimedBooks, slack: Listed, work: object) -> tuple[str, ...]:
    """What doing it took."""
    slack.pages_read.clear()
    slack.looked_up.clear()
    slack.seconds = 0.0
    books.longest_turn()
    with _counted() as queries, _peak_memory() as peak:
        began = time.perf_counter()
        work()  # type: ignore[operator]
        taken = time.perf_counter() - began - slack.seconds
    calls = (str(len(slack.pages_read)), str(len(slack.looked_up)))
    return (ms(taken), f"{queries[0]:,}", *calls, ms(books.longest_turn()), f"{peak[0] / 1e6:.1f} MB")


@contextmanager
def _peak_memory() -> Iterator[list[int]]:
    """How many bytes this process holds at most beyond what it held, looked at fifty times a second."""
    before, peak, stop = rss_bytes(os.getpid()), [0], threading.Event()

    def look() -> None:
        while not stop.wait(0.02):
            peak[0] = max(peak[0], rss_bytes(os.getpid()) - before)

    watching = threading.Thread(target=look, daemon=True)
    watching.start()
    try:
        yield peak
    finally:
        stop.set()
        watching.join()


@contextmanager
def _counted() -> Iterator[list[int]]:
    """How many statements any database is sent meanwhile."""
    count = [0]

    def one(*_: object) -> None:
        count[0] += 1

    event.listen(Engine, "before_cursor_execute", one)
    try:
        yield count
    finally:
        event.remove(Engine, "before_cursor_execute", one)


def _fill(company: Company, everybody: list[Member]) -> None:
    """Everybody is known, and holds as many keys as anybody else."""
    fill_keys(company, PEOPLE * KEYS_EACH, PER_TEAM, 0)
    now = company.clock.now()
    with company.books.transaction() as session:
        rows = [
            {"id": one.id, "workspace_id": WORKSPACE, "handle": one.handle, "name": one.name, "seen_at": now}
            for one in everybody
        ]
        session.execute(insert(SQLModel.metadata.tables["members"]), rows)
        holder = "'U0PERSON' || (CAST(substr(id, 5) AS INTEGER) % :people)"
        session.execute(text(f"UPDATE keys SET holder_id = {holder}"), {"people": PEOPLE})
        session.execute(text("ANALYZE"))
