"""`purser serve`: starts everything in the right order, stays up, and stops cleanly on SIGTERM or SIGINT."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

import structlog
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.app import Running, build, identity, slack_client
from bot.settings import Configuration
from bot.web import Check, Hook, WebServer, web_app
from storage.engine import Books, BooksUnavailable

log = structlog.get_logger(__name__)

SOCKET_PING_SECONDS = 3
"""A cut connection is noticed after a few missed pings: some 18 seconds, instead of a minute at the default."""

SOCKET_WORKERS = 32
"""Payloads taken in at the same time; each is held only until it is acknowledged."""

SWITCH_SECONDS = 0.0005
"""How long a thread may compute while another waits to: at Python's 5 ms, acks would queue behind busy handlers."""

LOOKS_UP_SECONDS = 0.5
"""How late a signal may be noticed that the kernel handed to another thread."""


def address(text: str) -> tuple[str, int]:
    """Read `HOST:PORT`. Raises ValueError with a sentence for the person who typed it."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not host:
        msg = f"{text!r} is not an address; it looks like 127.0.0.1:3000"
        raise ValueError(msg)
    return host.strip("[]"), int(port)


def serve(configuration: Configuration, http: str | None) -> None:
    """Serve until told to stop: over HTTP at `http`, or else in Socket Mode.

    Brings the books to their newest revision first. Raises what Slack or the database raise at the start.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    settings = configuration.settings
    books = Books(settings.database_url)
    books.migrate()
    us = identity(slack_client(settings, patient=True))
    running = build(configuration, books, us)
    # All that was loaded stays for good. Looked through again and again, it stops everything for 0.1 s each time.
    gc.collect()
    gc.freeze()
    stop = threading.Event()

    def told(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    if http is not None:
        _over_http(running, address(http), settings.purser_health, stop)
    else:
        token = settings.slack_app_token
        assert token is not None
        _over_socket(running, token.get_secret_value(), settings.purser_health, stop)
    log.info("stopped")


def books_check(books: Books) -> Check:
    """Whether the books answer and are at the revision this code knows."""

    def check() -> str | None:
        try:
            found, wanted = books.revision(), books.head()
        except BooksUnavailable as wrong:
            return str(wrong)
        return None if found == wanted else f"at revision {found}, not {wanted}: run `purser migrate`"

    return check


@contextmanager
def _health(at: str, ready: dict[str, Check], webhooks: Mapping[str, Hook] | None = None) -> Iterator[None]:
    """Answer `/healthz`, `/readyz` and perhaps webhooks on an address of their own, unless it is `off`."""
    if at == "off":
        yield
        return
    server = WebServer(web_app(ready, webhooks=webhooks), *address(at))
    threading.Thread(target=server.run, name="health", daemon=True).start()
    try:
        yield
    finally:
        server.close()


def _wait_for(stop: threading.Event) -> None:
    """Wait until told. A thread that only waits is not woken by a signal that another thread was given."""
    while not stop.wait(LOOKS_UP_SECONDS):
        pass


def _over_http(running: Running, at: tuple[str, int], health: str, stop: threading.Event) -> None:
    ready = {"books": books_check(running.purser.books)}
    server = WebServer(web_app(ready, running.bolt, running.webhooks), *at)
    with _health(health, ready):
        running.start()
        threading.Thread(target=server.run, name="http", daemon=True).start()
        log.info("serving over HTTP", address=f"{server.host}:{server.port}")
        print(f"Purser is serving on http://{server.host}:{server.port}", flush=True)  # noqa: T201 - for the operator
        _wait_for(stop)
        server.close()
    running.stop()


def _over_socket(running: Running, app_token: str, health: str, stop: threading.Event) -> None:
    handler = SocketModeHandler(running.bolt, app_token, ping_interval=SOCKET_PING_SECONDS, concurrency=SOCKET_WORKERS)
    ready: dict[str, Check] = {
        "books": books_check(running.purser.books),
        "slack": lambda: None if handler.client.is_connected() else "Socket Mode is not connected",
    }
    with _health(health, ready, running.webhooks):
        running.start()
        handler.connect()  # type: ignore[no-untyped-call]
        log.info("serving in Socket Mode")
        print("Purser is connected to Slack in Socket Mode", flush=True)  # noqa: T201 - for the operator
        _wait_for(stop)
        handler.close()  # type: ignore[no-untyped-call]
    running.stop()
