"""A plain HTTP relay before a gateway that notes how long the gateway itself took for each call."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from bot.playground.slack.courier import require_loopback

DROPPED = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"})


@dataclass(frozen=True)
class Passed:
    """One call that went through: when it began (monotonic) and how long the gateway took."""

    path: str
    began: float
    seconds: float


class Relay:
    """Use as a context manager; callers use `base_url` in the gateway's place. Its own time is not the gateway's."""

    def __init__(self, upstream: str) -> None:
        where = urlsplit(require_loopback(upstream))
        self.passed: list[Passed] = []
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._relay()

            def do_POST(self) -> None:
                self._relay()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def _relay(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
                connection = HTTPConnection(where.hostname or "", where.port, timeout=30)
                connection.connect()
                began = time.monotonic()
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                relay.passed.append(Passed(urlsplit(self.path).path, began, time.monotonic() - began))
                connection.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in DROPPED:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="relay", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def seconds_since(self, began: float) -> float:
        """How long the gateway took in all for the calls that began since then."""
        return sum(call.seconds for call in self.passed if call.began >= began)
