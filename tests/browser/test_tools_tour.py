"""The tour: walked by its own buttons, by hand, put away, asked for again, and never in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_path import send_prompt

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Visit
    from tests.browser.visitor import Visitor
    from tests.playground.visitors import Playground


STEPS = ("Ana asks", "Omar approves", "Ana reveals", "Use the key", "Kill it", "Look behind")


def tour(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("complementary", name="Tour")


def press(visitor: Visitor, label: str) -> None:
    tour(visitor).get_by_role("button", name=label, exact=True).click()


def at_step(visitor: Visitor, number: int) -> None:
    expect(tour(visitor).get_by_role("heading")).to_have_text(f"{number} of 6: {STEPS[number - 1]}")


def test_the_tour_can_be_walked_by_its_own_buttons(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    for step, labels in enumerate(
        (
            ["Type it for me", "Send it"],
            ["Approve as Omar"],
            ["Reveal it for me"],
            ["Send a prompt for me"],
            ["Type it for me", "Send it", "Send another prompt"],
            ["Open the ledger", "Move to Monday"],
        ),
        1,
    ):
        at_step(visitor, step)
        for label in labels:
            press(visitor, label)
    expect(tour(visitor)).to_contain_text("Done", timeout=60_000)
    press(visitor, "Finish")
    expect(tour(visitor)).to_have_count(0)
    visitor.reload()
    expect(tour(visitor)).to_have_count(0)


def test_the_tour_notices_what_is_done_by_hand(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    ana, omar = visitor.two("ana", "omar")
    at_step(visitor, 1)
    card = ana.asks("/ai-key $7 3d something of my own")
    at_step(visitor, 2)
    omar.goto("#search").presses("Approve", on=omar.card("something of my own"))
    expect(card).to_contain_text("Approved by")
    at_step(visitor, 3)
    secret = ana.reveals()
    ana.closes()
    at_step(visitor, 4)
    expect(send_prompt(visitor)).to_contain_text("200 ·")
    at_step(visitor, 5)
    ana.goto("#search").types(f"/ai-disable {secret} a drill").sees("is turned off")
    expect(send_prompt(visitor)).to_contain_text("401 ·")
    at_step(visitor, 6)
    visitor.tab("Ledger")
    visitor.moves_clock("+1 hour")
    expect(tour(visitor)).to_contain_text("Done")


def test_the_tour_goes_back_and_forth_and_comes_back_when_asked_for(visitor: Visitor) -> None:
    at_step(visitor, 1)
    press(visitor, "Next")
    at_step(visitor, 2)
    visitor.page.keyboard.press("Escape")
    at_step(visitor, 2)
    press(visitor, "Back")
    at_step(visitor, 1)
    press(visitor, "Skip the tour")
    visitor.reload()
    expect(tour(visitor)).to_have_count(0)

    visitor.opens("Tour")

    at_step(visitor, 1)
    expect(tour(visitor).get_by_role("heading")).to_be_focused()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_tour_covers_neither_the_composer_nor_a_modal(visit: Visit, playground: Playground, width: int) -> None:
    visitor = visit(playground, width=width)
    ana = visitor.be("ana").goto("#search")
    below = tour(visitor).bounding_box()
    box = ana.composer().bounding_box()
    ana.types("/ai-key")
    expect(ana.dialog).to_be_visible()
    modal = ana.dialog.bounding_box()
    assert below is not None
    assert box is not None
    assert modal is not None
    assert box["y"] + box["height"] <= below["y"]
    assert modal["y"] + modal["height"] <= below["y"]
    ana.closes("Cancel")
