"""Charts and files in the page: pictures are loaded and said in words, files can be taken, Slack's own charts drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect
from slack_sdk import WebClient

from bot.domain.charts import Look
from bot.playground.slack.world import BOT_TOKEN
from bot.services.ports import FileToSend, Sending
from bot.slack.charting import Charting
from bot.slack.notifier import SlackNotifier
from bot.slack.views.base import chart_here, message, section
from tests.charts.kit import chart, usd

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.slack.views.base import Block, Message
    from tests.browser.conftest import Start, Visit
    from tests.playground.visitors import Playground

TABLE = b"day,usd\n2026-11-09,1.25\n"
WEEKS = (
    chart(
        Look.AGAINST, usd(42, 61.2, 38, 77.31, 52, 4, 1.2), usd(31, 44, 49, 40, 36, 9, 12),
        title="Spend by day, 9 to 15 November", alt="Spend by day: $275.71 in all, most of it on Thursday.",
    ),
    chart(Look.BARS, usd(120, 61, 38), categories=("Ana", "陈伟", "Ben"), title="Spend by member", alt="Ana leads."),
)  # fmt: skip


def client_of(playground: Playground) -> WebClient:
    return WebClient(BOT_TOKEN, base_url=playground.url.removesuffix("/_play") + "/api/", timeout=10)


def sender(client: WebClient, whole: Message, channel: str) -> Callable[[list[Block]], None]:
    def send(blocks: list[Block]) -> None:
        client.chat_postMessage(channel=channel, text=whole.text, blocks=blocks)

    return send


def test_charts_are_seen_and_said(start: Start, visit: Visit) -> None:
    playground = start()
    client = client_of(playground)
    whole = message("Spend", section("*Spend* of the week"), chart_here(0), chart_here(1), charts=WEEKS)
    for native in (True, False):
        Charting(native=native).sent(client, whole, sender(client, whole, "C0SEARCH"))
    ana = visit(playground).be("ana").goto("#search")
    picture = ana.log.get_by_role("img", name=WEEKS[0].alt)
    expect(picture).to_be_visible()
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth }") == 920
    expect(ana.log.get_by_text("[1] 陈伟")).to_be_visible()
    expect(ana.log.get_by_role("img", name="Bar chart: Spend by member")).to_be_visible()


def test_a_file_can_be_taken_from_its_message(start: Start, visit: Visit) -> None:
    playground = start()
    file = FileToSend("usage.csv", "Usage of search", TABLE)
    sending = Sending("outbox-1", maybe_sent=False)
    SlackNotifier(client_of(playground)).send_file("C0SEARCH", file, "The table of the week.", sending)
    ana = visit(playground).be("ana").goto("#search")
    expect(ana.log.get_by_text("The table of the week.")).to_be_visible()
    for link in ("Download usage.csv", "usage.csv"):
        with ana.page.expect_download() as taken:
            ana.log.get_by_role("link", name=link, exact=True).click()
        assert taken.value.path().read_bytes() == TABLE
