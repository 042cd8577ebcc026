"""The HTTP policy: what is repeated, and what each failure means for the caller."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from bot.gateways.base import FailureKind, GatewayError
from bot.gateways.http import Call, CallFailed, Dialect, Http, Patience, Surroundings

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
SECRET = "sk-policy-canary-77f1"
READ, REPEAT, ONCE = "read", "repeat", "once"
Script = list[httpx.Response | Exception]


class Site:
    """Answers from a script, the last one for ever, and counts."""

    def __init__(self, *script: httpx.Response | Exception) -> None:
        self.script: Script = list(script)
        self.requests: list[httpx.Request] = []
        self.calls: list[Call] = []
        self.monotonic = 0.0
        self.http = Http(
            Dialect("acme", lambda status, body: str((body or {}).get("why", "")) if isinstance(body, dict) else ""),
            "http://gateway.internal:4000",
            SECRET,
            around=Surroundings(
                now=lambda: NOW,
                transport=httpx.MockTransport(self.answer),
                monotonic=lambda: self.monotonic,
                observe=self.calls.append,
            ),
            patience=Patience(first_wait_seconds=0, longest_wait_seconds=0),
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)

    def call(self, how: str) -> Any:
        match how:
            case "read":
                return self.http.read("/x", {"q": "1"}).body
            case "repeat":
                return self.http.repeat("/x", {"a": 1}).body
            case _:
                return self.http.once("/x", {"a": 1}).body

    def failure(self, how: str) -> CallFailed:
        with pytest.raises(CallFailed) as caught:
            self.call(how)
        return caught.value


def ok(body: object = None) -> httpx.Response:
    return httpx.Response(200, json=body if body is not None else {"fine": True})


def status(code: int, **headers: str) -> httpx.Response:
    return httpx.Response(code, json={"why": "because"}, headers={k.replace("_", "-"): v for k, v in headers.items()})


NOT_SENT: list[Callable[[], Exception]] = [
    lambda: httpx.ConnectError("http://gateway.internal:4000 refused"),
    lambda: httpx.ConnectTimeout("slow"),
    lambda: httpx.PoolTimeout("full"),
]
MAYBE_DONE: list[Callable[[], Exception]] = [
    lambda: httpx.ReadTimeout("slow"),
    lambda: httpx.WriteTimeout("slow"),
    lambda: httpx.ReadError("reset"),
    lambda: httpx.WriteError("reset"),
    lambda: httpx.RemoteProtocolError("Server disconnected"),
    lambda: httpx.DecodingError("gzip"),
]


@pytest.mark.parametrize("error", NOT_SENT)
@pytest.mark.parametrize("how", [READ, REPEAT, ONCE])
def test_what_was_never_sent_certainly_did_not_happen(how: str, error: Callable[[], Exception]) -> None:
    assert Site(error()).failure(how).kind is FailureKind.TRANSIENT


@pytest.mark.parametrize("error", MAYBE_DONE)
@pytest.mark.parametrize("how", [REPEAT, ONCE])
def test_a_change_without_an_answer_is_unknown(how: str, error: Callable[[], Exception]) -> None:
    assert Site(error()).failure(how).kind is FailureKind.UNKNOWN


@pytest.mark.parametrize("error", MAYBE_DONE)
def test_a_read_without_an_answer_changed_nothing(error: Callable[[], Exception]) -> None:
    assert Site(error()).failure(READ).kind is FailureKind.TRANSIENT


@pytest.mark.parametrize("code", [408, 500, 502, 503, 504, 520])
def test_a_server_error_after_a_change_is_unknown_and_after_a_read_transient(code: int) -> None:
    assert Site(status(code)).failure(ONCE).kind is FailureKind.UNKNOWN
    assert Site(status(code)).failure(REPEAT).kind is FailureKind.UNKNOWN
    assert Site(status(code)).failure(READ).kind is FailureKind.TRANSIENT


@pytest.mark.parametrize("code", [301, 400, 401, 403, 404, 409, 413, 422])
@pytest.mark.parametrize("how", [READ, REPEAT, ONCE])
def test_a_refusal_is_permanent_and_not_repeated(how: str, code: int) -> None:
    site = Site(status(code))
    error = site.failure(how)
    assert (error.kind, error.status, error.body) == (FailureKind.PERMANENT, code, {"why": "because"})
    assert error.message == f"acme refused ({code}): because"
    assert len(site.requests) == 1


@pytest.mark.parametrize("how", [READ, REPEAT])
@pytest.mark.parametrize("trouble", [status(429), status(502), status(503), status(504), *[e() for e in NOT_SENT]])
def test_passing_trouble_is_outlasted(how: str, trouble: httpx.Response | Exception) -> None:
    site = Site(trouble, trouble, ok())
    assert site.call(how) == {"fine": True}
    assert len(site.requests) == 3


def test_a_read_outlasts_a_500_but_a_change_is_not_repeated_on_it() -> None:
    assert Site(status(500), ok()).call(READ) == {"fine": True}
    site = Site(status(500), ok())
    site.failure(REPEAT)
    assert len(site.requests) == 1


def test_a_doubt_stays_when_later_attempts_certainly_fail() -> None:
    site = Site(httpx.ReadError("reply lost"), httpx.ConnectError("away"))
    assert site.failure(REPEAT).kind is FailureKind.UNKNOWN
    assert len(site.requests) == Patience().attempts
    assert Site(httpx.ReadError("reply lost"), httpx.ConnectError("away")).failure(READ).kind is FailureKind.TRANSIENT


def test_attempts_are_bounded() -> None:
    site = Site(status(503))
    site.failure(READ)
    assert len(site.requests) == Patience().attempts


@pytest.mark.parametrize("how", [READ, REPEAT])
def test_a_closed_connection_is_tried_once_more_and_not_again(how: str) -> None:
    assert Site(httpx.ReadError("closed"), ok()).call(how) == {"fine": True}
    site = Site(httpx.RemoteProtocolError("closed"))
    site.failure(how)
    assert len(site.requests) == 2


@pytest.mark.parametrize("how", [READ, REPEAT])
def test_a_timeout_is_not_repeated_because_somebody_waits(how: str) -> None:
    site = Site(httpx.ReadTimeout("slow"), ok())
    site.failure(how)
    assert len(site.requests) == 1


@pytest.mark.parametrize("trouble", [status(429), status(503), *[e() for e in (*NOT_SENT, *MAYBE_DONE)]])
def test_once_what_must_not_be_sent_twice_is_sent_once(trouble: httpx.Response | Exception) -> None:
    site = Site(trouble, ok())
    site.failure(ONCE)
    assert len(site.requests) == 1


# --- Retry-After ---


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Fri, 20 Nov 2026 18:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 17:00:00 GMT", 0.0),
        ("99999999999", 86_400.0),
        ("9" * 5000, 86_400.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("\u0661", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str, seconds: float | None) -> None:
    response = httpx.Response(429, headers=[(b"Retry-After", header.encode())], json={})
    error = Site(response).failure(ONCE)
    assert (error.kind, error.retry_after_seconds) == (FailureKind.TRANSIENT, seconds)


def test_a_retry_after_longer_than_a_click_lasts_is_handed_to_the_caller() -> None:
    site = Site(status(429, retry_after="60"), ok())
    assert site.failure(READ).retry_after_seconds == 60
    assert len(site.requests) == 1


def test_a_short_retry_after_is_waited_for() -> None:
    site = Site(status(429, retry_after="0"), ok())
    assert site.call(READ) == {"fine": True}


def test_no_attempt_starts_after_the_total_time() -> None:
    site = Site(status(503))

    def slow(request: httpx.Request) -> httpx.Response:
        site.monotonic += 5
        site.requests.append(request)
        return status(503)

    site.answer = slow  # type: ignore[method-assign]
    site.http = Http(
        Dialect("acme"),
        "http://gateway.internal",
        SECRET,
        around=Surroundings(lambda: NOW, httpx.MockTransport(slow), lambda: site.monotonic),
        patience=Patience(first_wait_seconds=0, longest_wait_seconds=0),
    )
    site.failure(READ)
    assert len(site.requests) == 2
    assert [r.extensions["timeout"]["read"] for r in site.requests] == [8.0, 3.0]
    assert site.requests[0].extensions["timeout"]["connect"] == 3.0


# --- bodies ---


def test_fractions_arrive_exact() -> None:
    content = b'{"spend": 0.028013200000000002, "n": 3}'
    site = Site(httpx.Response(200, content=content))
    assert site.call(READ) == {"spend": Decimal("0.028013200000000002"), "n": 3}


@pytest.mark.parametrize("content", [b"<html>log in</html>", b"", b'{"a": NaN}', b"\xff\xfe"])
def test_a_page_that_is_no_json_is_no_gateway(content: bytes) -> None:
    page = httpx.Response(200, content=content)
    assert Site(page).failure(READ).kind is FailureKind.PERMANENT
    assert Site(page).failure(ONCE).kind is FailureKind.UNKNOWN


def test_a_refusal_without_json_is_still_a_refusal() -> None:
    error = Site(httpx.Response(403, content=b"<html>no")).failure(ONCE)
    assert (error.kind, error.status, error.body) == (FailureKind.PERMANENT, 403, None)


# --- secrets ---


@pytest.mark.parametrize("how", [READ, REPEAT, ONCE])
def test_errors_and_observations_name_no_address_and_no_secret(how: str) -> None:
    troubles: Script = [e() for e in (*NOT_SENT, *MAYBE_DONE)]
    for trouble in (*troubles, status(500), status(401)):
        site = Site(trouble)
        error = site.failure(how)
        told = f"{error} {error!r} {error.__cause__} {site.calls}"
        assert "gateway.internal" not in told
        assert SECRET not in told
        assert "q=1" not in told


def test_each_call_is_observed_with_its_outcome() -> None:
    site = Site(status(503), httpx.ReadError("x"), ok())
    site.call(READ)
    seen = [(c.gateway, c.method, c.path, c.outcome) for c in site.calls]
    assert seen == [("acme", "GET", "/x", "503"), ("acme", "GET", "/x", "ReadError"), ("acme", "GET", "/x", "200")]


def test_a_bearer_of_ones_own_replaces_the_credential() -> None:
    site = Site(ok())
    site.http.read("/x", bearer="sk-member")
    site.http.read("/x")
    sent = [request.headers["Authorization"] for request in site.requests]
    assert sent == ["Bearer sk-member", f"Bearer {SECRET}"]


def test_a_credential_that_cannot_be_sent_is_said_without_showing_it() -> None:
    site = Site(ok())
    with pytest.raises(GatewayError) as caught:
        site.http.read("/x", bearer="sk-ключ")
    assert caught.value.kind is FailureKind.PERMANENT
    assert "ключ" not in str(caught.value)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with _server(answers_each=10) as (url, accepted), _plain(url) as http:
        assert http.read("/x").body == {"fine": True}
        assert len(accepted) == 1


# --- connections, on a real socket ---


class _server:  # noqa: N801 - used as a context manager
    """A server that closes each connection, without a word, after some answers."""

    def __init__(self, answers_each: int) -> None:
        self.answers_each = answers_each
        self.accepted: list[int] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self) -> tuple[str, list[int]]:
        self.thread.start()
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}", self.accepted

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(2)

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted.append(1)
            with connection:
                for _ in range(self.answers_each):
                    if not self.read_request(connection):
                        break
                    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"fine":true}')

    @staticmethod
    def read_request(connection: socket.socket) -> bool:
        connection.settimeout(2)
        received = b""
        while not received.endswith((b"\r\n\r\n", b"}")):
            try:
                part = connection.recv(65536)
            except OSError:
                return False
            if not part:
                return False
            received += part
        return True


def _plain(url: str) -> Http:
    return Http(
        Dialect("acme"),
        url,
        SECRET,
        around=Surroundings(lambda: NOW),
        patience=Patience(first_wait_seconds=0, longest_wait_seconds=0),
    )


def test_reads_share_a_connection_and_outlive_its_closing() -> None:
    with _server(answers_each=2) as (url, accepted), _plain(url) as http:
        for _ in range(4):
            assert http.read("/x").body == {"fine": True}
        assert len(accepted) == 2


def test_once_a_mint_never_meets_a_connection_that_was_closed_while_idle() -> None:
    with _server(answers_each=1) as (url, accepted), _plain(url) as http:
        for _ in range(5):
            http.read("/x")
            assert http.once("/x", {"a": 1}).body == {"fine": True}
        assert len(accepted) == 10


def test_what_is_sent_once_shares_no_connection() -> None:
    with _server(answers_each=10) as (url, accepted), _plain(url) as http:
        for _ in range(3):
            http.once("/x", {"a": 1})
        assert len(accepted) == 3
