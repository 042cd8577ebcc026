"""The page without a mouse: everything is reached, nothing holds the focus, and it comes back to where it was."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.visitor import SECRET, Seat, Visitor
from tests.playground.visitors import Playground

MOST_STEPS = 150
FOCUSED = """() => {
  const element = document.activeElement;
  const words = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
  const inside = Boolean(element.closest("[role=dialog], dialog"));
  return [element === document.body ? "" : words.trim().replace(/\\s+/g, " "), inside];
}"""


@dataclass
class Keyboard:
    """Somebody who only has a keyboard."""

    page: Page

    def focused(self) -> str:
        """What the focus is on, by name; nothing at all is the empty string."""
        name: str = self.page.evaluate(FOCUSED)[0]
        return name

    def inside_dialog(self) -> bool:
        return bool(self.page.evaluate(FOCUSED)[1])

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, name: str, *, back: bool = False) -> list[str]:
        """Press Tab until the focus is on something with this name (a pattern); what was passed on the way."""
        passed: list[str] = []
        for _ in range(MOST_STEPS):
            self.press("Shift+Tab" if back else "Tab")
            now = self.focused()
            if re.search(name, now):
                return passed
            passed.append(now)
        raise AssertionError(f"{name!r} is not reached by Tab:\n" + "\n".join(passed))

    def is_shown(self) -> bool:
        """Whether the focus can be seen: an outline or a ring around what has it."""
        return bool(
            self.page.evaluate(
                """() => {
                  let element = document.activeElement;
                  for (let up = 0; element && up < 3; up += 1, element = element.parentElement) {
                    const style = getComputedStyle(element);
                    if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) return true;
                    if (style.boxShadow !== "none") return true;
                  }
                  return false;
                }"""
            )
        )


def becomes(keyboard: Keyboard, visitor: Visitor, name: str) -> Seat:
    keyboard.tab_to(f"^Be {name.capitalize()},", back=True)
    keyboard.press("Enter")
    seat = Seat(visitor, name)
    expect(seat.region).to_be_visible()
    return seat


def test_the_main_path_goes_by_keyboard_alone(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    ana = visitor.be("ana").goto("#search")
    keyboard = Keyboard(visitor.page)
    keyboard.tab_to("^Message #search$")
    visitor.page.keyboard.type("/ai-key $5 2d keys by keyboard")
    keyboard.press("Enter")
    ana.card("keys by keyboard")
    expect(ana.composer()).to_be_focused()

    omar = becomes(keyboard, visitor, "omar")
    keyboard.tab_to("^Approve$")
    assert keyboard.is_shown()
    keyboard.press("Enter")
    expect(omar.card("keys by keyboard")).to_contain_text("Approved by @Omar")
    assert keyboard.focused(), "the focus is lost with the button it was on"

    ana = becomes(keyboard, visitor, "ana")
    keyboard.tab_to("^Purser, 1 unread$")
    keyboard.press("Enter")
    ana.sees("You can have your key")
    keyboard.tab_to("^Reveal key$", back=True)
    keyboard.press("Space")
    expect(ana.dialog).to_contain_text(SECRET)
    assert keyboard.inside_dialog()
    keyboard.press("Escape")
    expect(ana.dialogs).to_have_count(0)
    assert keyboard.focused(), "the focus is lost with the modal"


def test_tab_goes_through_the_page_in_its_order_and_out_again(visitor: Visitor) -> None:
    visitor.playground.asks("/ai-key $5 2d pass it by keyboard", "ben")
    visitor.be("ana").goto("#search").card("pass it by keyboard")
    keyboard = Keyboard(visitor.page)
    keyboard.tab_to("^$")  # out at the end, and in again at the beginning
    trail = keyboard.tab_to("^$")
    at = [next(index for index, name in enumerate(trail) if re.search(pattern, name))
          for pattern in ("^Clock", "^Be Ana", "^search", "^Message #search$")]  # fmt: skip
    assert at == sorted(at)
    assert len([name for name in trail if name.startswith("Be Ana")]) == 1


def test_a_modal_keeps_the_focus_and_gives_it_back(visitor: Visitor) -> None:
    ana = visitor.be("ben").goto("#search").types("/ai-key")
    expect(ana.dialog).to_have_accessible_name("Ask for a key")
    keyboard = Keyboard(visitor.page)
    expect(
        ana.dialog.get_by_label("Cap in US dollars").or_(ana.dialog.get_by_role("radio").first).first
    ).to_be_visible()
    assert keyboard.inside_dialog()
    first = keyboard.focused()
    passed = keyboard.tab_to(f"^{re.escape(first)}$|^Message #")
    assert "Next" in passed
    assert keyboard.focused() == first or not keyboard.focused().startswith("Message #")

    keyboard.press("Escape")

    expect(ana.dialogs).to_have_count(0)
    expect(ana.composer()).to_be_focused()


def test_a_thread_is_left_to_where_it_was_opened(visitor: Visitor) -> None:
    visitor.playground.asks("/ai-key $5 2d open the thread by keyboard", "ana")
    ana = visitor.be("ana").goto("#search")
    ana.card("open the thread by keyboard")
    keyboard = Keyboard(visitor.page)
    keyboard.tab_to("^Message #search$")
    keyboard.tab_to("^Reply in thread$", back=True)
    keyboard.press("Enter")
    expect(ana.composer("Reply in thread")).to_be_focused()
    visitor.page.keyboard.type("one line")
    keyboard.press("Shift+Enter")
    visitor.page.keyboard.type("another line")
    keyboard.press("Enter")
    expect(ana.thread.get_by_role("article").filter(has_text="another line")).to_contain_text("one line")

    keyboard.press("Escape")

    expect(ana.thread).to_have_count(0)
    assert re.search("1 reply", keyboard.focused())


def test_menus_open_move_and_close_by_keyboard(visitor: Visitor) -> None:
    visitor.be("ana").goto("#search")
    keyboard = Keyboard(visitor.page)
    visitor.banner.get_by_role("button", name=re.compile("^Clock")).focus()
    keyboard.press("Enter")
    items = visitor.page.get_by_role("menuitem")
    expect(items).to_have_count(4)
    expect(items.first).to_be_focused()
    keyboard.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    keyboard.press("End")
    expect(items.nth(3)).to_be_focused()
    keyboard.press("Escape")
    expect(items).to_have_count(0)
    assert keyboard.focused().startswith("Clock")

    visitor.banner.get_by_role("button", name="Look behind").focus()
    keyboard.press("Enter")
    expect(visitor.page.get_by_role("tabpanel", name="Payloads")).to_be_visible()
    visitor.page.get_by_role("tab", name="Payloads").focus()
    keyboard.press("ArrowRight", "Enter")
    expect(visitor.page.get_by_role("tabpanel", name="Ledger")).to_be_visible()
    keyboard.press("Escape")
    expect(visitor.page.get_by_role("tabpanel")).to_have_count(0)
    assert keyboard.focused() == "Look behind"
