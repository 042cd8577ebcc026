"""A make-believe GitHub over real HTTP: alerts with secrets, resolved over the API; and the webhook's deliveries."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx
from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

TOKEN = "ghp-for-tests-only"
SECRET = "webhook-secret-for-tests"


@dataclass
class Alert:
    """One alert as GitHub keeps it."""

    repository: str
    number: int
    secret: str = field(repr=False)
    state: str = "open"
    resolution: str | None = None
    comment: str | None = None

    @property
    def html_url(self) -> str:
        return f"https://github.com/{self.repository}/security/secret-scanning/{self.number}"


class FakeGitHub:
    """Use as a context manager. `failing` answers so many calls with 502 before it answers again."""

    def __init__(self) -> None:
        self.alerts: dict[tuple[str, int], Alert] = {}
        self.calls: list[str] = []
        self.failing = 0
        self.refuses_resolving = False
        self._numbers = itertools.count(1)
        self._deliveries = itertools.count(1)
        self._server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self.api_url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def finds(self, secret: str, repository: str = "acme/search") -> Alert:
        """A secret was pushed."""
        alert = Alert(repository, next(self._numbers), secret)
        self.alerts[repository, alert.number] = alert
        return alert

    def payload(self, alert: Alert, action: str = "created") -> dict[str, Any]:
        """What a delivery says: never the secret."""
        return {
            "action": action,
            "alert": {
                "number": alert.number,
                "html_url": alert.html_url,
                "secret_type": "litellm_key",
                "secret_type_display_name": "LiteLLM key",
                "validity": "unknown",
                "locations_url": f"{self.api_url}/repos/{alert.repository}/locations",
            },
            "repository": {"full_name": alert.repository},
            "sender": {"login": "github"},
        }

    def delivers(
        self,
        url: str,
        alert: Alert,
        action: str = "created",
        *,
        delivery: str | None = None,
        secret: str = SECRET,
        event: str = "secret_scanning_alert",
    ) -> httpx.Response:
        """Post a signed delivery to a webhook."""
        body = json.dumps(self.payload(alert, action)).encode()
        headers = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery or f"72d3162e-cc78-11e3-81ab-{next(self._deliveries):012}",
            "X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}",
            "Content-Type": "application/json",
        }
        return httpx.post(url, content=body, headers=headers, timeout=10, trust_env=False)

    def _app(self) -> Flask:
        app = Flask("github")

        @app.before_request
        def refuse() -> tuple[Response, int] | None:
            self.calls.append(f"{request.method} {request.path}")
            if request.headers.get("Authorization") != f"Bearer {TOKEN}":
                return jsonify(message="Bad credentials"), 401
            if self.failing > 0:
                self.failing -= 1
                return jsonify(message="Server Error"), 502
            return None

        @app.get("/repos/<owner>/<name>/secret-scanning/alerts/<int:number>")
        def get(owner: str, name: str, number: int) -> tuple[Response, int]:
            alert = self.alerts.get((f"{owner}/{name}", number))
            if alert is None:
                return jsonify(message="Not Found"), 404
            secret = None if request.args.get("hide_secret") == "true" else alert.secret
            said = {"number": number, "state": alert.state, "html_url": alert.html_url, "secret": secret}
            return jsonify(**said, resolution=alert.resolution), 200

        @app.patch("/repos/<owner>/<name>/secret-scanning/alerts/<int:number>")
        def patch(owner: str, name: str, number: int) -> tuple[Response, int]:
            alert = self.alerts.get((f"{owner}/{name}", number))
            if alert is None or self.refuses_resolving:
                return jsonify(message="Not Found"), 404
            said = request.get_json()
            if said.get("state") == "resolved" and not said.get("resolution"):
                return jsonify(message="Validation Failed"), 422
            alert.state, alert.resolution = said["state"], said.get("resolution")
            alert.comment = said.get("resolution_comment")
            return jsonify(state=alert.state), 200

        return app
