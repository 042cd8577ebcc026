"""A key that runs away and a key that is pasted for all to read, lived through at the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.test_tools import approve
from tests.browser.test_tools_breaking import panel

if TYPE_CHECKING:
    from tests.browser.conftest import Visit
    from tests.playground.visitors import Playground

NOTICED_MS = 90_000
"""The playground looks at spend every ten seconds, and the script needs some to come to five dollars."""


def test_a_key_that_runs_away_is_noticed_told_and_stopped(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    ana = visitor.be("ana")
    ana.asks("/ai-key $50 7d run away with it")
    approve(own_playground)
    ana.reveals()
    ana.closes()
    panel(visitor).get_by_role("button", name="Let it run").click()
    visitor.page.keyboard.press("Escape")

    omar = visitor.be("omar").goto("#search")
    told = omar.message("of its cap at once")
    expect(told).to_be_visible(timeout=NOTICED_MS)
    expect(told).to_contain_text("It still works.")
    expect(told.get_by_role("img", name=re.compile("What was spent in each of"))).to_be_visible()
    omar.presses("Acknowledge", on=told)
    expect(told).to_contain_text("@Omar looks after it.")
    told.get_by_role("button", name=re.compile("repl")).click()
    expect(omar.thread).to_contain_text("Retry loop:")

    omar.presses("Disable now", on=told)
    visitor.page.get_by_role("dialog", name="Turn this key off?").get_by_role("button", name="Disable now").click()

    expect(told).to_contain_text("Off. Turned off by @Omar")
    expect(told).to_contain_text("Recorded off:")
    expect(visitor.banner.get_by_role("group", name="Runaway script")).to_contain_text("was turned away after")
    expect(omar.thread).to_contain_text("Off is proven:")


def test_a_key_pasted_into_a_watched_channel_is_turned_off_at_once(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    ana = visitor.be("ana")
    ana.asks("/ai-key $5 2d paste it where Purser looks")
    approve(own_playground)
    secret = ana.reveals()
    ana.closes()
    omar = visitor.be("omar").goto("#search").types("/ai-team watch on")
    omar.sees("Leak watch is on in this channel")

    panel(visitor).get_by_role("combobox", name="Who pastes it").select_option("ben")
    panel(visitor).get_by_role("button", name="Paste a key in #search").click()
    visitor.page.keyboard.press("Escape")

    told = omar.message("was found where others can read it")
    expect(told).to_contain_text("Off. Purser stopped it at once")
    expect(told).to_contain_text("Probed: a call with the pasted key was refused")
    expect(told).to_contain_text("It was posted by @Ben in #search")
    assert secret not in told.inner_text()
    visitor.be("ana").goto("dm").sees("it never works again")
