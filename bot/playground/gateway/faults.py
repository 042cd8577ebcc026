"""What can go wrong on the wire, before or after the fake gateway does its work, and a journal of calls.

A WSGI layer around the application; it knows nothing of keys. The journal has no bodies, headers or queries.
"""

from __future__ import annotations

import io
import json
import socket
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OWN_PREFIX = "/_play"
"""Routes of the playground itself: never disturbed, never in the journal."""


class FaultKind(StrEnum):
    """Ways to misbehave."""

    LATENCY = "latency"
    """Wait `seconds` before doing it."""
    RATE_LIMITED = "rate_limited"
    """429 with Retry-After `seconds`; nothing is done."""
    ERROR = "error"
    """Answer `status`; nothing is done."""
    REPLY_LOST = "reply_lost"
    """Do it, wait `seconds`, and cut the connection instead of answering."""
    CUT = "cut"
    """Cut the connection; nothing is done."""
    DOWN = "down"
    """The same for every call until cleared. (For a refused connection, stop the server.)"""


@dataclass(slots=True)
class Fault:
    """One fault to inject: `times` times (None: until cleared), on one path or on all."""

    kind: FaultKind
    times: int | None = 1
    route: str | None = None
    seconds: float = 0.0
    status: int = 500


@dataclass(frozen=True, slots=True)
class Visit:
    """One call as the journal has it; `status` is None when the connection was cut."""

    method: str
    path: str
    status: int | None
    at: datetime
    fault: str | None = None


class ConnectionCut(ConnectionAbortedError):
    """Tells the server that nobody is listening any more."""


@dataclass(slots=True)
class Faults:
    """The faults in force. Thread-safe."""

    _waiting: list[Fault] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(
        self,
        kind: FaultKind | str,
        *,
        times: int | None = 1,
        route: str | None = None,
        seconds: float = 0.0,
        status: int = 500,
    ) -> None:
        """Inject a fault from now on."""
        kind = FaultKind(kind)
        if kind is FaultKind.DOWN:
            times = None
        with self._lock:
            self._waiting.append(Fault(kind, times, route, seconds, status))

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._waiting.clear()

    def remove(self, kind: FaultKind) -> None:
        """Forget the faults of one kind."""
        with self._lock:
            self._waiting = [fault for fault in self._waiting if fault.kind is not kind]

    def waiting(self) -> list[Fault]:
        """Copies of what is in force."""
        with self._lock:
            return [replace(fault) for fault in self._waiting]

    def take(self, path: str) -> list[Fault]:
        """The faults for one call: every latency, and the first of the others."""
        taken: list[Fault] = []
        with self._lock:
            for fault in list(self._waiting):
                if fault.route not in {None, path}:
                    continue
                if fault.kind is not FaultKind.LATENCY and any(other.kind is not FaultKind.LATENCY for other in taken):
                    continue
                taken.append(replace(fault))
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
        return taken

    def as_json(self) -> list[dict[str, Any]]:
        """What is in force, for a page."""
        return [asdict(fault) for fault in self.waiting()]


class Wire:
    """WSGI: takes a call through its faults and writes it down."""

    def __init__(
        self,
        app: WSGIApplication,
        faults: Faults,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        """Wrap `app`."""
        self._app = app
        self._faults = faults
        self._clock = clock
        self._sleep = sleep
        self.journal: deque[Visit] = deque(maxlen=10_000)
        self.calls = 0
        self._number = count(1)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one call."""
        path = environ["PATH_INFO"]
        if path.startswith(OWN_PREFIX):
            return self._app(environ, start_response)
        # Whatever happens, read the call to its end first: a reset would otherwise overtake the answer.
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        lost: Fault | None = None
        for fault in self._faults.take(path):
            match fault.kind:
                case FaultKind.LATENCY:
                    self._sleep(fault.seconds)
                case FaultKind.CUT | FaultKind.DOWN:
                    self._cut(environ, fault)
                case FaultKind.RATE_LIMITED:
                    headers = [("Retry-After", f"{fault.seconds:g}")]
                    return self._answer(environ, start_response, 429, fault, headers)
                case FaultKind.ERROR:
                    return self._answer(environ, start_response, fault.status, fault, [])
                case FaultKind.REPLY_LOST:
                    lost = fault
        return self._work(environ, start_response, lost)

    def _work(self, environ: WSGIEnvironment, start_response: StartResponse, lost: Fault | None) -> Iterable[bytes]:
        status: list[int] = []

        def started(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ANN401 - WSGI
            status.append(int(line.split(" ", 1)[0]))
            return (lambda _: None) if lost else start_response(line, headers, exc_info)

        answer = self._app(environ, started)
        if lost:
            for _ in answer:
                pass
            self._sleep(lost.seconds)
            self._cut(environ, lost)
        self._write_down(environ, status[0], None)
        return answer

    def _answer(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        status: int,
        fault: Fault,
        headers: list[tuple[str, str]],
    ) -> Iterable[bytes]:
        kind = "throttling_error" if status == 429 else "internal_server_error"
        error = {"message": "Injected fault", "type": kind, "param": None, "code": str(status)}
        body = json.dumps({"error": error}).encode()
        plain = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        self._write_down(environ, status, fault)
        start_response(f"{status} Injected", plain + headers)
        return [body]

    def _cut(self, environ: WSGIEnvironment, fault: Fault) -> None:
        """Close the connection under the caller. Does not return."""
        self._write_down(environ, None, fault)
        connection: socket.socket | None = environ.get("werkzeug.socket")
        if connection is not None:
            connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionCut

    def _write_down(self, environ: WSGIEnvironment, status: int | None, fault: Fault | None) -> None:
        visit = Visit(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            status,
            self._clock(),
            str(fault.kind) if fault else None,
        )
        self.journal.append(visit)
        self.calls = next(self._number)
