"""A page with nothing on it but the playground's renderer, served on loopback with the playground's own headers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, send_file
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page

HERE = Path(__file__).parent
STATIC = HERE.parent.parent / "bot/playground/page/static"
CSP = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PAGE = """<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Gallery</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/css/tokens.css"><link rel="stylesheet" href="/static/css/base.css">
<link rel="stylesheet" href="/static/css/blocks.css"><link rel="stylesheet" href="/gallery.css">
<script type="module" src="/gallery.js"></script>
</head>
<body>
<main><h1 class="unseen">Gallery</h1><div id="stage"></div></main>
<div id="announcer" class="unseen" role="status"></div></body>
</html>"""
STYLE = """
html, body { height: auto; } body { display: block; overflow: auto; background: var(--surface); }
#stage { max-width: 700px; margin: 0 auto; padding: 16px; }
.frame { margin-bottom: 20px; } .frame > h2 { font-size: 12px; color: var(--ink-faint); margin-bottom: 6px; }
"""
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63d8d078190003d301e9"
    "f40c4aa80000000049454e44ae426082"
)


class Quiet(WSGIRequestHandler):
    """Writes no access log."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


class Gallery:
    """One open gallery page, and what went wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(message.text)

    def call(self, name: str, *arguments: object) -> Any:
        """Call a function of the harness."""
        return self.page.evaluate("([name, list]) => window.gallery[name](...list)", [name, list(arguments)])

    def get(self, name: str) -> Any:
        """Read something the harness wrote down."""
        return self.page.evaluate("(name) => window.gallery[name]", name)

    def put(self, name: str, value: object) -> None:
        """Set something the harness goes by."""
        self.page.evaluate("([name, value]) => { window.gallery[name] = value; }", [name, value])

    def show(self, blocks: list[dict[str, Any]], **options: object) -> None:
        """Only these blocks, and nothing remembered."""
        self.call("clear")
        self.call("show", blocks, options)

    @property
    def given(self) -> list[tuple[str, object]]:
        """What was acted, as (action, value)."""
        return [(act["action"], act["value"]) for act in self.get("acts")]

    def draft(self, block: str, action: str) -> Any:
        """What was typed or picked in a form."""
        return self.get("drafts").get(block, {}).get(action)


def app() -> Flask:
    """The gallery, and the files of the playground's page."""
    flask = Flask("gallery", static_folder=str(STATIC), static_url_path="/static")

    @flask.get("/")
    def page() -> str:
        return PAGE

    @flask.get("/gallery.js")
    def script() -> Response:
        return send_file(HERE / "gallery.js", mimetype="text/javascript")

    @flask.get("/gallery.css")
    def style() -> Response:
        return Response(STYLE, mimetype="text/css")

    @flask.get("/file/<name>")
    def file(name: str) -> Response:
        return Response(PIXEL, mimetype="image/png", headers={"X-Name": name})

    @flask.after_request
    def guarded(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CSP
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return flask


@contextmanager
def serving() -> Iterator[str]:
    """The gallery's address while it is served."""
    server = make_server("127.0.0.1", 0, app(), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def opened(browser: Any, **options: Any) -> Iterator[Gallery]:
    """A gallery page in a fresh browser profile."""
    with serving() as url:
        context = browser.new_context(
            reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"], locale="en-GB", **options
        )
        context.set_default_timeout(10_000)
        gallery = Gallery(context.new_page())
        gallery.page.goto(url)
        gallery.page.wait_for_function("window.gallery !== undefined")
        yield gallery
        context.close()
