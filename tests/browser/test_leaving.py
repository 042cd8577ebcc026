"""Somebody leaves the playground's workspace: what the others see of it in their browsers."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_budgets import says
from tests.browser.test_tools_breaking import panel
from tests.playground.visitors import Playground

MEMBER = "/ai-key member $50 daily work"
AUTOMATION = "/ai-key automation nightly-report $90 $10/day @ben nightly report"
SWEPT_MS = 60_000


def leaves(visit: Visit, playground: Playground, button: str) -> None:
    says(playground, "olga", "/ai-budget set team $2,000")
    for line in (MEMBER, AUTOMATION):
        playground.key(line, "ben")
    visitor = visit(playground)
    panel(visitor).get_by_role("combobox", name="Who leaves").select_option("ben")
    panel(visitor).get_by_role("button", name=button).click()


def test_a_leavers_own_key_goes_off_and_an_owner_takes_over_the_other(visit: Visit, own_playground: Playground) -> None:
    leaves(visit, own_playground, "Deactivate Ben")
    omar = visit(own_playground).be("omar").goto("#search")
    told = omar.sees("the account is deactivated")
    expect(told).to_contain_text("recorded off")

    told.get_by_role("button", name="Take over").click()

    expect(told).to_contain_text("@Omar took over")
    expect(told.get_by_role("button", name="Take over")).to_have_count(0)


def test_a_lost_event_is_made_up_for_by_the_next_days_sweep(visit: Visit, own_playground: Playground) -> None:
    leaves(visit, own_playground, "… and lose the event")
    visitor = visit(own_playground)
    omar = visitor.be("omar").goto("#search")
    expect(omar.message("works on and waits for somebody")).to_have_count(0)

    visitor.moves_clock("Tomorrow")

    told = omar.message("works on and waits for somebody")
    expect(told).to_contain_text("recorded off", timeout=SWEPT_MS)
