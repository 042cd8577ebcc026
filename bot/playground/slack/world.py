"""One running fake Slack: its state, manifest, faults, journal and ways to the bot, for the parts that act
on them.

Owns the list of violations: what a real workspace would refuse, or what would go unseen there.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.slack import limits
from bot.playground.slack.courier import Courier
from bot.playground.slack.events import Events
from bot.playground.slack.faults import Faults
from bot.playground.slack.journal import Journal
from bot.playground.slack.manifest import Manifest
from bot.playground.slack.seed import seed
from bot.playground.slack.socketmode import SocketHub
from bot.playground.slack.state import Clock, State, real_clock
from bot.playground.slack.tickets import Tickets

BOT_TOKEN = "xoxb-playground-0000-purser"  # noqa: S105 - opens nothing but this fake
APP_TOKEN = "xapp-playground-0000-purser"  # noqa: S105
SIGNING_SECRET = "playground-signing-secret"  # noqa: S105


@dataclass(frozen=True)
class Options:
    """How to run: the clock of the workspace, the machine's, where to listen, how patient to be.

    Tests of what goes wrong want shorter delays than Slack's, which are the defaults.
    """

    clock: Clock = real_clock
    monotonic: Callable[[], float] = time.monotonic
    host: str = "127.0.0.1"
    port: int = 0
    socket_port: int = 0
    retry_delays_seconds: tuple[float, ...] = (0.0, 60.0, 300.0)
    ack_seconds: float = limits.ACK_SECONDS
    trigger_seconds: float = limits.TRIGGER_SECONDS


class World:
    def __init__(self, manifest: Mapping[str, Any] | None, options: Options) -> None:
        self.options = options
        self.manifest = Manifest(manifest)
        self.scopes: set[str] = set(self.manifest.scopes)
        self.state = State(options.clock)
        seed(self.state)
        self.faults = Faults()
        self.journal = Journal(options.clock)
        self.tickets = Tickets(self.state, options.monotonic)
        self.hub = SocketHub(options.host, options.socket_port)
        self.courier = Courier(self.hub, self.journal, self.faults, SIGNING_SECRET)
        self.events = Events(
            self.state, self.manifest, self.courier, options.retry_delays_seconds, lambda: self.base_url
        )
        self.courier.ack_seconds = options.ack_seconds
        self.tickets.trigger_seconds = options.trigger_seconds
        self.base_url = ""
        self._violations: list[str] = self.manifest.problems()
        self._lock = threading.Lock()
        self.methods_called: set[str] = set()
        self.never_shown: set[str] = set()
        """Secrets that the journal shows nowhere, not even in a view."""

    def violate(self, what: str) -> None:
        with self._lock:
            self._violations.append(what)

    @property
    def violations(self) -> list[str]:
        with self._lock:
            return [*self._violations, *self.hub.unexpected]

    def clear_violations(self) -> None:
        with self._lock:
            self._violations.clear()
            self.hub.unexpected.clear()

    def response_url(self, token: str) -> str:
        return f"{self.base_url}/response/{token}"
