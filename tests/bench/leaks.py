"""Looking through messages for keys: what is found, missed and mistaken, and how many a second."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sqlalchemy import insert
from sqlmodel import select

from bot.domain.keys import fingerprint
from bot.services.context import Purser
from bot.services.leaks import look
from bot.slack.message_texts import texts_of
from storage.tables import KeyRow
from tests.bench.ground import Skipped, fresh_postgres
from tests.bench.messages import Drawn, draw, unknown
from tests.bench.report import Section, Table
from tests.company import Company
from tests.fakes import MortalBooks
from tests.services.kit import found_team, held

MESSAGES = 100_000
KEYS = 10_000
SEED = 20_261_121

HOW = f"""\
{MESSAGES:,} messages drawn from a seed, a tenth of each kind, against books with {KEYS:,} keys. Each is looked through
as the watch does it: words and rich text as Slack sends both, every reading of every run that may be a key, its
fingerprint, and one look into the books where there is anything to ask. *Unknown* keys have the very shape of those
that LiteLLM mints; a *spoilt* one is a key of ours with a character changed, added or left out; keys stand in code,
JSON, addresses, assignments, bold and quoted, with unseen characters around them. One thread; *messages/s* of one
core's time, which is what the thread used: a database server's own is not in it."""
NOTES = (
    "*Mistaken*: a key of ours was found that does not stand in the message. *Missed*: one that does was not found.",
    "*Foreign*: messages in which a provider's key was pointed out; of *foreign keys*, the right provider's.",
    "Unknown and spoilt keys of LiteLLM's shape are pointed out as foreign as far as letters and digits are mixed.",
)


@dataclass
class Tally:
    """What became of the messages of one kind."""

    messages: int = 0
    ours: int = 0
    found: int = 0
    missed: int = 0
    mistaken: int = 0
    foreign: int = 0
    seconds: float = 0.0

    def row(self, kind: str) -> tuple[str, ...]:
        rate = self.messages / self.seconds
        counts = (self.messages, self.ours, self.found, self.missed, self.mistaken, self.foreign)
        return (kind, *(f"{count:,}" for count in counts), f"{rate:,.0f}")


@dataclass
class Ground:
    """Books with many keys, and the secrets of these."""

    purser: Purser
    secrets: dict[str, str] = field(default_factory=dict)
    """Key ids, by secret."""


def measure() -> Section:
    """On both databases; PostgreSQL only where there is a server."""
    columns = ("message", "messages", "keys of ours", "found", "missed", "mistaken", "foreign", "messages/s")
    tables = []
    for database in ("SQLite", "PostgreSQL"):
        try:
            with _ground(database) as ground:
                tallies = tally(ground, draw(MESSAGES, list(ground.secrets), SEED))
        except Skipped:
            continue
        rows = [one.row(kind) for kind, one in tallies.items()]
        tables.append(Table((database, *columns[1:]), [*rows, _sum(list(tallies.values())).row("all")]))
    return Section("leaks", "Looking for keys in messages", HOW, tables, NOTES)


def tally(ground: Ground, messages: Iterator[Drawn]) -> dict[str, Tally]:
    """Look through them, and count by kind."""
    counted: dict[str, Tally] = {}
    gc.collect()
    for message in messages:
        one, event = counted.setdefault(message.kind, Tally()), message.slack
        start = time.thread_time()
        seen = look(ground.purser, texts_of(event))
        one.seconds += time.thread_time() - start
        wanted = {ground.secrets[secret] for secret in message.ours}
        met = {match.key_id for match in seen.keys}
        named = {found.provider for _, found in seen.foreign}
        one.messages += 1
        one.ours += len(wanted)
        one.found += len(wanted & met)
        one.missed += len(wanted - met)
        one.mistaken += len(met - wanted)
        one.foreign += named >= message.foreign if message.foreign else bool(named)
    return counted


def _sum(tallies: Sequence[Tally]) -> Tally:
    names = ("messages", "ours", "found", "missed", "mistaken", "foreign", "seconds")
    return Tally(**{name: sum(getattr(one, name) for one in tallies) for name in names})


@contextmanager
def _ground(database: str) -> Iterator[Ground]:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="purser-bench-"))
        url = f"sqlite:///{Path(folder) / 'purser.db'}"
        if database == "PostgreSQL":
            url = stack.enter_context(fresh_postgres())
        books = MortalBooks(url)
        stack.callback(books.close)
        books.migrate()
        yield filled(Company(books), KEYS)


def filled(company: Company, count: int) -> Ground:
    """A key as people get one, and copies of its row with secrets of their own."""
    found_team(company)
    made = held(company)
    random = Random(SEED + 1)  # not the one that messages are drawn with
    secrets = {unknown(random): f"key-{number}" for number in range(count)}
    with company.books.transaction() as session:
        row = session.exec(select(KeyRow).where(KeyRow.id == made.id)).one().model_dump()
        copies = [
            row
            | {
                "id": key_id,
                "label": key_id,
                "alias": f"purser-{key_id}",
                "handle": f"handle-{key_id}",
                "fingerprint": fingerprint(secret, company.purser.pepper),
                "state": "discarded",
            }
            for secret, key_id in secrets.items()
        ]
        for start in range(0, count, 500):
            session.execute(insert(KeyRow), copies[start : start + 500])
    return Ground(company.purser, {**secrets, company.shown[-1].secret: made.id})
