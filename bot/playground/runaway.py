"""A script gone mad, on purpose: calls a dear model with somebody's key, over and over, until it is turned off.

Real HTTP, as from another machine. One at a time; it lives in the playground's process, so it outlives the page that
started it and the bot's process, and ends with the playground. The secret stays in memory and is never shown.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from enum import StrEnum

import httpx
from flask import Blueprint, Response, jsonify

from bot.playground.gateway import FakeGateway
from bot.playground.slack.model import JSON
from bot.playground.slack.playapi import guard, json_body

MODEL = "mock-expensive"
PROMPT = "Try that again, please. " * 10
"""About $0.07 a call, by the fake gateway's prices: with the pause some $15 a minute."""
PAUSE_SECONDS = 0.25
REFUSED_PAUSE_SECONDS = 1.0
MOST_CALLS = 3000
CALL_SECONDS = 15.0
UNAUTHORIZED = 401


class How(StrEnum):
    """How it goes, or how it ended."""

    RUNNING = "running"
    REFUSED = "refused"
    """The gateway answered 401: the key is off. Nothing else stops it by itself."""
    STOPPED = "stopped"
    """Somebody pressed Stop."""
    TIRED = "tired"
    """It gave up after very many calls."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it stands."""

    secret: str = field(repr=False)
    label: str
    model: str
    how: How = How.RUNNING
    answered: int = 0
    refused: int = 0
    """Calls in a row that were turned away, as over a cap: a script gone mad tries again."""
    status: int = 0
    """The last answer's; 0 while there is none."""
    spent_usd: float = 0.0

    def wire(self) -> JSON:
        """For the page: without the secret."""
        return {
            "label": self.label,
            "model": self.model,
            "how": str(self.how),
            "answered": self.answered,
            "refused": self.refused,
            "status": self.status,
            "spent_usd": round(self.spent_usd, 6),
        }


class Runaway:
    """At most one run. `stop` ends it for good; the last one is remembered until it is dismissed."""

    def __init__(self, gateway: FakeGateway) -> None:
        """Nothing runs by this."""
        self._gateway = gateway
        self._lock = threading.Lock()
        self._run: Run | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()

    def wire(self) -> JSON | None:
        """The run that goes on, or ended last; None when there is nothing to show."""
        run = self._run
        return None if run is None else run.wire()

    def start(self, secret: str, model: str = MODEL) -> None:
        """Let it loose. Raises ValueError for what is no key of the gateway's, and while one runs."""
        key = self._gateway.state.find(secret) if secret.startswith("sk-") else None
        if key is None:
            raise ValueError("the gateway knows no such key")
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise ValueError("one script runs already; stop it first")
            label = (key.key_alias or key.key_name).removeprefix("purser-")
            self._run = Run(secret, label, model)
            self._ending.clear()
            self._thread = threading.Thread(target=self._go, name="runaway", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """No call is begun after this returns."""
        self._ending.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def dismiss(self) -> None:
        """Show the last one no more. Raises ValueError while it runs."""
        with self._lock:
            if self._run is not None and self._run.how is How.RUNNING:
                raise ValueError("it still runs; stop it first")
            self._run = None

    def _go(self) -> None:
        calls = 0
        with httpx.Client(timeout=CALL_SECONDS, trust_env=False) as client:
            while not self._ending.is_set() and calls < MOST_CALLS:
                calls += 1
                status = self._call(client)
                if status == UNAUTHORIZED:
                    return self._ended(How.REFUSED)
                self._ending.wait(PAUSE_SECONDS if status == httpx.codes.OK else REFUSED_PAUSE_SECONDS)
        return self._ended(How.STOPPED if self._ending.is_set() else How.TIRED)

    def _call(self, client: httpx.Client) -> int:
        """One call, and what it came to; its status, 0 when there was no answer."""
        run = self._run
        assert run is not None
        body = {"model": run.model, "messages": [{"role": "user", "content": f"{PROMPT}{time.monotonic()}"}]}
        url = f"{self._gateway.base_url}/v1/chat/completions"
        try:
            answer = client.post(url, json=body, headers={"Authorization": f"Bearer {run.secret}"})
        except httpx.HTTPError:
            self._run = replace(run, status=0, refused=run.refused + 1)
            return 0
        if answer.is_success:
            cost = float(answer.headers.get("x-litellm-response-cost") or 0)
            spent = run.spent_usd + cost
            self._run = replace(run, status=answer.status_code, answered=run.answered + 1, refused=0, spent_usd=spent)
        else:
            self._run = replace(run, status=answer.status_code, refused=run.refused + 1)
        return answer.status_code

    def _ended(self, how: How) -> None:
        assert self._run is not None
        self._run = replace(self._run, how=how)


def create_runaway(runaway: Runaway) -> Blueprint:
    """The route /_play/runaway. Register it before the server starts."""
    routes = Blueprint("runaway", __name__, url_prefix="/_play")
    guard(routes)

    @routes.get("/runaway")
    def how_it_goes() -> Response:
        return jsonify(runaway=runaway.wire())

    @routes.post("/runaway")
    def act() -> Response:
        asked = json_body()
        match asked.get("do"):
            case "start":
                runaway.start(str(asked["key"]), str(asked.get("model", MODEL)))
            case "stop":
                runaway.stop()
            case "dismiss":
                runaway.dismiss()
            case _:
                raise ValueError('what it does is "start", "stop" or "dismiss"')
        return jsonify(ok=True, runaway=runaway.wire())

    return routes
