"""Carries payloads to the bot and brings its acknowledgement back: signed HTTP, or Socket Mode when no URL
is set.

Decides nothing about what is sent. Three seconds is all the bot gets; later answers are lost, as in Slack.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import httpx

from bot.playground.guard import LOOPBACK
from bot.playground.slack import limits
from bot.playground.slack.faults import FaultKind, Faults
from bot.playground.slack.journal import Journal
from bot.playground.slack.model import JSON
from bot.playground.slack.socketmode import SocketHub

TIMED_OUT = "operation_timeout"
UNREACHABLE = "dispatch_failed"


@dataclass(frozen=True)
class Ack:
    """What came back. `status` 0 means nothing did; `error` is what Slack shows the person then."""

    status: int
    body: JSON = field(default_factory=dict)
    text: str = ""
    ms: int = 0
    error: str | None = None


@dataclass(frozen=True)
class Parcel:
    """One payload. `kind` is the Socket Mode envelope type; `name` what faults and the journal call it."""

    kind: str
    name: str
    payload: JSON
    retry: tuple[int, str] | None = None


def sign(secret: str, timestamp: str, body: str) -> str:
    """Slack's v0 request signature (docs.slack.dev/authentication/verifying-requests-from-slack)."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return f"v0={digest}"


def require_loopback(url: str) -> str:
    """The URL, if it stays on this machine."""
    if urlsplit(url).hostname not in LOOPBACK:
        raise ValueError(f"the playground only speaks to this machine, not to {url}")
    return url


class Courier:
    def __init__(self, hub: SocketHub, journal: Journal, faults: Faults, signing_secret: str) -> None:
        self._hub = hub
        self._journal = journal
        self._faults = faults
        self._signing_secret = signing_secret
        self._client = httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        self._pool = ThreadPoolExecutor(max_workers=32, thread_name_prefix="slack-deliver")
        self.url: str | None = None
        self.ack_seconds = limits.ACK_SECONDS
        # Bolt compares a signature's age with the machine's clock, whatever the playground's clock says.
        self.wall_clock: Callable[[], float] = time.time

    def reachable(self) -> bool:
        return self.url is not None or self._hub.connected() > 0

    def later(self, work: Callable[[], None]) -> None:
        """Run something off the caller's thread, unless everything is stopping."""
        with suppress(RuntimeError):
            self._pool.submit(work)

    def deliver(self, parcel: Parcel) -> Ack:
        """Send one payload and wait for its acknowledgement; a DUPLICATE fault sends copies of it at the
        same time.
        """
        fault = self._faults.take(parcel.name, FaultKind.DUPLICATE)
        copies = [self._pool.submit(self._deliver_once, parcel) for _ in range(fault.copies - 1 if fault else 0)]
        ack = self._deliver_once(parcel)
        for copy in copies:
            copy.result()
        return ack

    def _deliver_once(self, parcel: Parcel) -> Ack:
        started = time.monotonic()
        ack = self._by_http(parcel) if self.url else self._by_socket(parcel)
        ms = round((time.monotonic() - started) * 1000)
        answer = ack.body or ({"text": ack.text} if ack.text else {})
        if ack.error:
            answer = {"error": ack.error} | answer
        self._journal.note("out", parcel.name, parcel.payload, status=ack.status, answer=answer, ms=ms)
        return Ack(ack.status, ack.body, ack.text, ms, ack.error)

    def _by_http(self, parcel: Parcel) -> Ack:
        body, content_type = _encode(parcel)
        timestamp = str(int(self.wall_clock()))
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._signing_secret, timestamp, body),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }
        if parcel.retry:
            headers |= {"X-Slack-Retry-Num": str(parcel.retry[0]), "X-Slack-Retry-Reason": parcel.retry[1]}
        try:
            answer = self._client.post(self.url or "", content=body.encode(), headers=headers, timeout=self.ack_seconds)
        except httpx.TimeoutException:
            return Ack(0, error=TIMED_OUT)
        except httpx.HTTPError:
            return Ack(0, error=UNREACHABLE)
        if answer.status_code != 200:
            return Ack(answer.status_code, text=answer.text, error=UNREACHABLE)
        return _decode(answer)

    def _by_socket(self, parcel: Parcel) -> Ack:
        if not self._hub.connected():
            return Ack(0, error=UNREACHABLE)
        payload = self._hub.ask(parcel.kind, parcel.payload, parcel.retry, self.ack_seconds)
        if payload is None:
            return Ack(0, error=TIMED_OUT)
        return Ack(200, payload, str(payload.get("text") or ""))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.close()


def _encode(parcel: Parcel) -> tuple[str, str]:
    if parcel.kind == "events_api":
        return json.dumps(parcel.payload), "application/json"
    if parcel.kind == "slash_commands":
        return urlencode(parcel.payload), "application/x-www-form-urlencoded"
    return urlencode({"payload": json.dumps(parcel.payload)}), "application/x-www-form-urlencoded"


def _decode(answer: httpx.Response) -> Ack:
    if not answer.content:
        return Ack(200)
    if answer.headers.get("content-type", "").startswith("application/json"):
        try:
            body = answer.json()
        except ValueError:
            return Ack(200, text=answer.text, error=UNREACHABLE)
        return Ack(200, body, str(body.get("text") or "")) if isinstance(body, dict) else Ack(200)
    return Ack(200, {"text": answer.text}, answer.text)
