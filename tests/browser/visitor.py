"""Somebody at the playground's page: switches people, types, presses, fills in, reads. Knows the page by what it says.

`Visitor` is the one in front of the screen; a `Seat` is one of the people they are there, in one of the panes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.playground.visitors import eventually, reason_of

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.witness import Witness
    from tests.playground.visitors import Playground

SECRET = re.compile(r"sk-[\w-]{16,}")
PATIENCE_MS = 15_000


def starts_with(name: str) -> re.Pattern[str]:
    """An accessible name that is this, or this and more after a comma: "search, 2 unread"."""
    return re.compile(rf"^{re.escape(name)}(,|$)")


class Visitor:
    """In front of one page of one playground."""

    def __init__(self, page: Page, playground: Playground, witness: Witness) -> None:
        self.page = page
        self.playground = playground
        self.witness = witness

    @property
    def banner(self) -> Locator:
        """The bar at the top."""
        return self.page.get_by_role("banner")

    def open(self, path: str = "/") -> None:
        """Open the page, and wait until somebody's workspace can be used."""
        self.page.goto(self.playground.url.removesuffix("/_play") + path)
        self.ready()

    def reload(self) -> None:
        """Press the browser's own reload."""
        self.page.reload()
        self.ready()

    def plays_on(self, playground: Playground) -> None:
        """The same page on a playground that was started again."""
        self.playground = self.witness.playground = playground

    def ready(self) -> None:
        """Wait until a workspace is shown."""
        expect(self.page.get_by_role("region", name=re.compile("^Workspace of "))).not_to_have_count(0)
        expect(
            self.page.get_by_role("navigation", name=re.compile("^Channels of "), include_hidden=True)
        ).not_to_have_count(0)

    def be(self, name: str) -> Seat:
        """Become one of the cast, alone on the page."""
        self._panes(1)
        self._sit(name, 0)
        return self._seated(name)

    def two(self, left: str, right: str) -> tuple[Seat, Seat]:
        """Two people side by side."""
        self._panes(2)
        self._sit(left, 0)
        self._sit(right, 1)
        return self._seated(left), self._seated(right)

    def _panes(self, count: int) -> None:
        button = self.banner.get_by_role("button", name="Two people")
        if (button.get_attribute("aria-pressed") == "true") != (count == 2):
            button.click()
        expect(button).to_have_attribute("aria-pressed", str(count == 2).lower())

    def _sit(self, name: str, pane: int) -> None:
        group = self.page.get_by_role("group", name="Who you are").nth(pane)
        group.get_by_role("button", name=starts_with(f"Be {name.capitalize()}")).click()

    def _seated(self, name: str) -> Seat:
        seat = Seat(self, name)
        expect(seat.region).to_be_visible()
        return seat

    def opens(self, name: str) -> None:
        """Press something in the bar at the top that opens: a menu, a panel, the dock."""
        self.banner.get_by_role("button", name=re.compile(f"^{name}")).click()

    def tab(self, name: str) -> Locator:
        """Show a tab of the dock; its panel."""
        self.page.get_by_role("tab", name=name).click()
        panel = self.page.get_by_role("tabpanel", name=name)
        expect(panel).to_be_visible()
        return panel

    def moves_clock(self, label: str) -> None:
        """Choose where the clock goes, and wait until it is there."""
        before = self.playground.get("clock")["moved_seconds"]
        self.opens("Clock")
        self.page.get_by_role("menuitem", name=re.compile(f"^{re.escape(label)}")).click()

        def arrived() -> bool:
            clock = self.playground.get("clock")
            return clock["moved_seconds"] > before and not clock.get("moving_to")

        eventually(arrived, 90)


class Seat:
    """One of the cast, as the visitor plays them in the pane that shows them."""

    def __init__(self, visitor: Visitor, name: str) -> None:
        self.visitor = visitor
        self.name = name
        self.shown_name = name.capitalize()
        self.page = visitor.page

    @property
    def region(self) -> Locator:
        """This person's pane."""
        return self.page.get_by_role("region", name=f"Workspace of {self.shown_name}")

    @property
    def sidebar(self) -> Locator:
        """The list of channels."""
        return self.region.get_by_role("navigation", name=f"Channels of {self.shown_name}")

    @property
    def log(self) -> Locator:
        """The messages of the channel that is open."""
        return self.region.get_by_role("log", name=re.compile("^Messages "))

    @property
    def thread(self) -> Locator:
        """The thread at the side."""
        return self.region.get_by_role("complementary", name=re.compile("^Thread"))

    @property
    def dialog(self) -> Locator:
        """The modal on top."""
        return self.dialogs.last

    @property
    def dialogs(self) -> Locator:
        """All that lies over this person's pane: the modals."""
        return self.region.get_by_role("dialog")

    def entry(self, where: str) -> Locator:
        """Its line in the sidebar: "#search", "dm" or "home"."""
        name = {"dm": "Purser", "home": "Home"}.get(where, where.removeprefix("#"))
        return self.sidebar.get_by_role("button", name=starts_with(name))

    def goto(self, where: str) -> Seat:
        """Open "#search", "dm" or "home"; on a narrow page the sidebar is a drawer."""
        drawer = self.region.get_by_role("button", name="Channels", exact=True)
        if drawer.is_visible() and not self.sidebar.is_visible():
            drawer.click()
        self.entry(where).click()
        if where != "home":
            expect(self.log).to_have_attribute(
                "aria-label", f"Messages {'with Purser' if where == 'dm' else f'in {where}'}"
            )
        return self

    def composer(self, label: str = "Message #search") -> Locator:
        """The box to type into."""
        return self.region.get_by_role("textbox", name=label, exact=True)

    def types(self, text: str, label: str = "Message #search") -> Seat:
        """Type a line, key by key, and send it."""
        box = self.composer(label)
        box.press_sequentially(text)
        box.press("Enter")
        return self

    def message(self, text: str | re.Pattern[str]) -> Locator:
        """The newest message that says this."""
        return self.log.get_by_role("article").filter(has_text=text).last

    def sees(self, text: str | re.Pattern[str]) -> Locator:
        """Wait for a message that says this."""
        found = self.message(text)
        expect(found).to_be_visible()
        return found

    def presses(self, label: str, on: Locator | None = None) -> Seat:
        """Press a button: in the modal if there is one, else of the newest message that has it."""
        where = on
        if where is None:
            where = self.dialog if self.dialogs.count() else self.region
        where.get_by_role("button", name=label, exact=True).last.click()
        return self

    def fills(self, label: str, value: str) -> Seat:
        """Fill in a field of the modal."""
        self.dialog.get_by_label(label).fill(value)
        return self

    def asks(self, line: str) -> Locator:
        """Type a request in the team's channel, for one key more if need be; the card."""
        reason = reason_of(line)
        self.goto("#search").types(line)
        mine = (
            self.log.get_by_role("article")
            .filter(has_text="Only visible to you")
            .filter(has_text=re.compile(f"Ask anyway|{re.escape(reason)}"))
            .last
        )
        expect(mine).to_be_visible()
        again = mine.get_by_role("button", name="Ask anyway", exact=True)
        if again.count():
            again.click()
        return self.card(reason)

    def card(self, reason: str) -> Locator:
        """The card everybody in the channel sees of a request."""
        found = (
            self.log.get_by_role("article")
            .filter(has_text=f"“{reason}”")
            .filter(has_not_text="Only visible to you")
            .last
        )
        expect(found).to_be_visible()
        return found

    def reveals(self) -> str:
        """Press Reveal key in the direct messages; the key in the modal, which stays open."""
        self.goto("dm")
        self.log.get_by_role("button", name="Reveal key", exact=True).last.click()
        expect(self.dialog).to_contain_text(SECRET)
        found = SECRET.search(self.dialog.inner_text())
        assert found is not None
        return found[0]

    def closes(self, label: str = "Close") -> Seat:
        """Close the modal."""
        count = self.dialogs.count()
        self.dialog.get_by_role("button", name=label, exact=True).last.click()
        expect(self.dialogs).to_have_count(count - 1)
        return self
