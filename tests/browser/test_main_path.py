"""The main path as people go it at the page: ask, agree or refuse, reveal once, use, turn off."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.visitor import Seat, Visitor
from tests.playground.visitors import Playground

APPROVED = "Approved by @Omar."


def send_prompt(visitor: Visitor, key: str = "", prompt: str = "Say hello") -> Locator:
    """Send a prompt from the terminal, with this key or the one revealed last; the terminal's output."""
    if visitor.page.get_by_role("tabpanel", name="Terminal").count() == 0:
        visitor.opens("Terminal")
    panel = visitor.tab("Terminal")
    if key:
        panel.get_by_role("textbox", name="Key").fill(key)
    panel.get_by_role("textbox", name="Prompt").fill(prompt)
    panel.get_by_role("button", name="Send a prompt").click()
    return panel.get_by_role("log", name="Terminal")


def decided(owner: Seat, card: Locator, label: str = "Approve") -> None:
    """An owner decides."""
    owner.presses(label, on=card)
    expect(card.get_by_role("button", name="Approve", exact=True)).to_have_count(0)


def test_two_people_go_the_whole_way_side_by_side(visitor: Visitor) -> None:
    ana, omar = visitor.two("ana", "omar")
    omar.goto("#search")
    ana.asks("/ai-key $9 7d compare rerankers side by side")

    card = omar.card("compare rerankers side by side")
    expect(card).to_contain_text("@Ana asks for a temporary key")
    decided(omar, card)
    expect(card).to_contain_text(APPROVED)

    expect(ana.entry("dm")).to_have_accessible_name(re.compile("unread"))
    secret = ana.reveals()
    expect(ana.dialog).to_have_accessible_name("Your key")
    expect(ana.dialog).to_contain_text("shown only this once")
    ana.closes()
    expect(ana.region).not_to_contain_text(secret)
    expect(card).to_contain_text("Revealed as")

    said = send_prompt(visitor)
    expect(said).to_contain_text("hello from the mock model")
    expect(said).to_contain_text(re.compile(r"200 · \$0\.\d*[1-9]"))
    assert visitor.playground.screen("omar").count(secret) == 0


def test_anybody_turns_a_key_off_and_reads_the_proof(visitor: Visitor) -> None:
    secret = visitor.playground.key("/ai-key $4 3d posted in a log by mistake", "ben")
    fay = visitor.be("fay").goto("#search")
    expect(send_prompt(visitor, secret)).to_contain_text("200 ·")

    fay.types(f"/ai-disable {secret} found in a log")
    answer = fay.sees("a call with the pasted key was refused")
    expect(answer).to_contain_text("Only visible to you")
    expect(answer).not_to_contain_text(secret)

    said = send_prompt(visitor, secret)
    expect(said).to_contain_text("401 ·")
    expect(said).to_contain_text("The key is turned off.")
    visitor.be("ben").goto("dm").sees("found in a log")


def test_a_denied_request_says_who_and_why(visitor: Visitor) -> None:
    ben, omar = visitor.two("ben", "omar")
    ben.asks("/ai-key $8 5d try a second vendor")
    card = omar.goto("#search").card("try a second vendor")

    omar.presses("Deny", on=card)
    expect(omar.dialog).to_have_accessible_name("Deny")
    omar.fills("Why not?", "too much for a trial").presses("Deny")
    expect(omar.dialogs).to_have_count(0)

    expect(card).to_contain_text("Denied by @Omar: “too much for a trial”")
    expect(card.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    ben.goto("dm").sees("too much for a trial")


def test_an_owner_approves_by_a_reply_in_the_thread(visitor: Visitor) -> None:
    ana, omar = visitor.two("ana", "omar")
    ana.asks("/ai-key $7 4d decide it in the thread")
    card = omar.goto("#search").card("decide it in the thread")
    card.hover()
    card.get_by_role("button", name="Reply in thread").click()
    expect(omar.thread).to_be_visible()

    omar.types("approve $3 2d", "Reply in thread")

    expect(card).to_contain_text(APPROVED)
    expect(omar.thread.get_by_role("log")).to_contain_text("$3 in total")
    omar.thread.get_by_role("button", name="Close thread").click()
    expect(omar.thread).to_have_count(0)
    ana.goto("dm").sees("Approved by @Omar")


def test_a_double_click_on_approve_is_one_decision(visitor: Visitor) -> None:
    ana, omar = visitor.two("ana", "omar")
    ana.asks("/ai-key $6 2d click it twice")
    card = omar.goto("#search").card("click it twice")

    card.get_by_role("button", name="Approve", exact=True).dblclick()

    expect(card).to_contain_text(APPROVED)
    card.get_by_role("button", name=re.compile("repl(y|ies)$")).or_(
        card.get_by_role("button", name=re.compile("repl(y|ies).*Last"))
    ).first.click()
    expect(omar.thread.get_by_role("article").filter(has_text="Approved by @Omar: a temporary key")).to_have_count(1)


def test_hostile_text_in_a_reason_stays_text(visitor: Visitor) -> None:
    hostile = "<script>window.hit = 1</script><img src=/nowhere onerror='window.hit = 2'> & </article>"
    ana, omar = visitor.two("ana", "omar")
    ana.asks(f"/ai-key $5 2d {hostile}")

    card = omar.goto("#search").card(hostile)

    expect(card).to_contain_text("<script>window.hit = 1</script>")
    assert visitor.page.evaluate("window.hit") is None
    assert visitor.page.locator("img[src='/nowhere']").count() == 0
    omar.presses("Deny", on=card).fills("Why not?", hostile).presses("Deny")
    expect(card).to_contain_text("Denied by @Omar")
    expect(card).to_contain_text("onerror='window.hit = 2'")


def test_what_is_wrong_in_a_form_is_said_beside_its_field(visitor: Visitor) -> None:
    ben = visitor.be("ben").goto("#search").types("/ai-key")
    expect(ben.dialog).to_have_accessible_name("Ask for a key")
    cap = ben.dialog.get_by_label("Cap in US dollars")

    ben.presses("Next")
    expect(cap).to_have_attribute("aria-invalid", "true")
    expect(ben.dialog.get_by_text("Please complete this required field.")).to_have_count(2)
    expect(cap).to_have_accessible_description(re.compile("Please complete this required field"))

    ben.fills("Cap in US dollars", "lots").fills("What is it for?", "read the hints").presses("Next")
    expect(cap).to_have_accessible_description(re.compile("Amounts look like"))
    expect(ben.dialog.get_by_text("Please complete this required field.")).to_have_count(0)
    expect(ben.dialog.get_by_label("What is it for?")).to_have_value("read the hints")

    ben.fills("Cap in US dollars", "$6").presses("Next")
    expect(ben.dialog).to_have_accessible_name(re.compile("Check your request"))
    ben.presses("Send request")
    expect(ben.dialog).to_contain_text("You asked for")
    ben.closes()
    expect(ben.card("read the hints")).to_contain_text("$6 in total")


def test_commands_complete_by_keyboard(visitor: Visitor) -> None:
    ana = visitor.be("ana").goto("#general").goto("#search")
    box = ana.composer()
    box.press_sequentially("/ai")
    options = ana.region.get_by_role("listbox", name="Commands").get_by_role("option")
    expect(options).to_have_count(5)
    expect(options.first).to_have_attribute("aria-selected", "true")

    box.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    box.press("ArrowUp")
    box.press("ArrowUp")
    expect(options.nth(4)).to_have_attribute("aria-selected", "true")
    box.press("Escape")
    expect(options).to_have_count(0)
    expect(box).to_have_value("/ai")
    expect(box).to_be_focused()

    box.press_sequentially("-d")
    expect(options).to_have_count(1)
    box.press("Enter")
    expect(box).to_have_value("/ai-disable ")
    expect(options).to_have_count(0)
    expect(ana.region.get_by_text("KEY or LABEL, and a reason").last).to_be_visible()


def test_an_answer_for_one_person_is_seen_by_nobody_else(visitor: Visitor) -> None:
    ana, omar = visitor.two("ana", "omar")
    omar.goto("#search")
    ana.goto("#search").types("/ai-team help")

    expect(ana.sees("/ai-team create")).to_contain_text("Only visible to you")
    omar.types("and what can owners do?")
    omar.sees("and what can owners do?")
    expect(omar.log).not_to_contain_text("/ai-team create")


def test_everybody_has_unread_counts_of_their_own(visitor: Visitor) -> None:
    ana, ben = visitor.two("ana", "ben")
    for seat in (ana, ben):
        seat.goto("#general").goto("#search")
    visitor.playground.post("message", {"as": "olga", "channel": "general", "text": "lunch is late today"})
    expect(ana.entry("#general")).to_have_accessible_name("general, 1 unread")
    expect(ben.entry("#general")).to_have_accessible_name("general, 1 unread")

    ana.goto("#general").sees("lunch is late today")

    expect(ana.entry("#general")).to_have_accessible_name("general")
    expect(ben.entry("#general")).to_have_accessible_name("general, 1 unread")
    ben.goto("#general")
    expect(ben.entry("#general")).to_have_accessible_name("general")


def test_who_is_waited_for_shows_on_their_face(visitor: Visitor) -> None:
    omar = visitor.be("omar").goto("#search")
    face = visitor.page.get_by_role("button", name=re.compile("^Be Ben,"))
    expect(face).not_to_have_accessible_name(re.compile("unread"))
    visitor.playground.asks("/ai-key $5 2d show it on my face", "ben")

    decided(omar, omar.card("show it on my face"))

    expect(face).to_have_accessible_name(re.compile(r"^Be Ben, .*, \d+ unread$"))
    visitor.be("ben").goto("dm").sees("You can have your key")
    expect(visitor.page.get_by_role("button", name=re.compile("^Be Ben,"))).not_to_have_accessible_name(
        re.compile("unread")
    )


def test_files_go_up_and_come_down_again(visitor: Visitor) -> None:
    ana = visitor.be("ana").goto("#general")
    content = b"model,cost\nmock-gpt,0.0002\n"
    with visitor.page.expect_file_chooser() as chosen:
        ana.region.get_by_role("button", name="Upload a file").click()
    chosen.value.set_files({"name": "costs.csv", "mimeType": "text/csv", "buffer": content})

    link = ana.log.get_by_role("link", name="Download costs.csv").last
    expect(link).to_be_visible()
    with visitor.page.expect_download() as got:
        link.click()

    assert got.value.suggested_filename == "costs.csv"
    assert got.value.path().read_bytes() == content


def test_the_home_tab_shows_what_is_ones_own_and_its_buttons_work(visit: Visit, own_playground: Playground) -> None:
    visitor = visit(own_playground)
    own_playground.key("/ai-key $5 2d shown on the home tab", "ana")
    ana = visitor.be("ana").goto("home")
    home = ana.region.get_by_role("region", name="Home")
    expect(home).to_contain_text("My keys")
    expect(home).to_contain_text(re.compile("ana-"))

    home.get_by_role("button", name="Extend", exact=True).click()
    expect(ana.dialog).to_have_accessible_name(re.compile("Extend"))
    ana.closes("Cancel")
    home.get_by_role("button", name="Give back", exact=True).click()
    asked = visitor.page.get_by_role("dialog", name="Give this key back?")
    asked.get_by_role("button", name="Give back", exact=True).click()

    ana.goto("dm").sees("Given back")
    ana.goto("home")
    expect(home.get_by_role("button", name="Give back", exact=True)).to_have_count(0)
    expect(home).to_contain_text("My budgets")
