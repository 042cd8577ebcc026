"""Slack's end of Socket Mode: hello, envelopes, acknowledgements, refreshes. Each payload goes to one
connection.

Owns the sockets and who waits for which envelope. Knows nothing of what is inside a payload.
"""

import json
import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from bot.playground.slack import limits
from bot.playground.slack.model import APP_ID, JSON

# How long an old connection waits for its successor before it is closed.
OLD_CONNECTION_SECONDS = 10.0
# Answers to these may carry a payload; an event's may not.
ANSWERABLE = frozenset({"slash_commands", "interactive"})


class _Waiting:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.payload: JSON | None = None


class SocketHub:
    """Accepts connections that hold a ticket from `apps.connections.open`."""

    def __init__(self, host: str, port: int = 0, ping_seconds: float = 10.0) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._tickets: set[str] = set()
        self._connections: list[ServerConnection] = []
        self._waiting: dict[str, _Waiting] = {}
        self._turn = 0
        self._host, self._port, self._ping_seconds = host, port, ping_seconds
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self.unexpected: list[str] = []

    def start(self) -> None:
        self._server = serve(
            self._serve_connection,
            self._host,
            self._port,
            process_request=self._admit,
            compression=None,
            ping_interval=self._ping_seconds,
            close_timeout=1,
        )
        self._port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="slack-socket-mode", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        for connection in self._open():
            _cut(connection)
        self._server.shutdown()
        self._thread.join(5)
        with self._changed:
            self._changed.wait_for(lambda: not self._connections, 5)
        self._server = self._thread = None

    def new_url(self) -> str:
        ticket = uuid4().hex
        with self._lock:
            self._tickets.add(ticket)
        return f"ws://{self._host}:{self._port}/link/?ticket={ticket}&app_id={APP_ID}"

    def connected(self) -> int:
        """How many connections take payloads."""
        return len(self._open())

    def wait_connected(self, timeout_seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._connections), timeout_seconds)

    def ask(self, kind: str, payload: JSON, retry: tuple[int, str] | None, timeout_seconds: float) -> JSON | None:
        """Send an envelope to one connection; the acknowledgement's payload, or None when none came in
        time.
        """
        envelope_id = str(uuid4())
        envelope: JSON = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind in ANSWERABLE,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
        waiting = _Waiting()
        with self._lock:
            if not self._connections:
                return None
            self._turn += 1
            connection = self._connections[self._turn % len(self._connections)]
            self._waiting[envelope_id] = waiting
        try:
            connection.send(json.dumps(envelope))
        except ConnectionClosed:
            return None
        answered = waiting.done.wait(timeout_seconds)
        with self._lock:
            self._waiting.pop(envelope_id, None)
        if answered and waiting.payload and kind not in ANSWERABLE:
            self.unexpected.append(f"socket mode: a payload in the acknowledgement of {kind}")
        return waiting.payload if answered else None

    def refresh(self, reason: str = "refresh_requested", *, lingers: bool = False) -> int:
        """Tell each connection to come back; they get nothing more. How many were told.

        An old connection is closed once a new one is up, unless it `lingers`: slack_sdk's built-in client then
        listens to the new one only when its read of the old one times out, up to three seconds later.
        """
        frame = json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink"}})
        told = 0
        for connection in self._open():
            self._forget(connection)
            try:
                connection.send(frame)
                told += 1
            except ConnectionClosed:
                continue
            if not lingers:
                threading.Thread(target=self._retire, args=(connection,), daemon=True).start()
        return told

    def _retire(self, connection: ServerConnection) -> None:
        self.wait_connected(OLD_CONNECTION_SECONDS)
        connection.close()

    def cut(self) -> int:
        """Break every connection without a close frame, as a lost network does. How many were cut."""
        gone = self._open()
        for connection in gone:
            self._forget(connection)
            _cut(connection)
        return len(gone)

    def _open(self) -> list[ServerConnection]:
        with self._lock:
            return list(self._connections)

    def _forget(self, connection: ServerConnection) -> None:
        with self._changed:
            if connection in self._connections:
                self._connections.remove(connection)
            self._changed.notify_all()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        ticket = parse_qs(urlsplit(request.path).query).get("ticket", [""])[0]
        with self._lock:
            known = ticket in self._tickets
            self._tickets.discard(ticket)
        if not known:
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no such ticket\n")
        return None

    def _serve_connection(self, connection: ServerConnection) -> None:
        try:
            with self._changed:
                number = len(self._connections) + 1
                if number > limits.SOCKET_CONNECTIONS:
                    connection.send(json.dumps({"type": "disconnect", "reason": "too_many_websockets"}))
                    return
                connection.send(json.dumps(_hello(number)))
                self._connections.append(connection)
                self._changed.notify_all()
            for frame in connection:
                self._take(frame)
        except ConnectionClosed:
            pass
        finally:
            self._forget(connection)

    def _take(self, frame: str | bytes) -> None:
        try:
            message = json.loads(frame)
        except ValueError:
            self.unexpected.append("socket mode: a frame that is not JSON")
            return
        envelope_id = message.get("envelope_id") if isinstance(message, dict) else None
        if not envelope_id:
            self.unexpected.append("socket mode: a frame without envelope_id")
            return
        with self._lock:
            waiting = self._waiting.get(envelope_id)
        if waiting is not None:  # otherwise it came too late, and Slack has stopped listening
            waiting.payload = message.get("payload") or {}
            waiting.done.set()


def _hello(number: int) -> JSON:
    return {
        "type": "hello",
        "num_connections": number,
        "connection_info": {"app_id": APP_ID},
        "debug_info": {"host": "applink", "build_number": 1, "approximate_connection_time": 18060},
    }


def _cut(connection: ServerConnection) -> None:
    with suppress(OSError):  # it was gone already
        connection.socket.shutdown(socket.SHUT_RDWR)
