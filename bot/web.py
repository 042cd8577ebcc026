"""The HTTP side: Slack's requests in HTTP mode, and whether Purser is alive and ready in both modes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from flask import Flask, Response, jsonify, request
from slack_bolt import App
from slack_bolt.adapter.flask import SlackRequestHandler
from waitress.server import create_server

SERVER_THREADS = 64
SHUTDOWN_SECONDS = 5
LARGEST_BODY_BYTES = 1_000_000
"""Slack's own payloads stay far below."""

Check = Callable[[], str | None]
"""None when all is well, else what is not."""


Hook = Callable[[Mapping[str, str], bytes], tuple[int, str]]
"""Answers a delivery, given its headers (names in lower case) and raw body, with a status and a sentence.

It checks the signature itself.
"""


def web_app(ready: dict[str, Check], bolt: App | None = None, webhooks: Mapping[str, Hook] | None = None) -> Flask:
    """`/healthz`, `/readyz`, `/webhooks/NAME` and, with `bolt`, `/slack/events`, where Bolt checks every signature."""
    app = Flask("purser")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="alive")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        found = {name: check() for name, check in ready.items()}
        wrong = {name: problem for name, problem in found.items() if problem is not None}
        status = "ready" if not wrong else "not ready"
        return jsonify(status=status, problems=wrong), 503 if wrong else 200

    @app.post("/webhooks/<name>")
    def webhook(name: str) -> tuple[Response, int]:
        hook = (webhooks or {}).get(name)
        if hook is None:
            return jsonify(status="There is no such webhook here, or it is not set up."), 404
        status, said = hook({name.lower(): value for name, value in request.headers}, request.get_data())
        return jsonify(status=said), status

    if bolt is not None:
        slack = SlackRequestHandler(bolt)

        @app.post("/slack/events")
        def slack_events() -> Response:
            answer: Response = slack.handle(request)
            return answer

    return app


class WebServer:
    """Serves an app on one address until closed."""

    def __init__(self, app: Flask, host: str, port: int) -> None:
        """Bind at once: a port that is taken is found before anything starts. Port 0 picks a free one."""
        self._server = create_server(
            app, host=host, port=port, threads=SERVER_THREADS, ident="purser", clear_untrusted_proxy_headers=True
        )
        self._closing = threading.Event()
        self.host = host
        self.port = int(self._server.effective_port)

    def run(self) -> None:
        """Serve; returns after `close`, which takes the sockets away from under it."""
        try:
            self._server.run()
        except OSError:
            if not self._closing.is_set():
                raise

    def close(self) -> None:
        """Let requests in progress end, and take no more."""
        self._closing.set()
        self._server.task_dispatcher.shutdown(timeout=SHUTDOWN_SECONDS)
        self._server.close()
