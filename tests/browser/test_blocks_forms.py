"""What a person gives in blocks, by keyboard and mouse: what reaches the bot at once, and what waits in the draft."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from bot.playground.slack.elements import INPUT_ELEMENTS
from bot.playground.slack.forms import answer_for
from tests.browser import gallery_examples as examples
from tests.browser.gallery import Gallery, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Locator

TEAMS = [examples.option("Search"), examples.option("Ads"), examples.option("Sea life")]


@pytest.fixture(scope="module")
def gallery_page(chromium: Browser) -> Iterator[Gallery]:
    with opened(chromium, viewport={"width": 900, "height": 900}) as page:
        yield page


@pytest.fixture
def gallery(gallery_page: Gallery) -> Iterator[Gallery]:
    gallery_page.call("clear")
    gallery_page.put("options", TEAMS)
    yield gallery_page
    assert gallery_page.problems == []


def field(gallery: Gallery, kind: str, **more: Any) -> Locator:
    """A form of one input; its control, found by its label."""
    gallery.show([examples.in_form(kind, **more)], surface="modal")
    return gallery.page.get_by_label(examples.in_form(kind)["label"]["text"]).first


def drafted(gallery: Gallery, kind: str) -> Any:
    return gallery.draft(f"form_{kind}", f"act_{kind}")


def pick(gallery: Gallery, box: Locator, typed: str) -> None:
    box.click()
    box.fill(typed)
    expect(gallery.page.get_by_role("option").first).to_be_visible()
    box.press("Enter")


TYPED = {
    "plain_text_input": ("$25 a month", "$25 a month"),
    "email_text_input": ("ana@example.com", "ana@example.com"),
    "url_text_input": ("https://example.com/b", "https://example.com/b"),
    "number_input": ("42", "42"),
    "datepicker": ("2026-12-24", "2026-12-24"),
    "timepicker": ("18:05", "18:05"),
    "datetimepicker": ("2026-12-24T18:05", 1_798_131_900),
    "rich_text_input": (
        "Hello",
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "Hello"}]}],
        },
    ),
}
PICKED = {
    "static_select": ("cher", "cherry"),
    "external_select": ("ads", examples.option("Ads")),
    "users_select": ("olga", "U0OLGA"),
    "conversations_select": ("general", "C0GENERAL"),
    "channels_select": ("gen", "C0GENERAL"),
    "multi_static_select": ("haiku", ["sonnet", "haiku"]),
    "multi_external_select": ("Ads", [examples.option("Search"), examples.option("Ads")]),
    "multi_users_select": ("Fay Fischer", ["U0OMAR", "U0OLGA", "U0FAY"]),
    "multi_conversations_select": ("search", ["C0OPS", "C0SEARCH"]),
    "multi_channels_select": ("search", ["C0GENERAL", "C0SEARCH"]),
}
ELSEWHERE = {"checkboxes", "radio_buttons", "file_input"}


def test_every_input_is_given_something_here() -> None:
    assert set(TYPED) | set(PICKED) | ELSEWHERE == INPUT_ELEMENTS


@pytest.mark.parametrize(("kind", "typed", "value"), [(kind, *pair) for kind, pair in TYPED.items()])
def test_what_is_typed_waits_in_the_draft(gallery: Gallery, kind: str, typed: str, value: object) -> None:
    field(gallery, kind).fill(typed)
    assert drafted(gallery, kind) == value
    assert gallery.given == []
    assert answer_for(examples.element(kind), value)


@pytest.mark.parametrize(("kind", "typed", "value"), [(kind, *pair) for kind, pair in PICKED.items()])
def test_what_is_picked_by_typing_and_enter_waits_in_the_draft(
    gallery: Gallery, kind: str, typed: str, value: object
) -> None:
    pick(gallery, field(gallery, kind), typed)
    assert drafted(gallery, kind) == value
    assert gallery.given == []
    assert answer_for(examples.element(kind), value)


def test_choices_are_made_by_mouse_and_keyboard(gallery: Gallery) -> None:
    field(gallery, "checkboxes")
    gallery.page.get_by_role("checkbox", name="Cherry").check()
    gallery.page.get_by_label("Banana").press("Space")
    gallery.page.get_by_label("Apple").uncheck()
    assert drafted(gallery, "checkboxes") == ["banana", "cherry"]
    field(gallery, "radio_buttons")
    gallery.page.get_by_role("radio", name="Cherry").press("ArrowUp")
    assert drafted(gallery, "radio_buttons") == "banana"
    expect(gallery.page.get_by_role("radio", name="Banana")).to_have_accessible_description("Yellow, and long")


def test_a_chosen_file_is_named_in_the_draft(gallery: Gallery) -> None:
    chosen: FilePayload = {"name": "keys.csv", "mimeType": "text/csv", "buffer": b"a,b\n"}
    field(gallery, "file_input").set_input_files([chosen])
    assert drafted(gallery, "file_input") == [{"name": "keys.csv", "size": 4, "mimetype": "text/csv"}]


def test_a_select_is_walked_with_the_arrow_keys(gallery: Gallery) -> None:
    box = field(gallery, "static_select")
    expect(box).to_have_value("Banana")
    box.focus()
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(gallery.page.get_by_role("option", name="Banana")).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("Cherry")
    expect(box).to_have_attribute("aria-expanded", "false")
    assert drafted(gallery, "static_select") == "cherry"


def test_escape_closes_the_list_only_and_brings_the_answer_back(gallery: Gallery) -> None:
    box = field(gallery, "static_select")
    gallery.page.evaluate(
        "() => { window.escaped = 0; document.onkeydown = (e) => { window.escaped += e.key === 'Escape'; }; }"
    )
    box.click()
    box.fill("zzz")
    expect(gallery.page.get_by_text("No results")).to_be_visible()
    box.press("Escape")
    expect(box).to_have_value("Banana")
    assert gallery.page.evaluate("window.escaped") == 0
    box.press("Escape")
    assert gallery.page.evaluate("window.escaped") == 1
    assert drafted(gallery, "static_select") is None


def test_an_optional_answer_can_be_taken_back(gallery: Gallery) -> None:
    box = field(gallery, "static_select", optional=True)
    gallery.page.get_by_role("button", name="Clear").click()
    expect(box).to_have_value("")
    assert gallery.get("drafts")["form_static_select"] == {"act_static_select": None}
    gallery.call("show", [examples.in_form("static_select", optional=True)], {})
    expect(gallery.page.get_by_role("combobox").last).to_have_value("")


def test_tokens_are_removed_by_their_cross_and_by_backspace(gallery: Gallery) -> None:
    box = field(gallery, "multi_static_select")
    pick(gallery, box, "haiku")
    pick(gallery, box, "gpt-4o-mini")
    expect(gallery.page.get_by_text("At most 3.")).to_be_visible()
    expect(gallery.page.get_by_role("option", name="gpt-4o", exact=True)).to_have_attribute("aria-disabled", "true")
    box.press("Backspace")
    gallery.page.get_by_role("button", name="Remove sonnet").click()
    assert drafted(gallery, "multi_static_select") == ["haiku"]
    box.click()
    expect(gallery.page.get_by_role("group", name="Small").get_by_role("option", selected=True)).to_have_text("haiku")


def test_an_external_select_asks_the_bot_what_is_typed(gallery: Gallery) -> None:
    box = field(gallery, "external_select")
    box.click()
    expect(gallery.page.get_by_text("Type to search")).to_be_visible()
    box.fill("sea")
    expect(gallery.page.get_by_role("option")).to_have_text(["Search", "Sea life"])
    gallery.page.get_by_role("option", name="Sea life").click()
    assert drafted(gallery, "external_select") == examples.option("Sea life")
    assert gallery.get("asked") == ["sea"]


def test_a_day_is_typed_at_the_keyboard_and_read_out_in_words(gallery: Gallery) -> None:
    box = field(gallery, "datepicker")
    expect(box).to_have_accessible_description(re.compile(r"Friday,? 27 November 2026$"))
    box.focus()
    gallery.page.keyboard.type("12242026")
    expect(gallery.page.get_by_text(re.compile(r"^Thursday,? 24 December 2026$"))).to_be_visible()
    assert drafted(gallery, "datepicker") == "2026-12-24"
    gallery.page.keyboard.press("Backspace")
    expect(box).to_have_value("")
    expect(box).not_to_have_accessible_description(re.compile("2026"))
    assert drafted(gallery, "datepicker") is None


def test_what_was_typed_survives_drawing_again(gallery: Gallery) -> None:
    everything = [examples.in_form(kind) for kind in (*TYPED, "static_select", "multi_users_select", "checkboxes")]
    gallery.show(everything, surface="modal")
    gallery.page.get_by_label("Plain text input").fill("half a sen")
    pick(gallery, gallery.page.get_by_label("Static select"), "app")
    gallery.page.get_by_label("Datetimepicker").fill("2026-12-24T18:05")
    gallery.page.get_by_label("Rich text input").fill("Hello")
    gallery.page.evaluate("document.getElementById('stage').replaceChildren()")
    gallery.call("show", everything, {"surface": "modal"})
    expect(gallery.page.get_by_label("Plain text input")).to_have_value("half a sen")
    expect(gallery.page.get_by_label("Static select")).to_have_value("Apple")
    expect(gallery.page.get_by_label("Datetimepicker")).to_have_value("2026-12-24T18:05")
    expect(gallery.page.get_by_label("Rich text input")).to_have_value("Hello")
    expect(gallery.page.get_by_role("button", name="Remove Omar")).to_be_visible()


@pytest.mark.parametrize(
    "kind", ["static_select", "plain_text_input", "radio_buttons", "datepicker", "multi_users_select"]
)
def test_what_is_wrong_is_said_at_the_input(gallery: Gallery, kind: str) -> None:
    block = examples.in_form(kind, hint=examples.plain("A hint"))
    gallery.show([block], surface="modal", errors={block["block_id"]: "Please enter a sum."})
    control = gallery.page.locator("[aria-invalid=true]")
    expect(control).to_have_accessible_name(block["label"]["text"])
    expect(control).to_have_accessible_description(re.compile(r"^Please enter a sum\. A hint"))


def test_optional_and_required_are_marked(gallery: Gallery) -> None:
    field(gallery, "plain_text_input", optional=True)
    expect(gallery.page.get_by_label("Plain text input (optional)")).not_to_have_attribute("aria-required", "true")
    field(gallery, "plain_text_input")
    expect(gallery.page.get_by_label("Plain text input", exact=True)).to_have_attribute("aria-required", "true")


def test_characters_are_counted_when_few_are_left(gallery: Gallery) -> None:
    box = field(gallery, "plain_text_input")
    box.fill("x" * 20)
    expect(gallery.page.locator(".bk-counter")).to_be_hidden()
    box.fill("x" * 35)
    expect(gallery.page.locator(".bk-counter")).to_have_text("5")
    box.fill("x" * 42)
    expect(gallery.page.locator(".bk-counter")).to_have_text("-2")


def test_a_dispatching_input_also_tells_the_bot(gallery: Gallery) -> None:
    box = field(gallery, "plain_text_input", dispatch_action=True)
    box.fill("$9")
    assert gallery.given == []
    box.press("Enter")
    assert gallery.given == [("act_plain_text_input", "$9")]
    box = field(gallery, "static_select", dispatch_action=True)
    pick(gallery, box, "cherry")
    assert gallery.given == [("act_static_select", "cherry")]
    assert drafted(gallery, "static_select") == "cherry"


AT_ONCE = {"static_select": "cherry", "users_select": "U0OLGA", "multi_static_select": ["sonnet", "haiku"]}


@pytest.mark.parametrize(("kind", "value"), AT_ONCE.items())
def test_outside_of_forms_a_pick_reaches_the_bot_at_once(gallery: Gallery, kind: str, value: object) -> None:
    gallery.show([examples.in_actions(kind)])
    pick(gallery, gallery.page.get_by_role("combobox"), PICKED[kind][0])
    assert gallery.given == [(f"act_{kind}", value)]


def test_outside_of_forms_dates_and_choices_reach_the_bot_at_once(gallery: Gallery) -> None:
    gallery.show([examples.in_actions(kind) for kind in ("datepicker", "timepicker", "checkboxes", "radio_buttons")])
    gallery.page.get_by_label("Pick a day").fill("2026-12-01")
    gallery.page.get_by_label("Pick a time").fill("07:00")
    gallery.page.get_by_role("checkbox", name="Cherry").check()
    gallery.page.get_by_role("radio", name="Apple").check()
    assert gallery.given == [
        ("act_datepicker", "2026-12-01"),
        ("act_timepicker", "07:00"),
        ("act_checkboxes", ["apple", "cherry"]),
        ("act_radio_buttons", "apple"),
    ]


def test_a_button_is_busy_until_the_bot_has_answered(gallery: Gallery) -> None:
    gallery.show(examples.BLOCKS["actions"])
    gallery.put("hold", value=True)
    approve = gallery.page.get_by_role("button", name="Approve", exact=True)
    approve.click()
    expect(approve).to_have_attribute("aria-busy", "true")
    approve.click()
    assert gallery.given == [("act_button", "req-1")]
    gallery.page.evaluate("window.gallery.release()")
    expect(approve).not_to_have_attribute("aria-busy", "true")
    approve.press("Enter")
    assert len(gallery.given) == 2


def test_a_button_that_asks_first_acts_only_on_yes(gallery: Gallery) -> None:
    gallery.show(examples.BLOCKS["actions"])
    gallery.put("confirmAnswer", value=False)
    gallery.page.get_by_role("button", name="Deny").click()
    assert gallery.given == []
    gallery.put("confirmAnswer", value=True)
    gallery.page.get_by_role("button", name="Deny").click()
    assert gallery.given == [("deny", None)]
    assert gallery.get("asked") == ["Give this key back?"] * 2


def test_a_pick_that_was_not_confirmed_goes_back(gallery: Gallery) -> None:
    block = examples.in_actions("static_select")
    block["elements"][0]["confirm"] = examples.CONFIRM
    choices = examples.in_actions("checkboxes")
    choices["elements"][0]["confirm"] = examples.CONFIRM
    gallery.show([block, choices])
    gallery.put("confirmAnswer", value=False)
    box = gallery.page.get_by_role("combobox")
    pick(gallery, box, "cherry")
    expect(box).to_have_value("Banana")
    gallery.page.get_by_role("checkbox", name="Cherry").click()
    expect(gallery.page.get_by_role("checkbox", name="Cherry")).not_to_be_checked()
    assert gallery.given == []


def test_a_button_with_an_address_opens_it_and_tells_the_bot(gallery: Gallery) -> None:
    gallery.show(examples.BLOCKS["actions"])
    link = gallery.page.get_by_role("link", name="Read the policy")
    assert link.get_attribute("href") == "https://example.com/policy"
    link.evaluate("(node) => node.addEventListener('click', (event) => event.preventDefault())")
    link.click()
    assert gallery.given == [("read", None)]


def test_a_button_with_a_hostile_address_is_only_a_button(gallery: Gallery) -> None:
    bad = {"type": "button", "text": examples.plain("Go"), "action_id": "go", "url": "javascript:alert(1)"}
    gallery.show([{"type": "actions", "elements": [bad]}])
    gallery.page.get_by_role("button", name="Go").click()
    assert gallery.page.get_by_role("link").count() == 0


def test_an_overflow_menu_is_used_by_keyboard_and_mouse(gallery: Gallery) -> None:
    gallery.show([examples.in_actions("overflow")])
    more = gallery.page.get_by_role("button", name="More options")
    more.press("ArrowDown")
    expect(gallery.page.get_by_role("menuitem", name="Edit")).to_be_focused()
    gallery.page.keyboard.press("ArrowDown")
    gallery.page.keyboard.press("Enter")
    expect(more).to_be_focused()
    more.click()
    gallery.page.keyboard.press("Escape")
    expect(gallery.page.get_by_role("menu")).to_be_hidden()
    more.click()
    gallery.page.get_by_role("menuitem", name="Edit").click()
    assert gallery.given == [("act_overflow", "delete"), ("act_overflow", "edit")]
