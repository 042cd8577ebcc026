"""Serves the page's files: the page itself at /, the rest under /static. To this machine only.

The page may run nothing but its own files and speak to nobody but this server.
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory
from werkzeug.exceptions import NotFound

from bot.playground.slack.playapi import guard

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""The machine's own table of types may differ, and a script of another type is not run. Nothing else is served."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def create_page(static: Path = STATIC) -> Blueprint:
    """Routes / and /static. Register it before the server starts."""
    page = Blueprint("page", __name__)
    guard(page)

    @page.after_request
    def only_itself(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    @page.errorhandler(NotFound)
    def not_there(_error: NotFound) -> tuple[Response, int]:
        return Response("There is no such file.\n", mimetype="text/plain"), 404

    @page.get("/")
    def index() -> Response:
        return Response(_with_modules(static), mimetype="text/html")

    @page.get("/static/<path:name>")
    def file(name: str) -> Response:
        return _file(static, name)

    return page


def _with_modules(static: Path) -> str:
    """The page, told of every module at once: a browser that finds them one by one waits for each wave of imports."""
    modules = sorted(file.relative_to(static).as_posix() for file in (static / "js").rglob("*.js"))
    links = "".join(f'  <link rel="modulepreload" href="/static/{module}">\n' for module in modules)
    return (static / "index.html").read_text(encoding="utf-8").replace("</head>", f"{links}</head>")


def _file(static: Path, name: str) -> Response:
    """A file inside `static`, with an ETag. Raises `NotFound` for any other."""
    mimetype = TYPES.get(Path(name).suffix)
    if mimetype is None:
        raise NotFound
    return send_from_directory(static, name, mimetype=mimetype, conditional=True, etag=True)
