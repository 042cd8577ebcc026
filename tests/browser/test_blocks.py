"""Blocks as the page shows them: every kind that the fake Slack takes, every screen of Purser's, in light and dark."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from bot.domain.charts import Chart
from bot.playground.slack.blockkit import BLOCK_KEYS, MESSAGE, MODAL, ONLY_ON, RICH_INLINE, check_blocks
from bot.playground.slack.elements import ELEMENT_KEYS
from bot.playground.slack.model import Message
from bot.playground.slack.plain import text_of
from bot.playground.slack.seed import seed
from bot.playground.slack.state import State
from bot.slack.views.base import Message as Screen
from bot.slack.views.charts import in_words, placed
from tests.browser import gallery_examples as examples
from tests.browser.gallery import Gallery, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SNAPSHOTS = sorted((Path(__file__).parent.parent / "slack/views/snapshots").glob("*.json"))
LONG_AGO = {"timeZone": "UTC", "now": "2030-01-01T00:00:00Z"}
READ = """() => {
  const words = [];
  const read = (node) => {
    if (node.nodeType === Node.TEXT_NODE) words.push(node.textContent);
    else if (node.matches?.("input[type=radio], input[type=checkbox]")) return;
    else if (node.matches?.("input, textarea")) words.push(` ${node.value || node.placeholder} `);
    else if (!node.matches?.(".copy-button, [popover], .unseen")) {
      const apart = !node.matches?.("span:not(.bullet-line), strong, em, code, time, a, button.mention") ? " " : "";
      words.push(apart);
      node.childNodes.forEach(read);
      words.push(apart);
    }
  };
  read(document.getElementById("stage"));
  return words.join("");
}"""


@pytest.fixture(scope="module")
def gallery_page(chromium: Browser) -> Iterator[Gallery]:
    with opened(chromium, viewport={"width": 900, "height": 900}) as page:
        yield page


@pytest.fixture
def gallery(gallery_page: Gallery) -> Iterator[Gallery]:
    gallery_page.call("clear")
    yield gallery_page
    problems, gallery_page.problems[:] = list(gallery_page.problems), []
    assert problems == []


def surface_of(kind: str) -> str:
    return MODAL if kind == "input" or MODAL in ONLY_ON.get(kind, ()) else MESSAGE


def words_of(text: str) -> list[str]:
    """Words without marks and punctuation around them."""
    return [word.rstrip(":") for word in re.sub(r"[*`~()\[\]|]", "", text).lower().split()]


def fill(gallery: Gallery) -> None:
    """Everything there is, one under the other."""
    gallery.call("clear")
    for kind, blocks in examples.BLOCKS.items():
        gallery.call("titled", kind, blocks, {"surface": surface_of(kind)})
    for kind in sorted(set(examples.ELEMENTS) - examples.NOT_ACTIONS - {"image"}):
        gallery.call("titled", f"{kind} in a row", [examples.in_actions(kind)])
    forms = [examples.in_form(kind, hint=examples.plain("Help")) for kind in examples.ELEMENTS]
    forms = [block for block in forms if block["element"]["type"] not in examples.NOT_INPUTS]
    errors = {block["block_id"]: "Please complete this required field." for block in forms[::2]}
    gallery.call("titled", "A form", forms, {"surface": "modal", "errors": errors})


def test_every_block_and_element_that_slack_takes_has_an_example() -> None:
    assert set(examples.BLOCKS) == set(BLOCK_KEYS)
    assert set(examples.ELEMENTS) == set(ELEMENT_KEYS)
    inline = {part["type"] for part in examples.BLOCKS["rich_text"][0]["elements"][0]["elements"]}
    assert inline == RICH_INLINE


@pytest.mark.parametrize("kind", sorted(BLOCK_KEYS))
def test_every_block_is_shown(gallery: Gallery, kind: str) -> None:
    blocks = examples.BLOCKS[kind]
    assert [wrong for block in blocks for wrong in check_blocks([block], surface_of(kind), root="")] == []
    gallery.show(blocks, surface=surface_of(kind))
    assert gallery.page.locator(".blocks > .bk").count() == len(blocks)
    assert gallery.page.locator(".unknown-block").count() == 0


@pytest.mark.parametrize("kind", sorted(ELEMENT_KEYS))
def test_every_element_is_shown_wherever_it_may_stand(gallery: Gallery, kind: str) -> None:
    blocks = [] if kind in {*examples.NOT_ACTIONS, "image"} else [examples.in_actions(kind)]
    blocks += [] if kind in examples.NOT_INPUTS else [examples.in_form(kind)]
    blocks += (
        [{"type": "section", "text": examples.plain("x"), "accessory": examples.element(kind)}] if not blocks else []
    )
    gallery.show(blocks)
    assert gallery.page.locator(".blocks > .bk").count() == len(blocks)
    assert gallery.page.locator(".blocks > .bk").last.inner_html() != ""
    assert gallery.page.locator(".unknown-block").count() == 0


def with_charts_in_words(screen: dict[str, Any]) -> list[dict[str, Any]]:
    """The screen as it is sent where Slack shows neither charts nor pictures."""
    charts = tuple(Chart(**chart) for chart in screen.get("charts", []))
    return placed(Screen(screen.get("text", ""), screen["blocks"], charts), in_words)


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_every_screen_of_pursers_says_what_the_bot_wrote(gallery: Gallery, path: Path) -> None:
    screen = json.loads(path.read_text(encoding="utf-8"))
    blocks = with_charts_in_words(screen)
    gallery.show(blocks, surface=screen.get("type", "message"), **LONG_AGO)
    assert gallery.page.locator(".unknown-block").count() == 0
    state = State()
    seed(state)
    wanted = words_of(text_of(state, Message("1", "C0SEARCH", "U0PURSER", blocks=blocks)))
    shown = words_of(gallery.page.evaluate(READ))
    if any(block["type"] == "input" for block in blocks):
        assert Counter(wanted) - Counter(shown) == Counter()
    else:
        assert shown == wanted


@pytest.mark.parametrize(
    ("block", "name"),
    [
        ({"type": "hologram"}, "hologram"),
        ({"type": "constructor"}, "constructor"),
        ({"type": "actions", "elements": [{"type": "lever", "action_id": "a"}]}, "lever"),
        ({"type": "rich_text", "elements": [{"type": "rich_text_poem", "elements": []}]}, "rich_text_poem"),
        ({"type": "data_visualization", "title": "x", "chart": {"type": "gauge"}}, "data_visualization of gauge"),
    ],
)
def test_what_is_unknown_is_said_on_the_page_and_in_the_console(
    gallery: Gallery, block: dict[str, Any], name: str
) -> None:
    gallery.show([block])
    assert gallery.page.get_by_role("alert").inner_text() == f"Unknown block: {name}"
    assert gallery.page.locator(".unknown-block").count() == 1
    assert len(gallery.problems) == 1
    assert f"Unknown block: {name}" in gallery.problems.pop()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(gallery: Gallery, theme: str) -> None:
    fill(gallery)
    gallery.call("theme", theme)
    gallery.page.wait_for_timeout(200)
    results = Axe().run(gallery.page)
    gallery.call("theme", "light")
    found = [
        (one["id"], node["html"], node["failureSummary"])
        for one in results.response["violations"]
        for node in one["nodes"]
    ]
    assert found == []


def test_axe_finds_nothing_in_an_open_list(gallery: Gallery) -> None:
    gallery.show([examples.in_form("multi_static_select"), examples.in_actions("overflow")])
    gallery.page.get_by_role("combobox").click()
    expect(gallery.page.get_by_role("option")).to_have_count(4)
    assert Axe().run(gallery.page).response["violations"] == []
    gallery.page.keyboard.press("Escape")
    gallery.page.get_by_role("button", name="More options").click()
    expect(gallery.page.get_by_role("menuitem")).to_have_count(2)
    assert Axe().run(gallery.page).response["violations"] == []


def test_nothing_is_wider_than_a_telephone(gallery: Gallery) -> None:
    gallery.page.set_viewport_size({"width": 390, "height": 844})
    fill(gallery)
    gallery.page.wait_for_timeout(200)
    width = gallery.page.evaluate("document.documentElement.scrollWidth")
    gallery.page.set_viewport_size({"width": 320, "height": 844})
    columns = gallery.page.locator(".bk-fields").first.evaluate("(node) => getComputedStyle(node).gridTemplateColumns")
    gallery.page.set_viewport_size({"width": 900, "height": 900})
    assert width == 390
    assert len(columns.split()) == 1


def test_a_table_is_sorted_by_its_heads_and_turned_by_pages(gallery: Gallery) -> None:
    gallery.show(examples.BLOCKS["data_table"])
    page = gallery.page
    first = page.get_by_role("row").nth(1)
    expect(page.get_by_role("table", name="Spend by team")).to_be_visible()
    expect(page.get_by_text("1–3 of 4")).to_be_visible()
    page.get_by_role("button", name="Spent").click()
    expect(first).to_contain_text("$41.00")
    page.get_by_role("button", name="Spent").click()
    expect(first).to_contain_text("$1,200.25")
    expect(page.get_by_role("columnheader", name="Spent")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Team").click()
    expect(first.get_by_role("rowheader")).to_have_text("ads")
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_text("4–4 of 4")).to_be_visible()
    expect(first.get_by_role("rowheader")).to_have_text("search")
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    expect(page.get_by_role("button", name="Previous page")).to_be_focused()


def test_a_chart_says_its_numbers_and_does_without_colour(gallery: Gallery) -> None:
    gallery.show(examples.BLOCKS["data_visualization"])
    page = gallery.page
    expect(page.get_by_role("img", name=re.compile("^Line chart: Spend by week"))).to_be_visible()
    table = page.get_by_role("table", name="Spend by week", exact=True)
    assert [cell.inner_text() for cell in table.get_by_role("row").nth(1).locator("th, td").all()] == [
        "26 Oct", "120", "90", "30",
    ]  # fmt: skip
    figures = page.get_by_role("figure")
    dashes = figures.nth(0).locator(".chart-plot .chart-line")
    assert len({line.get_attribute("stroke-dasharray") for line in dashes.all()}) == 3
    hatches = figures.nth(1).locator(".chart-plot pattern")
    assert len({pattern.evaluate("(node) => node.innerHTML") for pattern in hatches.all()}) == 3
    ticks = figures.nth(0).locator(".chart-text[text-anchor=end]").all_text_contents()
    assert ticks == ["0", "100", "200", "300", "400"]


def test_a_container_folds(gallery: Gallery) -> None:
    gallery.show([examples.BLOCKS["container"][0] | {"default_collapsed": True}])
    inside = gallery.page.get_by_text("spent $310.50")
    expect(inside).to_be_hidden()
    gallery.page.get_by_text("The week in numbers").click()
    expect(inside).to_be_visible()


def test_pictures_come_from_the_page_or_not_at_all(gallery: Gallery) -> None:
    gallery.show(examples.BLOCKS["image"])
    expect(gallery.page.get_by_role("img", name="Hills")).to_be_visible()
    file = gallery.page.get_by_role("img", name="A file of Slack's")
    assert str(file.get_attribute("src")).endswith("/file/F0PICTURE")
    away = gallery.page.get_by_role("img", name="From elsewhere")
    assert away.evaluate("(node) => node.tagName") == "SPAN"
