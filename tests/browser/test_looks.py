"""Light and dark, and a page as narrow as a phone: nothing is cut off, everything is still reached."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, Visit
from tests.browser.test_main_path import APPROVED, send_prompt
from tests.browser.visitor import Visitor
from tests.playground.visitors import Playground, eventually

PHONE: Look = {"width": 390, "height": 844}
CUT_OFF = """() => {
  const scrolls = (element) => {
    for (let up = element.parentElement; up; up = up.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(up).overflowX)) return true;
    }
    return false;
  };
  const found = document.scrollingElement.scrollWidth > innerWidth ? ["the document scrolls sideways"] : [];
  for (const element of document.querySelectorAll("button, a, input, textarea, select, article, [role=dialog]")) {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    if (!box.width || style.visibility === "hidden" || style.clipPath !== "none" || scrolls(element)) continue;
    if (box.left < -1 || box.right > innerWidth + 1) {
      found.push(`${element.tagName} ${element.className}: ${element.textContent.slice(0, 40)} to ${box.right}`);
    }
  }
  return found;
}"""


def assert_fits(page: Page) -> None:
    """Nothing reaches out of the page at its sides."""
    assert page.evaluate(CUT_OFF) == []


def is_dark(page: Page) -> bool:
    """Whether text is lighter than what it stands on."""
    return bool(
        page.evaluate(
            """() => {
              const parts = getComputedStyle(document.querySelector("[role=log]")).color.match(/[\\d.]+/g);
              return parts.slice(0, 3).reduce((sum, part) => sum + Number(part), 0) > 3 * 127;
            }"""
        )
    )


@pytest.mark.parametrize("prefers_dark", [False, True], ids=["prefers light", "prefers dark"])
def test_the_theme_is_the_systems_until_the_visitor_says_otherwise(
    visit: Visit, playground: Playground, prefers_dark: bool
) -> None:
    visitor = visit(playground, dark=prefers_dark)
    visitor.be("ana").goto("#search")
    assert is_dark(visitor.page) is prefers_dark

    visitor.opens("Theme")
    eventually(lambda: is_dark(visitor.page) is not prefers_dark)

    visitor.reload()
    assert is_dark(visitor.page) is not prefers_dark


def test_the_main_path_fits_on_a_phone(visit: Visit, playground: Playground) -> None:
    visitor = visit(playground, **PHONE)
    page = visitor.page
    ana = visitor.be("ana")
    ana.asks("/ai-key $9 7d from a phone on the train")
    assert_fits(page)
    omar = visitor.be("omar").goto("#search")
    card = omar.card("from a phone on the train")
    card.get_by_role("button", name="Approve with changes").click()
    expect(omar.dialog).to_be_visible()
    assert_fits(page)
    omar.closes("Cancel")
    omar.presses("Approve", on=card)
    expect(card).to_contain_text(APPROVED)
    card.get_by_role("button", name=re.compile(r"\d repl")).click()
    expect(omar.thread).to_be_visible()
    assert_fits(page)
    omar.thread.get_by_role("button", name="Close thread").click()

    ana = visitor.be("ana")
    secret = ana.reveals()
    assert_fits(page)
    expect(ana.dialog.get_by_text(secret).first).to_be_in_viewport()
    ana.closes()
    expect(send_prompt(visitor)).to_contain_text("200 ·")
    assert_fits(page)
    for tab in ("Payloads", "Ledger", "Gateway keys"):
        visitor.tab(tab)
        assert_fits(page)
    page.get_by_role("button", name="Close tools").click()
    ana.goto("home")
    assert_fits(page)


def test_the_sidebar_is_a_drawer_on_a_phone(visit: Visit, playground: Playground) -> None:
    visitor = visit(playground, **PHONE)
    ana = visitor.be("ana")
    expect(ana.sidebar).to_be_hidden()
    drawer = ana.region.get_by_role("button", name="Channels", exact=True)

    drawer.click()
    expect(ana.entry("#general")).to_be_in_viewport()
    assert_fits(visitor.page)
    visitor.page.keyboard.press("Escape")
    expect(ana.sidebar).to_be_hidden()

    drawer.click()
    ana.entry("#general").click()
    expect(ana.sidebar).to_be_hidden()
    expect(ana.composer("Message #general")).to_be_visible()


def test_menus_and_panels_fit_on_a_phone(visit: Visit, playground: Playground) -> None:
    visitor = visit(playground, **PHONE)
    visitor.be("ana").goto("#search")
    for name, role in (("Clock", "menu"), ("Break things", "dialog")):
        visitor.opens(name)
        opened = visitor.page.get_by_role(role).last  # type: ignore[arg-type]
        expect(opened).to_be_visible()
        box = opened.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert_fits(visitor.page)
        visitor.page.keyboard.press("Escape")
        expect(opened).to_be_hidden()


def test_two_people_fit_side_by_side_on_a_laptop(visitor: Visitor) -> None:
    ana, omar = visitor.two("ana", "omar")
    visitor.playground.asks("/ai-key $5 2d as wide as it gets", "ben")
    ana.goto("#search").card("as wide as it gets")
    omar.goto("#search").card("as wide as it gets")
    assert_fits(visitor.page)


def test_an_open_list_follows_a_window_that_changes(visitor: Visitor) -> None:
    olga = visitor.be("olga").goto("#search").types("/ai-key")
    models = olga.dialog.get_by_role("combobox", name=re.compile("^Models"))
    models.click()
    options = visitor.page.get_by_role("option")
    expect(options.first).to_be_visible()

    visitor.page.set_viewport_size({"width": 900, "height": 700})

    field, shown = models.bounding_box(), options.first.bounding_box()
    assert field is not None
    assert shown is not None
    assert abs(field["x"] - shown["x"]) < 40
    visitor.page.keyboard.press("Escape")
    olga.closes("Cancel")
