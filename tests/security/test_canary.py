"""Seen once: no minted key anywhere but in the one modal that shows it, through a whole story with its failures.

Canaries are every secret the gateway ever made, and pasted ones it did not. Looked through are all logs at DEBUG,
the database's own bytes, everything sent to Slack and what stands there, and the health pages.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import text as sql

from bot.logs import configure
from bot.playground.gateway import FakeGateway
from bot.playground.gateway.faults import FaultKind
from bot.playground.slack import FakeSlack
from bot.slack.views.actions import REPORT_LEAK
from storage.engine import Books
from tests.office import Bot, Office
from tests.scenarios.desk import Desk

UNKNOWN = "sk-PastedButNeverMinted0123456789"
TYPED = {"/ai-disable", "/ai-key", "/ai-team", "/ai-usage", "message", "message_action"}
"""What Slack sends of what people typed themselves."""
READ = {"conversations.replies", "conversations.history"}
"""Methods that Slack answers with what people typed themselves."""


def canaries_of(gateway: FakeGateway) -> list[str]:
    """A list that every secret the gateway makes from now on is put in, beside one it never made."""
    minted = [UNKNOWN]
    make = gateway.state.new_secret

    def making() -> str:
        minted.append(make())
        return minted[-1]

    gateway.state.new_secret = making
    return minted


def leaks(places: Mapping[str, bytes], canaries: list[str]) -> list[str]:
    """The places in which the distinctive part of a canary stands, in plain or as JSON has it."""
    return [
        f"{place}: ...{found[max(0, at - 60) : at + 12]!r}..."
        for place, found in places.items()
        for secret in canaries
        if (at := found.find(secret.removeprefix("sk-")[4:].encode())) >= 0
    ]


def database(url: str) -> dict[str, bytes]:
    """Every byte of SQLite's files, or every column of every row of PostgreSQL."""
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        return {one.name: one.read_bytes() for one in path.parent.glob(f"{path.name}*")}
    books = Books(url)
    with books.reading() as session:
        tables = session.execute(sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        rows = {name: session.execute(sql(f'SELECT * FROM "{name}"')).all() for name in tables}
    books.close()
    assert rows["ledger"]
    return {f"table {name}": repr(found).encode() for name, found in rows.items()}


def slack_places(slack: FakeSlack) -> dict[str, bytes]:
    """What Purser sent and was sent, but for what people typed and for the modals that show a key."""
    state = slack.state
    shown = [message for channel in state.channels.values() for message in channel.messages if message.bot_id]
    shown += [message for messages in state.ephemerals.values() for message in messages if message.bot_id]
    views = [*state.homes.values(), *(view for stack in state.modals.values() for view in stack)]
    places: dict[str, bytes] = {"the workspace": repr((shown, views)).encode()}
    for entry in slack.world.journal.entries():
        if entry.direction == "out" and entry.method in TYPED:
            continue
        said = f"{json.dumps(entry.body)} {'' if entry.method in READ else json.dumps(entry.answer)}"
        if entry.method == "views.update" and "is yours" in said:
            continue
        places[f"{entry.direction} {entry.method} {entry.seq}"] = said.encode()
    return places


def reveals(slack: FakeSlack, secret: str) -> int:
    """How often a key was sent to Slack to be shown."""
    return sum(secret in json.dumps(view) for view in slack.calls("views.update"))


@pytest.fixture
def debug_log() -> Iterator[StringIO]:
    """Production's logging, at DEBUG, into a text of our own."""
    root, told = logging.getLogger(), logging.raiseExceptions
    handlers, level = root.handlers[:], root.level
    configure("DEBUG")
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    written = StringIO()
    handler.setStream(written)
    yield written
    logging.raiseExceptions = told
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


class Buggy:
    """A gateway whose probe has a bug, with the secret in a local variable and in the error."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def probe(self, secret: str) -> None:
        pasted = f"Bearer {secret}"
        raise RuntimeError(f"cannot call with {pasted}")


def story(desk: Desk, minted: list[str]) -> None:
    """Keys made, lost, shown, not shown, used, pasted everywhere, and met by a bug."""
    _, first = desk.key()
    assert desk.office.chat(first).status_code == 200

    dm = desk.office.approve(desk.ask("$5 1d a lost reply", "ben"), asker="ben")
    desk.gateway.faults.add(FaultKind.REPLY_LOST, route="/key/generate")
    second = desk.office.reveal(dm, "ben")
    desk.who("ben").close()
    assert len(minted) == 4  # the unknown one, Ana's, the one whose reply was lost, and Ben's

    dm = desk.office.approve(desk.ask("$5 1d not to be shown", "olga"), asker="olga")
    desk.slack.fault("refuse", "views.update", error="not_found")
    desk.clicks("olga", "Reveal key", dm)
    desk.modal("olga", "No key yet")
    desk.who("olga").close()
    desk.settle()

    for line in (
        f"/ai-key return {first}",
        f"/ai-key extend {first} 7d",
        f"/ai-key $3 1d use {first} for it",
        f"/ai-key {first}",
        f"/ai-team create {first} $5",
        f"/ai-usage key {first} 7d",
        f"/ai-disable {UNKNOWN} found it",
        f"/ai-disable Bearer {UNKNOWN}",
    ):
        desk.types("ana", line)
    desk.settle()
    desk.replies("omar", desk.office.cards()[-1], f"deny {first} is enough")
    desk.settle()
    desk.types("fay", f"/ai-disable `{first}` leaked, it is {first}")

    leak_in_messages(desk)

    gateways: Any = desk.bot.running.purser.gateways
    gateways["litellm"] = Buggy(gateways["litellm"])
    desk.types("fay", f"/ai-disable {second}")
    desk.settle()


def leak_in_messages(desk: Desk) -> None:
    """A key posted in a watched channel, edited into a message, shared as a file, and reported."""
    secret = desk.office.key("$2 1d to be posted", "omar", "olga")
    desk.types("omar", "/ai-team watch on")
    message = desk.who("fay").says("search", "how do I call it?")
    desk.who("fay").edits(message, f"like `KEY={secret}`? or {UNKNOWN}?")
    desk.thread_says(message, "A key stands in this message")
    desk.who("fay").uploads("search", "notes.txt", f"it is {secret}".encode())
    desk.settle()
    assert desk.who("ben").shortcut(REPORT_LEAK, message).ok
    desk.office.reads("ben", "was already off", "search")
    desk.settle()
    assert desk.who("ben").shortcut(REPORT_LEAK, desk.who("fay").says("search", f"*{UNKNOWN}*")).ok
    desk.office.reads("ben", "found no key that it knows", "search")
    desk.settle()


def test_seen_once_no_key_is_written_anywhere(migrated_url: str, tmp_path: Path, debug_log: StringIO) -> None:
    with Office(migrated_url, tmp_path) as office:
        minted = canaries_of(office.gateway)
        bot = office.open()
        office.found_team()
        desk = Desk(office, bot)
        story(desk, minted)
        assert len(minted) >= 5
        assert reveals(office.slack, minted[1]) == 1
        health = {path: get(bot, path) for path in ("/healthz", "/readyz")}
        log = debug_log.getvalue()
        places = {"the log": log.encode(), **health, **database(migrated_url), **slack_places(office.slack)}
        assert "[masked]" in log
        assert "slack_bolt.IgnoringSelfEvents" not in log  # it would print whole messages
        assert "RuntimeError" in log  # the bug was logged, with its traceback
        assert leaks(places, minted) == []


def get(bot: Bot, path: str) -> bytes:
    assert bot.server is not None
    return httpx.get(f"http://127.0.0.1:{bot.server.port}{path}", trust_env=False).content


def test_seen_once_a_process_at_debug_level_writes_no_key(sqlite_url: str, tmp_path: Path) -> None:
    with Office(sqlite_url, tmp_path) as office:
        office.environment = {"purser_log_level": "DEBUG"}
        minted = canaries_of(office.gateway)
        spawned = office.spawn()
        office.found_team()
        secret = office.key()
        ana = office.slack.person("ana")
        assert ana.command(f"/ai-disable {UNKNOWN}", channel="search").ok
        office.reads("ana", "did not hand out", "search")
        assert ana.command(f"/ai-disable {secret}", channel="search").ok
        office.reads("ana", "Probed", "search")
        base = spawned.url.removesuffix("/slack/events")
        health = {path: httpx.get(base + path, trust_env=False).content for path in ("/healthz", "/readyz")}
        running = {"the log": spawned.log.read_bytes(), **health, **database(sqlite_url), **slack_places(office.slack)}
        assert leaks(running, minted) == []
        spawned.stop()
        assert spawned.log.stat().st_size > 0
        assert leaks({"the log": spawned.log.read_bytes(), **database(sqlite_url)}, minted) == []


def test_the_canary_sings_wherever_a_key_leaks(desk: Desk, debug_log: StringIO) -> None:
    """A key put into each kind of place is found there: the tests above can fail."""
    canary = "sk-SeededForThisTest0123456789abcdef"
    url = desk.office.database_url
    assert leaks({**database(url), **slack_places(desk.slack)}, [canary]) == []

    desk.types("ana", "/ai-key list")
    desk.bot.running.bolt.client.chat_postMessage(channel=desk.slack.channel("search").id, text=f"it is {canary}")
    with desk.bot.running.purser.books.transaction() as session:
        session.execute(sql("UPDATE members SET name = :name WHERE id = 'U0ANA'"), {"name": canary})
    found = leaks({**database(url), **slack_places(desk.slack)}, [canary])
    assert any(place.startswith("purser.db") for place in found)
    assert any("chat.postMessage" in place for place in found)
    assert any(place.startswith("the workspace") for place in found)

    # The log's mask is the last defence, so what gets past it has no shape of a key.
    logging.getLogger("a library").debug("calling with %s", canary)
    logging.getLogger("a library").debug("calling with %s", canary.removeprefix("sk-"))
    said = debug_log.getvalue().splitlines()
    masked, plain = [line.encode() for line in said if "calling with" in line]
    assert leaks({"masked": masked}, [canary]) == []
    assert leaks({"plain": plain}, [canary]) != []
