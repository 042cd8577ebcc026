"""The one HTTP policy of all gateway adapters: timeouts, what is repeated, what each failure means.

It decides `FailureKind` from what happened on the wire and how safe the call is to repeat. It knows nothing
of any provider, and nothing it logs, raises or reports carries a body, a header or a query string.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

import httpx
import stamina

from bot.gateways.answers import UNREADABLE, decoded, retry_after_seconds
from bot.gateways.base import FailureKind, GatewayError


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait and how often to ask again. `total_seconds` bounds a repeatable call and its waits."""

    connect_seconds: float = 3.0
    read_seconds: float = 10.0
    total_seconds: float = 8.0
    attempts: int = 4
    first_wait_seconds: float = 0.2
    longest_wait_seconds: float = 2.0
    idle_seconds: float = 2.0
    """Idle connections are dropped after this: sooner than uvicorn's 5 s, so that we close first."""


class Safety(StrEnum):
    """What it costs to send a call twice."""

    READ = "read"
    """Changes nothing: repeated freely, and no failure leaves anything unknown."""
    REPEATABLE = "repeatable"
    """Changes something, to the same end however often it is sent."""
    ONCE = "once"
    """Makes something new each time: sent once, over a connection of its own."""


class Again(StrEnum):
    """Whether a failed call is worth repeating at once."""

    NO = "no"
    SECOND_TRY = "second try"
    YES = "yes"


class CallFailed(GatewayError):
    """A call without a good answer. `status` and `body` are for the adapter, `message` for people."""

    def __init__(self, kind: FailureKind, message: str, again: Again = Again.NO, *, after: float | None = None) -> None:
        """`after` is the Retry-After that came with it, in seconds."""
        super().__init__(kind, message, retry_after_seconds=after)
        self.again = again
        self.status: int | None = None
        self.body: object = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A good (2xx) answer. Numbers with a fraction arrive as exact `Decimal`, never as float."""

    status: int
    body: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it went, for metrics and debug logs: `path` is without its query."""

    gateway: str
    method: str
    path: str
    outcome: str
    seconds: float


def _ignore(_: Call) -> None:
    """Report to nobody."""


def _no_explanation(_status: int, _body: object) -> str:
    """Say nothing beyond the status."""
    return ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one provider's HTTP has of its own."""

    name: str
    """How messages call the gateway."""
    explain: Callable[[int, object], str] = _no_explanation
    """Turns a refusal's status and body into words that carry no secret."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every call; no credential."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the policy needs from outside: a transport and clocks. Tests put their own here."""

    now: Callable[[], datetime]
    transport: httpx.BaseTransport | None = None
    monotonic: Callable[[], float] = time.monotonic
    observe: Callable[[Call], None] = _ignore


class Http:
    """An HTTP client for one gateway. Thread-safe. Proxies and netrc of the environment are not used."""

    def __init__(
        self,
        dialect: Dialect,
        base_url: str,
        credential: str,
        *,
        around: Surroundings,
        patience: Patience | None = None,
    ) -> None:
        """`credential` is the bearer of every call that does not bring its own."""
        self._name = dialect.name
        self._explain = dialect.explain
        self._credential = credential
        self._patience = patience or Patience()
        self._around = around
        pooled = httpx.Limits(
            max_connections=50, max_keepalive_connections=20, keepalive_expiry=self._patience.idle_seconds
        )
        own = httpx.Limits(max_connections=50, max_keepalive_connections=0)
        self._pooled = self._client(base_url, dialect.headers, pooled)
        self._own = self._client(base_url, dialect.headers, own)

    def _client(self, base_url: str, headers: Mapping[str, str], limits: httpx.Limits) -> httpx.Client:
        return httpx.Client(
            base_url=base_url,
            headers=headers,
            limits=limits,
            transport=self._around.transport,
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pooled.close()
        self._own.close()

    def __enter__(self) -> Self:
        """Use as a context manager to close it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self.close()

    def read(self, path: str, params: Mapping[str, str | int] | None = None, *, bearer: str | None = None) -> Reply:
        """GET, repeated where that may help. Failures are `TRANSIENT` or `PERMANENT`, never `UNKNOWN`."""
        return self._persist(_Request("GET", path, Safety.READ, params=params, bearer=bearer))

    def repeat(self, path: str, body: Mapping[str, object]) -> Reply:
        """POST something that may be sent twice. Repeated where that may help."""
        return self._persist(_Request("POST", path, Safety.REPEATABLE, body=body))

    def change(self, path: str, body: Mapping[str, object]) -> Reply:
        """PATCH something to the same end however often it is sent. Repeated where that may help."""
        return self._persist(_Request("PATCH", path, Safety.REPEATABLE, body=body))

    def once(self, path: str, body: Mapping[str, object]) -> Reply:
        """POST something that must not be sent twice. Never repeated."""
        return self._send(_Request("POST", path, Safety.ONCE, body=body), self._patience.read_seconds)

    def _persist(self, request: _Request) -> Reply:
        """Send until it works, it is pointless, or `total_seconds` are over.

        Once one attempt may have been carried out, a later one that was not cannot take the doubt away.
        """
        deadline = self._around.monotonic() + self._patience.total_seconds
        failures: list[CallFailed] = []
        try:
            for attempt in stamina.retry_context(
                on=lambda error: self._wait_for(error, failures, deadline),
                attempts=self._patience.attempts,
                timeout=None,
                wait_initial=self._patience.first_wait_seconds,
                wait_max=self._patience.longest_wait_seconds,
                wait_jitter=self._patience.first_wait_seconds,
            ):
                with attempt:
                    left = deadline - self._around.monotonic()
                    return self._send(request, max(0.1, min(self._patience.read_seconds, left)))
        except CallFailed as last:
            in_doubt = any(failure.kind is FailureKind.UNKNOWN for failure in failures)
            if in_doubt and last.kind is FailureKind.TRANSIENT:
                last.kind = FailureKind.UNKNOWN
            raise
        raise AssertionError  # pragma: no cover - stamina returns or raises

    def _wait_for(self, error: Exception, failures: list[CallFailed], deadline: float) -> bool | float:
        """Whether to try again after an error: no, yes, or after so many seconds."""
        if not isinstance(error, CallFailed):
            return False
        failures.append(error)
        if error.again is Again.NO:
            return False
        if error.again is Again.SECOND_TRY and sum(f.again is Again.SECOND_TRY for f in failures) > 1:
            return False
        left = deadline - self._around.monotonic()
        after = error.retry_after_seconds
        if after is None:
            return left > self._patience.longest_wait_seconds
        return after if after < left else False

    def _send(self, request: _Request, read_seconds: float) -> Reply:
        """One request, one answer or one classified failure."""
        client = self._own if request.safety is Safety.ONCE else self._pooled
        started = self._around.monotonic()
        outcome = "error"
        try:
            response = client.request(
                request.method,
                request.path,
                params=request.params,
                json=request.body,
                headers={"Authorization": f"Bearer {request.bearer or self._credential}"},
                timeout=httpx.Timeout(read_seconds, connect=self._patience.connect_seconds),
            )
            outcome = str(response.status_code)
        except httpx.HTTPError as error:
            outcome = type(error).__name__
            # The original error knows the address and the request: it is named, not chained.
            raise self._lost(error, request.safety) from None
        except (httpx.InvalidURL, UnicodeError) as error:
            outcome = type(error).__name__
            raise self._unsendable() from None
        finally:
            seconds = self._around.monotonic() - started
            self._around.observe(Call(self._name, request.method, request.path, outcome, seconds))
        return self._judge(response, request.safety)

    def _lost(self, error: httpx.HTTPError, safety: Safety) -> CallFailed:
        """Classify a call that got no answer."""
        match error:
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.ProxyError():
                # Nothing was sent.
                return CallFailed(FailureKind.TRANSIENT, f"{self._name} could not be reached", Again.YES)
            case httpx.LocalProtocolError() | httpx.UnsupportedProtocol():
                return self._unsendable()
            case httpx.TimeoutException():
                return self._unanswered("did not answer in time", safety, Again.NO)
            case httpx.NetworkError() | httpx.RemoteProtocolError():
                # Typically an idle connection that the gateway had just closed.
                return self._unanswered("cut the connection", safety, Again.SECOND_TRY)
            case _:
                return self._unanswered("answered in a way that cannot be read", safety, Again.NO)

    def _unsendable(self) -> CallFailed:
        message = f"{self._name} cannot be called: check the spelling of its address and key"
        return CallFailed(FailureKind.PERMANENT, message)

    def _unanswered(self, what: str, safety: Safety, again: Again) -> CallFailed:
        if safety is Safety.READ:
            return CallFailed(FailureKind.TRANSIENT, f"{self._name} {what}", again)
        message = f"{self._name} {what}: the change may or may not have been made"
        return CallFailed(FailureKind.UNKNOWN, message, again)

    def _judge(self, response: httpx.Response, safety: Safety) -> Reply:
        """Turn an answer into a `Reply`, or raise what it means."""
        status = response.status_code
        body = decoded(response)
        if response.is_success:
            if body is UNREADABLE:
                raise self._not_a_gateway(safety)
            return Reply(status, body)
        failure = self._refusal(status, safety, response.headers.get("Retry-After"), body)
        failure.status = status
        failure.body = None if body is UNREADABLE else body
        raise failure

    def _refusal(self, status: int, safety: Safety, retry_after: str | None, body: object) -> CallFailed:
        after = retry_after_seconds(retry_after, self._around.now)
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return CallFailed(FailureKind.TRANSIENT, f"{self._name} asks to slow down (429)", Again.YES, after=after)
        if status >= 500 or status == httpx.codes.REQUEST_TIMEOUT:
            again = _again(status, safety)
            failure = self._unanswered(f"answered with an error ({status})", safety, again)
            failure.retry_after_seconds = after
            return failure
        why = self._explain(status, body)
        return CallFailed(FailureKind.PERMANENT, f"{self._name} refused ({status}){': ' if why else ''}{why}")

    def _not_a_gateway(self, safety: Safety) -> CallFailed:
        if safety is Safety.READ:
            message = f"{self._name} did not answer as a gateway does: check its address"
            return CallFailed(FailureKind.PERMANENT, message)
        return self._unanswered("did not answer as a gateway does", safety, Again.NO)


@dataclass(frozen=True, slots=True)
class _Request:
    """One call to make. The body and the bearer are secrets."""

    method: str
    path: str
    safety: Safety
    params: Mapping[str, str | int] | None = None
    body: Mapping[str, object] | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)


def _again(status: int, safety: Safety) -> Again:
    """Passing troubles of a server or of what stands before it.

    A plain 500 is repeated for reads only: LiteLLM also says 500 to arguments it does not understand.
    """
    if status in {502, 503, 504} or (status == httpx.codes.INTERNAL_SERVER_ERROR and safety is Safety.READ):
        return Again.YES
    return Again.NO
