"""FakeSlack: the one object that tests and the playground hold. Puts the parts together and starts and
stops them.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

from flask import Flask

from bot.playground.slack import snapshot
from bot.playground.slack.acts import Acts
from bot.playground.slack.courier import Ack, Parcel, require_loopback, sign
from bot.playground.slack.errors import NotInSlack
from bot.playground.slack.faults import Fault, FaultKind
from bot.playground.slack.model import JSON, Message, View
from bot.playground.slack.people import Person, Room
from bot.playground.slack.plain import text_of
from bot.playground.slack.playapi import ClockHook, create_blueprint
from bot.playground.slack.server import HttpServer, create_app
from bot.playground.slack.state import Clock
from bot.playground.slack.workspace import Workspace
from bot.playground.slack.world import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Options, World

T = TypeVar("T")


class FakeSlack(Workspace):
    """A workspace with one app installed, as `manifest` describes it. Nothing runs until `start`.

    Socket Mode as soon as a socket connects; HTTP once `deliver_to` names a URL. `violations` lists what
    the app did
    that a real workspace would refuse or hide; a test of a well-behaved app asserts that it is empty.
    """

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN
    signing_secret = SIGNING_SECRET

    def __init__(
        self,
        manifest: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        options: Options | None = None,
    ) -> None:
        options = options or Options()
        self.world = World(manifest, replace(options, clock=clock) if clock else options)
        super().__init__(self.world)
        self.state = self.world.state
        self.acts = Acts(self.world)
        self.move_clock: ClockHook | None = None
        self.app: Flask = create_app(self.world)
        self.app.register_blueprint(create_blueprint(self.acts, self, lambda: self.move_clock))
        self._server = HttpServer(self.app, self.world.options.host, self.world.options.port)

    # -- running -------------------------------------------------------------------------------------------

    def start(self) -> Self:
        self.world.hub.start()
        self.world.base_url = self._server.start()
        return self

    def stop(self) -> None:
        self.world.events.stop()
        self.world.hub.stop()
        self._server.stop()
        self.world.courier.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        return self.world.base_url

    @property
    def api_url(self) -> str:
        """What `WebClient(base_url=...)` wants."""
        return f"{self.world.base_url}/api/"

    def deliver_to(self, url: str | None) -> None:
        """HTTP mode: the app's request URL, on loopback. None goes back to Socket Mode."""
        self.world.courier.url = require_loopback(url) if url else None

    def verify_url(self) -> bool:
        """The url_verification handshake that Slack does when a request URL is saved."""
        body = {
            "token": "playground",
            "challenge": self.state.new_id("challenge"),
            "type": "url_verification",
        }
        ack = self.world.courier.deliver(Parcel("events_api", "url_verification", body))
        return body["challenge"] in (ack.text, ack.body.get("challenge"))

    def connected(self) -> int:
        """How many sockets are up."""
        return self.world.hub.connected()

    def wait_connected(self, timeout: float = 10.0) -> None:
        if not self.world.hub.wait_connected(timeout):
            raise TimeoutError(f"no socket connected in {timeout} s")

    def wait_answered(self) -> None:
        """Wait until every call made before this one was answered, also those whose sender is dead by now."""
        self._server.wait_answered()

    def disconnect(self, *, hard: bool = False, lingers: bool = False) -> int:
        """Ask every socket to come back (as Slack does regularly), or cut them all; see SocketHub.refresh."""
        return self.world.hub.cut() if hard else self.world.hub.refresh(lingers=lingers)

    # -- people, channels, faults --------------------------------------------------------------------------

    def person(self, name: str) -> Person:
        return Person(self.acts, self.state.user(name))

    def channel(self, name: str) -> Room:
        return Room(self.state.channel(name))

    def fault(self, kind: FaultKind | str, method: str = "*", times: int | None = 1, **more: Any) -> Fault:  # noqa: ANN401
        """The next `times` calls of `method` suffer; `more` as in Fault (retry_after_seconds, seconds,
        copies).
        """
        return self.world.faults.add(Fault(FaultKind(kind), method, times, **more))

    def emit(self, name: str, **event: Any) -> str | None:  # noqa: ANN401 - an event's fields are anything
        """Deliver an event of any type, if the app subscribed to it."""
        return self.world.events.emit(name, event)

    @property
    def violations(self) -> list[str]:
        return self.world.violations

    def clear_violations(self) -> None:
        self.world.clear_violations()

    @property
    def methods_called(self) -> set[str]:
        """The Web API methods the app has used, to compare with its scopes."""
        return set(self.world.methods_called)

    @property
    def scopes(self) -> set[str]:
        """The granted scopes; change the set to grant or revoke."""
        return self.world.scopes

    def calls(self, method: str) -> list[JSON]:
        """The arguments of every call of a Web API method (or "response_url"), oldest first."""
        return [e.body for e in self.world.journal.entries(method=method, direction="in")]

    def sent(self, name: str) -> list[JSON]:
        """The payloads the app got: of a command ("/ai-key"), "block_actions", or an event's type; oldest first."""
        return [e.body for e in self.world.journal.entries(method=name, direction="out")]

    def deliver(self, kind: str, payload: JSON) -> Ack:
        """Send any payload, properly signed: a replay, or one that Slack would never make.

        `kind` is the Socket Mode envelope's: "slash_commands", "interactive" or "events_api".
        """
        return self.world.courier.deliver(Parcel(kind, str(payload.get("type", kind)), payload))

    def signed_headers(self, body: str, timestamp: int) -> dict[str, str]:
        """The two headers that make an HTTP body Slack's, for tests of forged, stale and replayed ones."""
        signature = sign(self.signing_secret, str(timestamp), body)
        return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": signature}

    # -- looking -------------------------------------------------------------------------------------------

    def text_of(self, shown: Message | View | None) -> str:
        """Plain text as a reader sees it; NotInSlack if there is nothing (no modal, no Home tab yet)."""
        if shown is None:
            raise NotInSlack("nothing is shown")
        with self.state.lock:
            return text_of(self.state, shown)

    def as_seen(self, shown: T) -> T:
        """A copy that does not change: what somebody still has on their screen."""
        with self.state.lock:
            return deepcopy(shown)

    def wait_for(self, look: Callable[[], T | None], timeout: float = 5.0) -> T:
        """Look again after every change until the answer is truthy; AssertionError with a dump if it never is.

        Looking at what isn't there yet (an index, a key, an attribute of None) counts as not yet.
        """
        state, now = self.state, self.world.options.monotonic
        deadline = now() + timeout
        while True:
            seq = state.seq  # before looking, so that no change in between is slept through
            with suppress(LookupError, AttributeError, StopIteration, NotInSlack):
                seen = look()
                if seen:
                    return seen
            left = deadline - now()
            if left <= 0:
                raise AssertionError(f"waited {timeout} s in vain\n{self.story()}")
            with state.changed:  # not everything that is looked at is in the state: never sleep long
                state.changed.wait_for(lambda seq=seq: state.seq > seq, min(left, 0.05))  # type: ignore[misc]

    def settle(self, timeout: float = 5.0) -> None:
        """Wait until no event is on its way to the app."""
        if not self.world.events.settled(timeout):
            raise TimeoutError(f"events still on their way after {timeout} s\n{self.story()}")

    def story(self, most: int = 30) -> str:
        """What is on everybody's screen and what was said lately, for a failed test."""
        with self.state.lock:
            lines = []
            for channel in self.state.channels.values():
                name = f"#{channel.name}" if channel.name else f"DM of {channel.members}"
                lines += [f"{name} {m.ts} {m.user}: {text_of(self.state, m)!r}" for m in channel.messages[-10:]]
            for user, messages in self.state.ephemerals.items():
                lines += [f"only {user} sees: {text_of(self.state, m)!r}" for m in messages[-5:]]
            for user, stack in self.state.modals.items():
                lines += [f"modal of {user}: {text_of(self.state, v)!r}" for v in stack]
        for entry in self.world.journal.entries()[-most:]:
            answer = json.dumps(entry.answer)[:200]
            lines.append(f"{entry.direction} {entry.method} -> {entry.status} {answer} ({entry.duration_ms} ms)")
        return "\n".join([*lines, *(f"violation: {v}" for v in self.violations)])

    def dump(self) -> JSON:
        """The workspace as JSON, for `load` after a restart."""
        return snapshot.dump(self.state)

    def load(self, saved: JSON) -> None:
        snapshot.load(self.state, saved)
