"""The fake gateway as a running server on loopback, for tests and for the playground."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from threading import Thread
from typing import Any, Self

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bot.playground.gateway.chat import chat
from bot.playground.gateway.errors import Refused, down
from bot.playground.gateway.faults import OWN_PREFIX, Faults, Visit, Wire
from bot.playground.gateway.habits import Habits
from bot.playground.gateway.keys import StoredKey
from bot.playground.gateway.management import management
from bot.playground.gateway.models import MODELS, Model
from bot.playground.gateway.play import key_rows, play
from bot.playground.gateway.state import Sleep, State
from bot.playground.gateway.usage import usage
from bot.playground.gateway.users import users

HOST = "127.0.0.1"


class FakeGateway:
    """A LiteLLM stand-in. `start`, call it at `base_url`, `stop`; a stopped one refuses connections for real.

    Stopping keeps its port and memory, so `start` brings the same gateway back.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        master_key: str = "sk-master-1234",
        *,
        habits: Habits | None = None,
        models: tuple[Model, ...] = MODELS,
        sleep: Sleep = time.sleep,
        port: int = 0,
    ) -> None:
        """`clock` gives aware UTC. `port` 0 takes a free one at the first start."""
        self.state = State(clock, master_key, habits or Habits(), models, sleep)
        self.faults = Faults()
        self._app = Flask(__name__)
        self._wire = Wire(self._app.wsgi_app, self.faults, clock, sleep)
        self._app.wsgi_app = self._wire  # type: ignore[method-assign]
        for routes in (management(self.state), users(self.state), chat(self.state), usage(self.state)):
            self._app.register_blueprint(routes)
        self._app.register_blueprint(play(self.state, self.faults, self._wire))
        _outage(self._app, self.state)
        _health(self._app)
        _answers_to_errors(self._app)
        self._port = port
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None

    @property
    def master_key(self) -> str:
        """What Purser manages it with."""
        return self.state.master_key

    @property
    def habits(self) -> Habits:
        """How it is set up; may be changed while it runs."""
        return self.state.habits

    @property
    def base_url(self) -> str:
        """Where it listens, once started."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> Self:
        """Listen on loopback in a thread of its own."""
        if self._server is None:
            self._server = make_server(HOST, self._port, self._app, threaded=True, request_handler=_Quiet)
            self._port = self._server.server_port
            self._thread = Thread(target=self._server.serve_forever, args=(0.02,), name="fake-gateway", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening: from now on connections are refused."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join(5)
            self._server.server_close()
            self._server = self._thread = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    @property
    def keys(self) -> list[StoredKey]:
        """Copies of all keys it ever made, deleted ones last."""
        return self.state.seen()

    def really_spent(self) -> dict[str, int]:
        """What each key was charged in its life, in micro-USD by its hash; whatever the habits make it tell."""
        return self.state.really_spent()

    def live_keys(self) -> list[StoredKey]:
        """Those that a call would be let in with."""
        now = self.state.clock()
        return [key for key in self.keys if key.works(now)]

    @property
    def journal(self) -> list[Visit]:
        """The calls it had, oldest first."""
        return list(self._wire.journal)

    @property
    def calls(self) -> int:
        """How many calls it had."""
        return self._wire.calls

    def rows(self) -> list[dict[str, Any]]:
        """The keys as JSON-able rows, for an inspector."""
        return key_rows(self.state)

    def dump(self) -> dict[str, Any]:
        """Its memory as JSON-able data, without a secret."""
        return self.state.dump()

    def load(self, saved: dict[str, Any]) -> None:
        """Take over a memory that `dump` gave."""
        self.state.load(saved)


class _Quiet(WSGIRequestHandler):
    """A handler that prints nothing: query strings may carry keys."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ANN401 - Werkzeug's signature
        """Print nothing."""


def _outage(app: Flask, state: State) -> None:
    @app.before_request
    def refuse() -> None:
        if state.habits.is_down and not request.path.startswith(OWN_PREFIX):
            raise down()


def _health(app: Flask) -> None:
    @app.get("/health/readiness")
    def readiness() -> Response:
        return jsonify(status="healthy", db="connected")

    @app.get("/health/readiness/details")
    def details() -> Response:
        return jsonify(status="healthy", db="connected", cache=None, litellm_version="1.106.2")

    @app.get("/health/liveliness")
    def liveliness() -> Response:
        return jsonify("I'm alive!")


def _answers_to_errors(app: Flask) -> None:
    @app.errorhandler(Refused)
    def refused(error: Refused) -> tuple[Response, int]:
        return jsonify(error.body), error.status

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> tuple[Response, int]:
        return jsonify(detail=error.name), error.code or 500
