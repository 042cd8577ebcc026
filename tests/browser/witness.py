"""Notices whatever must not happen while somebody uses the page, and keeps a record for when a test fails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Request, Response

    from tests.playground.visitors import Playground

NOBODY_READS_THIS_FAR = 10**12


class Witness:
    """Follows one page. An outage made on purpose excuses requests that fail, and nothing else."""

    def __init__(self, page: Page, playground: Playground, *, outage: bool = False) -> None:
        self.page = page
        self.playground = playground
        self.outage = outage
        self.console: list[str] = []
        self._faults: list[str] = []
        self._odd_before = len(self._violations())
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._faults.append(f"uncaught: {error.stack or error}"))
        page.on("request", self._asked)
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)

    def faults(self) -> list[str]:
        """What went wrong since the page was opened."""
        unknown = self.page.locator(".unknown-block")
        shown = [f"a block the page does not know: {text}" for text in unknown.all_inner_texts()]
        odd = [f"the fake Slack objects: {violation}" for violation in self._violations()[self._odd_before :]]
        return [*self._faults, *shown, *odd]

    def save(self, folder: Path) -> Path:
        """A picture, what the console said and what is on the page, for whoever looks into a failure."""
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / "page.png")
        (folder / "console.txt").write_text("\n".join([*self.console, "", *self._faults]), encoding="utf-8")
        (folder / "page.txt").write_text(self.page.locator("body").aria_snapshot(), encoding="utf-8")
        return folder

    def _violations(self) -> list[str]:
        found: list[str] = self.playground.get("journal", since=NOBODY_READS_THIS_FAR)["violations"]
        return found

    def _said(self, message: ConsoleMessage) -> None:
        line = f"{message.type}: {message.text} ({message.location.get('url')}:{message.location.get('lineNumber')})"
        self.console.append(line)
        unreachable = "Failed to load resource" in message.text
        if message.type in {"error", "warning"} and not (self.outage and unreachable):
            self._faults.append(f"console {line}")

    def _asked(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme not in {"data", "blob"} and where.hostname != "127.0.0.1":
            self._faults.append(f"asked another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and not self.outage:
            self._faults.append(f"{response.request.method} {response.url} answered {response.status}")

    def _failed(self, request: Request) -> None:
        given_up = request.failure == "net::ERR_ABORTED"
        # The long poll is given up when somebody else is shown, and any request when the page is left.
        if not self.outage and not (given_up and "/_play/" in request.url):
            self._faults.append(f"failed: {request.method} {request.url}: {request.failure}")
