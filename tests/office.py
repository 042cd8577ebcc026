"""A whole installation to test: fake Slack, fake gateway, and Purser between them, over real HTTP or sockets.

`Office` runs Purser inside the test's process, which is fast and lets a test move the clock; `Office.spawn`
starts `purser serve` as a process of its own, which can be killed (tests/forking.py). Both use what production uses.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import structlog
import yaml
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.app import Running, build, identity, slack_client
from bot.domain.policy import Policy
from bot.playground.gateway import FakeGateway
from bot.playground.slack import FakeSlack
from bot.playground.slack.model import Message
from bot.playground.slack.world import Options
from bot.settings import Configuration, load
from bot.web import WebServer, web_app
from storage.engine import BUSY_TIMEOUT_SECONDS, Books
from tests import forking

ROOT = Path(__file__).parent.parent
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
PEPPER = "pepper-for-tests-only-0123456789abcdef"
OWNERS = "U0OLGA"
FINANCE = "U0FAY"
PATIENCE_SECONDS = 25.0
"""How long what must come is waited for: on a busy machine a step takes seconds, and what is there is seen at once."""
T = TypeVar("T")

# Out of the box structlog draws every traceback with all local variables, which takes seconds and shows secrets.
structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])


@dataclass
class Clock:
    """The time of day for both fakes and, through a file, for Purser; moved by hand."""

    file: Path
    moved: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.moved

    def advance(self, **by: float) -> None:
        self.moved += timedelta(**by)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(self.moved.total_seconds()), encoding="ascii")
        fresh.replace(self.file)


class Office:
    """Use as a context manager. `mode` is "http" or "socket"."""

    def __init__(self, database_url: str, tmp_path: Path, *, mode: str = "http", policy: Policy | None = None) -> None:
        self.database_url = database_url
        self.tmp_path = tmp_path
        self.mode = mode
        self.policy = policy
        self.clock = Clock(tmp_path / "clock")
        self.slack = FakeSlack(MANIFEST, options=Options(clock=self.clock.now, retry_delays_seconds=(0.05, 0.1, 0.1)))
        self.gateway = FakeGateway(clock=self.clock.now)
        self.environment: dict[str, str] = {}
        self.start: forking.Start = forking.start
        self.bots: list[Bot | Spawned] = []
        self._glasses: Books | None = None
        self.busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS

    def __enter__(self) -> Self:
        self.slack.start()
        self.gateway.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bot in self.bots:
            bot.stop()
        if self._glasses is not None:
            self._glasses.close()
        self.gateway.stop()
        self.slack.stop()

    # --- Purser ---

    def settings(self) -> dict[str, str]:
        """The environment that Purser is told."""
        return {
            "slack_bot_token": self.slack.bot_token,
            "slack_app_token": self.slack.app_token,
            "slack_signing_secret": self.slack.signing_secret,
            "slack_api_url": self.slack.api_url,
            "database_url": self.database_url,
            "purser_owners": OWNERS,
            "purser_finance": FINANCE,
            "purser_pepper": PEPPER,
            "litellm_base_url": self.gateway.base_url,
            "litellm_master_key": self.gateway.master_key,
            "purser_clock_file": str(self.clock.file),
            "purser_health": "off",
            **self.environment,
        }

    def open(self) -> Bot:
        """Start Purser in this process and let Slack deliver to it."""
        values: dict[str, Any] = dict(self.settings())
        configuration = load(http=self.mode == "http", **values)
        if self.policy is not None:
            configuration = replace(configuration, policy=self.policy)
        bot = Bot(configuration, self.slack, self.mode, self.busy_timeout_seconds)
        self.bots.append(bot)
        return bot

    def spawn(self, *, failpoint: str | None = None, port: int = 0) -> Spawned:
        """Start `purser serve` as a process of its own; with a failpoint it will kill itself there."""
        settings = self.settings() | ({"purser_failpoint": failpoint} if failpoint else {})
        bot = Spawned(settings, self.mode, self.tmp_path / f"bot-{len(self.bots)}.log", self.slack, self.start)
        self.bots.append(bot)
        return bot

    # --- what people do ---

    def found_team(self, name: str = "search", monthly: str = "$500") -> None:
        """Olga makes #search a team; Omar is an owner, Ana and Ben are members."""
        self.slack.invite_bot(name)
        olga = self.slack.person("olga")
        for line in (f"create {name} {monthly}", "owner @omar", "invite @ana @ben"):
            before = len(olga.ephemerals(name))
            reply = olga.command(f"/ai-team {line}", channel=name)
            assert reply.ok, reply
            self.slack.wait_for(lambda seen=before: len(olga.ephemerals(name)) > seen)  # type: ignore[misc]

    def card(self, channel: str = "search") -> Message:
        """The newest card in the channel."""
        return self.slack.wait_for(lambda: self.cards(channel)[-1] if self.cards(channel) else None)

    def cards(self, channel: str = "search") -> list[Message]:
        """Every message of Purser in the channel that is a card."""
        return [message for message in self.slack.channel(channel).messages if message.bot_id]

    def text(self, message: object) -> str:
        """A message as a reader sees it."""
        return self.slack.text_of(message)  # type: ignore[arg-type]

    def sees(self, look: Callable[[], T | None], timeout: float = PATIENCE_SECONDS) -> T:
        """Wait until it is there."""
        return self.slack.wait_for(look, timeout)

    def reads(self, person: str, words: str, where: str = "dm") -> Message:
        """Wait until this person has read a message with these words, in the DM or as an ephemeral message."""
        who = self.slack.person(person)

        def look() -> Message | None:
            shown = who.dms() if where == "dm" else who.ephemerals(where)
            return next((message for message in reversed(shown) if words in self.text(message)), None)

        return self.sees(look)

    def ask(self, line: str = "$25 7d evaluate rerankers", person: str = "ana") -> Message:
        """Ask for a key, and return the card."""
        before = len(self.cards())
        assert self.slack.person(person).command(f"/ai-key {line}", channel="search").ok
        self.sees(lambda: len(self.cards()) > before or None)
        return self.cards()[-1]

    def approve(self, card: Message, person: str = "omar", asker: str = "ana") -> Message:
        """Approve, and return the asker's direct message with the button, as it stays on their screen."""
        before = len(self.slack.person(asker).dms())
        assert self.slack.person(person).click("Approve", in_=card).ok

        def told() -> Message | None:
            new = self.slack.person(asker).dms()[before:]
            return next((message for message in new if "Reveal key" in str(message.blocks)), None)

        return self.slack.as_seen(self.sees(told))

    def reveal(self, dm: Message, person: str = "ana") -> str:
        """Press Reveal key and return the secret that the modal shows."""
        who = self.slack.person(person)
        assert who.click("Reveal key", in_=dm).ok

        def shown() -> str | None:
            view = who.modal()
            return None if view is None else secret_in(str(view.content))

        return self.sees(shown)

    def key(self, line: str = "$25 7d evaluate rerankers", person: str = "ana", owner: str = "omar") -> str:
        """The whole way to a key: asked, approved, revealed. Returns the secret; the modal is closed."""
        dm = self.approve(self.ask(line, person), owner, person)
        secret = self.reveal(dm, person)
        self.sees(lambda: "Revealed as" in self.text(self.cards()[-1]) or None)
        self.slack.person(person).close()
        return secret

    def chat(self, secret: str, model: str = "mock-gpt") -> httpx.Response:
        """Use a key at the gateway."""
        return chat(self.gateway.base_url, secret, model)

    def books(self) -> Books:
        """The books, for a look from outside. Close them."""
        return Books(self.database_url)

    @property
    def glasses(self) -> Books:
        """The books for many looks from outside: opened once, closed with the office."""
        if self._glasses is None:
            self._glasses = self.books()
        return self._glasses

    def assert_nothing_odd(self) -> None:
        """Slack refused nothing, and the ledger is whole."""
        assert self.slack.violations == []


def chat(base_url: str, secret: str, model: str = "mock-gpt") -> httpx.Response:
    """One chat completion, as a member's program would make it."""
    return httpx.post(
        f"{base_url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {secret}"},
        json={"model": model, "messages": [{"role": "user", "content": "hello"}]},
        timeout=15,
        trust_env=False,
    )


def secret_in(text: str) -> str | None:
    """The first thing that looks like a gateway's key."""
    start = text.find("'sk-")
    return None if start < 0 else text[start + 1 : text.index("'", start + 1)]


class Bot:
    """Purser, running in this process."""

    def __init__(
        self,
        configuration: Configuration,
        slack: FakeSlack,
        mode: str,
        patience_seconds: float = BUSY_TIMEOUT_SECONDS,
    ) -> None:
        self.books = Books(configuration.settings.database_url, busy_timeout_seconds=patience_seconds)
        self.books.migrate()
        self.running: Running = build(configuration, self.books, identity(slack_client(configuration.settings)))
        self.server: WebServer | None = None
        self.handler: SocketModeHandler | None = None
        self.running.start()
        if mode == "http":
            web = web_app({}, self.running.bolt, self.running.webhooks)
            self.server = WebServer(web, "127.0.0.1", 0)
            threading.Thread(target=self.server.run, daemon=True).start()
            slack.deliver_to(f"http://127.0.0.1:{self.server.port}/slack/events")
        else:
            token = configuration.settings.slack_app_token
            assert token is not None
            self.handler = SocketModeHandler(self.running.bolt, token.get_secret_value(), ping_interval=3)
            self.handler.connect()  # type: ignore[no-untyped-call]
            slack.wait_connected()

    def stop(self) -> None:
        """Stop it; again does nothing."""
        if self.handler is not None:
            self.handler.close()  # type: ignore[no-untyped-call]
            self.handler = None
        if self.server is not None:
            self.server.close()
            self.server = None
            self.running.stop()
        elif not self.running.listeners._shutdown:
            self.running.stop()


class Spawned:
    """Purser as a process of its own."""

    def __init__(self, settings: dict[str, str], mode: str, log: Path, slack: FakeSlack, start: forking.Start) -> None:
        self.log = log
        self._slack = slack
        arguments = ["--http", "127.0.0.1:0"] if mode == "http" else []
        environment = {name.upper(): value for name, value in settings.items()} | {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
        }
        self._sink = log.open("wb")
        self.process = start(["serve", *arguments], environment, log.parent, self._sink.fileno())
        self.url = self._ready(mode, slack)

    def _ready(self, mode: str, slack: FakeSlack) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text(encoding="utf-8")
        if mode != "http":
            slack.wait_connected()
            return ""
        url = f"{line.split()[-1].strip()}/slack/events"
        slack.deliver_to(url)
        return url

    def kill(self) -> None:
        """Pull the plug."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self._slack.wait_answered()

    def wait_dead(self, timeout: float = PATIENCE_SECONDS) -> None:
        """Wait until it has killed itself at its failpoint, and Slack has heard all it had said before.

        Another takes its work over only when its leases end; a test that moves the clock does not wait that long.
        """
        assert self.process.wait(timeout) == -signal.SIGKILL, self.log.read_text(encoding="utf-8")
        self._slack.wait_answered()

    def stop(self) -> None:
        """Stop it cleanly, or see that it is gone."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._sink.close()


def eventually(look: Callable[[], T | None], timeout: float = PATIENCE_SECONDS) -> T:
    """Poll until it is there."""
    until = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
