"""GitHub's secret scanning: reads what its webhook delivers, asks its API for an alert's secret, resolves an alert.

A delivery never carries the secret; the alert's own page of the API does, unless it is told to hide it. What comes
from there is handed on and kept nowhere. Sources: https://docs.github.com/webhooks/webhook-events-and-payloads and
https://docs.github.com/rest/secret-scanning/secret-scanning (version 2022-11-28).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.gateways.base import FailureKind, GatewayError
from bot.gateways.http import Dialect, Http, Surroundings
from bot.services.ports import AlertAtHost
from bot.services.secret_alerts import Delivery

EVENT = "secret_scanning_alert"
NOTICED = frozenset({"created", "reopened", "publicly_leaked"})
"""Actions that say a secret can be read where it should not. The others say what became of an alert."""
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_DELIVERY = re.compile(r"[A-Za-z0-9-]{8,100}")
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "purser"}

Answer = tuple[int, str]
"""An HTTP status, and one sentence for whoever reads the deliveries on GitHub's page."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Answers deliveries. `secret` is what the webhook was made with; `take` writes down what one says."""

    secret: bytes
    take: Callable[[Delivery], bool]
    """False for a delivery that was taken in before."""

    def answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """What GitHub is answered. Nothing is read of a body before its signature was found right."""
        if not is_signed(self.secret, body, headers.get("x-hub-signature-256", "")):
            return 401, "The signature does not fit: check the webhook's secret."
        event = headers.get("x-github-event", "")
        if event == "ping":
            return 200, "Purser listens for secret scanning alerts."
        if event != EVENT:
            return 202, f"Purser only takes {EVENT}."
        delivery = read(headers.get("x-github-delivery", ""), body)
        if delivery is None:
            return 400, "This is not a secret scanning alert as Purser knows it."
        if delivery.action not in NOTICED:
            return 202, "Nothing to do for this action."
        return (202, "Taken in.") if self.take(delivery) else (200, "Taken in before.")


def is_signed(secret: bytes, body: bytes, signature: str) -> bool:
    """Whether the body was signed with the secret: `sha256=` and the HMAC-SHA-256 of the raw body in hex."""
    expected = f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def read(delivery_id: str, body: bytes) -> Delivery | None:
    """The delivery, or None when it is not an alert that can be looked up."""
    try:
        said = json.loads(body)
        alert, repository = said["alert"], str(said["repository"]["full_name"])
        number = int(alert["number"])
    except (ValueError, KeyError, TypeError):
        return None
    named = _REPOSITORY.fullmatch(repository) and _DELIVERY.fullmatch(delivery_id)
    if not named or number < 1:
        return None
    kind = str(alert.get("secret_type_display_name") or alert.get("secret_type") or "")
    url = str(alert.get("html_url") or "")
    return Delivery(delivery_id, str(said.get("action", "")), repository, number, _web(url), kind[:100])


def _web(url: str) -> str:
    """An address people may follow, or nothing."""
    return url if re.fullmatch(r"https://[^\s<>|]{1,500}", url) else ""


class GitHub:
    """A `CodeHost`: GitHub's API. Every call raises `GatewayError` when it fails."""

    def __init__(self, api_url: str, token: str, *, now: Callable[[], datetime]) -> None:
        """The token needs to read secret scanning alerts, and to write them where they are to be resolved."""
        self._http = Http(Dialect("GitHub", headers=_HEADERS), api_url, token, around=Surroundings(now=now))

    def alert(self, repository: str, number: int) -> AlertAtHost | None:
        """The alert with its secret, or None when there is no such alert any more."""
        try:
            said = self._http.read(_path(repository, number), {"hide_secret": "false"}).body
        except GatewayError as failed:
            if getattr(failed, "status", None) in {404, 410}:
                return None
            raise
        if not isinstance(said, dict):
            raise GatewayError(FailureKind.TRANSIENT, "GitHub did not answer with an alert")
        return AlertAtHost(secret=str(said.get("secret") or ""), is_open=said.get("state") == "open")

    def resolve(self, repository: str, number: int, comment: str) -> None:
        """Resolve the alert as revoked. Idempotent."""
        body: dict[str, Any] = {"state": "resolved", "resolution": "revoked", "resolution_comment": comment}
        self._http.change(_path(repository, number), body)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()


def _path(repository: str, number: int) -> str:
    return f"/repos/{repository}/secret-scanning/alerts/{number}"
