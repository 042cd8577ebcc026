"""What one person is told, with charts, where nobody else sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.domain.charts import Look
from bot.playground.slack import FakeSlack
from bot.playground.slack.model import Message as Seen
from bot.slack.charting import Charting
from bot.slack.incoming import Incoming, Replace
from bot.slack.views.base import chart_here, message, section
from tests.charts.kit import chart, usd
from tests.company import Company
from tests.fakes import MortalBooks
from tests.playground.slack_bots import MANIFEST

ANSWER = message("Your usage", section("Your usage"), chart_here(0), charts=[chart(Look.BARS, usd(2, 1))])


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(MANIFEST) as fake:
        fake.invite_bot("search")
        yield fake
        assert fake.violations == []


def incoming(slack: FakeSlack, company: Company, **body: Any) -> Incoming:
    """Ana's command in #search."""
    client = WebClient(slack.bot_token, base_url=slack.api_url, timeout=5, retry_handlers=[])
    whole = {"user_id": "U0ANA", "channel_id": "C0SEARCH", "command": "/ai-usage"} | body
    return Incoming(company.purser, client, whole, Charting(sleep=lambda _: None))


def response_url(slack: FakeSlack, **source: Any) -> str:
    return f"{slack.base_url}/response/{slack.world.tickets.response_url('U0ANA', 'C0SEARCH', **source)}"


@pytest.fixture
def company(tmp_path: Any) -> Iterator[Company]:
    books = MortalBooks(f"sqlite:///{tmp_path}/unused.db")
    yield Company(books)
    books.close()


def seen(slack: FakeSlack) -> list[Seen]:
    assert slack.channel("search").messages == [], "nobody else sees it"
    return slack.person("ana").ephemerals("search")


def kinds(shown: Seen) -> list[str]:
    return [block["type"] for block in shown.blocks]


@pytest.mark.parametrize("by_url", [True, False], ids=["response_url", "ephemeral"])
def test_a_chart_is_shown_to_one_person_alone(slack: FakeSlack, company: Company, by_url: bool) -> None:
    url = {"response_url": response_url(slack)} if by_url else {}
    incoming(slack, company, **url).answer(ANSWER)
    assert [kinds(each) for each in seen(slack)] == [["section", "image"]]


def test_a_picture_that_is_not_ready_is_waited_for_over_the_response_url(slack: FakeSlack, company: Company) -> None:
    slack.fault("file_not_ready", "response_url", times=2)
    incoming(slack, company, response_url=response_url(slack)).answer(ANSWER)
    assert [kinds(each) for each in seen(slack)] == [["section", "image"]]


def test_a_picture_that_never_gets_ready_leaves_words_and_one_answer(slack: FakeSlack, company: Company) -> None:
    slack.fault("file_not_ready", times=99)
    incoming(slack, company, response_url=response_url(slack)).answer(ANSWER)
    assert [kinds(each) for each in seen(slack)] == [["section", "context"]]


def test_a_response_url_that_is_used_up_by_waiting_does_not_swallow_the_answer(
    slack: FakeSlack, company: Company
) -> None:
    url = response_url(slack)
    event = incoming(slack, company, response_url=url)
    event.answer(message("one", section("one")))
    event.answer(message("two", section("two")))
    slack.fault("file_not_ready", times=99)
    event.answer(ANSWER)
    assert [kinds(each) for each in seen(slack)] == [["section"], ["section"], ["section", "context"]]


def test_an_answer_takes_the_place_of_the_one_that_was_pressed_with_its_chart(
    slack: FakeSlack, company: Company
) -> None:
    incoming(slack, company, response_url=response_url(slack)).answer(message("page 1", section("page 1")))
    ts = seen(slack)[0].ts
    url = response_url(slack, message_ts=ts, ephemeral=True)
    pressed = incoming(slack, company, response_url=url, container={"is_ephemeral": True, "message_ts": ts})
    slack.fault("file_not_ready", "response_url", times=1)
    pressed.answer(ANSWER, Replace.YES)
    assert [kinds(each) for each in seen(slack)] == [["section", "image"]]


def test_a_message_that_was_pressed_says_something_else_with_a_chart(slack: FakeSlack, company: Company) -> None:
    client = WebClient(slack.bot_token, base_url=slack.api_url, timeout=5, retry_handlers=[])
    ts = client.chat_postMessage(channel="C0SEARCH", text="before")["ts"]
    container = {"message_ts": ts, "channel_id": "C0SEARCH"}
    incoming(slack, company, container=container).rewrite(ANSWER)
    assert kinds(slack.channel("search").messages[0]) == ["section", "image"]
