"""Whether everybody can use the page: axe's rules (WCAG 2 A and AA, and good practice) in every place it can be in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, Visit
from tests.browser.test_main_path import send_prompt
from tests.browser.visitor import Visitor
from tests.playground.visitors import Playground

RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}
LOOKS: dict[str, Look] = {
    "light": {"width": 1280, "height": 800, "dark": False},
    "dark": {"width": 1280, "height": 800, "dark": True},
    "phone": {"width": 390, "height": 844, "dark": False},
    "dark phone": {"width": 390, "height": 844, "dark": True},
}


def violations(page: Page) -> list[str]:
    """What axe finds, one line an element."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:160]} — {' '.join(node['failureSummary'].split())[:220]}"
        for rule in found
        for node in rule["nodes"]
    ]


def rooms(visitor: Visitor) -> Iterator[str]:
    """An empty room, one with a card, its thread, a form with complaints, the key in its modal, Home."""
    playground = visitor.playground
    ana = visitor.be("ana").goto("#general")
    yield "an empty channel"
    ana.asks("/ai-key $5 2d read it aloud")
    yield "a channel with a receipt and a card"
    playground.post("press", {"as": "omar", "label": "Approve", "channel": "search"})
    card = ana.card("read it aloud")
    card.get_by_role("button", name=re.compile(r"\d repl")).click()
    expect(ana.thread.get_by_role("article").nth(1)).to_be_visible()
    yield "a thread"
    ana.thread.get_by_role("button", name="Close thread").click()
    ana.goto("#search").types("/ai-key").presses("Next")
    expect(ana.dialog.get_by_text("Please complete this required field.").first).to_be_visible()
    yield "a form with complaints"
    ana.closes("Cancel")
    ana.reveals()
    yield "a key in its modal"
    ana.closes()
    yield "direct messages"
    ana.goto("home")
    expect(ana.region.get_by_role("region", name="Home")).to_contain_text("My keys")
    yield "the Home tab"


def tools(visitor: Visitor) -> Iterator[str]:
    """Each tab of the dock with something in it, each menu and panel, the tour."""
    page = visitor.page
    secret = visitor.playground.key("/ai-key $5 2d use it aloud", "ben")
    ana = visitor.be("ana").goto("#search")
    expect(send_prompt(visitor, secret)).to_contain_text("200 ·")
    yield "the terminal"
    for tab in ("Payloads", "Ledger", "Gateway keys"):
        panel = visitor.tab(tab)
        expect(panel).to_contain_text({"Payloads": "views.open", "Ledger": "key.revealed", "Gateway keys": "mock"}[tab])
        yield tab
    page.get_by_role("button", name="Close tools").click()
    for name, role in (("Clock", "menu"), ("Break things", "dialog")):
        visitor.opens(name)
        expect(page.get_by_role(role).last).to_be_visible()  # type: ignore[arg-type]
        yield name
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Skip the tour").click()
    visitor.opens("Tour")
    expect(page.get_by_role("heading", name=re.compile("^[1-6] of 6"))).to_be_visible()
    yield "the tour"
    message = ana.log.get_by_role("article").last
    message.hover()
    message.get_by_role("button", name="More actions").click()
    yield "a message's menu"
    page.keyboard.press("Escape")
    ana.composer().fill("/ai")
    expect(ana.region.get_by_role("option").first).to_be_visible()
    yield "commands to choose from"


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("walk", [rooms, tools])
def test_everybody_can_use_it(
    visit: Visit, own_playground: Playground, walk: Callable[[Visitor], Iterator[str]], look: str
) -> None:
    visitor = visit(own_playground, **LOOKS[look])
    found = [f"{place}: {problem}" for place in walk(visitor) for problem in violations(visitor.page)]
    assert not found, "\n" + "\n".join(found)
