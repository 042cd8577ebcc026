"""What people type stays theirs, whoever else is shown; and the page goes on when the playground starts anew."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, Page, Request, Route, expect

from tests.playground.visitors import eventually

if TYPE_CHECKING:
    from tests.browser.conftest import Start, Visit
    from tests.browser.visitor import Visitor
    from tests.playground.visitors import Playground

LONGER_THAN_A_BLUR_MS = 400
REPLY = re.compile(r"^\d+ repl")
CHANGE_ANSWERS = """() => {
  window.unchangedFetch ??= window.fetch;
  window.fetch = async (url, options) => {
    const answer = await window.unchangedFetch(url, options);
    if (!String(url).includes("/_play/watch")) return answer;
    const world = await answer.json();
    if (!world.unchanged) CHANGE(world);
    return new Response(JSON.stringify(world), { headers: answer.headers });
  };
}"""
MORE_PEOPLE = """world => {
  for (let at = 0; at < 5; at += 1) {
    const name = { name: `p${at}`, real_name: `Person ${at}`, display_name: "" };
    world.users[`U9${at}`] = { ...world.users.U0BEN, id: `U9${at}`, ...name };
  }
}"""
BEN_IS_OUTSIDE = """world => {
  for (const channel of world.screens.ben?.channels ?? []) channel.is_member = channel.name !== "search";
}"""
PANES = """panes => sessionStorage.setItem("purser.panes", panes)"""


@contextlib.contextmanager
def held(page: Page, address: str) -> Iterator[list[Route]]:
    """Whatever the page asks of this address waits until the end."""
    waiting: list[Route] = []

    def wait(route: Route) -> None:
        waiting.append(route)

    page.route(address, wait)
    yield waiting
    page.unroute(address)
    for route in waiting:
        with contextlib.suppress(Error):  # given up meanwhile
            route.continue_()


def changes_answers(visitor: Visitor, change: str) -> None:
    """From the next answer on, the page sees the workspace as this function makes it."""
    page, playground = visitor.page, visitor.playground
    page.evaluate(CHANGE_ANSWERS.replace("CHANGE", f"({change})"))
    with page.expect_request("**/_play/watch*"):  # one that was asked for before is answered as it was
        playground.post("message", {"as": "olga", "channel": "general", "text": "knock"})
    playground.post("message", {"as": "olga", "channel": "general", "text": "knock"})


def sent(page: Page, deed: str) -> list[dict]:
    """What the page tells the playground from now on, of one kind."""
    found: list[dict] = []

    def note(request: Request) -> None:
        if request.url.endswith(f"/_play/{deed}"):
            found.append(json.loads(request.post_data or "{}"))

    page.on("request", note)
    return found


def focused(page: Page) -> str:
    """The name of what has the focus."""
    name: str = page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.tagName")
    return name


def test_nothing_of_one_person_can_be_sent_while_the_next_is_on_the_way(visitor: Visitor) -> None:
    page = visitor.page
    ana = visitor.be("ana").goto("#search")
    ana.composer().press_sequentially("from Ana alone")
    messages = sent(page, "message")
    with held(page, "**/_play/watch*as=gus*"):
        ana.region.get_by_role("button", name=re.compile("^Be Gus")).click()
        expect(page.get_by_role("textbox", name="Message #search")).to_have_count(0)
        expect(page.get_by_role("log", name=re.compile("^Messages"))).to_have_count(0)
        page.keyboard.press("Enter")

    gus = visitor.be("gus")
    expect(gus.composer()).to_have_value("")
    ana = visitor.be("ana")
    expect(ana.composer()).to_have_value("from Ana alone")
    ana.composer().press("Enter")
    ana.sees("from Ana alone")
    assert [message["as"] for message in messages] == ["ana"]
    visitor.be("gus")
    expect(visitor.be("ana").composer()).to_have_value("")


def test_what_is_typed_waits_in_its_channel_and_its_thread(visitor: Visitor) -> None:
    fay = visitor.be("fay").goto("#search").types("a parent with drafts")
    parent = fay.sees("a parent with drafts")
    parent.hover()
    parent.get_by_role("button", name="Reply in thread").click()
    fay.composer("Reply in thread").press_sequentially("a reply begun")
    fay.composer().press_sequentially("a message begun")

    fay.goto("#general").composer("Message #general").press_sequentially("another")
    fay.goto("#search")

    expect(fay.composer()).to_have_value("a message begun")
    parent = fay.message("a parent with drafts")
    parent.hover()
    parent.get_by_role("button", name="Reply in thread").click()
    expect(fay.composer("Reply in thread")).to_have_value("a reply begun")
    expect(fay.goto("#general").composer("Message #general")).to_have_value("another")


def test_a_form_keeps_what_was_typed_while_others_are_shown(visitor: Visitor) -> None:
    olga = visitor.be("olga").goto("#search").types("/ai-key")
    olga.fills("Cap in US dollars", "$4").fills("What is it for?", "half a thought")

    visitor.be("ana")
    visitor.two("olga", "ben")
    visitor.be("olga")

    expect(olga.dialog.get_by_label("Cap in US dollars")).to_have_value("$4")
    expect(olga.dialog.get_by_label("What is it for?")).to_have_value("half a thought")
    olga.closes()


def test_the_first_pane_stays_as_it_is_beside_a_second(visitor: Visitor) -> None:
    ben = visitor.be("ben").goto("#search").types("a thread to keep open")
    message = ben.sees("a thread to keep open")
    message.hover()
    message.get_by_role("button", name="Reply in thread").click()
    ben.composer("Reply in thread").press_sequentially("not yet")
    two = visitor.banner.get_by_role("button", name="Two people")

    two.click()
    expect(visitor.page.get_by_role("region", name=re.compile("^Workspace of "))).to_have_count(2)
    expect(ben.composer("Reply in thread")).to_have_value("not yet")
    two.click()
    expect(visitor.page.get_by_role("region", name=re.compile("^Workspace of "))).to_have_count(1)
    expect(ben.composer("Reply in thread")).to_have_value("not yet")


def test_a_form_is_sent_once_and_closed_once(visitor: Visitor) -> None:
    page = visitor.page
    gus = visitor.be("ana").goto("#search").types("/ai-key")
    gus.fills("Cap in US dollars", "$3").fills("What is it for?", "sent only once")
    submits, closes = sent(page, "submit"), sent(page, "close")
    with held(page, "**/_play/submit"):
        gus.presses("Next")
        gus.dialog.get_by_label("What is it for?").press("Control+Enter")
        gus.dialog.get_by_label("What is it for?").press("Enter")
    expect(gus.dialog).to_have_accessible_name(re.compile("Check your request"))
    assert len(submits) == 1

    gus.dialog.get_by_role("button", name="Close", exact=True).first.dblclick()
    expect(gus.dialogs).to_have_count(0)
    assert len(closes) == 1
    expect(page.locator(".toast")).to_have_count(0)


def test_a_message_that_is_edited_keeps_what_is_typed_when_it_changes(visitor: Visitor) -> None:
    page, playground = visitor.page, visitor.playground
    ben = visitor.be("ben").goto("#search").types("a line for @ana to improve <3 it")
    message = ben.sees("to improve")
    said = message.get_attribute("data-ts")
    message.hover()
    message.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Edit message").click()
    box = ben.log.get_by_role("textbox", name="Edit message")
    expect(box).to_have_value("a line for @ana to improve <3 it")
    box.fill("a better line")

    playground.post("message", {"as": "olga", "channel": "search", "text": "what do you mean?", "thread_ts": said})
    article = ben.log.locator(f'article[data-ts="{said}"]')
    playground.post("message", {"as": "olga", "channel": "search", "text": "after the reply"})
    ben.sees("after the reply")
    expect(box).to_have_value("a better line")
    expect(box).to_be_focused()
    box.press("Enter")

    expect(article).to_contain_text("a better line")
    expect(article.get_by_role("button", name=REPLY)).to_be_visible()
    expect(box).to_have_count(0)


def test_a_thread_whose_first_message_is_deleted_closes(visitor: Visitor) -> None:
    omar = visitor.be("omar").goto("#search").types("soon to be gone")
    message = omar.sees("soon to be gone")
    said = message.get_attribute("data-ts")
    message.hover()
    message.get_by_role("button", name="Reply in thread").click()
    expect(omar.thread).to_be_visible()

    visitor.playground.post("delete", {"as": "omar", "channel": "search", "ts": said})

    expect(omar.thread).to_have_count(0)
    expect(omar.log.get_by_text("soon to be gone")).to_have_count(0)


def test_the_focus_stays_on_a_person_and_on_a_channel(visitor: Visitor) -> None:
    page = visitor.page
    ana = visitor.be("ana").goto("#general").goto("#search")
    expect(ana.entry("#general")).to_have_accessible_name("general")
    ana.entry("#general").focus()
    visitor.playground.post("message", {"as": "olga", "channel": "general", "text": "look here"})
    expect(ana.entry("#general")).to_have_accessible_name("general, 1 unread")
    assert focused(page) == "general, 1 unread"
    assert ana.entry("#general").get_attribute("tabindex") is None

    face = page.get_by_role("button", name=re.compile("^Be Omar"))
    face.focus()
    face.press("Enter")
    expect(page.get_by_role("region", name="Workspace of Omar")).to_be_visible()
    expect(face).to_be_focused()


def test_a_menu_of_everybody_stays_open_while_messages_arrive(visitor: Visitor) -> None:
    page = visitor.page

    ana = visitor.be("ana").goto("#search")
    changes_answers(visitor, MORE_PEOPLE)
    visitor.playground.post("message", {"as": "olga", "channel": "search", "text": "there are more of us"})
    page.get_by_role("button", name="12 people").click()
    menu = page.get_by_role("menu", name="Everybody")
    expect(menu).to_be_visible()
    visitor.playground.post("message", {"as": "olga", "channel": "search", "text": "while the menu is open"})
    ana.sees("while the menu is open")
    expect(menu.get_by_role("menuitem", name="Person 3")).to_be_visible()


def test_the_button_for_commands_keeps_what_is_typed(visitor: Visitor) -> None:
    gus = visitor.be("gus").goto("#search")
    gus.composer().press_sequentially("$5 2d a trial")
    gus.region.get_by_role("button", name="Commands", exact=True).click()
    visitor.page.wait_for_timeout(LONGER_THAN_A_BLUR_MS)
    expect(gus.region.get_by_role("listbox", name="Commands").get_by_role("option")).to_have_count(5)
    gus.composer().press("Enter")
    expect(gus.composer()).to_have_value(re.compile(r"^/ai-\w+ +\$5 2d a trial$"))


def test_who_is_invited_can_write_in_the_channel_they_look_at(visitor: Visitor) -> None:
    ana, ben = visitor.two("ana", "ben")
    ana.goto("#search")
    ben.goto("#search")
    changes_answers(visitor, BEN_IS_OUTSIDE)
    expect(ben.region).to_contain_text("Ben has not joined #search.")
    expect(ben.composer()).to_have_count(0)
    changes_answers(visitor, "world => world")
    ben.types("here I am").sees("here I am")


def test_somebody_who_came_back_joins_and_types_on(visitor: Visitor, playground: Playground) -> None:
    ben = visitor.be("ben").goto("#search")
    for deleted in (True, False):
        playground.post("people", user="ben", deleted=deleted)
    ben.presses("Join #search")
    expect(ben.composer()).to_be_focused()
    ben.types("here again").sees("here again")


def test_copied_text_is_the_words_of_the_message(visitor: Visitor) -> None:
    page = visitor.page
    ana = visitor.be("ana").goto("#search").types("ask @ben & co about #general")
    message = ana.sees("& co about")
    message.hover()
    message.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Copy text").click()
    expect(page.locator(".toast")).to_have_text("Text copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "ask @ben & co about #general"


def test_a_page_left_on_somebody_who_is_not_here_any_more_shows_somebody_who_is(
    visit: Visit, playground: Playground
) -> None:
    visitor = visit(playground, outage=True)
    visitor.page.evaluate(PANES, json.dumps([{"person": "nobody", "where": "#search"}]))
    visitor.reload()
    expect(visitor.page.get_by_role("region", name="Workspace of Ana")).to_be_visible()
    expect(visitor.page.get_by_text("does not answer")).to_have_count(0)


def test_the_tools_follow_a_playground_that_starts_clean(start: Start, visit: Visit) -> None:
    first = start()
    first.key("/ai-key $5 2d soon forgotten", "ana")
    visitor = visit(first, outage=True)
    visitor.banner.get_by_role("button", name="Look behind").click()
    tools = visitor.page.get_by_role("region", name="Tools")

    def tab(name: str) -> None:
        tools.get_by_role("tab", name=name).click()

    tab("Payloads")
    expect(tools.get_by_role("option").filter(has_text="/ai-key")).not_to_have_count(0)
    tab("Ledger")
    rows = len(first.get("ledger")["rows"])
    expect(tools).to_contain_text(f"The chain of {rows} rows is whole")
    first.stop()
    expect(tools).to_contain_text("does not answer")

    second = start("--reset")
    visitor.plays_on(second)

    fewer = eventually(lambda: len(second.get("ledger")["rows"]))
    assert fewer < rows
    expect(tools).to_contain_text(f"The chain of {fewer} rows is whole")
    expect(tools.get_by_role("region", name="Ledger rows").locator("tbody tr")).to_have_count(fewer)
    tab("Payloads")
    expect(tools.get_by_role("option")).not_to_have_count(0)
    expect(tools.get_by_role("option").filter(has_text="/ai-key")).to_have_count(0)


@pytest.mark.parametrize("answer", ["", "{"])
def test_an_answer_that_breaks_off_does_not_stop_the_watching(
    visit: Visit, playground: Playground, answer: str
) -> None:
    visitor = visit(playground, outage=True)
    ana = visitor.be("ana").goto("#search")
    broken: list[str] = []

    def break_off(route: Route) -> None:
        broken.append(route.request.url)
        route.fulfill(status=200, content_type="application/json", body=answer)

    visitor.page.route("**/_play/watch*", break_off, times=1)
    ana.types(f"after all that {answer}").sees(f"after all that {answer}")
    visitor.playground.post("message", {"as": "olga", "channel": "search", "text": f"and on it goes {answer}"})
    ana.sees(f"and on it goes {answer}")
    assert broken
