"""What tests of faults share: doing things at one moment, waiting for quiet, and what must hold at the end.

Looks at the fakes as people would, and into the books only for what people are promised of them.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import make_url

from bot.domain.keys import Key, KeyState
from bot.domain.requests import Request, RequestState
from bot.playground.gateway.keys import StoredKey, hash_of
from bot.playground.slack.model import Message
from bot.services.auditing import verify
from storage import keys, ledger, outbox, requests
from storage.engine import Session
from storage.ledger import Recorded
from tests.office import PATIENCE_SECONDS, Office, eventually, secret_in

T = TypeVar("T")
WRITER_LOCK = 0x5055_5253_4552
FOREVER = datetime.max.replace(tzinfo=UTC)
PAUSE_SECONDS = 5.0
"""How long what goes on is waited for, where the dead may have left it undone."""


# --- at one moment ---


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Make all calls at the same moment, each from a thread of its own; what they return, in order."""
    start = threading.Barrier(len(calls))
    results: list[T | BaseException] = [RuntimeError("never ran")] * len(calls)

    def run(number: int, call: Callable[[], T]) -> None:
        start.wait(10)
        try:
            results[number] = call()
        except BaseException as error:  # handed on to the test's own thread
            results[number] = error

    threads = [threading.Thread(target=run, args=(number, call), daemon=True) for number, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()  # the test's own time runs out first
    done: list[T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done


@contextmanager
def pen_held(database_url: str) -> Iterator[None]:
    """Hold the writers' turn, so that whoever wants to decide meanwhile stands in line when it ends."""
    if database_url.startswith("sqlite"):
        database = make_url(database_url).database
        assert database is not None
        with sqlite3.connect(database, isolation_level=None, timeout=10) as writer:
            writer.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                writer.execute("ROLLBACK")
        writer.close()
        return
    with admin(database_url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [WRITER_LOCK])
        yield


def admin(database_url: str, database: str | None = None) -> psycopg.Connection[Any]:
    """A connection to the test's PostgreSQL, beside Purser's own."""
    url = make_url(database_url)
    return psycopg.connect(
        host=url.host, port=url.port, user=url.username, dbname=database or url.database, autocommit=True
    )


def race(office: Office, *acts: Callable[[], Any], round_number: int) -> list[Any]:
    """People doing things at the same moment. Every other round all of them are first made to stand in line."""
    if round_number % 2:
        return at_once(*acts)
    with pen_held(office.database_url):
        results = at_once(*acts)
        time.sleep(0.3)  # acknowledged at once; the handlers now wait for their turn
    return results


# --- looking ---


@contextmanager
def looking(office: Office) -> Iterator[Session]:
    """The books as they are now."""
    with office.glasses.reading() as session:
        yield session


def request_of(office: Office, person: str) -> Request:
    """The newest request of this person."""
    with looking(office) as session:
        found = requests.of_requester(session, office.slack.person(person).id, *RequestState)
    return max(found, key=lambda request: request.created_at)


def keys_of(office: Office, person: str, *states: KeyState) -> list[Key]:
    """This person's keys in the books, oldest first."""
    with looking(office) as session:
        return keys.of_holder(session, office.slack.person(person).id, states or tuple(KeyState))


def rows(office: Office, **about: str) -> list[Recorded]:
    """Ledger rows that match, in order."""
    with looking(office) as session:
        return ledger.entries(session, **about)


def live(office: Office, person: str) -> list[StoredKey]:
    """This person's keys that would be let in at the gateway."""
    holder = office.slack.person(person).id
    return [key for key in office.gateway.live_keys() if key.user_id == holder]


def told(office: Office, person: str, words: str) -> list[Message]:
    """Direct messages of the bot to this person with these words."""
    return [message for message in office.slack.person(person).dms() if words in office.text(message)]


def whispered(office: Office, person: str, words: str) -> list[Message]:
    """Messages only this person sees, with these words."""
    return [message for message in office.slack.person(person).ephemerals() if words in office.text(message)]


def reveal_dms(office: Office, person: str) -> list[Message]:
    """Direct messages that gave or still give the key to reveal: once revealed, they say so."""
    waiting, done = told(office, person, "You can have your key"), told(office, person, "was revealed.")
    return [*done, *waiting]


def shown_secrets(office: Office) -> list[str]:
    """Every secret that Slack was ever given to show, in order."""
    found = (secret_in(str(call.get("view"))) or _secret_in_json(call) for call in office.slack.calls("views.update"))
    return [secret for secret in found if secret]


def _secret_in_json(call: dict[str, Any]) -> str | None:
    text = str(call)
    start = text.find("sk-")
    if start < 0:
        return None
    end = start
    while end < len(text) and (text[end].isalnum() or text[end] in "-_"):
        end += 1
    return text[start:end]


# --- quiet, and what must hold then ---


def settle(office: Office, timeout: float = PATIENCE_SECONDS) -> None:
    """Wait until everything that is due has been done."""

    def quiet() -> bool:
        now = office.clock.now()
        with looking(office) as session:
            return not [row for row in outbox.pending(session) if row.next_try_at <= now]

    eventually(quiet, timeout)


def let_pass(office: Office, **by: float) -> None:
    """Move the clock once nothing is being done: else the lease of who is at it would end, and another do it as well.

    What cannot be done by then, for whoever did it is dead, is not waited for any longer.
    """
    with suppress(AssertionError):
        settle(office, PAUSE_SECONDS)
    office.clock.advance(**by)


@dataclass(frozen=True)
class Life:
    """From when to when a key worked at the gateway."""

    request_id: str
    token: str
    begins: datetime
    ends: datetime


def lives(office: Office) -> list[Life]:
    """Every key Purser ever minted, as the gateway remembers it."""
    found = []
    for key in office.gateway.keys:
        tags = key.metadata.get("tags") or key.metadata
        request_id = _tag(tags, "request")
        if request_id is None:
            continue
        ended = key.deleted_at or (key.blocked_at if key.blocked else None) or key.expires or FOREVER
        found.append(Life(request_id, key.token, key.created_at, ended))
    return found


def _tag(tags: Any, name: str) -> str | None:
    if isinstance(tags, dict):
        for value in (tags, *tags.values()):
            if isinstance(value, dict) and name in value:
                return str(value[name])
    return None


def assert_never_two_live(office: Office) -> None:
    """No request ever had two working keys at the same moment, by the gateway's own account."""
    by_request: dict[str, list[Life]] = {}
    for life in sorted(lives(office), key=lambda life: life.begins):
        by_request.setdefault(life.request_id, []).append(life)
    for request_id, of_one in by_request.items():
        for earlier, later in pairwise(of_one):
            assert earlier.ends <= later.begins, f"{request_id} had two working keys at {later.begins}"


def assert_every_live_key_is_held(office: Office) -> None:
    """Whatever works at the gateway is in the books as live and was shown to somebody."""
    shown = {hash_of(secret) for secret in shown_secrets(office)}
    with looking(office) as session:
        known = {key.handle for key in keys.in_state(session, KeyState.LIVE, KeyState.DISABLING, KeyState.RESTORING)}
    for key in office.gateway.live_keys():
        assert key.token in shown, f"{key.key_alias} works and nobody was ever shown it"
        assert key.token in known, f"{key.key_alias} works and the books do not know it as live"


def assert_told_once(office: Office) -> None:
    """No message was posted twice: not by the id it carries, and to no person in the same words."""
    ids: Counter[str] = Counter()
    texts: Counter[tuple[str, str | None, str]] = Counter()
    with office.slack.state.lock:
        everything = [m for channel in office.slack.state.channels.values() for m in channel.messages if m.bot_id]
    for message in everything:
        payload = (message.metadata or {}).get("event_payload") or {}
        if payload:
            ids[str(payload.get("id"))] += 1
            texts[(message.channel, message.thread_ts, office.text(message))] += 1
    assert not [each for each, count in ids.items() if count > 1], ids
    assert not [each for each, count in texts.items() if count > 1], texts


def assert_books_whole(office: Office, *, dead_letters: int = 0) -> None:
    """The chain and every figure agree, and nothing was given up."""
    report = verify(office.glasses)
    assert report.ok, report.lines
    with looking(office) as session:
        dead = outbox.dead(session)
    assert len(dead) == dead_letters, dead


def assert_all_is_well(office: Office) -> None:
    """Everything that must hold once things are quiet."""
    settle(office)
    assert_books_whole(office)
    assert_never_two_live(office)
    assert_every_live_key_is_held(office)
    assert_told_once(office)
    office.assert_nothing_odd()


def sqlite_url(tmp_path: Path, template: Path) -> str:
    """A copy of the migrated file, as a URL."""
    target = tmp_path / "purser.db"
    target.write_bytes(template.read_bytes())
    return f"sqlite:///{target}"
