"""What a visitor can break: that it has its effect, that it is said, and that it mends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.test_main_path import send_prompt
from tests.browser.test_tools import approve, behind
from tests.playground.visitors import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Visit
    from tests.browser.visitor import Visitor
    from tests.playground.visitors import Playground


def panel(visitor: Visitor) -> Locator:
    """Everything that can be broken."""
    shown = visitor.page.get_by_role("dialog", name="Break things")
    if not shown.count():
        visitor.opens("Break things")
    return shown


def turn(visitor: Visitor, name: str, *, on: bool) -> None:
    switch = panel(visitor).get_by_role("switch", name=name)
    switch.click()
    expect(switch).to_have_attribute("aria-checked", str(on).lower())
    visitor.page.keyboard.press("Escape")


def test_a_gateway_that_is_down_says_so_until_it_is_mended(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    ana = visitor.be("ana")
    ana.asks("/ai-key $5 2d while it is down")
    approve(own_playground)
    turn(visitor, "Gateway down", on=True)
    expect(visitor.banner.get_by_role("status").filter(has_text="Gateway down")).to_be_visible()

    ana.goto("dm").presses("Reveal key", on=ana.log)
    expect(ana.dialog).to_contain_text("No key yet")
    ana.closes()
    expect(send_prompt(visitor, "sk-whatever-it-may-be")).to_contain_text("The gateway cannot be reached")
    visitor.banner.get_by_role("button", name="Mend everything").click()
    expect(visitor.banner.get_by_text("Gateway down")).to_be_hidden()
    visitor.moves_clock("+1 hour")  # by then the bot knows that no key was left over

    ana.reveals()
    ana.closes()
    expect(send_prompt(visitor)).to_contain_text("200 ·")


def test_a_slow_gateway_takes_its_time(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    secret = own_playground.key("/ai-key $5 2d wait for it", "ben")
    turn(visitor, "Gateway slow", on=True)
    expect(send_prompt(visitor, secret)).to_contain_text(re.compile(r"200 · \S+ · 5\d\d\d ms"))
    turn(visitor, "Gateway slow", on=False)
    expect(send_prompt(visitor, secret)).to_contain_text(re.compile(r"200 · \S+ · \d{1,3} ms"))


def test_a_lost_reply_still_makes_one_key(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    ana = visitor.be("ana")
    ana.asks("/ai-key $5 2d lose the reply")
    approve(own_playground)
    turn(visitor, "Lose the next reply", on=True)
    ana.goto("dm").presses("Reveal key", on=ana.log)
    expect(visitor.banner.get_by_text("Lose the next reply")).to_be_hidden()
    expect(ana.dialog).to_contain_text(re.compile("No key yet|sk-"))
    if "No key yet" in ana.dialog.inner_text():
        ana.closes()
        ana.reveals()
    ana.closes()

    keys = behind(visitor, "Gateway keys")

    expect(keys).to_contain_text("1 of them working")


def test_what_a_rate_limit_held_back_arrives_once_it_is_off(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    ana = visitor.be("ana").goto("#search")
    turn(visitor, "Slack rate-limited", on=True)
    ana.types("/ai-key $5 2d held back for a while")
    eventually(lambda: any(entry["status"] == 429 for entry in own_playground.get("journal")["entries"]))
    assert ana.log.get_by_role("article").filter(has_text="asks for a temporary key").count() == 0

    turn(visitor, "Slack rate-limited", on=False)

    expect(ana.log.get_by_role("article").filter(has_text="asks for a temporary key")).to_be_visible(timeout=60_000)


def test_a_killed_bot_is_back_and_counts_its_starts(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    before = own_playground.get("bot")["pid"]
    expect(panel(visitor)).to_contain_text(f"Running · process {before} · started once")

    panel(visitor).get_by_role("button", name="Kill the bot").click()

    expect(panel(visitor)).to_contain_text(re.compile(r"Back after \d+\.\d s"))
    expect(panel(visitor)).to_contain_text("started 2 times")
    assert own_playground.get("bot")["pid"] != before


def test_somebody_leaves_and_comes_back(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    panel(visitor).get_by_role("combobox", name="Who leaves").select_option("fay")
    panel(visitor).get_by_role("button", name="Deactivate Fay").click()
    back = panel(visitor).get_by_role("button", name="Bring Fay back")
    expect(back).to_be_visible()
    assert "fay" not in own_playground.get("watch", person="ana", wait=0)["badges"]

    back.click()

    expect(panel(visitor).get_by_role("button", name="Deactivate Fay")).to_be_visible()
    assert "fay" in own_playground.get("watch", person="ana", wait=0)["badges"]


def test_a_revealed_key_can_be_pasted_into_the_channel(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    ana = visitor.be("ana")
    paste = panel(visitor).get_by_role("button", name="Paste a key in #search")
    expect(paste).to_be_disabled()
    visitor.page.keyboard.press("Escape")
    ana.asks("/ai-key $5 2d paste it where all can read")
    approve(own_playground)
    secret = ana.reveals()
    ana.closes()

    panel(visitor).get_by_role("combobox", name="Who pastes it").select_option("gus")
    paste.click()

    visitor.page.keyboard.press("Escape")
    ana.goto("#search").sees(secret)


def test_a_runaway_script_spends_until_its_key_is_off_and_a_reload_finds_it(
    visit: Visit, own_playground: Playground
) -> None:
    visitor = visit(own_playground)
    ana = visitor.be("ana")
    go = panel(visitor).get_by_role("button", name="Let it run")
    expect(go).to_be_disabled()
    visitor.page.keyboard.press("Escape")
    ana.asks("/ai-key $25 2d let it run away")
    approve(own_playground)
    secret = ana.reveals()
    ana.closes()

    expect(panel(visitor).get_by_role("combobox", name="Whose key it uses")).to_contain_text(
        f"sk-…{secret[-4:]} of Ana"
    )
    go.click()
    meter = visitor.banner.get_by_role("group", name="Runaway script")
    expect(meter).to_contain_text(re.compile(r"ana-\w{4} is spending \$[0-9.]+"))
    visitor.reload()
    expect(meter).to_contain_text("is spending")

    ana = visitor.be("ana").goto("#search").types(f"/ai-disable {secret}")

    expect(meter).to_contain_text(re.compile(r"was turned away after \$\d+\.\d\d|was turned away after \$0\.\d+"))
    expect(panel(visitor)).to_contain_text("Then the gateway answered 401: the key is off.")
    visitor.page.keyboard.press("Escape")
    meter.get_by_role("button", name="Dismiss the runaway script").click()
    expect(meter).to_be_hidden()


def test_a_runaway_script_is_stopped_by_hand(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    ana = visitor.be("ana")
    ana.asks("/ai-key $25 2d stop it by hand")
    approve(own_playground)
    ana.reveals()
    ana.closes()
    panel(visitor).get_by_role("button", name="Let it run").click()
    meter = visitor.banner.get_by_role("group", name="Runaway script")
    expect(meter).to_contain_text("is spending")
    panel(visitor).get_by_role("button", name="Stop it").click()
    expect(meter).to_contain_text("stopped after")
    expect(panel(visitor)).to_contain_text("You stopped it; the key still works.")
