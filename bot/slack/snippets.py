"""The text of files shared in a message, where the installation lets Purser read files (the optional scope files:read).

Purser's token is sent to Slack's own servers and nowhere else. What is read stays in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from slack_sdk import WebClient

MOST_FILES = 5
MOST_BYTES = 1_000_000
READ_SECONDS = 5
TEXT = ("text/", "application/json", "application/x-sh", "application/xml", "application/yaml", "application/toml")


class _Stay(HTTPRedirectHandler):
    """Whoever may not read a file is sent to a page to sign in: not followed."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow nothing."""


def snippets_of(client: WebClient, message: Mapping[str, Any]) -> list[str]:
    """The texts of a message's files, as far as they are text, small, kept by Slack, and may be read."""
    files = [file for file in message.get("files") or [] if isinstance(file, dict) and _is_text(file)]
    return [text for file in files[:MOST_FILES] for text in _read(client, file)]


def _is_text(file: Mapping[str, Any]) -> bool:
    is_kept = file.get("mode") in ("snippet", "hosted", "post") and not file.get("is_external")
    kind = str(file.get("mimetype") or "")
    return is_kept and kind.startswith(TEXT) and int(file.get("size") or 0) <= MOST_BYTES


def _read(client: WebClient, file: Mapping[str, Any]) -> Iterator[str]:
    url = str(file.get("url_private") or "")
    if not _is_slacks(client, url):
        return
    request = Request(url, headers={"Authorization": f"Bearer {client.token}"})  # noqa: S310 - its host is checked
    ways = [HTTPHandler(), HTTPSHandler(context=client.ssl), _Stay()]
    proxy = ProxyHandler({"http": client.proxy, "https": client.proxy} if client.proxy else {})
    with (
        suppress(OSError, HTTPException),
        closing(build_opener(proxy, *ways).open(request, timeout=READ_SECONDS)) as got,
    ):
        is_page = got.headers.get_content_type() == "text/html" and file.get("mimetype") != "text/html"
        if not is_page:
            yield got.read(MOST_BYTES).decode("utf-8", "replace")


def _is_slacks(client: WebClient, url: str) -> bool:
    """Whether a file lies with Slack: on its servers, or on the one that its API is asked on."""
    asked, api = urlsplit(url), urlsplit(client.base_url)
    if (asked.scheme, asked.netloc) == (api.scheme, api.netloc):
        return True
    host = asked.hostname or ""
    return asked.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com"))
