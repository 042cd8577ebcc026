"""What the page shows when time passes, the bot dies, the playground is started again, or Slack has more to offer."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect

from tests.browser.conftest import Start, Visit
from tests.browser.test_main_path import APPROVED, send_prompt
from tests.playground.visitors import ROOT, Playground, eventually

MOST_DAYS = 5
LEASE_MS = 100_000


def test_a_key_warns_before_its_time_is_over_and_then_is_refused(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    own_playground.key("/ai-key $5 2d only for two days", "ana")
    secret = own_playground.key("/ai-key $5 2d only for two days more", "ben")
    ben = visitor.be("ben").goto("dm")
    warning, over = re.compile("stops working in less than"), re.compile("The time of .* is over")

    for _ in range(MOST_DAYS):
        visitor.moves_clock("Tomorrow")
        if ben.message(over).count():
            break
        if ben.message(warning).count():
            expect(ben.message(warning).get_by_role("button", name="Extend", exact=True)).to_be_visible()
            expect(send_prompt(visitor, secret)).to_contain_text("200 ·")

    told = ben.sees(over)
    assert "Recorded off" in told.inner_text()
    texts = ben.log.get_by_role("article").all_inner_texts()
    first = next(at for at, text in enumerate(texts) if warning.search(text))
    assert first < next(at for at, text in enumerate(texts) if over.search(text))
    expect(send_prompt(visitor, secret)).to_contain_text("401 ·")


@pytest.mark.parametrize("when", ["just before the click", "just after the click"])
def test_a_bot_killed_in_mid_approval_makes_one_decision_and_one_key(
    visit: Visit, own_playground: Playground, when: str
) -> None:
    visitor = visit(own_playground)
    ana, omar = visitor.two("ana", "omar")
    ana.asks("/ai-key $5 2d outlive the bot")
    card = omar.goto("#search").card("outlive the bot")
    approve = card.get_by_role("button", name="Approve", exact=True)
    keys_before = len(own_playground.get("gateway/keys")["keys"])
    bot = own_playground.get("bot")["pid"]

    if when == "just before the click":
        os.kill(bot, signal.SIGKILL)
        approve.click()
    else:
        approve.click()
        os.kill(bot, signal.SIGKILL)
    eventually(lambda: (now := own_playground.get("bot"))["connected"] and now["pid"] not in (0, bot), 60)
    expect(card.locator("[aria-busy=true]")).to_have_count(0, timeout=15_000)  # the click was answered, or given up
    if approve.count():
        approve.click()

    # What the dead bot had in hand is free for the next one when its lease is over.
    expect(card).to_contain_text(APPROVED, timeout=LEASE_MS)
    secret = ana.reveals()
    ana.closes()
    expect(send_prompt(visitor, secret)).to_contain_text("200 ·")
    assert len(own_playground.get("gateway/keys")["keys"]) == keys_before + 1
    approvals = [row for row in own_playground.get("ledger")["rows"] if row["action"] == "request.approved"]
    assert len(approvals) == 1


def test_the_page_comes_back_as_it_was(start: Start, visit: Visit) -> None:
    first = start()
    visitor = visit(first, outage=True)
    silence = visitor.page.get_by_text("The playground does not answer")
    ben, omar = visitor.two("ben", "omar")
    ben.asks("/ai-key $5 2d still here tomorrow")
    omar.goto("#search").card("still here tomorrow")
    ben.goto("#general").types("a line to remember", "Message #general")
    ben.sees("a line to remember")

    visitor.reload()

    ben.sees("a line to remember")
    omar.card("still here tomorrow")
    first.stop()
    expect(silence).to_be_visible()

    visitor.plays_on(start())

    expect(silence).to_have_count(0)
    ben.sees("a line to remember")
    card = omar.card("still here tomorrow")
    omar.presses("Approve", on=card)
    expect(card).to_contain_text(APPROVED)


def test_a_message_shortcut_of_the_manifest_is_in_the_messages_menu(start: Start, visit: Visit, tmp_path: Path) -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    shortcut = {"name": "Look closer", "type": "message", "callback_id": "look_closer", "description": "For a test"}
    manifest["features"]["shortcuts"] = [shortcut]
    written = tmp_path / "manifest.yml"
    written.write_text(yaml.safe_dump(manifest), encoding="utf-8")
    playground = start("--manifest", str(written))
    visitor = visit(playground)
    playground.asks("/ai-key $5 2d look at it closely")
    card = visitor.be("fay").goto("#search").card("look at it closely")
    card.hover()
    card.get_by_role("button", name="More actions").click()

    visitor.page.get_by_role("menuitem", name=re.compile("^Look closer")).click()

    def payload() -> dict | None:
        entries = playground.get("journal")["entries"]
        return next((entry for entry in entries if (entry.get("body") or {}).get("type") == "message_action"), None)

    sent = eventually(payload)["body"]
    assert sent["callback_id"] == "look_closer"
    assert sent["user"]["name"] == "fay"
    assert sent["message"]["blocks"]
