"""How soon a leaver's keys are proven off, and what the daily look costs: a year of 2,000 people and 5,000 keys."""

from __future__ import annotations

import os
from collections import Counter

from tests.bench.ground import Skipped
from tests.bench.report import Section, Table, at
from tests.bench.year import databases
from tests.simulation.offboarding import measuring, simulating
from tests.simulation.offboarding.founding import Size
from tests.simulation.offboarding.organisation import Organisation
from tests.simulation.offboarding.year import YEAR_DAYS

FULL = Size(people=2_000, keys=5_000)
SEED = int(os.environ.get("PURSER_TEST_SEED", "1"))
DAYS = int(os.environ.get("PURSER_TEST_DAYS", str(YEAR_DAYS)))
HOW = f"""\
{FULL.people:,} people in {FULL.teams} teams with {FULL.keys:,} keys live a year of {DAYS} days (seed {SEED}) with two
Purser processes on the same books, a simulated clock, a Slack and a gateway in memory: people join, leave, come back,
change teams, guests end, accounts are merged or deactivated by mistake, keys are asked for, given back, handed over and
taken over, and on some days very many leave at once and unheard. One event in twelve is lost, others come late, twice
or out of order; Slack and the gateway are down for hours, lose replies and lie; the list of people comes in repeated
pages, short, or as another workspace's; processes die at any step and race each other. What must hold
(`tests/simulation/offboarding`) is checked every day, every quarter and at the end. Every call to Slack or the gateway
takes 80 ms of simulated time. Such a year takes a core some 20 minutes on SQLite.
*From event*: from the event's arrival to the last of the leaver's own keys proven off, outages of the gateway included.
*From leave*: the same where no event came, so that the daily look found it. Both: median / 95th percentile / worst."""


def measure() -> Section:
    """The year on SQLite, and on PostgreSQL where there is one."""
    tables, notes = [], []
    for name in ("SQLite", "PostgreSQL"):
        try:
            rows, note = _year(name)
        except Skipped as why:
            notes.append(f"{name} was left out: {why}")
            continue
        tables.append(rows)
        notes.append(note)
    columns = ("database", "leaves", "events missed", "looks", "stopped", "from event", "from leave")
    return Section("offboarding", "A year of people leaving", HOW, [Table(columns, tables)], notes)


def _year(database: str) -> tuple[tuple[str, ...], str]:
    with databases(database) as books:
        url = books._engine.url.render_as_string(hide_password=False)
        org = Organisation(url, FULL, SEED)
        try:
            simulating.live(org, DAYS)
            found = measuring.spans(org)
        finally:
            org.close()
    figures = org.figures
    row = (
        database,
        str(figures.leaves),
        str(figures.missed),
        str(figures.looks),
        str(len(figures.trips)),
        _three(found.from_event, 1, "s"),
        _three(found.from_leave, 3600, "h"),
    )
    trips = ", ".join(f"{count} for {why}" for why, count in sorted(Counter(figures.trips).items()))
    did = ", ".join(f"{count:,} {what}" for what, count in sorted(figures.did.items()))
    note = (
        f"{database}: {len(found.from_event)} leaves with keys of their own were heard by event, "
        f"{len(found.from_leave)} by a look. The fuse tripped {trips}: each time when it had to, and never else. "
        f"Processes died {figures.deaths} times and raced {figures.races} times. People did: {did}."
    )
    return row, note


def _three(seconds: list[float], unit: int, name: str) -> str:
    """Median, 95th percentile and worst."""
    if not seconds:
        return "none"
    return " / ".join(f"{value / unit:,.1f} {name}" for value in (at(seconds, 50), at(seconds, 95), max(seconds)))
