"""A budget's life at the page: a key asked for by form, spent up, told, raised, back; and back with the month, too."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.test_accessible import LOOKS, violations
from tests.browser.test_tools_breaking import panel, turn
from tests.playground.visitors import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Visit
    from tests.browser.visitor import Seat, Visitor
    from tests.playground.visitors import Playground

WORDS = "word " * 150
"""For the dearer model a prompt of so many costs about 18 cents."""
AUTOMATION = "/ai-key automation nightly-evals $20 $10/day @ana nightly relevance evals"
REASON = "nightly relevance evals"
USED_UP = "is used up"


def looks(playground: Playground) -> None:
    """Let the moment come at which Purser looks at spend next: it does every ten seconds here."""
    playground.post("clock", advance_seconds=11)


def says(playground: Playground, person: str, line: str) -> None:
    """Somebody else types a command, and has an answer."""
    before = len(playground.get("state", person=person)["ephemerals"])
    assert playground.post("command", {"as": person, "channel": "search", "text": line})["status"] == 200
    eventually(lambda: len(playground.get("state", person=person)["ephemerals"]) > before)


def spend(visitor: Visitor) -> Locator:
    """Send twenty dear prompts from the terminal, or as many as are answered; the terminal's output."""
    if visitor.page.get_by_role("tabpanel", name="Terminal").count() == 0:
        visitor.opens("Terminal")
    terminal = visitor.tab("Terminal")
    terminal.get_by_role("combobox", name="Model").select_option("mock-expensive")
    terminal.get_by_role("textbox", name="Prompt").fill(WORDS)
    log = terminal.get_by_role("log", name="Terminal")
    before = log.get_by_text("answered for").count()
    terminal.get_by_role("button", name="Send 20").click()
    expect(log.get_by_text("answered for")).to_have_count(before + 1)
    return log


def by_form(ana: Seat) -> None:
    """Ana asks for an automation key, and reads what it would take from which limit."""
    ana.goto("#search").types("/ai-key")
    expect(ana.dialog).to_have_accessible_name("Ask for a key")
    ana.dialog.get_by_role("radio", name=re.compile("^Automation")).check()
    ana.fills("Cap in US dollars", "$20").fills("Name", "nightly-evals").fills("What is it for?", REASON)
    ana.presses("Next")
    expect(ana.dialog.get_by_label("Cap per day")).to_have_accessible_description(re.compile("needs a cap per day"))
    ana.fills("Cap per day", "$10")
    lead = ana.dialog.get_by_role("combobox", name=re.compile("^Lead"))
    lead.fill("ana")
    lead.press("Enter")
    ana.presses("Next")
    expect(ana.dialog).to_have_accessible_name("Check your request")
    expect(ana.dialog).to_contain_text("$20 a month, $10 a day")
    expect(ana.dialog).to_contain_text("$500 left now, $480 after this")
    ana.presses("Send request")
    expect(ana.dialog).to_contain_text("You asked for")
    ana.closes()


def raise_it(omar: Seat, alert: Locator, until: str) -> None:
    """Omar asks for a dollar more on the alert, with a day from the calendar."""
    omar.presses("Raise", on=alert)
    expect(omar.dialog).to_have_accessible_name("Ask for a raise")
    expect(omar.dialog.get_by_role("combobox", name="Which limit")).to_have_value(re.compile("^Team search"))
    day = omar.dialog.get_by_label("Until")
    expect(day).not_to_have_value("")
    day.fill("")
    omar.fills("By how much", "$1").fills("What is it for?", "the evals of the release").presses("Ask")
    expect(day).to_have_accessible_description(re.compile("required"))
    day.fill(until)
    omar.presses("Ask")
    expect(omar.dialog).to_contain_text("You asked for")
    omar.closes()


def test_a_team_reaches_its_budget_is_raised_and_comes_back_with_the_month(
    visit: Visit, own_playground: Playground
) -> None:
    visitor = visit(own_playground)
    visitor.page.get_by_role("button", name="Skip the tour").click()
    by_form(visitor.be("ana"))
    ana, omar = visitor.two("ana", "omar")
    card = omar.goto("#search").card(REASON)
    omar.presses("Approve", on=card)
    expect(card).to_contain_text("Approved by @Omar.")
    ana.reveals()
    ana.closes()
    says(own_playground, "olga", "/ai-budget set team $3")
    expect(spend(visitor)).to_contain_text(re.compile(r"20 prompts answered for \$3\.\d\d"))

    looks(own_playground)

    alert = omar.sees(f"The budget of team search {USED_UP}")
    expect(alert).to_contain_text(re.compile(r"nightly-evals-\w{4} \(automation, led by @Ana\): recorded off"))
    expect(alert).to_contain_text("past the limit")
    expect(card).to_contain_text("team search reached its budget: $3.")
    expect(ana.sees("was stopped.")).to_contain_text("or with a raise")
    expect(spend(visitor)).to_contain_text("The key is turned off.")
    visitor.page.get_by_role("button", name="Close tools").click()

    until = datetime.fromisoformat(own_playground.get("clock")["now"]) + timedelta(days=40)
    raise_it(omar, alert, f"{until:%Y-%m-%d}")
    asked = omar.card("the evals of the release")
    omar.presses("Approve", on=asked)
    expect(omar.message("Only visible to you").last).to_contain_text("own")
    olga, ana = visitor.two("olga", "ana")
    olga.goto("#search")
    ana.goto("dm")
    asked = olga.card("the evals of the release")
    olga.presses("Approve", on=asked)
    expect(asked).to_contain_text("is $4 a month through")
    looks(own_playground)
    expect(olga.message(USED_UP)).to_contain_text("1 key works again")
    ana.sees("works again.")
    expect(spend(visitor)).to_contain_text(re.compile(r"\d+ prompts answered for \$[1-9]"))

    looks(own_playground)
    alert = olga.sees(re.compile(r"is used up: \$\d\.\d\d of \$4 a month"))
    expect(alert).to_contain_text("recorded off")
    visitor.moves_clock("Month end")

    turned = olga.sees("A new month has begun for team search")
    expect(turned).to_contain_text(re.compile(r"Back: nightly-evals-\w{4}"))
    expect(olga.log.get_by_role("article").filter(has_text="A new month has begun")).to_have_count(1)
    expect(alert).to_contain_text("That month is over.")
    expect(alert.get_by_role("button", name="Raise")).to_have_count(0)
    ana.sees("A new period began")
    expect(spend(visitor)).to_contain_text(re.compile(r"20 prompts answered for \$3\.\d\d"))


def test_what_limits_show_can_be_used_by_everybody(visit: Visit, own_playground: Playground) -> None:
    secret = own_playground.key(AUTOMATION)
    visitor = visit(own_playground, **LOOKS["dark phone"])
    ana = visitor.be("ana").goto("#search").types("/ai-budget")
    expect(ana.sees("Your limits")).to_contain_text("[----------] 0 percent spent: $0 of $10 a day")
    says(own_playground, "olga", "/ai-budget set team $1")
    for _ in range(6):
        own_playground.post("chat", key=secret, model="mock-expensive", prompt=WORDS)
    looks(own_playground)
    alert = ana.sees(USED_UP)
    expect(alert).to_contain_text("recorded off")
    found = violations(visitor.page)
    ana.presses("Raise", on=alert)
    expect(ana.dialog).to_have_accessible_name("Ask for a raise")
    found += violations(visitor.page)
    ana.closes("Cancel")
    assert found == []
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert visitor.page.evaluate(wide) is False


def test_caps_that_are_ignored_and_caps_that_are_raised_behind_its_back(
    visit: Visit, own_playground: Playground
) -> None:
    secret = own_playground.key("/ai-key $1 2d spend it all and more", "ben")
    visitor = visit(own_playground)
    visitor.page.get_by_role("button", name="Skip the tour").click()
    turn(visitor, "Gateway ignores caps", on=True)
    for _ in range(2):
        assert own_playground.post("chat", key=secret, model="mock-expensive", prompt=WORDS * 7)["ok"]
    looks(own_playground)
    ben = visitor.be("ben").goto("dm")
    told = ben.sees("is used up: $2.15 of $1 in total")
    expect(told).to_contain_text(re.compile(r"ben-\w{4} \(temporary, held by @Ben\): recorded off"))
    assert own_playground.post("chat", key=secret, model="mock-expensive", prompt=WORDS)["status"] == 401
    visitor.banner.get_by_role("button", name="Mend everything").click()

    own_playground.key(AUTOMATION)
    chosen = panel(visitor).get_by_role("combobox", name="Whose cap")
    expect(chosen).to_contain_text(re.compile(r"nightly-evals-\w{4}, \$20"))
    panel(visitor).get_by_role("button", name="Raise it tenfold").click()
    expect(chosen).to_contain_text("$200")
    visitor.page.keyboard.press("Escape")
    visitor.moves_clock("+1 hour")
    expect(visitor.be("olga").goto("dm").sees("nightly-evals")).to_contain_text("$200")
    caps = {key["key_alias"][:20]: key["max_budget"] for key in own_playground.get("gateway/keys")["keys"]}
    assert caps["purser-nightly-evals"] == 20
