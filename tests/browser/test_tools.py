"""The tools around the workspace: spending a key, moving the clock, looking behind."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.test_main_path import send_prompt
from tests.playground.visitors import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Visit
    from tests.browser.visitor import Visitor
    from tests.playground.visitors import Playground

THREE_HUNDRED_WORDS = "word " * 300
"""For the dearer model this costs about a third of a dollar."""


def masked(secret: str) -> str:
    return f"sk-…{secret[-4:]}"


def behind(visitor: Visitor, tab: str) -> Locator:
    visitor.opens("Look behind")
    return visitor.tab(tab)


def approve(playground: Playground) -> None:
    playground.post("press", {"as": "omar", "label": "Approve", "channel": "search"})


# --- the terminal ---


def test_a_revealed_key_is_ready_in_the_terminal_and_shows_what_it_costs(visitor: Visitor) -> None:
    ana = visitor.be("ana")
    ana.asks("/ai-key $5 2d spend it in the terminal")
    approve(visitor.playground)
    secret = ana.reveals()
    ana.closes()

    log = send_prompt(visitor)

    expect(log).to_contain_text("hello from the mock model")
    expect(log).to_contain_text(re.compile(r"200 · \$0\.0000\d+ · \d+ ms · spent with this key here \$0\.0000\d+"))
    terminal = visitor.page.get_by_role("tabpanel", name="Terminal")
    expect(terminal.get_by_role("textbox", name="Key")).to_have_value(masked(secret))
    assert secret not in terminal.inner_text()
    terminal.get_by_role("button", name="Show").click()
    expect(terminal.get_by_role("textbox", name="Key")).to_have_value(secret)
    terminal.get_by_role("button", name="Hide").click()
    terminal.get_by_role("button", name="Copy lines").click()
    copied = "navigator.clipboard.readText()"
    eventually(lambda: f'export OPENAI_API_KEY="{secret}"' in visitor.page.evaluate(copied))
    assert f'export OPENAI_BASE_URL="{visitor.playground.gateway}' in visitor.page.evaluate(copied)


def test_typing_over_a_masked_key_replaces_it(visitor: Visitor) -> None:
    secret = visitor.playground.key("/ai-key $5 2d type over it", "ben")
    expect(send_prompt(visitor, secret)).to_contain_text("hello from the mock model")
    field = visitor.page.get_by_role("textbox", name="Key")
    visitor.page.get_by_role("textbox", name="Prompt").focus()
    expect(field).to_have_value(masked(secret))

    field.focus()
    visitor.page.keyboard.press("End")
    visitor.page.keyboard.type("sk-not-a-key-of-ours")
    visitor.page.get_by_role("textbox", name="Prompt").press("Enter")

    expect(visitor.page.get_by_role("log", name="Terminal")).to_contain_text("The gateway knows no such key")


def test_many_prompts_stop_at_the_cap_and_say_so(visitor: Visitor) -> None:
    secret = visitor.playground.key("/ai-key $1 1d run into the cap", "ben")
    visitor.opens("Terminal")
    terminal = visitor.page.get_by_role("tabpanel", name="Terminal")
    terminal.get_by_role("textbox", name="Key").fill(secret)
    terminal.get_by_role("combobox", name="Model").select_option("mock-expensive")
    terminal.get_by_role("textbox", name="Prompt").fill(THREE_HUNDRED_WORDS)

    terminal.get_by_role("button", name="Send 20").click()

    log = terminal.get_by_role("log", name="Terminal")
    expect(log).to_contain_text("The cap is reached: this key cannot spend any more.")
    expect(log).to_contain_text("Budget has been exceeded")
    expect(log).to_contain_text(re.compile(r"[34] prompts answered for \$1\.\d\d\."))


def test_a_key_that_was_turned_off_is_refused_in_plain_words(visitor: Visitor) -> None:
    secret = visitor.playground.key("/ai-key $5 1d turn it off again", "ben")
    expect(send_prompt(visitor, secret)).to_contain_text("200 ·")
    visitor.be("fay").goto("#search").types(f"/ai-disable {secret} found in a log").sees("is turned off")

    log = send_prompt(visitor, secret)

    expect(log).to_contain_text("401 · Authentication Error, Key is blocked.")
    expect(log).to_contain_text("The key is turned off.")


# --- the clock ---


def test_the_clock_goes_where_it_says(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    visitor.be("omar")
    clock = visitor.banner.get_by_role("button", name="Clock")
    visitor.opens("Clock")
    items = visitor.page.get_by_role("menuitem")
    expect(items).to_have_text(
        [re.compile(name) for name in ("^.1 hour", "^Tomorrow", "^Next Monday 09:00", "^Month end")]
    )
    visitor.page.keyboard.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    visitor.page.keyboard.press("Escape")
    expect(clock).to_be_focused()
    visitor.opens("Clock")
    said = items.nth(1).inner_text().splitlines()[-1]

    visitor.page.keyboard.press("ArrowDown")
    visitor.page.keyboard.press("Enter")

    expect(clock).to_contain_text("Time passes")
    expect(visitor.page.locator(".toast").get_by_text(re.compile(r"^It is \w+day \d+ \w+, 09:00$"))).to_be_visible()
    expect(clock).to_contain_text(said.split(" · ", 1)[0])
    assert own_playground.get("clock")["moved_seconds"] > 0


# --- looking behind ---


def test_payloads_are_listed_newest_first_with_keys_masked(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    secret = own_playground.key("/ai-key $5 2d look at the payloads", "ben")
    payloads = behind(visitor, "Payloads")
    visitor.be("fay").goto("#search").types(f"/ai-disable {secret} seen in a payload")
    payloads.get_by_role("searchbox", name="Filter payloads").fill("seen in a payload")
    found = payloads.get_by_role("option")
    sent = found.filter(has_text="/ai-disable")
    expect(sent).to_have_count(1)

    sent.click()

    detail = payloads.get_by_role("group", name="The payload")
    expect(detail).to_contain_text("seen in a payload")
    expect(detail).to_contain_text(masked(secret))
    assert secret not in payloads.inner_text()
    payloads.get_by_role("searchbox").fill("")
    expect(found.nth(3)).to_be_visible()
    start = found.nth(1).get_attribute("data-key")
    payloads.locator(f"#payload-{start}").click()
    for _ in range(2):
        visitor.page.keyboard.press("ArrowDown")
    expect(payloads.get_by_role("option", selected=True)).to_have_id(f"payload-{int(start or 0) - 2}")


def test_what_slack_would_refuse_is_shown_in_red(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    own_playground.post("switches", {"slack_rate_limited": True})
    visitor.be("ana").goto("#search").types("/ai-key $5 2d refused for a moment")

    payloads = behind(visitor, "Payloads")

    refused = payloads.get_by_role("option").filter(has_text="429").first
    expect(refused.locator(".insp-bad")).to_contain_text("429")
    expect(payloads.get_by_role("status")).to_contain_text("refused")


def test_ledger_rows_appear_as_they_are_written_and_the_chain_is_whole(visitor: Visitor) -> None:
    ledger = behind(visitor, "Ledger")
    expect(ledger.get_by_role("status")).to_contain_text(re.compile(r"The chain of \d+ rows is whole"))
    before = ledger.get_by_role("row").count()

    visitor.be("ben").asks("/ai-key $5 2d written in the ledger")

    row = ledger.get_by_role("row").filter(has_text="written in the ledger")
    expect(row).to_contain_text(re.compile(r"Ben\s*request\.made"))
    expect(row).to_contain_text("$5")
    assert ledger.get_by_role("row").count() > before
    chain = ledger.get_by_role("status")
    expect(chain).to_contain_text(re.compile(r"The chain of \d+ rows is whole, and the books agree with it"))
    assert int(re.findall(r"\d+", chain.inner_text())[0]) >= before, "one row more at least; the first is the heading"


def test_a_key_turned_off_no_longer_works_in_the_gateways_list(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    secret = own_playground.key("/ai-key $5 2d seen in the gateway", "ben")
    keys = behind(visitor, "Gateway keys")
    row = keys.get_by_role("row").filter(has_text="ben-")
    expect(row).to_contain_text(re.compile(r"Ben\s*active.*\$5.*yes$"))

    visitor.be("fay").goto("#search").types(f"/ai-disable {secret} lost it")

    expect(row).to_contain_text(re.compile(r"no$"))


def test_a_row_that_was_rewritten_is_said_to_break_the_chain(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    ledger = behind(visitor, "Ledger")
    expect(ledger.get_by_role("status")).to_contain_text("is whole")
    with contextlib.closing(sqlite3.connect(own_playground.data / "purser.db")) as books, books:
        for (name,) in books.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            books.execute(f"DROP TRIGGER {name}")
        books.execute("UPDATE ledger SET reason = 'nothing to see here' WHERE seq = 2")

    visitor.be("ben").asks("/ai-key $5 2d look at the ledger again")

    expect(ledger.get_by_role("status")).to_have_text("The chain is broken.")
    expect(ledger.get_by_text("Row 2 is wrong")).to_be_visible()
