"""Files are read from Slack alone, when they are text, small, and may be read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.slack.snippets import MOST_BYTES, MOST_FILES, snippets_of


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked: list[tuple[str, str]] = self.server.asked  # type: ignore[attr-defined]
        asked.append((self.path, self.headers.get("Authorization", "")))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/plain")
            self.end_headers()
            return
        self.send_response(403 if self.path == "/forbidden" else 200)
        self.send_header("Content-Type", "text/html" if self.path == "/sign-in" else "text/plain")
        self.end_headers()
        self.wfile.write(b"what stands in it")

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Place:
    """Where files lie, and what was asked there."""

    def __init__(self, server: HTTPServer) -> None:
        self.asked: list[tuple[str, str]] = []
        server.asked = self.asked  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.client = WebClient("xoxb-test", base_url=f"{self.url}/api/")

    def read(self, path: str = "/plain", times: int = 1, **more: Any) -> list[str]:
        url = path if "://" in path else f"{self.url}{path}"
        file = {"mode": "snippet", "mimetype": "text/plain", "size": 10, "url_private": url, **more}
        return snippets_of(self.client, {"files": [file] * times})


@pytest.fixture
def place() -> Iterator[Place]:
    server = HTTPServer(("127.0.0.1", 0), _Files)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Place(server)
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_text_file_is_read_with_pursers_token(place: Place) -> None:
    assert place.read() == ["what stands in it"]
    assert place.asked == [("/plain", "Bearer xoxb-test")]


@pytest.mark.parametrize("path", ["/forbidden", "/sign-in", "/moved"])
def test_what_may_not_be_read_is_nothing_and_nobody_is_followed_elsewhere(place: Place, path: str) -> None:
    assert place.read(path) == []
    assert [asked for asked, _ in place.asked] == [path]


@pytest.mark.parametrize(
    "more",
    [
        {"mimetype": "image/png"},
        {"mimetype": None},
        {"size": MOST_BYTES + 1},
        {"is_external": True},
        {"mode": "external"},
        {"mode": "tombstone"},
        {"url_private": "http://localhost:1/plain"},
        {"url_private": "https://files.slack.com.evil.example/plain"},
        {"url_private": "http://files.slack.com/plain"},
        {"url_private": None},
    ],
)
def test_what_is_no_small_text_of_slacks_own_is_never_asked_for(place: Place, more: dict[str, Any]) -> None:
    assert place.read(**more) == []
    assert place.asked == []


def test_only_so_many_files_of_a_message_are_read(place: Place) -> None:
    assert len(place.read(times=MOST_FILES + 3)) == MOST_FILES


def test_a_message_without_files_asks_for_nothing(place: Place) -> None:
    assert snippets_of(place.client, {"files": None}) == snippets_of(place.client, {}) == []
