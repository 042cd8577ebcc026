"""Who may use the playground's own routes: this machine, and of web pages only those served from it.

There are no accounts, so the Host must be loopback, and changes must be JSON (or a file's bytes), which other sites
cannot send unasked.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SENT_ON_PURPOSE = ("application/json", "application/octet-stream")


def only_from_here(routes: Blueprint) -> None:
    """Refuse everybody else: 403, and 415 for a change in another form."""

    @routes.before_request
    def check() -> Response | None:
        host = urlsplit(f"//{request.host}").hostname
        origin = request.headers.get("Origin")
        if host not in LOOPBACK or (origin and urlsplit(origin).hostname not in LOOPBACK):
            return no("this is for this machine only", 403)
        if request.method == "POST" and request.mimetype not in _SENT_ON_PURPOSE:
            return no("send JSON", 415)
        return None


def no(why: str, status: int) -> Response:
    """A refusal as every route of the playground says it."""
    response = jsonify({"ok": False, "error": why})
    response.status_code = status
    return response
